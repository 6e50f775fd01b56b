//! From text to expressions. Every fault says where in the text it stands.

mod dimension;
mod operand;

use plant::hall::Hall;
use plant::id::PointId;
use plant::units::Unit;

use super::{Claim, Comparison, Condition, Fold, Number, Operator, Term, View};
pub use dimension::margin_unit;
use dimension::{added, multiplied, same};
use operand::Cursor;
pub use operand::fits;

/// How deep parentheses may nest: far beyond what anybody writes, and small enough for any stack.
const DEEPEST: usize = 32;

/// A canonical unit; nothing for a plain number, which goes with every unit.
pub type Dimension = Option<Unit>;

/// A fault of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    /// Where, in bytes from the start of the text.
    pub at: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// A number with its unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// As the person wrote it.
    pub text: String,
    /// The number.
    pub number: Number,
    /// Its unit.
    pub unit: Dimension,
}

/// A condition that must hold for a while.
#[derive(Clone, Debug, PartialEq)]
pub struct Holding {
    /// As the person wrote it.
    pub text: String,
    /// What must hold.
    pub condition: Condition,
    /// For how long without a break (s, 0 for an instant).
    pub hold: f64,
    /// The unit of the margin.
    pub unit: Dimension,
}

/// Some points, each with its name.
pub type Many = Vec<Signal>;

/// What a part of an expression turns out to be.
pub(super) enum Part {
    Number(Term, Dimension),
    Numbers(Vec<(String, Term)>, Dimension),
    Claim(Claim, Dimension),
    Claims(Vec<Claim>, Dimension),
}

/// Reads a number: `max(rack-*/inlet-air-temp) - 24 °C`.
///
/// # Errors
/// The first fault, with its place in the text.
pub fn signal(hall: &Hall, text: &str) -> Result<Signal, Slip> {
    let mut reader = Reader::new(hall, text);
    let part = reader.whole()?;
    reader.end()?;
    let (term, unit) = number(part, 0)?;
    Ok(Signal { text: text.to_owned(), number: Number(term), unit })
}

/// Reads one signal or a pattern of them: `crah-*/fan-speed`.
///
/// # Errors
/// The first fault, with its place in the text.
pub fn many(hall: &Hall, text: &str) -> Result<Many, Slip> {
    let mut reader = Reader::new(hall, text);
    let part = reader.whole()?;
    reader.end()?;
    match part {
        Part::Numbers(terms, unit) => {
            Ok(terms.into_iter().map(|(text, term)| Signal { text, number: Number(term), unit }).collect())
        }
        Part::Number(term, unit) => Ok(vec![Signal { text: text.to_owned(), number: Number(term), unit }]),
        Part::Claim(..) | Part::Claims(..) => Err(no_number(0)),
    }
}

/// Reads a condition, with `for 60s` at its end or without.
///
/// # Errors
/// The first fault, with its place in the text.
pub fn condition(hall: &Hall, text: &str) -> Result<Holding, Slip> {
    let mut reader = Reader::new(hall, text);
    let part = reader.whole()?;
    let hold = reader.hold()?;
    reader.end()?;
    let (claim, unit) = claim(part, 0)?;
    Ok(Holding { text: text.to_owned(), condition: Condition(claim), hold, unit })
}

/// Reads a number with its unit alone, with a sign or without: `-2 K`.
///
/// # Errors
/// What is wrong with it.
pub fn quantity(text: &str) -> Result<(f64, Dimension), Slip> {
    let mut cursor = Cursor::new(text);
    let negative = cursor.one_of(&["-"]).is_some();
    let at = cursor.at();
    let read = cursor.number()?;
    match read.filter(|_| cursor.rest().is_empty()) {
        Some((value, unit)) => Ok((if negative { -value } else { value }, unit)),
        None => Err(slip(at, format!("`{text}` is no number with a unit"), "write 2, or \"2 K\"")),
    }
}

/// Every point whose name fits a pattern, in the hall's order.
pub fn matching<'h>(hall: &'h Hall, pattern: &'h str) -> impl Iterator<Item = PointId> + 'h {
    hall.points.iter().filter(move |(_, def)| fits(pattern, &def.name)).map(|(id, _)| id)
}

pub(super) struct Reader<'t> {
    hall: &'t Hall,
    cursor: Cursor<'t>,
    view: View,
    depth: usize,
}

impl<'t> Reader<'t> {
    const fn new(hall: &'t Hall, text: &'t str) -> Self {
        Self { hall, cursor: Cursor::new(text), view: View::Truth, depth: 0 }
    }

    fn end(&mut self) -> Result<(), Slip> {
        let (at, rest) = (self.cursor.at(), self.cursor.rest());
        if rest.is_empty() {
            return Ok(());
        }
        let help = "put spaces around + - * / and join conditions with `and` or `or`";
        Err(slip(at, format!("`{}` does not belong here", first_word(rest)), help))
    }

    /// `for 60s` at the end of a condition.
    fn hold(&mut self) -> Result<f64, Slip> {
        if !self.cursor.keyword("for") {
            return Ok(0.0);
        }
        let at = self.cursor.at();
        match self.cursor.number()? {
            Some((seconds, Some(Unit::Second))) if seconds >= 0.0 => Ok(seconds),
            Some(_) | None => Err(slip(at, "`for` needs a time", "write `for 60s` or `for 5min`")),
        }
    }

    fn whole(&mut self) -> Result<Part, Slip> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEEPEST {
            return Err(slip(self.cursor.at(), "too many parentheses inside each other", "say it in two asserts"));
        }
        let part = self.either();
        self.depth = self.depth.saturating_sub(1);
        part
    }

    fn either(&mut self) -> Result<Part, Slip> {
        let at = self.cursor.at();
        let first = self.both()?;
        if !self.cursor.sees("or") {
            return Ok(first);
        }
        let (first, unit) = claim(first, at)?;
        let mut all = vec![first];
        while self.cursor.keyword("or") {
            let at = self.cursor.at();
            all.push(claim(self.both()?, at)?.0);
        }
        Ok(Part::Claim(Claim::Any(all), unit))
    }

    fn both(&mut self) -> Result<Part, Slip> {
        let at = self.cursor.at();
        let first = self.negated()?;
        if !self.cursor.sees("and") {
            return Ok(first);
        }
        let (first, unit) = claim(first, at)?;
        let mut all = vec![first];
        while self.cursor.keyword("and") {
            let at = self.cursor.at();
            all.push(claim(self.negated()?, at)?.0);
        }
        Ok(Part::Claim(Claim::All(all), unit))
    }

    fn negated(&mut self) -> Result<Part, Slip> {
        let mut turned = false;
        while self.cursor.keyword("not") {
            turned = !turned;
        }
        let at = self.cursor.at();
        let part = self.comparison()?;
        if !turned {
            return Ok(part);
        }
        let (claim, unit) = claim(part, at)?;
        Ok(Part::Claim(Claim::Not(Box::new(claim)), unit))
    }

    fn comparison(&mut self) -> Result<Part, Slip> {
        let at = self.cursor.at();
        let left = self.sum()?;
        let place = self.cursor.at();
        let Some(first) = self.cursor.comparison() else { return Ok(left) };
        let right_at = self.cursor.at();
        let (right, right_unit) = number(self.sum()?, right_at)?;
        if let Part::Numbers(terms, unit) = left {
            let unit = margin_unit(same(unit, right_unit, place)?);
            let claims = terms.into_iter().map(|(_, term)| Claim::Compare(term, first, right.clone())).collect();
            return Ok(Part::Claims(claims, unit));
        }
        let (left, left_unit) = number(left, at)?;
        let unit = same(left_unit, right_unit, place)?;
        let compared = Claim::Compare(left, first, right.clone());
        let place = self.cursor.at();
        let Some(second) = self.cursor.comparison() else { return Ok(Part::Claim(compared, margin_unit(unit))) };
        let last_at = self.cursor.at();
        let (last, last_unit) = number(self.sum()?, last_at)?;
        let unit = same(unit, last_unit, place)?;
        Ok(Part::Claim(Claim::All(vec![compared, Claim::Compare(right, second, last)]), margin_unit(unit)))
    }

    fn sum(&mut self) -> Result<Part, Slip> {
        let at = self.cursor.at();
        let mut part = self.product()?;
        loop {
            let place = self.cursor.at();
            let operator = match self.cursor.one_of(&["+", "-"]) {
                Some("+") => Operator::Plus,
                Some(_) => Operator::Minus,
                None => return Ok(part),
            };
            let (left, a) = number(part, at)?;
            let right_at = self.cursor.at();
            let (right, b) = number(self.product()?, right_at)?;
            let unit = added(a, operator, b, place)?;
            part = Part::Number(Term::Two(Box::new(left), operator, Box::new(right)), unit);
        }
    }

    fn product(&mut self) -> Result<Part, Slip> {
        let at = self.cursor.at();
        let mut part = self.signed()?;
        loop {
            let place = self.cursor.at();
            let operator = match self.cursor.one_of(&["*", "/"]) {
                Some("*") => Operator::Times,
                Some(_) => Operator::Over,
                None => return Ok(part),
            };
            let (left, a) = number(part, at)?;
            let right_at = self.cursor.at();
            let (right, b) = number(self.signed()?, right_at)?;
            let unit = multiplied(a, operator, b, place)?;
            part = Part::Number(Term::Two(Box::new(left), operator, Box::new(right)), unit);
        }
    }

    fn signed(&mut self) -> Result<Part, Slip> {
        let mut turned = false;
        while self.cursor.one_of(&["-"]).is_some() {
            turned = !turned;
        }
        let at = self.cursor.at();
        let part = self.operand()?;
        if !turned {
            return Ok(part);
        }
        let (term, unit) = number(part, at)?;
        Ok(Part::Number(Term::Negative(Box::new(term)), unit))
    }

    /// `max(…)` and its like: patterns and numbers, all of one unit.
    fn fold(&mut self, fold: Fold) -> Result<Part, Slip> {
        let mut terms = Vec::new();
        let mut unit = None;
        loop {
            let at = self.cursor.at();
            let (more, its) = match self.whole()? {
                Part::Numbers(more, its) => (more.into_iter().map(|(_, term)| term).collect(), its),
                Part::Number(term, its) => (vec![term], its),
                Part::Claim(..) | Part::Claims(..) => return Err(no_number(at)),
            };
            unit = same(unit, its, at)?;
            terms.extend(more);
            if self.cursor.one_of(&[","]).is_none() {
                break;
            }
        }
        self.close()?;
        let unit = if fold == Fold::Spread { margin_unit(unit) } else { unit };
        Ok(Part::Number(Term::Fold(fold, terms), unit))
    }

    fn close(&mut self) -> Result<(), Slip> {
        if self.cursor.one_of(&[")"]).is_some() {
            return Ok(());
        }
        Err(slip(self.cursor.at(), "a `)` is missing here", "close what was opened"))
    }
}

pub(super) fn slip(at: usize, message: impl Into<String>, help: impl Into<String>) -> Slip {
    Slip { at, message: message.into(), help: help.into() }
}

fn no_number(at: usize) -> Slip {
    slip(at, "this is a condition where a number is wanted", "use count(…) to make a number of conditions")
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or(text)
}

fn number(part: Part, at: usize) -> Result<(Term, Dimension), Slip> {
    match part {
        Part::Number(term, unit) => Ok((term, unit)),
        Part::Numbers(..) => Err(slip(
            at,
            "a pattern stands for many points where one number is wanted",
            "say which: max(…), min(…), mean(…), sum(…), spread(…), or count(… > 5)",
        )),
        Part::Claim(..) | Part::Claims(..) => Err(no_number(at)),
    }
}

fn claim(part: Part, at: usize) -> Result<(Claim, Dimension), Slip> {
    match part {
        Part::Claim(claim, unit) => Ok((claim, unit)),
        Part::Claims(..) => Err(slip(
            at,
            "a pattern is compared: many conditions where one is wanted",
            "say all(…), any(…), or count(…) >= 2; or compare max(…) or min(…)",
        )),
        Part::Number(..) | Part::Numbers(..) => {
            Err(slip(at, "this is a number where a condition is wanted", "compare it: `… <= 27 °C`"))
        }
    }
}

pub(super) const COMPARISONS: &[(&str, Comparison)] = &[
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("==", Comparison::Equal),
    ("!=", Comparison::Unequal),
    ("<", Comparison::Below),
    (">", Comparison::Above),
];
