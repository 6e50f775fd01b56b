//! Readings of a cumulative register as pieces.

use super::rows::Row;
use super::{MeterRules, Notice, Piece, Stretches, Zone};
use crate::control::energy::tariff::decimal::{Energy, Rounding};

/// A circuit carries a quarter more than its rating for a while.
const MARGIN: (i64, i64) = (5, 4);

/// A register may run ahead by this much of the rating (ms): coarse registers move in steps.
const COARSE: i64 = 60_000;

/// Energy between readings that fit each other. What did not fit is told.
pub(super) fn pieces(rows: Vec<Row>, (zone, rules): (&Zone, MeterRules), notices: &mut Vec<Notice>) -> Vec<Piece> {
    let before = rows.len();
    let mut rows = rows;
    rows.dedup();
    let (twice, mut unclear, mut chain) = (before - rows.len(), Stretches::default(), Chain::new(rules));
    for group in rows.chunk_by(|a, b| a.from == b.from) {
        match group {
            [row] => chain.read(*row),
            more => more.iter().for_each(|row| unclear.add(row.from, row.from)),
        }
    }
    chain.doubt.into_iter().for_each(|doubt| chain.passed.add(doubt.from, doubt.from));
    told((twice, chain.rolled, rules.most.is_some()), [unclear, chain.passed, chain.resets], (zone, notices));
    chain.pieces
}

/// Without a rating, a register goes over its end at so many times the highest power before at the most.
const USUAL: i64 = 4;

/// Readings so far.
struct Chain {
    rules: MeterRules,
    /// The last that was believed.
    believed: Option<Row>,
    /// The one believed before it: where the last was a jump ahead that no rule forbade, counting goes on from here.
    earlier: Option<Row>,
    /// One that did not fit.
    doubt: Option<Row>,
    /// The highest power so far, as energy over some time (ms).
    fastest: Option<(Energy, i64)>,
    pieces: Vec<Piece>,
    /// How often the register went over its end.
    rolled: usize,
    passed: Stretches,
    resets: Stretches,
}

impl Chain {
    const fn new(rules: MeterRules) -> Self {
        Self {
            rules,
            believed: None,
            earlier: None,
            doubt: None,
            fastest: None,
            pieces: Vec::new(),
            rolled: 0,
            passed: Stretches::NONE,
            resets: Stretches::NONE,
        }
    }

    fn read(&mut self, row: Row) {
        let Some(last) = self.believed else {
            self.believed = Some(row);
            return;
        };
        if let Some(step) = self.forward(last, row) {
            self.doubt.take().into_iter().for_each(|doubt| self.passed.add(doubt.from, doubt.from));
            self.believe((last, row), step);
            return;
        }
        let Some(first) = self.doubt.replace(row) else { return };
        let Some(step) = self.forward(first, row) else {
            self.passed.add(first.from, first.from);
            return;
        };
        self.doubt = None;
        let back = self.earlier.and_then(|earlier| Some((earlier, self.forward(earlier, first)?)));
        match back {
            Some((earlier, (energy, false))) => {
                self.pieces.pop();
                self.passed.add(last.from, last.from);
                self.believe((earlier, first), (energy, false));
            }
            Some((_, (_, true))) | None => self.resets.add(last.from, first.from),
        }
        self.believe((first, row), step);
    }

    fn believe(&mut self, (from, to): (Row, Row), (energy, over): (Energy, bool)) {
        self.rolled += usize::from(over);
        let elapsed = to.from.0 - from.from.0;
        if self.fastest.is_none_or(|(most, long)| energy > most.first(elapsed, long)) {
            self.fastest = Some((energy, elapsed));
        }
        // What is usual between two readings is no silence.
        let usual = (to.to.0 - to.from.0) * 3 / 2;
        let bridged = elapsed > usual;
        self.pieces.push(Piece { from: from.from, to: to.from, energy, bridged });
        (self.earlier, self.believed) = (Some(from), Some(to));
    }

    /// How far the register moved from one reading to another, if it can have: forward, or over its end, which is told.
    fn forward(&self, from: Row, to: Row) -> Option<(Energy, bool)> {
        let elapsed = to.from.0.saturating_sub(from.from.0).saturating_add(COARSE);
        let most = self.rules.most.map(|kw| Energy::kw(kw.share(MARGIN.0, MARGIN.1, (9, Rounding::Down)), elapsed));
        let fits = |part: Energy, most: Option<Energy>| part >= Energy::ZERO && most.is_none_or(|most| part <= most);
        let ahead = to.energy.minus(from.energy);
        if fits(ahead, most) {
            return Some((ahead, false));
        }
        let turn = Energy::kw(self.rules.rollover?, 3_600_000);
        // Without a rating, what flowed over the end is no more than what flowed before lets expect: a jump of many times that is rather another meter.
        let usual = || self.fastest.map(|(most, long)| most.first(elapsed.saturating_mul(USUAL), long));
        let most = most.or_else(|| Some(turn.first(1, 2).min(usual()?)))?;
        let over = ahead.plus(turn);
        (ahead < Energy::ZERO && fits(over, Some(most))).then_some((over, true))
    }
}

fn told(
    (twice, rolled, rated): (usize, usize, bool),
    stretches: [Stretches; 3],
    (zone, notices): (&Zone, &mut Vec<Notice>),
) {
    let [unclear, passed, resets] = stretches;
    if twice > 0 {
        notices.push(Notice::light("rows_twice", format!("{twice} readings are there twice: each counts once")));
    }
    if rolled > 0 {
        let say = format!("the register began at zero again {rolled} times");
        notices.push(if rated {
            Notice::light("register_rolled_over", say)
        } else {
            let why = "without `most-kw` nobody knows that it is not another meter";
            Notice::grave("register_rolled_over", format!("{say}: {why}"))
        });
    }
    if !unclear.is_empty() {
        let say = format!("two readings for one time count as none: {}", unclear.words(zone));
        notices.push(Notice::grave("rows_contradict", say));
    }
    if !passed.is_empty() {
        let say = format!("readings that do not fit those beside them were passed over: {}", passed.words(zone));
        notices.push(Notice::grave("readings_passed_over", say));
    }
    if !resets.is_empty() {
        let say = format!("the register was reset, and what flowed meanwhile is not known: {}", resets.words(zone));
        notices.push(Notice::grave("register_reset", say));
    }
}
