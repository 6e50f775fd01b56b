//! What a meter said, as energy over stretches of time that do not overlap.
//!
//! Rows come in any order. What is there twice counts once; two values for one time count as none, also where a clock was
//! set back by whole rows: a correction looks alike. A row that begins before the one before it has ended, and ends after it (a clock was
//! set back by a part of a row), keeps its energy and begins where that one ends. A cumulative register is believed
//! while it moves forward, as [`super::MeterRules`] allow; a value that does not fit is passed over, and a second one that fits
//! the first means that the register was reset: what flowed in between is not known. A register bridges every silence exactly,
//! but not its shape.

mod intervals;
mod readings;
mod rows;

use plant::fault::Faults;
use plant::time::Wall;

use super::bill::{Notice, Stretches};
use super::decimal::Energy;
use super::{Export, MeterRules};
use plant::civil::Zone;
use rows::{Kind, Rows};

/// Energy over a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where it begins.
    pub from: Wall,
    /// Where it ends.
    pub to: Wall,
    /// What flowed in; negative when it flowed out.
    pub energy: Energy,
    /// True when how it flowed is not known: a window that begins or ends inside is not known either.
    pub bridged: bool,
}

impl Piece {
    /// The energy from its beginning up to an instant, when it flows evenly.
    pub(super) fn before(&self, at: Wall) -> Energy {
        let whole = self.to.0 - self.from.0;
        self.energy.first((at.0 - self.from.0).clamp(0, whole), whole)
    }

    /// The energy between two instants, when it flows evenly; less than nothing counts as the rule says.
    pub(super) fn between(&self, from: Wall, to: Wall, export: Export) -> Energy {
        let energy = self.before(to).minus(self.before(from));
        match export {
            Export::Zero => energy.max(Energy::ZERO),
            Export::Negative => energy,
        }
    }
}

/// A meter's series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    pieces: Vec<Piece>,
    notices: Vec<Notice>,
}

impl Series {
    /// Reads a CSV. Its first line says what it is: `time,energy_wh` or `time,energy_kwh` or `time,kw` for rows that begin at a
    /// time and last as long as most of them are apart, `start,end,…` with the same for rows with an end, `time,register_wh` or `time,register_kwh` for a
    /// cumulative register. Times carry their offset. Notices show times in the zone.
    ///
    /// # Errors
    /// Every line that does not fit, twenty at most.
    pub fn read(file: &str, text: &str, (zone, rules): (&Zone, MeterRules)) -> Result<Self, Faults> {
        let rows = Rows::read(file, text)?;
        let mut notices = Vec::new();
        if rows.disorder > 0 {
            let say =
                format!("{} rows of the series stand before an earlier one: they were put in order", rows.disorder);
            notices.push(Notice::light("rows_out_of_order", say));
        }
        let pieces = match rows.kind {
            Kind::Intervals => intervals::pieces(rows.rows, zone, &mut notices),
            Kind::Register => readings::pieces(rows.rows, (zone, rules), &mut notices),
        };
        Ok(Self { pieces, notices })
    }

    /// Every piece, by time.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// What has to be told of it.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// Where it begins and ends; nothing when it is empty.
    #[must_use]
    pub fn ends(&self) -> Option<(Wall, Wall)> {
        Some((self.pieces.first()?.from, self.pieces.last()?.to))
    }

    /// The pieces that touch a stretch of time.
    pub(super) fn within(&self, from: Wall, to: Wall) -> &[Piece] {
        let first = self.pieces.partition_point(|piece| piece.to <= from);
        let last = self.pieces.partition_point(|piece| piece.from < to);
        self.pieces.get(first..last).unwrap_or_default()
    }

    /// Where a stretch of time has no piece.
    pub(super) fn gaps(&self, from: Wall, to: Wall) -> Stretches {
        let (mut gaps, mut at) = (Stretches::default(), from);
        for piece in self.within(from, to) {
            if piece.from > at {
                gaps.add(at, piece.from);
            }
            at = at.max(piece.to);
        }
        if at < to {
            gaps.add(at, to);
        }
        gaps
    }
}
