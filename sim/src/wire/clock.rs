//! The clock of a served hall: real time, times its speed. The one place in this crate that reads clocks.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use plant::convert;
use plant::image::Outputs;
use plant::time::{Mono, Span, Tick, Wall};
use tokio::time::{Instant, MissedTickBehavior};

use super::{Stage, lock};

/// The most simulated time one step makes up for (s); a machine that slept loses the rest.
const MOST: f64 = 60.0;

/// The wall clock now.
pub(super) fn now() -> Wall {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Wall(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Steps the world for ever, each time by the real time gone by times `speed`.
pub(super) async fn run(stage: Arc<Mutex<Stage>>, step: Duration, speed: f64) {
    let mut ticks = tokio::time::interval(step.max(Duration::from_millis(10)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let nothing = Outputs::default();
    let begin = lock(&stage).wall;
    let (mut seq, mut gone, mut before) = (0u64, Span::ZERO, Instant::now());
    loop {
        let at = ticks.tick().await;
        let real = at.saturating_duration_since(before).as_secs_f64();
        before = at;
        let dt = Span::from_seconds((real * speed).min(MOST));
        gone = Span::from_nanos(gone.nanos().saturating_add(dt.nanos()));
        let millis = convert::i64_from_f64_rounded(gone.seconds() * 1e3);
        let wall = Wall(begin.0.saturating_add(millis));
        let tick = Tick { seq, dt, mono: Mono(gone.nanos()), wall, clock_trusted: true, boot: 0 };
        seq = seq.saturating_add(1);
        let Stage { world, inputs, wall: clock, .. } = &mut *lock(&stage);
        world.step_into(&nothing, tick, inputs);
        *clock = wall;
    }
}
