//! Who runs a tank: control, or its own panel.

use plant::event::{About, Step as Told, Trouble, What};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::news::News;
use crate::control::rule::{Rule, TAKE_OVER};
use crate::control::sequence::Timer;

/// What is needed may be doubted for so long before the panel gets its tank back: it has sensors of its own.
const DOUBT: Span = Span::from_secs(15);
/// A temperature that is not believed is believed again once it has moved by so much (K).
const MOVED: f64 = 2.0;

/// What one scan says of what control needs to run a tank.
#[derive(Clone, Copy, Debug)]
pub struct Needs {
    /// All of it is known now.
    pub seen: bool,
    /// Its outputs have come to where they were to go.
    pub settled: bool,
    /// Some of it is doubted.
    pub doubted: bool,
    /// Some of it is lost.
    pub lost: bool,
    /// Its fluid (°C), where it is known now.
    pub fluid: Option<f64>,
    /// That is not believed.
    pub unbelieved: bool,
}

/// Who runs a tank.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Keeper {
    rule: Rule,
    /// How long what is needed has been doubted.
    doubt: Timer,
    /// The temperature that was not believed (°C), until it moves.
    disbelieved: Option<f64>,
}

impl Keeper {
    /// Its panel.
    #[must_use]
    pub fn panel() -> Self {
        Self { rule: Rule::on_panel(), doubt: Timer::default(), disbelieved: None }
    }

    /// True while its panel runs it.
    #[must_use]
    pub const fn is_panel(&self) -> bool {
        self.rule.is_panel()
    }

    /// Who runs it from now on.
    pub const fn lend(&mut self, rule: Rule) {
        self.rule = rule;
    }

    /// True while its temperature is not believed.
    #[must_use]
    pub const fn disbelieves(&self) -> bool {
        self.disbelieved.is_some()
    }

    /// One scan. True where control takes the tank over in it, as it is found.
    pub fn step(&mut self, needs: &Needs, (about, dt): (About, Span), news: &mut News<'_>) -> bool {
        if let (Some(fluid), Some(then)) = (needs.fluid, self.disbelieved)
            && libm::fabs(fluid - then) >= MOVED
        {
            self.disbelieved = None;
        }
        if self.is_panel() {
            let after = if needs.settled { TAKE_OVER } else { Span::from_nanos(u64::MAX) };
            let taken = self.rule.take_over(needs.seen && self.disbelieved.is_none(), after, dt);
            if taken {
                self.doubt = Timer::default();
                news.rule(about, Told::TakenOver);
            }
            return taken;
        }
        self.doubt.count(needs.doubted, dt);
        if needs.unbelieved {
            self.disbelieved = needs.fluid;
            news.warn(about, What::Trouble(Trouble::NotBelieved));
        }
        if needs.lost || needs.unbelieved || self.doubt.reached(DOUBT) {
            self.rule = Rule::on_panel();
            news.rule(about, Told::HandedBack);
        }
        false
    }
}
