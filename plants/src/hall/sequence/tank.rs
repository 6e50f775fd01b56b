//! Immersion tanks that control runs: the points it commands, and the numbers they run by.
//!
//! A single-phase tank under control has outputs of its own, `run-mode` (0 its panel decides, 1 off, 2 on), `valve` and `pump-speed`; one
//! with two phases has no pump. The fail-safe of the run mode is the panel, that of the valve is open.

use serde::{Deserialize, Serialize};

use crate::hall::LoopTuning;
use crate::hall::machinery::{Tank, TwoPhaseTank};
use crate::id::LoopId;
use crate::point::Point;
use crate::time::Span;
use crate::units::{Celsius, LitersPerSecond, Pascals, Percent, Ratio};

/// A single-phase tank that control runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DrivenTank {
    /// What it tells.
    pub of: Tank,
    /// Panel, off or on.
    pub run_mode: Point<Ratio>,
    /// Commanded position of the facility-water valve.
    pub valve: Point<Percent>,
    /// Commanded speed of the pump; 0 stands.
    pub pump: Point<Percent>,
    /// The pump's drive in fault (1) or well (0).
    pub fault: Point<Ratio>,
    /// The loop that runs the valve: the fluid.
    pub valve_loop: LoopId,
}

/// A two-phase tank that control runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DrivenTwoPhase {
    /// What it tells.
    pub of: TwoPhaseTank,
    /// Panel, off or on.
    pub run_mode: Point<Ratio>,
    /// Commanded position of the condenser's water valve.
    pub valve: Point<Percent>,
    /// The loop that runs the valve: the vapour's pressure.
    pub valve_loop: LoopId,
    /// The air's own pressure around it, where the air in it is told.
    pub barometer: Option<Point<Pascals>>,
    /// What draws the air off, where it has such a thing.
    pub purge: Option<DrivenPurge>,
}

/// What draws air off a two-phase tank: a small pump behind a cold trap, which gives the vapour back as liquid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DrivenPurge {
    /// To stand (0) or to run (1).
    pub order: Point<Ratio>,
    /// Runs (1) or stands (0).
    pub running: Point<Ratio>,
    /// The tank's vent, or its lid, open (1) or shut (0).
    pub vent: Point<Ratio>,
}

/// How single-phase tanks are run. Part of the hall, replaceable by a reload.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TankTuning {
    /// The valve, by the fluid (°C → %); its setpoint is the fluid's (°C, 25 to 60).
    pub valve: LoopTuning,
    /// The least position of the valve (%, 0 to 50).
    pub least_valve: Percent,
    /// The pump.
    pub pump: CirculationTuning,
    /// When its fluid is too cold.
    pub cold: ColdTuning,
    /// When it has too little fluid.
    pub level: LevelTuning,
    /// When its fluid is too warm.
    pub hot: HotTuning,
    /// When it leaks.
    pub leak: LeakTuning,
}

/// When a tank leaks, and which of its liquids.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeakTuning {
    /// A wet tray is believed after (s, 0s to 1min).
    pub after: Span,
    /// A level that has sunk by so much since shows that it is the fluid that leaks, and not the water (%, 0.2 to 5).
    pub sinks: f64,
}

impl LeakTuning {
    /// Within seconds; and half a percent, which no sensor's noise is for long.
    pub const USUAL: Self = Self { after: Span::from_secs(3), sinks: 0.5 };
}

/// How a tank's pump is run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CirculationTuning {
    /// Its speed as a rule, and its least (%, 20 to 100).
    pub speed: Percent,
    /// Its speed in fluid that is too cold: thick fluid flows less (%, 20 to 100, not below `speed`).
    pub cold_speed: Percent,
    /// Fluid so far above its setpoint (K, 0.5 to 20)
    pub help_above: f64,
    /// makes the pump faster by so much for each kelvin beyond (%/K, 0 to 100).
    pub help: f64,
    /// Seen standing for so long the circulation is lost; a fault of the drive counts at once (s, 1s to 1min).
    pub proof: Span,
    /// Told to start, it turns within (s, 5s to 5min).
    pub start_within: Span,
    /// Told to stop, it stands within (s to min, 5s to 10min).
    pub stop_within: Span,
    /// A pump that failed is told to stand for a moment and to turn again, so often (s to h, 30s to 1h).
    pub retry_after: Span,
    /// With less fluid than this its intake is bare, and it stands (%, 0 to 100, below `level.low-low`).
    pub dry: Percent,
}

/// When a tank's fluid is too cold: thick oil, or a liquid that is far from boiling.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColdTuning {
    /// Fluid below this is too cold (°C, -10 to 70),
    pub below: Celsius,
    /// until it is so far above that (K, 0.5 to 20).
    pub clear: f64,
    /// It becomes warm within (min to h, 5min to 2d).
    pub within: Span,
    /// So much heat of its machines warms it by a kelvin for certain: where it does not its temperature is not believed (J/K, 1e4 to 1e8).
    pub capacity: f64,
}

/// When a tank has too little fluid.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelTuning {
    /// Somebody should fill it up below this (%, 1 to 100).
    pub low: Percent,
    /// Its machines should be off below this (%, 1 to 100, below `low`).
    pub low_low: Percent,
    /// Both for so long (s to min, 1s to 10min).
    pub after: Span,
    /// Each is over so far above it (%, 0.5 to 20).
    pub clear: f64,
}

/// When a single-phase tank's fluid is too warm, rung by rung.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HotTuning {
    /// All that cools it runs at its most, whoever holds it (°C, 30 to 100, above the setpoint).
    pub cooling: Celsius,
    /// Its machines should draw less (°C, 30 to 110, above `cooling`).
    pub cap: Celsius,
    /// Its machines should be off (°C, 30 to 120, above `cap`).
    pub off: Celsius,
    /// Each for so long (s to min, 1s to 10min).
    pub after: Span,
    /// All of it is over once the fluid is within this of its setpoint (K, 0.5 to 20).
    pub nominal: f64,
}

/// How two-phase tanks are run. Part of the hall, replaceable by a reload.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TwoPhaseTuning {
    /// The valve, by the vapour's pressure above the air's (Pa → %); its setpoint is that pressure (Pa, -2e3 to 2e3).
    pub valve: LoopTuning,
    /// What each watt of its machines adds to the valve before the pressure tells (%/W, 0 to 0.01).
    pub feed_forward: f64,
    /// The least position of the valve (%, 0 to 50).
    pub least_valve: Percent,
    /// When its liquid is far from boiling: what presses then is air, and the vent's.
    pub cold: ColdTuning,
    /// When it has too little liquid.
    pub level: LevelTuning,
    /// When its pressure is too high, or its condenser is lost.
    pub pressure: PressureTuning,
    /// When there is air in it, where that is told.
    pub air: Option<AirTuning>,
    /// How its purge is run, where it has one.
    pub purge: Option<PurgeTuning>,
    /// When it leaks.
    pub leak: LeakTuning,
}

/// When there is air in a two-phase tank: what it presses more than its liquid's saturation is air.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AirTuning {
    /// The liquid boils at this in the open, at 101 325 Pa (°C, 30 to 90).
    pub boils: Celsius,
    /// Its vapour's pressure at 25 °C (Pa, 1e3 to 1e5).
    pub at_25: Pascals,
    /// Air that presses more than this is told (Pa, 100 to 1e4),
    pub found: Pascals,
    /// until it presses less than this (Pa, 50 to 1e4, less than `found`).
    pub gone: Pascals,
    /// Each as a mean of five minutes, and `found` for so long (s to min, 10s to 1h).
    pub after: Span,
    /// The temperature is read so much later than the pressure (s, 1s to 5min).
    pub late: Span,
}

impl AirTuning {
    /// Where it boils in the open, and what it presses at 25 °C, are the hall's.
    pub const USUAL: Self = Self {
        boils: Celsius(49.0),
        at_25: Pascals(40.4e3),
        found: Pascals(1200.0),
        gone: Pascals(500.0),
        after: Span::from_secs(120),
        late: Span::from_secs(20),
    };
}

/// How the purge of a two-phase tank is run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PurgeTuning {
    /// It draws only from a tank that presses at least this for a minute: below the air's pressure as much comes in (Pa above the air's,
    /// -2e3 to 2e3).
    pub least: Pascals,
    /// Told to run, it runs within (s, 5s to 5min).
    pub start_within: Span,
    /// Told to stand, it stands within (s, 5s to 5min).
    pub stop_within: Span,
    /// The air is gone within (min, 5min to 12h).
    pub within: Span,
    /// One that failed is tried again after (min, 1min to 1d).
    pub retry_after: Span,
}

impl PurgeTuning {
    /// Three volumes of the headspace take the air down to a twentieth: a quarter of an hour at a litre a second from 300 litres.
    pub const USUAL: Self = Self {
        least: Pascals(-200.0),
        start_within: Span::from_secs(20),
        stop_within: Span::from_secs(20),
        within: Span::from_secs(2700),
        retry_after: Span::from_secs(1800),
    };
}

/// When a two-phase tank's pressure is too high, rung by rung, and when its condenser is lost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PressureTuning {
    /// What relieves it, a vent or a valve, opens at this (Pa above the air's, 100 to 1e5).
    pub relief: Pascals,
    /// Its machines should be off from so far below that on (Pa, 10 to 1e4).
    pub margin: Pascals,
    /// Its machines should draw less, and its condenser gets all of its water, whoever holds the valve, from this on (Pa, 100 to 1e5,
    /// above the setpoint, below `relief` less `margin`).
    pub cap: Pascals,
    /// Each for so long (s to min, 1s to 1min).
    pub after: Span,
    /// All of it is over once the pressure is within this of its setpoint (Pa, 50 to 1e4, less than `cap` is above it),
    pub nominal: Pascals,
    /// for so long, for a sensor's noise is no return (s to min, 1s to 10min).
    pub nominal_for: Span,
    /// A valve that reports less than this is shut (%, 0 to 50).
    pub shut: Percent,
    /// A facility water that flows less than this stands (l/s, 0 to 1e3; 0: nobody asks).
    pub least_flow: LitersPerSecond,
}

impl TankTuning {
    /// What holds unless the hall says otherwise; the setpoint is the hall's.
    pub const USUAL: Self = Self {
        valve: LoopTuning::pi(45.0, 4.0, 600, 0.5),
        least_valve: Percent(5.0),
        pump: CirculationTuning::USUAL,
        cold: ColdTuning { below: Celsius(20.0), clear: 2.0, within: Span::from_secs(2 * 3600), capacity: 2e6 },
        level: LevelTuning { low: Percent(92.0), low_low: Percent(85.0), after: Span::from_secs(10), clear: 3.0 },
        hot: HotTuning {
            cooling: Celsius(52.0),
            cap: Celsius(57.0),
            off: Celsius(65.0),
            after: Span::from_secs(5),
            nominal: 3.0,
        },
        leak: LeakTuning::USUAL,
    };
}

impl CirculationTuning {
    /// Seven tenths of its speed, and more where the fluid is thick or too warm.
    pub const USUAL: Self = Self {
        speed: Percent(70.0),
        cold_speed: Percent(85.0),
        help_above: 2.0,
        help: 10.0,
        proof: Span::from_secs(5),
        start_within: Span::from_secs(20),
        stop_within: Span::from_secs(60),
        retry_after: Span::from_secs(120),
        dry: Percent(81.0),
    };
}

impl TwoPhaseTuning {
    /// What holds unless the hall says otherwise; what relieves the tank is the hall's.
    pub const USUAL: Self = Self {
        // A pressure sensor's noise is a percent of the valve, and the vapour is slower than that.
        valve: LoopTuning { smooth: Span::from_secs(6), ..LoopTuning::pi(0.0, 0.015, 120, 0.3) },
        feed_forward: 4.5e-4,
        least_valve: Percent(5.0),
        cold: ColdTuning { below: Celsius(40.0), clear: 2.0, within: Span::from_secs(4 * 3600), capacity: 2e6 },
        level: LevelTuning { low: Percent(93.0), low_low: Percent(75.0), after: Span::from_secs(10), clear: 3.0 },
        pressure: PressureTuning {
            relief: Pascals(2000.0),
            margin: Pascals(500.0),
            cap: Pascals(1100.0),
            after: Span::from_secs(1),
            nominal: Pascals(400.0),
            nominal_for: Span::from_secs(10),
            shut: Percent(2.0),
            least_flow: LitersPerSecond(1.0),
        },
        air: None,
        purge: None,
        leak: LeakTuning::USUAL,
    };
}
