//! Tariffs: what energy and its peaks cost, and bills to the cent.
//!
//! ```text
//! TOML ─▶ Tariff ─┐
//! CSV ──▶ Series ─┼─▶ rate ─▶ one Bill a billing period: lines, the windows that set the peaks, and what has to be told
//! JSON ─▶ Prices ─┘
//! ```
//!
//! A tariff is immutable once it is read, and answering what holds at an instant allocates nothing: a bill asks for every row of a
//! year, a scan asks once. Money is exact: prices are decimals, energies are whole microjoules, an amount is rounded once, by the
//! rule that the tariff names. Energy that is not known is told, never supposed.

mod bill;
mod cost;
mod decimal;
mod demand;
mod flowed;
mod history;
mod load;
mod open;
mod peak;
mod prices;
mod rate;
mod series;
mod span;
pub mod urdb;

#[cfg(test)]
mod tests;

use jiff::civil::Date;
use plant::time::Wall;

use plant::civil::{DAY_MS, Holiday, Local, When, Zone};

pub use bill::{Bill, Carbon, Line, Notice, SetBy};
pub use decimal::{Cost, Decimal, Energy, Rounding};
pub use flowed::Flowed;
pub use history::{Past, read_history};
pub use open::Stretch;
pub use prices::{Prices, Publication, Slot};
pub use rate::{Known, rate};
pub use series::{Piece, Series};

/// Milliseconds of a minute.
const MINUTE: i64 = 60_000;

/// A tariff. Prices are in its currency.
#[derive(Clone, Debug, PartialEq)]
pub struct Tariff {
    /// Its name.
    pub name: String,
    /// The currency's code, for people.
    pub currency: String,
    /// Where its clock is.
    pub zone: Zone,
    /// Places of an amount, and the rule by which it gets them.
    pub rounding: (u32, Rounding),
    /// What a bill covers.
    pub billing: Billing,
    /// Days that are no weekdays.
    pub holidays: Vec<Holiday>,
    /// How energy that flows out counts in energy charges.
    pub export: Export,
    /// What the meter may do.
    pub meter: MeterRules,
    /// What energy costs. All of them hold at once.
    pub energy: Vec<EnergyCharge>,
    /// What peaks cost. All of them hold at once.
    pub demand: Vec<DemandCharge>,
    /// What is paid in any case.
    pub fixed: Vec<FixedCharge>,
    /// The least that a bill comes to before taxes.
    pub minimum: Option<Decimal>,
    /// Shares of everything above.
    pub taxes: Vec<Tax>,
}

/// What a bill covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Billing {
    /// From this day of a month, 1 to 28, to the same day of the next.
    Month(i8),
    /// From one day on which the meter was read to the next, ascending.
    Dates(Vec<Date>),
}

/// How energy that flows out counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// As nothing.
    Zero,
    /// Against what flows in.
    Negative,
}

impl Export {
    /// The words of a tariff's file.
    pub const WORDS: [(&'static str, Self); 2] = [("zero", Self::Zero), ("negative", Self::Negative)];
}

/// What a cumulative register may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MeterRules {
    /// It begins at zero again after so many kWh; nothing where it never does.
    pub rollover: Option<Decimal>,
    /// More than this (kW) no circuit behind it carries; nothing where that is not known.
    pub most: Option<Decimal>,
}

/// A price per kWh, or several.
#[derive(Clone, Debug, PartialEq)]
pub struct EnergyCharge {
    /// Its name on the bill.
    pub name: String,
    /// Where its price comes from.
    pub price: EnergyPrice,
    /// Times of day at which a period may begin or end (ms, ascending).
    stops: Vec<i64>,
}

/// Where a price per kWh comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum EnergyPrice {
    /// From the first period that covers the instant.
    Periods(Vec<Period>),
    /// From the day-ahead prices, with this on top.
    DayAhead(Decimal),
}

/// Hours that have a price of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its name on the bill.
    pub name: String,
    /// Any of these.
    pub when: Vec<When>,
    /// Price per kWh by the energy of a billing period within these hours.
    pub tiers: Vec<Tier>,
    /// What the ends of its tiers count.
    pub counts: Counts,
}

/// What the end of a tier of energy is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Counts {
    /// So many kWh in a billing period.
    #[default]
    Whole,
    /// So many kWh for each day of a billing period.
    Daily,
    /// So many hours of use: kWh for each kW that is billed of the demand of this name.
    Hours(String),
}

/// A price up to an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Up to here (kW, or what [`Counts`] says); the last tier has no end.
    pub up_to: Option<Decimal>,
    /// The price per unit.
    pub price: Decimal,
}

/// A price for the highest mean power of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct DemandCharge {
    /// Its name on the bill and in histories.
    pub name: String,
    /// Over what the mean is taken.
    pub window: Window,
    /// Windows that lie wholly in any of these count.
    pub when: Vec<When>,
    /// The time that a price is for.
    pub per: Per,
    /// Price per kW.
    pub tiers: Vec<Tier>,
    /// What earlier peaks make of it.
    pub ratchet: Option<Ratchet>,
    /// Only these windows count, by when they begin: the utility names them.
    pub coincident: Option<Coincident>,
    /// The least that is billed (kW).
    pub minimum: Option<Decimal>,
    /// The most that is billed (kW).
    pub maximum: Option<Decimal>,
    /// How power that flows out counts.
    pub export: Export,
    /// Places of a billed kW, and the rule by which it gets them.
    pub rounding: (u32, Rounding),
    /// Times of day at which the hours may begin or end (ms, ascending).
    stops: Vec<i64>,
}

/// Over what a demand is the mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Where it may begin.
    pub kind: WindowKind,
    /// How long it is (ms).
    pub length: i64,
    /// Where its kind is [`WindowKind::Block`], from what to what it moves (ms); a part of the length.
    pub step: i64,
}

/// Where a window may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowKind {
    /// At multiples of its length on the tariff's clock.
    Fixed,
    /// Anywhere.
    Rolling,
    /// At multiples of its step on the tariff's clock.
    Block,
}

impl WindowKind {
    /// The words of a tariff's file.
    pub const WORDS: [(&'static str, Self); 3] =
        [("fixed", Self::Fixed), ("rolling", Self::Rolling), ("rolling-block", Self::Block)];
}

/// The time that a price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// The peak of each day has its price.
    Day,
    /// The peak of a billing period has its price.
    Month,
    /// The peak of the billing periods that begin in a calendar year has its price. A twelfth is billed each month, on the highest so far; where the highest rises,
    /// the months before are billed the difference.
    Year,
}

impl Per {
    /// The words of a tariff's file.
    pub const WORDS: [(&'static str, Self); 3] = [("day", Self::Day), ("month", Self::Month), ("year", Self::Year)];
}

/// A share of earlier peaks that is billed at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ratchet {
    /// The share (1).
    pub share: Decimal,
    /// Of the highest peak of so many billing periods before (months).
    pub months: i32,
    /// Only of those that begin in these months, from 1; empty for all.
    pub of: Vec<i8>,
    /// The peaks of these demands count, too: the same demand under another price, as of another season.
    pub with: Vec<String>,
}

/// The number of a date's month since year 0.
#[must_use]
pub fn month(date: Date) -> i32 {
    i32::from(date.year()) * 12 + i32::from(date.month()) - 1
}

impl Ratchet {
    /// True where it looks back from a billing period to an earlier one, each by the number of the [`month`] in which it begins. Days are not counted: those on which
    /// a meter is read move within a month.
    #[must_use]
    pub fn reaches(&self, earlier: i32, now: i32) -> bool {
        let of = i8::try_from(earlier.rem_euclid(12) + 1).unwrap_or(1);
        now - earlier <= self.months && (self.of.is_empty() || self.of.contains(&of))
    }
}

/// Windows that the utility names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coincident {
    /// When each begins.
    pub at: Vec<Wall>,
    /// True when their mean is billed, false for the highest.
    pub mean: bool,
}

/// An amount that is paid in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedCharge {
    /// Its name on the bill.
    pub name: String,
    /// The amount.
    pub price: Decimal,
    /// For what: a day, a billing period, a year in twelfths.
    pub per: Per,
}

/// A share of everything above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tax {
    /// Its name on the bill.
    pub name: String,
    /// The share (1).
    pub share: Decimal,
}

impl Tariff {
    /// What the clock of the tariff says.
    #[must_use]
    pub fn local(&self, at: Wall) -> Local {
        self.zone.local(at)
    }

    /// True where a price of energy comes from what is published, and is not known without.
    #[must_use]
    pub fn needs_prices(&self) -> bool {
        self.energy.iter().any(|charge| matches!(charge.price, EnergyPrice::DayAhead(_)))
    }

    /// Where the price of energy may change next by the tariff's own hours: an instant after this one, a day later at the most.
    #[must_use]
    pub fn holds_until(&self, at: Wall) -> Wall {
        let stops = self.energy.iter().map(|charge| self.zone.until(at, &charge.stops));
        stops.min().unwrap_or(Wall(at.0.saturating_add(DAY_MS)))
    }

    /// The billing period in which an instant lies: its first day and its end; nothing outside the dates of the meter.
    #[must_use]
    pub fn billed_with(&self, at: Wall) -> Option<(Date, Date)> {
        let date = self.local(at).date;
        match &self.billing {
            Billing::Month(day) => {
                let of = |date: Date| Date::new(date.year(), date.month(), *day).ok();
                let this = of(date)?;
                let from = if this <= date { this } else { of(date.first_of_month().yesterday().ok()?)? };
                Some((from, of(from.last_of_month().tomorrow().ok()?)?))
            }
            Billing::Dates(dates) => {
                let next = dates.iter().position(|day| *day > date)?;
                Some((*dates.get(next.checked_sub(1)?)?, *dates.get(next)?))
            }
        }
    }

    /// Where the next billing period begins, after an instant that lies in none.
    #[must_use]
    pub fn billed_after(&self, at: Wall) -> Option<Wall> {
        let date = self.local(at).date;
        match &self.billing {
            Billing::Month(_) => None,
            Billing::Dates(dates) => {
                let (_, begins) = dates.split_last()?;
                self.zone.begin(*begins.iter().find(|day| **day > date)?)
            }
        }
    }
}

impl EnergyCharge {
    /// The first period that covers what the clock says, with its place; nothing where none does, or prices come from elsewhere.
    #[must_use]
    pub fn period_at(&self, local: Local, holidays: &[Holiday]) -> Option<(usize, &Period)> {
        match &self.price {
            EnergyPrice::Periods(periods) => periods.iter().enumerate().find(|(_, p)| covers(&p.when, local, holidays)),
            EnergyPrice::DayAhead(_) => None,
        }
    }
}

impl DemandCharge {
    /// True when its hours cover what the clock says.
    #[must_use]
    pub fn covers(&self, local: Local, holidays: &[Holiday]) -> bool {
        covers(&self.when, local, holidays)
    }
}

fn covers(when: &[When], local: Local, holidays: &[Holiday]) -> bool {
    when.iter().any(|when| when.covers(local, holidays))
}
