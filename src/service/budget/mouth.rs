//! Who tells of leases: each as it is now, kept by the broker, notices, and answers to requests that waited.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Shared, decided, write};
use crate::control::ledger::notices::{Notice, Tidings};
use crate::control::ledger::reply::Answered;
use crate::control::ledger::view::{LeaseView, LedgerView};
use crate::service::api::call::{Answer, NoAnswer, Question};

/// How often leases are looked at.
const LOOK: Duration = Duration::from_millis(500);
/// An end that was told is told again where it is off by more (ms): a renewal.
const RENEWED: i64 = 2000;
/// What was told before a start is told again where it is no older (ms).
const AGAIN: i64 = 60_000;

/// Who tells of leases.
#[derive(Debug)]
pub struct Mouth {
    shared: Arc<Shared>,
    /// Leases as they were told last, by their names.
    told: BTreeMap<String, LeaseView>,
    /// The number of the last notice that was told.
    last: u64,
    /// Up to which one they are from before this run: nothing before the first look.
    before: Option<u64>,
}

impl Mouth {
    /// One that has told nothing yet.
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared, told: BTreeMap::new(), last: 0, before: None }
    }

    /// Tells for ever.
    pub(super) async fn attend(mut self) {
        let mut first = true;
        loop {
            tokio::time::sleep(LOOK).await;
            match self.shared.asker.ask(Question::Leases(self.last)).await {
                Ok(Answer::Leases(Some(view))) => self.look(&view, std::mem::replace(&mut first, false)),
                Err(NoAnswer::Stopped) => return,
                Ok(_) | Err(NoAnswer::Busy | NoAnswer::Late) => {}
            }
        }
    }

    fn look(&mut self, view: &LedgerView, first: bool) {
        for lease in &view.leases {
            if self.told.get(&lease.lease_id).is_none_or(|told| differs(told, lease)) {
                let topic = format!("budget/{}/lease/{}", lease.client, lease.lease_id);
                let data = write::kept(&self.shared.hall, lease);
                self.shared.say(&topic, ("lease", &lease.lease_id), &data, true);
                self.told.insert(lease.lease_id.clone(), lease.clone());
            }
        }
        let lives: BTreeMap<&str, &LeaseView> = view.leases.iter().map(|of| (of.lease_id.as_str(), of)).collect();
        let shared = &self.shared;
        self.told.retain(|id, told| {
            let lives = lives.contains_key(id.as_str());
            if !lives {
                shared.publish(&format!("budget/{}/lease/{id}", told.client), Vec::new(), true);
            }
            lives
        });
        for answered in view.answers.iter().filter(|of| !first || is_new(view, of)) {
            let trace = self.shared.trace(answered);
            let data = write::answered(&self.shared.hall, answered);
            if !self.shared.say_response((&answered.client, &trace), &data) {
                return;
            }
        }
        let before = *self.before.get_or_insert(view.last);
        for (client, request, notice) in &view.notices {
            let id = notice.lease.to_string();
            let earlier = notice.number <= before;
            // What an earlier run left with the broker of a lease that is over.
            if earlier && !lives.contains_key(id.as_str()) {
                self.shared.publish(&format!("budget/{client}/lease/{id}"), Vec::new(), true);
            }
            // What still holds is told again however old it is: nobody knows whether it was told before a break, nor how long that was.
            let ahead = notice.effective.0 > view.at_ms;
            let same = |of: &&LeaseView| of.seq == notice.seq && (ahead || (of.may_w - notice.watts).abs() < 1.0);
            let holds = lives.get(id.as_str()).is_some_and(same);
            let past = earlier && lives.get(id.as_str()).is_some_and(|of| is_past(of, notice, view.at_ms));
            let old = past || (earlier && !holds && notice.effective.0 < view.at_ms.saturating_sub(AGAIN));
            let of = |answered: &&Answered| (&answered.client, &answered.request) == (client, request);
            if let Some(served) = view.answers.iter().find(of).filter(|_| notice.tidings == Tidings::Answered && !old) {
                decided::log(&self.shared.hall, ("served", false), served, Some(notice.lease));
            }
            if notice.tidings.is_told() && !old {
                let data = write::notice(notice, view.epoch);
                if !self.shared.say(&format!("budget/{client}/notice"), ("notice", &id), &data, false) {
                    // Told with the next look, and what comes behind it.
                    self.last = notice.number.saturating_sub(1);
                    return;
                }
            }
        }
        self.last = view.last;
    }
}

/// It was answered so lately that nobody may have told it before a crash: whoever has heard it knows it by its request.
pub(super) fn is_new(view: &LedgerView, answered: &Answered) -> bool {
    let since = view.at_ms.saturating_sub(AGAIN);
    let of = |(client, request, notice): &(String, String, Notice)| {
        notice.tidings == Tidings::Answered
            && notice.effective.0 >= since
            && (client, request) == (&answered.client, &answered.request)
    };
    view.notices.iter().any(of)
}

/// Another state of the lease has come since what a notice says may be drawn, and it is not to come any more: who heard it now would take a `stop` for the last word behind a `restore`.
pub(super) fn is_past(lease: &LeaseView, notice: &Notice, at_ms: i64) -> bool {
    let power = notice.tidings.lowers() || notice.tidings == Tidings::Restore;
    let from = notice.effective.0;
    let step = lease.schedule.iter().rev().find(|(start, _)| *start <= from).or(lease.schedule.first());
    let to_come = from > at_ms && step.is_some_and(|(_, watts)| (watts - notice.watts).abs() < 1.0);
    // What it gives is still so: who has not heard it stays down.
    let still = notice.tidings == Tidings::Restore && (lease.may_w - notice.watts).abs() < 1.0;
    power && notice.seq < lease.seq && !to_come && !still
}

/// Its client should know.
fn differs(told: &LeaseView, now: &LeaseView) -> bool {
    let key = |of: &LeaseView| (of.epoch, of.seq, of.state.clone(), of.may_w.to_bits(), of.ttl_s.to_bits());
    key(told) != key(now) || (told.expires_ms - now.expires_ms).abs() > RENEWED
}
