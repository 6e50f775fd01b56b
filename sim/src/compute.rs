//! What the machines compute, and what that draws: jobs, nodes, GPUs one by one.
//!
//! ```text
//! arrivals ─ queue ─ jobs on nodes ─ demand by tenth of a step ─ GPUs: caps, heat, pace ─ nodes: CPU, fans, supply ─ racks
//!                      ▲                                                       │
//!                      └──────── work done, work lost ─────────────────────────┘
//! ```
//!
//! [`gpu`] is the fast layer, a tenth of a step for each GPU; [`node`] what stands around eight of them; [`supply`] the
//! conversion stages; [`job`] how work wants power over time; [`arrivals`] and [`cluster`] which work and where; [`fleet`] puts
//! them into a hall's racks.
//! Only halls with individual GPUs need the fast layer; a lumped rack takes a share of its nameplate.

pub mod arrivals;
pub mod cluster;
pub mod fixed;
pub mod fleet;
mod four;
pub mod gpu;
pub mod job;
pub mod node;
pub mod supply;
