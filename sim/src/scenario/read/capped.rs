//! `[capping]` of a page: a feed of the hall carries less, and its GPUs are capped.

use std::sync::Arc;

use plant::hall::Hall;
use plant::read::did_you_mean;
use plant::time::Span;
use plant::units::Watts;

use super::Page;
use crate::scenario::capped::Capped;

impl Page<'_> {
    /// Changes the hall, where the page says so.
    pub(super) fn capped(&self, hall: &mut Arc<Hall>) {
        let Some(section) = self.root.section("capping") else { return };
        let feed: Option<String> = section.need("feed");
        let carries = section.within("carries", (1e3, 1e9));
        if !section.has("carries") {
            section.missing("carries", "write what the feed may carry here (W)");
        }
        let rows = section.or::<Vec<String>>("first", Vec::new());
        let lease = section.span("lease", Span::from_secs(10), (Span::from_secs(3), Span::from_secs(600)));
        section.done();
        let names = || hall.power.feeds.rows().iter().map(|feed| feed.name.as_str());
        let mut first = Vec::new();
        for name in &rows {
            let Some(row) = hall.rows.iter().find(|(_, row)| row.name == *name).map(|(_, row)| row) else {
                let help = did_you_mean(name, hall.rows.iter().map(|(_, row)| row.name.as_str()));
                section.fault("first", format!("there is no row `{name}`"), help);
                continue;
            };
            let places = hall.power.racks.iter().enumerate();
            let of = places.filter(|(_, fed)| row.racks.iter().any(|rack| rack.equip == fed.equip));
            first.extend(of.map(|(place, _)| place));
        }
        let (Some(named), Some(carries)) = (feed, carries) else { return };
        let Some(feed) = hall.power.feed(&named) else {
            section.fault("feed", format!("there is no feed `{named}`"), did_you_mean(&named, names()));
            return;
        };
        let capped = Capped { feed, carries: Watts(carries), first, lease };
        if let Err((message, help)) = capped.apply(Arc::make_mut(hall)) {
            section.fault("carries", message, help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Deed, NodeFault, Scenario, load};
    use plant::fault::Faults;

    const HEAD: &str =
        "name = \"test\"\nsummary = \"A test\"\nstart = \"2026-07-15T12:00Z\"\nduration = \"1h\"\nhall = \"air\"\n";
    const NODES: &str = "[nodes]\nkind = \"h100-quad\"\nper-rack = 5\njobs = \"mixed\"\n";
    const CAPPING: &str = "[capping]\nfeed = \"ups-a\"\ncarries = 700e3\nfirst = [\"row-a\"]\n";
    const KILL: &str = "[[event]]\nname = \"kill\"\nat = \"1min\"\nfor = \"1min\"\ndo = \"agents\"\ntarget = \"rack-a*\"\nevery = 2\nhow = \"agent-killed\"\n";

    fn read(rest: &str) -> Result<Scenario, Faults> {
        let (_, hall) = plant::shipped::HALLS.iter().find(|(known, _)| *known == "air").expect("shipped");
        load("test.toml", &format!("{HEAD}{rest}"), Ok(Arc::new(Hall::load("air", hall).expect("loads"))))
    }

    #[test]
    fn a_page_caps_its_hall_and_kills_its_agents() {
        let page =
            read(&format!("{NODES}[nodes.surge]\nat = \"20min\"\nfor = \"5min\"\n{CAPPING}{KILL}")).expect("sound");
        assert!(page.hall.power.capping.is_some());
        let Deed::Agents { nodes, how } = &page.events[0].deed else { panic!("{:?}", page.events[0]) };
        assert_eq!((nodes.len(), *how), (50, NodeFault::AgentKilled));
    }

    #[test]
    fn what_cannot_be_capped_is_told() {
        for (rest, said) in [
            (format!("{NODES}{}", CAPPING.replace("ups-a", "ups-x")), "there is no feed `ups-x`"),
            (format!("{NODES}{}", CAPPING.replace("row-a", "row-x")), "there is no row `row-x`"),
            (format!("{NODES}{}", CAPPING.replace("700e3", "400e3")), "with every GPU at its fail-safe"),
            (format!("{NODES}{}", CAPPING.replace("carries", "carry")), "`carries`"),
            (format!("{}{CAPPING}", NODES.replace('5', "4")), "other nodes stand in the racks"),
            (format!("{NODES}{KILL}"), "no agent caps the GPUs"),
            (format!("{NODES}{CAPPING}{}", KILL.replace("rack-a*", "rock-a*")), "there is no node `rock-a*`"),
            (format!("{NODES}{CAPPING}{}", KILL.replace("agent-killed", "agent-killd")), "did you mean"),
            (
                format!("{}[nodes.surge]\nat = \"20min\"\nfor = \"5min\"\n", NODES.replace("mixed", "training")),
                "only the fixed mix",
            ),
        ] {
            let faults = read(&rest).expect_err(said).to_string();
            assert!(faults.contains(said) && faults.contains("test.toml:"), "{said}: {faults}");
        }
    }
}
