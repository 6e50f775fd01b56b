//! The electrical side: from the grid to the machines, every stage with its losses and its memory.
//!
//! ```text
//! grid ─┬─ transformer ─ ATS ─┬─ UPS ─ PDU ─ rack's supplies ─┬─ chips
//!    storage        generator ┘   battery                   └─ the machines' fans
//!                           ├─ cooling: fans, pumps, chillers
//!                           └─ lights (on no meter)
//! ```
//!
//! [`network`] puts the components of the other modules into a tree: a step tells every node's input, output and loss, and what
//! an outage leaves alive. [`trips`] are the breakers of the hall's own tree. [`site`] is the tree of a hall; [`Chain`] is what it shows, and [`Meter`] counts it.

pub mod battery;
pub mod busbar;
mod chain;
pub mod generator;
pub mod grid;
mod meter;
pub mod network;
pub mod site;
pub mod storage;
pub mod transformer;
pub mod trips;
pub mod ups;

pub use chain::Chain;
pub use meter::Meter;
