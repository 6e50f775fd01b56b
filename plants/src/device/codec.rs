//! Registers to numbers and back.
