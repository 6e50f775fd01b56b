//! The outlook: what the site will draw in each quarter of an hour to come that nobody here decides, and how wrong that was so far.
//!
//! ```text
//!  what would flow without batteries ─▶ Open: the quarter that runs ─ wholly seen ─▶ week: what each quarter of it was
//!                                            │                                       off: how far the last day lay from it, and the last hour from both
//!                                            ▼
//!                 Judged: against what was forecast 1, 4 and 24 h before            ─▶ expected = week + off of the day + off of the hour, which fades
//! ```
//!
//! A quarter counts only where it was seen whole, by a clock that is trusted. One in which our own caps held loads back says how much they would have drawn
//! at the least: it may raise what is usual, never lower it, and is no error where less flowed than was forecast. Before a whole day was seen nothing is
//! known of days: what flowed last is expected then, and whoever asks is told so.

mod judged;
mod open;
mod usual;
pub mod view;

#[cfg(test)]
mod tests;

use plant::civil::Zone;
use plant::convert::{f64_from_i64, f64_from_usize};
use plant::time::{Tick, Wall};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use judged::Judged;
use open::Closed;
pub use open::Open;
use usual::Usual;

/// A quarter of an hour (ms). Quarters are counted from 1970 on, UTC; every zone's clock is ahead by whole ones.
pub const QUARTER_MS: i64 = 900_000;
/// How far ahead forecasts are judged (quarters, from the end of what was seen to the beginning of what is forecast): 1, 4 and 24 h.
pub const HORIZONS: [usize; 3] = [4, 16, 96];
/// How far the last hour lay from what is usual counts half of it so many quarters later.
const HALF: f64 = 16.0;
/// The last hour, in quarters.
const HOUR: usize = 4;
/// What runs now says nothing before so much of its quarter was seen (s).
const RUNS: f64 = 180.0;
/// A quarter that runs is off what was expected by so much more than the error of an hour's forecast (1): what flows for some minutes is off by that often.
const RUNS_OFF: f64 = 2.0;
/// Nothing less is an error worth a word (1, of what is expected).
const WORTH: f64 = 0.02;
/// What is taken for the error of a forecast that has never been judged (1, of what is expected).
const SUPPOSED: f64 = 0.1;

/// What a forecast is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Made {
    /// Days of load, and the last hour.
    Days,
    /// What flowed last: no whole day was seen, or never this time of a day.
    LastSeen,
}

/// What is expected of a quarter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// The mean power (W, at least 0).
    pub watts: f64,
    /// What it is exceeded by in one quarter of ten (W, at least 0).
    pub high: f64,
    /// False where that error was never measured, and is supposed.
    pub judged: bool,
    /// Of what it is made.
    pub made: Made,
}

/// What a scan sees of the load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// What would flow without batteries (W); nothing where that is not known.
    pub free: Option<Watts>,
    /// Our own caps hold loads back.
    pub held: bool,
}

/// All that is known of the site's load. A clone is a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    open: Option<Open>,
    usual: Usual,
    /// The last quarter that was seen whole, and its mean (W).
    newest: Option<(i64, f64)>,
    /// How far the quarters of the last hour lay from what is usual (W), the newest first.
    hour: [Option<f64>; HOUR],
    judged: [Judged; 3],
    /// What flowed when it was known last (W).
    last: Option<f64>,
    /// For which quarter it was told that it runs off its forecast.
    told: Option<i64>,
}

impl Default for Outlook {
    fn default() -> Self {
        Self {
            open: None,
            usual: Usual::default(),
            newest: None,
            hour: [None; HOUR],
            judged: HORIZONS.map(Judged::new),
            last: None,
            told: None,
        }
    }
}

/// The quarter in which an instant lies.
#[must_use]
pub const fn quarter(at: Wall) -> i64 {
    at.0.div_euclid(QUARTER_MS)
}

/// The first instant of a quarter.
#[must_use]
pub const fn begin(quarter: i64) -> Wall {
    Wall(quarter.saturating_mul(QUARTER_MS))
}

/// The instant by which a quarter's place on a zone's clock is told.
#[must_use]
pub const fn middle(quarter: i64) -> Wall {
    Wall(begin(quarter).0.saturating_add(QUARTER_MS / 2))
}

impl Outlook {
    /// A new boot: nobody looked in between, and the quarter that runs is not whole any more.
    pub fn restart(&mut self) {
        self.open = None;
    }

    /// One scan. Allocates nothing.
    pub fn step(&mut self, zone: &Zone, load: Load, tick: Tick) {
        if let Some(free) = load.free {
            self.last = Some(free.0);
        }
        if !tick.clock_trusted {
            self.open = None;
            return;
        }
        let closed = Open::step(&mut self.open, load, tick);
        if let Some(closed) = closed {
            self.learn(zone, closed);
        }
    }

    /// True once in each quarter whose load runs off what was expected by more than twice the error of that.
    pub fn runs_off(&mut self, zone: &Zone) -> bool {
        let Some(now) = self.open.as_ref().map(Open::quarter).filter(|now| self.told != Some(*now)) else {
            return false;
        };
        let far = self.jump(zone).is_some();
        if far {
            self.told = Some(now);
        }
        far
    }

    /// What is expected of a quarter; nothing before anything was seen.
    #[must_use]
    pub fn expected(&self, zone: &Zone, of: i64) -> Option<Expected> {
        let running = self.running().map(|(_, mean)| mean);
        let last = running.or(self.newest.map(|(_, watts)| watts)).or(self.last)?;
        let (watts, made) = match self.usual.of(zone, of) {
            Some(usual) => (usual + self.jump(zone).map_or_else(|| self.off(of), |off| fade(off, of)), Made::Days),
            None => (last, Made::LastSeen),
        };
        let watts = watts.max(0.0);
        let now = self.open.as_ref().map(Open::quarter).or_else(|| self.newest.map(|(quarter, _)| quarter));
        let ahead = usize::try_from(of.saturating_sub(now.unwrap_or(of))).unwrap_or(0);
        let judged =
            HORIZONS.iter().zip(&self.judged).find(|(horizon, _)| ahead <= **horizon).map(|(_, judged)| judged);
        let error = judged.or(self.judged.last()).and_then(Judged::high);
        Some(Expected { watts, high: error.unwrap_or(SUPPOSED * watts).max(0.0), judged: error.is_some(), made })
    }

    /// The last forecast that was judged of each horizon: of which quarter, what was forecast and what was measured (W).
    #[must_use]
    pub fn judged(&self) -> [Option<(i64, f64, f64)>; HORIZONS.len()] {
        self.judged.each_ref().map(Judged::last)
    }

    /// True once anything was seen.
    #[must_use]
    pub const fn has_seen(&self) -> bool {
        self.last.is_some()
    }

    /// True once a whole day of load was seen.
    #[must_use]
    pub const fn knows_days(&self) -> bool {
        self.usual.knows_days()
    }

    /// The quarter that runs and its mean so far (W), once enough of it was seen.
    fn running(&self) -> Option<(i64, f64)> {
        let open = self.open.as_ref()?;
        Some((open.quarter(), open.mean(RUNS)?))
    }

    /// Where the quarter that runs is off what was expected of it by more than twice the error of that: which, and how far it lies from what is usual (W).
    fn jump(&self, zone: &Zone) -> Option<(i64, f64)> {
        let (now, mean) = self.running()?;
        let Some(usual) = self.usual.of(zone, now) else {
            let (_, last) = self.newest?;
            return ((mean - last).abs() > SUPPOSED * last).then_some((now, mean - last));
        };
        let expected = usual + self.off(now);
        let most = self.judged.first().and_then(Judged::high).unwrap_or(SUPPOSED * expected);
        ((mean - expected).abs() > (RUNS_OFF * most).max(WORTH * expected)).then_some((now, mean - usual))
    }

    /// What of the last hour's error is left in a quarter (W).
    fn off(&self, of: i64) -> f64 {
        let Some((newest, _)) = self.newest else { return 0.0 };
        let known = self.hour.iter().flatten();
        let count = f64_from_usize(known.clone().count());
        if count > 0.0 { fade((newest, known.sum::<f64>() / count), of) } else { 0.0 }
    }

    /// A quarter is over, and was seen whole.
    fn learn(&mut self, zone: &Zone, Closed { quarter, mean, held }: Closed) {
        for judged in &mut self.judged {
            judged.judge(quarter, mean, held);
        }
        // An hour with a hole is none.
        if self.newest.is_none_or(|(newest, _)| newest + 1 != quarter) {
            self.hour = [None; HOUR];
        }
        let off = self.usual.of(zone, quarter).map(|usual| mean - usual);
        self.hour.rotate_right(1);
        if let Some(newest) = self.hour.first_mut() {
            *newest = off.map(|off| if held { off.max(0.0) } else { off });
        }
        let knew = self.knows_days();
        self.usual.learn(zone, (quarter, mean), held);
        self.newest = Some((quarter, mean));
        if !knew && self.knows_days() {
            self.judged.iter_mut().for_each(Judged::forget); // it is made of something else from now on
        }
        let made = HORIZONS.map(|ahead| {
            let of = quarter.saturating_add(1).saturating_add(i64::try_from(ahead).unwrap_or(0));
            (of, self.usual.of(zone, of).map_or(mean, |usual| (usual + self.off(of)).max(0.0)))
        });
        self.judged.iter_mut().zip(made).for_each(|(judged, (of, watts))| judged.make(of, watts));
    }
}

/// What is left of an error in a later quarter (W).
fn fade((at, off): (i64, f64), of: i64) -> f64 {
    off * fades(of.saturating_sub(at))
}

/// What so many quarters later is left of how far the last hour lay from what is usual (1).
#[must_use]
pub fn fades(quarters: i64) -> f64 {
    libm::exp2(-f64_from_i64(quarters.max(0)) / HALF)
}
