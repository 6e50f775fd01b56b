//! Gains by where a process is: a loop's gain and integral time as a table over the load, the flow or the output.

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// The most rows of a schedule.
pub const MOST: usize = 8;

/// What a schedule goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// What the loop's row draws of what it is rated, or all rows together where it serves more than one (%).
    Load,
    /// The water that the loop acts on, or acts through (l/s).
    Flow,
    /// The loop's own output (%).
    Output,
}

impl By {
    /// Every one with its word in files.
    pub const WORDS: [(&'static str, Self); 3] = [("load", Self::Load), ("flow", Self::Flow), ("output", Self::Output)];

    /// The word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Flow => "flow",
            Self::Output => "output",
        }
    }

    /// The unit, for people.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Load | Self::Output => "%",
            Self::Flow => "l/s",
        }
    }
}

/// The gains at one point of a schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Where: of load or output (%, 0 to 100), of flow (l/s, 0 to 1e4). Above the row before.
    pub from: f64,
    /// Proportional gain (% of output per unit of pv, > 0).
    pub gain: f64,
    /// Integral time (s, > 0).
    pub ti: Span,
}

/// A schedule of gains. Between its rows they are interpolated, beyond its ends they stay.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// What it goes by.
    pub by: By,
    rows: [Row; MOST],
    len: usize,
}

impl Schedule {
    /// A schedule of 2 to 8 rows that ascend, with gains and times above zero; nothing of others.
    #[must_use]
    pub fn new(by: By, rows: &[Row]) -> Option<Self> {
        let good = |row: &Row| row.from.is_finite() && row.gain.is_finite() && row.gain > 0.0 && row.ti > Span::ZERO;
        let ascends = rows.windows(2).all(|pair| matches!(pair, [a, b] if a.from < b.from));
        if !(2..=MOST).contains(&rows.len()) || !ascends || !rows.iter().all(good) {
            return None;
        }
        let mut all = [Row::default(); MOST];
        all.iter_mut().zip(rows).for_each(|(slot, row)| *slot = *row);
        Some(Self { by, rows: all, len: rows.len() })
    }

    /// Its rows, ascending.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        self.rows.get(..self.len).unwrap_or(&self.rows)
    }

    /// Gain and integral time at `x`.
    #[must_use]
    pub fn at(&self, x: f64) -> (f64, Span) {
        let rows = self.rows();
        let above = rows.iter().find(|row| row.from >= x);
        let below = rows.iter().rev().find(|row| row.from < x);
        match (below, above) {
            // At a row its own gains, to the bit.
            (_, Some(here)) if here.from <= x => (here.gain, here.ti),
            (Some(low), Some(high)) => {
                let share = (x - low.from) / (high.from - low.from);
                let between = |low: f64, high: f64| low + share * (high - low);
                let ti = between(low.ti.seconds(), high.ti.seconds());
                (between(low.gain, high.gain), Span::from_seconds(ti))
            }
            (Some(only), None) | (None, Some(only)) => (only.gain, only.ti),
            // No number is nowhere: the middle of the table.
            (None, None) => rows.get(rows.len() / 2).map_or((1.0, Span::from_secs(60)), |row| (row.gain, row.ti)),
        }
    }

    /// The number of the row nearest to `x`, from 0; of two as near the lower one.
    #[must_use]
    pub fn nearest(&self, x: f64) -> usize {
        let far = |row: &Row| (row.from - x).abs();
        let mut best = (0, f64::INFINITY);
        for (n, row) in self.rows().iter().enumerate() {
            if far(row) < best.1 {
                best = (n, far(row));
            }
        }
        best.0
    }

    /// The same with other gains in one row; as it is where it has no such row.
    #[must_use]
    pub fn with(mut self, row: usize, (gain, ti): (f64, Span)) -> Self {
        if let Some(slot) = self.rows.get_mut(row).filter(|_| row < self.len) {
            (slot.gain, slot.ti) = (gain, ti);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(from: f64, gain: f64, ti: u64) -> Row {
        Row { from, gain, ti: Span::from_secs(ti) }
    }

    #[test]
    fn between_rows_gains_are_interpolated_and_beyond_the_ends_they_stay() {
        let of = Schedule::new(By::Flow, &[row(10.0, 4.0, 100), row(20.0, 2.0, 60), row(40.0, 1.0, 40)]).expect("good");
        for (x, gain, ti) in [
            (-5.0, 4.0, 100.0),
            (10.0, 4.0, 100.0),
            (15.0, 3.0, 80.0),
            (20.0, 2.0, 60.0),
            (30.0, 1.5, 50.0),
            (99.0, 1.0, 40.0),
        ] {
            assert_eq!((of.at(x).0, of.at(x).1.seconds()), (gain, ti), "{x}");
        }
        assert_eq!([9.0, 14.9, 15.0, 15.1, 31.0, 1e9].map(|x| of.nearest(x)), [0, 0, 0, 1, 2, 2]);
        assert_eq!(of.with(1, (9.0, Span::from_secs(1))).at(20.0), (9.0, Span::from_secs(1)));
        assert_eq!(of.with(3, (9.0, Span::from_secs(1))), of, "there is no such row");
        assert!(of.at(f64::NAN).0 > 0.0);
    }

    #[test]
    fn what_does_not_ascend_is_none() {
        for rows in [
            vec![row(1.0, 1.0, 1)],
            vec![row(1.0, 1.0, 1), row(1.0, 2.0, 1)],
            vec![row(2.0, 1.0, 1), row(1.0, 2.0, 1)],
            vec![row(1.0, 0.0, 1), row(2.0, 2.0, 1)],
            vec![row(1.0, 1.0, 0), row(2.0, 2.0, 1)],
            (0..9).map(|n| row(f64::from(n), 1.0, 1)).collect(),
        ] {
            assert_eq!(Schedule::new(By::Load, &rows), None, "{rows:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Gains stay between those of the rows, and a small step of what they go by is a small step of theirs.
        #[test]
        fn gains_are_continuous_and_bounded(
            mut rows in prop::collection::vec((0.0..100.0_f64, 0.1..10.0_f64, 1..600_u64), 2..=MOST),
            x in -10.0..110.0_f64,
        ) {
            rows.sort_by(|a, b| a.0.total_cmp(&b.0));
            rows.dedup_by(|a, b| (a.0 - b.0).abs() < 0.5);
            let rows: Vec<Row> = rows.into_iter().map(|(from, gain, ti)| row(from, gain, ti)).collect();
            prop_assume!(rows.len() > 1);
            let of = Schedule::new(By::Output, &rows).expect("good");
            let ends = |f: fn(f64, f64) -> f64, start: f64| rows.iter().map(|row| row.gain).fold(start, f);
            let (gain, ti) = of.at(x);
            prop_assert!(gain >= ends(f64::min, f64::INFINITY) - 1e-9 && gain <= ends(f64::max, 0.0) + 1e-9);
            prop_assert!(ti > Span::ZERO);
            prop_assert!((of.at(x + 1e-6).0 - gain).abs() < 1e-3);
            prop_assert!(of.nearest(x) < rows.len());
        }
    }
}
