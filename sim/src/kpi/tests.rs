use proptest::prelude::*;

use super::*;

const NOON: Wall = Wall(1_781_524_800_000);

fn calm() -> Observation<'static> {
    Observation {
        dt: 60.0,
        wall: NOON,
        power: Power {
            grid: None,
            facility: Some(1.3e6),
            it: Some(1e6),
            cooling: Some(2e5),
            fans: Some(5e4),
            pumps: Some(3e4),
            compute: Some(8e5),
            machine_fans: Some(1e5),
            exported_heat: Some(2.6e5),
        },
        water: Some(0.25),
        co2_intensity: Some(0.3),
        price: Some(0.1),
        inlets: &[Some(24.0)],
        case_margins: &[Some(12.0)],
        least_level: Some(97.5),
        compute: Compute { throttled: Some(8.0), wanted: Some(800.0), lost: Some(4.0) },
        commands: &[],
        running: &[],
        in_failsafe: Some(false),
        controller_seconds: Some(20e-6),
    }
}

fn meter() -> Meter {
    let duty = Actuator { name: "crah-1/fan-cmd".to_owned(), span: 100.0 };
    Meter::new(Bands::A1, vec![duty], vec!["chiller-1".to_owned()])
}

/// Feeds a run of steps, the wall clock going along from noon.
fn run(meter: &mut Meter, steps: usize, mut each: impl FnMut(usize, &mut Observation<'_>)) {
    for n in 0..steps {
        let mut seen = calm();
        each(n, &mut seen);
        let millis = plant::convert::i64_from_f64_rounded(seen.dt * 1e3);
        seen.wall = Wall(NOON.0 + millis * (i64::try_from(n).unwrap() + 1));
        meter.observe(&seen);
    }
}

#[track_caller]
fn near(kpis: &Kpis, name: &str, expected: f64) {
    let value = kpis.value(name).unwrap_or_else(|| panic!("{name} is missing"));
    assert!((value - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{name}: {value} is not {expected}");
}

#[test]
fn an_even_day_comes_to_its_closed_form() {
    let mut meter = meter();
    run(&mut meter, 24 * 60, |_, _| {});
    let kpis = meter.kpis();
    for (name, expected) in [
        ("facility-kwh", 31_200.0),
        ("it-kwh", 24_000.0),
        ("cooling-kwh", 4_800.0),
        ("machine-fans-kwh", 2_400.0),
        ("pue", 1.3),
        ("ppue-cooling", 1.2),
        ("itue", 1.25),
        ("tue", 1.625),
        ("erf", 0.2),
        ("ere", 1.04),
        ("water-l", 21_600.0),
        ("wue", 0.9),
        ("co2-kg", 9_360.0),
        ("cost", 3_120.0),
        ("peak-15min-kw", 1_300.0),
        ("worst-inlet-cel", 24.0),
        ("kh-above-recommended", 0.0),
        ("rci-hi", 100.0),
        ("rci-lo", 100.0),
        ("case-margin-k", 12.0),
        ("least-level-percent", 97.5),
        ("throttled-gpu-h", 192.0),
        ("lost-gpu-h", 96.0),
        ("lost-share", 0.5),
        ("failsafe-s", 0.0),
        ("controller-us", 20.0),
        ("controller-longest-us", 20.0),
        ("controller-share", 20e-6 / 60.0),
    ] {
        near(&kpis, name, expected);
    }
    near(&kpis, "tue", kpis.value("itue").unwrap() * kpis.value("pue").unwrap());
}

#[test]
fn a_late_peak_is_told_though_the_run_had_a_higher_one_before() {
    let mut meter = meter();
    meter.late_from(Wall(NOON.0 + 20 * 60_000));
    run(&mut meter, 60, |n, seen| seen.power.facility = Some(if n < 30 { 2e6 } else { 1.4e6 }));
    near(&meter.kpis(), "peak-15min-kw", 2_000.0);
    // The quarter in which it begins to count is not whole.
    near(&meter.kpis(), "late-peak-15min-kw", 1_400.0);
}

#[test]
fn pue_is_energy_over_energy_and_no_mean_of_ratios() {
    let mut meter = meter();
    // A night at a tenth of the load with the same overhead: its ratio is 4, and it weighs little.
    run(&mut meter, 120, |n, seen| {
        let it = if n < 60 { 1e6 } else { 1e5 };
        seen.power.it = Some(it);
        seen.power.facility = Some(it + 3e5);
    });
    near(&meter.kpis(), "pue", (1.3 + 0.4) / 1.1);
    let mean_of_ratios = f64::midpoint(1.3, 4.0);
    assert!(meter.kpis().value("pue").unwrap() < mean_of_ratios - 1.0);
}

#[test]
fn rci_of_known_distributions() {
    // Herrlin's own corner cases: all at the recommended end is 100 %, all at the allowable end 0 %, half way 50 %.
    for (inlets, high, low) in [
        ([Some(27.0), Some(27.0), Some(18.0), Some(18.0)], 100.0, 100.0),
        ([Some(32.0); 4], 0.0, 100.0),
        ([Some(29.5); 4], 50.0, 100.0),
        ([Some(15.0), Some(15.0), Some(20.0), Some(20.0)], 100.0, 50.0),
        ([Some(29.5), Some(20.0), Some(20.0), Some(20.0)], 87.5, 100.0),
        ([Some(37.0); 4], -100.0, 100.0),
    ] {
        let mut meter = meter();
        meter.observe(&Observation { inlets: &inlets, ..calm() });
        near(&meter.kpis(), "rci-hi", high);
        near(&meter.kpis(), "rci-lo", low);
    }
}

#[test]
fn kelvin_hours_of_a_ramp_are_its_triangle() {
    let mut meter = meter();
    // 22 to 32 °C in an hour on one inlet, midpoints; the other one calm.
    for n in 0..3600 {
        let ramp = 22.0 + 10.0 * (f64::from(n) + 0.5) / 3600.0;
        let inlets = [Some(ramp), Some(22.0)];
        meter.observe(&Observation { dt: 1.0, inlets: &inlets, ..calm() });
    }
    near(&meter.kpis(), "kh-above-recommended", 5.0 * 5.0 / 10.0 / 2.0);
    near(&meter.kpis(), "kh-above-allowable", 0.0);
}

#[test]
fn the_peak_is_of_clock_intervals_that_were_seen_whole() {
    let mut meter = meter();
    // 12:00 to 13:00; 10 minutes of 2 MW from 12:10 on lie in two intervals, 5 minutes each.
    run(&mut meter, 60, |n, seen| {
        seen.power.facility = Some(if (10..20).contains(&n) { 2e6 } else { 1e6 });
    });
    near(&meter.kpis(), "peak-15min-kw", (5.0 * 2.0 + 10.0 * 1.0) / 15.0 * 1e3);
    let at = meter.kpis().iter().find(|k| k.name == "peak-15min-kw").unwrap().at;
    assert_eq!(at, Some(Wall(NOON.0 + 900_000)), "the first of two equal peaks, at its end");

    let mut short = self::meter();
    run(&mut short, 14, |_, _| {});
    assert_eq!(short.kpis().value("peak-15min-kw"), None, "fourteen minutes bill nothing");
}

#[test]
fn a_step_over_a_seam_gives_each_interval_its_part() {
    let mut meter = meter();
    // From 11:50 in steps of 20 minutes: 12:00 to 12:15 holds 10 minutes of the first and 5 of the second.
    for (end, power) in [(10, 1e6), (30, 4e6), (50, 1e6)] {
        let power = Power { facility: Some(power), ..calm().power };
        meter.observe(&Observation { dt: 1200.0, wall: Wall(NOON.0 + end * 60_000), power, ..calm() });
    }
    near(&meter.kpis(), "peak-15min-kw", 4000.0);
    let mut hour = self::meter();
    hour.observe(&Observation { dt: 3600.0, wall: NOON, ..calm() });
    near(&hour.kpis(), "peak-15min-kw", 1300.0);
}

#[test]
fn what_one_step_lacks_is_missing_in_the_end_with_all_that_is_made_of_it() {
    let mut meter = meter();
    run(&mut meter, 30, |n, seen| {
        if n == 7 {
            seen.power.facility = None;
            seen.water = Some(f64::NAN);
        }
    });
    let kpis = meter.kpis();
    for name in ["facility-kwh", "pue", "tue", "erf", "ere", "co2-kg", "cost", "peak-15min-kw", "water-l", "wue"] {
        assert_eq!(kpis.value(name), None, "{name}");
        assert!(kpis.knows(name));
    }
    near(&kpis, "it-kwh", 500.0);
    near(&kpis, "itue", 1.25);
    assert!(!kpis.to_string().contains("PUE  "), "{kpis}");
    assert!(!kpis.knows("no-such-figure"));
    assert_eq!(self::meter().kpis().value("facility-kwh"), None, "nothing observed is no zero");
}

#[test]
fn wear_counts_starts_travel_and_turns() {
    let mut meter = meter();
    // Up to 50, back to 49 (noise), to 60, back to 40, up to 45: two turns, 50+1+11+20+5 of travel.
    let ways = [0.0, 50.0, 49.0, 60.0, 40.0, 45.0];
    let on = [true, false, true, true, false, true];
    for (duty, running) in ways.iter().zip(on) {
        meter.observe(&Observation { dt: 600.0, commands: &[Some(*duty)], running: &[Some(running)], ..calm() });
    }
    let kpis = meter.kpis();
    near(&kpis, "travel-per-h", 87.0);
    near(&kpis, "travel-per-h.crah-1/fan-cmd", 87.0);
    near(&kpis, "reversals-per-h", 2.0);
    near(&kpis, "starts", 2.0);
    near(&kpis, "starts.chiller-1", 2.0);
}

#[test]
fn noise_within_two_per_cent_never_turns() {
    let mut meter = meter();
    for n in 0..1000 {
        let duty = if n % 2 == 0 { 50.0 } else { 51.9 };
        meter.observe(&Observation { commands: &[Some(duty)], ..calm() });
    }
    near(&meter.kpis(), "reversals-per-h", 0.0);
}

/// A hall at two supply setpoints: cooling gets cheaper by 3 % a kelvin, the machines' fans work with the cube of a speed that
/// grows by 8 % a kelvin from 23 °C on.
fn hall_at(setpoint: f64) -> Kpis {
    let mut meter = meter();
    let warmer = setpoint - 23.0;
    let fans = 6e4 * libm::pow(1.0 + 0.08 * warmer, 3.0);
    let it = 9e5 + fans;
    let cooling = 0.17 * it * (1.0 - 0.03 * warmer);
    run(&mut meter, 24 * 60, |_, seen| {
        seen.power = Power {
            grid: None,
            facility: Some(it * 1.05 + cooling),
            it: Some(it),
            cooling: Some(cooling),
            fans: None,
            pumps: None,
            compute: Some(9e5),
            machine_fans: Some(fans),
            exported_heat: None,
        };
    });
    meter.kpis()
}

#[test]
fn a_higher_setpoint_lowers_pue_while_the_facility_uses_more() {
    let (cool, warm) = (hall_at(23.0), hall_at(27.0));
    assert!(warm.value("pue") < cool.value("pue"), "{warm}");
    assert!(warm.value("facility-kwh") > cool.value("facility-kwh"), "{warm}");
    assert!(warm.value("tue") > cool.value("tue"), "TUE is not taken in: {warm}");
    let say = warm.against(&cool).unwrap();
    assert!(say.contains("looks better, yet the facility uses") && say.contains("no saving"), "{say}");
    let back = cool.against(&warm).unwrap();
    assert!(back.contains("looks worse, yet") && back.contains("less"), "{back}");
    assert_eq!(meter().kpis().against(&cool), None);
}

#[test]
fn pue_is_never_told_without_the_energy_of_the_facility() {
    let (cool, warm) = (hall_at(23.0), hall_at(27.0));
    let told = format!("{warm}\n{}\n{}", warm.against(&cool).unwrap(), cool.against(&warm).unwrap());
    let lines: Vec<&str> = told.lines().filter(|line| line.contains("PUE")).collect();
    assert_eq!(lines.len(), 4, "{told}");
    for line in lines {
        assert!(line.contains("kWh"), "{line}");
    }
}

#[test]
fn observing_allocates_nothing() {
    let mut meter = meter();
    let inlets = [Some(24.0); 40];
    let count = allocation_counter::measure(|| {
        for n in 0..10_000 {
            let wall = Wall(NOON.0 + n * 60_000);
            meter.observe(&Observation {
                wall,
                inlets: &inlets,
                commands: &[Some(1.0)],
                running: &[Some(true)],
                ..calm()
            });
        }
    });
    assert_eq!(count.count_total, 0);
}

/// One step of a made-up run: length (s), power, inlet, duty, running.
type Made = (f64, f64, f64, f64, bool);

fn made() -> impl Strategy<Value = Vec<Made>> {
    let dt = prop_oneof![Just(1.0), Just(60.0), Just(420.0), Just(1000.0)];
    prop::collection::vec((dt, 1e5..2e6, 10.0..40.0, 0.0..100.0, any::<bool>()), 1..120)
}

/// The meter of these steps, begun at a time of the clock (ms).
fn meter_of(steps: &[Made], begin: i64) -> (Meter, i64) {
    let (mut meter, mut end) = (meter(), begin);
    for &(dt, power, inlet, duty, running) in steps {
        end += plant::convert::i64_from_f64_rounded(dt * 1e3);
        let power = Power { facility: Some(power), it: Some(power / 1.5), ..calm().power };
        let (inlets, commands, running) = ([Some(inlet), Some(20.0)], [Some(duty)], [Some(running)]);
        meter.observe(&Observation {
            dt,
            wall: Wall(end),
            power,
            inlets: &inlets,
            commands: &commands,
            running: &running,
            ..calm()
        });
    }
    (meter, end)
}

proptest! {
    #[test]
    fn two_halves_make_the_whole(steps in made(), cut in 0.0..1.0f64, begin in 0i64..900_000) {
        let begin = NOON.0 + begin;
        let count = plant::convert::f64_from_usize(steps.len());
        let (one, two) = steps.split_at(plant::convert::usize_from_u64(plant::convert::u64_from_f64_rounded(cut * count)));
        let (whole, _) = meter_of(&steps, begin);
        let (mut joined, seam) = meter_of(one, begin);
        joined.append(&meter_of(two, seam).0);
        let hours = whole.seconds / 3600.0;
        for (a, b) in whole.kpis().iter().zip(joined.kpis().iter()) {
            prop_assert_eq!(&a.name, &b.name);
            prop_assert_eq!(a.value.is_some(), b.value.is_some(), "{}", a.name);
            let (x, y) = (a.value.unwrap_or_default(), b.value.unwrap_or_default());
            if a.name.starts_with("reversals") {
                prop_assert!((x - y) * hours <= 2.0 + 1e-9 && x >= y - 1e-9, "{}: {x} and {y}", a.name);
            } else {
                prop_assert!((x - y).abs() <= 1e-9 * x.abs().max(1.0), "{}: {x} and {y}", a.name);
            }
        }
    }

    #[test]
    fn the_peak_lies_between_the_mean_and_the_highest_power(steps in made()) {
        let (meter, _) = meter_of(&steps, NOON.0);
        if let Some(peak) = meter.kpis().value("peak-15min-kw") {
            let highest = steps.iter().map(|s| s.1).fold(0.0, f64::max) / 1e3;
            let least = steps.iter().map(|s| s.1).fold(f64::MAX, f64::min) / 1e3;
            prop_assert!(peak <= highest + 1e-6 && peak >= least - 1e-6, "{peak}");
        }
    }
}
