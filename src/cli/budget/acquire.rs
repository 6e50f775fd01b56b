//! `wattloop budget acquire`: a lease for a job, or why not.

use clap::Args;
use plant::time::{Mono, Span};
use serde_json::{Value, json};
use wattloop::control::ledger::message::NAME;
use wattloop::service::clock::{Machine, Source as _};

use super::line::Line;
use super::memory::{Memory, Note, Stage};
use super::place::{Place, PlaceArgs};
use super::said::{after, codes, live, refused, text};
use super::wish::{WishArgs, request_id, seconds};
use super::{Out, Stop};

/// How often a job may find that it has had a lease already, which is over.
const ATTEMPTS: u32 = 1000;
/// A request that waits is asked for again after so long: an answer may have been said while nobody listened.
const LOOK: Span = Span::from_secs(10);
/// How much longer than it waits somebody listens for the answer.
const LONGER: Span = Span::from_secs(3);
/// Where nobody says when to ask again.
const RETRY: Span = Span::from_secs(5);

/// Ask for a lease of power.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop budget acquire --job slurm/1234 --domain pdu-a1 --want 60kW --min 40kW --partial
  wattloop budget acquire --job slurm/1234 --nodes 'gpu[001-004]' --each 6kW --for 6h --class curtailable --floor 8kW
  wattloop budget acquire --job slurm/1234 --domain pdu-a1 --want 60kW --wait 10min
  wattloop budget acquire --job slurm/1235 --domain pdu-a1 --want 60kW --for 6h --window night --wait 12h
  wattloop budget acquire --job slurm/1234 --domain pdu-a1 --want 60kW --dry-run --json | jq .code

Asked twice for one job it is asked once: both are told the same lease. When that is over (`release`), or was refused, the job may ask anew.
What was lent is on disk in --state before this ends, for `renew`, `release` and `hold`. Whoever is killed in between leaves nothing behind:
the same command finds the lease again, and without one its time to live ends it.

Exit codes: 0 granted, 2 wrong use, 69 no broker, no service or no answer, 74 it cannot be remembered (it is given back then), 75 not now
(ask again; or still waiting when --wait was over: it is taken back), 77 denied, conflict, invalid or not allowed, 78 the configuration has faults.")]
pub struct AcquireArgs {
    /// The job, by which its lease is found again, such as `slurm/1234` (up to 64 characters)
    #[arg(long, value_name = "JOB")]
    pub job: String,
    #[command(flatten)]
    pub wish: WishArgs,
    /// Wait so long for room [default: not at all]
    #[arg(long, value_name = "TIME", value_parser = crate::cli::span)]
    pub wait: Option<Span>,
    /// Say what would be answered, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Another name for the request than the one that follows from the job
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// One who asks.
struct Asking<'a> {
    args: &'a AcquireArgs,
    fields: serde_json::Map<String, Value>,
    place: Place,
    memory: Memory,
    line: Line,
    clock: Machine,
    /// Until when it is waited for.
    end: Mono,
}

/// Asks.
pub async fn run(args: &AcquireArgs, clock: Machine, out: &Out) -> Result<(), Stop> {
    let named = |name: &String| (1..=NAME).contains(&name.chars().count());
    if !named(&args.job) || !args.request_id.as_ref().is_none_or(named) {
        return Err(Stop::usage("--job and --request-id must have 1 to 64 characters", ""));
    }
    let fields = args.wish.fields()?;
    let place = args.place.place()?;
    let memory = Memory::open(place.state())?;
    let line = Line::open(&place, clock)?;
    let end = clock.mono().after(args.wait.unwrap_or_default());
    let mut asking = Asking { args, fields, place, memory, line, clock, end };
    let answer = if args.dry_run { asking.would().await } else { asking.acquire().await };
    asking.line.close().await;
    let answer = answer?;
    if out.json() {
        return out.value(&answer);
    }
    match live(&answer) {
        Some(lease) => out.line(super::said::line(lease)),
        None => {
            out.line(codes(&answer).0)?;
            super::said::offers(&answer).into_iter().try_for_each(|offer| out.line(offer))
        }
    }
}

impl Asking<'_> {
    async fn would(&mut self) -> Result<Value, Stop> {
        let id = self.line.fresh();
        let answer = self.line.ask(&self.body("dry_run", &id), (self.args.place.patience(), false)).await?;
        if ["granted", "granted_partial"].contains(&codes(&answer).0) { Ok(answer) } else { Err(refused(&answer)) }
    }

    fn body(&self, op: &str, id: &str) -> Value {
        let mut data = self.fields.clone();
        let wait = seconds(self.args.wait).unwrap_or(json!(0.0));
        let more = json!({
            "client": self.place.client(), "request_id": id, "op": op, "job": self.args.job,
            "accept": { "partial": self.args.wish.partial, "wait_s": wait },
        });
        if let Value::Object(more) = more {
            data.extend(more);
        }
        Value::Object(data)
    }

    /// How long it is still waited for.
    fn left(&self) -> Span {
        self.end.since(self.clock.mono())
    }

    async fn acquire(&mut self) -> Result<Value, Stop> {
        for _ in 0..ATTEMPTS {
            let mut note = self.begin()?;
            let body = self.body("acquire", &note.request_id);
            let waits = self.args.wait.is_some();
            let patience = if waits { self.args.place.patience().max(self.left()) } else { self.args.place.patience() };
            let mut answer = self.line.ask(&body, (patience, waits)).await?;
            let waited = codes(&answer).0 == "queued";
            if waited {
                answer = self.queued(&mut note, &body, answer).await?;
            }
            if let Some(lease) = live(&answer).cloned() {
                note.learn(&lease);
                self.remember(note).await?;
                return Ok(answer);
            }
            // What the job asked for before may live: that it asks for something else now ends nothing.
            if codes(&answer).0 == "conflict" {
                let help = "the job has asked for something else before: `wattloop budget release` it first";
                return Err(refused(&answer).helped("conflict", help));
            }
            self.put(&mut note, Stage::Over)?;
            match codes(&answer).0 {
                "expired" if waited => {
                    let say = "there was no room while it was waited for";
                    return Err(Stop::new(75, "queued", say, "ask again, or wait longer"));
                }
                // The service knows this request: its lease has been, and is over. The job asks anew.
                "granted" | "granted_partial" | "expired" if self.args.request_id.is_none() => {}
                "retry" | "degraded" if self.left() > Span::ZERO => {
                    let rest = after(&answer).map_or(RETRY, Span::from_seconds).max(Span::from_secs(1));
                    if rest > self.left() {
                        return Err(refused(&answer));
                    }
                    // Nobody answers this: what is waited for is the time, or somebody who asks us to stop.
                    self.line.answer("", rest).await?;
                }
                "granted" | "granted_partial" => {
                    let say = "the lease of this request is over";
                    return Err(Stop::new(77, "expired", say, "ask with another --request-id"));
                }
                _ => return Err(refused(&answer)),
            }
        }
        Err(Stop::failed("the job has had too many leases"))
    }

    /// Says on disk that the job asks; with the name that it asked with before where nobody knows what became of that.
    fn begin(&self) -> Result<Note, Stop> {
        let now = self.clock.wall();
        let mut begun = None;
        self.memory.change(&self.args.job, |old| {
            let attempt = match old.map(|old| (old.stage, old.attempt)) {
                None => 0,
                Some((Stage::Asking | Stage::Held, attempt)) => attempt,
                Some((Stage::Returning | Stage::Over, attempt)) => attempt.saturating_add(1),
            };
            let names = (self.place.site.as_str(), self.place.client().unwrap_or_default());
            let named = || request_id(names, &self.args.job, attempt);
            let id = self.args.request_id.clone().unwrap_or_else(named);
            let same = old.filter(|old| old.attempt == attempt && old.request_id == id).cloned();
            let kept = same.is_some();
            let note = same.unwrap_or_else(|| Note::asking(&self.args.job, attempt, id));
            begun = Some(Note { changed_ms: now.0, ..note });
            if kept { None } else { begun.clone() }
        })?;
        begun.ok_or_else(|| Stop::failed("nothing was begun"))
    }

    /// Waits for the answer of a request that waits for room. Takes it back where that does not come in time.
    async fn queued(&mut self, note: &mut Note, body: &Value, first: Value) -> Result<Value, Stop> {
        note.lease_id = Some(text(&first, "lease_id").to_owned()).filter(|id| !id.is_empty());
        self.put(note, Stage::Asking)?;
        let mut last = first;
        while self.left() > Span::ZERO {
            let left = Span::from_nanos(self.left().nanos().saturating_add(LONGER.nanos()));
            match self.line.answer(&note.request_id, left.min(LOOK)).await {
                Ok(Some(answer)) if codes(&answer).0 != "queued" => return Ok(answer),
                Ok(Some(answer)) => last = answer,
                Ok(None) => drop(self.line.is_ready() && self.line.say("request", body)),
                Err(stop) => {
                    self.take_back(note).await?;
                    return Err(stop);
                }
            }
        }
        self.take_back(note).await?;
        Err(refused(&last))
    }

    /// What is not waited for any more is given back, or its time to live ends it: also where that cannot be remembered.
    async fn take_back(&mut self, note: &mut Note) -> Result<(), Stop> {
        let noted = self.put(note, Stage::Over);
        if let Some(lease) = note.lease_id.clone() {
            let id = self.line.fresh();
            let data = json!({ "client": self.place.client(), "request_id": id, "op": "release", "lease_id": lease });
            drop(self.line.ask(&data, (Span::from_secs(3), true)).await);
        }
        noted
    }

    /// What is lent is on disk before anybody is told. Where that cannot be it is given back.
    async fn remember(&mut self, mut note: Note) -> Result<(), Stop> {
        let Err(stop) = self.put(&mut note, Stage::Held) else { return Ok(()) };
        drop(self.take_back(&mut note).await);
        Err(stop)
    }

    fn put(&self, note: &mut Note, stage: Stage) -> Result<(), Stop> {
        (note.stage, note.changed_ms) = (stage, self.clock.wall().0);
        self.memory.change(&note.job, |_| Some(note.clone())).map(drop)
    }
}
