//! Exact exponential steps of linear heat balances, written so that no joule is lost to rounding.
//!
//! A pair of nodes obeys `dT/dt = A·T + b` with `A`, `b` frozen for the step. Its exact solution has the step mean
//! `T̄ = T₀ + dt·φ₂(dt·A)·(A·T₀ + b)` with `φ₂(z) = (eᶻ − 1 − z)/z²`, and the end `T₁ = T₀ + dt·(A·T̄ + b)`. Taking the end
//! from the mean makes the balance close by construction: what flows leave with is the mean, what is stored is the rest.
//! Source: variation of constants; matrix functions of a 2×2 by Newton interpolation on its eigenvalues (Sylvester).

/// Two coupled nodes over one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The values at the end of the step.
    pub end: [f64; 2],
    /// Their means over the step.
    pub mean: [f64; 2],
}

/// One node over one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Single {
    /// The value at the end of the step.
    pub end: f64,
    /// Its mean over the step: what flows leave with.
    pub mean: f64,
}

/// One exact step of `C·dT/dt = source − leave·T` from `start`: `leave` (W/K, ≥ 0) is all that carries heat away in proportion
/// to the node, `source` (W, counted from 0 °C) all that comes in, `capacity` (J/K, > 0). What was stored is
/// `dt·(source − leave·mean)` to the last bit, so that a ledger that books the mean closes.
#[must_use]
pub fn node(leave: f64, source: f64, (capacity, start): (f64, f64), dt: f64) -> Single {
    let slope = (source - leave * start) / capacity;
    let mean = start + dt * slope * phi2(-dt * leave / capacity);
    Single { end: start + dt * (source - leave * mean) / capacity, mean }
}

/// `(1 − e⁻ˣ)/x`: the mean over a step of what fades with `e⁻ᵗ`; 1 at 0, falls to 0, for x ≥ 0.
#[must_use]
pub fn fade(x: f64) -> f64 {
    if x < 1e-9 { 1.0 - x / 2.0 } else { -libm::expm1(-x) / x }
}

/// [`fade`] of what hardly fades in a step, x mostly below a quarter, where a few terms of its series are the whole of it.
#[must_use]
pub fn fade_slowly(x: f64) -> f64 {
    // What is left out is x⁵/6! at 0.02, and x⁹/10! at a quarter: less than 5e-12.
    if x < 0.02 {
        return FACTORIALS.into_iter().take(5).rev().fold(0.0, |sum, term| term - x * sum);
    }
    if x > 0.25 {
        return fade(x);
    }
    FACTORIALS.into_iter().take(9).rev().fold(0.0, |sum, term| term - x * sum)
}

/// `1/n!` from n = 1.
const FACTORIALS: [f64; 14] = [
    1.0,
    1.0 / 2.0,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5040.0,
    1.0 / 40_320.0,
    1.0 / 362_880.0,
    1.0 / 3_628_800.0,
    1.0 / 39_916_800.0,
    1.0 / 479_001_600.0,
    1.0 / 6_227_020_800.0,
    1.0 / 87_178_291_200.0,
];

/// One exact step of `dT/dt = rate·T + source` from `start`. `rate` (1/s) must have real eigenvalues, which it has
/// whenever its off-diagonal terms are not negative: a flow from one node to another never cools the receiver.
#[must_use]
pub fn step(rate: [[f64; 2]; 2], source: [f64; 2], start: [f64; 2], dt: f64) -> Pair {
    let [[a, b], [c, d]] = rate;
    let slope = apply(rate, start, source);
    let middle = f64::midpoint(a, d);
    let spread = ((a - d) * (a - d) / 4.0 + b * c).max(0.0).sqrt();
    let (low, high) = ((middle - spread) * dt, (middle + spread) * dt);
    // f(M) = f(high)·I + f[high, low]·(M − high·I)
    let at_high = phi2(high);
    let difference =
        if high - low > 1e-4 { (at_high - phi2(low)) / (high - low) } else { phi2_slope(f64::midpoint(high, low)) };
    let [s0, s1] = slope;
    let [m0, m1] = [(a * dt - high) * s0 + b * dt * s1, c * dt * s0 + (d * dt - high) * s1];
    let [t0, t1] = start;
    let mean = [t0 + dt * (at_high * s0 + difference * m0), t1 + dt * (at_high * s1 + difference * m1)];
    let [r0, r1] = apply(rate, mean, source);
    Pair { end: [t0 + dt * r0, t1 + dt * r1], mean }
}

fn apply(rate: [[f64; 2]; 2], at: [f64; 2], source: [f64; 2]) -> [f64; 2] {
    let ([[a, b], [c, d]], [x, y], [p, q]) = (rate, at, source);
    [a * x + b * y + p, c * x + d * y + q]
}

/// `(eᶻ − 1 − z)/z²`, by its series near zero where the closed form cancels.
fn phi2(z: f64) -> f64 {
    if z.abs() > 0.5 {
        return (libm::expm1(z) - z) / (z * z);
    }
    // What is left out is below the last bit of a half: z⁷/9! at 0.02, z¹³/15! at 0.5.
    if z.abs() > 0.02 {
        FACTORIALS.into_iter().skip(1).rev().fold(0.0, |sum, term| term + z * sum)
    } else {
        FACTORIALS.into_iter().take(8).skip(1).rev().fold(0.0, |sum, term| term + z * sum)
    }
}

/// The derivative of [`phi2`].
fn phi2_slope(z: f64) -> f64 {
    if z.abs() > 0.5 {
        return (libm::expm1(z) / z - 2.0 * phi2(z)) / z;
    }
    // Σ n·zⁿ⁻¹/(n+2)!
    let (mut term, mut sum) = (1.0 / 6.0, 1.0 / 6.0);
    for n in 2..16 {
        term *= z / f64::from(n + 2);
        sum += f64::from(n) * term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Many small midpoint steps: slow, dumb and independent.
    fn by_small_steps(rate: [[f64; 2]; 2], source: [f64; 2], start: [f64; 2], dt: f64) -> Pair {
        let n = 20_000;
        let h = dt / f64::from(n);
        let (mut t, mut sum) = (start, [0.0; 2]);
        for _ in 0..n {
            let k = apply(rate, t, source);
            let half = [t[0] + h / 2.0 * k[0], t[1] + h / 2.0 * k[1]];
            let k = apply(rate, half, source);
            sum = [sum[0] + half[0] * h, sum[1] + half[1] * h];
            t = [t[0] + h * k[0], t[1] + h * k[1]];
        }
        Pair { end: t, mean: [sum[0] / dt, sum[1] / dt] }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn agrees_with_twenty_thousand_small_steps(
            leave in [0.0..3.0f64, 0.0..3.0], cross in [0.0..1.0f64, 0.0..1.0],
            source in [-5.0..50.0f64, -5.0..50.0], start in [10.0..40.0f64, 10.0..40.0], dt in 0.05..4.0f64,
        ) {
            let rate = [[-leave[0], cross[0] * leave[0]], [cross[1] * leave[1], -leave[1]]];
            let (fast, slow) = (step(rate, source, start, dt), by_small_steps(rate, source, start, dt));
            for n in 0..2 {
                prop_assert!((fast.end[n] - slow.end[n]).abs() < 1e-5, "{fast:?} {slow:?}");
                prop_assert!((fast.mean[n] - slow.mean[n]).abs() < 1e-5, "{fast:?} {slow:?}");
            }
        }
    }

    #[test]
    fn what_hardly_fades_fades_by_the_same_law() {
        for n in 0..4000 {
            let x = f64::from(n) * 1e-4;
            assert!((fade_slowly(x) - fade(x)).abs() < 1e-11, "{x}: {} {}", fade_slowly(x), fade(x));
        }
    }

    #[test]
    fn a_node_follows_the_textbook_exponential() {
        for (leave, dt) in [(0.0, 1.0), (1e-9, 1.0), (50.0, 1.0), (1e3, 0.1), (1e6, 60.0)] {
            let (source, capacity, start) = (4e4, 2e3, 30.0);
            let got = node(leave, source, (capacity, start), dt);
            let x: f64 = dt * leave / capacity;
            let expected = if leave < 1e-6 {
                start + dt * source / capacity
            } else {
                source / leave + (start - source / leave) * (-x).exp()
            };
            assert!((got.end - expected).abs() < 1e-9 * expected.abs().max(1.0), "{leave}: {got:?}, {expected}");
            let stored = capacity * (got.end - start);
            assert!((stored - dt * (source - leave * got.mean)).abs() <= 1e-9 * dt * source, "{leave}: {got:?}");
        }
    }

    #[test]
    fn equal_eigenvalues_and_no_flow_at_all_are_no_special_case() {
        let still = step([[0.0; 2]; 2], [2.0, 0.0], [20.0, 30.0], 3.0);
        assert!((still.end[0] - 26.0).abs() < 1e-12 && (still.mean[0] - 23.0).abs() < 1e-12, "{still:?}");
        assert!((still.end[1] - 30.0).abs() < 1e-12);
        let same = step([[-2.0, 0.0], [0.0, -2.0]], [40.0, 40.0], [30.0, 20.0], 1.0);
        assert!((same.end[0] - (20.0 + 10.0 * libm::exp(-2.0))).abs() < 1e-12, "{same:?}");
        assert!((same.mean[0] - (20.0 + 10.0 * fade(2.0))).abs() < 1e-12, "{same:?}");
    }

    #[test]
    fn a_stiff_pair_goes_to_its_balance_however_long_the_step() {
        let pair = step([[-50.0, 1.0], [2.0, -80.0]], [490.0, 760.0], [90.0, -40.0], 60.0);
        let balance = [(490.0 * 80.0 + 760.0) / 3998.0, (490.0 * 2.0 + 50.0 * 760.0) / 3998.0];
        for (end, balance) in pair.end.iter().zip(balance) {
            assert!((end - balance).abs() < 1e-9, "{pair:?}");
        }
    }
}
