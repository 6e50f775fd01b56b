//! The ledger by what is asked of it, what flows and what time it is.

mod answers;
mod answers_random;
mod batches;
mod capped;
mod checkpoint;
mod codes;
mod exceeded;
mod exceeded_alone;
mod exceeded_random;
mod heard;
mod late;
mod late_random;
mod life;
mod lost_end;
mod lowered;
mod nights;
mod nights_random;
mod notices;
mod others;
mod over;
mod pauses;
mod pauses_random;
mod planned;
mod random;
mod recover;
mod recover_random;
mod revoked;
mod rig;

use super::message::{Class, LeaseId, Op};
use super::notices::Tidings;
use super::reply::{Code, Why};
use super::*;
use rig::{Rig, now_for, wish};
