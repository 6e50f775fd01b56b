//! The calls that the safe wrapper lacks: fields with a scope, and a limit with a scope. The one place with `unsafe` in this crate.
#![expect(unsafe_code, reason = "NVML's C functions of scopes have no safe wrapper")]

use nvml_wrapper::Device;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper_sys::bindings::{
    nvmlFieldValue_t, nvmlPowerValue_v2_t, nvmlReturn_enum_NVML_SUCCESS as SUCCESS, nvmlValue_t,
    nvmlValueType_enum_NVML_VALUE_TYPE_DOUBLE as DOUBLE, nvmlValueType_enum_NVML_VALUE_TYPE_SIGNED_INT as SIGNED_INT,
    nvmlValueType_enum_NVML_VALUE_TYPE_SIGNED_LONG_LONG as SIGNED_LONG_LONG,
    nvmlValueType_enum_NVML_VALUE_TYPE_UNSIGNED_INT as UNSIGNED_INT,
    nvmlValueType_enum_NVML_VALUE_TYPE_UNSIGNED_LONG as UNSIGNED_LONG,
    nvmlValueType_enum_NVML_VALUE_TYPE_UNSIGNED_LONG_LONG as UNSIGNED_LONG_LONG,
    nvmlValueType_enum_NVML_VALUE_TYPE_UNSIGNED_SHORT as UNSIGNED_SHORT,
};
use plant::convert;

/// What of a board a limit or a power is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The GPU.
    #[default]
    Gpu,
    /// The GPU, and the processor that stands on the same module.
    Module,
}

impl Scope {
    /// NVML's number of it.
    const fn number(self) -> u8 {
        match self {
            Self::Gpu => 0,
            Self::Module => 1,
        }
    }
}

/// Reads fields by their numbers, each by itself a value (the field's own unit) or an error.
///
/// # Errors
/// The call's own, when no field was read.
pub fn fields<const N: usize>(
    device: &Device<'_>,
    scope: Scope,
    ids: [u32; N],
) -> Result<[Result<u64, NvmlError>; N], NvmlError> {
    let call = device.nvml().lib().nvmlDeviceGetFieldValues.as_ref();
    let call = call.map_err(|e| NvmlError::FailedToLoadSymbol(e.to_string()))?;
    let mut values = ids.map(|id| nvmlFieldValue_t {
        fieldId: id,
        scopeId: scope.number().into(),
        timestamp: 0,
        latencyUsec: 0,
        valueType: 0,
        nvmlReturn: SUCCESS,
        value: nvmlValue_t { ullVal: 0 },
    });
    let count = i32::try_from(N).map_err(|_| NvmlError::InvalidArg)?;
    // SAFETY: the handle came from this very library, which `device` keeps loaded and initialised; `values` are `count` structs of the C
    // library's layout, alive and ours alone until the call is back.
    let code = unsafe { call(device.handle(), count, values.as_mut_ptr()) };
    nvml_wrapper::error::nvml_try(code)?;
    Ok(values.map(|value| nvml_wrapper::error::nvml_try(value.nvmlReturn).and_then(|()| number(&value))))
}

/// The number in a field's value; what is negative or broken is no power, energy or temperature.
fn number(of: &nvmlFieldValue_t) -> Result<u64, NvmlError> {
    let bad = || NvmlError::UnexpectedVariant(of.valueType);
    // SAFETY: every member of the union is a plain number for which each bit pattern is valid, and all eight bytes were written
    // before the call by `ullVal: 0`; `valueType` says which of them the library has filled.
    unsafe {
        match of.valueType {
            DOUBLE if of.value.dVal.is_finite() && of.value.dVal >= 0.0 => {
                Ok(convert::u64_from_f64_rounded(of.value.dVal))
            }
            UNSIGNED_INT => Ok(of.value.uiVal.into()),
            UNSIGNED_LONG | UNSIGNED_LONG_LONG => Ok(of.value.ullVal),
            SIGNED_LONG_LONG => u64::try_from(of.value.sllVal).map_err(|_| bad()),
            SIGNED_INT => u64::try_from(of.value.siVal).map_err(|_| bad()),
            UNSIGNED_SHORT => Ok(of.value.usVal.into()),
            _ => Err(bad()),
        }
    }
}

/// Asks for a power limit (mW) of a scope.
///
/// # Errors
/// The library's own.
pub fn set_limit(device: &Device<'_>, scope: Scope, milliwatts: u32) -> Result<(), NvmlError> {
    /// The struct's size and version as the library wants them: 12 bytes, second version.
    const VERSION: u32 = 12 | (2 << 24);
    let call = device.nvml().lib().nvmlDeviceSetPowerManagementLimit_v2.as_ref();
    let call = call.map_err(|e| NvmlError::FailedToLoadSymbol(e.to_string()))?;
    let mut value = nvmlPowerValue_v2_t { version: VERSION, powerScope: scope.number(), powerValueMw: milliwatts };
    // SAFETY: the handle came from this very library, which `device` keeps loaded and initialised; `value` is the struct that the
    // version names, alive and ours alone until the call is back.
    let code = unsafe { call(device.handle(), &raw mut value) };
    nvml_wrapper::error::nvml_try(code)
}
