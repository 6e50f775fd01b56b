//! Racks, and feeds that a client has alone, that draw more than leases let them, in a scan and for who asks: clients hear of it by the same notices as when a lease is lowered.

use plant::event::{About, ExcessStage, LeaseNews, What};
use plant::id::FeedId;
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::amount::Milli;
use super::area::Area;
use super::lease::Lease;
use super::notices::{Cause, Tidings};
use super::tree::Place;
use super::watch::{Case, Scene, Stage, Watch};
use super::{Around, Ledger, tail};
use crate::control::news::News;
use crate::control::term::later;

/// A rack in which leases are charged, or feeds that a client has alone, or where still too much is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlaceView {
    /// What it is called: a rack, or feeds with `, ` between them.
    pub place: String,
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
    /// Every lease that may draw there now, the largest first.
    pub leases: Vec<ShareView>,
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

/// A lease in such a place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShareView {
    /// Which.
    pub lease_id: String,
    /// Whose.
    pub client: String,
    /// What it may draw there (W).
    pub may_w: f64,
}

/// Where a case is.
#[derive(Clone, Copy)]
enum At<'g> {
    Rack(usize),
    Area(&'g Area),
}

impl At<'_> {
    /// What a lease is charged at there where it is charged so much in all.
    fn charged(self, around: &Around<'_>, lease: &Lease, watts: f64) -> Milli {
        match self {
            Self::Rack(rack) => Milli::of(watts, lease.in_rack(rack)),
            Self::Area(area) => area.charged(around.power, lease, watts).0,
        }
    }
}

impl Ledger {
    /// Who draws more than he was lent.
    pub(super) fn judge(&mut self, around: &Around<'_>, news: &mut News<'_>) {
        let (now, tail) = (self.now(), tail(&around.ground.rules));
        self.unanswered(news);
        self.unable();
        self.watch.charge((&self.leases, &self.unable), (around.power, around.ground), (now, tail));
        let alone = self.leases.iter().any(|lease| lease.is_alone(&self.unable));
        let racks = (0..self.watch.cases.len()).map(At::Rack);
        for (n, at) in racks.chain(around.ground.areas.iter().map(At::Area)).enumerate() {
            let next = (self.epoch, self.watch.last.saturating_add(1));
            let refused = alone && self.is_refused(around, at);
            let Some(case) = self.watch.case_mut(n) else { continue };
            let (drawn, cappable) = match at {
                At::Rack(rack) => ((around.rack)(rack), (around.cappable)(rack)),
                At::Area(area) => (area.carries(around.meter), area.racks.iter().any(|rack| (around.cappable)(*rack))),
            };
            let rules = &around.ground.rules.excess;
            let scene = Scene { rules, drawn, cappable, refused, dt: around.dt, now, next };
            let Some(stage) = case.step(&scene) else { continue };
            let told = *case;
            if told.id == next {
                self.watch.last = next.1;
            }
            let about = match at {
                At::Rack(rack) => around.power.racks.get(rack).map(|of| About::Equip(of.equip)),
                At::Area(area) => area.feeds.first().map(|feed| About::Feed(*feed)),
            };
            let what = What::Lease(LeaseNews::Excess(told.news(stage)));
            about.into_iter().for_each(|about| news.switched(about, (what, !stage.ends())));
            self.tell_clients(around, at, stage);
        }
    }

    /// Who has a lease there has said that he will not come down, or has not answered in time.
    fn is_refused(&self, around: &Around<'_>, at: At<'_>) -> bool {
        let here = |lease: &Lease| at.charged(around, lease, 1.0) > Milli::ZERO;
        self.leases.iter().any(|lease| lease.is_alone(&self.unable) && here(lease))
    }

    /// The client of every lease there hears of it: caps are for all GPUs there.
    fn tell_clients(&mut self, around: &Around<'_>, at: At<'_>, stage: ExcessStage) {
        let (now, tail, rules) = (self.now(), tail(&around.ground.rules), &around.ground.rules.excess);
        let hard = match stage {
            ExcessStage::Noticed => Some(later(now, rules.capped)),
            ExcessStage::Capped | ExcessStage::Breach | ExcessStage::Unenforceable | ExcessStage::Escalated => {
                Some(now)
            }
            ExcessStage::Resolved | ExcessStage::Over => None,
        };
        for place in 0..self.leases.len() {
            let Some(lease) = self.leases.get_mut(place) else { return };
            let watts = lease.charged(now, now, tail);
            if at.charged(around, lease, watts) > Milli::ZERO {
                lease.seq = lease.seq.saturating_add(1);
                match hard {
                    Some(hard) => self.notify(place, Tidings::Reduce, (now, hard), (Cause::Exceeded, false)),
                    None => self.freed(place),
                }
            }
        }
    }

    /// Every case.
    #[must_use]
    pub const fn watch(&self) -> &Watch {
        &self.watch
    }

    /// What a rack may draw, by its place in the tree, where its GPUs are capped because it drew more (W), and its case.
    #[must_use]
    pub fn held_to(&self, rack: usize) -> Option<(Watts, &Case)> {
        let case = self.watch.cases.get(rack)?;
        Some((case.capped()?, case))
    }

    /// The same of a feed that a client has alone: what all of his may carry, by what each of them carries now.
    #[must_use]
    pub fn feed_held_to(&self, feed: FeedId) -> Option<(Watts, &Case)> {
        let (feeds, case) = self.watch.areas.iter().find(|(feeds, _)| feeds.contains(&feed))?;
        let capped = case.capped()?;
        let load = |feed: &FeedId| self.seen.get(*feed).and_then(|seen| seen.load).map(|of| of.watts().0);
        let all: f64 = feeds.iter().map(load).sum::<Option<f64>>().filter(|all| *all > 0.0)?;
        Some((capped * (load(&feed)? / all), case))
    }

    /// Racks and feeds in which leases are charged, or that still draw too much.
    pub(super) fn places<'n>(&self, name: impl Fn(Place) -> &'n str) -> Vec<PlaceView> {
        let shown = |case: &Case| case.here > Milli::ZERO || case.stage != Stage::Within;
        let racks =
            self.watch.cases.iter().enumerate().filter(|(_, case)| shown(case)).map(|(rack, case)| {
                self.place_view(name(Place::Rack(rack)).to_owned(), case, |lease| lease.in_rack(rack))
            });
        let areas = self.watch.areas.iter().filter(|(_, case)| shown(case)).map(|(feeds, case)| {
            let names: Vec<&str> = feeds.iter().map(|feed| name(Place::Feed(*feed))).collect();
            self.place_view(names.join(", "), case, |lease| lease.below(feeds))
        });
        racks.chain(areas).collect()
    }

    /// A case, with every lease that has a share of what is drawn there.
    fn place_view(&self, place: String, case: &Case, here: impl Fn(&Lease) -> f64) -> PlaceView {
        let open = case.stage != Stage::Within;
        let lease = open.then_some(case.lease);
        let share = |of: &Lease| {
            let may_w = of.may(self.now()) * here(of);
            let view = || ShareView { lease_id: of.id.to_string(), client: of.client.clone(), may_w };
            (may_w > 0.0).then(view)
        };
        let mut leases: Vec<ShareView> = self.leases().filter_map(share).collect();
        leases.sort_by(|a, b| b.may_w.total_cmp(&a.may_w));
        PlaceView {
            place,
            stage: case.stage,
            judged: case.base.is_some(),
            case_id: open.then(|| format!("{}-{}", case.id.0, case.id.1)),
            lease_id: lease.map(|lease| lease.to_string()),
            client: lease.and_then(|lease| self.whose(lease)).map(|(client, _)| client.to_owned()),
            leases,
            since_ms: open.then_some(case.since.0),
            critical: open && case.critical,
            drawn_w: case.drawn.map(|of| of.0),
            charged_w: case.charged.watts().0,
            base_w: case.base.map(|of| of.0),
            capped_w: case.capped().map(|of| of.0),
        }
    }
}
