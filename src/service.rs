//! The shell: wait, freeze the image, step, record, write.

pub mod api;
#[cfg(feature = "sim")]
pub mod broker;
pub mod publish;
