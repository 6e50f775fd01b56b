//! How people and the command line talk to the running service: HTTP and JSON over a Unix socket.

pub mod call;
