//! What a gateway has been through, counted.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// A counter that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// One more.
    pub fn one(&self) {
        self.more(1);
    }

    /// `n` more.
    pub fn more(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// How many so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The counters of one gateway, since the start.
        #[derive(Debug, Default)]
        pub struct Counters { $($(#[$doc])* pub $name: Count,)* }

        /// The counters of one gateway at one moment.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
        pub struct Counts { $($(#[$doc])* pub $name: u64,)* }

        impl Counters {
            /// Every counter as it is now.
            #[must_use]
            pub fn counts(&self) -> Counts {
                Counts { $($name: self.$name.get(),)* }
            }
        }

        impl Counts {
            /// Every counter with its name, in a fixed order: for metrics.
            pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name),)*].into_iter()
            }
        }
    };
}

counters! {
    /// Requests sent.
    requests,
    /// Requests whose reply did not come in time.
    timeouts,
    /// Exceptions 01 to 03: the register or value is wrong for the device.
    refusals,
    /// Exceptions 05 and 06: the device was busy.
    busy,
    /// Every other exception: the device or what is behind the gateway is at fault.
    device_faults,
    /// Replies that came after their deadline and were dropped.
    late,
    /// Frames that answer no question of ours, or answer it wrongly, dropped.
    strays,
    /// Connections ended because the bytes were no frames.
    garbled,
    /// Connections that broke under a request.
    broken,
    /// Connections made.
    connects,
    /// Connections that could not be made.
    connect_failures,
    /// Attempts to hear a unit that had fallen silent.
    probes,
    /// Polls finished.
    polls,
    /// Values read, good.
    good,
    /// Values that could not be read or meant nothing.
    bad,
    /// Units that were not who their map means, counted on every attempt.
    strangers,
    /// Write requests sent.
    writes,
    /// Values read back as written.
    applied,
    /// Values acknowledged that nothing reads back: never proven.
    acknowledged,
    /// Values acknowledged but read back differently.
    unproven,
    /// Values that somebody else changed.
    foreign,
    /// Values whose write failed.
    write_failures,
    /// Write requests that shadow mode stopped at the transport. Anything but zero is a fault of ours.
    blocked,
}
