//! Heat exchangers against the equations' own limits, exact series and coils cut into slices.

use crate::report::Report;
use sim::exchanger::arrangement::{Arrangement, Design};
use sim::exchanger::wet::{Cooled, Entering};
use sim::exchanger::{CoilSurface, counter_flow};
use sim::fluids::Fluid;
use sim::liquid::Coolant;
use sim::liquid::plate::{Plate, Side};
use sim::psychrometrics::{MoistAir, SEA_LEVEL, latent_heat};

const AREA: &str = "exchanger";

pub fn checks(report: &mut Report) {
    // One side isothermal: ε = 1 − e^(−NTU), whatever the geometry.
    let mut worst = 0.0f64;
    for ntu in [0.1, 0.5, 1.0, 2.0, 5.0] {
        let seen = counter_flow(ntu * 1e4, 1e4, 1e13) / 1e4;
        worst = worst.max((seen - (1.0 - f64::exp(-ntu))).abs());
    }
    report.at_most((AREA, "counter-flow, one side isothermal: ε"), "1 − e^(−NTU)", worst, (1e-6, ""));
    arrangements(report);
    plate(report);
    wet(report);
}

fn arrangements(report: &mut Report) {
    let deviation = |ntus: &[f64], ratios: &[f64], exact: &dyn Fn(f64, f64) -> f64, of: Arrangement| {
        let pairs = ntus.iter().flat_map(|n| ratios.iter().map(move |z| (*n, *z)));
        pairs.map(|(n, z)| (of.effectiveness(n, z) / exact(n, z) - 1.0).abs() * 100.0).fold(0.0, f64::max)
    };
    let balanced = deviation(&[0.1, 1.0, 5.0, 20.0], &[1.0], &|n, _| n / (1.0 + n), Arrangement::CounterFlow);
    report.at_most((AREA, "counter-flow, balanced: ε"), "NTU/(1 + NTU)", balanced, (1e-6, "%"));
    let textbook = |n: f64, z: f64| (1.0 - (-n * (1.0 + z)).exp()) / (1.0 + z);
    let parallel = deviation(&[0.1, 1.0, 5.0], &[0.0, 0.5, 1.0], &textbook, Arrangement::ParallelFlow);
    report.at_most((AREA, "parallel flow: ε"), "closed form", parallel, (1e-6, "%"));
    let ratios = [0.1, 0.25, 0.5, 0.75, 1.0];
    let many = deviation(&[1.0, 2.0, 3.0, 5.0, 8.0], &ratios, &mason, Arrangement::CrossFlow);
    report.at_most((AREA, "cross-flow, 1 to 8 transfer units: ε"), "Mason's series", many, (2.0, "%"));
    let few = deviation(&[0.05, 0.1, 0.2, 0.3, 0.5], &ratios, &mason, Arrangement::CrossFlow);
    report.at_most((AREA, "cross-flow, below 1 transfer unit: ε"), "Mason's series", few, (4.0, "%"));
    // Bought for a heat, it gives that heat.
    let mut worst = 0.0f64;
    for (_, arrangement) in Arrangement::WORDS {
        let design = Design { heat: 0.45 * 20e3 * 12.0, apart: 12.0, one: 20e3, other: 25e3 };
        let ua = arrangement.conductance(&design).expect("45 % is in everyone's reach");
        let heat = arrangement.heat_per_kelvin(ua, design.one, design.other) * design.apart;
        worst = worst.max((heat / design.heat - 1.0).abs() * 100.0);
    }
    report.at_most((AREA, "sized from a design point: heat there"), "the design point", worst, (1e-6, "%"));
}

/// Both sides unmixed, exactly: the series of Mason (1955) with incomplete exponentials.
fn mason(ntu: f64, z: f64) -> f64 {
    let (mut one, mut other) = ((-ntu).exp(), (-ntu * z).exp());
    let (mut sum_one, mut sum_other, mut sum) = (one, other, 0.0);
    for n in 1..200 {
        sum += (1.0 - sum_one) * (1.0 - sum_other);
        one *= ntu / f64::from(n);
        other *= ntu * z / f64::from(n);
        sum_one += one;
        sum_other += other;
    }
    sum / (ntu * z)
}

fn plate(report: &mut Report) {
    // CDUs of 1.37 and 2 MW, and a heat-recovery unit: conductance and mean difference make the heat they were bought for.
    let mut worst = 0.0f64;
    for (heat, fluid, warm_kg_s, cold_kg_s, approach) in [
        (1368e3, Fluid::Pg20, 20.6, 20.6, 4.0),
        (2e6, Fluid::Pg25, 31.48, 32.3, 3.0),
        (600e3, Fluid::Water, 12.0, 9.0, 5.0),
    ] {
        let side = |fluid: Fluid, flow: f64| {
            let coolant = Coolant { density: fluid.density(40.0), specific_heat: fluid.specific_heat(40.0) };
            Side { coolant, flow }
        };
        let (warm, cold) = (side(fluid, warm_kg_s), side(Fluid::Water, cold_kg_s));
        let plate = Plate::sized(heat, approach, warm, cold);
        let (hot, cool) = (warm.coolant.stream(warm_kg_s), cold.coolant.stream(cold_kg_s));
        let passed = plate.exchange(warm_kg_s, cold_kg_s, 0.0) * (heat / hot + approach);
        let (low, high) = (approach + (heat - passed) / hot, approach + heat / hot - passed / cool);
        let mean = (high - low) / (high / low).ln();
        worst = worst.max((plate.ua * mean / passed - 1.0).abs() * 100.0).max((passed / heat - 1.0).abs() * 100.0);
    }
    let what = (AREA, "plates sized for three duties: UA times mean difference");
    report.at_most(what, "logarithmic mean difference", worst, (1e-6, "%"));
}

fn wet(report: &mut Report) {
    let coil = CoilSurface { ua: 28e3, air_kg_s: 18.0, water_kg_s: 6.0, air_to_water: 0.5 };
    let (mut total, mut sensible, mut dry) = (0.0f64, 0.0f64, 0.0f64);
    for celsius in [24.0, 30.0, 36.0] {
        for humidity in [0.1, 0.3, 0.5, 0.7] {
            for (water, water_kg_s, kg_s) in [(6.0, 6.0, 18.0), (8.0, 3.0, 9.0), (12.0, 6.0, 9.0), (8.0, 3.0, 18.0)] {
                let of = Entering { air: MoistAir::from_relative_humidity(celsius, humidity, SEA_LEVEL), kg_s };
                let seen = coil.cool(&of, water_kg_s, water);
                let (by_sensible, by_latent) = sliced(&coil, &of, (water_kg_s, water));
                let by_total = by_sensible + by_latent;
                if of.air.dew_point() < water {
                    dry = dry.max(against_dry(&coil, &of, (water_kg_s, water), &seen));
                }
                total = total.max((seen.heat() / by_total - 1.0).abs() * 100.0);
                sensible = sensible.max(((seen.sensible - by_sensible) / by_total).abs() * 100.0);
            }
        }
    }
    report.at_most((AREA, "coil above the dew point: heat"), "the dry coil", dry, (0.0, "%"));
    report.at_most((AREA, "wet coil: total heat"), "a coil cut into slices", total, (10.5, "%"));
    report.at_most(
        (AREA, "wet coil: sensible part of it"),
        "a coil cut into slices",
        sensible,
        (9.5, "% of the total"),
    );
}

fn against_dry(coil: &CoilSurface, of: &Entering, (water_kg_s, water): (f64, f64), seen: &Cooled) -> f64 {
    let overall = coil.sides(of.kg_s, water_kg_s).overall();
    let heat = counter_flow(overall, of.kg_s * 1006.0, water_kg_s * 4186.0) * (of.air.dry_bulb - water);
    (seen.heat() / heat - 1.0).abs() * 100.0
}

/// The coil in 60 slices, each with its own surface, marched from the air's side until the water enters as it does:
/// (sensible, latent) in W.
fn sliced(coil: &CoilSurface, of: &Entering, (water_kg_s, water): (f64, f64)) -> (f64, f64) {
    let n = 60;
    let sides = coil.sides(of.kg_s, water_kg_s);
    let (air_part, water_part) = (sides.air / f64::from(n), sides.water / f64::from(n));
    let march = |leaving: f64| {
        let (mut air, mut t_water, mut heats) = (of.air, leaving, (0.0, 0.0));
        for _ in 0..n {
            let passed = |surface: f64| {
                let drier = air.humidity_ratio - MoistAir::saturated(surface, SEA_LEVEL).humidity_ratio;
                let kg_s = (air_part / 1006.0 * drier).max(0.0);
                (air_part * (air.dry_bulb - surface), kg_s, kg_s * latent_heat(surface))
            };
            let (mut low, mut high) = (t_water.min(air.dry_bulb), t_water.max(air.dry_bulb));
            for _ in 0..40 {
                let surface = f64::midpoint(low, high);
                let (sensible, _, latent) = passed(surface);
                let warm = sensible + latent > water_part * (surface - t_water);
                if warm { low = surface } else { high = surface }
            }
            let (sensible, kg_s, latent) = passed(f64::midpoint(low, high));
            heats = (heats.0 + sensible, heats.1 + latent);
            air.dry_bulb -= sensible / (of.kg_s * 1006.0);
            air.humidity_ratio -= kg_s / of.kg_s;
            t_water -= (sensible + latent) / (water_kg_s * 4186.0);
        }
        (t_water, heats)
    };
    let (mut low, mut high) = (water, of.air.dry_bulb);
    for _ in 0..40 {
        let guess = f64::midpoint(low, high);
        if march(guess).0 > water { high = guess } else { low = guess }
    }
    march(f64::midpoint(low, high)).1
}
