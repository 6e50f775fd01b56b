//! One GPU's place: what its thread shares with whoever asks. The thread alone calls the library; nobody who asks ever waits for
//! a call for longer than the deadline.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plant::gpu::{Condition, GpuSample, Milliwatts, PowerLimits, Uuid};
use plant::time::{Mono, Span};

use super::card::Card;
use super::trouble::Refusal;

/// What can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A power limit.
    Limit(Milliwatts),
    /// The cores' clocks within a range (MHz), or free.
    Clocks(Option<(u32, u32)>),
    /// The driver stays loaded when nobody uses it, or not.
    Persistence(bool),
}

/// What a board said after something was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Its limits, read after the call.
    pub limits: PowerLimits,
    /// When they were read.
    pub at: Mono,
}

/// A wish on its way. Its `number` tells it from one that took its place.
pub(super) struct Job {
    pub(super) wish: Wish,
    pub(super) answer: SyncSender<Result<Applied, Refusal>>,
    number: u64,
}

/// One GPU's place.
pub(super) struct Bay {
    pub(super) uuid: Uuid,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    card: Option<Arc<Card>>,
    sample: GpuSample,
    /// When the calls that run now began.
    calling: Option<Mono>,
    /// At most one wish of a kind waits: limit, clocks, persistence.
    waiting: [Option<Job>; 3],
    asked: u64,
    stop: bool,
}

/// What the thread does next.
pub(super) enum Next {
    /// This.
    Do(Job),
    /// Nothing was asked for until the time was over.
    Idle,
    /// It ends.
    Stop,
}

impl Bay {
    pub(super) fn new(uuid: Uuid) -> Arc<Self> {
        Arc::new(Self { uuid, state: Mutex::default(), wake: Condvar::new() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // For the thread.

    /// Waits for a wish for so long.
    pub(super) fn next(&self, within: Duration) -> Next {
        let quiet = |s: &mut State| !s.stop && s.waiting.iter().all(Option::is_none);
        let (mut state, _) =
            self.wake.wait_timeout_while(self.lock(), within, quiet).unwrap_or_else(PoisonError::into_inner);
        if state.stop {
            return Next::Stop;
        }
        state.waiting.iter_mut().find_map(Option::take).map_or(Next::Idle, Next::Do)
    }

    /// Calls begin.
    pub(super) fn begin(&self, now: Mono) {
        self.lock().calling = Some(now);
    }

    /// Calls are over.
    pub(super) fn end(&self) {
        self.lock().calling = None;
    }

    pub(super) fn identify(&self, card: Card) {
        self.lock().card = Some(Arc::new(card));
    }

    pub(super) fn store(&self, sample: GpuSample) {
        self.lock().sample = sample;
    }

    /// It cannot be read: what is known of it stays, with its time; power and the like are not known any more.
    pub(super) fn lose(&self, condition: Condition) {
        let mut state = self.lock();
        let GpuSample { at, driver, energy, limits, mig, .. } = state.sample;
        state.sample = GpuSample { at, driver, condition, energy, limits, mig, ..GpuSample::default() };
    }

    /// Nothing that waits can be done.
    pub(super) fn refuse(&self, why: &Refusal) {
        for job in self.lock().waiting.iter_mut().filter_map(Option::take) {
            let _ = job.answer.try_send(Err(why.clone()));
        }
    }

    // For everybody else.

    pub(super) fn stop(&self) {
        self.lock().stop = true;
        self.wake.notify_all();
    }

    pub(super) fn card(&self) -> Option<Arc<Card>> {
        self.lock().card.clone()
    }

    /// What was read last; silent where calls have been running for longer than the deadline.
    pub(super) fn sample(&self, now: Mono, deadline: Span) -> GpuSample {
        let state = self.lock();
        let silent = state.calling.is_some_and(|since| now.since(since) > deadline);
        if silent && state.sample.condition.is_read() {
            return GpuSample { condition: Condition::Silent, power: None, ..state.sample };
        }
        state.sample
    }

    /// Since when calls run, if they do.
    pub(super) fn calling(&self) -> Option<Mono> {
        self.lock().calling
    }

    /// Puts a wish in the place of one of its kind that waits. The answer is waited for elsewhere.
    pub(super) fn ask(self: &Arc<Self>, wish: Wish) -> Asked {
        let (answer, hear) = sync_channel(1);
        let mut state = self.lock();
        state.asked = state.asked.wrapping_add(1);
        let number = state.asked;
        let job = Job { wish, answer, number };
        let [limit, clocks, persistence] = &mut state.waiting;
        let place = match wish {
            Wish::Limit(_) => limit,
            Wish::Clocks(_) => clocks,
            Wish::Persistence(_) => persistence,
        };
        if let Some(older) = place.replace(job) {
            let _ = older.answer.try_send(Err(Refusal::Superseded));
        }
        drop(state);
        self.wake.notify_all();
        Asked { bay: Arc::clone(self), hear, number }
    }

    /// Takes a wish back that was not begun; false where it was.
    fn withdraw(&self, number: u64) -> bool {
        let mut state = self.lock();
        state.waiting.iter_mut().any(|place| place.take_if(|job| job.number == number).is_some())
    }
}

/// A wish that somebody waits for.
pub struct Asked {
    bay: Arc<Bay>,
    hear: Receiver<Result<Applied, Refusal>>,
    number: u64,
}

impl Asked {
    /// The answer, where there is one.
    #[must_use]
    pub fn answer(&self) -> Option<Result<Applied, Refusal>> {
        match self.hear.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Disconnected) => Some(Err(Refusal::Lost)),
            Err(TryRecvError::Empty) => None,
        }
    }

    /// Waits for the answer no longer. A wish that was not begun is not done any more.
    ///
    /// # Errors
    /// Why it was not done, or is not known to be.
    pub fn give_up(&self) -> Result<Applied, Refusal> {
        if self.bay.withdraw(self.number) {
            return Err(Refusal::Late);
        }
        // It may have come between the two.
        self.answer().unwrap_or(Err(Refusal::Silent))
    }

    /// Waits for the answer until the time is over.
    pub(super) fn wait(&self, within: Duration) -> Result<Applied, Refusal> {
        match self.hear.recv_timeout(within) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Disconnected) => Err(Refusal::Lost),
            Err(RecvTimeoutError::Timeout) => self.give_up(),
        }
    }
}
