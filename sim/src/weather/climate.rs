//! A synthetic year of a climate: seasons, days, spells of weather and heat waves from some thirty numbers.
//!
//! **Equation** with `y` the time of year, `h` the solar hour and `d` the day:
//! dry bulb `T = season(y) + swing(y)·cos(2π(h − warmest)/24) + spread(y)·X(d) + wave`; dew point `T − D` with the depression
//! `D = season(y) + share·swing(y)·cos(…) + (1 − follows)·(spread(y)·X(d) + wave) + spread·Z(d)`, never below 0.1 K. A season is a mean and
//! two annual harmonics. `X` and `Z` are day-to-day processes of variance one whose correlation falls with `persistence` each
//! day, drawn smoothly from noon to noon. A heat wave lifts twelve days by `height·sin²`; its chance is largest at the height
//! of summer. Wind and pressure go by processes of their own.
//! **Source** harmonics and first-order autoregression: the usual form of weather generators since Richardson 1981, *Water Resources
//! Research* 17(1); the moving-average form over sixteen days makes it a function of (seed, day) without state. Parameters:
//! fitted by us to monthly means and ASHRAE's 2009 design conditions of one city for each climate, which
//! `docs/conformance.md` compares.
//! **Parameters** see the fields; persistence 0.4 to 0.8, spread 1 to 8 K, swing 2 to 8 K in practice.
//! **Box** any time; years are all of one kind, without trend. **Outside it** no rain, no fronts, no clouds, no sun; temperature and
//! moisture meet by the depression alone, so that the wettest hours are less extreme than a thunderstorm's.
//! **Time constant** a spell of weather lasts `−1/ln(persistence)` days: two to four.

use std::f64::consts::PI;

use plant::convert;
use plant::fault::Faults;
use plant::read::{Section, Source};
use plant::time::Wall;

use super::{DesignDay, Outdoor};
use crate::noise;
use crate::physics::read::{need, number, number_or_zero};
use crate::psychrometrics::pressure_at;

/// Days of a mean Gregorian year.
const YEAR: f64 = 365.242_5;
/// 1 January 2000 after 1 January 1970 (days).
const DAYS_TO_2000: f64 = 10_957.0;
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// Days of a heat wave, from its beginning to its end.
const WAVE_DAYS: i64 = 12;
/// How many days back a spell of weather remembers.
const MEMORY: u32 = 16;
/// The least depression of the dew point (K): outdoor air is seldom saturated to the last drop.
const LEAST_DEPRESSION: f64 = 0.1;
/// Standard deviation of air pressure from day to day (Pa), and how it and the wind persist.
const PRESSURE_SPREAD: f64 = 600.0;
const RESTLESS: f64 = 0.5;

/// A climate's parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Climate {
    /// The city it was fitted to.
    pub city: String,
    /// Height above the sea (m, -500 to 5000).
    pub elevation: f64,
    /// Solar time ahead of UTC (h, -12 to 14).
    pub zone: f64,
    /// Dry bulb over the year (°C).
    pub dry_bulb: Season,
    /// Half the daily swing over the year (K).
    pub swing: Season,
    /// When a day is warmest (solar hour, 0 to 24).
    pub warmest_hour: f64,
    /// Standard deviation of the day-to-day temperature over the year (K).
    pub spread: Season,
    /// Correlation from one day to the next (1, 0 to 0.9).
    pub persistence: f64,
    /// Dew point below dry bulb over the year (K).
    pub depression: Season,
    /// The depression's daily swing over the dry bulb's (1, 0 to 2).
    pub depression_swing: f64,
    /// Standard deviation of the depression's own day-to-day process (K, 0 to 15).
    pub depression_spread: f64,
    /// How much of a warm spell the dew point follows (1, 0 to 1).
    pub follows: f64,
    /// Chance that twelve days at the height of summer are a heat wave (1, 0 to 1).
    pub wave_chance: f64,
    /// A heat wave at its height (K, 0 to 10).
    pub wave_height: f64,
    /// Mean wind (m/s, 0 to 15).
    pub wind: f64,
    /// Days to design for, of the city's ASHRAE conditions.
    pub design: Design,
}

/// A quantity over the year: `mean + Σ amplitude·cos(…)`, once and twice a year.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Season {
    /// The year's mean.
    pub mean: f64,
    /// Once a year: amplitude, and the day of the year (from 0) when it is largest.
    pub once: (f64, f64),
    /// Twice a year: amplitude, and a day of the year when it is largest.
    pub twice: (f64, f64),
}

/// Days to design for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    /// The dry bulb that 0.4 % of the hours exceed, with the wet bulb of such hours.
    pub hottest: DesignDay,
    /// The wet bulb that 0.4 % of the hours exceed, with the dry bulb of such hours.
    pub muggiest: DesignDay,
    /// The dry bulb that 99.6 % of the hours exceed, all day.
    pub coldest: DesignDay,
}

/// The time of a climate.
#[derive(Clone, Copy, Debug)]
struct Moment {
    /// Share of the year gone by (1).
    year: f64,
    /// Solar day since 1970.
    day: i64,
    /// Share of the day gone by (1).
    into: f64,
}

impl Climate {
    /// A climate from the text of `file`.
    ///
    /// # Errors
    /// Every fault of the file, each with its place.
    pub fn load(file: &str, text: &str) -> Result<Self, Faults> {
        let source = Source::new(file, text);
        let table = source.parse();
        let root = source.root(&table);
        let climate = Self::read(&root);
        root.done();
        source.finish(Some(climate))
    }

    /// From a section of TOML.
    pub(crate) fn read(of: &Section<'_>) -> Self {
        let city = of.need_text("city").unwrap_or_default();
        let (elevation, zone) =
            (number(of, "elevation-m", (-500.0, 5000.0)), number(of, "ahead-of-utc-h", (-12.0, 14.0)));
        let warmest_hour = number(of, "warmest-hour", (0.0, 24.0));
        let season = |key, range| need(of, key, |s| Season::read(s, range)).unwrap_or_default();
        let utc = (warmest_hour - zone).rem_euclid(24.0);
        let day = |key| {
            let read = |s: &Section<'_>| DesignDay::read(s, elevation, utc);
            need(of, key, read).unwrap_or_else(|| DesignDay::none(elevation, utc))
        };
        let design = Design { hottest: day("hottest"), muggiest: day("muggiest"), coldest: day("coldest") };
        Self {
            city,
            elevation,
            zone,
            dry_bulb: season("dry-bulb", (-40.0, 40.0)),
            swing: season("swing", (0.0, 20.0)),
            warmest_hour,
            spread: season("spread", (0.0, 15.0)),
            persistence: number(of, "persistence", (0.0, 0.9)),
            depression: season("depression", (0.0, 40.0)),
            depression_swing: number(of, "depression-swing", (0.0, 2.0)),
            depression_spread: number(of, "depression-spread-k", (0.0, 15.0)),
            follows: number(of, "follows", (0.0, 1.0)),
            wave_chance: number_or_zero(of, "wave-chance", (0.0, 1.0)),
            wave_height: number_or_zero(of, "wave-height-k", (0.0, 10.0)),
            wind: number(of, "wind-m-per-s", (0.0, 15.0)),
            design,
        }
    }

    /// The air at a time, of the year that this seed makes.
    #[must_use]
    pub fn outdoor(&self, seed: u64, wall: Wall) -> Outdoor {
        let now = Moment::at(wall, self.zone);
        let process = |name: &str, persistence: f64| spell((seed, noise::channel(name)), now, persistence);
        let (swing, spread) = (self.swing.at(now.year).max(0.0), self.spread.at(now.year).max(0.0));
        let hour = libm::cos(2.0 * PI * (now.into - self.warmest_hour / 24.0));
        let warm = spread * process("weather/warm", self.persistence) + self.wave(seed, now);
        let dry_bulb = self.dry_bulb.at(now.year) + swing * hour + warm;
        let depression = self.depression.at(now.year)
            + self.depression_swing * swing * hour
            + (1.0 - self.follows) * warm
            + self.depression_spread * process("weather/dry", self.persistence);
        let pressure = pressure_at(self.elevation) + PRESSURE_SPREAD * process("weather/pressure", RESTLESS);
        let gust = libm::exp(0.45 * process("weather/wind", RESTLESS) - 0.1);
        let wind = (self.wind * (1.0 + 0.25 * hour) * gust).min(30.0);
        Outdoor { wind, ..Outdoor::of(dry_bulb, dry_bulb - depression.max(LEAST_DEPRESSION), pressure) }
    }

    /// What a heat wave adds (K).
    fn wave(&self, seed: u64, now: Moment) -> f64 {
        let block = now.day.div_euclid(WAVE_DAYS);
        let days = convert::f64_from_i64(now.day.rem_euclid(WAVE_DAYS)) + now.into;
        let share = days / convert::f64_from_i64(WAVE_DAYS);
        // The chance is that of the block's middle, so that it does not change on the way.
        let middle = now.year + (0.5 - share) * convert::f64_from_i64(WAVE_DAYS) / YEAR;
        let (_, warmest) = self.dry_bulb.once;
        let summer = libm::cos(2.0 * PI * (middle - warmest / YEAR)).max(0.0);
        let drawn = noise::uniform(seed, noise::channel("weather/wave"), convert::bits_from_i64(block));
        if drawn >= self.wave_chance * summer {
            return 0.0;
        }
        let height = libm::sin(PI * share);
        self.wave_height * height * height
    }
}

impl Season {
    fn read(of: &Section<'_>, range: (f64, f64)) -> Self {
        let day = |key| number_or_zero(of, key, (0.0, 366.0));
        let amplitude = |key| number_or_zero(of, key, (0.0, 40.0));
        Self {
            mean: number(of, "mean", range),
            once: (amplitude("once"), day("once-day")),
            twice: (amplitude("twice"), day("twice-day")),
        }
    }

    /// At a share of the year gone by.
    #[must_use]
    pub fn at(&self, year: f64) -> f64 {
        let ((once, first), (twice, second)) = (self.once, self.twice);
        self.mean
            + once * libm::cos(2.0 * PI * (year - first / YEAR))
            + twice * libm::cos(4.0 * PI * (year - second / YEAR))
    }
}

impl DesignDay {
    fn read(of: &Section<'_>, elevation: f64, warmest_hour: f64) -> Self {
        let dry_bulb = number(of, "dry-bulb-cel", (-60.0, 60.0));
        let wet_bulb = number(of, "wet-bulb-cel", (-60.0, 60.0));
        if wet_bulb > dry_bulb {
            let message = format!("the wet bulb, {wet_bulb} °C, is above the dry bulb, {dry_bulb} °C");
            of.fault("wet-bulb-cel", message, "write the wet bulb that goes with this dry bulb");
        }
        Self { dry_bulb, wet_bulb, range: number_or_zero(of, "range-k", (0.0, 40.0)), elevation, warmest_hour }
    }

    /// What stands where a section is missing; nobody sees it because loading fails.
    const fn none(elevation: f64, warmest_hour: f64) -> Self {
        Self { dry_bulb: 0.0, wet_bulb: 0.0, range: 0.0, elevation, warmest_hour }
    }
}

impl Moment {
    fn at(wall: Wall, zone: f64) -> Self {
        let solar = wall.0.saturating_add(convert::i64_from_f64_rounded(zone * 3.6e6));
        let day = solar.div_euclid(DAY_MS);
        let into = convert::f64_from_i64(solar.rem_euclid(DAY_MS)) / convert::f64_from_i64(DAY_MS);
        let years = (convert::f64_from_i64(day) + into - DAYS_TO_2000) / YEAR;
        Self { year: years - years.floor(), day, into }
    }
}

/// A day-to-day process of variance one: smooth between the middles of days.
fn spell(key: (u64, u64), now: Moment, persistence: f64) -> f64 {
    let (before, share) =
        if now.into < 0.5 { (now.day.saturating_sub(1), now.into + 0.5) } else { (now.day, now.into - 0.5) };
    let smooth = share * share * (3.0 - 2.0 * share);
    let (a, b) = (daily(key, before, persistence), daily(key, before.saturating_add(1), persistence));
    a + smooth * (b - a)
}

/// First-order autoregression as the moving average that it is, cut after sixteen days and scaled to variance one.
fn daily((seed, channel): (u64, u64), day: i64, persistence: f64) -> f64 {
    let (mut weight, mut sum, mut variance) = (1.0, 0.0, 0.0);
    for back in 0..MEMORY {
        let shock = noise::normal(seed, channel, convert::bits_from_i64(day.saturating_sub(i64::from(back))));
        sum += weight * shock;
        variance += weight * weight;
        weight *= persistence;
    }
    sum / variance.sqrt()
}
