//! GPUs as adapters, agents and the controller speak of them: their names, milliwatts, and what was read of one at an instant.

use std::fmt;
use std::iter::Sum;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::convert;
use crate::time::{Mono, Span};
use crate::units::{Celsius, Percent, Watts};

/// A GPU's own name, as its driver tells it: `GPU-` and 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12. It stays with
/// the board when the machine starts anew, when the driver does, and when an index moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(u128);

/// What is no GPU's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoUuid(String);

/// Digits in each group of a name.
const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

impl Uuid {
    /// From its 128 bits.
    #[must_use]
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }
}

impl fmt::Display for NoUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no GPU: write it as `nvidia-smi -L` does, GPU-01234567-89ab-cdef-0123-456789abcdef", self.0)
    }
}

impl std::error::Error for NoUuid {}

impl FromStr for Uuid {
    type Err = NoUuid;

    fn from_str(text: &str) -> Result<Self, NoUuid> {
        let no = || NoUuid(text.chars().take(60).collect());
        let digits = text.strip_prefix("GPU-").ok_or_else(no)?;
        let mut groups = digits.split('-');
        let mut bits = 0_u128;
        for length in GROUPS {
            let group = groups.next().filter(|g| g.len() == length && g.bytes().all(|b| b.is_ascii_hexdigit()));
            let value = group.and_then(|g| u128::from_str_radix(g, 16).ok()).ok_or_else(no)?;
            bits = (bits << (4 * length)) | value;
        }
        groups.next().is_none().then_some(Self(bits)).ok_or_else(no)
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GPU")?;
        let mut left = 128;
        for length in GROUPS {
            left -= 4 * length;
            write!(f, "-{:0length$x}", (self.0 >> left) & ((1 << (4 * length)) - 1))?;
        }
        Ok(())
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// Power counted exactly, as drivers take caps: in thousandths of a watt (mW, ≥ 0). Sums stop at the largest number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Milliwatts(pub u64);

impl Milliwatts {
    /// From whole watts (W).
    #[must_use]
    pub const fn from_watts(watts: u32) -> Self {
        Self(1000 * convert::u64_from_usize(convert::usize_from_u32(watts)))
    }

    /// As a float.
    #[must_use]
    pub const fn watts(self) -> Watts {
        Watts(convert::f64_from_u64(self.0) / 1000.0)
    }

    /// This less another, nothing where the other is more.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// How far two are apart.
    #[must_use]
    pub const fn apart(self, other: Self) -> Self {
        Self(self.0.abs_diff(other.0))
    }
}

impl std::ops::Add for Milliwatts {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Milliwatts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self(0), |a, b| a + b)
    }
}

impl fmt::Display for Milliwatts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.*} W", f.precision().unwrap_or(1), self.watts().0)
    }
}

/// Energy since a driver started (mJ, ≥ 0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millijoules(pub u64);

/// Why a GPU's clocks are lower than they could be: the driver's bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Throttle(pub u64);

impl Throttle {
    /// Nothing runs.
    pub const IDLE: Self = Self(0x1);
    /// Clocks are set by an application, or locked.
    pub const CLOCKS_SET: Self = Self(0x2);
    /// The power limit.
    pub const POWER_CAP: Self = Self(0x4);
    /// Hardware slows down by half or more: heat, a power brake, or too much current.
    pub const HARDWARE: Self = Self(0x8);
    /// Another GPU of its group.
    pub const SYNC_BOOST: Self = Self(0x10);
    /// Heat, by the driver.
    pub const HEAT: Self = Self(0x20);
    /// Heat, by the hardware.
    pub const HARDWARE_HEAT: Self = Self(0x40);
    /// The machine's power supply, or its rack, pulled the brake.
    pub const POWER_BRAKE: Self = Self(0x80);
    /// The display's clock.
    pub const DISPLAY: Self = Self(0x100);

    /// True where any of `these` holds.
    #[must_use]
    pub const fn any(self, these: Self) -> bool {
        self.0 & these.0 != 0
    }

    /// In words, the known ones.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        [
            (Self::IDLE, "idle"),
            (Self::CLOCKS_SET, "clocks set"),
            (Self::POWER_CAP, "power cap"),
            (Self::HARDWARE, "hardware slowdown"),
            (Self::SYNC_BOOST, "sync boost"),
            (Self::HEAT, "heat"),
            (Self::HARDWARE_HEAT, "heat, by hardware"),
            (Self::POWER_BRAKE, "power brake"),
            (Self::DISPLAY, "display clock"),
        ]
        .into_iter()
        .filter(move |(bit, _)| self.any(*bit))
        .map(|(_, word)| word)
    }
}

/// Where a GPU's power was read, and so how late it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PowerSource {
    /// The driver's value of now.
    Momentary,
    /// The driver's mean of the last second.
    Average,
    /// The energy counter's rise over the last second or more: power's own sensor is missing or stands still.
    Energy,
}

impl PowerSource {
    /// How long after a step of power nine tenths of it are seen at the latest, reading not counted: what public measurements
    /// of boards from V100 to H100 show, rounded up ("Part-time Power Measurements", SC'24).
    #[must_use]
    pub const fn lag(self) -> Span {
        match self {
            Self::Momentary => Span::from_millis(300),
            Self::Average => Span::from_millis(1000),
            Self::Energy => Span::from_millis(1200),
        }
    }
}

/// A GPU's power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PowerReading {
    /// What it draws (mW).
    pub draw: Milliwatts,
    /// Where that was read.
    pub source: PowerSource,
}

/// The power limits of a GPU, as far as its driver tells them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PowerLimits {
    /// What was asked for last, by whoever.
    pub configured: Option<Milliwatts>,
    /// What is kept: the least of what was asked for, what the board's own controller was told, and what the board bears.
    pub enforced: Option<Milliwatts>,
    /// What it is after a start of the driver.
    pub default: Option<Milliwatts>,
    /// The least that can be asked for.
    pub least: Option<Milliwatts>,
    /// The most that can be asked for.
    pub most: Option<Milliwatts>,
}

impl PowerLimits {
    /// The nearest cap that the board takes (mW); any where it does not tell.
    #[must_use]
    pub fn fit(&self, cap: Milliwatts) -> Milliwatts {
        match self.least.zip(self.most) {
            Some((least, most)) if least <= most => cap.clamp(least, most),
            Some(_) | None => cap,
        }
    }
}

/// How a GPU is, seen from its driver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Not read yet.
    #[default]
    Unread,
    /// All is read.
    Well,
    /// Power's sensor stands still while energy is counted: power is what the counter says.
    PowerFrozen,
    /// Neither power nor energy moves: nothing is known of its power.
    Frozen,
    /// The driver says that it is gone, or no longer knows it.
    Lost,
    /// A call has not come back in time.
    Silent,
    /// There is no driver.
    NoDriver,
    /// The driver answers with an error.
    Failing,
}

impl Condition {
    /// True where what was read of a GPU is what is: its limits above all.
    #[must_use]
    pub const fn is_read(self) -> bool {
        match self {
            Self::Well | Self::PowerFrozen | Self::Frozen => true,
            Self::Unread | Self::Lost | Self::Silent | Self::NoDriver | Self::Failing => false,
        }
    }
}

/// What was read of one GPU. What is missing the driver did not tell, or told by a number that means nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GpuSample {
    /// When it was read.
    pub at: Mono,
    /// Counts the drivers this process has seen: another number means that limits may be back at their defaults.
    pub driver: u64,
    /// How it is.
    pub condition: Condition,
    /// What it draws.
    pub power: Option<PowerReading>,
    /// Energy since the driver started.
    pub energy: Option<Millijoules>,
    /// The die.
    pub die: Option<Celsius>,
    /// Its memory.
    pub memory: Option<Celsius>,
    /// Why it is slower than it could be.
    pub throttle: Option<Throttle>,
    /// Memory errors that could not be corrected since the driver started (1).
    pub ecc: Option<u64>,
    /// The share of time in which anything ran on it (%, 0 to 100).
    pub busy: Option<Percent>,
    /// The share of time in which its memory was read or written (%, 0 to 100).
    pub memory_busy: Option<Percent>,
    /// Its limits.
    pub limits: PowerLimits,
    /// The driver stays loaded when nobody uses it: without, a limit is lost with the last user.
    pub persistent: Option<bool>,
    /// It is cut into instances. Power and limits are the whole board's.
    pub mig: bool,
}

impl GpuSample {
    /// The most it can draw for all we know (mW): what is enforced, else what it bears; nothing where neither was ever told.
    #[must_use]
    pub fn at_most(&self) -> Option<Milliwatts> {
        let told = self.condition.is_read() || self.condition == Condition::Silent;
        self.limits.enforced.filter(|_| told).or(self.limits.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// A name is read back as it was written, and nothing else is read at all.
        #[test]
        fn a_name_comes_back(bits in any::<u128>(), cut in 0_usize..40, noise in "\\PC{0,60}") {
            let name = Uuid::from_bits(bits).to_string();
            prop_assert_eq!(name.len(), 40);
            prop_assert_eq!(name.parse(), Ok(Uuid::from_bits(bits)));
            prop_assert!(name.get(..cut).expect("ascii").parse::<Uuid>().is_err());
            prop_assert!(noise.parse::<Uuid>().is_err() || noise.len() == 40);
        }
    }

    #[test]
    fn a_name_of_an_instance_or_without_hyphens_is_none() {
        for text in [
            "MIG-0123456789abcdef",
            "GPU-0123456789abcdef0123456789abcdef",
            "GPU-01234567-89ab-cdef-0123-456789abcdef-",
        ] {
            let error = text.parse::<Uuid>().expect_err("no name").to_string();
            assert!(error.contains(text) && error.contains("nvidia-smi -L"), "{error}");
        }
    }

    #[test]
    fn who_is_lost_may_draw_what_the_board_bears() {
        let limits = PowerLimits {
            enforced: Some(Milliwatts::from_watts(300)),
            most: Some(Milliwatts::from_watts(700)),
            ..PowerLimits::default()
        };
        let of = |condition| GpuSample { condition, limits, ..GpuSample::default() }.at_most();
        assert_eq!(of(Condition::Silent), Some(Milliwatts::from_watts(300)), "no call can have raised it");
        assert_eq!(
            of(Condition::Lost),
            Some(Milliwatts::from_watts(700)),
            "a driver that starts anew forgets the limit"
        );
        assert_eq!(of(Condition::NoDriver), Some(Milliwatts::from_watts(700)));
        assert_eq!(GpuSample::default().at_most(), None);
    }
}
