//! Forecasts against loads that are worked out by hand, and against random ones.

use plant::convert::f64_from_i64;
use plant::time::Span;
use proptest::prelude::*;

use super::*;

/// Monday 2026-07-13 00:00 in Berlin, as a quarter.
const MONDAY: i64 = 1_783_893_600_000 / QUARTER_MS;

fn berlin() -> Zone {
    Zone::named("Europe/Berlin").expect("known")
}

/// A meter that is read every half a minute.
struct Site {
    outlook: Outlook,
    zone: Zone,
    wall: i64,
    trusted: bool,
    held: bool,
}

impl Site {
    fn new() -> Self {
        let wall = MONDAY * QUARTER_MS;
        let mut site =
            Self { outlook: Outlook::default(), zone: berlin(), wall: wall - 30_000, trusted: true, held: false };
        site.pass(None); // the first scan only opens its quarter
        site
    }

    /// Half a minute.
    fn pass(&mut self, watts: Option<f64>) {
        self.wall += 30_000;
        let tick =
            Tick { dt: Span::from_secs(30), wall: Wall(self.wall), clock_trusted: self.trusted, ..Tick::default() };
        let load = Load { free: watts.map(Watts), held: self.held };
        self.outlook.step(&self.zone, load, tick);
    }

    /// So many quarters of an hour, each with its load, by its count from the first Monday on.
    fn run(&mut self, quarters: i64, load: impl Fn(i64) -> f64) {
        for _ in 0..quarters {
            let now = self.now();
            (0..30).for_each(|_| self.pass(Some(load(now))));
        }
    }

    fn now(&self) -> i64 {
        self.wall / QUARTER_MS - MONDAY
    }

    fn expects(&self, quarter: i64) -> Expected {
        self.outlook.expected(&self.zone, MONDAY + quarter).expect("something was seen")
    }
}

/// A day with an evening, and a week with an end.
fn office(quarter: i64) -> f64 {
    let (day, time) = (quarter.div_euclid(96) % 7, quarter.rem_euclid(96));
    let evening = if (68..84).contains(&time) { 150e3 } else { 0.0 };
    if day < 5 { 600e3 + evening } else { 450e3 }
}

fn close(a: f64, b: f64, by: f64) -> bool {
    (a - b).abs() <= by
}

#[test]
fn before_a_day_was_seen_what_flowed_last_is_expected_and_told_so() {
    let mut site = Site::new();
    assert_eq!(site.outlook.expected(&site.zone, MONDAY), None, "nothing was seen");
    site.run(40, office);
    let expected = site.expects(60);
    assert_eq!(expected.made, Made::LastSeen);
    assert!(close(expected.watts, office(39), 1.0), "{expected:?}");
    assert!(!site.outlook.view(&site.zone, Tick::default()).knows_days);
    site.run(55, office);
    assert!(!site.outlook.knows_days(), "a quarter of an hour is missing");
    site.run(2, office);
    assert_eq!(site.expects(120).made, Made::Days);
}

#[test]
fn the_same_day_again_is_expected_to_the_watt() {
    let mut site = Site::new();
    site.run(96, office);
    for ahead in 96..180 {
        assert!(close(site.expects(ahead).watts, office(ahead), 1.0), "{ahead}: {:?}", site.expects(ahead));
    }
}

#[test]
fn a_week_knows_its_end_and_its_errors_are_those_that_were_made() {
    let mut site = Site::new();
    site.run(14 * 96, office);
    // A fortnight later Saturday is expected on Friday.
    site.run(4 * 96 + 90, office);
    let saturday = 19 * 96 + 72;
    let expected = site.expects(saturday);
    assert!(close(expected.watts, 450e3, 10.0), "{expected:?}");
    let friday = site.expects(18 * 96 + 95);
    assert!(close(friday.watts, 600e3, 10.0), "{friday:?}");
    let view = site.outlook.view(&site.zone, Tick { wall: Wall(site.wall), clock_trusted: true, ..Tick::default() });
    assert_eq!(view.quarters.len(), 96);
    assert!(view.errors.iter().all(|error| error.judged == 384 && error.coverage > 0.99), "{:?}", view.errors);
}

#[test]
fn what_the_last_hour_was_off_counts_and_fades() {
    let mut site = Site::new();
    site.run(2 * 96, |_| 600e3);
    site.run(4, |_| 700e3);
    let (next, later) = (site.expects(196).watts, site.expects(196 + 16).watts);
    assert!((680e3..705e3).contains(&next) && (640e3..660e3).contains(&later), "{next} {later}");
    site.run(96, |_| 700e3);
    assert!(
        close(site.expects(300).watts, 700e3, 1e3),
        "a step that stays is usual a day later: {:?}",
        site.expects(300)
    );
}

#[test]
fn a_quarter_that_was_not_seen_whole_teaches_nothing() {
    for fault in 0..4 {
        let mut site = Site::new();
        site.run(96, |_| 600e3);
        let newest = site.outlook.newest;
        for n in 0..30 {
            match (fault, n) {
                (0, 10) => site.pass(None),
                (1, 10) => site.wall += 60_000,
                (2, 10) => site.wall -= 60_000,
                (3, 10) => {
                    site.trusted = false;
                    site.pass(Some(9e5));
                    site.trusted = true;
                }
                _ => site.pass(Some(9e5)),
            }
        }
        assert_eq!(site.outlook.newest, newest, "fault {fault}");
        site.run(3, |_| 600e3);
        assert_ne!(site.outlook.newest, newest, "fault {fault}: it goes on with the next");
    }
}

#[test]
fn loads_that_were_held_back_raise_what_is_usual_and_never_lower_it() {
    let mut site = Site::new();
    site.run(96, |_| 600e3);
    site.held = true;
    site.run(8, |_| 500e3);
    let usual = |site: &Site, n| site.outlook.usual.of(&site.zone, MONDAY + n).expect("known");
    assert!(close(usual(&site, 97), 600e3, 1.0), "less says nothing");
    assert_eq!(site.outlook.judged[0].known(), 0, "and is no error");
    site.run(8, |_| 800e3);
    assert!(usual(&site, 105) > 795e3, "more is at least so much");
}

#[test]
fn a_load_that_steps_up_for_good_is_expected_to_stay_whatever_its_weeks_were() {
    let mut site = Site::new();
    site.run(6 * 7 * 96, office);
    for day in 0..9 {
        site.run(96, |n| office(n) + 200e3);
        let wrong = (0..96).map(|ahead| {
            let of = site.now() + ahead;
            (site.expects(of).watts - office(of) - 200e3).abs()
        });
        let worst = wrong.fold(0.0, f64::max);
        assert!(worst < 55e3, "after {day} days {worst}");
    }
}

#[test]
fn a_load_that_jumps_is_told_once_in_its_quarter_and_expected_to_go_on() {
    let mut site = Site::new();
    site.run(2 * 96, |n| if n % 2 == 0 { 598e3 } else { 602e3 });
    (0..4).for_each(|_| site.pass(Some(600e3)));
    assert!(!site.outlook.runs_off(&site.zone.clone()));
    (0..12).for_each(|_| site.pass(Some(720e3)));
    let zone = site.zone.clone();
    assert!(site.outlook.runs_off(&zone) && !site.outlook.runs_off(&zone));
    let next = site.expects(site.now() + 1).watts;
    assert!((660e3..725e3).contains(&next), "{next}");
}

#[test]
fn on_the_day_with_an_hour_twice_the_clock_says_which_quarter_it_is() {
    // 2026-10-25 03:00 becomes 02:00: the quarter at 02:15 comes twice.
    let zone = berlin();
    let first = quarter(Wall(1_792_887_300_000));
    assert_eq!(usual::place(&zone, first), usual::place(&zone, first + 4));
    assert_eq!(usual::place(&zone, first), 6 * 96 + 9);
    assert_eq!(usual::place(&zone, first + 8), 6 * 96 + 13);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// What is told of errors is what a plain reckoning over all that was forecast makes of them.
    #[test]
    fn errors_are_those_that_were_made(loads in prop::collection::vec(100e3..900e3_f64, 120..240), held in 0..4_usize) {
        let mut site = Site::new();
        let mut errors: Vec<f64> = Vec::new();
        let mut made: Vec<(i64, f64)> = Vec::new();
        for (n, load) in loads.iter().enumerate() {
            let now = site.now();
            site.held = held > 0 && n % 4 < held;
            let knew = site.outlook.knows_days();
            site.run(1, |_| *load);
            let forecast = made.iter().find(|(of, _)| *of == now).map(|(_, watts)| *watts);
            if let Some(forecast) = forecast.filter(|forecast| knew && !(site.held && load < forecast)) {
                errors.push(load - forecast);
            }
            if site.outlook.knows_days() {
                made.push((now + 5, site.expects(now + 5).watts));
            }
        }
        let judged = &site.outlook.judged[0];
        prop_assert_eq!(judged.known(), errors.len().min(384));
        if errors.len() >= 4 {
            let count = f64_from_i64(i64::try_from(errors.len()).expect("few"));
            let mean = errors.iter().map(|error| error.abs()).sum::<f64>() / count;
            prop_assert!(close(judged.mean().expect("judged"), mean, 1.0), "{:?} is not {mean}", judged.mean());
            let high = judged.high().expect("judged");
            let above = errors.iter().filter(|error| **error > high + 1.0).count();
            prop_assert!(above * 10 <= errors.len(), "{above} of {} lie above {high}", errors.len());
        }
    }

    /// A clone of what is remembered, through its bytes, goes on as the run would have.
    #[test]
    fn a_snapshot_goes_on_as_the_run_would_have(loads in prop::collection::vec(100e3..900e3_f64, 100..130)) {
        let mut site = Site::new();
        site.run(i64::try_from(loads.len()).expect("few"), |n| loads[usize::try_from(n).expect("small")]);
        let bytes = postcard::to_stdvec(&site.outlook).expect("serialises");
        let mut again = Site { outlook: postcard::from_bytes(&bytes).expect("reads"), ..Site::new() };
        again.wall = site.wall;
        for load in [300e3, 500e3] {
            site.run(1, |_| load);
            again.run(1, |_| load);
        }
        prop_assert_eq!(&site.outlook, &again.outlook);
    }
}
