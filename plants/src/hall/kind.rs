//! The kinds of equipment and the points each has, with the rules their readings are judged by.

mod commands;

use super::machinery::{
    Battery, Cdu, Chiller, CondenserWater, DryCooler, Dx, FacilityWater, Generator, HeatRecovery, Pump, RearDoor,
    RoomSensor, SmokeDetector, Tank, Tower, TwoPhaseTank, Ups, WaterEconomiser, WeatherStation,
};
use serde::{Deserialize, Serialize};

use crate::point::{Danger, Judgement, Role, WriteRange};
use crate::time::Span;
use crate::units::Unit;

/// A kind of equipment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A rack of machines.
    Rack,
    /// A computer-room air handler: a fan and a chilled-water coil.
    Crah,
    /// A fan alone.
    Fan,
    /// The chilled-water supply: pump and differential pressure.
    ChilledWater,
    /// An electricity meter.
    Meter,
    /// A pump on the header of a water, beside others.
    Pump,
    /// A pump on the header of condenser water, beside others.
    CondenserPump,
    /// A chiller.
    Chiller,
    /// A wet cooling tower.
    Tower,
    /// A dry or adiabatic cooler.
    DryCooler,
    /// A water-side economiser.
    WaterEconomiser,
    /// The water between condensers and towers or dry coolers.
    CondenserWater,
    /// The warm-water supply of CDUs and tanks.
    FacilityWater,
    /// A coolant distribution unit.
    Cdu,
    /// A rear-door heat exchanger on a rack.
    RearDoor,
    /// A direct-expansion unit with its fan and air-side economiser.
    Dx,
    /// A single-phase immersion tank.
    Tank,
    /// A two-phase immersion tank.
    TwoPhaseTank,
    /// A heat exchanger that sells heat.
    HeatRecovery,
    /// An uninterruptible supply.
    Ups,
    /// A standby generator.
    Generator,
    /// A weather station.
    WeatherStation,
    /// A smoke detector where outdoor air comes in.
    SmokeDetector,
    /// A sensor of the room's air: dry bulb and dew point.
    RoomSensor,
    /// A battery on the hall's alternating current.
    Battery,
}

/// One point that every equipment of a kind has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PointSpec {
    /// The name within the equipment.
    pub name: &'static str,
    /// The canonical unit.
    pub unit: Unit,
    /// Sensor, command or setpoint.
    pub role: Role,
    /// How its samples are judged unless the hall says otherwise.
    pub judgement: Judgement,
    /// What may be written unless the hall says otherwise.
    pub write: Option<WriteRange>,
}

const NO_RATE: f64 = f64::INFINITY;

const fn judged(min: f64, max: f64, danger: Danger, slew: f64, max_rate: f64) -> Judgement {
    Judgement {
        min,
        max,
        stale_after: Span::from_secs(5),
        lost_after: Span::from_secs(60),
        max_rate,
        stuck_after: Span::ZERO,
        danger,
        slew,
    }
}

const fn sensor(name: &'static str, unit: Unit, judgement: Judgement) -> PointSpec {
    PointSpec { name, unit, role: Role::Sensor, judgement, write: None }
}

/// Temperatures age upward by half a kelvin a second, as fast as a rack without cooling heats.
pub(super) const fn temperature(name: &'static str, min: f64, max: f64) -> PointSpec {
    let mut judgement = judged(min, max, Danger::Up, 0.5, 5.0);
    judgement.stuck_after = Span::from_secs(1800);
    sensor(name, Unit::Cel, judgement)
}

/// A dew point moves slowly: a stale one ages upward by a kelvin in a minute and a half.
pub(super) const fn dew_point(name: &'static str) -> PointSpec {
    let mut judgement = judged(-60.0, 60.0, Danger::Up, 0.01, 0.5);
    judgement.stale_after = Span::from_secs(30);
    judgement.lost_after = Span::from_secs(300);
    sensor(name, Unit::Cel, judgement)
}

pub(super) const fn feedback(name: &'static str) -> PointSpec {
    sensor(name, Unit::Percent, judged(-5.0, 110.0, Danger::Down, 0.0, NO_RATE))
}

pub(super) const fn duty(name: &'static str, min: f64, ramp: f64) -> PointSpec {
    PointSpec {
        name,
        unit: Unit::Percent,
        role: Role::Cmd,
        judgement: judged(-5.0, 110.0, Danger::Down, 0.0, NO_RATE),
        write: Some(WriteRange {
            min,
            max: 100.0,
            failsafe: 100.0,
            relinquish_default: 100.0,
            rise_per_s: ramp,
            fall_per_s: ramp,
        }),
    }
}

/// A switch's or a panel's word: 1 for yes, 0 for no.
pub(super) const fn state(name: &'static str) -> PointSpec {
    sensor(name, Unit::One, judged(0.0, 1.0, Danger::Neither, 0.0, NO_RATE))
}

/// How full something is; empty is dangerous.
pub(super) const fn level(name: &'static str) -> PointSpec {
    sensor(name, Unit::Percent, judged(-5.0, 110.0, Danger::Down, 0.0, NO_RATE))
}

pub(super) const fn power(name: &'static str) -> PointSpec {
    sensor(name, Unit::Watt, judged(-1e8, 1e8, Danger::Up, 0.0, NO_RATE))
}

/// A differential pressure: low is dangerous.
pub(super) const fn pressure(name: &'static str) -> PointSpec {
    sensor(name, Unit::Pascal, judged(-1e4, 1e6, Danger::Down, 1e3, NO_RATE))
}

/// A pressure above the air's: high is dangerous.
pub(super) const fn gauge(name: &'static str) -> PointSpec {
    sensor(name, Unit::Pascal, judged(-1e5, 1e6, Danger::Up, 500.0, NO_RATE))
}

/// The air's own pressure.
pub(super) const fn barometer(name: &'static str) -> PointSpec {
    sensor(name, Unit::Pascal, judged(5e4, 1.1e5, Danger::Neither, 0.0, NO_RATE))
}

pub(super) const fn volume_flow(name: &'static str) -> PointSpec {
    sensor(name, Unit::LiterPerSecond, judged(-1.0, 1e3, Danger::Down, 0.5, NO_RATE))
}

const RACK: &[PointSpec] = &[
    temperature("inlet-air-temp", -10.0, 80.0),
    temperature("outlet-air-temp", -10.0, 120.0),
    sensor("power", Unit::Watt, judged(-1e3, 1e6, Danger::Up, 0.0, NO_RATE)),
];

const FAN: &[PointSpec] = &[duty("fan-speed", 20.0, 5.0), feedback("fan-speed-feedback")];

const CRAH: &[PointSpec] = &[
    duty("fan-speed", 20.0, 5.0),
    feedback("fan-speed-feedback"),
    duty("valve", 0.0, 5.0),
    feedback("valve-feedback"),
    temperature("supply-air-temp", -10.0, 80.0),
    temperature("return-air-temp", -10.0, 120.0),
];

const CHILLED_WATER: &[PointSpec] = &[
    duty("pump-speed", 20.0, 5.0),
    feedback("pump-speed-feedback"),
    pressure("dp"),
    temperature("supply-water-temp", -5.0, 60.0),
    temperature("return-water-temp", -5.0, 80.0),
    volume_flow("flow"),
];

const METER: &[PointSpec] =
    &[power("power"), sensor("energy", Unit::WattHour, judged(0.0, 1e15, Danger::Neither, 0.0, NO_RATE))];

/// Cells of a battery at rest keep a temperature for hours: one that stands still says nothing.
pub(super) const fn cells(name: &'static str) -> PointSpec {
    let mut judgement = judged(-40.0, 90.0, Danger::Up, 0.05, 5.0);
    judgement.stale_after = Span::from_secs(30);
    judgement.lost_after = Span::from_secs(300);
    sensor(name, Unit::Cel, judgement)
}

/// A power that is asked of something which can take and give; at rest, which is the fail-safe, where nobody asks. Its nameplate is the hall's.
pub(super) const fn asked_power(name: &'static str) -> PointSpec {
    PointSpec {
        name,
        unit: Unit::Watt,
        role: Role::Sp,
        judgement: judged(-1e8, 1e8, Danger::Neither, 0.0, NO_RATE),
        write: Some(WriteRange {
            min: -1e8,
            max: 1e8,
            failsafe: 0.0,
            relinquish_default: 0.0,
            rise_per_s: NO_RATE,
            fall_per_s: NO_RATE,
        }),
    }
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 25] = [
        Self::Rack,
        Self::Crah,
        Self::Fan,
        Self::ChilledWater,
        Self::Meter,
        Self::Pump,
        Self::CondenserPump,
        Self::Chiller,
        Self::Tower,
        Self::DryCooler,
        Self::WaterEconomiser,
        Self::CondenserWater,
        Self::FacilityWater,
        Self::Cdu,
        Self::RearDoor,
        Self::Dx,
        Self::Tank,
        Self::TwoPhaseTank,
        Self::HeatRecovery,
        Self::Ups,
        Self::Generator,
        Self::WeatherStation,
        Self::SmokeDetector,
        Self::RoomSensor,
        Self::Battery,
    ];

    /// The word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rack => "rack",
            Self::Crah => "crah",
            Self::Fan => "fan",
            Self::ChilledWater => "chilled-water",
            Self::Meter => "meter",
            Self::Pump => "pump",
            Self::CondenserPump => "condenser-pump",
            Self::Chiller => "chiller",
            Self::Tower => "tower",
            Self::DryCooler => "dry-cooler",
            Self::WaterEconomiser => "water-economiser",
            Self::CondenserWater => "condenser-water",
            Self::FacilityWater => "facility-water",
            Self::Cdu => "cdu",
            Self::RearDoor => "rear-door",
            Self::Dx => "dx",
            Self::Tank => "tank",
            Self::TwoPhaseTank => "two-phase-tank",
            Self::HeatRecovery => "heat-recovery",
            Self::Ups => "ups",
            Self::Generator => "generator",
            Self::WeatherStation => "weather-station",
            Self::SmokeDetector => "smoke-detector",
            Self::RoomSensor => "room-sensor",
            Self::Battery => "battery",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.word() == word)
    }

    /// The kind that a device map of its product says: a pump is a pump, whatever water it moves.
    #[must_use]
    pub const fn product(self) -> Self {
        if matches!(self, Self::CondenserPump) { Self::Pump } else { self }
    }

    /// The points that a machine of this kind can have more where control runs its plant by sequence: all that a device map may name.
    #[must_use]
    pub const fn commands(self) -> &'static [PointSpec] {
        match self {
            Self::Pump | Self::CondenserPump => commands::PUMP,
            Self::Chiller => commands::CHILLER,
            Self::Tower => commands::TOWER,
            Self::WaterEconomiser => commands::ECONOMISER,
            Self::Dx => commands::DX,
            Self::Cdu => commands::CDU,
            Self::RearDoor => commands::REAR_DOOR,
            Self::DryCooler => commands::DRY_COOLER,
            Self::Tank => commands::TANK,
            Self::TwoPhaseTank => commands::TWO_PHASE_TANK,
            Self::HeatRecovery => commands::HEAT_RECOVERY,
            Self::Rack
            | Self::Crah
            | Self::Fan
            | Self::ChilledWater
            | Self::Meter
            | Self::CondenserWater
            | Self::FacilityWater
            | Self::Ups
            | Self::Generator
            | Self::WeatherStation
            | Self::SmokeDetector
            | Self::RoomSensor
            | Self::Battery => &[],
        }
    }

    /// The points every equipment of this kind has, in the order of the process image.
    #[must_use]
    pub const fn points(self) -> &'static [PointSpec] {
        match self {
            Self::Rack => RACK,
            Self::Crah => CRAH,
            Self::Fan => FAN,
            Self::ChilledWater => CHILLED_WATER,
            Self::Meter => METER,
            Self::Pump | Self::CondenserPump => Pump::POINTS,
            Self::Chiller => Chiller::POINTS,
            Self::Tower => Tower::POINTS,
            Self::DryCooler => DryCooler::POINTS,
            Self::WaterEconomiser => WaterEconomiser::POINTS,
            Self::CondenserWater => CondenserWater::POINTS,
            Self::FacilityWater => FacilityWater::POINTS,
            Self::Cdu => Cdu::POINTS,
            Self::RearDoor => RearDoor::POINTS,
            Self::Dx => Dx::POINTS,
            Self::Tank => Tank::POINTS,
            Self::TwoPhaseTank => TwoPhaseTank::POINTS,
            Self::HeatRecovery => HeatRecovery::POINTS,
            Self::Ups => Ups::POINTS,
            Self::Generator => Generator::POINTS,
            Self::WeatherStation => WeatherStation::POINTS,
            Self::SmokeDetector => SmokeDetector::POINTS,
            Self::RoomSensor => RoomSensor::POINTS,
            Self::Battery => Battery::POINTS,
        }
    }
}
