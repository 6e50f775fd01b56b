//! Every shipped hall on its own panels: it settles, its books close, its machines do what they are there for.

use super::stand::{Stand, shipped};
use plant::time::{Span, Wall};
use sim::weather::{DesignDay, Weather};
use sim::{Fault, MachineFault, World};

/// A hot day: warm and humid enough that no economiser helps at noon.
const HOT: DesignDay = DesignDay { dry_bulb: 36.0, wet_bulb: 24.0, range: 10.0, elevation: 0.0, warmest_hour: 14.0 };
/// A cold one.
const COLD: DesignDay = DesignDay { dry_bulb: -5.0, wet_bulb: -6.0, range: 6.0, elevation: 0.0, warmest_hour: 14.0 };

/// A hall on its panels under one day's weather, at steps of `dt` seconds.
fn on_panels(name: &str, day: DesignDay, dt: u64) -> Stand {
    let (hall, physics) = shipped(name);
    let mut stand = Stand::new(hall, physics);
    stand.world = stand.world.on_panels().with_weather(Weather::Day(day));
    stand.tick.dt = Span::from_secs(dt);
    stand.tick.wall = Wall(1_781_474_400_000);
    stand
}

/// What a day came to.
struct Day {
    pue: f64,
    /// After the first two hours (°C).
    worst_inlet: f64,
}

fn day(stand: &mut Stand) -> Day {
    let dt = stand.tick.dt.seconds();
    let (mut it, mut facility, mut worst_inlet) = (0.0, 0.0, 0.0f64);
    for step in 0..plant::convert::u64_from_f64_rounded(86_400.0 / dt) {
        stand.step();
        (it, facility) = (it + stand.world.chain().it, facility + stand.world.chain().utility);
        if plant::convert::f64_from_u64(step) * dt > 7200.0 {
            worst_inlet = worst_inlet.max(stand.world.hottest_inlet().unwrap_or(0.0));
        }
    }
    assert!(stand.world.ledger_residual() < 1e-9, "{:e}", stand.world.ledger_residual());
    for (_, truth) in stand.hall.points.iter().filter_map(|(id, def)| Some((def, stand.world.truth(id)?))) {
        assert!(truth.is_finite());
    }
    Day { pue: facility / it, worst_inlet }
}

#[test]
fn every_hall_lives_through_a_hot_and_a_cold_day_on_its_panels() {
    for (name, _) in sim::shipped::HALLS {
        let (hot, cold) = (day(&mut on_panels(name, HOT, 10)), day(&mut on_panels(name, COLD, 10)));
        // The bench's fan has nothing but outdoor air.
        if *name != "bench" {
            assert!(hot.worst_inlet < 27.0, "{name}: {:.2} °C on the hot day", hot.worst_inlet);
            assert!(cold.worst_inlet < 27.0, "{name}: {:.2} °C on the cold day", cold.worst_inlet);
            // A heat pump that serves a customer draws more on a cold day than the coolers save.
            let sells = !shipped(name).0.machinery.heat_recovery.is_empty();
            assert!(sells || cold.pue < hot.pue, "{name}: {:.3} in the cold, {:.3} in the heat", cold.pue, hot.pue);
            assert!((1.02..1.5).contains(&cold.pue) && hot.pue < 1.6, "{name}: {:.3} and {:.3}", cold.pue, hot.pue);
        }
    }
}

#[test]
fn every_point_of_a_hall_is_modelled() {
    for (name, _) in sim::shipped::HALLS {
        let (hall, physics) = shipped(name);
        let stand = Stand::new(hall, physics);
        for (id, point) in stand.hall.points.iter() {
            assert!(stand.world.truth(id).is_some(), "{name}: {} is not modelled", point.name);
        }
    }
}

#[test]
fn half_the_step_moves_no_temperature_by_a_tenth_of_a_kelvin() {
    for (name, _) in sim::shipped::HALLS.iter().filter(|(name, _)| *name != "bench") {
        // A day in which no panel switches: what is left is the steps' own error.
        let mild = DesignDay { dry_bulb: 4.0, wet_bulb: 2.0, range: 1.0, elevation: 0.0, warmest_hour: 14.0 };
        let (mut whole, mut half) = (on_panels(name, mild, 1), on_panels(name, mild, 1));
        half.tick.dt = Span::from_millis(500);
        let mut worst = (0.0f64, String::new());
        for step in 0..4 * 3600 {
            whole.step();
            half.run(2);
            if step < 3 * 3600 {
                continue;
            }
            // Water in a chiller that stands keeps the temperature of the moment it stopped.
            let moves = |p: &plant::point::PointDef| whole.hall.equips[p.equip].kind != plant::hall::Kind::Chiller;
            let temperatures = whole.hall.points.iter().filter(|(_, p)| p.unit == plant::units::Unit::Cel && moves(p));
            for (id, point) in temperatures {
                let pair = whole.world.truth(id).zip(half.world.truth(id));
                let off = pair.map_or(0.0, |(one, other)| (one - other).abs());
                if off > worst.0 {
                    worst = (off, point.name.clone());
                }
            }
        }
        println!("{name}: {} by {:.4} K", worst.1, worst.0);
        assert!(worst.0 < 0.1, "{name}: {} by {:.3} K", worst.1, worst.0);
    }
}

#[test]
fn free_cooling_spares_the_chillers_in_the_cold_and_not_in_the_heat() {
    for name in ["air", "hybrid"] {
        let (mut hot, mut cold) = (on_panels(name, HOT, 10), on_panels(name, COLD, 10));
        day(&mut hot);
        day(&mut cold);
        let of = |world: &World| {
            let water = world.chilled_water().expect("chilled water");
            (water.bank.running(), water.economiser.as_ref().expect("an economiser").0.is_on())
        };
        assert!(of(&hot.world).0 >= 1, "{name}: chillers carry the hot day");
        assert_eq!(of(&cold.world), (0, true), "{name}: the economiser alone carries the cold day");
        let supply = cold.world.chilled_water().expect("chilled water").supply;
        assert!((10.0..17.0).contains(&supply), "{name}: {supply} °C");
    }
}

#[test]
fn a_dead_chiller_is_replaced_by_the_next_and_all_dead_ones_heat_the_hall() {
    let mut stand = on_panels("air", HOT, 10);
    stand.run(8640 / 2);
    let before = stand.world.hottest_inlet().expect("racks");
    let lead = stand.hall.machinery.chillers[0].of.equip;
    stand.world.inject(Fault::Machine { equip: lead, how: MachineFault::Tripped });
    stand.run(360 * 2);
    let water = stand.world.chilled_water().expect("chilled water");
    assert!(water.bank.units[0].machine.trip().is_some() && water.bank.running() >= 2);
    assert!(stand.world.hottest_inlet().expect("racks") < before + 2.0, "the third one carries its share");
    stand.world.inject(Fault::ChillerTripped);
    stand.run(90);
    assert!(stand.world.hottest_inlet().expect("racks") > before + 5.0, "a quarter of an hour without chillers");
    stand.world.clear_all();
    stand.run(360 * 3);
    assert!(stand.world.hottest_inlet().expect("racks") < before + 2.0, "and back by itself");
}

#[test]
fn a_cdu_that_stands_is_carried_by_its_neighbour_and_both_spill_into_the_air() {
    let mut stand = on_panels("liquid", HOT, 10);
    stand.run(1080);
    let first = stand.hall.machinery.cdus[0].of.equip;
    let second = stand.hall.machinery.cdus[1].of.equip;
    stand.world.inject(Fault::Machine { equip: first, how: MachineFault::Tripped });
    stand.run(180);
    let row = &stand.world.plates()[0];
    assert!(row.racks.iter().all(|r| r.last.spilled < 1.0 && r.last.case < 85.0), "one carries the row");
    let taken = row.to_liquid();
    stand.world.inject(Fault::Machine { equip: second, how: MachineFault::Tripped });
    stand.run(12);
    let row = &stand.world.plates()[0];
    assert!(row.to_liquid() < 0.1 * taken, "{} of {taken} W", row.to_liquid());
    assert!(row.racks.iter().all(|r| r.last.spilled > 50e3));
    assert!(stand.world.ledger_residual() < 1e-9);
}

#[test]
fn tanks_without_water_warm_by_what_they_hold() {
    let mut stand = on_panels("immersion", COLD, 10);
    stand.run(2160);
    let before = stand.world.tanks()[0].liquid();
    stand.world.inject(Fault::Machine {
        equip: stand.hall.machinery.facility_water.expect("water").equip,
        how: MachineFault::Tripped,
    });
    let power = stand.world.tanks()[0].power;
    stand.run(30);
    let after = stand.world.tanks()[0].liquid();
    // 648 kg of oil at 2200 J/kg/K and 150 kJ/K of boards: a tank's worth of joules in five minutes.
    let most = 300.0 * power / (648.0 * 2200.0 + 150e3);
    assert!((0.5 * most..1.1 * most).contains(&(after - before)), "{} of at most {most} K", after - before);
}

#[test]
fn the_customer_of_heat_may_leave_at_any_time() {
    let mut stand = on_panels("liquid", COLD, 10);
    stand.run(2160);
    let water = stand.world.facility_water().expect("facility water");
    assert!(water.recovered.exported > 100e3, "{} W", water.recovered.exported);
    let supply = water.supply;
    let equip = stand.hall.machinery.heat_recovery[0].of.equip;
    stand.world.inject(Fault::Machine { equip, how: MachineFault::CustomerGone });
    stand.run(360);
    let water = stand.world.facility_water().expect("facility water");
    assert!(
        water.recovered.exported == 0.0 && (water.supply - supply).abs() < 3.0,
        "the coolers catch it: {}",
        water.supply
    );
    assert!(stand.world.ledger_residual() < 1e-9);
}
