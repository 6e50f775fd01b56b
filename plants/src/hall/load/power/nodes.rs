//! `[[node]]`: machines with GPUs in the racks.

use crate::hall::load::Draft;
use crate::hall::power::{FedRack, Node};
use crate::read::Section;
use crate::units::Watts;

/// Reads every `[[node]]` into the racks it names, and gives the racks what their nodes draw.
pub(super) fn read(file: &Section<'_>, draft: &Draft, racks: &mut [FedRack]) -> Vec<Node> {
    let sections = file.sections("node");
    let mut nodes: Vec<Node> = Vec::new();
    let mut there = vec![0usize; racks.len()];
    for section in &sections {
        let places = if racks.is_empty() { Vec::new() } else { draft.named_racks(section, racks) };
        let per_rack = if section.has("per-rack") { section.whole("per-rack", (1, 64)).unwrap_or(1) } else { 1 };
        let kind = kind(section);
        let placed = [section.has("rows"), section.has("racks")].contains(&true);
        if racks.is_empty() {
            section.clash(
                "",
                "nodes hang on no feed",
                "add a `[[feed]]` that carries their racks, or take `[[node]]` away",
            );
        } else if !placed {
            section.missing("racks", "write `racks = [\"…\"]` or `rows = [\"…\"]`: where these nodes stand");
        }
        section.done();
        let Some(kind) = kind else { continue };
        for rack in places {
            let name = racks.get(rack).map_or("", |rack| draft.rack_name(rack));
            for _ in 0..per_rack {
                let Some(there) = there.get_mut(rack) else { continue };
                *there = there.saturating_add(1);
                let name = format!("{name}-node-{there}");
                nodes.push(Node { name, rack, ..kind.clone() });
            }
        }
    }
    nodes.sort_by_key(|node| node.rack);
    let mut first = 0_usize;
    for node in &mut nodes {
        node.first = first;
        first = node.places().end;
    }
    // A rack with nodes draws what they draw; its nameplate stays its most where that is more.
    let drawn = |rack: usize, cap: fn(&Node) -> Watts| {
        let first = nodes.partition_point(|node| node.rack < rack);
        nodes.iter().skip(first).take_while(|node| node.rack == rack).map(|node| node.draws(cap(node))).sum::<Watts>()
    };
    for ((place, rack), there) in racks.iter_mut().enumerate().zip(there) {
        if there > 0 {
            rack.fail_safe = drawn(place, |node| node.fail_safe);
            rack.most = rack.rated.max(drawn(place, |node| node.rated));
        }
    }
    nodes
}

/// What one of them is.
fn kind(of: &Section<'_>) -> Option<Node> {
    let watts = |key: &'static str, least: f64, what: &str| {
        if !of.has(key) {
            of.missing(key, format!("write `{key} = …`, {what} in W"));
        }
        of.within(key, (least, 1e5)).map(Watts)
    };
    let gpus = if of.has("gpus") {
        of.whole("gpus", (1, 64))
    } else {
        of.missing("gpus", "write `gpus = …`, how many each node has");
        None
    };
    let rated = watts("rated", 1.0, "what each GPU draws at its most");
    let least_cap = watts("least-cap", 1.0, "the least cap that each GPU takes");
    let fail_safe = watts("fail-safe", 1.0, "the cap of each GPU when control is lost");
    let other_peak = watts("other-peak", 0.0, "what all else in the node draws at its most");
    let supplies = of.number("supplies-efficiency", 0.95, (0.5, 1.0));
    let (rated, least_cap, fail_safe) = (rated?, least_cap?, fail_safe?);
    if least_cap > rated {
        let message = format!("`least-cap` is {least_cap:.0} and must not be above `rated`, which is {rated:.0}");
        of.fault("least-cap", message, "write what the GPU's own limits say: `nvidia-smi -q -d POWER` tells them");
    } else if fail_safe < least_cap || fail_safe > rated {
        let message = format!("`fail-safe` is {fail_safe:.0} and must be from {least_cap:.0} to {rated:.0}");
        of.fault("fail-safe", message, "a cap that the GPU does not take makes nothing safe");
    }
    let gpus = u8::try_from(gpus?).ok()?;
    Some(Node {
        name: String::new(),
        rack: 0,
        first: 0,
        gpus,
        rated,
        least_cap,
        fail_safe,
        other_peak: other_peak?,
        supplies,
    })
}
