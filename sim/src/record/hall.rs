//! A hall on record: every point's truth, the power of the hall as a whole, and which machines run.

use plant::hall::{Hall, Kind};
use plant::id::PointId;
use plant::point::{PointDef, Role};
use plant::time::{Span, Wall};
use plant::units::Unit;

use super::{Group, Recording, Signal};
use crate::kpi::Sign;
use crate::world::World;

/// Buckets of a signal: a day in steps of 15 s.
const MOST: usize = 6000;

/// Records a world. A clone is a snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorder {
    recording: Recording,
    sources: Vec<Source>,
    values: Vec<Option<f64>>,
}

/// Where a signal's value comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    Facility,
    It,
    Cooling,
    Runs(Sign),
    Truth(PointId),
}

impl Recorder {
    /// Nothing recorded yet of a run that begins at `start` and takes `length` in steps of `dt`. Points that the world does not
    /// model have no signal.
    #[must_use]
    pub fn new(hall: &Hall, world: &World, start: Wall, (length, dt): (Span, Span)) -> Self {
        let (mut signals, mut sources) = (Vec::new(), Vec::new());
        let mut add = |name: &str, unit: &str, group: Group, source: Source| {
            signals.push(Signal { name: name.to_owned(), unit: unit.to_owned(), group });
            sources.push(source);
        };
        add("facility-power", Unit::Watt.pretty(), Group::Facility, Source::Facility);
        add("it-power", Unit::Watt.pretty(), Group::It, Source::It);
        add("cooling-power", Unit::Watt.pretty(), Group::Cooling, Source::Cooling);
        for (_, equip) in hall.equips.iter() {
            if let Some(sign) = Sign::of(hall, equip).filter(|sign| sign.runs(world).is_some()) {
                add(&equip.name, "", Group::Running, Source::Runs(sign));
            }
        }
        for (id, point) in hall.points.iter().filter(|(id, _)| world.truth(*id).is_some()) {
            let kind = hall.equips.get(point.equip).map_or(Kind::Meter, |e| e.kind);
            add(&point.name, point.unit.pretty(), group(kind, point), Source::Truth(id));
        }
        let steps = length.nanos().checked_div(dt.nanos()).unwrap_or(0).saturating_add(1);
        let most = plant::convert::usize_from_u64(steps).min(MOST);
        Self { values: vec![None; sources.len()], recording: Recording::new(start, signals, dt, most), sources }
    }

    /// Records the step that the world has just made.
    pub fn take(&mut self, dt: Span, world: &World) {
        let chain = world.chain();
        for (value, source) in self.values.iter_mut().zip(&self.sources) {
            *value = match source {
                Source::Facility => Some(chain.facility()),
                Source::It => Some(chain.it),
                Source::Cooling => Some(chain.cooling),
                Source::Runs(sign) => sign.runs(world).map(f64::from),
                Source::Truth(point) => world.truth(*point),
            };
        }
        self.recording.step(dt, &self.values);
    }

    /// The record, to put marks on it.
    pub const fn recording_mut(&mut self) -> &mut Recording {
        &mut self.recording
    }

    /// The record.
    #[must_use]
    pub fn finish(self) -> Recording {
        self.recording
    }
}

/// What a point is to the hall.
fn group(kind: Kind, point: &PointDef) -> Group {
    let position = point.role == Role::Sensor && point.short_name().ends_with("feedback");
    match (point.unit, kind) {
        (Unit::Cel, Kind::Rack) if point.short_name() == "inlet-air-temp" => Group::Inlet,
        (Unit::Cel, Kind::Rack) => Group::Other,
        (Unit::Cel, _) => Group::Temperature,
        (Unit::Percent, _) if position => Group::Duty,
        (_, _) => Group::Other,
    }
}

#[cfg(test)]
mod tests {
    use plant::image::Outputs;
    use plant::time::{Mono, Tick};

    use super::*;

    #[test]
    fn every_modelled_point_is_on_record_with_what_it_was() {
        let text = |all: &[(&str, &'static str)]| all.iter().find(|(n, _)| *n == "liquid").expect("shipped").1;
        let hall = Hall::load("liquid", text(plant::shipped::HALLS)).expect("loads");
        let mut world = World::load(&hall, "liquid", text(crate::shipped::HALLS)).expect("loads");
        let (dt, length) = (Span::from_secs(5), Span::from_secs(50));
        let mut recorder = Recorder::new(&hall, &world, Wall(0), (length, dt));
        for seq in 0..10 {
            let mono = Mono(dt.times(seq + 1).nanos());
            let tick = Tick { seq, dt, mono, wall: Wall(0), clock_trusted: true, boot: 1 };
            world.step(&Outputs::default(), tick);
            recorder.take(dt, &world);
        }
        let recording = recorder.finish();
        assert_eq!((recording.len(), recording.elapsed()), (10, length));
        let modelled = hall.points.iter().filter(|(id, _)| world.truth(*id).is_some()).count();
        let named = |name: &str| recording.signals().iter().position(|s| s.name == name).expect("a signal");
        assert!(recording.signals().len() > modelled + 3, "and the machines that run");
        for name in ["cdu-1/supply-temp", "fws/flow", "rack-a01/inlet-air-temp"] {
            let point = hall.point(name).expect("a point");
            let last = recording.series(named(name)).flatten().last().expect("a value");
            assert_eq!(Some(last.mean), world.truth(point), "{name}");
        }
        let group = |name: &str| recording.signals().get(named(name)).map(|s| s.group);
        assert_eq!(group("rack-a01/inlet-air-temp"), Some(Group::Inlet));
        assert_eq!(group("cdu-1/supply-temp"), Some(Group::Temperature));
        assert_eq!(group("cdu-1/valve-feedback"), Some(Group::Duty));
        assert_eq!(group("trim"), Some(Group::Running));
    }
}
