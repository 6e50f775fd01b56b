//! Units on the bus that fall silent, answer late, or answer nonsense.

use std::time::Duration;

use sim::wire::Drill;

use super::ears::Ears;
use super::rig::Rig;

#[test]
fn a_dead_unit_is_told_cooled_by_its_own_panel_and_taken_back() {
    let rig = Rig::settled("air", &[]);
    let ears = Ears::open(&rig);
    rig.drill("bms", 1, Drill { dead: true, ..Drill::default() });
    rig.until("crah-1 is lost", |r| r.is_lost("crah-1/supply-air-temp", "timeout"));
    rig.neighbours_are_well(&["crah-1/"]);
    // Its coil is regulated blind: what control wants of it is the safe side.
    rig.until("its valve shall open", |r| {
        let why = r.why("crah-1/valve");
        why.value == 100.0 && why.limits.iter().any(|l| l.level == 5 && l.min == 100.0)
    });
    rig.until("its outputs are in doubt", |r| r.alarm("writes-doubted"));
    ears.until_event("reading_lost", "crah-1/supply-air-temp");
    ears.until_event("write_failed", "crah-1/fan-speed");
    // The row's other fans are still led by the row's worst inlet.
    assert_eq!(rig.why("crah-2/fan-speed").level, 16);
    assert_eq!(rig.why("crah-4/fan-speed").level, 16);
    // The unit heard nothing for the time its own map names, and looks after itself.
    rig.until("its fan runs at full speed by itself", |r| r.truth("crah-1/fan-speed-feedback") > 99.0);
    assert!(rig.truth("crah-2/fan-speed-feedback") < 99.0);

    rig.drill("bms", 1, Drill::default());
    rig.until("it is taken back", Rig::is_settled);
    let held = || (rig.truth("crah-1/fan-speed") - rig.why("crah-1/fan-speed").value).abs();
    rig.until("its register holds what control says", |_| held() < 3.0);
    rig.until("its fan follows again", |r| r.truth("crah-1/fan-speed-feedback") < 99.0);
}

#[test]
fn a_late_reply_is_nobodys_value() {
    let rig = Rig::settled("air", &[]);
    // The meters of one gateway: the load of one PDU can be told from the power of the whole site.
    let late = Drill { late: Some(Duration::from_millis(700)), ..Drill::default() };
    rig.drill("power", 1, late);
    rig.until("the late meter is lost", |r| r.is_lost("utility/power", "timeout"));
    rig.neighbours_are_well(&["utility/"]);
    for _ in 0..40 {
        for pdu in ["pdu-a1", "pdu-a2", "pdu-b1", "pdu-b2"] {
            let (seen, truth) = (rig.point(&format!("{pdu}/power")), rig.truth(&format!("{pdu}/power")));
            let seen = seen.value.expect("a PDU that answers in time");
            assert!((seen - truth).abs() < 0.25 * truth, "{pdu} reads {seen} W and draws {truth} W");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    rig.drill("power", 1, Drill::default());
    rig.until("it is back", Rig::is_settled);
    let (seen, truth) = (rig.point("utility/power").value.expect("known"), rig.truth("utility/power"));
    assert!((seen - truth).abs() < 0.25 * truth, "{seen} W, {truth} W");
}

#[test]
fn not_a_number_in_a_float_is_no_pressure() {
    let rig = Rig::settled("air", &[]);
    rig.drill("plant", 1, Drill { garbled: true, ..Drill::default() });
    rig.until("the pressure is lost", |r| r.is_lost("chw/dp", "not_a_number"));
    rig.neighbours_are_well(&["chw/"]);
    rig.until("the pump runs at its fail-safe", |r| {
        let why = r.why("chw/pump-speed");
        why.level == 5 && why.value == 100.0 && r.truth("chw/pump-speed") == 100.0
    });
    rig.drill("plant", 1, Drill::default());
    rig.until("the pressure leads again", Rig::is_settled);
}

#[test]
fn the_code_of_a_broken_sensor_is_no_temperature() {
    let rig = Rig::settled("air", &[]);
    let ears = Ears::open(&rig);
    // 0x8000 would be -3276.8 °C, and a loop that believes it closes its valve.
    rig.drill("bms", 3, Drill { garbled: true, ..Drill::default() });
    rig.until("the sensor is lost", |r| r.is_lost("crah-3/supply-air-temp", "invalid_code"));
    rig.neighbours_are_well(&["crah-3/"]);
    rig.until("the valve opens", |r| r.truth("crah-3/valve") == 100.0);
    assert!(rig.why("crah-3/valve").limits.iter().any(|l| l.level == 5 && l.min == 100.0));
    rig.until("and the water flows", |r| r.truth("crah-3/valve-feedback") > 95.0);
    ears.until_event("reading_lost", "crah-3/supply-air-temp");
    rig.drill("bms", 3, Drill::default());
    rig.until("the loop leads again", Rig::is_settled);
    ears.until_event("reading_fresh", "crah-3/supply-air-temp");
}

#[test]
fn a_unit_that_only_knows_exceptions_is_told_by_their_number() {
    let rig = Rig::settled("air", &[]);
    rig.drill("bms", 2, Drill { exception: Some(4), ..Drill::default() });
    rig.until("its readings are lost", |r| r.is_lost("crah-2/supply-air-temp", "exception:4"));
    rig.neighbours_are_well(&["crah-2/"]);
    rig.drill("bms", 2, Drill::default());
    rig.until("it is back", Rig::is_settled);
}
