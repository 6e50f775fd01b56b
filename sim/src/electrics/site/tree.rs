//! The nodes of a hall's power tree, and where each kind stands in it.

use super::Spec;
use crate::electrics::grid::Ride;
use crate::electrics::network::{Load, Node, Purpose, Stage, Supplies};

/// Nodes of a PDU: itself, supplies, compute, fans.
pub(super) const EACH: usize = 4;
/// Compute's place after its PDU.
pub(super) const COMPUTE: usize = 2;
/// The machines' fans' place after their PDU.
pub(super) const FANS: usize = 3;

/// Where things stand in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Places {
    pub ats: Option<usize>,
    /// The machines' UPS and that of fans and pumps.
    pub ups: [Option<usize>; 2],
    pub panel: usize,
    pub fans: usize,
    pub pumps: usize,
    pub machinery: usize,
    pub lights: usize,
    /// What feeds sensors, meters, valves and controllers.
    pub control: usize,
}

/// The nodes, where they stand, and each group's first PDU.
pub(super) fn grow(of: &Spec, groups: &[&str]) -> (Vec<Node>, Places, Vec<usize>) {
    let mut nodes: Vec<Node> = Vec::new();
    let mut add = |name: String, parent: Option<usize>, stage: Stage| {
        let metered = name != "lights";
        nodes.push(Node { name, parent, stage, metered, phases: [1.0 / 3.0; 3] });
        nodes.len().saturating_sub(1)
    };
    let load = |purpose, ride| Stage::Load(Load { purpose, ride });
    let mut main = add("utility".to_owned(), None, Stage::Utility);
    if let Some(transformer) = of.transformer {
        main = add("transformer".to_owned(), Some(main), Stage::Transformer(Box::new(transformer)));
    }
    let ats = of.supply.map(|supply| add("ats".to_owned(), Some(main), Stage::Ats(Box::new(supply))));
    main = ats.unwrap_or(main);
    let ups = of.ups.map(|ups| add("ups".to_owned(), Some(main), Stage::Ups(Box::new(ups))));
    let it = ups.unwrap_or(main);
    let mut firsts = Vec::new();
    for group in groups {
        for pdu in 0..of.pdus {
            let name = |what: &str| format!("{group}/{pdu}/{what}");
            let first = add(name("pdu"), Some(it), Stage::Pdu(Box::new(of.pdu)));
            let supplies = Supplies { fixed: 0.0, efficiency: of.supplies };
            let supplies = add(name("supplies"), Some(first), Stage::Supplies(supplies));
            add(name("compute"), Some(supplies), load(Purpose::Compute, Ride::MACHINES));
            add(name("fans"), Some(supplies), load(Purpose::MachineFans, Ride::MACHINES));
            if pdu == 0 {
                firsts.push(first);
            }
        }
    }
    let panel = add("mechanical".to_owned(), Some(main), Stage::Panel);
    let own = of.mechanical_ups.map(|ups| add("mechanical-ups".to_owned(), Some(panel), Stage::Ups(Box::new(ups))));
    let (kept, restart) = (own.unwrap_or(panel), if own.is_some() { 0.0 } else { of.restart });
    let mut cooling = |name: &str, on, restart| {
        add(name.to_owned(), Some(on), load(Purpose::Cooling, Ride::usual_contactor(restart)))
    };
    let fans = cooling("fans", kept, restart);
    let pumps = cooling("pumps", kept, restart);
    // Chillers and compressors wait by their own panels.
    let machinery = cooling("machinery", panel, 0.0);
    let lights = add("lights".to_owned(), Some(main), load(Purpose::Other, Ride::ALWAYS));
    let places = Places { ats, ups: [ups, own], panel, fans, pumps, machinery, lights, control: it };
    (nodes, places, firsts)
}
