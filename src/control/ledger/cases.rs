//! All cases: each rack's, and those of feeds that a client has alone.

use plant::hall::power::Power;
use plant::id::{FeedId, Table};
use plant::time::{Span, Wall};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::amount::Milli;
use super::area::Area;
use super::heard::Unable;
use super::lease::Lease;
use super::message::LeaseId;
use super::rules::Ground;
use super::tree::Place;
use super::watch::{Case, Stage};

/// Every case.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// Each rack's, by its place in the tree.
    pub cases: Vec<Case>,
    /// Those of feeds that a client has alone, with the feeds.
    pub areas: Vec<(Vec<FeedId>, Case)>,
    /// What leases of each feed are charged at that name it as their place.
    below: Table<FeedId, Milli>,
    /// The number of the last case.
    pub last: u64,
}

impl Watch {
    /// Before the first reading.
    #[must_use]
    pub fn new(power: &Power) -> Self {
        Self {
            cases: vec![Case::default(); power.racks.len()],
            areas: Vec::new(),
            below: Table::filled(power.feeds.len(), Milli::ZERO),
            last: 0,
        }
    }

    /// A new boot.
    pub fn restart(&mut self) {
        self.all_mut().for_each(Case::restart);
    }

    fn all(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().chain(self.areas.iter().map(|(_, case)| case))
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Case> {
        self.cases.iter_mut().chain(self.areas.iter_mut().map(|(_, case)| case))
    }

    /// A case by its number: racks come first, then what clients have alone.
    pub fn case_mut(&mut self, n: usize) -> Option<&mut Case> {
        self.all_mut().nth(n)
    }

    /// Who has what alone may have changed with a start: a case that there still is goes on.
    fn follow(&mut self, areas: &[Area]) {
        let same = self.areas.len() == areas.len() && self.areas.iter().zip(areas).all(|(of, area)| of.0 == area.feeds);
        if !same {
            let before = std::mem::take(&mut self.areas);
            let known = |area: &Area| before.iter().find(|(feeds, _)| *feeds == area.feeds).map(|(_, case)| *case);
            self.areas = areas.iter().map(|area| (area.feeds.clone(), known(area).unwrap_or_default())).collect();
        }
    }

    /// What leases are charged at in each rack, and below feeds that a client has alone, now. Who will not come down, or does not answer, is not waited for: he counts with what he may.
    pub(super) fn charge(
        &mut self,
        (leases, unable): (&[Lease], &[Unable]),
        (power, ground): (&Power, &Ground),
        (now, tail): (Wall, Span),
    ) {
        self.follow(&ground.areas);
        let Self { cases, areas, below, .. } = self;
        below.iter_mut().for_each(|(_, of)| *of = Milli::ZERO);
        for case in cases.iter_mut().chain(areas.iter_mut().map(|(_, case)| case)) {
            (case.charged, case.here, case.most) = (Milli::ZERO, Milli::ZERO, None);
        }
        for lease in leases {
            let watts = if lease.is_alone(unable) { lease.may(now) } else { lease.charged(now, now, tail) };
            for (place, share) in &lease.places {
                let of = Milli::of(watts, *share);
                match *place {
                    Place::Feed(feed) => below.get_mut(feed).into_iter().for_each(|below| *below = below.and(of)),
                    Place::Rack(rack) => cases.get_mut(rack).into_iter().for_each(|case| case.take(of, lease.id)),
                }
            }
            for ((_, case), area) in areas.iter_mut().zip(&ground.areas) {
                let (here, above) = area.charged(power, lease, watts);
                case.take(here, lease.id);
                case.charged = case.charged.and(here).and(above);
            }
        }
        for (rack, case) in cases.iter_mut().enumerate() {
            let above = ground.above(rack).filter_map(|feed| below.get(feed)).fold(Milli::ZERO, |a, b| a.and(*b));
            case.charged = case.here.and(above);
        }
    }

    /// How many places have a case, how many of them a breach, and what all of them draw too much (W). What a rack draws too much below feeds that do so as well counts once.
    #[must_use]
    pub fn brief(&self) -> (usize, usize, Watts) {
        let open = || self.all().filter(|of| of.stage != Stage::Within);
        let breaches = open().filter(|of| of.stage.is_breach()).count();
        let more = |of: &Case| Some((of.drawn? - of.may()?).max(Watts(0.0)));
        let sum = |of: &mut dyn Iterator<Item = &Case>| -> Watts { of.filter_map(more).sum() };
        let of_racks = sum(&mut self.cases.iter().filter(|of| of.stage != Stage::Within));
        let of_areas = sum(&mut self.areas.iter().map(|(_, case)| case).filter(|of| of.stage != Stage::Within));
        (open().count(), breaches, of_racks.max(of_areas))
    }
}

impl Case {
    /// A lease is charged there, at so much.
    fn take(&mut self, of: Milli, lease: LeaseId) {
        self.here = self.here.and(of);
        // One that has several nodes of the rack counts with the largest of them.
        if self.most.is_none_or(|(most, _)| of > most) && of > Milli::ZERO {
            self.most = Some((of, lease));
        }
    }
}
