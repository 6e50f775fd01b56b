//! The two passes of a step: voltage from the root to the leaves, power from the leaves to the root.

use super::{Flow, Happened, Memory, Network, Node, Now, STILL, Stage};
use crate::electrics::battery::Battery;
use crate::electrics::generator::{AtsState, GeneratorEvent, Source};
use crate::electrics::grid::Voltage;
use crate::electrics::transformer::Served;
use crate::electrics::ups::{Around, Supply};
use crate::noise;

impl Network {
    /// Gives every node the voltage it stands under, and lets switches, UPSs and loads meet it.
    pub(super) fn meet(&mut self, now: &Now<'_>, dt: f64) {
        let Self { nodes, channels, memory, flows, phases, events, .. } = self;
        let rows = nodes.iter().zip(memory.iter_mut()).zip(phases.iter_mut());
        for (at, ((node, memory), phases)) in rows.enumerate() {
            *phases = [0.0; 3];
            // Parents stand before their children, so a cut at the node parts it from what feeds it.
            let (before, rest) = flows.split_at_mut(at);
            let Some(flow) = rest.first_mut() else { continue };
            let above = node.parent.and_then(|p| before.get(p));
            let (voltage, on_generator) = above.map_or((Voltage::NONE, false), |a| (a.voltage, a.on_generator));
            *flow = Flow { voltage, on_generator, ..STILL };
            match (&node.stage, memory) {
                (Stage::Utility, _) => flow.voltage = now.voltage,
                (Stage::Ats(of), Memory::Ats(state)) => {
                    let (ats, generator) = &mut **state;
                    let switched = ats.step(&of.0, voltage, generator.available(), dt);
                    let turned =
                        generator.turn(&of.1, switched.call, (now.seed, channels.get(at).copied().unwrap_or(0)), dt);
                    flow.voltage = switched.voltage;
                    flow.on_generator = match switched.source {
                        Source::Grid => on_generator,
                        Source::Generator => true,
                    };
                    events.extend(switched.event.map(|e| (at, Happened::Ats(e))));
                    events.extend(turned.map(|e| (at, Happened::Generator(e))));
                }
                (Stage::Ups(of), Memory::Ups(state)) => {
                    let output = state.meet(of, Supply { voltage, generator: on_generator }, dt);
                    flow.voltage = output.voltage;
                    events.extend(output.event.map(|e| (at, Happened::Ups(e))));
                }
                (Stage::Load(of), Memory::Load(through)) => {
                    let before = through.on();
                    flow.live = through.step(&of.ride, voltage, dt);
                    if flow.live != before {
                        let told = if flow.live { Happened::LoadBack } else { Happened::LoadDropped };
                        events.push((at, told));
                    }
                    continue;
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
            flow.live = flow.voltage.live();
        }
    }

    /// Adds powers up from the leaves. False where a string could not serve the whole step.
    pub(super) fn add_up(&mut self, now: &Now<'_>, dt: f64) -> bool {
        let Self { nodes, channels, memory, flows, phases, events, .. } = self;
        let (mut flows, mut phases, mut memory) = (flows.as_mut_slice(), phases.as_mut_slice(), memory.as_mut_slice());
        let mut whole = true;
        // Taking the last off each list leaves what feeds it in reach.
        for (at, node) in nodes.iter().enumerate().rev() {
            let (Some((flow, flows_before)), Some((own, phases_before)), Some((remembered, memory_before))) =
                (flows.split_last_mut(), phases.split_last_mut(), memory.split_last_mut())
            else {
                break;
            };
            let above = node.parent.and_then(|p| flows_before.get_mut(p).zip(phases_before.get_mut(p)));
            let fed = above.as_ref().is_none_or(|(a, _)| a.live);
            let demand = now.demand.get(at).copied().filter(|w| w.is_finite()).unwrap_or(0.0);
            let here = Here { fed, demand, phases: *own, channel: channels.get(at).copied().unwrap_or(0) };
            if let Some(event) = carry(node, (remembered, flow), &here, now, dt) {
                events.push((at, Happened::Generator(event)));
            }
            whole &= flow.served >= 1.0;
            if let Some((above, [a, b, c])) = above {
                let sum = if node.metered { &mut above.output } else { &mut above.unmetered };
                *sum += flow.input;
                let [to_a, to_b, to_c] = spread(node, flow.input, *own);
                *a += to_a;
                *b += to_b;
                *c += to_c;
            }
            (flows, phases, memory) = (flows_before, phases_before, memory_before);
        }
        whole
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

/// What a node finds while powers are added up.
struct Here {
    /// True when the node above is live.
    fed: bool,
    /// What it is asked for (W).
    demand: f64,
    /// What hangs on its phases (W).
    phases: [f64; 3],
    /// Its number in random streams.
    channel: u64,
}

/// What a node takes for what hangs on it. What happened to its generator, if anything.
fn carry(
    node: &Node,
    (memory, flow): (&mut Memory, &mut Flow),
    here: &Here,
    now: &Now<'_>,
    dt: f64,
) -> Option<GeneratorEvent> {
    let below = flow.output + flow.unmetered;
    match (&node.stage, memory) {
        (Stage::Transformer(of), Memory::Transformer(state)) => {
            let (state, told) = &mut **state;
            let luck = noise::uniform(now.seed, here.channel, state.switched_on());
            *told = state.step(of, Served { live: flow.live, output: below, ambient: now.ambient }, luck, dt);
            (flow.loss, flow.loading) = (told.loss, told.loading);
        }
        (Stage::Ats(of), Memory::Ats(state)) => {
            let (ats, generator) = &mut **state;
            let carries = matches!(ats, AtsState::OnGenerator { .. });
            let done = generator.carry(&of.1, if carries { below } else { 0.0 }, dt);
            flow.fuel = done.fuel;
            flow.input = below;
            if carries {
                (flow.input, flow.made, flow.loading) = (0.0, below, below / of.1.rated);
            }
            return done.event;
        }
        (Stage::Ups(of), Memory::Ups(state)) => {
            let around = Around { generator: flow.on_generator, cell: now.cell };
            let seen = state.carry(of, below, around, dt);
            flow.output *= seen.served;
            flow.unmetered *= seen.served;
            (flow.input, flow.loss, flow.stored, flow.loading) = (seen.input, seen.loss, seen.stored, seen.loading);
            flow.served = if flow.live { seen.served } else { 1.0 };
            return None;
        }
        (Stage::Storage(of), Memory::Storage(store)) => {
            let seen = if here.fed {
                // Beside a generator it may take and not give: a set that is pushed trips.
                let asked = if flow.on_generator { here.demand.max(0.0) } else { here.demand };
                store.step(of, asked, now.cell, dt)
            } else {
                // Its breaker is open: it only fades, and the loss comes out of the store.
                store.step(&Battery { auxiliary: 0.0, ..**of }, 0.0, now.cell, dt)
            };
            (flow.input, flow.loss, flow.stored) = (seen.terminal, seen.loss, seen.stored);
            return None;
        }
        (Stage::Pdu(of), _) if flow.live => {
            let carried = of.carry(here.phases);
            (flow.loss, flow.loading) = (carried.loss, carried.loading);
        }
        (Stage::Supplies(of), _) if flow.live => flow.loss = of.loss(below),
        (Stage::Load(_), _) => flow.output = if flow.live { here.demand.max(0.0) } else { 0.0 },
        (
            Stage::Utility
            | Stage::Panel
            | Stage::Transformer(_)
            | Stage::Ats(_)
            | Stage::Ups(_)
            | Stage::Pdu(_)
            | Stage::Supplies(_)
            | Stage::Storage(_),
            _,
        ) => {}
    }
    flow.input = flow.output + flow.unmetered + flow.loss;
    None
}

/// How a node's input spreads over the phases of the node above (W).
fn spread(node: &Node, input: f64, own: [f64; 3]) -> [f64; 3] {
    match node.stage {
        Stage::Supplies(_) | Stage::Storage(_) | Stage::Load(_) => node.phases.map(|share| share * input),
        Stage::Pdu(_) | Stage::Panel => {
            let [a, b, c] = own;
            let rest = (input - a - b - c) / 3.0;
            own.map(|load| load + rest)
        }
        Stage::Utility | Stage::Transformer(_) | Stage::Ats(_) | Stage::Ups(_) => [input / 3.0; 3],
    }
}
