//! Scenarios from outside: every shipped one holds, a bad page says where, and what failed is told to build servers.
#![cfg(feature = "sim")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn wattloop(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wattloop"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("the program runs")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it ends by itself")
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

const PAGE: &str = "name = \"mine\"\nsummary = \"A page of a site's own\"\nhall = \"bench\"\nstart = \"2026-07-15T13:00Z\"\n\
                    duration = \"10min\"\nwarm-up = \"1min\"\n";

#[test]
fn every_shipped_scenario_holds() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let names: Vec<&str> = sim::scenario::shipped::SCENARIOS.iter().map(|(name, _)| *name).collect();
    assert!(names.len() >= 30, "only {} scenarios", names.len());
    let mut args = vec!["sim", "run", "--junit", "all.xml"];
    args.extend(&names);
    let output = wattloop(folder.path(), &args);
    assert_eq!(code(&output), 0, "{}", told(&output));
    let junit = fs::read_to_string(folder.path().join("all.xml")).expect("written");
    assert_eq!(junit.matches("<testsuite ").count(), names.len());
    assert_eq!(junit.matches("<failure").count(), 0);
}

#[test]
fn every_file_of_the_folder_is_shipped() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("sim/scenarios");
    let files = fs::read_dir(root).expect("the folder").flatten().map(|e| e.path());
    let mut stems: Vec<String> = files
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .filter_map(|p| Some(p.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    stems.sort();
    let shipped: Vec<&str> = sim::scenario::shipped::SCENARIOS.iter().map(|(name, _)| *name).collect();
    assert_eq!(stems, shipped);
}

#[test]
fn a_bad_page_says_all_that_is_wrong_with_it_and_where() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let text =
        format!("{PAGE}[[assert]]\nname = \"a\"\nalways = \"max(heater/inlet-air-tmp) <= 30\"\nform = \"1min\"\n");
    fs::write(folder.path().join("bad.toml"), text).expect("written");
    fs::write(folder.path().join("worse.toml"), "name = 3").expect("written");
    let output = wattloop(folder.path(), &["sim", "run", "bad.toml", "worse.toml"]);
    let told = told(&output);
    assert_eq!(code(&output), 65, "{told}");
    for said in ["bad.toml:9:15: there is no point `heater/inlet-air-tmp`", "knows no key `form`", "worse.toml:1:8:"] {
        assert!(told.contains(said), "{said} is not in {told}");
    }
    assert_eq!(code(&wattloop(folder.path(), &["sim", "run", "missing.toml"])), 65);
}

#[test]
fn what_fails_is_told_with_its_margin_and_its_worst_instant() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let text = format!(
        "{PAGE}[[assert]]\nname = \"impossible\"\nalways = \"heater/inlet-air-temp <= 10 °C\"\n\
         [[assert]]\nname = \"easy\"\nalways = \"heater/inlet-air-temp <= 60 °C\"\n"
    );
    fs::write(folder.path().join("mine.toml"), text).expect("written");
    let output = wattloop(folder.path(), &["sim", "run", "mine.toml", "--seeds", "3", "--junit", "mine.xml", "--json"]);
    assert_eq!(code(&output), 1, "{}", told(&output));
    let runs: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let runs = runs.as_array().expect("a list");
    assert_eq!(runs.len(), 3);
    let traces: std::collections::BTreeSet<_> = runs.iter().map(|r| r["trace"].as_str().expect("a hash")).collect();
    assert_eq!(traces.len(), 3, "another seed is another run");
    let assert = &runs[0]["asserts"][0];
    assert_eq!(assert["held"], Value::Bool(false));
    assert!(assert["margin"].as_f64().is_some_and(|m| (-40.0..-5.0).contains(&m)), "{assert}");
    assert!(runs[0]["asserts"][1]["held"].as_bool().expect("a verdict"));
    let junit = fs::read_to_string(folder.path().join("mine.xml")).expect("written");
    assert_eq!(junit.matches("<failure").count(), 3, "{junit}");
    assert!(junit.contains("name=\"mine seed 1: impossible: always heater/inlet-air-temp &lt;= 10 °C\""), "{junit}");
    assert!(junit.contains("worst instant"), "{junit}");
    let explained = wattloop(folder.path(), &["sim", "explain", "mine.toml", "impossible"]);
    assert_eq!(code(&explained), 0);
    assert!(
        told(&explained).contains('▁') && told(&explained).contains("FAIL impossible: margin -"),
        "{}",
        told(&explained)
    );
}

#[test]
fn a_blessed_run_passes_and_another_does_not() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let golden = "[[assert]]\nname = \"as-blessed\"\ngolden = [\"heater/inlet-air-temp\"]\ntube = 0.3\n";
    let page = folder.path().join("mine.toml");
    fs::write(&page, format!("{PAGE}{golden}")).expect("written");
    let run = || wattloop(folder.path(), &["sim", "run", "mine.toml"]);
    assert_eq!(code(&run()), 1, "without a golden trace nothing is proven");
    let blessed = wattloop(folder.path(), &["sim", "bless", "mine.toml"]);
    assert_eq!(code(&blessed), 0, "{}", told(&blessed));
    let again = run();
    assert_eq!(code(&again), 0, "{}", told(&again));
    let first = folder.path().join("golden/first.csv");
    fs::copy(folder.path().join("golden/mine.csv"), &first).expect("copied");
    fs::write(&page, format!("{PAGE}[load]\nmean = 0.1\nstep = 0.0\n{golden}")).expect("written");
    assert_eq!(code(&run()), 1, "another load is another course");
    assert_eq!(code(&wattloop(folder.path(), &["sim", "bless", "mine.toml"])), 0);
    let diff = |args: &[&str]| code(&wattloop(folder.path(), &[&["sim", "diff", "golden/first.csv"], args].concat()));
    assert_eq!(diff(&["golden/first.csv"]), 0);
    assert_eq!(diff(&["golden/mine.csv"]), 1);
    assert_eq!(diff(&["golden/mine.csv", "--tolerance", "100"]), 0);
    assert_eq!(diff(&["mine.toml"]), 65);
}

#[test]
fn storms_leave_the_books_closed_and_the_inlets_cold() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let storms = |hall: &str, seeds: &str, length: &str| {
        wattloop(folder.path(), &["sim", "storm", hall, "--seeds", seeds, "--for", length, "--json"])
    };
    for (hall, _) in plant::shipped::HALLS {
        let (seeds, length) = if ["air", "bench"].contains(hall) { (4, "40min") } else { (2, "20min") };
        let output = storms(hall, &seeds.to_string(), length);
        assert_eq!(code(&output), 0, "{hall}: {}", told(&output));
        let all: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(all.as_array().map(Vec::len), Some(seeds));
    }
}

#[test]
fn every_run_leaves_its_own_report_and_trace() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let event =
        "[[event]]\nname = \"hand\"\nat = \"3min\"\ndo = \"fault\"\ntarget = \"fan-1\"\nhow = \"hand\"\nvalue = 100\n";
    let assert = "[[assert]]\nname = \"too-strict\"\nalways = \"heater/inlet-air-temp <= 10 °C\"\n";
    fs::write(folder.path().join("mine.toml"), format!("{PAGE}{event}{assert}")).expect("written");
    let files = ["--report", "page.html", "--trace", "trace.csv"];
    let output = wattloop(folder.path(), &[&["sim", "run", "mine.toml", "--seeds", "2"], &files[..]].concat());
    assert_eq!(code(&output), 1, "{}", told(&output));
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let page = read("page-mine-2.html");
    for said in
        ["1 of 2 asserts failed", "too-strict", "hand", "wattloop sim run mine.toml --seed 2", "Facility energy"]
    {
        assert!(page.contains(said), "{said} is not in the report");
    }
    assert!(!page.contains("<script") && !page.contains("://"), "a page that needs nothing else");
    let trace = read("trace-mine-1.csv");
    assert_eq!(trace.lines().count(), 601, "a line of names, then one a second");
    assert!(trace.contains("heater/inlet-air-temp [°C]") && trace.contains("scenario: hand"), "{}", &trace[..400]);
    let diff = |a: &str, b: &str| code(&wattloop(folder.path(), &["sim", "diff", a, b]));
    assert_eq!(diff("trace-mine-1.csv", "trace-mine-1.csv"), 0);
    assert_eq!(diff("trace-mine-1.csv", "trace-mine-2.csv"), 1);
    let hall = wattloop(folder.path(), &[&["sim", "run", "bench", "--for", "5min"], &files[..]].concat());
    assert_eq!(code(&hall), 0, "{}", told(&hall));
    assert!(read("page.html").contains("Nothing was asserted") && read("trace.csv").lines().count() == 301);
    let nowhere = wattloop(folder.path(), &["sim", "run", "bench", "--for", "1min", "--report", "no/such/place.html"]);
    assert_eq!(code(&nowhere), 73, "{}", told(&nowhere));
}

/// A page's only run, which holds; what it comes to by the figure's name.
fn figures(folder: &Path, page: &str) -> impl Fn(&str) -> f64 + use<> {
    fs::write(folder.join("mine.toml"), page).expect("written");
    let output = wattloop(folder, &["sim", "run", "mine.toml", "--json"]);
    assert_eq!(code(&output), 0, "{}", told(&output));
    let runs: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    move |name| runs[0]["kpi"][name].as_f64().unwrap_or_else(|| panic!("{name}: {}", runs[0]["kpi"]))
}

/// A page that is refused as bad, and what is said of it.
fn refused(folder: &Path, page: &str, said: &str) {
    fs::write(folder.join("wrong.toml"), page).expect("written");
    let output = wattloop(folder, &["sim", "run", "wrong.toml"]);
    assert_eq!(code(&output), 65, "{}", told(&output));
    assert!(told(&output).contains(said), "{said}: {}", told(&output));
}

/// Machines change places by run-time: in a hall that lets them do so every two hours, nobody notices and all three run alike.
#[test]
fn chillers_change_places_and_the_water_stays_cold() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let of = |all: &[(&str, &'static str)]| all.iter().find(|(name, _)| *name == "air").expect("shipped").1;
    let often = "rotate-every = \"2h\"\nrotate-gap = \"1h\"\nprove =";
    let hall = of(plant::shipped::HALLS).replace("prove =", often);
    fs::write(folder.path().join("often.toml"), hall).expect("written");
    fs::write(folder.path().join("physics.toml"), of(sim::shipped::HALLS)).expect("written");
    let page = "name = \"mine\"\nsummary = \"Often\"\nhall = \"often.toml\"\nphysics = \"physics.toml\"\n\
        start = \"2026-07-15T00:00Z\"\nduration = \"24h\"\nwarm-up = \"1h\"\ndt = \"10s\"\nperiod = \"10s\"\n\
        [weather]\nclimate = \"hot-humid\"\n\
        [[assert]]\nname = \"cold\"\nalways = \"chw/supply-water-temp - command(ch-1/setpoint) <= 2 K\"\n\
        [[assert]]\nname = \"two\"\nalways = \"count(ch-*/running > 0.5) >= 2\"\n";
    let kpi = figures(folder.path(), page);
    for chiller in ["ch-1", "ch-2", "ch-3"] {
        let starts = kpi(&format!("starts.{chiller}"));
        assert!((2.0..=8.0).contains(&starts), "{chiller} started {starts} times");
    }
}

#[test]
fn a_page_has_weather_prices_and_setpoints_of_its_own() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let text = "time,price\n2026-07-15T00:00Z,0.5\n2026-07-15T13:05Z,1.5\n";
    fs::write(folder.path().join("prices.csv"), text).expect("written");
    let page = PAGE.replace("bench", "air").replace(
        "warm-up",
        "expected-errors = [\"inlet-critical\"]\nprices = \"prices.csv\"\nco2-kg-per-kwh = 0.4\nwarm-up",
    );
    let rest = "[weather]\nclimate = \"hot-dry\"\n\
        [[event]]\nname = \"up\"\nat = \"1min\"\nfor = \"5min\"\ndo = \"setpoint\"\ntarget = \"fans\"\nvalue = \"35 °C\"\n\
        [[event]]\nname = \"jump\"\nat = \"2min\"\ndo = \"clock\"\nby = \"-1h\"\n\
        [[event]]\nname = \"gone\"\nat = \"7min\"\nfor = \"1min\"\ndo = \"broker\"\n\
        [[assert]]\nname = \"cost\"\nkpi = \"cost\"\nmin = 0.0\n\
        [[assert]]\nname = \"less-air\"\nafter = \"up\"\nto = \"5min\"\neventually = \"command(crah-1/fan-speed) <= 31 %\"\nwithin = \"5min\"\n\
        [[assert]]\nname = \"clock\"\nalarm = \"clock-untrusted\"\nraised = \"once\"\nwithin = \"4min\"\n";
    let kpi = figures(folder.path(), &format!("{page}{rest}"));
    assert!((0.95..1.05).contains(&(kpi("cost") / kpi("facility-kwh"))), "half the time 0.5, half of it 1.5");
    assert!((kpi("co2-kg") - 0.4 * kpi("facility-kwh")).abs() < 1e-6);
    for (wrong, said) in [
        ("prices = \"prices.csv\"", "there is no file prices.csv"),
        ("climate = \"hot-dry\"", "does not know the word `hot-dri`"),
        ("target = \"fans\"", "has no setpoint of `dx`"),
        ("by = \"-1h\"", "`soon` is no time"),
    ] {
        let other = wrong.replace("prices.csv", "none.csv").replace("hot-dry", "hot-dri").replace("fans", "dx");
        let text = format!("{page}{rest}").replace(wrong, &other.replace("-1h", "soon"));
        refused(folder.path(), &text, &said.replace("prices.csv", "none.csv"));
    }
}

#[test]
fn a_page_has_machines_and_jobs_of_its_own() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (_, kind) = sim::shipped::NODES.first().expect("shipped");
    fs::write(folder.path().join("mine-node.toml"), kind.replace("rated-w = 700", "rated-w = 600")).expect("written");
    let jobs = "submit_s,nodes,length_s,kind\n0,38,1000,training\n60,42,1000,decode\n";
    fs::write(folder.path().join("jobs.csv"), jobs).expect("written");
    let page = PAGE.replace("bench", "air");
    let rest = "[nodes]\nkind = \"mine-node.toml\"\nper-rack = 2\njobs = \"jobs.csv\"\ncap-w = 590\n\
        [[event]]\nname = \"cap\"\nat = \"5min\"\nfor = \"2min\"\ndo = \"cap\"\nwatts = 250\n\
        [[assert]]\nname = \"capped\"\nafter = \"cap\"\nfrom = \"2s\"\nto = \"2min\"\nalways = \"rack-a01/power <= 5.4 kW\"\n\
        [[assert]]\nname = \"lost\"\nkpi = \"lost-gpu-h\"\nmin = 1\n";
    let kpi = figures(folder.path(), &format!("{page}{rest}"));
    // Ten minutes of 152 GPUs that train and of 168 that decode; the cap of two minutes holds back the former only.
    let share = kpi("lost-gpu-h") / (320.0 / 6.0);
    assert!((kpi("lost-share") / 100.0 / share - 1.0).abs() < 1e-6, "{share}");
    assert!((5.0..8.0).contains(&kpi("throttled-gpu-h")), "{}", kpi("throttled-gpu-h"));
    for (wrong, other, said) in [
        ("jobs.csv", "none.csv", "there is no file none.csv"),
        ("mine-node.toml", "no-node.toml", "there is no file no-node.toml"),
        ("per-rack = 2", "per-rack = 1", "must be from 1 to 40"),
        ("per-rack = 2", "per-rack = 7", "of a rack's 25.0 kW"),
    ] {
        refused(folder.path(), &format!("{page}{rest}").replace(wrong, other), said);
    }
}

/// With this seed the fans turn when they die, are not needed for ten minutes, and are then: one alarm, until they have turned.
#[test]
fn fans_that_nobody_needs_for_a_while_are_not_well_by_that() {
    let run = ["sim", "run", "hybrid-dry-cooler-start-fails", "--seed", "3"];
    let output = Command::new(env!("CARGO_BIN_EXE_wattloop")).args(run).output().expect("starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
