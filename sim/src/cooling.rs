//! The plant that takes a hall's heat away, or to where it is wanted: quasi-steady machines between water, air and weather, each
//! with its model card. Their volumes belong to the loops they stand in.

pub mod heat_recovery;
//! What carries heat from a hall to the weather: chillers, towers, dry coolers, economisers and DX units.
//!
//! Each is a struct of parameters with what it does in one step. Flows and commands come in, heat and power go out as
//! means of the step; who pumps, who stages and who decides is elsewhere. Heat that crosses a wall here is booked by
//! the caller.

pub mod air_economiser;
pub mod chiller;
pub mod curve;
pub mod dry_cooler;
pub mod dx;
mod moist;
mod surface;
pub mod tower;
pub mod water_economiser;
