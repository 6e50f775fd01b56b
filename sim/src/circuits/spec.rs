//! What a circuit is made of, from the physics file: `[chilled-water]` and `[facility-water]`.

use plant::read::Section;

use super::pumps::RUN_DOWN;
use crate::cooling::chiller::Chiller;
use crate::cooling::dry_cooler::DryCooler;
use crate::cooling::heat_recovery::HeatRecovery;
use crate::cooling::tower::Tower;
use crate::cooling::water_economiser::{Arrangement, WaterEconomiser};
use crate::hydraulics::{Loop, Resistance};
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, maybe, need, number};
use crate::water::{CP_WATER, DENSITY};

/// A water circuit.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// What its machines hold the water to the hall at (°C).
    pub setpoint: f64,
    /// Its pumps.
    pub group: Group,
    /// Pumps, mains, bypass.
    pub hydraulics: Loop,
    /// Heat capacity of the water to the hall (J/K).
    pub supply: f64,
    /// Heat capacity of the water back (J/K).
    pub back: f64,
    /// Between each header and outdoors (W/K).
    pub pipes: f64,
    /// Heat recovery, first in the water's way back.
    pub recovery: Option<HeatRecovery>,
    /// Dry coolers on the circuit itself.
    pub dry_cooler: Option<DryCooler>,
    /// The economiser to the condenser water.
    pub economiser: Option<WaterEconomiser>,
    /// Each of the chillers.
    pub chiller: Option<Chiller>,
    /// The condenser water.
    pub condensing: Option<Condensing>,
}

/// Pumps side by side on a header.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    /// What they hold across the branches by their own panel (Pa).
    pub dp: f64,
    /// How many run beside each other by their panels.
    pub pumps: usize,
    /// How many stand by besides.
    pub standby: usize,
    /// Full range of a pump's speed takes this long (s).
    pub ramp: f64,
}

/// The water between condensers and what cools it.
#[derive(Clone, Debug, PartialEq)]
pub struct Condensing {
    /// What its fans hold the water to the condensers at (°C).
    pub setpoint: f64,
    /// Pumps and mains.
    pub hydraulics: Loop,
    /// Its pumps on a header; nothing where one runs for each machine that is open to it.
    pub group: Option<Group>,
    /// One condenser with its pipes.
    pub condenser: Resistance,
    /// The economiser with its pipes.
    pub economiser: Resistance,
    /// Heat capacity of the water on its way to the tower (J/K).
    pub back: f64,
    /// What cools it.
    pub rejecter: Rejecter,
}

/// What cools condenser water.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rejecter {
    /// A wet tower.
    Tower(Tower),
    /// A dry cooler, as on packaged air-cooled chillers.
    Dry(DryCooler),
}

impl Group {
    fn read(of: &Section<'_>) -> Self {
        Self {
            dp: number(of, "dp-pa", POSITIVE),
            pumps: of.whole("pumps", (1, 8)).and_then(|n| usize::try_from(n).ok()).unwrap_or(1),
            standby: of.whole("standby", (0, 8)).and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
            ramp: number(of, "ramp-s", POSITIVE),
        }
    }

    /// Where a skid's drives come to within `dt` (%): toward the speed that is `wanted`, by their ramp, or down without power.
    #[must_use]
    pub fn ramped(&self, speed: f64, (wanted, fed): (f64, bool), dt: f64) -> f64 {
        let reach = 100.0 * dt / self.ramp;
        if fed { speed + (wanted - speed).clamp(-reach, reach) } else { (speed - RUN_DOWN * dt).max(0.0) }
    }

    /// All of them.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.pumps.saturating_add(self.standby)
    }
}

impl Spec {
    /// Reads a circuit.
    pub(crate) fn read(of: &Section<'_>) -> Option<Self> {
        let hydraulics = need(of, "loop", |of| Loop::read(of, DENSITY)).flatten();
        let recovery = maybe(of, "heat-recovery", HeatRecovery::read);
        let dry_cooler = maybe(of, "dry-cooler", DryCooler::read);
        let economiser = maybe(of, "economiser", WaterEconomiser::read);
        let chiller = maybe(of, "chiller", Chiller::read);
        let condensing = maybe(of, "condensing", Condensing::read);
        if chiller.is_some() && condensing.is_none() {
            let help = "add `condensing` with a tower, or with the dry cooler of an air-cooled machine";
            of.fault("chiller", "these chillers have nothing to give their heat to", help);
        }
        of_one_water(of, &chiller, &dry_cooler, &economiser);
        if economiser.is_some() && condensing.is_none() {
            of.fault("economiser", "this economiser has no condenser water", "add `condensing`");
        }
        let read = Self {
            setpoint: number(of, "setpoint-cel", (4.0, 60.0)),
            group: Group::read(of),
            hydraulics: hydraulics?,
            supply: number(of, "supply-kg", POSITIVE) * CP_WATER,
            back: number(of, "return-kg", POSITIVE) * CP_WATER,
            pipes: number(of, "pipe-w-per-k", AT_LEAST_ZERO),
            recovery: recovery.flatten(),
            dry_cooler: dry_cooler.flatten(),
            economiser: economiser.flatten(),
            chiller: chiller.flatten(),
            condensing: condensing.flatten(),
        };
        read.turns_over_slowly(of, "return-kg", (read.back, read.hydraulics.group.pump.flow));
        Some(read)
    }

    /// The water on its way back is a store that a step must not empty.
    fn turns_over_slowly(&self, of: &Section<'_>, key: &'static str, (capacity, each): (f64, f64)) {
        let most = 1.5 * each * plant::convert::f64_from_usize(self.group.count()) * CP_WATER * LONGEST_STEP;
        if capacity < most {
            let message = format!("`{key}` holds less than the pumps move in {LONGEST_STEP} s, the longest step");
            of.fault(key, message, "write the water that is in pipes and vessels, at least that much");
        }
    }
}

/// One liquid fills a circuit, so that its machines must reckon with the same specific heat; and the economiser stands before
/// the chillers.
fn of_one_water(
    of: &Section<'_>,
    chiller: &Option<Option<Chiller>>,
    dry: &Option<Option<DryCooler>>,
    economiser: &Option<Option<WaterEconomiser>>,
) {
    let other = |cp: f64| (cp - CP_WATER).abs() > 1e-6;
    let help = "take `cp-j-per-kg-k` away: a circuit is filled with water here";
    if chiller.flatten().is_some_and(|c| other(c.evaporator.cp) || other(c.condenser.cp)) {
        of.fault("chiller", "these chillers reckon with another liquid than the circuit's", help);
    }
    if dry.flatten().is_some_and(|d| other(d.cp)) {
        of.fault("dry-cooler", "this dry cooler reckons with another liquid than the circuit's", help);
    }
    if economiser.flatten().is_some_and(|e| e.arrangement != Arrangement::Series) {
        let message = "in a circuit the economiser stands before the chillers";
        of.fault("economiser", message, "write `arrangement = \"series\"`");
    }
}

/// The longest step of the physics (s).
pub const LONGEST_STEP: f64 = 10.0;

impl Condensing {
    fn read(of: &Section<'_>) -> Option<Self> {
        let hydraulics = need(of, "loop", |of| Loop::read(of, DENSITY)).flatten();
        let (tower, dry) = (maybe(of, "tower", Tower::read), maybe(of, "dry-cooler", DryCooler::read));
        let rejecter = match (tower, dry) {
            (Some(tower), None) => tower.map(Rejecter::Tower),
            (None, Some(dry)) => dry.map(Rejecter::Dry),
            (Some(_), Some(_)) | (None, None) => {
                of.fault("", "condenser water is cooled by one of `tower` and `dry-cooler`", "write one of them");
                None
            }
        };
        let condenser = need(of, "condenser", Resistance::read);
        let economiser = maybe(of, "economiser", Resistance::read);
        Some(Self {
            setpoint: number(of, "setpoint-cel", (4.0, 60.0)),
            hydraulics: hydraulics?,
            group: of.has("dp-pa").then(|| Group::read(of)),
            condenser: condenser?,
            economiser: economiser.or(condenser)?,
            back: number(of, "return-kg", POSITIVE) * CP_WATER,
            rejecter: rejecter?,
        })
    }
}
