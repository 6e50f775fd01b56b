//! Live prices come in: by a topic or by a file, and from there to control as a request.
//!
//! What has faults is told, and counted by control; what was known before holds. A file is read again when it has changed and stands still:
//! a half-written one is not looked at. Who publishes again and again is heard every few seconds, so that the journal has room for more.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use plant::convert;
use plant::fault::Fault;
use plant::time::Wall;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::control::prices::{MOST_SLOTS, Offer};
use crate::control::request::{Ask, Reply, Request};
use crate::control::tariff::Publication;
use crate::service::api::call::Asker;
use crate::service::config::Loaded;

/// How often a file is looked at.
const LOOK: Duration = Duration::from_secs(5);
/// How many messages may wait to be heard, and how long the ear rests between.
const WAITING: usize = 32;
const PAUSE: Duration = Duration::from_secs(10);
/// The largest file of prices (bytes).
const LARGEST: u64 = 1 << 20;

/// What has been heard.
#[derive(Debug)]
pub struct Heard {
    /// What it says, or why it cannot be read.
    pub text: Result<Vec<u8>, String>,
    /// When it was published, if it does not say so itself.
    pub published: Option<Wall>,
    /// True where the broker has kept it: it may come again on every connection.
    pub kept: bool,
}

/// What hears prices and hands them to control.
#[derive(Clone, Debug)]
struct Ear {
    asker: Asker,
    currency: String,
    from: String,
    /// What was heard last.
    last: Option<blake3::Hash>,
}

impl Ear {
    /// An ear for the prices of a site; nothing where none come.
    fn of(loaded: &Loaded, asker: &Asker) -> Option<Self> {
        let (prices, tariff) = (loaded.config.prices.as_ref()?, loaded.tariff.as_ref()?);
        let by_topic = prices.topic.as_ref().map(|topic| format!("topic {topic}"));
        let from = by_topic.or_else(|| Some(format!("file {}", loaded.prices_file.as_ref()?.display())))?;
        Some(Self { asker: asker.clone(), currency: tariff.currency.clone(), from, last: None })
    }

    /// Takes what has been heard, or tells why not. Comes back once control knows.
    async fn hear(&mut self, heard: Heard) {
        let hash = heard.text.as_ref().ok().map(|text| blake3::hash(text));
        if heard.kept && hash.is_some() && hash == self.last {
            return;
        }
        self.last = hash;
        let read = heard.text.and_then(|text| read(&text, &self.currency));
        let why = match read {
            Ok(said) => {
                let offer = Offer {
                    from: self.from.clone(),
                    currency: self.currency.clone(),
                    slots: said.prices.slots().to_vec(),
                    published: said.published.or(heard.published),
                    kept: heard.kept,
                };
                match self.put(Ask::Prices(offer)).await {
                    Some(Reply::Accepted { note, .. }) => {
                        tracing::info!(from = self.from, "prices are heard: {note}");
                        return;
                    }
                    Some(Reply::Refused(refusal)) => refusal.to_string(),
                    Some(Reply::Lease(_)) | None => return,
                }
            }
            Err(why) => why,
        };
        tracing::error!(from = self.from, "prices are not taken, and what was known before holds: {why}");
        self.put(Ask::PricesRefused { from: self.from.clone(), why }).await;
    }

    /// Asks until control answers; nothing when the service stops.
    async fn put(&self, ask: Ask) -> Option<Reply> {
        self.asker.insist(&Request { who: "service".to_owned(), ask }, None).await
    }
}

/// Hears the prices of a site from now on. Gives the way in for a topic's messages; nothing where there is none.
pub fn listen(loaded: &Loaded, asker: &Asker, people: &Handle) -> Option<Sender<Heard>> {
    let ear = Ear::of(loaded, asker)?;
    if let Some(file) = loaded.prices_file.clone() {
        people.spawn(watch(file, LOOK, ear));
        return None;
    }
    let (sender, heard) = channel(WAITING);
    people.spawn(attend(heard, PAUSE, ear));
    Some(sender)
}

/// Hears what comes, one after the other; of several that say the same the last. Then it rests.
async fn attend(mut heard: Receiver<Heard>, pause: Duration, mut ear: Ear) {
    while let Some(first) = heard.recv().await {
        let mut batch = vec![first];
        while let Ok(next) = heard.try_recv() {
            batch.retain(|of| of.text != next.text);
            batch.push(next);
        }
        for of in batch {
            ear.hear(of).await;
        }
        tokio::time::sleep(pause).await;
    }
}

/// Reads a publication.
fn read(text: &[u8], currency: &str) -> Result<Publication, String> {
    let text = std::str::from_utf8(text).map_err(|_| "it is no text in UTF-8".to_owned())?;
    let said = Publication::read(text, currency).map_err(|faults| faults.join("; "))?;
    let slots = said.prices.slots().len();
    if slots > MOST_SLOTS {
        return Err(format!("{slots} slots are more than {MOST_SLOTS}: publish a week at the most"));
    }
    Ok(said)
}

/// A file as it lies there: when it was written (ms since 1970) and its length, or why it cannot be read.
type Look = Result<(i64, u64), String>;

/// Reads a file of prices whenever it has changed, until the service ends.
async fn watch(path: PathBuf, every: Duration, mut ear: Ear) {
    let (mut read, mut before): (Option<Look>, Option<Look>) = (None, None);
    loop {
        let at = path.clone();
        let Ok(now) = tokio::task::spawn_blocking(move || look(&at)).await else { return };
        let now = Some(now);
        // The first is read at once; a later one when it has stood still for a look.
        if now != read && (read.is_none() || now == before) {
            let at = path.clone();
            let Ok(heard) = tokio::task::spawn_blocking(move || lies(&at)).await else { return };
            ear.hear(heard).await;
            read.clone_from(&now);
        }
        before = now;
        tokio::time::sleep(every).await;
    }
}

fn look(path: &Path) -> Look {
    let cannot = |e: std::io::Error| format!("it cannot be read: {e}");
    let metadata = fs::metadata(path).map_err(cannot)?;
    let written = metadata.modified().map_err(cannot)?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok((i64::try_from(written.as_millis()).unwrap_or(i64::MAX), metadata.len()))
}

/// A file's text, published when it was written.
fn lies(path: &Path) -> Heard {
    let text = || {
        let (written, _) = look(path)?;
        let (mut text, cannot) = (Vec::new(), |e: std::io::Error| format!("it cannot be read: {e}"));
        fs::File::open(path).map_err(cannot)?.take(LARGEST + 1).read_to_end(&mut text).map_err(cannot)?;
        if convert::u64_from_usize(text.len()) > LARGEST {
            return Err(format!("it is larger than {LARGEST} bytes"));
        }
        Ok((written, text))
    };
    match text() {
        Ok((written, text)) => Heard { text: Ok(text), published: Some(Wall(written)), kept: false },
        Err(why) => Heard { text: Err(why), published: None, kept: false },
    }
}

/// What is wrong with the file of prices as it lies there; nothing where none is named. It is data, and a hall is controlled without: the
/// service starts, and tells it.
#[must_use]
pub fn doubt(loaded: &Loaded) -> Option<Fault> {
    let (path, tariff) = (loaded.prices_file.as_ref()?, loaded.tariff.as_ref()?);
    let why = lies(path).text.and_then(|text| read(&text, &tariff.currency)).err()?;
    let help = "the price is unknown until it is mended; it is read again when it changes".to_owned();
    Some(Fault { file: path.display().to_string(), line: 1, column: 1, message: why, help })
}

#[cfg(test)]
mod tests;
