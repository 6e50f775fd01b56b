//! The PID block.
