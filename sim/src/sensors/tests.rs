use super::*;
use plant::id::PointId;
use proptest::prelude::*;

const SOUND: Imperfection = Imperfection {
    lag: 0.0,
    noise: 0.0,
    relative_noise: 0.0,
    bias: 0.0,
    step: 0.0,
    drift: 0.0,
    pink: 0.0,
    hold: 0.0,
    span: None,
};
const PLAIN: Imperfection = Imperfection { lag: 10.0, step: 0.1, ..SOUND };

#[test]
fn a_lag_is_first_order_and_does_not_depend_on_the_step() {
    for dt in [0.1, 1.0, 5.0] {
        let mut channel = Channel::new("x", Imperfection { step: 0.0, ..PLAIN });
        assert_eq!(channel.read(0.0, dt, 1, 0), Ok(0.0));
        let mut value = 0.0;
        for tick in 0..convert::u64_from_f64_rounded(10.0 / dt) {
            value = channel.read(1.0, dt, 1, tick + 1).expect("sound");
        }
        assert!((value - (1.0 - libm::exp(-1.0))).abs() < 1e-9, "{dt}: {value}");
    }
}

#[test]
fn readings_come_in_steps_and_faults_do_what_they_say() {
    let mut channel = Channel::new("x", PLAIN);
    assert_eq!(channel.read(24.08, 1.0, 1, 0), Ok(24.1));
    channel.fault = Some(SensorFault::Stuck);
    assert_eq!(channel.read(50.0, 100.0, 1, 1), Ok(24.1));
    channel.fault = Some(SensorFault::Offset(-3.0));
    assert_eq!(channel.read(50.0, 1000.0, 1, 2), Ok(47.0));
    channel.fault = Some(SensorFault::NotANumber);
    assert_eq!(channel.read(50.0, 1.0, 1, 3), Err(Why::NotANumber));
    channel.fault = Some(SensorFault::Lost);
    assert_eq!(channel.read(50.0, 1.0, 1, 4), Err(Why::Comm));
    channel.fault = None;
    assert_eq!(channel.read(50.0, 1.0, 1, 5), Ok(50.0));
}

#[test]
fn another_channel_does_not_shift_this_one() {
    let noisy = Imperfection { noise: 0.1, bias: 0.2, ..PLAIN };
    let (mut alone, mut among) = (Channel::new("a", noisy), Channel::new("a", noisy));
    let mut newcomer = Channel::new("b", noisy);
    for tick in 0..100 {
        let expected = alone.read(20.0, 1.0, 5, tick);
        let _ = newcomer.read(20.0, 1.0, 5, tick);
        assert_eq!(among.read(20.0, 1.0, 5, tick), expected);
    }
}

/// Everything a channel can do at once.
const ALL: Imperfection = Imperfection {
    lag: 10.0,
    noise: 0.1,
    relative_noise: 0.001,
    bias: 0.2,
    step: 0.01,
    drift: 0.3,
    pink: 0.1,
    hold: 7.0,
    span: Some((-50.0, 100.0)),
};

fn broken(fault: SensorFault) -> Channel {
    let mut channel = Channel::new("x", Imperfection { step: 0.1, ..SOUND });
    assert_eq!(channel.read(24.1, 1.0, 1, 0), Ok(24.1));
    channel.fault = Some(fault);
    channel
}

#[test]
fn faults_of_the_value_read_what_they_say() {
    let other = PointId::default();
    for (fault, expected) in [
        (SensorFault::SignFlip, -24.1),
        (SensorFault::Fahrenheit, 75.4),
        (SensorFault::ZeroFrame, 0.0),
        (SensorFault::ByteSwap, -384.0),
        (SensorFault::AllOnes, -0.1),
        (SensorFault::SignBit, -3276.8),
        (SensorFault::Swapped(other), 30.0),
        (SensorFault::StaleStamp, 24.1),
    ] {
        let read = broken(fault).read_beside((24.1, Some(30.0)), 1.0, 1, 1).expect("a number");
        assert!((read - expected).abs() < 1e-9, "{fault:?}: {read}");
    }
    let far = broken(SensorFault::OutOfRange).read(24.1, 1.0, 1, 1).expect("a number");
    assert!((far - 3276.7).abs() < 1e-9, "{far}");
    let mut loop_channel = Channel::new("x", Imperfection { span: Some((0.0, 50.0)), ..SOUND });
    loop_channel.fault = Some(SensorFault::OutOfRange);
    assert_eq!(loop_channel.read(24.1, 1.0, 1, 1), Ok(62.5));
}

#[test]
fn faults_that_come_and_go_have_their_shares() {
    let n = 12_000u64;
    let count = |fault, pick: fn(Result<f64, Why>) -> bool| {
        let mut channel = broken(fault);
        let reads = (0..n).filter(|tick| pick(channel.read_beside((24.1, Some(30.0)), 1.0, 3, *tick)));
        convert::f64_from_usize(reads.count()) / convert::f64_from_u64(n)
    };
    let spikes = count(SensorFault::Spike(9.0), |r| r == Ok(33.1));
    assert!((spikes - 1.0 / 60.0).abs() < 0.004, "{spikes}");
    let gone = count(SensorFault::Dropout(0.3), |r| r == Err(Why::Comm));
    assert!((gone - 0.3).abs() < 0.02, "{gone}");
    let id = SensorFault::DuplicateId(PointId::default());
    for pick in [|r| r == Ok(24.1), |r| r == Ok(30.0), |r| r == Err(Why::Comm)] {
        let share = count(id, pick);
        assert!((share - 1.0 / 3.0).abs() < 0.02, "{share}");
    }
}

#[test]
fn a_noise_burst_has_its_deviation() {
    let mut channel = broken(SensorFault::NoiseBurst(2.0));
    let n = 8000u64;
    let square: f64 = (0..n).map(|tick| (channel.read(24.1, 1.0, 3, tick).expect("a number") - 24.1).powi(2)).sum();
    let deviation = (square / convert::f64_from_u64(n)).sqrt();
    assert!((deviation - 2.0).abs() < 0.06, "{deviation}");
}

#[test]
fn a_stale_stamp_stands_still_and_goes_on_when_mended() {
    let mut channel = broken(SensorFault::StaleStamp);
    for second in 10..20 {
        assert_eq!(channel.read(50.0, 1.0, 1, second), Ok(50.0));
        assert_eq!(channel.stamp(Mono(second)), Mono(10));
    }
    assert_eq!(channel.read(60.0, 1.0, 1, 20), Ok(50.0), "the value is of then too");
    channel.fault = None;
    assert_eq!((channel.read(60.0, 1.0, 1, 21), channel.stamp(Mono(21))), (Ok(60.0), Mono(21)));
}

#[test]
fn a_device_shows_one_reading_for_its_period() {
    let mut channel = Channel::new("x", Imperfection { hold: 5.0, ..SOUND });
    let mut shown = Vec::new();
    for second in 0..60u32 {
        shown.push(channel.read(f64::from(second), 1.0, 1, u64::from(second)).expect("sound"));
    }
    let changes: Vec<usize> = (1..60).filter(|n| shown[*n].to_bits() != shown[n - 1].to_bits()).collect();
    assert!(changes.windows(2).all(|w| w[1] - w[0] == 5), "{changes:?}");
    assert!((11..=12).contains(&changes.len()), "{changes:?}");
    for n in changes {
        assert_eq!(shown[n].to_bits(), convert::f64_from_usize(n).to_bits(), "it takes what is true then");
    }
}

#[test]
fn a_current_loop_has_twelve_bits_and_two_ends() {
    let mut channel = Channel::new("x", Imperfection { span: Some((0.0, 100.0)), ..SOUND });
    let mut seen = std::collections::BTreeSet::new();
    for n in 0..200_000u32 {
        let truth = f64::from(n) / 2000.0;
        let read = channel.read(truth, 1.0, 1, u64::from(n)).expect("sound");
        assert!((read - truth).abs() <= 0.5 * 100.0 / LOOP_CODES + 1e-9, "{truth}: {read}");
        seen.insert(read.to_bits());
    }
    // Sixteen of twenty milliamperes of 4096 codes are 3276.8: codes 0 to 3277.
    assert_eq!(seen.len(), 3278);
    let low = channel.read(-500.0, 1.0, 1, 0).expect("sound");
    let high = channel.read(500.0, 1.0, 1, 0).expect("sound");
    assert!((low + 1.25).abs() < 0.02 && (high - 103.125).abs() < 0.02, "NE 43: {low}, {high}");
}

#[test]
fn drift_grows_with_the_root_of_time() {
    let how = Imperfection { drift: 0.05, ..SOUND };
    let (mut month, mut year, channels) = (0.0, 0.0, 800);
    for n in 0..channels {
        let mut channel = Channel::new(&format!("t{n}"), how);
        let mut at = |days: f64| {
            let read = channel.read(20.0, days * 86_400.0, 9, 1).expect("sound");
            (read - 20.0).powi(2)
        };
        let _ = at(0.0);
        month += at(30.437);
        year += at(365.25 - 30.437);
    }
    let n = f64::from(channels);
    let (month, year) = ((month / n).sqrt(), (year / n).sqrt());
    assert!((month - 0.05).abs() < 0.005, "after a month {month}");
    assert!((year / month - 12f64.sqrt()).abs() < 0.35, "after a year {year}");
}

#[test]
fn pink_noise_has_its_deviation_and_every_octave_its_share() {
    let mut channel = Channel::new("x", Imperfection { pink: 1.0, ..SOUND });
    let n = 1usize << 16;
    let noise: Vec<f64> =
        (0..n).map(|t| channel.read(0.0, 1.0, 4, convert::u64_from_usize(t)).expect("sound")).collect();
    let variance = noise.iter().map(|x| x * x).sum::<f64>() / convert::f64_from_usize(n);
    assert!((variance - 1.0).abs() < 0.2, "{variance}");
    // Haar's variance by octave: white noise halves it each time, brown noise doubles it, pink keeps it.
    let mut means = noise;
    let mut octaves = Vec::new();
    for _ in 0..8 {
        let square: f64 = means.chunks_exact(2).map(|c| ((c[1] - c[0]) / 2.0).powi(2)).sum();
        octaves.push(square / convert::f64_from_usize(means.len() / 2));
        means = means.chunks_exact(2).map(|c| f64::midpoint(c[0], c[1])).collect();
    }
    for pair in octaves[1..].windows(2) {
        assert!((0.6..1.6).contains(&(pair[1] / pair[0])), "{octaves:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_others_do_does_not_shift_a_channel(seed in any::<u64>(), order in any::<bool>(), others in 1..4usize) {
        let mut alone = Channel::new("a", ALL);
        let mut among = Channel::new("a", ALL);
        let mut newcomers: Vec<Channel> = (0..others).map(|n| Channel::new(&format!("b{n}"), ALL)).collect();
        for tick in 0..50 {
            let talk = |newcomers: &mut Vec<Channel>| {
                for newcomer in newcomers {
                    newcomer.fault = (tick > 20).then_some(SensorFault::Dropout(0.5));
                    let _ = newcomer.read(20.0, 1.0, seed, tick);
                }
            };
            if order {
                talk(&mut newcomers);
            }
            let read = among.read(20.0, 1.0, seed, tick);
            if !order {
                talk(&mut newcomers);
            }
            prop_assert_eq!(read, alone.read(20.0, 1.0, seed, tick));
        }
    }

    #[test]
    fn a_snapshot_goes_on_as_the_run_does(seed in any::<u64>(), at in 1..60u64) {
        let mut run = Channel::new("a", ALL);
        for tick in 0..at {
            let _ = run.read(20.0, 3600.0, seed, tick);
        }
        let mut again = run.clone();
        for tick in at..at + 60 {
            prop_assert_eq!(run.read(21.0, 1.0, seed, tick), again.read(21.0, 1.0, seed, tick));
        }
    }

    #[test]
    fn readings_are_numbers_or_say_why(truth in -1e12..1e12f64, dt in 0.0..1e7f64, which in 0..18usize, by in -1e6..1e6f64) {
        let point = PointId::default();
        let fault = [
            SensorFault::Stuck, SensorFault::Offset(by), SensorFault::NotANumber, SensorFault::Lost, SensorFault::Garbage,
            SensorFault::Spike(by), SensorFault::NoiseBurst(by), SensorFault::Dropout(0.5), SensorFault::SignFlip,
            SensorFault::Fahrenheit, SensorFault::Swapped(point), SensorFault::DuplicateId(point), SensorFault::OutOfRange,
            SensorFault::AllOnes, SensorFault::SignBit, SensorFault::ZeroFrame, SensorFault::ByteSwap, SensorFault::StaleStamp,
        ][which];
        for how in [ALL, SOUND] {
            let mut channel = Channel::new("a", how);
            channel.fault = Some(fault);
            for tick in 0..4 {
                if let Ok(read) = channel.read_beside((truth, Some(-truth)), dt, 1, tick) {
                    prop_assert!(read.is_finite(), "{fault:?} read {read}");
                }
            }
        }
    }
}

#[test]
fn a_quietened_channel_keeps_its_lag_its_error_and_its_step_and_nothing_that_wavers() {
    let noisy = Imperfection { noise: 0.3, relative_noise: 0.01, pink: 0.1, bias: 0.5, ..PLAIN };
    let bias_only = Imperfection { bias: 0.5, ..PLAIN };
    let (mut loud, mut quiet, mut plain) =
        (Channel::new("a", noisy), Channel::new("a", noisy), Channel::new("a", bias_only));
    quiet.quieten();
    let mut differs = false;
    for tick in 0..200 {
        let truth = if tick < 100 { 20.0 } else { 23.0 };
        let read = quiet.read(truth, 1.0, 5, tick);
        assert_eq!(read, plain.read(truth, 1.0, 5, tick), "at {tick}");
        differs |= read != loud.read(truth, 1.0, 5, tick);
    }
    assert!(differs, "without noise nothing would have been taken away");
}
