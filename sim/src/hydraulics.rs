//! Water's way: resistances, valves, pumps, and how a pump group's flow is shared among branches.
//!
//! **Equation** a resistance drops `Δp = k·|ṁ|^(n−1)·ṁ`; a valve passes `ṁ = φ(y)·ṁ₀·√(Δp/Δp₀)`; a pump lifts
//! `H = H₀·(s²·a₀ − s·a₁·x − a₂·x²)` with `x = ṁ/ṁ₀`; branches share one differential pressure and their flows add up.
//! **Source** Darcy and Weisbach with Blasius' exponent; IEC 60534-2-4 inherent characteristics; affinity laws of
//! centrifugal pumps (Gülich, *Centrifugal Pumps*). **Parameters** n from 1.75 (smooth pipe) to 2 (fittings, valves),
//! filters 1.76; rangeability 30 to 100; valve leakage 0 to 2 %; pump shut-off 1.1 to 1.4 of its nominal head.
//! **Box** flows up to 150 % of nominal, speeds 10 to 100 %, one liquid without air.
//! **Outside it** flows are held at ten thousand times nominal, speeds between 0 and 150 %; nothing cavitates.
//! **Time constant** none: a liquid's column follows within a second, so that flow is algebraic.
//!
//! The affinity trap: a pump's power goes with the cube of its speed only while the system's curve passes through zero.
//! A pump that holds a differential pressure draws about in proportion to its flow.
//!
//! ```text
//!           ┌─ pump ─ check ─┐            ┌─ valve ─ coil or rack ─┐
//! return ───┼─ pump ─ check ─┼── mains ───┼─ valve ─ coil or rack ─┼─── return
//!           └─ pump ─ check ─┘            └─ minimum-flow bypass ──┘
//!                             head = dp + mains          dp
//! ```

pub mod pumps;
pub mod resistance;
pub mod sharing;
pub mod valves;

pub use pumps::{CheckValve, Pump, PumpGroup, Work};
pub use resistance::{Filter, Resistance};
pub use sharing::{Branch, Loop, MinimumFlow, Shared};
pub use valves::{Characteristic, Valve, authority};
