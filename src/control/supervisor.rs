//! The supervisor: setpoints are moved, one step at a time, to where the facility draws least, and what that saves is measured.
//!
//! ```text
//!                    `delay`            all there, `settle`, `measure`
//!   Waiting ─────────────────▶ Before ─────────────────▶ Between ─────────────────▶ After ──▶ verdict ──┐
//!      ▲  the hall is known, and  ▲     where it is        one step, or all home        where it was       │
//!      │  nobody disturbs it      ├──────── the step is taken: it is measured anew ────────────────────────┤
//!      │                          └──(After counts as Before)── it is not: another step is tried ──────────┘
//!      └── somebody holds an output, a trial runs, a meter is lost, the plant is on its panels: setpoints stay
//!      └── a reading is lost, a machine is asked to draw less, a person switches it off: setpoints go home
//! ```
//!
//! Facility power counts, and not PUE: what machines draw more where they are warmer is taken off by the racks' map, because no meter can tell it from work.
//! A step is tried between two windows at the setpoints as they are ([`measure`]); it is taken when it saves more than `worth` and two and a half times the
//! error of what was measured ([`place`]). Once in `proof-every` all go home for a window: what they save together is measured and told beside what was expected. Twice
//! in a row less than nothing, and it retires.

mod cause;
mod experiment;
mod look;
mod measure;
mod model;
mod place;
mod switch;

use plant::event::{About, Supervision, What};
use plant::hall::supervisor::{LEVERS, Lever, SupervisorTuning};
use plant::hall::{Hall, Strategies};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::State;
use super::clock::sum;
use super::news::News;
pub use cause::Cause;
use experiment::{Experiment, Phase, Stage};
use look::{Sight, look};
use measure::{Ended, Ledger};
use model::Steps;
pub use place::{Place, Way};
pub use switch::switch;

/// Meters that are lost for so long send all home.
const BLIND_FOR: Span = Span::from_secs(3600);
/// Two offsets that are this near are the same (K or %).
const SAME: f64 = 1e-9;

/// What all of them saved when it was last measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// What it was (W; negative where they cost).
    pub saves: f64,
    /// What had been expected (W).
    pub expected: f64,
    /// How uncertain it is (W, standard deviation).
    pub error: f64,
    /// How long ago.
    pub ago: Span,
}

/// What is remembered of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Supervisor {
    off: bool,
    retired: bool,
    places: [Place; LEVERS],
    /// Where setpoints are on their way.
    offsets: [f64; LEVERS],
    phase: Phase,
    ledger: Ledger,
    /// Whose turn it is: levers by their order, twice, once for each way.
    turn: usize,
    /// Since the last proof.
    unproven: Span,
    proof: Option<Proof>,
    losses: u8,
    /// For how long meters have been lost.
    unmetered: Span,
    /// What steps would save by the maps, on the mean of the last minutes.
    steps: Steps,
    /// How far the maps have come true (1).
    trust: f64,
    /// Experiments that were judged, and that were not: what ran or the load was another one in between.
    tries: (u32, u32),
    cause: Cause,
}

impl Supervisor {
    /// All at home.
    #[must_use]
    pub fn new() -> Self {
        Self {
            off: false,
            retired: false,
            places: [Place::default(); LEVERS],
            offsets: [0.0; LEVERS],
            phase: Phase::Waiting(Span::ZERO),
            ledger: Ledger::default(),
            turn: 0,
            unproven: Span::ZERO,
            proof: None,
            losses: 0,
            unmetered: Span::ZERO,
            steps: Steps::default(),
            trust: 1.0,
            tries: (0, 0),
            cause: Cause::Waiting,
        }
    }

    /// A new boot: all at home; what was learnt is tried again.
    pub fn restart(&mut self) {
        self.offsets = [0.0; LEVERS];
        (self.phase, self.cause, self.unmetered) = (Phase::Waiting(Span::ZERO), Cause::Waiting, Span::ZERO);
    }

    /// A person switches it on or off; on again takes it out of retirement.
    pub fn switch(&mut self, on: bool) {
        self.off = !on;
        if on {
            (self.retired, self.losses) = (false, 0);
        }
    }

    /// Nothing is moved, and nothing has been learnt.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        *self == Self { off: self.off, ..Self::new() }
    }

    /// Where setpoints are now, from where the hall's file has them, by the order of [`Lever::ALL`].
    #[must_use]
    pub const fn offsets(&self) -> &[f64; LEVERS] {
        &self.offsets
    }

    /// Every setpoint with its lever.
    pub fn places(&self) -> impl Iterator<Item = (Lever, &Place)> {
        Lever::ALL.into_iter().zip(&self.places)
    }

    /// Why setpoints are where they are.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        self.cause
    }

    /// What all saved when it was last measured.
    #[must_use]
    pub const fn proof(&self) -> Option<&Proof> {
        self.proof.as_ref()
    }

    /// What all are expected to save now (W).
    #[must_use]
    pub fn expected(&self) -> f64 {
        self.places.iter().map(|place| place.saves).sum()
    }

    /// How many experiments were judged, and how many were not because they could not be compared.
    #[must_use]
    pub const fn tries(&self) -> (u32, u32) {
        self.tries
    }

    /// One scan: moves setpoints, where the hall has a supervisor.
    pub fn step(&mut self, filed: &Strategies, sight: &Sight, dt: Span, news: &mut News<'_>) {
        let Some(tuning) = &filed.supervisor else {
            *self = Self { off: self.off, ..Self::new() };
            return;
        };
        for (place, reach) in self.places.iter_mut().zip(&tuning.levers) {
            place.within(reach.as_ref());
            place.pass(dt);
        }
        self.unproven = sum(self.unproven, dt);
        if let Some(proof) = &mut self.proof {
            proof.ago = sum(proof.ago, dt);
        }
        self.unmetered = if sight.powers.is_some() { Span::ZERO } else { sum(self.unmetered, dt) };
        self.reckon(&filed.maps, sight, dt);
        let before = self.cause;
        match self.trouble(sight) {
            Some(cause) => {
                self.phase = Phase::Waiting(Span::ZERO);
                self.cause = cause;
            }
            None => {
                self.go_on((filed, tuning), sight, dt, news);
                self.cause = self.phase.cause();
            }
        }
        if self.cause.is_home() && !before.is_home() && self.offsets.iter().any(|at| *at != 0.0) {
            news.warn(About::Hall, What::Supervision(Supervision::GoneHome));
        }
        self.move_on(tuning, dt);
    }

    /// What keeps it from trying anything now.
    fn trouble(&self, sight: &Sight) -> Option<Cause> {
        let causes = [
            (sight.beside, Cause::Beside),
            (self.off, Cause::Off),
            (self.retired, Cause::Retired),
            (sight.hot, Cause::Hot),
            (sight.blind || self.unmetered >= BLIND_FOR, Cause::Blind),
            (sight.on_panels, Cause::OnPanels),
            (sight.disturbed, Cause::Disturbed),
            (sight.powers.is_none(), Cause::Unmetered),
        ];
        causes.into_iter().find(|(holds, _)| *holds).map(|(_, cause)| cause)
    }

    /// A scan in which nothing is wrong.
    fn go_on(
        &mut self,
        (filed, tuning): (&Strategies, &SupervisorTuning),
        sight: &Sight,
        dt: Span,
        news: &mut News<'_>,
    ) {
        if sight.warm && self.back_off(tuning) {
            self.phase = Phase::Waiting(Span::ZERO);
        }
        let targets = self.targets();
        match &mut self.phase {
            Phase::Waiting(quiet) => {
                *quiet = sum(*quiet, dt);
                if *quiet >= tuning.delay {
                    self.begin((&filed.maps, tuning), None);
                }
            }
            Phase::Trying { settled, .. } => {
                let arrived = self.offsets.iter().zip(targets).all(|(at, to)| (at - to).abs() < SAME);
                *settled = if arrived { sum(*settled, dt) } else { Span::ZERO };
                if *settled < tuning.settle {
                    return;
                }
                if self.may_move() && self.follow_maps((filed, tuning), news) {
                    return self.begin((&filed.maps, tuning), None);
                }
                let (Phase::Trying { window, .. }, Some((facility, it))) = (&mut self.phase, sight.powers) else {
                    return;
                };
                match window.step((facility, it, sight.running), (tuning.measure, dt)) {
                    Ended::No => {}
                    Ended::Mixed => {
                        self.discard();
                        self.begin((&filed.maps, tuning), None);
                    }
                    Ended::Mean(mean) => self.measured((filed, tuning), mean, news),
                }
            }
        }
    }

    fn place(&self, lever: Lever) -> Option<&Place> {
        self.places().find(|(of, _)| *of == lever).map(|(_, place)| place)
    }

    fn place_mut(&mut self, lever: Lever) -> Option<&mut Place> {
        Lever::ALL.into_iter().zip(&mut self.places).find(|(of, _)| *of == lever).map(|(_, place)| place)
    }

    /// An inlet is near the end of the recommended range: what makes machines warmer goes a step back. True when it could.
    fn back_off(&mut self, tuning: &SupervisorTuning) -> bool {
        let mut moved = false;
        for lever in [Lever::Inlets, Lever::SupplyAir] {
            let Some(reach) = tuning.reach(lever) else { continue };
            if let Some(place) = self.place_mut(lever).filter(|place| place.at > 0.0) {
                place.back_off(reach);
                moved = true;
            }
        }
        moved
    }

    /// Where setpoints shall be now.
    fn targets(&self) -> [f64; LEVERS] {
        let mut to = self.places.map(|place| place.at);
        if self.cause.is_home() {
            return [0.0; LEVERS];
        }
        match self.phase {
            Phase::Trying {
                experiment: Experiment::Step { lever, to: tried, .. },
                stage: Stage::Between { .. },
                ..
            } => {
                for (of, slot) in Lever::ALL.into_iter().zip(&mut to) {
                    *slot = if of == lever { tried } else { *slot };
                }
                to
            }
            Phase::Trying { experiment: Experiment::Home, stage: Stage::Between { .. }, .. } => [0.0; LEVERS],
            Phase::Waiting(_) | Phase::Trying { .. } => to,
        }
    }

    /// Setpoints go where they shall, no faster than `rate`; home at once where machines are too warm. What was learnt before a start is gone to
    /// only once the hall has been quiet for long enough.
    fn move_on(&mut self, tuning: &SupervisorTuning, dt: Span) {
        let waits = matches!(self.phase, Phase::Waiting(_)) && !self.cause.is_home();
        let targets = self.targets();
        let most = if self.cause == Cause::Hot { f64::INFINITY } else { tuning.rate / 3600.0 * dt.seconds() };
        for (at, to) in self.offsets.iter_mut().zip(targets) {
            let nearer = to.abs() < at.abs();
            if !waits || nearer {
                *at += (to - *at).clamp(-most, most);
            }
        }
    }
}

/// One scan of the supervisor: what loops and sequences hold is moved.
pub(super) fn supervise(hall: &Hall, state: &mut State, news: &mut News<'_>) {
    if state.cooling.setpoints().filed().supervisor.is_none() && state.supervisor.is_idle() {
        return;
    }
    let sight = look(hall, state);
    let dt = state.clock.lived().dt;
    state.supervisor.step(state.cooling.setpoints().filed(), &sight, dt, news);
    state.cooling.setpoints_mut().shift(state.supervisor.offsets());
}

#[cfg(test)]
mod tests;
