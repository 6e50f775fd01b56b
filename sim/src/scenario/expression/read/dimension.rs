//! Which units go together, and what comes of it.

use plant::units::Unit;

use super::super::Operator;
use super::{Dimension, Slip, slip};

/// Both sides have one unit, or one side is a plain number.
pub(super) fn same(a: Dimension, b: Dimension, at: usize) -> Result<Dimension, Slip> {
    match (a, b) {
        (Some(a), Some(b)) if a != b => {
            let message = format!("{} and {} cannot be compared", a.pretty(), b.pretty());
            let help = match (a, b) {
                (Unit::Cel, Unit::Kelvin) | (Unit::Kelvin, Unit::Cel) => {
                    "K is for differences: write °C for a temperature, or subtract two of them"
                }
                _ => "write the number in a unit of the signal's own kind",
            };
            Err(slip(at, message, help))
        }
        (Some(unit), _) | (None, Some(unit)) => Ok(Some(unit)),
        (None, None) => Ok(None),
    }
}

/// The unit of how far two values are apart.
#[must_use]
pub fn margin_unit(unit: Dimension) -> Dimension {
    if unit == Some(Unit::Cel) { Some(Unit::Kelvin) } else { unit }
}

/// The unit of a sum or a difference.
pub(super) fn added(a: Dimension, operator: Operator, b: Dimension, at: usize) -> Result<Dimension, Slip> {
    match (a, operator, b) {
        (Some(Unit::Cel), Operator::Minus, Some(Unit::Cel)) => Ok(Some(Unit::Kelvin)),
        (Some(Unit::Cel), _, Some(Unit::Kelvin)) => Ok(Some(Unit::Cel)),
        (Some(Unit::Kelvin), Operator::Plus, Some(Unit::Cel)) => Ok(Some(Unit::Cel)),
        (Some(Unit::Cel), Operator::Plus, Some(Unit::Cel)) => {
            Err(slip(at, "two temperatures have no sum", "use mean(…), or add a difference in K"))
        }
        (a, _, b) => same(a, b, at),
    }
}

/// The unit of a product or a quotient.
pub(super) fn multiplied(a: Dimension, operator: Operator, b: Dimension, at: usize) -> Result<Dimension, Slip> {
    match (a, operator, b) {
        (a, _, None) => Ok(a),
        (None, Operator::Times, b) => Ok(b),
        (Some(a), Operator::Over, Some(b)) if a == b => Ok(None),
        (_, _, Some(b)) => {
            let message = format!("nothing here has the unit of something times or over {}", b.pretty());
            Err(slip(at, message, "multiply by plain numbers; divide like by like"))
        }
    }
}
