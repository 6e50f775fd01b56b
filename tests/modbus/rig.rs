//! A hall of points behind the adapter, driven scan by scan.

use std::sync::Arc;
use std::time::{Duration, Instant};

use plant::bind::{Bound, ModbusDevice};
use plant::command::{Command, Level, Reason, WriteOutcome, WriteReport};
use plant::device::{Access, ByteOrder, DeviceMap, Register, RegisterTable, RegisterType, RegisterWrite};
use plant::hall::Kind;
use plant::id::{EquipId, Id, PointId};
use plant::image::{Inputs, Outputs};
use plant::reading::Why;
use plant::time::{Mono, Span, Tick, Wall};
use plant::units::{Affine, Unit};
use wattloop::adapters::modbus::{Counts, Endpoint, Gateway, Modbus, ModbusConfig, Writes, start};
use wattloop::adapters::{Field, Shared, Stamp};

pub const SAME: Affine = Affine { scale: 1.0, offset: 0.0 };

/// A register that is read each scan and holds a plain word.
pub fn register(table: RegisterTable, address: u16) -> Register {
    Register {
        point: format!("p{address}"),
        table,
        address,
        ty: match table {
            RegisterTable::Coil | RegisterTable::Discrete => RegisterType::Bool,
            RegisterTable::Input | RegisterTable::Holding => RegisterType::Uint16,
        },
        byte_order: ByteOrder::Abcd,
        scale: 1.0,
        offset: 0.0,
        unit: Unit::One,
        invalid: Vec::new(),
        min: f64::MIN,
        max: f64::MAX,
        poll: Span::ZERO,
        access: Access::Ro,
        write: None,
        place: (1, 1),
    }
}

/// A register that may be written, read back, refreshed rarely.
pub fn writable(table: RegisterTable, address: u16) -> Register {
    Register {
        access: Access::Rw,
        write: Some(RegisterWrite {
            min: 0.0,
            max: 60_000.0,
            failsafe: 100.0,
            refresh: Span::from_secs(3600),
            read_back: true,
            tolerance: 0.0,
            nonvolatile: false,
            min_interval: Span::from_secs(3600),
            multiple: false,
        }),
        ..register(table, address)
    }
}

/// The register with its writing changed.
pub fn altered(register: Register, change: impl Fn(&mut RegisterWrite)) -> Register {
    let mut write = register.write.unwrap();
    change(&mut write);
    Register { write: Some(write), ..register }
}

pub fn map(registers: Vec<Register>) -> Arc<DeviceMap> {
    Arc::new(DeviceMap {
        id: "test".into(),
        kind: Kind::Fan,
        vendor: String::new(),
        model: String::new(),
        comm_loss: None,
        identity: Vec::new(),
        registers,
        topics: Vec::new(),
    })
}

/// Units with the same registers; points are numbered through.
pub fn devices(gateway: &str, units: &[u8], registers: &[Register]) -> Vec<ModbusDevice> {
    let map = map(registers.to_vec());
    let mut next = 0..;
    let mut bound = |_: &Register| Bound { point: PointId::from_index(next.next().unwrap()), to_canonical: SAME };
    units
        .iter()
        .map(|unit| ModbusDevice {
            equip: EquipId::from_index(usize::from(*unit)),
            map: Arc::clone(&map),
            gateway: gateway.into(),
            unit: *unit,
            points: map.registers.iter().map(&mut bound).collect(),
        })
        .collect()
}

/// A gateway with the times of a test on loopback: a loaded machine answers in time, and back-offs are short.
pub fn gateway(url: &str) -> Gateway {
    Gateway {
        timeout: Span::from_millis(1000),
        worst_reply: Span::from_millis(1000),
        back_off: Span::from_millis(30),
        back_off_max: Span::from_millis(120),
        ..Gateway::new(Endpoint::try_from(url.to_string()).unwrap())
    }
}

pub fn config(gateway: Gateway) -> ModbusConfig {
    ModbusConfig { gateway: [("gw".to_string(), gateway)].into() }
}

pub fn stamp() -> Stamp {
    let start = Instant::now();
    // Never zero, so that a sample is never as old as one that was never read.
    Arc::new(move || Mono(u64::try_from(start.elapsed().as_nanos()).unwrap() + 1))
}

pub struct Rig {
    pub modbus: Modbus,
    pub shared: Arc<Shared>,
    pub inputs: Inputs,
    pub reports: Vec<WriteReport>,
    field: Field,
    seq: u64,
    dt: Span,
}

impl Rig {
    /// Starts the adapter for `devices` behind one gateway. Must run inside a runtime with threads of its own.
    pub fn new(gateway: Gateway, devices: &[ModbusDevice], writes: Writes) -> Self {
        let points = devices.iter().map(|d| d.points.len()).sum();
        let shared = Shared::new(points, stamp());
        let mut field = Field::new(Arc::clone(&shared));
        let modbus = start(&config(gateway), devices, &mut field, writes).unwrap();
        let inputs = Inputs::unread(points);
        Self { modbus, shared, inputs, reports: Vec::new(), field, seq: 0, dt: Span::from_millis(10) }
    }

    pub fn tick(&self) -> Tick {
        let mono = self.shared.now();
        Tick { seq: self.seq, dt: self.dt, mono, wall: Wall(0), clock_trusted: true, boot: 0 }
    }

    /// One poll, waited for to its end.
    pub fn poll(&mut self) {
        self.poll_for(Duration::from_secs(30));
    }

    pub fn poll_for(&mut self, patience: Duration) {
        let tick = self.tick();
        self.field.poll(tick);
        self.field.freeze(tick.seq, patience, &mut self.inputs);
        self.reports.append(&mut self.inputs.reports);
        self.seq += 1;
    }

    /// Hands values over as the last ones.
    pub fn hand_over(&mut self, values: &[(usize, f64)]) -> bool {
        let safe = self.field.hand_over(&outputs(values), self.tick(), Duration::from_secs(30));
        self.seq += 1;
        safe
    }

    /// Orders values; the poll that follows waits for them too, because the bus works in order.
    pub fn write(&mut self, values: &[(usize, f64)]) {
        self.field.write(&outputs(values), self.tick());
        // Let the actor take the order before the next one may supersede it.
        std::thread::sleep(Duration::from_millis(2));
    }

    /// Writes and polls.
    pub fn scan(&mut self, values: &[(usize, f64)]) {
        self.write(values);
        self.poll();
    }

    pub fn value(&self, point: usize) -> Result<f64, Why> {
        self.inputs.samples[PointId::from_index(point)].value
    }

    pub fn counts(&self) -> Counts {
        self.modbus.gateways().next().unwrap().1.counts()
    }

    /// What became of the writes of `point` so far.
    pub fn outcomes(&self, point: usize) -> Vec<WriteOutcome> {
        self.reports.iter().filter(|r| r.point == PointId::from_index(point)).map(|r| r.outcome).collect()
    }

    /// Polls until `done`, at most for 20 s.
    pub fn until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let start = Instant::now();
        while !done(self) {
            assert!(start.elapsed() < Duration::from_secs(20), "never: {what}; {:?}", self.counts());
            self.poll();
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn outputs(values: &[(usize, f64)]) -> Outputs {
    let command = |&(point, value): &(usize, f64)| Command {
        point: PointId::from_index(point),
        value,
        level: Level::Control,
        reason: Reason::Relinquished,
    };
    Outputs { commands: values.iter().map(command).collect(), ..Outputs::default() }
}

/// A runtime whose threads outlive no test.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
