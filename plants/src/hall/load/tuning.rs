//! How the loops are run.

use super::feed_forward::feed_forward;
use super::maps::maps;
use super::schedule::schedule;
use super::sequence::Tunings;
use super::supervisor;
use crate::hall::{Limits, LoopTuning, Strategies};
use crate::read::Section;
use crate::time::Span;

/// What stands in for a loop the hall has no equipment for; nothing runs by it.
const UNUSED: LoopTuning = LoopTuning {
    setpoint: 0.0,
    gain: 1.0,
    ti: Span::from_secs(60),
    td: Span::ZERO,
    smooth: Span::ZERO,
    smooth_within: 0.0,
    setpoint_weight: 1.0,
    deadband: 0.0,
    every: 1,
    schedule: None,
};

/// Reads `[strategy.fans]`, `[strategy.valves]` and `[strategy.pump]`, of which the hall needs those it has equipment for:
/// `needs` says so of fans, valves and pump.
pub(super) fn strategies(
    file: &Section<'_>,
    limits: Option<&Limits>,
    (needs, tunings): ([bool; 3], Tunings),
) -> Option<Strategies> {
    let [fans, valves, pump] = needs;
    let feed_forward = feed_forward(file);
    let maps = maps(file);
    let supervisor = supervisor::tuning(file);
    let Tunings { plants: [chilled_water, facility_water], dx, cdu, dry, doors, tank, two_phase, heat, supply_air } =
        tunings;
    let all = |fans, valves, pump| Strategies {
        fans,
        valves,
        pump,
        chilled_water,
        facility_water,
        dx,
        cdu,
        dry,
        doors,
        tank,
        two_phase,
        heat,
        supply_air,
        feed_forward,
        maps,
        supervisor,
    };
    if !needs.contains(&true) && !file.has("strategy") {
        return Some(all(UNUSED, UNUSED, UNUSED));
    }
    let strategy = file.need_section("strategy")?;
    let hottest = limits.map_or(50.0, |l| l.inlet_max.0);
    let read = |key: &'static str, needed: bool, (range, flows): ((f64, f64), bool)| match (needed, strategy.has(key)) {
        (true, _) | (false, true) => strategy.need_section(key).and_then(|s| tuning(&s, range, flows)),
        (false, false) => Some(UNUSED),
    };
    let fans = read("fans", fans, ((10.0, hottest), false));
    let valves = read("valves", valves, ((5.0, 40.0), true));
    let pump = read("pump", pump, ((1e3, 1e6), true));
    strategy.done();
    Some(all(fans?, valves?, pump?))
}

/// A loop whose setpoint stands elsewhere: what its section does not say is as in `old`.
pub(super) fn given(section: &Section<'_>, old: LoopTuning) -> LoopTuning {
    let gain = section.within("gain", (1e-9, 1e9)).unwrap_or(old.gain);
    let ti = section.or("ti", old.ti);
    shape(section, LoopTuning { gain, ti, ..old })
}

/// `flows` says whether there is a flow that its gains could go by.
fn tuning(section: &Section<'_>, setpoints: (f64, f64), flows: bool) -> Option<LoopTuning> {
    if !section.has("setpoint") {
        section.missing("setpoint", "write `setpoint = …`, a number in the unit of what is measured");
    }
    let setpoint = section.within("setpoint", setpoints);
    let schedule = schedule(section, flows);
    let read = inner(section, setpoint.unwrap_or(0.0)).map(|read| LoopTuning { schedule, ..read });
    setpoint.and(read)
}

/// A loop whose setpoint stands elsewhere.
pub(super) fn inner(section: &Section<'_>, setpoint: f64) -> Option<LoopTuning> {
    let above_zero = (f64::MIN_POSITIVE, f64::INFINITY);
    if !section.has("gain") {
        section.missing("gain", "write `gain = …`, a number in % of output per unit measured");
    }
    let gain = match section.maybe::<f64>("gain") {
        Some(gain) if gain >= above_zero.0 => Some(gain),
        Some(gain) => {
            let help = "write a number above 0; the direction comes from the equipment";
            section.fault("gain", format!("`gain` is {gain} and must be above 0"), help);
            None
        }
        None => None,
    };
    let ti: Option<Span> = section.need("ti");
    let read =
        shape(section, LoopTuning { setpoint, gain: gain.unwrap_or(1.0), ti: ti.unwrap_or(UNUSED.ti), ..UNUSED });
    gain.and(ti).and(Some(read))
}

/// What every loop's section may say besides, and what holds for the integral time wherever it comes from.
fn shape(section: &Section<'_>, old: LoopTuning) -> LoopTuning {
    if old.ti == Span::ZERO {
        section.fault(
            "ti",
            "`ti` is zero: the integral would be infinite",
            "write the integral time, such as \"120s\"",
        );
    }
    let td = section.or("td", old.td);
    let smooth = section.span("smooth", old.smooth, (Span::ZERO, Span::from_secs(60)));
    let smooth_within = section.number("smooth-within", old.smooth_within, (0.0, 1e6));
    let setpoint_weight = section.within("setpoint-weight", (0.0, 1.0)).unwrap_or(old.setpoint_weight);
    let deadband = section.within("deadband", (0.0, 10.0)).unwrap_or(old.deadband);
    let every = section.whole("every", (1, 3600)).and_then(|n| u32::try_from(n).ok()).unwrap_or(old.every);
    section.done();
    LoopTuning { td, smooth, smooth_within, setpoint_weight, deadband, every, ..old }
}
