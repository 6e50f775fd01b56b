//! After a start: the controller as the journal left it, and whether it may go on as if nothing had happened.
//!
//! Within one run of the machine monotonic time goes on, so the age of every sample and the length of the interruption are
//! known: control goes on from the last committed scan without a bump. After a reboot of the machine, with another hall, or
//! when too long has passed, a new boot begins: energy, alarms and overrides carry over, outputs begin at their fail-safe.

use std::sync::Arc;

use plant::hall::Hall;
use plant::id::{PointId, Table};
use plant::reading::Sample;
use plant::time::{Mono, Span, Tick};

use crate::control::Controller;
use crate::service::config::{Texts, rebuild};
use crate::service::journal::{Header, Recovered};
use crate::service::replay;

/// The longest interruption after which control goes on as if nothing had happened.
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

/// Brings the controller back from what the journal recovered. `header` is what the service runs with now.
#[must_use]
pub fn resume(hall: &Arc<Hall>, header: &Header, recovered: &Recovered, now: Mono) -> Resumed {
    let left = replay::resume(hall, recovered, |before| build(before).map_err(|faults| faults.to_string()));
    for incident in recovered.incidents.iter().chain(&left.incidents) {
        tracing::error!("{incident}");
    }
    let same = recovered.header.as_ref().is_some_and(|before| {
        let this = (&header.hall, &header.maps, &header.program);
        let machine = !header.machine.is_empty() && before.machine == header.machine;
        machine && (&before.hall, &before.maps, &before.program) == this && left.incidents.is_empty()
    });
    let fits = |samples: &Vec<Sample>| samples.len() == hall.points.len();
    if let (true, Some(last), Some(samples)) = (same, left.last, left.samples.filter(fits))
        && now >= last.mono
        && now.since(last.mono) <= BRIEF
    {
        let note = format!("control goes on after {:.1} s", now.since(last.mono).seconds());
        let samples = Some(samples.into_iter().collect());
        return Resumed { controller: left.controller, samples, last: Some(last), boot: last.boot, note };
    }
    let note = "a new boot: outputs begin at their fail-safe".to_owned();
    Resumed { controller: left.controller, samples: None, last: None, boot: recovered.boot, note }
}

fn build(header: &Header) -> Result<Arc<Hall>, plant::fault::Faults> {
    let (hall, maps, config) = (header.hall.clone(), header.maps.clone(), header.config.clone());
    rebuild(&Texts { hall, maps, config })
}
