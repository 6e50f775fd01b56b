//! `wattloop budget hold`: one for a cluster. It renews what is remembered, hears notices, follows restarts of the service, and gives back what could not be.

mod command;
mod keeper;

use std::fs::File;

use clap::Args;
use plant::time::{Mono, Span};
use serde_json::{Value, json};
use wattloop::service::clock::{Machine, Source as _};
use wattloop::service::config::Log;
use wattloop::service::logging;
use wattloop::service::notify::Notify;

use super::Stop;
use super::line::{Heard, Line, nonce};
use super::memory::{Memory, Note, Stage};
use super::place::PlaceArgs;
use super::said::text;
use command::Runner;
use keeper::Keeper;

/// How often the folder is looked at, and how often something may be due.
const LOOK: Span = Span::from_secs(1);
const PULSE: Span = Span::from_millis(250);

/// Renew every lease that is remembered here.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop budget hold
  wattloop budget hold --state /var/lib/wattloop-budget --on-notice /usr/local/sbin/power-notice --cluster prod

One for a folder of leases; a second one ends with 75. Each lease is renewed after a third of its time to live, a little sooner or later by its name.
A notice is acknowledged, and given to the command of --on-notice as JSON on its standard input, one at a time, for a minute at the most: `kind` is
reduce, pause, stop, restore, late or in_time, `job` is the job. The command is no shell's: it and its arguments stand last on the line. When a lease is
gone without a notice the command hears `stop` for the reason `lost`.

SIGTERM ends it with 0; leases live on for their time to live, and grace. Exit codes: 0 told to stop, 75 somebody holds them already, 77 the broker
refuses us, 78 the configuration has faults. A broker or a service that is not there is waited for.")]
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
    runner: Runner,
    clock: Machine,
    client: String,
    looked: Option<Mono>,
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
    let keeper = Keeper::new(&client, &nonce()?);
    let line = Line::open_wide(&place, clock)?;
    let mut hold = Hold { memory, line, keeper, runner, clock, client, looked: None, _alone: alone };
    let notify = Notify::of_process().map_err(|e| Stop::io("NOTIFY_SOCKET", &e))?;
    notify.ready();
    loop {
        let heard = hold.line.next(PULSE).await;
        match heard {
            Some(Heard::Stop) => break,
            Some(Heard::Barred(why)) => {
                let help = "is the user known there, with this password and the access list's rights?";
                return Err(Stop::new(77, "not_allowed", why, help));
            }
            Some(heard) => hold.hear(heard),
            None => {}
        }
        hold.pass();
    }
    notify.stopping();
    hold.line.close().await;
    tracing::info!("told to stop: leases live on for their time to live");
    Ok(())
}

impl Hold {
    /// Looks at the folder, and says what is due.
    fn pass(&mut self) {
        let now = self.clock.mono();
        if self.looked.is_none_or(|at| now.since(at) >= LOOK) {
            self.look(now);
        }
        if self.line.is_ready() {
            for request in self.keeper.due(now) {
                self.line.say("request", &request);
            }
        }
        for (notice, done) in self.runner.finished() {
            self.acknowledge(&notice, if done { "done" } else { "cannot" });
        }
    }

    fn look(&mut self, now: Mono) {
        self.looked = Some(now);
        self.keeper.look(&self.memory.all(self.clock.wall()), now);
    }

    fn hear(&mut self, heard: Heard) {
        let now = self.clock.mono();
        match heard {
            Heard::Answer(answer) => {
                let learned = self.keeper.answered(&answer, now);
                self.keep(learned);
            }
            Heard::Lease(id, lease) => {
                let learned = self.keeper.told(&id, &lease, now);
                self.keep(learned);
            }
            Heard::Notice(notice) => self.notice(notice, now),
            Heard::Lost(why) => tracing::warn!(why, "the broker is not there"),
            Heard::Ready => tracing::info!(leases = self.keeper.len(), "connected"),
            Heard::Service(there) => tracing::debug!(there, "the service"),
            Heard::Stop | Heard::Barred(_) => {}
        }
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
        tracing::info!(job, lease = id, kind = text(&notice, "kind"), reason = text(&notice, "reason"), "a notice");
        self.acknowledge(&notice, "accepted");
        if text(&notice, "kind") == "stop" {
            self.keeper.stopped(&id);
        }
        if let Some(notice) = notice.as_object_mut() {
            notice.insert("job".to_owned(), json!(job));
        }
        self.runner.run(notice, true);
    }

    /// Says what becomes of a notice.
    fn acknowledge(&mut self, notice: &Value, status: &str) {
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
        if let Err(stop) = self.memory.change(&note.job, write) {
            tracing::error!(job = note.job, %stop, "what was learned of a lease cannot be written");
        }
        if lost {
            tracing::warn!(job = note.job, lease = note.lease_id, "the lease is lost");
            let notice = json!({
                "lease_id": note.lease_id, "job": note.job, "epoch": note.epoch, "seq": note.seq, "kind": "stop",
                "reason": "lost", "emergency": true, "new_schedule": [],
            });
            self.runner.run(notice, false);
        }
    }
}
