//! What there is to plan: a day or two in quarter hours, what they cost, what limits them, and the jobs. Powers in kW, energies in kWh.

mod faults;

use serde::{Deserialize, Serialize};

pub use faults::{Of, ProblemFault};

/// The length of a slot (h).
pub const SLOT_HOURS: f64 = 0.25;

/// The most slots that a problem may have: four days.
pub const MOST_SLOTS: usize = 384;

/// The most kW, kWh and currency that a number of a problem may be: a solver's numbers must not lie further apart.
pub const MOST: f64 = 1e6;

/// The least kW that a job may draw.
pub const LEAST: f64 = 0.001;

/// A problem. Slot 0 is the one that begins now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// The slots in their order (1 to [`MOST_SLOTS`]).
    pub slots: Vec<Slot>,
    /// What a kilogram of CO₂ counts for (currency per kg, 0 to [`MOST`]).
    pub co2: f64,
    /// What peaks cost.
    pub demands: Vec<Demand>,
    /// The battery, where there is one.
    pub battery: Option<Battery>,
    /// Parts of the power tree with limits of their own, parents anywhere.
    pub domains: Vec<Domain>,
    /// What shall run.
    pub jobs: Vec<Job>,
}

/// A quarter of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// What energy costs (currency per kWh, may be negative).
    pub price: f64,
    /// What energy emits (g per kWh, 0 or more).
    pub carbon: f64,
    /// The load that is no job of this problem, its cooling included: the mean that is expected (kW, 0 or more).
    pub base: f64,
    /// The same, a high quantile of it, for limits (kW, `base` or more).
    pub base_high: f64,
    /// The most that the site may draw (kW, 0 or more; infinite where there is no limit).
    pub limit: f64,
    /// What the site draws more for each kW more at a machine: 1 and its cooling and losses (1 to 5).
    pub cooling: f64,
}

/// A price for the highest mean of a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Demand {
    /// Its name.
    pub name: String,
    /// The price of a kW above what is paid in any case (currency per kW, 0 to [`MOST`]).
    pub rate: f64,
    /// Where its windows begin.
    pub kind: WindowKind,
    /// How long they are (slots, 1 to 4).
    pub length: usize,
    /// In which slots it counts; empty for all. A window counts when all its slots do.
    pub active: Vec<bool>,
    /// What flowed in the slots before the first (kW, the oldest first). Of fixed windows those of the one that is open; of rolling ones
    /// the last `length - 1`. Windows that would need more are left out.
    pub before: Vec<f64>,
    /// The peak of this billing period so far (kW).
    pub paid: f64,
    /// What a ratchet or a contract bills in any case (kW).
    pub floor: f64,
}

impl Demand {
    /// Below this nothing is saved (kW).
    #[must_use]
    pub fn free(&self) -> f64 {
        self.paid.max(self.floor)
    }
}

/// Where a window may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WindowKind {
    /// At multiples of its length.
    Fixed,
    /// At every slot.
    Rolling,
}

impl WindowKind {
    /// The words of a file.
    pub const WORDS: [(&'static str, Self); 2] = [("fixed", Self::Fixed), ("rolling", Self::Rolling)];
}

/// A battery, as its terminals see it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Battery {
    /// The most it takes (kW).
    pub charge: f64,
    /// The most it gives (kW).
    pub discharge: f64,
    /// What it holds (kWh).
    pub capacity: f64,
    /// What is stored of a kWh that it takes (0.3 to 1).
    pub charge_efficiency: f64,
    /// What it gives of a kWh that was stored (0.3 to 1).
    pub discharge_efficiency: f64,
    /// What is in it now (kWh).
    pub level: f64,
    /// What is kept for an outage: no plan goes below it (kWh).
    pub reserve: f64,
    /// What shall be in it at the end (kWh).
    pub end: f64,
    /// What a kWh is worth that is in it then (currency per kWh, 0 or more): what it saves later.
    pub worth: f64,
    /// What a kWh in or out wears off (currency per kWh, 0 or more).
    pub wear: f64,
}

impl Battery {
    /// A plan never goes below this (kWh): the reserve, or what is there where that is less already.
    #[must_use]
    pub const fn least(&self) -> f64 {
        self.reserve.min(self.level)
    }

    /// What shall be there at the end (kWh).
    #[must_use]
    pub const fn last(&self) -> f64 {
        self.end.max(self.reserve)
    }
}

/// A part of the power tree: what its jobs may draw together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Domain {
    /// Its name.
    pub name: String,
    /// The domain that it hangs on, by its index.
    pub parent: Option<usize>,
    /// What jobs below it may draw together (kW): one for each slot, or a single one for all.
    pub caps: Vec<f64>,
}

impl Domain {
    /// Its limit in a slot (kW).
    #[must_use]
    pub fn cap(&self, slot: usize) -> f64 {
        let of = if self.caps.len() == 1 { 0 } else { slot };
        self.caps.get(of).copied().unwrap_or(0.0)
    }
}

/// Something that runs for a number of slots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// Where it draws its power, by its index; nothing where only the site limits it.
    pub domain: Option<usize>,
    /// What it draws while it runs, at the machines (kW, above 0).
    pub kw: f64,
    /// The first slot in which it may run.
    pub release: usize,
    /// The first slot in which it may not run any more.
    pub deadline: usize,
    /// How many slots it needs (1 or more).
    pub slots: usize,
    /// No run of it is shorter than this (slots, 1 or more).
    pub min_run: usize,
    /// It saves what it has done after so many slots of a run, twice as many, and so on (1 or more): there it may stop, and where all is done.
    pub checkpoint: usize,
    /// True where it may stop and go on later; false where it runs in one piece or not at all.
    pub interruptible: bool,
    /// For how many slots it has been running when the plan begins, without a break; 0 where it does not run.
    pub running: usize,
    /// Where it runs: it goes on for so many slots at least, because it must be told before it stops.
    pub notice: usize,
    /// Lower is more important.
    pub priority: u32,
    /// What is lost with each kWh that it does not get (currency per kWh, 0 or more), beside the rule that no deadline is missed to save money.
    pub lost: f64,
}

impl Job {
    /// What one slot of it draws (kWh at the machines).
    #[must_use]
    pub fn slot_kwh(&self) -> f64 {
        self.kw * SLOT_HOURS
    }

    /// The slots in which it may run.
    #[must_use]
    pub fn window(&self) -> core::ops::Range<usize> {
        self.release..self.deadline.max(self.release)
    }

    /// So many slots it must go on from now, because it runs and may not stop yet.
    #[must_use]
    pub fn committed(&self) -> usize {
        match (self.running, self.interruptible) {
            (0, _) => 0,
            (_, false) => self.slots,
            (run, true) => {
                let long = run.saturating_add(self.notice).max(self.min_run);
                let saved = long.checked_next_multiple_of(self.checkpoint.max(1)).unwrap_or(long);
                saved.saturating_sub(run).min(self.slots)
            }
        }
    }
}

impl Slot {
    /// What a kWh costs with its CO₂ (currency per kWh).
    #[must_use]
    pub fn worth(&self, co2: f64) -> f64 {
        self.price + co2 * self.carbon / 1000.0
    }

    /// The most that the site may be expected to draw, so that the limit holds where the base load is high (kW).
    #[must_use]
    pub const fn most(&self) -> f64 {
        self.limit - (self.base_high - self.base)
    }

    /// What is left for jobs, their cooling and the battery (kW); negative where the rest alone is too much.
    #[must_use]
    pub const fn room(&self) -> f64 {
        self.limit - self.base_high
    }
}
