//! Drives and valves against the closed forms of how they move.

use crate::report::Report;
use plant::id::PointId;
use sim::actuators::Actuator;
use sim::physics::Actuation;

pub fn checks(report: &mut Report) {
    let valve = |how| Actuator::new(PointId::default(), PointId::default(), 0.0, 120.0).with(how);

    let mut worst = 0.0f64;
    for dt in [0.1, 1.0, 10.0] {
        let mut valve = valve(Actuation { delay: 20.0, ..Actuation::PERFECT });
        valve.aim(100.0);
        let mut elapsed = 0.0;
        while elapsed < 200.0 {
            valve.travel(dt);
            elapsed += dt;
            // A step that the command arrives in counts whole: it is one step off at the most.
            let expected = ((elapsed - 20.0) / 1.2).clamp(0.0, 100.0);
            worst = worst.max((valve.position - expected).abs() - dt / 1.2);
        }
    }
    report.at_most(
        ("actuators", "delay and slew of a 120 s valve, beyond one step's travel"),
        "(t − delay)/stroke",
        worst.max(0.0),
        (1e-6, "%"),
    );

    // A sine through play comes out late and flat by half the play: its peak is the amplitude less that.
    let mut loose = valve(Actuation { play: 6.0, ..Actuation::PERFECT });
    let (mut high, mut low) = (f64::MIN, f64::MAX);
    for second in 0..20_000u32 {
        loose.aim(50.0 + 20.0 * (f64::from(second) * std::f64::consts::TAU / 2000.0).sin());
        loose.travel(1.0);
        if second > 4000 {
            (high, low) = (high.max(loose.position), low.min(loose.position));
        }
    }
    let off = (high - 67.0).abs().max((low - 33.0).abs());
    report.at_most(
        ("actuators", "play of 6 % under a slow sine of 20 %: its ends"),
        "amplitude − play/2",
        off,
        (0.05, "%"),
    );

    // Stick and slip: every move from rest is at least the stiction, and the error left at rest no more than that.
    let mut sticky = valve(Actuation { stiction: 2.0, ..Actuation::PERFECT });
    let mut left = 0.0f64;
    for second in 0..20_000u32 {
        sticky.aim(f64::from(second) * 100.0 / 20_000.0);
        sticky.travel(1.0);
        left = left.max((sticky.target - sticky.position).abs());
    }
    report.at_most(
        ("actuators", "stiction of 2 % under a slow ramp: largest error"),
        "the stiction",
        left,
        (2.01, "%"),
    );

    let leak = valve(Actuation { leak: 0.02, ..Actuation::PERFECT });
    report.at_most(
        ("actuators", "a closed valve that leaks 2 %"),
        "2 %",
        (leak.share() - 0.02).abs() * 100.0,
        (1e-9, "%"),
    );
}
