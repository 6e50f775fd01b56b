//! A panic in any thread ends the process at once: safe outputs then come from `wattloop failsafe` and from the devices themselves.
//!
//! By a hook and not by the build's profile: the benches' build of a crate that is a library for C, too, has the same file names, and cannot stand beside
//! one that panics otherwise.

/// From here on.
pub fn ends_the_process() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        std::process::abort();
    }));
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    const CHILD: &str = "WLTEST_PANICS";

    #[test]
    fn a_panic_in_a_thread_that_nobody_waits_for_ends_all() {
        if std::env::var_os(CHILD).is_some() {
            super::ends_the_process();
            let thread = std::thread::spawn(|| panic!("on purpose"));
            drop(thread.join());
            return;
        }
        let this = std::env::current_exe().expect("a program");
        let only = ["--exact", "cli::panic::tests::a_panic_in_a_thread_that_nobody_waits_for_ends_all", "--nocapture"];
        let output = Command::new(this).args(only).env(CHILD, "1").output().expect("starts");
        assert_eq!(output.status.signal(), Some(6), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("on purpose"), "{output:?}");
    }
}
