//! The two passes of a step: voltage from the root to the leaves, power from the leaves to the root.

use super::super::generator::Source;
use super::super::transformer::Served;
use super::super::ups::{Around, Supply};
use super::{Flow, Happened, Memory, Network, Now, STILL, Stage};
use crate::noise;

impl Network {
    /// Gives every node the voltage it stands under, and lets switches, UPSs and loads meet it.
    pub(super) fn energise(&mut self, now: &Now<'_>, dt: f64) {
        for at in 0..self.nodes.len() {
            let Some((node, memory)) = self.nodes.get(at).zip(self.memory.get_mut(at)) else { continue };
            let above = node.parent.and_then(|p| self.flows.get(p)).copied().unwrap_or(STILL);
            let (voltage, on_generator) = (above.voltage, above.on_generator);
            let mut flow = Flow { voltage, on_generator, live: voltage.live(), ..STILL };
            match (&node.stage, memory) {
                (Stage::Utility, _) => flow.voltage = now.voltage,
                (Stage::Ats(of), Memory::Ats(ats, generator)) => {
                    let switched = ats.step(&of.0, voltage, generator.available(), dt);
                    let luck = (now.seed, self.channels.get(at).copied().unwrap_or(0));
                    let turned = generator.turn(&of.1, switched.call, luck, dt);
                    flow.voltage = switched.voltage;
                    flow.on_generator = match switched.source {
                        Source::Grid => on_generator,
                        Source::Generator => true,
                    };
                    self.events.extend(switched.event.map(|e| (at, Happened::Ats(e))));
                    self.events.extend(turned.map(|e| (at, Happened::Generator(e))));
                }
                (Stage::Ups(of), Memory::Ups(state)) => {
                    let output = state.meet(of, Supply { voltage, generator: on_generator }, dt);
                    flow.voltage = output.voltage;
                    self.events.extend(output.event.map(|e| (at, Happened::Ups(e))));
                }
                (Stage::Load(of), Memory::Load(through)) => {
                    let before = through.on();
                    let runs = through.step(&of.ride, voltage, dt);
                    let told = if runs { Happened::LoadBack } else { Happened::LoadDropped };
                    self.events.extend((runs != before).then_some((at, told)));
                    flow.live = runs;
                }
                (
                    Stage::Transformer(_)
                    | Stage::Ats(_)
                    | Stage::Ups(_)
                    | Stage::Pdu(_)
                    | Stage::Panel
                    | Stage::Supplies(_)
                    | Stage::Storage(_)
                    | Stage::Load(_),
                    _,
                ) => {}
            }
            flow.live = if matches!(node.stage, Stage::Load(_)) { flow.live } else { flow.voltage.live() };
            if let (Some(row), Some(phases)) = (self.flows.get_mut(at), self.phases.get_mut(at)) {
                (*row, *phases) = (flow, [0.0; 3]);
            }
        }
    }

    /// Adds powers up from the leaves. False where a string could not serve the whole step.
    pub(super) fn add_up(&mut self, now: &Now<'_>, dt: f64) -> bool {
        let mut whole = true;
        for at in (0..self.nodes.len()).rev() {
            let Some(mut flow) = self.flows.get(at).copied() else { continue };
            let live_above = self.nodes.get(at).and_then(|n| n.parent).and_then(|p| self.flows.get(p));
            let fed = live_above.is_none_or(|above| above.live);
            self.carry(at, &mut flow, (now, fed), dt);
            whole &= flow.served >= 1.0;
            self.hand_up(at, &flow);
            if let Some(row) = self.flows.get_mut(at) {
                *row = flow;
            }
        }
        whole
    }

    /// What a node takes for what hangs on it; `fed` when the node above is live.
    fn carry(&mut self, at: usize, flow: &mut Flow, (now, fed): (&Now<'_>, bool), dt: f64) {
        let Some((node, memory)) = self.nodes.get(at).zip(self.memory.get_mut(at)) else { return };
        let below = flow.output + flow.unmetered;
        let demand = now.demand.get(at).copied().filter(|w| w.is_finite()).unwrap_or(0.0);
        match (&node.stage, memory) {
            (Stage::Transformer(of), Memory::Transformer(state, told)) => {
                let luck = noise::uniform(now.seed, self.channels.get(at).copied().unwrap_or(0), state.switched_on());
                *told = state.step(of, Served { live: flow.live, output: below, ambient: now.ambient }, luck, dt);
                (flow.loss, flow.loading) = (told.loss, told.loading);
            }
            (Stage::Ats(of), Memory::Ats(ats, generator)) => {
                let carries = matches!(ats, super::AtsState::OnGenerator { .. });
                let done = generator.carry(&of.1, if carries { below } else { 0.0 }, dt);
                self.events.extend(done.event.map(|e| (at, Happened::Generator(e))));
                flow.fuel = done.fuel;
                if carries {
                    (flow.made, flow.loading) = (below, below / of.1.rated);
                    return;
                }
            }
            (Stage::Ups(of), Memory::Ups(state)) => {
                let around = Around { generator: flow.on_generator, cell: now.cell };
                let seen = state.carry(of, below, around, dt);
                flow.output *= seen.served;
                flow.unmetered *= seen.served;
                (flow.loss, flow.stored, flow.loading) = (seen.loss, seen.stored, seen.loading);
                flow.served = if flow.live { seen.served } else { 1.0 };
                flow.input = seen.input;
                return;
            }
            (Stage::Pdu(of), _) if flow.live => {
                let carried = of.carry(self.phases.get(at).copied().unwrap_or_default());
                (flow.loss, flow.loading) = (carried.loss, carried.loading);
            }
            (Stage::Supplies(of), _) if flow.live => flow.loss = of.loss(below),
            (Stage::Storage(of), Memory::Storage(store)) if fed => {
                // Beside a generator it may take and not give: a set that is pushed trips.
                let asked = if flow.on_generator { demand.max(0.0) } else { demand };
                let seen = store.step(of, asked, now.cell, dt);
                (flow.loss, flow.stored, flow.input) = (seen.loss, seen.stored, seen.terminal);
                return;
            }
            (Stage::Storage(of), Memory::Storage(store)) => {
                // Its breaker is open: it only fades, and the loss comes out of the store.
                let open = super::Battery { auxiliary: 0.0, ..**of };
                let seen = store.step(&open, 0.0, now.cell, dt);
                (flow.loss, flow.stored) = (seen.loss, seen.stored);
                return;
            }
            (Stage::Load(_), _) => flow.output = if flow.live { demand.max(0.0) } else { 0.0 },
            (Stage::Utility | Stage::Panel, _) => {}
            (
                Stage::Transformer(_)
                | Stage::Ats(_)
                | Stage::Ups(_)
                | Stage::Pdu(_)
                | Stage::Supplies(_)
                | Stage::Storage(_),
                _,
            ) => {}
        }
        flow.input = flow.output + flow.unmetered + flow.loss;
    }

    /// Adds a node's input to the node above, by phase too.
    fn hand_up(&mut self, at: usize, flow: &Flow) {
        let Some(node) = self.nodes.get(at) else { return };
        let own = self.phases.get(at).copied().unwrap_or_default();
        let Some(parent) = node.parent else { return };
        let spread = match node.stage {
            Stage::Supplies(_) | Stage::Storage(_) | Stage::Load(_) => node.phases.map(|share| share * flow.input),
            Stage::Pdu(_) | Stage::Panel => {
                let [a, b, c] = own;
                let rest = (flow.input - a - b - c) / 3.0;
                own.map(|load| load + rest)
            }
            Stage::Utility | Stage::Transformer(_) | Stage::Ats(_) | Stage::Ups(_) => [flow.input / 3.0; 3],
        };
        if let (Some(above), Some(phases)) = (self.flows.get_mut(parent), self.phases.get_mut(parent)) {
            if node.metered {
                above.output += flow.input;
            } else {
                above.unmetered += flow.input;
            }
            for (sum, part) in phases.iter_mut().zip(spread) {
                *sum += part;
            }
        }
    }

    /// Cuts what hangs on a string that ran empty to the part of the step it was served.
    pub(super) fn share_out(&mut self) {
        for at in 0..self.nodes.len() {
            let above = self.nodes.get(at).and_then(|n| n.parent).and_then(|p| self.flows.get(p));
            let served = above.map_or(1.0, |a| a.served);
            let Some(flow) = self.flows.get_mut(at).filter(|_| served < 1.0) else { continue };
            for part in [&mut flow.input, &mut flow.output, &mut flow.unmetered, &mut flow.loss, &mut flow.stored] {
                *part *= served;
            }
            flow.served *= served;
        }
    }
}
