//! Channels against the closed forms of what they do.

use crate::report::Report;
use sim::SensorFault;
use sim::physics::Imperfection;
use sim::sensors::Channel;

pub fn checks(report: &mut Report) {
    lag(report);
    deviations(report);
    drift(report);
    steps(report);
    frames(report);
}

fn read(channel: &mut Channel, truth: f64, dt: f64, tick: u64) -> f64 {
    channel.read(truth, dt, 7, tick).expect("a sound channel")
}

fn lag(report: &mut Report) {
    let mut worst = 0.0f64;
    for dt in [0.1, 1.0, 7.0, 60.0] {
        let mut channel = Channel::new("lag", Imperfection { lag: 20.0, ..Imperfection::default() });
        let mut elapsed = 0.0;
        let _ = read(&mut channel, 0.0, dt, 0);
        for tick in 1..100 {
            elapsed += dt;
            worst = worst.max((read(&mut channel, 1.0, dt, tick) - (1.0 - f64::exp(-elapsed / 20.0))).abs());
        }
    }
    report.at_most(("sensors", "first-order lag, steps of 0.1 to 60 s"), "1 − e^(−t/τ)", worst, (1e-9, ""));
}

fn deviation(how: Imperfection, dt: f64, n: u64) -> f64 {
    let mut channel = Channel::new("noise", how);
    let square: f64 = (0..n).map(|tick| read(&mut channel, 0.0, dt, tick).powi(2)).sum();
    (square / plant::convert::f64_from_u64(n)).sqrt()
}

fn deviations(report: &mut Report) {
    let white = deviation(Imperfection { noise: 0.1, ..Imperfection::default() }, 1.0, 100_000);
    let off = (white / 0.1 - 1.0).abs() * 100.0;
    report.at_most(("sensors", "white noise: standard deviation"), "the one asked for", off, (1.0, "%"));
    let pink = deviation(Imperfection { pink: 0.1, ..Imperfection::default() }, 1.0, 1 << 18);
    let off = (pink / 0.1 - 1.0).abs() * 100.0;
    report.at_most(("sensors", "pink noise: standard deviation over three days"), "the one asked for", off, (5.0, "%"));
}

fn drift(report: &mut Report) {
    let how = Imperfection { drift: 0.05, ..Imperfection::default() };
    let (mut squares, channels) = ([0.0; 2], 2000u32);
    for n in 0..channels {
        let mut channel = Channel::new(&format!("channel-{n}"), how);
        let _ = read(&mut channel, 0.0, 0.0, 0);
        squares[0] += read(&mut channel, 0.0, 30.437 * 86_400.0, 1).powi(2);
        squares[1] += read(&mut channel, 0.0, 11.0 * 30.437 * 86_400.0, 2).powi(2);
    }
    let [month, year] = squares.map(|s| (s / f64::from(channels)).sqrt());
    let off = (month / 0.05 - 1.0).abs().max((year / (0.05 * 12f64.sqrt()) - 1.0).abs()) * 100.0;
    report.at_most(
        ("sensors", "drift of 2000 channels after a month and a year"),
        "σ·√t of a random walk",
        off,
        (5.0, "%"),
    );
}

fn steps(report: &mut Report) {
    let span = Some((-50.0, 100.0));
    let mut channel = Channel::new("loop", Imperfection { span, ..Imperfection::default() });
    let mut worst = 0.0f64;
    for n in 0..100_000u32 {
        let truth = -50.0 + 150.0 * f64::from(n) / 1e5;
        worst = worst.max((read(&mut channel, truth, 1.0, 0) - truth).abs());
    }
    // Half a code of twelve bits over 20 mA, of which 16 are the span.
    let half = 150.0 / (4096.0 * 16.0 / 20.0) / 2.0;
    report.at_most(
        ("sensors", "4–20 mA loop of twelve bits, 150 K: largest error over half a code"),
        "150 K · 20/16 / 4096 / 2",
        (worst - half).max(0.0),
        (1e-9, "K"),
    );
}

/// Faults of the wire against words worked out by hand.
fn frames(report: &mut Report) {
    let mut worst = 0.0f64;
    for (truth, fault, by_hand) in [
        (24.1, SensorFault::ByteSwap, -384.0),
        (-3.0, SensorFault::ByteSwap, -742.5),
        (24.1, SensorFault::AllOnes, -0.1),
        (24.1, SensorFault::SignBit, -3276.8),
        (24.1, SensorFault::ZeroFrame, 0.0),
        (24.1, SensorFault::Fahrenheit, 75.4),
        (24.1, SensorFault::OutOfRange, 3276.7),
    ] {
        let mut channel = Channel::new("frame", Imperfection { step: 0.1, ..Imperfection::default() });
        channel.fault = Some(fault);
        worst = worst.max((read(&mut channel, truth, 1.0, 0) - by_hand).abs());
    }
    report.at_most(
        ("sensors", "wrong words of a signed register of tenths"),
        "words worked out by hand",
        worst,
        (1e-9, "K"),
    );
}
