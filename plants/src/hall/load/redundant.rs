//! `[[redundant]]`: points that more than one sensor measures.

use super::Draft;
use crate::hall::redundant::Redundant;
use crate::id::PointId;
use crate::point::{PointDef, Role};
use crate::read::{Section, did_you_mean};
use crate::time::Span;

const SECOND: Span = Span::from_secs(1);
const HOUR: Span = Span::from_secs(3600);

impl Draft {
    /// Reads every `[[redundant]]`, and adds the points of the sensors besides the first. After all equipment, so that no other point
    /// moves.
    pub(super) fn redundant(&mut self, file: &Section<'_>) -> Vec<Redundant> {
        let mut found = Vec::new();
        for section in file.sections("redundant") {
            let of = self.measured(&section, &found);
            let sensors: Option<i64> = if section.has("sensors") { section.whole("sensors", (2, 3)) } else { Some(3) };
            if !section.has("deviation") {
                section
                    .missing("deviation", "write `deviation = …`, in the point's unit: how far sensors may be apart");
            }
            let deviation = section.within("deviation", (1e-6, 1e9));
            let after = section.span("after", Span::from_secs(30), (SECOND, HOUR));
            let again = section.span("again", Span::from_secs(300), (SECOND, HOUR.times(24)));
            section.done();
            let (Some(of), Some(sensors), Some(deviation)) = (of, sensors, deviation) else { continue };
            let second = self.beside(&section, of, 2);
            let third = if sensors == 3 { self.beside(&section, of, 3) } else { None };
            found.push(Redundant { sensors: [Some(of), second, third], deviation, after, again });
        }
        found
    }

    /// The sensor of the hall that `of` names, once.
    fn measured(&self, section: &Section<'_>, found: &[Redundant]) -> Option<PointId> {
        let wanted: String = section.need("of")?;
        let hit = self.points.iter().find(|(_, def)| def.name == wanted);
        let Some((point, def)) = hit else {
            let names = self.points.rows().iter().filter(|def| def.role == Role::Sensor).map(|def| def.name.as_str());
            section.clash("of", format!("the hall has no point `{wanted}`"), did_you_mean(&wanted, names));
            return None;
        };
        if def.role != Role::Sensor {
            section.fault("of", format!("`{wanted}` is told, nobody measures it"), "name a sensor");
            return None;
        }
        if found.iter().any(|one| one.of() == Some(point)) {
            section.fault("of", format!("`{wanted}` is redundant already"), "take one of the two away");
            return None;
        }
        Some(point)
    }

    /// The point of one more sensor: judged as the first, named after it.
    fn beside(&mut self, section: &Section<'_>, of: PointId, n: u8) -> Option<PointId> {
        let first = self.points.get(of)?.clone();
        let name = format!("{}-{n}", first.name);
        if self.points.rows().iter().any(|def| def.name == name) {
            section.fault("of", format!("there is a point `{name}` already"), "it would be that of another sensor");
            return None;
        }
        let equip = first.equip;
        let point = self.points.push(PointDef { name, ..first });
        self.equips.get_mut(equip)?.points.push(point);
        Some(point)
    }
}

#[cfg(test)]
mod tests {
    use crate::hall::Hall;
    use crate::read::corpus::{Broken, each_is_told};
    use crate::time::Span;

    fn air() -> &'static str {
        crate::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped").1
    }

    #[test]
    fn a_point_of_three_sensors_has_two_points_more() {
        let hall = Hall::load("air", air()).unwrap_or_else(|faults| panic!("{faults}"));
        let [of] = hall.redundant.as_slice() else { panic!("{:?}", hall.redundant) };
        let name = |point| hall.points[point].name.as_str();
        let names: Vec<_> = of.sensors.iter().flatten().map(|point| name(*point)).collect();
        assert_eq!(names, ["chw/supply-water-temp", "chw/supply-water-temp-2", "chw/supply-water-temp-3"]);
        assert_eq!((of.of(), of.others().count()), (hall.point("chw/supply-water-temp"), 2));
        let [first, second] = [of.sensors[0], of.sensors[1]].map(|point| &hall.points[point.expect("there")]);
        assert_eq!((first.judgement, first.unit, first.equip), (second.judgement, second.unit, second.equip));
        let two = air().replacen("of = \"chw/supply-water-temp\"\nsensors = 3\n", "of = \"chw/dp\"\nsensors = 2\n", 1);
        let hall = Hall::load("air", &two).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!((hall.redundant[0].others().count(), hall.redundant[0].after), (1, Span::from_secs(30)));
    }

    #[test]
    fn every_broken_vote_is_told_at_its_place() {
        let line = "of = \"chw/supply-water-temp\"\nsensors = 3\n";
        let broken = |from, to, message, help| Broken { from, to, message, help, at: "" };
        let corpus = [
            broken(line, "of = §\"chw/supply-water-tmp\"\n", "the hall has no point", "chw/supply-water-temp"),
            broken(line, "of = §\"chw/pump-speed\"\n", "is told, nobody measures it", "name a sensor"),
            broken(line, "of = \"chw/dp\"\nsensors = §4\n", "must be from 2 to 3", ""),
            broken(line, "of = \"chw/dp\"\nagain = §\"0s\"\n", "must be from 1s to 24h", "such as"),
        ];
        each_is_told(air(), &corpus, |text| Hall::load("air", text));
        let twice = air().replacen(
            "[[redundant]]",
            "[[redundant]]\nof = \"chw/supply-water-temp\"\ndeviation = 1.0\n\n[[redundant]]",
            1,
        );
        let faults = Hall::load("air", &twice).expect_err("refused").0;
        assert!(faults.iter().any(|fault| fault.message.contains("redundant already")), "{faults:#?}");
    }
}
