//! A battery on the wire: asked for what billed windows do not allow, at rest when nobody speaks to it, proved, replayed.

use serde_json::Value;
use wattloop::service::rehearsal::Scene;

use super::rig::{PATIENCE, Rig, ends, wattloop};

const HALL: &str = r#"
[peaks]
meter = "utility"
feed = "utility"

[[peak]]
demand = "demand"
most = 100e3

[[meter]]
name = "bess-out"
role = "battery-discharge"
rated = 200e3

[[meter]]
name = "bess-in"
role = "battery-charge"
rated = 200e3

[[battery]]
name = "bess"
feed = "utility"
capacity = 400e3
rated-discharge = 200e3
rated-charge = 200e3
reserve = 30.0
"#;

const SITE: &str = r#"
[[device]]
equip = "bess"
map = "battery-converter"
gateway = "power"
unit = 90

[[device]]
equip = "bess-*"
map = "power-meter"
gateway = "power"
unit = 91
"#;

const PHYSICS: &str = r#"
[electrics.storage]
energy-wh = 400e3
charge-rate-per-h = 0.5
discharge-rate-per-h = 0.5
start = 0.8
"#;

pub fn rig() -> Rig {
    let tariff = concat!(env!("CARGO_MANIFEST_DIR"), "/config/tariffs/lakes-coincident.toml");
    let (_, air) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let folder = tempfile::tempdir().expect("a folder");
    let hall = folder.path().join("battery.toml");
    std::fs::write(&hall, format!("{air}\n{HALL}")).expect("writes");
    let set = vec![format!("hall={:?}", hall.display().to_string()), format!("tariff.file={tariff:?}")];
    let more = (SITE.to_owned(), PHYSICS.to_owned());
    Rig::with("air", folder, Scene { set, more, ..Scene::default() })
}

#[test]
fn a_battery_gives_over_the_wire_rests_when_control_dies_and_proves_what_it_holds() {
    let rig = rig();
    let mut run = rig.running(&[]);
    let power = |shown: &Value| shown[0]["power_w"].as_f64().unwrap_or(0.0);
    // Far less is allowed than flows: all of it is asked for.
    let shown = rig.until(&["power", "battery"], "what it gives", |shown| power(shown) > 195e3);
    assert_eq!((&shown[0]["does"], &shown[0]["name"]), (&"shaves".into(), &"bess".into()), "{shown}");
    run.says("gives to the hall from now on");
    let status = rig.text(&["status"]);
    assert!(status.contains("battery        bess shaves"), "{status}");
    let plan = rig.text(&["plan", "--running", "--slots"]);
    for words in [
        "lakes-coincident: ",
        "144 quarters of an hour, in USD",
        "supposed: 144 slots have the load that was seen last",
    ] {
        assert!(plan.contains(words), "no `{words}` in\n{plan}");
    }
    let why = rig.text(&["why", "bess/power-setpoint"]);
    assert!(why.contains("billed windows allow less than is drawn"), "{why}");

    run.signal("KILL");
    assert_eq!(run.wait(), None);
    let truth = |name: &str| {
        let point = rig.hall().point(name).expect("there");
        rig.stage.hall.stage().world.truth(point).unwrap_or(f64::NAN)
    };
    let begun = std::time::Instant::now();
    while truth("bess/power").abs() > 2e3 {
        assert!(begun.elapsed() < PATIENCE, "it still gives {}", truth("bess/power"));
        std::thread::sleep(std::time::Duration::from_millis(200));
    }

    let mut run = rig.running(&[]);
    rig.until(&["power", "battery"], "it gives again", |shown| power(shown) > 195e3);
    let prove = ["power", "prove", "bess", "--kilowatts", "150", "--depth", "20", "--reason", "a trial"];
    assert!(rig.text(&prove).contains("it gives 150.0 kW for about"), "it begins");
    rig.until(&["power", "battery"], "the proof", |shown| shown[0]["does"] == "proves");
    ends(&rig.ask(&prove), 1, &[]);
    rig.text(&["power", "prove", "bess", "--stop"]);
    run.says("has ended its proof without a result: a person stopped it");
    ends(&rig.ask(&["power", "prove", "bass", "--stop"]), 1, &["bess"]);
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    ends(&wattloop(&["replay", &rig.file("journal.db")]), 0, &["decisions identical"]);
}

#[test]
fn a_hall_without_a_battery_says_what_to_do() {
    let rig = Rig::new("bench");
    let mut run = rig.running(&[]);
    ends(&rig.ask(&["power", "battery"]), 1, &["there is no battery in this hall", "write `[[battery]]`"]);
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
}
