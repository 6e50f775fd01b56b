//! Who runs a tank: control, or its own panel.

use plant::event::{About, Step as Told, Trouble, What};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::news::News;
use crate::control::rule::{Rule, TAKE_OVER};
use crate::control::sequence::Timer;

/// What is needed may be doubted for so long before the panel gets its tank back: it has sensors of its own.
const DOUBT: Span = Span::from_secs(15);
/// A temperature that is not believed is believed again once it has moved by so much (K),
const MOVED: f64 = 2.0;
/// or has been for so long where its panel, which has a sensor of its own, holds the fluid.
const AT_HOME: Span = Span::from_secs(600);

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
    /// It is where a panel holds it.
    pub at_home: bool,
}

/// Who runs a tank.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Keeper {
    rule: Rule,
    /// How long what is needed has been doubted.
    doubt: Timer,
    /// The temperature that was not believed (°C), until it moves or is at home.
    disbelieved: Option<f64>,
    /// How long the panel has had the tank with its fluid, as it is told, at home.
    at_home: Timer,
}

impl Keeper {
    /// Its panel.
    #[must_use]
    pub fn panel() -> Self {
        Self { rule: Rule::on_panel(), doubt: Timer::default(), disbelieved: None, at_home: Timer::default() }
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
        self.at_home.count(needs.at_home && self.is_panel(), dt);
        if let (Some(fluid), Some(then)) = (needs.fluid, self.disbelieved)
            && (libm::fabs(fluid - then) >= MOVED || self.at_home.reached(AT_HOME))
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

#[cfg(test)]
mod tests {
    use super::*;
    use plant::id::{EquipId, Id};
    use plant::time::Tick;

    const SECOND: Span = Span::from_secs(1);
    const WELL: Needs = Needs {
        seen: true,
        settled: true,
        doubted: false,
        lost: false,
        fluid: Some(45.0),
        unbelieved: false,
        at_home: true,
    };

    /// So many scans; true where its panel has the tank then.
    fn run(keeper: &mut Keeper, needs: Needs, seconds: u64) -> bool {
        let (mut events, about) = (Vec::new(), About::Equip(EquipId::from_index(0)));
        for _ in 0..seconds {
            keeper.step(&needs, (about, SECOND), &mut News::new(Tick::default(), &mut events));
        }
        keeper.is_panel()
    }

    #[test]
    fn a_temperature_that_is_not_believed_is_believed_once_it_moves_or_has_been_for_long_where_a_panel_holds_it() {
        let mut keeper = Keeper::panel();
        assert!(!run(&mut keeper, WELL, 31));
        let jumped = Needs { fluid: Some(33.0), unbelieved: true, at_home: false, ..WELL };
        assert!(run(&mut keeper, jumped, 1), "its panel has it");
        let stays = Needs { unbelieved: false, ..jumped };
        assert!(
            run(&mut keeper, stays, 86_400) && keeper.disbelieves(),
            "a sensor that reads twelve kelvins too cold, for a day"
        );
        assert!(!run(&mut keeper, Needs { fluid: Some(36.0), ..stays }, 31), "it moves with its fluid");
        // The end of a fault looks like a jump, too: to where the fluid is.
        assert!(run(&mut keeper, Needs { unbelieved: true, ..WELL }, 1));
        assert!(run(&mut keeper, WELL, 590) && keeper.disbelieves());
        assert!(!run(&mut keeper, WELL, 42), "and there it stays");
    }
}
