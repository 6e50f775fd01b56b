//! What a scenario changes of what the machines do and of the weather.

use std::sync::Arc;

use crate::compute::fleet;
use crate::physics::Load;
use crate::weather::{Wave, Weather};

/// What a scenario changes of the machines' work. Nothing changes what is not given.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LoadChange {
    /// The mean (1, 0 to 1).
    pub mean: Option<f64>,
    /// Half the swing between night and afternoon (1, 0 to 0.5).
    pub diurnal: Option<f64>,
    /// When the load is highest (hour of the UTC day, 0 to 24).
    pub peak_hour: Option<f64>,
    /// Largest random step of a rack (1, 0 to 1).
    pub step: Option<f64>,
}

impl LoadChange {
    /// The physics with the change.
    pub fn apply(&self, load: &mut Load) {
        load.mean = self.mean.unwrap_or(load.mean);
        load.diurnal = self.diurnal.unwrap_or(load.diurnal);
        load.peak_hour = self.peak_hour.unwrap_or(load.peak_hour);
        load.step = self.step.unwrap_or(load.step);
    }
}

/// The machines one by one, instead of racks that take a share of their nameplates.
#[derive(Clone, Debug, PartialEq)]
pub struct Nodes {
    /// Nodes in a rack (1, 1 to 64).
    pub per_rack: usize,
    /// What every GPU is capped at from the begin (W, > 0); nothing for its rated power.
    pub cap: Option<f64>,
    /// The file with a kind of node beside the page, where it is not a shipped one.
    pub kind_file: Option<String>,
    /// The file with a trace of jobs beside the page; nothing for those of the kind.
    pub jobs_file: Option<String>,
    /// What they are; whoever reads files completes it.
    pub spec: Option<Arc<fleet::Spec>>,
}

/// What a scenario changes of the weather. Nothing changes what is not given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeatherChange {
    /// Another source than the physics' own: a climate, a year from a file.
    pub source: Option<Weather>,
    /// The file with a year beside the page, which whoever reads files puts into `source`.
    pub epw: Option<String>,
    /// Daily mean (°C, -40 to 50).
    pub mean: Option<f64>,
    /// Half the daily swing (K, 0 to 20).
    pub swing: Option<f64>,
    /// When it is warmest (hour of the UTC day, 0 to 24).
    pub warmest_hour: Option<f64>,
    /// Added to outdoor temperatures; the moisture stays what it is (K, -40 to 40).
    pub offset: f64,
}

impl WeatherChange {
    /// The weather with the change; the offset is the world's. A daily wave is changed where it is one already, and takes the
    /// place of anything else where all three of its numbers are given.
    #[must_use]
    pub fn applied(&self, weather: &Weather) -> Weather {
        if let Some(source) = &self.source {
            return source.clone();
        }
        let given = Some(Wave { mean: 0.0, swing: 0.0, warmest_hour: 0.0 });
        let all = given.filter(|_| self.mean.is_some() && self.swing.is_some() && self.warmest_hour.is_some());
        let base = match weather {
            Weather::Wave(wave) => Some(*wave),
            Weather::Climate(_) | Weather::Day(_) | Weather::Epw(_) => all,
        };
        base.map_or_else(
            || weather.clone(),
            |wave| {
                Weather::Wave(Wave {
                    mean: self.mean.unwrap_or(wave.mean),
                    swing: self.swing.unwrap_or(wave.swing),
                    warmest_hour: self.warmest_hour.unwrap_or(wave.warmest_hour),
                })
            },
        )
    }
}
