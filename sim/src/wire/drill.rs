//! What can be wrong with a unit on the wire while the device behind it is well.

use std::time::Duration;

/// A unit's trouble. The default is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drill {
    /// Never answers; the device does not hear either.
    pub dead: bool,
    /// Answers so much later.
    pub late: Option<Duration>,
    /// Every word reads as the bits that mean no number: NaN for floats, 0x8000 for the rest.
    pub garbled: bool,
    /// Acknowledges writes and does not apply them.
    pub deaf: bool,
    /// Neither takes nor answers a write that touches this holding register, by its 0-based address.
    pub mute: Option<u16>,
    /// Says that it is another product.
    pub impostor: bool,
    /// Answers every request with this Modbus exception code.
    pub exception: Option<u8>,
}
