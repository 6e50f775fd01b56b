//! A job waits for a window: asked for over a real broker, held over a crash, begun when the window opens, and replayed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::budget::{Client, asks, code, first, lending};
use super::rig::{ends, wattloop};
use crate::mqtt::mosquitto::Mosquitto;

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()).expect("not so far")
}

fn minute(at: i64) -> String {
    let text = jiff::Timestamp::from_second(at).expect("an instant").to_string();
    text.replace('T', " ").trim_end_matches(":00Z").to_owned()
}

#[test]
fn a_job_is_held_for_its_window_over_a_crash_and_its_start_is_its_grant() {
    let Some(broker) = Mosquitto::start("allow_anonymous true\n") else { return };
    let (_, air) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let folder = tempfile::tempdir().expect("a folder");
    let hall = folder.path().join("night.toml");
    // Windows open at whole minutes: the second one from now on is far enough for a crash in between.
    let opens = (now() / 60 + 2) * 60;
    let window = format!(
        "[[window]]\nname = \"night\"\ndays = [\"holiday\"]\nextra = [\"{}..{}\"]\n",
        minute(opens),
        minute(opens + 7200)
    );
    std::fs::write(&hall, format!("{air}\n{window}")).expect("writes");
    let rig = lending(&broker, folder, (&[&format!("hall={hall:?}"), "budgets.client=[{name=\"slurm\"}]"], None));
    let client = Client::new(&broker, &rig.hall().site);
    let mut run = rig.running(&[]);
    first(&client);

    let timed = |request: &str, time: Value| asks(request, "time", &time);
    let unknown = client.ask("slurm", &timed("j0", json!({ "window": "nigt" })));
    assert_eq!(code(&unknown), ("invalid", "unsound"));
    assert!(unknown["reason"]["text"].as_str().is_some_and(|text| text.contains("night")), "{unknown}");
    let held = client.ask("slurm", &timed("j1", json!({ "window": "night", "duration_s": 600 })));
    assert_eq!(code(&held), ("queued", "window"), "{held}");
    let says: jiff::Timestamp = held["earliest_start"].as_str().expect("an instant").parse().expect("an instant");
    assert_eq!(says.as_second(), opens);
    let early = client.ask("slurm", &timed("j2", json!({ "window": "night", "early": true, "duration_s": 600 })));
    assert_eq!(code(&early), ("granted", ""), "there is room: {early}");

    run.signal("KILL");
    assert_eq!(run.wait(), None);
    let mut run = rig.running(&[]);
    let granted = |text: &String| {
        let data = serde_json::from_str::<Value>(text).expect("JSON")["data"].take();
        (data["request_id"] == "j1" && data["code"] == "granted").then_some(data)
    };
    let topic = client.topic("slurm", "response");
    let data = loop {
        let at = now();
        if let Some(data) = client.peer.heard(&topic).iter().find_map(granted) {
            break data;
        }
        assert!(at < opens + 30, "never begun; it is {at}, and its window opened at {opens}\n{}", run.log());
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(now() >= opens, "not before its window opens");
    let start: jiff::Timestamp =
        data["lease"]["schedule"][0]["start"].as_str().expect("a step").parse().expect("an instant");
    assert!((opens..opens + 30).contains(&start.as_second()), "its start is its grant: {data}");
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    ends(&wattloop(&["replay", &rig.file("journal.db")]), 0, &["decisions identical"]);
}

/// Cheap for an hour from the third quarter of an hour on, dear at all other times, by UTC.
fn tariff(cheap: i64) -> String {
    let clock = |at: i64| jiff::Timestamp::from_second(at).expect("an instant").strftime("%H:%M").to_string();
    let (from, to) = (clock(cheap), clock(cheap + 3600));
    format!(
        "name = \"t\"\nsummary = \"One cheap hour.\"\ncurrency = \"EUR\"\nzone = \"UTC\"\n[[energy]]\nname = \"all\"\n\
         [[energy.period]]\nname = \"cheap\"\nhours = [\"{from}-{to}\"]\nprice = 0.01\n\
         [[energy.period]]\nname = \"else\"\nprice = 0.5\n\
         [[demand]]\nname = \"peak\"\nprice = 0.01\nwindow = \"fixed\"\nlength = \"15min\"\n"
    )
}

#[test]
fn a_job_that_lets_a_plan_choose_is_told_its_start() {
    let Some(broker) = Mosquitto::start("allow_anonymous true\n") else { return };
    let (_, air) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let folder = tempfile::tempdir().expect("a folder");
    let (hall, prices) = (folder.path().join("planned.toml"), folder.path().join("t.toml"));
    let cheap = (now() / 900 + 3) * 900;
    let peaks = "[peaks]\nmeter = \"utility\"\nfeed = \"utility\"\nplan = true\n";
    std::fs::write(&hall, format!("{air}\n{peaks}")).expect("writes");
    std::fs::write(&prices, tariff(cheap)).expect("writes");
    let (hall, prices) = (format!("hall={hall:?}"), format!("tariff.file={prices:?}"));
    let rig = lending(&broker, folder, (&[&hall, &prices, "budgets.client=[{name=\"slurm\"}]"], None));
    let client = Client::new(&broker, &rig.hall().site);
    let mut run = rig.running(&[]);
    first(&client);
    rig.until(&["power", "forecast"], "a forecast", |shown| shown["quarters"][20]["watts"].as_f64() > Some(0.0));
    let by = jiff::Timestamp::from_second(cheap + 4 * 3600).expect("an instant").to_string();
    let time = json!({ "plan": true, "duration_s": 1800, "deadline": by });
    let asked = client.ask("slurm", &asks("j1", "time", &time));
    assert_eq!(code(&asked), ("queued", "plan"), "{asked}");
    // Half an hour in the cheap hour, by what the planner's thread said.
    let told = |shown: &Value| {
        let waits = &shown["waiting"][0];
        let start = waits["start_ms"].as_i64().unwrap_or(0) / 1000;
        waits["waits_for"] == "plan" && (cheap..=cheap + 1800).contains(&start)
    };
    let shown = rig.until(&["jobs"], "a planned start", told);
    let lease = shown["waiting"][0]["lease_id"].as_str().expect("a name").to_owned();
    assert!(rig.text(&["jobs"]).contains("waits for plan"), "{}", rig.text(&["jobs"]));
    let why = "cheaper than as early as limits allow (energy ";
    assert!(
        rig.text(&["jobs"]).contains("; planned: ") && rig.text(&["jobs"]).contains(why),
        "{}",
        rig.text(&["jobs"])
    );
    let followed = rig.text(&["power", "ahead"]);
    let row = followed.lines().find(|line| line.starts_with(&lease)).unwrap_or_default();
    assert!(row.contains("slurm") && row.contains("j1") && followed.contains(why), "{followed}");
    let explained = rig.text(&["plan", "--running"]);
    assert!(explained.contains(&lease), "the plan explains {lease}:\n{explained}");

    run.signal("KILL");
    assert_eq!(run.wait(), None);
    let mut run = rig.running(&[]);
    rig.until(&["jobs"], "the same start, or the next plan's", told);
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    ends(&wattloop(&["replay", &rig.file("journal.db")]), 0, &["decisions identical"]);
}
