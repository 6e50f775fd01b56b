//! Targets for a load that does as it is told.

mod ended;
mod lower;
mod stagger;

use plant::convert::f64_from_u64;
use plant::event::Event;
use proptest::prelude::*;

use super::*;

/// 2026-07-15T00:00Z.
const BEGIN: i64 = 1_784_073_600_000;
const SECOND: Span = Span::from_secs(1);

fn hall() -> Hall {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let rules = "feeds = [\"utility\", \"ups-a\"]\nramp-down = \"30s\"\nramp-up = \"100s\"\nhold-after = \"5min\"";
    Hall::load("air", &format!("{text}\n[grid]\n{rules}\n")).unwrap_or_else(|faults| panic!("{faults}"))
}

struct Field {
    hall: Hall,
    grid: Grid,
    tick: Tick,
    /// What would flow (W), what of it nobody can lower, and whether a meter says so.
    natural: f64,
    floor: f64,
    other: f64,
    metered: bool,
    events: Vec<Event>,
}

impl Field {
    fn new() -> Self {
        let hall = hall();
        let tick = Tick { dt: SECOND, wall: Wall(BEGIN), clock_trusted: true, boot: 1, ..Tick::default() };
        let (grid, events) = (Grid::new(&hall), Vec::new());
        Self { hall, grid, tick, natural: 800e3, floor: 300e3, other: 200e3, metered: true, events }
    }

    fn feed(&self, name: &str) -> FeedId {
        self.hall.power.feed(name).expect("a feed")
    }

    fn allowed(&self) -> Option<f64> {
        self.grid.allowed(self.feed("utility")).map(|mean| mean.allowed.0)
    }

    /// What flows (W).
    fn load(&self) -> f64 {
        self.natural.min(self.allowed().unwrap_or(f64::INFINITY)).max(self.floor)
    }

    fn run(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.tick.seq += 1;
            self.tick.mono = self.tick.mono.after(SECOND);
            self.tick.wall.0 += 1000;
            let flows = Flows { load: Watts(self.load()), other: Watts(self.other), metered: self.metered };
            self.grid.step(&self.hall, |_| Some(flows), self.tick, &mut News::new(self.tick, &mut self.events));
        }
    }

    fn say(&mut self, name: &str, wanted: Wanted) -> Result<Reply, Refusal> {
        self.say_at(100, name, wanted)
    }

    fn say_at(&mut self, priority: u8, name: &str, wanted: Wanted) -> Result<Reply, Refusal> {
        let source = Source { kind: Kind::Dsx, name: name.to_owned() };
        let said =
            Statement { source, id: format!("of-{name}"), reason: String::new(), priority, targets: vec![wanted] };
        self.grid.take(&self.hall, &said, (self.tick, &mut News::new(self.tick, &mut self.events)))
    }

    /// The words of what was told of the feed and the hall since this was asked last.
    fn told(&mut self) -> Vec<&'static str> {
        let about = [About::Hall, About::Feed(self.feed("utility"))];
        let word = |event: Event| if let What::Grid(news) = event.what { Some(news.word()) } else { None };
        self.events.drain(..).filter(|event| about.contains(&event.about)).filter_map(word).collect()
    }

    fn view(&self) -> view::HeldView {
        self.grid.view(&self.hall, |_| None).feeds[0].clone()
    }

    fn restart(&mut self) {
        let bytes = postcard::to_allocvec(&self.grid).expect("writes");
        let back: Grid = postcard::from_bytes(&bytes).expect("reads");
        assert_eq!(back, self.grid);
        self.grid = back;
        self.grid.move_to(&self.hall);
        self.tick.boot += 1;
        self.tick.mono = Mono(0);
    }
}

/// So many kW, from so many seconds after the begin to so many.
fn kw(kw: f64, from: i64, to: i64) -> Wanted {
    let at = |s: i64| Some(Wall(BEGIN + 1000 * s));
    Wanted { most: Some(1e3 * kw), start: at(from), end: at(to), ..none() }
}

const fn none() -> Wanted {
    Wanted { feeds: Vec::new(), most: None, start: None, end: None, hold: None, best_effort: false }
}

#[test]
fn a_target_is_reached_by_its_ramp_held_and_left_by_its_ramp() {
    let mut field = Field::new();
    field.run(1000);
    field.say("a", kw(600.0, 1010, 1110)).expect("taken");
    assert_eq!((field.view().phase.as_str(), field.told()), ("free", vec!["target_set"]));
    field.run(10);
    assert_eq!(field.told(), ["target_ramp_down"]);
    field.run(14);
    let half = field.allowed().expect("held");
    assert!((half - 697e3).abs() < 8e3, "half of the way: {half}");
    field.run(17);
    assert_eq!(field.allowed(), Some(594e3), "a hundredth below the target");
    assert_eq!(field.told(), ["target_reached"]);
    assert!(field.view().compliant && !field.view().in_flight);
    field.run(70);
    assert_eq!(field.told(), ["target_ramp_up"]);
    field.run(120);
    assert_eq!((field.told(), field.view().phase.as_str()), (vec!["target_ramped_up"], "after"));
    let mean = field.grid.allowed(field.feed("utility")).expect("the mean stays");
    assert!((mean.allowed.0 - 800e3).abs() < 1.0 && mean.loose > 0.99, "at what flowed before: {mean:?}");
    field.run(300);
    assert_eq!((field.told(), field.allowed()), (vec!["target_free"], None));
}

#[test]
fn the_ramp_up_leads_to_what_flowed_before_however_long_ago() {
    let mut field = Field::new();
    field.run(1000);
    field.say("a", kw(500.0, 1000, 1400)).expect("taken");
    field.run(200);
    field.natural = 1200e3; // work has piled up meanwhile
    field.run(200);
    let mut most: f64 = 0.0;
    for _ in 0..400 {
        field.run(1);
        most = most.max(field.load());
    }
    assert!(most < 800.1e3 && most > 799e3, "no rebound: {most}");
    field.run(120);
    assert_eq!(field.load(), 1200e3, "and later it is free");
}

#[test]
fn what_is_no_machine_may_change_meanwhile() {
    let mut field = Field::new();
    field.run(1000);
    field.say("a", kw(500.0, 1000, 1400)).expect("taken");
    field.run(300);
    (field.natural, field.other) = (1200e3, 150e3); // it has become cooler outdoors
    field.run(300);
    let allowed = field.allowed().expect("after");
    assert!((allowed - 750e3).abs() < 1e3, "600 kW of machines, as before: {allowed}");
}

#[test]
fn zero_is_zero_and_nothing_takes_back() {
    let mut field = Field::new();
    field.run(10);
    field.say("a", Wanted { most: Some(0.0), ..none() }).expect("taken");
    field.run(60);
    assert_eq!((field.allowed(), field.load()), (Some(0.0), 300e3), "as low as it goes, and visibly too much");
    assert!(!field.view().compliant && field.view().in_flight);
    field.say("a", none()).expect("taken back");
    assert!(field.grid.view(&field.hall, |_| None).targets.is_empty());
    field.run(15);
    assert!(field.told().contains(&"target_ramp_up"));
}

#[test]
fn what_is_no_target_is_refused_and_changes_nothing() {
    let mut field = Field::new();
    field.run(10);
    let before = field.grid.clone();
    for (wanted, code) in [
        (Wanted { most: Some(-1.0), ..none() }, "out_of_range"),
        (Wanted { most: Some(f64::NAN), ..none() }, "out_of_range"),
        (Wanted { most: Some(f64::INFINITY), ..none() }, "out_of_range"),
        (kw(500.0, 100, 100), "hold_out_of_range"),
        (kw(500.0, 1, 9), "hold_out_of_range"),
        (Wanted { feeds: vec![field.feed("pdu-a1")], ..kw(500.0, 0, 90) }, "unknown"),
    ] {
        let refused = field.say("a", wanted).expect_err(code);
        assert_eq!(refused.code(), code);
    }
    assert_eq!(field.grid, before);
    for n in 0..32 {
        field.say("a", kw(500.0, 100 + 10 * n, 109 + 10 * n)).expect("for two feeds each");
    }
    assert_eq!(field.say("a", kw(500.0, 9000, 9001)), Err(Refusal::TooMany));
    assert!(field.say("a", kw(500.0, 100, 9001)).is_ok(), "in their place");
}

#[test]
fn of_what_a_programme_lists_an_interval_that_is_over_refuses_none_of_the_others() {
    let mut field = Field::new();
    field.run(100);
    let say = |field: &mut Field, kind, targets: Vec<Wanted>| {
        let source = Source { kind, name: "a".to_owned() };
        let said = Statement { source, id: "of-a".to_owned(), reason: String::new(), priority: 100, targets };
        field.grid.take(&field.hall, &said, (field.tick, &mut News::new(field.tick, &mut field.events)))
    };
    let all = || vec![kw(700.0, 10, 50), kw(400.0, 60, 900)];
    assert_eq!(say(&mut field, Kind::Dsx, all()), Err(Refusal::HoldOutOfRange));
    assert!(say(&mut field, Kind::OpenAdr, all()).is_ok());
    assert_eq!(field.grid.view(&field.hall, |_| None).targets.len(), 2, "one for each feed");
    assert_eq!(say(&mut field, Kind::OpenAdr, vec![kw(700.0, 900, 900)]), Err(Refusal::HoldOutOfRange), "no interval");
}

#[test]
fn the_latest_of_one_source_counts_where_both_speak_and_of_several_the_lowest() {
    let mut field = Field::new();
    field.run(1);
    field.say("a", kw(600.0, 0, 1000)).expect("taken");
    field.say("a", kw(700.0, 200, 400)).expect("taken");
    field.say("b", kw(650.0, 300, 700)).expect("taken");
    let mut seen = Vec::new();
    for _ in 0..11 {
        seen.push(field.view().target_w.map(|w| w / 1e3));
        field.run(100);
    }
    let [six, seven, fifty] = [600.0, 700.0, 650.0].map(Some);
    assert_eq!(seen, [None, six, seven, fifty, six, six, six, six, six, six, None]);
}

#[test]
fn what_a_source_says_with_less_importance_does_not_take_the_place_of_more() {
    let mut field = Field::new();
    field.run(1);
    field.say_at(1, "a", kw(600.0, 0, 300)).expect("taken");
    field.say_at(5, "a", kw(500.0, 0, 600)).expect("taken");
    field.run(100);
    assert_eq!(field.view().target_w, Some(600e3));
    field.run(300);
    assert_eq!(field.view().target_w, Some(500e3));
}

#[test]
fn a_clock_that_is_not_trusted_begins_and_ends_nothing() {
    let mut field = Field::new();
    field.run(100);
    field.say("a", kw(600.0, 200, 1000)).expect("taken");
    (field.tick.clock_trusted, field.tick.wall) = (false, Wall(BEGIN + 500_000));
    field.run(50);
    assert_eq!(field.allowed(), None, "it may not be 500 s: by what has passed it is 150");
    field.run(100);
    assert!(field.allowed().is_some(), "250 s have passed");
    field.tick.wall = Wall(BEGIN + 5_000_000);
    field.run(600);
    assert!(field.view().target_w.is_some(), "850 s: its end may be over by the clock, and is not");
    field.tick.clock_trusted = true;
    field.run(1);
    assert_eq!(field.view().target_w, None);
    let told = field.told();
    assert_eq!(told.iter().filter(|word| **word == "target_clock_doubted").count(), 2, "{told:?}");
}

#[test]
fn a_clock_that_goes_back_lets_no_target_go() {
    let mut field = Field::new();
    field.run(100);
    field.say("a", kw(600.0, 100, 1000)).expect("taken");
    field.run(50);
    field.tick.wall.0 -= 3_600_000;
    field.run(50);
    assert_eq!(field.view().target_w, Some(600e3));
}

#[test]
fn a_restart_keeps_what_holds_and_a_break_of_unknown_length_all_that_was_left() {
    let mut field = Field::new();
    field.run(100);
    field.say("a", kw(600.0, 100, 400)).expect("taken");
    field.run(100);
    field.restart();
    field.run(1);
    assert_eq!((field.view().target_w, field.view().phase.as_str()), (Some(600e3), "held"));
    field.restart();
    (field.tick.clock_trusted, field.tick.wall) = (false, Wall(0));
    field.run(190);
    assert_eq!(field.view().target_w, Some(600e3), "199 s were left");
    field.run(20);
    assert_eq!(field.view().target_w, None);
}

#[test]
fn what_an_operator_asks_for_before_any_clock_is_known_holds_for_its_time() {
    let mut field = Field::new();
    (field.tick.clock_trusted, field.tick.wall) = (false, Wall(7));
    field.run(10);
    let hold = Some(Span::from_secs(300));
    field.say("a", Wanted { most: Some(5e5), hold, ..none() }).expect("taken");
    field.run(100);
    (field.tick.clock_trusted, field.tick.wall) = (true, Wall(BEGIN));
    field.run(195);
    assert_eq!(field.view().target_w, Some(500e3));
    field.run(10);
    assert_eq!(field.view().target_w, None);
}

#[test]
fn a_load_above_its_target_is_a_breach_that_is_escalated_and_resolved() {
    let mut field = Field::new();
    (field.floor, field.natural) = (700e3, 800e3);
    field.run(10);
    field.say("a", kw(600.0, 10, 1000)).expect("taken");
    field.run(30);
    field.told();
    field.run(32);
    assert_eq!(field.told(), ["target_breach"]);
    let first = field.view().breach.expect("a breach");
    assert_eq!((first.stage, first.number, first.critical), (Stage::Active, 1, false));
    field.run(60);
    assert_eq!(field.told(), ["target_breach_escalated"]);
    field.floor = 730e3;
    field.run(1);
    assert!(field.view().breach.expect("a breach").critical, "more than a fifth");
    field.floor = 300e3;
    field.run(11);
    assert_eq!(field.told(), ["target_reached", "target_breach_resolved"]);
    let over = field.view().breach.expect("the last one");
    assert_eq!((over.stage, over.number, over.detected_ms), (Stage::Kept, 1, first.detected_ms));
    assert!(over.resolved_ms.is_some());
    field.floor = 700e3;
    field.run(40);
    assert_eq!(field.view().breach.expect("another").number, 2);
    field.run(1000);
    assert_eq!(field.view().breach.expect("over").stage, Stage::Kept, "its target is over");
}

#[test]
fn a_best_effort_is_not_escalated_and_what_no_meter_sees_is_no_breach() {
    let mut field = Field::new();
    field.floor = 700e3;
    field.run(10);
    field.say("a", Wanted { best_effort: true, ..kw(600.0, 10, 1000) }).expect("taken");
    field.run(300);
    assert_eq!(field.view().breach.expect("a breach").stage, Stage::Active);
    let mut field = Field::new();
    (field.floor, field.metered) = (700e3, false);
    field.run(10);
    field.say("a", kw(600.0, 10, 1000)).expect("taken");
    field.run(300);
    assert_eq!(field.view().breach, None);
}

#[test]
fn the_same_refusal_is_told_once_a_minute_and_counted_each_time() {
    let mut field = Field::new();
    for second in 0..90 {
        field.run(1);
        let news = &mut News::new(field.tick, &mut field.events);
        field.grid.refuse((GridFault::BadSignature, 2), field.tick, news);
        assert!(second < 90);
    }
    assert_eq!(field.told(), ["target_refused", "target_refused"]);
    let refused = field.grid.view(&field.hall, |_| None).refused;
    assert_eq!(refused, [("bad_signature".to_owned(), 180)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is said, at every instant of the time to come what a source said of it last holds, and of two sources the lower.
    #[test]
    fn the_last_word_on_every_instant_holds(
        said in prop::collection::vec((0_usize..2, 0_i64..100, 1_i64..60, prop::option::of(1_u64..9)), 1..20)
    ) {
        let mut field = Field::new();
        let mut model = [[None::<u64>; 200]; 2];
        for (source, from, long, tens) in said {
            let most = tens.map(|tens| 1e4 * f64_from_u64(tens));
            let wanted = Wanted { most, ..kw(0.0, 10 + from, 10 + from + long) };
            prop_assert!(field.say(["a", "b"][source], wanted).is_ok());
            let at = |s: i64| usize::try_from(s).expect("small");
            model[source][at(from)..at(from + long)].fill(tens);
        }
        field.run(9);
        let [a, b] = model;
        for (s, wanted) in a.into_iter().zip(b).map(|(a, b)| a.into_iter().chain(b).min()).enumerate() {
            field.run(1);
            let held = field.view().target_w;
            prop_assert_eq!(held, wanted.map(|tens| 1e4 * f64_from_u64(tens)), "second {}", s);
        }
    }
}
