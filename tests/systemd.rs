//! The unit we ship, as systemd's own tools read it, where they are installed.

use std::path::Path;
use std::process::{Command, Output};

const UNIT: &str = include_str!("../config/systemd/wattloop.service");
const AGENT: &str = include_str!("../config/systemd/wattloop-agent.service");
const BUDGET: &str = include_str!("../config/systemd/wattloop-budget.service");
const USERS: &str = include_str!("../config/systemd/sysusers.d/wattloop.conf");

/// What a tool says; nothing when it is not installed.
fn tool(name: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(name).args(arguments).output() {
        Ok(output) => Some(output),
        Err(_) => {
            assert!(std::env::var("WLTEST_PEERS").as_deref() != Ok("required"), "{name} is missing");
            println!("skipped: {name} is not installed");
            None
        }
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A unit with a program that is there.
fn unit(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    let text = text.replace("/usr/bin/wattloop-agent", env!("CARGO_BIN_EXE_wattloop-agent"));
    std::fs::write(&file, text.replace("/usr/bin/wattloop", env!("CARGO_BIN_EXE_wattloop"))).expect("writes");
    file.display().to_string()
}

#[test]
fn the_units_are_understood_as_a_whole_and_expose_little() {
    let folder = tempfile::tempdir().expect("a folder");
    // Root with one capability is the agent's trade; what else it could have, it has not.
    let units = [
        ("wattloop.service", UNIT, "20"),
        ("wattloop-agent.service", AGENT, "40"),
        ("wattloop-budget.service", BUDGET, "20"),
    ];
    for (name, text, threshold) in units {
        let file = unit(folder.path(), name, text);
        let Some(verified) = tool("systemd-analyze", &["verify", &file]) else { return };
        let text = said(&verified);
        // Other units of this machine may have faults of their own.
        assert!(!text.contains("wattloop"), "{text}");
        let arguments = ["security", "--offline=true", &format!("--threshold={threshold}"), "--no-pager", &file];
        let Some(judged) = tool("systemd-analyze", &arguments) else { return };
        assert!(judged.status.success(), "{name} is above {threshold}: {}", said(&judged));
    }
}

#[test]
fn the_agent_has_one_capability_and_a_way_out_of_every_end() {
    let value = |key: &str| AGENT.lines().find_map(|l| l.strip_prefix(key)).unwrap_or_else(|| panic!("no {key}"));
    assert_eq!(value("CapabilityBoundingSet="), "CAP_SYS_ADMIN");
    assert!(value("ExecStopPost=").starts_with("/usr/bin/wattloop-agent failsafe --config"));
    assert_eq!((value("Restart="), value("KillMode="), value("WatchdogSec=")), ("always", "control-group", "10s"));
    assert_eq!(value("Group="), "wattloop", "whoever may ask the service may ask the agent");
}

#[test]
fn the_user_of_the_unit_is_one_that_stays() {
    let value = |key: &str| UNIT.lines().find_map(|l| l.strip_prefix(key)).unwrap_or_else(|| panic!("no {key}"));
    let name = value("User=");
    assert!(USERS.lines().any(|l| l.starts_with(&format!("u {name} "))), "{USERS}");
    assert_eq!(value("Group="), name, "the group of the socket");
    assert_eq!(value("UMask="), "0077", "members of the group reach the socket and nothing else");
    assert!(!UNIT.contains("DynamicUser=yes"));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("etc")).expect("a folder");
    let snippet = folder.path().join("wattloop.conf");
    std::fs::write(&snippet, USERS).expect("writes");
    let (root, snippet) = (format!("--root={}", folder.path().display()), snippet.display().to_string());
    let Some(made) = tool("systemd-sysusers", &[&root, &snippet]) else { return };
    assert!(made.status.success(), "{}", said(&made));
    let users = std::fs::read_to_string(folder.path().join("etc/passwd")).expect("users");
    assert!(users.lines().any(|l| l.starts_with("wattloop:") && l.ends_with("/usr/sbin/nologin")), "{users}");
    let groups = std::fs::read_to_string(folder.path().join("etc/group")).expect("groups");
    assert!(groups.lines().any(|l| l.starts_with("dialout:") && l.ends_with("wattloop")), "{groups}");
}
