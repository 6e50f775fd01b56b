//! Where the utility's windows lie on our clock of energy.
//!
//! By its wall clock, or by the pulse with which its meter ends each interval. While one of them is in doubt every alignment counts that may be right:
//! after a jump of the wall clock the one before it as well, for as long as the longest window lasts; without pulses both theirs and the wall clock's; after a pulse that came
//! too early both what it told and what the one before it did, to the next one; after a first one that ended none of the wall clock's windows both its own and the wall clock's;
//! and without a wall clock that is believed any at all.

use std::cmp::Ordering;

use plant::convert::{f64_from_i64, i64_from_f64_rounded};
use plant::time::Wall;
use serde::{Deserialize, Serialize};

use plant::civil::Zone;

/// A wall clock that moves by more within a scan was set (ms).
const JUMP: i64 = 1_000;
/// A pulse may come so late (ms).
const LATE: i64 = 30_000;
/// A count that has not been read for so long (ms) may have moved at any time since.
const GAP: i64 = 30_000;
/// A minute, and the longest interval of a meter (ms).
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// Two counts that are this near are the same.
const SAME: f64 = 1e-6;

/// How the utility's time lies over ours: wall time less the clock of energy (ms).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Alignment {
    /// By the wall clock; nothing where it has never been believed.
    wall: Option<i64>,
    /// It is believed now.
    trusted: bool,
    /// By the wall clock before it was set, and until when that counts (ms, clock of energy).
    before: Option<(i64, i64)>,
    /// By the last pulse.
    pulse: Option<Pulse>,
    /// By one that came too early to end an interval, and until when that counts (ms, clock of energy): a contact that bounced, or a meter whose clock was set.
    early: Option<(i64, i64)>,
    /// The meter's count of intervals as it was read last, and when (ms, clock of energy).
    count: Option<(f64, i64)>,
    /// The first pulse that came, as long as nobody knows what it ended: the meter's intervals may be shorter than windows are, or its clock be off.
    first: Option<Pulse>,
}

/// What the last pulse told.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Pulse {
    offset: i64,
    /// When it came (ms, clock of energy).
    at: i64,
    /// From one to the next (ms), and whether the last two have told it.
    length: i64,
    told: bool,
    /// The meter's count with it.
    count: f64,
}

/// When it is: on the clock of energy (ms) and on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// On the clock of energy (ms).
    pub at: i64,
    /// On the wall.
    pub wall: Wall,
    /// The wall clock is believed.
    pub trusted: bool,
}

/// How long the meter's own intervals are, by two pulses with their counts (ms): whole minutes that go into an hour; nothing where it cannot be so.
fn interval((count, at): (f64, i64), (later, then): (f64, i64)) -> Option<i64> {
    let each = f64_from_i64(then.saturating_sub(at)) / (later - count).max(SAME);
    let whole = i64_from_f64_rounded(each / f64_from_i64(MINUTE)).saturating_mul(MINUTE);
    let near = libm::fabs(each - f64_from_i64(whole)) <= f64_from_i64(LATE);
    (near && whole >= MINUTE && HOUR % whole == 0).then_some(whole)
}

/// The meter's intervals fit the grid of windows (ms): some end with each window, or some windows with each.
fn fits(own: i64, grid: i64) -> bool {
    own.checked_rem(grid) == Some(0) || grid.checked_rem(own) == Some(0)
}

impl Alignment {
    /// One scan; the longest window is so long (ms).
    pub fn step(&mut self, now: Now, longest: i64) {
        self.before = self.before.filter(|(_, until)| now.at < *until);
        self.early = self.early.filter(|(_, until)| now.at < *until);
        // No meter's interval is longer: nothing has come behind it.
        self.first = self.first.filter(|first| now.at <= first.at.saturating_add(HOUR + LATE));
        self.trusted = now.trusted;
        if !now.trusted {
            return;
        }
        let offset = now.wall.0.saturating_sub(now.at);
        if let Some(old) = self.wall.filter(|old| offset.saturating_sub(*old).saturating_abs() > JUMP) {
            self.before = Some((old, now.at.saturating_add(longest)));
        }
        self.wall = Some(offset);
    }

    /// The meter's count of intervals and when it was read (ms, clock of energy), beside windows that begin on a grid (ms). One more than a moment ago is an interval that
    /// has ended now; a count that was not read for a while, that begins anew or jumps tells no instant. Two of them tell how long the meter's own intervals are, which may be longer
    /// than windows are apart, as a quarter of an hour is than blocks of five minutes, or shorter, as it is than half an hour.
    pub fn hear(&mut self, (count, read): (f64, i64), grid: i64, zone: &Zone) {
        let one_more =
            |(before, then): (f64, i64)| libm::fabs(count - before - 1.0) < SAME && read.saturating_sub(then) <= GAP;
        if !self.count.replace((count, read)).is_some_and(one_more) {
            return;
        }
        let offset = self.ending(read, grid, zone);
        let own = match (self.pulse, self.first) {
            (Some(last), _) => Some(self.own(last, (count, read), grid)),
            (None, Some(first)) => {
                let two = interval((first.count, first.at), (count, read)).filter(|own| fits(*own, grid));
                two.map(|own| (own, true)).or_else(|| self.ends_one(offset, grid))
            }
            (None, None) => self.ends_one(offset, grid),
        };
        match own {
            Some(own) => self.pulse(read, own, zone),
            None => self.first = offset.map(|offset| Pulse { offset, at: read, length: grid, told: false, count }),
        }
    }

    /// How long the meter's intervals are by a pulse after the last one (ms), and whether these two tell it; else it is as long as it was.
    fn own(&self, last: Pulse, (count, read): (f64, i64), grid: i64) -> (i64, bool) {
        // They are shorter where one has ended in between, as long after the last one as before this one, and not where a contact bounced.
        let ended = |own: i64| {
            let early = self.early.map(|(_, until)| until - LATE - last.length);
            early.is_some_and(|early| {
                let (since, left) = (early - last.at, read - early);
                let over = since.rem_euclid(own);
                since.min(left) >= own - LATE && over.min(own - over) <= LATE
            })
        };
        // A long one may be two, of a pulse that is missing, or one of a meter whose clock was set: only a second one like it is believed.
        let told = interval((last.count, last.at), (count, read)).filter(|own| match own.cmp(&last.length) {
            Ordering::Less => ended(*own),
            Ordering::Equal => true,
            Ordering::Greater => !last.told && fits(*own, grid),
        });
        told.map_or((last.length, false), |own| (own, true))
    }

    /// A first pulse has ended a window of the grid (ms), by the alignment that it tells; nothing where it came elsewhere: the meter's clock may be off, or its intervals be
    /// shorter, and the next one tells.
    fn ends_one(&self, offset: Option<i64>, grid: i64) -> Option<(i64, bool)> {
        let (offset, wall) = offset.zip(self.wall)?;
        (offset.saturating_sub(wall).saturating_abs() <= LATE).then_some((grid, false))
    }

    /// The alignment by which an interval of this length (ms) has ended then (ms, clock of energy), the nearest to the wall clock's; nothing where that was never believed.
    fn ending(&self, at: i64, length: i64, zone: &Zone) -> Option<i64> {
        let wall = Wall(at.saturating_add(self.wall?));
        let (begin, end) = zone.window(wall, length);
        let ended = if wall.0 - begin.0 <= end.0 - wall.0 { begin } else { end };
        Some(ended.0.saturating_sub(at))
    }

    /// A count that moved while nobody looked tells no instant.
    pub const fn forget_count(&mut self) {
        self.count = None;
    }

    /// The meter has ended an interval of this length (ms), which two pulses have told or not.
    pub fn pulse(&mut self, at: i64, (length, told): (i64, bool), zone: &Zone) {
        let Some(offset) = self.ending(at, length, zone) else { return };
        let count = self.count.map_or(0.0, |(count, _)| count);
        let next = |last: &Pulse| last.at.saturating_add(last.length.min(length)).saturating_sub(LATE);
        if let Some(last) = self.pulse.filter(|last| (last.at..next(last)).contains(&at)) {
            self.early = Some((offset, at.saturating_add(last.length).saturating_add(LATE)));
            return;
        }
        (self.early, self.first) = (None, None);
        self.pulse = Some(Pulse { offset, at, length, told, count });
    }

    /// Pulses come.
    fn pulses(&self, at: i64) -> bool {
        self.pulse.is_some_and(|pulse| at <= pulse.at.saturating_add(pulse.length).saturating_add(LATE))
    }

    /// Pulses come, and have a clock that has not been set since.
    fn is_sure(&self, at: i64) -> bool {
        self.pulses(at) && !self.has_jumped()
    }

    /// The one that is most likely right; nothing where no wall clock was ever believed.
    #[must_use]
    pub fn best(&self, at: i64) -> Option<i64> {
        self.pulse.map(|pulse| pulse.offset).filter(|_| self.is_sure(at)).or(self.wall)
    }

    /// Every one that may be right; none where any may.
    pub fn all(&self, at: i64) -> impl Iterator<Item = i64> {
        let sure = self.is_sure(at);
        let wall = self.wall.filter(|_| !sure);
        let before = self.before.map(|(offset, _)| offset).filter(|_| !sure);
        let pulse = self.pulse.map(|pulse| pulse.offset);
        let early = self.early.map(|(offset, _)| offset);
        let first = self.first.map(|first| first.offset);
        [pulse, wall, before, early, first].into_iter().filter(|_| !self.is_unknown()).flatten()
    }

    /// True where no alignment is known.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        !self.trusted || self.wall.is_none()
    }

    /// True where more than one counts, or any may.
    #[must_use]
    pub fn is_in_doubt(&self, at: i64) -> bool {
        let pulses = if self.pulse.is_none() { self.first.is_none() } else { self.pulses(at) && self.early.is_none() };
        self.is_unknown() || self.has_jumped() || !pulses
    }

    const fn has_jumped(&self) -> bool {
        self.before.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUARTER: i64 = 900_000;

    fn now(at: i64, offset: i64, trusted: bool) -> Now {
        Now { at, wall: Wall(at + offset), trusted }
    }

    fn all(alignment: &Alignment, at: i64) -> Vec<i64> {
        alignment.all(at).collect()
    }

    /// What is known beside windows on a grid (min), from the first second to the last, of a meter whose pulses come then (s): whether it is in doubt, and which
    /// alignments count (s). What stays is said once.
    fn lived(grid: i64, pulses: &[i64], (from, to): (i64, i64)) -> Vec<(bool, Vec<i64>)> {
        let zone = Zone::named("UTC").expect("a zone");
        let (mut alignment, mut seen) = (Alignment::default(), Vec::new());
        for second in (0..to).step_by(5) {
            let at = 1000 * second;
            alignment.step(now(at, 0, true), HOUR);
            let count = pulses.iter().filter(|pulse| **pulse <= second).count();
            alignment.hear((plant::convert::f64_from_usize(count), at), grid * MINUTE, &zone);
            if second >= from {
                seen.push((alignment.is_in_doubt(at), alignment.all(at).map(|ms| ms / 1000).collect()));
            }
        }
        seen.dedup();
        seen
    }

    #[test]
    fn a_meter_whose_clock_is_set_or_whose_pulse_is_missing_has_intervals_as_long_as_before() {
        // A minute ahead until the tenth quarter of an hour, which lasts for 16 minutes.
        let set: Vec<i64> = (1..40).map(|n| if n < 10 { n * 900 - 60 } else { n * 900 }).collect();
        for grid in [5, 15, 30] {
            assert_eq!(lived(grid, &set, (9_000, 36_000)), [(false, vec![0])], "{grid}");
        }
        // The one on the hour is missing, and not counted.
        let missing: Vec<i64> = (1..40).filter(|n| *n != 8).map(|n| n * 900).collect();
        assert_eq!(lived(60, &missing, (8_100, 36_000)), [(false, vec![0])]);
        // Somebody gives the meter another length.
        let longer: Vec<i64> = (1..=8).map(|n| n * 900).chain((5..20).map(|n| n * 1800)).collect();
        assert_eq!(lived(15, &longer, (10_800, 36_000)), [(false, vec![0])]);
    }

    #[test]
    fn pulses_within_a_window_tell_shorter_intervals_where_they_come_evenly() {
        let late: Vec<i64> = (4..40).map(|n| n * 900 + 5).collect();
        let early = (true, vec![-5, -905]);
        assert_eq!(lived(60, &late, (3_605, 36_000)), [(false, vec![-5]), early, (false, vec![-5])]);
        // A contact that bounces a quarter of an hour after the second of its hours.
        let bounced: Vec<i64> = (1..10).map(|n| n * 3600).chain([8_100]).collect();
        assert_eq!(lived(60, &bounced, (10_800, 36_000)), [(false, vec![0])]);
    }

    #[test]
    fn a_first_pulse_that_ends_none_of_the_clocks_windows_is_followed_beside_the_clock_until_the_second() {
        let behind: Vec<i64> = (1..9).map(|n| n * 900 + 100).collect();
        let by_both = [(false, vec![0]), (true, vec![0, -100]), (false, vec![-100])];
        assert_eq!(lived(15, &behind, (0, 8_000)), by_both);
        let (both, one) = ((true, vec![0, -100]), (false, vec![0]));
        assert_eq!(lived(15, &[1000], (0, 8_000)), [one.clone(), both, one], "a contact that bounced once");
        // Nobody knows of a first quarter of an hour that it does not end an hour.
        let quarters: Vec<i64> = (1..9).map(|n| n * 900).collect();
        assert_eq!(lived(60, &quarters, (900, 8_000)), [(true, vec![0, -900]), (false, vec![0])]);
    }

    #[test]
    fn after_a_jump_of_the_clock_both_count_for_one_window() {
        let mut alignment = Alignment::default();
        assert!(alignment.is_unknown());
        alignment.step(now(1_000, 5_000, true), QUARTER);
        assert_eq!((all(&alignment, 1_000), alignment.is_in_doubt(1_000)), (vec![5_000], false));
        alignment.step(now(2_000, 5_400, true), QUARTER);
        assert_eq!(all(&alignment, 2_000), [5_400], "a clock that is slewed is followed");
        alignment.step(now(3_000, 245_400, true), QUARTER);
        assert_eq!((all(&alignment, 3_000), alignment.is_in_doubt(3_000)), (vec![245_400, 5_400], true));
        alignment.step(now(3_000 + QUARTER, 245_400, true), QUARTER);
        assert_eq!(all(&alignment, 3_000 + QUARTER), [245_400]);
    }

    #[test]
    fn a_clock_that_is_not_believed_tells_nothing() {
        let mut alignment = Alignment::default();
        alignment.step(now(1_000, 5_000, true), QUARTER);
        alignment.step(now(2_000, 9_000_000, false), QUARTER);
        assert!(alignment.is_unknown() && all(&alignment, 2_000).is_empty());
        alignment.step(now(3_000, 5_000, true), QUARTER);
        assert_eq!(all(&alignment, 3_000), [5_000]);
    }

    #[test]
    fn a_pulse_tells_by_how_much_the_utilitys_clock_is_off_and_one_that_stays_away_brings_doubt() {
        let zone = Zone::named("UTC").expect("a zone");
        let mut alignment = Alignment::default();
        alignment.step(now(100, 0, true), QUARTER);
        alignment.pulse(QUARTER + 7_000, (QUARTER, true), &zone);
        assert_eq!(all(&alignment, QUARTER + 8_000), [-7_000], "seven seconds behind");
        alignment.pulse(2 * QUARTER - 3_000, (QUARTER, true), &zone);
        assert_eq!(all(&alignment, 2 * QUARTER), [3_000], "three seconds ahead");
        let late = 3 * QUARTER + 28_000;
        assert!(alignment.is_in_doubt(late));
        assert_eq!(all(&alignment, late), [3_000, 0], "theirs and ours");
    }

    #[test]
    fn of_a_pulse_that_comes_too_early_nobody_knows_whether_it_ended_an_interval() {
        let zone = Zone::named("UTC").expect("a zone");
        let mut alignment = Alignment::default();
        alignment.step(now(100, 0, true), QUARTER);
        alignment.pulse(QUARTER + 7_000, (QUARTER, true), &zone);
        // Six minutes later the contact bounces, or the meter's clock was set.
        let early = QUARTER + 367_000;
        alignment.pulse(early, (QUARTER, true), &zone);
        assert_eq!((all(&alignment, early), alignment.best(early)), (vec![-7_000, -367_000], Some(-7_000)));
        assert!(alignment.is_in_doubt(early));
        let mut set = alignment;
        alignment.pulse(2 * QUARTER + 7_000, (QUARTER, true), &zone);
        assert_eq!((all(&alignment, 2 * QUARTER + 8_000), alignment.is_in_doubt(early)), (vec![-7_000], false));
        set.pulse(2 * QUARTER + 367_000, (QUARTER, true), &zone);
        assert_eq!(all(&set, 2 * QUARTER + 368_000), [-367_000], "it was set");
    }

    #[test]
    fn a_count_that_moved_unread_jumped_or_began_anew_tells_no_instant() {
        let zone = Zone::named("UTC").expect("a zone");
        let mut alignment = Alignment::default();
        alignment.step(now(100, 0, true), QUARTER);
        let mut hear = |count: f64, read: i64| {
            alignment.hear((count, read), QUARTER, &zone);
            alignment.pulse.map(|pulse| pulse.at)
        };
        assert_eq!(hear(7.0, 890_000), None, "the first that is read");
        assert_eq!(hear(8.0, 905_000), Some(905_000));
        assert_eq!(hear(8.0, 1_500_000), Some(905_000));
        assert_eq!(hear(9.0, 2_220_000), Some(905_000), "seven minutes late, for nobody read it");
        assert_eq!(hear(9.0, 2_695_000), Some(905_000));
        assert_eq!(hear(10.0, 2_702_000), Some(2_702_000));
        assert_eq!(hear(0.0, 2_710_000), Some(2_702_000), "it began anew");
        assert_eq!(hear(1.0, 3_601_000), Some(2_702_000), "and was not read since");
        assert_eq!(hear(4.0, 3_605_000), Some(2_702_000));
    }

    #[test]
    fn pulses_tell_where_intervals_end_and_the_clock_which_they_are() {
        let zone = Zone::named("UTC").expect("a zone");
        let mut alignment = Alignment::default();
        // An hour behind, and seven seconds.
        alignment.step(now(100, -3_600_000, true), QUARTER);
        alignment.pulse(QUARTER + 7_000, (QUARTER, true), &zone);
        assert_eq!(alignment.best(QUARTER + 8_000), Some(-3_607_000));
        alignment.step(now(QUARTER + 9_000, 0, true), QUARTER);
        assert_eq!(alignment.best(QUARTER + 9_000), Some(0), "set: what pulses told before is in doubt");
        alignment.pulse(2 * QUARTER + 7_000, (QUARTER, true), &zone);
        alignment.step(now(2 * QUARTER + 9_001, 0, true), QUARTER);
        assert_eq!(alignment.best(2 * QUARTER + 9_001), Some(-7_000), "the hour is the clock's");
        assert_eq!(alignment.best(4 * QUARTER), Some(0), "without pulses the clock alone is followed");
    }
}
