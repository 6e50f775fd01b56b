//! What is usual: each quarter of the week as it was, and how far the last day lay from that.
//!
//! A load that steps up for good is off by the step for a day, and by less and less of it as its weeks are learned: both together stay right.

use plant::civil::Zone;
use plant::convert::f64_from_usize;
use serde::{Deserialize, Serialize};

use super::{QUARTER_MS, middle};

/// Quarters of a day, and of a week.
const DAY: usize = 96;
const WEEK: usize = 7 * DAY;
/// A quarter of the week is the mean of its first weeks, and then each counts a quarter.
const WEEKS: u8 = 4;
/// What it was on all days of its kind counts as much as so many weeks of its own, once it was seen so often.
const KIN: f64 = 4.0;
const FEW: u8 = 2;

/// What is usual. A clone is a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Usual {
    /// The last quarters that were seen whole, which and how much (W), as many as a day has.
    day: Vec<(i64, f64)>,
    /// So many of them are known, and this one is overwritten next.
    known: usize,
    next: usize,
    /// From Monday's midnight on.
    week: Vec<Mean>,
    /// How far the last day lay from the week (W).
    off: f64,
}

/// What a quarter of the week was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Mean {
    /// (W)
    watts: f64,
    /// How often it was seen, up to [`WEEKS`], and when last.
    seen: u8,
    last: i64,
}

impl Default for Usual {
    fn default() -> Self {
        Self { day: vec![(0, 0.0); DAY], known: 0, next: 0, week: vec![Mean::default(); WEEK], off: 0.0 }
    }
}

/// The quarter of the week that the clock shows at a quarter's middle, from Monday's midnight on.
pub fn place(zone: &Zone, quarter: i64) -> usize {
    let local = zone.local(middle(quarter));
    let weekday = usize::try_from(local.date.weekday().to_monday_zero_offset()).unwrap_or(0);
    weekday * DAY + usize::try_from(local.ms / QUARTER_MS).unwrap_or(0)
}

/// True on Saturdays and Sundays.
const fn is_weekend(day: usize) -> bool {
    day >= 5
}

impl Usual {
    /// True once as many quarters as a day has were seen.
    pub const fn knows_days(&self) -> bool {
        self.known >= DAY
    }

    /// What is usual in a quarter (W); nothing before a day was seen, and where this time of the day never was.
    pub fn of(&self, zone: &Zone, quarter: i64) -> Option<f64> {
        self.knows_days().then_some(())?;
        Some(self.week(place(zone, quarter))? + self.off)
    }

    /// The mean of the last day (W); nothing before one was seen.
    pub fn day(&self) -> Option<f64> {
        self.knows_days().then(|| self.day.iter().map(|(_, watts)| watts).sum::<f64>() / f64_from_usize(DAY))
    }

    /// What a quarter of the week was (W): itself, and from its second week on what all days of its kind were at that time, which is so much less by chance.
    /// Where it was never seen the last day of its kind at that time, or the last of all.
    fn week(&self, place: usize) -> Option<f64> {
        let kind = is_weekend(place / DAY);
        let Some(own) = self.week.get(place).filter(|own| own.seen > 0) else {
            let kin = self.newest(place, |day| is_weekend(day) == kind);
            return kin.or_else(|| self.newest(place, |_| true)).map(|mean| mean.watts);
        };
        if own.seen < FEW {
            return Some(own.watts);
        }
        let weeks = |of: &Mean| f64::from(of.seen);
        let kin = self.at(place, |day| is_weekend(day) == kind);
        let (days, sum) = kin.fold((0.0, 0.0), |(days, sum), of| (days + weeks(of), sum + weeks(of) * of.watts));
        Some((weeks(own) * own.watts + KIN * sum / days) / (weeks(own) + KIN))
    }

    /// The last of some days at the time of a day that a quarter of the week has.
    fn newest(&self, place: usize, days: impl Fn(usize) -> bool) -> Option<&Mean> {
        self.at(place, days).max_by_key(|mean| mean.last)
    }

    /// Some days at that time, as far as they were seen.
    fn at(&self, place: usize, days: impl Fn(usize) -> bool) -> impl Iterator<Item = &Mean> {
        let at = self.week.chunks(DAY).enumerate().filter(move |(day, _)| days(*day));
        at.filter_map(move |(_, of)| of.get(place % DAY)).filter(|mean| mean.seen > 0)
    }

    /// A quarter was seen whole: which, and its mean (W). Where loads were held back it only raises what is usual.
    pub fn learn(&mut self, zone: &Zone, (quarter, watts): (i64, f64), held: bool) {
        if held && self.of(zone, quarter).is_some_and(|usual| watts < usual) {
            return;
        }
        if let Some(mean) = self.week.get_mut(place(zone, quarter)) {
            mean.seen = mean.seen.saturating_add(1).min(WEEKS);
            mean.watts += (watts - mean.watts) / f64::from(mean.seen);
            mean.last = quarter;
        }
        if let Some(oldest) = self.day.get_mut(self.next) {
            *oldest = (quarter, watts);
        }
        self.next = (self.next + 1) % DAY;
        self.known = self.known.saturating_add(1).min(DAY);
        // Against the week as it is known now: what it has learned already is off no more.
        let off = |(quarter, watts): &(i64, f64)| watts - self.week(place(zone, *quarter)).unwrap_or(*watts);
        self.off = self.day.iter().take(self.known).map(off).sum::<f64>() / f64_from_usize(self.known.max(1));
    }
}
