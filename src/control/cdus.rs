//! CDUs that control runs: coolant by the valve, pressure by the pumps, above the room's dew point, and whether a row
//! has its pressure.
//!
//! Its own panel runs a CDU until all that is needed is seen: [`super::rule`]. The loops are those of [`super::cooling`]; here is who of the
//! pumps gets what the pressure's loop gives, and what the coolant's loop aims at.

mod fouling;
mod leaks;
mod pressure;
pub mod pumps;

use plant::command::{Level, Reason};
use plant::event::{About, Step as Told, What};
use plant::hall::Hall;
use plant::hall::sequence::RunMode;
use plant::hall::sequence::cdu::{CduPump, CduTuning, DrivenCdu, PUMPS};
use plant::id::{Id, PointId, RowId};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::commands::{Commands, Limit, OutputId};
use super::cooling::{Aim, Cooling};
use super::dew_point::{DewPoint, Setpoint, Trip};
use super::leak::Leak;
use super::news::News;
use super::rule::{Rule, TAKE_OVER};
use super::scene::Scene;
use super::sequence::Timer;
use super::sequence::machine::{Seen, Sight};
use super::sequence::roster::{MachineId, RunTime};
use fouling::Fouling;
pub use pressure::Pressure;
use pressure::Pressures;
use pumps::{Pumps, Row};

/// What is needed may be doubted for so long before the panel gets its CDU back: it has sensors of its own.
const DOUBT: Span = Span::from_secs(15);
/// A pump that turns slower than this stands (%).
const TURNING: f64 = 10.0;

/// The outputs of a CDU. Fixed when the hall is loaded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wiring {
    run_mode: OutputId,
    valve: OutputId,
    pumps: [OutputId; PUMPS],
}

/// Every CDU's outputs, in the hall's order.
#[must_use]
pub fn wirings(hall: &Hall, commands: &Commands) -> Vec<Wiring> {
    let wiring = |of: &DrivenCdu| {
        let [one, two] = of.pumps.map(|pump| commands.output(pump.speed.id()));
        let (run_mode, valve) = (commands.output(of.run_mode.id())?, commands.output(of.valve.id())?);
        Some(Wiring { run_mode, valve, pumps: [one?, two?] })
    };
    hall.cdus.iter().filter_map(wiring).collect()
}

/// What is remembered of a CDU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cdu {
    rule: Rule,
    /// How long something that is needed has been doubted.
    doubt: Timer,
    /// Its pumps all failed under control: its panel gets longer.
    gave_up: bool,
    pumps: Pumps,
    trip: Trip,
    fouling: Fouling,
    leak: Leak,
}

/// Every CDU, in the hall's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cdus {
    cdus: Vec<Cdu>,
    setpoint: Setpoint,
    pressures: Pressures,
}

impl Cdus {
    /// On their panels.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        Self {
            cdus: hall.cdus.iter().map(|_| Cdu::new()).collect(),
            setpoint: Setpoint::default(),
            pressures: Pressures::new(hall),
        }
    }

    /// A new boot: on their panels, with run-times, what was too near to the dew point and what leaked.
    pub fn restart(&mut self) {
        self.setpoint = Setpoint::default();
        for cdu in &mut self.cdus {
            cdu.rule = Rule::on_panel();
            (cdu.doubt, cdu.gave_up) = (Timer::default(), false);
            cdu.pumps.forget();
            cdu.fouling = Fouling::default();
            cdu.leak = cdu.leak.restarted();
        }
    }

    /// Who runs them from now on.
    pub fn lend(&mut self, rule: Rule) {
        self.cdus.iter_mut().for_each(|cdu| cdu.rule = rule);
    }

    /// A pump, by the output that is its speed, is another one from now on; what the one before had run.
    pub fn renew(&mut self, hall: &Hall, (speed, run): (PointId, RunTime)) -> Option<RunTime> {
        hall.cdus.iter().zip(&mut self.cdus).find_map(|(of, cdu)| {
            let place = of.pumps.iter().position(|pump| pump.speed.id() == speed)?;
            cdu.pumps.renew(place, run)
        })
    }

    /// The CDUs with what they are, in the hall's order.
    pub fn iter<'c>(&'c self, hall: &'c Hall) -> impl Iterator<Item = (&'c DrivenCdu, &'c Cdu)> {
        hall.cdus.iter().zip(&self.cdus)
    }

    /// What the coolant's loops aim at (°C): above the room's dew point.
    #[must_use]
    pub fn setpoint(&self, dew_point: &DewPoint, tuning: &CduTuning) -> f64 {
        self.setpoint.value(dew_point, (&tuning.dew_point, tuning.valve.setpoint))
    }

    /// Whether the plates of a row have their pressure.
    #[must_use]
    pub fn pressure(&self, row: RowId) -> Pressure {
        self.pressures.of(row)
    }

    /// Gives the loops their setpoints.
    pub fn aim(&self, hall: &Hall, dew_point: &DewPoint, cooling: &mut Cooling) {
        let rules = cooling.strategies().cdu;
        let hold = |setpoint, least| Aim::Hold { point: None, setpoint, least };
        for (of, cdu) in self.iter(hall) {
            if cdu.is_shut_off() {
                let stand = Aim::Stand { at: 0.0, reason: Reason::Leak };
                [of.valve_loop, of.pump_loop].into_iter().for_each(|of| cooling.aim(of, stand));
                continue;
            }
            cooling.aim(of.valve_loop, hold(self.setpoint(dew_point, &rules), rules.least_valve.0));
            cooling.aim(of.pump_loop, hold(rules.pump.setpoint, rules.least_speed.0));
        }
    }

    /// One scan, after the loops: proposes every CDU's run mode and its pumps' speeds.
    pub fn step(
        &mut self,
        wirings: &[Wiring],
        (scene, cooling, dew_point): (&Scene<'_>, &Cooling, &DewPoint),
        commands: &mut Commands,
        news: &mut News<'_>,
    ) {
        if self.cdus.is_empty() {
            return;
        }
        let tuning = &cooling.strategies().cdu;
        self.setpoint.step(dew_point, (&tuning.dew_point, tuning.valve.setpoint), scene.dt);
        for (place, ((of, wiring), cdu)) in scene.hall.cdus.iter().zip(wirings).zip(&mut self.cdus).enumerate() {
            let scan = Scan { scene, of, wiring, tuning, place };
            cdu.look_for_leaks(&scan, news);
            cdu.step(&scan, self.setpoint.is_ready(), news);
            let coolant = (scene.fresh(of.of.supply), cdu.is_ours(&scan), scene.dt);
            let about = About::Equip(of.of.equip);
            cdu.trip.step(about, coolant, (dew_point, &tuning.dew_point), news);
            cdu.fouling.step(&scan, cdu.is_tripped());
            let pressure = cooling.of(of.pump_loop);
            let lead = pressure.and_then(|row| row.lead.filter(|_| row.started));
            cdu.propose(&scan, (pressure.map_or(100.0, |row| row.terms().output), lead), commands);
        }
        let setpoint = self.setpoint(dew_point, tuning);
        self.pressures.step((scene, tuning), (setpoint, &self.cdus));
    }

    /// Above every mode: one that leaks is shut off; a valve whose coolant is too near to the dew point is closed to its least, and its pumps
    /// go on.
    pub fn protect(&self, wirings: &[Wiring], (tuning, dew_point): (&CduTuning, &DewPoint), commands: &mut Commands) {
        self.cdus.iter().zip(wirings).for_each(|(cdu, wiring)| cdu.shut_off(wiring, commands));
        for (cdu, wiring) in self.cdus.iter().zip(wirings).filter(|(cdu, _)| cdu.is_tripped()) {
            let told = commands.slot(wiring.run_mode).map(|slot| RunMode::of(slot.winner().1.value));
            if cdu.is_on_panel() && told != Some(RunMode::On) {
                continue; // its panel has the valve, and nothing closes it from here
            }
            let reason = Reason::DewPoint(dew_point.lead());
            let least = Limit { min: 0.0, max: tuning.least_valve.0, reason };
            commands.limit(wiring.valve, Level::ThermalProtection, least);
            // Its panel may know no dew point. One that somebody has switched off stays off.
            if told == Some(RunMode::Panel) {
                commands.propose(wiring.run_mode, Level::ThermalProtection, RunMode::On.number(), reason);
            }
        }
    }
}

/// What one CDU's scan looks at.
#[derive(Clone, Copy)]
pub struct Scan<'a> {
    scene: &'a Scene<'a>,
    of: &'a DrivenCdu,
    wiring: &'a Wiring,
    tuning: &'a CduTuning,
    /// Its place among the CDUs.
    place: usize,
}

impl Scan<'_> {
    /// Every output of it has come to where it was to go.
    fn has_settled(&self) -> bool {
        let outputs = [self.wiring.valve].into_iter().chain(self.wiring.pumps);
        outputs.filter_map(|output| self.scene.held.get(output)).all(|row| !row.on_its_way)
    }

    /// What the CDU was told last.
    fn told(&self) -> RunMode {
        self.scene.told(self.wiring.run_mode).map_or(RunMode::Panel, RunMode::of)
    }

    /// Coolant stands although a pump turns. A flow sensor alone may lie low: it is believed where the pressure is gone, too, or is not
    /// known now.
    fn is_dry(&self) -> bool {
        let flow = self.scene.fresh(self.of.of.flow);
        let least = self.tuning.pump.setpoint - self.tuning.pumps.starved.0;
        let pressed = self.scene.fresh(self.of.of.dp).is_some_and(|dp| dp >= least);
        flow.is_some_and(|flow| flow < self.tuning.pumps.least_flow.0) && !pressed
    }

    /// What is seen of each pump. One that runs alone is proven by the flow, too; the word of a drive's fault needs no other.
    fn pumps(&self, pumps: &Pumps) -> [Seen; PUMPS] {
        let turning = self.of.pumps.map(|pump| turns(self.scene, &pump));
        let dry = self.is_dry();
        let alone = turning.iter().filter(|turns| **turns).count() == 1;
        let seen = |n: usize, (pump, output): (&CduPump, OutputId)| {
            let fault = self.scene.fault(pump.fault);
            let unproven = !pumps.crew().is_proven(MachineId::from_index(n), (alone, dry));
            let running = match self.scene.fresh(pump.feedback) {
                Some(_) | None if fault == Sight::Known(true) => Sight::Known(false),
                Some(speed) => Sight::Known(speed >= TURNING && !unproven),
                None if self.scene.is_lost(pump.feedback) => Sight::Lost,
                None => Sight::Doubted,
            };
            let held = self.scene.person(output).map(|speed| if speed > 0.0 { RunMode::On } else { RunMode::Off });
            Seen { running, fault, held }
        };
        let ([one, two], [first, second]) = (&self.of.pumps, self.wiring.pumps);
        [seen(0, (one, first)), seen(1, (two, second))]
    }
}

/// A pump is seen to turn.
fn turns(scene: &Scene<'_>, pump: &CduPump) -> bool {
    scene.fresh(pump.feedback).is_some_and(|speed| speed >= TURNING)
}

/// Nobody runs its pumps: each is seen standing.
fn stands(scene: &Scene<'_>, of: &DrivenCdu) -> bool {
    of.pumps.iter().all(|pump| scene.fresh(pump.feedback).is_some_and(|speed| speed < TURNING))
}

impl Cdu {
    fn new() -> Self {
        Self {
            rule: Rule::on_panel(),
            doubt: Timer::default(),
            gave_up: false,
            pumps: Pumps::new(),
            trip: Trip::default(),
            fouling: Fouling::default(),
            leak: Leak::default(),
        }
    }

    /// True while its panel runs it.
    #[must_use]
    pub const fn is_on_panel(&self) -> bool {
        self.rule.is_panel()
    }

    /// True while its coolant is too near to the dew point, whoever runs it.
    #[must_use]
    pub const fn is_tripped(&self) -> bool {
        self.trip.is_tripped()
    }

    /// True while its valve is closed to its least for the dew point: what its panel has, nothing closes.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.trip.is_closed()
    }

    /// Control runs it, or somebody has told it to listen to control.
    fn is_ours(&self, scan: &Scan<'_>) -> bool {
        !self.is_on_panel() || scan.told() == RunMode::On
    }

    /// Its pumps.
    #[must_use]
    pub const fn pumps(&self) -> &Pumps {
        &self.pumps
    }

    /// Its exchanger's approach, brought to the rated load (K); nothing while it says nothing.
    #[must_use]
    pub const fn approach(&self) -> Option<f64> {
        self.fouling.approach()
    }

    /// One scan; `ready` says whether it is known what its coolant's loop shall aim at.
    fn step(&mut self, scan: &Scan<'_>, ready: bool, news: &mut News<'_>) {
        let (scene, of) = (scan.scene, scan.of.of);
        let seen = scan.pumps(&self.pumps);
        let row = Row { seen, pressure: scene.fresh(of.dp).map(|dp| scan.tuning.pump.setpoint - dp) };
        // Whoever told it so: who holds it at on has taken it from its panel, and its pumps are run from here.
        let listens = scan.told() == RunMode::On;
        if listens {
            self.pumps.step(scan, &row, news);
        } else {
            self.pumps.look_on(scan, &row, news);
        }
        let about = About::Equip(of.equip);
        let fresh = scene.fresh(of.supply).is_some() && scene.fresh(of.dp).is_some();
        let lost = scene.is_lost(of.supply) || scene.is_lost(of.dp);
        match self.rule {
            Rule::Panel { .. } => {
                let seen = ready && fresh && scene.fresh(of.valve).is_some();
                let seen = seen && self.pumps.crew().is_seen() && self.pumps.runs();
                let after = if self.gave_up { scan.tuning.pumps.retry_after } else { TAKE_OVER };
                // What it would be told is still on its way from the fail-safe to where the panel has it.
                let after = if scan.has_settled() { after } else { Span::from_nanos(u64::MAX) };
                if self.rule.take_over(seen, after, scene.dt) {
                    self.pumps.adopt(&scan.tuning.pumps);
                    (self.gave_up, self.doubt) = (false, Timer::default());
                    news.info(about, What::Step(Told::TakenOver));
                }
            }
            Rule::Elsewhere => self.pumps.suppose(&scan.tuning.pumps),
            Rule::Control => {
                self.doubt.count(!fresh, scene.dt);
                let helpless = listens && self.pumps.is_helpless(scan, &row);
                if lost || self.doubt.reached(DOUBT) || self.pumps.crew().is_blind() || helpless {
                    self.rule = Rule::on_panel();
                    self.gave_up = helpless;
                    news.warn(about, What::Step(Told::HandedBack));
                }
            }
        }
    }

    fn propose(&self, scan: &Scan<'_>, (output, lead): (f64, Option<PointId>), commands: &mut Commands) {
        let on_panel = self.is_on_panel();
        let ours = self.is_ours(scan);
        let (mode, why) = if on_panel { (RunMode::Panel, Reason::OnPanel) } else { (RunMode::On, Reason::Running) };
        commands.propose(scan.wiring.run_mode, Level::Control, mode.number(), why);
        let follows = lead.map_or(Reason::Running, Reason::Loop);
        for (n, pump) in scan.wiring.pumps.into_iter().enumerate() {
            let (level, speed, why) = self.pumps.order(n, output.max(scan.tuning.least_speed.0), follows);
            let why = if ours { why } else { Reason::OnPanel };
            commands.propose(pump, level, speed, why);
        }
    }
}
