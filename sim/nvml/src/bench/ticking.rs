//! Real time: a thread that steps a rig as the clock goes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::clock::{Since, wall_us};
use crate::rig::Rig;

/// How often it catches up with the clock: two steps of the rig each time, for a hundred benches beside each other on a small machine.
const PERIOD: Duration = Duration::from_millis(20);
/// What is made up for when the machine was too busy; beyond that, time is let go.
const MADE_UP: Duration = Duration::from_secs(2);

/// Steps a rig until it is dropped.
#[derive(Debug)]
pub struct Ticking {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ticking {
    /// Begins to step.
    pub fn start(rig: &Arc<Mutex<Rig>>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, rig) = (Arc::clone(&stop), Arc::clone(rig));
        let thread = thread::spawn(move || {
            let mut since = Since::now();
            while !stopped.load(Ordering::Acquire) {
                thread::sleep(PERIOD);
                let gone = since.lap();
                let mut rig = rig.lock().unwrap_or_else(PoisonError::into_inner);
                rig.step(gone.min(MADE_UP));
                if gone > MADE_UP {
                    rig.set_time(wall_us());
                }
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // A thread that panicked has stopped as well.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
