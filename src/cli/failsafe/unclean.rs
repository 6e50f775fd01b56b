//! How the service ended, as systemd tells it to ExecStopPost.

/// What systemd says of the main process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// `success`, `signal`, `watchdog`, `timeout`, `exit-code`, …
    result: String,
    /// `exited`, `killed` or `dumped`; empty when it never ran.
    code: String,
    /// The exit code, or the signal's name.
    status: String,
}

impl Told {
    /// What this process was told; nothing when no systemd runs it.
    pub fn by_environment() -> Option<Self> {
        let word = |name: &str| std::env::var(name).unwrap_or_default();
        let told = Self { result: word("SERVICE_RESULT"), code: word("EXIT_CODE"), status: word("EXIT_STATUS") };
        (!told.result.is_empty()).then_some(told)
    }

    /// True when the service ended by its own clean way out. systemd calls a death by SIGTERM a success as well, and
    /// exit codes that a unit adds; neither has brought an output to safety.
    pub fn clean(&self) -> bool {
        let exited = matches!((self.code.as_str(), self.status.as_str()), ("exited" | "", "0" | ""));
        self.result == "success" && exited
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clean_exit_is_clean() {
        let told = |result: &str, code: &str, status: &str| Told {
            result: result.to_owned(),
            code: code.to_owned(),
            status: status.to_owned(),
        };
        assert!(told("success", "exited", "0").clean());
        assert!(told("success", "", "").clean(), "the main process never ran");
        for (result, code, status) in [
            ("success", "killed", "TERM"),
            ("success", "exited", "143"),
            ("signal", "killed", "KILL"),
            ("core-dump", "dumped", "ABRT"),
            ("watchdog", "dumped", "ABRT"),
            ("timeout", "killed", "KILL"),
            ("exit-code", "exited", "1"),
            ("oom-kill", "killed", "KILL"),
        ] {
            assert!(!told(result, code, status).clean(), "{result} {code} {status}");
        }
    }
}
