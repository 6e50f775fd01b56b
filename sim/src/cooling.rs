//! What carries heat from a hall to the weather, or to where it is wanted: chillers, towers, dry coolers, economisers, DX units,
//! heat recovery.
//!
//! Each is a struct of parameters with what it does in one step. Flows and commands come in, heat and power go out as means
//! of the step; who pumps, who stages and who decides is elsewhere. Heat that crosses a wall here is booked by the caller.

pub mod air_economiser;
pub mod chiller;
pub mod curve;
pub mod dry_cooler;
pub mod dx;
pub mod heat_recovery;
pub(crate) mod moist;
mod surface;
pub mod tower;
pub mod water_economiser;
