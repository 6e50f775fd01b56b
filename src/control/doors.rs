//! Rear doors that control runs: the air that leaves a door by the valve in its water.
//!
//! ```text
//!            air warmer than held               opens                    air colder than held, at its least for a while
//!   Shut ─────────────────────────▶ Opening ───────────▶ Open ──────────────────────────────────────────────▶ Closing
//!    ▲                                 │ start-within      │ shut by itself                          stop-within │ │
//!    │                                 ▼                   ▼                                                     ▼ │
//!    ├────────────────────────────── Failed (told to open on) ◀───────────                 Failed (told to shut on) │
//!    ◀──────────────────────────────────────────────── shut ───────────────────────────────────────────────────────┘
//!
//!   any ── its tray is wet: level 2, latched ─▶ Closing …        any ── its water is too near to the dew point: level 4 ─▶ Closing …
//! ```
//!
//! The steps of the valve are those of [`super::fans`], which may rest, too. Open, it is told when it stands elsewhere than it was told to,
//! or hardly cools. A door that is lost is nobody's emergency: the room's coolers take its rack's heat by the inlets. Its own panel runs it
//! until the air that leaves and its valve are seen, and again when either is lost: [`super::rule`].

use plant::command::{Level, Reason};
use plant::event::{About, Step as Told, Trouble, What};
use plant::hall::Hall;
use plant::hall::sequence::RunMode;
use plant::hall::sequence::door::{DoorTuning, DrivenDoor};
use plant::id::EquipId;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::commands::{Commands, Limit, OutputId};
use super::cooling::{Aim, Cooling};
use super::dew_point::{DewPoint, Trip};
use super::fans::{Fans, Hold};
use super::leak::Leak;
use super::news::News;
use super::rule::Rule;
use super::scene::{Scene, Water};
use super::sequence::Timer;
use super::sequence::drive::{Drive, Driven};
use super::sequence::machine::Sight;
use super::sequence::roster::RunTime;

/// A valve that is told less is shut (%).
const SHUT: f64 = 1.0;
/// A valve beyond this is open (%).
const OPEN: f64 = 95.0;

/// The outputs of a door.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wiring {
    run_mode: OutputId,
    valve: OutputId,
}

/// Every door's outputs, in the hall's order.
#[must_use]
pub fn wirings(hall: &Hall, commands: &Commands) -> Vec<Wiring> {
    let wiring = |of: &DrivenDoor| {
        Some(Wiring { run_mode: commands.output(of.run_mode.id())?, valve: commands.output(of.valve.id())? })
    };
    hall.doors.iter().filter_map(wiring).collect()
}

/// What is remembered of a door.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Door {
    rule: Rule,
    /// Its valve, which rests as fans do.
    valve: Fans,
    trip: Trip,
    leak: Leak,
    /// How long the valve has stood elsewhere than it was told to.
    astray: Timer,
    /// How long the air has been too warm behind an open valve.
    warm: Timer,
    /// What was told of either.
    told: Option<Trouble>,
}

/// Every door, in the hall's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Doors(Vec<Door>);

/// What one scan sees of a door.
#[derive(Clone, Copy, Debug, PartialEq)]
struct View {
    /// Air leaving.
    leaving: Water,
    /// Where the valve is (%), known now.
    position: Option<f64>,
    /// Whether it is open at all.
    open: Sight,
    /// The water that enters (°C), known now: behind a shut valve it stands and becomes warm.
    entering: Option<f64>,
    /// The facility's water (°C), known now.
    facility: Option<f64>,
    /// Whether the tray is wet.
    wet: Sight,
    /// What the door was told last.
    mode: RunMode,
    /// Where the valve was told to be last (%).
    told: f64,
    /// Where somebody stronger than control holds it (%).
    held: Option<f64>,
    /// It is where it was to go.
    settled: bool,
}

impl Doors {
    /// On their panels.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        Self(hall.doors.iter().map(|_| Door::new()).collect())
    }

    /// A new boot: on their panels, with run-times. What leaked, or was too near to the dew point, stays shut.
    pub fn restart(&mut self) {
        for door in &mut self.0 {
            let leak = door.leak.restarted();
            *door = Door { valve: Fans::found(false, door.valve().run), leak, trip: door.trip, ..Door::new() };
        }
    }

    /// Who runs them from now on.
    pub fn lend(&mut self, rule: Rule) {
        self.0.iter_mut().for_each(|door| door.rule = rule);
    }

    /// The doors with what they are.
    pub fn iter<'d>(&'d self, hall: &'d Hall) -> impl Iterator<Item = (&'d DrivenDoor, &'d Door)> {
        hall.doors.iter().zip(&self.0)
    }

    /// What is wrong, and with which.
    pub fn troubles<'d>(&'d self, hall: &'d Hall) -> impl Iterator<Item = (EquipId, Trouble)> + 'd {
        self.iter(hall).filter_map(|(of, door)| Some((of.of.equip, door.trouble()?)))
    }

    /// A person has reset the alarm of leaks: what is known to be dry may open again.
    pub fn let_dry_ones_open(&mut self, hall: &Hall, news: &mut News<'_>) {
        for (of, door) in hall.doors.iter().zip(&mut self.0) {
            if door.leak.reset() {
                news.info(About::Equip(of.of.equip), What::DoorLeaks(false));
            }
        }
    }

    /// Gives the loops of the valves what they shall do.
    pub fn aim(&self, hall: &Hall, dew_point: &DewPoint, cooling: &mut Cooling) {
        let rules = cooling.strategies().doors;
        for (of, door) in self.iter(hall).filter(|(_, door)| !door.is_on_panel()) {
            cooling.aim(of.valve_loop, door.aim(&rules, dew_point));
        }
    }

    /// One scan: proposes run modes. The loops propose the valves.
    pub fn step(
        &mut self,
        wirings: &[Wiring],
        (scene, rules, dew_point): (&Scene<'_>, &DoorTuning, &DewPoint),
        commands: &mut Commands,
        news: &mut News<'_>,
    ) {
        for ((of, wiring), door) in scene.hall.doors.iter().zip(wirings).zip(&mut self.0) {
            let view = look(of, scene, wiring);
            door.step(About::Equip(of.of.equip), (rules, &view), (dew_point, scene.dt), news);
            let (mode, why) =
                if door.is_on_panel() { (RunMode::Panel, Reason::OnPanel) } else { (RunMode::On, Reason::Running) };
            commands.propose(wiring.run_mode, Level::Control, mode.number(), why);
        }
    }

    /// Above every mode: a door that leaks is shut, and so is one whose water is too near to the dew point. Its panel knows of neither.
    pub fn protect(&self, wirings: &[Wiring], dew_point: &DewPoint, commands: &mut Commands) {
        for (door, wiring) in self.0.iter().zip(wirings) {
            let shut = |commands: &mut Commands, level, reason| {
                commands.propose(wiring.run_mode, level, RunMode::Off.number(), reason);
                commands.limit(wiring.valve, level, Limit { min: 0.0, max: 0.0, reason });
            };
            if door.leak.is_latched() {
                shut(commands, Level::AutomaticLifeSafety, Reason::Leak);
            }
            if door.trip.is_closed() {
                shut(commands, Level::ThermalProtection, Reason::DewPoint(dew_point.lead()));
            }
        }
    }
}

fn look(of: &DrivenDoor, scene: &Scene<'_>, wiring: &Wiring) -> View {
    View {
        leaving: scene.water_at(of.of.leaving_air),
        position: scene.fresh(of.of.valve),
        open: scene.turns(of.of.valve),
        entering: scene.fresh(of.of.entering),
        facility: scene.hall.machinery.facility_water.and_then(|water| scene.fresh(water.supply)),
        wet: scene.fault(of.of.leak),
        mode: scene.told(wiring.run_mode).map_or(RunMode::Panel, RunMode::of),
        told: scene.told(wiring.valve).unwrap_or(0.0),
        held: scene.person(wiring.valve),
        settled: scene.held.get(wiring.valve).is_none_or(|row| !row.on_its_way),
    }
}

impl Door {
    fn new() -> Self {
        Self {
            rule: Rule::on_panel(),
            valve: Fans::found(false, RunTime::default()),
            trip: Trip::default(),
            leak: Leak::default(),
            astray: Timer::default(),
            warm: Timer::default(),
            told: None,
        }
    }

    /// True while its panel runs it.
    #[must_use]
    pub const fn is_on_panel(&self) -> bool {
        self.rule.is_panel()
    }

    /// Its valve.
    #[must_use]
    pub const fn valve(&self) -> &Driven {
        self.valve.drive()
    }

    /// Whether its water is too near to the dew point.
    #[must_use]
    pub const fn trip(&self) -> &Trip {
        &self.trip
    }

    /// True while it is shut for a leak.
    #[must_use]
    pub const fn is_shut_for_a_leak(&self) -> bool {
        self.leak.is_latched()
    }

    /// True while its tray is wet, or was and is not known to be dry.
    #[must_use]
    pub const fn leaks(&self) -> bool {
        self.leak.is_wet()
    }

    /// What is wrong with it, if anything is.
    #[must_use]
    pub const fn trouble(&self) -> Option<Trouble> {
        match (self.is_on_panel(), self.valve.trouble()) {
            (true, _) => None,
            (false, Some(trouble)) => Some(trouble),
            (false, None) => self.told,
        }
    }

    /// The setpoint of the air that leaves (°C): never so cold that the water would have to be below the dew point.
    fn setpoint(rules: &DoorTuning, dew_point: &DewPoint) -> f64 {
        rules.valve.speed.setpoint.max(dew_point.highest(&rules.dew_point) + rules.dew_point.margin)
    }

    /// What the loop of the valve is to do in the next scan.
    fn aim(&self, rules: &DoorTuning, dew_point: &DewPoint) -> Aim {
        if self.leak.is_latched() {
            return Aim::Stand { at: 0.0, reason: Reason::Leak };
        }
        if self.trip.is_closed() {
            return Aim::Stand { at: 0.0, reason: Reason::DewPoint(dew_point.lead()) };
        }
        if !self.valve().is_told() {
            return Aim::Stand { at: 0.0, reason: Reason::NothingToCool };
        }
        Aim::Hold { point: None, setpoint: Self::setpoint(rules, dew_point), least: rules.valve.least_speed }
    }

    fn step(
        &mut self,
        about: About,
        (rules, view): (&DoorTuning, &View),
        (dew_point, dt): (&DewPoint, Span),
        news: &mut News<'_>,
    ) {
        if self.leak.step(view.wet, rules.leak_after, dt) {
            news.warn(about, What::DoorLeaks(true));
        }
        // A door that somebody has switched off is shut already.
        self.trip.step(about, (self.water(view), true, dt), (dew_point, &rules.dew_point), news);
        let sees = view.leaving.fresh && view.position.is_some() && view.settled && dew_point.is_ready();
        let lost = view.leaving.celsius.is_none() || view.open == Sight::Lost;
        if let Some(told) = self.rule.step((sees, lost), dt) {
            if told == Told::TakenOver {
                self.find(view);
            }
            news.rule(about, told);
        }
        if self.is_on_panel() || view.mode == RunMode::Panel {
            self.find(view);
            return;
        }
        let setpoint = Self::setpoint(rules, dew_point);
        let hold = self.hold(view, setpoint);
        news.machine(about, self.valve.step(&rules.valve, hold.as_ref(), (view.open, view.told), dt));
        self.watch(about, (rules, view, setpoint), dt, news);
    }

    /// The water that counts (°C): the colder of what enters and the facility's. What stands before a shut valve becomes warm: where nothing
    /// else is known, it releases nothing.
    fn water(&self, view: &View) -> Option<f64> {
        let flows = !self.trip.is_closed() || view.open == Sight::Known(true);
        let entering = view.entering.filter(|_| flows || view.facility.is_some());
        entering.into_iter().chain(view.facility).reduce(f64::min)
    }

    /// Begins with the valve as it is.
    fn find(&mut self, view: &View) {
        let run = self.valve().run;
        self.valve = Fans::found(view.open == Sight::Known(true), run);
        (self.astray, self.warm, self.told) = (Timer::default(), Timer::default(), None);
    }

    /// What the valve holds; nothing where it shall be shut.
    fn hold(&self, view: &View, setpoint: f64) -> Option<Hold> {
        if self.leak.is_latched() || self.trip.is_closed() || view.mode == RunMode::Off {
            return None;
        }
        let own = Hold::of(view.leaving, setpoint);
        match view.held {
            Some(held) => (held > SHUT).then_some(Hold { restless: true, wake: true, ..own }),
            None => Some(own),
        }
    }

    /// Whether a valve that is open, or told to shut, stands where it was told to, and an open one cools.
    fn watch(
        &mut self,
        about: About,
        (rules, view, setpoint): (&DoorTuning, &View, f64),
        dt: Span,
        news: &mut News<'_>,
    ) {
        let step = self.valve().step();
        let (open, moves) = (step == Drive::Turning, [Drive::Turning, Drive::Stopping].contains(&step));
        if let Some(position) = view.position {
            // One that is stuck is so while it is told to shut, too, until that has lasted too long.
            self.astray.count(moves && (position - view.told).abs() > rules.stuck, dt);
            if let Some(leaving) = view.leaving.celsius.filter(|_| view.leaving.fresh) {
                self.warm.count(open && position >= OPEN && leaving > setpoint + rules.warm, dt);
            }
        }
        let now = if self.astray.reached(rules.stuck_after) {
            Some(Trouble::ValveStuck)
        } else {
            self.warm.reached(rules.warm_for).then_some(Trouble::CoolsTooLittle)
        };
        if now != self.told {
            news.machine(about, now.map(What::Trouble));
        }
        self.told = now;
    }
}
