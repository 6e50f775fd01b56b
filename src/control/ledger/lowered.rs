//! What a lease draws less that is lowered for money: for a billed window, a budget or a target of a grid.
//!
//! **Equation** its racks drew `R₀` when it was told (the lesser of the last minute's mean and that moment), and draw `R` now, with what caps hold back there; others in them may draw `O₀` then and `O` now;
//! what is nobody's there is `B`: it drew `R₀ − O₀ − B` at the least, and draws less by `(R₀ − O₀) − (R − min(O₀, O))`, from 0 to that, and no more than it is lowered by.
//! **Outside it** others that draw less than they may; those make it less than it is, as long as they go on as they did.
//!
//! Nobody can tell of a lease that names a feed, or shares a rack with one that does, of a rack whose meter is not read, and of one in which it was never seen what is nobody's. What makes room for somebody more important, or keeps a
//! breaker, is none of it: it would be so without us.

use plant::time::{Span, Wall};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::lease::{Cut, Lease, Life};
use super::notices::Cause;
use super::tree::Place;
use super::watch::Case;

/// Over so long a mean is taken (s).
const MEAN: f64 = 60.0;

/// What meters and caps say of racks, by their places in the tree.
#[derive(Clone, Copy)]
pub struct Draw<'a> {
    /// What a rack draws (W); nothing where its meter is not fresh.
    pub meter: &'a dyn Fn(usize) -> Option<Watts>,
    /// What caps hold back there (W at its meter).
    pub held: &'a dyn Fn(usize) -> Watts,
}

/// What racks draw, by their places in the tree.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Racks {
    /// The mean of the last minute (W); nothing where it is not read.
    means: Vec<Option<f64>>,
    /// What leases may draw there now (W), while one is lowered.
    may: Vec<f64>,
}

/// What a lease drew before it was lowered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Before {
    /// From when on it is lowered.
    pub(super) from: Wall,
    /// What its racks drew, less what others there might draw; what those might (W); and what it drew at the least. Nothing where nobody can tell.
    drew: Option<(f64, f64, f64)>,
    /// What it draws less now (W at machines).
    pub lacks: f64,
}

/// It lowers leases for money. What the fault of a meter takes is no saving.
const fn is_money(cause: Cause) -> bool {
    match cause {
        Cause::PeakInterval | Cause::GridTarget | Cause::Operator => true,
        Cause::Breaker
        | Cause::Ups
        | Cause::MeterFault
        | Cause::Priority
        | Cause::Expired
        | Cause::Exceeded
        | Cause::Deadline
        | Cause::Thermal
        | Cause::Tariff
        | Cause::Restored => false,
    }
}

impl Lease {
    /// What it is lowered to for money; nothing where it is not, or is over.
    pub(super) fn lowered(&self) -> Option<Cut> {
        let holds = match self.life {
            Life::Held | Life::Grace { .. } => true,
            Life::Leaving { .. } | Life::Floored { .. } | Life::Kept { .. } => false,
        };
        self.cut.filter(|cut| holds && is_money(cut.cause))
    }

    /// What its schedule has at an instant, were it not lowered (W).
    pub(super) fn level(&self, at: Wall) -> f64 {
        self.steps.iter().rev().find(|step| step.start <= at).map_or(0.0, |step| step.watts)
    }

    /// Its racks, each once, with what it has of its power there (1); nothing for a place that is none.
    fn racks(&self) -> impl Iterator<Item = Option<(usize, f64)>> {
        let first = |(n, (place, _)): &(usize, &(Place, f64))| self.places.iter().take(*n).all(|(of, _)| of != place);
        self.places.iter().enumerate().filter(first).map(|(_, (place, _))| match *place {
            Place::Rack(rack) => Some((rack, self.in_rack(rack))),
            Place::Feed(_) => None,
        })
    }
}

impl Racks {
    /// One scan. Allocates nothing once all racks were looked at.
    pub fn look(&mut self, (leases, now): (&[Lease], Wall), (racks, draw): (usize, Draw<'_>), dt: Span) {
        self.means.resize(racks, None);
        self.may.resize(racks, 0.0);
        let share = (dt.seconds() / MEAN).clamp(0.0, 1.0);
        for (rack, mean) in self.means.iter_mut().enumerate() {
            let drawn = (draw.meter)(rack).map(|watts| watts.0);
            *mean = drawn.map(|drawn| mean.map_or(drawn, |mean| mean + (drawn - mean) * share));
        }
        self.may.fill(0.0);
        if !leases.iter().any(|of| of.lowered().is_some()) {
            return;
        }
        for lease in leases {
            let may = lease.may(now);
            for (place, share) in &lease.places {
                let rack = if let Place::Rack(rack) = place { self.may.get_mut(*rack) } else { None };
                rack.into_iter().for_each(|sum| *sum += may * share);
            }
        }
    }
}

impl Before {
    /// Of a lease that was lowered in this scan from such a power (W).
    pub fn of((lease, level): (&Lease, f64), cut: &Cut, (racks, cases, draw): (&Racks, &[Case], Draw<'_>)) -> Self {
        let mut sum = (0.0, 0.0, 0.0);
        let all = lease.racks().try_for_each(|of| {
            let (rack, share) = of?;
            let (case, mean) = (cases.get(rack)?, racks.means.get(rack).copied()??);
            let others = case.here.watts().0 - level * share;
            if case.charged > case.here {
                return None; // of leases of feeds above, too
            }
            sum.0 += mean.min((draw.meter)(rack)?.0) - others.max(0.0);
            sum.1 += others.max(0.0);
            sum.2 += case.base?.0;
            Some(())
        });
        let (own, others, base) = sum;
        let drew = all.map(|()| (own, others, (own - base).clamp(0.0, level.max(0.0))));
        Self { from: cut.from, drew, lacks: 0.0 }
    }

    /// It is what it drew before this.
    pub fn is_of(&self, cut: &Cut) -> bool {
        self.from == cut.from
    }

    /// What it drew at the least (W at machines).
    pub fn draws(&self) -> Option<f64> {
        self.drew.map(|(_, _, draws)| draws)
    }

    /// One scan: what it draws less now, where it is lowered by so much (W). False where nobody can tell.
    pub fn look(&mut self, (lease, now): (&Lease, Wall), (racks, draw): (&Racks, Draw<'_>), by: f64) -> bool {
        let (may, mut sum) = (lease.may(now), (0.0, 0.0));
        let all = lease.racks().try_for_each(|of| {
            let (rack, share) = of?;
            sum.0 += (draw.meter)(rack)?.0 + (draw.held)(rack).0;
            sum.1 += (racks.may.get(rack)? - may * share).max(0.0);
            Some(())
        });
        let lacks = self.drew.zip(all).map(|((own, others, most), ())| {
            let less = own - (sum.0 - sum.1.min(others));
            less.clamp(0.0, most.min(by).max(0.0))
        });
        self.lacks = lacks.unwrap_or_default();
        lacks.is_some()
    }
}
