//! `wattloop budget acquire`: a lease for a job, or why not.

use clap::Args;
use plant::time::{Mono, Span, Wall};
use serde_json::{Value, json};
use wattloop::control::ledger::message::NAME;
use wattloop::service::clock::{Machine, Source as _};

use super::line::{Line, STOPPED};
use super::memory::{Memory, Note, Stage};
use super::place::{Place, PlaceArgs};
use super::said::{after, ahead, codes, given_back, live, refused, same_request, text, undecided, watts};
use super::wish::{WishArgs, request_id, seconds};
use super::{Out, Stop};

/// How often a job may find that it has had a lease already, which is over.
const ATTEMPTS: u32 = 1000;
/// A request that waits is asked for again after so long: an answer may have been said while nobody listened.
const LOOK: Span = Span::from_secs(10);
/// How much longer than it waits somebody listens for the answer.
const LONGER: Span = Span::from_secs(3);
/// Answers to a release after which nothing is lent.
const GONE: [&str; 3] = ["granted", "expired", "unknown_lease"];
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

Exit codes: 0 granted, and it may be drawn, 2 wrong use, 69 no broker, no service or no answer, 74 it cannot be remembered (it is given back then), 75 not now
(ask again; or still waiting when --wait was over, or for --not-before, or given back meanwhile: it is taken back), 77 denied, conflict, invalid or not allowed, 78 the configuration has faults.")]
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
    /// What was lent was less than the job starts with, once.
    lessened: bool,
    /// It is asked for by a name that was there before.
    known: bool,
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
    let mut asking = Asking { args, fields, place, memory, line, clock, end, lessened: false, known: false };
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
        self.settle().await?;
        let mut next = None;
        for _ in 0..ATTEMPTS {
            let mut note = next.take().map_or_else(|| self.begin(None), Ok)?;
            let (mut answer, waited) = self.answer(&mut note).await?;
            // Nobody knows whether it was done: the job goes on asking by this name.
            if undecided(&answer) {
                return Err(refused(&answer));
            }
            if let Some(answer) = self.begins(&mut note, &mut answer).await? {
                self.remember(note).await?;
                return Ok(answer);
            }
            // What the job asked for before may live: that it asks for something else now ends nothing.
            if codes(&answer).0 == "conflict" {
                let help = "the job has asked for something else before: `wattloop budget release` it first";
                return Err(refused(&answer).helped("conflict", help));
            }
            // Nor does what cannot be read, or may not be asked for.
            let unread = codes(&answer).0 == "invalid" && self.known && !waited;
            if unread || codes(&answer).0 == "denied" && (note.stage == Stage::Held || self.has_begun(&note)?) {
                return Err(refused(&answer));
            }
            let (again, anew) = self.goes_on(codes(&answer).0, waited);
            let goes_on = again || anew; // whoever gives back meanwhile ends that
            if !goes_on || !self.put(&mut note, Stage::Asking)? {
                self.take_back(&mut note).await?;
            }
            if goes_on && note.stage != Stage::Asking {
                return Err(given_back());
            }
            if std::mem::replace(&mut self.lessened, live(&answer).is_some()) && self.lessened {
                self.take_back(&mut note).await?;
                let say = "what was lent was lowered at once to less than the job starts with: it is given back";
                return Err(Stop::new(75, "retry", say, "ask again later"));
            }
            match codes(&answer).0 {
                "expired" if waited => {
                    let say = "there was no room while it was waited for";
                    return Err(Stop::new(75, "queued", say, "ask again, or wait longer"));
                }
                _ if anew => next = Some(self.anew(note).await?),
                _ if again => {
                    let mut other = self.anew(note).await?;
                    let rest = after(&answer).map_or(RETRY, Span::from_seconds).max(Span::from_secs(1));
                    // Nobody answers this: what is waited for is the time, or somebody who asks us to stop.
                    let waited =
                        if rest > self.left() { Err(refused(&answer)) } else { self.line.answer("", rest).await };
                    if let Err(stop) = waited {
                        self.put(&mut other, Stage::Over)?;
                        return Err(stop);
                    }
                    next = Some(other);
                }
                "granted" | "granted_partial" => {
                    let say = "the lease of this request is over, or less than the job starts with, and given back";
                    return Err(Stop::new(77, "expired", say, "ask with another --request-id"));
                }
                _ => return Err(refused(&answer)),
            }
        }
        Err(Stop::failed("the job has had too many leases"))
    }

    /// What the job had before and is still to be given back goes first: it may take the room that is asked for. Where nobody answers it stays remembered beside.
    async fn settle(&mut self) -> Result<(), Stop> {
        let owed = self.memory.find(&self.args.job)?.filter(|old| old.stage == Stage::Returning);
        match owed {
            Some(mut old) => self.take_back(&mut old).await,
            None => Ok(()),
        }
    }

    /// Asks, and waits where the answer is that it waits; whether it has waited.
    async fn answer(&mut self, note: &mut Note) -> Result<(Value, bool), Stop> {
        let body = self.body("acquire", &note.request_id);
        let (patience, waits) = (self.args.place.patience(), self.args.wait.is_some());
        let patience = if waits { patience.max(self.left()) } else { patience };
        let first = self.line.ask(&body, (patience, waits)).await?;
        if codes(&first).0 != "queued" {
            return Ok((first, false));
        }
        Ok((self.queued(note, &body, first).await?, true))
    }

    /// The job asks by another name from now on. What it has by this one is given back before.
    async fn anew(&mut self, mut last: Note) -> Result<Note, Stop> {
        let mut next = self.begin(Some(last.clone()))?;
        if last.lease_id.is_some() {
            last.aside = true;
            if let Err(stop) = self.take_back(&mut last).await {
                self.put(&mut next, Stage::Over)?;
                return Err(stop);
            }
        }
        Ok(next)
    }

    /// A lease that was lent to a job which has not begun, and is less by now than it begins with, or comes down already.
    fn is_less(&self, lease: &Value) -> bool {
        let power = self.fields.get("power").unwrap_or(&Value::Null);
        let said = |key: &str| power.get(key).and_then(Value::as_f64);
        // Where any part will do nothing is none.
        let partial = said("want_w").filter(|_| self.args.wish.partial).map(|want| want.min(1.0));
        let least = said("min_w").or(partial).or(said("want_w")).unwrap_or_default();
        text(lease, "state") == "leaving" || watts(lease).unwrap_or_default() + 0.5 < least
    }

    /// Somebody else who asked for the job has been told: it goes on with what it has.
    fn has_begun(&self, note: &Note) -> Result<bool, Stop> {
        let old = self.memory.find(&note.job)?;
        Ok(old.is_some_and(|old| same_request(&old, note) && old.stage == Stage::Held))
    }

    /// Whether what was answered so is asked for again in a while, or anew at once: the service knows this request, and its lease has been.
    fn goes_on(&self, code: &str, waited: bool) -> (bool, bool) {
        let been = match code {
            "granted" | "granted_partial" | "unknown_lease" => true,
            "expired" => !waited,
            _ => false,
        };
        (["retry", "degraded"].contains(&code) && self.left() > Span::ZERO, been && self.args.request_id.is_none())
    }

    /// Says on disk that the job asks; with the name that it asked with before where nobody knows what became of that. After what was asked for last, where that still stands there.
    fn begin(&mut self, last: Option<Note>) -> Result<Note, Stop> {
        let now = self.clock.wall();
        let (mut begun, mut known) = (None, false);
        self.memory.change(&self.args.job, |old| {
            let stands = |last: &Note| old.is_some_and(|old| same_request(old, last) && old.stage == Stage::Asking);
            if !last.as_ref().is_none_or(stands) {
                return None;
            }
            let attempt = match old.map(|old| (old.stage, old.attempt)) {
                Some((_, attempt)) if last.is_some() => attempt.saturating_add(1),
                None => 0,
                Some((Stage::Asking | Stage::Held, attempt)) => attempt,
                Some((Stage::Returning | Stage::Over, attempt)) => attempt.saturating_add(1),
            };
            let names = (self.place.site.as_str(), self.place.client().unwrap_or_default());
            let named = || request_id(names, &self.args.job, attempt);
            let id = self.args.request_id.clone().unwrap_or_else(named);
            // What is to be given back is given back by this name first.
            if old.is_some_and(|old| old.stage == Stage::Returning && old.lease_id.is_some() && old.request_id == id) {
                return None;
            }
            let same = old.filter(|old| old.attempt == attempt && old.request_id == id).cloned();
            known = same.is_some();
            let note = same.unwrap_or_else(|| Note::asking(&self.args.job, attempt, id));
            begun = Some(Note { changed_ms: now.0, ..note });
            if known { None } else { begun.clone() }
        })?;
        self.known = known;
        begun.ok_or_else(given_back)
    }

    /// What was lent, where it may be drawn. What was lent for later is waited for, and renewed meanwhile; it is given back where that does not come in time. Nothing where nothing is lent,
    /// or too little by now.
    async fn begins(&mut self, note: &mut Note, answer: &mut Value) -> Result<Option<Value>, Stop> {
        while let Some(lease) = live(answer).cloned() {
            note.learn(&lease);
            // A job that has had it before goes on with it, paused or not.
            let asks = note.stage == Stage::Asking && !self.has_begun(note)?;
            let later = ahead(&lease).filter(|_| asks);
            let Some(start) = later else {
                return Ok(if asks && self.is_less(&lease) { None } else { Some(answer.take()) });
            };
            let late = self.left() == Span::ZERO;
            if late || !self.put(note, Stage::Asking)? {
                self.take_back(note).await?;
                let say = format!("queued: it may be drawn from {start} on, and nothing of it before");
                let help = "ask again then, or wait for it with `--wait`";
                return Err(if late { Stop::new(75, "queued", say, help) } else { given_back() });
            }
            *answer = match self.renewed(note, start).await {
                Ok(told) if ["expired", "unknown_lease"].contains(&codes(&told).0) || live(&told).is_some() => told,
                Ok(_) => continue,
                Err(stop) => {
                    self.take_back(note).await?;
                    return Err(stop);
                }
            };
        }
        // One that is leaving is still somebody's.
        note.learn(answer.get("lease").unwrap_or(&Value::Null));
        Ok(None)
    }

    /// A lease that was lent for later, a while later.
    async fn renewed(&mut self, note: &Note, start: &str) -> Result<Value, Stop> {
        let begins = start.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond);
        let rest = Wall(begins).since(self.clock.wall()).clamp(Span::from_secs(1), LOOK);
        self.line.answer("", rest.min(self.left())).await?;
        let id = self.line.fresh();
        let data = json!({ "client": self.place.client(), "request_id": id, "op": "renew", "lease_id": note.lease_id });
        self.line.ask(&data, (self.args.place.patience().max(self.left()), true)).await
    }

    /// Waits for the answer of a request that waits for room. Takes it back where that does not come in time.
    async fn queued(&mut self, note: &mut Note, body: &Value, first: Value) -> Result<Value, Stop> {
        note.lease_id = Some(text(&first, "lease_id").to_owned()).filter(|id| !id.is_empty());
        if !self.put(note, Stage::Asking)? {
            self.take_back(note).await?;
            return Err(given_back());
        }
        let mut last = first;
        while self.left() > Span::ZERO {
            let left = Span::from_nanos(self.left().nanos().saturating_add(LONGER.nanos()));
            match self.line.answer(&note.request_id, left.min(LOOK)).await {
                // Said again, and not looked at: it waits as before.
                Ok(Some(answer)) if undecided(&answer) => {}
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

    /// What is not waited for any more is given back, by whoever holds where we cannot, or its time to live ends it: also where that cannot be remembered.
    async fn take_back(&mut self, note: &mut Note) -> Result<(), Stop> {
        let Some(lease) = note.lease_id.clone() else { return self.put(note, Stage::Over).map(drop) };
        let mut noted = self.put(note, Stage::Returning);
        if matches!(noted, Ok(false)) {
            // Its job asks for something else by now.
            note.aside = true;
            noted = self.put(note, Stage::Returning);
        }
        let id = self.line.fresh();
        let data = json!({ "client": self.place.client(), "request_id": id, "op": "release", "lease_id": lease });
        match self.line.ask(&data, (Span::from_secs(3), true)).await {
            Ok(answer) if GONE.contains(&codes(&answer).0) => drop(self.put(note, Stage::Over)?),
            // Who is asked to stop asks for nothing else.
            Err(stop) if stop.code == STOPPED => return noted.and(Err(stop)),
            Ok(_) | Err(_) => {}
        }
        noted.map(drop)
    }

    /// What is lent is on disk before anybody is told. Where that cannot be, or the job was given back meanwhile, it is given back.
    async fn remember(&mut self, mut note: Note) -> Result<(), Stop> {
        let stop = match self.put(&mut note, Stage::Held) {
            Ok(true) => return Ok(()),
            Ok(false) => given_back(),
            Err(stop) => stop,
        };
        drop(self.take_back(&mut note).await);
        Err(stop)
    }

    /// Says on disk how far it is. False where something else stands there by now: the job was given back meanwhile, or asks anew.
    fn put(&self, note: &mut Note, stage: Stage) -> Result<bool, Stop> {
        (note.stage, note.changed_ms) = (stage, self.clock.wall().0);
        let lives = |old: &Note| match stage {
            Stage::Asking | Stage::Held => matches!(old.stage, Stage::Asking | Stage::Held),
            Stage::Returning | Stage::Over => true,
        };
        let mut ours = false;
        self.memory.change_of(note, |old| {
            ours = old.is_none_or(|old| same_request(old, note) && lives(old));
            ours.then(|| note.clone())
        })?;
        Ok(ours)
    }
}
