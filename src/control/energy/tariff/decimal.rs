//! Exact numbers for money, power and energy.
//!
//! A [`Decimal`] counts billionths, an [`Energy`] microjoules, both in 128 bits: a year of a gigawatt at a thousand a kilowatt-hour is
//! a ten-thousandth of what fits. Amounts are products of whole numbers, and are rounded once.

use std::fmt;

use plant::read::{Refusal, Value};
use serde::{Deserialize, Serialize};
use toml::de::DeValue;

const ONE: i128 = 1_000_000_000;

/// Microjoules of a kilowatt-hour.
const KWH: i128 = 3_600_000_000_000;

/// A decimal number with nine places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Decimal(i128);

/// How an amount is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest; a half away from zero, as invoices do.
    HalfUp,
    /// To the nearest; a half to the even neighbour.
    HalfEven,
    /// Toward zero.
    Down,
}

impl Rounding {
    /// The words of a tariff's file.
    pub const WORDS: [(&'static str, Self); 3] =
        [("half-up", Self::HalfUp), ("half-even", Self::HalfEven), ("down", Self::Down)];

    fn divide(self, dividend: i128, divisor: i128) -> i128 {
        let (whole, rest) = (dividend / divisor, dividend % divisor);
        let twice = rest.abs().saturating_mul(2);
        let away = match self {
            Self::HalfUp => twice >= divisor,
            Self::HalfEven => twice > divisor || twice == divisor && whole % 2 != 0,
            Self::Down => false,
        };
        whole + if away { dividend.signum() } else { 0 }
    }
}

impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(ONE);
    /// The largest that files may hold: a million.
    pub const MOST: Self = Self(1_000_000 * ONE);

    /// A whole number.
    #[must_use]
    pub fn whole(n: i64) -> Self {
        Self(i128::from(n) * ONE)
    }

    /// As near as a float comes; infinite where it is beyond nine digits.
    #[must_use]
    pub fn number(self) -> f64 {
        i64::try_from(self.0).map_or(f64::INFINITY, |of| plant::convert::f64_from_i64(of) / 1e9)
    }

    /// Reads "12", "-0.0315", "1e-3"; nothing with more than nine places or eighteen digits before the point.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().ok().filter(|e| (-30..=30).contains(e))?;
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        if !whole.bytes().any(|byte| byte.is_ascii_digit()) || whole.len() + part.len() > 27 {
            return None;
        }
        let mut number: i128 = 0;
        for byte in whole.bytes().chain(part.bytes()).filter(|b| *b != b'_') {
            number = number * 10 + i128::from(byte.is_ascii_digit().then(|| byte - b'0')?);
        }
        let places = 9 + exponent - i32::try_from(part.bytes().filter(|b| *b != b'_').count()).ok()?;
        let units = if places < 0 {
            let divisor = 10_i128.checked_pow(places.unsigned_abs())?;
            (number % divisor == 0).then_some(number / divisor)?
        } else {
            number.checked_mul(10_i128.checked_pow(places.unsigned_abs())?)?
        };
        (units < ONE.pow(3)).then_some(Self(if negative { -units } else { units }))
    }

    /// The sum.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// This many of these, in parts of `parts`, rounded once to so many places.
    #[must_use]
    pub fn share(self, count: i64, parts: i64, to: (u32, Rounding)) -> Self {
        let unit = place(to.0).saturating_mul(i128::from(parts.max(1)));
        Self(to.1.divide(self.0.saturating_mul(i128::from(count)), unit).saturating_mul(place(to.0)))
    }

    /// The product, rounded once to so many places.
    #[must_use]
    pub fn times(self, other: Self, (places, rounding): (u32, Rounding)) -> Self {
        let unit = place(places);
        Self(rounding.divide(self.0.saturating_mul(other.0), unit.saturating_mul(ONE)).saturating_mul(unit))
    }

    /// The same with so many places.
    #[must_use]
    pub fn rounded(self, to: (u32, Rounding)) -> Self {
        self.share(1, 1, to)
    }

    /// With exactly so many places, 0 to 9, for columns: "12.30". The number must have no more.
    #[must_use]
    pub fn fixed(self, places: u32) -> String {
        let units = self.0.unsigned_abs() / place(places).unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let one = 10_u128.pow(places.min(9));
        let width = usize::try_from(places.min(9)).unwrap_or(9);
        if width == 0 { format!("{sign}{units}") } else { format!("{sign}{}.{:0width$}", units / one, units % one) }
    }
}

/// One of the last of so many places, in billionths.
fn place(places: u32) -> i128 {
    10_i128.pow(9_u32.saturating_sub(places))
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.fixed(9);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Value for Decimal {
    const WANTED: &'static str = "a decimal number";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let text = match value {
            DeValue::Integer(n) => (n.radix() == 10).then(|| n.as_str().to_owned()),
            DeValue::Float(n) => Some(n.as_str().to_owned()),
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
        };
        let number = text.and_then(|text| Self::parse(&text)).filter(|n| *n <= Self::MOST && n.0 >= -Self::MOST.0);
        number.ok_or_else(|| Refusal {
            wanted: "a decimal number of at most nine places, a million at most".to_owned(),
            help: "write it as 0.1234 or \"0.1234\"".to_owned(),
        })
    }
}

/// Electrical energy; negative when it flows out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Energy(i128);

impl Energy {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Watt-hours.
    #[must_use]
    pub fn wh(wh: Decimal) -> Self {
        Self(wh.0.saturating_mul(18) / 5)
    }

    /// A power in kW over a time in ms.
    #[must_use]
    pub fn kw(kw: Decimal, ms: i64) -> Self {
        Self(kw.0.saturating_mul(i128::from(ms)) / 1000)
    }

    /// The sum.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The first `part` of `whole` when it flows evenly. The parts of a whole sum to the whole, wherever it is cut.
    #[must_use]
    pub fn first(self, part: i64, whole: i64) -> Self {
        Self(self.0.saturating_mul(i128::from(part)).div_euclid(i128::from(whole.max(1))))
    }

    /// The mean power over a time in ms (kW, to a microwatt).
    #[must_use]
    pub fn mean(self, ms: i64) -> Decimal {
        Decimal(Rounding::HalfUp.divide(self.0.saturating_mul(1000), i128::from(ms.max(1))))
    }

    /// In kWh, to a microwatt-hour, for people to read.
    #[must_use]
    pub fn in_kwh(self) -> Decimal {
        Decimal(Rounding::HalfUp.divide(self.0.saturating_mul(ONE), KWH))
    }

    /// What it costs at a price per kWh, exact.
    #[must_use]
    pub const fn at(self, price: Decimal) -> Cost {
        Cost(self.0.saturating_mul(price.0))
    }

    /// Cuts off what lies above so many kWh: what is below, and what is above.
    #[must_use]
    pub fn cut(self, kwh: Decimal) -> (Self, Self) {
        let below = self.0.min(kwh.0.saturating_mul(KWH / ONE));
        (Self(below), Self(self.0 - below))
    }
}

/// A sum of exact products of energy and price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost(i128);

impl Cost {
    /// The sum.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The amount, rounded once.
    #[must_use]
    pub fn amount(self, (places, rounding): (u32, Rounding)) -> Decimal {
        let unit = place(places);
        Decimal(rounding.divide(self.0, KWH.saturating_mul(unit)).saturating_mul(unit))
    }

    /// The mean price of an energy, to nine places, for people to read; zero for no energy.
    #[must_use]
    pub const fn price(self, energy: Energy) -> Decimal {
        if energy.0 == 0 { Decimal::ZERO } else { Decimal(self.0 / energy.0) }
    }
}
