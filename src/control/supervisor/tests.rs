use super::experiment::LOSSES;
use super::*;
use plant::event::Event;
use plant::hall::supervisor::Reach;
use plant::time::Tick;
use proptest::prelude::*;

const MINUTE: Span = Span::from_secs(60);

/// A facility whose overhead is a bowl around an optimum of each lever, in proportion to its load, and that settles slowly.
struct Facility {
    of: Supervisor,
    filed: Strategies,
    best: f64,
    /// W for each K² away from it.
    bowl: f64,
    load: fn(f64) -> f64,
    noise: f64,
    at: f64,
    minutes: f64,
    events: Vec<Event>,
}

fn strategies(levers: &[(Lever, Reach)]) -> Strategies {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let mut filed = Hall::load("air", text).expect("loads").strategies;
    let mut tuning = SupervisorTuning::USUAL;
    for (lever, reach) in levers {
        let at = Lever::ALL.iter().position(|of| of == lever).expect("one of all");
        tuning.levers[at] = Some(*reach);
    }
    filed.supervisor = Some(tuning);
    filed
}

const WIDE: Reach = Reach { least: -2.0, most: 5.0, step: 1.0 };

impl Facility {
    fn new(best: f64) -> Self {
        Self {
            of: Supervisor::new(),
            filed: strategies(&[(Lever::ChilledWater, WIDE)]),
            best,
            bowl: 400.0,
            load: |_| 800e3,
            noise: 0.0,
            at: 0.0,
            minutes: 0.0,
            events: Vec::new(),
        }
    }

    fn sight(&self) -> Sight {
        let it = (self.load)(self.minutes);
        let away = self.at - self.best;
        // A tone that no window averages away, in place of noise.
        let noise = self.noise * libm::sin(self.minutes * 0.37) + self.noise * libm::sin(self.minutes * 0.0711);
        let overhead = 0.09 * it + self.bowl * away * away + noise;
        Sight { powers: Some((it + overhead, it)), running: 3, ..Sight::default() }
    }

    /// Minutes, each with a sight of its own.
    fn run(&mut self, minutes: u32, change: impl Fn(&mut Sight)) -> &mut Self {
        for _ in 0..minutes {
            let mut sight = self.sight();
            change(&mut sight);
            let tick = Tick::default();
            self.of.step(&self.filed, &sight, MINUTE, &mut News::new(tick, &mut self.events));
            self.at += (self.offset(Lever::ChilledWater) - self.at) * 0.3;
            self.minutes += 1.0;
        }
        self
    }

    fn offset(&self, lever: Lever) -> f64 {
        let at = Lever::ALL.iter().position(|of| *of == lever).expect("one of all");
        self.of.offsets()[at]
    }

    fn place(&self) -> f64 {
        self.of.place(Lever::ChilledWater).expect("there").at
    }

    fn told(&self, is: impl Fn(&Supervision) -> bool) -> usize {
        self.events.iter().filter(|event| matches!(&event.what, What::Supervision(news) if is(news))).count()
    }
}

const DAY: u32 = 1440;

#[test]
fn a_setpoint_comes_to_where_the_facility_draws_least_whichever_way_that_is() {
    for best in [-2.0, 0.0, 3.0, 5.0, 9.0] {
        let mut facility = Facility::new(best);
        facility.run(2 * DAY, |_| {});
        let place = facility.place();
        assert!((place - best.clamp(WIDE.least, WIDE.most)).abs() < 1.01, "{best}: {place}");
        assert_eq!(place != 0.0, facility.told(|news| matches!(news, Supervision::Moved { .. })) > 0, "{best}");
    }
}

#[test]
fn a_load_that_moves_more_than_the_setpoint_does_is_accounted_for() {
    let mut facility = Facility::new(3.0);
    facility.load = |minutes| 800e3 + 40e3 * libm::sin(minutes * 0.019) + 15e3 * libm::sin(minutes * 0.31);
    facility.noise = 100.0;
    facility.run(4 * DAY, |_| {});
    assert!((facility.place() - 3.0).abs() < 1.01, "{}", facility.place());
}

#[test]
fn nothing_is_moved_for_what_is_not_worth_it_or_not_sure() {
    let mut facility = Facility::new(3.0);
    facility.bowl = 20.0; // a step is 100 W at the most
    facility.run(3 * DAY, |_| {});
    assert_eq!(facility.place(), 0.0);
    let mut facility = Facility::new(0.0);
    facility.noise = 4000.0;
    facility.run(5 * DAY, |_| {});
    assert!(facility.place().abs() < 1.01, "noise is no saving: {}", facility.place());
}

#[test]
fn what_it_is_expected_to_save_is_measured_with_all_at_home_and_told() {
    let mut facility = Facility::new(3.0);
    facility.run(4 * DAY, |_| {});
    assert!(facility.told(|news| matches!(news, Supervision::Proved { .. })) >= 2);
    let (proof, expected) = (*facility.of.proof().expect("proved"), facility.of.expected());
    let truth = 400.0 * 9.0;
    assert!((expected - truth).abs() < 0.1 * truth, "{expected}");
    assert!((proof.saves - truth).abs() < 0.1 * truth && proof.expected > 0.0, "{proof:?}");
}

#[test]
fn a_facility_that_turns_over_is_followed_back() {
    let mut facility = Facility::new(3.0);
    facility.run(2 * DAY, |_| {});
    assert!(facility.place() > 1.9);
    facility.best = -1.0;
    facility.run(4 * DAY, |_| {});
    assert!(facility.place() < 0.1, "{}", facility.place());
}

#[test]
fn it_retires_when_it_costs_twice_in_a_row_and_a_person_brings_it_back() {
    let mut facility = Facility::new(3.0);
    facility.run(2 * DAY, |_| {});
    assert!(facility.place() > 1.9);
    // Its steps seem to save, and all of it costs: as if two levers worked against each other.
    for _ in 0..LOSSES {
        let proof = Proof { saves: -2000.0, expected: 3000.0, error: 300.0, ago: Span::ZERO };
        facility.of.prove(proof, &mut News::new(Tick::default(), &mut facility.events));
    }
    facility.run(90, |_| {});
    assert_eq!(facility.of.cause(), Cause::Retired);
    assert!(facility.offset(Lever::ChilledWater).abs() < 1e-9 && facility.told(|n| *n == Supervision::Retired) == 1);
    facility.of.switch(true);
    facility.run(2 * DAY, |_| {});
    assert!(facility.place() > 1.9, "it tries again");
}

#[test]
fn a_lost_inlet_sends_all_home_at_the_rate_and_a_hot_one_at_once() {
    let mut facility = Facility::new(5.0);
    facility.run(3 * DAY, |_| {});
    let before = facility.offset(Lever::ChilledWater);
    assert!(before > 3.0);
    facility.run(1, |sight| sight.blind = true);
    let after = facility.offset(Lever::ChilledWater);
    assert!((before - after - 4.0 / 60.0).abs() < 1e-9, "4 K/h: {before} {after}");
    assert_eq!(facility.told(|n| *n == Supervision::GoneHome), 1);
    facility.run(1, |sight| sight.hot = true);
    assert_eq!(facility.offset(Lever::ChilledWater), 0.0);
    assert_eq!(facility.of.cause(), Cause::Hot);
    // What was learnt is gone back to once the hall has been quiet.
    facility.run(29, |_| {});
    assert_eq!(facility.offset(Lever::ChilledWater), 0.0);
    facility.run(120, |_| {});
    assert!(facility.offset(Lever::ChilledWater) > 3.0);
}

#[test]
fn while_somebody_holds_an_output_or_a_meter_is_lost_setpoints_stay() {
    let mut facility = Facility::new(3.0);
    facility.run(2 * DAY, |_| {});
    let changes: [fn(&mut Sight); 3] = [|s| s.disturbed = true, |s| s.powers = None, |s| s.on_panels = true];
    for change in changes {
        facility.run(20, change);
        let (place, there) = (facility.place(), facility.offset(Lever::ChilledWater));
        facility.run(30, change);
        assert!((facility.offset(Lever::ChilledWater) - there).abs() < 1e-9);
        assert!(place > 1.9 && (0.0..=place).contains(&there), "it waits where it is, or where it was going: {there}");
        facility.run(DAY / 4, |_| {});
    }
    facility.run(120, |sight| sight.powers = None);
    assert_eq!(
        (facility.of.cause(), facility.offset(Lever::ChilledWater)),
        (Cause::Blind, 0.0),
        "an hour without meters"
    );
}

#[test]
fn a_machine_that_starts_or_stops_in_an_experiment_spoils_it_and_nothing_is_judged() {
    let mut facility = Facility::new(3.0);
    facility.run(2 * DAY, |_| {});
    let (place, (judged, spoilt)) = (facility.place(), facility.of.tries());
    assert!(judged >= 4 && spoilt == 0, "{judged} {spoilt}");
    let minutes = std::cell::Cell::new(0_u32);
    facility.run(DAY, |sight| {
        minutes.set(minutes.get() + 1);
        sight.running = 3 + minutes.get() / 40 % 2;
        // What another machine draws would look like a saving.
        let less = if sight.running == 3 { 0.0 } else { 30e3 };
        sight.powers = sight.powers.map(|(facility, it)| (facility - less, it));
    });
    let (after, more) = facility.of.tries();
    assert_eq!((after, facility.place()), (judged, place), "nothing is learnt of it");
    assert!(more >= 5, "{more}");
}

#[test]
fn a_new_boot_begins_at_home_and_goes_back_to_what_was_learnt() {
    let mut facility = Facility::new(3.0);
    facility.run(2 * DAY, |_| {});
    let place = facility.place();
    facility.of.restart();
    assert_eq!((facility.offset(Lever::ChilledWater), facility.place()), (0.0, place));
    facility.run(29, |_| {});
    assert_eq!(facility.offset(Lever::ChilledWater), 0.0);
    facility.run(60, |_| {});
    assert!(facility.offset(Lever::ChilledWater) > 1.9);
}

#[test]
fn a_switched_off_one_is_home_and_stays_there() {
    let mut facility = Facility::new(3.0);
    facility.run(2 * DAY, |_| {});
    facility.of.switch(false);
    facility.run(60, |_| {});
    assert_eq!((facility.of.cause(), facility.offset(Lever::ChilledWater)), (Cause::Off, 0.0));
    facility.of.restart();
    facility.run(DAY, |_| {});
    assert_eq!(facility.offset(Lever::ChilledWater), 0.0, "over a restart, too");
}

#[test]
fn windows_over_which_machines_start_or_stop_move_nothing() {
    let mut facility = Facility::new(3.0);
    for n in 0..300 {
        facility.run(17, |sight| sight.running = 3 + n % 2);
    }
    assert_eq!(facility.place(), 0.0, "every window has a start or a stop in it, or around it");
}

#[test]
fn warm_inlets_take_a_step_back_and_wait() {
    let mut facility = Facility::new(0.0);
    facility.filed = strategies(&[(Lever::Inlets, Reach { least: 0.0, most: 1.5, step: 0.5 })]);
    facility.of.places[0].at = 1.0;
    facility.of.places[0].saves = 2000.0;
    facility.run(60, |_| {});
    assert!((facility.offset(Lever::Inlets) - 1.0).abs() < 1e-9);
    facility.run(1, |sight| sight.warm = true);
    facility.run(10, |_| {});
    assert!((facility.offset(Lever::Inlets) - 0.5).abs() < 1e-9);
    assert!((facility.of.expected() - 1000.0).abs() < 1e-9);
}

#[test]
fn what_machines_draw_more_where_they_are_warmer_is_taken_off() {
    // The facility's meters show a saving that the machines' own fans eat up: they are at work, and no meter can tell.
    let mut facility = Facility::new(0.0);
    facility.filed = strategies(&[(Lever::Coolant, Reach { least: 0.0, most: 6.0, step: 1.0 })]);
    let racks = facility.filed.maps.racks.as_mut().expect("mapped");
    racks.leakage = 0.006;
    let step = 0.006 * 800e3;
    let seen = |saves: f64| {
        move |_: &Facility, offset: f64| Sight {
            powers: Some((800e3 + 80e3 - saves * offset, 800e3)),
            running: 3,
            ..Sight::default()
        }
    };
    for (saves, moves) in [(0.8 * step, false), (1.6 * step, true)] {
        let mut of = Facility { filed: facility.filed, ..Facility::new(0.0) };
        let look = seen(saves);
        for _ in 0..DAY {
            let sight = look(&of, of.offset(Lever::Coolant));
            of.of.step(&of.filed, &sight, MINUTE, &mut News::new(Tick::default(), &mut of.events));
        }
        assert_eq!(of.of.place(Lever::Coolant).expect("there").at > 0.0, moves, "{saves}");
    }
}

/// A facility of whose inlets the maps tell: the first step saves 2 kW, and each further one 900 W less.
fn mapped() -> Facility {
    let mut facility = Facility::new(0.0);
    facility.filed = strategies(&[(Lever::Inlets, Reach { least: -1.0, most: 3.0, step: 0.5 })]);
    facility
}

fn saves(at: f64) -> f64 {
    2000.0 - 1800.0 * at
}

fn by_map(facility: &mut Facility, minutes: u32, true_share: f64) {
    for _ in 0..minutes {
        let at = facility.offset(Lever::Inlets);
        // What being there saves: the sum of the steps that led there.
        let home = (at / 0.5) * (2000.0 - 900.0 * (at / 0.5 - 1.0) / 2.0);
        facility.run(1, |sight| {
            sight.steps[0] = [Some(saves(at)), Some(-saves(at - 0.5)), Some(-home)];
            sight.powers = Some((880e3 - true_share * home, 800e3));
        });
    }
}

#[test]
fn a_lever_of_which_the_maps_tell_goes_where_a_step_more_is_not_worth_it() {
    let mut facility = mapped();
    by_map(&mut facility, DAY / 2, 1.0);
    let at = facility.of.places[0].at;
    assert!((at - 1.0).abs() < 1e-9, "steps save 2000, 1100 and 200 W, and 300 W is worth it: {at}");
    assert!((facility.of.expected() - 3100.0).abs() < 50.0, "{}", facility.of.expected());
    assert_eq!(facility.told(|news| matches!(news, Supervision::Moved { lever: Lever::Inlets, .. })), 2);
}

#[test]
fn maps_that_do_not_come_true_are_trusted_less_and_in_the_end_not_at_all() {
    let mut facility = mapped();
    by_map(&mut facility, 6 * DAY, 0.5);
    assert!((0.45..0.85).contains(&facility.of.trust), "{}", facility.of.trust);
    let mut facility = mapped();
    by_map(&mut facility, 6 * DAY, -1.0);
    assert_eq!(facility.of.cause(), Cause::Retired, "what they call a saving costs");
}

#[test]
fn a_hall_without_a_supervisor_has_nothing_moved() {
    let mut facility = Facility::new(3.0);
    facility.run(2 * DAY, |_| {});
    facility.filed.supervisor = None;
    facility.run(1, |_| {});
    assert!(facility.of.is_idle());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whatever it sees, setpoints stay within their reach and move no faster than the rate; home at once only when it is hot.
    #[test]
    fn setpoints_stay_within_reach_and_rate(
        best in -6.0..9.0_f64,
        bits in prop::collection::vec((0_u8..64, 1_u32..240), 1..40),
    ) {
        let mut facility = Facility::new(best);
        facility.noise = 800.0;
        for (bits, minutes) in bits {
            for _ in 0..minutes {
                let before = facility.offset(Lever::ChilledWater);
                facility.run(1, |sight| {
                    sight.hot = bits == 1;
                    sight.blind = bits == 2;
                    sight.disturbed = bits == 3;
                    sight.warm = bits == 4;
                    sight.on_panels = bits == 5;
                    if bits == 6 {
                        sight.powers = None;
                    }
                    sight.running = u32::from(bits / 16);
                });
                let now = facility.offset(Lever::ChilledWater);
                prop_assert!((WIDE.least..=WIDE.most).contains(&now));
                let allowed = if bits == 1 { 10.0 } else { 4.0 / 60.0 + 1e-9 };
                prop_assert!((now - before).abs() <= allowed, "{before} {now} {bits}");
            }
        }
    }

    #[test]
    fn its_state_survives_a_snapshot(minutes in 0_u32..3000, best in -2.0..5.0_f64) {
        let mut facility = Facility::new(best);
        facility.run(minutes, |_| {});
        let bytes = postcard::to_allocvec(&facility.of).expect("writes");
        prop_assert_eq!(postcard::from_bytes::<Supervisor>(&bytes).expect("reads"), facility.of);
    }
}
