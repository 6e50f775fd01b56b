//! Signals as flags: TERM and INT ask to stop, HUP asks to load the configuration again.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

static STOP: AtomicBool = AtomicBool::new(false);
static RELOAD: AtomicBool = AtomicBool::new(false);

/// Begins to listen. A signal that cannot be listened to keeps its default: it ends the process.
pub fn listen(runtime: &Runtime) {
    let _context = runtime.enter();
    for (kind, flag) in [
        (SignalKind::terminate(), &STOP),
        (SignalKind::interrupt(), &STOP),
        (SignalKind::hangup(), &RELOAD),
    ] {
        if let Ok(mut stream) = signal(kind) {
            runtime.spawn(async move {
                while stream.recv().await.is_some() {
                    flag.store(true, Ordering::Release);
                }
            });
        }
    }
}

/// True once somebody has asked to stop.
pub fn asked_to_stop() -> bool {
    STOP.load(Ordering::Acquire)
}

/// True once for each time somebody has asked to reload.
pub fn asked_to_reload() -> bool {
    RELOAD.swap(false, Ordering::AcqRel)
}
