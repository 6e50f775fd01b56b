//! The halls and device maps that come with the program.

/// Every shipped hall: its name and its file.
pub const HALLS: &[(&str, &str)] = &[
    ("air", include_str!("../halls/air.toml")),
    ("air-dx", include_str!("../halls/air-dx.toml")),
    ("bench", include_str!("../halls/bench.toml")),
    ("hybrid", include_str!("../halls/hybrid.toml")),
    ("immersion", include_str!("../halls/immersion.toml")),
    ("immersion-two-phase", include_str!("../halls/immersion-two-phase.toml")),
    ("liquid", include_str!("../halls/liquid.toml")),
    ("rear-door", include_str!("../halls/rear-door.toml")),
];

/// Every shipped device map: its id and its file.
pub const DEVICES: &[(&str, &str)] = &[
    ("battery-converter", include_str!("../devices/battery-converter.toml")),
    ("bench-fan", include_str!("../devices/bench-fan.toml")),
    ("bench-sensor", include_str!("../devices/bench-sensor.toml")),
    ("cdu-controller", include_str!("../devices/cdu-controller.toml")),
    ("chiller-panel", include_str!("../devices/chiller-panel.toml")),
    ("condenser-skid", include_str!("../devices/condenser-skid.toml")),
    ("crah-controller", include_str!("../devices/crah-controller.toml")),
    ("dry-cooler-panel", include_str!("../devices/dry-cooler-panel.toml")),
    ("dx-unit", include_str!("../devices/dx-unit.toml")),
    ("economiser-panel", include_str!("../devices/economiser-panel.toml")),
    ("facility-skid", include_str!("../devices/facility-skid.toml")),
    ("facility-transmitter-pair", include_str!("../devices/facility-transmitter-pair.toml")),
    ("generator-controller", include_str!("../devices/generator-controller.toml")),
    ("heat-recovery-panel", include_str!("../devices/heat-recovery-panel.toml")),
    ("power-meter", include_str!("../devices/power-meter.toml")),
    ("pump-drive", include_str!("../devices/pump-drive.toml")),
    ("pump-skid", include_str!("../devices/pump-skid.toml")),
    ("rack-sensor", include_str!("../devices/rack-sensor.toml")),
    ("rear-door-controller", include_str!("../devices/rear-door-controller.toml")),
    ("room-sensor", include_str!("../devices/room-sensor.toml")),
    ("smoke-detector", include_str!("../devices/smoke-detector.toml")),
    ("tank-controller", include_str!("../devices/tank-controller.toml")),
    ("tower-panel", include_str!("../devices/tower-panel.toml")),
    ("transmitter-pair", include_str!("../devices/transmitter-pair.toml")),
    ("two-phase-tank-controller", include_str!("../devices/two-phase-tank-controller.toml")),
    ("ups-card", include_str!("../devices/ups-card.toml")),
    ("weather-station", include_str!("../devices/weather-station.toml")),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::codec::{decode, encode};
    use crate::device::{DeviceMap, Register};
    use crate::hall::Hall;

    #[test]
    fn every_shipped_hall_loads_under_its_name() {
        for (name, text) in HALLS {
            let hall = Hall::load(name, text).unwrap_or_else(|faults| panic!("{faults}"));
            assert_eq!(hall.name, *name);
        }
    }

    #[test]
    fn every_shipped_device_map_loads_under_its_id() {
        for (id, text) in DEVICES {
            let map = DeviceMap::load(id, text).unwrap_or_else(|faults| panic!("{faults}"));
            assert_eq!(map.id, *id);
        }
    }

    /// Some values a register can hold: the ends of its range and steps between.
    fn values(register: &Register) -> Vec<f64> {
        let (low, high) = (register.min.max(0.0), register.max.min(6000.0 * register.scale.abs()));
        let step = |n: u32| low + (high - low) * f64::from(n) / 16.0;
        if register.ty.is_bit() { vec![0.0, 1.0] } else { (0..=16).map(step).collect() }
    }

    #[test]
    fn every_shipped_register_round_trips() {
        for (id, text) in DEVICES {
            for register in DeviceMap::load(id, text).expect("loads").registers {
                for value in values(&register) {
                    let words = encode(&register, value).unwrap_or_else(|e| panic!("{id} {}: {e}", register.point));
                    let back = decode(&register, &words).unwrap_or_else(|e| panic!("{id} {}: {e}", register.point));
                    let slack = (register.scale.abs() * 0.500_001).min(value.abs() * 1e-6 + register.scale.abs());
                    assert!((back - value).abs() <= slack, "{id} {}: {value} came back as {back}", register.point);
                    assert_eq!(encode(&register, back), Ok(words), "{id} {}: {value}", register.point);
                }
            }
        }
    }
}
