//! What cooling draws for one more watt of machines, as the last days have shown it.
//!
//! **Equation** from one quarter of an hour to the next machines draw Δm more and cooling Δc. What cooling does at once and what comes a quarter later are told apart: `Δc = a Δm + b Δm₋₁`, by least squares
//! with weights that halve within two days; one more watt for longer than that draws `a + b`. Differences leave out what cooling draws in any case, and what moves slowly by itself: weather, and the hour. The
//! standard error of the sum is `√(s² 1ᵀ N⁻¹ 1)`, with the normal matrix N and the variance s² of what is left. **Outside it**: what comes later than half an hour, as large stores of water have it.
//!
//! Nothing is told before the error is small: then it is taken to be what cooling draws for each watt in the mean, which is more where something runs in any case.

use plant::time::Tick;
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::outlook::{Load, Open};

/// The weight of a difference halves in so many quarters: two days.
const HALF: f64 = 192.0;
/// Fewer differences say nothing (their weights' sum).
const FEW: f64 = 12.0;
/// Nothing is told while it may be off by more (1, one standard error).
const SURE: f64 = 0.05;
/// Cooling draws no more than this for a watt (1).
const HIGHEST: f64 = 4.0;

/// What is known of it. A clone is a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Marginal {
    /// The quarter that runs, of machines and of cooling.
    open: [Option<Open>; 2],
    /// The last quarter that was seen whole, and its means (W).
    last: Option<(i64, [f64; 2])>,
    /// What machines drew more in it than in the one before (kW), where that was seen.
    before: Option<f64>,
    sums: Sums,
}

/// Sums over differences (kW²), with their weights: of machines' own, of the one before, of both, of each with cooling's, and of cooling's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sums {
    count: f64,
    own: f64,
    before: f64,
    both: f64,
    own_cooling: f64,
    before_cooling: f64,
    cooling: f64,
}

impl Marginal {
    /// A new boot: nobody saw what flowed in between.
    pub const fn restart(&mut self) {
        (self.open, self.last, self.before) = ([None; 2], None, None);
    }

    /// One scan: what machines draw, and cooling, where meters tell both.
    pub fn step(&mut self, drawn: Option<(Watts, Watts)>, tick: Tick) {
        if !tick.clock_trusted {
            return self.restart();
        }
        let [machines, cooling] = &mut self.open;
        let close = |open, free| Open::step(open, Load { free, held: false }, tick);
        let closed = (close(machines, drawn.map(|of| of.0)), close(cooling, drawn.map(|of| of.1)));
        if let (Some(machines), Some(cooling)) = closed {
            self.close(machines.quarter, [machines.mean, cooling.mean]);
        }
    }

    fn close(&mut self, quarter: i64, means: [f64; 2]) {
        let before = self.last.replace((quarter, means)).filter(|(before, _)| before.saturating_add(1) == quarter);
        let Some((_, [machines, cooling])) = before else {
            self.before = None;
            return;
        };
        let [now, cools] = means;
        let (more, cools) = ((now - machines) / 1e3, (cools - cooling) / 1e3);
        if let Some(before) = self.before.replace(more) {
            self.sums.add((more, before, cools), libm::exp2(-1.0 / HALF));
        }
    }

    /// What cooling draws for one more watt (1); nothing where that is not sure.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        let (sum, error) = self.sums.solve()?;
        (error <= SURE).then_some(sum.clamp(0.0, HIGHEST))
    }
}

impl Sums {
    fn add(&mut self, (own, before, cools): (f64, f64, f64), keeps: f64) {
        let of = [
            (&mut self.count, 1.0),
            (&mut self.own, own * own),
            (&mut self.before, before * before),
            (&mut self.both, own * before),
            (&mut self.own_cooling, own * cools),
            (&mut self.before_cooling, before * cools),
            (&mut self.cooling, cools * cools),
        ];
        for (sum, more) in of {
            *sum = keeps * *sum + more;
        }
    }

    /// `a + b`, and its standard error; nothing where machines have hardly moved.
    fn solve(&self) -> Option<(f64, f64)> {
        let det = self.own * self.before - self.both * self.both;
        if self.count < FEW || det <= 1e-9 * self.own * self.before || det <= 0.0 {
            return None;
        }
        let a = (self.own_cooling * self.before - self.before_cooling * self.both) / det;
        let b = (self.before_cooling * self.own - self.own_cooling * self.both) / det;
        let left = (self.cooling - a * self.own_cooling - b * self.before_cooling).max(0.0) / (self.count - 2.0);
        let error = libm::sqrt(left * (self.own + self.before - 2.0 * self.both) / det);
        Some((a + b, error))
    }
}

#[cfg(test)]
mod tests {
    use plant::time::{Mono, Span, Wall};
    use proptest::prelude::*;

    use super::*;

    /// Scans of a minute.
    struct Hall {
        marginal: Marginal,
        tick: Tick,
    }

    impl Hall {
        fn new() -> Self {
            let tick = Tick { dt: Span::from_secs(60), clock_trusted: true, ..Tick::default() };
            Self { marginal: Marginal::default(), tick }
        }

        fn quarter(&mut self, drawn: Option<(f64, f64)>) {
            for _ in 0..15 {
                self.marginal.step(drawn.map(|(m, c)| (Watts(m), Watts(c))), self.tick);
                self.tick.mono = Mono(self.tick.mono.0 + 60_000_000_000);
                self.tick.wall = Wall(self.tick.wall.0 + 60_000);
            }
        }
    }

    /// What is found after so many quarters in which machines draw so much (kW) and cooling 100 kW in any case, `slope` for each watt, `later` of that a quarter later, and what the weather adds.
    fn found(machines: &[f64], (slope, later): (f64, f64), weather: impl Fn(usize) -> f64) -> Option<f64> {
        let mut hall = Hall::new();
        let mut last = machines[0];
        for (n, now) in machines.iter().enumerate() {
            let cooling = 100.0 + slope * ((1.0 - later) * now + later * last) + weather(n);
            hall.quarter(Some((now * 1e3, cooling * 1e3)));
            last = *now;
        }
        hall.marginal.value()
    }

    /// Loads that jump.
    fn loads(seed: u64, quarters: usize, by: f64) -> Vec<f64> {
        let mut seed = seed.wrapping_mul(2).wrapping_add(1);
        let mut one = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            plant::convert::f64_from_u64(seed >> 40) / plant::convert::f64_from_u64(1 << 24)
        };
        (0..quarters).map(|_| 600.0 + by * one()).collect()
    }

    #[test]
    fn it_is_no_mean_where_something_runs_in_any_case() {
        let of = found(&loads(1, 100, 200.0), (0.12, 0.0), |_| 0.0).expect("sure");
        assert!((of - 0.12).abs() < 1e-6, "and not (100 + 0.12 × 700) ∕ 700: {of}");
    }

    #[test]
    fn loads_that_hardly_move_say_nothing() {
        let noise = |n: usize| 5.0 * f64::from(u32::try_from(n * 7919 % 13).expect("small"));
        assert_eq!(found(&[600.0; 200], (0.12, 0.0), |_| 0.0), None);
        assert_eq!(found(&loads(2, 200, 3.0), (0.12, 0.0), noise), None, "what is left is far more than what moved");
        assert_eq!(found(&loads(3, 12, 200.0), (0.12, 0.0), |_| 0.0), None, "too few");
    }

    #[test]
    fn a_gap_a_doubt_and_a_start_are_no_difference() {
        let mut hall = Hall::new();
        for now in loads(4, 40, 200.0) {
            hall.quarter(Some((now * 1e3, 0.2 * now * 1e3)));
        }
        let before = hall.marginal.sums;
        hall.quarter(None);
        hall.quarter(Some((5e6, 0.0)));
        hall.tick.clock_trusted = false;
        hall.quarter(Some((1e6, 0.0)));
        hall.tick.clock_trusted = true;
        hall.quarter(Some((9e6, 0.0)));
        hall.marginal.restart();
        hall.quarter(Some((2e6, 5e6)));
        hall.quarter(Some((2e6, 6e6)));
        let after = hall.marginal.sums;
        // The quarter before the gap is closed by the first scan of it.
        assert!((before.count..before.count + 1.0).contains(&after.count), "{after:?}");
        assert!((hall.marginal.value().expect("sure") - 0.2).abs() < 1e-6);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn what_each_watt_draws_is_found_under_weather_and_lag(
            seed in any::<u64>(), slope in 0.02..0.6_f64, later in 0.0..1.0_f64, swing in 0.0..60.0_f64,
        ) {
            // A day's weather, up to what all of it draws.
            let weather = |n: usize| swing * libm::sin(f64::from(u32::try_from(n).expect("small")) * core::f64::consts::TAU / 96.0);
            let of = found(&loads(seed, 300, 150.0), (slope, later), weather);
            prop_assert!(of.is_some_and(|of| (of - slope).abs() < 0.03), "{of:?} for {slope}");
        }
    }
}
