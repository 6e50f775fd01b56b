//! The fail-safe, for who has nothing else: every GPU to the lower of its present cap and the node's fail-safe, asked until it is enforced.

use std::time::Duration;

use plant::gpu::{Condition, GpuSample, Milliwatts, Uuid};

use super::config::Config;
use super::hold::{Bounds, SAME};
use crate::adapters::nvml::{Asked, Gpus, Wish};

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(20);
/// How often a GPU that does not follow is asked again, in looks.
const AGAIN: u32 = 12;

/// How long a GPU that has not been read is left alone, in looks: what is lower than the fail-safe must not be raised because its first reading takes its time.
const UNREAD: u32 = 50;

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Those that are at or below the fail-safe, read back.
    pub safe: Vec<Uuid>,
    /// Those of which nobody knows.
    pub doubtful: Vec<Uuid>,
    /// Those that the driver counts and that do not tell their names.
    pub nameless: u32,
}

impl Outcome {
    /// True where every GPU that the driver counts is proven to be there.
    #[must_use]
    pub const fn is_sure(&self) -> bool {
        self.doubtful.is_empty() && self.nameless == 0
    }
}

/// What a GPU shall go to (mW); nothing where it is there, or below.
fn target(sample: &GpuSample, bounds: &Bounds) -> Option<Milliwatts> {
    let limits = sample.limits;
    let safe = limits.fit(bounds.failsafe);
    let enforced = limits.enforced.or(limits.configured);
    enforced.is_none_or(|e| e > safe + SAME).then_some(safe)
}

/// Writes it and waits until it is enforced, or the time is over. A GPU that cannot be read is asked all the same, after a second.
#[must_use]
pub fn write(gpus: &Gpus, config: &Config, within: Duration) -> Outcome {
    let bounds = &config.bounds;
    let mut left = within;
    let mut asked: Vec<(Uuid, u32, Option<Asked>)> = Vec::new();
    let mut looks = 0_u32;
    loop {
        looks = looks.saturating_add(1);
        for (uuid, _) in gpus.cards() {
            if !asked.iter().any(|(of, _, _)| *of == uuid) {
                asked.push((uuid, 0, None));
            }
        }
        let mut outcome = Outcome::default();
        for (uuid, wait, pending) in &mut asked {
            let sample = gpus.sample(*uuid).unwrap_or_default();
            let due = target(&sample, bounds);
            if sample.condition.is_read() && due.is_none() {
                outcome.safe.push(*uuid);
                continue;
            }
            outcome.doubtful.push(*uuid);
            *wait = wait.saturating_sub(1);
            // One that was lower when it was last read is left alone: a write could only raise it.
            let early = sample.condition == Condition::Unread && looks < UNREAD;
            if let Some(limit) = due.filter(|_| *wait == 0 && !early) {
                *wait = AGAIN;
                if config.persistent && sample.persistent != Some(true) {
                    // Or the driver goes with us, and the limit with it. Whether it was taken shows when it is read.
                    drop(gpus.ask(*uuid, Wish::Persistence(true)));
                }
                *pending = gpus.ask(*uuid, Wish::Limit(limit)).ok();
            }
        }
        // Not before the driver has counted its GPUs: the first that is found is not all.
        let driver = gpus.driver();
        outcome.nameless = driver.nameless;
        let found = driver.named.is_some_and(|named| named > 0 && asked.len() >= named);
        let done = found && outcome.doubtful.is_empty();
        if done || left.is_zero() {
            return outcome;
        }
        std::thread::sleep(LOOK);
        left = left.saturating_sub(LOOK);
    }
}
