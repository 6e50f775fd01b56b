//! What each loop is put through, one column of the table each.

use crate::plant_model::{Plant, STEP};
use crate::rivals::{Rival, Seen};

/// Gain (K/%), time constant (s), dead time (s).
const PLANT: (f64, f64, f64) = (-0.25, 40.0, 6.0);
/// Seconds from shut to open.
const STROKE: f64 = 120.0;
/// Setpoint (°C).
const SP: f64 = 32.0;
/// What the air would be without cooling (°C).
const HOT: f64 = 45.0;
/// The valve that holds [`SP`] (%).
pub const REST: f64 = 52.0;

/// A loop's row.
pub struct Row {
    /// ∫|e| after a setpoint 2 K lower (K·s).
    pub sp_iae: f64,
    /// ∫|e| after 7 K more heat (K·s).
    pub load_iae: f64,
    /// How far below the setpoint after 600 s without water (K).
    pub undershoot: f64,
    /// For how long more than 2 K below it (s).
    pub too_cold: f64,
    /// How far above the setpoint when the heat returns after 600 s of cold (K).
    pub peak: f64,
    /// The output's jump from manual at 70 % to automatic (%).
    pub bump: f64,
    /// ∫|e| after 7 K more heat with periods of 0.5 to 5 s, over the same with 1 s.
    pub jitter: f64,
    /// What one NaN does.
    pub nan: Nan,
}

/// The ten minutes after one NaN from the sensor.
pub struct Nan {
    /// The output is no number at the end.
    pub dead: bool,
    /// The output at the end (%).
    pub output: f64,
    /// The furthest from the setpoint (K).
    pub excursion: f64,
}

/// A loop, its plant, and what was seen of them.
struct Trial {
    rival: Box<dyn Rival>,
    plant: Plant,
    sp: f64,
    offset: f64,
    output: f64,
    iae: f64,
    above: f64,
    below: f64,
    too_cold: f64,
}

impl Trial {
    fn of(rival: Box<dyn Rival>) -> Self {
        let plant = Plant::at_rest(PLANT, Some(STROKE), REST, HOT);
        let mut trial =
            Self { rival, plant, sp: SP, offset: HOT, output: REST, iae: 0.0, above: 0.0, below: 0.0, too_cold: 0.0 };
        trial.auto(60.0);
        trial
    }

    /// Automatic for some seconds, one step a second.
    fn auto(&mut self, seconds: f64) {
        self.auto_every(seconds, || 1.0);
    }

    fn auto_every(&mut self, seconds: f64, mut period: impl FnMut() -> f64) {
        let mut t = 0.0;
        while t < seconds {
            let dt = period();
            self.output = self.rival.step(self.seen(dt));
            self.wait(dt);
            t += dt;
        }
    }

    fn manual(&mut self, hand: f64, seconds: f64) {
        let mut t = 0.0;
        while t < seconds {
            self.rival.watch(hand, self.seen(1.0));
            self.output = hand;
            self.wait(1.0);
            t += 1.0;
        }
    }

    const fn seen(&self, dt: f64) -> Seen {
        Seen { sp: self.sp, pv: self.plant.y, valve: self.plant.valve, dt }
    }

    fn wait(&mut self, seconds: f64) {
        let mut t = STEP / 2.0;
        while t < seconds {
            let e = self.plant.advance(self.output, self.offset) - self.sp;
            self.iae += e.abs() * STEP;
            self.above = self.above.max(e);
            self.below = self.below.max(-e);
            self.too_cold += if e < -2.0 { STEP } else { 0.0 };
            t += STEP;
        }
    }

    fn forget(&mut self) {
        (self.iae, self.above, self.below, self.too_cold) = (0.0, 0.0, 0.0, 0.0);
    }
}

/// Every trial, on a fresh loop each.
pub fn row(fresh: impl Fn() -> Box<dyn Rival>) -> Row {
    let steady = loaded(fresh(), || 1.0);
    let jittered = loaded(fresh(), uneven(2026));
    let (undershoot, too_cold) = without_water(fresh());
    Row {
        sp_iae: colder(fresh()),
        load_iae: steady,
        undershoot,
        too_cold,
        peak: overcooled(fresh()),
        bump: bump(fresh()),
        jitter: jittered / steady,
        nan: one_nan(fresh()),
    }
}

fn colder(rival: Box<dyn Rival>) -> f64 {
    let mut trial = Trial::of(rival);
    trial.sp = SP - 2.0;
    trial.auto(1800.0);
    trial.iae
}

fn loaded(rival: Box<dyn Rival>, period: impl FnMut() -> f64) -> f64 {
    let mut trial = Trial::of(rival);
    trial.offset = HOT + 7.0;
    trial.auto_every(1800.0, period);
    trial.iae
}

fn without_water(rival: Box<dyn Rival>) -> (f64, f64) {
    let mut trial = Trial::of(rival);
    trial.plant.gain = 0.0;
    trial.auto(600.0);
    trial.plant.gain = PLANT.0;
    trial.forget();
    trial.auto(3600.0);
    (trial.below, trial.too_cold)
}

fn overcooled(rival: Box<dyn Rival>) -> f64 {
    let mut trial = Trial::of(rival);
    trial.offset = SP - 7.0;
    trial.auto(600.0);
    trial.offset = HOT;
    trial.forget();
    trial.auto(3600.0);
    trial.above
}

fn bump(rival: Box<dyn Rival>) -> f64 {
    let mut trial = Trial::of(rival);
    trial.manual(70.0, 900.0);
    (trial.rival.step(trial.seen(1.0)) - 70.0).abs()
}

fn one_nan(rival: Box<dyn Rival>) -> Nan {
    let mut trial = Trial::of(rival);
    let seen = Seen { pv: f64::NAN, ..trial.seen(1.0) };
    trial.output = trial.rival.step(seen);
    trial.wait(1.0);
    trial.auto(600.0);
    Nan { dead: trial.output.is_nan(), output: trial.output, excursion: trial.above.max(trial.below) }
}

/// Periods of 0.5, 1, 1, 2 or 5 s, drawn by a seeded shift register (G. Marsaglia, J. Stat. Softw. 8/14, 2003).
fn uneven(mut seed: u32) -> impl FnMut() -> f64 {
    move || {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        match seed % 5 {
            0 => 0.5,
            1 | 2 => 1.0,
            3 => 2.0,
            _ => 5.0,
        }
    }
}
