//! Problems that are small enough to be worked out by hand; the working stands beside each.

use super::super::{Limit, Planner, Problem, Rival, Way, Why, WindowKind, plan, worth};
use super::{battery, domain, flat, job, near, peak, planned, slots};

#[test]
fn nothing_to_do_costs_what_flows_anyway() {
    // 4 slots of 100 kW are 100 kWh at 0.10.
    let plan = planned(&flat(4));
    near(plan.own.cost.total(), 10.0);
    near(plan.bound.expect("solved").cost, 10.0);
    assert_eq!((plan.jobs.len(), plan.own.short_jobs), (0, 0));
}

#[test]
fn a_site_without_a_limit_has_none() {
    let mut problem = flat(4);
    problem.slots.iter_mut().for_each(|slot| slot.limit = f64::INFINITY);
    problem.slots[3].price = 0.01;
    problem.jobs = vec![job("a", 9000.0, 1, 0..4), job("b", 9000.0, 1, 0..4)];
    problem.battery = Some(super::Battery { end: 40.0, level: 0.0, ..battery(100.0, 40.0) });
    let plan = planned(&problem);
    assert_eq!((slots(&plan, 0), slots(&plan, 1)), (vec![3], vec![3]));
    assert!(plan.own.cost.total() < plan.at_once.cost.total() && plan.over_kwh == 0.0);
}

#[test]
fn at_once_is_as_early_as_limits_allow_even_in_parts() {
    let mut problem = flat(8);
    problem.slots[2..5].iter_mut().for_each(|slot| slot.limit = 150.0);
    problem.slots[6..].iter_mut().for_each(|slot| slot.price = 0.01);
    problem.jobs = vec![job("a", 100.0, 4, 0..8)];
    let plan = planned(&problem);
    // At once: 0, 1, 5 and 6, of which the last is cheap; planned: one of the dear ones less.
    near(plan.at_once.cost.energy - plan.own.cost.energy, 25.0 * 0.09);
}

#[test]
fn two_jobs_run_in_the_one_cheap_night() {
    // Slots 4 to 7 cost 0.05. Each needs 2 slots of 400 kW, and 1000 kW less 100 kW bear both at once: 4 x 100 kWh at 0.05.
    let mut problem = flat(12);
    problem.slots[4..8].iter_mut().for_each(|slot| slot.price = 0.05);
    problem.jobs = vec![job("a", 400.0, 2, 0..12), job("b", 400.0, 2, 0..12)];
    let plan = planned(&problem);
    for n in 0..2 {
        assert!(slots(&plan, n).iter().all(|slot| (4..8).contains(slot)), "{:?}", plan.jobs[n]);
        let Why::Cheaper { energy, peak } = plan.jobs[n].why else { panic!("{:?}", plan.jobs[n]) };
        // 200 kWh at 0.05 instead of 0.10.
        near(energy, 10.0);
        near(peak, 0.0);
    }
    near(plan.own.cost.total(), 8.0 * 2.5 + 4.0 * 1.25 + 20.0);
    near(plan.bound.expect("solved").cost, plan.own.cost.total());
    near(plan.at_once.cost.total() - plan.own.cost.total(), 20.0);
    // A peak costs nothing here; where money does not care the load is level, and nobody stops without need.
    assert_eq!((slots(&plan, 0), slots(&plan, 1)), (vec![4, 5], vec![6, 7]));
}

#[test]
fn a_peak_that_costs_keeps_two_jobs_apart() {
    let mut problem = flat(12);
    problem.slots[4..8].iter_mut().for_each(|slot| slot.price = 0.05);
    problem.jobs = vec![job("a", 400.0, 2, 0..12), job("b", 400.0, 2, 0..12)];
    problem.demands = vec![peak(1.0, 0.0)];
    let plan = planned(&problem);
    // One after the other within the night: 500 kW instead of 900 kW.
    near(plan.targets[0].kw, 500.0);
    near(plan.own.cost.demand, 500.0);
    let mut all = [slots(&plan, 0), slots(&plan, 1)].concat();
    all.sort_unstable();
    assert_eq!(all, [4, 5, 6, 7]);
}

#[test]
fn a_battery_shaves_a_known_spike_and_is_charged_again() {
    // 100 kW, and 300 kW in slots 4 and 5. 40 kWh are 160 kW for a slot, 80 kW in each of two: the peak is 220 kW. What is given comes back.
    let mut problem = flat(12);
    problem.slots[4..6].iter_mut().for_each(|slot| (slot.base, slot.base_high) = (300.0, 300.0));
    problem.demands = vec![peak(10.0, 0.0)];
    problem.battery = Some(super::Battery { end: 40.0, ..battery(100.0, 40.0) });
    let plan = planned(&problem);
    near(plan.targets[0].kw, 220.0);
    near(plan.targets[0].firm_kw, 220.0);
    near(plan.targets[0].battery_kw, 80.0);
    assert_eq!(plan.slots[11].level_kwh.round(), 40.0);
    near(plan.own.cost.energy, (10.0 * 100.0 + 2.0 * 300.0) * 0.25 * 0.1);
    // With half of it lost on the way out the same 40 kWh give 40 kW in each.
    let half = super::Battery { discharge_efficiency: 0.5, ..battery(100.0, 40.0) };
    problem.battery = Some(half);
    near(planned(&problem).targets[0].kw, 260.0);
    // What is kept for an outage is not there for peaks.
    problem.battery = Some(super::Battery { reserve: 20.0, ..half });
    near(planned(&problem).targets[0].kw, 280.0);
    // Greed's battery comes to the same without a solver.
    let greed = plan_by_greed(&problem);
    assert!((greed.targets[0].kw - 280.0).abs() < 0.01, "{:?}", greed.targets);
}

fn plan_by_greed(problem: &Problem) -> super::Plan {
    plan(problem, Planner::Greed).expect("a problem without faults")
}

#[test]
fn a_target_is_firm_only_as_far_as_the_battery_reaches_when_the_load_is_high() {
    // The spike may come to 320 kW: 40 kWh leave 240 kW of it, and 220 kW are not held.
    let mut problem = flat(12);
    problem.slots[4..6].iter_mut().for_each(|slot| (slot.base, slot.base_high) = (300.0, 320.0));
    problem.demands = vec![peak(10.0, 0.0)];
    problem.battery = Some(battery(100.0, 40.0));
    let target = planned(&problem).targets[0];
    near(target.kw, 220.0);
    assert!((target.firm_kw - 240.0).abs() < 0.01, "{target:?}");
    // A limit that nobody can hold says nothing about what can be held.
    problem.slots.iter_mut().for_each(|slot| slot.limit = 150.0);
    let target = planned(&problem).targets[0];
    assert!((target.firm_kw - 240.0).abs() < 0.01, "{target:?}");
}

#[test]
fn a_job_that_cannot_fit_says_which_limit_is_in_its_way() {
    let mut problem = flat(8);
    problem.domains = vec![domain("hall", None, 500.0), domain("row", Some(0), 100.0)];
    problem.jobs = vec![
        job("for-the-row", 150.0, 2, 0..8),
        job("for-the-site", 950.0, 2, 0..8),
        job("late", 50.0, 6, 4..8),
        job("fits", 90.0, 2, 0..8),
    ];
    problem.jobs[0].domain = Some(1);
    problem.jobs[3].domain = Some(1);
    let plan = planned(&problem);
    let short = |n: usize| plan.jobs[n].short.map(|short| (short.kwh, short.limit));
    assert_eq!(short(0), Some((75.0, Limit::Domain(1))));
    assert_eq!(short(1), Some((475.0, Limit::Site)));
    assert_eq!(short(2), Some((25.0, Limit::Deadline)));
    assert_eq!((short(3), plan.own.short_jobs), (None, 3));
    near(plan.own.short_kwh, 575.0);
    near(plan.bound.expect("solved").short_kwh, 575.0);
}

#[test]
fn a_limit_that_the_base_load_breaks_alone_is_told_and_no_job_adds_to_it() {
    let mut problem = flat(4);
    problem.slots[1].limit = 60.0;
    problem.jobs = vec![job("a", 10.0, 4, 0..4)];
    let plan = planned(&problem);
    near(plan.over_kwh, 10.0);
    assert_eq!(slots(&plan, 0), [0, 2, 3]);
    assert_eq!(plan.jobs[0].short.map(|short| short.limit), Some(Limit::Site));
    // A battery keeps it, also where money would have it rest.
    problem.battery = Some(super::Battery { wear: 100.0, ..battery(100.0, 40.0) });
    near(planned(&problem).over_kwh, 0.0);
}

#[test]
fn the_high_base_load_holds_for_limits_and_the_expected_one_for_money() {
    let mut problem = flat(4);
    problem.slots.iter_mut().for_each(|slot| (slot.base_high, slot.limit) = (200.0, 300.0));
    problem.jobs = vec![job("a", 60.0, 2, 0..4), job("b", 60.0, 2, 0..4)];
    let plan = planned(&problem);
    let mut all = [slots(&plan, 0), slots(&plan, 1)].concat();
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3], "one at a time: 200 + 60 kW are below 300 kW, 200 + 120 kW are not");
    near(plan.own.cost.total(), (400.0 + 240.0) * 0.25 * 0.1);
}

#[test]
fn a_flat_tariff_has_no_reason_to_wait() {
    let mut problem = flat(8);
    problem.jobs = vec![job("a", 100.0, 3, 0..8), job("b", 100.0, 2, 2..8)];
    let plan = planned(&problem);
    assert_eq!((slots(&plan, 0), slots(&plan, 1)), (vec![0, 1, 2], vec![3, 4]));
    assert_eq!((plan.jobs[0].why, plan.jobs[1].why), (Why::AtOnce, Why::Even));
}

#[test]
fn below_a_spike_that_nobody_can_help_the_load_is_level() {
    // 900 kW in slot 0 whatever is done; the jobs could pile up to that in the others for nothing, and do not.
    let mut problem = flat(9);
    (problem.slots[0].base, problem.slots[0].base_high) = (900.0, 900.0);
    problem.demands = vec![peak(10.0, 0.0)];
    problem.jobs = (0..8).map(|n| job(&format!("j{n}"), 200.0, 1, 1..9)).collect();
    let plan = planned(&problem);
    let most = plan.slots[1..].iter().map(|slot| slot.site_kw).fold(0.0, f64::max);
    near(most, 300.0);
}

#[test]
fn negative_prices_are_taken_and_never_burnt() {
    // Slot 2 pays for what flows: the job runs there, the battery fills up, and never charges and gives at once.
    let mut problem = flat(4);
    problem.slots[2].price = -0.50;
    problem.jobs = vec![job("a", 100.0, 1, 0..4)];
    problem.battery = Some(super::Battery { level: 0.0, charge_efficiency: 0.8, ..battery(80.0, 40.0) });
    let plan = planned(&problem);
    assert_eq!(slots(&plan, 0), [2]);
    near(plan.slots[2].site_kw, 100.0 + 100.0 + 80.0);
    // 80 kW for a quarter of an hour store 16 kWh, which save 1.60 later.
    near(plan.own.cost.energy, (3.0 * 100.0 * 0.1 - 280.0 * 0.5) * 0.25 - 1.6);
}

#[test]
fn what_is_left_is_taken_where_it_is_worth_more_than_it_costs_and_given_where_it_is_worth_less() {
    // 10 kWh fit in during each slot. At 0.05 a kWh in it costs 0.0625, at 0.10 it costs 0.125; what is given at 0.40 saves 0.40.
    let mut problem = flat(4);
    [(0, 0.05), (3, 0.40)].into_iter().for_each(|(n, price)| problem.slots[n].price = price);
    let levels = |worth: f64| {
        let mut problem = problem.clone();
        let empty = super::Battery { level: 0.0, end: 0.0, charge_efficiency: 0.8, ..battery(50.0, 40.0) };
        problem.battery = Some(super::Battery { worth, ..empty });
        planned(&problem).slots.iter().map(|slot| slot.level_kwh).collect::<Vec<_>>()
    };
    // Worth nothing: what is taken cheap and dear is given in the dear slot, 12.5 kWh of it.
    near(levels(0.0)[3], 0.0);
    // Worth 0.07, and 0.13: the last slot gives what it can all the same.
    near(levels(0.07)[3], 0.0);
    near(levels(0.13)[3], 30.0 - 12.5);
    // Worth 0.6: nothing is given.
    near(levels(0.6)[3], 30.0 + 10.0);
}

#[test]
fn who_is_more_important_gets_the_last_room() {
    let mut problem = flat(4);
    problem.slots.iter_mut().for_each(|slot| slot.limit = 200.0);
    problem.jobs = vec![job("less", 100.0, 4, 0..4), job("more", 100.0, 3, 0..4)];
    problem.jobs[1].priority = 1;
    let plan = planned(&problem);
    assert_eq!((slots(&plan, 0).len(), slots(&plan, 1).len()), (1, 3));
}

#[test]
fn windows_of_an_hour_count_as_the_tariff_counts_them() {
    // 800 kW for a slot are 200 kW more in the mean of an hour, wherever the windows begin.
    let mut problem = flat(8);
    problem.jobs = vec![job("a", 800.0, 1, 0..8)];
    problem.demands = vec![super::Demand { length: 4, ..peak(10.0, 0.0) }];
    near(planned(&problem).targets[0].kw, 300.0);
    problem.demands[0].kind = WindowKind::Rolling;
    near(planned(&problem).targets[0].kw, 300.0);
    // What flowed before belongs to the window that is open: three slots of 500 kW and one of 100 kW are 400 kW.
    problem.demands[0].before = vec![500.0; 3];
    near(planned(&problem).targets[0].kw, 400.0);
    // Where it counts in the first half only, the job runs in the second and costs no peak.
    problem.demands[0].active = (0..8).map(|slot| slot < 4).collect();
    let plan = planned(&problem);
    assert!(slots(&plan, 0)[0] >= 4, "{:?}", plan.jobs[0]);
}

#[test]
fn below_a_peak_that_is_paid_nothing_is_spread() {
    let mut problem = flat(4);
    problem.demands = vec![super::Demand { floor: 850.0, ..peak(10.0, 700.0) }];
    problem.jobs = (0..3).map(|n| job(&format!("j{n}"), 250.0, 1, 0..4)).collect();
    let plan = planned(&problem);
    near(plan.own.cost.demand, 0.0);
    near(plan.targets[0].free, 850.0);
}

#[test]
fn co2_counts_by_its_price() {
    let mut problem = flat(2);
    (problem.slots[0].carbon, problem.slots[1].carbon, problem.slots[1].price) = (400.0, 100.0, 0.11);
    problem.jobs = vec![job("a", 100.0, 1, 0..2)];
    assert_eq!(slots(&planned(&problem), 0), [0]);
    // 300 g at 0.10 a kilogram are 0.03: more than the 0.01 of the price.
    problem.co2 = 0.1;
    assert_eq!(slots(&planned(&problem), 0), [1]);
}

#[test]
fn a_kw_more_is_worth_what_it_saves() {
    // 200 kWh must come out of 8 slots; the night's four bear 100 kW each (100 kWh): 100 kWh run by day at twice the price.
    let mut problem = flat(8);
    problem.slots[4..].iter_mut().for_each(|slot| slot.price = 0.05);
    problem.slots.iter_mut().for_each(|slot| slot.limit = 200.0);
    problem.jobs = vec![job("a", 100.0, 4, 0..8), job("b", 100.0, 4, 0..8)];
    let of = |problem: &Problem, limit: Limit| {
        let all = worth(problem).expect("no faults");
        all.into_iter().find(|worth| worth.limit == limit).expect("solved").per_kw
    };
    // One kW more in four cheap slots: 1 kWh by night instead of by day.
    near(of(&problem, Limit::Site), 0.05);
    problem.demands = vec![peak(2.0, 0.0)];
    near(of(&problem, Limit::Demand(0)), 2.0);
}

#[test]
fn numbers_that_are_none_are_refused_by_name() {
    let mut problem = flat(4);
    problem.jobs = vec![job("a", f64::NAN, 2, 0..4), job("a", 10.0, 0, 3..9), job("B!", -1.0, 1, 0..4)];
    problem.slots[2].price = f64::INFINITY;
    problem.slots[1].base_high = 50.0;
    problem.battery = Some(super::Battery { level: 50.0, discharge_efficiency: 0.0, ..battery(10.0, 40.0) });
    problem.demands = vec![super::Demand { length: 5, ..peak(f64::NAN, -1.0) }];
    problem.domains = vec![domain("x", Some(1), 1.0), domain("y", Some(0), 1.0), domain("z", Some(9), f64::NAN)];
    let told: Vec<String> =
        plan(&problem, Planner::Programme).expect_err("garbage").iter().map(ToString::to_string).collect();
    for words in [
        "the price of energy is inf",
        "the high base load is 50 kW",
        "the power of job `a` is NaN",
        "job `a` may run from slot 3 to 9 of 4",
        "job `a` needs 0 slots",
        "the power of job `B!` is -1",
        "`B!` is no name",
        "the name `a` is there twice",
        "the battery's level is 50 kWh and it holds 40 kWh",
        "the efficiency of discharging is 0",
        "the price of demand `peak` is NaN",
        "the window of demand `peak` has 5 slots",
        "domain `x` hangs on itself",
        "domain `z` hangs on one that is not there",
        "the limit of domain `z` is NaN",
    ] {
        assert!(told.iter().any(|fault| fault.contains(words)), "{words}\n{told:#?}");
    }
    assert!(!plan(&Problem::default(), Planner::Programme).expect_err("empty").is_empty());
}

#[test]
fn greed_plans_alone_and_says_so() {
    let mut problem = flat(12);
    problem.slots[4..8].iter_mut().for_each(|slot| slot.price = 0.05);
    problem.jobs = vec![job("a", 400.0, 2, 0..12), job("b", 400.0, 2, 0..12)];
    problem.demands = vec![peak(1.0, 0.0)];
    let greed = plan_by_greed(&problem);
    assert_eq!((&greed.way, greed.bound), (&Way::Asked, None));
    let Rival { cost, .. } = planned(&problem).own;
    near(greed.own.cost.total(), cost.total());
}

#[test]
fn a_battery_is_charged_as_early_as_that_costs_no_more() {
    // 60 kWh are wanted at the end; a kWh costs less in slots 2 to 5, and slot 3 has no room below the peak of slot 0 (200 kW) but for a hundredth.
    let mut problem = flat(8);
    problem.slots[0].base = 200.0;
    problem.slots[0].base_high = 200.0;
    problem.slots[3].base = 197.0;
    problem.slots[3].base_high = 197.0;
    (2..6).for_each(|slot| problem.slots[slot].price = 0.05);
    problem.demands = vec![peak(10.0, 0.0)];
    let empty = super::Battery { level: 0.0, end: 30.0, discharge: 0.0, ..battery(80.0, 40.0) };
    problem.battery = Some(empty);
    let plan = planned(&problem);
    let taken: Vec<f64> = plan.slots.iter().map(|slot| slot.battery_kw).collect();
    for (slot, kw) in [0.0, 0.0, 80.0, 1.0, 39.0, 0.0, 0.0, 0.0].into_iter().enumerate() {
        assert!((taken[slot] - kw).abs() < 1e-4, "{slot}: {kw} of {taken:?}");
    }
    near(plan.targets[0].kw, 200.0);
}
