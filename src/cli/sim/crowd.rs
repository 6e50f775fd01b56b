//! Many runs at once: as many as the machine has cores, each on a thread that carries the run's name, so that a panic names it.

use std::io::{self, IsTerminal, Write};
use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::cli::Stop;

/// How often the progress is told, in parts of the whole.
const PARTS: usize = 40;

/// Runs `work` for every number below `count`; the answers in order. `name` names a run.
pub fn all<T: Send>(
    count: usize,
    name: impl Fn(usize) -> String + Sync,
    work: impl Fn(usize) -> T + Sync,
) -> Result<Vec<T>, Stop> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(count.max(1));
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let answers: Vec<Mutex<Option<T>>> = (0..count).map(|_| Mutex::new(None)).collect();
    let loud = io::stderr().is_terminal() && count > 1;
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(slot) = answers.get(n) else { return };
                    let answer = named(&name(n), || work(n));
                    if let Ok(mut slot) = slot.lock() {
                        *slot = answer;
                    }
                    let so_far = done.fetch_add(1, Ordering::Relaxed).saturating_add(1);
                    if loud {
                        progress(so_far, count);
                    }
                }
            });
        }
    });
    if loud {
        drop(write!(io::stderr().lock(), "\r\x1b[K"));
    }
    let answers = answers.into_iter().enumerate().map(|(n, slot)| {
        let answer = slot.into_inner().ok().flatten();
        answer.ok_or_else(|| Stop::new(70, "simulator_failed", format!("{} ended by a panic", name(n)), ""))
    });
    answers.collect()
}

/// Runs on a thread of this name; nothing when it panicked, which has been told on standard error.
fn named<T: Send>(name: &str, work: impl FnOnce() -> T + Send) -> Option<T> {
    thread::scope(|scope| {
        let handle = thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, work).ok()?;
        handle.join().ok()
    })
}

fn progress(done: usize, count: usize) {
    let filled = done.saturating_mul(PARTS) / count.max(1);
    let bar: String = (0..PARTS).map(|n| if n < filled { '█' } else { '░' }).collect();
    // Nobody misses a bar that cannot be drawn.
    drop(write!(io::stderr().lock(), "\r\x1b[K{bar} {done} of {count}"));
}
