//! Control in lockstep with a served simulated hall: the adapters of the field over real sockets, and no clock but the hall's.
//!
//! ```text
//!   write outputs ─▶ wait for every bus ─▶ move the hall's clock ─▶ hear as many messages as it has published
//!        ▲                                                                         │
//!        └──────────────── decide ◀── freeze the image ◀── poll every bus ◀────────┘
//! ```
//!
//! Nothing depends on how fast sockets are, so that a run is the same each time, and the same as the run in process but for
//! what registers round away. Journal, history and people are not part of it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use plant::convert;
use plant::hall::Hall;
use plant::image::{Inputs, Outputs};
use plant::time::{Mono, Span, Tick, Wall};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_modbus::client::{Context, Reader as _, Writer as _, tcp};

use super::config::Loaded;
use crate::adapters::modbus::{self, Modbus, Writes};
use crate::adapters::mqtt::{self, Incoming, Mqtt};
use crate::adapters::{Field, Shared};
use crate::control::Controller;

/// How long the buses may take over real sockets.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a round of messages may take before it is published again, at the begin.
const ROUND: Duration = Duration::from_millis(200);
/// How many rounds there are.
const ROUNDS: u32 = 25;
/// Between two looks at the count of messages.
const LOOK: Duration = Duration::from_micros(200);
/// The clock unit's input registers.
const CLOCK_WORDS: u16 = 12;

/// Why a run in lockstep cannot begin or go on.
#[derive(Debug)]
pub enum LockstepFault {
    /// No runtime, no connection to the clock unit.
    Io(std::io::Error),
    /// An adapter's configuration is wrong: sentences.
    Adapter(String),
    /// The clock unit refused, or tells another time than it was moved to.
    Clock(String),
    /// Messages that the hall has published did not arrive.
    Messages {
        /// So many since the last tick.
        published: u64,
        /// So many came.
        received: u64,
    },
}

impl fmt::Display for LockstepFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the clock unit: {error}"),
            Self::Adapter(sentences) | Self::Clock(sentences) => f.write_str(sentences),
            Self::Messages { published, received } => {
                write!(f, "the hall has published {published} MQTT messages and {received} arrived")
            }
        }
    }
}

impl std::error::Error for LockstepFault {}

impl From<std::io::Error> for LockstepFault {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// What the clock unit tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Told {
    gone: u64,
    wall: i64,
    published: u64,
}

/// The hall's time, as the adapters see it.
#[derive(Debug, Default)]
struct Time {
    nanos: AtomicU64,
    wall: AtomicI64,
}

impl Time {
    fn mono(&self) -> Mono {
        Mono(self.nanos.load(Ordering::SeqCst))
    }

    fn wall(&self) -> Wall {
        Wall(self.wall.load(Ordering::SeqCst))
    }

    /// Goes on by `dt`; the monotonic time then (ns).
    fn pass(&self, dt: Span) -> u64 {
        self.wall.fetch_add(i64::try_from(dt.millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
        self.nanos.fetch_add(dt.nanos(), Ordering::SeqCst).saturating_add(dt.nanos())
    }
}

/// A controller in lockstep with a hall.
pub struct Lockstep {
    plant: Runtime,
    field: Field,
    modbus: Modbus,
    mqtt: Option<Mqtt>,
    /// Nobody commands here; the channel stays open.
    incoming: Option<mpsc::Receiver<Incoming>>,
    clock: Context,
    time: Arc<Time>,
    controller: Controller,
    inputs: Inputs,
    outputs: Outputs,
    polls: u64,
    scans: u64,
    /// Published and received, when the last tick was whole.
    heard: Option<(u64, u64)>,
}

impl Lockstep {
    /// Connects to a hall that is served in lockstep, whose clock unit listens at `clock`.
    ///
    /// # Errors
    /// No runtime, no connection, a configuration with faults.
    pub fn start(loaded: &Loaded, clock: SocketAddr) -> Result<Self, LockstepFault> {
        let plant = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let mut clock = plant.block_on(tcp::connect(clock))?;
        let told = plant.block_on(ask(&mut clock))?;
        let time = Arc::new(Time::default());
        time.nanos.store(told.gone.saturating_mul(1_000_000), Ordering::SeqCst);
        time.wall.store(told.wall, Ordering::SeqCst);
        let stamp = Arc::clone(&time);
        let unread = loaded.bindings.unread(loaded.hall.points.len());
        let mut field = Field::new(Shared::starting_from(unread.samples.clone(), Arc::new(move || stamp.mono())));
        let context = plant.enter();
        let adapter = |sentences: String| LockstepFault::Adapter(sentences);
        let modbus = modbus::start(&loaded.config.modbus, &loaded.bindings.modbus, &mut field, Writes::Live)
            .map_err(|e| adapter(e.to_string()))?;
        let wall = Arc::clone(&time);
        let site = &loaded.hall.site;
        let started = loaded.config.mqtt.as_ref().map(|config| {
            let wall: mqtt::WallClock = Arc::new(move || Some(wall.wall()));
            mqtt::start(config, (site, None), &loaded.bindings.mqtt, field.shared(), wall)
        });
        drop(context);
        let (mqtt, incoming) = started.transpose().map_err(|e| adapter(e.to_string()))?.unzip();
        Ok(Self {
            plant,
            field,
            modbus,
            mqtt,
            incoming,
            clock,
            time,
            controller: Controller::new(loaded.site()),
            inputs: unread,
            outputs: Controller::safe_outputs(&loaded.hall),
            polls: 0,
            scans: 0,
            heard: None,
        })
    }

    /// One tick: delivers what was decided, moves the hall by `dt` (1 ms to 60 s, whole milliseconds), reads, decides.
    ///
    /// # Errors
    /// The clock unit does not do what it is told, or messages are lost on the way.
    pub fn step(&mut self, dt: Span) -> Result<Tick, LockstepFault> {
        self.field.write(&self.outputs, self.tick(dt));
        // A bus answers a poll when all before it is done: what was ordered has been delivered then.
        let reports = self.poll(dt);
        // Messages of the new time arrive while the hall's answer is on its way.
        let expected = self.time.pass(dt);
        let told = self.plant.block_on(advance(&mut self.clock, dt))?;
        if told.gone.saturating_mul(1_000_000) != expected {
            let say = format!("the hall's clock is at {} ms, and {} was to be", told.gone, expected / 1_000_000);
            return Err(LockstepFault::Clock(say));
        }
        self.hear(told)?;
        let later = self.poll(dt);
        self.inputs.reports = [reports, later].concat();
        let tick = self.tick(dt);
        self.outputs.commands.clone_from(&self.controller.step(&self.inputs, tick).commands);
        self.scans = self.scans.saturating_add(1);
        Ok(tick)
    }

    /// The image of the last tick.
    #[must_use]
    pub const fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// What the last tick decided.
    #[must_use]
    pub const fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// The hall, with the points that device maps add to it.
    #[must_use]
    pub const fn hall(&self) -> &Arc<Hall> {
        self.controller.hall()
    }

    /// What the Modbus adapter counts.
    #[must_use]
    pub const fn modbus(&self) -> &Modbus {
        &self.modbus
    }

    /// MQTT messages that have come in.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.mqtt.as_ref().map_or(0, |mqtt| mqtt.counts().received)
    }

    fn tick(&self, dt: Span) -> Tick {
        let (mono, wall) = (self.time.mono(), self.time.wall());
        Tick { seq: self.scans, dt, mono, wall, clock_trusted: true, boot: 1 }
    }

    /// Polls every bus and freezes the image; the reports of writes that came meanwhile.
    fn poll(&mut self, dt: Span) -> Vec<plant::command::WriteReport> {
        let tick = Tick { seq: self.polls, ..self.tick(dt) };
        self.polls = self.polls.saturating_add(1);
        self.field.poll(tick);
        self.field.freeze(tick.seq, PATIENCE, &mut self.inputs);
        std::mem::take(&mut self.inputs.reports)
    }

    /// Waits until as many messages have come as the hall has published.
    fn hear(&mut self, told: Told) -> Result<(), LockstepFault> {
        if self.mqtt.is_none() || told.published == 0 {
            return Ok(());
        }
        let Some((published, received)) = self.heard else { return self.hear_first(told) };
        let wanted = told.published.saturating_sub(published);
        let came = self.wait_for(received.saturating_add(wanted), PATIENCE).saturating_sub(received);
        if came != wanted {
            return Err(LockstepFault::Messages { published: wanted, received: came });
        }
        self.heard = Some((told.published, received.saturating_add(came)));
        Ok(())
    }

    /// The broker's connections may be younger than the first messages: they are published again until a whole round arrives.
    fn hear_first(&mut self, mut told: Told) -> Result<(), LockstepFault> {
        let mut last = 0;
        for _ in 0..ROUNDS {
            let before = (told.published, self.messages());
            told = self.plant.block_on(advance(&mut self.clock, Span::ZERO))?;
            last = told.published.saturating_sub(before.0);
            let wanted = before.1.saturating_add(last);
            if self.wait_for(wanted, ROUND) == wanted && self.wait_for(wanted.saturating_add(1), ROUND) == wanted {
                self.heard = Some((told.published, wanted));
                return Ok(());
            }
        }
        Err(LockstepFault::Messages { published: last, received: self.messages() })
    }

    /// Waits until so many messages have come; how many came.
    fn wait_for(&self, wanted: u64, patience: Duration) -> u64 {
        for _ in 0..patience.as_micros().checked_div(LOOK.as_micros()).unwrap_or(0) {
            if self.messages() >= wanted {
                break;
            }
            std::thread::sleep(LOOK);
        }
        self.messages()
    }
}

impl Drop for Lockstep {
    fn drop(&mut self) {
        drop(self.incoming.take());
    }
}

/// Moves the hall's clock and asks what it tells then.
async fn advance(clock: &mut Context, dt: Span) -> Result<Told, LockstepFault> {
    let millis = dt.millis();
    let words = [convert::low_word(millis >> 16), convert::low_word(millis)];
    match clock.write_multiple_registers(0, &words).await {
        Ok(Ok(())) => ask(clock).await,
        Ok(Err(exception)) => {
            let say =
                format!("the clock unit refuses to move by {millis} ms ({exception}): is the hall served in lockstep?");
            Err(LockstepFault::Clock(say))
        }
        Err(error) => Err(LockstepFault::Clock(format!("the clock unit: {error}"))),
    }
}

async fn ask(clock: &mut Context) -> Result<Told, LockstepFault> {
    let wrong = |why: String| LockstepFault::Clock(format!("the clock unit cannot be read: {why}"));
    let words = clock.read_input_registers(0, CLOCK_WORDS).await.map_err(|e| wrong(e.to_string()))?;
    let words = words.map_err(|e| wrong(e.to_string()))?;
    let number = |from: usize, many: usize| {
        words.iter().skip(from).take(many).fold(0u64, |sum, word| sum << 16 | u64::from(*word))
    };
    let wall = i64::try_from(number(4, 4)).unwrap_or(i64::MAX);
    Ok(Told { gone: number(0, 4), wall, published: number(10, 2) })
}
