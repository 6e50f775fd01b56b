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

/// Registers hold back less than this share of the energies, a figure is good (1).
const FINE: f64 = 0.01;

/// Registers hold back less than this share of the energies, a figure is shown (1).
pub const COARSE: f64 = 0.05;

/// What a figure is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// Covered by at least 99 %, and known to 1 %.
    Good,
    /// Covered by at least 95 %, and known to 5 %.
    Degraded,
    /// Covered by too little to say.
    TooLittle,
    /// The registers' steps are more than 5 % of the energy.
    TooCoarse,
    /// So little IT energy that a ratio says nothing.
    LowLoad,
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
            Self::TooCoarse => "no value: the meters' registers are too coarse for this window",
            Self::LowLoad => "undefined low load: IT draws too little of what its meters are rated for",
            Self::NoMeters => "no value: the hall has no meters for it",
            Self::NoIt => "invalid: IT energy is not above zero",
            Self::BelowOne => {
                "invalid: IT energy is above facility energy; check boundary, polarity and scale of the meters"
            }
        }
    }

    /// The word for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Degraded => "degraded",
            Self::TooLittle => "too_little",
            Self::TooCoarse => "too_coarse",
            Self::LowLoad => "undefined_low_load",
            Self::NoMeters => "no_meters",
            Self::NoIt => "no_it",
            Self::BelowOne => "below_one",
        }
    }

    /// True for a figure that cannot be, as opposed to one that is not known.
    #[must_use]
    pub const fn is_invalid(self) -> bool {
        match self {
            Self::NoIt | Self::BelowOne => true,
            Self::Good | Self::Degraded | Self::TooLittle | Self::TooCoarse | Self::LowLoad | Self::NoMeters => false,
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
    /// What the utility's meters alone say over IT, where the hall has storage or generators.
    pub meter: Option<f64>,
}

/// The meters of one side of a ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metering {
    /// The most their circuits carry together (W).
    pub rated: f64,
    /// The most their registers hold back together at one instant (Wh).
    pub grain: f64,
}

impl Metering {
    /// How far the energy of a window may be off: by what the registers hold back at either end (Wh).
    #[must_use]
    pub fn slack(self) -> f64 {
        2.0 * self.grain
    }
}

/// Where IT energy is metered: the rank of a category, its channels and its meters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Category {
    /// 1, 2 or 3.
    pub number: u8,
    /// Facility over IT.
    pub both: Channel,
    /// IT alone.
    pub it: Channel,
    /// Its meters.
    pub meters: Metering,
}

/// The figure of a window: by the best category that covers it, or else by the one that covers most of it.
/// `categories` are those the hall has meters for, best first; `entry` is what meters all that enters the site. Below the share
/// `low_load` of what its meters are rated for there is no figure.
#[must_use]
pub fn figure(cell: &Cell, window: Span, categories: &[Option<Category>], entry: Metering, low_load: f64) -> Figure {
    let seconds = window.seconds();
    let cover = |category: &Category| if seconds > 0.0 { cell.of(category.both).seconds / seconds } else { 0.0 };
    let had = || categories.iter().flatten();
    let best = had()
        .find(|c| cover(c) >= GOOD)
        .or_else(|| had().reduce(|best, next| if cover(next) > cover(best) { next } else { best }));
    let Some(category) = best.filter(|_| entry.rated > 0.0) else {
        return Figure {
            value: None,
            lower: None,
            upper: None,
            coverage: 0.0,
            category: 0,
            validity: Validity::NoMeters,
            facility: 0.0,
            it: 0.0,
            meter: None,
        };
    };
    let coverage = cover(category).min(1.0);
    let paired = cell.of(category.both);
    let (top, bottom) = (cell.of(Channel::Facility), cell.of(category.it));
    let missing = |known: f64| (seconds - known).max(0.0) / 3600.0;
    let (off, it_off) = (entry.slack(), category.meters.slack());
    let least = (top.top - off) / (bottom.top + category.meters.rated * missing(bottom.seconds) + it_off);
    let it_least = bottom.top - it_off;
    let most = (top.top + entry.rated * missing(top.seconds) + off) / it_least;
    let upper = Some(most).filter(|x| x.is_finite() && it_least > 0.0);
    let idle = paired.bottom <= 0.0 && it_off <= FINE * category.meters.rated * seconds / 3600.0;
    let doubt = off / paired.top + it_off / paired.bottom;
    let validity = if coverage < SHOWN {
        Validity::TooLittle
    } else if idle {
        Validity::NoIt
    } else if paired.top + off < paired.bottom - it_off {
        Validity::BelowOne
    } else if paired.bottom < low_load * category.meters.rated * paired.seconds / 3600.0 {
        Validity::LowLoad
    } else if paired.top < paired.bottom {
        Validity::TooCoarse // it cannot be, but the registers' steps can explain it
    } else {
        judge(coverage, doubt)
    };
    let shown = matches!(validity, Validity::Good | Validity::Degraded);
    Figure {
        value: shown.then_some(paired.top / paired.bottom),
        lower: Some(least).filter(|x| x.is_finite() && *x > 0.0 && !validity.is_invalid()),
        upper: upper.filter(|_| !validity.is_invalid()),
        coverage,
        category: category.number,
        validity,
        facility: paired.top,
        it: paired.bottom,
        meter: None,
    }
}

/// What a figure is worth whose energies are covered so far and in doubt by this share; no number is all doubt.
fn judge(coverage: f64, doubt: f64) -> Validity {
    if coverage >= GOOD && doubt < FINE {
        Validity::Good
    } else if doubt <= COARSE {
        Validity::Degraded
    } else {
        Validity::TooCoarse
    }
}
