//! Symbols of power, energy and limits.
#![expect(unsafe_code, reason = "a symbol's name is the linker's, and nobody else in a process has NVML's")]

use std::process;

use super::code::Code;
use super::pointer::{Both, Out};
use super::session::{Call, Handle, on, set};
use crate::board::{Can, Fault};

/// Scopes of power: the GPU alone, or the module that it is a part of.
pub mod scope {
    pub const GPU: u32 = 0;
    pub const MODULE: u32 = 1;
    pub const MEMORY: u32 = 2;
}

/// `NVML_STRUCT_VERSION(PowerValue, 2)`: its size, and its version in the upper byte.
const POWER_VALUE: u32 = 2 << 24 | 12;

/// `nvmlPowerValue_v2_t`.
#[derive(Clone, Copy)]
#[repr(C)]
struct PowerValue {
    version: u32,
    scope: u8,
    milliwatts: u32,
}

/// Power: the average where the driver averages, else the instant one.
#[unsafe(export_name = "nvmlDeviceGetPowerUsage")]
extern "C" fn usage(device: Handle, power: Out<u32>) -> Code {
    on(device, |call| {
        call.scoped(scope::GPU)?;
        let readings = call.gpu.readings();
        let averages = call.gpu.can(Can::Average);
        power.put(call.said(if averages { readings.average_mw } else { readings.instant_mw }))
    })
}

/// Energy since the driver was loaded.
#[unsafe(export_name = "nvmlDeviceGetTotalEnergyConsumption")]
extern "C" fn energy(device: Handle, energy: Out<u64>) -> Code {
    on(device, |call| energy.put(call.gpu.sentinel().instead_of(call.gpu.readings().energy_mj)))
}

/// The limit asked for.
#[unsafe(export_name = "nvmlDeviceGetPowerManagementLimit")]
extern "C" fn limit(device: Handle, limit: Out<u32>) -> Code {
    on(device, |call| {
        call.scoped(scope::GPU)?;
        limit.put(call.gpu.requested())
    })
}

/// The limit in force.
#[unsafe(export_name = "nvmlDeviceGetEnforcedPowerLimit")]
extern "C" fn enforced(device: Handle, limit: Out<u32>) -> Code {
    on(device, |call| {
        call.scoped(scope::GPU)?;
        limit.put(call.gpu.enforced())
    })
}

/// The limit after loading.
#[unsafe(export_name = "nvmlDeviceGetPowerManagementDefaultLimit")]
extern "C" fn default_limit(device: Handle, limit: Out<u32>) -> Code {
    on(device, |call| {
        call.scoped(scope::GPU)?;
        limit.put(call.gpu.default_limit())
    })
}

/// The limits that the driver takes.
#[unsafe(export_name = "nvmlDeviceGetPowerManagementLimitConstraints")]
extern "C" fn constraints(device: Handle, least: Out<u32>, most: Out<u32>) -> Code {
    on(device, |call| {
        call.scoped(scope::GPU)?;
        most.check()?;
        let bounds = call.gpu.bounds();
        least.put(bounds.0)?;
        most.put(bounds.1)
    })
}

/// Whether power can be managed at all.
#[unsafe(export_name = "nvmlDeviceGetPowerManagementMode")]
extern "C" fn mode(device: Handle, mode: Out<u32>) -> Code {
    on(device, |_| mode.put(1))
}

/// Asks for a limit.
#[unsafe(export_name = "nvmlDeviceSetPowerManagementLimit")]
extern "C" fn set_limit(device: Handle, milliwatts: u32) -> Code {
    set(device, |call| {
        call.scoped(scope::GPU)?;
        call.limit(milliwatts)
    })
}

/// Asks for a limit of the GPU or of its module.
#[unsafe(export_name = "nvmlDeviceSetPowerManagementLimit_v2")]
extern "C" fn set_limit_scoped(device: Handle, value: Both<PowerValue>) -> Code {
    set(device, |call| {
        let value = value.get()?;
        if value.version != POWER_VALUE {
            return Err(Code::VERSION_MISMATCH);
        }
        call.scoped(u32::from(value.scope))?;
        call.limit(value.milliwatts)
    })
}

impl Call<'_> {
    /// Whether power is told and limited in this scope.
    pub fn scoped(&self, scope: u32) -> Result<(), Code> {
        let module_only = self.gpu.has(Fault::ModuleOnly);
        match scope {
            scope::GPU if !module_only => Ok(()),
            scope::MODULE if module_only => Ok(()),
            scope::GPU | scope::MODULE | scope::MEMORY => Err(Code::NOT_SUPPORTED),
            _ => Err(Code::INVALID_ARGUMENT),
        }
    }

    /// What is said where a reading of 32 bits is true.
    pub fn said(&self, truth: u64) -> u32 {
        u32::try_from(self.gpu.sentinel().instead_of(truth)).unwrap_or(u32::MAX)
    }

    fn limit(&self, milliwatts: u32) -> Result<bool, Code> {
        let (least, most) = self.gpu.bounds();
        if !(least..=most).contains(&milliwatts) {
            return Err(Code::INVALID_ARGUMENT);
        }
        Ok(self.gpu.request(self.life, milliwatts, process::id()))
    }
}
