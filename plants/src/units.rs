//! Quantities. Each is a float with a name; a difference of two temperatures is another type than a temperature.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use crate::time::Span;

/// A number with a unit that the compiler knows.
pub trait Quantity: Copy {
    /// The canonical unit: what [`Quantity::get`] counts in, and what a point of this type carries in the process image.
    const UNIT: Unit;
    /// From a number in the canonical unit.
    fn new(value: f64) -> Self;
    /// The number in the canonical unit.
    fn get(self) -> f64;
}

macro_rules! quantities {
    ($($(#[$doc:meta])* $name:ident, $unit:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub f64);

        impl Quantity for $name {
            const UNIT: Unit = Unit::$unit;
            fn new(value: f64) -> Self { Self(value) }
            fn get(self) -> f64 { self.0 }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let digits = f.precision().unwrap_or(1);
                write!(f, "{:.*} {}", digits, self.0, Unit::$unit.pretty())
            }
        }

        impl $name {
            /// The larger of two; a NaN loses.
            #[must_use]
            pub fn max(self, other: Self) -> Self { Self(self.0.max(other.0)) }
            /// The smaller of two; a NaN loses.
            #[must_use]
            pub fn min(self, other: Self) -> Self { Self(self.0.min(other.0)) }
            /// True for a number that is neither infinite nor NaN.
            #[must_use]
            pub fn is_finite(self) -> bool { self.0.is_finite() }
        }
    )*};
}

macro_rules! linear {
    ($($name:ident)*) => {$(
        impl Add for $name { type Output = Self; fn add(self, o: Self) -> Self { Self(self.0 + o.0) } }
        impl Sub for $name { type Output = Self; fn sub(self, o: Self) -> Self { Self(self.0 - o.0) } }
        impl AddAssign for $name { fn add_assign(&mut self, o: Self) { self.0 += o.0; } }
        impl SubAssign for $name { fn sub_assign(&mut self, o: Self) { self.0 -= o.0; } }
        impl Neg for $name { type Output = Self; fn neg(self) -> Self { Self(-self.0) } }
        impl Mul<f64> for $name { type Output = Self; fn mul(self, k: f64) -> Self { Self(self.0 * k) } }
        impl Div<f64> for $name { type Output = Self; fn div(self, k: f64) -> Self { Self(self.0 / k) } }
        impl Div for $name { type Output = f64; fn div(self, o: Self) -> f64 { self.0 / o.0 } }
        impl std::iter::Sum for $name { fn sum<I: Iterator<Item = Self>>(i: I) -> Self { Self(i.map(|q| q.0).sum()) } }
    )*};
}

quantities! {
    /// A temperature in degrees Celsius.
    Celsius, Cel;
    /// A temperature difference in kelvins.
    Kelvins, Kelvin;
    /// Active power in watts.
    Watts, Watt;
    /// Energy in watt-hours.
    WattHours, WattHour;
    /// A volume flow in litres per second.
    LitersPerSecond, LiterPerSecond;
    /// A pressure or pressure difference in pascals.
    Pascals, Pascal;
    /// A duty, a valve position: 0 to 100 %.
    Percent, Percent;
    /// A plain ratio, 1 = equal.
    Ratio, One;
    /// Relative humidity in percent.
    Humidity, PercentRh;
    /// A rotational speed in revolutions per minute.
    Rpm, PerMinute;
}

linear! { Kelvins Watts WattHours LitersPerSecond Pascals Percent Ratio Humidity Rpm }

impl Sub for Celsius {
    type Output = Kelvins;
    fn sub(self, other: Self) -> Kelvins {
        Kelvins(self.0 - other.0)
    }
}

impl Add<Kelvins> for Celsius {
    type Output = Self;
    fn add(self, d: Kelvins) -> Self {
        Self(self.0 + d.0)
    }
}

impl Sub<Kelvins> for Celsius {
    type Output = Self;
    fn sub(self, d: Kelvins) -> Self {
        Self(self.0 - d.0)
    }
}

impl Watts {
    /// The energy of this power held for a time.
    #[must_use]
    pub fn over(self, dt: Span) -> WattHours {
        WattHours(self.0 * dt.seconds() / 3600.0)
    }
}

/// A unit as files name it, by its UCUM code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the variants are the units' own names")]
pub enum Unit {
    Cel,
    Fahrenheit,
    Kelvin,
    Watt,
    Kilowatt,
    Megawatt,
    WattHour,
    KilowattHour,
    MegawattHour,
    LiterPerSecond,
    LiterPerMinute,
    CubicMeterPerHour,
    Pascal,
    Kilopascal,
    Bar,
    Percent,
    PercentRh,
    One,
    PerMinute,
    Second,
    Ampere,
    Volt,
    Hertz,
}

/// How one unit becomes another: `to = from · scale + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// The factor.
    pub scale: f64,
    /// What is added after the factor.
    pub offset: f64,
}

impl Unit {
    /// Every unit with its UCUM code and its form for people.
    pub const ALL: [(Self, &'static str, &'static str); 23] = [
        (Self::Cel, "Cel", "°C"),
        (Self::Fahrenheit, "[degF]", "°F"),
        (Self::Kelvin, "K", "K"),
        (Self::Watt, "W", "W"),
        (Self::Kilowatt, "kW", "kW"),
        (Self::Megawatt, "MW", "MW"),
        (Self::WattHour, "W.h", "Wh"),
        (Self::KilowattHour, "kW.h", "kWh"),
        (Self::MegawattHour, "MW.h", "MWh"),
        (Self::LiterPerSecond, "L/s", "l/s"),
        (Self::LiterPerMinute, "L/min", "l/min"),
        (Self::CubicMeterPerHour, "m3/h", "m³/h"),
        (Self::Pascal, "Pa", "Pa"),
        (Self::Kilopascal, "kPa", "kPa"),
        (Self::Bar, "bar", "bar"),
        (Self::Percent, "%", "%"),
        (Self::PercentRh, "%{RH}", "%RH"),
        (Self::One, "1", ""),
        (Self::PerMinute, "/min", "rpm"),
        (Self::Second, "s", "s"),
        (Self::Ampere, "A", "A"),
        (Self::Volt, "V", "V"),
        (Self::Hertz, "Hz", "Hz"),
    ];

    /// The unit of a UCUM code, or nothing.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, c, _)| *c == code).map(|(u, _, _)| *u)
    }

    /// The UCUM code, as written in files and on the wire.
    #[must_use]
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(u, _, _)| *u == self).map_or("1", |(_, c, _)| c)
    }

    /// The unit of a difference: temperatures differ in kelvins.
    #[must_use]
    pub const fn difference(self) -> Self {
        if matches!(self, Self::Cel) { Self::Kelvin } else { self }
    }

    /// The form for people.
    #[must_use]
    pub fn pretty(self) -> &'static str {
        Self::ALL.iter().find(|(u, _, _)| *u == self).map_or("", |(_, _, p)| p)
    }

    /// The canonical unit of this dimension, with the way there.
    #[must_use]
    pub const fn canonical(self) -> (Self, Affine) {
        let (unit, scale, offset) = match self {
            Self::Cel => (Self::Cel, 1.0, 0.0),
            Self::Fahrenheit => (Self::Cel, 5.0 / 9.0, -160.0 / 9.0),
            Self::Kelvin => (Self::Kelvin, 1.0, 0.0),
            Self::Watt => (Self::Watt, 1.0, 0.0),
            Self::Kilowatt => (Self::Watt, 1e3, 0.0),
            Self::Megawatt => (Self::Watt, 1e6, 0.0),
            Self::WattHour => (Self::WattHour, 1.0, 0.0),
            Self::KilowattHour => (Self::WattHour, 1e3, 0.0),
            Self::MegawattHour => (Self::WattHour, 1e6, 0.0),
            Self::LiterPerSecond => (Self::LiterPerSecond, 1.0, 0.0),
            Self::LiterPerMinute => (Self::LiterPerSecond, 1.0 / 60.0, 0.0),
            Self::CubicMeterPerHour => (Self::LiterPerSecond, 1.0 / 3.6, 0.0),
            Self::Pascal => (Self::Pascal, 1.0, 0.0),
            Self::Kilopascal => (Self::Pascal, 1e3, 0.0),
            Self::Bar => (Self::Pascal, 1e5, 0.0),
            Self::Percent => (Self::Percent, 1.0, 0.0),
            Self::PercentRh => (Self::PercentRh, 1.0, 0.0),
            Self::One => (Self::One, 1.0, 0.0),
            Self::PerMinute => (Self::PerMinute, 1.0, 0.0),
            Self::Second => (Self::Second, 1.0, 0.0),
            Self::Ampere => (Self::Ampere, 1.0, 0.0),
            Self::Volt => (Self::Volt, 1.0, 0.0),
            Self::Hertz => (Self::Hertz, 1.0, 0.0),
        };
        (unit, Affine { scale, offset })
    }

    /// How a value in this unit becomes one in `to`; nothing when the dimensions differ.
    #[must_use]
    pub fn conversion(self, to: Self) -> Option<Affine> {
        let ((mine, a), (theirs, b)) = (self.canonical(), to.canonical());
        (mine == theirs).then(|| Affine { scale: a.scale / b.scale, offset: (a.offset - b.offset) / b.scale })
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_of_temperatures_is_a_difference() {
        assert_eq!(Celsius(24.0) - Celsius(20.5), Kelvins(3.5));
        assert_eq!(Celsius(24.0) + Kelvins(1.5), Celsius(25.5));
    }

    #[test]
    fn units_convert_within_their_dimension_only() {
        let f = Unit::Fahrenheit.conversion(Unit::Cel).expect("one dimension");
        assert!((77.0 * f.scale + f.offset - 25.0).abs() < 1e-12);
        let c = Unit::Cel.conversion(Unit::Fahrenheit).expect("one dimension");
        assert!((25.0 * c.scale + c.offset - 77.0).abs() < 1e-12);
        assert_eq!(Unit::Kilowatt.conversion(Unit::Watt), Some(Affine { scale: 1e3, offset: 0.0 }));
        assert_eq!(Unit::Watt.conversion(Unit::WattHour), None);
        assert_eq!(Unit::Cel.conversion(Unit::Kelvin), None, "a temperature is no difference");
    }

    #[test]
    fn every_code_parses_back() {
        for (unit, code, _) in Unit::ALL {
            assert_eq!(Unit::parse(code), Some(unit));
            assert_eq!(unit.code(), code);
        }
    }

    #[test]
    fn power_over_time_is_energy() {
        assert_eq!(Watts(1200.0).over(Span::from_secs(1800)), WattHours(600.0));
    }
}
