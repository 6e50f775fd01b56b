//! Energy: registers to energy, energy to PUE.
//!
//! ```text
//! registers, power ─▶ accounts (one a meter) ─▶ sums by role ─▶ markers: what both sides of a ratio did since they were
//!                                                                last both known ─▶ buckets of time ─▶ figures
//! ```
//!
//! The facility's energy is what its load takes: utility, generators and what batteries give, less what they take. So charging
//! is no overhead, and discharging hides no load. What the utility's meters say alone is told beside it.
//!
//! A gap of one meter leaves its ratio's marker where it was; when the meter is back, the registers of both sides tell what
//! happened in between, over the same instants. Where a meter lost count, the time since the marker counts for nobody.

pub mod calendar;
mod grain;
pub mod pue;
mod register;
mod ring;
pub mod tariff;

#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;
use plant::hall::{Hall, Meter, MeterRole};
use plant::time::{Mono, Span, Tick};
use plant::units::{Quantity, Watts};
use serde::{Deserialize, Serialize};

use super::clock::sum;
use super::news::News;
use super::quality::Image;
use calendar::Calendar;
use pue::{Category, Figure, Metering};
use register::{Account, Now};
use ring::{Amount, Channel, Ring};

const MINUTE: Span = Span::from_secs(60);
const QUARTER: Span = Span::from_secs(15 * 60);
const HOUR: Span = Span::from_secs(3600);
const DAY: Span = Span::from_secs(24 * 3600);

/// What is remembered of energy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Energy {
    /// Time since the start of the record; counts on between boots where the wall clock can be trusted.
    at: Span,
    passed: Span,
    last: Option<Tick>,
    accounts: Vec<Account>,
    markers: [Option<Marker>; 9],
    seconds: Ring,
    tens: Ring,
    minutes: Ring,
    calendar: Calendar,
    power: Power,
    invalid: bool,
}

/// Powers as of the last scan; nothing while a meter that is needed is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Power {
    /// Entering the facility's load: utility, generators and batteries.
    pub facility: Option<Watts>,
    /// IT, by the best category that is known.
    pub it: Option<Watts>,
    /// Of the facility's, what no meter below explains.
    pub unattributed: Option<Watts>,
}

/// One meter's account, as of the last scan.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metered {
    /// Energy since the start of the record (Wh).
    pub total: f64,
    /// True when it is right as of that scan.
    pub current: bool,
    /// How often the meter lost count: a difference of totals across it means nothing.
    pub breaks: u32,
    /// What its register may hold back (Wh).
    pub grain: f64,
    /// It has been read by its register: what it counts before is by its power.
    pub registered: bool,
}

/// The running total of the meters of one role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Side {
    wh: f64,
    breaks: u32,
    current: bool,
}

/// Where both sides of a channel stood when both were last known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Marker {
    at: Span,
    top: Side,
    bottom: Side,
}

impl Energy {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        Self {
            at: Span::ZERO,
            passed: Span::ZERO,
            last: None,
            accounts: vec![Account::default(); hall.meters.len()],
            markers: [None; 9],
            seconds: Ring::new(Span::from_secs(1), 60),
            tens: Ring::new(Span::from_secs(10), 360),
            minutes: Ring::new(Span::from_secs(300), 288),
            calendar: Calendar::new(),
            power: Power::default(),
            invalid: false,
        }
    }

    /// One scan, after [`Energy::pass`].
    pub fn step(&mut self, hall: &Hall, image: Image<'_>, mono: Mono, news: &mut News<'_>) {
        let now = Now { at: self.at, mono, dt: self.passed };
        for (meter, account) in hall.meters.iter().zip(&mut self.accounts) {
            account.step(meter, image, now, news);
        }
        for (n, channel) in Channel::ALL.into_iter().enumerate() {
            self.mark(hall, n, channel);
        }
        self.power = powers(hall, image);
        self.invalid = self.figure_of(hall, self.tens.sum(QUARTER, self.at)).validity.is_invalid();
    }

    /// The clock of energy: since the start of the record, times between boots included.
    #[must_use]
    pub const fn at(&self) -> Span {
        self.at
    }

    /// A meter's account, by its place among the hall's.
    #[must_use]
    pub fn account(&self, meter: usize) -> Metered {
        self.accounts.get(meter).map_or_else(Metered::default, |account| Metered {
            total: account.total(),
            current: account.is_current(),
            breaks: account.breaks(),
            grain: account.grain(),
            registered: account.is_registered(),
        })
    }

    /// True while the 15-minute PUE cannot be, as opposed to not being known.
    #[must_use]
    pub const fn is_invalid(&self) -> bool {
        self.invalid
    }

    /// Powers as of the last scan.
    #[must_use]
    pub const fn power(&self) -> Power {
        self.power
    }

    /// Facility power that no meter below explains.
    #[must_use]
    pub const fn unattributed(&self) -> Option<Watts> {
        self.power.unattributed
    }

    /// Energy since the start of the record: facility, and IT of the best category the hall has (Wh).
    #[must_use]
    pub fn totals(&self, hall: &Hall) -> (f64, f64) {
        let it = best_role(hall).map_or(0.0, |role| self.side(hall, Some(role)).wh);
        (self.entry(hall).wh, it)
    }

    /// The figure of every window, shortest first.
    pub fn figures(&self, hall: &Hall) -> impl Iterator<Item = (&'static str, Figure)> {
        [
            ("1m", self.figure_of(hall, self.seconds.sum(MINUTE, self.at))),
            ("15m", self.figure_of(hall, self.tens.sum(QUARTER, self.at))),
            ("1h", self.figure_of(hall, self.tens.sum(HOUR, self.at))),
            ("24h", self.figure_of(hall, self.minutes.sum(DAY, self.at))),
            ("month", self.figure_of(hall, self.calendar.month())),
            ("365d", self.figure_of(hall, self.calendar.year())),
        ]
        .into_iter()
    }

    /// Partial PUE of cooling over 15 minutes: (IT + cooling) / IT. Nothing while too little is known.
    #[must_use]
    pub fn cooling(&self, hall: &Hall) -> Option<f64> {
        let (cell, window) = self.tens.sum(QUARTER, self.at);
        let amount = cell.of(Channel::Cooling);
        let off = self.metering(hall, MeterRole::Cooling).slack() + self.metering(hall, best_role(hall)?).slack();
        let covered = amount.seconds >= pue::SHOWN * window.seconds();
        let known = amount.bottom > 0.0 && covered && off <= pue::COARSE * amount.bottom;
        known.then(|| (amount.bottom + amount.top) / amount.bottom)
    }

    /// Time has passed. Between boots the energy clock goes by the wall clock, if that was trusted on both sides.
    pub fn pass(&mut self, zone: &TimeZone, tick: Tick) {
        self.passed = match self.last {
            Some(last) if last.boot != tick.boot => {
                self.accounts.iter_mut().for_each(Account::restart);
                let trusted = last.clock_trusted && tick.clock_trusted;
                if trusted { tick.wall.since(last.wall) } else { tick.dt }
            }
            Some(_) | None => tick.dt,
        };
        self.at = sum(self.at, self.passed);
        self.last = Some(tick);
        self.calendar.advance(zone, tick);
        for ring in [&mut self.seconds, &mut self.tens, &mut self.minutes] {
            ring.advance(self.at);
        }
    }

    /// Books what a channel did since its marker, when both its sides are known now.
    fn mark(&mut self, hall: &Hall, row: usize, channel: Channel) {
        let (top, bottom) = self.sides(hall, channel);
        if !(top.current && bottom.current) {
            return;
        }
        let at = self.at;
        let Some(slot) = self.markers.get_mut(row) else { return };
        let Some(before) = slot.replace(Marker { at, top, bottom }) else { return };
        let over = Span::from_nanos(at.nanos().saturating_sub(before.at.nanos()));
        if before.top.breaks != top.breaks || before.bottom.breaks != bottom.breaks || over == Span::ZERO {
            return;
        }
        let amount =
            Amount { seconds: over.seconds(), top: top.wh - before.top.wh, bottom: bottom.wh - before.bottom.wh };
        for ring in [&mut self.seconds, &mut self.tens, &mut self.minutes] {
            ring.add(before.at, at, channel, amount);
        }
        self.calendar.add(over, channel, amount);
    }

    fn sides(&self, hall: &Hall, channel: Channel) -> (Side, Side) {
        let none = Side { current: true, ..Side::default() };
        let facility = || self.entry(hall);
        let it = || self.side(hall, role_of(channel));
        match channel {
            Channel::Category3 | Channel::Category2 | Channel::Category1 => (facility(), it()),
            Channel::Cooling => (self.side(hall, Some(MeterRole::Cooling)), self.side(hall, best_role(hall))),
            Channel::Facility => (facility(), none),
            Channel::It3 | Channel::It2 | Channel::It1 => (it(), none),
            Channel::Meter => (self.side(hall, Some(MeterRole::Utility)), self.side(hall, best_role(hall))),
        }
    }

    fn figure_of(&self, hall: &Hall, (cell, window): (ring::Cell, Span)) -> Figure {
        let categories = CATEGORIES.map(|(number, both, it)| {
            let role = role_of(it).filter(|role| hall.meters.iter().any(|meter| meter.role == *role))?;
            Some(Category { number, both, it, meters: self.metering(hall, role) })
        });
        let entry = self.metered(hall, |role| role.entry_sign().is_some());
        let figure = pue::figure(&cell, window, &categories, entry, hall.pue.low_load);
        let meter = cell.of(Channel::Meter);
        let known = meter.bottom > 0.0 && meter.seconds >= pue::SHOWN * window.seconds() && has_storage(hall);
        Figure { meter: (known && figure.value.is_some()).then(|| meter.top / meter.bottom), ..figure }
    }

    /// What the meters of a role carry and hold back together.
    fn metering(&self, hall: &Hall, role: MeterRole) -> Metering {
        self.metered(hall, |wanted| wanted == role)
    }

    fn metered(&self, hall: &Hall, of: impl Fn(MeterRole) -> bool) -> Metering {
        let rows = || hall.meters.iter().zip(&self.accounts).filter(|(meter, _)| of(meter.role));
        Metering {
            rated: rows().map(|(meter, _)| meter.rated.get()).sum(),
            grain: rows().map(|(_, account)| account.grain()).sum(),
        }
    }

    /// The sum of a role's meters; never known where there are none.
    fn side(&self, hall: &Hall, role: Option<MeterRole>) -> Side {
        self.sum(hall, |wanted| (Some(wanted) == role).then_some(1.0))
    }

    /// What enters the facility's load.
    fn entry(&self, hall: &Hall) -> Side {
        self.sum(hall, MeterRole::entry_sign)
    }

    /// The sum of the meters whose role has a sign.
    fn sum(&self, hall: &Hall, sign: impl Fn(MeterRole) -> Option<f64>) -> Side {
        let rows =
            hall.meters.iter().zip(&self.accounts).filter_map(|(meter, account)| Some((sign(meter.role)?, account)));
        let sides = rows.map(|(sign, account)| Side {
            wh: sign * account.total(),
            breaks: account.breaks(),
            current: account.is_current(),
        });
        let both = |a: Side, b: Side| Side {
            wh: a.wh + b.wh,
            breaks: a.breaks.wrapping_add(b.breaks),
            current: a.current && b.current,
        };
        sides.reduce(both).unwrap_or_default()
    }
}

/// The IT role of a channel.
const fn role_of(channel: Channel) -> Option<MeterRole> {
    match channel {
        Channel::Category3 | Channel::It3 => Some(MeterRole::It),
        Channel::Category2 | Channel::It2 => Some(MeterRole::PduOutput),
        Channel::Category1 | Channel::It1 => Some(MeterRole::UpsOutput),
        Channel::Cooling | Channel::Facility | Channel::Meter => None,
    }
}

/// The number and the channels of every category, best first.
const CATEGORIES: [(u8, Channel, Channel); 3] = [
    (3, Channel::Category3, Channel::It3),
    (2, Channel::Category2, Channel::It2),
    (1, Channel::Category1, Channel::It1),
];

/// The IT role of the best category a hall has meters for.
fn best_role(hall: &Hall) -> Option<MeterRole> {
    let roles = CATEGORIES.into_iter().filter_map(|(_, _, it)| role_of(it));
    roles.into_iter().find(|role| hall.meters.iter().any(|meter| meter.role == *role))
}

/// True where the utility's meters alone do not tell what the load takes.
fn has_storage(hall: &Hall) -> bool {
    hall.meters.iter().any(|meter| meter.role.entry_sign().is_some() && meter.role != MeterRole::Utility)
}

pub(super) fn powers(hall: &Hall, image: Image<'_>) -> Power {
    let sum = |sign: &dyn Fn(&Meter) -> Option<f64>| {
        let rows = hall.meters.iter().filter_map(|meter| Some((sign(meter)?, meter)));
        let mut powers = rows.map(|(sign, meter)| image.read(meter.power).fresh().map(|w| sign * w.get()));
        let first = powers.next()??;
        powers.try_fold(first, |sum, next| next.map(|next| sum + next)).map(Watts)
    };
    let of = |role: MeterRole| sum(&|meter| (meter.role == role).then_some(1.0));
    let entry = |meter: &Meter| meter.role.entry_sign().is_some();
    let below =
        |meter: &Meter| meter.parent.is_some_and(|parent| hall.meters.iter().any(|up| up.equip == parent && entry(up)));
    let facility = sum(&|meter| meter.role.entry_sign());
    let it = of(MeterRole::It).or_else(|| of(MeterRole::PduOutput)).or_else(|| of(MeterRole::UpsOutput));
    let unattributed =
        facility.zip(sum(&|meter| (below(meter) && !entry(meter)).then_some(1.0))).map(|(all, known)| all - known);
    Power { facility, it, unattributed }
}
