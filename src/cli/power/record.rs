//! A journal's scans, one by one, with the hall of each start of the service.

use std::path::Path;
use std::sync::Arc;

use plant::hall::Hall;
use plant::time::Tick;
use serde::Serialize;
use wattloop::service::config::{Texts, rebuild};
use wattloop::service::journal::{Boot, Entry, Images, Reader, Record, Scan};

use crate::cli::Stop;

/// Who looks at recorded scans.
pub(super) trait Visitor {
    /// A start of the service, in this hall; false where it is to be left out.
    fn begin(&mut self, hall: &Arc<Hall>) -> bool;
    /// A scan of that start, and all that was known in it.
    fn scan(&mut self, images: &Images, tick: Tick);
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Walked {
    /// For how long load was recorded (s).
    pub recorded_s: f64,
    /// Starts that were left out, or whose hall cannot be built again.
    pub starts_left_out: u64,
    /// Interruptions and damage.
    pub interruptions: u64,
}

/// One start of the service, on the way through it.
struct Start<'v> {
    visitor: &'v mut dyn Visitor,
    /// Nothing while what follows cannot be told: before a snapshot, after an interruption.
    images: Option<Images>,
    seconds: f64,
    interruptions: u64,
}

impl Start<'_> {
    fn take(&mut self, entry: Entry) {
        let broken = match entry {
            Entry::Damage(_) => true,
            Entry::Record(record) => match *record {
                Record::Snapshot(snapshot) => {
                    self.images = snapshot.images().ok();
                    self.images.is_none()
                }
                Record::Scan(scan) => self.scan(&scan),
                Record::Answer(_) => false,
                Record::Gap(_) => true,
            },
        };
        if broken {
            self.images = None;
            self.interruptions = self.interruptions.saturating_add(1);
        }
    }

    /// True where a scan does not fit what was before it.
    fn scan(&mut self, scan: &Scan) -> bool {
        let Some(images) = &mut self.images else { return false };
        if scan.apply(images).is_err() {
            return true;
        }
        self.seconds += scan.tick.dt.seconds();
        self.visitor.scan(images, scan.tick);
        false
    }
}

/// Shows a journal's scans, or says why there are none. `named` is true for one that somebody has named: it must be there.
pub(super) fn walk(visitor: &mut dyn Visitor, path: &Path, named: bool) -> Result<Result<Walked, String>, Stop> {
    let bad =
        |e: String| Stop::new(65, "bad_journal", format!("{}: {e}", path.display()), "name another with --journal");
    if !named && !path.try_exists().map_err(|e| Stop::io(&path.display().to_string(), &e))? {
        return Ok(Err(format!("{} is not there: no load is recorded", path.display())));
    }
    let reader = Reader::open(path).map_err(|e| bad(e.to_string()))?;
    let mut walked = Walked::default();
    let mut built: Option<(Texts, Arc<Hall>)> = None;
    for Boot { number, header } in reader.boots().map_err(|e| bad(e.to_string()))? {
        let texts = header.map(|header| Texts::recorded(&header));
        if texts.is_none() || built.as_ref().map(|(of, _)| of) != texts.as_ref() {
            built = texts.and_then(|texts| rebuild(&texts).ok().map(|site| (texts, site.hall)));
        }
        if !built.as_ref().is_some_and(|(_, hall)| visitor.begin(hall)) {
            walked.starts_left_out = walked.starts_left_out.saturating_add(1);
            continue;
        }
        let mut start = Start { visitor: &mut *visitor, images: None, seconds: 0.0, interruptions: 0 };
        reader.visit(number, |entry| start.take(entry)).map_err(|e| bad(e.to_string()))?;
        walked.recorded_s += start.seconds;
        walked.interruptions = walked.interruptions.saturating_add(start.interruptions);
    }
    if walked.recorded_s <= 0.0 {
        let left = walked.starts_left_out;
        let out = if left > 0 { format!("; starts of another hall, or damaged: {left}") } else { String::new() };
        return Ok(Err(format!("{} holds no scan of this hall{out}", path.display())));
    }
    Ok(Ok(walked))
}
