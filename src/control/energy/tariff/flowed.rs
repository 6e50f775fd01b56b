//! What has flowed in the billing period that runs, in the hours of each price of energy: by it the tier is known into which the next kWh falls.

use plant::time::{Span, Wall};
use serde::{Deserialize, Serialize};

use super::{EnergyPrice, Export, Tariff};
use crate::control::energy::Metered;

/// A meter that was not read for longer says when nothing flowed, and not in whose hours.
const LONG: Span = Span::from_secs(3600);

/// What has flowed. A clone is a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Flowed {
    /// The billing period, from its begin to its end; nothing before the first reading.
    billed: Option<(Wall, Wall)>,
    /// All of it is counted, from its begin on.
    whole: bool,
    /// When the meter was read last, its total then (Wh), and how often it had lost count.
    last: Option<(Wall, f64, u32)>,
    /// The latest that a reading has been.
    newest: Option<Wall>,
    /// By charges and their periods, as they stand in the file.
    charges: Vec<Vec<Hours>>,
}

/// The hours of a price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Hours {
    /// The names of its charge and of its period.
    of: (String, String),
    /// What has flowed in them (kWh).
    kwh: f64,
}

impl Flowed {
    /// Before anything has flowed, with room for the prices of a tariff.
    #[must_use]
    pub fn of(tariff: Option<&Tariff>) -> Self {
        let charges = tariff.iter().flat_map(|tariff| &tariff.energy).map(|charge| match &charge.price {
            EnergyPrice::Periods(periods) => periods
                .iter()
                .map(|period| Hours { of: (charge.name.clone(), period.name.clone()), kwh: 0.0 })
                .collect(),
            EnergyPrice::DayAhead(_) => Vec::new(),
        });
        Self { charges: charges.collect(), ..Self::default() }
    }

    /// It goes on under another tariff: by the names of its prices. What it does not know of one is not whole.
    pub fn move_to(&mut self, tariff: Option<&Tariff>) {
        let mut next = Self::of(tariff);
        let known = |of: &(String, String)| self.charges.iter().flatten().find(|hours| hours.of == *of);
        let mut whole = self.whole;
        for hours in next.charges.iter_mut().flatten() {
            match known(&hours.of) {
                Some(before) => hours.kwh = before.kwh,
                None => whole = false,
            }
        }
        let begins = self.billed.filter(|(from, to)| tariff.is_some_and(|of| billed(of, *from) == Some((*from, *to))));
        *self = Self { billed: begins, whole: whole && begins.is_some(), last: self.last, newest: self.newest, ..next };
    }

    /// A scan in which the clock is trusted. Allocates nothing.
    pub fn step(&mut self, tariff: &Tariff, (now, meter): (Wall, Metered)) {
        if !meter.current {
            return; // it comes with the next reading
        }
        let before = self.last.replace((now, meter.total, meter.breaks));
        let runs = |(from, to): (Wall, Wall)| (from..to).contains(&now);
        if !self.billed.is_some_and(runs) {
            let next = billed(tariff, now);
            // Where a clock was set back, some of the next one has been counted already, and is not known any more.
            let first = next.is_some_and(|(from, _)| self.newest.is_some_and(|newest| newest <= from));
            let on = first && self.billed.zip(next).is_some_and(|((_, to), (from, _))| to == from);
            (self.billed, self.whole) = (next, on);
            self.charges.iter_mut().flatten().for_each(|hours| hours.kwh = 0.0);
        }
        self.newest = self.newest.max(Some(now));
        let Some((at, total, _)) = before.filter(|(_, _, breaks)| *breaks == meter.breaks) else {
            self.whole = false;
            return;
        };
        if now < at || now.since(at) > LONG {
            self.whole = false;
        }
        let kwh = match tariff.export {
            Export::Zero => (meter.total - total).max(0.0),
            Export::Negative => meter.total - total,
        } / 1e3;
        let local = tariff.local(now);
        for (charge, all) in tariff.energy.iter().zip(&mut self.charges) {
            let place = charge.period_at(local, &tariff.holidays).map(|(place, _)| place);
            let hours = place.and_then(|place| all.get_mut(place));
            hours.into_iter().for_each(|hours| hours.kwh += kwh);
        }
    }

    /// What had flowed by now (kWh) in the billing period of an instant, in the hours of a charge's period; nothing where that is another one than runs.
    #[must_use]
    pub fn kwh(&self, at: Wall, (charge, period): (usize, usize)) -> Option<f64> {
        self.billed.filter(|(from, to)| (*from..*to).contains(&at))?;
        Some(self.charges.get(charge)?.get(period)?.kwh)
    }

    /// All of the billing period that runs is counted, from its begin on.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.whole
    }
}

/// The billing period of an instant.
fn billed(tariff: &Tariff, at: Wall) -> Option<(Wall, Wall)> {
    let (from, to) = tariff.billed_with(at)?;
    Some((tariff.zone.begin(from)?, tariff.zone.begin(to)?))
}
