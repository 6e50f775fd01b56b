//! What the page says.

use super::*;
use wattloop::control::report::{AnnouncedView, OverrideView, PriceView, Readings, RiskView, ShadowView, WorstInlet};

fn chillers() -> PlantView {
    let running = MachineView { run_hours: 812.04, starts: 14, ..MachineView::default() };
    PlantView {
        name: "chw".into(),
        rule: "sequence".into(),
        change: "starting".into(),
        wanted: 2,
        load_kw: Some(581.25),
        machines: vec![
            MachineView { name: "ch-1".into(), step: "on".into(), ..running },
            MachineView { name: "ch-2".into(), step: "starting".into(), since_s: Some(20.0), ..MachineView::default() },
        ],
        ..PlantView::default()
    }
}

fn pumped() -> CduView {
    CduView {
        name: "cdu-1".into(),
        rule: "sequence".into(),
        change: "steady".into(),
        wanted: 1,
        setpoint_celsius: 32.0,
        supply_celsius: Some(32.14),
        dp_kpa: Some(59.96),
        pumps: vec![MachineView { name: "pump 1".into(), step: "on".into(), ..MachineView::default() }],
        ..CduView::default()
    }
}

fn header() -> PumpsView {
    PumpsView {
        name: "chw/pumps".into(),
        rule: "sequence".into(),
        change: "steady".into(),
        wanted: 2,
        short: true,
        pumps: vec![MachineView { name: "chwp-1".into(), step: "on".into(), ..MachineView::default() }],
    }
}

fn immersed() -> TankView {
    TankView {
        name: "tank-1".into(),
        rule: "sequence".into(),
        warmth: "warm".into(),
        fluid_celsius: Some(45.14),
        setpoint_celsius: Some(45.0),
        level_percent: Some(99.8),
        pump: Some("turning".into()),
        run_hours: 812.04,
        ..TankView::default()
    }
}

#[test]
fn a_tank_says_what_it_holds_and_what_is_asked_of_its_machines() {
    let line = |t: &TankView| {
        let mut page = String::new();
        tank(&mut page, t).expect("a text");
        page
    };
    let boiling = TankView {
        pressure_pascals: Some(1240.0),
        setpoint_pascals: Some(0.0),
        setpoint_celsius: None,
        more_cooling: true,
        pump: None,
        level_percent: None,
        ..immersed()
    };
    let wanted = "tank           tank-1 45.1 °C, 1240.0 Pa, - full, aims at 0 Pa, ALL THAT COOLS IT AT ITS MOST\n";
    assert_eq!(line(&boiling), wanted);
    let wanted = "tank           tank-1 45.1 °C, 99.8 % full, aims at 45.0 °C: pump turning (812.0 h, 0 starts)\n";
    assert_eq!(line(&immersed()), wanted);
    let leaks = TankView { leak: true, ..immersed() };
    let wanted =
        "tank           tank-1 45.1 °C, 99.8 % full, aims at 45.0 °C, IT LEAKED: pump turning (812.0 h, 0 starts)\n";
    assert_eq!(line(&leaks), wanted);
    let cold = TankView { warmth: "warming".into(), ..immersed() };
    let wanted = "tank           tank-1 45.1 °C, 99.8 % full, warming, valve shut: pump turning (812.0 h, 0 starts)\n";
    assert_eq!(line(&cold), wanted);
    let mut page = String::new();
    cap(&mut page, &CapView { off: true, row: "tank-1".into(), ..capped() }).expect("a text");
    assert_eq!(page, "OFF REQUESTED  tank-1 for 5 s: no pressure\n");
    page.clear();
    cap(&mut page, &CapView { rung: "drain".into(), ..capped() }).expect("a text");
    assert_eq!(page, "DRAIN WANTED   row-a for 5 s: no pressure\n");
}

#[test]
fn what_is_on_its_way_to_its_limit_says_when_it_is_there() {
    let row = LimitView {
        name: "row-a".into(),
        what: "inlet".into(),
        limit: 32.0,
        unit: "Cel".into(),
        ..LimitView::default()
    };
    let tank = LimitView {
        name: "tank-1".into(),
        what: "vapour".into(),
        limit: 2e3,
        unit: "Pa".into(),
        ..LimitView::default()
    };
    let said = |all: &[LimitView]| {
        let mut page = String::new();
        limits(&mut page, all).expect("a text");
        page
    };
    assert_eq!(said(&[]), "");
    assert_eq!(said(&[row.clone(), tank.clone()]), "time to limit  nothing gets there within half an hour\n");
    let rising = LimitView { per_minute: Some(0.84), seconds: Some(420.0), ..row.clone() };
    let wanted = "time to limit  row-a: 7 min until its inlet is at 32.0 °C, at 0.8 K/min\n";
    assert_eq!(said(&[rising, tank.clone()]), wanted);
    let there = LimitView { per_minute: Some(0.0), seconds: Some(0.0), ..tank };
    assert_eq!(said(&[row, there]), "time to limit  tank-1: AT ITS LIMIT of 2000 Pa, vapour\n");
}

fn capped() -> CapView {
    CapView { row: "row-a".into(), since_s: 5.0, sentence: "no pressure".into(), ..CapView::default() }
}

fn held() -> OverrideView {
    OverrideView {
        point: "crah-1/fan-speed".into(),
        value: 80.0,
        unit: "%".into(),
        level: 8,
        who: "uid:1000".into(),
        reason: "bearing".into(),
        remaining_s: 5400.0,
    }
}

fn announced() -> AnnouncedView {
    let (id, row, who) = ("job-17".into(), Some("row-a".into()), "uid:1000".into());
    AnnouncedView { id, row, kw: 80.0, in_s: 300.0, who }
}

#[test]
fn what_needs_somebody_comes_first() {
    let window = |window: &str, value, validity: &str| Pue {
        window: window.into(),
        value,
        meter: None,
        lower: None,
        upper: None,
        coverage: 0.96,
        category: 2,
        validity: validity.into(),
        code: String::new(),
        facility_kwh: 0.0,
        it_kwh: 0.0,
    };
    let status = Status {
        hall: "air".into(),
        site: "north".into(),
        scans: 7980,
        uptime_s: 7980.0,
        worst_inlet: Some(WorstInlet { rack: "rack-a07".into(), celsius: 32.4, margin_k: -0.4 }),
        pue: vec![window("1m", Some(1.119), "good"), window("1h", None, "too short"), window("24h", None, "too short")],
        readings: Readings { fresh: 220, stale: 0, lost: 1 },
        announced: vec![announced()],
        overrides: vec![held()],
        alarms: vec![AlarmView {
            name: "inlet-high".into(),
            priority: "high".into(),
            state: "unacknowledged".into(),
            since_s: 7800.0,
            detail: "rack-a07 32.4 °C".into(),
            consequence: "Servers throttle".into(),
            response: "Look at row A".into(),
        }],
        plants: vec![chillers()],
        pumps: vec![header()],
        cdus: vec![pumped()],
        caps: vec![capped()],
        clock_trusted: false,
        ..Status::default()
    };
    let wanted = "\
air at north, up 2 h 13 min, 7980 scans, the wall clock is NOT TRUSTED
ALARM HIGH     inlet-high, unacknowledged for 3 min: rack-a07 32.4 °C
               if nobody acts: Servers throttle
               what to do: Look at row A
override       crah-1/fan-speed held at 80.0 % by uid:1000 for 1 h 30 min more: bearing
announced      80 kW more for row-a, in 5 min: job-17 by uid:1000
worst inlet    32.4 °C at rack-a07, 0.4 K ABOVE the limit
fans           -
valves         -
pump           -
pumps          chw/pumps wants 2, steady, NONE IS LEFT to start: chwp-1 on (0.0 h, 0 starts)
plant          chw wants 2, starting, load 581.2 kW: ch-1 on (812.0 h, 14 starts), ch-2 starting for 20 s (0.0 h, 0 starts)
CDU            cdu-1 32.1 °C, 60.0 kPa, aims at 32.0 °C, wants 1, steady: pump 1 on (0.0 h, 0 starts)
CAP REQUESTED  row-a for 5 s: no pressure
power          facility -, IT -, unattributed -
energy         facility 0.0 kWh, IT 0.0 kWh
PUE 1m         1.119, good, category 2, 96 % covered
PUE            - over 1h, 24h: too short
readings       220 good, 0 stale, 1 lost (`wattloop points --bad` lists them)
";
    assert_eq!(page(&status), wanted);
}

#[test]
fn in_shadow_the_page_says_so_before_all_numbers() {
    let risks = RiskView { ours_min: 3.0, warm_min: 12.4, ..RiskView::default() };
    let shadow = Some(ShadowView { hours: 5.02, saved_kwh: 41.26, risks });
    let page = page(&Status { shadow, ..Status::default() });
    let line = page.lines().find(|line| line.starts_with("IN SHADOW")).unwrap_or_else(|| panic!("{page}"));
    for part in ["nothing is written", "in 5 h 1 min", "41.3 kWh", "of ours 3 min", "of theirs 12 min"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    let first = page.lines().position(|line| line.starts_with("worst inlet")).expect("a line");
    assert!(page.lines().position(|line| line.starts_with("IN SHADOW")).expect("told") < first, "{page}");
}

#[test]
fn what_energy_costs_is_a_line_of_a_site_that_knows_and_an_unknown_price_is_no_zero() {
    let line = |price: Option<f64>, grams: Option<f64>, troubles: &[&str]| {
        let troubles = troubles.iter().map(|word| (*word).to_owned()).collect();
        let view = PriceView { currency: "EUR".to_owned(), price, grams, troubles, ..PriceView::default() };
        let status = Status { price: Some(view), ..Status::default() };
        page(&status).lines().find(|line| line.starts_with("price ")).map(str::to_owned)
    };
    assert_eq!(line(Some(-0.05), Some(400.0), &[]).as_deref(), Some("price          -0.05 EUR/kWh, 400 g CO2/kWh"));
    let unknown = "price          unknown (clock doubted, gap: `wattloop tariff prices`)";
    assert_eq!(line(None, None, &["clock_doubted", "gap"]).as_deref(), Some(unknown));
    assert!(!page(&Status::default()).contains("price   "), "a site without a tariff");
}
