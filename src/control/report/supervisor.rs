//! The supervisor of setpoints, for people.

use plant::hall::supervisor::Lever;
use serde::{Deserialize, Serialize};

use crate::control::State;
use crate::control::cooling::Service;
use crate::control::supervisor::Way;

/// Setpoints that are moved to where the facility draws least.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SupervisorView {
    /// Why they are where they are, as a clause.
    pub because: String,
    /// Every setpoint that may be moved.
    pub levers: Vec<LeverView>,
    /// What all are expected to save where they are (W).
    pub expected_w: f64,
    /// What they saved together when it was last measured.
    pub proof: Option<ProofView>,
    /// Experiments that were judged,
    #[serde(default)]
    pub judged: u32,
    /// and that were not: a machine started or stopped, or the load was another one, in between.
    #[serde(default)]
    pub discarded: u32,
}

/// One setpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeverView {
    /// `inlets`.
    pub lever: Lever,
    /// Where it is, from where the hall's file has it (K or %),
    pub offset: f64,
    /// where it belongs,
    pub place: f64,
    /// and the least and the most that it may be.
    pub reach: (f64, f64),
    /// `K` or `%`.
    pub unit: String,
    /// What it is expected to save there (W).
    pub expected_w: f64,
    /// What tries of one step more and of one less have shown.
    pub tries: [TriesView; 2],
}

/// Tries of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TriesView {
    /// How many since it stands where it stands.
    pub count: u32,
    /// What the step saved, on the mean (W).
    pub saved_w: f64,
    /// It is not tried again for so long (s).
    pub rests_s: f64,
}

/// What all of them saved when it was last measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProofView {
    /// What it was (W),
    pub saved_w: f64,
    /// give or take (W, standard deviation),
    pub error_w: f64,
    /// what had been expected (W),
    pub expected_w: f64,
    /// and how long ago (s).
    pub ago_s: f64,
}

/// Why a loop's setpoint is not the one of the hall's file; nothing where it is.
#[must_use]
pub fn because(state: &State, service: Service) -> Option<String> {
    let lever = match service {
        Service::Fans => Lever::Inlets,
        Service::CduValve => Lever::Coolant,
        Service::TowerFans(_) => Lever::CondenserWater,
        Service::DryFans => Lever::FacilityWater,
        Service::Valve
        | Service::Pump
        | Service::Head(_)
        | Service::Damper
        | Service::Compressor
        | Service::CduPumps
        | Service::DoorValve
        | Service::TankValve
        | Service::CondenserValve => return None,
    };
    let of = &state.supervisor;
    let (_, offset) = Lever::ALL.into_iter().zip(of.offsets()).find(|(at, offset)| *at == lever && **offset != 0.0)?;
    Some(format!("moved by {offset:+.1} {} so that the facility draws less; {}", lever.unit(), of.cause().sentence()))
}

/// The supervisor; nothing in a hall without one.
#[must_use]
pub fn supervisor(state: &State) -> Option<SupervisorView> {
    let tuning = state.cooling.setpoints().filed().supervisor?;
    let of = &state.supervisor;
    let levers = of.places().zip(of.offsets()).filter_map(|((lever, place), offset)| {
        let reach = tuning.reach(lever)?;
        let tries = Way::BOTH.map(|way| {
            let tries = place.tries(way);
            TriesView { count: tries.count, saved_w: tries.mean, rests_s: tries.rest.seconds() }
        });
        Some(LeverView {
            lever,
            offset: *offset,
            place: place.at,
            reach: (reach.least, reach.most),
            unit: lever.unit().to_owned(),
            expected_w: place.saves,
            tries,
        })
    });
    let proof = of.proof().map(|proof| ProofView {
        saved_w: proof.saves,
        error_w: proof.error,
        expected_w: proof.expected,
        ago_s: proof.ago.seconds(),
    });
    let (judged, discarded) = of.tries();
    Some(SupervisorView {
        judged,
        discarded,
        because: of.cause().sentence().to_owned(),
        levers: levers.collect(),
        expected_w: of.expected(),
        proof,
    })
}
