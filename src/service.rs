//! The shell: wait, freeze the image, step, record, write.

pub mod api;
<<<<<<< HEAD
pub mod bulletin;
pub mod clock;
pub mod config;
pub mod history;
pub mod journal;
pub mod logging;
pub mod metrics;
pub mod notify;
pub mod promise;
pub mod replay;
pub mod scan;
=======
#[cfg(feature = "sim")]
pub mod broker;
pub mod publish;
>>>>>>> mqtt
