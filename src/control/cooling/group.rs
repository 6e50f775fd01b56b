//! Fans that run together: what one of them no longer blows, the others blow at once.
//!
//! **Equation** of `n` fans of which `k` do not turn the others run at `n/(n − k)` of what the loop asks for, since a fan's flow goes
//! with its speed (affinity). The loop itself goes on as if all turned, so that neither the failure nor the return bumps it.

use plant::event::{About, Step as Told, Trouble, What};
use plant::id::EquipId;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::circuit::Circuit;
use super::{Scene, Service};
use crate::control::news::News;
use crate::control::sequence::Timer;

/// A fan that reports less stands (%).
const STANDS: f64 = 5.0;
/// One that should turn is seen standing for so long before it counts as failed, and turning as long before it counts again.
const PATIENCE: Span = Span::from_secs(10);

/// The fans of a loop.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Group(Vec<Member>);

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Member {
    /// Which.
    fan: EquipId,
    /// It has failed.
    failed: bool,
    /// How long it has been seen otherwise.
    otherwise: Timer,
}

impl Group {
    /// All turn. A loop that moves no fans has no group.
    #[must_use]
    pub fn of(circuit: &Circuit) -> Self {
        let fans = circuit.drives.iter().filter(|_| circuit.service == Service::Fans);
        Self(fans.map(|drive| Member::turning(drive.equip)).collect())
    }

    /// Looks at what each reports. What is not known now changes nothing.
    pub(super) fn watch(&mut self, circuit: &Circuit, scene: &Scene<'_>, news: &mut News<'_>) {
        for (member, drive) in self.0.iter_mut().zip(&circuit.drives) {
            let told = scene.held.get(drive.output).map_or(0.0, |held| held.value);
            let Some(at) = scene.image.number(drive.feedback).fresh() else { continue };
            let failed = at < STANDS && told >= drive.range.min.max(STANDS);
            member.otherwise.count(failed != member.failed, scene.dt.min(scene.longest));
            if member.otherwise.reached(PATIENCE) {
                *member = Member { failed, ..Member::turning(member.fan) };
                let about = About::Equip(member.fan);
                if failed {
                    news.warn(about, What::Trouble(Trouble::StoppedItself));
                } else {
                    news.info(about, What::Step(Told::Running));
                }
            }
        }
    }

    /// What the loop's output is multiplied with (1, ≥ 1). Where none is seen turning it stays that of the last one, which may turn
    /// unseen.
    #[must_use]
    pub fn share(&self) -> f64 {
        let all = plant::convert::f64_from_usize(self.0.len());
        let turning = plant::convert::f64_from_usize(self.0.iter().filter(|member| !member.failed).count());
        all.max(1.0) / turning.max(1.0)
    }

    /// Those that have failed.
    pub(super) fn failed(&self) -> impl Iterator<Item = EquipId> {
        self.0.iter().filter(|member| member.failed).map(|member| member.fan)
    }
}

impl Member {
    fn turning(fan: EquipId) -> Self {
        Self { fan, failed: false, otherwise: Timer::default() }
    }
}

#[cfg(test)]
mod tests;
