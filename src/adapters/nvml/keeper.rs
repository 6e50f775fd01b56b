//! The thread that loads the driver, finds its GPUs by name, and loads it again when it has gone.

use std::sync::Arc;
use std::time::Duration;

use nvml_wrapper::Nvml;
use nvml_wrapper::error::NvmlError;
use plant::gpu::Uuid;

use super::Shared;
use super::trouble::Class;

/// The first pause after a driver that could not be loaded, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));
/// How often the driver is asked which GPUs it has.
const COUNTED: Duration = Duration::from_secs(1);
/// How long threads may take to let go of a driver that is over.
const PARTING: Duration = Duration::from_secs(1);
/// The shortest life of a driver that is loaded again at once.
const SHORT: Duration = Duration::from_secs(2);

/// Runs until everything ends.
pub(super) fn run(shared: &Arc<Shared>) {
    let mut pause = PAUSES.0;
    let mut said = String::new();
    while shared.driver.rest(None, Duration::ZERO) {
        match load(shared) {
            Ok(nvml) => {
                said.clear();
                let began = shared.now();
                let why = serve(shared, Arc::new(nvml));
                if shared.now().since(began).duration() > SHORT {
                    pause = PAUSES.0;
                }
                if shared.driver.rest(None, Duration::ZERO) {
                    tracing::warn!(why, "the GPUs' driver has gone: it is loaded again");
                }
            }
            Err(error) => {
                let why = explain(&error, shared);
                if why != said {
                    tracing::warn!(why, "the GPUs' driver cannot be loaded");
                    said.clone_from(&why);
                }
                shared.driver.unload(why);
            }
        }
        if !shared.driver.rest(None, pause) {
            return;
        }
        pause = pause.saturating_mul(2).min(PAUSES.1);
    }
}

fn load(shared: &Shared) -> Result<Nvml, NvmlError> {
    let mut builder = Nvml::builder();
    if let Some(path) = &shared.settings.library {
        builder.lib_path(path.as_os_str());
    }
    builder.init()
}

/// What is wrong, where, and what to do.
fn explain(error: &NvmlError, shared: &Shared) -> String {
    let path =
        shared.settings.library.as_ref().map_or_else(|| "libnvidia-ml.so.1".to_owned(), |p| p.display().to_string());
    if let NvmlError::LibloadingError(why) = error {
        return format!("{path}: {why}: install the driver's library, or write its path as `library`");
    }
    let help = if Class::of(error) == Class::Driver { ": load the driver (`modprobe nvidia`)" } else { "" };
    format!("{path}: {error}{help}")
}

/// Keeps one driver until it is over; says why.
fn serve(shared: &Arc<Shared>, nvml: Arc<Nvml>) -> String {
    let number = shared.driver.load(&nvml);
    let why = loop {
        match find(shared, &nvml) {
            Ok(()) => {}
            Err(error) if Class::of(&error) == Class::Driver => break error.to_string(),
            Err(error) => tracing::warn!(%error, "the driver does not tell its GPUs"),
        }
        let goes_on = shared.driver.rest(Some(number), COUNTED);
        if !goes_on {
            break "it is no longer needed".to_owned();
        }
        if shared.driver.ended() {
            break "its GPUs are gone".to_owned();
        }
    };
    shared.driver.unload(why.clone());
    // A library that is still in use elsewhere would keep its old handles.
    let mut left = PARTING;
    while Arc::strong_count(&nvml) > 1 && !left.is_zero() {
        let bit = Duration::from_millis(5);
        std::thread::sleep(bit);
        left = left.saturating_sub(bit);
    }
    why
}

/// Gives every GPU that the driver names its place and thread. A GPU whose name cannot be read is counted, and left for the next time.
fn find(shared: &Arc<Shared>, nvml: &Nvml) -> Result<(), NvmlError> {
    let (mut names, mut nameless) = (0_usize, 0_u32);
    for index in 0..nvml.device_count()? {
        let named = nvml.device_by_index(index).and_then(|device| device.uuid());
        match named.map(|name| name.parse::<Uuid>()) {
            Ok(Ok(uuid)) => {
                shared.place(uuid);
                names = names.saturating_add(1);
            }
            Ok(Err(_)) => nameless = nameless.saturating_add(1),
            Err(error) if Class::of(&error) == Class::Driver => return Err(error),
            Err(_) => nameless = nameless.saturating_add(1),
        }
    }
    if shared.driver.counted(names, nameless) {
        tracing::warn!(nameless, "GPUs that the driver counts and that do not tell their names");
    }
    Ok(())
}
