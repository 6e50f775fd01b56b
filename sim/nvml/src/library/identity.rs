//! Symbols that find a GPU and say which it is.
#![expect(unsafe_code, reason = "a symbol's name is the linker's, and nobody else in a process has NVML's")]

use super::code::Code;
use super::pointer::{Out, Room, Words};
use super::session::{Handle, ask, handle, on_any};
use crate::board::{Board, Can, Fault, Gpu};
use plant::convert;

/// The bus of the first GPU.
const FIRST_BUS: u32 = 0x18;

/// `nvmlPciInfo_t`.
#[derive(Clone, Copy)]
#[repr(C)]
struct Pci {
    short: [u8; 16],
    domain: u32,
    bus: u32,
    device: u32,
    id: u32,
    subsystem: u32,
    long: [u8; 32],
}

/// By the driver's number, which may be another one after a reload.
#[unsafe(export_name = "nvmlDeviceGetHandleByIndex_v2")]
extern "C" fn by_index(index: u32, device: Out<Handle>) -> Code {
    ask(|board| {
        device.check()?;
        let slot = board.slot(convert::usize_from_u32(index)).ok_or(Code::INVALID_ARGUMENT)?;
        device.put(handle(board, slot, false)?)
    })
}

/// By the name that stays. `MIG-` instead of `GPU-` finds the instance of a GPU that is cut.
#[unsafe(export_name = "nvmlDeviceGetHandleByUUID")]
extern "C" fn by_uuid(uuid: Words, device: Out<Handle>) -> Code {
    ask(|board| {
        device.check()?;
        let uuid = uuid.read()?;
        let instance = uuid.strip_prefix("MIG-").map(|rest| format!("GPU-{rest}"));
        let whole = instance.as_ref().unwrap_or(&uuid);
        let slot = find(board, |gpu| gpu.uuid() == *whole && (instance.is_none() || gpu.has(Fault::Mig)))?;
        device.put(handle(board, slot, instance.is_some())?)
    })
}

/// By the number on the board.
#[unsafe(export_name = "nvmlDeviceGetHandleBySerial")]
extern "C" fn by_serial(serial: Words, device: Out<Handle>) -> Code {
    ask(|board| {
        device.check()?;
        let serial = serial.read()?;
        let slot = find(board, |gpu| gpu.serial() == serial)?;
        device.put(handle(board, slot, false)?)
    })
}

/// By the place on the PCI bus, which goes with the slot.
#[unsafe(export_name = "nvmlDeviceGetHandleByPciBusId_v2")]
extern "C" fn by_pci(bus_id: Words, device: Out<Handle>) -> Code {
    ask(|board| {
        device.check()?;
        let bus_id = bus_id.read()?;
        let slot = (0..board.count()).find(|slot| address(*slot).eq_ignore_ascii_case(&bus_id));
        device.put(handle(board, slot.ok_or(Code::NOT_FOUND)?, false)?)
    })
}

/// The driver's number.
#[unsafe(export_name = "nvmlDeviceGetIndex")]
extern "C" fn index(device: Handle, index: Out<u32>) -> Code {
    on_any(device, |call| {
        let number = call.board.number(call.slot).ok_or(Code::UNKNOWN)?;
        index.put(convert::u32_from_usize(number))
    })
}

/// The name that stays.
#[unsafe(export_name = "nvmlDeviceGetUUID")]
extern "C" fn uuid(device: Handle, uuid: Room, length: u32) -> Code {
    on_any(device, |call| {
        let own = call.gpu.uuid();
        let name = own.strip_prefix("GPU-").filter(|_| call.instance).map(|rest| format!("MIG-{rest}"));
        uuid.put(length, &name.unwrap_or(own))
    })
}

/// The product.
#[unsafe(export_name = "nvmlDeviceGetName")]
extern "C" fn name(device: Handle, name: Room, length: u32) -> Code {
    on_any(device, |call| name.put(length, &call.gpu.name()))
}

/// The number on the board.
#[unsafe(export_name = "nvmlDeviceGetSerial")]
extern "C" fn serial(device: Handle, serial: Room, length: u32) -> Code {
    on_any(device, |call| serial.put(length, &call.gpu.serial()))
}

/// The architecture.
#[unsafe(export_name = "nvmlDeviceGetArchitecture")]
extern "C" fn architecture(device: Handle, architecture: Out<u32>) -> Code {
    on_any(device, |call| architecture.put(call.gpu.architecture()))
}

/// The place on the PCI bus.
#[unsafe(export_name = "nvmlDeviceGetPciInfo_v3")]
extern "C" fn pci(device: Handle, pci: Out<Pci>) -> Code {
    on_any(device, |call| {
        let long = address(call.slot);
        let short = long.get(4..).unwrap_or_default();
        pci.put(Pci {
            short: padded(short),
            domain: 0,
            bus: FIRST_BUS + convert::u32_from_usize(call.slot),
            device: 0,
            id: call.gpu.pci_device(),
            subsystem: call.gpu.pci_device(),
            long: padded(&long),
        })
    })
}

/// Whether it is cut into instances, now and after a reset.
#[unsafe(export_name = "nvmlDeviceGetMigMode")]
extern "C" fn mig_mode(device: Handle, current: Out<u32>, pending: Out<u32>) -> Code {
    on_any(device, |call| {
        if !call.gpu.can(Can::Mig) {
            return Err(Code::NOT_SUPPORTED);
        }
        let mode = u32::from(call.gpu.has(Fault::Mig));
        current.put(mode)?;
        pending.put(mode)
    })
}

fn find(board: &Board, which: impl Fn(Gpu<'_>) -> bool) -> Result<usize, Code> {
    board.gpus().position(which).ok_or(Code::NOT_FOUND)
}

/// A slot's place on the PCI bus, with a domain of eight digits.
fn address(slot: usize) -> String {
    format!("00000000:{:02X}:00.0", FIRST_BUS + convert::u32_from_usize(slot))
}

/// A text in a field of fixed length, ended by a zero byte.
fn padded<const BYTES: usize>(text: &str) -> [u8; BYTES] {
    let mut bytes = text.bytes().take(BYTES.saturating_sub(1));
    std::array::from_fn(|_| bytes.next().unwrap_or(0))
}
