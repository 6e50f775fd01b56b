//! Events of a server, a clock that may be wrong, and what control keeps meanwhile.

use std::sync::Mutex;

use plant::hall::Hall;
use plant::image::Inputs;
use plant::time::Tick;
use serde_json::json;

use super::*;
use crate::control::Controller;
use crate::service::api::call;
use crate::service::clock::{Left, Now};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const YEAR: i64 = 365 * 24 * HOUR;

/// Control of a hall of which nothing is read.
struct Scan {
    control: Controller,
    inputs: Inputs,
    feeds: Vec<FeedId>,
    tick: Tick,
}

impl Scan {
    fn new(wall: Wall) -> Self {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let hall = Hall::load("air", &format!("{text}\n[grid]\nfeeds = [\"utility\"]\n")).expect("loads");
        let (inputs, feeds) = (Inputs::of(&hall), vec![hall.power.feed("utility").expect("a feed")]);
        let tick = Tick { dt: Span::from_secs(1), wall, clock_trusted: true, boot: 1, ..Tick::default() };
        Self { control: Controller::new(Arc::new(hall)), inputs, feeds, tick }
    }

    fn run(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.tick.seq += 1;
            self.tick.mono = self.tick.mono.after(self.tick.dt);
            self.tick.wall.0 += 1000;
            self.control.step(&self.inputs, self.tick);
        }
    }

    /// A limit of 600 kW that its server has told of is in force.
    fn limit(&mut self, start: Option<Wall>, end: Option<Wall>) {
        let wanted =
            Wanted { feeds: self.feeds.clone(), most: Some(600e3), start, end, hold: None, best_effort: false };
        let source = Source { kind: Kind::OpenAdr, name: "hall-a".to_owned() };
        let (id, reason) = ("peak".to_owned(), String::new());
        let ask = Ask::Grid(Said::Targets(Statement { source, id, reason, priority: 100, targets: vec![wanted] }));
        let reply = self.control.answer(&Request { who: "openadr:hall-a".to_owned(), ask }, self.tick);
        assert!(matches!(reply, Reply::Accepted { .. }), "{reply:?}");
        assert_eq!(self.targets(), [(true, 600e3)]);
    }

    fn view(&self) -> GridView {
        self.control.grid().expect("the hall takes targets")
    }

    /// What holds now (true), and what will (W).
    fn targets(&self) -> Vec<(bool, f64)> {
        self.view().targets.iter().map(|of| (of.begun, of.watts)).collect()
    }

    fn refused(&self) -> u64 {
        self.view().refused.iter().map(|(_, count)| count).sum()
    }
}

/// Control that answers from now on, and who polls for it by the machine's clock: not trusted, unless it is said to be.
fn poller(scan: Scan, trusted: bool) -> (Poller, Arc<Mutex<Scan>>) {
    let (asker, calls) = call::channel();
    let feeds = scan.feeds.clone();
    let scan = Arc::new(Mutex::new(scan));
    let answering = Arc::clone(&scan);
    std::thread::spawn(move || {
        while let Some(call) = calls.wait(Duration::from_secs(20)) {
            let mut scan = answering.lock().expect("whole");
            let tick = scan.tick;
            let answer = if let ApiQuestion::Request(request) = call.question() {
                Answer::Reply(scan.control.answer(request, tick))
            } else {
                Answer::Grid(Some(Box::new(scan.view())))
            };
            drop(scan);
            call.answer(answer);
        }
    });
    let clock = Arc::new(Clock::machine());
    if !trusted {
        let Now { mono, wall, .. } = clock.read();
        let left = Now { mono, wall: Wall(wall.0 - YEAR), trusted: true };
        clock.goes_on(&Left { now: left, same_run: true });
    }
    assert_eq!(clock.trusted(), trusted);
    let config: OpenAdrConfig =
        serde_json::from_value(json!({ "url": "http://127.0.0.1:9", "ven": "hall-a" })).expect("a configuration");
    let server = Web::new(Address::read(&config.url).expect("an address"), None).expect("a client");
    let poller = Poller::new(config, feeds, (server, None), (asker, clock));
    (poller, scan)
}

/// So many kW from some time on, in rounds of so long (`PT15M`) for so long.
fn event(id: &str, start: Wall, kilowatts: f64, (round, long): (&str, &str)) -> Value {
    let start = jiff::Timestamp::from_millisecond(start.0).expect("a time").to_string();
    json!({
        "id": id, "duration": long, "intervalPeriod": { "start": start, "duration": round },
        "payloadDescriptors": [{ "payloadType": "IMPORT_CAPACITY_LIMIT", "units": "KW" }],
        "intervals": [{ "id": 0, "payloads": [{ "type": "IMPORT_CAPACITY_LIMIT", "values": [kilowatts] }] }]
    })
}

async fn hear(poller: &mut Poller, events: &[Value]) {
    let mut events: Vec<Read> = events.iter().map(known::read).collect();
    let now = poller.now().await;
    poller.known.date(&mut events, now);
    poller.take(&events, now).await;
}

/// A limit of 600 kW that was taken at a time and is in force; the clock is not trusted any more.
fn limited(at: Wall) -> Scan {
    let mut scan = Scan::new(at);
    scan.run(1);
    scan.limit(Some(at), Some(Wall(at.0 + 3 * HOUR)));
    scan.tick.clock_trusted = false;
    scan.run(1);
    assert_eq!(scan.targets(), [(true, 600e3)]);
    scan
}

#[tokio::test]
async fn a_limit_in_force_is_lifted_by_no_clock_that_is_wrong() {
    let wall = Clock::machine().wall().0;
    // A clock that came up years before the event, one that jumped past its end, and one that jumped past a round of it.
    for (at, rounds) in [
        (Wall(wall + 10 * YEAR), ("PT4H", "PT4H")),
        (Wall(wall - 5 * HOUR), ("PT4H", "PT4H")),
        (Wall(wall - 20 * MINUTE), ("PT15M", "PT4H")),
    ] {
        let (mut poller, scan) = poller(limited(at), false);
        let start = Wall(at.0 - 5 * MINUTE);
        hear(&mut poller, &[event("peak", start, 600.0, rounds)]).await;
        let seen = |scan: &Mutex<Scan>| scan.lock().expect("whole").targets();
        assert_eq!(seen(&scan), [(true, 600e3)], "{rounds:?}, {} h off", (at.0 - wall) / HOUR);
        // What the server says meanwhile is taken, by the time that control reckons with.
        hear(&mut poller, &[event("peak", start, 500.0, rounds)]).await;
        assert_eq!(seen(&scan), [(true, 500e3)]);
        hear(&mut poller, &[]).await;
        assert_eq!(seen(&scan), [], "its server took it back");
    }
}

#[tokio::test]
async fn where_nobody_knows_what_time_it_is_nothing_is_taken_and_nothing_taken_back() {
    let mut scan = Scan::new(Wall(7));
    scan.tick.clock_trusted = false;
    scan.run(10);
    scan.limit(None, None);
    let (mut poller, scan) = poller(scan, false);
    let start = Clock::machine().wall();
    let mut bad = event("bad", start, 1.0, ("PT1H", "PT1H"));
    bad["intervals"][0]["payloads"][0]["values"] = json!(["many"]);
    for events in [vec![], vec![event("peak", start, 500.0, ("PT4H", "PT4H")), bad]] {
        hear(&mut poller, &events).await;
        assert_eq!(scan.lock().expect("whole").targets(), [(true, 600e3)]);
    }
    assert_eq!(scan.lock().expect("whole").refused(), 1, "what makes no sense is told all the same");
    // The time is known: what is listed counts.
    {
        let mut scan = scan.lock().expect("whole");
        scan.tick = Tick { wall: start, clock_trusted: true, ..scan.tick };
        scan.run(1);
    }
    hear(&mut poller, &[event("peak", start, 500.0, ("PT4H", "PT4H"))]).await;
    assert_eq!(scan.lock().expect("whole").targets(), [(true, 500e3)]);
}

#[tokio::test]
async fn a_number_that_stands_for_none_blocks_no_other_event() {
    let start = Clock::machine().wall();
    let mut scan = Scan::new(start);
    scan.run(1);
    let (mut poller, scan) = poller(scan, true);
    let (once, later) = (("PT1H", "PT1H"), Wall(start.0 + 2 * HOUR));
    hear(&mut poller, &[event("none", later, f64::MAX, once), event("peak", start, 600.0, once)]).await;
    assert_eq!(scan.lock().expect("whole").targets(), [(true, 600e3)]);
    assert_eq!(scan.lock().expect("whole").refused(), 1, "it is told");
    // What is a number of watts is taken, as any power above the feed's own limit is: it limits nothing.
    hear(&mut poller, &[event("most", later, 1e300, once), event("peak", start, 600.0, once)]).await;
    let targets = scan.lock().expect("whole").targets();
    assert!(targets.contains(&(true, 600e3)) && targets.contains(&(false, 1e303)), "{targets:?}");
}
