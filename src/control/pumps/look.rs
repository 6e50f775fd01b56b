//! What a header's sensors and outputs say of its pumps in one scan.

use plant::hall::machinery::Circuit;
use plant::hall::sequence::RunMode;
use plant::hall::sequence::pumps::MOST;
use plant::id::Id;
use plant::units::Quantity;

use super::Scan;
use crate::control::cooling::Cooling;
use crate::control::sequence::crew::Crew;
use crate::control::sequence::machine::{Seen, Sight};
use crate::control::sequence::roster::MachineId;

/// What a header and its pumps look like in one scan; nothing where it is not known now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct View {
    /// Each pump.
    pub pumps: [Seen; MOST],
    /// Flow over design (1).
    pub flow: Option<f64>,
    /// The flow is not known at all, not even as it was.
    pub blind: bool,
    /// Pressure below its setpoint (Pa).
    pub below: Option<f64>,
    /// The speed they are told (%), or report where nobody tells them one.
    pub speed: Option<f64>,
    /// How many the machines need that run or start on this condenser water, one at least; nothing of any other water.
    pub machines: Option<u8>,
    /// None is to be stopped now.
    pub held: bool,
}

/// Water that has less of the pressure it is held at does not move (1). A header that holds more has a pump, whatever a flow meter says.
pub const MOVES: f64 = 0.25;

impl Scan<'_> {
    /// One scan; `settles` while a stage of the water's plant changes.
    pub(super) fn view(&self, crew: &Crew, (cooling, settles): (&Cooling, bool)) -> View {
        let strategies = cooling.strategies();
        let flow = self.scene.fresh(self.of.flow);
        let design = self.tuning.design_flow.unwrap_or(strategies.plant(self.of.circuit).design_flow);
        let setpoint = match self.of.told {
            Some((_, of)) => cooling.of(of).filter(|row| row.started).map(|row| row.setpoint),
            None => self.tuning.dp.map(Quantity::get),
        };
        let below = setpoint.zip(self.scene.fresh(self.of.dp)).map(|(setpoint, dp)| setpoint - dp);
        let told = self.wiring.speed.and_then(|output| self.scene.told(output));
        let dry = flow.is_some_and(|flow| flow < self.tuning.pumps.least_flow.0)
            && setpoint.zip(below).is_none_or(|(setpoint, below)| setpoint - below <= MOVES * setpoint);
        View {
            pumps: self.pumps(crew, dry),
            flow: flow.map(|flow| flow / design.0),
            blind: self.scene.is_lost(self.of.flow),
            below,
            speed: told.or_else(|| self.scene.fresh(self.of.speed)),
            machines: self.of.condensing.then(|| self.machines()),
            held: settles || (self.of.circuit == Circuit::ChilledWater && self.is_hot()),
        }
    }

    /// One for each machine that is told to run, or is not seen standing: at least one, at most those that move the design flow.
    fn machines(&self) -> u8 {
        let runs = |(running, mode): &&(_, _)| {
            let told = self.scene.told(*mode).map(RunMode::of) == Some(RunMode::On);
            told || self.scene.sight(*running) != Sight::Known(false)
        };
        let machines = u8::try_from(self.wiring.machines.iter().filter(runs).count()).unwrap_or(u8::MAX);
        machines.min(self.tuning.pumps.running).max(1)
    }

    /// What is seen of each. One that runs alone is proven by the flow, too; the word of a drive's fault needs no other.
    fn pumps(&self, crew: &Crew, dry: bool) -> [Seen; MOST] {
        let turning = self.of.pumps.iter().filter(|pump| self.scene.sight(pump.of.running) == Sight::Known(true));
        let alone = turning.count() == 1;
        let mut seen = [Seen::NOTHING; MOST];
        for (n, (seen, (pump, output))) in seen.iter_mut().zip(self.of.pumps.iter().zip(&self.wiring.pumps)).enumerate()
        {
            let (fault, word) = (self.scene.fault(pump.of.fault), self.scene.sight(pump.of.running));
            let running = match word {
                _ if fault == Sight::Known(true) => Sight::Known(false),
                Sight::Known(turns) => Sight::Known(turns && crew.is_proven(MachineId::from_index(n), (alone, dry))),
                Sight::Doubted | Sight::Lost => word,
            };
            *seen = Seen { running, fault, held: self.scene.held_by(*output) };
        }
        seen
    }

    /// Some machine breathes air above its limit: nothing that cools is stopped.
    fn is_hot(&self) -> bool {
        let most = self.scene.hall.limits.inlet_max.get();
        let mut inlets = self.scene.hall.rows.rows().iter().flat_map(|row| &row.racks);
        inlets.any(|rack| self.scene.fresh(rack.inlet).is_some_and(|inlet| inlet >= most))
    }
}
