//! What lies behind every point: where it is on the wire, and what its device does when it hears nothing. For people who stand beside it.

use plant::bind::{Bindings, Bound, ModbusDevice};
use plant::device::Register;
use plant::hall::Hall;
use plant::id::{EquipId, PointId, Table};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::adapters::Looker;

/// What is known of the wires.
#[derive(Clone, Debug, Default)]
pub struct Wiring {
    places: Table<PointId, Option<Place>>,
    losses: Table<EquipId, Option<Span>>,
    /// A name for the configuration.
    pub config_hash: String,
    /// True where nothing is written.
    pub shadow: bool,
    /// The way to the devices for those who only look.
    pub looker: Looker,
}

/// Where a point is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// For people: `bms unit 1, input 16 (30017)`, `rack-a01/temp#/v`.
    pub address: String,
    /// True on Modbus, where raw words can be looked at.
    pub has_words: bool,
    /// Of what is written: what its device does by itself.
    pub alone: Option<Alone>,
}

/// What a device does by itself when it hears nothing, as its map says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alone {
    /// The safe value, in the point's canonical unit.
    pub failsafe: f64,
    /// How far a reading may be from it and still be it.
    pub tolerance: f64,
    /// After how long (s); nothing where the map does not say.
    pub after_s: Option<f64>,
    /// What it does then, in the manual's words.
    pub action: String,
    /// True where what is written can be read back.
    pub read_back: bool,
}

impl Wiring {
    /// What a hall's devices say of their points.
    #[must_use]
    pub fn of(hall: &Hall, bindings: &Bindings) -> Self {
        let mut places = Table::filled(hall.points.len(), None);
        let mut losses: Table<EquipId, Option<Span>> = Table::filled(hall.equips.len(), None);
        for device in &bindings.modbus {
            let rows = device.map.registers.iter().zip(&device.points);
            rows.for_each(|(register, bound)| put(&mut places, bound, on_modbus(device, register, bound)));
            let commanded = device.map.registers.iter().any(|register| register.access.writes());
            if let (true, Some(loss), Some(row)) = (commanded, &device.map.comm_loss, losses.get_mut(device.equip)) {
                *row = Some(row.map_or(loss.after, |known| known.max(loss.after)));
            }
        }
        for device in &bindings.mqtt {
            for ((topic, bound), of) in device.topics.iter().zip(&device.map.topics) {
                let address = if of.pointer.is_empty() { topic.clone() } else { format!("{topic}#{}", of.pointer) };
                put(&mut places, bound, Place { address, has_words: false, alone: None });
            }
        }
        Self { places, losses, ..Self::default() }
    }

    /// Where a point is; nothing without a device.
    #[must_use]
    pub fn place(&self, point: PointId) -> Option<&Place> {
        self.places.get(point)?.as_ref()
    }

    /// After how long the devices of a piece of equipment notice silence; nothing where no map says.
    #[must_use]
    pub fn loss(&self, equip: EquipId) -> Option<Span> {
        self.losses.get(equip).copied().flatten()
    }
}

fn put(places: &mut Table<PointId, Option<Place>>, bound: &Bound, place: Place) {
    if let Some(row) = places.get_mut(bound.point) {
        *row = Some(place);
    }
}

fn on_modbus(device: &ModbusDevice, register: &Register, bound: &Bound) -> Place {
    let scale = bound.to_canonical.scale;
    let alone = register.write.map(|write| Alone {
        failsafe: write.failsafe * scale + bound.to_canonical.offset,
        tolerance: write.tolerance * scale.abs(),
        after_s: device.map.comm_loss.as_ref().map(|loss| loss.after.seconds()),
        action: device.map.comm_loss.as_ref().map_or_else(String::new, |loss| loss.action.clone()),
        read_back: write.read_back,
    });
    let address = format!("{} unit {}, {}", device.gateway, device.unit, register.label());
    Place { address, has_words: register.access.reads(), alone }
}
