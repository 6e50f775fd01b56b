//! The planner beside a simulated run: it plans at once, and is heard a fixed simulated time later.

use plant::plan::Arrived;
use plant::time::{Mono, Span};
use wattloop::control::Controller;

/// A plan comes so long after its question.
const DELAY: Span = Span::from_secs(10);

/// What was asked last, and what is on its way.
#[derive(Default)]
pub struct Planner {
    asked: u64,
    coming: Option<(Mono, Box<Arrived>)>,
}

impl Planner {
    /// Plans what is due. The newest wins.
    pub fn ask(&mut self, controller: &Controller, now: Mono) {
        if let Some(question) = controller.ask(&mut self.asked) {
            self.coming = Some((now.after(DELAY), Box::new(question.solve())));
        }
    }

    /// The plan that has come by now.
    pub fn take(&mut self, now: Mono) -> Option<Box<Arrived>> {
        self.coming.take_if(|(at, _)| *at <= now).map(|(_, plan)| plan)
    }
}
