//! What raises an alarm, looked up in the image of a scan.

use plant::convert::f64_from_usize;
use plant::event::{Rung, Trouble};
use plant::hall::{AlarmDef, Condition, Hall};
use plant::id::{EquipId, PointId, Table};
use plant::point::Role;
use plant::reading::{Reading, Why};
use plant::time::{Span, Tick};
use plant::units::Celsius;

use crate::control::commands::{Held, OutputId};
use crate::control::cooling::Cooling;
use crate::control::energy::Energy;
use crate::control::equipment::{Equipment, Failed};
use crate::control::feeds::Feeds;
use crate::control::quality::Image;
use crate::control::sentence::{mishap, need, unanswered};

/// What the conditions look at.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The hall.
    pub hall: &'a Hall,
    /// The process image.
    pub image: Image<'a>,
    /// Every output.
    pub held: &'a Table<OutputId, Held>,
    /// Energy and PUE.
    pub energy: &'a Energy,
    /// The loops, whose fans may have failed.
    pub cooling: &'a Cooling,
    /// What runs by sequence.
    pub equipment: &'a Equipment,
    /// The power tree.
    pub feeds: &'a Feeds,
    /// Now, with its `dt` as the delays count it.
    pub tick: Tick,
    /// How long this boot has run.
    pub running: Span,
    /// Somebody else runs the hall, and nothing of ours arrives.
    pub beside: bool,
}

/// A rack's or coil's temperature, and which.
pub type Hottest = Option<(PointId, f64)>;

impl Scene<'_> {
    /// True while the condition holds, false while it is gone past its deadband; nothing between, and while it cannot be
    /// told.
    #[must_use]
    pub fn holds(&self, def: &AlarmDef) -> Option<bool> {
        let above = |value: f64| {
            let gone = value <= def.limit - def.deadband;
            if value > def.limit { Some(true) } else { gone.then_some(false) }
        };
        let below = |value: f64| {
            let gone = value >= def.limit + def.deadband;
            if value < def.limit { Some(true) } else { gone.then_some(false) }
        };
        if self.beside && accuses(def.condition) {
            return Some(false);
        }
        match def.condition {
            Condition::InletAbove => above(self.worst_inlet()?.1),
            Condition::SupplyAirAbove => above(self.worst_supply()?.1),
            Condition::DpBelow => below(self.image.read(self.hall.chilled_water?.dp).usable()?.0),
            Condition::UnattributedAbove => above(self.energy.unattributed()?.0),
            Condition::ReadingsLost => above(f64_from_usize(self.readings_lost())),
            Condition::WritesDoubted => above(f64_from_usize(self.writes_doubted())),
            Condition::InletsLost => Some(self.some_row_blind()),
            Condition::PueInvalid => Some(self.energy.is_invalid()),
            Condition::ClockUntrusted => Some(!self.tick.clock_trusted),
            Condition::WrongDevice => Some(self.stranger().is_some()),
            Condition::MachineFailed => Some(self.failed().is_some()),
            Condition::ChangeAbandoned => self.equipment_is(Equipment::has_abandoned),
            Condition::PlantShort => self.equipment_is(|equipment, hall| equipment.short(hall).is_some()),
            Condition::PlantOnPanels => self.equipment_is(Equipment::is_on_panels),
            Condition::CduFouled => above(self.worst_approach()?.1),
            Condition::LevelBelow => below(self.lowest_level()?.1),
            Condition::CapRequested => Some(self.is_asked(Rung::Cap)),
            Condition::DrainRequested => Some(self.is_asked(Rung::Drain)),
            Condition::DewPointTripped => Some(self.tripped().is_some()),
            Condition::DewPointsLost => Some(self.equipment.dew_point.is_lost()),
            Condition::DoorLeak => Some(self.leaking().is_some()),
            Condition::Leak => Some(self.equipment.leaking(self.hall).is_some()),
            Condition::TankHot => Some(self.equipment.tanks.hot(self.hall).is_some()),
            Condition::TankCold => Some(self.equipment.tanks.cold(self.hall).is_some()),
            Condition::TankAir => Some(self.equipment.tanks.airy(self.hall).is_some()),
            Condition::PowerOffRequested => Some(self.is_asked(Rung::Off)),
            Condition::SensorDeviates => Some(self.image.unsure(&self.hall.redundant).is_some()),
            Condition::NoResponse => Some(self.cooling.unanswered().next().is_some()),
            Condition::FeedAbove | Condition::FeedTimeShort | Condition::FeedReckoned | Condition::FeedUneven => {
                Some(self.feeds.worst(def.condition.of_feeds()?).is_some())
            }
            Condition::Service => None,
        }
    }

    /// What it is about now, for people: `rack-a07/inlet-air-temp 27.9 °C`.
    #[must_use]
    pub fn detail(&self, def: &AlarmDef) -> String {
        let name = |point| self.hall.points.get(point).map_or("?", |def| def.name.as_str());
        let hottest = |found: Hottest| found.map(|(point, v)| format!("{} {}", name(point), Celsius(v)));
        let text = match def.condition {
            Condition::InletAbove => hottest(self.worst_inlet()),
            Condition::SupplyAirAbove => hottest(self.worst_supply()),
            Condition::DpBelow => {
                let dp = self.hall.chilled_water.and_then(|water| self.image.read(water.dp).usable());
                dp.map(|dp| format!("differential pressure {:.1} kPa", dp.0 / 1e3))
            }
            Condition::UnattributedAbove => {
                self.energy.unattributed().map(|w| format!("{:.1} kW that no meter explains", w.0 / 1e3))
            }
            Condition::ReadingsLost => Some(format!("{} readings lost", self.readings_lost())),
            Condition::WritesDoubted => Some(format!("{} outputs in doubt", self.writes_doubted())),
            Condition::InletsLost => Some("a row without inlet temperatures".to_owned()),
            Condition::PueInvalid => Some("PUE over 15 min".to_owned()),
            Condition::ClockUntrusted => Some("wall clock".to_owned()),
            Condition::WrongDevice => self.stranger().map(|point| format!("{} among others", name(point))),
            Condition::MachineFailed => self.failed_machine(),
            Condition::ChangeAbandoned => Some("a stage change was abandoned".to_owned()),
            Condition::PlantShort => {
                self.equipment.short(self.hall).map(|(name, wanted)| format!("{name} wants {wanted} running"))
            }
            Condition::PlantOnPanels => Some("a plant, a CDU or a tank runs by its own panel".to_owned()),
            Condition::CduFouled => self
                .worst_approach()
                .map(|(cdu, k)| format!("{}: {k:.1} K of approach at its rated load", self.equip(cdu))),
            Condition::LevelBelow => {
                self.lowest_level().map(|(point, percent)| format!("{} {percent:.0} %", name(point)))
            }
            Condition::CapRequested => self.asked(Rung::Cap),
            Condition::DrainRequested => self.asked(Rung::Drain),
            Condition::DewPointTripped => {
                let tells = |(equip, closed)| match closed {
                    true => format!("{}: its valve is at its least", self.equip(equip)),
                    false => format!("{}: its coolant is too near to it, and its panel has it", self.equip(equip)),
                };
                self.tripped().map(tells)
            }
            Condition::DewPointsLost => Some("no sensor of the room's dew point".to_owned()),
            Condition::DoorLeak => self.leaking().map(|door| format!("{}: its tray is wet", self.equip(door))),
            Condition::Leak => {
                self.equipment.leaking(self.hall).map(|of| format!("{}: its tray is wet", self.equip(of)))
            }
            Condition::TankHot => self.equipment.tanks.hot(self.hall).map(|tank| self.equip(tank).to_owned()),
            Condition::TankCold => self.equipment.tanks.cold(self.hall).map(|tank| self.equip(tank).to_owned()),
            Condition::TankAir => self.equipment.tanks.airy(self.hall).map(|(tank, air)| match air {
                Some(air) => format!("{}: {air:.0} Pa of air", self.equip(tank)),
                None => format!("{}: nobody sees how much now", self.equip(tank)),
            }),
            Condition::PowerOffRequested => self.asked(Rung::Off),
            Condition::SensorDeviates => self.unsure(),
            Condition::NoResponse => self.cooling.unanswered().next().map(|(id, how)| {
                let name = self.hall.loops.get(id).map_or("?", String::as_str);
                format!("{name} is at its most, and {}", unanswered(how))
            }),
            Condition::FeedAbove | Condition::FeedTimeShort | Condition::FeedReckoned | Condition::FeedUneven => {
                def.condition.of_feeds().and_then(|trouble| self.feeds.detail(&self.hall.power, trouble))
            }
            Condition::Service => Some(def.name.clone()),
        };
        text.unwrap_or_else(|| "not known now".to_owned())
    }

    /// The worst rack inlet.
    #[must_use]
    pub fn worst_inlet(&self) -> Hottest {
        let racks = self.hall.rows.rows().iter().flat_map(|row| &row.racks);
        self.hottest(racks.map(|rack| rack.inlet.id()))
    }

    /// The warmest supply air.
    #[must_use]
    pub fn worst_supply(&self) -> Hottest {
        self.hottest(self.hall.coils.iter().map(|coil| coil.supply_air.id()))
    }

    /// How many readings with a source are lost.
    #[must_use]
    pub fn readings_lost(&self) -> usize {
        let lost = |(id, def): &(PointId, &plant::point::PointDef)| match self.image.number(*id) {
            Reading::Lost { why: Why::Config } => false,
            Reading::Lost { why: Why::NeverRead } => {
                def.role == Role::Sensor && !def.monitored_only && !self.is_awaited(*id)
            }
            Reading::Lost { .. } => true,
            Reading::Fresh(_) | Reading::Stale { .. } => false,
        };
        self.hall.points.iter().filter(lost).count()
    }

    /// The first reading that is lost because another device has answered.
    fn stranger(&self) -> Option<PointId> {
        let strange = |point: &PointId| self.image.number(*point) == Reading::Lost { why: Why::WrongDevice };
        self.hall.points.ids().find(strange)
    }

    /// Whether what runs by sequence is so; nothing in a hall where nothing does.
    fn equipment_is(&self, so: impl Fn(&Equipment, &Hall) -> bool) -> Option<bool> {
        Equipment::is_any(self.hall).then(|| so(self.equipment, self.hall))
    }

    /// The first machine, pump or fan that has failed, and how.
    fn failed(&self) -> Option<Failed> {
        let fans = self.cooling.failed().map(|fan| (fan, None, Trouble::StoppedItself));
        // Beside somebody else's control only the machine's own word counts.
        let counts = |(_, _, trouble): &Failed| !self.beside || *trouble == Trouble::Fault;
        self.equipment.failed(self.hall).chain(fans).find(counts)
    }

    /// The CDU with the worst approach (K).
    fn worst_approach(&self) -> Option<(EquipId, f64)> {
        let known = self.equipment.cdus.iter(self.hall).filter_map(|(of, cdu)| Some((of.of.equip, cdu.approach()?)));
        known.reduce(|worst, next| if next.1 > worst.1 { next } else { worst })
    }

    /// The lowest level of a CDU or a tank (%).
    fn lowest_level(&self) -> Option<(PointId, f64)> {
        let of = &self.hall.machinery;
        let cdus = of.cdus.iter().map(|cdu| cdu.of.level);
        let tanks = of.tanks.iter().map(|tank| tank.of.level);
        let levels = cdus.chain(tanks).chain(of.two_phase_tanks.iter().map(|tank| tank.of.level));
        let known = levels.filter_map(|level| Some((level.id(), self.image.read(level).usable()?.0)));
        known.reduce(|lowest, next| if next.1 < lowest.1 { next } else { lowest })
    }

    /// The first rear door whose tray is wet, or was and is not known to be dry.
    fn leaking(&self) -> Option<EquipId> {
        self.equipment.doors.iter(self.hall).find(|(_, door)| door.leaks()).map(|(of, _)| of.of.equip)
    }

    /// True while this is asked of the machines of some row or tank.
    fn is_asked(&self, rung: Rung) -> bool {
        self.equipment.asks(self.hall).any(|(_, ask)| ask.rung == rung)
    }

    /// The first of which it is, and why.
    fn asked(&self, rung: Rung) -> Option<String> {
        let mut asks = self.equipment.asks(self.hall).filter(|(_, ask)| ask.rung == rung);
        asks.next().map(|(name, ask)| format!("{name}: {}", need(ask.reason)))
    }

    /// The first point of more than one sensor that is not sure, and why.
    fn unsure(&self) -> Option<String> {
        let name = |point: Option<PointId>| {
            point.and_then(|point| self.hall.points.get(point)).map_or("?", |def| def.name.as_str())
        };
        let (of, outvoted) = self.image.unsure(&self.hall.redundant)?;
        Some(match outvoted {
            Some(_) => format!("{} departs from the other sensors", name(outvoted)),
            None => format!("{}: its sensors are apart, or one is left", name(of.of())),
        })
    }

    /// The first CDU or rear door whose coolant is too near to the dew point, and whether its valve is at its least for it.
    fn tripped(&self) -> Option<(EquipId, bool)> {
        let mut cdus = self.equipment.cdus.iter(self.hall).filter(|(_, cdu)| cdu.is_tripped());
        let mut doors = self.equipment.doors.iter(self.hall).filter(|(_, door)| door.trip().is_tripped());
        let cdu = cdus.next().map(|(of, cdu)| (of.of.equip, cdu.is_closed()));
        cdu.or_else(|| doors.next().map(|(of, door)| (of.of.equip, door.trip().is_closed())))
    }

    /// The same in words.
    fn failed_machine(&self) -> Option<String> {
        let (equip, pump, trouble) = self.failed()?;
        let pump = pump.map_or_else(String::new, |n| format!(" pump {n}"));
        Some(format!("{}{pump}: {}", self.equip(equip), mishap(trouble)))
    }

    fn equip(&self, id: EquipId) -> &str {
        self.hall.equips.get(id).map_or("?", |def| def.name.as_str())
    }

    /// How many outputs may not be what was written.
    #[must_use]
    pub fn writes_doubted(&self) -> usize {
        self.held.rows().iter().filter(|row| row.is_doubted()).count()
    }

    /// True when all inlets of some row that have a source are lost.
    fn some_row_blind(&self) -> bool {
        self.hall.rows.rows().iter().any(|row| {
            let readings = || row.racks.iter().map(|rack| self.image.read(rack.inlet));
            let sourced = || readings().filter(|r| r.why() != Some(Why::Config));
            let awaited = row.racks.iter().any(|rack| self.is_awaited(rack.inlet.id()));
            !awaited && sourced().next().is_some() && sourced().all(|r| r.usable().is_none())
        })
    }

    /// True while a point has not been heard in this boot and may still come.
    fn is_awaited(&self, point: PointId) -> bool {
        let silent = self.image.number(point) == Reading::Lost { why: Why::NeverRead };
        silent && self.hall.points.get(point).is_some_and(|def| self.running <= def.judgement.lost_after)
    }

    fn hottest(&self, points: impl Iterator<Item = PointId>) -> Hottest {
        let usable = points.filter_map(|p| self.image.number(p).usable().map(|v| (p, v)));
        usable.reduce(|worst, next| if next.1 > worst.1 { next } else { worst })
    }
}

/// True for what says that a device, or a sequence of ours, does not come to what it was told. Where nobody told it anything, it says
/// nothing.
const fn accuses(condition: Condition) -> bool {
    match condition {
        Condition::WritesDoubted
        | Condition::ChangeAbandoned
        | Condition::PlantShort
        | Condition::PlantOnPanels
        | Condition::NoResponse => true,
        Condition::InletAbove
        | Condition::InletsLost
        | Condition::ReadingsLost
        | Condition::SupplyAirAbove
        | Condition::DpBelow
        | Condition::UnattributedAbove
        | Condition::PueInvalid
        | Condition::ClockUntrusted
        | Condition::WrongDevice
        | Condition::MachineFailed
        | Condition::CduFouled
        | Condition::LevelBelow
        | Condition::CapRequested
        | Condition::DewPointTripped
        | Condition::DewPointsLost
        | Condition::DoorLeak
        | Condition::Leak
        | Condition::TankHot
        | Condition::TankCold
        | Condition::TankAir
        | Condition::DrainRequested
        | Condition::PowerOffRequested
        | Condition::SensorDeviates
        | Condition::FeedAbove
        | Condition::FeedTimeShort
        | Condition::FeedReckoned
        | Condition::FeedUneven
        | Condition::Service => false,
    }
}
