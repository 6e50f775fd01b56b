//! What can break in the world, on request.

use plant::hall::{Hall, Kind};
use plant::id::{EquipId, PointId};

/// Something broken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// A sensor reads something else than the truth.
    Sensor {
        /// Which one.
        point: PointId,
        /// How.
        how: SensorFault,
    },
    /// A fan's motor is dead; the fan runs down in ten seconds.
    FanFailed(EquipId),
    /// A valve stays where it is.
    ValveStuck(EquipId),
    /// The chilled-water pump is tripped; it runs down in five seconds.
    PumpTripped,
    /// The chiller takes no heat.
    ChillerTripped,
    /// Somebody turned a device's switch to hand: it stands at this duty and ignores commands.
    LocalHand {
        /// Which device.
        equip: EquipId,
        /// Where it stands (%).
        duty: f64,
    },
}

/// How a sensor is broken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SensorFault {
    /// Reads what it read last.
    Stuck,
    /// Reads this much more than it should (the point's canonical unit).
    Offset(f64),
    /// Reads no number.
    NotANumber,
    /// Does not read at all.
    Lost,
    /// Reads anything.
    Garbage,
}

impl Fault {
    /// Reads a fault as people write it, `<thing> <fault>`: `rack-a01/inlet-air-temp stuck`, `… offset -3`, `… nan`, `… lost`,
    /// `… garbage`; `crah-1 fan-failed`, `crah-1 valve-stuck`, `crah-1 hand 40`; `chw pump-tripped`, `chw chiller-tripped`.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what there is.
    pub fn parse(hall: &Hall, text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let (thing, what, number) = (words.next().unwrap_or(""), words.next().unwrap_or(""), words.next());
        if words.next().is_some() || what.is_empty() {
            return Err(format!("`{text}` is no fault: write `<point or equipment> <fault> [number]`"));
        }
        let number = || -> Result<f64, String> {
            let given = number.and_then(|n| n.parse::<f64>().ok()).filter(|n| n.is_finite());
            given.ok_or_else(|| format!("`{what}` needs a number after it"))
        };
        if let Some(point) = hall.point(thing) {
            let how = match what {
                "stuck" => SensorFault::Stuck,
                "offset" => SensorFault::Offset(number()?),
                "nan" => SensorFault::NotANumber,
                "lost" => SensorFault::Lost,
                "garbage" => SensorFault::Garbage,
                _ => return Err(format!("a point can be stuck, offset, nan, lost or garbage, not `{what}`")),
            };
            return Ok(Self::Sensor { point, how });
        }
        let equip = hall.equip(thing).ok_or_else(|| format!("there is no point or equipment called `{thing}`"))?;
        let kind = hall.equips.get(equip).map_or(Kind::Meter, |e| e.kind);
        let fan = matches!(kind, Kind::Crah | Kind::Fan | Kind::Dx);
        match what {
            "fan-failed" if fan => Ok(Self::FanFailed(equip)),
            "valve-stuck" if kind == Kind::Crah => Ok(Self::ValveStuck(equip)),
            "pump-tripped" if kind == Kind::ChilledWater => Ok(Self::PumpTripped),
            "chiller-tripped" if kind == Kind::ChilledWater => Ok(Self::ChillerTripped),
            "hand" if fan || kind == Kind::ChilledWater => Ok(Self::LocalHand { equip, duty: number()? }),
            _ => Err(format!("a {} cannot be `{what}`", kind.word())),
        }
    }

    /// True when both concern the same part, so that one replaces the other.
    #[must_use]
    pub fn same_part(&self, other: &Self) -> bool {
        match (*self, *other) {
            (Self::Sensor { point: a, .. }, Self::Sensor { point: b, .. }) => a == b,
            (Self::FanFailed(a), Self::FanFailed(b))
            | (Self::ValveStuck(a), Self::ValveStuck(b))
            | (Self::LocalHand { equip: a, .. }, Self::LocalHand { equip: b, .. }) => a == b,
            (Self::PumpTripped, Self::PumpTripped) | (Self::ChillerTripped, Self::ChillerTripped) => true,
            (
                Self::Sensor { .. }
                | Self::FanFailed(_)
                | Self::ValveStuck(_)
                | Self::PumpTripped
                | Self::ChillerTripped
                | Self::LocalHand { .. },
                _,
            ) => false,
        }
    }
}
