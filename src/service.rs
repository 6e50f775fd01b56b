//! The shell: wait, freeze the image, step, record, write.

pub mod api;
pub mod bulletin;
pub mod history;
pub mod journal;
pub mod replay;
pub mod scan;
