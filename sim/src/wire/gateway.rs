//! A Modbus TCP gateway with as many units as the bindings put behind it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plant::device::RegisterTable;
use tokio::net::TcpListener;
use tokio_modbus::server::Service;
use tokio_modbus::server::tcp::{Server, accept_tcp_connection};
use tokio_modbus::{ExceptionCode, Request, Response, SlaveRequest};

use super::{Stage, lock};

/// The most words one request may read (Modbus application protocol 1.1b3, 6.3).
const MOST_WORDS: u16 = 125;
/// The most bits one request may read (6.1).
const MOST_BITS: u16 = 2000;

/// Answers requests of one connection.
#[derive(Clone)]
pub(super) struct Units {
    gateway: Arc<str>,
    stage: Arc<Mutex<Stage>>,
}

/// What becomes of a request.
enum Answer {
    /// An answer after a while.
    After(Duration, Result<Response, ExceptionCode>),
    /// Nothing, as from a unit that is off.
    Silence,
}

impl Units {
    /// The units behind this gateway.
    pub(super) fn behind(gateway: &str, stage: Arc<Mutex<Stage>>) -> Self {
        Self { gateway: gateway.into(), stage }
    }
}

/// Serves for ever: a gateway's units, or whatever else answers Modbus.
pub(super) async fn run<S>(listener: TcpListener, service: S)
where
    S: Service<Request = SlaveRequest<'static>, Exception = ExceptionCode> + Clone + Send + Sync + 'static,
    S::Response: Into<Option<Response>> + Send,
    S::Future: Send,
{
    let server = Server::new(listener);
    let connected = |stream, from| {
        let service = service.clone();
        async move { accept_tcp_connection(stream, from, move |_| Ok(Some(service.clone()))) }
    };
    // A peer that goes away in the middle of a frame is no news; an accept that fails for a moment is tried again.
    while server.serve(&connected, |error| tracing::debug!(%error, "a peer went away")).await.is_err() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

impl Service for Units {
    type Request = SlaveRequest<'static>;
    type Response = Option<Response>;
    type Exception = ExceptionCode;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Exception>> + Send>>;

    fn call(&self, request: Self::Request) -> Self::Future {
        let answer = answer(&mut lock(&self.stage), &self.gateway, &request);
        Box::pin(async move {
            match answer {
                Answer::After(delay, answer) => {
                    if !delay.is_zero() {
                        tokio::time::sleep(delay).await;
                    }
                    answer.map(Some)
                }
                Answer::Silence => Ok(None),
            }
        })
    }
}

/// True for a write to this holding register, among others.
fn touches(request: &Request<'_>, register: Option<u16>) -> bool {
    let Some(register) = register else { return false };
    if let Request::WriteSingleRegister(at, _) = request {
        return *at == register;
    }
    if let Request::WriteMultipleRegisters(at, words) = request {
        return register.checked_sub(*at).is_some_and(|n| usize::from(n) < words.len());
    }
    false
}

fn answer(stage: &mut Stage, gateway: &str, asked: &SlaveRequest<'_>) -> Answer {
    let code = asked.request.function_code().value();
    let count = stage.requests.entry(code).or_insert(0);
    *count = count.saturating_add(1);
    let Stage { world, inputs, banks, .. } = stage;
    let Some(bank) = banks.iter().find(|b| b.gateway == gateway && b.unit == asked.slave) else {
        return Answer::After(Duration::ZERO, Err(ExceptionCode::GatewayTargetDevice));
    };
    if bank.drill.dead || touches(&asked.request, bank.drill.mute) {
        return Answer::Silence;
    }
    world.hear(bank.equip);
    let delay = bank.drill.late.unwrap_or_default();
    if let Some(code) = bank.drill.exception {
        return Answer::After(delay, Err(ExceptionCode::new(code)));
    }
    let answer = match &asked.request {
        Request::ReadCoils(at, n) if (1..=MOST_BITS).contains(n) => {
            bank.bits(inputs, RegisterTable::Coil, *at, *n).map(Response::ReadCoils)
        }
        Request::ReadDiscreteInputs(at, n) if (1..=MOST_BITS).contains(n) => {
            bank.bits(inputs, RegisterTable::Discrete, *at, *n).map(Response::ReadDiscreteInputs)
        }
        Request::ReadInputRegisters(at, n) if (1..=MOST_WORDS).contains(n) => {
            bank.words(inputs, RegisterTable::Input, *at, *n).map(Response::ReadInputRegisters)
        }
        Request::ReadHoldingRegisters(at, n) if (1..=MOST_WORDS).contains(n) => {
            bank.words(inputs, RegisterTable::Holding, *at, *n).map(Response::ReadHoldingRegisters)
        }
        Request::WriteSingleCoil(at, bit) => {
            bank.write_bits(world, inputs, *at, &[*bit]).map(|()| Response::WriteSingleCoil(*at, *bit))
        }
        Request::WriteMultipleCoils(at, bits) => {
            let n = u16::try_from(bits.len()).unwrap_or(u16::MAX);
            bank.write_bits(world, inputs, *at, bits).map(|()| Response::WriteMultipleCoils(*at, n))
        }
        Request::WriteSingleRegister(at, word) => {
            bank.write_words(world, inputs, *at, &[*word]).map(|()| Response::WriteSingleRegister(*at, *word))
        }
        Request::WriteMultipleRegisters(at, words) => {
            let n = u16::try_from(words.len()).unwrap_or(u16::MAX);
            bank.write_words(world, inputs, *at, words).map(|()| Response::WriteMultipleRegisters(*at, n))
        }
        Request::ReadCoils(..)
        | Request::ReadDiscreteInputs(..)
        | Request::ReadInputRegisters(..)
        | Request::ReadHoldingRegisters(..) => Err(ExceptionCode::IllegalDataValue),
        Request::ReportServerId
        | Request::MaskWriteRegister(..)
        | Request::ReadWriteMultipleRegisters(..)
        | Request::ReadDeviceIdentification(..)
        | Request::Custom(..) => Err(ExceptionCode::IllegalFunction),
    };
    Answer::After(delay, answer)
}
