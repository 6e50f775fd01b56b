//! What NVML answers.

use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A code of NVML's, as C gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Code(u32);

impl Code {
    pub const SUCCESS: Self = Self(0);
    pub const UNINITIALIZED: Self = Self(1);
    pub const INVALID_ARGUMENT: Self = Self(2);
    pub const NOT_SUPPORTED: Self = Self(3);
    pub const NO_PERMISSION: Self = Self(4);
    pub const NOT_FOUND: Self = Self(6);
    pub const INSUFFICIENT_SIZE: Self = Self(7);
    pub const DRIVER_NOT_LOADED: Self = Self(9);
    pub const GPU_IS_LOST: Self = Self(15);
    pub const RESET_REQUIRED: Self = Self(16);
    pub const VERSION_MISMATCH: Self = Self(25);
    pub const UNKNOWN: Self = Self(999);

    /// A code by its number.
    pub const fn of(number: u32) -> Self {
        Self(number)
    }

    /// As a field's own answer.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// As a sentence.
    pub const fn sentence(number: u32) -> &'static CStr {
        match Self(number) {
            Self::SUCCESS => c"Success",
            Self::UNINITIALIZED => c"Uninitialized",
            Self::INVALID_ARGUMENT => c"Invalid Argument",
            Self::NOT_SUPPORTED => c"Not Supported",
            Self::NO_PERMISSION => c"Insufficient Permissions",
            Self::NOT_FOUND => c"Not Found",
            Self::INSUFFICIENT_SIZE => c"Insufficient Size",
            Self::DRIVER_NOT_LOADED => c"Driver Not Loaded",
            Self::GPU_IS_LOST => c"GPU is lost",
            Self::RESET_REQUIRED => c"GPU requires restart",
            Self::VERSION_MISMATCH => c"Argument version mismatch",
            Self(_) => c"Unknown Error",
        }
    }
}

/// What a symbol comes to: a failure is its code, and no panic gets out.
pub fn answer(symbol: impl FnOnce() -> Result<(), Code>) -> Code {
    // What a symbol touches are atomic words and one lock, neither of which a panic leaves half done.
    match catch_unwind(AssertUnwindSafe(symbol)) {
        Ok(Ok(())) => Code::SUCCESS,
        Ok(Err(code)) => code,
        Err(_) => Code::UNKNOWN,
    }
}
