//! The bare symbols, as C may call them: null pointers, sizes of all kinds, handles that nobody gave out.

use std::ffi::{CStr, CString, c_char, c_uint};
use std::mem::zeroed;
use std::ptr::{null, null_mut, without_provenance_mut};
use std::thread;

use nvml_wrapper_sys::bindings::{
    NvmlLib, nvmlDevice_t, nvmlFieldValue_t, nvmlPciInfo_t, nvmlPowerValue_v2_t, nvmlUtilization_t, nvmlViolationTime_t,
};
use proptest::prelude::*;
use sim_nvml::{Bench, Card};
use tempfile::TempDir;

use super::bench;

const SUCCESS: u32 = 0;
const UNINITIALIZED: u32 = 1;
const INVALID_ARGUMENT: u32 = 2;
const NOT_SUPPORTED: u32 = 3;
const INSUFFICIENT_SIZE: u32 = 7;
const LOST: u32 = 15;
const VERSION_MISMATCH: u32 = 25;
const POWER_VALUE: u32 = 0x0200_000C;

fn raw(cards: &[Card]) -> (TempDir, Bench, NvmlLib) {
    let (folder, bench) = bench(cards);
    // SAFETY: the library is ours and its loading does nothing.
    let lib = unsafe { NvmlLib::new(bench.library()) }.expect("the library");
    (folder, bench, lib)
}

fn first(lib: &NvmlLib) -> nvmlDevice_t {
    let mut device = null_mut();
    // SAFETY: the pointer is to room for a handle.
    assert_eq!(unsafe { lib.nvmlDeviceGetHandleByIndex_v2(0, &raw mut device) }, SUCCESS);
    device
}

/// Calls every symbol that takes a handle, with null for everything else; what each answered.
fn all(lib: &NvmlLib, device: nvmlDevice_t) -> Vec<(&'static str, u32)> {
    // SAFETY: null is a pointer that every symbol must refuse before it looks behind it.
    unsafe {
        vec![
            ("index", lib.nvmlDeviceGetIndex(device, null_mut())),
            ("uuid", lib.nvmlDeviceGetUUID(device, null_mut(), 96)),
            ("name", lib.nvmlDeviceGetName(device, null_mut(), 96)),
            ("serial", lib.nvmlDeviceGetSerial(device, null_mut(), 30)),
            ("architecture", lib.nvmlDeviceGetArchitecture(device, null_mut())),
            ("pci", lib.nvmlDeviceGetPciInfo_v3(device, null_mut())),
            ("mig", lib.nvmlDeviceGetMigMode(device, null_mut(), null_mut())),
            ("usage", lib.nvmlDeviceGetPowerUsage(device, null_mut())),
            ("energy", lib.nvmlDeviceGetTotalEnergyConsumption(device, null_mut())),
            ("limit", lib.nvmlDeviceGetPowerManagementLimit(device, null_mut())),
            ("enforced", lib.nvmlDeviceGetEnforcedPowerLimit(device, null_mut())),
            ("default", lib.nvmlDeviceGetPowerManagementDefaultLimit(device, null_mut())),
            ("constraints", lib.nvmlDeviceGetPowerManagementLimitConstraints(device, null_mut(), null_mut())),
            ("mode", lib.nvmlDeviceGetPowerManagementMode(device, null_mut())),
            ("set", lib.nvmlDeviceSetPowerManagementLimit(device, 0)),
            ("set scoped", lib.nvmlDeviceSetPowerManagementLimit_v2(device, null_mut())),
            ("temperature", lib.nvmlDeviceGetTemperature(device, 0, null_mut())),
            ("sensor", lib.nvmlDeviceGetTemperature(device, 9, null_mut())),
            ("reasons", lib.nvmlDeviceGetCurrentClocksThrottleReasons(device, null_mut())),
            ("events", lib.nvmlDeviceGetCurrentClocksEventReasons(device, null_mut())),
            ("known", lib.nvmlDeviceGetSupportedClocksThrottleReasons(device, null_mut())),
            ("errors", lib.nvmlDeviceGetTotalEccErrors(device, 0, 0, null_mut())),
            ("error kinds", lib.nvmlDeviceGetTotalEccErrors(device, 7, 7, null_mut())),
            ("utilisation", lib.nvmlDeviceGetUtilizationRates(device, null_mut())),
            ("persistence", lib.nvmlDeviceGetPersistenceMode(device, null_mut())),
            ("set persistence", lib.nvmlDeviceSetPersistenceMode(device, 2)),
            ("lock", lib.nvmlDeviceSetGpuLockedClocks(device, 9, 0)),
            ("fields", lib.nvmlDeviceGetFieldValues(device, 3, null_mut())),
            ("violation", lib.nvmlDeviceGetViolationStatus(device, 0, null_mut())),
            ("clock", lib.nvmlDeviceGetClockInfo(device, 0, null_mut())),
            ("clock kind", lib.nvmlDeviceGetClockInfo(device, 77, null_mut())),
            ("highest clock", lib.nvmlDeviceGetMaxClockInfo(device, 1, null_mut())),
        ]
    }
}

#[test]
fn nobody_is_answered_before_he_has_initialised() {
    let (_folder, _bench, lib) = raw(&[Card::H100]);
    let nobody = null_mut();
    assert!(all(&lib, nobody).iter().all(|(_, code)| *code == UNINITIALIZED));
    // SAFETY: as in `all`.
    unsafe {
        assert_eq!(lib.nvmlShutdown(), UNINITIALIZED);
        assert_eq!(lib.nvmlDeviceGetCount_v2(null_mut()), UNINITIALIZED);
        assert_eq!(lib.nvmlInit_v2(), SUCCESS);
        assert_eq!(lib.nvmlInitWithFlags(3), SUCCESS);
        let device = first(&lib);
        assert_eq!(lib.nvmlShutdown(), SUCCESS);
        let mut power: c_uint = 0;
        assert_eq!(lib.nvmlDeviceGetPowerUsage(device, &raw mut power), SUCCESS, "one user is left");
        assert_eq!(lib.nvmlShutdown(), SUCCESS);
        assert_eq!(lib.nvmlDeviceGetPowerUsage(device, &raw mut power), UNINITIALIZED);
        assert_eq!(lib.nvmlShutdown(), UNINITIALIZED);
    }
}

#[test]
fn null_pointers_and_handles_of_nobody_are_invalid_arguments() {
    let (_folder, bench, lib) = raw(&[Card::H100]);
    // SAFETY: as in `all`.
    unsafe {
        assert_eq!(lib.nvmlInit_v2(), SUCCESS);
        assert_eq!(lib.nvmlDeviceGetCount_v2(null_mut()), INVALID_ARGUMENT);
        assert_eq!(lib.nvmlSystemGetDriverVersion(null_mut(), 80), INVALID_ARGUMENT);
        assert_eq!(lib.nvmlSystemGetNVMLVersion(null_mut(), 80), INVALID_ARGUMENT);
        assert_eq!(lib.nvmlDeviceGetHandleByIndex_v2(0, null_mut()), INVALID_ARGUMENT);
        assert_eq!(lib.nvmlDeviceGetHandleByUUID(null(), null_mut()), INVALID_ARGUMENT);
        let mut device = null_mut();
        assert_eq!(lib.nvmlDeviceGetHandleByUUID(null(), &raw mut device), INVALID_ARGUMENT);
        assert_eq!(lib.nvmlDeviceGetHandleBySerial(null(), &raw mut device), INVALID_ARGUMENT);
        assert_eq!(lib.nvmlDeviceGetHandleByPciBusId_v2(null(), &raw mut device), INVALID_ARGUMENT);
        assert!(device.is_null(), "nothing was given out");
    }
    for (name, code) in all(&lib, first(&lib)) {
        assert_eq!(code, INVALID_ARGUMENT, "{name}");
    }
    for nobody in [0usize, 1, 8, 0x5_0001, 0x7_0000, usize::MAX] {
        for (name, code) in all(&lib, without_provenance_mut(nobody)) {
            assert!(code == INVALID_ARGUMENT || code == LOST, "{name} on {nobody:#x}: {code}");
        }
    }
    assert_eq!((bench.sets(0), bench.requested(0)), ((0, 0), 700_000), "nothing was set by all that");
}

#[test]
fn a_text_needs_its_room_and_gets_no_more() {
    let (_folder, bench, lib) = raw(&[Card::H100]);
    // SAFETY: the room is as long as is said, and a byte more.
    unsafe {
        assert_eq!(lib.nvmlInit_v2(), SUCCESS);
        let device = first(&lib);
        for length in 0..=100u32 {
            let mut room = [0x55u8; 101];
            let code = lib.nvmlDeviceGetUUID(device, room.as_mut_ptr().cast::<c_char>(), length);
            if length <= 40 {
                assert_eq!((code, room), (INSUFFICIENT_SIZE, [0x55; 101]), "{length} bytes");
                continue;
            }
            assert_eq!(code, SUCCESS, "{length} bytes");
            let text = CStr::from_bytes_until_nul(&room).expect("an end");
            assert_eq!(text.to_str().expect("text"), bench.uuid(0));
            assert!(room[41..].iter().all(|byte| *byte == 0x55), "nothing behind its end was touched");
        }
        for length in 0..=12u32 {
            let mut room = [0u8; 100];
            let code = lib.nvmlSystemGetDriverVersion(room.as_mut_ptr().cast::<c_char>(), length);
            assert_eq!(code, if length < 10 { INSUFFICIENT_SIZE } else { SUCCESS });
        }
    }
}

#[test]
fn codes_have_sentences() {
    let (_folder, _bench, lib) = raw(&[Card::H100]);
    for code in (0..40).chain([999, 1000, u32::MAX]) {
        // SAFETY: the sentence is static.
        let text = unsafe { CStr::from_ptr(lib.nvmlErrorString(code)) };
        assert!(!text.to_bytes().is_empty(), "{code}");
    }
}

#[test]
fn limits_of_a_module_go_through_the_newer_symbol() {
    let (_folder, bench, lib) = raw(&[Card::GH200, Card::H100]);
    let set = |number: u32, version: u32, scope: u8, milliwatts: u32| {
        let mut device = null_mut();
        let mut value = nvmlPowerValue_v2_t { version, powerScope: scope, powerValueMw: milliwatts };
        // SAFETY: both pointers are to what their types say.
        unsafe {
            assert_eq!(lib.nvmlDeviceGetHandleByIndex_v2(number, &raw mut device), SUCCESS);
            lib.nvmlDeviceSetPowerManagementLimit_v2(device, &raw mut value)
        }
    };
    // SAFETY: it takes nothing.
    assert_eq!(unsafe { lib.nvmlInit_v2() }, SUCCESS);
    assert_eq!(set(0, POWER_VALUE, 0, 500_000), NOT_SUPPORTED);
    assert_eq!(set(0, POWER_VALUE, 2, 500_000), NOT_SUPPORTED);
    assert_eq!(set(0, POWER_VALUE, 3, 500_000), INVALID_ARGUMENT);
    assert_eq!(set(0, 1, 1, 500_000), VERSION_MISMATCH);
    assert_eq!(set(0, POWER_VALUE, 1, 1), INVALID_ARGUMENT);
    assert_eq!(set(0, POWER_VALUE, 1, 500_000), SUCCESS);
    assert_eq!(bench.enforced(0), 500_000);
    assert_eq!(set(1, POWER_VALUE, 1, 500_000), NOT_SUPPORTED);
    assert_eq!(set(1, POWER_VALUE, 0, 500_000), SUCCESS);
    assert_eq!(bench.enforced(1), 500_000);

    let device = first(&lib);
    let ids = [185, 186, 187, 188, 189, 190, 192, 82, 83, 999];
    for (scope, there) in [(0, false), (1, true)] {
        // SAFETY: zeroes are a field value, and there are as many of them as is said.
        let mut fields: Vec<nvmlFieldValue_t> = ids.iter().map(|_| unsafe { zeroed() }).collect();
        for (field, id) in fields.iter_mut().zip(ids) {
            (field.fieldId, field.scopeId) = (id, scope);
        }
        // SAFETY: as above.
        let code = unsafe { lib.nvmlDeviceGetFieldValues(device, 10, fields.as_mut_ptr()) };
        assert_eq!(code, SUCCESS);
        for field in &fields {
            let expected = match field.fieldId {
                82 | 83 => SUCCESS,
                999 => NOT_SUPPORTED,
                _ if there => SUCCESS,
                _ => NOT_SUPPORTED,
            };
            assert_eq!(field.nvmlReturn, expected, "field {} in scope {scope}", field.fieldId);
            assert_eq!(field.scopeId, scope);
            assert!(field.timestamp > 1_600_000_000_000_000);
        }
        if there {
            // SAFETY: the field says that it is a number of 32 bits.
            assert_eq!(unsafe { fields[5].value.uiVal }, 500_000);
        }
    }
}

/// A word that C passes: small, large, or anything.
fn number() -> impl Strategy<Value = u32> {
    prop_oneof![0u32..300, 190_000u32..710_000, any::<u32>(), Just(0xFFFF_FF01)]
}

fn poke(lib: &NvmlLib, device: nvmlDevice_t, which: u32, (a, b): (u32, u32), text: &CString) -> u32 {
    let (mut x, mut y, mut long): (c_uint, c_uint, u64) = (0, 0, 0);
    let mut room = [0u8; 101];
    let mut found = null_mut();
    // SAFETY: every pointer is to what its type says, and lengths are within the room.
    unsafe {
        let mut pci: nvmlPciInfo_t = zeroed();
        let mut rates: nvmlUtilization_t = zeroed();
        let mut time: nvmlViolationTime_t = zeroed();
        let mut fields: [nvmlFieldValue_t; 16] = zeroed();
        for (n, field) in (0..).zip(&mut fields) {
            (field.fieldId, field.scopeId) = (a.wrapping_add(n), b);
        }
        let mut value = nvmlPowerValue_v2_t {
            version: POWER_VALUE,
            powerScope: u8::try_from(a % 5).expect("small"),
            powerValueMw: b,
        };
        match which {
            0 => lib.nvmlDeviceGetHandleByIndex_v2(a, &raw mut found),
            1 => lib.nvmlDeviceGetHandleByUUID(text.as_ptr(), &raw mut found),
            2 => lib.nvmlDeviceGetHandleBySerial(text.as_ptr(), &raw mut found),
            3 => lib.nvmlDeviceGetHandleByPciBusId_v2(text.as_ptr(), &raw mut found),
            4 => lib.nvmlDeviceGetName(device, room.as_mut_ptr().cast::<c_char>(), a % 101),
            5 => lib.nvmlDeviceGetSerial(device, room.as_mut_ptr().cast::<c_char>(), a % 101),
            6 => lib.nvmlDeviceGetPciInfo_v3(device, &raw mut pci),
            7 => lib.nvmlDeviceGetMigMode(device, &raw mut x, &raw mut y),
            8 => lib.nvmlDeviceGetPowerManagementLimitConstraints(device, &raw mut x, &raw mut y),
            9 => lib.nvmlDeviceSetPowerManagementLimit(device, a),
            10 => lib.nvmlDeviceSetPowerManagementLimit_v2(device, &raw mut value),
            11 => lib.nvmlDeviceGetTemperature(device, a, &raw mut x),
            12 => lib.nvmlDeviceGetTotalEccErrors(device, a % 4, b % 4, &raw mut long),
            13 => lib.nvmlDeviceGetUtilizationRates(device, &raw mut rates),
            14 => lib.nvmlDeviceSetPersistenceMode(device, a),
            15 => lib.nvmlDeviceSetGpuLockedClocks(device, a, b),
            16 => lib.nvmlDeviceResetGpuLockedClocks(device),
            17 => lib.nvmlDeviceGetFieldValues(device, i32::try_from(a % 18).expect("small") - 1, fields.as_mut_ptr()),
            18 => lib.nvmlDeviceGetViolationStatus(device, a, &raw mut time),
            19 => lib.nvmlDeviceGetClockInfo(device, a, &raw mut x),
            20 => lib.nvmlDeviceGetMaxClockInfo(device, a, &raw mut x),
            21 => lib.nvmlDeviceGetTotalEnergyConsumption(device, &raw mut long),
            22 => lib.nvmlDeviceGetIndex(device, &raw mut x),
            _ => lib.nvmlSystemGetNVMLVersion(room.as_mut_ptr().cast::<c_char>(), a % 101),
        }
    }
}

#[test]
fn no_call_crashes_and_no_limit_leaves_its_bounds() {
    let (_folder, bench, lib) = raw(&[Card::H100, Card::T4]);
    // SAFETY: it takes nothing.
    assert_eq!(unsafe { lib.nvmlInit_v2() }, SUCCESS);
    let device = first(&lib);
    let known = [SUCCESS, INVALID_ARGUMENT, NOT_SUPPORTED, 6, INSUFFICIENT_SIZE, LOST, VERSION_MISMATCH];
    let call = (0u32..24, number(), number(), any::<usize>(), proptest::bool::weighted(0.8), "[ -~]{0,60}");
    let config = ProptestConfig { cases: 2_000, ..ProptestConfig::default() };
    proptest!(config, |((which, a, b, wild, sane, text) in call)| {
        let handle = if sane { device } else { without_provenance_mut(wild) };
        let code = poke(&lib, handle, which, (a, b), &CString::new(text).expect("no zeroes"));
        prop_assert!(known.contains(&code), "symbol {which} says {code}");
        prop_assert!((200_000..=700_000).contains(&bench.enforced(0)));
        prop_assert!((60_000..=70_000).contains(&bench.enforced(1)));
    });
}

/// Threads call while the driver is loaded anew again and again: nobody crashes, and nobody's limit of before is in force after.
#[test]
fn calls_that_race_a_reload_are_told_or_come_in_time() {
    let (_folder, bench, lib) = raw(&[Card::H100]);
    // SAFETY: it takes nothing.
    assert_eq!(unsafe { lib.nvmlInit_v2() }, SUCCESS);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..3u32)
            .map(|n| {
                let lib = &lib;
                scope.spawn(move || {
                    let mut taken = 0u32;
                    for round in 0..3_000u32 {
                        // SAFETY: the pointer is to room for a handle.
                        unsafe {
                            let mut device = null_mut();
                            if lib.nvmlDeviceGetHandleByIndex_v2(0, &raw mut device) == UNINITIALIZED {
                                lib.nvmlInit_v2();
                            } else if lib.nvmlDeviceSetPowerManagementLimit(device, 200_000 + n * 1_000 + round)
                                == SUCCESS
                            {
                                taken += 1;
                            }
                        }
                    }
                    taken
                })
            })
            .collect();
        while threads.iter().any(|thread| !thread.is_finished()) {
            bench.reload_driver();
            thread::yield_now();
        }
        let taken: u32 = threads.into_iter().map(|thread| thread.join().expect("no panic")).sum();
        assert_eq!(bench.sets(0).0, taken, "every limit that was taken was counted, and no other");
    });
    bench.reload_driver();
    assert_eq!(bench.enforced(0), 700_000);
}
