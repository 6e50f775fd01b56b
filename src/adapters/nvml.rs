//! GPUs by NVML: what each draws, what limits it, and setting that limit.
//!
//! ```text
//! keeper ── loads the library, finds GPUs by name, loads it again when the driver has gone
//!   └─ one thread a GPU ── reads ten times a second, sets what is asked ──▶ its place ◀── Gpus::sample, Gpus::set
//! ```
//!
//! Every call of the library runs on a thread that nobody waits for longer than the deadline: a driver may hang for seconds. A GPU
//! is its UUID; index and handle are found anew by it. What was read is a [`GpuSample`] with its time; what is missing or means
//! nothing is left out, and [`Condition`](plant::gpu::Condition) says how the GPU is. Nothing here decides: who caps, leases and
//! asserts again is the agent.

mod bay;
mod card;
mod driver;
mod keeper;
mod pass;
mod pulse;
mod raw;
mod sane;
mod trouble;
mod worker;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use plant::gpu::{GpuSample, Uuid};
use plant::time::{Mono, Span};

use super::Stamp;
use bay::Bay;
use driver::Driver;

pub use bay::{Applied, Asked, Wish};
pub use card::Card;
pub use driver::DriverState;
pub use trouble::Refusal;

/// How NVML is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The library (path); nothing for `libnvidia-ml.so.1` where the system finds it.
    pub library: Option<PathBuf>,
    /// How often a GPU is read (s, 0.05 to 10). Faster than 50 ms some drivers answer nonsense.
    pub period: Span,
    /// How long a call may take (s, 0.1 to 60).
    pub deadline: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Self { library: None, period: Span::from_millis(100), deadline: Span::from_secs(2) }
    }
}

/// A stack for a thread that only calls C functions and reads into structs.
const STACK: usize = 256 * 1024;
/// How soon a driver whose GPU is lost is loaded again for that, from the first time to the last: it costs all its GPUs a moment.
const RELOAD: (Span, Span) = (Span::from_secs(10), Span::from_secs(1280));

/// The GPUs of this machine.
pub struct Gpus {
    shared: Arc<Shared>,
    keeper: Option<JoinHandle<()>>,
}

/// What threads share.
struct Shared {
    settings: Settings,
    stamp: Stamp,
    driver: Driver,
    bays: Mutex<BTreeMap<Uuid, Place>>,
    /// When the driver was last loaded again for a lost GPU, and how soon it may be again.
    reloaded: Mutex<Option<(Mono, Span)>>,
}

struct Place {
    bay: Arc<Bay>,
    thread: Option<JoinHandle<()>>,
}

impl Gpus {
    /// Begins to load the library and to read. A driver that is not there yet is waited for for ever: [`Gpus::driver`] tells.
    ///
    /// # Errors
    /// Where the system has no thread left.
    pub fn open(settings: Settings, stamp: Stamp) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            settings,
            stamp,
            driver: Driver::default(),
            bays: Mutex::default(),
            reloaded: Mutex::default(),
        });
        let of = Arc::clone(&shared);
        let keeper =
            std::thread::Builder::new().name("nvml".into()).stack_size(STACK).spawn(move || keeper::run(&of))?;
        Ok(Self { shared, keeper: Some(keeper) })
    }

    /// What is known of the driver.
    #[must_use]
    pub fn driver(&self) -> DriverState {
        self.shared.driver.told()
    }

    /// Every GPU that was ever seen, by name; what it is, once it has been asked.
    #[must_use]
    pub fn cards(&self) -> Vec<(Uuid, Option<Arc<Card>>)> {
        self.shared.bays().iter().map(|(uuid, place)| (*uuid, place.bay.card())).collect()
    }

    /// What was read of a GPU last; nothing for one that was never seen.
    #[must_use]
    pub fn sample(&self, uuid: Uuid) -> Option<GpuSample> {
        let bay = self.shared.bay(uuid)?;
        Some(bay.sample(self.shared.now(), self.shared.settings.deadline))
    }

    /// Since when a call for a GPU has been running (s), where it runs for longer than the deadline.
    #[must_use]
    pub fn silent_for(&self, uuid: Uuid) -> Option<Span> {
        let took = self.shared.now().since(self.shared.bay(uuid)?.calling()?);
        (took > self.shared.settings.deadline).then_some(took)
    }

    /// Sets something and reads the limits afterwards; waits for the deadline at the longest. One that is asked for while another
    /// of its kind waits takes its place.
    ///
    /// # Errors
    /// Why it was not done, or is not known to be.
    pub fn set(&self, uuid: Uuid, wish: Wish) -> Result<Applied, Refusal> {
        self.ask(uuid, wish)?.wait(self.shared.settings.deadline.duration())
    }

    /// The same without waiting: the caller looks for the answer, and gives up when he has waited long enough.
    ///
    /// # Errors
    /// Nobody has ever seen this GPU.
    pub fn ask(&self, uuid: Uuid, wish: Wish) -> Result<Asked, Refusal> {
        Ok(self.shared.bay(uuid).ok_or(Refusal::Unknown(uuid))?.ask(wish))
    }

    /// Waits until the driver is there and each of its GPUs has been read once, or the time is over. True where it is so.
    #[must_use]
    pub fn wait(&self, within: Duration) -> bool {
        let step = Duration::from_millis(5);
        let mut left = within;
        loop {
            let bays: Vec<_> = self.shared.bays().values().map(|place| Arc::clone(&place.bay)).collect();
            let now = self.shared.now();
            let read = |bay: &Arc<Bay>| {
                bay.sample(now, self.shared.settings.deadline).condition != plant::gpu::Condition::Unread
            };
            let counted = self.driver().named.is_some_and(|named| named > 0 && bays.len() >= named);
            if counted && bays.iter().all(read) {
                return true;
            }
            if left.is_zero() {
                return false;
            }
            std::thread::sleep(step);
            left = left.saturating_sub(step);
        }
    }
}

impl Drop for Gpus {
    /// Ends the threads. One whose call hangs is left behind: it ends when the call does.
    fn drop(&mut self) {
        self.shared.driver.stop();
        let places: Vec<_> = std::mem::take(&mut *self.shared.bays()).into_values().collect();
        for place in &places {
            place.bay.stop();
        }
        let hung =
            |bay: &Bay| bay.calling().is_some_and(|at| self.shared.now().since(at) > self.shared.settings.deadline);
        let mut hanging = false;
        for place in places {
            if hung(&place.bay) {
                hanging = true;
            } else if let Some(thread) = place.thread {
                hanging |= thread.join().is_err();
            }
        }
        if let Some(keeper) = self.keeper.take().filter(|_| !hanging) {
            let _ = keeper.join();
        }
    }
}

impl Shared {
    fn now(&self) -> Mono {
        (self.stamp)()
    }

    fn bays(&self) -> MutexGuard<'_, BTreeMap<Uuid, Place>> {
        self.bays.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bay(&self, uuid: Uuid) -> Option<Arc<Bay>> {
        self.bays().get(&uuid).map(|place| Arc::clone(&place.bay))
    }

    /// Gives a GPU its place and thread, once.
    fn place(self: &Arc<Self>, uuid: Uuid) {
        let mut bays = self.bays();
        if bays.contains_key(&uuid) || !self.driver.rest(None, Duration::ZERO) {
            return;
        }
        let bay = Bay::new(uuid);
        let (of, its) = (Arc::clone(self), Arc::clone(&bay));
        let builder = std::thread::Builder::new().name("gpu".into()).stack_size(STACK);
        match builder.spawn(move || worker::run(&of, &its)) {
            Ok(thread) => {
                bays.insert(uuid, Place { bay, thread: Some(thread) });
            }
            Err(error) => tracing::error!(gpu = %uuid, %error, "no thread for a GPU: it is looked for again"),
        }
    }

    /// True where a lost GPU is a reason to load driver `number` again: more and more seldom, until that has not happened for a while.
    fn may_reload(&self, number: u64) -> bool {
        let now = self.now();
        let mut last = self.reloaded.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = last.map(|(at, pause)| (now.since(at), pause));
        if !self.driver.is(number) || passed.is_some_and(|(passed, pause)| passed < pause) {
            return false;
        }
        let again = passed.filter(|(passed, pause)| *passed < pause.times(2)).map(|(_, pause)| pause.times(2));
        *last = Some((now, again.unwrap_or(RELOAD.0).min(RELOAD.1)));
        true
    }
}

#[cfg(test)]
mod tests;
