//! The highest mean power of a window.

use plant::time::Wall;

use super::bill::Stretches;
use super::decimal::Decimal;
use super::series::Piece;
use super::span::Sums;
use super::{DemandCharge, Tariff, WindowKind};

/// The highest of some windows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Peak {
    /// Its mean power (kW) and where it is; the earliest of equals. Nothing when no window is known whole.
    pub highest: Option<(Decimal, Wall, Wall)>,
    /// Windows that are not known whole.
    pub lacking: Stretches,
    /// How many windows begin or end inside a row.
    pub cuts: usize,
}

impl Peak {
    /// Takes a window into account.
    pub(super) fn look(&mut self, sums: &Sums<'_>, from: Wall, to: Wall) {
        let known = sums.between(from, to);
        if !known.whole {
            self.lacking.add(from, to);
            return;
        }
        self.cuts += usize::from(known.cuts);
        let mean = known.energy.mean(to.0 - from.0);
        if self.highest.is_none_or(|(highest, _, _)| mean > highest) {
            self.highest = Some((mean, from, to));
        }
    }
}

/// The highest window of a demand that lies in a stretch of time, wholly within its hours.
pub(super) fn peak(tariff: &Tariff, charge: &DemandCharge, pieces: &[Piece], (from, to): (Wall, Wall)) -> Peak {
    let (sums, mut peak) = (Sums::new(pieces, charge.export), Peak::default());
    for (begin, end) in hours(tariff, charge, (from, to)) {
        match charge.window.kind {
            WindowKind::Fixed => fixed(tariff, charge, (begin, end), |from, to| peak.look(&sums, from, to)),
            WindowKind::Block => block(tariff, charge, (begin, end), |from, to| peak.look(&sums, from, to)),
            WindowKind::Rolling => {
                rolling(charge.window.length, pieces, (begin, end), (&sums, &mut peak));
            }
        }
    }
    peak
}

/// The stretches within a demand's hours.
fn hours(tariff: &Tariff, charge: &DemandCharge, (from, to): (Wall, Wall)) -> Vec<(Wall, Wall)> {
    let (mut found, mut at): (Vec<(Wall, Wall)>, Wall) = (Vec::new(), from);
    while at < to {
        let next = tariff.zone.until(at, &charge.stops).min(to);
        if charge.covers(tariff.local(at), &tariff.holidays) {
            match found.last_mut() {
                Some(last) if last.1 == at => last.1 = next,
                Some(_) | None => found.push((at, next)),
            }
        }
        at = next;
    }
    found
}

/// Windows at multiples of their length. Where a clock is set by less than a length, one is shorter.
fn fixed(tariff: &Tariff, charge: &DemandCharge, (begin, end): (Wall, Wall), mut look: impl FnMut(Wall, Wall)) {
    let length = charge.window.length;
    let mut at = if tariff.zone.is_aligned(begin, length) { begin } else { tariff.zone.aligned(begin, length) };
    while at < end {
        let next = tariff.zone.aligned(at, length);
        if next <= end {
            look(at, next);
        }
        at = next;
    }
}

/// Windows at multiples of their step.
fn block(tariff: &Tariff, charge: &DemandCharge, (begin, end): (Wall, Wall), mut look: impl FnMut(Wall, Wall)) {
    let step = charge.window.step;
    let mut at = if tariff.zone.is_aligned(begin, step) { begin } else { tariff.zone.aligned(begin, step) };
    while at.0.saturating_add(charge.window.length) <= end.0 {
        look(at, Wall(at.0 + charge.window.length));
        at = tariff.zone.aligned(at, step);
    }
}

/// Windows anywhere: with power that is even within each row the highest begins or ends where a row does, or where the hours do.
/// Between two such places all windows are known whole, or none is.
fn rolling(length: i64, pieces: &[Piece], (begin, end): (Wall, Wall), (sums, peak): (&Sums<'_>, &mut Peak)) {
    let last = end.0.saturating_sub(length);
    let edges = pieces.iter().flat_map(|piece| [piece.from.0, piece.to.0]);
    let mut starts: Vec<i64> =
        edges.flat_map(|edge| [edge, edge.saturating_sub(length)]).chain([begin.0, last]).collect();
    starts.retain(|start| (begin.0..=last).contains(start));
    starts.sort_unstable();
    starts.dedup();
    for (start, next) in starts.iter().zip(starts.iter().skip(1).map(Some).chain([None])) {
        peak.look(sums, Wall(*start), Wall(start + length));
        let between = next.map(|next| start.midpoint(*next)).filter(|between| between > start);
        if let (Some(between), Some(next)) = (between, next)
            && !sums.between(Wall(between), Wall(between + length)).whole
        {
            peak.lacking.add(Wall(*start), Wall(next + length));
        }
    }
}
