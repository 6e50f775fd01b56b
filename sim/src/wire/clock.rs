//! The clock of a served hall: real time, times its speed. The one place in this crate that reads clocks.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use plant::time::{Span, Wall};
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
    let mut before = Instant::now();
    loop {
        let at = ticks.tick().await;
        let real = at.saturating_duration_since(before).as_secs_f64();
        before = at;
        lock(&stage).advance(Span::from_seconds((real * speed).min(MOST)));
    }
}
