//! What the machines of a row or a tank are asked: to draw less, to let jobs leave, or to be off. Whoever caps GPUs, drains nodes or
//! switches machines off reads it here; it ends when what asked is back to normal, and by no timer alone.

use plant::event::{About, CapReason, Rung, What};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::clock::sum;
use super::news::News;
use super::sequence::Timer;

/// One rung that stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// What is asked.
    pub rung: Rung,
    /// Why.
    pub reason: CapReason,
    /// For how long it has been asked.
    pub since: Span,
}

/// What a row or a tank asks for now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Wants {
    /// Less power, and why.
    pub cap: Option<CapReason>,
    /// No jobs, and why.
    pub drain: Option<CapReason>,
    /// No power, and why.
    pub off: Option<CapReason>,
    /// It is back to normal.
    pub nominal: bool,
}

/// What stands of the requests of a row or a tank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Asks {
    cap: Option<(CapReason, Span)>,
    drain: Option<(CapReason, Span)>,
    off: Option<(CapReason, Span)>,
}

/// What stands of a rung, what is wanted of it now, and what is told at either end.
type Row<'a> = (&'a mut Option<(CapReason, Span)>, Option<CapReason>, fn(CapReason) -> What, What);

impl Asks {
    /// What stands, the strongest first.
    pub fn standing(&self) -> impl Iterator<Item = Ask> + use<> {
        let of = |rung, asked: Option<(CapReason, Span)>| asked.map(|(reason, since)| Ask { rung, reason, since });
        [of(Rung::Off, self.off), of(Rung::Drain, self.drain), of(Rung::Cap, self.cap)].into_iter().flatten()
    }

    /// One scan. Machines that should be off, or without jobs, should draw less, too: who can do only that does that.
    pub fn step(&mut self, wants: &Wants, (about, dt): (About, Span), news: &mut News<'_>) {
        let cap = wants.cap.or(wants.drain).or(wants.off);
        let rungs: [Row<'_>; 3] = [
            (&mut self.off, wants.off, What::PowerOffRequested, What::PowerOffReleased),
            (&mut self.drain, wants.drain, What::DrainRequested, What::DrainReleased),
            (&mut self.cap, cap, What::CapRequested, What::CapReleased),
        ];
        for (asked, wanted, requested, released) in rungs {
            if let Some((_, since)) = asked {
                *since = sum(*since, dt);
            }
            // Why it stands is what wants it now; what has gone is not said any more.
            if let (Some((reason, _)), Some(now)) = (asked.as_mut(), wanted) {
                *reason = now;
            }
            if let Some(reason) = wanted.filter(|_| asked.is_none()) {
                *asked = Some((reason, Span::ZERO));
                news.warn(about, requested(reason));
            }
            if cap.is_none() && wants.nominal && asked.take().is_some() {
                news.info(about, released);
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
    use plant::id::{EquipId, Id};
    use plant::time::Tick;
    use proptest::prelude::*;

    #[test]
    fn a_request_stands_for_what_wants_it_now() {
        let (mut asks, mut events) = (Asks::default(), Vec::new());
        let about = (About::Equip(EquipId::from_index(0)), Span::from_secs(1));
        let mut scan = |off| {
            let news = &mut News::new(Tick::default(), &mut events);
            asks.step(&Wants { off, ..Wants::default() }, about, news);
            asks.standing().map(|ask| (ask.rung, ask.reason)).collect::<Vec<_>>()
        };
        let both = |why| vec![(Rung::Off, why), (Rung::Cap, why)];
        assert_eq!(scan(Some(CapReason::PressureHigh)), both(CapReason::PressureHigh));
        assert_eq!(scan(Some(CapReason::LevelLow)), both(CapReason::LevelLow), "it presses no more, and is empty");
        assert_eq!(scan(None), both(CapReason::LevelLow), "what stood last is what nobody has seen end");
        assert_eq!(events.len(), 2, "told once");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        /// A request stands from its first want until all is normal and wants nothing, and is told once at either end.
        #[test]
        fn a_request_is_latched_until_normal(scans in prop::collection::vec((0_u8..8, any::<bool>()), 1..60)) {
            let (mut asks, mut events) = (Asks::default(), Vec::new());
            let about = About::Equip(EquipId::from_index(0));
            let (mut cap, mut drain, mut off, mut told) = (false, false, false, 0);
            for (want, nominal) in scans {
                let wants = Wants {
                    cap: (want & 1 == 1).then_some(CapReason::TooHot),
                    drain: (want & 4 == 4).then_some(CapReason::InletHot),
                    off: (want & 2 == 2).then_some(CapReason::LevelLow),
                    nominal,
                };
                let before = (cap, drain, off);
                drain = wants.drain.is_some() || drain && !(nominal && want == 0);
                off = wants.off.is_some() || off && !(nominal && want == 0);
                cap = want != 0 || cap && !nominal;
                told += [cap != before.0, drain != before.1, off != before.2].into_iter().filter(|changed| *changed).count();
                asks.step(&wants, (about, Span::from_secs(1)), &mut News::new(Tick::default(), &mut events));
                prop_assert_eq!((asks.cap.is_some(), asks.drain.is_some(), asks.off.is_some()), (cap, drain, off));
                prop_assert!(!(off || drain) || cap, "who is off, or without jobs, draws less");
            }
            prop_assert_eq!(events.len(), told);
        }
    }
}
