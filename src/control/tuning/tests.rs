//! Nine processes, known exactly: what is found, what is proposed, and what it is worth.

use super::{ASYMMETRY, Cycle, Fit, Fopdt, Gains, MOST_RESTLESS, MOST_SENSITIVE, Proposal, Record, Rule, Sample};

/// Gain (unit of pv per %), lag (s) and dead time (s): lag-dominant, balanced and delay-dominant ones of three sizes, cooling and heating.
const NINE: [Fopdt; 9] = [
    Fopdt { gain: -0.25, lag: 40.0, dead: 6.0 },
    Fopdt { gain: -0.16, lag: 60.0, dead: 60.0 },
    Fopdt { gain: -0.04, lag: 600.0, dead: 30.0 },
    Fopdt { gain: -1.0, lag: 120.0, dead: 10.0 },
    Fopdt { gain: 0.5, lag: 20.0, dead: 20.0 },
    Fopdt { gain: 3e3, lag: 10.0, dead: 2.0 },
    Fopdt { gain: 0.02, lag: 300.0, dead: 60.0 },
    Fopdt { gain: -2.0, lag: 15.0, dead: 30.0 },
    Fopdt { gain: 0.1, lag: 900.0, dead: 45.0 },
];

const BASE: f64 = 40.0;
const REST: f64 = 24.0;

/// A process that steps exactly: its dead time is a whole number of steps.
struct Process {
    of: Fopdt,
    dt: f64,
    x: f64,
    past: std::collections::VecDeque<f64>,
}

impl Process {
    fn new(of: Fopdt, dt: f64) -> Self {
        let steps = plant::convert::usize_from_u64(plant::convert::u64_from_f64_rounded(of.dead / dt));
        Self { of, dt, x: 0.0, past: std::iter::repeat_n(0.0, steps).collect() }
    }

    /// One step with an output above the base; the pv above its rest.
    fn step(&mut self, output: f64) -> f64 {
        self.past.push_back(output);
        let late = self.past.pop_front().expect("pushed");
        let fade = libm::exp(-self.dt / self.of.lag);
        self.x = fade * self.x + (1.0 - fade) * self.of.gain * late;
        self.x
    }
}

/// Repeatable noise from −1 to 1.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 33).expect("31 bits")) / f64::from(1u32 << 30) - 1.0
    }
}

/// A step of 10 % and back, each for five lags, with noise (of the response, 1).
fn stepped(of: Fopdt, noise: f64) -> Record {
    let dt = (of.dead / 4.0).min(1.0);
    let (mut process, mut record, mut draw) = (Process::new(of, dt), Record::default(), Noise(7));
    for (length, output) in [(of.lag, 0.0), (5.0 * of.lag + of.dead, 10.0), (5.0 * of.lag + of.dead, 0.0)] {
        let mut time = 0.0;
        while time < length {
            let pv = REST + process.step(output) + noise * 10.0 * of.gain * draw.next();
            record.take(Sample { dt, output: BASE + output, pv });
            time += dt;
        }
    }
    record
}

/// Six cycles of a relay, 20 % up and 5 % down, that turns at a fortieth of its strong side.
fn relayed(of: Fopdt) -> Record {
    let dt = (of.dead / 40.0).min(of.lag / 400.0);
    let dt = of.dead / (of.dead / dt).ceil();
    let (mut process, mut record) = (Process::new(of, dt), Record::default());
    let hysteresis = 0.5 * of.gain.abs();
    let (mut output, mut turns) = (20.0, 0);
    for _ in 0..20 {
        record.take(Sample { dt, output: BASE, pv: REST + process.step(0.0) });
    }
    while turns < 12 {
        let pv = process.step(output);
        record.take(Sample { dt, output: BASE + output, pv: REST + pv });
        let above = pv * of.gain.signum();
        if output > 0.0 && above > hysteresis {
            (output, turns) = (-20.0 / ASYMMETRY, turns + 1);
        } else if output < 0.0 && above < -hysteresis {
            (output, turns) = (20.0, turns + 1);
        }
    }
    record
}

fn near(found: f64, truth: f64, share: f64) -> bool {
    (found - truth).abs() <= share * truth.abs()
}

#[test]
fn a_step_and_back_finds_each_process() {
    for of in NINE {
        let fit = Fit::of(&stepped(of, 0.0), BASE).expect("a process");
        let Fopdt { gain, lag, dead } = fit.process;
        assert!(near(gain, of.gain, 0.01) && near(lag, of.lag, 0.02) && near(dead, of.dead, 0.05), "{of:?}: {fit:?}");
        assert!(fit.explained > 0.999 && near(fit.rest, REST, 0.01), "{of:?}: {fit:?}");
    }
}

#[test]
fn noise_of_a_tenth_of_the_response_moves_what_is_found_by_little() {
    for of in NINE {
        let fit = Fit::of(&stepped(of, 0.1), BASE).expect("a process");
        let Fopdt { gain, lag, dead } = fit.process;
        assert!(near(gain, of.gain, 0.03) && near(lag, of.lag, 0.1), "{of:?}: {fit:?}");
        assert!((dead - of.dead).abs() <= 0.1 * (of.dead + of.lag), "{of:?}: {fit:?}");
        assert!(fit.explained > 0.9 && fit.noise > 0.3 * of.gain.abs(), "{of:?}: {fit:?}");
    }
}

#[test]
fn a_relay_finds_each_process_and_its_last_cycle_agrees() {
    for of in NINE {
        let record = relayed(of);
        let fit = Fit::of(&record, BASE).expect("a process");
        let Fopdt { gain, lag, dead } = fit.process;
        assert!(near(gain, of.gain, 0.02) && near(lag, of.lag, 0.05) && near(dead, of.dead, 0.05), "{of:?}: {fit:?}");
        let cycle = Cycle::last_of(&record, (BASE, fit.rest)).and_then(|cycle| cycle.process()).expect("a cycle");
        assert!(near(cycle.gain, of.gain, 0.1), "{of:?}: {cycle:?}");
        assert!((cycle.dead_share() - of.dead_share()).abs() < 0.1, "{of:?}: {cycle:?}");
    }
}

#[test]
fn a_pv_that_is_not_quite_at_rest_at_the_begin_is_no_part_of_the_process() {
    for of in NINE {
        let (record, mut left) = (relayed(of), 0.1 * of.gain);
        let mut stirred = Record::default();
        for sample in record.samples() {
            left *= libm::exp(-sample.dt / of.lag);
            stirred.take(Sample { pv: sample.pv + left, ..*sample });
        }
        let fit = Fit::of(&stirred, BASE).expect("a process");
        assert!(near(fit.process.gain, of.gain, 0.1) && near(fit.process.lag, of.lag, 0.1), "{of:?}: {fit:?}");
        let cycle = Cycle::last_of(&stirred, (BASE, fit.rest)).and_then(|cycle| cycle.process()).expect("a cycle");
        assert!(near(cycle.gain, of.gain, 0.1), "{of:?}: {cycle:?}");
    }
}

#[test]
fn a_record_in_which_nothing_moved_says_nothing() {
    let mut record = Record::default();
    assert_eq!(Fit::of(&record, BASE), None);
    for _ in 0..200 {
        record.take(Sample { dt: 1.0, output: BASE, pv: REST });
    }
    assert_eq!(Fit::of(&record, BASE), None);
    record.take(Sample { dt: 1.0, output: f64::NAN, pv: REST });
    assert_eq!(record.samples().len(), 200, "what is no number is not taken");
}

#[test]
fn a_long_record_stays_small_and_keeps_its_time_and_its_output() {
    let mut record = Record::default();
    for n in 0..10_000u32 {
        record.take(Sample { dt: 1.0, output: f64::from(n % 2) * 10.0, pv: f64::from(n) });
    }
    let kept = record.samples();
    assert!((512..=1024).contains(&kept.len()), "{}", kept.len());
    assert!((9_980.0..=10_000.0).contains(&record.seconds()), "{}", record.seconds());
    let mean = kept.iter().map(|sample| sample.dt * sample.output).sum::<f64>() / record.seconds();
    assert!((mean - 5.0).abs() < 0.01, "{mean}");
}

#[test]
fn the_maximum_sensitivity_is_that_of_the_books() {
    // L = 1, T = 5: by the rules' own publications.
    let of = Fopdt { gain: 1.0, lag: 5.0, dead: 1.0 };
    let [simc, amigo] = Rule::ALL.map(|rule| rule.gains(&of).expect("gains"));
    assert!(near(simc.gain, 2.5, 1e-9) && near(simc.ti, 5.0, 1e-9), "{simc:?}");
    assert!(near(amigo.gain, 1.206, 1e-3) && near(amigo.ti, 3.883, 1e-3), "{amigo:?}");
    assert!((of.sensitivity(simc) - 1.59).abs() < 0.01, "{}", of.sensitivity(simc));
    assert!((of.sensitivity(amigo) - 1.26).abs() < 0.01, "{}", of.sensitivity(amigo));
    // Ti = T leaves e^(−sL)·k·K/(s·T): it swings from k·K·L/T = π/2 on.
    let on_the_edge = |share: f64| of.sensitivity(Gains { gain: share * 2.5 * core::f64::consts::PI, ti: 5.0 });
    assert!(on_the_edge(0.99) > 30.0 && on_the_edge(0.99).is_finite(), "{}", on_the_edge(0.99));
    assert!(on_the_edge(1.01).is_infinite(), "{}", on_the_edge(1.01));
    assert!(of.sensitivity(Gains { gain: -1.0, ti: 5.0 }).is_infinite(), "no tuning");
}

/// ∫|e| and ∫e after a load of 1 % at the process' input, with an ideal PI.
fn after_a_load(of: Fopdt, gains: Gains) -> (f64, f64) {
    let dt = of.dead / 50.0;
    let (mut process, mut integral, mut pv) = (Process::new(of, dt), 0.0, 0.0);
    let sign = of.gain.signum();
    let (mut size, mut sum, mut time) = (0.0, 0.0, 0.0);
    while time < 40.0 * (of.lag + of.dead) + 20.0 * gains.ti {
        let error = -pv * sign;
        integral += gains.gain * error * dt / gains.ti;
        pv = process.step(gains.gain * error + integral + 1.0);
        size += error.abs() * dt;
        sum += error * dt;
        time += dt;
    }
    (size, sum)
}

/// The least ∫|e| of any PI whose maximum sensitivity is 1.6 at most: a grid as fine as a patient hand.
fn by_hand(of: Fopdt) -> f64 {
    let mut best = f64::INFINITY;
    for n in 1..=14 {
        let ti = of.lag.min(8.0 * of.dead) * 0.3 * 1.18f64.powi(n);
        let (mut low, mut high) = (0.0, 20.0 * (of.lag + of.dead) / (of.gain.abs() * of.dead));
        for _ in 0..30 {
            let middle = 0.5 * (low + high);
            let calm = of.sensitivity(Gains { gain: middle, ti }) <= MOST_SENSITIVE;
            (low, high) = if calm { (middle, high) } else { (low, middle) };
        }
        best = best.min(after_a_load(of, Gains { gain: low, ti }).0);
    }
    best
}

/// What docs/commissioning.md says of one of the nine.
fn row(of: Fopdt, proposal: &Proposal, hand: f64) -> String {
    let by = |rule: Rule| {
        let (gains, ms) = proposal.by(rule);
        let digits = if gains.gain < 0.01 { 5 } else { 3 };
        let over = after_a_load(of, gains).0 / hand;
        format!("{:.digits$}, {:.0} s, {ms:.2} | {over:.2}", gains.gain, gains.ti)
    };
    let found = proposal.fit.process;
    let truth = format!("{}, {} s, {} s", of.gain, of.lag, of.dead);
    let seen = format!("{:.3} / {:.1} / {:.1}", found.gain, found.lag, found.dead);
    format!("| {truth} | {seen} | {} | {} |", by(Rule::Simc), by(Rule::Amigo))
}

#[test]
fn what_is_proposed_for_the_nine_is_robust_near_the_best_there_is_and_told_in_the_docs() {
    const DOCS: &str = include_str!("../../../docs/commissioning.md");
    for of in NINE {
        let proposal = Proposal::of(&stepped(of, 0.002), BASE, 1.0).expect("a proposal");
        assert!(proposal.is_good(), "{of:?}: {proposal:?}");
        for rule in Rule::ALL {
            let (gains, claimed) = proposal.by(rule);
            let true_one = of.sensitivity(gains);
            assert!(claimed <= MOST_SENSITIVE, "{of:?} {rule:?}: {claimed}");
            assert!(true_one <= 1.08 * MOST_SENSITIVE, "{of:?} {rule:?}: {true_one} on the true process");
            let (size, sum) = after_a_load(of, gains);
            assert!(near(sum.abs(), gains.error_of_load(), 0.01), "{of:?} {rule:?}: {sum} is not Ti/K");
            assert!(size < 1.5 * sum.abs(), "{of:?} {rule:?}: it swings, {size} of {sum}");
        }
        let best = proposal.by(proposal.best()).0;
        let (ours, hand) = (after_a_load(of, best).0, by_hand(of));
        assert!(ours <= 1.7 * hand, "{of:?}: {ours} where a patient hand has {hand}");
        let row = row(of, &proposal, hand);
        assert!(DOCS.contains(&row), "docs/commissioning.md lacks `{row}`");
    }
}

#[test]
fn noise_keeps_gains_down_so_that_no_actuator_runs_after_it() {
    for of in NINE {
        let [quiet, loud] = [0.002, 0.1].map(|noise| Proposal::of(&stepped(of, noise), BASE, 1.0).expect("a proposal"));
        for rule in Rule::ALL {
            let (gains, ms) = loud.by(rule);
            assert!(gains.gain * loud.fit.noise <= MOST_RESTLESS && ms <= MOST_SENSITIVE, "{of:?} {rule:?}: {loud:?}");
            assert!(gains.gain <= 1.1 * quiet.by(rule).0.gain, "{of:?} {rule:?}: {quiet:?} {loud:?}");
        }
    }
    let slow = Proposal::of(&stepped(NINE[2], 0.1), BASE, 1.0).expect("a proposal");
    assert!(slow.simc.0.gain * slow.fit.noise > 0.99 * MOST_RESTLESS, "no lower than that: {slow:?}");
}
