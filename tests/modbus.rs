//! The Modbus adapter against servers with bad manners, and against one that somebody else wrote.

mod farewell;
mod identity;
mod late;
mod peers;
mod rig;
mod server;
mod units;
mod writes;
