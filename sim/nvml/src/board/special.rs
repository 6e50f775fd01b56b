//! What a GPU can and what can be wrong with it.

/// What a product can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Can {
    /// Average its power over a second.
    Average,
    /// Be cut into instances.
    Mig,
    /// Measure its memory's temperature.
    MemorySensor,
}

impl Can {
    pub(super) const fn bit(self) -> u64 {
        match self {
            Self::Average => 1,
            Self::Mig => 2,
            Self::MemorySensor => 4,
        }
    }
}

/// What can be wrong with a GPU, or special.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It has fallen off the bus: every call on it fails.
    Lost,
    /// Whoever sets something lacks permission.
    NoPermission,
    /// It is cut into instances.
    Mig,
    /// Its sensors stand still, their time and the energy counter with them.
    Stuck,
    /// Its power readings stand still; everything else goes on.
    StuckPower,
    /// Power is told and limited for the whole module only.
    ModuleOnly,
    /// There is no instant power reading.
    NoInstant,
    /// The power supply's brake line is pulled.
    PowerBrake,
    /// It says yes to limits and keeps the one it has.
    Deaf,
}

impl Fault {
    pub(super) const fn bit(self) -> u64 {
        match self {
            Self::Lost => 1,
            Self::NoPermission => 1 << 1,
            Self::Mig => 1 << 2,
            Self::Stuck => 1 << 3,
            Self::StuckPower => 1 << 4,
            Self::ModuleOnly => 1 << 5,
            Self::NoInstant => 1 << 6,
            Self::PowerBrake => 1 << 7,
            Self::Deaf => 1 << 8,
        }
    }
}

/// What readings of power, energy and temperature say instead of the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sentinel {
    /// The truth.
    Off,
    /// 0, as drivers say when they are asked too fast.
    Zero,
    /// All bits set: NVML's own "not available".
    NotAvailable,
    /// A hundred times too much.
    Absurd,
}

impl Sentinel {
    pub(super) const ALL: [Self; 4] = [Self::Off, Self::Zero, Self::NotAvailable, Self::Absurd];

    pub(super) const fn number(self) -> u64 {
        match self {
            Self::Off => 0,
            Self::Zero => 1,
            Self::NotAvailable => 2,
            Self::Absurd => 3,
        }
    }

    /// What is said where `truth` is read.
    #[must_use]
    pub const fn instead_of(self, truth: u64) -> u64 {
        match self {
            Self::Off => truth,
            Self::Zero => 0,
            Self::NotAvailable => u64::MAX,
            Self::Absurd => truth.saturating_mul(100),
        }
    }
}
