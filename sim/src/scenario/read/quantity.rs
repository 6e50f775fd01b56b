//! Numbers with a unit, as a value of a file: `2`, `"2 K"`, `"500 kW"`.

use plant::read::{Refusal, Value};
use toml::de::DeValue;

use crate::scenario::expression::{Dimension, quantity};

/// A number in the canonical unit of what it was written in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quantity {
    pub(super) value: f64,
    pub(super) unit: Dimension,
}

impl Value for Quantity {
    const WANTED: &'static str = "a number, or a text such as \"2 K\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let Some(text) = value.as_str() else {
            return f64::read(value).map(|value| Self { value, unit: None });
        };
        match quantity(text) {
            Ok((value, unit)) => Ok(Self { value, unit }),
            Err(slip) => {
                Err(Refusal { wanted: Self::WANTED.to_owned(), help: format!("{}: {}", slip.message, slip.help) })
            }
        }
    }
}
