//! The unit we ship, as systemd's own tools read it, where they are installed.

use std::path::Path;
use std::process::{Command, Output};

const UNIT: &str = include_str!("../config/systemd/wattloop.service");
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

/// The unit with a program that is there.
fn unit(folder: &Path) -> String {
    let file = folder.join("wattloop.service");
    std::fs::write(&file, UNIT.replace("/usr/bin/wattloop", env!("CARGO_BIN_EXE_wattloop"))).expect("writes");
    file.display().to_string()
}

#[test]
fn the_unit_is_understood_as_a_whole_and_exposes_little() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = unit(folder.path());
    let Some(verified) = tool("systemd-analyze", &["verify", &file]) else { return };
    let text = said(&verified);
    // Other units of this machine may have faults of their own.
    assert!(!text.contains("wattloop"), "{text}");
    let arguments = ["security", "--offline=true", "--threshold=20", "--no-pager", &file];
    let Some(judged) = tool("systemd-analyze", &arguments) else { return };
    assert!(judged.status.success(), "more than 2.0: {}", said(&judged));
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
