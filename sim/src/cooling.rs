//! The plant that takes a hall's heat away, or to where it is wanted: quasi-steady machines between water, air and weather, each
//! with its model card. Their volumes belong to the loops they stand in.

pub mod heat_recovery;
