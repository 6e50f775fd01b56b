//! Physics from TOML, checked against the hall it is for.

use plant::fault::Faults;
use plant::hall::Hall;
use plant::time::Span;

use super::page::{AT_LEAST_ZERO, POSITIVE, Page, Section};
use super::{
    Coil, Electrics, Fan, Imperfection, Load, LossCurve, MeterScope, Physics, Rack, Room, Sensors, Water, Weather,
};
use crate::exchanger::CoilSurface;

/// Shares and efficiencies.
const SHARE: (f64, f64) = (0.0, 1.0);

impl Physics {
    /// The physics of `hall` from the text of `file`.
    ///
    /// # Errors
    /// Every fault of the file, each with its place.
    pub fn load(hall: &Hall, file: &str, text: &str) -> Result<Self, Faults> {
        let mut page = Page::new(file, text);
        let table = page.parse();
        let mut all = Section::page(table.get_ref());
        let seed = page.number(&mut all, "seed", (0.0, 9e15));
        let mut start = page.table(&mut all, "start");
        let physics = Self {
            seed: plant::convert::u64_from_f64_rounded(seed),
            comm_loss: Span::from_seconds(page.number(&mut all, "comm_loss_s", POSITIVE)),
            start_air: page.number(&mut start, "air_cel", (-10.0, 60.0)),
            start_duty: page.number(&mut start, "duty_percent", (0.0, 100.0)),
            room: section(&mut page, &mut all, "room", room),
            rack: section(&mut page, &mut all, "rack", rack),
            fan: section(&mut page, &mut all, "fan", fan),
            coil: maybe(&mut page, &mut all, "coil", coil),
            water: maybe(&mut page, &mut all, "water", water),
            load: section(&mut page, &mut all, "load", load),
            weather: section(&mut page, &mut all, "weather", weather),
            electrics: section(&mut page, &mut all, "electrics", electrics),
            sensors: section(&mut page, &mut all, "sensors", sensors),
            meters: meters(&mut page, &mut all, hall),
        };
        page.end(&start);
        page.end(&all);
        if !hall.coils.is_empty() && physics.coil.is_none() {
            page.fault(0, "the hall has coils, and no [coil] says what they are".to_owned(), "add a table [coil]");
        }
        if physics.water.is_none() && (hall.chilled_water.is_some() || !hall.coils.is_empty()) {
            page.fault(
                0,
                "the hall has chilled water, and no [water] says what it is".to_owned(),
                "add a table [water]",
            );
        }
        if physics.water.is_some() && hall.chilled_water.is_none() {
            page.fault(0, "the hall has no chilled water for [water]".to_owned(), "remove the table [water]");
        }
        page.done(physics)
    }
}

fn section<'t, T>(
    page: &mut Page<'t>,
    all: &mut Section<'t>,
    key: &'static str,
    read: fn(&mut Page<'t>, &mut Section<'t>) -> T,
) -> T {
    let mut section = page.table(all, key);
    let value = read(page, &mut section);
    page.end(&section);
    value
}

fn maybe<'t, T>(
    page: &mut Page<'t>,
    all: &mut Section<'t>,
    key: &'static str,
    read: fn(&mut Page<'t>, &mut Section<'t>) -> T,
) -> Option<T> {
    let mut section = page.maybe(all, key)?;
    let value = read(page, &mut section);
    page.end(&section);
    Some(value)
}

fn room<'t>(page: &mut Page<'t>, of: &mut Section<'t>) -> Room {
    Room {
        cold_aisle: page.number(of, "cold_aisle_j_per_k", POSITIVE),
        hot_aisle: page.number(of, "hot_aisle_j_per_k", POSITIVE),
        mass: page.number(of, "mass_j_per_k", POSITIVE),
        mass_ua: page.number(of, "mass_w_per_k", POSITIVE),
        envelope_ua: page.number(of, "envelope_w_per_k", AT_LEAST_ZERO),
        bypass: page.number(of, "bypass", (0.0, 0.9)),
        recirculation: page.number(of, "recirculation", (0.0, 0.5)),
        recirculation_ends: page.number(of, "recirculation_ends", (0.0, 0.5)),
    }
}

fn rack<'t>(page: &mut Page<'t>, of: &mut Section<'t>) -> Rack {
    Rack {
        heat_capacity: page.number(of, "heat_capacity_j_per_k_per_w", POSITIVE),
        air_rise: page.number(of, "air_rise_k", (1.0, 60.0)),
        transfer_units: page.number(of, "transfer_units", (0.01, 50.0)),
        fan_share: page.number(of, "fan_share", (0.0, 0.5)),
        flow_min: page.number(of, "flow_min", (0.05, 1.0)),
        flow_max: page.number(of, "flow_max", (1.0, 3.0)),
        warm_above: page.number(of, "warm_above_cel", (0.0, 60.0)),
        warm_gain: page.number(of, "warm_gain_per_k", AT_LEAST_ZERO),
        fan_lag: page.number(of, "fan_lag_s", POSITIVE),
    }
}

fn fan<'t>(page: &mut Page<'t>, of: &mut Section<'t>) -> Fan {
    Fan {
        flow: page.number(of, "flow_kg_per_s", POSITIVE),
        power: page.number(of, "power_w", AT_LEAST_ZERO),
        ramp: page.number(of, "ramp_s", POSITIVE),
        ambient: page.number_or(of, "ambient_cel", (-30.0, 50.0), 20.0),
    }
}

fn coil<'t>(page: &mut Page<'t>, of: &mut Section<'t>) -> Coil {
    Coil {
        surface: CoilSurface {
            ua: page.number(of, "ua_w_per_k", POSITIVE),
            air_kg_s: page.number(of, "air_kg_per_s", POSITIVE),
            water_kg_s: page.number(of, "water_kg_per_s", POSITIVE),
            air_to_water: page.number(of, "air_to_water", POSITIVE),
        },
        heat_capacity: page.number(of, "heat_capacity_j_per_k", POSITIVE),
        stroke: page.number(of, "stroke_s", POSITIVE),
        coil_drop: page.number(of, "coil_drop_pa", POSITIVE),
        valve_drop: page.number(of, "valve_drop_pa", POSITIVE),
        rangeability: page.number(of, "rangeability", (10.0, 200.0)),
    }
}

fn water<'t>(page: &mut Page<'t>, of: &mut Section<'t>) -> Water {
    Water {
        setpoint: page.number(of, "setpoint_cel", (4.0, 30.0)),
        supply_mass: page.number(of, "supply_kg", POSITIVE),
        return_mass: page.number(of, "return_kg", POSITIVE),
        pipe_ua: page.number(of, "pipe_w_per_k", AT_LEAST_ZERO),
        flow: page.number(of, "flow_kg_per_s", POSITIVE),
        head: page.number(of, "head_pa", POSITIVE),
        head_fall: page.number(of, "head_fall", (0.0, 0.9)),
        mains_drop: page.number(of, "mains_drop_pa", POSITIVE),
        bypass_flow: page.number(of, "bypass_kg_per_s", POSITIVE),
        efficiency: page.number(of, "efficiency", (0.1, 1.0)),
        ramp: page.number(of, "ramp_s", POSITIVE),
        chiller_capacity: page.number(of, "chiller_w", POSITIVE),
        chiller_idle: page.number(of, "chiller_idle_w", AT_LEAST_ZERO),
        carnot_share: page.number(of, "carnot_share", (0.1, 0.8)),
        evaporator_approach: page.number(of, "evaporator_approach_k", (0.0, 10.0)),
        condenser_approach: page.number(of, "condenser_approach_k", (2.0, 40.0)),
    }
}

fn load<'t>(page: &mut Page<'t>, of: &mut Section<'t>) -> Load {
    Load {
        mean: page.number(of, "mean", SHARE),
        diurnal: page.number(of, "diurnal", (0.0, 0.5)),
        peak_hour: page.number(of, "peak_hour_utc", (0.0, 24.0)),
        step: page.number(of, "step", SHARE),
        hold: page.number(of, "hold_s", (10.0, 1e6)),
        ramp: page.number(of, "ramp_s", POSITIVE),
    }
}

fn weather<'t>(page: &mut Page<'t>, of: &mut Section<'t>) -> Weather {
    Weather {
        mean: page.number(of, "mean_cel", (-40.0, 50.0)),
        swing: page.number(of, "swing_k", (0.0, 20.0)),
        warmest_hour: page.number(of, "warmest_hour_utc", (0.0, 24.0)),
    }
}

fn electrics<'t>(page: &mut Page<'t>, of: &mut Section<'t>) -> Electrics {
    Electrics {
        transformer: section(page, of, "transformer", curve),
        ups: section(page, of, "ups", curve),
        pdu: section(page, of, "pdu", curve),
        lighting: page.number(of, "lighting_w", AT_LEAST_ZERO),
        register_step: page.number(of, "register_step_wh", POSITIVE),
    }
}

fn curve<'t>(page: &mut Page<'t>, of: &mut Section<'t>) -> LossCurve {
    LossCurve {
        rated: page.number(of, "rated_w", POSITIVE),
        a: page.number(of, "a", SHARE),
        b: page.number(of, "b", SHARE),
        c: page.number(of, "c", SHARE),
    }
}

fn sensors<'t>(page: &mut Page<'t>, of: &mut Section<'t>) -> Sensors {
    Sensors {
        air: section(page, of, "air", imperfection),
        water: section(page, of, "water", imperfection),
        power: section(page, of, "power", imperfection),
        feedback: section(page, of, "feedback", imperfection),
        pressure: section(page, of, "pressure", imperfection),
        flow: section(page, of, "flow", imperfection),
    }
}

fn imperfection<'t>(page: &mut Page<'t>, of: &mut Section<'t>) -> Imperfection {
    Imperfection {
        lag: page.number_or(of, "lag_s", AT_LEAST_ZERO, 0.0),
        noise: page.number_or(of, "noise", AT_LEAST_ZERO, 0.0),
        relative_noise: page.number_or(of, "relative_noise", SHARE, 0.0),
        bias: page.number_or(of, "bias", AT_LEAST_ZERO, 0.0),
        step: page.number_or(of, "step", AT_LEAST_ZERO, 0.0),
    }
}

fn meters<'t>(page: &mut Page<'t>, all: &mut Section<'t>, hall: &Hall) -> Vec<MeterScope> {
    let known: Vec<&str> =
        hall.meters.iter().filter_map(|m| hall.equips.get(m.equip).map(|e| e.name.as_str())).collect();
    let rows: Vec<&str> = hall.rows.rows().iter().map(|r| r.name.as_str()).collect();
    let mut read = Vec::new();
    for mut of in page.tables(all, "meter") {
        let scope = MeterScope { meter: page.name(&mut of, "name", &known), rows: page.names(&mut of, "rows", &rows) };
        if scope.rows.is_empty() {
            page.fault(of.at(), format!("meter `{}` sees no row", scope.meter), "leave it out to see the whole hall");
        }
        page.end(&of);
        read.push(scope);
    }
    read
}
