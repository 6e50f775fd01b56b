//! The outlook for people who ask.

use plant::civil::Zone;
use plant::convert::f64_from_usize;
use plant::time::Tick;
use serde::{Deserialize, Serialize};

use super::judged::KEPT;
use super::open::Open;
use super::{HORIZONS, Made, Outlook, begin, quarter};

/// Quarters of an hour that are told: a day.
const TOLD: i64 = 96;

/// What the site is expected to draw that nobody here decides, and how wrong that was so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OutlookView {
    /// The last scan, in the site's zone; nothing while the clock is not trusted, and no forecast is made.
    pub at: Option<String>,
    /// A whole day of load was seen: before that what flowed last is expected.
    pub knows_days: bool,
    /// The mean of the last day (W).
    pub level_w: Option<f64>,
    /// The last quarter of an hour that was seen whole: when it began, and its mean (W).
    pub last_from: Option<String>,
    /// See above.
    pub last_w: Option<f64>,
    /// What was forecast so far ahead, against what was measured.
    pub errors: Vec<ErrorView>,
    /// What is expected of each quarter of an hour of the next day, from the one that runs on.
    pub quarters: Vec<QuarterView>,
}

/// What forecasts of one horizon were worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ErrorView {
    /// How far ahead (h).
    pub ahead_h: f64,
    /// How many of the last four days' forecasts were judged.
    pub judged: usize,
    /// The mean of their errors without sign (W); nothing before enough was judged.
    pub mean_w: Option<f64>,
    /// One in ten measured more than the forecast by more than this (W).
    pub high_w: Option<f64>,
    /// The share of the last four days that was judged (1).
    pub coverage: f64,
    /// The last that was judged: what was forecast (W),
    pub forecast_w: Option<f64>,
    /// and what was measured (W).
    pub measured_w: Option<f64>,
}

/// What is expected of a quarter of an hour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuarterView {
    /// When it begins, in the site's zone.
    pub from: String,
    /// The mean (W).
    pub watts: f64,
    /// One in ten comes to more than this (W).
    pub high_w: f64,
    /// Of what it is made.
    pub made: Made,
}

impl Outlook {
    /// All of it, for people.
    #[must_use]
    pub fn view(&self, zone: &Zone, now: Tick) -> OutlookView {
        let errors = HORIZONS.iter().zip(&self.judged).map(|(ahead, judged)| ErrorView {
            ahead_h: f64_from_usize(*ahead) / 4.0,
            judged: judged.known(),
            mean_w: judged.mean(),
            high_w: judged.high(),
            coverage: f64_from_usize(judged.known()) / f64_from_usize(KEPT),
            forecast_w: judged.last().map(|(_, forecast, _)| forecast),
            measured_w: judged.last().map(|(_, _, measured)| measured),
        });
        let from = self.open.as_ref().map_or_else(|| quarter(now.wall), Open::quarter);
        let each = (0..TOLD).filter_map(|ahead| {
            let of = from.saturating_add(ahead);
            let expected = self.expected(zone, of)?;
            let high_w = expected.watts + expected.high;
            Some(QuarterView { from: zone.stamp(begin(of)), watts: expected.watts, high_w, made: expected.made })
        });
        OutlookView {
            at: now.clock_trusted.then(|| zone.stamp(now.wall)),
            knows_days: self.knows_days(),
            level_w: self.usual.day(),
            last_from: self.newest.map(|(quarter, _)| zone.stamp(begin(quarter))),
            last_w: self.newest.map(|(_, watts)| watts),
            errors: errors.collect(),
            quarters: if now.clock_trusted { each.collect() } else { Vec::new() },
        }
    }
}
