//! A machine, or a part of it that wears out, is exchanged: a person says so, and its run-time begins anew, so that who runs next goes by
//! what stands there now.

use plant::event::{About, Commissioning, What};
use plant::hall::Hall;
use plant::id::{EquipId, PointId};
use plant::time::{Span, Tick};
use serde::{Deserialize, Serialize};

use super::State;
use super::equipment::Equipment;
use super::news::News;
use super::request::{Refusal, Reply};
use super::sequence::roster::RunTime;

/// The most hours that something which is put in may have run (h).
const MOST: f64 = 1e6;
/// An hour (s).
const HOUR: f64 = 3600.0;

/// What is exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// A chiller, a DX unit's compressors, a pump on a header, the fans of a tower or a dry cooler, the pump of a tank.
    Machine(EquipId),
    /// One of a CDU's pumps, by the output that is its speed.
    Drive(PointId),
}

/// What was put in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Put<'a> {
    /// Where.
    pub part: Part,
    /// For how long it has run elsewhere (h, 0 to 1e6).
    pub hours: f64,
    /// Why.
    pub reason: &'a str,
}

/// Counts its run-time anew.
///
/// # Errors
/// [`Refusal::Unknown`] for what has no run-time, [`Refusal::OutOfRange`] for hours that cannot be, [`Refusal::ReasonMissing`] without a reason.
pub fn exchange(hall: &Hall, state: &mut State, put: Put<'_>, tick: Tick) -> Result<Reply, Refusal> {
    if !(0.0..=MOST).contains(&put.hours) {
        return Err(Refusal::OutOfRange { min: 0.0, max: MOST });
    }
    if put.reason.trim().is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    let run = RunTime { life: Span::from_seconds(put.hours * HOUR), starts: 0 };
    let before = renew(hall, &mut state.equipment, (put.part, run)).ok_or(Refusal::Unknown)?;
    let about = match put.part {
        Part::Machine(equip) => About::Equip(equip),
        Part::Drive(point) => About::Point(point),
    };
    let hours = plant::convert::u32_from_f64_below(before.life.seconds() / HOUR);
    let what = What::Commissioning(Commissioning::Exchanged { hours });
    News::new(tick, &mut state.pending).info(about, what);
    let note = format!("its {hours} h and {} starts are over; it counts from {} h", before.starts, put.hours);
    Ok(Reply::Accepted { expires: None, note })
}

/// A part is another one from now on; what the one before had run, and nothing for what has no run-time.
fn renew(hall: &Hall, all: &mut Equipment, (part, run): (Part, RunTime)) -> Option<RunTime> {
    let Equipment { headers, plants, dx, cdus, dry, tanks, .. } = all;
    match part {
        Part::Drive(point) => cdus.renew(hall, (point, run)),
        Part::Machine(equip) => {
            let of = (equip, run);
            let here = plants.renew(hall, of).or_else(|| headers.renew(hall, of)).or_else(|| dx.renew(hall, of));
            here.or_else(|| dry.renew(hall, of)).or_else(|| tanks.renew(hall, of))
        }
    }
}
