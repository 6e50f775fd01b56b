//! A battery proves what it holds: it gives a constant power down to some charge, and what it gave is held against its nameplate.
//!
//! ```text
//!  asked ─▶ Proof ── charge is down by `depth`, or at the reserve ──▶ Proven: what it gave ÷ (the charge it lost · nameplate · efficiency)
//!             └── doubted, behind, twice as long as its nameplate says, hall takes too little, stopped, new boot ──▶ ended without a result
//! ```
//!
//! The charge that it tells is its own management's: a proof shows whether that is true. It never goes below the reserve, and gives more where a billed
//! window or a feed needs more.

use plant::event::{About, BatteryDoes, BatteryNews, ProofEnd, What};
use plant::hall::Hall;
use plant::hall::storage::Storage;
use plant::id::EquipId;
use plant::time::{Span, Tick, Wall};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::{Batteries, Seen, Unit};
use crate::control::clock::sum;
use crate::control::news::News;
use crate::control::request::{Refusal, Reply};

/// A proof that took less of its charge proves nothing (%): a step of what it tells would be too much of it.
const LEAST: f64 = 5.0;
/// A hall that takes less than this share of the asked power ends the proof (1).
const TAKES: f64 = 0.5;

/// A proof that runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// What it shall give (W).
    watts: f64,
    /// By how much its charge shall fall (%).
    depth: f64,
    /// Its charge when it began (%); nothing before its first scan.
    from: Option<f64>,
    /// What it has given (Wh), and for how long.
    given: f64,
    since: Span,
}

/// What a battery has proved.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proven {
    /// When.
    pub at: Wall,
    /// What it gave (Wh).
    pub given: f64,
    /// By how much its charge fell (%).
    pub fell: f64,
    /// What it holds over its nameplate (1).
    pub share: f64,
}

/// A proof as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked<'a> {
    /// Which battery.
    pub equip: EquipId,
    /// What it shall give (W, up to its rating).
    pub watts: f64,
    /// By how much its charge shall fall (%, from 5).
    pub depth: f64,
    /// Why: must not be empty.
    pub reason: &'a str,
}

impl Proof {
    /// How long it takes where the battery holds what its nameplate says (s).
    fn expected(&self, of: &Storage) -> f64 {
        self.depth / 100.0 * of.capacity.0 * of.efficiency / self.watts * 3600.0
    }
}

impl Batteries {
    /// Begins a proof.
    ///
    /// # Errors
    /// It is no battery, a proof of it runs, no reason is given, or it cannot be done.
    pub fn begin(&mut self, hall: &Hall, asked: &Asked<'_>, news: &mut News<'_>) -> Result<Reply, Refusal> {
        let (of, unit) = self.of(hall, asked.equip).ok_or(Refusal::Unknown)?;
        if asked.reason.trim().is_empty() {
            return Err(Refusal::ReasonMissing);
        }
        if unit.proof.is_some() {
            return Err(Refusal::Busy);
        }
        let least = super::WORTH * of.rated.1.0;
        if !(least..=of.rated.1.0).contains(&asked.watts) {
            return Err(Refusal::OutOfRange { min: least, max: of.rated.1.0 });
        }
        let seen = unit.seen.ok_or(Refusal::NotLed)?;
        let deepest = seen.charge.0 - of.floor().0;
        if !(LEAST..=deepest).contains(&asked.depth) {
            return Err(Refusal::OutOfRange { min: LEAST, max: deepest.max(0.0) });
        }
        let proof = Proof { watts: asked.watts, depth: asked.depth, from: None, given: 0.0, since: Span::ZERO };
        unit.proof = Some(proof);
        news.warn(About::Equip(asked.equip), What::Battery(BatteryNews::ProofBegun));
        let minutes = proof.expected(of) / 60.0;
        let note = format!("it gives {:.1} kW for about {minutes:.0} min", asked.watts / 1e3);
        Ok(Reply::Accepted { expires: None, note })
    }

    /// Ends a proof.
    ///
    /// # Errors
    /// It is no battery, or no proof of it runs.
    pub fn stop(&mut self, hall: &Hall, equip: EquipId, news: &mut News<'_>) -> Result<Reply, Refusal> {
        let (_, unit) = self.of(hall, equip).ok_or(Refusal::Unknown)?;
        unit.proof.ok_or(Refusal::NothingThere)?;
        unit.end_proof(About::Equip(equip), ProofEnd::Stopped, news);
        Ok(Reply::Accepted { expires: None, note: "it goes on as it would without it".to_owned() })
    }

    fn of<'h>(&mut self, hall: &'h Hall, equip: EquipId) -> Option<(&'h Storage, &mut Unit)> {
        hall.power.storage.iter().zip(&mut self.units).find(|(of, _)| of.of.equip == equip)
    }
}

impl Unit {
    /// Ends a proof without a result, where one runs.
    pub(super) fn end_proof(&mut self, about: About, why: ProofEnd, news: &mut News<'_>) {
        if self.proof.take().is_some() {
            news.warn(about, What::Battery(BatteryNews::ProofEnded(why)));
        }
    }

    /// Says once that a proof is due, where the hall's file wants one every so often. A wall clock that is not trusted says nothing.
    pub(super) fn ask_for_proof(&mut self, of: &Storage, about: About, (now, news): (Tick, &mut News<'_>)) {
        let Some(every) = of.prove_every.filter(|_| now.clock_trusted) else { return };
        let gone = |proven: Proven| u64::try_from(now.wall.0.saturating_sub(proven.at.0)).unwrap_or(0);
        let due = self.proven.is_none_or(|proven| Span::from_millis(gone(proven)) >= every);
        if due && !self.due {
            news.warn(about, What::Battery(BatteryNews::ProofDue));
        }
        self.due = due;
    }

    /// One scan of a proof: what the hall takes (W), and what windows and feeds need of it (W).
    pub(super) fn prove(
        &mut self,
        of: &Storage,
        (seen, within, want): (&Seen, f64, f64),
        (now, news): (Tick, &mut News<'_>),
    ) {
        let (about, lags) = (About::Equip(of.of.equip), self.follow.able().is_some());
        let Some(proof) = &mut self.proof else { return };
        let from = *proof.from.get_or_insert(seen.charge.0);
        proof.given += Watts(seen.power.max(0.0)).over(now.dt).0;
        proof.since = sum(proof.since, now.dt);
        let proof = *proof;
        let fell = from - seen.charge.0;
        let ends = if lags {
            Some(ProofEnd::Lags)
        } else if within < proof.watts * TAKES {
            Some(ProofEnd::NoLoad)
        } else {
            (proof.since.seconds() > 2.0 * proof.expected(of) + 60.0).then_some(ProofEnd::TooLong)
        };
        let done = fell >= proof.depth || (seen.charge <= of.floor() && fell >= LEAST);
        (self.does, self.order) = (BatteryDoes::Proves, proof.watts.max(want).min(within).min(of.rated.1.0));
        if done {
            let share = proof.given / (fell / 100.0 * of.capacity.0 * of.efficiency);
            self.proven = Some(Proven { at: now.wall, given: proof.given, fell, share });
            self.proof = None;
            news.info(about, What::Battery(BatteryNews::Proved { percent: 100.0 * share }));
        } else if let Some(why) = ends {
            self.end_proof(about, why, news);
        }
        if self.proof.is_none() || seen.charge <= of.floor() {
            (self.does, self.order) = (BatteryDoes::Rests, 0.0);
        }
    }
}
