//! Rows of energy as pieces.

use super::rows::Row;
use super::{Notice, Piece, Stretches, Zone};

/// Every row once, none on top of another. What did not fit is told.
pub(super) fn pieces(rows: Vec<Row>, zone: &Zone, notices: &mut Vec<Notice>) -> Vec<Piece> {
    let (mut twice, mut unclear, mut moved) = (0_usize, Stretches::default(), Stretches::default());
    let before = rows.len();
    let mut rows = rows;
    rows.dedup();
    twice += before - rows.len();
    let mut pieces: Vec<Piece> = Vec::with_capacity(rows.len());
    for group in rows.chunk_by(|a, b| (a.from, a.to) == (b.from, b.to)) {
        let &[row] = group else {
            unclear.extend(group);
            continue;
        };
        let end = pieces.last().map(|piece| piece.to).filter(|end| *end > row.from);
        let begin = end.unwrap_or(row.from);
        if begin >= row.to {
            unclear.add(row.from, row.to);
            continue;
        }
        if begin > row.from {
            moved.add(row.from, begin);
        }
        pieces.push(Piece { from: begin, to: row.to, energy: row.energy, bridged: begin > row.from });
    }
    if twice > 0 {
        notices.push(Notice::light("rows_twice", format!("{twice} rows are there twice: each counts once")));
    }
    if !unclear.is_empty() {
        let say = format!("rows that contradict another count as nothing: {}", unclear.words(zone));
        notices.push(Notice::grave("rows_contradict", say));
    }
    if !moved.is_empty() {
        let say = format!(
            "rows overlap, as where a clock is set back: the later one begins at the end of the earlier: {}",
            moved.words(zone)
        );
        notices.push(Notice::grave("rows_overlap", say));
    }
    pieces
}

impl Stretches {
    fn extend(&mut self, rows: &[Row]) {
        for row in rows {
            self.add(row.from, row.to);
        }
    }
}
