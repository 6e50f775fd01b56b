use proptest::prelude::*;

use super::*;
use crate::hall::{Condition, MeterRole, Priority};
use crate::point::Role;
use crate::read::corpus::{Broken, each_is_told, place};
use crate::shipped;
use crate::time::Span;
use crate::units::Percent;

const GOOD: &str = r#"
name = "small"
site = "demo"
tz = "Europe/Berlin"
summary = "Two racks"

[limits]
inlet-recommended = 27.0
inlet-max = 32.0

[[row]]
name = "row-a"
racks = 2
rack-rated = 25e3

[[crah]]
name = "crah-1"
row = "row-a"

[chilled-water]
name = "chw"

[[meter]]
name = "utility"
role = "utility"
rated = 1e6

[[meter]]
name = "ups"
role = "ups-output"
parent = "utility"
rated = 5e5
rollover = 1e9

[judgement.rack.inlet-air-temp]
stale-after = "10s"
lost-after = "30s"
max = 60.0

[write.crah.valve]
min = 5.0
max = 95.0
failsafe = 95.0
relinquish-default = 50.0

[strategy.fans]
setpoint = 24.0
gain = 4.0
ti = "120s"

[strategy.valves]
setpoint = 20.0
gain = 6.0
ti = "120s"
every = 2

[strategy.pump]
setpoint = 80e3
gain = 4e-4
ti = "30s"

[[alarm]]
name = "inlet-high"
condition = "inlet-above"
limit = 27.0
deadband = 0.5
on-delay = "60s"
priority = "high"
consequence = "Machines throttle"
response = "Look at the fans"
"#;

fn load(text: &str) -> Result<Hall, Faults> {
    Hall::load("small.toml", text)
}

const fn broken(from: &'static str, to: &'static str, message: &'static str, help: &'static str) -> Broken {
    Broken { from, to, message, help, at: "" }
}

#[test]
fn every_broken_hall_is_told_at_its_place() {
    each_is_told(GOOD, CORPUS, load);
}

const CORPUS: &[Broken] = &[
    broken("name = \"small\"", "name = §\"Small Hall\"", "`Small Hall` is no name", "small letters"),
    broken(
        "site = \"demo\"\n",
        "site = \"demo\"\n§summry = \"x\"\n",
        "this file knows no key `summry`",
        "did you mean `summary`?",
    ),
    broken("tz = \"Europe/Berlin\"", "tz = §\"CET+1 \"", "`CET+1 ` is no time zone", "IANA name"),
    broken("tz = \"Europe/Berlin\"", "tz = §\"Mars/Olympus\"", "`Mars/Olympus` is no time zone", "IANA name"),
    broken("summary = \"Two racks\"", "summary = §\"  \"", "`summary` is empty", "one sentence"),
    broken("inlet-max = 32.0", "inlet-max = §26", "`inlet-max` is 26 and must be above", "allowable range"),
    broken("inlet-max = 32.0", "inlet-max = §320.0", "is 320 and must be from 10 to 50", "from 10 to 50"),
    broken(
        "inlet-max = 32.0",
        "inlet-max = §\"32\"",
        "must be a number, not the text \"32\"",
        "take away the quotes: 32",
    ),
    broken("inlet-max = 32.0", "inlet-max = §nan", "must be a finite number", "leave the key out"),
    broken("[limits]\n", "[pue]\nlow-load = §5\n\n[limits]\n", "`low-load` is 5 and must be from 0 to 1", ""),
    broken("[limits]\n", "[pue]\n§low = 0.1\n\n[limits]\n", "`pue` knows no key `low`", ""),
    broken("[limits]\ninlet-recommended = 27.0", "§[limits]", "this `limits` has no `inlet-recommended`", "in °C"),
    broken("racks = 2", "racks = §0", "`racks` is 0 and must be from 1 to 500", "whole number"),
    broken("racks = 2", "racks = §2.5", "must be a number of racks or a list of their names", ""),
    broken("racks = 2", "racks = §[\"a\", \"a\"]", "`a` is already on line 13", "a name of its own"),
    broken("racks = 2", "racks = §[\"crah-2\", \"A 1\"]", "`A 1` is no name", "small letters"),
    broken("rack-rated = 25e3", "rack-rated = §-25e3", "must be from 1 to 1000000000", ""),
    broken("row = \"row-a\"", "row = §\"row-b\"", "there is no row `row-b`", "did you mean `row-a`?"),
    broken("role = \"ups-output\"", "role = §\"ups-out\"", "does not know the word `ups-out`", "ups-output"),
    broken("parent = \"utility\"", "parent = §\"utilty\"", "there is no meter `utilty`", "did you mean `utility`?"),
    broken("parent = \"utility\"", "parent = §\"ups\"", "`ups` is above itself", "nearer to the grid"),
    broken("name = \"ups\"", "name = §\"crah-1\"", "`crah-1` is already on line 17", "name of its own"),
    broken("rollover = 1e9", "rollover = §true", "`rollover` must be a number, not `true`", ""),
    broken(
        "[judgement.rack.inlet-air-temp]",
        "[judgement.rack.§inlet-temp]",
        "a rack has no point `inlet-temp`",
        "inlet-air-temp",
    ),
    broken("[judgement.rack.", "[judgement.§rak.", "no kind of equipment `rak`", "did you mean `rack`?"),
    broken("lost-after = \"30s\"", "lost-after = §\"10s\"", "`lost-after` is 10s and must be longer", "lost later"),
    broken("stale-after = \"10s\"", "stale-after = §10", "must be a time such as", "write \"10s\" for seconds"),
    broken("stale-after = \"10s\"", "stale-after = §\"10 parsecs\"", "must be a time such as", "the units are"),
    broken("failsafe = 95.0", "failsafe = §100.0", "`failsafe` is 100, outside the write range 5 to 95", "safe one"),
    broken(
        "[write.crah.valve]\nmin = 5.0",
        "[write.crah.valve]\nmin = §99.0",
        "`min` is 99 and must be below `max`",
        "swap",
    ),
    broken("max = 60.0\n", "max = 60.0\n§slow = 1\n", "`judgement.rack.inlet-air-temp` knows no key `slow`", "slew"),
    broken("setpoint = 24.0", "setpoint = §75.0", "`setpoint` is 75 and must be from 10 to 32", "from 10 to 32"),
    broken("gain = 4.0", "gain = §-4.0", "`gain` is -4 and must be above 0", "direction comes from the equipment"),
    broken("gain = 4.0", "§gian = 4.0\ngain = 4.0", "knows no key `gian`", "did you mean `gain`?"),
    broken("ti = \"30s\"", "ti = §\"0s\"", "`ti` is zero", "integral time"),
    broken("every = 2", "every = §0", "`every` is 0 and must be from 1 to 3600", ""),
    broken(
        "[strategy.pump]",
        "[strategy.§pmup]\nsetpoint=1\n[strategy.pump]",
        "knows no key `pmup`",
        "did you mean `pump`?",
    ),
    broken(
        "condition = \"inlet-above\"",
        "condition = §\"inlet_above\"",
        "`inlet_above`",
        "did you mean `inlet-above`?",
    ),
    broken(
        "condition = \"inlet-above\"\nlimit = 27.0",
        "condition = \"inlets-lost\"\nlimit = §27.0",
        "`inlets-lost` has no limit",
        "take",
    ),
    broken(
        "priority = \"high\"",
        "priority = §\"urgent\"",
        "does not know the word `urgent`",
        "critical, high, medium, low",
    ),
    broken("response = \"Look at the fans\"", "response = §\"\"", "`response` is empty", "one sentence"),
    broken(
        "[[alarm]]\nname = \"inlet-high\"\ncondition = \"inlet-above\"\nlimit = 27.0",
        "§[[alarm]]\nname = \"inlet-high\"\ncondition = \"inlet-above\"",
        "this `alarm` has no `limit`",
        "in °C",
    ),
    broken("consequence = \"Machines throttle\"", "consequence = §Machines throttle", "this is no TOML", ""),
    broken("racks = 2", "racks = 2\n§racks = 3", "this is no TOML: duplicate key", "keep one of the two"),
    broken("site = \"demo\"", "site = §demo", "this is no TOML: string values must be quoted", "in quotes"),
    broken("[limits]", "[limits§", "this is no TOML", "in brackets"),
];

#[test]
fn a_row_without_fans_and_a_hall_without_rows_are_told() {
    let Faults(faults) =
        load(&GOOD.replace("[[crah]]\nname = \"crah-1\"\nrow = \"row-a\"\n", "")).expect_err("no fans");
    assert!(faults[0].message.contains("no `[[crah]]`, no `[[dx]]` and no `[[fan]]` serves `row-a`"), "{}", faults[0]);
    assert_eq!((faults[0].line, faults[0].column), place(&GOOD.replace("\"row-a\"\nracks", "§\"row-a\"\nracks")));
    let Faults(faults) = load("name = \"x\"").expect_err("nothing there");
    let missing = ["site", "tz", "summary", "limits", "row", "strategy"];
    for key in missing {
        assert!(faults.iter().any(|f| f.message == format!("this file has no `{key}`")), "{key}: {faults:#?}");
    }
}

#[test]
fn all_faults_of_a_file_come_at_once_in_its_order() {
    let text = GOOD
        .replace("tz = \"Europe/Berlin\"", "tz = 1")
        .replace("row = \"row-a\"", "row = \"rowa\"")
        .replace("gain = 6.0", "gain = 0.0")
        .replace("priority = \"high\"", "priorty = \"high\"");
    let Faults(faults) = load(&text).expect_err("broken in many places");
    let told: Vec<_> = faults.iter().map(|f| f.message.as_str()).collect();
    assert_eq!(told.len(), 5, "{told:#?}");
    for (part, message) in ["`tz`", "`rowa`", "`gain`", "no `priority`", "`priorty`"].iter().zip(&told) {
        assert!(message.contains(part), "{part}: {told:#?}");
    }
    assert!(faults.is_sorted_by_key(|f| (f.line, f.column)));
}

#[test]
fn a_file_of_many_syntax_errors_tells_each() {
    let text = GOOD.replace("racks = 2", "racks = = 2").replace("gain = 6.0", "gain =").replace("latch", "");
    let Faults(faults) = load(&text).expect_err("no TOML");
    for line in ["racks = = 2", "gain ="] {
        let n = text.lines().position(|l| l == line).expect("there") + 1;
        assert!(faults.iter().any(|f| f.line == n), "{line}: {faults:#?}");
    }
}

#[test]
fn the_shipped_hall_is_what_its_drawing_shows() {
    let hall = Hall::load("air.toml", shipped::HALLS[0].1).unwrap_or_else(|f| panic!("{f}"));
    let racks: Vec<_> = hall.rows.rows().iter().map(|r| r.racks.len()).collect();
    assert_eq!((hall.name.as_str(), racks, hall.coils.len()), ("air", vec![20, 20], 6));
    assert!(hall.rows.rows().iter().all(|r| r.fans.len() == 3));
    let it: f64 = hall.rows.rows().iter().flat_map(|r| &r.racks).map(|r| r.rated.0).sum();
    assert!((it - 1e6).abs() < 1.0);
    assert_eq!(hall.equips[hall.rows[RowId::from_index(1)].racks[6].equip].name, "rack-b07");
    let loops: Vec<_> = hall.loops.rows().iter().map(String::as_str).collect();
    assert_eq!(loops[..3], ["row-a/fans", "row-b/fans", "crah-1/valve"]);
    assert_eq!(loops[8..], ["chw/pump", "ch-1/head", "ch-2/head", "ch-3/head", "ct-1/fans"]);
    let elsewhere = |condition: &Condition| !condition.befalls().is_empty() || *condition == Condition::LevelBelow;
    for condition in Condition::ALL.into_iter().filter(|condition| !elsewhere(condition)) {
        assert!(hall.alarms.rows().iter().any(|a| a.condition == condition), "{}", condition.word());
    }
    for name in ["broker-lost", "database-lost", "journal-gap", "config-reload-failed"] {
        assert!(hall.alarms.rows().iter().any(|a| a.name == name && a.condition == Condition::Service), "{name}");
    }
    let parents: Vec<_> = hall.meters.iter().map(|m| m.parent.map(|p| hall.equips[p].name.as_str())).collect();
    assert_eq!(parents[..3], [None, Some("utility"), Some("ups")]);
}

#[test]
fn a_loaded_hall_says_what_its_file_says() {
    let hall = load(GOOD).unwrap_or_else(|f| panic!("{f}"));
    let inlet = &hall.points[hall.point("rack-a02/inlet-air-temp").expect("a point")];
    assert_eq!((inlet.judgement.stale_after, inlet.judgement.max), (Span::from_secs(10), 60.0));
    assert_eq!(inlet.judgement.min, -10.0, "what the file does not say stays");
    let valve = hall.points[hall.point("crah-1/valve").expect("a point")].write.expect("written");
    assert_eq!((valve.min, valve.max, valve.failsafe, valve.relinquish_default), (5.0, 95.0, 95.0, 50.0));
    let ups = &hall.meters[1];
    assert_eq!((ups.role, ups.parent, ups.rollover.0), (MeterRole::UpsOutput, hall.equip("utility"), 1e9));
    assert!(hall.meters[0].rollover.0.is_infinite());
    assert_eq!((hall.strategies.valves.every, hall.strategies.fans.every), (2, 1));
    assert_eq!(hall.alarms.rows()[0].priority, Priority::High);
}

/// Every point of every kind stands where its equipment says, and typed points carry the unit of their type.
#[test]
fn points_and_equipment_agree() {
    for (name, text) in shipped::HALLS {
        let hall = Hall::load(name, text).expect("loads");
        let others: Vec<_> = hall.redundant.iter().flat_map(|redundant| redundant.others()).collect();
        for (id, equip) in hall.equips.iter() {
            let commands = equip.kind.commands();
            let own: Vec<_> = equip.points.iter().filter(|point| !others.contains(point)).collect();
            let more = own.len() - equip.kind.points().len();
            assert!(more <= commands.len(), "{}", equip.name);
            for (n, point) in own.into_iter().enumerate() {
                let def = &hall.points[*point];
                let own = equip.kind.points().get(n);
                let spec = own.or_else(|| commands.iter().find(|c| c.name == def.short_name())).expect("of its kind");
                assert_eq!((def.equip, def.unit, def.role), (id, spec.unit, spec.role));
                assert_eq!(def.name, format!("{}/{}", equip.name, spec.name));
                assert_eq!(def.write.is_some(), def.role != Role::Sensor, "{}", def.name);
            }
        }
        let fans = hall.rows.rows().iter().flat_map(|r| &r.fans);
        for fan in fans {
            assert_eq!(hall.points[fan.speed.id()].unit, Percent::UNIT);
            assert_eq!(hall.points[fan.speed.id()].short_name(), "fan-speed");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Cut anywhere and with any byte changed, a hall loads or says why; its faults lie inside the file.
    #[test]
    fn no_hall_file_panics(which in 0_usize..2, cut: prop::sample::Index, at: prop::sample::Index, odd in "[ -~\n§]{0,6}") {
        let text = shipped::HALLS[which].1;
        let cut = text.floor_char_boundary(cut.index(text.len() + 1));
        for text in [text, &text[..cut]] {
            let at = text.floor_char_boundary(at.index(text.len() + 1));
            let mutated = format!("{}{odd}{}", &text[..at], text.get(at + 1..).unwrap_or_default());
            if let Err(Faults(faults)) = Hall::load("air.toml", &mutated) {
                prop_assert!(!faults.is_empty());
                for fault in faults {
                    prop_assert!(fault.line >= 1 && fault.line <= mutated.matches('\n').count() + 1, "{}", fault);
                    prop_assert!(fault.column >= 1);
                }
            }
        }
    }

    /// A word of the file taken out is missed or has a default, and never brings the reader down.
    #[test]
    fn no_line_taken_out_panics(which in 0_usize..2, at: prop::sample::Index) {
        let lines: Vec<_> = shipped::HALLS[which].1.lines().collect();
        let at = at.index(lines.len());
        let text = [&lines[..at], &lines[at + 1..]].concat().join("\n");
        drop(Hall::load("air.toml", &text));
    }
}
