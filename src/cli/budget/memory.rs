//! What was asked for and lent, on disk: one small file a job, written whole, flushed, and moved into the old one's place before anybody is told.
//!
//! ```text
//!  Asking ──▶ Held ──▶ Returning ──▶ Over     asked again then: with the next number
//!     └───────────────────────────────▲       refused, or given up
//! ```
//!
//! What is over is remembered for two days: the service answers a request that it knows as it did before, so the same job needs another one. Where a job asks anew
//! before what it had is given back, that gets a file of its own: nothing that is lent is forgotten.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use plant::time::{Span, Wall};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wattloop::control::ledger::message::OnExpiry;

use super::Stop;
use super::said::text;

/// The largest file that is read (bytes).
const MOST: u64 = 64 * 1024;
/// How long what is over is remembered.
const OLD: Span = Span::from_secs(2 * 24 * 3600);

/// How far a job's lease is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Asked for; nobody knows the answer yet.
    Asking,
    /// Lent.
    Held,
    /// To be given back.
    Returning,
    /// Given back, refused, or lost.
    Over,
}

/// What is remembered of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// The job.
    pub job: String,
    /// Counts how often it has asked anew.
    pub attempt: u32,
    /// How far it is.
    pub stage: Stage,
    /// By which the service knows the request.
    pub request_id: String,
    /// Its lease, once it is known.
    pub lease_id: Option<String>,
    /// The controller's generation that last told of it.
    pub epoch: u64,
    /// The state of the lease that was told last.
    pub seq: u64,
    /// What it may draw (W).
    pub w: f64,
    /// What it draws when it has come down (W).
    #[serde(default)]
    pub floor_w: f64,
    /// How long it lives without a renewal (s).
    pub ttl_s: f64,
    /// What its job does when nobody can be asked for so long; to its floor where nothing is said.
    #[serde(default)]
    pub on_expiry: Option<OnExpiry>,
    /// When this was written (ms since 1970, UTC).
    pub changed_ms: i64,
    /// It stands beside what its job asked for later: it is to be given back, and nothing else.
    #[serde(default)]
    pub aside: bool,
    /// Given back before anybody had heard an answer: what it may have been lent all the same is given back by whoever holds.
    #[serde(default)]
    pub unheard: bool,
}

impl Note {
    /// A job that asks.
    pub fn asking(job: &str, attempt: u32, request_id: String) -> Self {
        let (lease_id, stage) = (None, Stage::Asking);
        let job = job.to_owned();
        let (w, floor_w, ttl_s, on_expiry) = (0.0, 0.0, 0.0, None);
        Self {
            job,
            attempt,
            stage,
            request_id,
            lease_id,
            epoch: 0,
            seq: 0,
            w,
            floor_w,
            ttl_s,
            on_expiry,
            changed_ms: 0,
            aside: false,
            unheard: false,
        }
    }

    /// What is left of it to be given back, where its job asks for something else from now on.
    fn owed_beside(&self, new: &Self) -> Option<Self> {
        let other = self.request_id != new.request_id;
        let unheard = self.unheard && self.stage == Stage::Over && self.lease_id.is_none();
        let owed = self.stage != Stage::Over && self.lease_id.is_some();
        let stage = if unheard { Stage::Over } else { Stage::Returning };
        let beside = || Self { aside: true, stage, changed_ms: new.changed_ms, ..self.clone() };
        (other && !self.aside && (owed || unheard)).then(beside)
    }

    /// Takes what the service says of its lease.
    pub fn learn(&mut self, lease: &Value) {
        let number = |key: &str| lease.get(key).and_then(Value::as_f64).filter(|n| n.is_finite() && *n >= 0.0);
        let count = |key: &str| lease.get(key).and_then(Value::as_u64);
        self.lease_id = Some(text(lease, "lease_id").to_owned()).filter(|id| !id.is_empty()).or(self.lease_id.take());
        self.epoch = count("epoch").unwrap_or(self.epoch);
        self.seq = count("seq").unwrap_or(self.seq);
        self.w = number("w").unwrap_or(self.w);
        self.floor_w = number("floor_w").unwrap_or(self.floor_w);
        self.ttl_s = number("ttl_s").unwrap_or(self.ttl_s);
        let word = lease.get("on_expiry").and_then(|of| serde_json::from_value(of.clone()).ok());
        self.on_expiry = word.or(self.on_expiry);
    }
}

/// The folder.
#[derive(Clone, Debug)]
pub struct Memory {
    folder: PathBuf,
}

impl Memory {
    /// Opens the folder; makes it where it is not there.
    pub fn open(folder: &Path) -> Result<Self, Stop> {
        let name = folder.display().to_string();
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|e| Stop::io(&name, &e))?;
        let meta = fs::metadata(folder).map_err(|e| Stop::io(&name, &e))?;
        if meta.permissions().mode() & 0o077 != 0 {
            let say = format!("{name} is open to others: whoever writes there gives leases back");
            return Err(Stop::new(78, "config_invalid", say, "chmod it to 0700"));
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// Keeps others out who would keep the same leases; nothing where somebody does.
    pub fn alone(&self) -> Result<Option<File>, Stop> {
        let file = self.lock_file("hold.lock")?;
        Ok(file.try_lock().is_ok().then_some(file))
    }

    fn lock_file(&self, name: &str) -> Result<File, Stop> {
        let path = self.folder.join(name);
        let opened = File::options().create(true).truncate(false).write(true).mode(0o600).open(&path);
        opened.map_err(|e| Stop::io(&path.display().to_string(), &e))
    }

    fn path(&self, job: &str) -> PathBuf {
        self.folder.join(plain(job) + ".lease")
    }

    /// Where a note stands. A tilde is in no job's name.
    fn place(&self, note: &Note) -> PathBuf {
        let of = |name: &str| self.folder.join(format!("{}~{name}.lease", plain(&note.job)));
        match note.lease_id.as_deref() {
            Some(lease) if note.aside => of(&plain(lease)),
            // What nobody has heard of has no lease yet.
            None if note.aside => {
                of(&blake3::hash(note.request_id.as_bytes()).to_hex().chars().take(16).collect::<String>())
            }
            Some(_) | None => self.path(&note.job),
        }
    }

    /// What is remembered of a job.
    pub fn find(&self, job: &str) -> Result<Option<Note>, Stop> {
        let path = self.path(job);
        read(&path).map_err(|e| Stop::io(&path.display().to_string(), &e))
    }

    /// Changes what is remembered of a job, with nobody between: what is given is on disk when this returns. Gives what was found.
    pub fn change(&self, job: &str, new: impl FnOnce(Option<&Note>) -> Option<Note>) -> Result<Option<Note>, Stop> {
        self.change_at(&self.path(job), new)
    }

    /// The same where a note stands, which may be beside what its job asked for later.
    pub fn change_of(
        &self,
        note: &Note,
        new: impl FnOnce(Option<&Note>) -> Option<Note>,
    ) -> Result<Option<Note>, Stop> {
        self.change_at(&self.place(note), new)
    }

    fn change_at(&self, path: &Path, new: impl FnOnce(Option<&Note>) -> Option<Note>) -> Result<Option<Note>, Stop> {
        let told = |e: io::Error| Stop::io(&self.folder.display().to_string(), &e);
        let lock = self.lock_file(".lock")?;
        lock.lock().map_err(told)?;
        let old = read(path).map_err(|e| Stop::io(&path.display().to_string(), &e))?;
        if let Some(note) = new(old.as_ref()) {
            // First what would be lost: killed in between, it is given back twice.
            if let Some(owed) = old.as_ref().and_then(|old| old.owed_beside(&note)) {
                self.write(&owed).map_err(told)?;
            }
            self.write(&note).map_err(told)?;
        }
        Ok(old)
    }

    fn write(&self, note: &Note) -> io::Result<()> {
        let path = self.place(note);
        let fresh = path.with_extension("new");
        let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(&fresh)?;
        file.write_all(&serde_json::to_vec(note)?)?;
        file.sync_all()?;
        fs::rename(&fresh, &path)?;
        File::open(&self.folder)?.sync_all()
    }

    /// A file beside those of the jobs, such as what whoever holds remembers for himself.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Everything that can be read. What is no longer of use is taken away.
    pub fn all(&self, now: Wall) -> Vec<Note> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let paths = entries.flatten().map(|entry| entry.path());
        let leases = paths.filter(|path| path.extension().is_some_and(|ending| ending == "lease"));
        let mut notes = Vec::new();
        for path in leases {
            let Ok(Some(note)) = read(&path) else { continue };
            let old = now.since(Wall(note.changed_ms)) > OLD;
            match note.stage {
                Stage::Asking | Stage::Over if old => drop(fs::remove_file(&path)),
                Stage::Asking | Stage::Over | Stage::Held | Stage::Returning => notes.push(note),
            }
        }
        notes
    }
}

/// A text as the name of a file.
fn plain(text: &str) -> String {
    let mut name = String::new();
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        name += &if plain { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    }
    name
}

/// A file; nothing where there is none. One that says nothing is set aside: the service knows what was lent.
fn read(path: &Path) -> io::Result<Option<Note>> {
    match fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
        Ok(meta) if meta.len() > MOST => {}
        Ok(_) => {
            if let Ok(note) = serde_json::from_slice(&fs::read(path)?) {
                return Ok(Some(note));
            }
        }
    }
    fs::rename(path, path.with_extension("broken"))?;
    Ok(None)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn memory() -> (tempfile::TempDir, Memory) {
        let folder = tempfile::tempdir().expect("a folder");
        let memory = Memory::open(&folder.path().join("state")).expect("made");
        (folder, memory)
    }

    #[test]
    fn what_is_written_is_there_and_names_of_jobs_cannot_leave_the_folder() {
        let (_folder, memory) = memory();
        for job in ["slurm/1234", "../../etc/passwd", "a b%2F", "ü"] {
            let mut note = Note::asking(job, 3, "r".to_owned());
            note.learn(&json!({ "lease_id": "1-2", "epoch": 4, "seq": 5, "w": 6e3, "ttl_s": 30.0 }));
            memory.change(job, |_| Some(note.clone())).expect("written");
            assert_eq!(memory.find(job).expect("read"), Some(note));
        }
        assert_eq!(memory.all(Wall(0)).len(), 4);
    }

    #[test]
    fn what_was_remembered_before_floors_were_is_read_and_has_none() {
        let (folder, memory) = memory();
        let old = r#"{"job":"j","attempt":0,"stage":"held","request_id":"r","lease_id":"1-2","epoch":4,"seq":5,"w":6e3,"ttl_s":300.0,"changed_ms":0}"#;
        fs::write(folder.path().join("state/j.lease"), old).expect("written");
        let mut note = memory.find("j").expect("read").expect("one");
        assert_eq!((note.floor_w, note.on_expiry), (0.0, None));
        note.learn(&json!({ "floor_w": 2e3, "on_expiry": "pause" }));
        assert_eq!((note.floor_w, note.on_expiry), (2e3, Some(OnExpiry::Pause)));
    }

    #[test]
    fn a_file_that_says_nothing_is_set_aside() {
        let (folder, memory) = memory();
        for garbage in ["", "{\"job\":", "[]", "\u{0}\u{1}"] {
            fs::write(folder.path().join("state/j.lease"), garbage).expect("written");
            assert_eq!(memory.find("j").expect("read"), None);
            assert!(folder.path().join("state/j.broken").exists());
        }
    }

    #[test]
    fn what_is_over_is_forgotten_after_two_days_and_what_is_lent_is_not() {
        let (_folder, memory) = memory();
        for (job, stage) in [("over", Stage::Over), ("held", Stage::Held), ("asking", Stage::Asking)] {
            let note = Note { stage, ..Note::asking(job, 0, "r".to_owned()) };
            memory.change(job, |_| Some(note)).expect("written");
        }
        assert_eq!(memory.all(Wall(1000)).len(), 3);
        let left: Vec<_> = memory.all(Wall(3 * 24 * 3_600_000)).into_iter().map(|note| note.job).collect();
        assert_eq!((left, memory.find("over").expect("read")), (vec!["held".to_owned()], None));
    }

    #[test]
    fn what_is_still_to_be_given_back_is_not_forgotten_where_its_job_asks_anew() {
        let (_folder, memory) = memory();
        let lent = |attempt: u32, stage: Stage, lease: &str| {
            let mut note = Note { stage, ..Note::asking("a/1", attempt, format!("r{attempt}")) };
            note.learn(&json!({ "lease_id": lease, "w": 6e3 }));
            note
        };
        let anew = |attempt: u32| {
            let note = Note::asking("a/1", attempt, format!("r{attempt}"));
            memory.change("a/1", |_| Some(note)).expect("written");
        };
        memory.change("a/1", |_| Some(lent(0, Stage::Returning, "1-7"))).expect("written");
        anew(1);
        memory.change("a/1", |_| Some(lent(1, Stage::Asking, "../1-8"))).expect("the same request");
        anew(2);
        memory.change("a/1", |_| Some(lent(2, Stage::Over, "1-9"))).expect("written");
        anew(3);
        let mut owed: Vec<Note> = memory.all(Wall(0)).into_iter().filter(|note| note.aside).collect();
        owed.sort_by(|a, b| a.lease_id.cmp(&b.lease_id));
        let leases: Vec<_> = owed.iter().map(|note| (note.lease_id.as_deref(), note.stage)).collect();
        assert_eq!(leases, [(Some("../1-8"), Stage::Returning), (Some("1-7"), Stage::Returning)]);
        // Given back, and not what the job asks for by now.
        let over = |old: Option<&Note>| Some(Note { stage: Stage::Over, ..old?.clone() });
        memory.change_of(&owed[1], over).expect("written");
        assert_eq!(memory.find("a/1").expect("read").map(|note| (note.attempt, note.stage)), Some((3, Stage::Asking)));
        let left = memory.all(Wall(0)).into_iter().filter(|note| note.stage == Stage::Returning);
        assert_eq!(left.map(|note| note.lease_id).collect::<Vec<_>>(), [Some("../1-8".to_owned())]);
        // Nor what nobody has heard of; and one request has one note, however often it is asked for.
        let unheard = Note { stage: Stage::Over, unheard: true, ..Note::asking("b", 0, "r0".to_owned()) };
        memory.change("b", |_| Some(unheard)).expect("written");
        memory.change("b", |_| Some(Note::asking("b", 1, "r1".to_owned()))).expect("written");
        memory
            .change("c", |_| Some(Note { job: "c".to_owned(), ..lent(0, Stage::Returning, "1-9") }))
            .expect("written");
        memory.change("c", |_| Some(Note::asking("c", 1, "r0".to_owned()))).expect("written");
        let notes = memory.all(Wall(0)).into_iter().filter(|note| note.job != "a/1");
        let mut notes: Vec<_> = notes.map(|of| (of.job, of.request_id, of.stage, of.aside, of.unheard)).collect();
        notes.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        let note =
            |job: &str, id: &str, stage: Stage, aside: bool| (job.to_owned(), id.to_owned(), stage, aside, aside);
        assert_eq!(
            notes,
            [
                note("b", "r0", Stage::Over, true),
                note("b", "r1", Stage::Asking, false),
                note("c", "r0", Stage::Asking, false),
            ]
        );
    }

    #[test]
    fn a_folder_that_others_may_enter_is_a_fault() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o750)).expect("changes");
        assert_eq!(Memory::open(folder.path()).expect_err("open to others").exit, 78);
    }

    #[test]
    fn garbage_about_a_lease_changes_nothing() {
        let mut note = Note::asking("j", 0, "r".to_owned());
        let before = note.clone();
        let odd = json!({ "w": "much", "epoch": -1, "seq": 1.5, "lease_id": 7, "floor_w": -1, "on_expiry": "explode" });
        for lease in [json!(null), json!([]), odd] {
            note.learn(&lease);
            assert_eq!(note, before);
        }
    }
}
