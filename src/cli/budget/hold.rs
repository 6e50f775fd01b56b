//! `wattloop budget hold`: one for a cluster. It renews what is remembered, hears notices, follows restarts of the service, gives back what could not be, and acts where it can ask nobody.

mod command;
mod keeper;
mod known;
mod stray;
mod watch;

use std::fs::File;

use clap::Args;
use plant::time::{Mono, Span};
use serde_json::{Value, json};
use wattloop::control::ledger::message::OnExpiry;
use wattloop::service::clock::{Machine, Source as _, machine_run, rfc3339};
use wattloop::service::config::Log;
use wattloop::service::logging;
use wattloop::service::notify::Notify;

use super::Stop;
use super::line::{self, Heard, Line, Service, nonce};
use super::memory::{Memory, Note, Stage};
use super::place::PlaceArgs;
use super::said::{codes, text};
use command::{Asker, Runner};
use keeper::{Keeper, PULSE};
use stray::Strays;
use watch::Marks;

/// How often the folder is looked at.
const LOOK: Span = Span::from_secs(1);
/// What whoever holds remembers for himself.
const MARKS: &str = "hold.json";

/// Renew every lease that is remembered here.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop budget hold
  wattloop budget hold --state /var/lib/wattloop-budget --on-notice /usr/local/sbin/power-notice --cluster prod

One for a folder of leases; a second one ends with 75. Each lease is renewed after a third of its time to live, a little sooner or later by its name.
A notice is acknowledged, and given to the command of --on-notice as JSON on its standard input, one at a time, for a minute at the most: `kind` is
reduce, pause, stop, restore, late or in_time, `job` is the job. The command is no shell's: it and its arguments stand last on the line. When a lease is
gone without a notice the command hears `stop` for the reason `lost`. Where it says something else than the command was told, for a notice was said while nobody
heard it, the command hears `reduce`, `pause` or `restore` for the reason `missed`.

A lease that nobody has renewed for its time to live, because there is no broker, no service or no answer, is acted for here: the command hears once, for the
reason `unrenewed`, `reduce` to its floor, `pause` or `stop`, as `acquire --on-expiry` says. It is asked for on and on; once it is renewed the command hears,
for the reason `renewed`, `restore`, or `reduce` to what there is of it.

SIGTERM ends it with 0; leases live on for their time to live, and grace. Exit codes: 0 told to stop, 75 somebody holds them already, 77 the broker
refuses us, and no job is left that has not been told to come down, 78 the configuration has faults. A broker or a service that is not there is waited for.")]
pub struct HoldArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// What is run for each notice, with its arguments; last on the line
    #[arg(long, value_name = "CMD", num_args = 1.., allow_hyphen_values = true)]
    pub on_notice: Vec<String>,
}

/// One who holds.
struct Hold {
    memory: Memory,
    line: Line,
    keeper: Keeper,
    strays: Strays,
    runner: Runner,
    marks: Marks,
    clock: Machine,
    client: String,
    looked: Option<Mono>,
    /// Why the broker does not let us in, where it does not.
    barred: Option<String>,
    _alone: File,
}

/// Holds until told to stop.
pub async fn run(args: &HoldArgs, clock: Machine) -> Result<(), Stop> {
    logging::start(&Log::default());
    let place = args.place.place()?;
    let memory = Memory::open(place.state())?;
    let Some(alone) = memory.alone()? else {
        return Err(Stop::new(75, "held", format!("{} is held already", place.state().display()), "one holds for all"));
    };
    let client = place.client().unwrap_or_default().to_owned();
    let runner = Runner::start(args.on_notice.clone()).map_err(|e| Stop::io("a thread", &e))?;
    let marks = Marks::open(memory.beside(MARKS), machine_run());
    let keeper = Keeper::new(&client, &nonce()?, marks.all());
    let wide = Line::open_wide(&place, clock)?;
    let (strays, looked, barred) = (Strays::default(), None, None);
    let mut hold =
        Hold { memory, line: wide, keeper, strays, runner, marks, clock, client, looked, barred, _alone: alone };
    let notify = Notify::of_process().map_err(|e| Stop::io("NOTIFY_SOCKET", &e))?;
    notify.ready();
    loop {
        let heard = hold.line.next(PULSE).await;
        match heard {
            Some(Heard::Stop) => break,
            Some(heard) => hold.hear(heard),
            None => {}
        }
        hold.pass();
        if let Some(why) = hold.barred.take_if(|_| !hold.keeper.is_waited_for()) {
            return Err(line::barred(&why));
        }
    }
    hold.mark();
    notify.stopping();
    hold.line.close().await;
    tracing::info!("told to stop: leases live on for their time to live");
    Ok(())
}

impl Hold {
    /// Time that goes on while the machine is suspended: nobody waits for us meanwhile.
    fn now(&self) -> Mono {
        self.clock.awake_or_not()
    }

    /// Looks at the folder, and says what is due.
    fn pass(&mut self) {
        let now = self.now();
        if self.looked.is_none_or(|at| now.since(at) >= LOOK) {
            self.look(now);
        }
        if self.line.is_ready() {
            for request in self.keeper.due(now) {
                self.line.say("request", &request);
            }
        }
        self.act(now);
        self.come_back(now);
        self.miss(now);
        for (notice, asker, done) in self.runner.finished() {
            if asker == Asker::Service {
                self.acknowledge(&notice, if done { "done" } else { "cannot" });
            }
            self.ended(&notice, asker);
        }
    }

    fn look(&mut self, now: Mono) {
        self.looked = Some(now);
        let mut notes = self.memory.all(self.clock.wall());
        for found in self.strays.found(&notes) {
            tracing::warn!(
                job = found.job,
                lease = found.lease_id,
                "its floor stays lent to a job that was given back before it heard so: it is given back"
            );
            match self.memory.change_of(&found, |old| old.is_none().then(|| found.clone())) {
                Ok(_) => notes.push(found),
                Err(stop) => tracing::error!(job = found.job, %stop, "what is to be given back cannot be written"),
            }
        }
        self.keeper.look(&notes, now);
        self.mark();
    }

    /// Remembers when what was renewed, and who was told to come down.
    fn mark(&mut self) {
        if let Err(error) = self.marks.keep(self.keeper.marks()) {
            tracing::error!(%error, "when leases were renewed cannot be written: whoever holds next takes them for over");
        }
    }

    /// Acts for those whose leases nobody has renewed for their time to live: nobody can be asked.
    fn act(&mut self, now: Mono) {
        for note in self.keeper.alone(now) {
            let (kind, w) = match note.on_expiry.unwrap_or(OnExpiry::Floor) {
                OnExpiry::Floor => ("reduce", note.floor_w.min(note.w)),
                OnExpiry::Pause => ("pause", 0.0),
                OnExpiry::Stop => ("stop", 0.0),
            };
            let notice = self.own(&note, (kind, "unrenewed"), (w, note.w));
            // Where too many wait for the command it is tried again with the next pass.
            if self.runner.run(notice.clone(), Asker::Holder) {
                let (job, lease) = (&note.job, note.lease_id.as_deref().unwrap_or_default());
                tracing::warn!(
                    job,
                    lease,
                    kind,
                    w,
                    "nobody has renewed the lease for its time to live: its job must come down"
                );
                self.keeper.acts(lease, kind == "stop");
                self.keeper.tells(lease, None);
                self.settle(&notice, Asker::Holder);
            }
        }
    }

    /// Tells jobs that came down by themselves what their leases say now that they are renewed. Where too many wait for the command it is tried again with the next pass.
    fn come_back(&mut self, now: Mono) {
        for (note, had) in self.keeper.back(now) {
            // What a floor had become of meanwhile, or was lowered, is not what it was.
            let kind = if note.w >= had { "restore" } else { "reduce" };
            let notice = self.own(&note, (kind, "renewed"), (note.w, had));
            if self.runner.run(notice.clone(), Asker::Holder) {
                let (job, lease) = (&note.job, note.lease_id.as_deref().unwrap_or_default());
                tracing::info!(job, lease, kind, w = note.w, "the lease is renewed again");
                self.keeper.told_back(lease);
                self.keeper.tells(lease, Some(note.w));
                self.settle(&notice, Asker::Holder);
            }
        }
    }

    /// Tells what the service told while we did not hear: the lease says it by now.
    fn miss(&mut self, now: Mono) {
        for (note, had) in self.keeper.missed(now, self.line.is_idle()) {
            let kind = if note.w > had {
                "restore"
            } else if note.w > 0.0 {
                "reduce"
            } else {
                "pause"
            };
            let notice = self.own(&note, (kind, "missed"), (note.w, had));
            // What gives back answers no cut: the service could take it for one to a cut to come.
            let asker = if kind == "restore" { Asker::Holder } else { Asker::Service };
            if self.runner.run(notice.clone(), asker) {
                let (job, lease) = (&note.job, note.lease_id.as_deref().unwrap_or_default());
                tracing::warn!(
                    job,
                    lease,
                    kind,
                    w = note.w,
                    had,
                    "what the lease says now was told while nobody heard it"
                );
                self.keeper.tells(lease, Some(note.w));
                if asker == Asker::Service {
                    self.acknowledge(&notice, "accepted");
                }
                self.settle(&notice, asker);
            }
        }
    }

    /// A notice of our own, to draw so much (W) from now on in the place of so much.
    fn own(&self, note: &Note, (kind, reason): (&str, &str), (w, had): (f64, f64)) -> Value {
        let now = rfc3339(self.clock.wall().0);
        // Less holds already.
        let emergency = ["unrenewed", "missed"].contains(&reason) && kind != "restore";
        json!({
            "lease_id": note.lease_id, "job": note.job, "epoch": note.epoch, "seq": note.seq, "kind": kind, "reason": reason,
            "emergency": emergency, "new_schedule": [{ "start": now, "w": w }], "effective_at": now, "had_w": had,
        })
    }

    /// Where there is no command nobody ends it.
    fn settle(&mut self, notice: &Value, asker: Asker) {
        if !self.runner.is_there() {
            self.ended(notice, asker);
        }
    }

    /// The command has ended with a notice: what it says is not told again, whoever holds then.
    fn ended(&mut self, notice: &Value, asker: Asker) {
        let lease = text(notice, "lease_id");
        self.keeper.ended(lease);
        if asker == Asker::Holder {
            let had = notice.get("had_w").and_then(Value::as_f64).filter(|_| text(notice, "reason") == "unrenewed");
            self.keeper.told_alone(lease, had);
        }
        self.mark();
    }

    fn hear(&mut self, heard: Heard) {
        let now = self.now();
        match heard {
            Heard::Answer(answer) => {
                refused(&answer);
                let learned = self.keeper.answered(&answer, now);
                self.keep(learned);
            }
            Heard::Lease(id, lease) => {
                self.strays.told(&id, &lease);
                let learned = self.keeper.told(&id, &lease, now);
                self.keep(learned);
            }
            Heard::Notice(notice) => self.notice(notice, now),
            Heard::Lost(why) => tracing::warn!(why, "the broker is not there"),
            Heard::Ready => {
                self.barred = None;
                tracing::info!(leases = self.keeper.len(), "connected");
            }
            Heard::Service(Service::Stale { age }) => {
                tracing::warn!(
                    age_s = age.seconds(),
                    "the last that the broker has of the service is old: does it hang?"
                );
            }
            Heard::Service(service @ (Service::There | Service::Gone)) => tracing::debug!(?service, "the service"),
            Heard::Barred(why) => self.barred(why),
            Heard::Stop => {}
        }
    }

    /// The broker lets us not in: whoever has jobs goes on until they have come down.
    fn barred(&mut self, why: String) {
        if self.barred.as_ref() != Some(&why) {
            tracing::error!(
                why,
                "the broker does not let us in: jobs come down when their leases' time to live is over"
            );
        }
        self.barred = Some(why);
    }

    fn notice(&mut self, mut notice: Value, now: Mono) {
        let id = text(&notice, "lease_id").to_owned();
        if self.keeper.job(&id).is_none() {
            // It may have been lent a moment ago.
            self.look(now);
        }
        let Some(job) = self.keeper.job(&id).map(str::to_owned) else {
            tracing::debug!(lease = id, "a notice about a lease that is not remembered here");
            return;
        };
        let (kind, reason) = (text(&notice, "kind"), text(&notice, "reason"));
        if !self.keeper.comes(&notice) {
            tracing::info!(job, lease = id, kind, reason, "a notice that is past or of what is given back");
            return;
        }
        tracing::info!(job, lease = id, kind, reason, "a notice");
        if let Some(notice) = notice.as_object_mut() {
            notice.insert("job".to_owned(), json!(job));
        }
        if self.give(notice.clone(), Asker::Service) {
            self.acknowledge(&notice, "accepted");
            self.keeper.hears(&notice, now);
            self.settle(&notice, Asker::Service);
        }
    }

    fn give(&self, notice: Value, asker: Asker) -> bool {
        let given = self.runner.run(notice, asker);
        if !given {
            tracing::error!("notices come faster than the command takes them: one is not given to it");
        }
        given
    }

    /// Says what becomes of a notice that says what may be drawn: an answer to news could be taken for one to that.
    fn acknowledge(&mut self, notice: &Value, status: &str) {
        if !known::is_power(notice) {
            return;
        }
        let of = |key: &str| notice.get(key).cloned().unwrap_or_default();
        let (lease, number, seq) = (of("lease_id"), of("notice_id"), of("seq"));
        let ack =
            json!({ "client": self.client, "lease_id": lease, "notice_id": number, "seq": seq, "status": status });
        self.line.say("ack", &ack);
    }

    /// Writes what was learned, where the folder still says that the lease is held.
    fn keep(&mut self, learned: Option<keeper::Learned>) {
        let Some(keeper::Learned { note, lost }) = learned else { return };
        let write = |old: Option<&Note>| {
            let old = old.filter(|old| old.lease_id == note.lease_id && old.stage != Stage::Over)?;
            // A release that came in between stays one.
            let stage = if note.stage == Stage::Held { old.stage } else { note.stage };
            Some(Note { stage, changed_ms: self.clock.wall().0, ..note.clone() })
        };
        if let Err(stop) = self.memory.change_of(&note, write) {
            tracing::error!(job = note.job, %stop, "what was learned of a lease cannot be written");
        }
        if lost {
            tracing::warn!(job = note.job, lease = note.lease_id, "the lease is lost");
            let notice = json!({
                "lease_id": note.lease_id, "job": note.job, "epoch": note.epoch, "seq": note.seq, "kind": "stop",
                "reason": "lost", "emergency": true, "new_schedule": [],
            });
            self.give(notice, Asker::Nobody);
        }
    }
}

/// What the service does not take of what we acknowledge has no request's name.
fn refused(answer: &Value) {
    let (code, reason) = codes(answer);
    if text(answer, "request_id").is_empty() && code != "granted" {
        let why = answer.get("reason").map_or("", |reason| text(reason, "text"));
        tracing::warn!(
            code,
            reason,
            why,
            lease = text(answer, "lease_id"),
            "the service does not take something that was said, such as an acknowledgement"
        );
    }
}
