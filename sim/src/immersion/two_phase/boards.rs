//! How boards give their heat to a boiling bath.
//!
//! **Equation** wetted, `Q = g·y + c·max(y − s, 0)³` with `y` the boards above the bath and `s` how far the bath is below boiling at its
//! pressure; dried out, `Q = f·y` through a film of vapour. A load above the critical one dries them out; they are wetted
//! again when `y` falls below a limit. Bare boards take part in none of it. Over a step the difference goes to its balance, the
//! closed root of the cubic, with the conductance at the middle of the way. **Source** Rohsenow's exponent of 3; Nukiyama's curve.
//! **Parameters** superheat 10 to 20 K at full load, film 2 to 5 % of the boiling conductance. **Box** loads 0 to the critical.
//! **Outside it** dried out, which is the point. **Time constant** `C/(dQ/dy)`: a few seconds wetted, minutes dried out.

use plant::read::Section;

use crate::physics::read::{POSITIVE, number};

/// The boards of a tank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Boards {
    /// Their heat capacity (J/K, > 0).
    pub capacity: f64,
    /// Convection to the bath (W/K, > 0).
    pub convection: f64,
    /// Boiling (W/K³, > 0).
    pub boiling: f64,
    /// The critical load (W, > 0).
    pub critical: f64,
    /// Through the film once they are dry (W/K, > 0).
    pub film: f64,
    /// They are wetted again below this difference to the bath (K, > 0, less than where they dry out).
    pub wets: f64,
}

/// What boards are covered with.
///
/// ```text
/// Wetted ── load above the critical ──▶ Dried
///    ◀── boards close enough to the bath ──
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// Liquid that boils.
    Wetted,
    /// A film of vapour.
    Dried,
}

impl Boards {
    /// Boards of `capacity` (J/K) that give `heat` (W) at `superheat` (K), a tenth of it by convection, and dry out at `margin`
    /// times that heat.
    #[must_use]
    pub fn sized(heat: f64, capacity: f64, superheat: f64, margin: f64) -> Self {
        Self {
            capacity,
            convection: 0.1 * heat / superheat,
            boiling: 0.9 * heat / (superheat * superheat * superheat),
            critical: margin * heat,
            film: 0.03 * heat / superheat,
            wets: 0.8 * superheat,
        }
    }

    pub(super) fn read(of: &Section<'_>) -> Self {
        let boards = Self {
            capacity: number(of, "boards-j-per-k", POSITIVE),
            convection: number(of, "convection-w-per-k", POSITIVE),
            boiling: number(of, "boiling-w-per-k3", POSITIVE),
            critical: number(of, "critical-w", POSITIVE),
            film: number(of, "film-w-per-k", POSITIVE),
            wets: number(of, "wets-below-k", POSITIVE),
        };
        let dries = boards.balance(boards.critical, 0.0);
        if boards.wets >= dries {
            let message =
                format!("boards that dry out {dries:.1} K above the bath cannot be wetted at {} K", boards.wets);
            of.fault("wets-below-k", message, "write a smaller difference, or a larger `critical-w`");
        }
        boards
    }

    /// Heat (W) at `y` above the bath (K) that is `late` below boiling (K).
    fn wetted(&self, y: f64, late: f64) -> f64 {
        let z = (y - late).max(0.0);
        self.convection * y + self.boiling * z * z * z
    }

    /// Where wetted boards come to rest above the bath (K) under a load (W).
    #[must_use]
    pub fn balance(&self, load: f64, late: f64) -> f64 {
        let beyond = load - self.convection * late;
        if beyond <= 0.0 {
            return load / self.convection;
        }
        // z³ + 3p·z = 2r has one real root.
        let (p, r) = (self.convection / self.boiling / 3.0, beyond / self.boiling / 2.0);
        let u = libm::cbrt(r + (r * r + p * p * p).sqrt());
        late + u - p / u
    }

    /// The boards above the bath (K) after `dt` seconds from `y`, under a power (W) in a bath `late` below boiling (K), with a
    /// share of them `covered` (1).
    pub(super) fn step(&self, surface: &mut Surface, y: f64, (power, late, covered): (f64, f64, f64), dt: f64) -> f64 {
        if covered <= 0.0 {
            return y + dt * power / self.capacity;
        }
        // A covered share of the boards carries the whole load.
        let (load, capacity) = (power / covered, self.capacity / covered);
        match *surface {
            Surface::Wetted => {
                let rest = self.balance(load, late);
                let rate = |at: f64| {
                    let away = at - rest;
                    if away.abs() > 1e-6 {
                        (self.wetted(at, late) - load) / away / capacity
                    } else {
                        let z = (rest - late).max(0.0);
                        (self.convection + 3.0 * self.boiling * z * z) / capacity
                    }
                };
                let middle = rest + (y - rest) * libm::exp(-rate(y) * dt / 2.0);
                let end = rest + (y - rest) * libm::exp(-rate(middle) * dt);
                if self.wetted(end, late) > self.critical {
                    *surface = Surface::Dried;
                }
                end
            }
            Surface::Dried => {
                let rest = load / self.film;
                let end = rest + (y - rest) * libm::exp(-dt * self.film / capacity);
                if end < self.wets {
                    *surface = Surface::Wetted;
                }
                end
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn boards() -> Boards {
        Boards::sized(100e3, 60e3, 15.0, 1.5)
    }

    /// Many small steps of the same law: slow, dumb and independent.
    fn by_small_steps(of: &Boards, y: f64, load: f64, late: f64, dt: f64) -> f64 {
        let n = 100_000;
        let h = dt / f64::from(n);
        let slope = |y: f64| {
            let z = (y - late).max(0.0);
            (load - of.convection * y - of.boiling * z.powi(3)) / of.capacity
        };
        (0..n).fold(y, |y, _| y + h * slope(y + h / 2.0 * slope(y)))
    }

    #[test]
    fn a_step_follows_the_law_of_the_cube() {
        let of = boards();
        for (y, load, late) in [(0.0, 100e3, 0.0), (15.0, 30e3, 0.0), (2.0, 80e3, 6.0), (18.0, 0.0, 0.0)] {
            let exact = by_small_steps(&of, y, load, late, 10.0);
            let mut seen = y;
            for _ in 0..10 {
                seen = of.step(&mut Surface::Wetted, seen, (load, late, 1.0), 1.0);
            }
            assert!((seen - exact).abs() < 0.1, "{y} {load} {late}: {seen} {exact}");
        }
    }

    #[test]
    fn the_time_constant_is_capacity_over_slope() {
        let of = boards();
        let tau = of.capacity / (of.convection + 3.0 * of.boiling * 15.0 * 15.0);
        assert!((2.0..6.0).contains(&tau), "{tau}");
        let end = of.step(&mut Surface::Wetted, 15.01, (100e3, 0.0, 1.0), tau);
        assert!((end - 15.0 - 0.01 * (-1.0f64).exp()).abs() < 1e-5, "{end}");
    }

    proptest! {
        #[test]
        fn a_balance_balances_and_a_step_never_passes_it(
            load in 0.0..3e5f64, late in 0.0..30.0f64, y in -40.0..200.0f64, dt in 0.01..600.0f64,
        ) {
            let of = boards();
            let rest = of.balance(load, late);
            prop_assert!((of.wetted(rest, late) - load).abs() < 1e-6 * (1.0 + load), "{}", rest);
            let end = of.step(&mut Surface::Wetted, y, (load, late, 1.0), dt);
            prop_assert!((end - rest) * (y - rest) >= -1e-9 && (end - rest).abs() <= (y - rest).abs() + 1e-9);
        }
    }
}
