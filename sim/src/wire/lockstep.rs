//! The clock unit: a Modbus TCP server that tells a simulated hall's time and, in lockstep, moves it.
//!
//! | register | type | |
//! |---|---|---|
//! | input 0 to 3 | u64, high word first | simulated time since the begin (ms) |
//! | input 4 to 7 | u64 | the hall's wall clock (ms since 1970) |
//! | input 8 to 9 | u32 | steps since the begin |
//! | input 10 to 11 | u32 | MQTT messages handed to the broker since the begin |
//! | holding 0 to 1 | u32, both words in one write | moves the hall by so much (ms, 0 to 60,000) as one step; reads as the last step |
//!
//! The answer to a write is the handshake: it leaves when the step is done, every register tells the new state and every
//! MQTT message is on its way. A write of 0 moves nothing and publishes again. While the clock runs free the holding registers
//! refuse (exception 1). A client of one tick: write outputs, write the clock, read inputs, wait for as many messages as
//! the counter has grown by, decide.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use plant::convert;
use plant::time::Span;
use tokio_modbus::server::Service;
use tokio_modbus::{ExceptionCode, Request, Response, SlaveRequest};

use super::message::Publisher;
use super::{Stage, lock};

/// The longest step a write may ask for (ms).
const LONGEST: u32 = 60_000;

/// What a connection to the clock unit works on.
#[derive(Clone)]
pub(super) struct Unit {
    stage: Arc<Mutex<Stage>>,
    publisher: Option<Publisher>,
    moves: bool,
}

impl Unit {
    /// A clock of this stage; `moves` says whether a write moves time, and then `publisher` says what MQTT devices have to say
    /// after each step.
    pub(super) fn new(stage: Arc<Mutex<Stage>>, publisher: Option<Publisher>, moves: bool) -> Self {
        Self { stage, publisher, moves }
    }

    fn answer(&self, request: &Request<'_>) -> Result<Response, ExceptionCode> {
        match request {
            Request::ReadInputRegisters(at, n) => {
                part(&self.told(), (*at, *n)).map(|words| Response::ReadInputRegisters(words.to_vec()))
            }
            Request::ReadHoldingRegisters(at, n) => {
                let last = words(lock(&self.stage).last.millis());
                let low = last.get(2..).unwrap_or_default();
                part(low, (*at, *n)).map(|words| Response::ReadHoldingRegisters(words.to_vec()))
            }
            Request::WriteMultipleRegisters(0, content) if self.moves => {
                let [high, low] = content.as_ref() else { return Err(ExceptionCode::IllegalDataAddress) };
                self.advance(u32::from(*high) << 16 | u32::from(*low))?;
                Ok(Response::WriteMultipleRegisters(0, 2))
            }
            Request::WriteMultipleRegisters(..) | Request::WriteSingleRegister(..) if self.moves => {
                Err(ExceptionCode::IllegalDataAddress)
            }
            Request::WriteMultipleRegisters(..)
            | Request::WriteSingleRegister(..)
            | Request::ReadCoils(..)
            | Request::ReadDiscreteInputs(..)
            | Request::WriteSingleCoil(..)
            | Request::WriteMultipleCoils(..)
            | Request::ReportServerId
            | Request::MaskWriteRegister(..)
            | Request::ReadWriteMultipleRegisters(..)
            | Request::ReadDeviceIdentification(..)
            | Request::Custom(..) => Err(ExceptionCode::IllegalFunction),
        }
    }

    fn told(&self) -> Vec<u16> {
        let stage = lock(&self.stage);
        let wall = u64::try_from(stage.wall.0).unwrap_or(0);
        let counts = (stage.steps & 0xFFFF_FFFF) << 32 | stage.published & 0xFFFF_FFFF;
        [words(stage.gone.millis()), words(wall), words(counts)].concat()
    }

    fn advance(&self, millis: u32) -> Result<(), ExceptionCode> {
        if millis > LONGEST {
            return Err(ExceptionCode::IllegalDataValue);
        }
        let mut stage = lock(&self.stage);
        if millis > 0 {
            stage.advance(Span::from_millis(u64::from(millis)));
        }
        if let Some(publisher) = &self.publisher {
            publisher.publish(&mut stage);
        }
        Ok(())
    }
}

impl Service for Unit {
    type Request = SlaveRequest<'static>;
    type Response = Response;
    type Exception = ExceptionCode;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Exception>> + Send>>;

    fn call(&self, asked: Self::Request) -> Self::Future {
        let answer = self.answer(&asked.request);
        Box::pin(async move { answer })
    }
}

/// A number as four words, the highest first.
fn words(number: u64) -> [u16; 4] {
    let word = |shift: u32| convert::low_word(number >> shift);
    [word(48), word(32), word(16), word(0)]
}

fn part(of: &[u16], (at, count): (u16, u16)) -> Result<&[u16], ExceptionCode> {
    let begin = usize::from(at);
    let words = of.get(begin..begin.saturating_add(usize::from(count))).filter(|w| !w.is_empty());
    words.ok_or(ExceptionCode::IllegalDataAddress)
}
