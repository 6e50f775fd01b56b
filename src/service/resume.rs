//! After a start: the controller as the journal left it, and whether it may go on as if nothing had happened.
//!
//! Within one run of the machine monotonic time goes on, so the age of every sample and the length of the interruption are
//! known: control goes on from the last committed scan without a bump. After a reboot of the machine, or when too long has
//! passed, a new boot begins: energy, alarms and overrides carry over, outputs begin at their fail-safe.

use std::sync::Arc;

use plant::hall::Hall;
use plant::id::{PointId, Table};
use plant::image::Inputs;
use plant::reading::Sample;
use plant::time::{Mono, Span, Tick};

use crate::control::request::Request;
use crate::control::{Controller, State};
use crate::service::journal::{Header, Images, Record, Recovered};

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
    let fresh = |note: String| Resumed {
        controller: Controller::new(Arc::clone(hall)),
        samples: None,
        last: None,
        boot: recovered.boot,
        note,
    };
    let (Some(snapshot), Some(before)) = (&recovered.snapshot, &recovered.header) else {
        return fresh("nothing recorded: begins anew".to_owned());
    };
    if (&before.hall, &before.maps, &before.program) != (&header.hall, &header.maps, &header.program) {
        return fresh("the hall, a device map or the program is another than before: begins anew".to_owned());
    }
    let (Ok(state), Ok(images)) = (postcard::from_bytes::<State>(&snapshot.state), snapshot.images()) else {
        return fresh("the recorded state cannot be read: begins anew".to_owned());
    };
    let controller = Controller::restore(Arc::clone(hall), state);
    let mut walk = Walk { controller, images, last: snapshot.tick, inputs: Inputs::unread(0) };
    let records = recovered.tail.records().take_while(|record| walk.take(record)).count();
    let same_machine = !header.machine.is_empty() && before.machine == header.machine;
    let away = now.since(walk.last.mono);
    if same_machine && now >= walk.last.mono && away <= BRIEF {
        return Resumed {
            samples: Some(walk.images.samples.into_iter().collect()),
            last: Some(walk.last),
            boot: walk.last.boot,
            note: format!("goes on after {:.1} s, {records} records after the last snapshot", away.seconds()),
            controller: walk.controller,
        };
    }
    let note = "a new boot: energy, alarms and overrides carry over, outputs begin at their fail-safe".to_owned();
    Resumed { controller: walk.controller, samples: None, last: None, boot: recovered.boot, note }
}

struct Walk {
    controller: Controller,
    images: Images,
    last: Tick,
    inputs: Inputs,
}

impl Walk {
    /// Runs one record again; false when the rest cannot be.
    fn take(&mut self, record: &Record) -> bool {
        match record {
            Record::Scan(scan) => {
                if scan.apply(&mut self.images).is_err() {
                    return false;
                }
                self.inputs.samples = self.images.samples.iter().copied().collect();
                self.inputs.reports.clone_from(&scan.reports);
                self.inputs.reload.clone_from(&scan.reload);
                self.controller.step(&self.inputs, scan.tick);
                self.last = scan.tick;
                true
            }
            Record::Answer(answer) => match postcard::from_bytes::<Request>(&answer.request) {
                Ok(request) => {
                    // The reply was given then; what counts now is the state that it left.
                    let _given = self.controller.answer(&request, answer.tick);
                    true
                }
                Err(_) => false,
            },
            Record::Snapshot(_) => true,
            Record::Gap(_) => false,
        }
    }
}
