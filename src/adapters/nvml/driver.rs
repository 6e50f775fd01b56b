//! The driver, as this process sees it: loaded, used by every GPU's thread, over, loaded again.
//!
//! ```text
//!            init works                    a thread says that it is over, or it does not know its GPUs
//!   Missing ───────────▶ Loaded { number } ──────────────────────────────────────────────────────────▶ Over
//!     ▲  ▲ pause, doubling to 5 s                                                                       │
//!     └──┴──── everybody has let go of it, or nobody waits for who has not for longer than a second ────┘
//! ```

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nvml_wrapper::Nvml;

/// What is known of the driver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriverState {
    /// Counts the drivers this process has seen; 0 before the first.
    pub number: u64,
    /// Its version, where it is loaded.
    pub version: Option<String>,
    /// Why it is not, where it is not.
    pub why: Option<String>,
    /// How many GPUs it names; nothing before they have been counted.
    pub named: Option<usize>,
    /// GPUs that it counts and that do not tell their names: off the bus since before this process began.
    pub nameless: u32,
}

/// The driver, shared by threads.
#[derive(Default)]
pub(super) struct Driver {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    told: DriverState,
    nvml: Option<Arc<Nvml>>,
    over: bool,
    stop: bool,
}

impl Driver {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of it.
    pub(super) fn told(&self) -> DriverState {
        self.lock().told.clone()
    }

    /// It is there.
    pub(super) fn load(&self, nvml: &Arc<Nvml>) -> u64 {
        let version = nvml.sys_driver_version().unwrap_or_else(|_| "unknown".to_owned());
        let mut state = self.lock();
        let number = state.told.number.saturating_add(1);
        state.told = DriverState { number, version: Some(version), why: None, named: None, nameless: 0 };
        state.nvml = Some(Arc::clone(nvml));
        state.over = false;
        self.changed.notify_all();
        number
    }

    /// It is not there.
    pub(super) fn unload(&self, why: String) {
        let mut state = self.lock();
        state.told = DriverState { number: state.told.number, version: None, why: Some(why), named: None, nameless: 0 };
        state.nvml = None;
        self.changed.notify_all();
    }

    /// How many GPUs tell their names, and how many do not. True where the second has changed.
    pub(super) fn counted(&self, named: usize, nameless: u32) -> bool {
        let mut state = self.lock();
        state.told.named = Some(named);
        std::mem::replace(&mut state.told.nameless, nameless) != nameless
    }

    /// The one in use, and its number.
    pub(super) fn current(&self) -> Option<(u64, Arc<Nvml>)> {
        let state = self.lock();
        state.nvml.as_ref().filter(|_| !state.over && !state.stop).map(|nvml| (state.told.number, Arc::clone(nvml)))
    }

    /// True while it is the one in use.
    pub(super) fn is(&self, number: u64) -> bool {
        let state = self.lock();
        state.told.number == number && state.nvml.is_some() && !state.over && !state.stop
    }

    /// A thread says that driver `number` is over.
    pub(super) fn is_over(&self, number: u64) {
        let mut state = self.lock();
        if state.told.number == number && state.nvml.is_some() {
            state.over = true;
            self.changed.notify_all();
        }
    }

    /// Everything ends.
    pub(super) fn stop(&self) {
        self.lock().stop = true;
        self.changed.notify_all();
    }

    /// Waits for a while, shorter where driver `number` is over or everything ends. True where it goes on.
    pub(super) fn rest(&self, number: Option<u64>, within: Duration) -> bool {
        let quiet = |s: &mut State| !(s.stop || s.over && number == Some(s.told.number));
        let (state, _) =
            self.changed.wait_timeout_while(self.lock(), within, quiet).unwrap_or_else(PoisonError::into_inner);
        !state.stop
    }

    /// True where a thread has said that the one in use is over.
    pub(super) fn ended(&self) -> bool {
        self.lock().over
    }
}
