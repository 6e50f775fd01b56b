//! The rules that tie devices to the hall and to each other.

use std::collections::BTreeMap;

use super::{Bindings, Bound, ModbusDevice, MqttDevice};
use crate::check::share_words;
use crate::device::{Register, RegisterWrite};
use crate::fault::Fault;
use crate::hall::{EquipDef, Hall};
use crate::id::{EquipId, PointId, Table};
use crate::point::{PointDef, PointTable, WriteRange};

/// Line and column.
type Place = (usize, usize);

/// A fault at an assignment.
pub(super) fn fault(file: &str, place: Place, message: impl Into<String>, help: impl Into<String>) -> Fault {
    Fault { file: file.to_owned(), line: place.0, column: place.1, message: message.into(), help: help.into() }
}

/// What the hall writes must be what the product takes, and what the product falls back to must be what the hall allows.
pub(super) fn write_ranges(devices: &[(&ModbusDevice, Place)], points: &PointTable, file: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (device, place) in devices {
        for (register, bound) in device.map.registers.iter().zip(&device.points) {
            let def = points.get(bound.point);
            if let (Some(write), Some(def)) = (&register.write, def)
                && let Some(range) = def.write
            {
                let mut note = |message: String, help: &str| faults.push(fault(file, *place, message, help));
                write_range((register, write), (def, range), bound, &mut note);
            }
        }
    }
    faults
}

fn write_range(
    (register, write): (&Register, &RegisterWrite),
    (def, range): (&PointDef, WriteRange),
    bound: &Bound,
    note: &mut impl FnMut(String, &str),
) {
    let canonical = |value: f64| value * bound.to_canonical.scale + bound.to_canonical.offset;
    let (low, high) = (canonical(write.min), canonical(write.max));
    // A unit's conversion may cost the last bits of a limit.
    let slack = (high - low).abs() * 1e-9;
    let (name, unit, label) = (&def.name, def.unit, register.label());
    if range.min < low - slack || range.max > high + slack {
        let message = format!(
            "`{name}` may be written from {} to {} {unit}, and {label} takes {low} to {high}",
            range.min, range.max
        );
        note(message, "narrow the hall's `[write]` range, or mend `write-min` and `write-max` in the device map");
    }
    let failsafe = canonical(write.failsafe);
    if failsafe < range.min - slack || failsafe > range.max + slack {
        let message = format!(
            "the safe value {failsafe} {unit} of {label} is outside the hall's write range of `{name}`, {} to {}",
            range.min, range.max
        );
        note(message, "both sides must agree on what is safe: mend `failsafe` or the hall's `[write]` range");
    }
}

/// Two devices behind one unit are one device twice, or two maps of one product; the latter may not write one register twice.
pub(super) fn shared_units(
    devices: &[(&ModbusDevice, Place)],
    equips: &Table<EquipId, EquipDef>,
    file: &str,
) -> Vec<Fault> {
    let name = |device: &ModbusDevice| equips.get(device.equip).map_or("?", |e| e.name.as_str());
    let mut faults = Vec::new();
    let mut units: BTreeMap<(&str, u8), Vec<(&ModbusDevice, Place)>> = BTreeMap::new();
    for (device, place) in devices {
        let behind = units.entry((&device.gateway, device.unit)).or_default();
        for (earlier, (line, _)) in behind.iter() {
            let (unit, gateway) = (device.unit, &device.gateway);
            let (one, two) = (name(earlier), name(device));
            if earlier.map.id == device.map.id {
                let message =
                    format!("unit {unit} of `{gateway}` is `{one}` on line {line} and `{two}` at the same time");
                faults.push(fault(file, *place, message, "give each device its own unit"));
            } else if let Some(register) = written_twice(earlier, device) {
                let label = register.label();
                let message = format!(
                    "{label} of unit {unit} of `{gateway}` has two writers: `{one}` on line {line} and `{two}`"
                );
                faults.push(fault(file, *place, message, "one register, one writer: take one of the two away"));
            }
        }
        behind.push((device, *place));
    }
    faults
}

fn written_twice<'d>(a: &ModbusDevice, b: &'d ModbusDevice) -> Option<&'d Register> {
    let writers = |d: &'d ModbusDevice| d.map.registers.iter().filter(|r| r.access.writes());
    let taken = |r: &Register| a.map.registers.iter().any(|e| e.access.writes() && share_words(e, r));
    writers(b).find(|r| taken(r))
}

/// Two points must not hang on one value of one topic.
pub(super) fn shared_topics(devices: &[(&MqttDevice, Place)], points: &PointTable, file: &str) -> Vec<Fault> {
    let name = |point: PointId| points.get(point).map_or("?", |d| d.name.as_str());
    let mut faults = Vec::new();
    let mut taken: BTreeMap<(&str, &str), PointId> = BTreeMap::new();
    for (device, place) in devices {
        for ((topic, bound), entry) in device.topics.iter().zip(&device.map.topics) {
            if let Some(first) = taken.insert((topic, &entry.pointer), bound.point) {
                let message = format!("`{topic}` would be both `{}` and `{}`", name(first), name(bound.point));
                faults.push(fault(
                    file,
                    *place,
                    message,
                    "write `{equip}` in the map's topic, or bind one device only",
                ));
            }
        }
    }
    faults
}

/// Commanded points that no device writes.
pub(super) fn unwritten(bindings: &Bindings, hall: &Hall, file: &str) -> Vec<Fault> {
    let mut written = Table::<PointId, bool>::filled(hall.points.len(), false);
    for device in &bindings.modbus {
        for (register, bound) in device.map.registers.iter().zip(&device.points) {
            if register.access.writes()
                && let Some(row) = written.get_mut(bound.point)
            {
                *row = true;
            }
        }
    }
    let commanded = hall.points.iter().filter(|(_, d)| d.write.is_some() && !d.monitored_only);
    commanded
        .filter(|(id, _)| written.get(*id) == Some(&false))
        .map(|(_, d)| {
            let message = format!("`{}` is commanded by the hall and no device writes it", d.name);
            fault(file, (1, 1), message, "bind its device, or take the equipment out of the hall")
        })
        .collect()
}

/// What control runs with water in it, and whose product has nothing that tells a leak: nobody would shut it off.
pub(super) fn unwatched(bindings: &Bindings, hall: &Hall, file: &str) -> Vec<Fault> {
    let doors = hall.doors.iter().map(|door| (door.of.equip, door.of.leak.id()));
    let cdus = hall.cdus.iter().map(|cdu| (cdu.of.equip, cdu.of.leak.id()));
    let one = hall.tanks.iter().map(|tank| (tank.of.equip, tank.of.leak.id()));
    let two = hall.two_phase_tanks.iter().map(|tank| (tank.of.equip, tank.of.leak.id()));
    let points = |equip: EquipId| {
        let modbus =
            bindings.modbus.iter().filter(move |device| device.equip == equip).flat_map(|device| &device.points);
        let mqtt = bindings.mqtt.iter().filter(move |device| device.equip == equip).flat_map(|device| &device.topics);
        modbus.chain(mqtt.map(|(_, bound)| bound)).map(|bound| bound.point)
    };
    // One without any device is told above.
    let unwatched = |(equip, leak): &(EquipId, PointId)| {
        points(*equip).next().is_some() && points(*equip).all(|point| point != *leak)
    };
    let told = |(equip, _): (EquipId, PointId)| {
        let name = hall.equips.get(equip).map_or("?", |def| def.name.as_str());
        let message =
            format!("nothing tells a leak of `{name}`: its device map has no `leak`, and control will not shut it off");
        fault(
            file,
            (1, 1),
            message,
            "add the register of its tray or leak rope to the map as `leak`, or leave leaks to other eyes",
        )
    };
    doors.chain(cdus).chain(one).chain(two).filter(unwatched).map(told).collect()
}

/// A register that is written and never read back, with the outputs behind it.
struct Blind<'a> {
    map: &'a str,
    register: &'a Register,
    points: Vec<&'a str>,
}

/// Registers that are written and never read back: what their devices hold, nobody knows.
pub(super) fn unproven(bindings: &Bindings, hall: &Hall) -> Vec<Fault> {
    let mut found: BTreeMap<(&str, Place), Blind<'_>> = BTreeMap::new();
    for device in &bindings.modbus {
        let rows = device.map.registers.iter().zip(&device.points);
        for (register, bound) in rows.filter(|(r, _)| r.write.is_some_and(|w| !w.read_back)) {
            let map = device.map.id.as_str();
            let name = hall.points.get(bound.point).map_or("?", |def| def.name.as_str());
            let blind =
                found.entry((map, register.place)).or_insert_with(|| Blind { map, register, points: Vec::new() });
            blind.points.push(name);
        }
    }
    let warning = |blind: Blind<'_>| {
        let (label, points) = (blind.register.label(), blind.points.join(", "));
        let message = format!("{label} is written and never read back: what is commanded to {points} stays unproven");
        let help = "take `read-back = false` away, or `access = \"wo\"` where the product lets it be read";
        fault(&format!("{}.toml", blind.map), blind.register.place, message, help)
    };
    found.into_values().map(warning).collect()
}
