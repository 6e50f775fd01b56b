//! What a controller in shadow says of a day, held against the same day when it really runs the hall.
#![cfg(feature = "sim")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The figures of a day of a hall by one pilot.
fn figures(folder: &Path, hall: &str, controller: &str) -> Value {
    let page = format!(
        "name = \"a-day\"\nsummary = \"A day\"\nhall = \"{hall}\"\nstart = \"2026-07-15T13:00Z\"\nduration = \"6h\"\nwarm-up = \"1h\"\n\
         dt = \"5s\"\ncontroller = \"{controller}\"\n[[assert]]\nname = \"runs\"\nkpi = \"facility-kwh\"\nmin = 1\n"
    );
    std::fs::write(folder.join("day.toml"), page).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_wattloop"));
    let output = command.args(["--json", "sim", "run", "day.toml"]).current_dir(folder).output().expect("runs");
    let runs: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    runs[0]["kpi"].clone()
}

#[test]
fn what_would_be_saved_has_the_sign_of_what_is_saved_and_is_no_more() {
    let folder = tempfile::tempdir().expect("temporary folder");
    for hall in ["air", "hybrid", "air-dx"] {
        let [panels, ours, shadow] = ["fixed", "wattloop", "shadow"].map(|by| figures(folder.path(), hall, by));
        let of = |run: &Value, name: &str| run[name].as_f64().unwrap_or_else(|| panic!("{hall}: no {name}"));
        let drew = |run: &Value| of(run, "fans-kwh") + of(run, "pumps-kwh");
        let (really, said) = (drew(&panels) - drew(&ours), of(&shadow, "shadow-saved-kwh"));
        assert!(said > 0.0 && said <= really, "{hall}: {said} kWh said, {really} kWh saved");
        assert!(said > 0.3 * really, "{hall}: {said} kWh said is next to nothing of {really} kWh");
        assert!(of(&shadow, "shadow-writes") == 0.0 && of(&shadow, "shadow-not-compared") == 0.0);
        for name in ["facility-kwh", "fans-kwh", "worst-inlet-cel"] {
            assert_eq!(of(&shadow, name).to_bits(), of(&panels, name).to_bits(), "{hall}: {name} as if nobody looked");
        }
    }
}
