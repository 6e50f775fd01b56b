//! A panic in any thread but one ends the process at once: safe outputs then come from `wattloop failsafe` and from the devices themselves.
//!
//! The one is the planner's solver: it only advises, much of it is not ours, and who waits for it has greed answer where it fails. Cooling does not stop for what a plan would have cost.
//!
//! By a hook and not by the build's profile: the benches' build of a crate that is a library for C, too, has the same file names, and cannot stand beside
//! one that panics otherwise.

use wattloop::service::planner::SOLVER;

/// From here on.
pub fn ends_the_process() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        if ends(std::thread::current().name()) {
            std::process::abort();
        }
    }));
}

/// True where a panic in a thread of this name ends the process.
fn ends(thread: Option<&str>) -> bool {
    thread != Some(SOLVER)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Output};

    use super::{SOLVER, ends, ends_the_process};

    const CHILD: &str = "WLTEST_PANICS";

    /// A test again in a process of its own, in which this thread panics under the hook.
    fn child(test: &str, thread: &str) -> Option<Output> {
        if std::env::var_os(CHILD).is_some() {
            ends_the_process();
            let begun = std::thread::Builder::new().name(thread.to_owned()).spawn(|| panic!("on purpose"));
            assert!(begun.expect("a thread").join().is_err());
            return None;
        }
        let this = std::env::current_exe().expect("a program");
        let only = ["--exact", &format!("cli::panic::tests::{test}"), "--nocapture"];
        let output = Command::new(this).args(only).env(CHILD, "1").output().expect("starts");
        assert!(String::from_utf8_lossy(&output.stderr).contains("on purpose"), "{output:?}");
        Some(output)
    }

    #[test]
    fn a_panic_in_a_thread_that_nobody_waits_for_ends_all() {
        let Some(output) = child("a_panic_in_a_thread_that_nobody_waits_for_ends_all", "planner") else { return };
        assert_eq!(output.status.signal(), Some(6), "{output:?}");
    }

    #[test]
    fn a_solver_that_panics_is_told_and_ends_nothing_else() {
        let Some(output) = child("a_solver_that_panics_is_told_and_ends_nothing_else", SOLVER) else { return };
        assert!(output.status.success(), "{output:?}");
        assert!(ends(None) && ends(Some("main")) && ends(Some("planner")) && !ends(Some(SOLVER)));
    }
}
