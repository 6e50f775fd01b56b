use super::*;
use plant::read::Source;
use proptest::prelude::*;

const SAG: Disturbance = Disturbance { at: 10.0, seconds: 0.2, residual: 0.4 };

#[test]
fn a_sag_within_a_step_is_told_as_a_dip_and_an_outage_as_a_level() {
    let outage = Disturbance { at: 100.0, seconds: 60.0, residual: 0.0 };
    let grid = Grid { schedule: vec![SAG, outage], ..Grid::steady(2e6) };
    assert_eq!(grid.over(0.0, 1.0, 1), Voltage::NOMINAL);
    let seen = grid.over(10.0, 1.0, 1);
    assert_eq!(seen.level, 1.0);
    assert!((seen.dip.expect("a dip").seconds - 0.2).abs() < 1e-12);
    assert_eq!(grid.over(100.0, 1.0, 1).level, 0.0);
    assert_eq!(grid.over(158.0, 1.0, 1).level, 0.0);
    assert_eq!(grid.over(160.0, 1.0, 1), Voltage::NOMINAL);
    // One long step over all of it sees it as a dip of its length.
    assert_eq!(grid.over(90.0, 100.0, 1).dip, Some(Dip { residual: 0.0, seconds: 60.0 }));
}

#[test]
fn chance_keeps_its_yearly_rates_and_its_seed() {
    let chance = Chance { outages: 12.0, outage: 300.0, sags: 50.0, sag: 0.5, deepest: 0.3 };
    let (mut outages, mut sags, mut down) = (0, 0, 0.0);
    let years = 200;
    for day in 0..365 * years {
        let day = f64::from(day);
        outages += i32::from(chance.of_day(Kind::Outage, day, 5).inspect(|d| down += d.seconds).is_some());
        sags += i32::from(chance.of_day(Kind::Sag, day, 5).is_some());
    }
    let a_year = |n: i32| f64::from(n) / f64::from(years);
    assert!((a_year(outages) - 12.0).abs() < 0.8 && (a_year(sags) - 50.0).abs() < 1.6, "{outages} {sags}");
    assert!((down / f64::from(outages) / 300.0 - 1.0).abs() < 0.07, "{down}");
    let grid = Grid { chance: Some(chance), ..Grid::steady(1e6) };
    let low = |seed| (0..8766).filter(|h| grid.over(f64::from(*h) * 3600.0, 3600.0, seed) != Voltage::NOMINAL).count();
    assert_eq!(low(3), low(3));
    assert!(low(3) > 20 && low(3) < 110, "{}", low(3));
}

#[test]
fn contactors_let_go_where_machines_ride_through() {
    let dip = |residual, seconds| Voltage { level: 1.0, dip: Some(Dip { residual, seconds }) };
    let chiller = Ride::contactor(0.7, 0.03, 240.0);
    // (residual, seconds, machines stay, chiller stays)
    for (residual, seconds, machines, contactor) in [
        (0.0, 0.019, true, true),
        (0.0, 0.025, false, true),
        (0.65, 0.04, false, false),
        (0.75, 0.4, true, true),
        (0.75, 0.6, false, true),
        (0.85, 8.0, true, true),
        (0.85, 11.0, false, true),
    ] {
        let on = |of: &Ride| Through::RUNNING.clone().step(of, dip(residual, seconds), 12.0);
        assert_eq!(on(&Ride::MACHINES), machines, "machines, {residual} for {seconds} s");
        assert_eq!(on(&chiller), contactor, "chiller, {residual} for {seconds} s");
    }
    let mut through = Through::RUNNING;
    assert!(!through.step(&chiller, dip(0.4, 0.2), 1.0));
    let waited = (1..).find(|_| through.step(&chiller, Voltage::NOMINAL, 1.0));
    assert_eq!(waited, Some(240), "its restart time");
}

#[test]
fn a_low_voltage_that_lasts_drops_over_several_steps() {
    let mut through = Through::RUNNING;
    let low = Voltage { level: 0.85, dip: None };
    let held = (1..100).find(|_| !through.step(&Ride::MACHINES, low, 1.0));
    assert_eq!(held, Some(11));
    let mut always = Through::RUNNING;
    assert!(always.step(&Ride::ALWAYS, low, 1e6) && !always.step(&Ride::ALWAYS, Voltage::NONE, 0.1));
    assert!(always.step(&Ride::ALWAYS, Voltage::NOMINAL, 1.0));
}

#[test]
fn demand_is_the_mean_of_clock_intervals_however_steps_fall() {
    let of = Billing::USUAL;
    for dt in [1.0, 7.0, 450.0, 900.0] {
        let (mut meter, mut t) = (BillingMeter::default(), 0.0);
        while t + dt <= 3600.0 {
            t += dt;
            let power = if t <= 1800.0 { 1e6 } else { 2e6 };
            meter.count(&of, power, t, dt);
        }
        let peak = meter.peak().expect("intervals passed");
        assert!((peak - 2e6).abs() < 1e-3 || dt == 7.0 && (peak - 2e6).abs() < 8e3, "{dt}: {peak}");
    }
    let mut late = BillingMeter::default();
    late.count(&of, 5e6, 900.0, 10.0);
    assert_eq!(late.peak(), None, "an interval seen for ten seconds is no demand");
    late.count(&of, 1e6, 9000.0, 8100.0);
    assert_eq!((late.peak(), late.last_mean()), (Some(1e6), Some(1e6)));
}

#[test]
fn a_flipped_meter_exports_what_it_should_import() {
    let of = Billing::USUAL;
    let mut meter = BillingMeter::default();
    meter.count(&of, 3.6e6, 1000.0, 1000.0);
    meter.flipped = true;
    meter.count(&of, 3.6e6, 1500.0, 500.0);
    assert_eq!((meter.imported(&of), meter.exported(&of), meter.power), (1e6, 5e5, -3.6e6));
    for (power, dt) in [(f64::NAN, 1.0), (1.0, f64::NAN), (1.0, -1.0), (f64::INFINITY, 1.0)] {
        let before = meter;
        meter.count(&of, power, 1600.0, dt);
        assert_eq!(meter, before);
    }
}

proptest! {
    #[test]
    fn registers_and_means_hold_the_same_energy(powers in proptest::collection::vec(-1e6..3e6f64, 90..180)) {
        let of = Billing { register_step: 1.0, ..Billing::USUAL };
        let mut meter = BillingMeter::default();
        let (mut net, mut t) = (0.0, 0.0);
        for power in &powers {
            t += 100.0;
            meter.count(&of, *power, t, 100.0);
            net += power * 100.0 / 3600.0;
        }
        let seen = meter.imported(&of) - meter.exported(&of);
        prop_assert!((seen - net).abs() <= 2.0, "{seen} {net}");
        let best = powers.chunks_exact(9).map(|c| c.iter().sum::<f64>() / 9.0).fold(f64::NEG_INFINITY, f64::max);
        prop_assert!((meter.peak().expect("intervals") - best).abs() < 1e-3);
    }

    #[test]
    fn a_deeper_or_longer_sag_never_lets_more_run(residual in 0.0..1.0f64, seconds in 0.0..20.0f64, more in 0.0..5.0f64) {
        for of in [Ride::MACHINES, Ride::usual_contactor(60.0)] {
            let on = |residual: f64, seconds| {
                let dip = Some(Dip { residual, seconds });
                Through::RUNNING.clone().step(&of, Voltage { level: 1.0, dip }, 30.0)
            };
            let here = on(residual, seconds);
            prop_assert!(here || !on(residual, seconds + more));
            prop_assert!(here || !on(residual * 0.7, seconds));
        }
    }
}

#[test]
fn a_broken_section_tells_all_its_faults() {
    let text = "voltage-v = 400\nfrequency-hz = 5\n[[disturbance]]\nat-s = 1\nlong = 2\n[chance]\nsag-s = 1\ndeepest = 2\n\
                outage-s = 1\noutages-per-year = 1\n";
    let source = Source::new("g.toml", text);
    let table = source.parse();
    let read = Grid::read(&source.root(&table));
    let faults = source.finish(Some(read)).expect_err("faults").0;
    // rated-w, frequency-hz, seconds, long, deepest, sags-per-year
    assert_eq!(faults.len(), 6, "{faults:?}");
}

#[test]
fn a_broken_meter_tells_all_its_faults() {
    let source = Source::new("m.toml", "interval-s = 0\nregister-step-wh = -5\n");
    let table = source.parse();
    let read = Billing::read(&source.root(&table));
    assert_eq!(source.finish(Some(read)).expect_err("faults").0.len(), 2);
}
