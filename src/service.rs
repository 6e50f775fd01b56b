//! The shell: wait, freeze the image, step, record, write.

pub mod api;
pub mod config;
