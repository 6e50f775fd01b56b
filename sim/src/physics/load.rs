//! Physics from TOML, checked against the hall it is for.

use plant::fault::Faults;
use plant::hall::Hall;
use plant::hall::machinery::Circuit as Which;
use plant::read::{Section, Source, did_you_mean};
use plant::time::Span;

use super::read::{ANY, AT_LEAST_ZERO, POSITIVE, SHARE, maybe, need, number, number_or_zero};
use super::{Actuation, Actuators, Coil, Fan, Imperfection, Load, MeterScope, Physics, Rack, Room, Sensors};
use crate::circuits::spec::Spec as Circuit;
use crate::coolers::Curves;
use crate::coolers::direct::Spec as DxSpec;
use crate::electrics::site::Spec as Electrics;
use crate::exchanger::CoilSurface;
use crate::immersion::units::Spec as TankSpec;
use crate::liquid::door::Spec as DoorSpec;
use crate::liquid::row::Spec as PlateSpec;
use crate::racks::Exchange;
use crate::weather::Weather;

impl Physics {
    /// The physics of `hall` from the text of `file`.
    ///
    /// # Errors
    /// Every fault of the file, each with its place.
    pub fn load(hall: &Hall, file: &str, text: &str) -> Result<Self, Faults> {
        let source = Source::new(file, text);
        let table = source.parse();
        let physics = read(&source.root(&table), hall);
        source.finish(physics)
    }
}

fn read(all: &Section<'_>, hall: &Hall) -> Option<Physics> {
    let start = |of: &Section<'_>| (number(of, "air-cel", (-10.0, 60.0)), number(of, "duty-percent", (0.0, 100.0)));
    // Everything is read before anything is judged, so that every fault is told at once.
    let (start, room, rack) = (need(all, "start", start), need(all, "room", room), need(all, "rack", rack));
    let (fan, coil) = (need(all, "fan", fan), maybe(all, "coil", coil));
    let (chilled, facility) = (maybe(all, "chilled-water", Circuit::read), maybe(all, "facility-water", Circuit::read));
    let (dx, doors) = (maybe(all, "dx", DxSpec::read), maybe(all, "rear-door", DoorSpec::read));
    let (plates, tanks) = (maybe(all, "cdu", PlateSpec::read), maybe(all, "tank", TankSpec::read));
    let (load, weather) = (need(all, "load", load), need(all, "weather", Weather::read));
    let (electrics, sensors) = (need(all, "electrics", Electrics::read), need(all, "sensors", sensors));
    let actuators = maybe(all, "actuators", actuators).unwrap_or_default();
    let seed = plant::convert::u64_from_f64_rounded(number(all, "seed", (0.0, 9e15)));
    let comm_loss = Span::from_seconds(number(all, "comm-loss-s", POSITIVE));
    let meters = meters(all, hall);
    all.done();
    for (there, key, told) in [
        (!hall.coils.is_empty(), "coil", coil.is_some()),
        (hall.chilled_water.is_some(), "chilled-water", chilled.is_some()),
        (hall.machinery.facility_water.is_some(), "facility-water", facility.is_some()),
        (!hall.machinery.dx.is_empty(), "dx", dx.is_some()),
        (!hall.machinery.cdus.is_empty(), "cdu", plates.is_some()),
        (!hall.machinery.doors.is_empty(), "rear-door", doors.is_some()),
        (!hall.machinery.tanks.is_empty() || !hall.machinery.two_phase_tanks.is_empty(), "tank", tanks.is_some()),
    ] {
        if there && !told {
            let message = format!("the hall has such equipment, and no `[{key}]` says what it is");
            all.fault("", message, format!("add a section `[{key}]`"));
        } else if told && !there {
            all.fault(key, format!("the hall has nothing for `[{key}]`"), format!("remove the section `[{key}]`"));
        }
    }
    pumps_fit(
        all,
        hall,
        [("chilled-water", &chilled, Which::ChilledWater), ("facility-water", &facility, Which::FacilityWater)],
    );
    if let Some(Some(electrics)) = &electrics {
        electrics.fit(all, hall);
    }
    let (start_air, start_duty) = start?;
    let (room, rack, fan, load, weather) = (room?, rack?, fan?, load?, weather?);
    let (electrics, sensors) = (electrics.flatten()?, sensors?);
    Some(Physics {
        seed,
        comm_loss,
        start_air,
        start_duty,
        room,
        rack,
        exchange: Exchange::of(&rack),
        fan,
        coil,
        chilled: chilled.flatten(),
        facility: facility.flatten(),
        plates: plates.flatten(),
        doors: doors.flatten(),
        dx: dx.flatten(),
        tanks: tanks.flatten(),
        load,
        weather,
        electrics,
        sensors,
        actuators,
        meters,
    })
}

/// Where a hall names the pumps of a water, or of its condenser water, its physics has as many.
fn pumps_fit(all: &Section<'_>, hall: &Hall, waters: [(&'static str, &Option<Option<Circuit>>, Which); 2]) {
    for (key, circuit, which) in waters {
        let Some(circuit) = circuit.as_ref().and_then(|of| of.as_ref()) else { continue };
        let condensing = circuit.condensing.as_ref().map(|of| of.group.map_or(0, |group| group.count()));
        let machines = &hall.machinery;
        for (pumps, told, water) in [
            (&machines.pumps, Some(circuit.group.count()), "this water"),
            (&machines.condenser_pumps, condensing, "this condenser water"),
        ] {
            let there = pumps.iter().filter(|pump| pump.circuit == which).count();
            if there > 0 && Some(there) != told {
                let make = told.unwrap_or(0);
                let message = format!("the hall has {there} pumps on {water}, and `pumps` and `standby` make {make}");
                let help = "write as many as the hall has: those that run by their panels, and those that stand by";
                all.fault(key, message, help);
            }
        }
    }
}

fn room(of: &Section<'_>) -> Room {
    Room {
        cold_aisle: number(of, "cold-aisle-j-per-k", POSITIVE),
        hot_aisle: number(of, "hot-aisle-j-per-k", POSITIVE),
        mass: number(of, "mass-j-per-k", POSITIVE),
        mass_ua: number(of, "mass-w-per-k", POSITIVE),
        envelope_ua: number(of, "envelope-w-per-k", AT_LEAST_ZERO),
        bypass: number(of, "bypass", (0.0, 0.9)),
        recirculation: number(of, "recirculation", (0.0, 0.5)),
        recirculation_ends: number(of, "recirculation-ends", (0.0, 0.5)),
    }
}

fn rack(of: &Section<'_>) -> Rack {
    Rack {
        heat_capacity: number(of, "heat-capacity-j-per-k-per-w", POSITIVE),
        air_rise: number(of, "air-rise-k", (1.0, 60.0)),
        transfer_units: number(of, "transfer-units", (0.01, 50.0)),
        fan_share: number(of, "fan-share", (0.0, 0.5)),
        flow_min: number(of, "flow-min", (0.05, 1.0)),
        flow_max: number(of, "flow-max", (1.0, 3.0)),
        warm_above: number(of, "warm-above-cel", (0.0, 60.0)),
        warm_gain: number(of, "warm-gain-per-k", AT_LEAST_ZERO),
        fan_lag: number(of, "fan-lag-s", POSITIVE),
    }
}

fn fan(of: &Section<'_>) -> Fan {
    Fan {
        flow: number(of, "flow-kg-per-s", POSITIVE),
        power: number(of, "power-w", AT_LEAST_ZERO),
        ramp: number(of, "ramp-s", POSITIVE),
        ambient: of.within("ambient-cel", (-30.0, 50.0)).unwrap_or(20.0),
    }
}

fn coil(of: &Section<'_>) -> Coil {
    let surface = CoilSurface {
        ua: number(of, "ua-w-per-k", POSITIVE),
        air_kg_s: number(of, "air-kg-per-s", POSITIVE),
        water_kg_s: number(of, "water-kg-per-s", POSITIVE),
        air_to_water: number(of, "air-to-water", POSITIVE),
    };
    let rangeability = number(of, "rangeability", (10.0, 200.0));
    Coil {
        surface,
        heat_capacity: number(of, "heat-capacity-j-per-k", POSITIVE),
        stroke: number(of, "stroke-s", POSITIVE),
        coil_drop: number(of, "coil-drop-pa", POSITIVE),
        valve_drop: number(of, "valve-drop-pa", POSITIVE),
        rangeability,
        curves: Curves::of(&surface, rangeability),
    }
}

fn load(of: &Section<'_>) -> Load {
    Load {
        mean: number(of, "mean", SHARE),
        diurnal: number(of, "diurnal", (0.0, 0.5)),
        peak_hour: number(of, "peak-hour-utc", (0.0, 24.0)),
        step: number(of, "step", SHARE),
        hold: number(of, "hold-s", (10.0, 1e6)),
        ramp: number(of, "ramp-s", POSITIVE),
    }
}

fn sensors(of: &Section<'_>) -> Sensors {
    let kind = |key| need(of, key, imperfection).unwrap_or_default();
    Sensors {
        air: kind("air"),
        water: kind("water"),
        power: kind("power"),
        feedback: kind("feedback"),
        pressure: kind("pressure"),
        flow: kind("flow"),
    }
}

fn imperfection(of: &Section<'_>) -> Imperfection {
    Imperfection {
        lag: number_or_zero(of, "lag-s", AT_LEAST_ZERO),
        noise: number_or_zero(of, "noise", AT_LEAST_ZERO),
        relative_noise: number_or_zero(of, "relative-noise", SHARE),
        bias: number_or_zero(of, "bias", AT_LEAST_ZERO),
        step: number_or_zero(of, "step", AT_LEAST_ZERO),
        drift: number_or_zero(of, "drift-per-month", AT_LEAST_ZERO),
        pink: number_or_zero(of, "pink-noise", AT_LEAST_ZERO),
        hold: number_or_zero(of, "hold-s", AT_LEAST_ZERO),
        span: span(of),
    }
}

/// The two ends of a current loop: both or neither, and not the same.
fn span(of: &Section<'_>) -> Option<(f64, f64)> {
    let ends = (of.within("at-4-ma", ANY), of.within("at-20-ma", ANY));
    match ends {
        (Some(low), Some(high)) if (high - low).abs() <= 0.0 => {
            of.fault("at-20-ma", format!("both ends of the loop are {low}"), "write what 4 mA and what 20 mA mean");
            None
        }
        (Some(low), Some(high)) => Some((low, high)),
        (None, None) => None,
        (Some(_), None) => {
            of.missing("at-20-ma", "write what 20 mA means, or take away `at-4-ma`");
            None
        }
        (None, Some(_)) => {
            of.missing("at-4-ma", "write what 4 mA means, or take away `at-20-ma`");
            None
        }
    }
}

fn actuators(of: &Section<'_>) -> Actuators {
    let kind = |key| maybe(of, key, actuation).unwrap_or_default();
    Actuators { fan: kind("fan"), valve: kind("valve"), pump: kind("pump") }
}

fn actuation(of: &Section<'_>) -> Actuation {
    let (band, percent) = ((0.0, 20.0), (0.0, 100.0));
    let lost_to = of.within("lost-to-percent", percent);
    if of.has("lost-after-s") && !of.has("lost-to-percent") {
        of.missing("lost-to-percent", "write where it goes, or take away `lost-after-s`");
    }
    Actuation {
        delay: number_or_zero(of, "delay-s", (0.0, 3600.0)),
        deadband: number_or_zero(of, "deadband-percent", band),
        stiction: number_or_zero(of, "stiction-percent", band),
        play: number_or_zero(of, "play-percent", band),
        minimum: number_or_zero(of, "minimum-percent", percent),
        leak: number_or_zero(of, "leak", (0.0, 0.5)),
        lost_after: number_or_zero(of, "lost-after-s", AT_LEAST_ZERO),
        lost_to,
        spring: of.within("spring-to-percent", percent),
        restart: number_or_zero(of, "restart-s", AT_LEAST_ZERO),
    }
}

fn meters(all: &Section<'_>, hall: &Hall) -> Vec<MeterScope> {
    let meters = || hall.meters.iter().filter_map(|m| hall.equips.get(m.equip).map(|e| e.name.as_str()));
    let rows = || hall.rows.rows().iter().map(|r| r.name.as_str());
    let mut read = Vec::new();
    for of in all.sections("meter") {
        let name: String = of.need("name").unwrap_or_default();
        if meters().all(|m| m != name) {
            of.fault("name", format!("the hall has no meter `{name}`"), did_you_mean(&name, meters()));
        }
        let names: Vec<String> = of.need("rows").unwrap_or_default();
        for row in names.iter().filter(|r| rows().all(|known| known != r.as_str())) {
            of.fault("rows", format!("the hall has no row `{row}`"), did_you_mean(row, rows()));
        }
        let share = of.within("share", SHARE).unwrap_or(1.0);
        of.done();
        read.push(MeterScope { meter: name, rows: names, share });
    }
    read
}

#[cfg(test)]
mod tests;
