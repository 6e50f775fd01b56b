//! One meter's energy: from its register first, from its power where there is no register.
//!
//! The register bridges every gap in communication exactly. It is believed as long as it moves forward by no more than the
//! circuit can carry. A value that does not fit is not counted and changes nothing; a second one that fits the first means
//! that the register was reset, and counting goes on from there.

use plant::event::{About, What};
use plant::hall::Meter;
use plant::reading::{Reading, Why};
use plant::time::{Mono, Span};
use plant::units::{Quantity, Watts};
use serde::{Deserialize, Serialize};

use super::grain::Grain;
use crate::control::clock::sum;
use crate::control::news::News;
use crate::control::quality::Image;

/// How much more than its nameplate a circuit may carry for a while.
const MARGIN: f64 = 1.25;

/// A register may run ahead by this much of the nameplate: coarse registers move in steps.
const COARSE: Span = Span::from_secs(60);

/// A power value stands for this many of its sample periods.
const HOLD_PERIODS: u64 = 3;

/// A sum that does not lose small parts (W. Kahan, *Further remarks on reducing truncation errors*, CACM 8, 1965).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Total {
    sum: f64,
    carry: f64,
}

impl Total {
    /// Adds a part.
    pub fn add(&mut self, part: f64) {
        let y = part - self.carry;
        let t = self.sum + y;
        self.carry = (t - self.sum) - y;
        self.sum = t;
    }

    /// The sum.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.sum
    }
}

/// A register's value, when it was read, and what the energy clock said then.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Mark {
    wh: f64,
    heard: Mono,
    at: Span,
}

/// What is remembered of one meter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Account {
    total: Total,
    /// How often continuity was lost, so that a difference of totals across it means nothing.
    breaks: u32,
    /// True when the total is right as of this scan.
    current: bool,
    /// The register as last believed; its time is that of its last change.
    register: Option<Mark>,
    /// A value that did not fit.
    doubt: Option<Mark>,
    /// Energy by power since the register was believed last; nothing when power had gaps too.
    bridge: Option<f64>,
    /// How fine the register is.
    grain: Grain,
    power: Option<f64>,
    power_heard: Mono,
    period: Span,
}

impl Account {
    /// Energy counted since the start of the record.
    #[must_use]
    pub const fn total(&self) -> f64 {
        self.total.get()
    }

    /// How often continuity was lost.
    #[must_use]
    pub const fn breaks(&self) -> u32 {
        self.breaks
    }

    /// The most that the register may hold back at any instant (Wh); zero for a meter that counts by its power.
    #[must_use]
    pub fn grain(&self) -> f64 {
        self.grain.get()
    }

    /// True when the total is right as of the last scan.
    #[must_use]
    pub const fn is_current(&self) -> bool {
        self.current
    }

    /// True where its register has been read: before that it counts by its power.
    #[must_use]
    pub const fn is_registered(&self) -> bool {
        self.register.is_some()
    }

    /// A new boot: stamps of the old one compare with nothing.
    pub fn restart(&mut self) {
        self.power = None;
        self.power_heard = Mono(0);
        self.bridge = None;
        for mark in [&mut self.register, &mut self.doubt].into_iter().flatten() {
            mark.heard = Mono(0);
        }
    }

    /// One scan: `at` on the energy clock, `dt` after the one before.
    pub fn step(&mut self, meter: &Meter, image: Image<'_>, now: Now, news: &mut News<'_>) {
        let carried = self.carry(meter, image, now);
        self.bridge = self.bridge.zip(carried).map(|(sum, part)| sum + part);
        if self.register.is_some() {
            self.grain.waits(carried.unwrap_or_else(|| meter.rated.over(now.dt).get()));
        }
        let reading = image.read(meter.energy);
        let none = matches!(reading, Reading::Lost { why: Why::Config | Why::NeverRead }) && self.register.is_none();
        match reading {
            Reading::Fresh(energy) => {
                let mark = Mark { wh: energy.get(), heard: image.heard(meter.energy.id()), at: now.at };
                self.read(meter, mark, news);
            }
            Reading::Stale { .. } | Reading::Lost { .. } if none => self.integrate(carried),
            Reading::Stale { .. } | Reading::Lost { .. } => self.current = false,
        }
    }

    /// Energy by power over this scan, if power is known.
    fn carry(&mut self, meter: &Meter, image: Image<'_>, now: Now) -> Option<f64> {
        if let Reading::Fresh(power) = image.read(meter.power) {
            let heard = image.heard(meter.power.id());
            if heard != self.power_heard {
                self.period = if self.power.is_some() { heard.since(self.power_heard) } else { now.dt };
            }
            self.power = Some(power.get());
            self.power_heard = heard;
        }
        let held = now.mono.since(self.power_heard);
        let enough = self.period.max(now.dt).times(HOLD_PERIODS);
        self.power = self.power.filter(|_| held <= enough);
        self.power.map(|watts| Watts(watts).over(now.dt).get())
    }

    fn integrate(&mut self, carried: Option<f64>) {
        match carried {
            Some(wh) => self.total.add(wh),
            None if self.current => self.breaks = self.breaks.wrapping_add(1),
            None => {}
        }
        self.current = carried.is_some();
    }

    fn read(&mut self, meter: &Meter, mark: Mark, news: &mut News<'_>) {
        let Some(before) = self.register else {
            self.believe(mark);
            self.breaks = self.breaks.wrapping_add(1);
            return;
        };
        if mark.heard == before.heard && mark.wh == before.wh {
            self.current = true;
            return;
        }
        if let Some(part) = forward(meter, before, mark) {
            self.total.add(part);
            self.grain.moved(before.wh, mark.wh);
            let at = if part > 0.0 { mark.at } else { before.at };
            self.believe(Mark { at, ..mark });
            return;
        }
        self.current = false;
        match self.doubt.filter(|doubt| doubt.heard != mark.heard) {
            Some(doubt) if forward(meter, doubt, mark).is_some() => {
                // Reset or exchanged: what power knows of the time between is counted, what nobody knows is a break.
                match self.bridge {
                    Some(wh) => self.total.add(wh),
                    None => self.breaks = self.breaks.wrapping_add(1),
                }
                self.grain = Grain::default();
                self.believe(mark);
            }
            Some(_) => self.doubt = Some(mark),
            None if self.doubt.is_none() => {
                self.doubt = Some(mark);
                let (from, to) = (before.wh, mark.wh);
                let what = if to < from { What::MeterWentBack { from, to } } else { What::MeterJumped { from, to } };
                news.warn(About::Equip(meter.equip), what);
            }
            None => {}
        }
    }

    fn believe(&mut self, mark: Mark) {
        self.register = Some(mark);
        self.doubt = None;
        self.bridge = Some(0.0);
        self.current = true;
    }
}

/// One scan's times.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// The energy clock, which also counts the time between boots.
    pub at: Span,
    /// This boot's clock.
    pub mono: Mono,
    /// Since the scan before.
    pub dt: Span,
}

/// How far a register moved from one mark to another, if it can have: forward, or over its end, by what the circuit carries.
fn forward(meter: &Meter, from: Mark, to: Mark) -> Option<f64> {
    let elapsed = Span::from_nanos(to.at.nanos().saturating_sub(from.at.nanos()));
    let most = meter.rated * MARGIN;
    let most = most.over(sum(elapsed, COARSE));
    let fits = |part: f64| (0.0..=most.get()).contains(&part).then_some(part);
    let ahead = to.wh - from.wh;
    let over = meter.rollover.is_finite().then(|| ahead + meter.rollover.get());
    fits(ahead).or_else(|| over.and_then(fits))
}
