//! Which equipment speaks which map, resolved: device maps bound to a hall's points.

use std::sync::Arc;

use crate::device::DeviceMap;
use crate::id::{EquipId, PointId};
use crate::units::Affine;

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
