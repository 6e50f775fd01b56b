//! Performance curves of refrigeration machines, and the Carnot lift that carries them beyond the box they were fitted
//! in.
//!
//! **Equation** `a₁ + a₂x + a₃x² + a₄y + a₅y² + a₆xy`; a machine's best efficiency between two temperatures is
//! `T_e/(T_c − T_e)` in kelvins. **Source** the biquadratic of the DOE-2 building simulation; Carnot. **Parameters**
//! six coefficients of temperatures in °C. **Box** belongs to the machine. **Outside it** the caller clamps the
//! arguments and scales with [`carnot`], which never changes its sign. **Time constant** none.

use plant::read::Section;

/// The least lift between evaporation and condensation that a machine works against (K): below it the metering device
/// starves, and head-pressure control holds the lift up.
pub const LEAST_LIFT: f64 = 6.0;
/// 0 °C in kelvins.
const KELVIN: f64 = 273.15;

/// A curve over two temperatures (°C).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Biquadratic(
    /// `a₁` to `a₆`.
    pub [f64; 6],
);

impl Biquadratic {
    /// Its value at two temperatures (°C).
    #[must_use]
    pub const fn at(&self, x: f64, y: f64) -> f64 {
        let [a1, a2, a3, a4, a5, a6] = self.0;
        a1 + x * (a2 + a3 * x + a6 * y) + y * (a4 + a5 * y)
    }
}

/// Carnot's efficiency of a machine that evaporates and condenses at these temperatures (°C, above −200). Finite and
/// positive at any pair: the lift is held at [`LEAST_LIFT`] or more.
#[must_use]
pub const fn carnot(evaporating: f64, condensing: f64) -> f64 {
    (evaporating + KELVIN) / (condensing - evaporating).max(LEAST_LIFT)
}

/// A list of exactly `N` numbers.
pub(crate) fn coefficients<const N: usize>(of: &Section<'_>, key: &'static str) -> [f64; N] {
    let list: Vec<f64> = of.need(key).unwrap_or_else(|| vec![0.0; N]);
    <[f64; N]>::try_from(list).unwrap_or_else(|list| {
        let message = format!("`{key}` holds {} numbers and must hold {N}", list.len());
        of.fault(key, message, format!("write the {N} coefficients in the order of the curve"));
        [0.0; N]
    })
}

/// A pair of numbers, the lower first, both in a range.
pub(crate) fn span(of: &Section<'_>, key: &'static str, (low, high): (f64, f64)) -> (f64, f64) {
    let [from, to] = coefficients::<2>(of, key);
    if of.has(key) && !(low <= from && from < to && to <= high) {
        let message = format!("`{key}` goes from {from} to {to}");
        of.fault(key, message, format!("write two numbers between {low} and {high}, the lower first"));
    }
    (from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_its_polynomial_and_carnot_its_textbook_figure() {
        let curve = Biquadratic([1.0, 0.1, 0.01, 0.2, 0.02, 0.003]);
        assert!((curve.at(2.0, 3.0) - (1.0 + 0.2 + 0.04 + 0.6 + 0.18 + 0.018)).abs() < 1e-12);
        // Between 0 and 40 °C: 273.15/40.
        assert!((carnot(0.0, 40.0) - 6.828_75).abs() < 1e-9);
        assert!((carnot(20.0, -30.0) - 293.15 / LEAST_LIFT).abs() < 1e-9, "no lift is held at the least");
    }
}
