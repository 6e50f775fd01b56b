//! What the API asks of the scan thread, and how the answer comes back.
//!
//! ```text
//! api, on tokio                               scan thread
//!   asker.ask(Question::Status).await ──────▶ calls.wait(until) → Some(call); call.answer(Answer::…)
//!                          ◀───────────────── or calls.next() → None, and the next scan is due
//! ```
//!
//! Names have been resolved to ids before a question is asked, so the scan thread does no text work.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use plant::hall::Strategies;
use plant::id::PointId;
use tokio::sync::oneshot;

use crate::control::ahead;
use crate::control::envelope::EnvelopeView;
use crate::control::grid::view::GridView;
use crate::control::interval::view::PeaksView;
use crate::control::ledger::decision::DecisionView;
use crate::control::ledger::view::LedgerView;
use crate::control::outlook::view::OutlookView;
use crate::control::report::{
    CheckPoint, CheckView, GpuView, PerformanceView, PointView, PricesView, ShadowReport, Status, TrialSeen, WhyReport,
};
use crate::control::request::{Reply, Request};
use crate::control::savings::view::SavingsView;
use crate::control::windows::view::WindowsView;

/// How many questions may wait for the scan thread; more are answered "busy" at once.
const WAITING: usize = 256;

/// How soon control is asked again what it has not taken: before its first scan it takes nothing.
const AGAIN: Duration = Duration::from_millis(500);
/// How long an asker waits. The scan thread answers while it waits for its next scan, so this is generous.
const PATIENCE: Duration = Duration::from_secs(10);

/// What may be asked of the scan thread.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// The hall on one page.
    Status,
    /// Every point, in the hall's order.
    Points,
    /// One point.
    Point(PointId),
    /// Why an output has its value.
    Why(PointId),
    /// Every GPU that is capped.
    Gpus,
    /// What keeps billed peaks down.
    Peaks,
    /// What control has saved.
    Savings,
    /// What the site is expected to draw.
    Outlook,
    /// What there is to plan.
    Problem,
    /// The plan that batteries follow.
    Ahead,
    /// What a grid asks for.
    Grid,
    /// Leases of power, and notices with a higher number than this.
    Leases(u64),
    /// How a client's request for leases was decided: whose, and which.
    Decision(String, String),
    /// What may still be lent in the quarters of an hour to come.
    Envelope,
    /// What energy costs now and ahead.
    Prices,
    /// Every window of civil time.
    Windows,
    /// The trial that runs, or the last one.
    Trial,
    /// How every loop did over so many hours.
    Loops(usize),
    /// Somebody else's control beside ours, over so many hours.
    Shadow(usize),
    /// Every point, with what is wrong with it as far as no instrument is needed to see.
    CheckPoints,
    /// The check of an output or of a device that runs, or the last one.
    Check,
    /// Something that changes state: recorded in the journal before it is answered.
    Request(Request),
    /// New strategies, checked, to take effect with the next scan.
    Reload(Box<Strategies>),
}

/// What the scan thread answers; each variant belongs to the question of the same name.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To [`Question::Status`].
    Status(Box<Status>),
    /// To [`Question::Points`].
    Points(Vec<PointView>),
    /// To [`Question::Point`]; nothing for a point the hall does not have.
    Point(Option<Box<PointView>>),
    /// To [`Question::Why`]; nothing for a point that is no output.
    Why(Option<Box<WhyReport>>),
    /// To [`Question::Gpus`].
    Gpus(Vec<GpuView>),
    /// To [`Question::Peaks`]; nothing where they may come.
    Peaks(Option<Box<PeaksView>>),
    /// To [`Question::Savings`]; nothing where no peak is kept down.
    Savings(Option<Box<SavingsView>>),
    /// To [`Question::Outlook`]; nothing where no peak is kept down.
    Outlook(Option<Box<OutlookView>>),
    /// To [`Question::Problem`]; nothing where there is nothing to plan.
    Problem(Option<Box<ahead::Question>>),
    /// To [`Question::Ahead`]; nothing where none may be followed.
    Ahead(Option<Box<ahead::view::AheadView>>),
    /// To [`Question::Grid`]; nothing where the hall takes no targets.
    Grid(Option<Box<GridView>>),
    /// To [`Question::Leases`]; nothing where nobody may ask for some.
    Leases(Option<Box<LedgerView>>),
    /// To [`Question::Decision`]; nothing where nobody knows any more.
    Decision(Option<Box<DecisionView>>),
    /// To [`Question::Envelope`]; nothing where nobody may ask for leases.
    Envelope(Option<Box<EnvelopeView>>),
    /// To [`Question::Prices`]; nothing where the site names no tariff.
    Prices(Option<Box<PricesView>>),
    /// To [`Question::Windows`].
    Windows(WindowsView),
    /// To [`Question::Trial`]; nothing where no loop has been on trial.
    Trial(Option<Box<TrialSeen>>),
    /// To [`Question::Loops`].
    Loops(Vec<PerformanceView>),
    /// To [`Question::Shadow`]; nothing where ours writes.
    Shadow(Option<Box<ShadowReport>>),
    /// To [`Question::CheckPoints`].
    CheckPoints(Vec<CheckPoint>),
    /// To [`Question::Check`]; nothing where there was none.
    Check(Option<Box<CheckView>>),
    /// To [`Question::Request`].
    Reply(Reply),
    /// To [`Question::Reload`]: taken; the next scan applies it.
    Reloading,
    /// The service cannot promise this now (the journal does not commit, a stop is under way): one sentence.
    Unable(String),
}

/// One question on its way, with the way back.
#[derive(Debug)]
pub struct Call {
    question: Question,
    reply: oneshot::Sender<Answer>,
}

impl Call {
    /// What is asked.
    #[must_use]
    pub const fn question(&self) -> &Question {
        &self.question
    }

    /// The question and the way back, so that an answer may wait for a commit.
    #[must_use]
    pub fn into_parts(self) -> (Question, oneshot::Sender<Answer>) {
        (self.question, self.reply)
    }

    /// Answers. An asker that has gone away is no error.
    pub fn answer(self, answer: Answer) {
        drop(self.reply.send(answer));
    }
}

/// The asking end; cheap to clone.
#[derive(Clone, Debug)]
pub struct Asker {
    calls: SyncSender<Call>,
}

/// The answering end: lives on the scan thread.
#[derive(Debug)]
pub struct Calls {
    calls: Receiver<Call>,
}

/// Why a question got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// Too many questions wait already.
    Busy,
    /// The scan thread has not answered within ten seconds.
    Late,
    /// The service stops.
    Stopped,
}

/// A channel of at most 64 waiting questions.
#[must_use]
pub fn channel() -> (Asker, Calls) {
    let (sender, receiver) = sync_channel(WAITING);
    (Asker { calls: sender }, Calls { calls: receiver })
}

impl Asker {
    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// [`NoAnswer`] when the scan thread cannot take the question or does not answer in time.
    pub async fn ask(&self, question: Question) -> Result<Answer, NoAnswer> {
        let (reply, answer) = oneshot::channel();
        match self.calls.try_send(Call { question, reply }) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(NoAnswer::Busy),
            Err(TrySendError::Disconnected(_)) => return Err(NoAnswer::Stopped),
        }
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(NoAnswer::Stopped),
            Err(_) => Err(NoAnswer::Late),
        }
    }

    /// Asks for something to be done, again where it is not taken yet, so often at the most (`None` for ever). Nothing where it never is, or the
    /// service stops.
    pub async fn insist(&self, request: &Request, tries: Option<u32>) -> Option<Reply> {
        let mut asked = 0_u32;
        while tries.is_none_or(|tries| asked < tries) {
            match self.ask(Question::Request(request.clone())).await {
                Ok(Answer::Reply(reply)) => return Some(reply),
                Err(NoAnswer::Stopped) => return None,
                Ok(_) | Err(NoAnswer::Busy | NoAnswer::Late) => tokio::time::sleep(AGAIN).await,
            }
            asked = asked.saturating_add(1);
        }
        None
    }
}

impl Calls {
    /// The next question that already waits.
    #[must_use]
    pub fn next(&self) -> Option<Call> {
        self.calls.try_recv().ok()
    }

    /// The next question, waiting for one at most this long. When every asker is gone it sleeps the time out,
    /// so that a scan thread may use it as its clock's rest.
    #[must_use]
    pub fn wait(&self, patience: Duration) -> Option<Call> {
        match self.calls.recv_timeout(patience) {
            Ok(call) => Some(call),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                std::thread::sleep(patience);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_question_finds_its_answer() {
        let (asker, calls) = channel();
        let scan = std::thread::spawn(move || {
            while let Some(call) = calls.wait(Duration::from_secs(20)) {
                assert_eq!(*call.question(), Question::Status);
                call.answer(Answer::Unable("a stop is under way".into()));
            }
        });
        let answer = asker.ask(Question::Status).await;
        assert_eq!(answer, Ok(Answer::Unable("a stop is under way".into())));
        drop(asker);
        drop(scan);
    }

    #[tokio::test]
    async fn a_full_queue_and_a_stopped_scan_are_told_at_once() {
        let (asker, calls) = channel();
        let waiting: Vec<_> = (0..WAITING)
            .map(|_| {
                let asker = asker.clone();
                tokio::spawn(async move { asker.ask(Question::Points).await })
            })
            .collect();
        for _ in 0..4 * WAITING {
            tokio::task::yield_now().await;
        }
        assert_eq!(asker.ask(Question::Status).await, Err(NoAnswer::Busy));
        drop(calls);
        for task in waiting {
            assert_eq!(task.await.unwrap(), Err(NoAnswer::Stopped));
        }
        assert_eq!(asker.ask(Question::Status).await, Err(NoAnswer::Stopped));
    }
}
