//! The field: adapters fetch samples and deliver outputs; the service freezes what they have into one image a scan.
//!
//! ```text
//! scan thread                                  adapters, on tokio
//!   field.poll(tick)      ── Order::Poll ──▶   read due points, stamp, store ──┐
//!   field.freeze(deadline, &mut inputs)  ◀───── samples, write reports ────────┘
//!   field.write(&outputs, tick) ─ Order::Write ▶ write what changed or is due, read back, report
//!   field.hand_over(&safe, …) ─ Order::Farewell ▶ try every output, say whether all are proven
//! ```
//!
//! Adapters see `plant` and never `control`. What comes after the deadline is there for the next scan.

pub mod agents;
pub mod flex;
mod look;
mod mailbox;
pub mod modbus;
pub mod mqtt;
pub mod nvml;
pub mod unix;
pub mod web;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plant::command::{Hush, WriteReport};
use plant::id::{PointId, Table};
use plant::image::{Inputs, Outputs};
use plant::reading::Sample;
use plant::time::{Mono, Span, Tick};

use mailbox::{Bell, Mailbox, mailbox};
use tokio::runtime::Handle;

pub use look::{Look, Looker, Words};
pub use mailbox::Orders;

/// Reads the monotonic clock of this run. Given by the service, so that an adapter's time is an argument too.
pub type Stamp = Arc<dyn Fn() -> Mono + Send + Sync>;

/// How many write reports may wait for a scan; beyond it the oldest go, and the log says so.
const MAX_REPORTS: usize = 16_384;

/// What a bus is told, in order.
#[derive(Clone, Debug)]
pub enum Order {
    /// Read the points that are due, then call [`Shared::polled`] with the tick's `seq`.
    Poll(Tick),
    /// Bring the outputs to these values.
    Write(Tick, Arc<OutputImage>),
    /// Read one point for somebody who wants to see its raw words.
    Look(Look),
    /// The last order: try every output, whatever is known of it or of its unit, then call [`Shared::parted`].
    Farewell(Tick, Arc<OutputImage>),
}

/// What every writable point shall be; `None` for points that are not written.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputImage {
    /// One row a point, in its canonical unit.
    pub values: Table<PointId, Option<f64>>,
}

/// What adapters and the scan share: the latest samples and the reports of writes.
pub struct Shared {
    state: Mutex<State>,
    polled: Condvar,
    stamp: Stamp,
}

struct State {
    samples: Table<PointId, Sample>,
    reports: Vec<WriteReport>,
    /// For each bus, the `seq` after the last poll it finished; before the first poll, that poll's.
    finished: Vec<u64>,
    polling: bool,
    /// The poll whose end the scan waits for, and how slow a bus may be to be waited for.
    awaited: Option<(u64, Span)>,
    /// The newest poll and when it was ordered.
    ordered: (u64, Mono),
    /// For each bus, when the poll it has not answered yet was ordered, and how long it took for the last it answered.
    pace: Vec<(Option<Mono>, Span)>,
    /// For each bus, once it has been through its farewell, whether every output is proven.
    parted: Vec<Option<bool>>,
    /// The device that is not talked to.
    hush: Option<Hush>,
}

impl Shared {
    /// An image of `points` points nobody has read.
    #[must_use]
    pub fn new(points: usize, stamp: Stamp) -> Arc<Self> {
        Self::starting_from(Table::filled(points, Sample::NEVER), stamp)
    }

    /// An image that goes on from samples of the same monotonic time.
    #[must_use]
    pub fn starting_from(samples: Table<PointId, Sample>, stamp: Stamp) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                samples,
                reports: Vec::new(),
                finished: Vec::new(),
                polling: false,
                awaited: None,
                ordered: (0, Mono(0)),
                pace: Vec::new(),
                parted: Vec::new(),
                hush: None,
            }),
            polled: Condvar::new(),
            stamp,
        })
    }

    /// Monotonic time now.
    #[must_use]
    pub fn now(&self) -> Mono {
        (self.stamp)()
    }

    /// Stores samples; the latest wins, an older one than is known is dropped.
    pub fn store(&self, samples: &[(PointId, Sample)]) {
        let mut state = self.lock();
        for (point, sample) in samples {
            if let Some(row) = state.samples.get_mut(*point)
                && row.at <= sample.at
            {
                *row = *sample;
            }
        }
    }

    /// Reports what became of writes.
    pub fn report(&self, reports: impl IntoIterator<Item = WriteReport>) {
        let mut state = self.lock();
        state.reports.extend(reports);
        let surplus = state.reports.len().saturating_sub(MAX_REPORTS);
        if surplus > 0 {
            tracing::error!(surplus, "scans do not take the reports of writes: the oldest go");
            state.reports.drain(..surplus);
        }
    }

    /// Says that bus `bus` has finished the poll of scan `seq`.
    pub fn polled(&self, bus: usize, seq: u64) {
        let now = self.now();
        let mut state = self.lock();
        if let Some(row) = state.finished.get_mut(bus) {
            *row = seq.saturating_add(1);
        }
        let (newest, ordered) = state.ordered;
        if let Some((since, took)) = state.pace.get_mut(bus) {
            *took = now.since(since.unwrap_or(now));
            // A poll that came meanwhile waits since then.
            *since = (seq < newest).then_some(ordered);
        }
        // The scan is woken once, by the last that it waits for.
        let over = state.awaited.is_some_and(|(seq, limit)| !state.behind(seq, limit));
        drop(state);
        if over {
            self.polled.notify_one();
        }
    }

    /// Says that bus `bus` has tried every output of its farewell; `proven` when each was read back as wanted, or
    /// acknowledged where it cannot be read back, and when nothing may be written at all.
    pub fn parted(&self, bus: usize, proven: bool) {
        if let Some(row) = self.lock().parted.get_mut(bus) {
            *row = Some(proven);
        }
        self.polled.notify_one();
    }

    /// The device that must not be talked to.
    #[must_use]
    pub fn hush(&self) -> Option<Hush> {
        self.lock().hush
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// True while a bus that is waited for has not finished the poll of `seq`: one that finished the poll before, and
    /// within `limit`.
    fn behind(&self, seq: u64, limit: Span) -> bool {
        self.finished.iter().zip(&self.pace).any(|(next, (_, took))| *next == seq && *took <= limit)
    }
}

/// Every bus of the hall.
pub struct Field {
    shared: Arc<Shared>,
    buses: Vec<Mailbox>,
    /// The agents of GPU nodes, where the hall caps any.
    agents: Option<Arc<agents::Desk>>,
    /// What wakes them, and the runtime that they live on.
    bells: Arc<Vec<Bell>>,
    runtime: Option<Handle>,
}

impl Field {
    /// A field without buses.
    #[must_use]
    pub fn new(shared: Arc<Shared>) -> Self {
        Self { shared, buses: Vec::new(), agents: None, bells: Arc::default(), runtime: None }
    }

    /// What the adapters store into.
    #[must_use]
    pub fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Registers a bus; the adapter answers [`Order`]s and names itself by the number.
    pub fn add_bus(&mut self) -> (usize, Orders) {
        let (mailbox, orders) = mailbox();
        Arc::make_mut(&mut self.bells).push(mailbox.bell());
        self.buses.push(mailbox);
        self.runtime = Handle::try_current().ok();
        let mut state = self.shared.lock();
        state.finished.push(0);
        state.pace.push((None, Span::ZERO));
        state.parted.push(None);
        (state.finished.len().saturating_sub(1), orders)
    }

    /// From now on scans hear these agents, and their caps go to them.
    pub fn add_agents(&mut self, desk: Arc<agents::Desk>) {
        self.agents = Some(desk);
        self.runtime = Handle::try_current().ok();
    }

    /// Asks every bus for the points that are due. A bus that is still busy makes up for
    /// the newest it missed.
    pub fn poll(&self, tick: Tick) {
        let now = self.shared.now();
        let mut state = self.shared.lock();
        state.ordered = (tick.seq, now);
        for (since, _) in &mut state.pace {
            since.get_or_insert(now);
        }
        if !state.polling {
            state.polling = true;
            state.finished.fill(tick.seq);
        }
        drop(state);
        self.order(&Order::Poll(tick));
    }

    /// Waits until every bus that keeps up has answered the poll of `seq`, or `patience` is over; then freezes.
    /// Only a bus that finished the poll before this one, and within `patience`, is waited for: one that is late must catch
    /// up first, and one that needs longer than that must not make every scan wait in vain.
    pub fn freeze(&self, seq: u64, patience: Duration, inputs: &mut Inputs) {
        let limit = Span::from_duration(patience);
        let mut state = self.shared.lock();
        state.awaited = Some((seq, limit));
        let (mut state, _) = self
            .shared
            .polled
            .wait_timeout_while(state, patience, |s| s.behind(seq, limit))
            .unwrap_or_else(PoisonError::into_inner);
        state.awaited = None;
        for (row, latest) in inputs.samples.rows_mut().iter_mut().zip(state.samples.rows()) {
            *row = *latest;
        }
        inputs.reports.clear();
        inputs.reports.append(&mut state.reports);
        drop(state);
        if let Some(agents) = &self.agents {
            agents.freeze(inputs);
        }
    }

    /// From now on this device is not talked to, or every one is again.
    pub fn leave_alone(&self, hush: Option<Hush>) {
        self.shared.lock().hush = hush;
    }

    /// The way to every bus for those who only look.
    #[must_use]
    pub fn looker(&self) -> Looker {
        Looker::new(self.buses.iter().map(Mailbox::slots).collect())
    }

    /// Hands the outputs of a scan to every bus, and its caps to the agents. A bus that is still busy gets the newest when it is done.
    pub fn write(&self, outputs: &Outputs, tick: Tick) {
        if let Some(agents) = &self.agents {
            agents.put(outputs);
        }
        self.order(&Order::Write(tick, self.image(outputs)));
    }

    /// Hands over the last outputs and waits until every bus has tried all of them, or `patience` is over.
    /// True when every output of every bus is proven, or acknowledged where it cannot be read back. Else nobody knows what
    /// some device holds but the device, which does what it does when we fall silent.
    #[must_use]
    pub fn hand_over(&self, outputs: &Outputs, tick: Tick, patience: Duration) -> bool {
        let image = self.image(outputs);
        self.shared.lock().parted.fill(None);
        self.order(&Order::Farewell(tick, image));
        let behind = |s: &mut State| s.parted.contains(&None);
        let state = self.shared.lock();
        let (state, _) =
            self.shared.polled.wait_timeout_while(state, patience, behind).unwrap_or_else(PoisonError::into_inner);
        state.parted.iter().all(|proven| *proven == Some(true))
    }

    /// The reports that no scan has taken.
    #[must_use]
    pub fn take_reports(&self) -> Vec<WriteReport> {
        std::mem::take(&mut self.shared.lock().reports)
    }

    /// Gives every bus the order, then wakes them: all of them by one task of their own runtime. A scan that rang at each
    /// door itself would be put aside at each by whoever opens.
    fn order(&self, order: &Order) {
        for bus in &self.buses {
            bus.put(order.clone());
        }
        let (bells, agents) = (Arc::clone(&self.bells), self.agents.clone());
        let ring = move || {
            bells.iter().for_each(Bell::ring);
            agents.iter().for_each(|agents| agents.ring());
        };
        match &self.runtime {
            Some(runtime) => drop(runtime.spawn(async move { ring() })),
            None => ring(),
        }
    }

    fn image(&self, outputs: &Outputs) -> Arc<OutputImage> {
        let mut image = OutputImage { values: Table::filled(self.points(), None) };
        for command in &outputs.commands {
            if let Some(row) = image.values.get_mut(command.point) {
                *row = Some(command.value);
            }
        }
        Arc::new(image)
    }

    fn points(&self) -> usize {
        self.shared.lock().samples.len()
    }
}

#[cfg(test)]
mod tests;
