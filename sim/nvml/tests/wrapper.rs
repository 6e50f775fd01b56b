//! Every symbol through the wrapper, on every product.

use nvml_wrapper::bitmasks::InitFlags;
use nvml_wrapper::bitmasks::device::ThrottleReasons;
use nvml_wrapper::enum_wrappers::device::{
    Clock, ClockLimitId, EccCounter, MemoryError, PerformancePolicy, TemperatureSensor,
};
use nvml_wrapper::enums::device::{DeviceArchitecture, GpuLockedClocksSetting};
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{FieldIdScheme, Nvml};
use sim_nvml::Card;

use super::{bench, field, millis, nvml, said};

#[test]
fn a_machine_says_what_it_has() {
    let (_folder, bench) = bench(&[Card::H100, Card::A100_40, Card::T4]);
    let nvml = nvml(&bench);
    assert_eq!(nvml.sys_driver_version().expect("a version"), "580.95.05");
    assert_eq!(nvml.sys_nvml_version().expect("a version"), "13.580.95.05");
    assert_eq!(nvml.field_id_scheme(), FieldIdScheme::V13Update1);
    assert_eq!(nvml.device_count().expect("a count"), 3);
    for (number, name) in ["NVIDIA H100 80GB HBM3", "NVIDIA A100-SXM4-40GB", "Tesla T4"].into_iter().enumerate() {
        let number = u32::try_from(number).expect("small");
        let device = nvml.device_by_index(number).expect("a GPU");
        assert_eq!(device.name().expect("a name"), name);
        assert_eq!(device.index().expect("a number"), number);
        let uuid = device.uuid().expect("a UUID");
        assert_eq!(uuid, bench.uuid(usize::try_from(number).expect("small")));
        assert!(uuid.starts_with("GPU-") && uuid.len() == 40, "{uuid}");
        let again = nvml.device_by_uuid(uuid.as_str()).expect("the same GPU");
        assert_eq!(again.index().expect("a number"), number);
        let pci = device.pci_info().expect("a place on the bus");
        assert_eq!((pci.bus, pci.domain), (0x18 + number, 0));
        assert_eq!(nvml.device_by_pci_bus_id(pci.bus_id).expect("the same").index().expect("a number"), number);
        assert_eq!(device.serial().expect("a serial").len(), 13);
    }
    let device = nvml.device_by_index(0).expect("a GPU");
    assert_eq!(device.architecture().expect("one"), DeviceArchitecture::Hopper);
    assert!(matches!(nvml.device_by_index(3), Err(NvmlError::InvalidArg)));
    assert!(matches!(nvml.device_by_uuid("GPU-none"), Err(NvmlError::NotFound)));
    let (other_folder, other) = super::bench(&[Card::H100]);
    assert_eq!(super::nvml(&other).device_count().expect("a count"), 1, "a bench of its own: {other_folder:?}");
}

#[test]
fn every_product_tells_its_limits_and_takes_them() {
    let (_folder, bench) = bench(&Card::ALL);
    bench.step(millis(2_000));
    let nvml = nvml(&bench);
    for (slot, card) in Card::ALL.iter().enumerate() {
        let number = u32::try_from(slot).expect("small");
        let mut device = nvml.device_by_index(number).expect("a GPU");
        assert!(device.total_energy_consumption().expect("energy") > 0, "{}", card.name);
        assert!(
            (20..60).contains(&device.temperature(TemperatureSensor::Gpu).expect("a temperature")),
            "{}",
            card.name
        );
        if card.module_only {
            assert!(matches!(device.power_usage(), Err(NvmlError::NotSupported)), "{}", card.name);
            assert!(matches!(device.set_power_management_limit(card.least_mw), Err(NvmlError::NotSupported)));
            continue;
        }
        let idle = device.power_usage().expect("power");
        assert!((f64::from(idle) / 1000.0 - card.device.idle).abs() < 1.0, "{}: {idle} mW", card.name);
        let bounds = device.power_management_limit_constraints().expect("constraints");
        assert_eq!((bounds.min_limit, bounds.max_limit), (card.least_mw, card.most_mw));
        assert_eq!(device.power_management_limit_default().expect("a default"), card.default_mw);
        assert_eq!(device.power_management_limit().expect("a limit"), card.default_mw);
        assert_eq!(device.enforced_power_limit().expect("a limit"), card.default_mw);
        for (limit, taken) in [
            (card.least_mw, true),
            (card.least_mw - 1, false),
            (card.most_mw, true),
            (card.most_mw + 1, false),
            (0, false),
            (card.least_mw + 1_234, true),
        ] {
            let before = device.power_management_limit().expect("a limit");
            let set = device.set_power_management_limit(limit);
            let expected = if taken { limit } else { before };
            assert_eq!(set.is_ok(), taken, "{}: {limit} mW: {set:?}", card.name);
            assert_eq!(device.power_management_limit().expect("a limit"), expected);
            assert_eq!((bench.requested(slot), bench.enforced(slot)), (expected, expected));
        }
        assert_eq!(bench.sets(slot), (3, std::process::id()), "a refused limit was not set");
        assert_eq!(field(&nvml, number, 82).1.is_ok(), card.memory_sensor, "{}", card.name);
        assert_eq!(field(&nvml, number, 185).1.is_ok(), card.averages, "{}", card.name);
        assert_eq!(device.mig_mode().is_ok(), card.mig, "{}", card.name);
    }
}

#[test]
fn fields_carry_their_own_answers_and_times() {
    let (_folder, bench) = bench(&[Card::H100]);
    bench.demand(0, 500.0);
    bench.step(millis(3_000));
    let nvml = nvml(&bench);
    let mut device = nvml.device_by_index(0).expect("a GPU");
    device.set_power_management_limit(450_000).expect("a limit");
    bench.out_of_band(0, Some(400_000));
    let known = [(187, 200_000), (188, 700_000), (189, 700_000), (190, 400_000), (192, 450_000)];
    for (id, value) in known {
        assert_eq!(said(&nvml, 0, id), value, "field {id}");
    }
    assert_eq!(said(&nvml, 0, 186), 500_000);
    assert_eq!(said(&nvml, 0, 83), device.total_energy_consumption().expect("energy"));
    assert_eq!(said(&nvml, 0, 82), u64::from(device.temperature(TemperatureSensor::Gpu).expect("a temperature")) + 8);
    for unknown in [0, 184, 191, 193, 999, 4_000_000] {
        assert_eq!(field(&nvml, 0, unknown).1, Err("NotSupported".to_owned()), "field {unknown}");
    }
    let before = field(&nvml, 0, 186).0.timestamp;
    assert_eq!(field(&nvml, 0, 185).0.timestamp, before, "both were measured at once");
    bench.step(millis(90));
    assert_eq!(field(&nvml, 0, 186).0.timestamp, before, "not before the sensors speak");
    bench.step(millis(10));
    assert_eq!(field(&nvml, 0, 186).0.timestamp, before + 100_000);
}

#[test]
fn counters_of_what_held_it_back_keep_their_meaning_across_drivers() {
    for driver in ["575.51.03", "580.95.05"] {
        let (_folder, bench) = bench(&[Card::H100]);
        bench.driver(driver);
        bench.power_brake(0, true);
        bench.demand(0, 700.0);
        bench.step(millis(2_000));
        let nvml = nvml(&bench);
        // The wrapper gives the fields from 251 on the numbers of the driver it found.
        let brake = said(&nvml, 0, 253);
        assert!((1_900_000_000..=2_000_000_000).contains(&brake), "{driver}: {brake} ns");
        assert_eq!((said(&nvml, 0, 251), said(&nvml, 0, 252), said(&nvml, 0, 74)), (0, 0, 0), "{driver}");
    }
}

#[test]
fn sensors_modes_and_clocks() {
    let (_folder, bench) = bench(&[Card::H100]);
    let nvml = Nvml::builder()
        .lib_path(bench.library().as_os_str())
        .flags(InitFlags::NO_GPUS)
        .init()
        .expect("a driver with flags");
    let mut device = nvml.device_by_index(0).expect("a GPU");
    assert_eq!(device.utilization_rates().expect("rates").gpu, 0);
    assert!(device.current_throttle_reasons().expect("reasons").contains(ThrottleReasons::GPU_IDLE));
    bench.demand(0, 700.0);
    bench.step(millis(1_000));
    assert_eq!(device.utilization_rates().expect("rates").gpu, 100);
    assert_eq!(device.current_throttle_reasons().expect("reasons"), ThrottleReasons::empty());
    assert!(device.supported_throttle_reasons().expect("reasons").contains(ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN));
    let full = device.clock_info(Clock::SM).expect("a clock");
    assert_eq!(device.max_clock_info(Clock::SM).expect("a clock"), 1980);
    assert!(full > 1_900, "{full} MHz");
    assert_eq!(device.clock_info(Clock::Memory).expect("a clock"), device.max_clock_info(Clock::Memory).expect("one"));

    bench.memory_errors(0, (7, 2));
    assert_eq!(device.total_ecc_errors(MemoryError::Corrected, EccCounter::Volatile).expect("a count"), 7);
    assert_eq!(device.total_ecc_errors(MemoryError::Uncorrected, EccCounter::Aggregate).expect("a count"), 2);

    assert!(!device.is_in_persistent_mode().expect("a mode"));
    device.set_persistent(true).expect("a switch");
    assert!(device.is_in_persistent_mode().expect("a mode"));

    let held = |policy| device.violation_status(policy).expect("a time").violation_time;
    assert_eq!((held(PerformancePolicy::Power), held(PerformancePolicy::Thermal)), (0, 0));
    let lock = GpuLockedClocksSetting::Numeric { min_clock_mhz: 300, max_clock_mhz: 990 };
    device.set_gpu_locked_clocks(lock).expect("a lock");
    bench.step(millis(1_000));
    let locked = device.clock_info(Clock::SM).expect("a clock");
    assert!((900..=990).contains(&locked), "{locked} MHz");
    let drawn = bench.power_now(0);
    assert!((300.0..420.0).contains(&drawn), "half the clock, and a good half of the power: {drawn} W");
    assert!(device.current_throttle_reasons().expect("reasons").contains(ThrottleReasons::APPLICATIONS_CLOCKS_SETTING));
    let rated =
        GpuLockedClocksSetting::Symbolic { lower_bound: ClockLimitId::Tdp, upper_bound: ClockLimitId::Unlimited };
    device.set_gpu_locked_clocks(rated).expect("a lock in words");
    bench.step(millis(1_000));
    assert_eq!(device.clock_info(Clock::SM).expect("a clock"), 1980);
    device.reset_gpu_locked_clocks().expect("free clocks");
    let upside_down = GpuLockedClocksSetting::Numeric { min_clock_mhz: 900, max_clock_mhz: 300 };
    assert!(matches!(device.set_gpu_locked_clocks(upside_down), Err(NvmlError::InvalidArg)));
}
