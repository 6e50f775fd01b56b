//! Operands: numbers with units, points and patterns by name, functions; and the cursor that finds them.

use plant::id::PointId;
use plant::read::{closest, did_you_mean};
use plant::units::Unit;

use super::super::{Claim, Figure, Fold, Term, View};
use super::{COMPARISONS, Comparison, Dimension, Part, Reader, Slip, claim, no_number, slip};

/// What is no point, by name.
pub(super) const FIGURES: &[(&str, Figure, Dimension)] = &[
    ("facility-power", Figure::FacilityPower, Some(Unit::Watt)),
    ("it-power", Figure::ItPower, Some(Unit::Watt)),
    ("cooling-power", Figure::CoolingPower, Some(Unit::Watt)),
    ("hottest-inlet", Figure::HottestInlet, Some(Unit::Cel)),
    ("ledger-residual", Figure::LedgerResidual, None),
    ("time", Figure::Time, Some(Unit::Second)),
];

/// Times as people write them, in seconds.
const TIMES: &[(&str, f64)] = &[("ms", 1e-3), ("s", 1.0), ("min", 60.0), ("h", 3600.0), ("d", 86_400.0)];

const FOLDS: &[(&str, Fold)] =
    &[("max", Fold::Max), ("min", Fold::Min), ("mean", Fold::Mean), ("sum", Fold::Sum), ("spread", Fold::Spread)];

const VIEWS: &[(&str, View)] = &[("truth", View::Truth), ("reading", View::Reading), ("command", View::Command)];

/// A place in the text.
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// Where the next word stands.
    pub(super) fn at(&mut self) -> usize {
        let rest = self.text.get(self.at..).unwrap_or("");
        let blank = rest.len().saturating_sub(rest.trim_start().len());
        self.at = self.at.saturating_add(blank);
        self.at
    }

    /// What has not been read.
    pub(super) fn rest(&mut self) -> &'t str {
        let at = self.at();
        self.text.get(at..).unwrap_or("")
    }

    fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    /// The first of these signs that stands here.
    pub(super) fn one_of(&mut self, signs: &[&'static str]) -> Option<&'static str> {
        let rest = self.rest();
        let sign = signs.iter().find(|s| rest.starts_with(**s)).copied()?;
        self.skip(sign.len());
        Some(sign)
    }

    pub(super) fn comparison(&mut self) -> Option<Comparison> {
        let rest = self.rest();
        let (sign, comparison) = COMPARISONS.iter().find(|(s, _)| rest.starts_with(s))?;
        self.skip(sign.len());
        Some(*comparison)
    }

    /// True when this word stands here.
    pub(super) fn sees(&mut self, word: &str) -> bool {
        self.name() == word
    }

    /// Reads this word if it stands here.
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        let there = self.sees(word);
        if there {
            self.skip(word.len());
        }
        there
    }

    /// The name that stands here, or nothing.
    fn name(&mut self) -> &'t str {
        let rest = self.rest();
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '*' | '/' | '-' | '_');
        rest.split(|c| !part(c)).next().unwrap_or("")
    }

    /// A number with its unit, in the canonical one.
    pub(super) fn number(&mut self) -> Result<Option<(f64, Dimension)>, Slip> {
        let (at, rest) = (self.at(), self.rest());
        if !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return Ok(None);
        }
        let digits = digits(rest);
        let value = rest.get(..digits).and_then(|d| d.parse::<f64>().ok()).filter(|v| v.is_finite());
        let Some(value) = value else {
            return Err(slip(at, "this is no number", "write 24, 24.5 or 1e-9"));
        };
        self.skip(digits);
        let place = self.at();
        let unit = self.unit_word();
        if unit.is_empty() || ["and", "or", "for"].contains(&unit) {
            return Ok(Some((value, None)));
        }
        if let Some((_, seconds)) = TIMES.iter().find(|(word, _)| *word == unit) {
            self.skip(unit.len());
            return Ok(Some((value * seconds, Some(Unit::Second))));
        }
        let known = Unit::ALL.iter().find(|(_, code, pretty)| *code == unit || *pretty == unit);
        let Some((known, _, _)) = known else {
            let words = Unit::ALL.iter().map(|(_, _, pretty)| *pretty).chain(TIMES.iter().map(|(word, _)| *word));
            return Err(slip(
                place,
                format!("`{unit}` is no unit"),
                did_you_mean(unit, words.filter(|w| !w.is_empty())),
            ));
        };
        self.skip(unit.len());
        let (canonical, way) = known.canonical();
        let canonical = Some(canonical).filter(|u| *u != Unit::One);
        Ok(Some((value * way.scale + way.offset, canonical)))
    }

    fn unit_word(&mut self) -> &'t str {
        let rest = self.rest();
        let ends = |c: char| c.is_whitespace() || "()<>=!,+*-".contains(c);
        let word = rest.split(ends).next().unwrap_or("");
        if word.starts_with('/') && word != "/min" { "" } else { word }
    }
}

/// How many bytes of this are a number: digits, a point, an exponent.
fn digits(text: &str) -> usize {
    let mut end = 0;
    let mut before = ' ';
    for (n, c) in text.char_indices() {
        let exponent = matches!(c, 'e' | 'E')
            && text.get(n.saturating_add(1)..).is_some_and(|r| {
                let r = r.strip_prefix(['-', '+']).unwrap_or(r);
                r.starts_with(|c: char| c.is_ascii_digit())
            });
        let sign = matches!(c, '-' | '+') && matches!(before, 'e' | 'E');
        if !(c.is_ascii_digit() || c == '.' || exponent || sign) {
            break;
        }
        before = c;
        end = n.saturating_add(c.len_utf8());
    }
    end
}

impl Reader<'_> {
    pub(super) fn operand(&mut self) -> Result<Part, Slip> {
        let at = self.cursor.at();
        if let Some((value, unit)) = self.cursor.number()? {
            return Ok(Part::Number(Term::Constant(value), unit));
        }
        if self.cursor.one_of(&["("]).is_some() {
            let part = self.whole()?;
            self.close()?;
            return Ok(part);
        }
        let name = self.cursor.name();
        if name.is_empty() {
            let help = "a number, a point such as `crah-1/supply-air-temp`, or a function such as `max(…)` goes here";
            return Err(slip(at, "something is missing here", help));
        }
        self.cursor.skip(name.len());
        if self.cursor.one_of(&["("]).is_some() {
            return self.function(name, at);
        }
        if let Some((_, figure, unit)) = FIGURES.iter().find(|(word, _, _)| *word == name) {
            return Ok(Part::Number(Term::Figure(*figure), *unit));
        }
        if name.contains('*') { self.pattern(name, at) } else { self.point(name, at) }
    }

    fn function(&mut self, name: &str, at: usize) -> Result<Part, Slip> {
        if let Some((_, fold)) = FOLDS.iter().find(|(word, _)| *word == name) {
            return self.fold(*fold);
        }
        if let Some((_, view)) = VIEWS.iter().find(|(word, _)| *word == name) {
            let before = std::mem::replace(&mut self.view, *view);
            let part = self.whole()?;
            self.view = before;
            self.close()?;
            return Ok(part);
        }
        let inner_at = self.cursor.at();
        match name {
            "abs" => {
                let (term, unit) = super::number(self.whole()?, inner_at)?;
                self.close()?;
                Ok(Part::Number(Term::Size(Box::new(term)), unit))
            }
            "count" | "all" | "any" => {
                let (claims, unit) = match self.whole()? {
                    Part::Claims(claims, unit) => (claims, unit),
                    Part::Claim(claim, unit) => (vec![claim], unit),
                    other @ (Part::Number(..) | Part::Numbers(..)) => return Err(none_to_count(other, inner_at)),
                };
                self.close()?;
                Ok(match name {
                    "count" => Part::Number(Term::Count(claims), None),
                    "all" => Part::Claim(Claim::All(claims), unit),
                    _ => Part::Claim(Claim::Any(claims), unit),
                })
            }
            _ => {
                let known = FOLDS.iter().map(|(w, _)| *w).chain(VIEWS.iter().map(|(w, _)| *w));
                let help = did_you_mean(name, known.chain(["abs", "count", "all", "any"]));
                Err(slip(at, format!("there is no function `{name}`"), help))
            }
        }
    }

    fn point(&self, name: &str, at: usize) -> Result<Part, Slip> {
        let found = self.hall.point(name).and_then(|id| self.hall.points.get(id).map(|def| (id, def)));
        let Some((id, def)) = found else {
            return Err(slip(at, format!("there is no point `{name}`"), self.near(name)));
        };
        self.writable(id, name, at)?;
        Ok(Part::Number(Term::Point(self.view, id), Some(def.unit).filter(|u| *u != Unit::One)))
    }

    fn pattern(&self, pattern: &str, at: usize) -> Result<Part, Slip> {
        let mut terms = Vec::new();
        let mut unit = None;
        for (id, def) in self.hall.points.iter().filter(|(_, def)| fits(pattern, &def.name)) {
            let its = Some(def.unit).filter(|u| *u != Unit::One);
            if !terms.is_empty() && its != unit {
                let message = format!("`{pattern}` matches points of different units, such as `{}`", def.name);
                return Err(slip(at, message, "write more of the name, so that all are of one kind"));
            }
            unit = its;
            self.writable(id, &def.name, at)?;
            terms.push((def.name.clone(), Term::Point(self.view, id)));
        }
        if terms.is_empty() {
            return Err(slip(at, format!("`{pattern}` matches no point"), self.near(pattern)));
        }
        Ok(Part::Numbers(terms, unit))
    }

    /// A command is decided for outputs only.
    fn writable(&self, point: PointId, name: &str, at: usize) -> Result<(), Slip> {
        let output = self.hall.points.get(point).is_some_and(|def| def.write.is_some());
        if self.view != View::Command || output {
            return Ok(());
        }
        Err(slip(at, format!("`{name}` is no output: nothing is commanded there"), "use truth(…) or reading(…)"))
    }

    /// What a name may have meant.
    fn near(&self, name: &str) -> String {
        let (equip, short) = name.split_once('/').unwrap_or((name, ""));
        let points = || self.hall.points.iter().map(|(_, def)| def.name.as_str());
        if let Some(id) = self.hall.equip(equip) {
            let of = self.hall.points.iter().filter(|(_, def)| def.equip == id);
            let shorts: Vec<&str> = of.map(|(_, def)| def.short_name()).collect();
            return match closest(short, shorts.iter().copied()) {
                Some(near) => format!("did you mean `{equip}/{near}`?"),
                None => format!("`{equip}` has: {}", shorts.join(", ")),
            };
        }
        let figures = FIGURES.iter().map(|(word, _, _)| *word);
        match closest(name, points().chain(figures)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write `equipment/point`; `wattloop sim faults HALL` lists both".to_owned(),
        }
    }
}

fn none_to_count(part: Part, at: usize) -> Slip {
    match part {
        Part::Number(..) | Part::Numbers(..) => {
            slip(at, "there is no condition to look at", "compare inside: count(crah-*/fan-speed-feedback > 5 %)")
        }
        Part::Claim(..) | Part::Claims(..) => claim(part, at).err().unwrap_or_else(|| no_number(at)),
    }
}

/// True when a name fits a pattern, in which `*` stands for any letters but `/`.
#[must_use]
pub fn fits(pattern: &str, name: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == name };
    let Some(rest) = name.strip_prefix(head) else { return false };
    let reach = rest.find('/').unwrap_or(rest.len());
    let ends = rest.char_indices().map(|(n, _)| n).chain([rest.len()]);
    ends.take_while(|n| *n <= reach).any(|n| rest.get(n..).is_some_and(|r| fits(tail, r)))
}
