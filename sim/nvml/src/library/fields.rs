//! Field values: many readings in one call, each with its own time and its own answer.
#![expect(unsafe_code, reason = "a symbol's name is the linker's, and nobody else in a process has NVML's")]

use super::code::Code;
use super::pointer::Both;
use super::session::{Call, Handle, on};
use crate::board::{Can, Fault, Readings};
use crate::clock;

/// `nvmlFieldValue_t`.
#[derive(Clone, Copy)]
#[repr(C)]
struct Field {
    id: u32,
    scope: u32,
    at_us: i64,
    latency_us: i64,
    kind: u32,
    answer: u32,
    /// A union: numbers of 32 bits lie in its first four bytes.
    value: [u8; 8],
}

/// The numbers of `nvmlValueType_t`.
mod kind {
    pub const U32: u32 = 1;
    pub const U64: u32 = 3;
}

/// What a field holds.
enum Value {
    /// A number of 32 bits that a sensor or counter measured.
    Measured(u32),
    /// A longer one.
    Counted(u64),
    /// What the driver knows by itself.
    Known(u32),
}

/// Fills in as many fields as C asks for. A field that is not there says so by itself.
#[unsafe(export_name = "nvmlDeviceGetFieldValues")]
extern "C" fn field_values(device: Handle, count: i32, values: Both<Field>) -> Code {
    on(device, |call| {
        let (readings, now) = (call.gpu.readings(), signed(clock::wall_us()));
        let renumbered = renumbered(&call.board.driver());
        values.each(count, |field| {
            let field = Field { latency_us: 0, at_us: now, value: [0; 8], ..field };
            match call.field(field.id, field.scope, &readings, renumbered) {
                Ok(Value::Known(number)) => field.holds(number, now),
                Ok(Value::Measured(number)) => field.holds(number, signed(readings.at_us)),
                Ok(Value::Counted(number)) => Field {
                    kind: kind::U64,
                    answer: Code::SUCCESS.number(),
                    at_us: signed(readings.at_us),
                    value: number.to_ne_bytes(),
                    ..field
                },
                Err(code) => Field { kind: kind::U32, answer: code.number(), ..field },
            }
        })
    })
}

impl Field {
    fn holds(self, number: u32, at_us: i64) -> Self {
        let [a, b, c, d] = number.to_ne_bytes();
        let value = [a, b, c, d, 0, 0, 0, 0];
        Self { kind: kind::U32, answer: Code::SUCCESS.number(), at_us, value, ..self }
    }
}

impl Call<'_> {
    /// What a field holds in a scope, which only fields of power have.
    fn field(&self, id: u32, scope: u32, readings: &Readings, renumbered: bool) -> Result<Value, Code> {
        if (185..=192).contains(&id) {
            self.scoped(scope)?;
        }
        let (gpu, old) = (self.gpu, !renumbered);
        match id {
            74 => Ok(Value::Counted(readings.power_ns)),
            75 => Ok(Value::Counted(readings.heat_ns)),
            82 if gpu.can(Can::MemorySensor) => Ok(Value::Measured(self.said(readings.memory_cel))),
            83 => Ok(Value::Counted(gpu.sentinel().instead_of(readings.energy_mj))),
            185 if gpu.can(Can::Average) => Ok(Value::Measured(self.said(readings.average_mw))),
            186 if !gpu.has(Fault::NoInstant) => Ok(Value::Measured(self.said(readings.instant_mw))),
            187 => Ok(Value::Known(gpu.bounds().0)),
            188 => Ok(Value::Known(gpu.bounds().1)),
            189 => Ok(Value::Known(gpu.default_limit())),
            190 => Ok(Value::Known(gpu.enforced())),
            192 => Ok(Value::Known(gpu.requested())),
            251 if old => Ok(Value::Counted(readings.heat_ns)),
            252 if old => Ok(Value::Counted(0)),
            253 if old => Ok(Value::Counted(readings.brake_ns)),
            269 if renumbered => Ok(Value::Counted(readings.heat_ns)),
            270 if renumbered => Ok(Value::Counted(0)),
            271 if renumbered => Ok(Value::Counted(readings.brake_ns)),
            _ => Err(Code::NOT_SUPPORTED),
        }
    }
}

/// Whether a driver counts the fields from 251 on as those from 580.82 on do.
fn renumbered(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    (major, minor) >= (580, 82)
}

fn signed(microseconds: u64) -> i64 {
    i64::try_from(microseconds).unwrap_or(i64::MAX)
}
