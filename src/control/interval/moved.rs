//! What is known of peaks goes on where names agree: over a restart, with another tariff, and in a hall that has other names.

use plant::event::{About, Name, PeakNews, What};
use plant::time::Span;

use super::{Held, Interval, Kept, Plan};
use crate::control::news::News;

/// So many demands are remembered that nobody names any more.
const OTHERS: usize = 16;

impl Interval {
    /// A new boot: peaks that are paid, and what flowed, carry over; by their names, where the tariff is another one now. What is known of a demand that is not
    /// named any more is told and put aside, for the day on which its name is back; and so is which begins at nothing.
    pub fn restart(&mut self, plan: Option<&Plan>, news: &mut News<'_>) {
        let held = self.held.take().and_then(|held| Some((held, self.kept.get(held.demand)?.name.clone())));
        let known = std::mem::take(&mut self.kept);
        if plan.is_some_and(|plan| plan.name != self.meter) {
            self.lost |= !self.trace.is_empty();
            self.trace.forget(); // another meter's total compares with nothing
        }
        self.take_over(plan, known);
        let place = |name: &str| self.kept.iter().position(|kept| kept.name == name);
        self.held = held.and_then(|(held, name)| Some(Held { demand: place(&name)?, ..held }));
        self.trace.reserve();
        self.load.restart();
        self.alignment.forget_count();
        self.blind = Span::ZERO;
        let about = plan.map_or(About::Hall, |plan| About::Feed(plan.feed()));
        for (_, kept) in &mut self.others {
            if std::mem::take(&mut kept.untold) {
                let (demand, watts) = (Name::of(&kept.name), kept.highest());
                news.warn(about, What::Peak(PeakNews::PutAside { demand, watts }));
            }
        }
        for kept in &mut self.kept {
            if std::mem::take(&mut kept.untold) {
                news.warn(about, What::Peak(PeakNews::Anew { demand: Name::of(&kept.name) }));
            }
        }
    }

    /// What was known in a hall that had other names, or another order: peaks go on where the billed meter and the demands have the same. What flowed is not known,
    /// for the clock of energy begins anew.
    pub fn inherit(&mut self, plan: Option<&Plan>, before: Self) {
        self.lost = before.lost || !before.trace.is_empty();
        (self.meter, self.others) = (before.meter, before.others);
        self.take_over(plan, before.kept);
    }

    /// Puts what is known in its place.
    fn take_over(&mut self, plan: Option<&Plan>, known: Vec<Kept>) {
        self.kept = Self::new(plan).kept;
        let anew: Vec<String> = known.iter().filter(|kept| kept.untold).map(|kept| kept.name.clone()).collect();
        let untold = |mut before: Kept| {
            before.untold = true;
            (self.meter.clone(), before)
        };
        let mut others = std::mem::take(&mut self.others);
        others.extend(known.into_iter().map(untold));
        let any = others.iter().any(|(_, before)| before.is_known());
        if let Some(plan) = plan {
            self.meter.clone_from(&plan.name);
        }
        for (n, kept) in self.kept.iter_mut().enumerate() {
            let same = |(meter, before): &(String, Kept)| *meter == self.meter && before.name == kept.name;
            let Some(place) = others.iter().rposition(same) else {
                kept.untold = any;
                continue;
            };
            *kept = others.remove(place).1;
            kept.untold = anew.contains(&kept.name); // it began at nothing, and nobody has been told yet
            kept.reserve();
            if let Some((plan, charge)) = plan.and_then(|plan| Some((plan, plan.charge(n)?))) {
                kept.recheck(&plan.tariff, charge);
            }
        }
        others.retain(|(_, before)| before.is_known());
        let many = others.len().saturating_sub(OTHERS);
        self.others = others.split_off(many);
    }
}
