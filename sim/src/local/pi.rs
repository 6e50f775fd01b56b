//! A panel's loop: proportional and integral, clamped, integral held while the output is at a limit and would go further.
//!
//! **Equation** `u = K·e + I`, `dI/dt = K·e/Ti`. **Source** every controller's manual. **Parameters** gain (%/unit), integral time (s),
//! limits (%). **Box** steps below a fifth of `Ti`. **Outside it** a step integrates at most a fifth of `Ti`. **Time constant** `Ti`.

/// A loop's tuning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pi {
    /// Output for each unit of error (%/unit; positive when the output rises with the measurement).
    pub gain: f64,
    /// Integral time (s, > 0).
    pub ti: f64,
    /// Lowest and highest output (%).
    pub limits: (f64, f64),
}

/// What the loop remembers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loop {
    integral: f64,
}

impl Loop {
    /// A loop that begins at an output (%).
    #[must_use]
    pub const fn at(output: f64) -> Self {
        Self { integral: output }
    }

    /// Follows an output that somebody else gives (%), so that the loop goes on from there.
    pub fn follow(&mut self, of: &Pi, (measured, setpoint): (f64, f64), output: f64) {
        let error = measured - setpoint;
        if error.is_finite() && output.is_finite() {
            self.integral = output - of.gain * error;
        }
    }

    /// The output `dt` seconds on (%). A measurement that is no number holds it.
    pub fn step(&mut self, of: &Pi, (measured, setpoint): (f64, f64), dt: f64) -> f64 {
        let (low, high) = of.limits;
        let error = measured - setpoint;
        if !error.is_finite() {
            return self.integral.clamp(low, high);
        }
        let proportional = of.gain * error;
        let step = proportional * dt.min(of.ti / 5.0) / of.ti;
        let before = proportional + self.integral;
        if (step > 0.0 && before < high) || (step < 0.0 && before > low) {
            self.integral += step;
        }
        self.integral = self.integral.clamp(low - proportional.abs(), high + proportional.abs());
        (proportional + self.integral).clamp(low, high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FAN: Pi = Pi { gain: 5.0, ti: 60.0, limits: (20.0, 100.0) };

    #[test]
    fn a_constant_error_moves_the_output_by_its_gain_each_integral_time() {
        for dt in [0.5, 1.0, 5.0] {
            let mut run = Loop::at(30.0);
            let mut output = 0.0;
            for _ in 0..plant::convert::u64_from_f64_rounded(60.0 / dt) {
                output = run.step(&FAN, (26.0, 24.0), dt);
            }
            assert!((output - (30.0 + 10.0 + 10.0)).abs() < 1e-9, "{dt}: {output}");
        }
    }

    #[test]
    fn a_day_at_a_limit_does_not_wind_it_up() {
        let mut run = Loop::at(30.0);
        for _ in 0..86_400 {
            assert!(run.step(&FAN, (40.0, 24.0), 1.0) <= 100.0);
        }
        let mut seconds = 0;
        while run.step(&FAN, (23.0, 24.0), 1.0) >= 100.0 {
            seconds += 1;
            assert!(seconds < 2, "still saturated after {seconds} s");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn whatever_is_measured_the_output_keeps_its_limits(seen in prop::collection::vec(-1e9..1e9f64, 1..50), dt in 0.0..1e4f64) {
            let mut run = Loop::at(50.0);
            for measured in seen.into_iter().chain([f64::NAN, f64::INFINITY]) {
                let output = run.step(&FAN, (measured, 24.0), dt);
                prop_assert!((20.0..=100.0).contains(&output), "{output}");
            }
        }
    }
}
