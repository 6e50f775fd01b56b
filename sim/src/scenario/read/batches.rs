//! `[[batch]]` of a page: jobs that ask for leases.

use plant::hall::Hall;
use plant::read::{Section, did_you_mean};
use plant::time::Span;

use super::Page;
use crate::scenario::batch::{Batch, Bends};
use crate::scenario::expression::fits;
use crate::scenario::{Nodes, Pilot};

impl Page<'_> {
    /// Every batch that could be read.
    pub(super) fn batches(&self, hall: &Hall, (nodes, pilot): (Option<&Nodes>, Pilot)) -> Vec<Batch> {
        let mut taken: Vec<usize> = Vec::new();
        let mut all = Vec::new();
        let planned = hall.power.peaks.as_ref().is_some_and(|peaks| peaks.plan);
        for section in self.root.sections("batch") {
            let batch = batch(hall, &section);
            section.done();
            if batch.as_ref().is_some_and(|batch| batch.plan) && !planned {
                let help = "add `[peaks]` with `plan = true`, and `prices`";
                section.fault("plan", "nobody makes a plan here", help);
            }
            if nodes.is_none() || hall.power.capping.is_none() || pilot != Pilot::Wattloop {
                let help = "add `[nodes]` and `[capping]`, and leave `controller` out";
                section.fault("name", "jobs that ask for power run on nodes whose GPUs wattloop caps", help);
            }
            let Some(batch) = batch else { continue };
            if let Some(rack) = batch.jobs.iter().flatten().find(|rack| taken.contains(rack)) {
                let name = hall.fed_rack(*rack);
                section.fault("racks", format!("`{name}` has jobs of a batch above"), "give each batch its own racks");
            }
            taken.extend(batch.jobs.iter().flatten());
            all.push(batch);
        }
        all
    }
}

fn batch(hall: &Hall, section: &Section<'_>) -> Option<Batch> {
    let (name, targets) = (section.need_name("name"), section.need::<Vec<String>>("racks"));
    let each = section.whole("each", (1, 100)).unwrap_or(1);
    let at = section.or("at", Span::ZERO);
    let (work, asks) = (section.need::<Span>("work"), section.maybe::<Span>("asks"));
    let deadline = section.need::<Span>("deadline");
    let bends = section.need_word("class", &Bends::WORDS);
    let floor = section.within("floor", (0.0, 1.0)).unwrap_or(0.0);
    let priority = section.whole("priority", (-1000, 1000)).unwrap_or(100);
    let (plan, checkpoint) = (section.or("plan", false), section.or("checkpoint", Span::ZERO));
    let (work, deadline, targets) = (work?, deadline?, targets?);
    let asks = asks.unwrap_or(work);
    if work == Span::ZERO || asks < work {
        section.fault(
            "work",
            format!("a job of {work} asks for {asks}"),
            "write a length, and at least that for `asks`",
        );
    }
    let names = || (0..hall.power.racks.len()).map(|rack| hall.fed_rack(rack));
    for target in targets.iter().filter(|target| !names().any(|name| fits(target, name))) {
        section.fault("racks", format!("there is no rack `{target}`"), did_you_mean(target, names()));
    }
    let fits = |name: &str| targets.iter().any(|target| fits(target, name));
    let found: Vec<usize> = names().enumerate().filter(|(_, name)| fits(name)).map(|(n, _)| n).collect();
    let jobs = found.chunks_exact(usize::try_from(each).ok()?.max(1)).map(<[usize]>::to_vec).collect();
    let priority = i32::try_from(priority).ok()?;
    Some(Batch { name: name?, jobs, at, work, asks, deadline, bends: bends?, floor, priority, plan, checkpoint })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::scenario::{Scenario, load};
    use plant::fault::Faults;

    const HEAD: &str =
        "name = \"test\"\nsummary = \"A test\"\nstart = \"2026-07-15T12:00Z\"\nduration = \"1h\"\nhall = \"air\"\n";
    const NODES: &str =
        "[nodes]\nkind = \"h100-quad\"\nper-rack = 5\njobs = \"mixed\"\n[capping]\nfeed = \"ups-a\"\ncarries = 700e3\n";
    const BATCH: &str = "[[batch]]\nname = \"train\"\nracks = [\"rack-b0*\"]\neach = 2\nwork = \"1h\"\nasks = \"70min\"\ndeadline = \"3h\"\nclass = \"interruptible\"\n";

    fn read(rest: &str) -> Result<Scenario, Faults> {
        let (_, hall) = plant::shipped::HALLS.iter().find(|(known, _)| *known == "air").expect("shipped");
        load("test.toml", &format!("{HEAD}{rest}"), Ok(Arc::new(Hall::load("air", hall).expect("loads"))))
    }

    #[test]
    fn a_batch_has_a_job_for_so_many_racks_each() {
        let page = read(&format!("{NODES}{BATCH}")).expect("sound");
        let batch = &page.batches[0];
        assert_eq!(batch.jobs.len(), 4, "of nine racks one is over");
        assert_eq!(page.hall.fed_rack(batch.jobs[1][0]), "rack-b03");
        assert_eq!((batch.bends, batch.asks, batch.priority), (Bends::Interruptible, Span::from_secs(4200), 100));
        assert_eq!((batch.plan, batch.checkpoint), (false, Span::ZERO));
    }

    #[test]
    fn a_batch_may_leave_its_start_to_a_plan() {
        let plan = "[peaks]\nmost = 700e3\nplan = true\n";
        let page =
            read(&format!("prices = \"evening-peak\"\n{NODES}{plan}{BATCH}plan = true\ncheckpoint = \"15min\"\n"));
        let batch = &page.expect("sound").batches[0];
        assert_eq!((batch.plan, batch.checkpoint), (true, Span::from_secs(900)));
    }

    #[test]
    fn what_cannot_run_is_told() {
        for (rest, said) in [
            (BATCH.to_owned(), "whose GPUs wattloop caps"),
            (format!("{NODES}{}", BATCH.replace("rack-b0*", "rock-b*")), "there is no rack `rock-b*`"),
            (format!("{NODES}{}", BATCH.replace("70min", "50min")), "a job of 60min asks for 50min"),
            (format!("{NODES}{BATCH}{}", BATCH.replace("train", "more")), "has jobs of a batch above"),
            (format!("{NODES}{}", BATCH.replace("interruptible", "soft")), "`class`"),
            (format!("{NODES}{BATCH}plan = true\n"), "nobody makes a plan here"),
        ] {
            let faults = read(&rest).expect_err(said).to_string();
            assert!(faults.contains(said) && faults.contains("test.toml:"), "{said}: {faults}");
        }
    }
}
