//! Which hall a state belongs to: what is remembered is found by its place in the hall's tables, so the tables' names must be
//! the same in the same order.

use blake3::Hasher;
use plant::hall::Hall;
use plant::point::Role;
use serde::{Deserialize, Serialize};

/// A hash over the names of points, meters, loops, alarms and feeds in their order, with what else gives a number its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity([u8; 16]);

impl Identity {
    /// Of a hall.
    #[must_use]
    pub fn of(hall: &Hall) -> Self {
        let mut hasher = Hasher::new();
        for def in hall.points.rows() {
            let written = if def.write.is_some() { "written" } else { "read" };
            words(&mut hasher, [&def.name, def.unit.code(), role(def.role), written]);
        }
        words(&mut hasher, ["meters"]);
        for meter in &hall.meters {
            words(&mut hasher, [hall.equips.get(meter.equip).map_or("", |def| &def.name), meter.role.word()]);
        }
        words(&mut hasher, ["loops"]);
        hall.loops.rows().iter().for_each(|name| words(&mut hasher, [name]));
        words(&mut hasher, ["alarms"]);
        hall.alarms.rows().iter().for_each(|def| words(&mut hasher, [&def.name, def.condition.word()]));
        if !hall.power.feeds.is_empty() {
            words(&mut hasher, ["feeds"]);
            hall.power.feeds.rows().iter().for_each(|feed| words(&mut hasher, [&feed.name]));
        }
        if hall.power.capping.is_some() {
            words(&mut hasher, ["capped"]);
            for node in &hall.power.nodes {
                words(&mut hasher, [&node.name, &node.gpus.to_string()]);
            }
            for feed in hall.power.feeds.rows().iter().filter(|feed| feed.branch.is_some()) {
                feed.cords.iter().for_each(|cord| words(&mut hasher, [&feed.name, hall.fed_rack(cord.rack)]));
            }
        }
        let mut hash = [0; 16];
        hasher.finalize_xof().fill(&mut hash);
        Self(hash)
    }
}

/// Each word ends with a byte that no name holds, and each row with another.
fn words<const N: usize>(hasher: &mut Hasher, words: [&str; N]) {
    for word in words {
        hasher.update(word.as_bytes()).update(&[0xFF]);
    }
    hasher.update(&[0xFE]);
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::Sensor => "sensor",
        Role::Cmd => "cmd",
        Role::Sp => "sp",
    }
}
