//! One GPU's thread: reads it at its period, sets what is asked for, finds it again by its name after a loss.

use std::sync::Arc;
use std::time::Duration;

use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{Device, Nvml};
use plant::gpu::{Condition, Milliwatts};

use super::Shared;
use super::bay::{Applied, Bay, Job, Next, Wish};
use super::card::{self, Card};
use super::pass::Passes;
use super::trouble::{Class, Refusal};

/// How long a thread without a driver waits before it looks again.
const LOOK: Duration = Duration::from_millis(50);
/// How long a lost GPU is left alone.
const LOST: Duration = Duration::from_secs(1);

/// Why a GPU is no longer read.
enum End {
    /// Everything ends.
    Stop,
    /// Another driver is in use, or none.
    Other,
    /// The library's word.
    Error(NvmlError),
}

/// Runs until everything ends.
pub(super) fn run(shared: &Shared, bay: &Bay) {
    let mut said = String::new();
    loop {
        let Some((number, nvml)) = shared.driver.current() else {
            bay.lose(Condition::NoDriver);
            bay.refuse(&Refusal::NoDriver);
            if !wait(bay, LOOK, &Refusal::NoDriver) {
                return;
            }
            continue;
        };
        let end = serve(shared, bay, (number, &nvml), &mut said);
        bay.end();
        drop(nvml);
        let error = match end {
            End::Stop => return,
            End::Other => continue,
            End::Error(error) => error,
        };
        let why = error.to_string();
        if why != said {
            tracing::warn!(gpu = %bay.uuid, why, "a GPU cannot be read");
            said = why;
        }
        let condition = match Class::of(&error) {
            Class::Driver => Condition::NoDriver,
            Class::Gpu => Condition::Lost,
            Class::Absent | Class::Permission | Class::Other => Condition::Failing,
        };
        bay.lose(condition);
        if matches!(condition, Condition::NoDriver) || condition == Condition::Lost && shared.may_reload(number) {
            shared.driver.is_over(number);
            continue;
        }
        if !wait(bay, LOST, &Refusal::from(&error)) {
            return;
        }
    }
}

/// Waits, refusing what is asked for meanwhile; false where everything ends.
fn wait(bay: &Bay, within: Duration, why: &Refusal) -> bool {
    match bay.next(within) {
        Next::Stop => return false,
        Next::Do(job) => {
            let _ = job.answer.try_send(Err(why.clone()));
        }
        Next::Idle => {}
    }
    true
}

/// Reads and sets by one driver. What was said of the GPU is forgotten as soon as it is read.
fn serve(shared: &Shared, bay: &Bay, (number, nvml): (u64, &Arc<Nvml>), said: &mut String) -> End {
    bay.begin(shared.now());
    let found =
        nvml.device_by_uuid(bay.uuid.to_string()).and_then(|device| Ok((Card::read(&device, bay.uuid)?, device)));
    let (card, mut device) = match found {
        Ok(found) => found,
        Err(error) => return End::Error(error),
    };
    bay.identify(card.clone());
    let mut passes = Passes::default();
    let mut due = shared.now();
    loop {
        if !shared.driver.is(number) {
            return End::Other;
        }
        let now = shared.now();
        if now >= due {
            bay.begin(now);
            match passes.read(&device, &card, now) {
                Ok(sample) => {
                    if !std::mem::take(said).is_empty() {
                        tracing::info!(gpu = %bay.uuid, "a GPU is read again");
                    }
                    bay.store(plant::gpu::GpuSample { driver: number, ..sample });
                }
                Err(error) => return End::Error(error),
            }
            bay.end();
            due = due.after(shared.settings.period).max(shared.now());
        }
        match bay.next(due.since(shared.now()).duration()) {
            Next::Stop => return End::Stop,
            Next::Idle => {}
            Next::Do(job) => {
                bay.begin(shared.now());
                let done = set(shared, &mut device, &card, &job);
                bay.end();
                if let Err(error) = done {
                    return End::Error(error);
                }
                // The next pass tells what came of it.
                due = shared.now();
            }
        }
    }
}

/// Does what a job wants and answers it.
///
/// # Errors
/// The library's, where the board or the driver is gone; what the board does not take is only the job's own trouble.
fn set(shared: &Shared, device: &mut Device<'_>, card: &Card, job: &Job) -> Result<(), NvmlError> {
    let done = match job.wish {
        Wish::Limit(limit) => match outside(card, limit) {
            Some(refusal) => {
                let _ = job.answer.try_send(Err(refusal));
                return Ok(());
            }
            None => card::set_limit(device, card.scope, limit),
        },
        Wish::Clocks(range) => card::lock_clocks(device, range),
        Wish::Persistence(on) => device.set_persistent(on),
    };
    let read = done.and_then(|()| card::now(device, card.scope));
    let answer = match &read {
        Ok((configured, enforced)) => {
            let limits = plant::gpu::PowerLimits { configured: *configured, enforced: *enforced, ..card.limits };
            Ok(Applied { limits, at: shared.now() })
        }
        Err(NvmlError::InvalidArg) => Err(Refusal::Failed("it does not take this value".to_owned())),
        Err(error) => Err(Refusal::from(error)),
    };
    let _ = job.answer.try_send(answer);
    match read {
        Err(error) if matches!(Class::of(&error), Class::Driver) || matches!(error, NvmlError::GpuLost) => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// A limit that the board does not take.
fn outside(card: &Card, asked: Milliwatts) -> Option<Refusal> {
    let (least, most) = card.limits.least.zip(card.limits.most)?;
    (asked < least || asked > most).then_some(Refusal::OutOfRange { asked, least, most })
}
