//! The shell: wait, freeze the image, step, record, write.

pub mod api;
pub mod clock;
pub mod config;
pub mod logging;
pub mod metrics;
pub mod notify;
