//! A run as a watch sees it.

use sim::World;
use sim::day::Book;
use sim::kpi::Kpis;
use wattloop::control::Controller;

use super::Drive;
use crate::cli::sim::storm::{Look, Watch};

/// What the supervisor says of its experiments, among the figures of the run.
pub(super) fn tries(kpis: &mut Kpis, controller: &Controller) {
    let Some(view) = controller.status().supervisor else { return };
    kpis.give("supervisor-judged", f64::from(view.judged));
    kpis.give("supervisor-discarded", f64::from(view.discarded));
}

/// What control has saved by its own account, of the first demand of the tariff, among the figures of the run.
pub(super) fn saved(kpis: &mut Kpis, controller: &Controller) {
    let Some(month) = controller.status().savings else { return };
    if let Some(peak) = month.demands.first().and_then(|demand| demand.peak_w) {
        kpis.give("savings-peak-metered-kw", peak.metered / 1e3);
        kpis.give("savings-peak-no-batteries-kw", peak.no_batteries / 1e3);
        kpis.give("savings-peak-no-control-kw", peak.no_control / 1e3);
    }
    kpis.give("savings-shed-kwh", month.shed_wh / 1e3);
    kpis.give("savings-unsure-gpu-h", month.unsure_gpu_h);
}

/// How far and how long cooling's setpoints were moved for billed peaks, among the figures of the run.
pub(super) fn moved(kpis: &mut Kpis, controller: &Controller) {
    let Some(view) = controller.peaks().and_then(|view| view.cooling) else { return };
    kpis.give("ride-times", f64::from(view.rides));
    kpis.give("ride-min", view.rides_s / 60.0);
    kpis.give("ride-rose-k", view.highest_k);
    kpis.give("ride-fell-k", 0.0 - view.lowest_k);
}

impl Drive {
    /// Time after the begin (s).
    pub fn time(&self) -> f64 {
        self.run.time()
    }

    /// The world as it is now.
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// Writes the step that was just made into the book of a day.
    pub fn note(&self, book: &mut Book) {
        let (time, dt) = (self.run.time(), self.run.scenario().dt);
        if time > 0.0 {
            book.write((time, dt), &self.world, &self.outputs, &self.told);
        }
    }

    /// Lets a watch look at the scan that was just made, `restores` after a loss of power; while nobody commands it forgets what it knew.
    pub fn show(&self, watch: &mut Watch, restores: bool) {
        let (time, now) = (self.run.time(), self.run.tick().mono);
        if self.silent.is_some() || time < 0.0 {
            return watch.forget(time);
        }
        let (controller, inputs, outputs) = (&self.controller, &self.inputs, &self.outputs);
        watch.look(&Look { controller, inputs, outputs, now, time, restores });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use sim::immersion::units::{State, Unit};

    use super::Drive;
    use crate::cli::sim::pages;

    /// What air presses in a tank of 300 litres of headspace, by the world (Pa).
    fn air(tank: &Unit) -> f64 {
        match &tank.state {
            State::TwoPhase(tank, _) => tank.air * 287.05 * (tank.bath + 273.15) / 0.3,
            State::SinglePhase(..) => 0.0,
        }
    }

    /// From page to page, minute by minute: what control says of the air in a tank is what there is within what its sensors are apart, and
    /// nothing is told of a tank without air. Hot, cold and mild days, and what takes tanks to the vent.
    #[test]
    fn air_in_tanks_is_told_where_there_is_some_and_nowhere_else() {
        let (mut drawn, mut seen) = (0, 0);
        for name in ["hot-day", "cold-day", "summer-day", "condenser-lost", "water-lost", "air-drawn-off"] {
            let pages = pages::open(&[format!("immersion-two-phase-{name}")]).unwrap_or_else(|_| panic!("{name}"));
            let page = pages.first().expect("one page");
            let mut drive = Drive::new(page, page.scenario.seed, page.scenario.controller);
            // What there was in each tank in the last minutes.
            let mut late: Vec<VecDeque<f64>> = drive.world().tanks().iter().map(|_| VecDeque::new()).collect();
            let mut minute = 0.0;
            while drive.goes_on() {
                drive.pass();
                if drive.time() < minute {
                    continue;
                }
                minute = drive.time() + 60.0;
                for (late, tank) in late.iter_mut().zip(drive.world().tanks()) {
                    late.push_front(air(tank));
                    late.truncate(9);
                }
                for (tank, late) in drive.controller().status().tanks.iter().zip(&late) {
                    let at = format!("{name} {} at {:.0} s: {late:.0?} Pa of late", tank.name, drive.time());
                    let least = late.iter().copied().fold(f64::INFINITY, f64::min);
                    let most = late.iter().copied().fold(0.0, f64::max);
                    if let Some(said) = tank.air_pascals.filter(|_| late.len() > 8) {
                        seen += 1;
                        assert!(said > least - 900.0 && said < most + 900.0, "{at}, and {said:.0} Pa is said");
                    }
                    drawn += usize::from(tank.purge.as_deref() == Some("running"));
                    assert!(tank.purge.as_deref() != Some("starting") || most > 500.0, "{at}, and its purge starts");
                }
            }
            assert!(drive.end().run.broken().is_none(), "{name}");
        }
        assert!(drawn > 10 && seen > 1000, "{drawn} {seen}");
    }
}
