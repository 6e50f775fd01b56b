//! The scan thread: wait, freeze the image, step, write, record. It never waits for a disk, a broker or a person.
//!
//! One period is read, freeze, step, write, in that order: due points are polled at the start with a deadline, what comes
//! later counts for the next scan, and commands leave at once. Questions are answered between scans, in order.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use plant::hall::Strategies;
use plant::id::PointId;
use plant::image::Inputs;
use plant::time::{Mono, Span, Tick};
use serde::Serialize;
use tokio::sync::oneshot;

use crate::adapters::Field;
use crate::control::Controller;
use crate::control::request::{Ask, Request};
use crate::service::api::call::{Answer, Call, Calls, Question};
use crate::service::bulletin::Teller;
use crate::service::clock::Clock;
use crate::service::journal::Journal;
use crate::service::mark::Mark;
use crate::service::metrics::Metrics;
use crate::service::notify::Notify;
use crate::service::planner::Asked;
use crate::service::promise::Promises;

/// The longest rest without a look at the stop flag.
const NAP: Span = Span::from_millis(100);
/// How long the first poll after an interruption may take: control wants to know what devices hold before it goes on.
const RETURN: Span = Span::from_secs(1);
/// How long the buses have to write the safe outputs on the way out.
const FAREWELL: Span = Span::from_secs(5);

/// How a scan thread keeps time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The period (10 ms to 60 s).
    pub period: Span,
    /// How long the polls of a scan may take (below the period).
    pub patience: Span,
}

/// What a scan thread has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Scans.
    pub scans: u64,
    /// Periods that were missed because a scan took too long.
    pub overruns: u64,
    /// At the end every output of every device was proven to hold its safe value; true when nothing may be written.
    pub safe: bool,
}

/// Everything the scan thread owns.
pub struct Scan {
    /// Who decides.
    pub controller: Controller,
    /// The plant.
    pub field: Field,
    /// The only clock.
    pub clock: Arc<Clock>,
    /// How it keeps time.
    pub pace: Pace,
    /// Questions of people and programs.
    pub calls: Calls,
    /// Whoever listens.
    pub teller: Teller,
    /// What remembers.
    pub journal: Journal,
    /// Where answers wait for their commit.
    pub promises: Promises,
    /// Figures and health.
    pub metrics: Arc<Metrics>,
    /// The service manager.
    pub notify: Notify,
    /// This boot's number: monotonic time is comparable within it.
    pub boot: u32,
    /// The last tick before the start, when control goes on from there.
    pub before: Option<Tick>,
    /// True when the outputs were brought to their fail-safe since.
    pub handed_over: bool,
    /// The planner's thread, and the number of the last question that it was asked.
    pub planner: (Asked, u64),
    /// Where the mark of a hand-over is left.
    pub state_dir: PathBuf,
}

impl Scan {
    /// Scans until `stop` is set, then hands every output to its fail-safe.
    pub fn run(mut self, stop: &AtomicBool) -> Tally {
        let mut inputs = Inputs::of(self.controller.hall());
        let mut tally = Tally::default();
        let mut due = self.clock.mono();
        let mut last = self.before;
        // A state that goes on brings the strategies of its time along; the hall's own may be newer.
        let mut reload = self.before.map(|_| Box::new(self.controller.hall().strategies));
        loop {
            self.rest_until(due, last, &mut reload, stop);
            if stop.load(Ordering::Relaxed) {
                break;
            }
            inputs.reload = reload.take();
            let begun = self.clock.mono();
            let tick = self.scan(last, &mut inputs);
            last = Some(tick);
            tally.scans = tally.scans.saturating_add(1);
            let now = self.clock.mono();
            let (next, missed) = next_due(due, self.pace.period, now);
            tally.overruns = tally.overruns.saturating_add(missed);
            self.metrics.completed_scan(now, now.since(begun), missed > 0);
            if tally.scans == 1 {
                self.notify.ready();
            }
            self.notify.completed_scan(now);
            due = next;
        }
        tally.safe = self.hand_over(last);
        self.journal.close();
        tally
    }

    fn tick(&mut self, seq: u64, last: Option<Tick>) -> Tick {
        let now = self.clock.read();
        let dt = last.map_or(self.pace.period, |l| now.mono.since(l.mono));
        Tick { seq, dt, mono: now.mono, wall: now.wall, clock_trusted: now.trusted, boot: self.boot }
    }

    /// One scan. Its tick is the moment of the frozen image, so that no sample comes from its future.
    fn scan(&mut self, last: Option<Tick>, inputs: &mut Inputs) -> Tick {
        let seq = last.map_or(0, |l| l.seq.saturating_add(1));
        let asked = self.tick(seq, last);
        self.field.poll(asked);
        let goes_on = self.before.take();
        let patience = if goes_on.is_some() { self.pace.patience.max(RETURN) } else { self.pace.patience };
        self.field.freeze(seq, patience.duration(), inputs);
        let mut tick = self.tick(seq, last);
        if goes_on.is_some() {
            // Nobody controlled in between: a loop does not make up for it, and no output moves for all of it at once.
            tick.dt = self.pace.period;
        }
        if self.journal.snapshot_due(tick) {
            self.journal.record_snapshot(last.unwrap_or(tick), self.controller.state());
        }
        if let Some(before) = goes_on {
            self.find_outputs(before, tick, inputs);
        }
        inputs.plan = self.planner.0.plan();
        self.controller.step(inputs, tick);
        self.field.leave_alone(self.controller.hush());
        let outputs = self.controller.outputs();
        self.field.write(outputs, tick);
        self.journal.record_scan(tick, inputs, outputs);
        self.teller.tell(&self.controller, inputs, tick, self.journal.can_promise());
        self.ask_for_a_plan();
        tick
    }

    /// Hands the planner what there is to plan, where that is due.
    fn ask_for_a_plan(&mut self) {
        let (planner, asked) = &mut self.planner;
        self.controller.ask(asked).into_iter().for_each(|question| planner.ask(question));
    }

    /// Goes on from what devices hold: since the last scan a stop, `wattloop failsafe` or a person may have moved them.
    fn find_outputs(&mut self, before: Tick, now: Tick, inputs: &Inputs) {
        let read = |point: PointId| inputs.samples.get(point).filter(|s| s.at > before.mono).and_then(|s| s.value.ok());
        let points = self.controller.hall().points.iter();
        let found = points.filter_map(|(point, def)| {
            let safe = def.write?.failsafe;
            let value = read(point).or(self.handed_over.then_some(safe))?;
            Some((point, value))
        });
        let outputs = found.collect();
        let request = Request { who: "service".to_owned(), ask: Ask::Found { outputs } };
        let tick = Tick { seq: before.seq, ..now };
        let answer = self.controller.answer(&request, tick);
        drop(self.journal.record_answer(tick, &request, &answer));
    }

    /// Answers questions until the next scan is due.
    fn rest_until(&mut self, due: Mono, last: Option<Tick>, reload: &mut Option<Box<Strategies>>, stop: &AtomicBool) {
        // Even without a rest somebody who asks is heard.
        if let Some(call) = self.calls.next() {
            self.answer(call, last, reload);
        }
        while !stop.load(Ordering::Relaxed) {
            let rest = due.since(self.clock.mono());
            if rest == Span::ZERO {
                return;
            }
            if let Some(call) = self.calls.wait(rest.min(NAP).duration()) {
                self.answer(call, last, reload);
            }
        }
    }

    fn answer(&mut self, call: Call, last: Option<Tick>, reload: &mut Option<Box<Strategies>>) {
        let (question, reply) = call.into_parts();
        let answer = match question {
            Question::Status => Answer::Status(Box::new(self.controller.status())),
            Question::Points => {
                let hall = Arc::clone(self.controller.hall());
                Answer::Points(hall.points.ids().filter_map(|p| self.controller.point(p)).collect())
            }
            Question::Point(point) => Answer::Point(self.controller.point(point).map(Box::new)),
            Question::Why(point) => Answer::Why(self.controller.why(point).map(Box::new)),
            Question::Gpus => Answer::Gpus(self.controller.gpus()),
            Question::Peaks => Answer::Peaks(self.controller.peaks().map(Box::new)),
            Question::Savings => Answer::Savings(self.controller.savings().map(Box::new)),
            Question::Outlook => Answer::Outlook(self.controller.outlook().map(Box::new)),
            Question::Problem => Answer::Problem(self.controller.question().map(Box::new)),
            Question::Ahead => Answer::Ahead(self.controller.ahead().map(Box::new)),
            Question::Grid => Answer::Grid(self.controller.grid().map(Box::new)),
            Question::Leases(since) => {
                let leases = Answer::Leases(self.controller.leases(since).map(Box::new));
                // What a client hears of his lease is there after a crash. Where nothing can be kept he hears it all the same.
                if self.journal.can_promise() {
                    return self.promises.keep(self.journal.so_far(), leases, reply);
                }
                leases
            }
            Question::Decision(client, request) => {
                Answer::Decision(self.controller.decision(&client, &request).map(Box::new))
            }
            Question::Envelope => Answer::Envelope(self.controller.envelope().map(Box::new)),
            Question::Prices => Answer::Prices(self.controller.prices().map(Box::new)),
            Question::Windows => Answer::Windows(self.controller.windows()),
            Question::Trial => Answer::Trial(self.controller.trial().map(Box::new)),
            Question::Loops(hours) => Answer::Loops(self.controller.performance(hours)),
            Question::Shadow(hours) => Answer::Shadow(self.controller.shadow(hours).map(Box::new)),
            Question::CheckPoints => Answer::CheckPoints(self.controller.check_points()),
            Question::Check => Answer::Check(self.controller.check().map(Box::new)),
            Question::Reload(strategies) => {
                *reload = Some(strategies);
                Answer::Reloading
            }
            Question::Request(request) => return self.decide(&request, last, reply),
        };
        drop(reply.send(answer));
    }

    /// A request is answered by the controller and told to the asker once the journal has it.
    fn decide(&mut self, request: &Request, last: Option<Tick>, reply: oneshot::Sender<Answer>) {
        let Some(last) = last else {
            drop(reply.send(Answer::Unable("control has not made its first scan yet".into())));
            return;
        };
        // What is only heard promises nobody anything.
        let own = matches!(request.ask, Ask::ServiceAlarm { .. } | Ask::Prices(_) | Ask::PricesRefused { .. });
        if !own && !self.journal.can_promise() {
            let sentence = "the journal cannot commit, so nothing that must survive a restart is promised now";
            drop(reply.send(Answer::Unable(sentence.into())));
            return;
        }
        let tick = self.tick(last.seq, Some(last));
        let answer = self.controller.answer(request, tick);
        let receipt = self.journal.record_answer(tick, request, &answer);
        self.promises.keep(receipt, Answer::Reply(answer), reply);
    }

    /// What the last writes have worn out counts, too, although no scan hears of them any more.
    fn count_wear(&mut self, last: Option<Tick>) {
        let reports = self.field.take_reports();
        let writes: Vec<_> = reports.iter().filter(|r| r.wear > 0).map(|r| (r.point, r.wear)).collect();
        let Some(last) = last.filter(|_| !writes.is_empty()) else { return };
        let request = Request { who: "service".to_owned(), ask: Ask::Worn { writes } };
        let tick = self.tick(last.seq, Some(last));
        let answer = self.controller.answer(&request, tick);
        drop(self.journal.record_answer(tick, &request, &answer));
    }

    /// Every output to its fail-safe, with time for the buses to write it. True when all of them are proven.
    fn hand_over(&mut self, last: Option<Tick>) -> bool {
        self.notify.stopping();
        // Beside somebody else's control nothing is handed over: who goes live goes on from what devices hold.
        let ours = !self.controller.is_beside();
        if let Err(error) = Mark::HandedOver.put(&self.state_dir, ours) {
            tracing::error!(%error, "the next start cannot be told that the outputs are at their fail-safe");
        }
        let seq = last.map_or(0, |l| l.seq.saturating_add(1));
        let tick = self.tick(seq, last);
        self.field.leave_alone(None);
        let safe = Controller::safe_outputs(self.controller.hall());
        let proven = self.field.hand_over(&safe, tick, FAREWELL.duration());
        self.count_wear(last);
        if !proven {
            tracing::error!("not every output is proven to hold its safe value: its device falls back by itself");
        }
        proven
    }
}

/// When the next scan is due, on the grid of the first, and how many periods were missed.
fn next_due(due: Mono, period: Span, now: Mono) -> (Mono, u64) {
    let next = due.after(period);
    let late = now.since(next);
    let missed = late.nanos().checked_div(period.nanos()).unwrap_or(0);
    (next.after(period.times(missed)), missed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_scan_keeps_the_grid_and_counts_what_it_missed() {
        let period = Span::from_millis(100);
        let at = |ms: u64| Mono(ms * 1_000_000);
        assert_eq!(next_due(at(1000), period, at(1003)), (at(1100), 0));
        assert_eq!(next_due(at(1000), period, at(1150)), (at(1100), 0), "late by half a period: run at once");
        assert_eq!(next_due(at(1000), period, at(1420)), (at(1400), 3), "three periods are gone for good");
    }
}
