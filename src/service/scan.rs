//! The scan thread: wait, freeze the image, step, write, record. It never waits for a disk, a broker or a person.
//!
//! One period is read, freeze, step, write, in that order: due points are polled at the start with a deadline, what comes
//! later counts for the next scan, and commands leave at once. Questions are answered between scans, in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plant::hall::Strategies;
use plant::image::{Inputs, Outputs};
use plant::time::{Mono, Span, Tick};
use tokio::sync::oneshot;

use crate::adapters::Field;
use crate::control::Controller;
use crate::control::request::{Reply, Request};
use crate::service::api::call::{Answer, Call, Calls, Question};
use crate::service::bulletin::Teller;
use crate::service::clock::Clock;

/// The longest rest without a look at the stop flag.
const NAP: Span = Span::from_millis(50);

/// What the scan thread tells as soon as a scan is done, and whom it asks to remember.
pub trait Witness {
    /// A scan is done and its outputs have left. Must not block.
    fn scanned(&mut self, tick: Tick, inputs: &Inputs, controller: &Controller);
    /// A request has been answered: make it durable, then send `answer` on `reply`. Must not block.
    fn answered(&mut self, tick: Tick, request: &Request, answer: Reply, reply: oneshot::Sender<Answer>);
    /// True while a promise can be made durable.
    fn can_promise(&self) -> bool;
}

/// How a scan thread keeps time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The period (10 ms to 60 s).
    pub period: Span,
    /// How long the polls of a scan may take (below the period).
    pub patience: Span,
}

/// What a scan thread has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Scans.
    pub scans: u64,
    /// Periods that were missed because a scan took too long.
    pub overruns: u64,
}

/// Everything the scan thread owns.
pub struct Scan<W> {
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
    /// Whoever remembers.
    pub witness: W,
    /// This start's number on the journal.
    pub boot: u32,
}

impl<W: Witness> Scan<W> {
    /// Scans until `stop` is set, then hands every output to its fail-safe.
    pub fn run(mut self, stop: &AtomicBool) -> Tally {
        let mut inputs = Inputs::unread(self.controller.hall().points.len());
        let mut tally = Tally::default();
        let mut due = self.clock.mono();
        let mut last: Option<Tick> = None;
        let mut reload: Option<Box<Strategies>> = None;
        loop {
            self.rest_until(due, last, &mut reload, stop);
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let tick = self.tick(tally.scans, last);
            inputs.reload = reload.take();
            self.scan(tick, &mut inputs);
            last = Some(tick);
            tally.scans = tally.scans.saturating_add(1);
            let (next, missed) = next_due(due, self.pace.period, self.clock.mono());
            tally.overruns = tally.overruns.saturating_add(missed);
            due = next;
        }
        if let Some(tick) = last {
            self.hand_over(tick);
        }
        tally
    }

    fn tick(&self, seq: u64, last: Option<Tick>) -> Tick {
        let mono = self.clock.mono();
        let dt = last.map_or(self.pace.period, |l| mono.since(l.mono));
        Tick { seq, dt, mono, wall: self.clock.wall(), clock_trusted: self.clock.trusted(), boot: self.boot }
    }

    fn scan(&mut self, tick: Tick, inputs: &mut Inputs) {
        self.field.poll(tick);
        self.field.freeze(tick.seq, self.pace.patience.duration(), inputs);
        let outputs = self.controller.step(inputs, tick);
        self.field.write(outputs, tick);
        self.witness.scanned(tick, inputs, &self.controller);
        self.teller.tell(&self.controller, tick);
    }

    /// Answers questions until the next scan is due.
    fn rest_until(&mut self, due: Mono, last: Option<Tick>, reload: &mut Option<Box<Strategies>>, stop: &AtomicBool) {
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
        if !self.witness.can_promise() {
            let sentence = "the journal cannot commit, so nothing that must survive a restart is promised now";
            drop(reply.send(Answer::Unable(sentence.into())));
            return;
        }
        let tick = self.tick(last.seq, Some(last));
        let answer = self.controller.answer(request, tick);
        self.witness.answered(tick, request, answer, reply);
    }

    /// Every output to its fail-safe, with time for the buses to write it.
    fn hand_over(&self, tick: Tick) {
        let safe: Outputs = Controller::safe_outputs(self.controller.hall());
        self.field.write(&safe, tick);
        std::thread::sleep(self.pace.period.min(Span::from_secs(2)).max(Span::from_millis(500)).duration());
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

    #[test]
    fn a_nap_is_short_enough_to_stop_soon() {
        assert!(NAP.duration() <= Duration::from_millis(100));
    }
}
