//! `wattloop plan` in the words that people and programs read.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

fn plan(args: &[&str]) -> Output {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    Command::new(env!("CARGO_BIN_EXE_wattloop")).current_dir(root).arg("plan").args(args).output().expect("it runs")
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

const NIGHT: &str = "config/plans/night.toml";

#[test]
fn a_plan_says_when_and_why_and_what_stands_in_the_way() {
    let shown = text(&plan(&[NIGHT, "--slots"]));
    for words in [
        "night: 16:00 to 04:00 +2, 144 quarters of an hour, in EUR",
        "no plan that does as much is cheaper",
        "cheaper than as early as limits allow (energy ",
        "at once: what would be cheaper is not open to it",
        "short of 200.0 kWh because of domain row-b",
        "not held where the base load is high all the time",
        "demand peak                9.50",
        "00:15 +1",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    assert_eq!(shown, text(&plan(&[NIGHT, "--slots"])), "the same problem has the same plan");
}

#[test]
fn programs_get_slots_and_reasons_and_the_size_of_what_is_missing() {
    let shown: Value = serde_json::from_str(&text(&plan(&[NIGHT, "--json", "--slots"]))).expect("JSON");
    let total = |of: &str| shown[of]["total"].as_f64().expect("a number");
    assert!(
        total("plan") < 0.7 * total("at_once") && total("plan") >= shown["bound"]["cost"].as_f64().expect("solved")
    );
    let job = |name: &str| shown["jobs"].as_array().and_then(|all| all.iter().find(|job| job["name"] == name).cloned());
    let long = job("training-long").expect("it is there");
    assert_eq!(long["runs"][0]["from"], "22:00");
    assert_eq!(long["why"]["reason"], "cheaper");
    let short = &job("too-much").expect("it is there")["short"];
    assert_eq!((short["kwh"].as_f64(), short["limit"].as_str()), (Some(200.0), Some("domain row-b")));
    assert_eq!(shown["slots"].as_array().map(Vec::len), Some(144));
    // A kW of the peak costs 9.5, beside what energy costs.
    let dear = |slot: &Value| slot["reached"][0] == "demand peak" && slot["one_more"].as_f64() > Some(9.5);
    assert!(shown["slots"].as_array().expect("slots").iter().any(dear), "{}", shown["slots"]);
    assert_eq!(shown["worth"][0]["rough"], false);
    let greed: Value = serde_json::from_str(&text(&plan(&[NIGHT, "--json", "--greedy"]))).expect("JSON");
    assert_eq!((greed["way"]["by"].as_str(), &greed["bound"]), (Some("asked"), &Value::Null));
}

#[test]
fn a_file_with_faults_is_refused_with_all_of_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("p.toml");
    std::fs::write(&file, "name = \"x\"\ncurrency = \"EUR\"\nlength = \"7min\"\n").expect("written");
    let output = plan(&[file.to_str().expect("a path")]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{told}");
    for words in ["no whole number of quarters of an hour", "has no `summary`", "has no `hours`", "help: "] {
        assert!(told.contains(words), "{words}\n{told}");
    }
}
