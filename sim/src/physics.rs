//! What only nature knows about a simulated hall: volumes, conductances, curves, losses and noise, from
//! `sim/halls/<hall>.toml`. Every number is a default of a shipped hall, not a property of the models.

mod load;
pub(crate) mod read;

use plant::time::Span;

use crate::coolers::{Curves, direct};
use crate::exchanger::CoilSurface;
use crate::racks::Exchange;
use crate::weather::Weather;
use crate::{circuits, electrics, immersion, liquid};

/// The physics of one hall.
#[derive(Clone, Debug, PartialEq)]
pub struct Physics {
    /// The seed of noise and of the load's random steps, unless a run gives its own (number, any).
    pub seed: u64,
    /// How long a device waits for a command before its own panel takes over (s, > 0).
    pub comm_loss: Span,
    /// Air temperature at the start, everywhere (°C, -10 to 60).
    pub start_air: f64,
    /// Duty of every fan, valve and pump at the start (%, 0 to 100).
    pub start_duty: f64,
    /// The room.
    pub room: Room,
    /// The racks.
    pub rack: Rack,
    /// How machines give their heat to the air, drawn from `rack` when the file is read.
    pub exchange: Exchange,
    /// The fans, in CRAHs or alone.
    pub fan: Fan,
    /// The coils, where the hall has any.
    pub coil: Option<Coil>,
    /// The chilled water, where the hall has any.
    pub chilled: Option<circuits::spec::Spec>,
    /// The facility water, where the hall has any.
    pub facility: Option<circuits::spec::Spec>,
    /// CDUs and cold plates, where the hall has any.
    pub plates: Option<liquid::row::Spec>,
    /// Rear doors, where the hall has any.
    pub doors: Option<liquid::door::Spec>,
    /// DX units, where the hall has any.
    pub dx: Option<direct::Spec>,
    /// Immersion tanks, where the hall has any.
    pub tanks: Option<immersion::units::Spec>,
    /// The machines' work.
    pub load: Load,
    /// Outdoors.
    pub weather: Weather,
    /// Between the utility and the racks.
    pub electrics: electrics::site::Spec,
    /// What the sensors do to the truth.
    pub sensors: Sensors,
    /// What drives and valves do to their commands.
    pub actuators: Actuators,
    /// Which rows a meter sees, where it is not the whole hall: meter and rows by name.
    pub meters: Vec<MeterScope>,
}

/// Aisles and masses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// Heat capacity of a cold aisle's air and light surfaces, for each rack (J/K, > 0).
    pub cold_aisle: f64,
    /// Heat capacity of a hot aisle's air and light surfaces, for each rack (J/K, > 0).
    pub hot_aisle: f64,
    /// Heat capacity of floor, frames and walls, for each rack (J/K, > 0).
    pub mass: f64,
    /// Between each aisle and the mass, for each rack (W/K, > 0).
    pub mass_ua: f64,
    /// Between the mass and outdoors, for the whole hall (W/K, ≥ 0).
    pub envelope_ua: f64,
    /// Share of the fans' air that returns unused (1, 0 to 0.9).
    pub bypass: f64,
    /// Share of a rack's air that is its own hot air, in the middle of a row (1, 0 to 0.5).
    pub recirculation: f64,
    /// The same at the ends of a row (1, 0 to 0.5).
    pub recirculation_ends: f64,
}

/// One rack, for each watt of its nameplate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rack {
    /// Heat capacity of the machines (J/K for each W, > 0).
    pub heat_capacity: f64,
    /// Air's rise through the machines at nameplate power (K, > 0).
    pub air_rise: f64,
    /// Machines to air, as number of transfer units at nameplate flow (1, > 0).
    pub transfer_units: f64,
    /// The machines' own fans at nameplate flow, as a share of the nameplate (1, 0 to 0.5).
    pub fan_share: f64,
    /// The least flow the machines' fans keep (1, 0.05 to 1 of nameplate flow).
    pub flow_min: f64,
    /// The most flow the machines' fans reach (1, 1 to 3 of nameplate flow).
    pub flow_max: f64,
    /// Inlet temperature above which the machines' fans speed up (°C, 0 to 60).
    pub warm_above: f64,
    /// How much faster for each kelvin above (1/K, ≥ 0).
    pub warm_gain: f64,
    /// How long the machines' fans take to follow (s, > 0).
    pub fan_lag: f64,
}

/// One fan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fan {
    /// Air at full speed (kg/s, > 0).
    pub flow: f64,
    /// Electrical power at full speed (W, ≥ 0).
    pub power: f64,
    /// Full range of speed takes this long (s, > 0).
    pub ramp: f64,
    /// Where a lone fan takes its air: its mean temperature (°C, -30 to 50). CRAHs take theirs from the hot aisle.
    pub ambient: f64,
}

/// One CRAH's coil and its valve.
#[derive(Clone, Debug, PartialEq)]
pub struct Coil {
    /// The surface.
    pub surface: CoilSurface,
    /// Heat capacity of metal and water (J/K, > 0).
    pub heat_capacity: f64,
    /// Full stroke of the valve takes this long (s, > 0).
    pub stroke: f64,
    /// Pressure drop of the coil at its nominal water flow (Pa, > 0).
    pub coil_drop: f64,
    /// Pressure drop of the open valve at the nominal water flow (Pa, > 0).
    pub valve_drop: f64,
    /// Open flow over closed flow of the equal-percentage valve (1, 10 to 200).
    pub rangeability: f64,
    /// How conductances and the valve's opening go, drawn from the above when the file is read.
    pub curves: Curves,
}

/// How busy the racks are, as shares of their nameplates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// The mean (1, 0 to 1).
    pub mean: f64,
    /// Half the swing between night and afternoon (1, 0 to 0.5).
    pub diurnal: f64,
    /// When the load is highest (hour of the UTC day, 0 to 24).
    pub peak_hour: f64,
    /// Largest random step of a rack, up or down from the mean (1, 0 to 1).
    pub step: f64,
    /// How long a rack holds a random step (s, ≥ 10).
    pub hold: f64,
    /// How long a step takes (s, > 0).
    pub ramp: f64,
}

/// The imperfections by kind of channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sensors {
    /// Air temperatures (K).
    pub air: Imperfection,
    /// Water temperatures (K).
    pub water: Imperfection,
    /// Power of racks and meters (W).
    pub power: Imperfection,
    /// Drives' and valves' feedback (%).
    pub feedback: Imperfection,
    /// Differential pressure (Pa).
    pub pressure: Imperfection,
    /// Flow (l/s).
    pub flow: Imperfection,
}

/// What one channel does to the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Imperfection {
    /// First-order lag (s, ≥ 0).
    pub lag: f64,
    /// Standard deviation of Gaussian noise (the channel's unit, ≥ 0).
    pub noise: f64,
    /// Standard deviation of Gaussian noise in proportion to the reading (1, ≥ 0).
    pub relative_noise: f64,
    /// Standard deviation, over channels, of each one's fixed error (the channel's unit, ≥ 0).
    pub bias: f64,
    /// Smallest step of the reading (the channel's unit, ≥ 0; 0 for none).
    pub step: f64,
    /// Standard deviation, over channels, of what each has drifted after a month (the channel's unit, ≥ 0).
    pub drift: f64,
    /// Standard deviation of pink noise (the channel's unit, ≥ 0).
    pub pink: f64,
    /// How long the device shows one reading before it takes the next (s, ≥ 0; 0 for every step).
    pub hold: f64,
    /// The readings at 4 and 20 mA, where the channel comes over a current loop (the channel's unit).
    pub span: Option<(f64, f64)>,
}

/// The imperfections by kind of actuator.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Actuators {
    /// Fans' drives.
    pub fan: Actuation,
    /// Coils' valves.
    pub valve: Actuation,
    /// Pumps' drives.
    pub pump: Actuation,
}

/// What one actuator does to its command. Without any of it an actuator slews and that is all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Actuation {
    /// A command takes this long to arrive (s, ≥ 0).
    pub delay: f64,
    /// An error up to this does not start it (%, 0 to 20).
    pub deadband: f64,
    /// At rest it holds until the error exceeds this, and then jumps by it (%, 0 to 20).
    pub stiction: f64,
    /// Play between stem and plug (%, 0 to 20).
    pub play: f64,
    /// The least speed it turns at (%, 0 to 100).
    pub minimum: f64,
    /// What passes when it is closed (1, 0 to 0.5).
    pub leak: f64,
    /// Without a command it goes to its own fail-safe position after this long (s, ≥ 0).
    pub lost_after: f64,
    /// That position (%, 0 to 100; nothing where it stays at its last command).
    pub lost_to: Option<f64>,
    /// Where a spring takes it without power (%, 0 to 100; nothing where it stays as it is).
    pub spring: Option<f64>,
    /// How long it takes to follow again when power comes back (s, ≥ 0).
    pub restart: f64,
}

impl Actuation {
    /// Nothing between command and slew.
    pub const PERFECT: Self = Self {
        delay: 0.0,
        deadband: 0.0,
        stiction: 0.0,
        play: 0.0,
        minimum: 0.0,
        leak: 0.0,
        lost_after: 0.0,
        lost_to: None,
        spring: None,
        restart: 0.0,
    };
}

impl Default for Actuation {
    fn default() -> Self {
        Self::PERFECT
    }
}

/// The rows a meter sees.
#[derive(Clone, Debug, PartialEq)]
pub struct MeterScope {
    /// The meter's name.
    pub meter: String,
    /// The rows' names.
    pub rows: Vec<String>,
    /// What it sees of them (1, 0 to 1).
    pub share: f64,
}
