use super::*;
use plant::read::Source;
use proptest::prelude::*;

const WATER: Facility = Facility { entering: 32.0, flow: 2.5 };
const ATMOSPHERE: f64 = 101_325.0;

fn tank() -> TwoPhase {
    TwoPhase::sized(NOVEC_649, 100e3, 60e3, 300.0, WATER)
}

const FULL: Drive =
    Drive { power: 100e3, water: WATER, room: 25.0, ambient: ATMOSPHERE, leak: 0.0, held_open: false, purges: false };

/// No air in it, at its normal boiling point.
fn boiling(of: &TwoPhase) -> Tank {
    Tank { air: 0.0, ..Tank::at(of, of.fluid.boils, ATMOSPHERE) }
}

fn run(of: &TwoPhase, tank: &mut Tank, drive: &Drive, steps: u32, dt: f64) -> Outcome {
    let mut outcome = tank.step(of, drive, dt);
    for _ in 1..steps {
        outcome = tank.step(of, drive, dt);
    }
    outcome
}

/// At rest the condenser takes all: `T = T_w + P/(ε·ṁ·cp)`, and the boards stand at the cube root above.
#[test]
fn rest_is_the_closed_form() {
    let of = TwoPhase { room: 0.0, seep: 0.0, ..tank() };
    let mut tank = boiling(&of);
    let outcome = run(&of, &mut tank, &FULL, 4000, 1.0);
    let bath = 32.0 + 100e3 / (2.5 * CP_WATER * (1.0 - libm::exp(-of.condenser / (2.5 * CP_WATER))));
    assert!((tank.bath - bath).abs() < 1e-6, "{} {bath}", tank.bath);
    assert!((tank.bath - 49.05).abs() < 1e-6, "sized for its boiling point: {}", tank.bath);
    assert!((outcome.pressure / ATMOSPHERE - 1.0).abs() < 2e-3, "{outcome:?}");
    assert!((tank.boards - tank.bath - 15.0).abs() < 0.1, "{tank:?}");
    assert!((outcome.to_water - 100e3).abs() < 1e-2 && tank.lost == 0.0, "{outcome:?}");
}

#[test]
fn a_bath_without_power_falls_to_the_water_with_its_time_constant() {
    let of = TwoPhase { room: 0.0, seep: 0.0, ..tank() };
    let mut tank = boiling(&of);
    let g = 100e3 / (49.05 - 32.0);
    let tau = of.heat(of.full, 49.05).1 / g;
    assert!((50.0..600.0).contains(&tau), "{tau}");
    let idle = Drive { power: 0.0, ..FULL };
    tank.step(&of, &idle, tau);
    assert!((tank.bath - 32.0 - 17.05 * libm::exp(-1.0)).abs() < 0.1, "{tank:?}");
}

#[test]
fn a_tank_without_water_vents_as_much_as_it_boils_and_the_loss_is_counted() {
    let of = TwoPhase { room: 0.0, seep: 0.0, ..tank() };
    let mut tank = boiling(&of);
    let dry = Drive { water: Facility { entering: 32.0, flow: 0.0 }, power: 50e3, ..FULL };
    run(&of, &mut tank, &dry, 120, 1.0);
    let before = tank;
    let outcome = run(&of, &mut tank, &dry, 60, 1.0);
    assert!(tank.venting && outcome.to_water == 0.0, "{tank:?}");
    // Boiling off 50 kW takes 50e3/87900 kg/s, but for what the shrinking bath still stores.
    let rate = (tank.lost - before.lost) / 60.0;
    assert!((rate / (50e3 / 87_900.0) - 1.0).abs() < 0.02, "{rate}");
    assert!((before.fluid - tank.fluid - (tank.lost - before.lost)).abs() < 1e-9);
    assert!(outcome.pressure > ATMOSPHERE && outcome.pressure < ATMOSPHERE * 1.2, "{outcome:?}");
}

#[test]
fn above_the_critical_load_boards_dry_out_and_need_the_load_gone_to_be_wetted() {
    let of = tank();
    let mut tank = boiling(&of);
    run(&of, &mut tank, &FULL, 300, 1.0);
    assert_eq!(tank.surface, Surface::Wetted);
    let surge = Drive { power: 160e3, ..FULL };
    run(&of, &mut tank, &surge, 60, 1.0);
    assert_eq!(tank.surface, Surface::Dried);
    let hot = tank.boards;
    run(&of, &mut tank, &FULL, 30, 1.0);
    // Dried out: nearly all of the power stays in the boards.
    assert!((tank.boards - hot) / 30.0 > 0.6 * 100e3 / 60e3, "{hot} {tank:?}");
    let off = Drive { power: 0.0, ..FULL };
    run(&of, &mut tank, &off, 3600, 1.0);
    assert_eq!(tank.surface, Surface::Wetted);
}

#[test]
fn air_from_the_start_is_vented_on_the_way_up_and_hinders_until_then() {
    let of = tank();
    let mut cold = Tank::at(&of, 20.0, ATMOSPHERE);
    assert!((cold.pressures(&of).0 + cold.pressures(&of).1 - ATMOSPHERE).abs() < 1e-6);
    let started = cold.air;
    run(&of, &mut cold, &FULL, 3600, 1.0);
    assert!(cold.air < 0.2 * started && cold.lost > 0.0, "{cold:?}");
    // Where no vent lets it out, the air blankets the coil: bath and boards run hotter.
    let tight = TwoPhase { seep: 0.0, vent: Vent { opens: 1e9, ..of.vent }, ..of };
    let (mut airy, mut pure) = (Tank { air: 5e-3, ..boiling(&of) }, boiling(&of));
    run(&tight, &mut airy, &FULL, 3600, 1.0);
    run(&tight, &mut pure, &FULL, 3600, 1.0);
    assert!(airy.bath > pure.bath + 1.0 && airy.boards > pure.boards + 1.0, "{airy:?} {pure:?}");
}

#[test]
fn below_ambient_air_seeps_in_no_further_than_to_ambient() {
    let of = TwoPhase { seep: 1e-3, ..tank() };
    let mut tank = boiling(&of);
    let idle = Drive { power: 0.0, ..FULL };
    let outcome = run(&of, &mut tank, &idle, 3000, 10.0);
    assert!(tank.air > 0.0 && (outcome.pressure / ATMOSPHERE - 1.0).abs() < 0.02, "{outcome:?}");
    let open = Drive { held_open: true, ..idle };
    let mut tight = boiling(&TwoPhase { seep: 0.0, ..of });
    run(&TwoPhase { seep: 0.0, ..of }, &mut tight, &open, 3000, 10.0);
    assert!(tight.air > 0.0, "{tight:?}");
}

const PURGE: Purge = Purge { draws: 0.5e-3, trap: -20.0, power: 800.0 };

#[test]
fn a_purge_takes_the_air_out_with_its_time_constant_and_hardly_any_vapour() {
    let of = TwoPhase { seep: 0.0, purge: Some(PURGE), vent: Vent { opens: 1e9, ..tank().vent }, ..tank() };
    let mut tank = Tank { air: 5e-3, ..boiling(&of) };
    run(&of, &mut tank, &FULL, 3600, 1.0);
    let (airy, before) = (tank, tank.fluid);
    assert_eq!(airy.air, 5e-3, "nothing else takes it out");
    let purges = Drive { purges: true, ..FULL };
    // 100 litres at half a litre a second: e-fold in 200 s.
    run(&of, &mut tank, &purges, 600, 1.0);
    assert!((tank.air / 5e-3 - libm::exp(-3.0)).abs() < 1e-9, "{tank:?}");
    assert!(before - tank.fluid < 5e-3 && tank.lost > 0.0, "less vapour than air goes with it: {tank:?}");
    run(&of, &mut tank, &purges, 3600, 1.0);
    assert!(tank.bath < airy.bath - 1.0 && tank.boards < airy.boards - 1.0, "the condenser is itself again: {tank:?}");
}

#[test]
fn a_purge_below_the_airs_pressure_is_a_race_with_what_comes_in() {
    let of = TwoPhase { seep: 1e-8, purge: Some(PURGE), ..tank() };
    let mut tank = boiling(&of);
    let cold = Drive { purges: true, power: 40e3, ..FULL };
    run(&of, &mut tank, &cold, 7200, 1.0);
    let comes = of.seep * -(tank.pressures(&of).0 + tank.pressures(&of).1 - ATMOSPHERE);
    let goes = tank.air * PURGE.draws / of.headspace;
    assert!(tank.air > 1e-4 && (comes / goes - 1.0).abs() < 0.01, "{comes} {goes}");
}

#[test]
fn halving_the_step_changes_nothing_worth_a_tenth_of_a_kelvin() {
    // A vent that opens would be a jump, and jumps come a step apart.
    let of = TwoPhase { seep: 0.0, vent: Vent { opens: 1e9, ..tank().vent }, ..tank() };
    let (mut coarse, mut fine) = (boiling(&of), boiling(&of));
    for n in 0..3600 {
        let drive = Drive { power: if n % 600 < 300 { 100e3 } else { 30e3 }, ..FULL };
        coarse.step(&of, &drive, 1.0);
        fine.step(&of, &drive, 0.5);
        fine.step(&of, &drive, 0.5);
        assert!((coarse.bath - fine.bath).abs() < 0.1, "{n} {coarse:?} {fine:?}");
        assert!((coarse.boards - fine.boards).abs() < 0.2, "{n} {coarse:?} {fine:?}");
    }
    assert!((coarse.boards - fine.boards).abs() < 0.01, "{coarse:?} {fine:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_books_close_and_everything_stays_finite(
        power in -1e4..1e6f64, entering in -50.0..150.0f64, water in -5.0..50.0f64, from in -30.0..120.0f64,
        leak in -1.0..2.0f64, dt in 0.1..600.0f64, (held_open, purges) in any::<(bool, bool)>(),
    ) {
        let of = TwoPhase { purge: Some(PURGE), ..tank() };
        let water = Facility { entering, flow: water };
        let drive = Drive { power, water, leak, held_open, purges, ..FULL };
        let mut tank = Tank::at(&of, from, ATMOSPHERE);
        for _ in 0..10 {
            let (before, fluid, lost) = (tank.stored(&of), tank.fluid, tank.lost);
            let o = tank.step(&of, &drive, dt);
            let net = dt * (power.max(0.0) - o.to_water - o.to_room - o.trapped - o.vented - o.leaked);
            let through = before.abs() + dt * (power.abs() + o.to_water + o.to_room.abs() + o.trapped + o.vented.abs() + o.leaked.abs());
            prop_assert!((tank.stored(&of) - before - net).abs() <= 1e-9 * through, "{:?} {:?}", tank, o);
            // The temperature is the one at which liquid and vapour hold that heat.
            let held = of.heat(tank.fluid, tank.bath).0;
            prop_assert!((held - tank.heat).abs() <= 1e-6 * tank.heat.abs().max(1e6), "{:?}", tank);
            prop_assert!(tank.lost >= lost && tank.fluid <= fluid && tank.fluid >= HEEL * of.full - 1e-9);
            prop_assert!([o.to_water, o.vented, o.leaving, o.pressure, tank.bath, tank.boards, tank.air].iter().all(|x| x.is_finite()));
        }
    }

    #[test]
    fn warmer_water_or_more_power_is_never_a_lower_pressure(power in 5e3..90e3f64, more in 1.0..1.3f64, entering in 15.0..38.0f64) {
        let of = TwoPhase { seep: 0.0, vent: Vent { opens: 1e9, ..tank().vent }, ..tank() };
        let with = |power, entering| {
            let mut tank = boiling(&of);
            run(&of, &mut tank, &Drive { power, water: Facility { entering, flow: 2.5 }, ..FULL }, 300, 10.0).pressure
        };
        let plain = with(power, entering);
        prop_assert!(with(power * more, entering) >= plain - 1e-6 && with(power, entering + more) >= plain - 1e-6);
    }
}

const PAGE: &str = "fluid = \"novec-649\"
litres = 300
headspace-litres = 100
boards-j-per-k = 60e3
convection-w-per-k = 600
boiling-w-per-k3 = 27
critical-w = 150e3
film-w-per-k = 200
wets-below-k = 12
condenser-w-per-k = 9e3
blanket = 30
room-w-per-k = 20
vent-opens-pa = 2000
vent-closes-pa = 200
vent-kg-per-s-pa = 1e-5
seep-kg-per-s-pa = 1e-10
bare-level = 0.4
covered-level = 0.9
";

fn read(text: &str) -> Result<TwoPhase, plant::fault::Faults> {
    let source = Source::new("tank.toml", text);
    let table = source.parse();
    let tank = {
        let all = source.root(&table);
        let tank = TwoPhase::read(&all);
        all.done();
        tank
    };
    source.finish(Some(tank))
}

#[test]
fn a_page_is_read_and_a_broken_one_tells_all_its_faults() {
    let tank = read(PAGE).expect("sound");
    assert_eq!((tank.headspace, tank.boards.critical, tank.vent.opens), (0.1, 150e3, 2000.0));
    let broken = PAGE
        .replace("novec-649", "novec-694")
        .replace("closes-pa = 200", "closes-pa = 3000")
        .replace("wets-below-k = 12", "wets-below-k = 45")
        .replace("blanket = 30\n", "")
        .replace("bare-level = 0.4", "bare-level = 0.95");
    let faults = read(&broken).expect_err("broken").to_string();
    for said in ["novec-694", "cannot close at 3000 Pa", "blanket", "cannot be covered", "cannot be wetted at 45 K"] {
        assert!(faults.contains(said), "{said}: {faults}");
    }
}
