//! After a start: the controller as the journal left it, and whether it may go on as if nothing had happened.
//!
//! Within one run of the machine monotonic time goes on, so the age of every sample and the length of the interruption are
//! known: control goes on from the last committed scan, its outputs from what the devices hold, without a bump. A new boot begins
//! after a reboot of the machine, with another hall or tariff, after a gap in the record, or when so long has passed that a device may have
//! fallen back by itself: then energy, alarms and overrides carry over, and outputs begin at their fail-safe.

use plant::id::{PointId, Table};
use plant::reading::Sample;
use plant::time::{Mono, Span, Tick};

use crate::control::{Controller, Site};
use crate::service::config::{Texts, rebuild, same_but_for_strategies};
use crate::service::journal::{Header, Recovered};
use crate::service::replay;

/// The longest interruption after which control goes on as if nothing had happened, however patient the devices.
pub const BRIEF: Span = Span::from_secs(30);

/// Where a service begins.
pub struct Resumed {
    /// The controller.
    pub controller: Controller,
    /// The samples it saw last; nothing when a new boot begins.
    pub samples: Option<Table<PointId, Sample>>,
    /// The last tick before the interruption, when control goes on.
    pub last: Option<Tick>,
    /// The last tick of the record, and whether it was in this run of the machine; nothing where nothing is recorded.
    pub left: Option<(Tick, bool)>,
    /// This boot's number for control's ticks.
    pub boot: u32,
    /// What there is to say about it.
    pub note: String,
}

/// What is known of the time between.
#[derive(Clone, Copy, Debug)]
pub struct Between {
    /// Now.
    pub now: Mono,
    /// The shortest time after which a device falls back by itself; nothing when none does.
    pub loss: Option<Span>,
}

/// Brings the controller back from what the journal recovered. `header` is what the service runs with now.
#[must_use]
pub fn resume(site: &Site, header: &Header, recovered: &Recovered, between: Between) -> Resumed {
    let of = |before: &Header| rebuild(&Texts::recorded(before)).map_err(|faults| faults.to_string());
    let left = replay::resume(site, recovered, of);
    for incident in recovered.incidents.iter().chain(&left.incidents) {
        tracing::error!("{incident}");
    }
    let whole = recovered.incidents.is_empty() && left.incidents.is_empty();
    let before = recovered.header.as_ref().filter(|before| !before.machine.is_empty());
    let same_machine = before.is_some_and(|before| before.machine == header.machine);
    let same_run = same_machine && before.is_some_and(|before| before.program == header.program);
    let at_last = left.last.map(|last| (last, same_machine));
    let same = |before: &Site| same_but_for_strategies(&before.hall, &site.hall) && before.tariff == site.tariff;
    let same_site = left.site.as_ref().is_some_and(same);
    // A device's patience has run since the last refresh, which is never longer ago than a third of it.
    let patience = between.loss.map_or(BRIEF, |loss| Span::from_nanos(loss.nanos() / 2).min(BRIEF));
    let brief = left.last.filter(|last| between.now >= last.mono && between.now.since(last.mono) <= patience);
    let fits = |samples: &Vec<Sample>| samples.len() == site.hall.points.len();
    if let (Some(last), Some(samples)) = (brief, left.samples.filter(fits))
        && whole
        && same_run
        && same_site
    {
        let note = format!("control goes on after {:.1} s", between.now.since(last.mono).seconds());
        let samples = Some(samples.into_iter().collect());
        return Resumed {
            controller: left.controller,
            samples,
            last: Some(last),
            left: at_last,
            boot: last.boot,
            note,
        };
    }
    let mut note = "a new boot: outputs begin at their fail-safe".to_owned();
    let mut controller = left.controller;
    if !whole && controller.lose_leases() {
        note.push_str("; what was known of leases is lost");
    }
    Resumed { controller, samples: None, last: None, left: at_last, boot: recovered.boot, note }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plant::hall::Hall;
    use plant::image::Inputs;
    use plant::time::Wall;

    use super::*;
    use crate::control::ledger::{Rules, Tenant};
    use crate::control::tariff::Tariff;
    use crate::service::journal::{Journal, Options};
    use crate::service::layout::layout;

    /// A site with this price of energy, and what its journal says of it.
    fn priced(price: &str) -> (Site, Header) {
        let (_, hall) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("shipped");
        let tariff = format!(
            "name = \"t\"\nsummary = \"s\"\ncurrency = \"EUR\"\nzone = \"UTC\"\n[[energy]]\nname = \"e\"\nprice = {price}\n"
        );
        let read = (Hall::load("bench", hall).expect("loads"), Tariff::load("t.toml", &tariff).expect("loads"));
        let site = Site { tariff: Some(Arc::new(read.1)), ..Arc::new(read.0).into() };
        let config = "hall = \"bench\"\n[tariff]\nfile = \"t.toml\"\n".to_owned();
        let header = Header {
            hall: ("bench".to_owned(), (*hall).to_owned()),
            config,
            tariff: Some(("t.toml".to_owned(), tariff)),
            machine: "this run".to_owned(),
            layout: layout(&site),
            ..Header::default()
        };
        (site, header)
    }

    #[test]
    fn a_journal_that_is_set_aside_has_lost_its_leases_and_a_new_one_has_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal.db");
        let (site, header) = priced("0.1");
        let leases = Rules { tenants: vec![Tenant::plain("slurm")], ..Rules::default() };
        let lends = Site { leases: Some(leases), ..site.clone() };
        let between = Between { now: Mono(3_000_000_000), loss: None };
        let start = |site: &Site| {
            let (journal, recovered) = Journal::open(&path, &header, Options::default()).expect("opens");
            journal.close();
            resume(site, &header, &recovered, between)
        };
        let new = start(&lends);
        assert!(new.controller.leases_unread() && !new.note.contains("lost"), "{}", new.note);
        for (site, lost) in [(&lends, true), (&site, false)] {
            std::fs::write(&path, [b'x'; 9000]).expect("writes");
            let aside = start(site);
            assert_eq!(aside.note.ends_with("what was known of leases is lost"), lost, "{}", aside.note);
        }
    }

    #[test]
    fn another_tariff_is_another_boot() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal.db");
        let (site, header) = priced("0.1");
        let mut control = Controller::new(site.clone());
        let (mut journal, recovered) = Journal::open(&path, &header, Options::default()).expect("opens");
        let tick = Tick {
            seq: 1,
            dt: Span::from_secs(1),
            mono: Mono(1_000_000_000),
            wall: Wall(0),
            boot: recovered.boot,
            ..Tick::default()
        };
        let inputs = Inputs::unread(site.hall.points.len());
        journal.record_snapshot(Tick { seq: 0, ..tick }, control.state());
        control.step(&inputs, tick);
        journal.record_scan(tick, &inputs, control.outputs());
        journal.close();
        let between = Between { now: Mono(3_000_000_000), loss: None };
        let next = |price: &str| {
            let (site, header) = priced(price);
            let (journal, recovered) = Journal::open(&path, &header, Options::default()).expect("opens");
            journal.close();
            resume(&site, &header, &recovered, between)
        };
        let same = next("0.1");
        assert_eq!((same.last.map(|tick| tick.seq), same.note.as_str()), (Some(1), "control goes on after 2.0 s"));
        let dearer = next("0.2");
        assert_eq!(dearer.last, None, "{}", dearer.note);
        let price = dearer.controller.tariff().and_then(|tariff| tariff.price_at(Wall(0), None));
        assert_eq!(price.map(|price| price.to_string()).as_deref(), Some("0.2"));
    }
}
