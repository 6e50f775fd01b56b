//! The command line: one line per command.

fn main() {}
