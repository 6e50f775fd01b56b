//! What devices do by themselves: fixed setpoints, staging by load, minimum times. No reset, no feed-forward, no optimiser.
//!
//! A panel runs its device where nobody commands it, and takes it back when commands stop. All panels together are a
//! competent conventional hall: the run that savings are told against. They share no code with the controller on
//! purpose, and they see what their own sensors see.
//!
//! **Source** control sequences as published in ASHRAE Guideline 36 and its Modelica implementation (figures: staging at 90 and
//! 80 % of capacity, 15 min; economiser on for 20 min at the least, 2 K and 1 K; water-only operation left at +2 K for 10 min
//! or +1 K for 20 min). **Time constant** loops of 60 to 300 s, stages of 10 to 20 min.

pub mod crah;
pub mod economiser;
pub mod pi;
pub mod staging;
