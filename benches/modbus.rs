//! Registers a second, from the socket to a value in engineering units with its quality, beside the bare client of
//! tokio-modbus on the same server in the same run. One gateway, ten units, 100 registers each, loopback.
#![expect(clippy::print_stdout, reason = "a bench tells its figures")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use plant::bind::{Bound, ModbusDevice};
use plant::convert::{f64_from_u64, f64_from_usize, nanos_u64};
use plant::device::{Access, ByteOrder, DeviceMap, Register, RegisterTable, RegisterType};
use plant::hall::Kind;
use plant::id::{EquipId, Id, PointId};
use plant::image::Inputs;
use plant::time::{Mono, Span, Tick, Wall};
use plant::units::{Affine, Unit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_modbus::client::{Reader, tcp};
use tokio_modbus::slave::{Slave, SlaveContext};
use wattloop::adapters::modbus::{Endpoint, Gateway, ModbusConfig, Writes, start};
use wattloop::adapters::{Field, Shared};

const UNITS: u8 = 10;
const REGISTERS: u16 = 100;
const RUN: Duration = Duration::from_secs(3);

/// Answers every request for holding registers with so many words of 0x00F1.
async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let mut request = [0; 12];
        stream.read_exact(&mut request).await?;
        let [t0, t1, _, _, _, _, unit, function, _, _, _, count] = request;
        let bytes = count.saturating_mul(2);
        let mut reply = vec![t0, t1, 0, 0, 0, bytes.saturating_add(3), unit, function, bytes];
        reply.extend([0x00, 0xF1].repeat(usize::from(count)));
        stream.write_all(&reply).await?;
    }
}

fn devices() -> Vec<ModbusDevice> {
    let register = |address| Register {
        point: format!("p{address}"),
        table: RegisterTable::Holding,
        address,
        ty: RegisterType::Int16,
        byte_order: ByteOrder::Abcd,
        scale: 0.1,
        offset: 0.0,
        unit: Unit::Cel,
        invalid: vec![0x8000, 0x7FFF],
        min: -40.0,
        max: 90.0,
        poll: Span::ZERO,
        access: Access::Ro,
        write: None,
        place: (1, 1),
    };
    let map = Arc::new(DeviceMap {
        id: "bench".into(),
        kind: Kind::Rack,
        vendor: String::new(),
        model: String::new(),
        comm_loss: None,
        identity: Vec::new(),
        registers: (0..REGISTERS).map(register).collect(),
        topics: Vec::new(),
    });
    let to_canonical = Affine { scale: 1.0, offset: 0.0 };
    let points = |unit: u8| {
        let first = usize::from(unit) * usize::from(REGISTERS);
        (first..).take(usize::from(REGISTERS)).map(|n| Bound { point: PointId::from_index(n), to_canonical }).collect()
    };
    let device = |unit| ModbusDevice {
        equip: EquipId::from_index(usize::from(unit)),
        map: Arc::clone(&map),
        gateway: "gw".into(),
        unit,
        points: points(unit),
    };
    (0..UNITS).map(device).collect()
}

async fn bare(at: String) -> anyhow::Result<f64> {
    let stream = TcpStream::connect(&at).await?;
    stream.set_nodelay(true)?;
    let mut client = tcp::attach_slave(stream, Slave(0));
    let (begin, mut read) = (Instant::now(), 0_usize);
    while begin.elapsed() < RUN {
        for unit in 0..UNITS {
            client.set_slave(Slave(unit));
            read = read.saturating_add(client.read_holding_registers(0, REGISTERS).await??.len());
        }
    }
    Ok(f64_from_usize(read) / begin.elapsed().as_secs_f64())
}

fn ours(at: &str) -> anyhow::Result<f64> {
    let zero = Instant::now();
    let stamp = Arc::new(move || Mono(nanos_u64(zero.elapsed()).saturating_add(1)));
    let points = usize::from(UNITS) * usize::from(REGISTERS);
    let shared = Shared::new(points, stamp);
    let mut field = Field::new(Arc::clone(&shared));
    let gateway = Gateway::new(Endpoint::try_from(format!("tcp://{at}")).map_err(anyhow::Error::msg)?);
    let config = ModbusConfig { gateway: [("gw".to_string(), gateway)].into() };
    let modbus = start(&config, &devices(), &mut field, Writes::Shadow)?;
    let mut inputs = Inputs::unread(points);
    let begin = Instant::now();
    let mut seq = 0;
    while begin.elapsed() < RUN {
        let tick =
            Tick { seq, dt: Span::from_millis(100), mono: shared.now(), wall: Wall(0), clock_trusted: true, boot: 0 };
        field.poll(tick);
        field.freeze(seq, Duration::from_secs(5), &mut inputs);
        seq = seq.saturating_add(1);
    }
    let seconds = begin.elapsed().as_secs_f64();
    let (_, counters) = modbus.gateways().next().context("one gateway")?;
    anyhow::ensure!(counters.bad.get() == 0, "values were lost: {:?}", counters.counts());
    Ok(f64_from_u64(counters.good.get()) / seconds)
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let _inside = runtime.enter();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let at = listener.local_addr()?.to_string();
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    for round in 1..=3 {
        let bare = runtime.block_on(runtime.spawn(bare(at.clone())))??;
        let ours = ours(&at)?;
        println!(
            "round {round}: bare tokio-modbus {:.2} M words/s; wattloop {:.2} M values/s with unit and quality, {:.0} % of it",
            bare / 1e6,
            ours / 1e6,
            100.0 * ours / bare
        );
    }
    Ok(())
}
