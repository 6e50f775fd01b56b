//! PUE from registers that move in steps: what is shown is near the truth, and the truth lies within the bounds.

use plant::hall::{Hall, MeterRole};
use proptest::prelude::*;

use super::rig::{Rig, shipped};

/// What the meters of a role carry together, for each W of IT.
fn share(role: MeterRole) -> f64 {
    match role {
        MeterRole::Utility => TRUE,
        MeterRole::UpsOutput => 1.04,
        MeterRole::PduOutput | MeterRole::It => 1.0,
        MeterRole::Cooling => 0.1,
        MeterRole::Other | MeterRole::Generator | MeterRole::BatteryDischarge | MeterRole::BatteryCharge => 0.0,
    }
}

const TRUE: f64 = 1.1883;

/// A constant load on registers that show whole steps, each with something already in it.
fn run(hall: Hall, (watts, step): (f64, f64), seconds: u32, mut each: impl FnMut(&Rig, u32)) {
    let mut rig = Rig::new(hall);
    let of = |hall: &Hall, role| hall.meters.iter().filter(|m| m.role == role).map(|_| 1.0).sum::<f64>();
    let meters: Vec<_> = rig
        .hall
        .meters
        .iter()
        .map(|meter| {
            let part = watts * share(meter.role) / of(&rig.hall, meter.role);
            (rig.hall.equips[meter.equip].name.clone(), part)
        })
        .collect();
    for second in 0..seconds {
        for (n, (name, part)) in (0u32..).zip(&meters) {
            let wh = 1e6 + f64::from(n) * 0.37 * step + part * f64::from(second) / 3600.0;
            rig.read(&format!("{name}/energy"), (wh / step).floor() * step);
            rig.read(&format!("{name}/power"), *part);
        }
        rig.step();
        each(&rig, second);
    }
}

fn honest(rig: &Rig, second: u32) -> Result<(), String> {
    for pue in rig.control.status().pue {
        let within = pue.lower.is_none_or(|x| x <= TRUE + 1e-9) && pue.upper.is_none_or(|x| TRUE <= x + 1e-9);
        let near = pue.value.is_none_or(|x| (x / TRUE - 1.0).abs() <= 0.05);
        let good = pue.validity != "good" || pue.value.is_some_and(|x| (x / TRUE - 1.0).abs() <= 0.0101);
        let tells = !(pue.validity == "good" && pue.lower == pue.upper);
        if !(within && near && good && tells) || pue.validity.starts_with("invalid") {
            return Err(format!("after {second} s: {pue:?}"));
        }
    }
    Ok(())
}

#[test]
fn the_truth_lies_within_the_bounds_whatever_the_registers_show() {
    for step in [1.0, 10.0, 100.0, 1000.0] {
        run(shipped("air"), (700e3, step), 1000, |rig, second| {
            honest(rig, second).unwrap_or_else(|what| panic!("{step} Wh, {what}"));
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn and_whatever_the_load(watts in 50e3..900e3f64, step in 0.5..2000.0f64) {
        let mut bad = Ok(());
        run(shipped("air"), (watts, step), 150, |rig, second| {
            bad = bad.clone().and_then(|()| honest(rig, second));
        });
        prop_assert!(bad.is_ok(), "{watts} W, {step} Wh: {bad:?}");
    }
}

#[test]
fn registers_too_coarse_for_a_window_say_so_and_serve_a_longer_one() {
    run(shipped("air"), (700e3, 1000.0), 3700, |rig, second| {
        let of = |window: &str| rig.control.status().pue.into_iter().find(|p| p.window == window).expect("a window");
        if second == 3699 {
            let (minute, hour) = (of("1m"), of("1h"));
            assert_eq!((minute.value, hour.value.is_some()), (None, true), "{minute:?} {hour:?}");
            assert_eq!(minute.validity, "no value: the meters' registers are too coarse for this window");
            assert_eq!(hour.validity, "degraded");
        }
    });
}

#[test]
fn registers_of_ten_watt_hours_show_the_last_minute() {
    run(shipped("air"), (700e3, 10.0), 90, |rig, second| {
        if second > 70 {
            let minute = rig.control.status().pue.into_iter().find(|p| p.window == "1m").expect("a window");
            assert!(minute.value.is_some() && minute.validity == "good", "{minute:?}");
        }
    });
}
