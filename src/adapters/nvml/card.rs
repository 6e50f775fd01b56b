//! What a board is: asked once for each driver.

use nvml_wrapper::Device;
use nvml_wrapper::error::NvmlError;
use plant::gpu::{Milliwatts, PowerLimits, Uuid};
use serde::Serialize;

use super::raw::{self, Scope};
use super::sane;
use super::trouble::Class;

/// NVML's numbers of fields.
pub(super) mod field {
    pub const MEMORY_TEMPERATURE: u32 = 82;
    pub const AVERAGE: u32 = 185;
    pub const INSTANT: u32 = 186;
    pub const LEAST: u32 = 187;
    pub const MOST: u32 = 188;
    pub const DEFAULT: u32 = 189;
    pub const CURRENT: u32 = 190;
    pub const REQUESTED: u32 = 192;
}

/// How a board tells its power.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Meter {
    /// Field 186.
    Instant,
    /// Field 185.
    AverageField,
    /// The old call: a mean of the last second on most boards.
    #[default]
    Usage,
    /// Not at all: the energy counter is left.
    None,
}

/// One board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Card {
    /// Its own name.
    pub uuid: Uuid,
    /// Its product's name.
    pub name: String,
    /// Its board's serial number, where it tells.
    pub serial: Option<String>,
    /// Its address on the bus, where it tells.
    pub bus: Option<String>,
    /// Limits that do not change: default, least, most.
    pub limits: PowerLimits,
    /// Power and limits are those of the whole module: GPU, memory and processor.
    pub whole_module: bool,
    /// Its power is told as an instant, not as the mean of a second.
    pub instant: bool,
    #[serde(skip)]
    pub(super) meter: Meter,
    #[serde(skip)]
    pub(super) scope: Scope,
}

impl Card {
    /// Asks a board.
    ///
    /// # Errors
    /// The library's, where it does not even tell the board's name or has lost it meanwhile.
    pub(super) fn read(device: &Device<'_>, uuid: Uuid) -> Result<Self, NvmlError> {
        let name = device.name()?;
        let (scope, meter) = meter(device)?;
        let (bus, serial) = (may(device.pci_info())?.map(|p| p.bus_id), may(device.serial())?);
        Ok(Self {
            uuid,
            name,
            serial,
            bus,
            limits: limits(device, scope)?,
            whole_module: scope == Scope::Module,
            instant: meter == Meter::Instant,
            meter,
            scope,
        })
    }
}

/// A value that a board may lack. What else goes wrong is the call's own error.
pub(super) fn may<T>(result: Result<T, NvmlError>) -> Result<Option<T>, NvmlError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => match Class::of(&error) {
            Class::Driver | Class::Gpu => Err(error),
            Class::Absent | Class::Permission | Class::Other => Ok(None),
        },
    }
}

/// Which of its powers a board tells: the GPU's before the module's, the instant before the mean. One that answers with a number that
/// means nothing is taken where no other does better: it may come to itself.
fn meter(device: &Device<'_>) -> Result<(Scope, Meter), NvmlError> {
    let mut mute = None;
    for scope in [Scope::Gpu, Scope::Module] {
        let [instant, average] = match may(raw::fields(device, scope, [field::INSTANT, field::AVERAGE]))? {
            Some(values) => values.map(may),
            None => [Ok(None), Ok(None)],
        };
        let usage = if scope == Scope::Gpu { may(device.power_usage())?.map(u64::from) } else { None };
        for (meter, told) in [(Meter::Instant, instant?), (Meter::AverageField, average?), (Meter::Usage, usage)] {
            match told.map(sane::power) {
                Some(Some(_)) => return Ok((scope, meter)),
                Some(None) => mute = mute.or(Some((scope, meter))),
                None => {}
            }
        }
    }
    Ok(mute.unwrap_or((Scope::Gpu, Meter::None)))
}

/// Default, least and most, by the scope in which the board is metered.
fn limits(device: &Device<'_>, scope: Scope) -> Result<PowerLimits, NvmlError> {
    let sane = |mw: u32| sane::power(mw.into());
    let (default, range) = match scope {
        Scope::Gpu => {
            let range = may(device.power_management_limit_constraints())?;
            (
                may(device.power_management_limit_default())?.and_then(sane),
                range.and_then(|r| sane(r.min_limit).zip(sane(r.max_limit))),
            )
        }
        Scope::Module => {
            let [least, most, default] = raw::fields(device, scope, [field::LEAST, field::MOST, field::DEFAULT])?;
            let power = |value| may(value).map(|v| v.and_then(sane::power));
            (power(default)?, power(least)?.zip(power(most)?))
        }
    };
    let range = range.filter(|(least, most)| least <= most);
    Ok(PowerLimits { default, least: range.map(|r| r.0), most: range.map(|r| r.1), ..PowerLimits::default() })
}

/// What is configured and what is enforced now.
pub(super) fn now(device: &Device<'_>, scope: Scope) -> Result<(Option<Milliwatts>, Option<Milliwatts>), NvmlError> {
    let sane = |mw: u32| sane::power(mw.into());
    match scope {
        Scope::Gpu => {
            let configured = may(device.power_management_limit())?.and_then(sane);
            Ok((configured, may(device.enforced_power_limit())?.and_then(sane)))
        }
        Scope::Module => {
            let [current, requested] = raw::fields(device, scope, [field::CURRENT, field::REQUESTED])?;
            let power = |value| may(value).map(|v| v.and_then(sane::power));
            Ok((power(requested)?, power(current)?))
        }
    }
}

/// Asks for a limit (mW, whole range of the board).
///
/// # Errors
/// The library's.
pub(super) fn set_limit(device: &mut Device<'_>, scope: Scope, limit: Milliwatts) -> Result<(), NvmlError> {
    let milliwatts = u32::try_from(limit.0).map_err(|_| NvmlError::InvalidArg)?;
    match scope {
        Scope::Gpu => device.set_power_management_limit(milliwatts),
        Scope::Module => raw::set_limit(device, scope, milliwatts),
    }
}

/// Locks the clocks of the cores within a range (MHz), or frees them.
///
/// # Errors
/// The library's.
pub(super) fn lock_clocks(device: &mut Device<'_>, range: Option<(u32, u32)>) -> Result<(), NvmlError> {
    use nvml_wrapper::enums::device::GpuLockedClocksSetting;
    match range {
        Some((min_clock_mhz, max_clock_mhz)) => {
            device.set_gpu_locked_clocks(GpuLockedClocksSetting::Numeric { min_clock_mhz, max_clock_mhz })
        }
        None => device.reset_gpu_locked_clocks(),
    }
}

/// Errors of a GPU's memory that could not be corrected.
pub(super) fn ecc(device: &Device<'_>) -> Result<Option<u64>, NvmlError> {
    use nvml_wrapper::enum_wrappers::device::{EccCounter, MemoryError};
    Ok(may(device.total_ecc_errors(MemoryError::Uncorrected, EccCounter::Volatile))?.and_then(sane::count))
}

/// Whether a board is cut into instances.
pub(super) fn mig(device: &Device<'_>) -> Result<bool, NvmlError> {
    Ok(may(device.mig_mode())?.is_some_and(|m| m.current == 1))
}
