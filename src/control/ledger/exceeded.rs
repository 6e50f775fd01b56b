//! Racks that draw more than leases let them, in a scan and for who asks: clients hear of it by the same notices as when a lease is lowered.

use plant::event::{About, ExcessStage, LeaseNews, What};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::amount::Milli;
use super::notices::{Cause, Tidings};
use super::watch::{Case, Scene, Stage, Watch};
use super::{Around, Ledger, tail};
use crate::control::news::News;
use crate::control::term::later;

/// A rack in which leases are charged, or that still draws too much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlaceView {
    /// What it is called.
    pub rack: String,
    /// `within`, `noticed`, `capped`, `breached`, `escalated`.
    pub stage: Stage,
    /// It is known what draws there and is nobody's; without that nothing is judged.
    pub judged: bool,
    /// The case, the same until it is over; nothing where there is none.
    pub case_id: Option<String>,
    /// The largest lease there when it began.
    pub lease_id: Option<String>,
    /// Whose that is.
    pub client: Option<String>,
    /// When it began (ms).
    pub since_ms: Option<i64>,
    /// More than a fifth above what is lent there.
    pub critical: bool,
    /// What it draws, as its meter was last read (W).
    pub drawn_w: Option<f64>,
    /// What leases are charged at that may be drawn there (W).
    pub charged_w: f64,
    /// What draws there and is nobody's (W).
    pub base_w: Option<f64>,
    /// What its GPUs are capped to, with all else in it (W).
    pub capped_w: Option<f64>,
}

impl Ledger {
    /// Who draws more than he was lent.
    pub(super) fn judge(&mut self, around: &Around<'_>, news: &mut News<'_>) {
        let (now, tail) = (self.now(), tail(&around.ground.rules));
        self.watch.charge(&self.leases, around.ground, (now, tail));
        for rack in 0..self.watch.cases.len() {
            let next = (self.epoch, self.watch.last.saturating_add(1));
            let Some(case) = self.watch.cases.get_mut(rack) else { continue };
            let scene = Scene {
                rules: &around.ground.rules.excess,
                drawn: (around.rack)(rack),
                cappable: (around.cappable)(rack),
                dt: around.dt,
                now,
                next,
            };
            let Some(stage) = case.step(&scene) else { continue };
            let told = *case;
            if told.id == next {
                self.watch.last = next.1;
            }
            if let Some(of) = around.power.racks.get(rack) {
                news.switched(
                    About::Equip(of.equip),
                    (What::Lease(LeaseNews::Excess(told.news(stage))), !stage.ends()),
                );
            }
            self.tell_client(around, &told, stage);
        }
    }

    /// The client of the largest lease hears of it, where that still is.
    fn tell_client(&mut self, around: &Around<'_>, case: &Case, stage: ExcessStage) {
        let Some(place) = self.leases.iter().position(|of| of.id == case.lease) else { return };
        if let Some(lease) = self.leases.get_mut(place) {
            lease.seq = lease.seq.saturating_add(1);
        }
        let (now, rules) = (self.now(), &around.ground.rules.excess);
        let (tidings, hard, cause) = match stage {
            ExcessStage::Noticed => (Tidings::Reduce, later(now, rules.capped), Cause::Exceeded),
            ExcessStage::Capped | ExcessStage::Breach | ExcessStage::Unenforceable | ExcessStage::Escalated => {
                (Tidings::Reduce, now, Cause::Exceeded)
            }
            ExcessStage::Resolved | ExcessStage::Over => (Tidings::Restore, now, Cause::Restored),
        };
        self.notify(place, tidings, (now, hard), (cause, false));
    }

    /// Every rack's case.
    #[must_use]
    pub const fn watch(&self) -> &Watch {
        &self.watch
    }

    /// What a rack may draw, by its place in the tree, where its GPUs are capped because it drew more (W), and the lease that is exceeded.
    #[must_use]
    pub fn held_to(&self, rack: usize) -> Option<(Watts, &Case)> {
        let case = self.watch.cases.get(rack)?;
        Some((case.capped()?, case))
    }

    /// Racks in which leases are charged, or that still draw too much.
    pub(super) fn places<'n>(&self, name: impl Fn(usize) -> &'n str) -> Vec<PlaceView> {
        let view = |(rack, case): (usize, &Case)| {
            let open = case.stage != Stage::Within;
            let lease = open.then_some(case.lease);
            PlaceView {
                rack: name(rack).to_owned(),
                stage: case.stage,
                judged: case.base.is_some(),
                case_id: open.then(|| format!("{}-{}", case.id.0, case.id.1)),
                lease_id: lease.map(|lease| lease.to_string()),
                client: lease.and_then(|lease| self.whose(lease)).map(|(client, _)| client.to_owned()),
                since_ms: open.then_some(case.since.0),
                critical: open && case.critical,
                drawn_w: case.drawn.map(|of| of.0),
                charged_w: case.charged.watts().0,
                base_w: case.base.map(|of| of.0),
                capped_w: case.capped().map(|of| of.0),
            }
        };
        let shown = |(_, case): &(usize, &Case)| case.here > Milli::ZERO || case.stage != Stage::Within;
        self.watch.cases.iter().enumerate().filter(shown).map(view).collect()
    }
}
