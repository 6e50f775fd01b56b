//! Pointers that C passes in. Nobody but C makes one: each is the type of a symbol's parameter, and what C promises of it is written here.
#![expect(unsafe_code, reason = "what C passes in can only be taken at its word")]

use std::ffi::{CStr, c_char};
use std::ptr::NonNull;

use super::code::Code;

/// Where C wants a value: null, or room for one that nobody else touches until the symbol returns.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Out<T>(Option<NonNull<T>>);

impl<T: Copy> Out<T> {
    /// Puts the value there.
    ///
    /// # Errors
    /// A null pointer is an invalid argument.
    pub fn put(self, value: T) -> Result<(), Code> {
        let room = self.0.ok_or(Code::INVALID_ARGUMENT)?;
        // SAFETY: C promises room for a `T` behind a pointer that is not null. It need not be aligned for this.
        unsafe { room.as_ptr().write_unaligned(value) };
        Ok(())
    }

    /// Whether there is room at all.
    ///
    /// # Errors
    /// A null pointer is an invalid argument.
    pub fn check(self) -> Result<(), Code> {
        self.0.map(|_| ()).ok_or(Code::INVALID_ARGUMENT)
    }
}

/// Values that C passes in and may want back: null, or as many as a count beside it says.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Both<T>(Option<NonNull<T>>);

impl<T: Copy> Both<T> {
    /// The value.
    ///
    /// # Errors
    /// A null pointer is an invalid argument.
    pub fn get(self) -> Result<T, Code> {
        let value = self.0.ok_or(Code::INVALID_ARGUMENT)?;
        // SAFETY: C promises a `T` behind a pointer that is not null; every `T` of ours is numbers only. It need not be aligned.
        Ok(unsafe { value.as_ptr().read_unaligned() })
    }

    /// Replaces each of `count` values by what `of` makes of it.
    ///
    /// # Errors
    /// A null pointer or a count below one is an invalid argument.
    pub fn each(self, count: i32, of: impl Fn(T) -> T) -> Result<(), Code> {
        let first = self.0.ok_or(Code::INVALID_ARGUMENT)?;
        let count = usize::try_from(count).ok().filter(|count| *count > 0).ok_or(Code::INVALID_ARGUMENT)?;
        for n in 0..count {
            // SAFETY: C promises `count` values from here on, all of one allocation, which nobody else touches until we return.
            unsafe {
                let value = first.as_ptr().add(n);
                value.write_unaligned(of(value.read_unaligned()));
            }
        }
        Ok(())
    }
}

/// Room for a text: null, or as many bytes as a length beside it says.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Room(Option<NonNull<u8>>);

impl Room {
    /// Puts the text and a zero byte there.
    ///
    /// # Errors
    /// A null pointer is an invalid argument; less room than the text needs is an insufficient size, and nothing is written.
    pub fn put(self, length: u32, text: &str) -> Result<(), Code> {
        let room = self.0.ok_or(Code::INVALID_ARGUMENT)?;
        if plant::convert::usize_from_u32(length) <= text.len() {
            return Err(Code::INSUFFICIENT_SIZE);
        }
        // SAFETY: C promises `length` bytes behind a pointer that is not null, and that is more than the text has.
        unsafe {
            room.as_ptr().copy_from_nonoverlapping(text.as_ptr(), text.len());
            room.as_ptr().add(text.len()).write(0);
        }
        Ok(())
    }
}

/// A text of C's: null, or ended by a zero byte.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Words(Option<NonNull<c_char>>);

impl Words {
    /// The text.
    ///
    /// # Errors
    /// A null pointer is an invalid argument; what is no text is not found.
    pub fn read(self) -> Result<String, Code> {
        let words = self.0.ok_or(Code::INVALID_ARGUMENT)?;
        // SAFETY: C promises a zero byte at the end of what is behind a pointer that is not null, and leaves it alone until we return.
        let text = unsafe { CStr::from_ptr(words.as_ptr()) };
        text.to_str().map(str::to_owned).map_err(|_| Code::NOT_FOUND)
    }
}
