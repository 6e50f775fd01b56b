//! Chillers against published efficiencies, and every map of two tables against physics.

use crate::report::{Report, table};
use sim::cooling::chiller::map::{ByLoad, Map, Waters};
use sim::cooling::curve::Biquadratic;

const EIR: &str = "chiller-electric-eir.csv";
const REFORMULATED: &str = "chiller-electric-reformulated-eir.csv";

pub fn checks(report: &mut Report) {
    let map = Map::shipped("trane-cvhf-2317").expect("shipped");
    let mut worst = 0.0f64;
    for (condenser, cops) in [(29.0, [6.78, 7.42, 6.66]), (24.0, [8.19, 8.97, 8.04])] {
        let at = map.available(Waters { chilled: 7.0, entering: condenser, leaving: condenser });
        for (share, cop) in [1.0, 0.5, 0.25].into_iter().zip(cops) {
            let drawn = map.draw(&at, share * at.capacity, 2.0);
            worst = worst.max((drawn.heat / drawn.power - cop).abs());
        }
    }
    let published = "Dymola's trajectory of the same map, two decimals";
    report.at_most(
        ("chiller", "Trane CVHF at 7 °C and 24 or 29 °C, load 0.25 to 1: COP"),
        published,
        worst,
        (0.005, ""),
    );

    for (file, name) in [(EIR, "EIR"), (REFORMULATED, "reformulated")] {
        let inside = format!("{name} maps inside their box: highest COP");
        let outside = format!("{name} maps, −40 to 80 °C: points without positive power");
        let falls = format!("{name} maps beyond their box: points where colder condenser water raises full-load power");
        let held = format!("{name} maps inside their box: points held at the efficiency's ceiling");
        let Some(text) = table(file) else {
            for what in [&inside, &held, &outside, &falls] {
                report.skipped(("chiller", what), "physics", file);
            }
            continue;
        };
        let (mut best, mut ceiling, mut wrong, mut rising, mut count) = (0.0f64, 0.0f64, 0u32, 0u32, 0u32);
        for map in text.lines().skip(1).map(|line| read(line, file == REFORMULATED)) {
            let (most, share) = highest(&map);
            best = best.max(most);
            ceiling += share;
            wrong += without_power(&map);
            rising += rises(&map);
            count += 1;
        }
        assert_eq!(count, if file == EIR { 159 } else { 157 }, "{file}");
        report.at_most(("chiller", &inside), "physics", best, (25.0, ""));
        report.at_most(
            ("chiller", &held),
            "the maps as published",
            100.0 * ceiling / f64::from(count),
            (if file == EIR { 1.0 } else { 10.0 }, "%"),
        );
        report.at_most(("chiller", &outside), "physics", f64::from(wrong), (0.0, ""));
        report.at_most(("chiller", &falls), "physics", f64::from(rising), (0.0, ""));
    }
}

fn read(line: &str, reformulated: bool) -> Map {
    let cells: Vec<f64> = line.split(',').skip(1).map(|c| c.parse().expect("a number")).collect();
    let curve = |from: usize| Biquadratic(cells[from..from + 6].try_into().expect("six"));
    let by_load = if reformulated {
        ByLoad::Leaving(cells[26..36].try_into().expect("ten"))
    } else {
        ByLoad::Entering(cells[26..29].try_into().expect("three"))
    };
    let celsius = |n: usize| cells[n] - 273.15;
    Map {
        capacity: -cells[0],
        cop: cells[1],
        least: cells[2],
        unloaded: cells[3],
        most: cells[4],
        evaporator: (celsius(9), celsius(10)),
        condenser: (celsius(11), celsius(12)),
        motor: cells[13],
        by_capacity: curve(14),
        by_ratio: curve(20),
        by_load,
    }
}

fn at(map: &Map, chilled: f64, condenser: f64, share: f64) -> (f64, f64) {
    let at = map.available(Waters { chilled, entering: condenser, leaving: condenser });
    let drawn = map.draw(&at, share * at.capacity, 2.0);
    (drawn.heat, drawn.power)
}

/// The highest efficiency inside the box, and the share of its points where the ceiling holds it.
fn highest(map: &Map) -> (f64, f64) {
    let (mut best, mut held) = (0.0f64, 0u32);
    let part = |(low, high): (f64, f64), n: i32| low + (high - low) * f64::from(n) / 12.0;
    for (i, j, k) in (0..=12).flat_map(|i| (0..=12).flat_map(move |j| (0..=12).map(move |k| (i, j, k)))) {
        let share = part((map.least, map.most), k);
        let (chilled, condenser) = (part(map.evaporator, i), part(map.condenser, j));
        let at = map.available(Waters { chilled, entering: condenser, leaving: condenser });
        let drawn = map.draw(&at, share * at.capacity, 2.0);
        best = best.max(if drawn.power > 0.0 { drawn.heat / drawn.power } else { f64::INFINITY });
        held += u32::from(drawn.outside);
    }
    (best, f64::from(held) / f64::from(13 * 13 * 13))
}

fn without_power(map: &Map) -> u32 {
    let mut wrong = 0;
    for (chilled, condenser) in (-8..=16).flat_map(|i| (-8..=16).map(move |j| (i * 5, j * 5))) {
        for share in [0.01, 0.1, 0.3, 0.6, 1.0, 1.5] {
            let (heat, power) = at(map, f64::from(chilled), f64::from(condenser), share);
            wrong += u32::from(!(heat > 0.0 && power > 0.0 && power.is_finite() && heat.is_finite()));
        }
    }
    wrong
}

/// Counts the steps of half a kelvin beyond the box, to either side, where full load costs more for each watt of heat
/// with colder condenser water.
fn rises(map: &Map) -> u32 {
    let mut rising = 0;
    for n in 0..60 {
        for edge in [map.condenser.0 - 30.0, map.condenser.1] {
            let ratio = |condenser| {
                let (heat, power) = at(map, map.evaporator.0, condenser, 1.0);
                power / heat
            };
            let condenser = edge + f64::from(n) * 0.5;
            rising += u32::from(ratio(condenser) > ratio(condenser + 0.5) * (1.0 + 1e-12));
        }
    }
    rising
}
