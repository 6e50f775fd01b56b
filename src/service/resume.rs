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
const BRIEF: Span = Span::from_secs(30);

/// Where a service begins.
pub struct Resumed {
    /// The controller.
    pub controller: Controller,
    /// The samples it saw last; nothing when a new boot begins.
    pub samples: Option<Table<PointId, Sample>>,
    /// The last tick before the interruption, when control goes on.
    pub last: Option<Tick>,
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
    let run = |header: &Header| (!header.machine.is_empty()).then(|| (header.machine.clone(), header.program.clone()));
    let same_run = recovered.header.as_ref().and_then(run).is_some_and(|before| Some(before) == run(header));
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
        return Resumed { controller: left.controller, samples, last: Some(last), boot: last.boot, note };
    }
    let note = "a new boot: outputs begin at their fail-safe".to_owned();
    Resumed { controller: left.controller, samples: None, last: None, boot: recovered.boot, note }
}
