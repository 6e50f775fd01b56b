//! The world as a whole: its balances, its directions and its clockwork.

use super::stand::{Stand, quiet, shipped};
use plant::time::Span;
use proptest::prelude::*;
use sim::{Fault, SensorFault, World};

/// The hall `air` with a load that does not move and sensors that tell the truth.
fn still() -> Stand {
    let (hall, physics) = shipped("air");
    let physics = quiet(physics).replace("\nstep = 0.12", "\nstep = 0.0").replace("diurnal = 0.05", "diurnal = 0.0");
    let physics = physics.replace("swing-k = 6.0", "swing-k = 0.0");
    let mut stand = Stand::new(hall, &physics);
    stand.tell("/valve", 85.0);
    stand.tell("/pump-speed", 80.0);
    stand
}

/// What one scan of a random run does.
#[derive(Clone, Debug)]
enum Deed {
    Tell(usize, f64),
    Break(usize, u8),
    Mend,
    Wait(u16, u16),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        (0..13usize, -20.0..130.0f64).prop_map(|(n, v)| Deed::Tell(n, v)),
        (0..13usize, 0..8u8).prop_map(|(n, how)| Deed::Break(n, how)),
        Just(Deed::Mend),
        (1..60u16, 50..5000u16).prop_map(|(n, dt)| Deed::Wait(n, dt)),
    ];
    prop::collection::vec(deed, 1..40)
}

fn fault(stand: &Stand, n: usize, how: u8) -> Fault {
    let equips = ["crah-1", "crah-2", "crah-3", "crah-4", "crah-5", "crah-6"];
    let equip = stand.hall.equip(equips[n % equips.len()]).expect("a CRAH");
    let point = stand.outputs.commands[n % stand.outputs.commands.len()].point;
    match how {
        0 => Fault::FanFailed(equip),
        1 => Fault::ValveStuck(equip),
        2 => Fault::PumpTripped,
        3 => Fault::ChillerTripped,
        4 => Fault::LocalHand { equip, duty: 0.0 },
        5 => Fault::Sensor { point, how: SensorFault::Garbage },
        6 => Fault::Sensor { point, how: SensorFault::Stuck },
        _ => Fault::Sensor { point, how: SensorFault::Offset(5.0) },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_ledger_closes_whatever_one_does(deeds in deeds(), bench in any::<bool>()) {
        let (hall, physics) = shipped(if bench { "bench" } else { "air" });
        let mut stand = Stand::new(hall, physics);
        for deed in deeds {
            match deed {
                Deed::Tell(n, value) => {
                    let n = n % stand.outputs.commands.len();
                    stand.outputs.commands[n].value = value;
                }
                Deed::Break(n, how) if !bench => {
                    let fault = fault(&stand, n, how);
                    stand.world.inject(fault);
                }
                Deed::Break(..) => {}
                Deed::Mend => stand.world.clear_all(),
                Deed::Wait(steps, millis) => {
                    stand.tick.dt = Span::from_millis(u64::from(millis));
                    stand.run(usize::from(steps));
                }
            }
            prop_assert!(stand.world.ledger_residual() < 1e-9, "{:e}", stand.world.ledger_residual());
            for (point, def) in stand.hall.points.iter() {
                let truth = stand.world.truth(point).unwrap_or(0.0);
                prop_assert!(truth.is_finite(), "{} is {truth}", def.name);
                if def.name.ends_with("-temp") {
                    // No cooler than water or outdoors, whatever happens.
                    prop_assert!(truth > 5.0, "{} is {truth}", def.name);
                }
            }
        }
    }
}

#[test]
fn at_rest_the_closed_forms_hold() {
    let mut stand = still();
    stand.run(6 * 3600);
    let world = &stand.world;
    for rack in world.rows().iter().flat_map(|r| &r.racks) {
        let rise = rack.power / (rack.flow * 1006.0);
        assert!((rack.outlet - rack.inlet - rise).abs() < 0.01, "{} against {rise}", rack.outlet - rack.inlet);
    }
    let surface = sim::exchanger::CoilSurface { ua: 30e3, air_kg_s: 18.0, water_kg_s: 6.0, air_to_water: 0.5 };
    for cooler in world.rows().iter().flat_map(|r| &r.coolers) {
        let coil = cooler.coil.as_ref().expect("a CRAH");
        let ua = surface.sides(cooler.flow, coil.water).overall();
        let per_kelvin = sim::exchanger::counter_flow(ua, cooler.flow * 1006.0, coil.water * 4186.0);
        let heat = per_kelvin * (coil.entering - world.chilled_water().expect("water").to_branches);
        assert!((coil.heat / heat - 1.0).abs() < 1e-3, "{} against {heat}", coil.heat);
    }
    // All electricity of the hall leaves by water, but for what the walls pass.
    let chain = world.chain();
    let fans: f64 = world.rows().iter().map(sim::air::Row::fan_power).sum();
    let water = world.chilled_water().expect("water");
    let pump = water.shared.work.to_fluid;
    let heat = chain.it + fans + chain.pdu_loss + chain.lighting + pump;
    let carried: f64 = water.bank.units.iter().filter_map(|u| u.last).map(|l| l.drawn.heat).sum();
    assert!((carried / heat - 1.0).abs() < 0.02, "{carried} of {heat}");
    assert!(world.water_heat() > 0.0);
}

#[test]
fn the_hall_at_work_looks_like_one() {
    let mut stand = still();
    stand.tell("/fan-speed", 58.0);
    stand.run(4 * 3600);
    let chain = *stand.world.chain();
    let (pue, inlet) = (chain.utility / chain.it, stand.world.hottest_inlet().expect("racks"));
    assert!((0.7e6..0.95e6).contains(&chain.it), "{}", stand.line());
    assert!((1.18..1.36).contains(&pue), "PUE {pue}: {}", stand.line());
    assert!((20.0..25.0).contains(&inlet), "{}", stand.line());
    assert!((17.0..22.5).contains(&stand.truth("crah-1/supply-air-temp")), "{}", stand.line());
    let unattributed = chain.utility - chain.ups_output - chain.cooling;
    assert!((0.0..0.1 * chain.utility).contains(&unattributed), "{unattributed}");
}

#[test]
fn more_fan_cools_starved_racks_and_more_valve_cools_the_air() {
    let inlet = |duty: f64| {
        let mut stand = still();
        stand.tell("/fan-speed", duty);
        stand.run(2 * 3600);
        stand.world.hottest_inlet().expect("racks")
    };
    let inlets: Vec<f64> = [25.0, 32.0, 40.0, 48.0].map(inlet).to_vec();
    assert!(inlets.windows(2).all(|w| w[1] < w[0] - 0.2), "{inlets:?}");
    let supply = |valve: f64| {
        let mut stand = still();
        stand.tell("/valve", valve);
        stand.run(2 * 3600);
        stand.truth("crah-2/supply-air-temp")
    };
    let supplies: Vec<f64> = [50.0, 65.0, 80.0, 95.0].map(supply).to_vec();
    assert!(supplies.windows(2).all(|w| w[1] < w[0] - 0.2), "{supplies:?}");
}

#[test]
fn starved_racks_breathe_the_mix_of_supply_and_hot_air() {
    let mut stand = still();
    stand.tell("/fan-speed", 35.0);
    stand.run(4 * 3600);
    for row in stand.world.rows() {
        let blown: f64 = row.coolers.iter().map(|c| c.flow).sum::<f64>() * 0.95;
        let supply = row.coolers.iter().map(|c| c.flow * c.supply).sum::<f64>() * 0.95 / blown;
        let drawn: f64 = row.racks.iter().map(|r| r.flow * (1.0 - r.recirculation)).sum();
        assert!(drawn > blown, "starved: {drawn} over {blown}");
        let mix = (blown * supply + (drawn - blown) * row.hot) / drawn;
        // Floor and walls stand between the aisles at their mean, and pass 250 W/K for each rack and aisle.
        let (air, walls) = (drawn * 1006.0, 20.0 * 250.0);
        let mix = (air * mix + walls * f64::midpoint(row.cold, row.hot)) / (air + walls);
        assert!((row.cold - mix).abs() < 0.1, "{} against {mix}", row.cold);
        let rack = &row.racks[0];
        let inlet = (1.0 - rack.recirculation) * row.cold + rack.recirculation * row.hot;
        assert!((rack.inlet - inlet).abs() < 0.01);
    }
    stand.tell("/fan-speed", 90.0);
    stand.run(4 * 3600);
    for row in stand.world.rows() {
        let supply = row.coolers.iter().map(|c| c.supply).sum::<f64>() / 3.0;
        assert!((row.cold - supply).abs() < 0.6, "plenty of air: {} against {supply}", row.cold);
    }
}

#[test]
fn losing_all_fans_heats_the_racks_by_tens_of_kelvins_in_minutes() {
    let mut stand = still();
    stand.run(3600);
    let before = stand.world.hottest_inlet().expect("racks");
    for n in 1..=6 {
        let equip = stand.hall.equip(&format!("crah-{n}")).expect("a CRAH");
        stand.world.inject(Fault::FanFailed(equip));
    }
    stand.run(60);
    let soon = stand.world.hottest_inlet().expect("racks");
    stand.run(240);
    let after = stand.world.hottest_inlet().expect("racks");
    assert!(soon - before > 5.0 && after - before > 15.0 && after - before < 80.0, "{before} {soon} {after}");
    stand.world.clear_all();
    stand.run(3600);
    let mended = stand.world.hottest_inlet().expect("racks");
    assert!((mended - before).abs() < 1.0, "it recovers: {before} {mended}");
}

#[test]
fn a_valve_takes_two_minutes_and_a_drive_thirty_seconds() {
    let mut stand = still();
    stand.tell("/valve", 0.0);
    stand.tell("/fan-speed", 0.0);
    stand.run(150);
    stand.tell("/valve", 100.0);
    stand.tell("/fan-speed", 100.0);
    stand.run(29);
    assert!(stand.truth("crah-1/fan-speed-feedback") < 99.0);
    stand.run(2);
    assert!(stand.truth("crah-1/fan-speed-feedback") > 99.9);
    stand.run(88);
    assert!(stand.truth("crah-1/valve-feedback") < 99.9, "{}", stand.truth("crah-1/valve-feedback"));
    stand.run(2);
    assert!(stand.truth("crah-1/valve-feedback") > 99.9);
}

#[test]
fn half_the_step_is_the_same_hall() {
    let run = |millis: u64| {
        let mut stand = still();
        stand.tick.dt = Span::from_millis(millis);
        let mut seen = Vec::new();
        for minute in 0..90u64 {
            let fan = [60.0, 35.0, 90.0][usize::try_from(minute / 10).expect("small") % 3];
            stand.tell("/fan-speed", fan);
            stand.tell("/valve", if minute % 20 < 10 { 60.0 } else { 90.0 });
            stand.run(usize::try_from(60_000 / millis).expect("small"));
            let temperatures = stand.hall.points.iter().filter(|(_, d)| d.name.ends_with("-temp"));
            seen.extend(temperatures.filter_map(|(id, _)| stand.world.truth(id)));
        }
        seen
    };
    let (whole, half) = (run(1000), run(500));
    let worst = whole.iter().zip(&half).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    println!("halving the step moves no temperature by more than {worst:.4} K");
    assert!(worst < 0.1, "{worst}");
}

#[test]
fn the_bench_is_a_heater_in_a_draught() {
    let (hall, physics) = shipped("bench");
    let physics = quiet(physics).replace("\nstep = 0.2", "\nstep = 0.0").replace("swing-k = 1.0", "swing-k = 0.0");
    let mut stand = Stand::new(hall, &physics);
    stand.tell("/fan-speed", 80.0);
    stand.run(3 * 3600);
    let row = &stand.world.rows()[0];
    // All heat leaves with the fan's air, but for what the walls pass.
    let stream = row.coolers[0].flow * 1006.0;
    let carried = stream * (row.hot - 21.0) + 0.5 * (row.hot - 21.0);
    let electricity = stand.world.chain().utility;
    assert!((carried / electricity - 1.0).abs() < 0.05, "{carried} of {electricity}");
    let cool = stand.truth("heater/inlet-air-temp");
    stand.tell("/fan-speed", 30.0);
    stand.run(3600);
    assert!(stand.truth("heater/inlet-air-temp") > cool + 2.0, "a weak draught is warmer");
}

#[test]
fn a_physics_file_tells_all_its_faults_at_once() {
    let (hall, physics) = shipped("air");
    let broken = physics
        .replace("bypass = 0.05", "bypass = 1.5")
        .replace("fan-share = 0.04", "fan-shore = 0.04")
        .replace("ua-w-per-k = 30e3", "ua-w-per-k = \"big\"")
        .replacen("rows = [\"row-b\"]", "rows = [\"row-c\"]", 1);
    let faults = World::load(&hall, "air.toml", &broken).expect_err("four faults and a missing key");
    assert_eq!(faults.0.len(), 5, "{faults}");
    assert!(faults.0.iter().all(|f| f.line > 1 && f.file == "air.toml"), "{faults}");
    let (bench, _) = shipped("bench");
    assert!(World::load(&bench, "air.toml", physics).is_err(), "physics of another hall");
}
