//! A water circuit: pumps and branches, two headers, and the machines that cool the water between them.
//!
//! ```text
//!          ┌─ recovery ─ dry cooler ─ economiser ─ chillers ─┐
//!   back ──┤                                                 ├── supply ── pumps ── branches (coils, CDUs, tanks) ── back
//!          └─────────────────────────────────────────────────┘
//!                         economiser, condensers ── condenser water ── tower or dry cooler ── outdoors
//! ```
//!
//! **Equation** the water that comes back passes its machines in order, each from the temperature the one before left it at; it
//! fills the supply header, a mixed volume stepped exactly; what the branches take from it is heat into the way back,
//! `C·dT_back/dt = ṁ·cp·(T_supply − T_back) + ΣQ + W`. The ring is cut at the way back's outflow, taken at the step's beginning.
//! **Source** mass and heat balance; the machines' own pages. **Box** steps shorter than the way back's turnover.
//! **Outside it** without flow nothing is cooled, and the way back stands. **Time constant** 60 to 200 s a header.

pub mod bank;
pub mod condensing;
pub mod pumps;
pub mod spec;
pub mod station;

use plant::hall::sequence::RunMode;

use crate::cooling::chiller::Stream;
use crate::cooling::heat_recovery::{Offered, Recovered};
use crate::cooling::moist::saturated;
use crate::cooling::{dry_cooler, water_economiser};
use crate::electrics::site::Feeds;
use crate::exponential::node;
use crate::hydraulics::{Branch, Shared};
use crate::local::economiser::{Economiser, Rules, Seen};
use crate::local::pi::{Loop, Pi};
use crate::water::CP_WATER;
use crate::weather::Outdoor;
use bank::{Bank, Unit};
use condensing::{Condensing, Fans};
use pumps::Pumps;
use spec::Spec;
use station::Station;

/// Dry-cooler fans by the water that leaves them (°C → %).
const FANS: Pi = Pi { gain: 8.0, ti: 180.0, limits: (0.0, 100.0) };
/// A drive of a dry cooler that is told less stands (%).
const LEAST_DRY: f64 = 5.0;
/// The economiser's valve by the water that leaves it (°C → %): slow, because the plates answer at once.
const VALVE: Pi = Pi { gain: 0.5, ti: 120.0, limits: (0.0, 100.0) };
/// How far below the setpoint it holds the water while the fans hold the setpoint (K).
const BELOW: f64 = 1.0;
/// Its full stroke takes this long (s).
const STROKE: f64 = 120.0;
/// Pumps by differential pressure over its setpoint (1 → %); more pressure, less speed. Pressure follows speed at once and
/// twice as much, so that a larger gain would swing.
pub(crate) const PUMPS: Pi = Pi { gain: -10.0, ti: 15.0, limits: (25.0, 100.0) };

/// A circuit at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Circuit {
    /// In the supply header (°C).
    pub supply: f64,
    /// On its way back (°C).
    pub back: f64,
    /// To the branches, mean of the last step (°C).
    pub to_branches: f64,
    /// The pumps and what they share out.
    pub shared: Shared,
    /// Pump speed (%).
    pub speed: f64,
    /// True where the pumps are tripped, all together.
    pub tripped: bool,
    /// Each pump.
    pub pumps: Pumps,
    /// What of it has power.
    pub feeds: Feeds,
    /// The chillers.
    pub bank: Bank,
    /// Their condenser water.
    pub condensing: Option<Condensing>,
    /// What the economiser is told.
    pub switched: RunMode,
    /// The water that economiser and tower are to make (°C); the plant's where nobody says so.
    pub aim: Option<f64>,
    /// The economiser stays on, or off, whatever it is told.
    pub switch_fails: Option<bool>,
    /// Its valve stays where it is.
    pub plates_jammed: bool,
    /// The economiser, what it did in the last step, and its valve (%).
    pub economiser: Option<(Economiser, water_economiser::Outcome, f64)>,
    /// The dry cooler: what leaves its tubes (°C), its fans (%), what it did.
    pub dry: Option<Dry>,
    /// What the heat recovery did.
    pub recovered: Recovered,
    /// The valve of the heat recovery.
    pub station: Station,
    /// What the customer of heat gets (°C).
    pub handed_over: f64,
    /// False while the customer of heat is gone.
    pub customer: bool,
    pump: Loop,
    valve: Loop,
    /// The branches of this step, in the order their owners were given places.
    pub branches: Vec<Branch>,
    /// Flow through each (kg/s).
    pub flows: Vec<f64>,
}

/// A dry cooler on the circuit.
#[derive(Clone, Debug, PartialEq)]
pub struct Dry {
    /// Leaving the tubes (°C).
    pub liquid: f64,
    /// Entering (°C).
    pub entering: f64,
    /// Fan speed (%).
    pub fan: f64,
    /// True where the fans are dead.
    pub failed: bool,
    /// True where the fans do not stop.
    pub stays: bool,
    /// Pads that are wet stay so, or dry ones do, whatever they are told.
    pub pads_stay: Option<bool>,
    /// Fan speed (%) and wet pads as somebody tells them who is not its panel.
    pub told: Option<(f64, bool)>,
    /// How much warmer than outdoors the air is that it breathes (K).
    pub warmer: f64,
    /// Pads wetted.
    pub wet: bool,
    /// What it did in the last step.
    pub last: dry_cooler::Outcome,
    fans: Loop,
}

/// What one step of a circuit books, besides the branches' heat.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Given {
    /// More heat stored than before (J).
    pub stored: f64,
    /// To outdoors, through walls, fans, rooms and customers; negative inward (J).
    pub out: f64,
    /// Electricity (W).
    pub power: f64,
    /// Of it, pumps (W).
    pub pumps: f64,
    /// Water used (kg/s).
    pub water: f64,
}

impl Circuit {
    /// At rest at its setpoint with so many branches, and chillers of which `running` have been running for long.
    #[must_use]
    pub fn new(of: &Spec, places: usize, (chillers, running): (usize, usize)) -> Self {
        let at = of.setpoint;
        let condenser = of.condensing.as_ref().map_or(at, |c| c.setpoint);
        Self {
            supply: at,
            back: at,
            to_branches: at,
            shared: Shared::default(),
            speed: 60.0,
            tripped: false,
            pumps: Pumps::new(&of.group, 60.0),
            feeds: Feeds::ALL,
            bank: Bank::new(of, (chillers.min(bank::MOST), running), condenser),
            condensing: of.condensing.as_ref().map(|c| Condensing::new(c, condenser, chillers.min(bank::MOST))),
            switched: RunMode::Panel,
            aim: None,
            switch_fails: None,
            plates_jammed: false,
            economiser: of.economiser.map(|_| (Economiser::Off { since: 1e6 }, passed(at), 0.0)),
            dry: of.dry_cooler.map(|_| Dry {
                liquid: at,
                entering: at,
                fan: 50.0,
                failed: false,
                stays: false,
                pads_stay: None,
                told: None,
                warmer: 0.0,
                wet: false,
                last: <_>::default(),
                fans: Loop::at(50.0),
            }),
            recovered: Recovered::default(),
            station: Station::PANEL,
            handed_over: at,
            customer: true,
            pump: Loop::at(60.0),
            valve: Loop::at(0.0),
            branches: vec![Branch::open(of.hydraulics.mains); places],
            flows: vec![0.0; places],
        }
    }

    /// The pumps' own panel: the speed that holds the differential pressure (%).
    pub fn hold_dp(&mut self, of: &Spec, dt: f64) -> f64 {
        self.pump.step(&PUMPS, (self.shared.dp / of.group.dp, 1.0), dt)
    }

    /// True while its pumps cannot run.
    #[must_use]
    pub const fn stands(&self) -> bool {
        self.tripped || !self.feeds.pumps
    }

    /// Runs the pumps, shares their flow among the branches, which their owners have set, and opens the condenser water to what runs.
    pub fn share_flow(&mut self, of: &Spec, dt: f64) {
        self.pumps.run(&of.group, (self.speed, self.stands()), self.shared.dp, dt);
        self.shared = of.hydraulics.share(self.pumps.speeds(), &self.branches, &mut self.flows);
        if let (Some(water), Some(of)) = (&mut self.condensing, &of.condensing) {
            let economiser = self.economiser.as_ref().is_some_and(|e| e.0.is_on());
            let fed = self.feeds.machinery;
            water.fed = fed;
            let valves = self.bank.units.iter().map(Unit::valve);
            let condensers = self.bank.open().zip(valves).map(|(open, valve)| if open && fed { valve } else { 0.0 });
            water.share_flow(of, condensers.chain([if economiser && fed { 1.0 } else { 0.0 }]), dt);
        }
    }

    /// Cools what has come back and fills the supply header.
    pub fn cool(&mut self, of: &Spec, (air, hour): (&Outdoor, f64), dt: f64) -> Given {
        let mut given = Given::default();
        let stream = self.shared.flow * CP_WATER;
        let condensed = self.reject(of, air, (&mut given, dt));
        let mut water = Stream { flow: self.shared.flow, entering: self.back };
        water.entering = self.recover(of, (air, hour), water, (&mut given, dt));
        water.entering = self.cool_dry(of, air, water, (&mut given, dt));
        let (after, economised) = self.economise(of, (air, condensed), water, dt);
        water.entering = after;
        let load = stream * (water.entering - of.setpoint);
        let cooled = self.condensing.as_ref().map_or(water.entering, |c| c.supply);
        if let Some(chiller) = &of.chiller {
            let spared = self.economiser.as_ref().is_some_and(|e| e.0.is_on()) && after < of.setpoint + 0.5;
            self.bank.stage(chiller, (load, self.supply - of.setpoint, spared), dt);
        }
        let Self { bank, condensing, feeds, .. } = self;
        bank.fed = feeds.machinery;
        let chilled = bank.step(of, water, (|n| condensing.as_ref().map_or(0.0, |c| c.flow(n)), cooled), dt);
        given.stored += chilled.stored;
        given.power += chilled.power;
        given.out += dt * chilled.to_room;
        if let (Some(water), Some(of)) = (condensing, &of.condensing) {
            given.stored += water.come_back(of, economised + chilled.condensed, dt);
            given.power += water.shared.work.electrical;
            given.out += dt * (water.shared.work.electrical - water.shared.work.to_fluid);
        }
        let header =
            node(stream + of.pipes, stream * chilled.leaving + of.pipes * air.dry_bulb, (of.supply, self.supply), dt);
        given.stored += of.supply * (header.end - self.supply);
        given.out += dt * of.pipes * (header.mean - air.dry_bulb);
        self.supply = header.end;
        self.to_branches = header.mean;
        given
    }

    /// Takes the branches' heat (W) into the way back, with the pumps'.
    pub fn take(&mut self, of: &Spec, heat: f64, air: &Outdoor, dt: f64) -> Given {
        let stream = self.shared.flow * CP_WATER;
        let walls = of.pipes * (air.dry_bulb - self.back);
        let work = self.shared.work;
        let gain = dt * (stream * (self.to_branches - self.back) + heat + work.to_fluid + walls);
        self.back += gain / of.back;
        Given {
            stored: gain,
            out: dt * (work.electrical - work.to_fluid - walls),
            power: work.electrical,
            pumps: work.electrical,
            water: 0.0,
        }
    }

    /// The rejecter's part; says the temperature of what the machines get (°C).
    fn reject(&mut self, of: &Spec, air: &Outdoor, (given, dt): (&mut Given, f64)) -> f64 {
        let (Some(water), Some(condensing)) = (&mut self.condensing, &of.condensing) else { return self.back };
        let economiser = self.economiser.as_ref().is_some_and(|e| e.0.is_on());
        let fans = match (economiser, self.bank.running()) {
            (true, 0) => Fans::Chilled { above: self.supply - self.aim.unwrap_or(of.setpoint) },
            (true, _) => Fans::Full,
            (false, _) => Fans::Hold,
        };
        let rejected = water.reject(condensing, (air, fans), dt);
        given.stored += rejected.stored;
        given.out += rejected.to_outdoors;
        given.power += water.used.power;
        given.water += water.used.water;
        water.supply
    }

    fn recover(
        &mut self,
        of: &Spec,
        (air, hour): (&Outdoor, f64),
        water: Stream,
        (given, dt): (&mut Given, f64),
    ) -> f64 {
        let Some(station) = &of.recovery else { return water.entering };
        let open = self.station.open(self.feeds.machinery, dt);
        let offered = Offered {
            flow: water.flow,
            back: water.entering,
            outdoors: air.dry_bulb,
            hour,
            connected: self.customer && self.feeds.machinery,
            open,
        };
        self.recovered = station.recover(offered);
        self.station.took(self.recovered.exported > 0.0);
        self.station.calls = station.customer.wanted(air.dry_bulb, hour).heat > 0.0;
        let stream = water.flow * CP_WATER;
        self.handed_over = if self.recovered.exported > 0.0 {
            station.customer.wanted(air.dry_bulb, hour).supply
        } else {
            water.entering
        };
        given.power += self.recovered.electricity;
        given.out += dt * (self.recovered.from_hall + self.recovered.electricity);
        if stream > 0.0 { water.entering - self.recovered.from_hall / stream } else { water.entering }
    }

    fn cool_dry(&mut self, of: &Spec, air: &Outdoor, water: Stream, (given, dt): (&mut Given, f64)) -> f64 {
        let (Some(dry), Some(cooler)) = (&mut self.dry, &of.dry_cooler) else { return water.entering };
        let seen = (dry.liquid, of.setpoint);
        let own = |dry: &Dry, wanted: f64| wanted > 95.0 || (dry.wet && wanted > 70.0);
        let (wanted, wet) = match dry.told {
            Some((speed, wet)) => {
                dry.fans.follow(&FANS, seen, speed); // its panel goes on from there
                (if speed < LEAST_DRY { 0.0 } else { speed }, wet)
            }
            None => {
                let wanted = dry.fans.step(&FANS, seen, dt);
                (wanted, own(dry, wanted))
            }
        };
        let wanted = if dry.stays && dry.fan > 0.0 { wanted.max(LEAST_DRY) } else { wanted };
        let fed = self.feeds.machinery;
        dry.fan = if dry.failed || !fed { 0.0 } else { wanted };
        let stays = dry.pads_stay.is_some_and(|wet| wet == dry.wet);
        dry.wet = fed && cooler.pads.is_some() && if stays { dry.wet } else { wet };
        dry.entering = water.entering;
        let inputs = dry_cooler::Inputs {
            dry_bulb: air.dry_bulb + dry.warmer,
            // The same moisture in warmer air: a third of a kelvin of wet bulb for each of dry bulb.
            wet_bulb: air.wet_bulb + dry.warmer / 3.0,
            wind: air.wind,
            entering: water.entering,
            flow: water.flow,
            speed: dry.fan / 100.0,
            fans: 1.0,
            wet: dry.wet,
        };
        let before = dry.liquid;
        dry.last = cooler.step(&mut dry.liquid, &inputs, dt);
        given.stored += cooler.heat_capacity * (dry.liquid - before);
        given.out += dt * (dry.last.heat + dry.last.fan_power);
        given.power += dry.last.fan_power;
        given.water += dry.last.evaporated + dry.last.bled;
        if water.flow > 0.0 { dry.last.leaving } else { water.entering }
    }

    /// The economiser's part: what leaves it (°C) and the heat it gave to the condenser water (W).
    fn economise(&mut self, of: &Spec, (air, condenser): (&Outdoor, f64), water: Stream, dt: f64) -> (f64, f64) {
        let (Some((panel, last, position)), Some(plates), Some(cold)) =
            (&mut self.economiser, &of.economiser, &self.condensing)
        else {
            return (water.entering, 0.0);
        };
        let design = of.hydraulics.group.pump.flow * plant::convert::f64_from_usize(of.group.pumps);
        let seen = Seen {
            wet_bulb: air.wet_bulb,
            flow: water.flow / design,
            entering: water.entering,
            leaving: last.to_chillers.celsius,
        };
        // One that does not start stays off, and one that does not stop stays on.
        let stays = self.switch_fails.filter(|fails_on| *fails_on == panel.is_on());
        let on = match (stays, self.switched) {
            (Some(stays), _) => panel.told(stays, dt),
            (None, RunMode::Panel) => panel.step(&Rules::PUBLISHED, seen, dt),
            (None, mode @ (RunMode::Off | RunMode::On)) => panel.told(mode == RunMode::On, dt),
        };
        // Alone, the tower's fans hold the water, and the valve closes only when even their least is too cold.
        let alone = if self.bank.running() == 0 { BELOW } else { 0.0 };
        let wanted = self.valve.step(&VALVE, (last.to_chillers.celsius, self.aim.unwrap_or(of.setpoint) - alone), dt);
        let reach = if self.plates_jammed { 0.0 } else { 100.0 * dt / STROKE };
        *position += (if on { wanted } else { 0.0 } - *position).clamp(-reach, reach);
        let chilled = water_economiser::Stream { flow: water.flow, celsius: water.entering };
        let flow = if on { cold.economiser_flow() } else { 0.0 };
        *last = plates.run(chilled, *position / 100.0, water_economiser::Stream { flow, celsius: condenser });
        (last.to_chillers.celsius, last.heat)
    }
}

/// An economiser that water of this temperature passes by (°C).
fn passed(at: f64) -> water_economiser::Outcome {
    let to_chillers = water_economiser::Stream { flow: 0.0, celsius: at };
    water_economiser::Outcome { to_chillers, ..water_economiser::Outcome::default() }
}

/// Humidity ratio of outdoor air (kg/kg).
pub(crate) fn humidity(air: &Outdoor) -> f64 {
    saturated(air.dew_point, air.pressure)
}
