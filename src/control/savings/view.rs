//! Savings for people who ask.

use plant::time::Wall;
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::month::{Billed, Month, Sides};
use super::{Plan, Savings};
use crate::control::outlook::HORIZONS;
use crate::control::tariff::DemandCharge;

/// What was metered, beside what it would have been without control, by billing period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavingsView {
    /// The tariff, and the currency of all money, before taxes.
    pub tariff: String,
    /// See above.
    pub currency: String,
    /// Energy costs by tiers: on every side each kWh costs what the next one did by what had been metered.
    #[serde(default)]
    pub by_tiers: bool,
    /// The billing period that runs, and up to 13 before, the newest first; none while the clock has never been trusted.
    pub months: Vec<MonthView>,
}

/// A billing period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MonthView {
    /// Where it begins and ends, in the tariff's zone.
    pub from: String,
    /// See above.
    pub to: String,
    /// It is not over.
    pub runs: bool,
    /// For how much of the time up to now, or to its end, all sides are known (1); what follows counts for that time only.
    pub measured: f64,
    /// For how long all sides are known and have no price, or no carbon (s): that energy is in no cost, and in no grams.
    pub unpriced_s: f64,
    /// See above.
    pub no_carbon_s: f64,
    /// What flowed (Wh).
    pub energy_wh: SidesView,
    /// What it cost; nothing where no price was known at any time.
    pub cost: Option<SidesView>,
    /// What it gave off (g CO₂); nothing where that was not known at any time.
    pub carbon_g: Option<SidesView>,
    /// What batteries gave and took (Wh).
    pub given_wh: f64,
    /// See above.
    pub taken_wh: f64,
    /// What batteries lost on the way (Wh), and what that cost by the mean price; nothing where their charge was not known all the time.
    pub lost_wh: Option<f64>,
    /// See above.
    pub lost_cost: Option<f64>,
    /// What caps held back for money (Wh), and the GPU-hours that were not done because of it: estimates.
    pub shed_wh: f64,
    /// See above.
    pub lost_gpu_h: f64,
    /// GPU-hours of which nobody knows whether anything was held back: they count as if nothing was.
    pub unsure_gpu_h: f64,
    /// What jobs wanted that waited while they would have run, and drew less that were lowered or paused (Wh at machines), and the GPU-hours that this comes to at GPUs' ratings; nothing of these in a
    /// hall without GPUs.
    pub deferred_wh: f64,
    /// See above.
    pub deferred_gpu_h: Option<f64>,
    /// Work of jobs that were lowered that was not done when their leases' time was over, and work that was lost because it was not saved before a pause (Wh at machines, GPU-hours at GPUs' ratings).
    #[serde(default)]
    pub undone_wh: f64,
    /// See above.
    #[serde(default)]
    pub undone_gpu_h: Option<f64>,
    /// What leases were lowered by at the most of which nobody can tell what they drew less (Wh at machines), and for how long (s): it is in no side, and `saved` is too low by it.
    #[serde(default)]
    pub apart_wh: f64,
    /// See above.
    #[serde(default)]
    pub apart_s: f64,
    /// For how long setpoints of cooling were moved for peaks (s): what that took off them is in no side, and `saved` is too low by it.
    pub rode_s: f64,
    /// Forecasts 1, 4 and 24 hours ahead.
    pub forecasts: Vec<ForecastView>,
    /// Every demand of the tariff.
    pub demands: Vec<BilledView>,
}

/// The same figure of all sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SidesView {
    /// As it was metered.
    pub metered: f64,
    /// If batteries had rested: measured.
    pub no_batteries: f64,
    /// If nobody had been lowered either: an estimate.
    pub no_control: f64,
    /// The last less the first; negative where control made it more.
    pub saved: f64,
}

/// What forecasts of one horizon were off by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ForecastView {
    /// How far ahead (h).
    pub ahead_h: f64,
    /// How many were judged.
    pub judged: u32,
    /// The mean of their errors without sign (W); nothing before any was judged.
    pub mean_w: Option<f64>,
    /// The mean of what was measured above the forecast (W); negative where less was.
    pub bias_w: Option<f64>,
}

/// A demand's peaks in a billing period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BilledView {
    /// Its name.
    pub name: String,
    /// The highest window (W); nothing before any was known.
    pub peak_w: Option<SidesView>,
    /// What is billed for it as it stands, before rounding; nothing where that is not reckoned: the mean of named windows, or a ratchet that looks at other demands.
    pub cost: Option<SidesView>,
    /// Windows of which all sides are known.
    pub compared: u32,
    /// Windows that are not: they count for all sides as they were metered.
    pub not_compared: u32,
}

impl From<Sides<f64>> for SidesView {
    fn from(of: Sides<f64>) -> Self {
        let Sides { metered, no_batteries, no_control } = of;
        Self { metered, no_batteries, no_control, saved: no_control - metered }
    }
}

impl Savings {
    /// All of it, for people, at an instant; a GPU is rated so much in the mean.
    #[must_use]
    pub fn view(&self, plan: &Plan, now: Wall, gpu: Option<Watts>) -> SavingsView {
        let tariff = plan.tariff();
        let months = self.months.iter().take(self.begun).enumerate();
        SavingsView {
            tariff: tariff.name.clone(),
            currency: tariff.currency.clone(),
            by_tiers: tariff.has_tiers(),
            months: months.map(|(n, month)| self.month(plan, month, (n == 0, now, gpu))).collect(),
        }
    }

    /// The billing period that runs; nothing while the clock has never been trusted.
    #[must_use]
    pub fn running(&self, plan: &Plan, now: Wall, gpu: Option<Watts>) -> Option<MonthView> {
        let month = self.months.first().filter(|_| self.begun > 0)?;
        Some(self.month(plan, month, (true, now, gpu)))
    }

    fn month(&self, plan: &Plan, month: &Month, (runs, now, gpu): (bool, Wall, Option<Watts>)) -> MonthView {
        let stamp = |at: Wall| plan.tariff().zone.stamp(at);
        let [known, priced, weighed] = month.known;
        let gone = now.min(month.to).since(month.from).seconds();
        let lost = month.stored.map(|stored| month.taken - month.given - stored);
        let price = (month.energy.metered > 0.0 && priced >= known && known > 0.0)
            .then(|| month.cost.metered / month.energy.metered);
        MonthView {
            from: stamp(month.from),
            to: stamp(month.to),
            runs: runs && now < month.to,
            measured: if gone > 0.0 { (known / gone).min(1.0) } else { 0.0 },
            unpriced_s: known - priced,
            no_carbon_s: known - weighed,
            energy_wh: month.energy.into(),
            cost: (priced > 0.0).then(|| month.cost.into()),
            carbon_g: (weighed > 0.0).then(|| month.grams.into()),
            given_wh: month.given,
            taken_wh: month.taken,
            lost_wh: lost,
            lost_cost: lost.zip(price).map(|(lost, price)| lost * price),
            shed_wh: month.shed,
            lost_gpu_h: month.lost,
            unsure_gpu_h: month.unsure,
            deferred_wh: month.waited,
            deferred_gpu_h: gpu.map(|rated| month.waited / rated.0),
            undone_wh: month.undone,
            undone_gpu_h: gpu.map(|rated| month.undone / rated.0),
            apart_wh: month.apart.0,
            apart_s: month.apart.1,
            rode_s: month.rode,
            forecasts: forecasts(month),
            demands: self.demands(plan, month, runs),
        }
    }

    fn demands(&self, plan: &Plan, month: &Month, runs: bool) -> Vec<BilledView> {
        let each = plan.tariff().demand.iter().zip(&self.kept).zip(&month.demands);
        let view = |((charge, kept), billed): ((&DemandCharge, &_), &Billed)| {
            let mut billed = *billed;
            if runs {
                billed.settle(charge, kept); // as it stands
            }
            BilledView {
                name: charge.name.clone(),
                peak_w: all(billed.peak),
                cost: all(billed.due),
                compared: billed.windows.0,
                not_compared: billed.windows.1,
            }
        };
        each.map(view).collect()
    }
}

/// All sides, where all are known.
fn all(of: Sides<Option<f64>>) -> Option<SidesView> {
    let Sides { metered, no_batteries, no_control } = of;
    Some(Sides { metered: metered?, no_batteries: no_batteries?, no_control: no_control? }.into())
}

fn forecasts(month: &Month) -> Vec<ForecastView> {
    let each = HORIZONS.iter().zip(&month.errors);
    let view = |(ahead, errors): (&usize, &super::month::Errors)| {
        let mean = |sum: f64| (errors.judged > 0).then(|| sum / f64::from(errors.judged));
        ForecastView {
            ahead_h: plant::convert::f64_from_usize(*ahead) / 4.0,
            judged: errors.judged,
            mean_w: mean(errors.sums.1),
            bias_w: mean(errors.sums.0),
        }
    };
    each.map(view).collect()
}
