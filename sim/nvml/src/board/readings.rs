//! What a GPU's sensors say, as a set and as words.

use super::cells::SENSORS;

/// NVML's bits of what holds clocks back.
pub mod held {
    /// There is no work.
    pub const IDLE: u64 = 0x1;
    /// Somebody set the clocks.
    pub const CLOCK_SETTING: u64 = 0x2;
    /// The limit in force.
    pub const POWER_CAP: u64 = 0x4;
    /// Hardware, whatever made it do so.
    pub const HARDWARE: u64 = 0x8;
    /// Heat.
    pub const HEAT: u64 = 0x20;
    /// The power supply.
    pub const POWER_BRAKE: u64 = 0x80;
}

/// What a GPU's sensors say at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readings {
    /// When (µs since 1970).
    pub at_us: u64,
    /// Power, over the last 25 ms (mW).
    pub instant_mw: u64,
    /// Power, over the last second (mW).
    pub average_mw: u64,
    /// Energy since the driver was loaded (mJ).
    pub energy_mj: u64,
    /// The die (°C).
    pub die_cel: u64,
    /// The memory (°C).
    pub memory_cel: u64,
    /// How busy it is (%).
    pub busy: u64,
    /// What holds its clocks back, as NVML's bits.
    pub held: u64,
    /// Its clock (MHz).
    pub clock_mhz: u64,
    /// For how long a power limit has held it back (ns).
    pub power_ns: u64,
    /// For how long heat has (ns).
    pub heat_ns: u64,
    /// For how long the power brake has (ns).
    pub brake_ns: u64,
}

impl Readings {
    pub(super) const fn words(self) -> [u64; SENSORS] {
        let Self { at_us, instant_mw, average_mw, energy_mj, die_cel, memory_cel, .. } = self;
        let Self { busy, held, clock_mhz, power_ns, heat_ns, brake_ns, .. } = self;
        [
            at_us, instant_mw, average_mw, energy_mj, die_cel, memory_cel, busy, held, clock_mhz, power_ns, heat_ns,
            brake_ns,
        ]
    }

    pub(super) const fn of(words: [u64; SENSORS]) -> Self {
        let [
            at_us,
            instant_mw,
            average_mw,
            energy_mj,
            die_cel,
            memory_cel,
            busy,
            held,
            clock_mhz,
            power_ns,
            heat_ns,
            brake_ns,
        ] = words;
        Self {
            at_us,
            instant_mw,
            average_mw,
            energy_mj,
            die_cel,
            memory_cel,
            busy,
            held,
            clock_mhz,
            power_ns,
            heat_ns,
            brake_ns,
        }
    }
}
