//! What a scenario says about a hall in numbers: signals by their points' names, compared and joined.
//!
//! ```text
//! max(rack-a*/inlet-air-temp) <= 27 °C and count(crah-*/fan-speed-feedback > 5 %) >= 2
//! reading(crah-1/supply-air-temp) - truth(crah-1/supply-air-temp) > 1 K for 60s
//! ```
//!
//! Read once, when the scenario is loaded, with every unit checked; evaluated at every step without allocation. Total:
//! there is no loop, no division by zero that stops a run, and a missing value is a missing answer, not a number.
//! A comparison tells more than yes or no: its margin is how far the two sides are from failing, in their unit. `and` takes the
//! smaller margin, `or` the larger, `not` turns the sign: the robustness of signal temporal logic.

mod read;
#[cfg(test)]
mod tests;

use plant::convert;
use plant::id::PointId;

pub use read::{
    Dimension, Holding, Many, Signal, Slip, condition, fits, many, margin_unit, matching, quantity, signal,
};

/// What an expression looks at.
pub trait Scene {
    /// What is (the point's canonical unit); NaN where the point is not modelled.
    fn truth(&self, point: PointId) -> f64;
    /// What the sensor told last (the point's canonical unit); NaN where it told nothing.
    fn reading(&self, point: PointId) -> f64;
    /// What control decided last (the point's canonical unit); NaN where nothing was decided.
    fn command(&self, point: PointId) -> f64;
    /// A figure of the hall as a whole.
    fn figure(&self, figure: Figure) -> f64;
}

/// Which of a point's three numbers is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// What is.
    Truth,
    /// What the sensor told.
    Reading,
    /// What control decided.
    Command,
}

/// What is no point and has a name all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Power at the utility's meter (W).
    FacilityPower,
    /// Power of the racks (W).
    ItPower,
    /// Power of fans, pumps and chillers (W).
    CoolingPower,
    /// The hottest rack inlet (°C).
    HottestInlet,
    /// What the worst step's energy balance left open (1).
    LedgerResidual,
    /// Time since the scenario began, after its warm-up (s).
    Time,
}

/// How many become one. Missing ones are left out; nothing but missing ones is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    Max,
    Min,
    Mean,
    Sum,
    Spread,
}

/// Two numbers that become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Plus,
    Minus,
    Times,
    Over,
}

/// How two numbers are held against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Below,
    AtMost,
    Above,
    AtLeast,
    Equal,
    Unequal,
}

/// A number that changes with the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Number(pub(super) Term);

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    Constant(f64),
    Point(View, PointId),
    Figure(Figure),
    Fold(Fold, Vec<Self>),
    Count(Vec<Claim>),
    Two(Box<Self>, Operator, Box<Self>),
    Negative(Box<Self>),
    Size(Box<Self>),
}

/// Something that holds or does not.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition(pub(super) Claim);

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Claim {
    Compare(Term, Comparison, Term),
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
}

/// How well a condition holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Robust {
    /// True when it does.
    pub holds: bool,
    /// How far from the border, in the unit of what is compared: positive on the good side; NaN where a value is missing.
    pub margin: f64,
}

impl Robust {
    /// Nobody knows.
    pub const UNKNOWN: Self = Self { holds: false, margin: f64::NAN };
}

impl Number {
    /// A number that never changes.
    #[must_use]
    pub const fn constant(value: f64) -> Self {
        Self(Term::Constant(value))
    }

    /// One of a point's numbers.
    #[must_use]
    pub const fn point(view: View, point: PointId) -> Self {
        Self(Term::Point(view, point))
    }

    /// The number now; NaN where something is missing.
    #[must_use]
    pub fn value(&self, scene: &impl Scene) -> f64 {
        self.0.value(scene)
    }
}

impl Condition {
    /// How well it holds now.
    #[must_use]
    pub fn robust(&self, scene: &impl Scene) -> Robust {
        self.0.robust(scene)
    }
}

impl Term {
    fn value(&self, scene: &impl Scene) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Point(View::Truth, point) => scene.truth(*point),
            Self::Point(View::Reading, point) => scene.reading(*point),
            Self::Point(View::Command, point) => scene.command(*point),
            Self::Figure(figure) => scene.figure(*figure),
            Self::Fold(fold, terms) => fold.of(terms.iter().map(|t| t.value(scene))),
            Self::Count(claims) => convert::f64_from_usize(claims.iter().filter(|c| c.robust(scene).holds).count()),
            Self::Two(a, operator, b) => operator.of(a.value(scene), b.value(scene)),
            Self::Negative(term) => -term.value(scene),
            Self::Size(term) => term.value(scene).abs(),
        }
    }
}

impl Fold {
    fn of(self, values: impl Iterator<Item = f64>) -> f64 {
        let (mut low, mut high, mut sum, mut count) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0.0);
        for value in values.filter(|v| !v.is_nan()) {
            low = low.min(value);
            high = high.max(value);
            sum += value;
            count += 1.0;
        }
        if count == 0.0 {
            return f64::NAN;
        }
        match self {
            Self::Max => high,
            Self::Min => low,
            Self::Mean => sum / count,
            Self::Sum => sum,
            Self::Spread => high - low,
        }
    }
}

impl Operator {
    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Plus => a + b,
            Self::Minus => a - b,
            Self::Times => a * b,
            // A quotient without a value is a missing one.
            Self::Over if b == 0.0 => f64::NAN,
            Self::Over => a / b,
        }
    }
}

impl Comparison {
    fn of(self, a: f64, b: f64) -> Robust {
        let margin = match self {
            Self::Below | Self::AtMost => b - a,
            Self::Above | Self::AtLeast => a - b,
            Self::Equal => -(a - b).abs(),
            Self::Unequal => (a - b).abs(),
        };
        let holds = match self {
            Self::Below | Self::Above | Self::Unequal => margin > 0.0,
            Self::AtMost | Self::AtLeast | Self::Equal => margin >= 0.0,
        };
        if margin.is_nan() { Robust::UNKNOWN } else { Robust { holds, margin } }
    }
}

impl Claim {
    fn robust(&self, scene: &impl Scene) -> Robust {
        match self {
            Self::Compare(a, comparison, b) => comparison.of(a.value(scene), b.value(scene)),
            Self::Not(claim) => {
                let inner = claim.robust(scene);
                if inner.margin.is_nan() { inner } else { Robust { holds: !inner.holds, margin: -inner.margin } }
            }
            Self::All(claims) => worst(claims.iter().map(|c| c.robust(scene))),
            Self::Any(claims) => {
                let turned =
                    |r: Robust| if r.margin.is_nan() { r } else { Robust { holds: !r.holds, margin: -r.margin } };
                turned(worst(claims.iter().map(|c| turned(c.robust(scene)))))
            }
        }
    }
}

/// All of them together: the first that fails for certain decides; a missing one leaves open what the others do not settle.
fn worst(all: impl Iterator<Item = Robust>) -> Robust {
    let (mut known, mut open) = (Robust { holds: true, margin: f64::INFINITY }, false);
    for one in all {
        open |= one.margin.is_nan();
        if !one.margin.is_nan() {
            known = Robust { holds: known.holds && one.holds, margin: known.margin.min(one.margin) };
        }
    }
    if open && known.holds { Robust::UNKNOWN } else { known }
}
