use super::*;
use plant::event::About;
use plant::hall::{AlarmDef, Condition, Limits, LoopTuning, PlantTuning, Priority, PueRules, Strategies, Trips};
use plant::id::AlarmId;
use plant::point::{Danger, Judgement, PointDef, Role};
use plant::reading::{Sample, Why};
use plant::time::Wall;
use plant::units::Celsius;

/// Strategies by which nothing runs.
const fn strategies(tuning: LoopTuning) -> Strategies {
    Strategies {
        supply_air: None,
        maps: plant::hall::maps::Maps::NONE,
        supervisor: None,
        heat: plant::hall::sequence::heat::HeatTuning::USUAL,
        fans: tuning,
        valves: tuning,
        pump: tuning,
        chilled_water: PlantTuning::UNUSED,
        facility_water: PlantTuning::UNUSED,
        dx: plant::hall::DxTuning::USUAL,
        cdu: plant::hall::sequence::cdu::CduTuning::USUAL,
        dry: plant::hall::sequence::dry::DryTuning::USUAL,
        feed_forward: plant::hall::feed_forward::FeedForward::NONE,
        doors: plant::hall::sequence::door::DoorTuning::USUAL,
        tank: plant::hall::sequence::tank::TankTuning::USUAL,
        two_phase: plant::hall::sequence::tank::TwoPhaseTuning::USUAL,
    }
}

fn limits() -> Limits {
    let (inlet_recommended, inlet_max) = (Celsius(27.0), Celsius(32.0));
    let trips = Trips::above(inlet_max);
    let envelope = plant::hall::envelope::Envelope::A1;
    Limits { inlet_recommended, inlet_max, trips, envelope, no_response_after: Limits::NO_RESPONSE_AFTER }
}

const fn tuning() -> LoopTuning {
    LoopTuning {
        setpoint: 24.0,
        gain: 1.0,
        ti: Span::from_secs(60),
        td: Span::ZERO,
        smooth: Span::ZERO,
        smooth_within: 0.0,
        setpoint_weight: 1.0,
        deadband: 0.0,
        every: 1,
        schedule: None,
    }
}

fn hall() -> Arc<Hall> {
    let judgement = Judgement {
        min: -10.0,
        max: 80.0,
        stale_after: Span::from_secs(5),
        lost_after: Span::from_secs(60),
        max_rate: f64::INFINITY,
        stuck_after: Span::ZERO,
        danger: Danger::Up,
        slew: 0.5,
    };
    let point = |name: &str| PointDef {
        equip: plant::id::EquipId::from_index(0),
        name: name.to_owned(),
        unit: Unit::Cel,
        role: Role::Sensor,
        judgement,
        write: None,
        monitored_only: false,
    };
    let alarm = |name: &str| AlarmDef {
        name: name.to_owned(),
        condition: Condition::InletAbove,
        limit: 27.0,
        deadband: 0.5,
        on_delay: Span::ZERO,
        off_delay: Span::ZERO,
        priority: Priority::High,
        latch: false,
        consequence: String::new(),
        response: String::new(),
    };
    Arc::new(Hall {
        name: "bench".to_owned(),
        site: "lab".to_owned(),
        tz: "UTC".to_owned(),
        summary: String::new(),
        limits: limits(),
        equips: Table::new(),
        points: [point("heater/inlet-air-temp"), point("heater/outlet-air-temp")].into_iter().collect(),
        rows: Table::new(),
        coils: Vec::new(),
        chilled_water: None,
        machinery: plant::hall::Machinery::default(),
        meters: Vec::new(),
        power: plant::hall::power::Power::default(),
        redundant: Vec::new(),
        pue: PueRules::default(),
        strategies: strategies(tuning()),
        plants: Vec::new(),
        dx_rows: Vec::new(),
        cdus: Vec::new(),
        dry: Vec::new(),
        headers: Table::new(),
        doors: Vec::new(),
        tanks: Vec::new(),
        two_phase_tanks: Vec::new(),
        heat: Vec::new(),
        windows: Table::new(),
        loops: Table::new(),
        alarms: [alarm("inlet-high"), alarm("inlets-lost")].into_iter().collect(),
    })
}

fn tick(seconds: u64) -> Tick {
    Tick {
        seq: seconds,
        dt: Span::from_secs(1),
        mono: Mono(seconds * 1_000_000_000),
        wall: Wall(1_800_000_000_000 + i64::try_from(seconds).expect("small") * 1000),
        clock_trusted: true,
        boot: 0,
    }
}

fn body(publication: &Publication) -> Value {
    serde_json::from_slice(&publication.payload).expect("JSON")
}

fn alarm(state: &str, detail: &str) -> AlarmView {
    AlarmView {
        name: "inlet-high".to_owned(),
        priority: "high".to_owned(),
        state: state.to_owned(),
        since_s: 1.0,
        detail: detail.to_owned(),
        consequence: String::new(),
        response: String::new(),
    }
}

/// Says the points at second `s` with the first at `reading`, read `age` seconds ago; the second was never read.
fn points(publisher: &mut Publisher, s: u64, reading: Reading<f64>, age: u64) -> Vec<Publication> {
    let mut inputs = Inputs::unread(2);
    inputs.samples[PointId::from_index(0)] = Sample::good(0.0, Mono((s - age) * 1_000_000_000));
    publisher.points(tick(s), &inputs, |p| if p.index() == 0 { reading } else { Reading::Lost { why: Why::NeverRead } })
}

#[test]
fn a_point_says_value_unit_quality_and_the_time_it_was_read() {
    let mut publisher = Publisher::new(hall());
    let news = points(&mut publisher, 10, Reading::Fresh(24.25), 3);
    assert_eq!(news.len(), 1, "what was never read is not said");
    assert_eq!(
        (news[0].topic.as_str(), news[0].retain, news[0].qos),
        ("point/heater/inlet-air-temp", false, Qos::AtMostOnce)
    );
    assert_eq!(body(&news[0]), json!({ "v": 24.25, "u": "Cel", "q": 192, "ts": 1_800_000_007_000_i64, "seq": 10 }));
}

#[test]
fn a_point_is_said_when_it_moves_when_its_quality_changes_and_every_hundred_seconds() {
    let mut publisher = Publisher::new(hall());
    let mut said = |s, reading| points(&mut publisher, s, reading, 0).len();
    assert_eq!(said(10, Reading::Fresh(24.0)), 1);
    assert_eq!(said(11, Reading::Fresh(24.0)), 1, "the first refresh is early, so that a hall's are spread");
    assert_eq!(said(12, Reading::Fresh(24.04)), 0, "inside the deadband");
    assert_eq!(said(13, Reading::Fresh(24.1)), 1);
    assert_eq!(said(14, Reading::Stale { last: 24.1, age: Span::from_secs(6), why: Why::Comm }), 1);
    assert_eq!(said(113, Reading::Stale { last: 24.1, age: Span::from_secs(6), why: Why::Comm }), 0);
    assert_eq!(said(114, Reading::Stale { last: 24.1, age: Span::from_secs(6), why: Why::Comm }), 1);
}

#[test]
fn a_lost_or_impossible_value_is_null() {
    let mut publisher = Publisher::new(hall());
    points(&mut publisher, 10, Reading::Fresh(24.0), 0);
    for (s, bad) in
        [(11, Reading::Lost { why: Why::Comm }), (200, Reading::Fresh(f64::NAN)), (400, Reading::Fresh(f64::INFINITY))]
    {
        let news = points(&mut publisher, s, bad, 0);
        assert_eq!(body(&news[0])["v"], Value::Null);
        assert!(!String::from_utf8_lossy(&news[0].payload).contains("NaN"));
    }
}

#[test]
fn the_status_beats_every_ten_seconds_and_at_once_when_the_state_changes() {
    let mut publisher = Publisher::new(hall());
    let status = Status { hall: "bench".to_owned(), ..Status::default() };
    let mut said = |doing, s| publisher.status(doing, &status, tick(s));
    let first = said(Doing::Ready, 1).expect("said");
    assert_eq!((first.topic.as_str(), first.retain, first.qos), ("status", true, Qos::AtLeastOnce));
    assert_eq!(body(&first)["state"], "ready");
    assert_eq!(said(Doing::Ready, 10), None);
    assert!(said(Doing::Ready, 11).is_some());
    assert_eq!(body(&said(Doing::Shadow, 12).expect("said"))["state"], "shadow");
}

#[test]
fn lost_readings_and_alarms_make_the_state_degraded_and_shadow_wins() {
    let mut status = Status::default();
    assert_eq!(Doing::of(&status, false), Doing::Ready);
    status.readings.lost = 1;
    assert_eq!((Doing::of(&status, false), Doing::of(&status, true)), (Doing::Degraded, Doing::Shadow));
    let alarmed = Status { alarms: vec![alarm("unacknowledged", "")], ..Status::default() };
    assert_eq!(Doing::of(&alarmed, false), Doing::Degraded);
}

#[test]
fn an_alarm_is_kept_while_it_lasts_and_deleted_on_return() {
    let mut publisher = Publisher::new(hall());
    let mut said = |s, alarms| publisher.alarms(&Status { alarms, ..Status::default() }, tick(s));
    let first = said(1, vec![alarm("unacknowledged", "28.0 °C")]);
    assert_eq!(first.len(), 2);
    assert_eq!((first[0].topic.as_str(), first[0].retain), ("alarm/inlet-high", true));
    assert_eq!(body(&first[0])["state"], "unacknowledged");
    assert_eq!((first[1].topic.as_str(), first[1].retain, first[1].payload.len()), ("alarm/inlets-lost", true, 0));
    assert!(said(2, vec![alarm("unacknowledged", "28.1 °C")]).is_empty(), "a detail waits");
    assert_eq!(said(3, vec![alarm("acknowledged", "28.1 °C")]).len(), 1);
    assert_eq!(said(14, vec![alarm("acknowledged", "28.4 °C")]).len(), 1);
    let gone = said(15, Vec::new());
    assert_eq!((gone.len(), gone[0].payload.len(), gone[0].retain), (1, 0, true));
    assert!(said(16, Vec::new()).is_empty());
}

#[test]
fn an_event_names_its_subject_in_the_halls_words() {
    let publisher = Publisher::new(hall());
    let event = |about, what| Event { at: Mono(0), severity: Severity::Warning, about, what };
    let news = publisher.events(
        &[
            event(About::Point(PointId::from_index(1)), What::ReadingLost(Why::Exception(2))),
            event(About::Alarm(AlarmId::from_index(0)), What::AlarmRaised),
        ],
        tick(5),
    );
    assert_eq!(news.len(), 2);
    assert_eq!((news[0].topic.as_str(), news[0].retain, news[0].qos), ("event", false, Qos::AtLeastOnce));
    let first = body(&news[0]);
    assert_eq!((&first["subject"], &first["what"]["why"]), (&json!("heater/outlet-air-temp"), &json!("exception:2")));
    assert_eq!((&first["severity"], &first["seq"]), (&json!("warning"), &json!(5)));
    assert_eq!(body(&news[1])["subject"], "inlet-high");
}

#[test]
fn an_answer_carries_the_id_and_a_code() {
    let said = |reply: Reply| serde_json::from_slice::<Value>(&answer("a1", &reply)).expect("JSON");
    let accepted = said(Reply::Accepted { expires: Some(Wall(5)), note: "held".to_owned() });
    assert_eq!(accepted, json!({ "id": "a1", "code": "accepted", "expires": 5, "note": "held" }));
    let refused = said(Reply::Refused(Refusal::OutOfRange { min: 20.0, max: 100.0 }));
    assert_eq!(refused, json!({ "id": "a1", "code": "out_of_range", "min": 20.0, "max": 100.0 }));
    assert_eq!(said(Reply::Refused(Refusal::Unknown)), json!({ "id": "a1", "code": "unknown" }));
}
