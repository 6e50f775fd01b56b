//! From assignments to bindings.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Assignment, Bindings, Bound, Link, ModbusDevice, MqttDevice, rules};
use crate::device::{DeviceMap, Register, Topic};
use crate::fault::{Fault, Faults};
use crate::hall::Hall;
use crate::id::{EquipId, PointId, Table};
use crate::point::{Danger, Judgement, PointDef, PointTable, Role};
use crate::read::did_you_mean;
use crate::time::Span;
use crate::units::Unit;

/// What has been tied so far.
pub(super) struct Draft<'a> {
    maps: &'a [Arc<DeviceMap>],
    file: &'a str,
    equips: Table<EquipId, crate::hall::EquipDef>,
    points: PointTable,
    bindings: Bindings,
    faults: Vec<Fault>,
    /// Where each point got its source.
    sources: BTreeMap<PointId, (usize, usize)>,
    /// The assignment of each Modbus device, in order.
    modbus_places: Vec<(usize, usize)>,
    /// The assignment of each MQTT device, in order.
    mqtt_places: Vec<(usize, usize)>,
}

/// A hall with its devices.
pub(super) struct Resolved {
    pub(super) equips: Table<EquipId, crate::hall::EquipDef>,
    pub(super) points: PointTable,
    pub(super) bindings: Bindings,
}

/// A value of a map, register or topic, as far as binding cares.
struct Source<'m> {
    point: &'m str,
    unit: Unit,
    range: (f64, f64),
    poll: Span,
}

impl<'m> From<&'m Register> for Source<'m> {
    fn from(r: &'m Register) -> Self {
        Self { point: &r.point, unit: r.unit, range: (r.min, r.max), poll: r.poll }
    }
}

impl<'m> From<&'m Topic> for Source<'m> {
    fn from(t: &'m Topic) -> Self {
        Self { point: &t.point, unit: t.unit, range: (t.min, t.max), poll: Span::ZERO }
    }
}

impl<'a> Draft<'a> {
    pub(super) fn new(hall: &Hall, maps: &'a [Arc<DeviceMap>], file: &'a str) -> Self {
        Self {
            maps,
            file,
            equips: hall.equips.clone(),
            points: hall.points.clone(),
            bindings: Bindings::default(),
            faults: Vec::new(),
            sources: BTreeMap::new(),
            modbus_places: Vec::new(),
            mqtt_places: Vec::new(),
        }
    }

    /// Ties the devices of one assignment.
    pub(super) fn assign(&mut self, assignment: &Assignment) {
        let map = self.map(assignment);
        let equips = self.equips(assignment);
        let Some(map) = map else { return };
        if !speaks(&map, &assignment.link) {
            let (over, other) = match assignment.link {
                Link::Modbus { .. } => ("Modbus", "MQTT"),
                Link::Mqtt => ("MQTT", "Modbus"),
            };
            let message = format!("`{}` says nothing over {over}", map.id);
            self.fault(assignment, message, format!("its map is for {other}"));
            return;
        }
        for (n, equip) in (0_u32..).zip(equips) {
            let Some(def) = self.equips.get(equip) else { continue };
            if def.kind.product() != map.kind {
                let (name, is, wants) = (def.name.clone(), def.kind.word(), map.kind.word());
                let message = format!("`{name}` is a {is} and `{}` is the map of a {wants}", map.id);
                let fitting: Vec<_> =
                    self.maps.iter().filter(|m| m.kind == def.kind.product()).map(|m| m.id.as_str()).collect();
                let help = format!(
                    "maps for a {is}: {}",
                    if fitting.is_empty() { "none".to_owned() } else { fitting.join(", ") }
                );
                self.fault(assignment, message, help);
                continue;
            }
            match &assignment.link {
                Link::Modbus { gateway, unit } => match u8::try_from(u32::from(*unit).saturating_add(n)) {
                    Ok(unit) => self.modbus(assignment, equip, &map, (gateway, unit)),
                    Err(_) => {
                        let message = format!("unit {} is beyond 255", u32::from(*unit).saturating_add(n));
                        self.fault(assignment, message, "start lower or split the pattern over two gateways");
                        return;
                    }
                },
                Link::Mqtt => self.mqtt(assignment, equip, &map),
            }
        }
    }

    /// The resolved hall, or every fault.
    pub(super) fn finish(mut self) -> Result<Resolved, Faults> {
        let devices = self.bindings.modbus.iter().zip(self.modbus_places.iter().copied()).collect::<Vec<_>>();
        self.faults.extend(rules::write_ranges(&devices, &self.points, self.file));
        self.faults.extend(rules::shared_units(&devices, &self.equips, self.file));
        let devices = self.bindings.mqtt.iter().zip(self.mqtt_places.iter().copied()).collect::<Vec<_>>();
        self.faults.extend(rules::shared_topics(&devices, &self.points, self.file));
        if !self.faults.is_empty() {
            self.faults.sort_by(|a, b| (a.line, a.column, &a.message).cmp(&(b.line, b.column, &b.message)));
            self.faults.dedup();
            return Err(Faults(self.faults));
        }
        Ok(Resolved { equips: self.equips, points: self.points, bindings: self.bindings })
    }

    fn map(&mut self, assignment: &Assignment) -> Option<Arc<DeviceMap>> {
        let found = self.maps.iter().find(|m| m.id == assignment.map).map(Arc::clone);
        if found.is_none() {
            let help = did_you_mean(&assignment.map, self.maps.iter().map(|m| m.id.as_str()));
            self.fault(assignment, format!("there is no device map `{}`", assignment.map), help);
        }
        found
    }

    /// The equipment that a name or pattern means, in the hall's order.
    fn equips(&mut self, assignment: &Assignment) -> Vec<EquipId> {
        let fits = |name: &str| fits(&assignment.equip, name);
        let found: Vec<_> = self.equips.iter().filter(|(_, e)| fits(&e.name)).map(|(id, _)| id).collect();
        if found.is_empty() {
            let help = did_you_mean(&assignment.equip, self.equips.rows().iter().map(|e| e.name.as_str()));
            let message = if assignment.equip.contains('*') {
                format!("no equipment of the hall fits `{}`", assignment.equip)
            } else {
                format!("the hall has no equipment `{}`", assignment.equip)
            };
            self.fault(assignment, message, help);
        }
        found
    }

    fn modbus(&mut self, assignment: &Assignment, equip: EquipId, map: &Arc<DeviceMap>, (gateway, unit): (&str, u8)) {
        let points: Vec<_> =
            map.registers.iter().filter_map(|r| self.bind(assignment, equip, &Source::from(r))).collect();
        // With a fault there is no device: its points would no longer stand beside its registers.
        if points.len() == map.registers.len() {
            let (map, gateway) = (Arc::clone(map), gateway.to_owned());
            self.bindings.modbus.push(ModbusDevice { equip, map, gateway, unit, points });
            self.modbus_places.push(assignment.place);
        }
    }

    fn mqtt(&mut self, assignment: &Assignment, equip: EquipId, map: &Arc<DeviceMap>) {
        let name = self.equips.get(equip).map_or_else(String::new, |e| e.name.clone());
        let whole = |topic: &Topic| topic.topic.replace("{equip}", &name);
        let topics: Vec<_> = map
            .topics
            .iter()
            .filter_map(|t| Some((whole(t), self.bind(assignment, equip, &Source::from(t))?)))
            .collect();
        if topics.len() == map.topics.len() {
            self.bindings.mqtt.push(MqttDevice { equip, map: Arc::clone(map), topics });
            self.mqtt_places.push(assignment.place);
        }
    }

    /// Ties a value to the point of its name, which is added where the kind does not have it.
    fn bind(&mut self, assignment: &Assignment, equip: EquipId, source: &Source<'_>) -> Option<Bound> {
        let known = self.equips.get(equip)?.points.iter().copied();
        let known =
            known.filter_map(|id| Some((id, self.points.get(id)?))).find(|(_, d)| d.short_name() == source.point);
        let (point, unit, name, judgement) = match known {
            Some((id, def)) => (id, def.unit, def.name.clone(), def.judgement),
            None => {
                let def = monitored(equip, &self.equips.get(equip)?.name, source);
                let (unit, name, judgement) = (def.unit, def.name.clone(), def.judgement);
                let id = self.points.push(def);
                self.equips.get_mut(equip)?.points.push(id);
                (id, unit, name, judgement)
            }
        };
        if let Some((line, _)) = self.sources.get(&point) {
            let message = format!("`{name}` already has a source on line {line}");
            self.fault(assignment, message, "a point has one source: take one of the two assignments away");
            return None;
        }
        self.sources.insert(point, assignment.place);
        if source.poll >= judgement.stale_after {
            let message = format!("`{name}` is read every {} and stale after {}", source.poll, judgement.stale_after);
            self.fault(
                assignment,
                message,
                "poll it more often in its map, or let it live longer in the hall's `[judgement]`",
            );
        }
        let Some(to_canonical) = source.unit.conversion(unit) else {
            let message = format!("`{name}` is in {unit}, and `{}` gives it in {}", assignment.map, source.unit);
            self.fault(assignment, message, "mend the unit in the device map");
            return None;
        };
        Some(Bound { point, to_canonical })
    }

    fn fault(&mut self, assignment: &Assignment, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(rules::fault(self.file, assignment.place, message, help));
    }
}

fn speaks(map: &DeviceMap, link: &Link) -> bool {
    match link {
        Link::Modbus { .. } => !map.registers.is_empty(),
        Link::Mqtt => !map.topics.is_empty(),
    }
}

/// What a product has beyond its kind: judged by the map's range and by how often it is read.
fn monitored(equip: EquipId, name: &str, source: &Source<'_>) -> PointDef {
    let (unit, way) = source.unit.canonical();
    let judgement = Judgement {
        min: source.range.0 * way.scale + way.offset,
        max: source.range.1 * way.scale + way.offset,
        stale_after: Span::from_secs(5).max(source.poll.times(3)),
        lost_after: Span::from_secs(60).max(source.poll.times(12)),
        max_rate: f64::INFINITY,
        stuck_after: Span::ZERO,
        danger: Danger::Neither,
        slew: 0.0,
    };
    let name = format!("{name}/{}", source.point);
    PointDef { equip, name, unit, role: Role::Sensor, judgement, write: None, monitored_only: true }
}

/// True when a name fits a pattern in which `*` stands for any letters.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, rest)) => name.strip_prefix(head).is_some_and(|tail| {
            tail.char_indices()
                .map(|(n, _)| n)
                .chain([tail.len()])
                .any(|n| tail.get(n..).is_some_and(|t| fits(rest, t)))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_any_letters() {
        for (pattern, name) in [
            ("rack-a01", "rack-a01"),
            ("rack-*", "rack-a01"),
            ("*", "x"),
            ("r*-a*1", "rack-a01"),
            ("ab*", "ab"),
            ("*b*", "abc"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("rack-a0", "rack-a01"), ("rack-*2", "rack-a01"), ("", "x"), ("a*a", "a"), ("*b", "abc")]
        {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}
