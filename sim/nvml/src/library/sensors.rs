//! Symbols of everything else that a GPU measures.
#![expect(unsafe_code, reason = "a symbol's name is the linker's, and nobody else in a process has NVML's")]

use super::code::Code;
use super::pointer::Out;
use super::session::{Handle, on, on_any};
use crate::board::Fault;

/// What may hold clocks back, of what this driver knows.
const KNOWN_REASONS: u64 = 0x1FF;
/// Clocks of memory, as a share of the highest clock of the cores (%).
const MEMORY_CLOCK: u32 = 130;

/// `nvmlUtilization_t`.
#[derive(Clone, Copy)]
#[repr(C)]
struct Utilisation {
    gpu: u32,
    memory: u32,
}

/// `nvmlViolationTime_t`.
#[derive(Clone, Copy)]
#[repr(C)]
struct Violation {
    reference_us: u64,
    violation_ns: u64,
}

/// The die's temperature. NVML knows no other thermometer here.
#[unsafe(export_name = "nvmlDeviceGetTemperature")]
extern "C" fn temperature(device: Handle, sensor: u32, cel: Out<u32>) -> Code {
    on(device, |call| {
        if sensor != 0 {
            return Err(Code::INVALID_ARGUMENT);
        }
        cel.put(call.said(call.gpu.readings().die_cel))
    })
}

/// What holds the clocks back now.
#[unsafe(export_name = "nvmlDeviceGetCurrentClocksThrottleReasons")]
extern "C" fn throttle_reasons(device: Handle, reasons: Out<u64>) -> Code {
    on(device, |call| reasons.put(call.gpu.readings().held))
}

/// The same under its newer name.
#[unsafe(export_name = "nvmlDeviceGetCurrentClocksEventReasons")]
extern "C" fn event_reasons(device: Handle, reasons: Out<u64>) -> Code {
    throttle_reasons(device, reasons)
}

/// What may hold the clocks back.
#[unsafe(export_name = "nvmlDeviceGetSupportedClocksThrottleReasons")]
extern "C" fn known_reasons(device: Handle, reasons: Out<u64>) -> Code {
    on(device, |_| reasons.put(KNOWN_REASONS))
}

/// Memory errors; both of its counters began with the board.
#[unsafe(export_name = "nvmlDeviceGetTotalEccErrors")]
extern "C" fn memory_errors(device: Handle, kind: u32, counter: u32, count: Out<u64>) -> Code {
    on_any(device, |call| {
        let (corrected, uncorrected) = call.gpu.memory_errors();
        match (kind, counter) {
            (0, 0 | 1) => count.put(corrected),
            (1, 0 | 1) => count.put(uncorrected),
            _ => Err(Code::INVALID_ARGUMENT),
        }
    })
}

/// How busy it is; a GPU that is cut does not say.
#[unsafe(export_name = "nvmlDeviceGetUtilizationRates")]
extern "C" fn utilisation(device: Handle, rates: Out<Utilisation>) -> Code {
    on(device, |call| {
        if call.gpu.has(Fault::Mig) {
            return Err(Code::NOT_SUPPORTED);
        }
        let gpu = u32::try_from(call.gpu.readings().busy).unwrap_or(100);
        rates.put(Utilisation { gpu, memory: gpu / 2 })
    })
}

/// For how long something has held it back: power limits, heat.
#[unsafe(export_name = "nvmlDeviceGetViolationStatus")]
extern "C" fn violation(device: Handle, policy: u32, time: Out<Violation>) -> Code {
    on(device, |call| {
        let readings = call.gpu.readings();
        let violation_ns = match policy {
            0 => readings.power_ns,
            1 => readings.heat_ns,
            2..=5 | 10 | 11 => 0,
            _ => return Err(Code::INVALID_ARGUMENT),
        };
        time.put(Violation { reference_us: readings.at_us, violation_ns })
    })
}

/// At which clock it runs.
#[unsafe(export_name = "nvmlDeviceGetClockInfo")]
extern "C" fn clock(device: Handle, domain: u32, megahertz: Out<u32>) -> Code {
    on(device, |call| {
        let cores = u32::try_from(call.gpu.readings().clock_mhz).unwrap_or(0);
        megahertz.put(of_domain(domain, cores, call.gpu.highest_clock())?)
    })
}

/// The highest clock.
#[unsafe(export_name = "nvmlDeviceGetMaxClockInfo")]
extern "C" fn highest_clock(device: Handle, domain: u32, megahertz: Out<u32>) -> Code {
    on(device, |call| {
        let highest = call.gpu.highest_clock();
        megahertz.put(of_domain(domain, highest, highest)?)
    })
}

/// The clock of a domain (MHz): cores and shaders together, memory always at its own, video as the cores.
fn of_domain(domain: u32, cores: u32, highest: u32) -> Result<u32, Code> {
    match domain {
        0 | 1 | 3 => Ok(cores),
        2 => Ok(highest / 100 * MEMORY_CLOCK),
        _ => Err(Code::INVALID_ARGUMENT),
    }
}
