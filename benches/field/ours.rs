//! The field and its Modbus adapter alone, without control: what reading costs us.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use plant::image::Inputs;
use plant::time::{Span, Tick, Wall};
use wattloop::adapters::modbus::{self, Writes};
use wattloop::adapters::{Field, Shared, Stamp};
use wattloop::service::clock::Clock;
use wattloop::service::config::{Loaded, Sources, load};

/// Loads a generated site.
pub fn site(file: PathBuf) -> Loaded {
    match load(&Sources { file, env: Vec::new(), flags: Vec::new() }) {
        Ok(loaded) => loaded,
        Err(faults) => {
            println!("{faults}");
            std::process::exit(78);
        }
    }
}

/// Polls and freezes for ever; with a period, or flat out when it is zero.
pub fn read(file: PathBuf, period: Duration) {
    let loaded = site(file);
    let clock = Arc::new(Clock::machine());
    let stamp: Stamp = Arc::new(clock.source().stamp());
    let mut field = Field::new(Shared::new(loaded.hall.points.len(), stamp));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let context = runtime.enter();
    modbus::start(&loaded.config.modbus, &loaded.bindings.modbus, &mut field, Writes::Shadow).expect("starts");
    let mut inputs = Inputs::unread(loaded.hall.points.len());
    std::thread::spawn(move || {
        let mut due = Instant::now();
        for seq in 0.. {
            let mono = clock.mono();
            let tick = Tick { seq, dt: Span::from_millis(100), mono, wall: Wall(0), clock_trusted: true, boot: 0 };
            field.poll(tick);
            field.freeze(seq, Duration::from_secs(1), &mut inputs);
            std::hint::black_box(&inputs);
            due += period;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    });
    drop(context);
    runtime.block_on(std::future::pending::<()>());
}
