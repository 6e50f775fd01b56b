//! Problems from files: what is read, and how every fault is told.

use super::super::{PlanFile, Planner, Slot, plan, worth};
use super::slots;

const NIGHT: &str = include_str!("../../../config/plans/night.toml");

#[test]
fn the_shipped_night_is_planned_and_explained() {
    let file = PlanFile::load("night.toml", NIGHT).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!((file.name.as_str(), file.currency.as_str(), file.problem.slots.len()), ("night", "EUR", 144));
    assert_eq!((file.time(0), file.time(25), file.time(144)), ("16:00".into(), "22:15".into(), "04:00 +2".into()));
    let plan = plan(&file.problem, Planner::Programme).expect("no faults");
    let of = |name: &str| file.problem.jobs.iter().position(|job| job.name == name).expect("it is there");
    // 22:00 is slot 24, 06:00 slot 56.
    assert!(slots(&plan, of("training-long")).iter().all(|slot| (24..56).contains(slot)));
    let (own, at_once) = (plan.own.cost.total(), plan.at_once.cost.total());
    assert!(own < 0.8 * at_once, "{own} beside {at_once}");
    let bound = plan.bound.expect("solved").cost;
    assert!(own >= bound - 1e-3 && own < 1.01 * bound, "{own} beside {bound}");
    assert_eq!(plan.own.short_jobs, 1, "`too-much` alone is more than its row bears");
    assert!(worth(&file.problem).expect("no faults").iter().all(|worth| worth.per_kw >= 0.0));
}

#[test]
fn hours_hold_until_the_next_and_what_they_leave_out_stays() {
    let text = "name = \"a\"\nsummary = \"b\"\ncurrency = \"EUR\"\nlength = \"1h\"\n\
                [[hours]]\nat = \"0h\"\nprice = 0.2\nbase = 10\nbase-high = 12\nlimit = 50\n\
                [[hours]]\nat = \"30min\"\nprice = 0.1\n[[hours]]\nat = \"45min\"\nbase = 20\n";
    let file = PlanFile::load("a.toml", text).unwrap_or_else(|faults| panic!("{faults}"));
    let slot = |price, base, base_high| Slot { price, carbon: 0.0, base, base_high, limit: 50.0, cooling: 1.0 };
    let wanted = [slot(0.2, 10.0, 12.0), slot(0.2, 10.0, 12.0), slot(0.1, 10.0, 12.0), slot(0.1, 20.0, 20.0)];
    assert_eq!((file.problem.slots.as_slice(), file.time(3)), (wanted.as_slice(), "+0:45".to_owned()));
}

#[test]
fn every_fault_has_its_line_and_a_way_out() {
    for (from, to, message) in [
        ("length = \"36h\"", "length = \"7h10min\"", "must be a time"),
        ("length = \"36h\"", "length = \"3610min\"", "no whole number of quarters"),
        ("length = \"36h\"", "length = \"100h\"", "to four days can be planned"),
        ("length = \"36h\"", "length = \"20h\"", "begin at the end of the plan"),
        ("begins = \"16:00\"", "begins = \"25:00\"", "no time of day"),
        ("price = 0.31 ", "price = nan ", "a finite number"),
        ("base-high = 720", "base-high = 20", "the high base load is 20 kW"),
        (
            "cooling = 1.10\n\n[[hours]]\nat = \"14h\"",
            "cooling = 0.9\n\n[[hours]]\nat = \"14h\"",
            "the factor of cooling is 0.9",
        ),
        ("at = \"14h\"", "at = \"2h\"", "do not begin after those above"),
        ("at = \"0h\"", "at = \"1h\"", "do not begin at \"0h\""),
        ("window = \"fixed\"", "window = \"rolling-block\"", "does not know the word"),
        ("length = \"15min\"", "length = \"2h\"", "has 8 slots"),
        ("level = 200", "level = 300", "it holds 220 kWh"),
        ("reserve = 90", "reserv = 90", "knows no key `reserv`"),
        ("cap = 260", "cap = -1", "the limit of domain `row-a` is -1"),
        ("domain = \"row-a\"\nkw = 150", "domain = \"row-c\"\nkw = 150", "there is no domain `row-c`"),
        ("kw = 150", "kw = \"150\"", "must be a number"),
        ("kw = 150", "kw = 0", "the power of job `training-long` is 0"),
        ("deadline = \"20h\"", "deadline = \"50h\"", "may run from slot 0 to 200"),
        ("min-run = \"2h\"", "min-run = \"9h\"", "the shortest run of job `training-long`"),
        ("name = \"training-short\"", "name = \"training-long\"", "is there twice"),
        ("priority = 1", "priority = -1", "must be from 0 to 255"),
    ] {
        assert!(NIGHT.contains(from), "{from}");
        let text = NIGHT.replacen(from, to, 1);
        let Err(told) = PlanFile::load("night.toml", &text) else { panic!("taken: {to}") };
        let fault =
            told.0.iter().find(|fault| fault.message.contains(message)).unwrap_or_else(|| panic!("{to}: {told}"));
        assert!(fault.line > 1 && !fault.help.is_empty(), "{fault}");
    }
    let told = PlanFile::load("empty.toml", "").map_or_else(|faults| faults.to_string(), |_| String::new());
    for key in ["name", "summary", "currency", "length", "hours"] {
        assert!(told.contains(&format!("has no `{key}`")), "{told}");
    }
}
