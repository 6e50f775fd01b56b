//! What the machines of a tank are asked to draw less for, or nothing at all. Whoever caps GPUs, or switches machines off, reads it here; it
//! ends when the tank is back to normal, and by no timer alone.

use plant::event::{About, CapReason, What};
use plant::id::EquipId;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::clock::sum;
use crate::control::news::News;
use crate::control::sequence::Timer;

/// The machines of a tank should draw less, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TankRequest {
    /// The tank.
    pub tank: EquipId,
    /// True where its machines should be off; false where they should draw less.
    pub off: bool,
    /// Why.
    pub reason: CapReason,
    /// For how long it has been asked.
    pub since: Span,
}

/// What a tank asks for now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Wants {
    /// Less power, and why.
    pub cap: Option<CapReason>,
    /// No power, and why.
    pub off: Option<CapReason>,
    /// It is back to normal.
    pub nominal: bool,
}

/// What stands of a tank's requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Asks {
    cap: Option<(CapReason, Span)>,
    off: Option<(CapReason, Span)>,
}

impl Asks {
    /// What stands, the stronger first.
    pub fn requests(&self, tank: EquipId) -> impl Iterator<Item = TankRequest> {
        let of = move |off, (reason, since)| TankRequest { tank, off, reason, since };
        self.off.map(|asked| of(true, asked)).into_iter().chain(self.cap.map(|asked| of(false, asked)))
    }

    /// One scan. Machines that should be off should draw less, too: who can do only that does that.
    pub fn step(&mut self, wants: &Wants, (tank, dt): (EquipId, Span), news: &mut News<'_>) {
        let about = About::Equip(tank);
        for asked in [&mut self.cap, &mut self.off].into_iter().flatten() {
            asked.1 = sum(asked.1, dt);
        }
        let cap = wants.cap.or(wants.off);
        if let Some(reason) = cap.filter(|_| self.cap.is_none()) {
            self.cap = Some((reason, Span::ZERO));
            news.warn(about, What::CapRequested(reason));
        }
        if let Some(reason) = wants.off.filter(|_| self.off.is_none()) {
            self.off = Some((reason, Span::ZERO));
            news.warn(about, What::PowerOffRequested(reason));
        }
        if cap.is_none() && wants.nominal {
            if self.off.take().is_some() {
                news.info(about, What::PowerOffReleased);
            }
            if self.cap.take().is_some() {
                news.info(about, What::CapReleased);
            }
        }
    }
}

/// A condition that begins by one value and ends by another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latch {
    on: bool,
    begins: Timer,
}

impl Latch {
    /// True while it holds.
    #[must_use]
    pub const fn is_on(self) -> bool {
        self.on
    }

    /// One scan: whether what begins it holds now, and for how long it must, and whether what ends it does. True where it has changed.
    pub fn step(&mut self, (begins, after): (bool, Span), ends: bool, dt: Span) -> bool {
        self.begins.count(begins, dt);
        let before = self.on;
        self.on = if self.on { !ends || begins } else { self.begins.reached(after) };
        self.on != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plant::id::Id;
    use plant::time::Tick;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        /// A request stands from its first want until the tank is normal and wants nothing, and is told once at either end.
        #[test]
        fn a_request_is_latched_until_normal(scans in prop::collection::vec((0_u8..4, any::<bool>()), 1..60)) {
            let (mut asks, mut events) = (Asks::default(), Vec::new());
            let tank = EquipId::from_index(0);
            let (mut cap, mut off, mut told) = (false, false, 0);
            for (want, nominal) in scans {
                let wants = Wants {
                    cap: (want & 1 == 1).then_some(CapReason::TooHot),
                    off: (want & 2 == 2).then_some(CapReason::LevelLow),
                    nominal,
                };
                let before = (cap, off);
                off = wants.off.is_some() || off && !(nominal && want == 0);
                cap = want != 0 || cap && !nominal;
                told += usize::from(cap != before.0) + usize::from(off != before.1);
                asks.step(&wants, (tank, Span::from_secs(1)), &mut News::new(Tick::default(), &mut events));
                prop_assert_eq!((asks.cap.is_some(), asks.off.is_some()), (cap, off));
                prop_assert!(!off || cap, "who is off draws less");
            }
            prop_assert_eq!(events.len(), told);
        }
    }
}
