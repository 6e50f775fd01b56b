//! One experiment: a step, or all home, between two windows at the setpoints as they are; and what follows.

use plant::event::{About, Supervision, What};
use plant::hall::Strategies;
use plant::hall::maps::Maps;
use plant::hall::supervisor::{LEVERS, Lever, SupervisorTuning};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::look::Sight;
use super::measure::{Mean, Window};
use super::model::is_mapped;
use super::place::{Place, Verdict, Way};
use super::{Cause, Proof, SAME, Supervisor};
use crate::control::news::News;

/// So many proofs in a row that show a loss, and it retires.
pub(super) const LOSSES: u8 = 2;
/// How much of a proof is believed at once (1).
const LEARN: f64 = 0.3;
/// The least and the most that the maps are trusted (1).
const TRUST: (f64, f64) = (0.2, 1.5);
/// What steps would save by the maps is a mean over about so long.
const STEADY: Span = Span::from_secs(600);
/// Turns of levers, once for each way.
const TURNS: usize = 2 * LEVERS;

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Experiment {
    /// One lever by a step.
    Step { lever: Lever, way: Way, to: f64 },
    /// All home.
    Home,
    /// Nothing: it is only looked how far two windows are apart.
    Nothing,
}

/// Which of its windows is measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Stage {
    /// As it is.
    Before,
    /// With what is tried.
    Between { before: Mean },
    /// As it was.
    After { before: Mean, between: Mean },
}

/// What it is at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Phase {
    /// For so long the hall has been quiet.
    Waiting(Span),
    /// An experiment.
    Trying { experiment: Experiment, stage: Stage, settled: Span, window: Window },
}

impl Phase {
    /// What it is at, for people.
    pub(super) const fn cause(&self) -> Cause {
        match self {
            Self::Waiting(_) => Cause::Waiting,
            Self::Trying { experiment: Experiment::Nothing, .. } => Cause::Resting,
            Self::Trying { stage: Stage::Before, .. } => Cause::Measuring,
            Self::Trying { experiment: Experiment::Step { .. }, .. } => Cause::Trying,
            Self::Trying { experiment: Experiment::Home, .. } => Cause::Proving,
        }
    }
}

impl Supervisor {
    /// The next experiment; with what is known of where it is, if anything is.
    pub(super) fn begin(&mut self, (maps, tuning): (&Maps, &SupervisorTuning), before: Option<Mean>) {
        let experiment = self.next((maps, tuning));
        let stage = before.map_or(Stage::Before, |before| Stage::Between { before });
        self.phase = Phase::Trying { experiment, stage, settled: Span::ZERO, window: Window::default() };
    }

    /// What is to be tried: a proof where one is due, or the next step that has room.
    fn next(&mut self, (maps, tuning): (&Maps, &SupervisorTuning)) -> Experiment {
        if self.unproven >= tuning.proof_every && self.places.iter().any(|place| place.at != 0.0) {
            return Experiment::Home;
        }
        let turns = Way::BOTH.into_iter().flat_map(|way| Lever::ALL.into_iter().map(move |lever| (lever, way)));
        for (n, (lever, way)) in turns.clone().chain(turns).enumerate() {
            let (Some(place), Some(reach)) = (self.place(lever), tuning.reach(lever)) else { continue };
            if n < self.turn || is_mapped(lever, maps) {
                continue;
            }
            if let Some(to) = place.step(reach, way) {
                self.turn = (n + 1) % TURNS;
                return Experiment::Step { lever, way, to };
            }
        }
        self.turn = 0;
        Experiment::Nothing
    }

    /// What steps would save by the maps, on the mean of some minutes; and what is expected of where setpoints are, where they are.
    pub(super) fn reckon(&mut self, maps: &Maps, sight: &Sight, dt: Span) {
        let share = (dt.seconds() / STEADY.seconds()).min(1.0);
        for (mean, now) in self.steps.iter_mut().flatten().zip(sight.steps.iter().flatten()) {
            *mean = now.map(|now| mean.map_or(now, |mean| mean + share * (now - mean)));
        }
        let there = self.places.iter_mut().zip(&self.offsets).zip(&self.steps).zip(Lever::ALL);
        for (((place, offset), [_, _, home]), lever) in there {
            if is_mapped(lever, maps) && (place.at - offset).abs() < SAME {
                place.saves = home.map_or(place.saves, |home| -home * self.trust);
            }
        }
    }

    /// True while nothing is between two windows that are to be compared.
    pub(super) const fn may_move(&self) -> bool {
        match &self.phase {
            Phase::Waiting(_) => false,
            Phase::Trying { stage: Stage::Before, .. } | Phase::Trying { experiment: Experiment::Nothing, .. } => true,
            Phase::Trying { .. } => false,
        }
    }

    /// Levers of which the maps tell enough go a step to where the facility draws less. True where one does.
    pub(super) fn follow_maps(
        &mut self,
        (filed, tuning): (&Strategies, &SupervisorTuning),
        news: &mut News<'_>,
    ) -> bool {
        let (mut moved, trust) = (false, self.trust);
        let levers = Lever::ALL.into_iter().zip(&mut self.places).zip(&self.steps).zip(&tuning.levers);
        for (((lever, place), [up, down, _]), reach) in levers {
            let Some(reach) = reach.filter(|_| is_mapped(lever, &filed.maps)) else { continue };
            for (way, saves) in [(Way::Up, up), (Way::Down, down)] {
                let saves = saves.map_or(0.0, |saves| saves * trust);
                let Some(to) = place.step(&reach, way).filter(|_| saves > tuning.worth.0) else { continue };
                let from = place.at;
                place.go(to);
                news.info(About::Hall, What::Supervision(Supervision::Moved { lever, from, to, saves }));
                moved = true;
                break;
            }
        }
        moved
    }

    /// A window is over.
    pub(super) fn measured(
        &mut self,
        (filed, tuning): (&Strategies, &SupervisorTuning),
        mean: Mean,
        news: &mut News<'_>,
    ) {
        let Phase::Trying { experiment, stage, settled, window } = &mut self.phase else { return };
        let experiment = *experiment;
        (*settled, *window) = (Span::ZERO, Window::default());
        match *stage {
            Stage::Before => *stage = Stage::Between { before: mean },
            Stage::Between { before } => *stage = Stage::After { before, between: mean },
            Stage::After { before, between } => {
                let windows = [before, between, mean];
                let moved = self.judge((filed, tuning), (experiment, &windows), news);
                self.ledger.learn(&before, &mean);
                self.begin((&filed.maps, tuning), (!moved).then_some(mean));
            }
        }
    }

    /// What is tried says nothing: what ran, or the load, was another one in between.
    pub(super) const fn discard(&mut self) {
        if let Phase::Trying { experiment: Experiment::Step { .. } | Experiment::Home, .. } = self.phase {
            self.tries.1 = self.tries.1.saturating_add(1);
        }
    }

    /// What follows from three windows. True when a setpoint has moved.
    fn judge(
        &mut self,
        (filed, tuning): (&Strategies, &SupervisorTuning),
        (experiment, windows): (Experiment, &[Mean; 3]),
        news: &mut News<'_>,
    ) -> bool {
        let Some(saved) = self.ledger.saved(windows) else {
            self.discard();
            return false;
        };
        if !matches!(experiment, Experiment::Nothing) {
            self.tries.0 = self.tries.0.saturating_add(1);
        }
        let [before, between, _] = windows;
        let error = self.ledger.error(before);
        match experiment {
            Experiment::Nothing => false,
            Experiment::Home => {
                // What the machines draw less at home is what they cost where they were.
                let machines = self.places().map(|(lever, place)| warmth(filed, lever, (0.0, place.at)) * between.it);
                let saves = -saved - machines.sum::<f64>();
                self.prove(Proof { saves, expected: self.expected(), error, ago: Span::ZERO }, news);
                false
            }
            Experiment::Step { lever, way, to } => {
                let worth = tuning.worth.0;
                let Some(place) = self.place_mut(lever) else { return false };
                let from = place.at;
                let saved = saved - warmth(filed, lever, (from, to)) * between.it;
                match place.judge(way, (saved, error, worth)) {
                    Verdict::Open | Verdict::GivenUp => false,
                    Verdict::Taken(saves) => {
                        place.take(to, way, saves);
                        news.info(About::Hall, What::Supervision(Supervision::Moved { lever, from, to, saves }));
                        true
                    }
                }
            }
        }
    }

    pub(super) fn prove(&mut self, proof: Proof, news: &mut News<'_>) {
        self.unproven = Span::ZERO;
        let told = Supervision::Proved { saves: proof.saves, expected: proof.expected };
        if proof.expected > 0.0 {
            // What is expected goes some of the way to what was measured; of what the maps say, too.
            let share = 1.0 + LEARN * ((proof.saves / proof.expected).clamp(0.0, 2.0) - 1.0);
            self.places.iter_mut().for_each(|place| place.saves *= share);
            self.trust = (self.trust * share).clamp(TRUST.0, TRUST.1);
        }
        self.losses = if proof.saves < -proof.error { self.losses + 1 } else { 0 };
        self.proof = Some(proof);
        news.info(About::Hall, What::Supervision(told));
        if self.losses >= LOSSES {
            self.retired = true;
            self.places = [Place::default(); LEVERS];
            news.warn(About::Hall, What::Supervision(Supervision::Retired));
        }
    }
}

/// What machines draw more where they stand warmer by a lever, from one offset to another (1).
fn warmth(filed: &Strategies, lever: Lever, (from, to): (f64, f64)) -> f64 {
    let Some(map) = filed.maps.racks else { return 0.0 };
    match lever {
        Lever::Inlets => map.ratio(filed.fans.setpoint + to, filed.fans.setpoint + from) - 1.0,
        Lever::Coolant => map.leakage * (to - from),
        Lever::SupplyAir | Lever::ChilledWater | Lever::CondenserWater | Lever::FacilityWater => 0.0,
    }
}
