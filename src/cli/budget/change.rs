//! `wattloop budget renew`, `release` and `query`: a lease by its job, or by its name.

use clap::Args;
use plant::time::{Span, Wall};
use serde_json::{Value, json};
use wattloop::service::clock::{Machine, Source as _};

use super::line::Line;
use super::memory::{Memory, Note, Stage};
use super::place::PlaceArgs;
use super::said::{codes, line, live, refused, text};
use super::wish::seconds;
use super::{Out, Stop};

/// Which lease.
#[derive(Debug, Args)]
#[group(id = "which", required = true, multiple = false)]
pub struct Which {
    /// The job whose lease it is, as `acquire` was told
    #[arg(long, value_name = "JOB")]
    pub job: Option<String>,
    /// The lease's own name, such as `3-17`
    #[arg(long, value_name = "LEASE")]
    pub lease: Option<String>,
}

/// Let a lease go on.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop budget renew --job slurm/1234
  wattloop budget renew --lease 3-17 --ttl 10min

`wattloop budget hold` does this for every lease that is remembered. After a restart of the service the lease is taken as the service tells it.

Exit codes: 0 it goes on, 69 no broker, no service or no answer, 75 not now, 77 it is over, or there is none, 78 the configuration has faults.")]
pub struct RenewArgs {
    #[command(flatten)]
    pub which: Which,
    /// How long it lives from now on [default: as before]
    #[arg(long, value_name = "TIME", value_parser = crate::cli::span)]
    pub ttl: Option<Span>,
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// Give a lease back.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop budget release --job slurm/1234
  wattloop budget release --lease 3-17

What is over already is given back: done twice it is done once. Where the service cannot be reached `hold` gives it back later; until then it is not
renewed, and its time to live ends it. Where the job asked and nobody heard an answer nothing is known to be lent: what is lent all the same its time to live ends, and
`hold` gives its floor back then.

Exit codes: 0 given back, or nothing was lent, 69 no broker, no service or no answer, 75 not now, 77 not allowed, 78 the configuration has faults.")]
pub struct ReleaseArgs {
    #[command(flatten)]
    pub which: Which,
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// How a lease is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop budget query --job slurm/1234
  wattloop budget query --lease 3-17 --json | jq .lease.w

Exit codes: 0 it lives, 69 no broker, no service or no answer, 75 it waits for room, or not now, 77 it is over, or there is none, 78 the
configuration has faults.")]
pub struct QueryArgs {
    #[command(flatten)]
    pub which: Which,
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// A lease that is spoken of.
struct About {
    memory: Memory,
    note: Option<Note>,
    lease: String,
    client: String,
    line: Line,
    patience: Span,
}

/// Finds a lease, and dials; nothing where the job has none.
fn about(which: &Which, place: &PlaceArgs, clock: Machine) -> Result<Option<About>, Stop> {
    let patience = place.patience();
    let place = place.place()?;
    let memory = Memory::open(place.state())?;
    let note = which.job.as_deref().map(|job| memory.find(job)).transpose()?.flatten();
    let live = note.as_ref().filter(|note| note.stage != Stage::Over).and_then(|note| note.lease_id.clone());
    let Some(lease) = which.lease.clone().or(live) else { return Ok(None) };
    let client = place.client().unwrap_or_default().to_owned();
    Ok(Some(About { memory, note, lease, client, line: Line::open(&place, clock)?, patience }))
}

fn none(which: &Which) -> Stop {
    let job = which.job.as_deref().unwrap_or_default();
    Stop::new(77, "unknown_lease", format!("no lease is remembered of {job}"), "is `--state` the same as in `acquire`?")
}

impl About {
    /// Asks for something. Who does not know of a restart is told how the lease is, and asks once more.
    async fn ask(&mut self, op: &str, ttl: Option<Span>) -> Result<Value, Stop> {
        let mut epoch = self.note.as_ref().map(|note| note.epoch);
        loop {
            let id = self.line.fresh();
            let mut data = json!({ "client": self.client, "request_id": id, "op": op, "lease_id": self.lease });
            if let Some(data) = data.as_object_mut() {
                data.extend(epoch.filter(|_| op != "query").map(|epoch| ("epoch".to_owned(), json!(epoch))));
                data.extend(seconds(ttl).map(|ttl| ("ttl_s".to_owned(), ttl)));
            }
            let answer = self.line.ask(&data, (self.patience, false)).await?;
            let told = answer.get("epoch").and_then(Value::as_u64);
            if codes(&answer) == ("conflict", "old_epoch") && told != epoch && told.is_some() {
                epoch = told;
                continue;
            }
            return Ok(answer);
        }
    }

    /// Remembers how the lease is by now, where it is still as far as one of these.
    fn put(&self, (from, stage): (&[Stage], Stage), lease: Option<&Value>, clock: Machine) -> Result<(), Stop> {
        let Some(note) = &self.note else { return Ok(()) };
        let change = |old: Option<&Note>| {
            let mut now = old.filter(|old| old.lease_id == note.lease_id && from.contains(&old.stage))?.clone();
            if let Some(lease) = lease {
                now.learn(lease);
            }
            Some(Note { stage, changed_ms: clock.wall().0, ..now })
        };
        self.memory.change(&note.job, change).map(drop)
    }
}

/// Lets a lease go on.
pub async fn renew(args: &RenewArgs, clock: Machine, out: &Out) -> Result<(), Stop> {
    let Some(mut about) = about(&args.which, &args.place, clock)? else { return Err(none(&args.which)) };
    if about.note.as_ref().is_some_and(|note| note.stage == Stage::Returning) {
        let say = format!("{} is being given back", about.lease);
        return Err(Stop::new(77, "released", say, "`wattloop budget hold` does it as soon as the service is there"));
    }
    let answer = about.ask("renew", args.ttl).await?;
    let (code, lease) = (codes(&answer).0, live(&answer));
    match (code, lease) {
        // What is given back meanwhile, or still asks, is not held by this.
        ("granted", Some(lease)) => about.put((&[Stage::Held], Stage::Held), Some(lease), clock)?,
        ("expired" | "unknown_lease", _) => about.put((&[Stage::Held], Stage::Over), None, clock)?,
        (_, _) => {}
    }
    about.line.close().await;
    tell(&answer, out)
}

/// Gives a lease back.
pub async fn release(args: &ReleaseArgs, clock: Machine, out: &Out) -> Result<(), Stop> {
    let mut about = loop {
        if let Some(about) = about(&args.which, &args.place, clock)? {
            break about;
        }
        let job = args.which.job.as_deref().unwrap_or_default();
        // What was lent between both looks is given back as any other.
        if !forget(&Memory::open(args.place.place()?.state())?, job, clock.wall())? {
            let said = json!({ "code": "granted", "lease_id": null });
            return if out.json() { out.value(&said) } else { out.line("nothing was lent") };
        }
    };
    // On disk before it is said: `hold` renews it no more, and gives it back where we cannot.
    let lives = [Stage::Asking, Stage::Held, Stage::Returning];
    about.put((&lives, Stage::Returning), None, clock)?;
    let answer = about.ask("release", None).await?;
    let done = ["granted", "expired", "unknown_lease"].contains(&codes(&answer).0);
    if done {
        about.put((&lives, Stage::Over), None, clock)?;
    }
    about.line.close().await;
    match (done, out.json()) {
        (false, _) => Err(refused(&answer)),
        (true, true) => out.value(&answer),
        (true, false) => out.line(format!("{} is given back", about.lease)),
    }
}

/// A job that asked and never heard an answer asks for something new the next time; what it was lent all the same its time to live ends, and whoever holds gives its floor back. True where it has a lease by now.
fn forget(memory: &Memory, job: &str, now: Wall) -> Result<bool, Stop> {
    let over = |old: Option<&Note>| {
        let old = old.filter(|old| old.stage == Stage::Asking && old.lease_id.is_none())?;
        Some(Note { stage: Stage::Over, changed_ms: now.0, unheard: true, ..old.clone() })
    };
    let old = memory.change(job, over)?;
    Ok(old.is_some_and(|old| old.stage != Stage::Over && old.lease_id.is_some()))
}

/// Asks how a lease is.
pub async fn query(args: &QueryArgs, clock: Machine, out: &Out) -> Result<(), Stop> {
    let Some(mut about) = about(&args.which, &args.place, clock)? else { return Err(none(&args.which)) };
    let answer = about.ask("query", None).await?;
    about.line.close().await;
    let waits = answer.get("lease").is_some_and(|lease| text(lease, "state") == "waiting");
    if waits {
        return Err(Stop::new(75, "queued", format!("{} waits for room", about.lease), ""));
    }
    tell(&answer, out)
}

/// A lease, or why there is none.
fn tell(answer: &Value, out: &Out) -> Result<(), Stop> {
    match (codes(answer).0, live(answer)) {
        ("granted", Some(_)) if out.json() => out.value(answer),
        ("granted", Some(lease)) => out.line(line(lease)),
        ("granted", None) => Err(Stop::new(77, "expired", "the lease is over", "")),
        (_, _) => Err(refused(answer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_and_never_answered_is_remembered_as_such_and_what_was_lent_meanwhile_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let memory = Memory::open(&folder.path().join("state")).expect("made");
        assert!(!forget(&memory, "a", Wall(7)).expect("read"), "nobody has asked");
        memory.change("a", |_| Some(Note::asking("a", 0, "r".to_owned()))).expect("written");
        assert!(!forget(&memory, "a", Wall(7)).expect("written"));
        let note = memory.find("a").expect("read").expect("one");
        assert_eq!((note.stage, note.unheard, note.changed_ms), (Stage::Over, true, 7));
        // Lent between both looks: it is given back, and not forgotten.
        let mut lent = Note { stage: Stage::Held, ..Note::asking("b", 0, "r".to_owned()) };
        lent.learn(&json!({ "lease_id": "1-7", "w": 6e3 }));
        memory.change("b", |_| Some(lent.clone())).expect("written");
        assert!(forget(&memory, "b", Wall(7)).expect("read"));
        assert_eq!(memory.find("b").expect("read"), Some(lent));
    }
}
