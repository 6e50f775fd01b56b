//! What there is to see of a controller, as of the last scan.

use std::sync::Arc;

use plant::command::Hush;
use plant::id::PointId;
use plant::reading::Reading;

use super::Controller;
use super::ahead::view::AheadView;
use super::ahead::{Follow, Question};
use super::grid::view::GridView;
use super::interval::view::PeaksView;
use super::outlook::view::OutlookView;
use super::power::why::Lower;
use super::report::{
    self, CheckPoint, CheckView, GpuView, LoopView, PerformanceView, PointView, PricesView, Status, TrialSeen,
    WhyReport, Written,
};
use super::savings::view::{MonthView, SavingsView};
use super::tariff::Tariff;
use super::windows::view::WindowsView;

impl Controller {
    /// What energy and its peaks cost; nothing where the site names no tariff.
    #[must_use]
    pub const fn tariff(&self) -> Option<&Arc<Tariff>> {
        self.plan.tariff.as_ref()
    }

    /// What energy costs now and ahead; nothing where the site names no tariff.
    #[must_use]
    pub fn prices(&self) -> Option<PricesView> {
        report::prices(&self.plan, &self.state)
    }

    /// Every window, open or not, as of the last scan.
    #[must_use]
    pub fn windows(&self) -> WindowsView {
        self.state.windows.view(&self.plan.hall, self.state.clock.last())
    }

    /// Every loop's terms, as of the last scan.
    #[must_use]
    pub fn loops(&self) -> Vec<LoopView> {
        report::loops(&self.plan.hall, &self.plan.circuits, &self.state)
    }

    /// The hall on one page, as of the last scan.
    #[must_use]
    pub fn status(&self) -> Status {
        let status = report::status(&self.plan, &self.commands, &self.state);
        Status { peaks: self.peaks(), savings: self.month(), grid: self.grid(), ..status }
    }

    /// Why an output has its value; nothing for a point that is no output.
    #[must_use]
    pub fn why(&self, point: PointId) -> Option<WhyReport> {
        report::why(&self.plan.hall, &self.plan.circuits, &self.commands, &self.state, point)
    }

    /// Every GPU that is capped, with what holds it, as of the last scan.
    #[must_use]
    pub fn gpus(&self) -> Vec<GpuView> {
        let peaks = self.plan.peaks.as_ref();
        let held = self.state.interval.allowed(peaks).zip(peaks.and_then(|plan| self.state.interval.held_by(plan)));
        let windows = held.map(|(mean, demand)| (mean.feed, mean.allowed, demand));
        let given = &|feed| self.state.batteries.relieves(&self.plan.hall.power, feed);
        let lent = &|feed| self.state.lent(&self.plan.hall, feed);
        let asked = &|rack| self.state.equipment.asked_of(&self.plan.hall, rack);
        let lower = Lower {
            budgets: &self.state.budgets,
            leases: &self.state.ledger,
            windows,
            grid: &self.state.grid,
            given,
            lent,
            asked,
        };
        self.state.caps.views(&self.plan.hall, &self.capper, &lower)
    }

    /// What keeps billed peaks down; nothing where they may come.
    #[must_use]
    pub fn peaks(&self) -> Option<PeaksView> {
        let scene = self.state.metered(&self.plan, &self.capper)?;
        let view = self.state.interval.view(&self.plan.hall, self.plan.peaks.as_ref()?, &scene);
        let cooling = self.plan.ride.as_ref().map(|plan| self.state.ride.view(&self.plan.hall, plan));
        Some(PeaksView { cooling, ..view })
    }

    /// What was metered, beside what it would have been without control; nothing where no peak is kept down.
    #[must_use]
    pub fn savings(&self) -> Option<SavingsView> {
        let plan = self.plan.peaks.as_ref()?;
        Some(self.state.savings.view(plan, self.state.clock.last().wall, self.plan.hall.power.gpu_rated()))
    }

    /// The same of the billing period that runs.
    fn month(&self) -> Option<MonthView> {
        let plan = self.plan.peaks.as_ref()?;
        self.state.savings.running(plan, self.state.clock.last().wall, self.plan.hall.power.gpu_rated())
    }

    /// What the site is expected to draw; nothing where no peak is kept down.
    #[must_use]
    pub fn outlook(&self) -> Option<OutlookView> {
        let zone = &self.plan.tariff.as_deref()?.zone;
        Some(self.state.outlook.as_ref()?.view(zone, self.state.clock.last()))
    }

    /// What there is to plan now, made when it is asked for; nothing where no peak is kept down, nothing is known of the load, the clock is not trusted or
    /// neither a battery is seen nor a job waits for a plan.
    #[must_use]
    pub fn question(&self) -> Option<Question> {
        self.state.question(&self.plan)
    }

    /// The number of the last question that is due: somebody shall plan what [`Controller::question`] says; 0 where no plan is followed.
    #[must_use]
    pub fn plan_due(&self) -> u64 {
        self.state.ahead.as_ref().map_or(0, Follow::due)
    }

    /// What there is to plan where a question is due that was not `asked` yet, which it is then.
    pub fn ask(&self, asked: &mut u64) -> Option<Question> {
        let due = self.plan_due();
        if std::mem::replace(asked, due) == due { None } else { self.question() }
    }

    /// The plan that batteries and jobs follow, and why it is as it is; nothing where the hall's file lets them follow none.
    #[must_use]
    pub fn ahead(&self) -> Option<AheadView> {
        let tariff = self.plan.tariff.as_deref()?;
        Some(self.state.ahead.as_ref()?.view(tariff, &self.state.ledger, self.state.clock.last()))
    }

    /// What a grid asks for; nothing where the hall takes no targets.
    #[must_use]
    pub fn grid(&self) -> Option<GridView> {
        let (hall, caps) = (&self.plan.hall, &self.state.caps);
        hall.power.grid.as_ref()?;
        Some(self.state.grid.view(hall, |feed| caps.least(&self.capper, feed)))
    }

    /// How every loop did over the last hours, 1 to 24.
    #[must_use]
    pub fn performance(&self, hours: usize) -> Vec<PerformanceView> {
        report::performance(&self.plan, &self.state, hours)
    }

    /// The trial that runs, or the last one, with what was seen; nothing where there was none.
    #[must_use]
    pub fn trial(&self) -> Option<TrialSeen> {
        report::trial(&self.plan, &self.state)
    }

    /// Every point, with what is wrong with it as far as no instrument is needed to see.
    #[must_use]
    pub fn check_points(&self) -> Vec<CheckPoint> {
        report::check_points(&self.plan, &self.commands, &self.state)
    }

    /// The check of an output or of a device that runs, or the last one; nothing where there was none.
    #[must_use]
    pub fn check(&self) -> Option<CheckView> {
        report::check(&self.plan, &self.state)
    }

    /// The device that must not be talked to now, because a person wants to see what it does.
    #[must_use]
    pub fn hush(&self) -> Option<Hush> {
        self.state.checkouts.hush()
    }

    /// A point as judged in the last scan.
    #[must_use]
    pub fn reading(&self, point: PointId) -> Reading<f64> {
        self.state.quality.reading(point)
    }

    /// A point as judged in the last scan, for people.
    #[must_use]
    pub fn point(&self, point: PointId) -> Option<PointView> {
        report::point(&self.plan.hall, &self.commands, &self.state, point)
    }

    /// What is known of every output's device, in the order of the outputs.
    pub fn written(&self) -> impl Iterator<Item = Written> {
        self.commands.slots().map(|(output, _)| {
            report::written(&self.plan.hall, &self.commands, &self.state, output).unwrap_or_default()
        })
    }
}
