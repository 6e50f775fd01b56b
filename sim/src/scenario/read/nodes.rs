//! `[nodes]`: the machines one by one, from the file.

use std::sync::Arc;

use plant::hall::Hall;
use plant::read::did_you_mean;

use super::Page;
use crate::compute::fleet::Spec;
use crate::scenario::Nodes;

/// Nodes that a rack may have.
const PER_RACK: (i64, i64) = (1, 64);

impl Page<'_> {
    /// A shipped kind is read at once; what is in files of their own is left to whoever reads files.
    pub(super) fn nodes(&self, hall: &Hall) -> Option<Nodes> {
        let section = self.root.section("nodes")?;
        let kind: Option<String> = section.need("kind");
        let per_rack = section.whole("per-rack", PER_RACK);
        if !section.has("per-rack") {
            section.missing("per-rack", "write how many nodes stand in a rack");
        }
        let (cap, jobs_file) = (section.within("cap-w", (1.0, 1e5)), section.maybe("jobs"));
        section.done();
        let (kind, per_rack) = (kind?, usize::try_from(per_rack?).ok()?);
        let racks: usize = hall.rows.rows().iter().map(|row| row.racks.len()).sum();
        if racks == 0 || !hall.machinery.cdus.is_empty() {
            let message = format!("the machines of `{}` are not in air alone", hall.name);
            section.fault("kind", message, "nodes stand in racks that air cools; take a hall such as `air`");
            return None;
        }
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
                nodes.spec = Some(Arc::new(Spec { cap, ..spec }));
            }
            Err(faults) => section.fault("per-rack", faults.to_string(), "write more nodes"),
        }
        Some(nodes)
    }
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
