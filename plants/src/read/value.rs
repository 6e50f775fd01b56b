//! Typed values out of TOML.

use toml::de::DeValue;

use crate::time::Span;
use crate::units::Unit;

/// Why a value is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What was wanted: "a number".
    pub wanted: String,
    /// What to do, or empty.
    pub help: String,
}

/// A type that a file's value can be.
pub trait Value: Sized {
    /// What it is, in the reader's words: "a number".
    const WANTED: &'static str;

    /// Reads it.
    ///
    /// # Errors
    /// What was wanted and what to do, when the value is something else.
    fn read(value: &DeValue<'_>) -> Result<Self, Refusal>;
}

/// What a value is, in the reader's words, with the value where it is short.
pub(super) fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(s) => {
            let short: String = s.chars().take(40).collect();
            format!("the text {short:?}")
        }
        DeValue::Integer(n) => format!("the number {n}"),
        DeValue::Float(n) => format!("the number {n}"),
        DeValue::Boolean(b) => format!("`{b}`"),
        DeValue::Datetime(d) => format!("the date {d}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a section".to_owned(),
    }
}

fn refusal<T>(wanted: &str, help: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { wanted: wanted.to_owned(), help: help.into() })
}

/// "Take away the quotes" where a text holds what was wanted.
fn unquote(value: &DeValue<'_>, fits: impl Fn(&str) -> bool) -> String {
    value.as_str().filter(|s| fits(s)).map_or_else(String::new, |s| format!("take away the quotes: {s}"))
}

impl Value for f64 {
    const WANTED: &'static str = "a number";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let number = match value {
            DeValue::Integer(n) => {
                i128::from_str_radix(n.as_str(), n.radix()).ok().and_then(|n| n.to_string().parse().ok())
            }
            DeValue::Float(n) => n.as_str().parse::<Self>().ok(),
            DeValue::String(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                return refusal(Self::WANTED, unquote(value, |s| s.parse::<Self>().is_ok()));
            }
        };
        match number {
            Some(n) if n.is_finite() => Ok(n),
            Some(_) | None => refusal("a finite number", "leave the key out where there is no limit"),
        }
    }
}

impl Value for i64 {
    const WANTED: &'static str = "a whole number";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        match value {
            DeValue::Integer(n) => match Self::from_str_radix(n.as_str(), n.radix()) {
                Ok(n) => Ok(n),
                Err(_) => refusal("a whole number of 64 bits", ""),
            },
            DeValue::String(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => refusal(Self::WANTED, unquote(value, |s| s.parse::<Self>().is_ok())),
        }
    }
}

impl Value for i128 {
    const WANTED: &'static str = "a whole number";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        match value {
            DeValue::Integer(n) => match Self::from_str_radix(n.as_str(), n.radix()) {
                Ok(n) => Ok(n),
                Err(_) => refusal("a whole number", ""),
            },
            DeValue::String(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => refusal(Self::WANTED, unquote(value, |s| s.parse::<Self>().is_ok())),
        }
    }
}

impl Value for bool {
    const WANTED: &'static str = "true or false";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        value.as_bool().map_or_else(|| refusal(Self::WANTED, unquote(value, |s| s.parse::<Self>().is_ok())), Ok)
    }
}

impl Value for String {
    const WANTED: &'static str = "a text in quotes";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        value.as_str().map_or_else(|| refusal(Self::WANTED, "put it in quotes"), |s| Ok(s.to_owned()))
    }
}

impl Value for Span {
    const WANTED: &'static str = "a time such as \"250ms\", \"5s\" or \"2min\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let Some(text) = value.as_str() else {
            let help = match value {
                DeValue::Integer(_) | DeValue::Float(_) => {
                    let n = describe(value);
                    format!("write \"{}s\" for seconds", n.trim_start_matches("the number "))
                }
                DeValue::String(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_)
                | DeValue::Array(_)
                | DeValue::Table(_) => String::new(),
            };
            return refusal(Self::WANTED, help);
        };
        Self::parse(text).map_or_else(|| refusal(Self::WANTED, "the units are ns, us, ms, s, min, h and d"), Ok)
    }
}

impl Value for Unit {
    const WANTED: &'static str = "a unit by its UCUM code such as \"Cel\", \"kW\" or \"%\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let Some(text) = value.as_str() else { return refusal(Self::WANTED, "put it in quotes") };
        if let Some(unit) = Self::parse(text) {
            return Ok(unit);
        }
        let spoken = Self::ALL.iter().find(|(_, _, pretty)| !pretty.is_empty() && pretty.eq_ignore_ascii_case(text));
        let help = spoken.map_or_else(
            || super::did_you_mean(text, Self::ALL.iter().map(|(_, code, _)| *code)),
            |(_, code, _)| format!("did you mean `{code}`?"),
        );
        refusal(Self::WANTED, help)
    }
}

impl<T: Value> Value for Vec<T> {
    const WANTED: &'static str = "a list";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let Some(rows) = value.as_array() else { return refusal(Self::WANTED, "put it in square brackets") };
        rows.iter()
            .map(|row| {
                T::read(row.get_ref()).map_err(|r| {
                    let wanted = format!("a list with only {} in it (it holds {})", r.wanted, describe(row.get_ref()));
                    Refusal { wanted, help: r.help }
                })
            })
            .collect()
    }
}
