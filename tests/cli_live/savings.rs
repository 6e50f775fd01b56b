//! Savings on the wire: metered beside what would have flowed, kept over a crash, replayed.

use serde_json::Value;

use super::batteries;
use super::rig::{Rig, ends, wattloop};

/// The energy of the month that runs, of a side (Wh).
fn energy(shown: &Value, side: &str) -> Option<f64> {
    shown["months"][0]["energy_wh"][side].as_f64()
}

#[test]
fn what_a_battery_gave_is_told_beside_what_was_metered_and_survives_a_crash() {
    let rig = batteries::rig();
    let mut run = rig.running(&[]);
    let apart = |shown: &Value| {
        let sides = energy(shown, "metered").zip(energy(shown, "no_batteries"));
        sides.is_some_and(|(metered, without)| metered > 50.0 && without > metered + 50.0)
    };
    let shown = rig.until(&["power", "savings"], "both sides", apart);
    let (given, taken) = (&shown["months"][0]["given_wh"], &shown["months"][0]["taken_wh"]);
    let net = given.as_f64().zip(taken.as_f64()).map(|(given, taken)| given - taken).expect("told");
    let differ = energy(&shown, "no_batteries").zip(energy(&shown, "metered")).map(|(a, b)| a - b).expect("told");
    assert!((net - differ).abs() < 0.01, "the sides differ by what it gave: {shown}");
    assert_eq!((&shown["tariff"], &shown["months"][0]["runs"]), (&"lakes-coincident".into(), &true.into()));
    let text = rig.text(&["power", "savings"]);
    for words in [
        "tariff         lakes-coincident",
        "no batteries  no control       saved",
        "energy (kWh)",
        "batteries gave",
        "GPU-hours",
    ] {
        assert!(text.contains(words), "no `{words}` in\n{text}");
    }

    run.signal("KILL");
    assert_eq!(run.wait(), None);
    let mut run = rig.running(&[]);
    let before = energy(&shown, "no_batteries");
    let again = rig.until(&["power", "savings"], "that it goes on", |again| {
        energy(again, "no_batteries") > before && apart(again)
    });
    assert_eq!(again["months"].as_array().map(Vec::len), Some(1), "{again}");
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    ends(&wattloop(&["replay", &rig.file("journal.db")]), 0, &["decisions identical"]);
}

#[test]
fn a_hall_whose_billed_meter_nobody_named_says_what_to_do() {
    let rig = Rig::new("bench");
    let mut run = rig.running(&[]);
    ends(&rig.ask(&["power", "savings"]), 1, &["no savings are reckoned here", "write `[peaks]` in the hall's file"]);
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
}
