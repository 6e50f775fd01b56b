use super::*;
use plant::read::Source;
use proptest::prelude::*;

/// A 30 kW door: 2.5 kg/s of air warmed by 12 K, 1.1 kg/s of water.
fn door(fans: Option<DoorFans>) -> RearDoor {
    RearDoor {
        surface: CoilSurface { ua: 4e3, air_kg_s: 2.5, water_kg_s: 1.1, air_to_water: 0.5 },
        air_drop: 30.0,
        machines: 150.0,
        fans,
        heat_capacity: 3e4,
        water_drop: Resistance { flow: 1.1, drop: 4e4, exponent: 1.85, laminar: 0.1 },
        coolant: Coolant::WATER,
    }
}

const SEEN: Exhaust = Exhaust { air: 2.5, entering: 38.0, dew_point: 11.0, water: 1.1, water_inlet: 18.0, speed: 0.0 };

#[test]
fn at_rest_it_takes_the_effectiveness_and_it_gets_there_in_its_time() {
    let of = door(None);
    let mut coil = DoorCoil(18.0);
    let rest = coil.step(&of, SEEN, 1e6);
    let expected = CrossFlow.heat_per_kelvin(4e3, 2.5 * CP_AIR, 1.1 * 4180.0) * 20.0;
    assert!((rest.to_water / expected - 1.0).abs() < 1e-4, "{rest:?} {expected}");
    assert!((rest.leaving - (38.0 - rest.from_air / 2.5 / CP_AIR)).abs() < 1e-9 && !rest.outside);
    // The time constant is C/(g_air + g_water): after it, 63 % of the way.
    let sides = of.surface.sides(2.5, 1.1);
    let (air, all) = (past_surface(sides.air, 2.5 * CP_AIR), expected / 20.0);
    let tau = of.heat_capacity / (air + all * air / (air - all));
    let mut cold = DoorCoil(18.0);
    cold.step(&of, SEEN, tau);
    let way = (cold.0 - 18.0) / (coil.0 - 18.0);
    assert!((way - (1.0 - libm::exp(-1.0))).abs() < 1e-6 && (3.0..30.0).contains(&tau), "{way} {tau}");
}

#[test]
fn a_passive_door_takes_air_from_the_machines_and_fans_give_it_back() {
    let passive = door(None);
    assert!((passive.air(2.5, 1.0) / 2.5 - (150.0f64 / 180.0).sqrt()).abs() < 1e-12);
    let active = door(Some(DoorFans { pressure: 30.0, power: 300.0 }));
    assert!((active.air(2.5, 1.0) - 2.5).abs() < 1e-12, "fans sized for the door undo it");
    assert!((active.power(0.5) - 37.5).abs() < 1e-12 && passive.power(1.0) == 0.0);
    assert!(active.air(2.5, 0.5) < 2.5 && active.air(2.5, f64::NAN) == passive.air(2.5, 0.0));
}

#[test]
fn a_sized_door_takes_its_duty() {
    let of = RearDoor::sized(3e4, (2.5, 38.0), (1.1, 18.0));
    let mut coil = DoorCoil(18.0);
    coil.step(&of, SEEN, 1e6);
    assert!((coil.step(&of, SEEN, 1e6).to_water / 3e4 - 1.0).abs() < 1e-9);
    let greedy = RearDoor::sized(1e6, (2.5, 38.0), (1.1, 18.0));
    assert!(greedy.surface.ua.is_finite() && greedy.surface.ua > 10.0 * of.surface.ua);
}

#[test]
fn water_below_the_dew_point_is_said() {
    let mut coil = DoorCoil(20.0);
    assert!(coil.step(&door(None), Exhaust { dew_point: 19.0, ..SEEN }, 1.0).outside);
    assert!(!coil.step(&door(None), Exhaust { dew_point: 19.0, water: 0.0, ..SEEN }, 1.0).outside);
}

proptest! {
    #[test]
    fn the_books_close_and_more_water_never_cools_less(
        air in 0.0..6.0f64, entering in -20.0..90.0f64, water in 0.0..3.0f64, inlet in -5.0..60.0f64,
        start in 0.0..60.0f64, dt in 0.01..600.0f64, speed in -1.0..2.0f64, more in 0.01..1.0f64,
    ) {
        let of = door(Some(DoorFans { pressure: 60.0, power: 400.0 }));
        let seen = Exhaust { air, entering, dew_point: 10.0, water, water_inlet: inlet, speed };
        let mut coil = DoorCoil(start);
        let got = coil.step(&of, seen, dt);
        let stored = of.heat_capacity * (coil.0 - start);
        let through = dt * 8e3 * 100.0 + 1.0;
        prop_assert!((stored - dt * (got.from_air - got.to_water)).abs() <= 1e-9 * through);
        let line = DoorCoil(start).line(&of, seen, dt);
        prop_assert!((line.fixed + line.slope * entering - got.from_air).abs() <= 1e-9 * (1.0 + 8e3 * 200.0));
        if air > 1e-3 {
            let lost = air * CP_AIR * (entering - got.leaving) + got.fans;
            prop_assert!((lost - got.from_air).abs() <= 1e-9 * (1.0 + air * CP_AIR * 200.0));
        }
        prop_assert!(got.leaving.is_finite() && got.water_outlet.is_finite());
        if entering > inlet {
            let rest = |water| DoorCoil(start).step(&of, Exhaust { water, ..seen }, 1e7).to_water;
            prop_assert!(rest(water + more) >= rest(water) - 1e-6 * rest(water).abs() - 1e-6);
        }
    }
}

#[test]
fn a_broken_door_tells_all_its_faults_at_once() {
    let text = "air-drop-pa = 50\nmachines-pa = 0\n[coil]\nua-w-per-k = 4e3\n[fans]\npressure-pa = 10\npower-w = -1\n";
    let source = Source::new("door.toml", text);
    let table = source.parse();
    let root = source.root(&table);
    let read = RearDoor::read(&root);
    drop(root);
    let faults = source.finish(read).expect_err("broken").to_string();
    for part in ["machines-pa", "air-kg-per-s", "overcome", "power-w", "water-side", "coolant", "heat-capacity-j-per-k"]
    {
        assert!(faults.contains(part), "{part} in\n{faults}");
    }
}
