//! A site's powers by purpose, and the ratios people ask for.
//!
//! `PUE = E_DC/E_IT` with `E_DC` what came over the boundary less what batteries stored (ISO/IEC 30134-2; the correction keeps a battery
//! from moving the ratio), IT measured at UPS outputs, PDU outputs or the machines' inputs. `pPUE = (E_IT + E_part)/E_IT`.
//! `ITUE` is what goes into the machines over what reaches their compute, past power supplies and fans; `TUE = ITUE·PUE` is
//! all of it over compute (Patterson et al., *TUE, a new energy-efficiency metric applied at ORNL's Jaguar*, 2013). All of them are
//! ratios of energies over one period; of powers they show a moment and no more.

use super::{Flow, Node, Purpose, Stage};

/// Where IT's energy is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// At the outputs of UPSs.
    UpsOutput,
    /// At the outputs of PDUs.
    PduOutput,
    /// At the machines' inputs.
    ItInput,
}

/// What a node is to IT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Outside the machines, and on the way to some.
    Facility,
    /// Outside the machines, with none below it: what a UPS of fans and pumps gives is no IT.
    Apart,
    /// A machine's input.
    Machine,
    /// Inside a machine.
    Within,
}

/// Each node's place; parents stand before children.
pub(super) fn places(nodes: &[Node]) -> Vec<Place> {
    let mut places = Vec::with_capacity(nodes.len());
    for node in nodes {
        let above = node.parent.and_then(|p| places.get(p)).copied().unwrap_or(Place::Apart);
        let place = match (&node.stage, above) {
            (_, Place::Machine | Place::Within) => Place::Within,
            (Stage::Supplies(_), Place::Facility | Place::Apart) => Place::Machine,
            (Stage::Load(load), Place::Facility | Place::Apart) => match load.purpose {
                Purpose::Compute | Purpose::MachineFans => Place::Machine,
                Purpose::Cooling | Purpose::Other => Place::Apart,
            },
            (
                Stage::Utility
                | Stage::Transformer(_)
                | Stage::Ats(_)
                | Stage::Ups(_)
                | Stage::Pdu(_)
                | Stage::Panel
                | Stage::Storage(_),
                Place::Facility | Place::Apart,
            ) => Place::Apart,
        };
        places.push(place);
    }
    let machines = (0..nodes.len()).filter(|at| places.get(*at) == Some(&Place::Machine)).collect::<Vec<_>>();
    for machine in machines {
        let mut up = nodes.get(machine).and_then(|n| n.parent);
        while let Some(at) = up {
            if let Some(place) = places.get_mut(at) {
                *place = Place::Facility;
            }
            up = nodes.get(at).and_then(|n| n.parent);
        }
    }
    places
}

/// Powers (W), or energies (J) where steps were added up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Over the grid's meter; negative outward.
    pub grid: f64,
    /// Made by generators.
    pub generated: f64,
    /// Into batteries and strings; negative out of them.
    pub stored: f64,
    /// Leaving UPSs that feed machines.
    pub ups_output: f64,
    /// Leaving PDUs that feed machines.
    pub pdu_output: f64,
    /// Into the machines.
    pub it: f64,
    /// Reaching their compute.
    pub compute: f64,
    /// Chillers, pumps, fans, towers on a meter.
    pub cooling: f64,
    /// Other loads on a meter.
    pub other: f64,
    /// Lost outside the machines: transformers, UPSs, PDUs, batteries.
    pub loss: f64,
    /// On no meter: what the field sees as the difference of two meters and nobody can name.
    pub unattributed: f64,
}

impl Totals {
    pub(super) fn of<'n>(nodes: impl Iterator<Item = ((&'n Node, &'n Flow), &'n Place)>) -> Self {
        let mut sum = Self::default();
        for ((node, flow), place) in nodes {
            sum.generated += flow.made;
            sum.stored += flow.stored;
            let leaves = flow.output + flow.unmetered;
            match &node.stage {
                Stage::Utility => sum.grid += flow.input,
                Stage::Ups(_) if *place == Place::Facility => sum.ups_output += leaves,
                Stage::Pdu(_) if *place == Place::Facility => sum.pdu_output += leaves,
                Stage::Load(load) => match load.purpose {
                    Purpose::Compute => sum.compute += flow.output,
                    Purpose::Cooling if node.metered => sum.cooling += flow.output,
                    Purpose::Other if node.metered => sum.other += flow.output,
                    Purpose::MachineFans | Purpose::Cooling | Purpose::Other => {}
                },
                Stage::Transformer(_)
                | Stage::Ats(_)
                | Stage::Ups(_)
                | Stage::Pdu(_)
                | Stage::Panel
                | Stage::Supplies(_)
                | Stage::Storage(_) => {}
            }
            match place {
                Place::Facility | Place::Apart => sum.loss += flow.loss,
                Place::Machine => sum.it += flow.input,
                Place::Within => {}
            }
            // Machines without a meter are IT none the less.
            let nameless =
                matches!(&node.stage, Stage::Load(l) if matches!(l.purpose, Purpose::Cooling | Purpose::Other));
            if nameless && !node.metered {
                sum.unattributed += flow.output;
            }
        }
        sum
    }

    /// Adds a step's powers, held for `dt` seconds, to these energies.
    pub fn add(&mut self, step: &Self, dt: f64) {
        let pairs = [
            (&mut self.grid, step.grid),
            (&mut self.generated, step.generated),
            (&mut self.stored, step.stored),
            (&mut self.ups_output, step.ups_output),
            (&mut self.pdu_output, step.pdu_output),
            (&mut self.it, step.it),
            (&mut self.compute, step.compute),
            (&mut self.cooling, step.cooling),
            (&mut self.other, step.other),
            (&mut self.loss, step.loss),
            (&mut self.unattributed, step.unattributed),
        ];
        for (sum, power) in pairs {
            *sum += power * dt;
        }
    }

    /// What the site used: what came in less what was stored.
    #[must_use]
    pub fn facility(&self) -> f64 {
        self.grid + self.generated - self.stored
    }

    /// PUE with IT measured there; nothing where there was no IT.
    #[must_use]
    pub fn pue(&self, at: Category) -> Option<f64> {
        let it = match at {
            Category::UpsOutput => self.ups_output,
            Category::PduOutput => self.pdu_output,
            Category::ItInput => self.it,
        };
        over(self.facility(), it)
    }

    /// Partial PUE of cooling.
    #[must_use]
    pub fn cooling_ppue(&self) -> Option<f64> {
        over(self.it + self.cooling, self.it)
    }

    /// Partial PUE of the power's way to the machines.
    #[must_use]
    pub fn power_ppue(&self) -> Option<f64> {
        over(self.it + self.loss, self.it)
    }

    /// IT-power usage effectiveness: into the machines over reaching compute.
    #[must_use]
    pub fn itue(&self) -> Option<f64> {
        over(self.it, self.compute)
    }

    /// Total-power usage effectiveness: all of it over compute.
    #[must_use]
    pub fn tue(&self) -> Option<f64> {
        over(self.facility(), self.compute)
    }
}

fn over(all: f64, part: f64) -> Option<f64> {
    (part > 0.0).then(|| all / part)
}
