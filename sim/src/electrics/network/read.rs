//! A power tree from TOML: `[[node]]`, one each, parents first.
//!
//! ```toml
//! [[node]]
//! name = "ups-a"
//! kind = "ups"          # utility, transformer, ats, ups, pdu, panel, supplies, storage, load
//! parent = "board-a"
//! metered = true
//! phase = "all"         # or a, b, c: where a load, supplies or a battery hang
//! [node.ups]            # the kind's own numbers; a transfer switch has [node.ats] and [node.generator]
//! ```

use plant::read::{Section, did_you_mean};

use super::{Load, Network, Node, Purpose, Stage, Supplies};
use crate::electrics::battery::Battery;
use crate::electrics::busbar::Busbar;
use crate::electrics::generator::{Ats, Generator};
use crate::electrics::grid::Ride;
use crate::electrics::transformer::Transformer;
use crate::electrics::ups::Ups;
use crate::physics::read::{AT_LEAST_ZERO, SHARE, maybe, need, number};

#[derive(Clone, Copy)]
enum Kind {
    Utility,
    Transformer,
    Ats,
    Ups,
    Pdu,
    Panel,
    Supplies,
    Storage,
    Load,
}

const KINDS: [(&str, Kind); 9] = [
    ("utility", Kind::Utility),
    ("transformer", Kind::Transformer),
    ("ats", Kind::Ats),
    ("ups", Kind::Ups),
    ("pdu", Kind::Pdu),
    ("panel", Kind::Panel),
    ("supplies", Kind::Supplies),
    ("storage", Kind::Storage),
    ("load", Kind::Load),
];

const EVEN: [f64; 3] = [1.0 / 3.0; 3];
const PHASES: [(&str, [f64; 3]); 4] =
    [("all", EVEN), ("a", [1.0, 0.0, 0.0]), ("b", [0.0, 1.0, 0.0]), ("c", [0.0, 0.0, 1.0])];

const PURPOSES: [(&str, Purpose); 4] = [
    ("compute", Purpose::Compute),
    ("machine-fans", Purpose::MachineFans),
    ("cooling", Purpose::Cooling),
    ("other", Purpose::Other),
];

impl Network {
    /// Reads the nodes of a file. Nothing where there is a fault, which is noted.
    #[cfg_attr(not(test), expect(dead_code, reason = "halls with a power tree read it"))]
    pub(crate) fn read(all: &Section<'_>) -> Option<Self> {
        let sections = all.sections("node");
        let mut nodes: Vec<Node> = Vec::with_capacity(sections.len());
        let mut sound = true;
        for of in &sections {
            let node = node(of, &nodes);
            of.done();
            sound &= node.is_some();
            nodes.extend(node);
        }
        if !sound {
            return None;
        }
        match Self::new(nodes) {
            Ok(network) => Some(network),
            Err(faults) => {
                for fault in faults {
                    all.fault("node", fault, "mend the `[[node]]` it names");
                }
                None
            }
        }
    }
}

fn node(of: &Section<'_>, before: &[Node]) -> Option<Node> {
    let name = of.need_name("name");
    let kind = of.need_word("kind", &KINDS);
    let parent: Option<String> = of.maybe("parent");
    let place = parent.as_deref().and_then(|p| before.iter().position(|n| n.name == p));
    if let (Some(wanted), None) = (&parent, place) {
        let help = did_you_mean(wanted, before.iter().map(|n| n.name.as_str()));
        of.fault("parent", format!("no node `{wanted}` stands before this one"), help);
    }
    let metered = of.or("metered", true);
    let phases = of.word("phase", &PHASES).unwrap_or(EVEN);
    let stage = stage(of, kind?);
    Some(Node { name: name?, parent: place, stage: stage?, metered, phases })
}

fn stage(of: &Section<'_>, kind: Kind) -> Option<Stage> {
    Some(match kind {
        Kind::Utility => Stage::Utility,
        Kind::Panel => Stage::Panel,
        Kind::Transformer => Stage::Transformer(Box::new(need(of, "transformer", Transformer::read)?)),
        Kind::Ats => {
            let (ats, generator) = (maybe(of, "ats", Ats::read), need(of, "generator", Generator::read));
            Stage::Ats(Box::new((ats.unwrap_or(Ats::USUAL), generator?)))
        }
        Kind::Ups => Stage::Ups(Box::new(need(of, "ups", Ups::read)??)),
        Kind::Pdu => Stage::Pdu(Box::new(need(of, "pdu", Busbar::read)?)),
        Kind::Supplies => Stage::Supplies(need(of, "supplies", |of| Supplies {
            fixed: number(of, "fixed-w", AT_LEAST_ZERO),
            efficiency: number(of, "efficiency", (0.5, 1.0)),
        })?),
        Kind::Storage => Stage::Storage(Box::new(need(of, "storage", Battery::read)?)),
        Kind::Load => Stage::Load(load(of)?),
    })
}

/// Machines ride through as the ITI curve says and the rest as contactors do, unless `drops-below` and `drops-after-s` say otherwise.
fn load(of: &Section<'_>) -> Option<Load> {
    let purpose = of.need_word("purpose", &PURPOSES);
    let restart = of.within("restart-s", AT_LEAST_ZERO).unwrap_or(0.0);
    let below = of.within("drops-below", SHARE);
    let after = of.within("drops-after-s", AT_LEAST_ZERO);
    let purpose = purpose?;
    let usual = match purpose {
        Purpose::Compute | Purpose::MachineFans => Ride { restart, ..Ride::MACHINES },
        Purpose::Cooling => Ride::usual_contactor(restart),
        Purpose::Other => Ride { restart, ..Ride::ALWAYS },
    };
    let ride = match (below, after) {
        (None, None) => usual,
        (level, seconds) => Ride::contactor(level.unwrap_or(0.7), seconds.unwrap_or(0.03), restart),
    };
    Some(Load { purpose, ride })
}
