//! Energy and PUE from outside: meters in, figures out.

use plant::convert::f64_from_usize;
use plant::event::What;
use plant::hall::{Hall, MeterRole};
use plant::reading::Why;
use plant::time::{Span, Wall};

use super::rig::{Rig, shipped};
use crate::control::report::Pue;

/// A hall whose meters count: facility 1.2 W for each W of IT.
struct Metered {
    rig: Rig,
    registers: Vec<(String, MeterRole, f64)>,
    it: f64,
}

fn share(role: MeterRole) -> f64 {
    match role {
        MeterRole::Utility => 1.2,
        MeterRole::UpsOutput => 1.04,
        MeterRole::PduOutput => 1.02,
        MeterRole::It => 1.0,
        MeterRole::Cooling => 0.1,
        MeterRole::Other | MeterRole::Generator | MeterRole::BatteryDischarge | MeterRole::BatteryCharge => 0.0,
    }
}

impl Metered {
    fn new(hall: Hall, it: f64) -> Self {
        let one = |role: MeterRole| f64_from_usize(hall.meters.iter().filter(|m| m.role == role).count().max(1));
        let name = |m: &plant::hall::Meter| hall.equips[m.equip].name.clone();
        let registers = hall.meters.iter().map(|m| (name(m), m.role, share(m.role) / one(m.role))).collect();
        let mut metered = Self { rig: Rig::new(hall), registers, it };
        metered.set(|_| 1e6);
        metered
    }

    fn set(&mut self, start: impl Fn(&str) -> f64) {
        for (name, _, _) in &self.registers {
            self.rig.read(&format!("{name}/energy"), start(name));
        }
    }

    /// Runs for some seconds; `lost` meters are counted on, but not read.
    fn run(&mut self, seconds: u64, wh: &mut f64, lost: &[&str]) -> Vec<What> {
        let mut events = Vec::new();
        for _ in 0..seconds {
            // Not quite constant, so that the registers show how fine they are.
            let wobble = if self.rig.tick.seq.is_multiple_of(2) { 1e-6 } else { -1e-6 };
            *wh += self.it * (1.0 + wobble) * self.rig.tick.dt.seconds() / 3600.0;
            for (name, _, part) in &self.registers {
                let (energy, power) = (format!("{name}/energy"), format!("{name}/power"));
                if lost.contains(&name.as_str()) {
                    self.rig.fail(&energy, Why::Timeout);
                    self.rig.fail(&power, Why::Timeout);
                } else {
                    self.rig.read(&energy, 1e6 + *wh * part);
                    self.rig.read(&power, self.it * part);
                }
            }
            events.extend(self.rig.events(1));
        }
        events
    }

    fn pue(&self, window: &str) -> Pue {
        self.rig.control.status().pue.into_iter().find(|p| p.window == window).expect("a window")
    }

    fn of_role(&self, role: MeterRole) -> Vec<String> {
        self.registers.iter().filter(|(_, r, _)| *r == role).map(|(n, _, _)| n.clone()).collect()
    }
}

fn close(a: Option<f64>, b: f64) {
    assert!(a.is_some_and(|a| (a - b).abs() < 1e-6), "{a:?} is not {b}");
}

#[test]
fn steady_meters_give_their_ratio_in_every_window_that_is_covered() {
    let mut hall = Metered::new(shipped("air"), 600e3);
    let mut wh = 0.0;
    hall.run(1000, &mut wh, &[]);
    let best = hall.pue("15m");
    assert_eq!(best.validity, "good");
    let role = [(3, MeterRole::It), (2, MeterRole::PduOutput), (1, MeterRole::UpsOutput)];
    let share = role.iter().find(|(n, _)| *n == best.category).map(|(_, r)| share(*r)).expect("a category");
    close(best.value, 1.2 / share);
    close(hall.pue("1m").value, 1.2 / share);
    assert!((best.facility_kwh - 1.2 * 600.0 * 0.25).abs() < 2.5, "{}", best.facility_kwh);
    let hour = hall.pue("1h");
    assert_eq!(hour.value, None, "1000 s are no hour");
    assert!(hour.validity.starts_with("no value") && (hour.coverage - 0.277).abs() < 0.01, "{hour:?}");
    assert!(hour.lower.expect("bounded") <= 1.2 / share && 1.2 / share <= hour.upper.expect("bounded"));
    let status = hall.rig.control.status();
    close(status.facility_kw, 720.0);
    assert!((status.facility_kwh - 720.0 * 999.0 / 3600.0).abs() < 1e-6, "{}", status.facility_kwh);
}

#[test]
fn a_gap_costs_no_energy_where_registers_bridge_it() {
    let mut hall = Metered::new(shipped("air"), 600e3);
    let mut wh = 0.0;
    hall.run(950, &mut wh, &[]);
    hall.run(300, &mut wh, &["utility"]);
    assert!(hall.pue("15m").coverage < 0.9);
    hall.run(30, &mut wh, &[]);
    let after = hall.pue("15m");
    assert_eq!(after.validity, "good");
    assert!(after.value.is_some_and(|v| v > 1.1 && v < 1.25));
    assert!((hall.rig.control.status().facility_kwh * 1e3 - 1.2 * wh).abs() < 1.2 * 600e3 / 3600.0 + 1e-3);
}

#[test]
fn a_fall_back_to_a_lower_category_shows() {
    let mut hall = Metered::new(shipped("air"), 600e3);
    let categories =
        [MeterRole::UpsOutput, MeterRole::PduOutput, MeterRole::It].map(|role| !hall.of_role(role).is_empty());
    assert!(categories.iter().filter(|had| **had).count() >= 2, "the hall needs two categories for this test");
    let mut wh = 0.0;
    hall.run(950, &mut wh, &[]);
    let best = hall.pue("15m");
    let role = if best.category == 3 { MeterRole::It } else { MeterRole::PduOutput };
    let lost = hall.of_role(role)[0].clone();
    hall.run(300, &mut wh, &[&lost]);
    let now = hall.pue("15m");
    assert!(now.category < best.category, "{} after {}", now.category, best.category);
    assert_eq!(now.validity, "good");
    assert!(now.value < best.value, "a lower category flatters");
}

#[test]
fn one_spike_back_is_told_and_not_counted() {
    let mut hall = Metered::new(shipped("air"), 600e3);
    let mut wh = 0.0;
    hall.run(60, &mut wh, &[]);
    let before = hall.rig.control.status().facility_kwh;
    hall.rig.read("utility/energy", 10.0);
    let events = hall.rig.events(1);
    assert!(events.iter().any(|what| matches!(what, What::MeterWentBack { .. })), "{events:?}");
    assert_eq!(hall.rig.control.status().facility_kwh, before);
    hall.run(60, &mut wh, &[]);
    assert!((hall.rig.control.status().facility_kwh - before - 0.2 * 60.0).abs() < 0.3);
}

#[test]
fn a_meter_that_starts_again_from_zero_is_counted_on_after_two_samples() {
    let mut hall = Metered::new(shipped("bench"), 300.0);
    let mut wh = 0.0;
    hall.run(60, &mut wh, &[]);
    let before = hall.rig.control.status().facility_kwh * 1e3;
    let mut register = 0.0;
    for _ in 0..600 {
        register += 360.0 / 3600.0;
        hall.rig.read("utility/energy", register);
        hall.rig.step();
    }
    let counted = hall.rig.control.status().facility_kwh * 1e3 - before;
    assert!((counted - 60.0).abs() < 0.5, "{counted} Wh");
}

#[test]
fn a_register_that_rolls_over_is_counted_through() {
    let mut hall = shipped("bench");
    hall.meters.iter_mut().for_each(|meter| meter.rollover = plant::units::WattHours(1e6 + 10.0));
    let mut metered = Metered::new(hall, 300.0);
    let mut total = 0.0;
    let mut register = 1e6 + 9.0;
    for _ in 0..100 {
        total += 0.1;
        register = if register + 0.1 >= 1e6 + 10.0 { register + 0.1 - (1e6 + 10.0) } else { register + 0.1 };
        metered.rig.read("utility/energy", register);
        metered.rig.step();
    }
    let counted = metered.rig.control.status().facility_kwh * 1e3;
    assert!((counted - total + 0.1).abs() < 1e-6, "{counted} of {total}");
}

#[test]
fn what_cannot_be_is_invalid_and_says_why() {
    let mut hall = Metered::new(shipped("bench"), 300.0);
    for row in &mut hall.registers {
        row.2 = if row.1 == MeterRole::Utility { 0.9 } else { 1.0 };
    }
    let mut wh = 0.0;
    hall.run(950, &mut wh, &[]);
    let pue = hall.pue("15m");
    assert_eq!(pue.value, None);
    assert!(pue.validity.starts_with("invalid: IT energy is above facility energy"), "{}", pue.validity);
    hall.it = 0.0;
    hall.run(950, &mut wh, &[]);
    assert_eq!(hall.pue("15m").validity, "invalid: IT energy is not above zero");
}

#[test]
fn power_stands_in_where_a_meter_has_no_register() {
    let mut hall = Metered::new(shipped("bench"), 300.0);
    let mut wh = 0.0;
    for _ in 0..950 {
        for (name, _, part) in hall.registers.clone() {
            hall.rig.fail(&format!("{name}/energy"), Why::Config);
            hall.rig.read(&format!("{name}/power"), 300.0 * part);
        }
        hall.rig.step();
        wh += 300.0 / 3600.0;
    }
    close(hall.pue("15m").value, 1.2);
    assert!((hall.rig.control.status().it_kwh * 1e3 - wh).abs() < 0.2);
}

#[test]
fn a_month_begins_at_the_sites_midnight_also_when_the_clocks_change() {
    let mut hall = shipped("bench");
    hall.tz = "Europe/Berlin".to_owned();
    let mut metered = Metered::new(hall, 300.0);
    metered.rig.tick.dt = Span::from_secs(5);
    // 2026-03-31 21:50 UTC is 23:50 in Berlin, two days after the clocks went forward.
    metered.rig.tick.wall = Wall(1_774_993_800_000);
    let mut wh = 0.0;
    metered.run(119, &mut wh, &[]);
    let march = metered.pue("month");
    assert!(march.it_kwh > 0.04, "{march:?}");
    metered.run(2, &mut wh, &[]);
    let april = metered.pue("month");
    assert!(april.it_kwh * 1e3 < 1.0 && april.coverage > 0.0, "{april:?}");
    metered.run(120, &mut wh, &[]);
    assert_eq!(metered.pue("month").validity, "good");
    let year = metered.pue("365d");
    assert!((year.it_kwh * 1e3 - wh).abs() < 1.0 && year.value.is_none(), "{year:?}");
}

#[test]
fn energy_counts_on_through_a_restart() {
    let mut hall = Metered::new(shipped("air"), 600e3);
    let mut wh = 0.0;
    hall.run(100, &mut wh, &[]);
    hall.rig.reboot(Span::from_secs(600));
    wh += 600e3 * 600.0 / 3600.0;
    hall.run(100, &mut wh, &[]);
    let kwh = hall.rig.control.status().facility_kwh;
    assert!((kwh * 1e3 - 1.2 * wh).abs() < 1.2 * 600e3 / 3600.0 + 1e-3, "{kwh} of {}", 1.2 * wh / 1e3);
    assert!(hall.pue("15m").coverage > 0.85, "{}", hall.pue("15m").coverage);
}

/// The shipped hall with a battery behind the utility's meter, and a generator.
fn with_storage() -> Hall {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let meter = |name: &str| format!("\n[[meter]]\nname = \"{name}\"\nrole = \"{name}\"\nrated = 5e5\n");
    let text = format!("{text}{}{}{}", meter("generator"), meter("battery-discharge"), meter("battery-charge"));
    Hall::load("air", &text).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Shares of IT power: what the meters read while a battery and a generator give or take so much, at a true PUE of 1.2.
fn storage(hall: &mut Metered, discharge: f64, charge: f64, generator: f64) {
    for (name, role, part) in &mut hall.registers {
        *part = match role {
            MeterRole::Utility => 1.2 - discharge + charge - generator,
            MeterRole::Generator => generator,
            MeterRole::BatteryDischarge => discharge,
            MeterRole::BatteryCharge => charge,
            MeterRole::PduOutput => 0.25,
            MeterRole::UpsOutput | MeterRole::It | MeterRole::Cooling | MeterRole::Other => *part,
        };
        assert!(*part > -1e-9, "{name}");
    }
}

#[test]
fn a_battery_that_discharges_hides_no_load_and_one_that_charges_is_no_overhead() {
    // The published example: 1 MW of IT at a true PUE of 1.2, the battery gives 300 kW.
    for (discharge, charge, generator, meter) in
        [(0.3, 0.0, 0.0, 0.9), (0.0, 0.3, 0.0, 1.5), (0.0, 0.0, 0.0, 1.2), (0.0, 0.1, 1.3, 0.0)]
    {
        let mut hall = Metered::new(with_storage(), 1e6);
        storage(&mut hall, discharge, charge, generator);
        let mut wh = 0.0;
        hall.run(950, &mut wh, &[]);
        let pue = hall.pue("15m");
        assert_eq!(pue.validity, "good", "{pue:?}");
        close(pue.value, 1.2);
        close(pue.meter, meter);
        let status = hall.rig.control.status();
        close(status.facility_kw, 1200.0);
        close(status.unattributed_kw, 1200.0 - 1040.0 - 100.0);
        assert!((status.facility_kwh / status.it_kwh - 1.2).abs() < 1e-6);
    }
    assert_eq!(Metered::new(shipped("air"), 1e6).pue("15m").meter, None, "without storage there is one figure only");
}

#[test]
fn a_battery_that_turns_around_leaves_the_figure_where_it_is() {
    let mut hall = Metered::new(with_storage(), 1e6);
    let mut starts = vec![0.0; hall.registers.len()];
    for n in 0..1000u32 {
        let (discharge, charge) = if (n / 60).is_multiple_of(2) { (0.25, 0.0) } else { (0.0, 0.4) };
        storage(&mut hall, discharge, charge, 0.0);
        for ((name, _, part), wh) in hall.registers.clone().iter().zip(&mut starts) {
            *wh += 1e6 * part / 3600.0;
            hall.rig.read(&format!("{name}/energy"), 1e6 + *wh);
            hall.rig.read(&format!("{name}/power"), 1e6 * part);
        }
        hall.rig.step();
    }
    let pue = hall.pue("15m");
    assert!(pue.value.is_some_and(|value| (value - 1.2).abs() < 2e-3), "{pue:?}");
    assert!(pue.meter.is_some_and(|meter| meter > 1.22), "{pue:?}");
}

#[test]
fn a_meter_counts_by_its_power_until_its_register_is_read() {
    let mut rig = Rig::new(shipped("air"));
    let place = rig.hall.meters.iter().position(|meter| meter.role == MeterRole::Utility).expect("one");
    rig.silence("utility/energy");
    rig.read("utility/power", 600e3);
    rig.events(3);
    let by_power = rig.control.state.energy.account(place);
    assert!(by_power.current && !by_power.registered && by_power.total > 0.0, "{by_power:?}");
    rig.read("utility/energy", 1e6);
    rig.events(1);
    let registered = rig.control.state.energy.account(place);
    assert!(registered.registered && registered.breaks == by_power.breaks + 1, "{registered:?}");
}
