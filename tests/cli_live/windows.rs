//! Windows of civil time as a running service knows them: listed, waited for, kept over a crash, replayed.

use serde_json::{Value, json};
use wattloop::service::rehearsal::Scene;

use super::rig::{Rig, ends, wattloop};

const WINDOWS: &str = r#"
[[window]]
name = "always"
hours = ["00:00-24:00"]

[[window]]
name = "never"
days = ["holiday"]
"#;

#[test]
fn windows_are_listed_and_waited_for_and_survive_a_crash() {
    let (_, bench) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("shipped");
    let folder = tempfile::tempdir().expect("a folder");
    let hall = folder.path().join("windows.toml");
    std::fs::write(&hall, format!("{bench}\n{WINDOWS}")).expect("writes");
    let set = vec![format!("hall={:?}", hall.display().to_string())];
    let rig = Rig::with("bench", folder, Scene { set, ..Scene::default() });
    let mut run = rig.running(&[]);

    let open = |shown: &Value| shown["windows"][0]["open"] == true;
    let shown = rig.until(&["windows", "list"], "the open window", open);
    assert_eq!((&shown["clock_trusted"], &shown["windows"][1]["open"]), (&json!(true), &json!(false)));
    assert_eq!((&shown["windows"][0]["until"], &shown["windows"][1]["next"]), (&Value::Null, &Value::Null));
    let since = shown["windows"][0]["since"].clone();
    let text = rig.text(&["windows", "list"]);
    assert!(text.contains("always: open since") && text.contains("never: shut; never within 400 days"), "{text}");
    assert!(rig.text(&["status"]).contains("windows        always open, never shut"));
    run.says("is open, for more than 400 days subject=\"always\"");

    assert!(rig.text(&["windows", "wait", "always"]).contains("always: open"));
    ends(&rig.ask(&["windows", "wait", "never", "--for", "0s"]), 75, &["never: shut", "try again"]);
    ends(&rig.ask(&["windows", "wait", "allways"]), 1, &["no window `allways`", "did you mean `always`?"]);

    run.signal("KILL");
    assert_eq!(run.wait(), None);
    let mut run = rig.running(&[]);
    let again = rig.until(&["windows", "list"], "the open window", open);
    assert_eq!(again["windows"][0]["since"], since, "it was open all the while");
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
    ends(&wattloop(&["replay", &rig.file("journal.db")]), 0, &["decisions identical"]);
}

#[test]
fn a_hall_without_windows_says_what_to_do() {
    let rig = Rig::with("bench", tempfile::tempdir().expect("a folder"), Scene::default());
    let mut run = rig.running(&[]);
    ends(&rig.ask(&["windows", "list"]), 1, &["this hall has no windows", "write `[[window]]` in the hall's file"]);
    run.signal("TERM");
    assert_eq!(run.wait(), Some(0), "{}", run.log());
}
