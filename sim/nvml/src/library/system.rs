//! Symbols of the driver as a whole.
#![expect(unsafe_code, reason = "a symbol's name is the linker's, and nobody else in a process has NVML's")]

use std::ffi::c_char;

use super::code::{Code, answer};
use super::pointer::{Out, Room};
use super::session::{ask, initialise, shut_down};

/// Finds the board. With no board there is no driver.
#[unsafe(export_name = "nvmlInit_v2")]
extern "C" fn init() -> Code {
    answer(initialise)
}

/// The same: there is nothing that a flag could leave out.
#[unsafe(export_name = "nvmlInitWithFlags")]
extern "C" fn init_with_flags(_flags: u32) -> Code {
    answer(initialise)
}

/// The last one lets the board go.
#[unsafe(export_name = "nvmlShutdown")]
extern "C" fn shutdown() -> Code {
    answer(shut_down)
}

/// A code as a sentence.
#[unsafe(export_name = "nvmlErrorString")]
extern "C" fn error_string(code: u32) -> *const c_char {
    Code::sentence(code).as_ptr()
}

/// The driver's version.
#[unsafe(export_name = "nvmlSystemGetDriverVersion")]
extern "C" fn driver_version(version: Room, length: u32) -> Code {
    ask(|board| version.put(length, &board.driver()))
}

/// The library's version, which goes with the driver's.
#[unsafe(export_name = "nvmlSystemGetNVMLVersion")]
extern "C" fn library_version(version: Room, length: u32) -> Code {
    ask(|board| version.put(length, &format!("13.{}", board.driver())))
}

/// How many GPUs there are, lost ones included.
#[unsafe(export_name = "nvmlDeviceGetCount_v2")]
extern "C" fn count(count: Out<u32>) -> Code {
    ask(|board| count.put(plant::convert::u32_from_usize(board.count())))
}
