//! The planner's thread: one question at a time, the newest wins.
//!
//! ```text
//!  scan thread ── question ──▶ [the newest] ──▶ planner thread, for seconds ── plan ──▶ the next scan's image
//! ```
//!
//! A question that nobody has begun with is replaced by a newer one. Control drops a plan that answers an older question, so nothing here need decide.

use std::io;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};

use plant::plan::Arrived;

use crate::control::ahead::Question;

/// The scan thread's end.
#[derive(Debug)]
pub struct Asked {
    questions: SyncSender<Box<Question>>,
    /// A newer question, while the thread is busy with an older one.
    waits: Option<Box<Question>>,
    plans: Receiver<Arrived>,
}

impl Asked {
    /// Starts the thread. It ends with this.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start() -> io::Result<Self> {
        let ((questions, heard), (told, plans)) = (sync_channel(0), channel());
        std::thread::Builder::new().name("planner".into()).spawn(move || work(&heard, &told))?;
        Ok(Self { questions, waits: None, plans })
    }

    /// Asks, in the place of a question that has not been begun with.
    pub fn ask(&mut self, question: Question) {
        self.waits = Some(Box::new(question));
        self.push();
    }

    /// The newest plan that has come since it was looked last. Hands over what waits.
    pub fn plan(&mut self) -> Option<Box<Arrived>> {
        self.push();
        self.plans.try_iter().last().map(Box::new)
    }

    fn push(&mut self) {
        let Some(question) = self.waits.take() else { return };
        if let Err(TrySendError::Full(question)) = self.questions.try_send(question) {
            self.waits = Some(question);
        }
    }
}

fn work(questions: &Receiver<Box<Question>>, plans: &Sender<Arrived>) {
    while let Ok(question) = questions.recv() {
        if plans.send(question.solve()).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use plant::time::Wall;

    use super::*;
    use crate::control::ahead::Supposed;
    use crate::planner::PlanFile;

    fn question(number: u64) -> Question {
        let file = PlanFile::load("night.toml", include_str!("../../config/plans/night.toml")).expect("a plan");
        Question {
            number,
            tariff: "night".to_owned(),
            currency: file.currency,
            from: Wall(0),
            at: Wall(0),
            begins: 0,
            problem: file.problem,
            jobs: Vec::new(),
            places: Vec::new(),
            supposed: Supposed::default(),
        }
    }

    #[test]
    fn of_questions_that_wait_the_newest_is_answered_and_the_scan_waits_for_nothing() {
        let mut asked = Asked::start().expect("a thread");
        (1..=9).for_each(|number| asked.ask(question(number)));
        let begun = Instant::now();
        let mut seen = Vec::new();
        while seen.last() != Some(&9) {
            assert!(begun.elapsed() < Duration::from_secs(120), "answered: {seen:?}");
            if let Some(plan) = asked.plan() {
                assert!(!plan.slots.is_empty(), "a plan with slots");
                seen.push(plan.question);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(seen.is_sorted() && seen.len() < 9, "one at a time, and not all of them: {seen:?}");
    }
}
