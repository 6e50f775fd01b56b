//! Symbols that change a GPU beside its power limit.
#![expect(unsafe_code, reason = "a symbol's name is the linker's, and nobody else in a process has NVML's")]

use super::code::Code;
use super::pointer::Out;
use super::session::{Handle, on, set};

/// From here on a clock is a word instead of a number: the rated one, and no limit.
const WORDS: u32 = 0xFFFF_FF00;

/// Whether the driver stays loaded without a client.
#[unsafe(export_name = "nvmlDeviceGetPersistenceMode")]
extern "C" fn persistence(device: Handle, mode: Out<u32>) -> Code {
    on(device, |call| mode.put(u32::from(call.gpu.persistent())))
}

/// Switches that.
#[unsafe(export_name = "nvmlDeviceSetPersistenceMode")]
extern "C" fn set_persistence(device: Handle, mode: u32) -> Code {
    set(device, |call| match mode {
        0 | 1 => Ok(call.gpu.set_persistent(call.life, mode == 1)),
        _ => Err(Code::INVALID_ARGUMENT),
    })
}

/// Locks the cores' clock between two.
#[unsafe(export_name = "nvmlDeviceSetGpuLockedClocks")]
extern "C" fn lock_clocks(device: Handle, least: u32, most: u32) -> Code {
    set(device, |call| {
        let highest = call.gpu.highest_clock();
        let clock = |clock: u32| if clock >= WORDS { highest } else { clock.min(highest) };
        if least > most || most == 0 {
            return Err(Code::INVALID_ARGUMENT);
        }
        Ok(call.gpu.set_lock(call.life, Some((clock(least), clock(most)))))
    })
}

/// Lets the clock go.
#[unsafe(export_name = "nvmlDeviceResetGpuLockedClocks")]
extern "C" fn free_clocks(device: Handle) -> Code {
    set(device, |call| Ok(call.gpu.set_lock(call.life, None)))
}
