//! Meters and the tree they stand in.

use super::{Draft, rated};
use crate::hall::{Kind, Meter, MeterRole};
use crate::id::EquipId;
use crate::read::{Section, did_you_mean};
use crate::units::WattHours;

/// A meter with the name of the one above it, before that is looked up.
struct Reading<'f> {
    section: Section<'f>,
    name: String,
    parent: Option<String>,
    meter: Option<Meter>,
}

impl Draft {
    /// Reads every `[[meter]]`; a parent may stand below its child in the file.
    pub(super) fn meters(&mut self, file: &Section<'_>) {
        let mut found = Vec::new();
        for section in file.sections("meter") {
            let role = section.need_word("role", &MeterRole::ALL.map(|r| (r.word(), r)));
            let rated = rated(&section, "rated");
            let rollover = section.has("rollover").then(|| section.within("rollover", (1.0, 1e15)));
            let parent = section.maybe("parent");
            let name = section.need_name("name").unwrap_or_default();
            section.done();
            let equip = if name.is_empty() { None } else { self.equipment(&section, "name", (Kind::Meter, &name)) };
            let meter = || {
                Some(Meter {
                    equip: equip?,
                    role: role?,
                    parent: None,
                    power: self.typed(equip?, "power")?,
                    energy: self.typed(equip?, "energy")?,
                    rated: rated?,
                    rollover: WattHours(rollover.unwrap_or(Some(f64::INFINITY))?),
                })
            };
            let meter = meter();
            found.push(Reading { section, name, parent, meter });
        }
        for reading in &found {
            let parent = self.parent(reading, &found);
            self.meters.extend(reading.meter.map(|m| Meter { parent, ..m }));
        }
    }

    fn parent(&self, reading: &Reading<'_>, all: &[Reading<'_>]) -> Option<EquipId> {
        let wanted = reading.parent.as_deref()?;
        if !all.iter().any(|r| r.name == wanted) {
            let names = all.iter().map(|r| r.name.as_str()).filter(|n| *n != reading.name);
            reading.section.clash("parent", format!("there is no meter `{wanted}`"), did_you_mean(wanted, names));
            return None;
        }
        if in_a_ring(&reading.name, all) {
            let message = format!("`{}` is above itself", reading.name);
            reading.section.fault("parent", message, "follow the current: a parent is nearer to the grid");
            return None;
        }
        self.equips.iter().find(|(_, e)| e.name == wanted).map(|(id, _)| id)
    }
}

/// True when the way up from a meter comes back to it.
fn in_a_ring(name: &str, all: &[Reading<'_>]) -> bool {
    let above = |name: &str| all.iter().find(|r| r.name == name).and_then(|r| r.parent.as_deref());
    let mut at = above(name);
    for _ in all {
        match at {
            Some(up) if up == name => return true,
            Some(up) => at = above(up),
            None => return false,
        }
    }
    false
}
