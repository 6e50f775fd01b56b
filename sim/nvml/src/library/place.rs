//! Where the library lies, and with it its board.
#![expect(unsafe_code, reason = "only the loader knows which file an address came from")]

use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::{env, ptr};

/// An address in this library.
static HERE: u8 = 0;

/// The board of whoever loaded this library: the environment's, else the file `board` beside the library.
pub fn board() -> Option<PathBuf> {
    match env::var_os("SIM_NVML_BOARD") {
        Some(path) if !path.is_empty() => Some(path.into()),
        Some(_) | None => Some(library()?.parent()?.join("board")),
    }
}

/// The file that this library was loaded from.
fn library() -> Option<PathBuf> {
    let mut found = libc::Dl_info {
        dli_fname: ptr::null(),
        dli_fbase: ptr::null_mut(),
        dli_sname: ptr::null(),
        dli_saddr: ptr::null_mut(),
    };
    // SAFETY: the address is one of ours and the loader fills in a structure that is ours.
    let known = unsafe { libc::dladdr((&raw const HERE).cast(), &raw mut found) };
    if known == 0 || found.dli_fname.is_null() {
        return None;
    }
    // SAFETY: the loader's name of a library ends with a zero byte and stays as long as the library is loaded, which it is here.
    let name = unsafe { CStr::from_ptr(found.dli_fname) };
    Some(Path::new(OsStr::from_bytes(name.to_bytes())).to_path_buf())
}
