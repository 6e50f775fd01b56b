//! Which equipment speaks which map, resolved: device maps bound to a hall's points.

mod resolve;
mod rules;

use std::sync::Arc;

use crate::device::DeviceMap;
use crate::fault::{Fault, Faults};
use crate::hall::Hall;
use crate::id::{EquipId, PointId};
use crate::image::Inputs;
use crate::reading::{Sample, Why};
use crate::time::Span;
use crate::units::Affine;

/// What the configuration says: this equipment speaks this map over this link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The equipment's name, or a pattern such as `rack-*` for all whose names fit, in the hall's order.
    pub equip: String,
    /// The device map's id.
    pub map: String,
    /// How it is reached.
    pub link: Link,
    /// Line and column in the configuration, from 1, for messages.
    pub place: (usize, usize),
}

/// How a device is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// Over Modbus.
    Modbus {
        /// The gateway's name in the configuration.
        gateway: String,
        /// The unit behind it, 0 to 255; with a pattern the first, the others count up.
        unit: u8,
    },
    /// Over MQTT, by the topics of its map.
    Mqtt,
}

/// One device on Modbus: an equipment of the hall behind a unit of a gateway.
#[derive(Clone, Debug)]
pub struct ModbusDevice {
    /// The equipment.
    pub equip: EquipId,
    /// Its map.
    pub map: Arc<DeviceMap>,
    /// The gateway's name in the configuration.
    pub gateway: String,
    /// The unit behind the gateway, 0 to 255.
    pub unit: u8,
    /// For each register of the map, in its order: the point and the way to the canonical unit.
    pub points: Vec<Bound>,
}

/// One device on MQTT.
#[derive(Clone, Debug)]
pub struct MqttDevice {
    /// The equipment.
    pub equip: EquipId,
    /// Its map.
    pub map: Arc<DeviceMap>,
    /// For each topic of the map, in its order: the whole topic, the point and the way to the canonical unit.
    pub topics: Vec<(String, Bound)>,
}

/// A value of a device, tied to a point of the hall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// The point.
    pub point: PointId,
    /// `canonical = in the map's unit · scale + offset`.
    pub to_canonical: Affine,
}

/// Every device of a hall.
#[derive(Clone, Debug, Default)]
pub struct Bindings {
    /// Devices on Modbus.
    pub modbus: Vec<ModbusDevice>,
    /// Devices on MQTT.
    pub mqtt: Vec<MqttDevice>,
}

impl Bindings {
    /// The image before the first scan of a hall of so many points: those with a device behind them were never read, those
    /// without one have no source, which is no fault of anything.
    #[must_use]
    pub fn unread(&self, points: usize) -> Inputs {
        let mut inputs = Inputs::unread(points);
        for sample in inputs.samples.rows_mut() {
            sample.value = Err(Why::Config);
        }
        let modbus = self.modbus.iter().flat_map(|d| &d.points).map(|b| b.point);
        let mqtt = self.mqtt.iter().flat_map(|d| &d.topics).map(|(_, b)| b.point);
        for point in modbus.chain(mqtt) {
            if let Some(sample) = inputs.samples.get_mut(point) {
                *sample = Sample::NEVER;
            }
        }
        inputs
    }

    /// Ties every device to the points of the hall. What a product has beyond its kind is added to the hall as
    /// monitored-only points, in the order of the assignments. `file` is the configuration's name for messages.
    ///
    /// # Errors
    /// Every fault at once; the hall is then unchanged.
    pub fn resolve(
        hall: &mut Hall,
        maps: &[Arc<DeviceMap>],
        assignments: &[Assignment],
        file: &str,
    ) -> Result<Self, Faults> {
        let mut draft = resolve::Draft::new(hall, maps, file);
        for assignment in assignments {
            draft.assign(assignment);
        }
        let resolved = draft.finish()?;
        hall.equips = resolved.equips;
        hall.points = resolved.points;
        Ok(resolved.bindings)
    }

    /// What is allowed and still worth a word: commanded points that no device writes, in the hall's order; then what control runs
    /// with water in it whose product tells no leak; then registers that are written and never read back, each once, at its place
    /// in its map.
    #[must_use]
    pub fn warnings(&self, hall: &Hall, file: &str) -> Vec<Fault> {
        let mut warnings = rules::unwritten(self, hall, file);
        warnings.extend(rules::unwatched(self, hall, file));
        warnings.extend(rules::unproven(self, hall));
        warnings
    }

    /// The shortest time after which a commanded device notices our silence, with its map's id.
    #[must_use]
    pub fn shortest_loss(&self) -> Option<(Span, &str)> {
        let commanded = self.modbus.iter().filter(|d| d.map.registers.iter().any(|r| r.access.writes()));
        let losses = commanded.filter_map(|d| Some((d.map.comm_loss.as_ref()?.after, d.map.id.as_str())));
        losses.min_by_key(|(after, _)| *after)
    }
}

#[cfg(test)]
#[path = "bind/tests.rs"]
mod tests;
