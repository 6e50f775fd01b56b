//! Billed windows: reckoned from a real meter on the wire, shown, kept over a crash, replayed.

use serde_json::Value;
use wattloop::service::rehearsal::Scene;

use super::rig::{Rig, ends, wattloop};

#[test]
fn windows_are_reckoned_from_the_billed_meter_and_survive_a_crash() {
    let tariff = concat!(env!("CARGO_MANIFEST_DIR"), "/config/tariffs/lakes-coincident.toml");
    let (_, air) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let folder = tempfile::tempdir().expect("a folder");
    let hall = folder.path().join("peaks.toml");
    // Far below what flows: it is held at once, and nobody is there whom it could lower.
    let peaks =
        "[peaks]\nmeter = \"utility\"\nfeed = \"utility\"\nride = 2.0\n[[peak]]\ndemand = \"demand\"\nmost = 100e3\n";
    std::fs::write(&hall, format!("{air}\n{peaks}")).expect("writes");
    let set = vec![format!("hall={:?}", hall.display().to_string()), format!("tariff.file={tariff:?}")];
    let rig = Rig::with("air", folder, Scene { set, ..Scene::default() });
    let mut run = rig.running(&[]);
    let window = |shown: &Value| shown["demands"][0]["window"].clone();
    let shown =
        rig.until(&["power", "peaks"], "what is held", |shown| shown["held_by"] == "demand" && shown["read"] == true);
    assert_eq!(
        (&shown["meter"], &shown["tariff"], &shown["sure"]),
        (&"utility".into(), &"lakes-coincident".into(), &true.into())
    );
    let rows = shown["cooling"]["setpoints"].as_array().map(|all| all.iter().map(|of| of["name"].clone()).collect());
    let names: Option<Vec<Value>> = Some(vec!["row-a".into(), "row-b".into(), "chw".into()]);
    assert_eq!((rows, &shown["cooling"]["ride_k"]), (names, &2.0.into()));
    assert!(window(&shown)["flowed_wh"].as_f64() > Some(0.0), "{shown}");
    let text = rig.text(&["power", "peaks"]);
    for words in [
        "utility of utility, billed by `lakes-coincident`",
        "HELD           at",
        "for the windows of `demand`",
        "kWh flowed, becomes",
        "cooling        ",
    ] {
        assert!(text.contains(words), "no `{words}` in\n{text}");
    }
    run.says("is held for the windows of `demand`");
    let forecast =
        rig.until(&["power", "forecast"], "a forecast", |shown| shown["quarters"][95]["watts"].as_f64() > Some(0.0));
    assert_eq!(forecast["knows_days"], false, "nobody knows a day: {forecast}");
    assert!(rig.text(&["power", "forecast"]).contains("what flowed last: no whole day of load was seen yet"));
    ends(&rig.ask(&["plan", "--running"]), 1, &["there is nothing to plan", "`[[battery]]`"]);

    run.signal("KILL");
    assert_eq!(run.wait(), None);
    let mut run = rig.running(&[]);
    let again = rig
        .until(&["power", "peaks"], "the same window", |again| again["held_by"] == "demand" && again["read"] == true);
    assert!(again["lowered"] == shown["lowered"], "it goes on, and does not begin anew: {again}");
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    ends(&wattloop(&["replay", &rig.file("journal.db")]), 0, &["decisions identical"]);
}

#[test]
fn a_hall_that_keeps_no_peak_down_says_what_to_do() {
    let rig = Rig::with("bench", tempfile::tempdir().expect("a folder"), Scene::default());
    let mut run = rig.running(&[]);
    ends(&rig.ask(&["power", "peaks"]), 1, &["no billed peak is kept down here", "write `[peaks]` in the hall's file"]);
    ends(&rig.ask(&["power", "forecast"]), 1, &["no load is forecast here", "write `[peaks]` in the hall's file"]);
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
}
