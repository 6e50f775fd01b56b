//! Everything that can break, as the adapter sees it.

use std::thread;
use std::time::Duration;

use nvml_wrapper::bitmasks::device::ThrottleReasons;
use nvml_wrapper::enum_wrappers::device::TemperatureSensor;
use nvml_wrapper::error::NvmlError;
use sim_nvml::bench::FOREIGN;
use sim_nvml::{Bench, Card, Sentinel, library_beside_tests};

use super::{bench, field, load, millis, nvml, said};

#[test]
fn the_least_of_all_limits_is_in_force() {
    let (_folder, bench) = bench(&[Card::H100, Card::H100]);
    let nvml = nvml(&bench);
    let mut device = nvml.device_by_index(0).expect("a GPU");
    bench.out_of_band(0, Some(300_000));
    assert_eq!(device.power_management_limit().expect("a limit"), 700_000);
    assert_eq!(device.enforced_power_limit().expect("a limit"), 300_000);
    device.set_power_management_limit(250_000).expect("a limit");
    assert_eq!(device.enforced_power_limit().expect("a limit"), 250_000);
    // A board's controller may go below what the driver takes.
    bench.out_of_band(0, Some(150_000));
    assert_eq!(device.enforced_power_limit().expect("a limit"), 150_000);
    bench.demand(0, 700.0);
    bench.step(millis(2_000));
    assert!((bench.power_now(0) - 150.0).abs() < 1.0, "{} W", bench.power_now(0));
    bench.reload_driver();
    assert_eq!((bench.requested(0), bench.enforced(0)), (700_000, 150_000), "the controller outlives the driver");
    bench.out_of_band(0, None);
    assert_eq!((bench.enforced(0), bench.enforced(1)), (700_000, 700_000));
}

#[test]
fn a_stranger_sets_a_limit_and_is_known_by_his_process() {
    let (_folder, bench) = bench(&[Card::H100]);
    let nvml = nvml(&bench);
    let mut device = nvml.device_by_index(0).expect("a GPU");
    device.set_power_management_limit(400_000).expect("a limit");
    assert_eq!(bench.sets(0), (1, std::process::id()));
    bench.foreign_limit(0, 650_000);
    assert_eq!(device.enforced_power_limit().expect("a limit"), 650_000);
    assert_eq!(bench.sets(0), (2, FOREIGN));
}

#[test]
fn a_lost_gpu_is_lost_until_it_is_found_and_named_anew() {
    let (_folder, bench) = bench(&[Card::H100, Card::H100]);
    let nvml = nvml(&bench);
    let uuid = bench.uuid(0);
    let mut device = nvml.device_by_uuid(uuid.as_str()).expect("a GPU");
    device.set_power_management_limit(300_000).expect("a limit");
    bench.step(millis(1_000));
    bench.lose(0);
    for _ in 0..2 {
        assert!(matches!(device.power_usage(), Err(NvmlError::GpuLost)));
        assert!(matches!(device.set_power_management_limit(400_000), Err(NvmlError::GpuLost)));
        assert!(matches!(device.uuid(), Err(NvmlError::GpuLost)));
        assert!(matches!(nvml.device_by_uuid(uuid.as_str()), Err(NvmlError::GpuLost)));
        assert!(matches!(nvml.device_by_index(0), Err(NvmlError::GpuLost)));
        bench.lose(0);
    }
    assert_eq!(nvml.device_count().expect("a count"), 2, "a lost one still counts");
    nvml.device_by_index(1).expect("the other").power_usage().expect("power of the other");
    bench.find(0);
    assert!(matches!(device.power_usage(), Err(NvmlError::GpuLost)), "handles of before stay dead");
    let device = nvml.device_by_uuid(uuid.as_str()).expect("it is back");
    assert_eq!(device.power_management_limit().expect("a limit"), 700_000, "it forgot what it was told");
    assert!(device.total_energy_consumption().expect("energy") < 1_000, "its counters began anew");
}

#[test]
fn without_permission_everything_can_be_read_and_nothing_set() {
    let (_folder, bench) = bench(&[Card::H100]);
    let nvml = nvml(&bench);
    let mut device = nvml.device_by_index(0).expect("a GPU");
    bench.permission(0, false);
    assert!(matches!(device.set_power_management_limit(400_000), Err(NvmlError::NoPermission)));
    assert!(matches!(device.set_persistent(true), Err(NvmlError::NoPermission)));
    assert!(matches!(device.reset_gpu_locked_clocks(), Err(NvmlError::NoPermission)));
    device.power_usage().expect("power");
    assert_eq!((bench.requested(0), bench.sets(0)), (700_000, (0, 0)));
    bench.permission(0, true);
    device.set_power_management_limit(400_000).expect("a limit");
}

#[test]
fn a_gpu_in_instances_has_its_power_as_a_whole() {
    let (_folder, bench) = bench(&[Card::H100]);
    let nvml = nvml(&bench);
    let instance = bench.uuid(0).replace("GPU-", "MIG-");
    assert!(matches!(nvml.device_by_uuid(instance.as_str()), Err(NvmlError::NotFound)));
    let mut device = nvml.device_by_index(0).expect("a GPU");
    assert_eq!(device.mig_mode().expect("a mode").current, 0);
    bench.mig(0, true);
    assert_eq!(device.mig_mode().expect("a mode").current, 1);
    assert!(matches!(device.utilization_rates(), Err(NvmlError::NotSupported)));
    device.set_power_management_limit(400_000).expect("a limit of the whole");
    device.power_usage().expect("power of the whole");
    let mut part = nvml.device_by_uuid(instance.as_str()).expect("an instance");
    assert_eq!(part.uuid().expect("a UUID"), instance);
    assert!(matches!(part.power_usage(), Err(NvmlError::NotSupported)));
    assert!(matches!(part.set_power_management_limit(300_000), Err(NvmlError::NotSupported)));
    assert!(matches!(part.total_energy_consumption(), Err(NvmlError::NotSupported)));
    assert_eq!(bench.requested(0), 400_000);
}

#[test]
fn stuck_sensors_stand_still_and_those_of_power_alone_give_themselves_away() {
    let (_folder, bench) = bench(&[Card::H100]);
    let nvml = nvml(&bench);
    let see = || {
        let (sample, power) = field(&nvml, 0, 186);
        (power.expect("power"), sample.timestamp, said(&nvml, 0, 83), said(&nvml, 0, 185))
    };
    bench.demand(0, 400.0);
    bench.step(millis(2_000));
    let before = see();
    bench.stuck(0, true);
    bench.demand(0, 600.0);
    bench.step(millis(2_000));
    assert_eq!(see(), before, "nothing moves");
    bench.stuck(0, false);
    bench.step(millis(2_000));
    let after = see();
    assert!(after.0 == 600_000 && after.1 == before.1 + 4_000_000, "{after:?}");
    assert!(after.2 > before.2 + 2_300_000, "the counter had gone on: {} mJ", after.2 - before.2);

    bench.stuck_power(0, true);
    bench.demand(0, 200.0);
    bench.step(millis(2_000));
    let (power, at, energy, average) = see();
    assert_eq!((power, average), (after.0, after.3));
    assert_eq!(at, after.1 + 2_000_000);
    let drawn = energy - after.2;
    assert!((395_000..420_000).contains(&drawn), "the counter tells the truth: {drawn} mJ");
}

#[test]
fn sentinels_replace_readings_and_nothing_else() {
    let (_folder, bench) = bench(&[Card::H100]);
    let nvml = nvml(&bench);
    bench.demand(0, 300.0);
    bench.step(millis(3_000));
    let device = nvml.device_by_index(0).expect("a GPU");
    let energy = device.total_energy_consumption().expect("energy");
    let cel = device.temperature(TemperatureSensor::Gpu).expect("a temperature");
    for (kind, milliwatts, millijoules, celsius) in [
        (Sentinel::Zero, 0, 0, 0),
        (Sentinel::NotAvailable, u32::MAX, u64::MAX, u32::MAX),
        (Sentinel::Absurd, 30_000_000, energy * 100, cel * 100),
        (Sentinel::Off, 300_000, energy, cel),
    ] {
        bench.sentinel(0, kind);
        assert_eq!(device.power_usage().expect("power"), milliwatts, "{kind:?}");
        assert_eq!(said(&nvml, 0, 186), u64::from(milliwatts), "{kind:?}");
        assert_eq!(device.total_energy_consumption().expect("energy"), millijoules, "{kind:?}");
        assert_eq!(device.temperature(TemperatureSensor::Gpu).expect("a temperature"), celsius, "{kind:?}");
        assert_eq!(device.enforced_power_limit().expect("a limit"), 700_000, "limits stay true");
    }
}

#[test]
fn a_slow_call_holds_its_thread_and_nobody_else_and_can_be_let_go() {
    let (_folder, bench) = bench(&[Card::H100, Card::H100]);
    let nvml = nvml(&bench);
    // Far longer than any test: it ends because it is let go.
    bench.slow(0, Duration::from_secs(3600));
    let device = nvml.device_by_index(1).expect("the other");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| nvml.device_by_index(0).expect("a GPU").power_usage());
        for _ in 0..20 {
            device.power_usage().expect("the other answers");
            nvml.device_count().expect("the driver answers");
        }
        assert!(!waiting.is_finished(), "the slow one waits");
        bench.slow(0, Duration::ZERO);
        waiting.join().expect("no panic").expect("power at last");
    });
}

#[test]
fn a_slow_driver_holds_whoever_begins_and_a_bench_that_goes_lets_everybody_go() {
    let (_folder, bench) = bench(&[Card::H100]);
    let nvml = nvml(&bench);
    let library = bench.library().to_path_buf();
    bench.slow_driver(Duration::from_secs(3600));
    let device = thread::scope(|scope| {
        let begins = scope.spawn(|| load(&library).map(drop));
        let counts = scope.spawn(|| nvml.device_count());
        let finds = scope.spawn(|| nvml.device_by_index(0).map(|device| device.power_usage()));
        thread::sleep(millis(20));
        assert!(!begins.is_finished() && !counts.is_finished() && !finds.is_finished());
        bench.slow(0, Duration::from_secs(3600));
        bench.slow_driver(Duration::ZERO);
        begins.join().expect("no panic").expect("a driver at last");
        assert_eq!(counts.join().expect("no panic").expect("a count at last"), 1);
        assert!(!finds.is_finished(), "the GPU itself is slow now");
        drop(bench);
        finds.join().expect("no panic").expect("a GPU at last")
    });
    device.expect("power at last");
}

#[test]
fn a_gpu_that_fails_says_how_and_forgets_nothing() {
    let (_folder, bench) = bench(&[Card::H100, Card::H100]);
    let nvml = nvml(&bench);
    let mut device = nvml.device_by_index(0).expect("a GPU");
    device.set_power_management_limit(400_000).expect("a limit");
    bench.fails(0, Some(16));
    assert!(matches!(device.power_usage(), Err(NvmlError::ResetRequired)));
    assert!(matches!(device.set_power_management_limit(300_000), Err(NvmlError::ResetRequired)));
    assert!(matches!(nvml.device_by_uuid(bench.uuid(0)), Err(NvmlError::ResetRequired)));
    bench.fails(0, Some(999));
    assert!(matches!(device.uuid(), Err(NvmlError::Unknown)));
    nvml.device_by_index(1).expect("the other").power_usage().expect("power of the other");
    bench.fails(0, None);
    assert_eq!(device.enforced_power_limit().expect("a limit"), 400_000);
}

#[test]
fn a_deaf_gpu_says_yes_and_stays_as_it_is() {
    let (_folder, bench) = bench(&[Card::H100]);
    let nvml = nvml(&bench);
    let mut device = nvml.device_by_index(0).expect("a GPU");
    device.set_power_management_limit(400_000).expect("a limit");
    bench.deaf(0, true);
    device.set_power_management_limit(300_000).expect("it says yes");
    assert_eq!(device.enforced_power_limit().expect("a limit"), 400_000);
    assert_eq!(bench.sets(0).0, 2);
    assert!(device.set_power_management_limit(1).is_err(), "it still knows its bounds");
    bench.deaf(0, false);
    device.set_power_management_limit(300_000).expect("a limit");
    assert_eq!(device.enforced_power_limit().expect("a limit"), 300_000);
}

#[test]
fn benches_of_different_seeds_are_different_nodes() {
    let folder = tempfile::tempdir().expect("a folder");
    let node = |seed: u64| {
        let own = folder.path().join(seed.to_string());
        Bench::seeded(&own, &library_beside_tests(), &[Card::H100; 2], seed).expect("a bench").running()
    };
    let (one, other) = (node(1), node(2));
    let mut uuids = [one.uuid(0), one.uuid(1), other.uuid(0), other.uuid(1)];
    uuids.sort();
    assert!(uuids.windows(2).all(|pair| pair[0] != pair[1]), "{uuids:?}");
    assert!((one.gain(0) - other.gain(0)).abs() > 1e-9);
    let before = one.uuid(1);
    drop(one);
    assert_eq!(node(1).uuid(1), before, "the same seed is the same node");
    let (first, second) = (nvml(&other), nvml(&node(3)));
    assert_ne!(
        first.device_by_index(0).expect("a GPU").uuid().expect("a UUID"),
        second.device_by_index(0).expect("a GPU").uuid().expect("a UUID")
    );
}

#[test]
fn a_module_is_limited_as_a_whole() {
    let (_folder, bench) = bench(&[Card::H100]);
    let nvml = nvml(&bench);
    bench.module_only(0, true);
    for id in [185, 186, 187, 188, 189, 190, 192] {
        assert_eq!(field(&nvml, 0, id).1, Err("NotSupported".to_owned()), "field {id} in the GPU's scope");
    }
    said(&nvml, 0, 83);
    let device = nvml.device_by_index(0).expect("a GPU");
    assert!(matches!(device.enforced_power_limit(), Err(NvmlError::NotSupported)));
    bench.module_only(0, false);
    assert_eq!(device.enforced_power_limit().expect("a limit"), 700_000);
}

#[test]
fn without_an_instant_reading_there_is_the_average() {
    let (_folder, bench) = bench(&[Card::H100]);
    let nvml = nvml(&bench);
    bench.no_instant(0, true);
    assert_eq!(field(&nvml, 0, 186).1, Err("NotSupported".to_owned()));
    assert_eq!(said(&nvml, 0, 185), 110_000);
}

#[test]
fn the_brake_line_is_told_and_felt_whatever_the_limit_says() {
    let (_folder, bench) = bench(&[Card::H100]);
    let nvml = nvml(&bench);
    let device = nvml.device_by_index(0).expect("a GPU");
    bench.demand(0, 700.0);
    bench.power_brake(0, true);
    bench.step(millis(2_000));
    assert!((bench.power_now(0) - 280.0).abs() < 1.0, "{} W", bench.power_now(0));
    let reasons = device.current_throttle_reasons().expect("reasons");
    assert_eq!(reasons, ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN | ThrottleReasons::HW_SLOWDOWN);
    assert_eq!(device.enforced_power_limit().expect("a limit"), 700_000);
    bench.power_brake(0, false);
    bench.step(millis(2_000));
    assert_eq!(device.current_throttle_reasons().expect("reasons"), ThrottleReasons::empty());
}

#[test]
fn a_driver_that_is_loaded_anew_forgets_and_its_handles_die() {
    let (_folder, bench) = bench(&[Card::H100, Card::H200]);
    let nvml = nvml(&bench);
    let uuid = bench.uuid(0);
    let mut device = nvml.device_by_uuid(uuid.as_str()).expect("a GPU");
    device.set_power_management_limit(300_000).expect("a limit");
    device.set_persistent(true).expect("a mode");
    bench.step(millis(5_000));
    assert!(device.total_energy_consumption().expect("energy") > 500_000);
    bench.reload_driver_turned(1);
    assert!(matches!(device.power_usage(), Err(NvmlError::GpuLost)));
    assert!(matches!(device.set_power_management_limit(300_000), Err(NvmlError::GpuLost)));
    assert!(matches!(nvml.device_count(), Err(NvmlError::Uninitialized)));
    assert!(matches!(nvml.device_by_uuid(uuid.as_str()), Err(NvmlError::Uninitialized)));
    assert_eq!((bench.requested(0), bench.sets(0).0), (700_000, 1));
    let again = load(bench.library()).expect("the driver of now");
    assert!(matches!(device.power_usage(), Err(NvmlError::GpuLost)), "a handle of before stays dead");
    let device = again.device_by_uuid(uuid.as_str()).expect("the same GPU");
    assert_eq!(device.index().expect("a number"), 1, "under another number");
    assert_eq!(again.device_by_index(0).expect("the other").name().expect("a name"), "NVIDIA H200");
    assert_eq!(device.enforced_power_limit().expect("a limit"), 700_000);
    assert!(!device.is_in_persistent_mode().expect("a mode"));
    assert!(device.total_energy_consumption().expect("energy") < 1_000);
    drop(nvml);
    assert_eq!(again.device_count().expect("the other user's session goes on"), 2);
}

#[test]
fn without_a_driver_nothing_answers_until_it_is_loaded() {
    let (_folder, bench) = bench(&[Card::H100]);
    let first = nvml(&bench);
    let device = first.device_by_index(0).expect("a GPU");
    bench.unload();
    assert!(matches!(device.power_usage(), Err(NvmlError::DriverNotLoaded)));
    assert!(matches!(first.device_count(), Err(NvmlError::DriverNotLoaded)));
    assert!(matches!(load(bench.library()), Err(NvmlError::DriverNotLoaded)));
    bench.load();
    assert!(matches!(device.power_usage(), Err(NvmlError::GpuLost)));
    assert_eq!(nvml(&bench).device_count().expect("a count"), 1);
}

#[test]
fn a_bench_in_real_time_moves_by_itself_and_stops_with_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = Bench::new(folder.path(), &library_beside_tests(), &[Card::H100]).expect("a bench");
    let nvml = nvml(&bench);
    bench.demand(0, 600.0);
    let before = said(&nvml, 0, 83);
    while said(&nvml, 0, 83) == before || bench.power_now(0) < 599.0 {
        thread::sleep(millis(5));
    }
    // Each board reads wrong in its own proportion.
    let reading = said(&nvml, 0, 186);
    let expected = 600_000.0 * bench.gain(0);
    while (said(&nvml, 0, 186).abs_diff(plant::convert::u64_from_f64_rounded(expected))) > 1 {
        thread::sleep(millis(5));
    }
    assert!(reading > 0 && (bench.gain(0) - 1.0).abs() > 1e-6);
    drop(bench);
    let last = said(&nvml, 0, 83);
    thread::sleep(millis(150));
    assert_eq!(said(&nvml, 0, 83), last, "nobody steps it any more");
}
