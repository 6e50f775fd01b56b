//! The shell: wait, freeze the image, step, record, write.

pub mod history;
pub mod journal;
pub mod replay;
