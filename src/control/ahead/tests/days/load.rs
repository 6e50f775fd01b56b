//! A hall's load over a month and a day, from a seed: machines that train around the clock, and machines that answer people, who sleep.

use plant::convert::{f64_from_u64, f64_from_usize};
use plant::time::Wall;

/// How long what swings stays the same (s).
pub const STEP: u64 = 10;
/// A day (s).
pub const DAY: u64 = 86_400;

/// Numbers that look like chance and are the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64_from_u64(self.0 >> 40) / f64_from_u64(1 << 24)
    }

    /// Near to a normal deviate: mean 0, deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.roll()).sum::<f64>() - 6.0
    }
}

/// What a day is like.
struct Shape {
    /// How many people ask, of what is usual (1).
    busy: f64,
    /// When most of them ask (h).
    noon: f64,
    /// Trainings that have ended early, or failed: from when on, for how long (s), and how much of all trainings they are (1).
    holes: Vec<(f64, f64, f64)>,
}

/// Loads of days, one after the other.
pub struct Loads {
    dice: Dice,
    /// Monday is 0.
    weekday: u64,
    /// How far trainings lie off their mean, slowly and quickly (1).
    swings: (f64, f64),
}

impl Loads {
    /// Of a seed, from a weekday on.
    pub fn of(seed: u64, weekday: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        dice.roll();
        Self { dice, weekday, swings: (0.0, 0.0) }
    }

    fn shape(&mut self) -> Shape {
        let dice = &mut self.dice;
        let weekend = self.weekday % 7 >= 5;
        let busy = (if weekend { 0.6 } else { 1.0 }) * (1.0 + 0.04 * dice.normal());
        let noon = 14.5 + 0.25 * dice.normal();
        let count = if dice.roll() < 0.5 { 1 } else { 3 };
        let hole = |dice: &mut Dice| {
            (f64_from_u64(DAY) * dice.roll(), 600.0 + 3000.0 * dice.roll(), 0.02 + 0.06 * dice.roll())
        };
        Shape { busy, noon, holes: (0..count).map(|_| hole(dice)).collect() }
    }

    /// The next day: what it draws in each ten seconds (W).
    pub fn day(&mut self) -> Vec<f64> {
        let shape = self.shape();
        self.weekday += 1;
        (0..DAY / STEP).map(|n| self.draws(&shape, f64_from_u64(n * STEP))).collect()
    }

    fn draws(&mut self, shape: &Shape, second: f64) -> f64 {
        let step = f64_from_u64(STEP);
        // Slowly over three hours by 1.25 %, quickly over five minutes by 2 %.
        let walk = |dice: &mut Dice, of: f64, (lasts, by): (f64, f64)| {
            let keep = libm::exp(-step / lasts);
            of * keep + by * libm::sqrt(1.0 - keep * keep) * dice.normal()
        };
        self.swings.0 = walk(&mut self.dice, self.swings.0, (10_800.0, 0.0125));
        self.swings.1 = walk(&mut self.dice, self.swings.1, (300.0, 0.02));
        let gone: f64 = shape
            .holes
            .iter()
            .filter(|(from, long, _)| (*from..from + long).contains(&second))
            .map(|(_, _, share)| share)
            .sum();
        let trains = 430e3 * (1.0 + self.swings.0 + self.swings.1 - gone);
        // Over an evening into the night: a bell around noon, and never nobody.
        let off = (second / 3600.0 - shape.noon) / 3.6;
        let answers = shape.busy * (90e3 + 150e3 * libm::exp(-0.5 * off * off));
        // All machines of a training wait for each other a few times a minute.
        (trains + answers + 8e3 * self.dice.normal()).max(0.0)
    }
}

/// The means of quarters of an hour (W).
pub fn quarters(day: &[f64]) -> Vec<f64> {
    day.chunks(90).map(|of| of.iter().sum::<f64>() / f64_from_usize(of.len())).collect()
}

/// The first instant of the last day of one of twelve months (UTC), and its weekday: a peak of that day is all that its month is billed.
pub fn last_of(month: usize) -> (Wall, u64) {
    // From August 2026 on, whose first day is a Saturday.
    const LENGTHS: [u64; 12] = [31, 30, 31, 30, 31, 31, 28, 31, 30, 31, 30, 31];
    let days = LENGTHS.iter().take(month % 12 + 1).sum::<u64>() - 1;
    let ms = i64::try_from(days * DAY * 1000).expect("a year");
    (Wall(1_785_542_400_000 + ms), (5 + days) % 7)
}
