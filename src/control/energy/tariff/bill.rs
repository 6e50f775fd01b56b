//! A bill: lines, what set them, and what has to be told beside them.

use jiff::civil::Date;
use plant::time::Wall;

use super::decimal::{Decimal, Energy};
use super::history::Past;
use plant::civil::Zone;

/// More stretches of time than this are counted, not listed.
const LISTED: usize = 3;

/// What one billing period comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// Its first day.
    pub from: Date,
    /// The day after its last.
    pub to: Date,
    /// The lines, in the order of the tariff.
    pub lines: Vec<Line>,
    /// The sum of their amounts.
    pub total: Decimal,
    /// What has to be told.
    pub notices: Vec<Notice>,
    /// The peaks, for later bills.
    pub peaks: Vec<Past>,
    /// The energy that was known, in and out.
    pub energy: Energy,
    /// What the grid gave off for the energy that flowed in; nothing where no intensity is known.
    pub carbon: Option<Carbon>,
}

/// What the grid gave off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carbon {
    /// Carbon dioxide (kg).
    pub kg: Decimal,
    /// For so much energy; less than what flowed in where the intensity of some hours is not known (kWh).
    pub kwh: Decimal,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The charge's name, and the period's or tier's.
    pub name: String,
    /// How many of the unit.
    pub quantity: Decimal,
    /// The unit: kWh, kW, d, month, %.
    pub unit: &'static str,
    /// The price of one.
    pub price: Decimal,
    /// The amount, rounded.
    pub amount: Decimal,
    /// What set the quantity of a demand.
    pub set_by: Option<SetBy>,
}

/// What set a billed demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetBy {
    /// The window from here to there.
    Window(Wall, Wall),
    /// The share of the peak of the billing period that began on this day.
    Ratchet(Date),
    /// The peak of the billing period of the year that began on this day.
    Earlier(Date),
    /// The least that the tariff bills.
    Minimum,
    /// The most that the tariff bills.
    Maximum,
    /// Several windows.
    Several,
    /// No window was known.
    Nothing,
}

/// Something that has to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// One word for programs.
    pub code: &'static str,
    /// True when the bill may be wrong for it.
    pub grave: bool,
    /// A sentence.
    pub text: String,
}

impl Notice {
    /// The bill may be wrong for it.
    pub(super) fn grave(code: &'static str, text: String) -> Self {
        Self { code, grave: true, text }
    }

    /// Good to know.
    pub(super) fn light(code: &'static str, text: String) -> Self {
        Self { code, grave: false, text }
    }
}

impl SetBy {
    /// In words, with the times as the tariff's clock shows them.
    #[must_use]
    pub fn words(self, zone: &Zone) -> String {
        match self {
            Self::Window(from, to) => format!("{} to {}", zone.show(from), zone.show(to)),
            Self::Ratchet(date) => format!("ratchet: the peak of {date}"),
            Self::Earlier(date) => format!("the highest of the year: the peak of {date}"),
            Self::Minimum => "the least that is billed".to_owned(),
            Self::Maximum => "the most that is billed".to_owned(),
            Self::Several => "several windows".to_owned(),
            Self::Nothing => "no window is known whole".to_owned(),
        }
    }
}

/// Stretches of time; those that touch are one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stretches(Vec<(Wall, Wall)>);

impl Stretches {
    /// None.
    pub(super) const NONE: Self = Self(Vec::new());

    /// Adds one; they come by their beginnings.
    pub(super) fn add(&mut self, from: Wall, to: Wall) {
        match self.0.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            Some(_) | None => self.0.push((from, to)),
        }
    }

    /// True when there is none.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Wall, Wall)> + '_ {
        self.0.iter().copied()
    }

    /// The first few, the last where there are more, and how long all of them are.
    pub(super) fn words(&self, zone: &Zone) -> String {
        let shown = self.0.iter().take(LISTED).map(|(from, to)| format!("{} to {}", zone.show(*from), zone.show(*to)));
        let shown = shown.collect::<Vec<_>>().join(", ");
        let minutes = self.0.iter().map(|(from, to)| to.0 - from.0).sum::<i64>() / 60_000;
        let more = self.0.len().saturating_sub(LISTED);
        match self.0.last() {
            Some((from, to)) if more > 0 => {
                let last = format!("{} to {}", zone.show(*from), zone.show(*to));
                format!("{shown} and {more} more, the last {last} ({minutes} min in all)")
            }
            Some(_) | None => format!("{shown} ({minutes} min)"),
        }
    }
}
