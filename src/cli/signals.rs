//! Signals as flags: TERM and INT ask to stop, HUP asks to load the configuration again.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};

static STOP: AtomicBool = AtomicBool::new(false);
static RELOAD: AtomicBool = AtomicBool::new(false);

/// Begins to listen, before anything else is done: a HUP during a start must not end the process.
///
/// # Errors
/// The system gives no thread or no signal handler.
pub fn listen() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let context = runtime.enter();
    let (term, int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let hup = signal(SignalKind::hangup())?;
    drop(context);
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.spawn(raise(int, &STOP));
        runtime.spawn(raise(hup, &RELOAD));
        runtime.block_on(raise(term, &STOP));
    })?;
    Ok(())
}

async fn raise(mut stream: Signal, flag: &'static AtomicBool) {
    while stream.recv().await.is_some() {
        flag.store(true, Ordering::Release);
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
