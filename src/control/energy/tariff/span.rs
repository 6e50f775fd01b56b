//! Energy and knowledge between any two instants, by sums from the start.

use plant::time::Wall;

use super::Export;
use super::decimal::Energy;
use super::series::Piece;

/// Sums over pieces.
pub(super) struct Sums<'p> {
    pieces: &'p [Piece],
    export: Export,
    /// Energy and time of all pieces before each, and of all.
    before: Vec<(Energy, i64)>,
}

/// What is known of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// Its energy.
    pub energy: Energy,
    /// True when it has no gap, and begins and ends inside nothing whose shape is not known.
    pub whole: bool,
    /// True when it begins or ends inside a row.
    pub cuts: bool,
}

impl<'p> Sums<'p> {
    pub(super) fn new(pieces: &'p [Piece], export: Export) -> Self {
        let mut sum = (Energy::ZERO, 0);
        let mut before = vec![sum];
        for piece in pieces {
            sum = (sum.0.plus(piece.between(piece.from, piece.to, export)), sum.1 + (piece.to.0 - piece.from.0));
            before.push(sum);
        }
        Self { pieces, export, before }
    }

    /// Between two instants.
    pub(super) fn between(&self, from: Wall, to: Wall) -> Known {
        let ((energy, time, first), (energy_to, time_to, last)) = (self.up_to(from), self.up_to(to));
        let cut = [first, last].into_iter().flatten();
        let (mut cuts, mut blind) = (false, false);
        for piece in cut {
            cuts = true;
            blind |= piece.bridged;
        }
        let whole = time_to - time == to.0 - from.0 && !blind;
        Known { energy: energy_to.minus(energy), whole, cuts }
    }

    /// Energy and time from the start up to an instant, and the piece that the instant cuts.
    fn up_to(&self, at: Wall) -> (Energy, i64, Option<&'p Piece>) {
        let done = self.pieces.partition_point(|piece| piece.to <= at);
        let (energy, time) = self.before.get(done).copied().unwrap_or_default();
        match self.pieces.get(done).filter(|piece| piece.from < at) {
            Some(piece) => {
                let part = piece.between(piece.from, at, self.export);
                (energy.plus(part), time + (at.0 - piece.from.0), Some(piece))
            }
            None => (energy, time, None),
        }
    }
}
