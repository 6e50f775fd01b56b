//! One assert through a run: what it has seen, and how near it came to failing.

use plant::convert;
use plant::event::Event as Told;
use plant::reversal::Course;

use super::expression::{Holding, Scene};
use super::golden::{Golden, Tube};
use super::run::raised;
use super::verdict::{Unit, Verdict};
use super::{Assert, Rule};

/// How near an output must be to its fail-safe to be there (the output's unit).
const THERE: f64 = 1e-6;

/// When an assert looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    /// Since the scenario began (s).
    pub(super) time: f64,
    /// Since the assert's window began (s).
    pub(super) since: f64,
}

/// What an assert has seen.
#[derive(Clone, Debug)]
pub(super) struct Judge {
    /// Looked at least once with every value there.
    seen: bool,
    /// Held every time so far.
    held: bool,
    /// The smallest margin and its time.
    worst: Option<(f64, f64)>,
    /// The first time a value was missing.
    missing: Option<f64>,
    /// When the window was looked at first and last.
    first: Option<f64>,
    last: f64,
    more: More,
}

/// What some rules remember besides.
#[derive(Clone, Debug)]
enum More {
    Nothing,
    Streak(Streak),
    /// It has come to its target.
    Arrived(bool),
    Turns(Vec<Turns>),
    Edges {
        before: Option<bool>,
        times: u32,
        last: f64,
    },
    Raised {
        times: u32,
        /// The first one: since the window began, and its time.
        first: Option<(f64, f64)>,
    },
    Reached(Option<(f64, f64)>),
    Golden(Option<Tube>),
}

/// How long something holds without a break.
#[derive(Clone, Copy, Debug, Default)]
struct Streak {
    /// It has held at some instant.
    ever: bool,
    since: Option<f64>,
    longest: f64,
    /// When the longest ended.
    at: f64,
}

/// A signal's turns.
#[derive(Clone, Copy, Debug, Default)]
struct Turns {
    course: Course,
    count: u32,
    last: f64,
}

impl Judge {
    pub(super) fn new(rule: &Rule) -> Self {
        let more = match rule {
            Rule::Always(_) | Rule::Settle { .. } | Rule::Kpi { .. } | Rule::Compare { .. } => More::Nothing,
            Rule::Never(_) | Rule::Within { .. } => More::Streak(Streak::default()),
            Rule::Overshoot { .. } => More::Arrived(false),
            Rule::Reversals { signals, .. } => More::Turns(vec![Turns::default(); signals.len()]),
            Rule::Count { .. } => More::Edges { before: None, times: 0, last: 0.0 },
            Rule::Alarm { .. } => More::Raised { times: 0, first: None },
            Rule::Safe { .. } => More::Reached(None),
            Rule::Golden { .. } => More::Golden(None),
        };
        Self { seen: false, held: true, worst: None, missing: None, first: None, last: 0.0, more }
    }

    pub(super) fn hold_against(&mut self, rule: &Rule, golden: &Golden) {
        if let (More::Golden(tube), Rule::Golden { signals, time, value }) = (&mut self.more, rule) {
            *tube = Some(Tube::new(golden, signals.len(), time.seconds(), *value));
        }
    }

    /// Looks once. What the assert saw, for people: the margin of a condition, a signal less its target.
    pub(super) fn look(&mut self, rule: &Rule, now: Moment, told: &[Told], scene: &impl Scene) -> Option<f64> {
        self.first.get_or_insert(now.time);
        self.last = now.time;
        match rule {
            Rule::Always(holding) => self.always(holding, now, scene),
            Rule::Never(holding) => self.never(holding, now, scene),
            Rule::Within { holding, time } => {
                (now.since <= time.seconds()).then(|| self.within(holding, now, scene)).flatten()
            }
            Rule::Settle { signal, target, band, within, hold } => {
                let away = signal.number.value(scene) - target.number.value(scene);
                let due = within.seconds();
                if now.since >= due && now.since <= due + hold.seconds() {
                    self.note(away.abs() <= *band, band - away.abs(), now.time);
                }
                Some(away)
            }
            Rule::Overshoot { signal, target, max, below } => {
                let away = signal.number.value(scene) - target.number.value(scene);
                let past = if *below { -away } else { away };
                if let More::Arrived(arrived) = &mut self.more {
                    *arrived |= past <= 0.0;
                    if *arrived || past.is_nan() {
                        self.note(past <= *max, max - past, now.time);
                    }
                }
                Some(away)
            }
            Rule::Reversals { signals, travel, .. } => {
                let More::Turns(turns) = &mut self.more else { return None };
                for (signal, turns) in signals.iter().zip(turns) {
                    turns.take(signal.number.value(scene), *travel, now.time);
                }
                signals.first().map(|s| s.number.value(scene))
            }
            Rule::Count { holding, .. } => self.count(holding, now, scene),
            Rule::Alarm { alarm, .. } => {
                if let More::Raised { times, first } = &mut self.more {
                    let many = told.iter().filter(|t| raised(t, *alarm)).count();
                    *times = times.saturating_add(convert::u32_from_usize(many));
                    if many > 0 {
                        first.get_or_insert((now.since, now.time));
                    }
                }
                None
            }
            Rule::Safe { outputs, .. } => {
                let away = outputs.iter().map(|(p, safe)| (scene.command(*p) - safe).abs());
                let there = away.into_iter().all(|a| a <= THERE);
                if let More::Reached(reached) = &mut self.more
                    && there
                {
                    reached.get_or_insert((now.since, now.time));
                }
                None
            }
            Rule::Golden { signals, .. } => {
                if let More::Golden(Some(tube)) = &mut self.more {
                    for (n, signal) in signals.iter().enumerate() {
                        tube.take(n, now.time, signal.number.value(scene));
                    }
                }
                None
            }
            Rule::Kpi { .. } | Rule::Compare { .. } => None,
        }
    }

    fn note(&mut self, held: bool, margin: f64, time: f64) {
        if margin.is_nan() {
            self.missing.get_or_insert(time);
            return;
        }
        self.seen = true;
        self.held &= held;
        if self.worst.is_none_or(|(worst, _)| margin < worst) {
            self.worst = Some((margin, time));
        }
    }

    fn always(&mut self, holding: &Holding, now: Moment, scene: &impl Scene) -> Option<f64> {
        let robust = holding.condition.robust(scene);
        self.note(robust.holds, robust.margin, now.time);
        Some(robust.margin)
    }

    fn never(&mut self, holding: &Holding, now: Moment, scene: &impl Scene) -> Option<f64> {
        let robust = holding.condition.robust(scene);
        if holding.hold == 0.0 {
            self.note(!robust.holds, -robust.margin, now.time);
        } else if let More::Streak(streak) = &mut self.more {
            self.seen |= !robust.margin.is_nan();
            streak.take(robust.holds, now.time);
        }
        Some(-robust.margin)
    }

    fn within(&mut self, holding: &Holding, now: Moment, scene: &impl Scene) -> Option<f64> {
        let robust = holding.condition.robust(scene);
        self.seen |= !robust.margin.is_nan();
        if let More::Streak(streak) = &mut self.more {
            streak.take(robust.holds, now.time);
        }
        // Here the best counts: the largest margin and its time.
        if !robust.margin.is_nan() && self.worst.is_none_or(|(best, _)| robust.margin > best) {
            self.worst = Some((robust.margin, now.time));
        }
        Some(robust.margin)
    }

    fn count(&mut self, holding: &Holding, now: Moment, scene: &impl Scene) -> Option<f64> {
        let robust = holding.condition.robust(scene);
        if robust.margin.is_nan() {
            return None;
        }
        self.seen = true;
        if let More::Edges { before, times, last } = &mut self.more {
            if *before == Some(false) && robust.holds {
                *times = times.saturating_add(1);
                *last = now.time;
            }
            *before = Some(robust.holds);
        }
        Some(robust.margin)
    }

    /// What it came to.
    pub(super) fn verdict(&self, assert: &Assert) -> Verdict {
        let silent = self.first.is_none() || (!self.seen && matches!(self.more, More::Nothing | More::Streak(_)));
        if silent {
            let why = match self.missing {
                Some(at) => format!("it never had a value: something it names is not there, first at {at} s"),
                None => "the run was over before it was looked at".to_owned(),
            };
            return Verdict::unseen(assert, &why);
        }
        match &assert.rule {
            Rule::Always(holding) => self.plain(assert, Unit::of(holding.unit), true),
            Rule::Never(holding) if holding.hold == 0.0 => self.plain(assert, Unit::of(holding.unit), false),
            Rule::Never(holding) => self.streak(assert, |s| (holding.hold - s.longest, s.longest < holding.hold)),
            Rule::Within { holding, .. } if holding.hold == 0.0 => {
                let held = matches!(self.more, More::Streak(Streak { ever: true, .. }));
                Verdict::of(assert, held, self.worst, Unit::of(holding.unit))
            }
            Rule::Within { holding, .. } => {
                self.streak(assert, |s| (s.longest - holding.hold, s.longest >= holding.hold))
            }
            Rule::Settle { signal, .. } | Rule::Overshoot { signal, .. } => {
                if !self.seen && self.missing.is_none() {
                    return Verdict::unseen(assert, "it never came to its target");
                }
                self.plain(assert, Unit::difference(signal.unit), true)
            }
            Rule::Reversals { signals, per_hour, .. } => self.turns(assert, signals, *per_hour),
            Rule::Count { min, max, .. } => self.edges(assert, (*min, *max)),
            Rule::Alarm { once, within, .. } => self.alarm(assert, *once, within.map(plant::time::Span::seconds)),
            Rule::Safe { within, .. } => {
                let More::Reached(reached) = self.more else { return Verdict::unseen(assert, "") };
                match reached {
                    Some((since, time)) => {
                        let margin = within.seconds() - since;
                        Verdict::of(assert, margin >= 0.0, Some((margin, time)), Unit::Seconds)
                    }
                    None => Verdict::of(assert, false, None, Unit::Seconds)
                        .saying("the outputs never were at their fail-safe together"),
                }
            }
            Rule::Golden { signals, .. } => match &self.more {
                More::Golden(Some(tube)) => tube.verdict(assert, signals),
                More::Nothing
                | More::Streak(_)
                | More::Arrived(_)
                | More::Turns(_)
                | More::Edges { .. }
                | More::Raised { .. }
                | More::Reached(_)
                | More::Golden(None) => {
                    Verdict::unseen(assert, "there is no golden trace yet: `wattloop sim bless FILE` writes it")
                }
            },
            Rule::Kpi { .. } | Rule::Compare { .. } => Verdict::unseen(assert, "nobody told the figure"),
        }
    }

    /// The worst margin; a missing value fails where `strict`.
    fn plain(&self, assert: &Assert, unit: Unit, strict: bool) -> Verdict {
        let missing = self.missing.filter(|_| strict);
        let verdict = Verdict::of(assert, self.held && missing.is_none(), self.worst, unit);
        match missing {
            Some(at) => verdict.saying(&format!("a value was missing, first at {at} s")),
            None => verdict,
        }
    }

    fn streak(&self, assert: &Assert, margin: impl Fn(&Streak) -> (f64, bool)) -> Verdict {
        let More::Streak(streak) = &self.more else { return Verdict::unseen(assert, "") };
        let (margin, held) = margin(streak);
        Verdict::of(assert, held, Some((margin, streak.at)), Unit::Seconds)
    }

    fn turns(&self, assert: &Assert, signals: &[super::expression::Signal], per_hour: f64) -> Verdict {
        let More::Turns(turns) = &self.more else { return Verdict::unseen(assert, "") };
        let hours = (self.last - self.first.unwrap_or(self.last)) / 3600.0;
        if hours <= 0.0 || turns.iter().any(|t| !t.course.has_begun()) {
            return Verdict::unseen(assert, "the window is too short, or a signal never had a value");
        }
        let worst = turns.iter().zip(signals).max_by_key(|(t, _)| t.count);
        let Some((turns, signal)) = worst else { return Verdict::unseen(assert, "there is no signal") };
        let rate = f64::from(turns.count) / hours;
        let verdict = Verdict::of(assert, rate <= per_hour, Some((per_hour - rate, turns.last)), Unit::PerHour);
        verdict.saying(&format!("{} turned {} times in {hours:.2} h", signal.text, turns.count))
    }

    fn edges(&self, assert: &Assert, (min, max): (Option<f64>, Option<f64>)) -> Verdict {
        let More::Edges { times, last, .. } = self.more else { return Verdict::unseen(assert, "") };
        let number = f64::from(times);
        let margin = max.map_or(f64::INFINITY, |m| m - number).min(min.map_or(f64::INFINITY, |m| number - m));
        Verdict::of(assert, margin >= 0.0, Some((margin, last)), Unit::Times).saying(&format!("{times} times"))
    }

    fn alarm(&self, assert: &Assert, once: bool, within: Option<f64>) -> Verdict {
        let More::Raised { times, first } = self.more else { return Verdict::unseen(assert, "") };
        let verdict = match (once, first) {
            (true, Some((since, time))) if times == 1 => {
                let margin = within.map(|within| (within - since, time));
                let held = margin.is_none_or(|(margin, _)| margin >= 0.0);
                return Verdict::of(assert, held, margin, Unit::Seconds).saying(&format!("raised after {since} s"));
            }
            (true, _) => Verdict::of(assert, false, first.map(|(_, time)| (-f64::from(times), time)), Unit::Times),
            (false, Some((_, time))) => Verdict::of(assert, false, Some((-f64::from(times), time)), Unit::Times),
            (false, None) => Verdict::of(assert, true, None, Unit::Times),
        };
        verdict.saying(&format!("raised {times} times"))
    }
}

impl Streak {
    fn take(&mut self, holds: bool, time: f64) {
        if !holds {
            self.since = None;
            return;
        }
        self.ever = true;
        let long = time - *self.since.get_or_insert(time);
        if long > self.longest {
            (self.longest, self.at) = (long, time);
        }
    }
}

impl Turns {
    fn take(&mut self, value: f64, travel: f64, time: f64) {
        if value.is_nan() {
            return;
        }
        if self.course.turns(value, travel) {
            self.count = self.count.saturating_add(1);
            self.last = time;
        }
    }
}
