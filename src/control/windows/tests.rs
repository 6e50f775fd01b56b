//! Windows in a controller: what is told, what a restart keeps, what a clock that is not trusted does.

use std::sync::Arc;

use jiff::Timestamp;
use plant::event::{Event, Severity};
use plant::image::Inputs;
use plant::time::{Mono, Span};

use super::*;
use crate::control::{Controller, State, sentence};

const NIGHT: &str = r#"
[[window]]
name = "night"
zone = "Europe/Berlin"
days = ["weekday"]
hours = ["22:00-06:00"]
"#;

const ALWAYS: &str = "[[window]]\nname = \"always\"\nhours = [\"00:00-24:00\"]\n";

fn hall(more: &str) -> Arc<Hall> {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("shipped");
    Arc::new(Hall::load("bench", &format!("{text}{more}")).unwrap_or_else(|faults| panic!("{faults}")))
}

fn at(text: &str) -> Wall {
    Wall(text.parse::<Timestamp>().expect("a time").as_millisecond())
}

/// A controller, and the clock.
struct Site {
    control: Controller,
    inputs: Inputs,
    tick: Tick,
}

impl Site {
    fn at(more: &str, now: &str) -> Self {
        let hall = hall(more);
        let tick = Tick { dt: Span::from_secs(60), wall: at(now), clock_trusted: true, boot: 1, ..Tick::default() };
        Self { inputs: Inputs::of(&hall), control: Controller::new(hall), tick }
    }

    /// One scan: what is told of windows, with whom it is about.
    fn scan(&mut self) -> Vec<(String, WindowNews, Severity)> {
        let outputs = self.control.step(&self.inputs, self.tick);
        let told = outputs.events.clone();
        self.tick.mono = self.tick.mono.after(self.tick.dt);
        self.tick.wall.0 += 60_000;
        self.tick.seq += 1;
        let hall = self.control.hall();
        let of = |event: &Event| {
            let What::Window(news) = event.what else { return None };
            Some((event.subject(hall).to_owned(), news, event.severity))
        };
        told.iter().filter_map(of).collect()
    }

    /// Scans up to a time: when what is told.
    fn until(&mut self, text: &str) -> Vec<(Wall, String, WindowNews)> {
        let mut all = Vec::new();
        while self.tick.wall <= at(text) {
            let now = self.tick.wall;
            all.extend(self.scan().into_iter().map(|(name, news, _)| (now, name, news)));
        }
        all
    }

    /// A new boot of the same record, some minutes later, perhaps of a changed hall.
    fn reboot(&mut self, more: &str, minutes: i64) {
        let state: State =
            postcard::from_bytes(&postcard::to_stdvec(self.control.state()).expect("writes")).expect("reads");
        assert_eq!(state, *self.control.state());
        self.control = Controller::restore(hall(more), state);
        self.tick = Tick { boot: self.tick.boot + 1, seq: 0, mono: Mono(0), ..self.tick };
        self.tick.wall.0 += minutes * 60_000;
    }
}

fn opened(until: &str) -> WindowNews {
    WindowNews::Opened { until: Some(at(until)) }
}

fn shut(next: &str) -> WindowNews {
    WindowNews::Shut { next: Some(at(next)) }
}

#[test]
fn a_night_is_told_when_it_opens_and_when_it_shuts() {
    let mut site = Site::at(NIGHT, "2026-10-23T18:00:00Z");
    // From Friday evening to Tuesday morning, over the night in which clocks go back.
    assert_eq!(
        site.until("2026-10-27T08:00:00Z"),
        [
            (at("2026-10-23T20:00:00Z"), "night".to_owned(), opened("2026-10-24T04:00:00Z")),
            (at("2026-10-24T04:00:00Z"), "night".to_owned(), shut("2026-10-26T21:00:00Z")),
            (at("2026-10-26T21:00:00Z"), "night".to_owned(), opened("2026-10-27T05:00:00Z")),
            (at("2026-10-27T05:00:00Z"), "night".to_owned(), shut("2026-10-27T21:00:00Z")),
        ]
    );
    let view = site.control.windows();
    assert!(view.clock_trusted);
    assert_eq!(
        view.windows,
        [view::WindowView {
            name: "night".to_owned(),
            open: false,
            since: Some("2026-10-27T06:00:00+01:00".to_owned()),
            until: None,
            next: Some("2026-10-27T22:00:00+01:00".to_owned()),
        }]
    );
}

#[test]
fn without_a_trusted_clock_nothing_is_open_and_that_is_told_once() {
    let mut site = Site::at(&format!("{NIGHT}{ALWAYS}"), "2026-07-03T21:00:00Z");
    let names =
        |told: &[(String, WindowNews, Severity)]| told.iter().map(|(name, ..)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&site.scan()), ["night", "always"], "what is open at the first look is told");
    assert!(site.scan().is_empty());
    site.tick.clock_trusted = false;
    assert_eq!(
        site.scan(),
        [
            ("bench".to_owned(), WindowNews::ClockDoubted(true), Severity::Warning),
            ("night".to_owned(), WindowNews::Held, Severity::Info),
            ("always".to_owned(), WindowNews::Held, Severity::Info),
        ]
    );
    for _ in 0..10 {
        assert!(site.scan().is_empty());
    }
    let view = site.control.windows();
    assert!(!view.clock_trusted && view.windows.iter().all(|of| !of.open));
    assert!(view.windows.iter().all(|of| (&of.since, &of.until, &of.next) == (&None, &None, &None)), "{view:?}");
    // A clock that jumps to a time that is no night, while nobody trusts it, changes nothing.
    site.tick.wall = at("2026-07-04T12:00:00Z");
    assert!(site.scan().is_empty());
    site.tick.clock_trusted = true;
    assert_eq!(names(&site.scan()), ["bench", "always"], "the night is over");
    let always = &site.control.windows().windows[1];
    assert!(always.open && always.until.is_none() && always.next.is_none(), "{always:?}");
}

#[test]
fn a_restart_keeps_what_is_open_and_tells_it_no_second_time() {
    let mut site = Site::at(NIGHT, "2026-07-03T21:00:00Z");
    assert_eq!(site.scan().len(), 1);
    let since = site.control.windows().windows[0].since.clone();
    site.reboot(NIGHT, 30);
    assert!(site.scan().is_empty(), "it is open still");
    assert_eq!(site.control.windows().windows[0].since, since);
    // The end passes while control is away.
    site.reboot(NIGHT, 12 * 60);
    let told = site.scan();
    assert_eq!(told.iter().map(|(_, news, _)| *news).collect::<Vec<_>>(), [shut("2026-07-06T20:00:00Z")]);
    // Windows are known by their names, in whatever order a file has them.
    site.tick.wall = at("2026-07-06T20:00:00Z");
    assert_eq!(site.scan().len(), 1);
    site.reboot(&format!("{ALWAYS}{NIGHT}"), 1);
    let told = site.scan();
    assert_eq!(told.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>(), ["always"]);
    // A boot whose clock is not trusted yet holds everything until it is.
    site.reboot(NIGHT, 1);
    site.tick.clock_trusted = false;
    assert_eq!(site.scan().len(), 2, "in doubt, and the night held");
    site.tick.clock_trusted = true;
    assert_eq!(site.scan().len(), 2, "no doubt, and the night open");
}

#[test]
fn the_same_ticks_decide_the_same_again() {
    let run = || {
        let mut site = Site::at(NIGHT, "2026-10-23T18:00:00Z");
        let mut told = site.until("2026-10-24T02:00:00Z");
        site.tick.clock_trusted = false;
        told.extend(site.until("2026-10-24T02:30:00Z"));
        site.reboot(NIGHT, 3);
        site.tick.clock_trusted = true;
        told.extend(site.until("2026-10-24T08:00:00Z"));
        (told, postcard::to_stdvec(site.control.state()).expect("writes"))
    };
    let (told, state) = run();
    assert_eq!(told.len(), 6, "{told:?}");
    assert_eq!(run(), (told, state));
}

#[test]
fn a_hall_without_windows_has_nothing_to_say() {
    let mut site = Site::at("", "2026-07-03T21:00:00Z");
    site.tick.clock_trusted = false;
    assert!(site.scan().is_empty());
    assert!(site.control.windows().windows.is_empty());
}

#[test]
fn what_is_told_is_a_sentence_with_the_clock_of_the_window() {
    let hall = hall(NIGHT);
    let id = hall.windows.ids().next().expect("a window");
    let say = |about, news| {
        let event = Event { at: Mono(0), severity: Severity::Info, about, what: What::Window(news) };
        format!("{} {}", event.subject(&hall), sentence::event(&hall, &event))
    };
    let of = |news| say(About::Window(id), news);
    assert_eq!(of(opened("2026-07-04T04:00:00Z")), "night is open until 2026-07-04 06:00 +02:00");
    assert_eq!(of(shut("2026-12-01T21:00:00Z")), "night is shut until 2026-12-01 22:00 +01:00");
    assert_eq!(of(WindowNews::Shut { next: None }), "night is shut, for more than 400 days");
    assert_eq!(of(WindowNews::Held), "night counts as shut: the wall clock is not trusted");
    let doubted = say(About::Hall, WindowNews::ClockDoubted(true));
    assert_eq!(doubted, "bench has no window open: the wall clock is not trusted");
}
