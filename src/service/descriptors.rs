//! Whether the process can still open anything: without a file descriptor nobody new is answered, and what is lost cannot be connected again.
//! Scans need none.

use std::fs::File;
use std::io;
use std::time::Duration;

/// How often it is tried.
const EVERY: Duration = Duration::from_secs(2);
/// What the system says where this process, or the machine, has none left.
const NONE_LEFT: [i32; 2] = [24, 23];

/// Tells when there is none left, and when there is one again; for ever.
pub async fn watch() {
    let mut short = false;
    loop {
        let now = File::open("/dev/null").is_err_and(|error| is_none_left(&error));
        match (short, now) {
            (false, true) => tracing::error!(
                "no file descriptor is left: control goes on, nobody new is answered, and what is lost cannot be connected again; look who \
                 holds them (`ls /proc/PID/fd`), and raise `LimitNOFILE`"
            ),
            (true, false) => tracing::warn!("there are file descriptors again"),
            (true, true) | (false, false) => {}
        }
        short = now;
        tokio::time::sleep(EVERY).await;
    }
}

fn is_none_left(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| NONE_LEFT.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_no_lack_of_descriptors() {
        assert!(!is_none_left(&io::Error::from_raw_os_error(2)));
        assert!(is_none_left(&io::Error::from_raw_os_error(24)));
    }
}
