//! Water's way against closed forms.

use crate::report::Report;
use sim::hydraulics::{
    Branch, Characteristic, CheckValve, Loop, Pump, PumpGroup, Resistance, Shared, Valve, authority,
};
use sim::noise::uniform;

const PUMP: Pump = Pump {
    flow: 20.0,
    head: 3e5,
    shut_off: 1.3,
    straight: 0.1,
    efficiency: 0.75,
    best: 1.0,
    motor: 0.93,
    drive: 0.97,
    standby: 0.0,
    wet: 0.0,
    minimum: 0.2,
};

const LOOP: Loop = Loop {
    group: PumpGroup { pump: PUMP, check: CheckValve { drop: 5e3, leakage: 0.0 }, density: 998.0, air: 0.0 },
    mains: Resistance::quadratic(40.0, 8e4),
    filter: None,
    bypass: None,
};

pub fn checks(report: &mut Report) {
    closed_form(report);
    random_networks(report);
    affinity(report);
    installed(report);
}

/// Forty quadratic branches behind three of four pumps, by hand.
fn closed_form(report: &mut Report) {
    let mut worst = 0.0f64;
    for step in 1..=10 {
        let speed = f64::from(step) / 10.0;
        let branches: Vec<_> =
            (1..=40u32).map(|n| Branch::open(Resistance::quadratic(f64::from(n) / 20.0, 1e5))).collect();
        let mut flows = vec![0.0; 40];
        let shared = LOOP.share(&[speed, speed, 0.0, speed], &branches, &mut flows);
        let y = 40.0 * 41.0 / 2.0 / 20.0 / 1e5f64.sqrt();
        let (fall, m) = (0.3 * 3e5, 20.0);
        let (a, b) =
            (1.0 + y * y * (8e4 / 1600.0 + (0.9 * fall + 5e3) / (m * m) / 9.0), speed * 0.1 * fall / m / 3.0 * y);
        let root = (-b + (b * b + 4.0 * a * speed * speed * 3.9e5).sqrt()) / (2.0 * a);
        worst = worst.max((shared.dp / (root * root) - 1.0).abs());
    }
    let what = ("hydraulics", "40 quadratic branches, 3 of 4 pumps: differential pressure");
    report.at_most(what, "closed form", worst * 100.0, (1e-9, "%"));
}

/// A network of a few branches with any exponents, valves and speeds.
fn any(n: u64) -> (Loop, Vec<f64>, Vec<Branch>) {
    let draw = |channel: u64, low: f64, high: f64| low + (high - low) * uniform(17, channel, n);
    let branches = (0..2 + n % 8)
        .map(|b| Branch {
            friction: Resistance {
                flow: draw(10 * b + 20, 0.5, 5.0),
                drop: draw(10 * b + 21, 2e4, 2e5),
                exponent: draw(10 * b + 22, 1.75, 2.0),
                laminar: draw(10 * b + 23, 0.0, 0.3),
            },
            valve: draw(10 * b + 24, 0.0, 2e4),
            most: f64::INFINITY,
        })
        .collect();
    let mains = Resistance { flow: 40.0, drop: draw(1, 1e4, 2e5), exponent: draw(2, 1.75, 2.0), laminar: 0.1 };
    let fast = draw(3, 0.2, 1.0);
    let speeds = if n.is_multiple_of(3) { vec![fast, fast * draw(4, 0.3, 1.0), 0.0] } else { vec![fast; 2] };
    (Loop { mains, ..LOOP }, speeds, branches)
}

fn random_networks(report: &mut Report) {
    let (mut balance, mut sum, mut others) = (0.0f64, 0.0f64, 0.0f64);
    for n in 0..2000 {
        let (hydraulic, speeds, mut branches) = any(n);
        let mut flows = vec![0.0; branches.len()];
        let shared: Shared = hydraulic.share(&speeds, &branches, &mut flows);
        sum = sum.max((flows.iter().sum::<f64>() / shared.flow - 1.0).abs());
        let given = hydraulic.group.flow(shared.head, &speeds);
        // Near the shut-off the curve does not give a flow for a head with enough digits.
        if shared.flow > 2.0 {
            balance = balance.max((given / shared.flow - 1.0).abs());
        }
        let mut after = flows.clone();
        branches[0].valve *= 0.5;
        hydraulic.share(&speeds, &branches, &mut after);
        for (before, after) in flows.iter().zip(&after).skip(1) {
            others = others.max((after - before) / shared.flow);
        }
    }
    let name = "hydraulics";
    report.at_most((name, "2000 networks: branches' flows beside the pumps'"), "conservation", sum, (1e-12, ""));
    report.at_most((name, "2000 networks: the pumps' flow by their own curve"), "pump curve", balance, (1e-10, ""));
    report.at_most((name, "2000 networks: more for the others when a valve opens"), "never", others, (1e-12, ""));
}

fn affinity(report: &mut Report) {
    let branches = [Branch::open(Resistance::quadratic(20.0, 2e5))];
    let mut flow = [0.0];
    let full = LOOP.share(&[1.0], &branches, &mut flow);
    let mut worst = 0.0f64;
    for step in 2..10 {
        let s = f64::from(step) / 10.0;
        let slow = LOOP.share(&[s], &branches, &mut flow);
        worst = worst
            .max((slow.flow / full.flow / s - 1.0).abs())
            .max((slow.head / full.head / (s * s) - 1.0).abs())
            .max((slow.work.hydraulic / full.work.hydraulic / (s * s * s) - 1.0).abs());
    }
    let what = ("hydraulics", "a fixed network at 20 to 90 % speed: flow, head, hydraulic power");
    report.at_most(what, "affinity laws: s, s², s³", worst, (1e-12, ""));
}

fn installed(report: &mut Report) {
    let valve = Valve {
        characteristic: Characteristic::EqualPercentage,
        flow: 5.0,
        drop: 3e4,
        rangeability: 50.0,
        leakage: 0.0,
    };
    let coil = Resistance::quadratic(5.0, 7e4);
    let mut worst = 0.0f64;
    for step in 0..=20 {
        let y = f64::from(step) / 20.0;
        let branch = Branch { valve: valve.square(y), ..Branch::open(coil) };
        worst = worst.max((branch.flow(1e5) / 5.0 - valve.installed(y, authority(3e4, 7e4))).abs());
    }
    let what = ("hydraulics", "valve and coil at constant pressure, authority 0.3: flow over open");
    report.at_most(what, "installed characteristic", worst, (1e-12, ""));
}
