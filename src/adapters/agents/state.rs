//! What an agent is, beside what the hall's file says of its node. The proof that fail-safe caps fit below every breaker rests on the file,
//! so an agent that falls back to more makes it void.

use plant::gpu::Milliwatts;
use plant::hall::Hall;
use serde::Deserialize;

use super::Note;
use super::desk::Desk;

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
        let say = self.differs(desk.hall(), node);
        if let Some(say) = &say {
            tracing::error!(node = name, "{say}");
        }
        desk.differs(node, say).map(Note::Differs)
    }

    /// What is not as the hall's file says, in a sentence; nothing where all is.
    #[must_use]
    pub fn differs(&self, hall: &Hall, node: usize) -> Option<String> {
        let (node, rules) = (hall.power.nodes.get(node)?, hall.power.capping.as_ref()?);
        let Self::Online { failsafe_mw, floor_mw, longest_lease_ms } = self else { return None };
        if failsafe_mw.watts().0 > node.fail_safe.0 + 0.001 {
            return Some(format!(
                "its agent falls back to {failsafe_mw} a GPU and the hall's file counts on {:.0} W (`fail-safe-watts`): \
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

#[cfg(test)]
mod tests {
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
}
