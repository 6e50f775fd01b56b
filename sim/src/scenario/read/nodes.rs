//! `[nodes]`: the machines one by one, from the file.

use std::sync::Arc;

use plant::hall::Hall;
use plant::read::{Section, did_you_mean};
use plant::time::Span;

use super::Page;
use crate::compute::fixed::{self, Surge};
use crate::compute::fleet::{Jobs, Spec};
use crate::scenario::expression::fits;
use crate::scenario::{Deed, NodeFault, Nodes};

/// Nodes that a rack may have.
const PER_RACK: (i64, i64) = (1, 64);

impl Page<'_> {
    /// A shipped kind is read at once; what is in files of their own is left to whoever reads files.
    pub(super) fn nodes(&self, hall: &Hall, warm_up: Span) -> Option<Nodes> {
        let section = self.root.section("nodes")?;
        let kind: Option<String> = section.need("kind");
        let per_rack = section.whole("per-rack", PER_RACK);
        if !section.has("per-rack") {
            section.missing("per-rack", "write how many nodes stand in a rack");
        }
        let (cap, jobs) = (section.within("cap-w", (1.0, 1e5)), section.maybe::<String>("jobs"));
        let surge = surge(&section, warm_up);
        section.done();
        let (kind, per_rack) = (kind?, usize::try_from(per_rack?).ok()?);
        let racks: usize = hall.rows.rows().iter().map(|row| row.racks.len()).sum();
        if racks == 0 || !hall.machinery.cdus.is_empty() {
            let message = format!("the machines of `{}` are not in air alone", hall.name);
            section.fault("kind", message, "nodes stand in racks that air cools; take a hall such as `air`");
            return None;
        }
        let fixed = match jobs.as_deref() {
            Some("mixed") => Some(fixed::mixed((racks, per_rack), surge)),
            Some("training") => Some(fixed::training((racks, per_rack))),
            Some(_) | None => None,
        };
        if surge.is_some() && jobs.as_deref() != Some("mixed") {
            section.fault(
                "surge",
                "only the fixed mix knows a surge",
                "write `jobs = \"mixed\"`, or take `[nodes.surge]` away",
            );
        }
        let jobs_file = jobs.filter(|_| fixed.is_none());
        let mut nodes = Nodes { per_rack, cap, kind_file: None, jobs_file, spec: None };
        if kind.ends_with(".toml") {
            nodes.kind_file = Some(kind);
            return Some(nodes);
        }
        let Some((name, text)) = crate::shipped::NODES.iter().find(|(name, _)| *name == kind) else {
            let known = crate::shipped::NODES.iter().map(|(name, _)| *name);
            let help = format!("{}; or name a file `….toml` beside the page", did_you_mean(&kind, known));
            section.fault("kind", format!("there is no kind of node `{kind}`"), help);
            return None;
        };
        match Spec::load(name, text, (per_rack, racks)) {
            Ok(spec) => {
                if let Err((message, help)) = spec.fits(hall) {
                    section.fault("per-rack", message, help);
                }
                if hall.power.capping.is_some() && !stands_as_drawn(hall, (per_rack, racks), &spec) {
                    let message =
                        "other nodes stand in the racks than the hall's file says, whose caps would be for nobody";
                    section.fault("per-rack", message, "write as many as its `[[node]]` does, of as many GPUs");
                }
                let jobs = fixed.map_or(spec.jobs.clone(), |jobs| Jobs::Trace(jobs.into()));
                nodes.spec = Some(Arc::new(Spec { cap, jobs, ..spec }));
            }
            Err(faults) => section.fault("per-rack", faults.to_string(), "write more nodes"),
        }
        Some(nodes)
    }
}

/// Whether each rack has the nodes that the hall's file says.
fn stands_as_drawn(hall: &Hall, (per_rack, racks): (usize, usize), spec: &Spec) -> bool {
    let nodes = &hall.power.nodes;
    let alike = |node: &plant::hall::power::Node| f64::from(node.gpus).to_bits() == spec.build.gpus().to_bits();
    nodes.len() == per_rack.saturating_mul(racks)
        && nodes.iter().enumerate().all(|(n, node)| node.rack == n / per_rack.max(1) && alike(node))
}

/// `[nodes.surge]`: `at` after the warm-up, `within` and `for`.
fn surge(of: &Section<'_>, warm_up: Span) -> Option<Surge> {
    let section = of.section("surge")?;
    let (at, lasts): (Option<Span>, Option<Span>) = (section.need("at"), section.need("for"));
    let within = section.span("within", Span::from_secs(20), (Span::ZERO, Span::from_secs(3600)));
    section.done();
    let (at, within) = (warm_up.seconds() + at?.seconds(), within.seconds());
    Some(Surge { at, within, lasts: lasts?.seconds().max(1.0) })
}

/// `do = "agents"`: the nodes that `target` names, and `how`; with `every = n` every n-th of them.
pub(super) fn agents(hall: &Hall, section: &Section<'_>) -> Option<Deed> {
    let target = section.or("target", "*".to_owned());
    let how = section.need_word("how", &NodeFault::WORDS);
    let part = section.whole("every", (1, 1000)).unwrap_or(1);
    if hall.power.capping.is_none() {
        section.fault("do", "no agent caps the GPUs of this hall", "add `[capping]`");
        return None;
    }
    let named = || hall.power.nodes.iter().enumerate().filter(|(_, node)| fits(&target, &node.name));
    let found: Vec<usize> =
        named().map(|(place, _)| place).step_by(usize::try_from(part).unwrap_or(1).max(1)).collect();
    if found.is_empty() {
        let help = did_you_mean(&target, hall.power.nodes.iter().map(|node| node.name.as_str()));
        section.fault("target", format!("there is no node `{target}`"), help);
        return None;
    }
    Some(Deed::Agents { nodes: found, how: how? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Deed, load};

    const HEAD: &str = "name = \"test\"\nsummary = \"A test\"\nstart = \"2026-07-15T12:00Z\"\nduration = \"1h\"\n";

    #[test]
    fn nodes_want_racks_in_air_that_can_feed_them() {
        let read = |name: &str, rest: &str| {
            let hall = plant::shipped::HALLS.iter().find(|(known, _)| *known == name).expect("shipped");
            let hall = Arc::new(Hall::load(name, hall.1).expect("loads"));
            let page = format!("{HEAD}hall = \"{name}\"\n");
            load("test.toml", &format!("{page}{rest}"), Ok(hall))
        };
        let nodes = "[nodes]\nkind = \"h100-quad\"\nper-rack = 5\n";
        let cap = "[[event]]\nname = \"cap\"\nat = \"1min\"\ndo = \"cap\"\ntarget = \"rack-a*\"\nwatts = 400\n";
        let page = read("air", &format!("{nodes}cap-w = 650\n{cap}")).expect("sound");
        assert_eq!(page.nodes.expect("nodes").spec.expect("shipped").cap, Some(650.0));
        assert!(
            matches!(&page.events[0].deed, Deed::Cap { racks, watts: 400.0 } if *racks == (0..20).collect::<Vec<_>>())
        );
        let load_event = "[[event]]\nname = \"work\"\nat = \"1min\"\ndo = \"load\"\nshare = 0.5\n";
        for (hall, rest, said) in [
            ("liquid", nodes.to_owned(), "not in air alone"),
            ("immersion", nodes.to_owned(), "not in air alone"),
            ("air", nodes.replace('5', "6"), "write at most 5"),
            ("air", nodes.replace("quad", "quid"), "did you mean `h100-quad`"),
            ("air", "[nodes]\nkind = \"h100-quad\"\n".to_owned(), "`per-rack`"),
            ("air", format!("{nodes}{load_event}"), "not at a share of a nameplate"),
            ("air", cap.to_owned(), "no GPUs to cap"),
            ("air", format!("{nodes}{}", cap.replace("rack-a*", "rock-a*")), "there is no rack `rock-a*`"),
        ] {
            let faults = read(hall, &rest).expect_err(said).to_string();
            assert!(faults.contains(said), "{said}: {faults}");
            assert!(faults.contains("test.toml:"), "{faults}");
        }
    }
}
