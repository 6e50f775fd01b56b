//! The planner's thread: one question at a time, the newest wins.
//!
//! ```text
//!  scan thread ── question ──▶ [the newest] ──▶ planner thread ── to a solver, which is waited for ── plan ──▶ the next scan's image
//!                                                       └── 5 s are over, or it has failed ── greed's plan ──▶ the same, until the solver's comes
//! ```
//!
//! A question that nobody has begun with is replaced by a newer one. Control drops a plan that answers an older question, so nothing here need decide. A solver that is late goes on: its plan
//! counts if it comes in time, and while it is busy greed alone answers what is asked next. So there is never more than one, and one that never ends keeps nobody from having plans.

use std::io;
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError, TrySendError, channel, sync_channel,
};
use std::time::Duration;

use plant::plan::Arrived;

use crate::control::ahead::Question;

/// The solver's thread. Where it panics greed answers, and nothing else ends: a panic in any other thread ends the process.
pub const SOLVER: &str = "planner-solver";
/// So long the solver is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// So often one that is late is looked after.
const LOOK: Duration = Duration::from_millis(250);

/// Who plans, and how long the better one is waited for.
#[derive(Clone, Copy, Debug)]
struct Planners {
    solver: fn(&Question) -> Arrived,
    greed: fn(&Question) -> Arrived,
    patience: Duration,
}

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
        Self::with(Planners { solver: Question::solve, greed: Question::greedy, patience: PATIENCE })
    }

    fn with(by: Planners) -> io::Result<Self> {
        let ((questions, heard), (told, plans)) = (sync_channel(0), channel());
        std::thread::Builder::new().name("planner".into()).spawn(move || work(&heard, &told, by))?;
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

fn work(questions: &Receiver<Box<Question>>, plans: &Sender<Arrived>, by: Planners) {
    let mut late: Option<Receiver<Arrived>> = None;
    loop {
        let question = match &late {
            None => questions.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(_) => questions.recv_timeout(LOOK),
        };
        let plan = match question {
            Ok(question) => Some(answer(question, &mut late, by)),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let solved = late.as_ref().map(Receiver::try_recv);
        if !matches!(solved, Some(Err(TryRecvError::Empty))) {
            late = None;
        }
        let all = plan.into_iter().chain(solved.and_then(Result::ok));
        for plan in all {
            if plans.send(plan).is_err() {
                return;
            }
        }
    }
}

/// The solver's plan, or greed's where that does not come.
fn answer(question: Box<Question>, late: &mut Option<Receiver<Arrived>>, by: Planners) -> Arrived {
    if late.is_some() {
        return (by.greed)(&question);
    }
    let ((done, solved), asked) = (channel(), question.clone());
    // Whoever does not wait any more has gone with all that this thread is for.
    let solve = move || drop(done.send((by.solver)(&asked)));
    let begun = std::thread::Builder::new().name(SOLVER.into()).spawn(solve);
    match begun.map(|_| solved.recv_timeout(by.patience)) {
        Ok(Ok(plan)) => return plan,
        Ok(Err(RecvTimeoutError::Timeout)) => *late = Some(solved),
        // It has failed, or the system gives no thread.
        Ok(Err(RecvTimeoutError::Disconnected)) | Err(_) => {}
    }
    (by.greed)(&question)
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
            bounds: Vec::new(),
            supposed: Supposed::default(),
        }
    }

    /// What comes of these questions, in turn: by which question and whether greed has planned it.
    fn told(by: Planners, questions: &[u64], many: usize) -> Vec<(u64, bool)> {
        let mut asked = Asked::with(by).expect("a thread");
        let (begun, mut seen, mut next) = (Instant::now(), Vec::new(), questions.iter());
        while seen.len() < many {
            assert!(begun.elapsed() < Duration::from_secs(60), "{seen:?}");
            if asked.waits.is_none() {
                next.next().into_iter().for_each(|number| asked.ask(question(*number)));
            }
            seen.extend(asked.plan().map(|plan| (plan.question, plan.greedy)));
            std::thread::sleep(Duration::from_millis(2));
        }
        seen
    }

    fn quick(question: &Question) -> Arrived {
        Arrived { question: question.number, greedy: true, ..Arrived::default() }
    }

    #[test]
    fn a_solver_that_is_late_has_greed_answer_at_once_and_its_own_plan_come_when_it_is_done() {
        let slow = |question: &Question| {
            std::thread::sleep(Duration::from_millis(1500));
            Arrived { question: question.number, ..Arrived::default() }
        };
        let by = Planners { solver: slow, greed: quick, patience: Duration::from_millis(50) };
        assert_eq!(
            told(by, &[1, 2], 3),
            [(1, true), (2, true), (1, false)],
            "what was asked meanwhile waits for nobody"
        );
    }

    #[test]
    fn a_solver_that_fails_or_never_ends_keeps_nobody_from_having_plans() {
        let fails = |_: &Question| -> Arrived { panic!("what a solver may do") };
        let by = Planners { solver: fails, greed: quick, patience: Duration::from_secs(30) };
        assert_eq!(told(by, &[1, 2, 3], 3), [(1, true), (2, true), (3, true)]);
        let never = |_: &Question| -> Arrived {
            loop {
                std::thread::park();
            }
        };
        let by = Planners { solver: never, patience: Duration::from_millis(20), ..by };
        assert_eq!(told(by, &[1, 2, 3], 3), [(1, true), (2, true), (3, true)]);
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
