//! What an agent is and what boards it has, beside what the hall's file says of its node. The proof that fail-safe caps fit below every breaker
//! rests on the file, so an agent that falls back to more, a board that takes no limit as low, and a board too many make it void.

use plant::gpu::Milliwatts;
use plant::hall::Hall;
use plant::lease::NodeReport;
use serde::Deserialize;

use super::Note;
use super::desk::{By, Desk};

/// What an agent says of itself, kept by the broker.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Agent {
    /// It works.
    Online {
        /// What it falls back to (mW a GPU).
        failsafe_mw: Milliwatts,
        /// The least cap that it takes (mW a GPU).
        floor_mw: Milliwatts,
        /// The longest lease it takes (ms).
        longest_lease_ms: u64,
    },
    /// It has vanished: its supervisor holds the fail-safe.
    Offline,
}

impl Agent {
    /// Says how an agent differs from what the hall's file has of its node. What the service must know of that, if anything has changed.
    pub(super) fn judge(&self, desk: &Desk, (node, name): (usize, &str)) -> Option<Note> {
        tell(desk, (node, name), By::State, self.differs(desk.hall(), node))
    }

    /// What is not as the hall's file says, in a sentence; nothing where all is.
    #[must_use]
    pub fn differs(&self, hall: &Hall, node: usize) -> Option<String> {
        let (node, rules) = (hall.power.nodes.get(node)?, hall.power.capping.as_ref()?);
        let Self::Online { failsafe_mw, floor_mw, longest_lease_ms } = self else { return None };
        if failsafe_mw.watts().0 > node.fail_safe.0 + 0.001 {
            return Some(format!(
                "its agent falls back to {failsafe_mw} a GPU and the hall's file counts on {:.0} W (`fail-safe`): \
                 the breakers above it may not bear the loss of control",
                node.fail_safe.0
            ));
        }
        if floor_mw.watts().0 > node.least_cap.0 + 0.001 {
            return Some(format!(
                "its agent takes no cap below {floor_mw} a GPU (`floor_w`) and the hall's file counts on {:.0} W (`least-cap`): \
                 in need it comes down to no less",
                node.least_cap.0
            ));
        }
        let lease = rules.lease.millis();
        (*longest_lease_ms < lease).then(|| {
            format!(
                "its agent takes leases of {longest_lease_ms} ms at the most and the hall's are {lease} ms (`[capping]` `lease`): \
                 it refuses every grant"
            )
        })
    }
}

/// Says how a node's boards differ from what the hall's file has of it. What the service must know of that, if anything has changed.
pub(super) fn judge(desk: &Desk, (node, name): (usize, &str), report: &NodeReport) -> Option<Note> {
    tell(desk, (node, name), By::Report, differ(desk.hall(), node, report))
}

fn tell(desk: &Desk, (node, name): (usize, &str), by: By, say: Option<String>) -> Option<Note> {
    let (new, turned) = desk.differs((node, by), say.as_deref());
    if let Some(say) = say.filter(|_| new) {
        tracing::error!(node = name, "{say}");
    }
    turned.map(Note::Differs)
}

/// What of a node's boards is not as the hall's file says, in a sentence; nothing where all is.
fn differ(hall: &Hall, node: usize, report: &NodeReport) -> Option<String> {
    let (node, _) = (hall.power.nodes.get(node)?, hall.power.capping.as_ref()?);
    let (has, knows) = (report.gpus.len(), usize::from(node.gpus));
    if has > knows {
        return Some(format!(
            "its node has {has} boards and the hall's file says {knows} (`gpus`): nobody caps the others, and each counts at the most that it \
             may draw"
        ));
    }
    let high = report.gpus.iter().filter_map(|gpu| Some((gpu.failsafe?, gpu.uuid))).max()?;
    (high.0.watts().0 > node.fail_safe.0 + 0.001).then(|| {
        format!(
            "{} of its node falls back to {} (its agent's fail-safe, or the least that the board takes) and the hall's file counts on {:.0} W \
             (`fail-safe`): the breakers above it may not bear the loss of control",
            high.1, high.0, node.fail_safe.0
        )
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plant::gpu::Uuid;
    use plant::lease::GpuReport;
    use plant::time::Mono;

    use super::*;

    fn hall() -> Hall {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        Hall::load("air", &format!("{text}\n[capping]\n")).expect("loads")
    }

    #[test]
    fn an_agent_that_falls_back_to_more_than_the_file_counts_on_is_told() {
        let hall = hall();
        let safe = hall.power.nodes[0].fail_safe.0;
        let least = hall.power.nodes[0].least_cap.0;
        let floored = |failsafe: f64, lease: u64, floor: f64| {
            let text = format!(
                r#"{{"state":"online","node":"n","version":"0.1.0","failsafe_mw":{:.0},"floor_mw":{:.0},"ceiling_mw":9,"longest_lease_ms":{lease}}}"#,
                failsafe * 1000.0,
                floor * 1000.0
            );
            serde_json::from_str::<Agent>(&text).expect("an agent").differs(&hall, 0)
        };
        let agent = |failsafe: f64, lease: u64| floored(failsafe, lease, least);
        assert_eq!(agent(safe, 60_000), None);
        assert!(floored(safe, 60_000, least + 1.0).is_some_and(|say| say.contains("`floor_w`")));
        assert_eq!(agent(safe - 50.0, 60_000), None);
        assert!(agent(safe + 1.0, 60_000).is_some_and(|say| say.contains("falls back")));
        assert!(agent(safe, 1000).is_some_and(|say| say.contains("refuses every grant")));
        let gone: Agent = serde_json::from_str(r#"{"state":"offline"}"#).expect("an agent");
        assert_eq!(gone.differs(&hall, 0), None);
    }

    #[test]
    fn boards_that_the_file_does_not_know_and_boards_that_go_no_lower_are_told_once() {
        let hall = Arc::new(hall());
        let (safe, gpus) = (hall.power.nodes[0].fail_safe.0, u128::from(hall.power.nodes[0].gpus));
        let desk = Desk::new(&hall, Arc::new(|| Mono(1)));
        let report = |boards: u128, failsafe: f64| {
            let failsafe = Some(Milliwatts(plant::convert::u64_from_f64_rounded(failsafe * 1000.0)));
            let gpu = |n| GpuReport { failsafe, ..GpuReport::unread(Uuid::from_bits(n)) };
            NodeReport { node: "n".into(), seq: 1, driver: None, why: None, gpus: (0..boards).map(gpu).collect() }
        };
        assert_eq!(judge(&desk, (0, "n"), &report(gpus, safe)), None);
        assert_eq!(judge(&desk, (0, "n"), &report(gpus + 1, safe)), Some(Note::Differs(true)));
        assert_eq!(judge(&desk, (0, "n"), &report(gpus + 1, safe)), None, "known");
        assert_eq!(judge(&desk, (0, "n"), &report(gpus, safe + 50.0)), None, "another fault, and still one");
        let say = differ(&hall, 0, &report(gpus, safe + 50.0)).expect("told");
        assert!(say.contains("the least that the board takes"), "{say}");
        assert_eq!(judge(&desk, (0, "n"), &report(gpus, safe)), Some(Note::Differs(false)));
        let silent = NodeReport { gpus: vec![GpuReport::unread(Uuid::from_bits(1))], ..report(0, safe) };
        assert_eq!(judge(&desk, (0, "n"), &silent), None, "an older agent does not tell");
    }
}
