//! What published sequences and controllers are known to do wrong, each by its name, under the whole controller from outside.
//! docs/safety.md says who had it.

mod loops;
mod protection;

use plant::convert::f64_from_usize;
use plant::event::{StageCause, Trouble, What};
use plant::hall::Hall;
use plant::reading::Why;
use plant::time::Span;

use super::rig::{Rig, shipped};

/// Heat capacity of a litre of water (J/l/K), and what flows here (l/s).
const LITRE: f64 = 4180.0;
const FLOW: f64 = 30.0;
/// What one chiller carries (W).
const ONE: f64 = 600e3;

/// The hall `air` with nothing that moves its setpoints.
fn steady() -> Hall {
    let mut hall = shipped("air");
    let strategies = &mut hall.strategies;
    (strategies.supply_air, strategies.supervisor, strategies.chilled_water.reset) = (None, None, None);
    hall
}

/// Colder air than held, for long enough that no valve asks for anything.
fn close_valves(rig: &mut Rig) {
    for air in [17.0, 20.0] {
        (1..=6).for_each(|n| rig.read(&format!("crah-{n}/supply-air-temp"), air));
        rig.steps(200);
    }
}

/// A plant of three chillers that do as they are told: they start within three minutes and stop within half of one.
struct Chillers {
    rig: Rig,
    runs: [bool; 3],
    /// How long each has been told something else (s).
    waits: [f64; 3],
    /// Those that stay as they are, whatever they are told.
    stuck: [bool; 3],
}

impl Chillers {
    /// So many run, and control has just taken them over.
    fn running(hall: Hall, count: usize) -> Self {
        let runs = [0, 1, 2].map(|n| n < count);
        let mut plant = Self { rig: Rig::new(hall), runs, waits: [0.0; 3], stuck: [false; 3] };
        plant.say();
        plant.load(0.7 * f64_from_usize(count));
        plant.rig.steps(40);
        assert_eq!(plant.told(), runs, "taken over as they were found");
        plant
    }

    fn say(&mut self) {
        for (n, runs) in (1..).zip(self.runs) {
            self.rig.read(&format!("ch-{n}/running"), f64::from(u8::from(runs)));
        }
    }

    /// The heat that comes back with the water, in chillers.
    fn load(&mut self, chillers: f64) {
        self.rig.read("chw/flow", FLOW);
        self.rig.read("chw/return-water-temp", 14.0 + chillers * ONE / (FLOW * LITRE));
    }

    fn trip(&mut self, n: usize) {
        (self.runs[n], self.stuck[n]) = (false, true);
        self.say();
    }

    /// Which of them are told to run.
    fn told(&self) -> [bool; 3] {
        [1, 2, 3].map(|n| self.rig.value(&format!("ch-{n}/run-mode")) > 1.5)
    }

    fn count_told(&self) -> usize {
        self.told().into_iter().filter(|told| *told).count()
    }

    fn count_running(&self) -> usize {
        self.runs.into_iter().filter(|runs| *runs).count()
    }

    /// One scan; what happened in it.
    fn step(&mut self) -> Vec<What> {
        let (told, dt, before) = (self.told(), self.rig.tick.dt.seconds(), self.runs);
        for (n, told) in told.into_iter().enumerate() {
            self.waits[n] = if told == self.runs[n] || self.stuck[n] { 0.0 } else { self.waits[n] + dt };
            if self.waits[n] >= if told { 180.0 } else { 30.0 } {
                self.runs[n] = told;
            }
        }
        if self.runs != before {
            self.say();
        }
        self.rig.events(1)
    }

    fn pass(&mut self, scans: usize) -> Vec<What> {
        (0..scans).flat_map(|_| self.step()).collect()
    }

    /// Scans until it holds; panics after `most`.
    fn until(&mut self, most: usize, holds: impl Fn(&Self) -> bool) -> usize {
        let found = (1..=most).find(|_| {
            self.step();
            holds(self)
        });
        found.unwrap_or_else(|| panic!("still told {:?}, running {:?} after {most} scans", self.told(), self.runs))
    }

    fn alarm(&self, name: &str) -> bool {
        self.rig.control.status().alarms.iter().any(|alarm| alarm.name == name)
    }
}

/// The changes of stage among what happened.
fn stages(events: &[What]) -> Vec<(u8, u8, StageCause)> {
    let stage =
        |what: &What| if let What::Stage { from, to, cause } = what { Some((*from, *to, *cause)) } else { None };
    events.iter().filter_map(stage).collect()
}

#[test]
fn the_lag_chiller_is_enabled_when_the_lead_cannot_carry_the_load() {
    let mut plant = Chillers::running(steady(), 1);
    plant.load(0.95);
    let waited = plant.until(1200, |plant| plant.count_told() == 2);
    assert!((800..=1000).contains(&waited), "by the load, after its quarter of an hour: {waited} s");
    // Where nobody can count the load, water that is too warm calls as well.
    let mut plant = Chillers::running(steady(), 1);
    plant.rig.fail("chw/flow", Why::InvalidCode);
    plant.pass(600);
    assert_eq!(plant.count_told(), 1);
    plant.rig.read("chw/supply-water-temp", 15.5);
    let waited = plant.until(1200, |plant| plant.count_told() == 2);
    assert!((800..=1000).contains(&waited), "by the warm supply: {waited} s");
}

#[test]
fn a_lag_chiller_that_does_not_start_costs_minutes_and_not_six_hours() {
    let mut plant = Chillers::running(steady(), 1);
    plant.load(0.95);
    plant.until(1200, |plant| plant.count_told() == 2);
    let first = plant.told().into_iter().rposition(|told| told).expect("one is told");
    plant.stuck[first] = true;
    let waited = plant.until(1000, |plant| plant.count_running() == 2);
    assert!(waited <= 600 + 60 + 180, "its own ten minutes, then the next one: {waited} s");
    assert!(!plant.told()[first] && plant.alarm("machine-failed"), "and it is told");
}

#[test]
fn a_stage_change_that_gets_stuck_is_given_up_and_the_next_one_comes() {
    let mut plant = Chillers::running(steady(), 2);
    plant.load(0.3);
    plant.until(2000, |plant| plant.count_told() == 1);
    plant.stuck = [true; 3];
    let events = plant.pass(400);
    assert!(events.contains(&What::Trouble(Trouble::DidNotStop)), "{events:?}");
    assert!(plant.alarm("stage-change-abandoned"));
    plant.stuck = [false; 3];
    plant.load(1.9);
    plant.until(4000, |plant| plant.count_running() == 3);
    // Nor is the one that runs waited for, where it does not come down to make room.
    let mut plant = Chillers::running(steady(), 1);
    plant.rig.read("ch-1/load", 100.0);
    plant.load(0.95);
    plant.until(1000 + 300, |plant| plant.count_told() == 2);
}

#[test]
fn the_load_is_counted_behind_the_economiser_and_the_plant_stages_down() {
    let mut plant = Chillers::running(steady(), 2);
    // Eight kelvins across both, of which the economiser takes six: a megawatt comes back, and a quarter is left to chillers.
    plant.load(1.6);
    plant.rig.read("wse/running", 1.0);
    plant.rig.read("wse/entering-water-temp", 22.0);
    plant.rig.read("wse/leaving-water-temp", 16.0);
    let events = plant.pass(2400);
    assert_eq!(stages(&events), [(2, 1, StageCause::LightLoad)]);
    assert_eq!(plant.count_running(), 1);
    plant.rig.read("wse/leaving-water-temp", 14.3);
    let events = plant.pass(2400);
    assert_eq!(stages(&events), [(1, 0, StageCause::Economised)]);
    assert_eq!(plant.count_running(), 0);
    assert_eq!(stages(&plant.pass(7200)), [], "and none starts for heat that is no chiller's");
}

#[test]
fn the_reset_is_frozen_while_a_stage_changes_and_goes_on_from_there() {
    let mut hall = steady();
    hall.strategies.chilled_water.reset = shipped("air").strategies.chilled_water.reset;
    let mut plant = Chillers::running(hall, 2);
    plant.load(1.6);
    close_valves(&mut plant.rig);
    plant.pass(4000);
    let water = |plant: &Chillers| plant.rig.value("ch-1/setpoint");
    assert!(water(&plant) > 14.5, "nobody asks, and it is trimmed: {}", water(&plant));
    plant.trip(0);
    plant.stuck[2] = true;
    plant.until(30, |plant| plant.told() == [false, true, true]);
    let held = water(&plant);
    plant.rig.inlets(0, 28.0);
    // Five minutes and three to start, then a quarter of an hour of settling: a hot row asks all the while.
    for second in 0..300 + 180 + 890 {
        plant.stuck[2] = second < 300;
        plant.step();
        assert!((water(&plant) - held).abs() < 1e-9, "{held} to {} after {second} s", water(&plant));
    }
    assert_eq!(plant.runs, [false, true, true]);
    plant.pass(330);
    let answered = held - water(&plant);
    assert!((0.3..=0.7).contains(&answered), "one answer, from where it was held: {answered} K");
}

#[test]
fn chillers_change_places_without_a_hot_swap() {
    let mut hall = steady();
    let staging = &mut hall.strategies.chilled_water.staging;
    (staging.rotate_every, staging.rotate_gap) = (Span::from_secs(3600), Span::from_secs(1800));
    let prove = usize::try_from(staging.prove.millis() / 1000).expect("short");
    let mut plant = Chillers::running(hall, 2);
    plant.load(1.4);
    let (mut rotations, mut together) = (0, 0);
    for _ in 0..5 * 3600 {
        let before = plant.told();
        plant.step();
        let after = plant.told();
        let (starts, stops) = (0..3).fold((0, 0), |(starts, stops), n| {
            (starts + usize::from(!before[n] && after[n]), stops + usize::from(before[n] && !after[n]))
        });
        assert!(starts + stops <= 1, "{before:?} to {after:?} in one scan");
        if stops == 1 {
            assert!(together >= prove, "the new one had run for {together} s");
            rotations += 1;
        }
        together = if plant.count_running() == 3 { together + 1 } else { 0 };
        assert!(plant.count_running() >= 2, "{:?}", plant.runs);
    }
    assert!(rotations >= 2, "{rotations}");
}

#[test]
fn no_swing_of_the_load_breaks_a_minimum_time() {
    // Stages that wait for next to nothing, so that minimum times are all there is.
    let mut hall = steady();
    hall.strategies.chilled_water.staging.patience = Span::from_secs(60);
    let mut plant = Chillers::running(hall, 1);
    let mut since = [[-1e9; 2]; 3];
    let mut starts = 0;
    for second in 0..8 * 3600 {
        if second % 500 == 0 {
            plant.load(if second % 1000 == 0 { 1.95 } else { 0.2 });
        }
        let before = plant.told();
        plant.step();
        let (after, now) = (plant.told(), f64::from(second));
        for n in (0..3).filter(|n| before[*n] != after[*n]) {
            let [started, stopped] = since[n];
            if after[n] {
                assert!(now - stopped >= 600.0 && now - started >= 1800.0, "chiller {n} starts at {now}: {since:?}");
                starts += 1;
            } else {
                assert!(now - started >= 1200.0, "chiller {n} stops at {now}: {since:?}");
            }
            since[n][usize::from(!after[n])] = now;
        }
    }
    assert!(starts >= 4, "{starts}");
}
