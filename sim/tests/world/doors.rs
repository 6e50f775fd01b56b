//! Rear doors in a hall: on their panels, told what to do, without water, and where their heat goes.

use super::stand::{Stand, quiet, shipped};
use sim::{Fault, MachineFault};

fn stand() -> Stand {
    let (hall, physics) = shipped("rear-door");
    Stand::new(hall, &quiet(physics))
}

fn tell(stand: &mut Stand, name: &str, value: f64) {
    let point = stand.point(name);
    let command = stand.outputs.commands.iter_mut().find(|command| command.point == point).expect("an output");
    command.value = value;
}

#[test]
fn on_its_panel_a_door_leaves_the_air_as_the_room_has_it_and_its_water_takes_the_heat() {
    let mut stand = stand();
    stand.run(7200);
    let doors: Vec<_> = stand.world.rows().iter().flat_map(|row| &row.racks).filter_map(|r| r.door.as_ref()).collect();
    assert_eq!(doors.len(), 16);
    let warm = doors.iter().map(|door| door.last.leaving).fold(f64::NEG_INFINITY, f64::max);
    let cold = doors.iter().map(|door| door.last.leaving).fold(f64::INFINITY, f64::min);
    assert!(warm < 25.5 && cold > 22.5, "{cold} to {warm}");
    let taken: f64 = doors.iter().map(|door| door.last.to_water).sum();
    let it: f64 = stand.world.rows().iter().map(sim::air::Row::it_power).sum();
    // The rest is the coils', which blow at their least.
    assert!((0.7..1.0).contains(&(taken / it)), "{taken} of {it}");
    assert!(stand.world.ledger_residual() < 1e-9, "{:e}", stand.world.ledger_residual());
}

#[test]
fn a_door_goes_on_from_where_it_is_and_does_as_it_is_told() {
    let mut stand = stand();
    stand.run(3600);
    let before = stand.truth("door-a03/valve-feedback");
    tell(&mut stand, "door-a03/valve", before);
    tell(&mut stand, "door-a03/run-mode", 2.0);
    stand.run(60);
    assert!((stand.truth("door-a03/valve-feedback") - before).abs() < 1e-9);
    tell(&mut stand, "door-a03/run-mode", 1.0);
    stand.run(130);
    assert_eq!(stand.truth("door-a03/valve-feedback"), 0.0);
    let exhaust = stand.truth("rack-a03/outlet-air-temp");
    stand.run(600);
    assert!((stand.truth("door-a03/leaving-air-temp") - exhaust).abs() < 1.5, "it passes the air on");
    // What stands behind a shut valve becomes as warm as what is around it.
    stand.run(1800);
    assert!(stand.truth("door-a03/entering-water-temp") > stand.truth("fws/supply-water-temp") + 5.0);
    tell(&mut stand, "door-a03/run-mode", 0.0);
    stand.run(1800);
    assert!(stand.truth("door-a03/leaving-air-temp") < 26.0, "its panel has it again");
    assert!(stand.world.ledger_residual() < 1e-9);
}

#[test]
fn a_strainer_that_clogs_and_water_that_stops_leave_the_air_warm() {
    let mut stand = stand();
    stand.run(3600);
    let equip = stand.hall.equip("door-b02").expect("a door");
    stand.world.inject(Fault::Machine { equip, how: MachineFault::Clogged(100.0) });
    stand.run(1800);
    assert!(stand.truth("door-b02/leaving-air-temp") > 26.0 && stand.truth("door-b02/valve-feedback") > 95.0);
    assert!(stand.truth("door-b03/leaving-air-temp") < 25.5);
    let water = stand.hall.equip("fws").expect("facility water");
    stand.world.inject(Fault::Machine { equip: water, how: MachineFault::Tripped });
    stand.run(300);
    assert!(stand.truth("door-b03/leaving-air-temp") > 28.0);
    stand.world.clear_all();
    stand.run(3600);
    assert!(stand.truth("door-b03/leaving-air-temp") < 25.5 && stand.truth("door-b02/leaving-air-temp") < 25.5);
    assert!(stand.world.ledger_residual() < 1e-9);
}
