//! What we listen to, and how we find the topic that throws us off.
//!
//! A packet above [`super::config::MAX_PACKET`] ends the connection before its topic can be read. A retained one would do so
//! on every connection, for ever. So after such an end we subscribe in stages, with a pause after each in which a retained
//! message shows itself, and halve the suspects until one is left. It is dropped only when it ends a connection on which
//! nothing else is subscribed.
//!
//! ```text
//! all ──burst──▶ suspects = the stage that was last ──▶ half │ other half │ rest ──burst──▶ …
//!                                      one suspect  ──▶ it alone │ rest
//!                                                        └─burst─▶ dropped
//! every stage survived ──▶ no suspects
//! ```
//!
//! A filter of many topics whose parts are known is not dropped: its parts take its place, and the guilty one among them is found in turn. So one who speaks too large
//! is not heard any more, and all others are.

/// One topic filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The filter.
    pub topic: String,
    /// Ask the broker to deliver at least once.
    pub sure: bool,
    /// The topics that take its place when one of all that it stands for ends connections.
    parts: Vec<String>,
    dropped: bool,
}

/// Every filter, with what we suspect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscriptions {
    filters: Vec<Filter>,
    suspects: Vec<usize>,
}

impl Subscriptions {
    /// Adds a filter.
    pub fn add(&mut self, topic: String, sure: bool) {
        self.filters.push(Filter { topic, sure, parts: Vec::new(), dropped: false });
    }

    /// Adds a filter for which these topics may stand, each for itself, delivered at least once.
    pub fn add_parted(&mut self, topic: String, parts: Vec<String>) {
        self.filters.push(Filter { topic, sure: true, parts, dropped: false });
    }

    /// A filter is dropped; its parts take its place. What is not heard any more by that: nothing where a part of it is still to be found.
    fn drop_one(&mut self, n: usize, guilty: Option<&str>) -> Option<String> {
        let filter = self.filters.get_mut(n)?;
        filter.dropped = true;
        let (topic, sure) = (filter.topic.clone(), filter.sure);
        let parts = std::mem::take(&mut filter.parts);
        let parted = !parts.is_empty();
        let innocent = parts.into_iter().filter(|part| Some(part.as_str()) != guilty);
        self.filters.extend(innocent.map(|topic| Filter { topic, sure, parts: Vec::new(), dropped: false }));
        match guilty {
            Some(guilty) if parted => Some(guilty.to_owned()),
            None if parted => None,
            Some(_) | None => Some(topic),
        }
    }

    /// The filter of an index that a stage named.
    pub fn filter(&self, index: usize) -> Option<&Filter> {
        self.filters.get(index)
    }

    /// How to subscribe on the next connection: the stages in order, none of them empty.
    pub fn stages(&self) -> Vec<Vec<usize>> {
        let live = |n: &usize| self.filters.get(*n).is_some_and(|f| !f.dropped);
        let rest = (0..self.filters.len()).filter(live).filter(|n| !self.suspects.contains(n)).collect();
        let half = self.suspects.len().div_ceil(2);
        let (first, second) = self.suspects.split_at_checked(half).unwrap_or((&[], &[]));
        let mut stages = vec![first.to_vec(), second.to_vec(), rest];
        stages.retain(|stage| !stage.is_empty());
        stages
    }

    /// A packet too large to read ended a connection on which `stages` had been subscribed up to and with number `reached`;
    /// `settled` when the last of them had been there for longer than a retained message needs.
    /// Gives the filter that is dropped for it, if it is beyond doubt.
    pub fn burst(&mut self, stages: &[Vec<usize>], reached: usize, settled: bool) -> Option<String> {
        if settled {
            // Not a retained message but somebody who sends such things now and then: look among all of them.
            self.suspects = stages.concat();
            return None;
        }
        let guilty = stages.get(reached).cloned().unwrap_or_default();
        let alone = reached == 0 && guilty.len() == 1 && self.suspects == guilty;
        if !alone {
            self.suspects = guilty;
            return None;
        }
        let before = self.filters.len();
        let dropped = self.drop_one(*guilty.first()?, None);
        self.suspects = (before..self.filters.len()).collect();
        dropped
    }

    /// Drops every filter that a topic matches, because it carries packets that are too large; gives what is not heard any more.
    pub fn drop_matching(&mut self, topic: &str) -> Vec<String> {
        let guilty = |f: &Filter| !f.dropped && rumqttc::matches(topic, &f.topic);
        let found: Vec<usize> = (0..self.filters.len()).filter(|n| self.filters.get(*n).is_some_and(guilty)).collect();
        let names: Vec<_> = found.into_iter().filter_map(|n| self.drop_one(n, Some(topic))).collect();
        if !names.is_empty() {
            self.suspects.clear();
        }
        names
    }

    /// Subscribes to a filter no more.
    pub fn remove(&mut self, topic: &str) {
        self.filters.iter_mut().filter(|filter| filter.topic == topic).for_each(|filter| filter.dropped = true);
    }

    /// Every filter that is still in use.
    pub fn live(&self) -> Vec<String> {
        self.filters.iter().filter(|f| !f.dropped).map(|f| f.topic.clone()).collect()
    }

    /// Every stage has been subscribed for longer than a retained message needs, and we are still connected.
    pub fn settled(&mut self) {
        self.suspects.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A broker that keeps an oversized message on each of `bad`: connects until nothing bursts; gives the connections it took.
    fn settle(subscriptions: &mut Subscriptions, bad: &[usize]) -> usize {
        for connection in 1..1000 {
            let stages = subscriptions.stages();
            match stages.iter().position(|stage| stage.iter().any(|n| bad.contains(n))) {
                Some(reached) => drop(subscriptions.burst(&stages, reached, false)),
                None => {
                    subscriptions.settled();
                    return connection;
                }
            }
        }
        panic!("never settles");
    }

    fn of(filters: usize) -> Subscriptions {
        let mut subscriptions = Subscriptions::default();
        for n in 0..filters {
            subscriptions.add(format!("t/{n}"), false);
        }
        subscriptions
    }

    #[test]
    fn one_burst_is_not_enough_to_drop_even_the_only_subscription() {
        let mut subscriptions = of(1);
        assert_eq!(subscriptions.burst(&[vec![0]], 0, false), None);
        assert_eq!(subscriptions.stages(), [vec![0]]);
        assert_eq!(subscriptions.burst(&[vec![0]], 0, false).as_deref(), Some("t/0"));
        assert!(subscriptions.stages().is_empty());
    }

    #[test]
    fn a_suspect_that_survives_alone_is_acquitted() {
        let mut subscriptions = of(4);
        assert_eq!(subscriptions.burst(&[vec![0, 1, 2, 3]], 0, false), None);
        let stages = subscriptions.stages();
        assert_eq!(stages, [vec![0, 1], vec![2, 3]]);
        subscriptions.settled();
        assert_eq!(subscriptions.stages(), [vec![0, 1, 2, 3]]);
    }

    #[test]
    fn bursts_long_after_the_last_stage_drop_nothing() {
        let mut subscriptions = of(3);
        for _ in 0..20 {
            let stages = subscriptions.stages();
            assert_eq!(subscriptions.burst(&stages, stages.len() - 1, true), None);
        }
        assert_eq!(subscriptions.stages().concat().len(), 3);
    }

    #[test]
    fn of_a_filter_with_parts_only_the_guilty_one_is_not_heard_any_more() {
        let parted = || {
            let mut subscriptions = of(2);
            subscriptions
                .add_parted("b/+/request".to_owned(), ["x", "y", "z"].map(|c| format!("b/{c}/request")).into());
            subscriptions
        };
        let others = ["t/0", "t/1", "b/x/request", "b/z/request"];
        // Heard of by its topic,
        let mut subscriptions = parted();
        assert_eq!(subscriptions.drop_matching("b/y/request"), ["b/y/request"]);
        assert_eq!(subscriptions.live(), others);
        assert_eq!(subscriptions.drop_matching("b/y/request"), [""; 0]);
        // one that may not ask at all,
        let mut subscriptions = parted();
        assert_eq!(subscriptions.drop_matching("b/stranger/request"), ["b/stranger/request"]);
        assert_eq!(subscriptions.live().len(), 5);
        // and kept by the broker: found by halves.
        let mut subscriptions = parted();
        for _ in 0..20 {
            let stages = subscriptions.stages();
            let bad =
                |n: &usize| subscriptions.filters.get(*n).is_some_and(|f| rumqttc::matches("b/y/request", &f.topic));
            let Some(reached) = stages.iter().position(|stage| stage.iter().any(bad)) else { break };
            let dropped = subscriptions.burst(&stages, reached, false);
            assert!(dropped.as_deref().is_none_or(|topic| topic == "b/y/request"), "{dropped:?}");
        }
        assert_eq!(subscriptions.live(), others);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn exactly_the_culprits_are_dropped_and_soon(filters in 1_usize..300, picks in prop::collection::vec(any::<prop::sample::Index>(), 0..4)) {
            let bad: Vec<usize> = picks.iter().map(|i| i.index(filters)).collect();
            let mut subscriptions = of(filters);
            let connections = settle(&mut subscriptions, &bad);
            for n in 0..filters {
                prop_assert_eq!(subscriptions.filters[n].dropped, bad.contains(&n), "filter {}", n);
            }
            let each = usize::try_from(filters.next_power_of_two().trailing_zeros()).expect("small") + 2;
            prop_assert!(connections <= bad.len() * each + 1, "{} connections", connections);
        }
    }
}
