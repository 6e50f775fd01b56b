//! What a power tree must be, each rule as a sentence.

use super::{Node, Purpose, Stage};

/// Every fault of a tree.
pub(super) fn faults(nodes: &[Node]) -> Vec<String> {
    let mut faults = Vec::new();
    match nodes.first() {
        None => return vec!["a power tree needs at least the utility's meter".to_owned()],
        Some(root) if !matches!(root.stage, Stage::Utility) || root.parent.is_some() => {
            faults.push(format!("`{}` stands first and must be the utility, fed by nothing", root.name));
        }
        Some(_) => {}
    }
    for (at, node) in nodes.iter().enumerate() {
        let name = node.name.as_str();
        if nodes.iter().take(at).any(|n| n.name == node.name) {
            faults.push(format!("two nodes are called `{name}`"));
        }
        if at > 0 {
            faults.extend(placed(nodes, at, node));
        }
        let [a, b, c] = node.phases;
        if node.phases.iter().any(|p| p.is_nan() || *p < 0.0) || (a + b + c - 1.0).abs() > 1e-9 {
            faults
                .push(format!("the phases of `{name}` are {a}, {b} and {c}; three shares that add up to 1 are needed"));
        }
    }
    faults
}

fn placed(nodes: &[Node], at: usize, node: &Node) -> Option<String> {
    let name = node.name.as_str();
    if matches!(node.stage, Stage::Utility) {
        return Some(format!("`{name}` is a second utility; a tree has one"));
    }
    let Some((above, parent)) = node.parent.filter(|p| *p < at).and_then(|p| Some((p, nodes.get(p)?))) else {
        return Some(format!("`{name}` needs a node that feeds it and stands before it"));
    };
    let over = parent.name.as_str();
    if matches!(parent.stage, Stage::Load(_) | Stage::Storage(_)) {
        return Some(format!("`{name}` hangs on `{over}`, which feeds nothing"));
    }
    let below = |wanted: fn(&Stage) -> bool| {
        let mut up = Some(above);
        std::iter::from_fn(|| {
            let here = nodes.get(up?)?;
            up = here.parent.filter(|p| Some(*p) < up);
            Some(here)
        })
        .any(|n| wanted(&n.stage))
    };
    let under_ups = below(|s| matches!(s, Stage::Ups(_)));
    let under_supplies = below(|s| matches!(s, Stage::Supplies(_)));
    match &node.stage {
        Stage::Ups(_) | Stage::Ats(_) | Stage::Storage(_) if under_ups => {
            Some(format!("`{name}` stands below a UPS, where no UPS, generator or battery may be"))
        }
        Stage::Load(load) => match load.purpose {
            Purpose::Cooling | Purpose::Other if under_supplies => {
                Some(format!("`{name}` hangs on machines' power supplies and is no part of a machine"))
            }
            Purpose::Compute | Purpose::MachineFans | Purpose::Cooling | Purpose::Other => None,
        },
        Stage::Supplies(_) | Stage::Panel => None,
        Stage::Utility | Stage::Transformer(_) | Stage::Ats(_) | Stage::Ups(_) | Stage::Pdu(_) | Stage::Storage(_) => {
            under_supplies.then(|| format!("`{name}` hangs on machines' power supplies and is no part of a machine"))
        }
    }
}
