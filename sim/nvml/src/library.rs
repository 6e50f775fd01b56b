//! NVML as processes see it: the C symbols, and what they come to on a board.
//!
//! Only [`pointer`] and [`place`] touch memory that others gave us; the symbols themselves pass typed values on. Whatever C passes
//! in, a symbol answers with one of NVML's codes: null pointers, sizes and handles that nobody gave out are told, and a panic
//! becomes "unknown error" instead of crossing over.

mod code;
mod control;
mod fields;
mod identity;
mod place;
mod pointer;
mod power;
mod sensors;
mod session;
mod system;
