//! The small privileged half that runs on a GPU node: it holds caps that others grant for a while, and goes to the fail-safe when they stop.
//!
//! ```text
//!                    the half that watches ── the fail-safe ──────────────┐
//!                      │ starts, feels the pulse                          ▼
//!   a socket ──┐       ▼                                             NVML, the GPUs
//!   a broker ──┴─▶ the half that works ── hold, node: pure ── caps ───────▲
//! ```
//!
//! [`hold`] decides for one GPU, [`node`] for the node; both know no clock and no machine. [`work`] is the thread around them,
//! [`local`] and [`broker`] its wires, [`memory`] what outlives it, [`watch`] what survives it, [`failsafe`] what is left then.
//!
//! What always holds: a cap ends with its lease, by a monotonic clock and without anybody's help; what falls has fallen before anything
//! rises; whoever else has set a lower limit is never overruled; what was before us is given back, where the present limit is still ours.

pub mod broker;
pub mod clock;
pub mod config;
pub mod failsafe;
pub mod hold;
pub mod local;
pub mod memory;
pub mod node;
pub mod watch;
pub mod work;
