//! The command line as a person meets it: help with examples, completions, and exit codes that mean something.

use std::path::Path;
use std::process::{Command, Output};

const COMMANDS: &[&[&str]] = &[
    &["demo"],
    &["run"],
    &["check"],
    &["probe"],
    &["status"],
    &["points"],
    &["why"],
    &["loops"],
    &["set"],
    &["release"],
    &["announce"],
    &["withdraw"],
    &["ack"],
    &["exchanged"],
    &["step-test"],
    &["tune"],
    &["reload"],
    &["replay"],
    &["export"],
    &["failsafe"],
    &["budget", "acquire"],
    &["budget", "renew"],
    &["budget", "release"],
    &["budget", "query"],
    &["budget", "hold"],
    &["tariff", "check"],
    &["tariff", "bill"],
    &["tariff", "import"],
    &["tariff", "prices"],
    &["windows", "show"],
    &["windows", "list"],
    &["windows", "wait"],
    &["sim", "serve"],
    &["sim", "run"],
    &["sim", "storm"],
    &["sim", "days"],
    &["sim", "year"],
    &["sim", "scale"],
    &["sim", "tune"],
    &["sim", "bless"],
    &["sim", "explain"],
    &["sim", "diff"],
    &["sim", "faults"],
    &["config", "show"],
    &["completions"],
];

fn wattloop(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wattloop"));
    // Nothing of the machine's own configuration may decide a test.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("WATTLOOP_") {
            command.env_remove(name);
        }
    }
    command.args(args).output().expect("the program runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn write(dir: &Path, name: &str, text: &str) -> String {
    let file = dir.join(name);
    std::fs::write(&file, text).expect("a file");
    file.display().to_string()
}

#[test]
fn every_command_helps_with_an_example() {
    for command in COMMANDS {
        let output = wattloop(&[*command, &["--help"]].concat());
        let help = stdout(&output);
        assert_eq!(output.status.code(), Some(0), "{command:?}");
        assert!(help.contains("Example"), "{command:?}:\n{help}");
        assert!(help.contains(&format!("wattloop {}", command.join(" "))), "{command:?}:\n{help}");
        assert!(help.contains("--json"), "{command:?}:\n{help}");
    }
    let overview = stdout(&wattloop(&["--help"]));
    for command in COMMANDS {
        assert!(overview.contains(command[0]), "{command:?} is missing in\n{overview}");
    }
}

#[test]
fn wrong_use_is_2_and_suggests() {
    let output = wattloop(&["stauts"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("status"), "{}", stderr(&output));
    assert_eq!(wattloop(&[]).status.code(), Some(2));
    assert_eq!(wattloop(&["set", "a/b", "5"]).status.code(), Some(2), "an override needs a reason");
    assert_eq!(wattloop(&["why", "fan"]).status.code(), Some(2), "a point has a slash");
    assert_eq!(wattloop(&["release", "--all"]).status.code(), Some(2), "what is dangerous asks for --yes");
    assert_eq!(wattloop(&["demo", "--for", "5 parsecs"]).status.code(), Some(2));
}

#[test]
fn bash_completes_commands_and_flags() {
    let output = wattloop(&["completions", "bash"]);
    assert_eq!(output.status.code(), Some(0));
    let script = stdout(&output);
    for word in ["_wattloop()", "failsafe", "--origin", "complete -F _wattloop"] {
        assert!(script.contains(word), "no {word}");
    }
}

#[test]
fn no_service_is_69_and_says_what_to_do() {
    let dir = tempfile::tempdir().expect("a directory");
    let socket = dir.path().join("none.sock").display().to_string();
    for args in [
        &["status", "--socket", &socket][..],
        &["points", "--socket", &socket],
        &["why", "crah-1/fan-speed", "--socket", &socket],
        &["set", "crah-1/fan-speed", "60", "--reason", "x", "--socket", &socket],
        &["release", "--all", "--yes", "--socket", &socket],
        &["ack", "inlet-high", "--socket", &socket],
        &["reload", "--socket", &socket],
    ] {
        let output = wattloop(args);
        assert_eq!(output.status.code(), Some(69), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("is the service running?"), "{}", stderr(&output));
    }
    let output = wattloop(&["status", "--json", "--socket", &socket]);
    let told: serde_json::Value = serde_json::from_slice(&output.stderr).expect("JSON on standard error");
    assert_eq!(told["code"], "unreachable");
}

#[test]
fn a_configuration_with_faults_is_78() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = write(dir.path(), "site.toml", "hall = \"air\"\nperod = \"1s\"\n[log]\nformat = \"jsn\"\n");
    let output = wattloop(&["check", "--config", &file]);
    assert_eq!(output.status.code(), Some(78));
    let told = stderr(&output);
    assert!(told.contains(&format!("{file}:2:1: `perod`")), "{told}");
    assert!(told.contains("did you mean `period`?") && told.contains("2 faults"), "{told}");
    let output = wattloop(&["check", "--json", "--config", &file]);
    assert_eq!(output.status.code(), Some(78));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON on standard output");
    assert_eq!((told["ok"].as_bool(), told["faults"][1]["line"].as_u64()), (Some(false), Some(4)));
    let output = wattloop(&["config", "show", "--config", &file]);
    assert_eq!(output.status.code(), Some(78));
    let output = wattloop(&["check", "--config", &format!("{file}.none")]);
    assert_eq!(output.status.code(), Some(78));
    assert!(stderr(&output).contains("cannot be read"), "{}", stderr(&output));
}

#[test]
fn an_output_that_cannot_be_read_back_is_a_warning_and_under_strict_exit_3() {
    let dir = tempfile::tempdir().expect("a directory");
    let fan = std::fs::read_to_string("plants/devices/bench-fan.toml").expect("shipped");
    let blind = fan.replace("id = \"bench-fan\"", "id = \"blind-fan\"").replace("access = \"rw\"", "access = \"wo\"");
    write(dir.path(), "blind-fan.toml", &blind);
    let site = std::fs::read_to_string("config/bench.toml").expect("shipped");
    let site = format!("maps = [\"blind-fan.toml\"]\n{}", site.replace("map = \"bench-fan\"", "map = \"blind-fan\""));
    let file = write(dir.path(), "site.toml", &site);
    let output = wattloop(&["check", "--config", &file]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = stdout(&output);
    assert!(told.contains("warning: blind-fan.toml:") && told.contains("fan-1/fan-speed stays unproven"), "{told}");
    let output = wattloop(&["check", "--json", "--strict", "--config", &file]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON on standard output");
    assert!(told["warnings"][0]["message"].as_str().is_some_and(|m| m.contains("never read back")), "{told}");
    let sound = wattloop(&["check", "--strict", "--config", "config/bench.toml"]);
    assert_eq!(sound.status.code(), Some(0), "{}", stderr(&sound));
}

#[test]
fn a_file_that_everybody_may_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("a directory");
    let file = write(dir.path(), "site.toml", "hall = \"air\"\n");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).expect("a mode");
    for command in [&["check"][..], &["config", "show"]] {
        let output = wattloop(&[command, &["--config", &file]].concat());
        assert_eq!(output.status.code(), Some(78));
        assert!(stderr(&output).contains("chmod o-w"), "{}", stderr(&output));
    }
}

#[test]
fn config_show_tells_where_each_value_came_from() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = write(dir.path(), "site.toml", "hall = \"air\"\n[log]\nfilter = \"warn\"\n");
    let mut command = Command::new(env!("CARGO_BIN_EXE_wattloop"));
    command.env("WATTLOOP_PERIOD", "500ms").env("WATTLOOP_CONFIG", &file);
    let output = command.args(["config", "show", "--origin", "--set", "log.format=json"]).output().expect("it runs");
    let shown = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for (pair, origin) in [
        ("period = \"500ms\"", "# env WATTLOOP_PERIOD".to_owned()),
        ("log.format = \"json\"", "# flag --set log.format".to_owned()),
        ("log.filter = \"warn\"", format!("# {file}:3")),
        ("deadline = 0.4", "# default".to_owned()),
    ] {
        let line = shown.lines().find(|l| l.starts_with(pair)).unwrap_or_else(|| panic!("no {pair} in\n{shown}"));
        assert!(line.ends_with(&origin), "{line}");
    }
}
