//! PUE as an honest figure: energy over energy, over the same instants, with what it is worth.
//!
//! PUE = E_DC / E_IT (ISO/IEC 30134-2). Energies are summed and divided once; ratios are never averaged. Only instants at
//! which both sides are known count; what is missing widens the bounds. Nothing is clamped: a figure that cannot be is
//! said to be invalid.

use plant::time::Span;

use super::ring::{Cell, Channel};

/// Covered this much, a figure is good (1).
const GOOD: f64 = 0.99;

/// Covered this much, a figure is shown (1): a fresh window says nothing rather than something flattering.
pub const SHOWN: f64 = 0.95;

/// What a figure is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// Covered by at least 99 %.
    Good,
    /// Covered by at least 95 %.
    Degraded,
    /// Covered by too little to say.
    TooLittle,
    /// The hall has no meters for it.
    NoMeters,
    /// No IT energy.
    NoIt,
    /// Less facility than IT energy: a wrong boundary, polarity or scale.
    BelowOne,
}

impl Validity {
    /// The sentence for people.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Degraded => "degraded",
            Self::TooLittle => "no value: less than 95 % of the window is covered",
            Self::NoMeters => "no value: the hall has no meters for it",
            Self::NoIt => "invalid: IT energy is not above zero",
            Self::BelowOne => {
                "invalid: IT energy is above facility energy; check boundary, polarity and scale of the meters"
            }
        }
    }

    /// True for a figure that cannot be, as opposed to one that is not known.
    #[must_use]
    pub const fn is_invalid(self) -> bool {
        match self {
            Self::NoIt | Self::BelowOne => true,
            Self::Good | Self::Degraded | Self::TooLittle | Self::NoMeters => false,
        }
    }
}

/// A PUE.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// The ratio, when there is one.
    pub value: Option<f64>,
    /// The least it can be, given what is missing.
    pub lower: Option<f64>,
    /// The most it can be.
    pub upper: Option<f64>,
    /// Covered time over the window, 0 to 1.
    pub coverage: f64,
    /// 1, 2 or 3.
    pub category: u8,
    /// What it is worth.
    pub validity: Validity,
    /// Facility energy (Wh).
    pub facility: f64,
    /// IT energy (Wh).
    pub it: f64,
}

/// Where IT energy is metered: the rank of a category, its channels, and the most its circuits carry (W).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Category {
    /// 1, 2 or 3.
    pub number: u8,
    /// Facility over IT.
    pub both: Channel,
    /// IT alone.
    pub it: Channel,
    /// The sum of its meters' ratings (W).
    pub rated: f64,
}

/// The figure of a window: by the best category that covers it, or else by the one that covers most of it.
/// `categories` are those the hall has meters for, best first; `facility` is the most that enters the site (W).
#[must_use]
pub fn figure(cell: &Cell, window: Span, categories: &[Option<Category>], facility: f64) -> Figure {
    let seconds = window.seconds();
    let cover = |category: &Category| if seconds > 0.0 { cell.of(category.both).seconds / seconds } else { 0.0 };
    let had = || categories.iter().flatten();
    let best = had()
        .find(|c| cover(c) >= GOOD)
        .or_else(|| had().reduce(|best, next| if cover(next) > cover(best) { next } else { best }));
    let Some(category) = best.filter(|_| facility > 0.0) else {
        let (value, lower, upper) = (None, None, None);
        return Figure {
            value,
            lower,
            upper,
            coverage: 0.0,
            category: 0,
            validity: Validity::NoMeters,
            facility: 0.0,
            it: 0.0,
        };
    };
    let coverage = cover(category).min(1.0);
    let paired = cell.of(category.both);
    let validity = judge(paired.top, paired.bottom, coverage);
    let shown = matches!(validity, Validity::Good | Validity::Degraded);
    let (top, bottom) = (cell.of(Channel::Facility), cell.of(category.it));
    let missing = |known: f64| (seconds - known).max(0.0) / 3600.0;
    let least = top.top / (bottom.top + category.rated * missing(bottom.seconds));
    let most = (top.top + facility * missing(top.seconds)) / bottom.top;
    Figure {
        value: shown.then_some(paired.top / paired.bottom),
        lower: Some(least).filter(|x| x.is_finite() && *x > 0.0 && !validity.is_invalid()),
        upper: Some(most).filter(|x| x.is_finite() && !validity.is_invalid()),
        coverage,
        category: category.number,
        validity,
        facility: paired.top,
        it: paired.bottom,
    }
}

fn judge(facility: f64, it: f64, coverage: f64) -> Validity {
    if coverage < SHOWN {
        Validity::TooLittle
    } else if it <= 0.0 {
        Validity::NoIt
    } else if facility < it {
        Validity::BelowOne
    } else if coverage >= GOOD {
        Validity::Good
    } else {
        Validity::Degraded
    }
}
