//! The mean power that a window still allows.
//!
//! ```text
//!          what flowed, at the most              what may still flow
//!   begin ├────────────────────────────────┤ now ├─────────────────────┤ end
//!         target · length  =  flowed  +  allowed · left  +  margin(left)
//! ```
//!
//! The margin is a share of the target for the time that is left, and shrinks with it. Whether what flows is more than allowed is another question: there the
//! forecast counts with what it is usually off by. A window that ends far off can still be helped later: it allows more now, as long as half of what can be
//! brought down brings it below its target in the end.

use plant::units::Watts;

use super::hours;
use super::load::Load;
use super::trace::{Supposed, Trace};

/// What is aimed at stays so far below a target (1), so that a peak that is paid does not creep up with each window that just misses it.
const BELOW: f64 = 0.002;
/// The part of a moving window in which what is done now counts as done for good (1).
const REACH: f64 = 1.0 / 6.0;
/// The part of what can be brought down that is counted on later (1).
const LATER: f64 = 0.5;

/// A window that is open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Open {
    /// Where it begins and ends (ms, clock of energy).
    pub begin: i64,
    /// See above.
    pub end: i64,
    /// What its mean shall not exceed (W).
    pub target: f64,
    /// Others of its kind end all the time: it moves.
    pub moves: bool,
    /// It begins at any moment: what was before the record is taken for what is aimed at, whatever flows now.
    pub rolls: bool,
}

/// What a window's room depends on.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// What flowed.
    pub trace: &'a Trace,
    /// What is supposed of what is not known; before the record what is aimed at, or more where this says more.
    pub supposed: Supposed,
    /// When (ms, clock of energy).
    pub now: i64,
    /// What the meter's register may hold back (Wh).
    pub grain: f64,
    /// What flows next, and what that is off by.
    pub load: &'a Load,
    /// What flows now (W): what is forecast where nothing was seen.
    pub flows: f64,
    /// The error of the forecast is counted so many times (1).
    pub sensitivity: f64,
    /// What is kept free in any case, of the target, for the time that is left (1).
    pub margin: f64,
    /// What can be brought about within moments, and kept (W).
    pub floor: f64,
    /// From a decision to what it does (ms).
    pub react: i64,
}

/// What a window allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// The mean power from now on (W, ≥ 0).
    pub allowed: Watts,
    /// How long it lasts (s).
    pub left: f64,
    /// What flowed in it, at the most (Wh).
    pub flowed: f64,
    /// What flows in it from now on, as it is forecast (W).
    pub next: Watts,
    /// What that may be off by, as it is counted on (W).
    pub off: Watts,
    /// What its mean becomes with that (W).
    pub becomes: Watts,
}

impl Sight<'_> {
    /// What an open window allows. What is done now goes on for a moment after the end of one that is nearly over: there the next one's target counts.
    #[must_use]
    pub fn room(&self, open: &Open) -> Room {
        let aim = open.target * (1.0 - BELOW);
        let before = if open.rolls { aim } else { self.supposed.before.max(aim) };
        let supposed = Supposed { before, ..self.supposed };
        let known = self.trace.between(open.begin, self.now, &supposed).most;
        // What is supposed is no reading: counted on top, what a register holds back would cut loads that are well below the target.
        let grain = if self.trace.begins_after(open.begin) { 0.0 } else { self.grain };
        let flowed = known + grain;
        let (length, left) = (open.end - open.begin, (open.end - self.now).max(0));
        let (whole, left_hours) = (hours(length), hours(left));
        let next = self.load.next(left).unwrap_or(self.flows);
        let becomes = (known + next * left_hours) / whole.max(f64::MIN_POSITIVE);
        let spare = aim * whole - flowed;
        let margin = self.margin * open.target * left_hours;
        let rest = hours(left.max(self.react).max(1));
        let after = aim * (rest - left_hours);
        let reach = whole * REACH;
        let allowed = if open.moves && rest > reach {
            let later = open.target - LATER * (open.target - self.floor).max(0.0);
            (spare - margin - later * (rest - reach)) / reach
        } else {
            (spare - margin + after) / rest
        };
        let off = Watts(self.sensitivity * self.load.off(left) / left_hours.max(1e-4));
        let left = 3600.0 * left_hours;
        Room { allowed: Watts(allowed.max(0.0)), left, flowed, next: Watts(next), off, becomes: Watts(becomes) }
    }
}

#[cfg(test)]
mod tests {
    use plant::time::Span;

    use super::*;

    const MINUTE_MS: i64 = 60_000;

    const NONE: Load = Load::NONE;

    fn sight(trace: &Trace, now: i64) -> Sight<'_> {
        let supposed = Supposed { most: 3e6, before: 2e6, since: 2e6 };
        let (load, flows) = (&NONE, 2.2e6);
        Sight { trace, supposed, now, grain: 0.0, load, flows, sensitivity: 2.0, margin: 0.0, floor: 1e6, react: 5_000 }
    }

    /// So many kW, minute by minute.
    fn flowed(minutes: &[f64]) -> Trace {
        let (mut trace, mut wh) = (Trace::default(), 0.0);
        trace.mark(0, 0.0);
        for (begin, kw) in (0..).step_by(60_000).zip(minutes) {
            for part in 1..=6 {
                wh += kw * 1e3 / 360.0;
                trace.mark(begin + part * 10_000, wh);
            }
        }
        trace
    }

    #[test]
    fn what_is_left_of_the_target_may_flow_in_what_is_left_of_the_time() {
        let trace = flowed(&[2_200.0; 10]);
        let open = Open { begin: 0, end: 15 * MINUTE_MS, target: 2e6, moves: false, rolls: false };
        let room = sight(&trace, 10 * MINUTE_MS).room(&open);
        let by_hand = (2e6 * (1.0 - BELOW) * 15.0 - 2.2e6 * 10.0) / 5.0;
        assert!((room.allowed.0 - by_hand).abs() < 1.0, "{room:?}, {by_hand}");
        assert!((room.becomes.0 - 2.2e6).abs() < 1.0);
    }

    #[test]
    fn the_margin_shrinks_with_the_time_that_is_left() {
        let trace = flowed(&[2_000.0; 14]);
        let open = Open { begin: 0, end: 15 * MINUTE_MS, target: 2e6, moves: false, rolls: false };
        let kept = |now: i64| {
            let with = Sight { margin: 0.01, ..sight(&trace, now) };
            (sight(&trace, now).room(&open).allowed.0 - with.room(&open).allowed.0) * hours(open.end - now)
        };
        for (minute, left) in [(1, 14.0), (5, 10.0), (10, 5.0), (14, 1.0)] {
            let by_hand = 0.01 * 2e6 * left / 60.0;
            assert!((kept(minute * MINUTE_MS) - by_hand).abs() < 1.0, "{minute}: {by_hand}");
        }
    }

    #[test]
    fn a_load_that_swings_may_be_off_by_more_where_less_time_is_left() {
        let trace = flowed(&[2_000.0; 14]);
        let open = Open { begin: 0, end: 15 * MINUTE_MS, target: 2e6, moves: false, rolls: false };
        // Up and down by 80 kW, a minute each: the next minute is off by that, five minutes by a fifth of it.
        let mut swings = Load::NONE;
        (0..3600).for_each(|s| swings.step((2e6 + if s / 60 % 2 == 0 { 80e3 } else { 0.0 }, true), Span::from_secs(1)));
        let off = |now: i64| Sight { load: &swings, ..sight(&trace, now) }.room(&open).off.0;
        let minute = 2.0 * 1.2533 * 80e3;
        assert!((off(14 * MINUTE_MS) - minute).abs() < 10.0 && (off(open.end - 5_000) - minute).abs() < 10.0);
        assert!(off(5 * MINUTE_MS) < minute / 4.0, "{}", off(5 * MINUTE_MS));
    }

    #[test]
    fn a_window_used_up_allows_nothing_and_one_that_ends_at_once_no_leap() {
        let trace = flowed(&[2_400.0; 15]);
        let open = Open { begin: 0, end: 15 * MINUTE_MS, target: 2e6, moves: false, rolls: false };
        assert_eq!(sight(&trace, 13 * MINUTE_MS).room(&open).allowed, Watts(0.0));
        let trace = flowed(&[1_000.0; 15]);
        let at = |before: i64| sight(&trace, open.end - before).room(&open).allowed.0;
        let spare = 1e6 * (1.0 - 2.0 * BELOW) * 0.25;
        let most = spare / hours(5_000) + open.target;
        assert!(at(1) <= most * 1.001, "by the time that anything takes, and the next window's target: {}", at(1));
        let trace = flowed(&[2_000.0 * (1.0 - BELOW); 15]);
        for before in [4_000, 2_000, 1] {
            let allowed = sight(&trace, open.end - before).room(&open).allowed.0;
            assert!(
                (allowed / open.target - 1.0).abs() < 0.01,
                "{allowed} in the last {before} ms of one that is on its target"
            );
        }
    }

    #[test]
    fn a_moving_window_lets_a_spike_through_that_later_power_makes_good() {
        let trace = flowed(&[1_500.0; 15]);
        let now = 15 * MINUTE_MS;
        let worst = |floor: f64| {
            let rooms = trace.instants().map(|begin| {
                let open = Open { begin, end: begin + 15 * MINUTE_MS, target: 2e6, moves: true, rolls: true };
                Sight { floor, ..sight(&trace, now) }.room(&open).allowed.0
            });
            rooms.fold(f64::INFINITY, f64::min)
        };
        assert!((worst(2e6) - 2e6).abs() < 3e4, "nothing can be brought down: not above the target, {}", worst(2e6));
        assert!(worst(1.6e6) > 2.5e6, "{}", worst(1.6e6));
        let full = flowed(&[2_000.0; 15]);
        let open = Open { begin: MINUTE_MS, end: 16 * MINUTE_MS, target: 2e6, moves: true, rolls: true };
        let next = sight(&full, now).room(&open).allowed.0;
        assert!(next < 2e6 && next > 1.9e6, "the oldest minute makes room for the next: {next}");
    }
}
