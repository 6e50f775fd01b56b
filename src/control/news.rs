//! What a scan has to tell, collected in place.

use plant::event::{About, Event, Severity, Step, What};
use plant::time::{Mono, Tick};

/// Where the stages of a scan leave their events.
pub struct News<'a> {
    at: Mono,
    events: &'a mut Vec<Event>,
}

impl<'a> News<'a> {
    /// Events of this tick go to `events`.
    pub const fn new(tick: Tick, events: &'a mut Vec<Event>) -> Self {
        Self { at: tick.mono, events }
    }

    /// When: this scan.
    #[must_use]
    pub const fn at(&self) -> Mono {
        self.at
    }

    /// Normal work.
    pub fn info(&mut self, about: About, what: What) {
        self.tell(Severity::Info, about, what);
    }

    /// Somebody should look in the daytime.
    pub fn warn(&mut self, about: About, what: What) {
        self.tell(Severity::Warning, about, what);
    }

    /// What a machine has come to in its sequence: trouble is a warning.
    pub fn machine(&mut self, about: About, what: Option<What>) {
        match what {
            Some(what @ What::Trouble(_)) => self.warn(about, what),
            Some(what) => self.info(about, what),
            None => {}
        }
    }

    /// Something that somebody should know of has begun, or is over.
    pub fn switched(&mut self, about: About, (what, on): (What, bool)) {
        self.tell(if on { Severity::Warning } else { Severity::Info }, about, what);
    }

    /// A machine has been taken over from its panel; or given back, which somebody should know.
    pub fn rule(&mut self, about: About, told: Step) {
        let severity = if told == Step::HandedBack { Severity::Warning } else { Severity::Info };
        self.tell(severity, about, What::Step(told));
    }

    /// As urgent as said.
    pub fn tell(&mut self, severity: Severity, about: About, what: What) {
        self.events.push(Event { at: self.at, severity, about, what });
    }
}
