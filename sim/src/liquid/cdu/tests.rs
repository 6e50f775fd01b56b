use super::*;
use crate::hydraulics::Work;
use crate::liquid::Coolant;
use plant::read::Source;
use proptest::prelude::*;

/// A 1.35 MW unit after Vertiv's XDU1350: 20.6 kg/s on both sides, approach 4 K, 500 kPa outside.
fn unit() -> Cdu {
    let side = |coolant| Side { coolant, flow: 20.6 };
    Cdu::sized(1.35e6, 4.0, side(Coolant::PG25), side(Coolant::WATER))
}

fn flowing(flow: f64, heat: f64) -> Shared {
    Shared { flow, work: Work { to_fluid: heat, ..Work::default() }, ..Shared::default() }
}

fn settled(of: &Cdu, wear: &Wear, flow: f64, primary_flow: f64, duty: f64) -> (CduWater, Exchanged) {
    let mut water = CduWater::new(of, 30.0);
    let through = Through { shared: flowing(flow, 0.0), heat: duty, primary_flow, primary: 28.0 };
    water.step(of, wear, through, 1e5);
    let last = water.step(of, wear, through, 1.0);
    (water, last)
}

#[test]
fn the_rated_approach_comes_back_at_the_rated_point_and_falls_with_load() {
    let of = unit();
    let (_, rated) = settled(&of, &Wear::NONE, 20.6, 20.6, 1.35e6);
    assert!((rated.approach - 4.0).abs() < 1e-6 && (rated.supply - 32.0).abs() < 1e-6, "{rated:?}");
    assert!((rated.to_primary / 1.35e6 - 1.0).abs() < 1e-9);
    let (_, half) = settled(&of, &Wear::NONE, 20.6, 20.6, 0.675e6);
    assert!((half.approach - 2.0).abs() < 1e-6, "linear in the duty: {half:?}");
}

#[test]
fn fouling_of_thirty_percent_costs_what_the_closed_form_says() {
    let of = unit();
    let (_, fouled) = settled(&of, &Wear { fouling: 0.3, ..Wear::NONE }, 20.6, 20.6, 1.35e6);
    // Counter-flow by its two ends: approach = (T_r − T_p)·(1 − ε·Cmin/C_warm), with the exchanger's own formula written anew.
    let (hot, cold) = (20.6 * 3970.0, 20.6 * 4180.0);
    let z: f64 = hot / cold;
    let units = 0.7 * of.plate.ua / hot;
    let e = libm::exp(-units * (1.0 - z));
    let effectiveness = (1.0 - e) / (1.0 - z * e);
    let approach = 1.35e6 / hot * (1.0 / effectiveness - 1.0);
    assert!((fouled.approach - approach).abs() < 1e-6 && approach > 5.5, "{fouled:?} {approach}");
}

#[test]
fn pumps_stay_within_the_share_that_units_draw_and_two_share_the_work() {
    let of = unit();
    let racks = [Branch::open(Resistance { flow: 20.6, drop: 5e5, exponent: 1.85, laminar: 0.1 })];
    let mut flows = [0.0];
    let water = CduWater::new(&of, 30.0);
    let shared = of.share((&water, &Wear::NONE), &[1.0, 0.0], &racks, &mut flows);
    assert!((shared.flow / 20.6 - 1.0).abs() < 0.03, "one of two pumps carries the rated flow: {shared:?}");
    let share = shared.work.electrical / 1.35e6;
    assert!(share > 0.012 && share < 0.037, "{share}: Deschutes draws 3.7 % at 827 kPa");
    let clogged = Wear { clogging: 3.0, ..Wear::NONE };
    let less = of.share((&water, &clogged), &[1.0, 0.0], &racks, &mut flows);
    assert!(less.flow < shared.flow && less.flow > 0.85 * shared.flow, "{less:?}");
    let aerated = Wear { air: 0.5, ..Wear::NONE };
    let half = of.share((&water, &aerated), &[1.0, 0.0], &racks, &mut flows);
    assert!((half.flow / shared.flow - 0.5).abs() < 0.03, "{half:?}");
}

#[test]
fn a_leak_draws_air_and_then_loses_suction() {
    let of = unit();
    let mut water = CduWater::new(&of, 30.0);
    // From full to the low level in 640 s, and half the way from there to empty in 240 s more.
    let wear = Wear { leak: 0.4 * of.inventory / 640.0, ..Wear::NONE };
    let through = Through { shared: flowing(20.0, 0.0), heat: 8e5, primary_flow: 20.0, primary: 25.0 };
    for _ in 0..640 {
        water.step(&of, &wear, through, 1.0);
    }
    assert!((water.inventory / of.inventory - 0.6).abs() < 1e-9 && of.air(&water, &wear) < 1e-9);
    let low = water.step(&of, &wear, through, 240.0);
    assert!(low.outside && of.air(&water, &wear) > 0.4);
    water.step(&of, &wear, through, 1e4);
    assert!(water.inventory == 0.0 && of.air(&water, &wear) == 1.0);
    let mut flows = [1.0];
    let racks = [Branch::open(Resistance::quadratic(20.6, 5e5))];
    assert_eq!(of.share((&water, &wear), &[1.0], &racks, &mut flows).flow, 0.0);
    // Topped up, it is full and no more.
    water.step(&of, &Wear { leak: -10.0, ..wear }, through, 1e4);
    assert_eq!(water.inventory, of.inventory);
}

#[test]
fn the_supply_follows_its_volumes() {
    let of = unit();
    let mut water = CduWater::new(&of, 30.0);
    // Without primary water both volumes heat up together, the supply behind by what the flow carries:
    // the difference is Q/(2·ṁ·cp)·(1 − e^(−2t/τ)) with τ the passage of one volume.
    let (stream, capacity, heat) = (Coolant::PG25.stream(20.0), of.return_capacity, 8e5);
    let tau = capacity / stream;
    let through = Through { shared: flowing(20.0, 0.0), heat, primary_flow: 0.0, primary: 20.0 };
    for _ in 0..10 {
        water.step(&of, &Wear::NONE, through, tau / 20.0);
    }
    let apart = heat / stream / 2.0 * (1.0 - libm::exp(-1.0));
    let mean = 30.0 + heat * tau / 2.0 / (2.0 * capacity);
    assert!((water.back - water.supply - apart).abs() < 1e-9, "{water:?} {apart}");
    assert!((water.supply - (mean - apart / 2.0)).abs() < 1e-9, "{water:?} {mean}");
    assert!((20.0..45.0).contains(&(2.0 * tau)), "{tau}");
}

proptest! {
    #[test]
    fn the_books_close_whatever_flows(
        flow in -1.0..30.0f64, primary_flow in -1.0..40.0f64, primary in -20.0..90.0f64, heat in -1e6..3e6f64,
        start in [5.0..60.0f64, 5.0..60.0], dt in 0.01..600.0f64, fouling in 0.0..1.0f64,
    ) {
        let of = unit();
        let mut water = CduWater { supply: start[0], back: start[1], inventory: 700.0 };
        let wear = Wear { fouling, ..Wear::NONE };
        let through = Through { shared: flowing(flow, 2e4), heat, primary_flow, primary };
        let got = water.step(&of, &wear, through, dt);
        let stored = of.supply_capacity * (water.supply - start[0]) + of.return_capacity * (water.back - start[1]);
        let entered = dt * (heat.abs() + got.from_pumps + got.to_primary.abs() + Coolant::PG25.stream(flow) * 60.0);
        prop_assert!((stored - dt * (heat + got.from_pumps - got.to_primary)).abs() <= 1e-9 * entered, "{got:?}");
        let cold = Coolant::WATER.stream(primary_flow);
        prop_assert!((cold * (got.primary_back - primary) - got.to_primary).abs() <= 1e-9 * (1.0 + got.to_primary.abs() + cold * 90.0));
    }

    #[test]
    fn more_primary_water_never_makes_a_warmer_supply(primary_flow in 0.5..30.0f64, more in 0.1..5.0f64) {
        let of = unit();
        let (_, one) = settled(&of, &Wear::NONE, 18.0, primary_flow, 1e6);
        let (_, two) = settled(&of, &Wear::NONE, 18.0, primary_flow + more, 1e6);
        // The kernel holds balanced streams at a ratio of 0.98, which bends the curve by less than this.
        prop_assert!(two.supply <= one.supply + 0.1, "{one:?} {two:?}");
    }
}

#[test]
fn a_broken_cdu_tells_all_its_faults_at_once() {
    let text = "return-j-per-k = 1e6\nsupply-j-per-k = 0\ninventory-kg = 800\nlow-level = 0.2\nempty-level = 0.4\n\
                [plate]\nduty-w = 1e6\napproach-k = 0.1\nwarm = { coolant = \"pg25\", flow-kg-per-s = 20 }\n\
                cold = { coolant = \"oil\", flow-kg-per-s = 10 }\n[primary]\nflow-kg-per-s = 20\n";
    let source = Source::new("cdu.toml", text);
    let table = source.parse();
    let root = source.root(&table);
    let read = Cdu::read(&root);
    drop(root);
    let faults = source.finish(read).expect_err("broken").to_string();
    for part in ["supply-j-per-k", "suction", "oil", "no exchanger reaches", "drop-pa", "primary-valve", "loop"] {
        assert!(faults.contains(part), "{part} in\n{faults}");
    }
}
