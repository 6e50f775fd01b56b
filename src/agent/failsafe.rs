//! The fail-safe, for who has nothing else: every GPU to the lower of its present cap and the node's fail-safe, asked until it is enforced.

use std::time::Duration;

use plant::gpu::{Condition, GpuSample, Milliwatts, Uuid};

use super::config::Config;
use super::hold::SAME;
use super::node::NodeMemory;
use crate::adapters::nvml::{Asked, Gpus, Wish};

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(20);
/// How often a GPU that does not follow is asked again, in looks.
const AGAIN: u32 = 12;

/// How long a GPU that has not been read is left alone, in looks: what is lower than the fail-safe must not be raised because its first reading takes its time.
const UNREAD: u32 = 50;

/// What is kept when nobody has the say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What a GPU draws at the most (mW); where nobody knows any more, the least that its board takes.
    failsafe: Option<Milliwatts>,
    /// Its driver is asked to stay loaded.
    persistent: bool,
    /// Whose clocks we had locked.
    locked: Vec<Uuid>,
}

impl Plan {
    /// By the node's file; `memory` tells what else is to be undone.
    #[must_use]
    pub fn of(config: &Config, memory: Option<&NodeMemory>) -> Self {
        Self { failsafe: Some(config.bounds.failsafe), persistent: config.persistent, locked: locked(memory) }
    }

    /// Where that file cannot be read: the fail-safe that went with the limits that are remembered.
    #[must_use]
    pub fn without_file(memory: Option<&NodeMemory>) -> Self {
        let known = memory.into_iter().flat_map(|memory| memory.gpus.values());
        Self { failsafe: known.filter_map(|gpu| gpu.failsafe).min(), persistent: true, locked: locked(memory) }
    }

    /// What every GPU goes to at the most (mW); nothing where each goes to the least that its board takes.
    #[must_use]
    pub const fn failsafe(&self) -> Option<Milliwatts> {
        self.failsafe
    }
}

fn locked(memory: Option<&NodeMemory>) -> Vec<Uuid> {
    let gpus = memory.into_iter().flat_map(|memory| &memory.gpus);
    gpus.filter(|(_, gpu)| gpu.clock_mhz.is_some()).map(|(uuid, _)| *uuid).collect()
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Those that are at or below the fail-safe, read back.
    pub safe: Vec<Uuid>,
    /// Those that are at the least that their boards take, which is above the fail-safe (mW).
    pub above: Vec<(Uuid, Milliwatts)>,
    /// Those of which nobody knows.
    pub doubtful: Vec<Uuid>,
    /// Those that the driver counts and that do not tell their names.
    pub nameless: u32,
    /// The half that worked hangs where no signal reaches it: what it was about to write may still come.
    pub hanging: bool,
}

impl Outcome {
    /// True where every GPU that the driver counts is proven to be there.
    #[must_use]
    pub const fn is_sure(&self) -> bool {
        self.doubtful.is_empty() && self.nameless == 0 && self.above.is_empty() && !self.hanging
    }
}

/// How a GPU stands.
enum Stand {
    /// At the fail-safe, or below.
    There,
    /// As low as its board goes, and that is here (mW).
    Lowest(Milliwatts),
    /// It shall go to this (mW).
    Due(Milliwatts),
    /// Nobody knows what it could go to.
    Unknown,
}

fn stand(sample: &GpuSample, plan: &Plan) -> Stand {
    let limits = sample.limits;
    let Some(safe) = plan.failsafe.map(|failsafe| limits.fit(failsafe)).or(limits.least) else { return Stand::Unknown };
    match limits.enforced.or(limits.configured) {
        Some(at) if at > safe + SAME => Stand::Due(safe),
        Some(at) if plan.failsafe.is_some_and(|failsafe| at > failsafe + SAME) => Stand::Lowest(at),
        Some(_) => Stand::There,
        None => Stand::Due(safe),
    }
}

/// What was asked of a GPU.
struct Turn {
    uuid: Uuid,
    /// Looks until it is asked again.
    wait: u32,
    /// The answer is not waited for: what is enforced shows.
    limit: Option<Asked>,
    clock: Clock,
}

/// What becomes of a clock that we had locked.
enum Clock {
    Locked,
    Asked(Asked),
    /// It is free, or its board has said why it is not.
    Done,
}

impl Turn {
    fn of(uuid: Uuid, plan: &Plan) -> Self {
        let clock = if plan.locked.contains(&uuid) { Clock::Locked } else { Clock::Done };
        Self { uuid, wait: 0, limit: None, clock }
    }

    /// Asks it to go lower, now and then.
    fn lower(&mut self, gpus: &Gpus, limit: Milliwatts, persists: bool) {
        self.wait = self.wait.saturating_sub(1);
        if self.wait > 0 {
            return;
        }
        self.wait = AGAIN;
        if persists {
            // Or the driver goes with us, and the limit with it. Whether it was taken shows when it is read.
            drop(gpus.ask(self.uuid, Wish::Persistence(true)));
        }
        self.limit = gpus.ask(self.uuid, Wish::Limit(limit)).ok();
    }

    /// Frees its clock, once its limit has fallen. True where nothing is left to be waited for.
    fn free(&mut self, gpus: &Gpus) -> bool {
        let next = match &self.clock {
            Clock::Done => return true,
            Clock::Locked => gpus.ask(self.uuid, Wish::Clocks(None)).map_or(Clock::Done, Clock::Asked),
            Clock::Asked(asked) => match asked.answer() {
                None => return false,
                Some(Ok(_)) => Clock::Done,
                Some(Err(why)) => {
                    tracing::warn!(gpu = %self.uuid, %why, "its clock stays locked");
                    Clock::Done
                }
            },
        };
        self.clock = next;
        matches!(self.clock, Clock::Done)
    }
}

/// Writes it and waits until it is enforced, or the time is over. A GPU that cannot be read is asked all the same, after a second. Clocks that
/// were locked for a lease are freed once the limit has fallen.
#[must_use]
pub fn write(gpus: &Gpus, plan: &Plan, within: Duration) -> Outcome {
    let mut left = within;
    let mut turns: Vec<Turn> = Vec::new();
    let mut looks = 0_u32;
    loop {
        looks = looks.saturating_add(1);
        for (uuid, _) in gpus.cards() {
            if !turns.iter().any(|turn| turn.uuid == uuid) {
                turns.push(Turn::of(uuid, plan));
            }
        }
        let mut outcome = Outcome::default();
        let mut free = true;
        for turn in &mut turns {
            let sample = gpus.sample(turn.uuid).unwrap_or_default();
            let stand = stand(&sample, plan);
            match stand {
                Stand::There if sample.condition.is_read() => outcome.safe.push(turn.uuid),
                Stand::Lowest(at) if sample.condition.is_read() => outcome.above.push((turn.uuid, at)),
                Stand::There | Stand::Lowest(_) | Stand::Due(_) | Stand::Unknown => outcome.doubtful.push(turn.uuid),
            }
            // One that was lower when it was last read is left alone: a write could only raise it.
            let early = sample.condition == Condition::Unread && looks < UNREAD;
            match stand {
                Stand::Due(limit) if !early => {
                    turn.lower(gpus, limit, plan.persistent && sample.persistent != Some(true));
                }
                Stand::There | Stand::Lowest(_) if sample.condition.is_read() => free &= turn.free(gpus),
                Stand::There | Stand::Lowest(_) | Stand::Due(_) | Stand::Unknown => {}
            }
        }
        // Not before the driver has counted its GPUs: the first that is found is not all.
        let driver = gpus.driver();
        outcome.nameless = driver.nameless;
        let found = driver.named.is_some_and(|named| named > 0 && turns.len() >= named);
        let done = found && free && outcome.doubtful.is_empty();
        if done || left.is_zero() {
            return outcome;
        }
        std::thread::sleep(LOOK);
        left = left.saturating_sub(LOOK);
    }
}
