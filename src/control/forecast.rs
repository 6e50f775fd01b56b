//! What a row's machines draw, and what somebody announced that they will.
//!
//! ```text
//!            lead before it begins             `wait` after it should have begun
//!  Announced ─────────────────────▶ Expected ───────────────────────────────────▶ over, told: it came, or it did not
//!       └──── withdrawn, replaced by its name, or a new boot ────▶ over
//! ```
//!
//! An announcement only adds: what is expected of a row is what it drew before, and all that is announced for it; where more is
//! measured the measurement counts. One that does not come is not waited for.

use plant::event::{About, What};
use plant::hall::feed_forward::FeedForward;
use plant::hall::{Hall, Row};
use plant::id::{RowId, Table};
use plant::time::{Mono, Span, Tick};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::news::News;
use super::quality::Image;
use super::request::Refusal;

/// At most so many announcements are kept.
pub const MOST: usize = 64;
/// Nobody announces further ahead.
pub const FURTHEST: Span = Span::from_secs(24 * 3600);
/// An announced load has come when so much of it is drawn (1).
const COME: f64 = 0.5;

/// A load that somebody announced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Announcement {
    /// Its name: another of the same name takes its place.
    pub id: String,
    /// Who announced it.
    pub who: String,
    /// The row; nothing for the whole hall, by rated power.
    pub row: Option<RowId>,
    /// How much more is going to be drawn (W, above 0).
    pub watts: f64,
    /// From when on.
    begins: Mono,
    /// When it should have begun at first, if something moved for it before it was put off.
    due: Mono,
    /// That it did not come then has been told.
    missed: bool,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Load {
    /// What each rack drew when it was known last (W), and when it was known first.
    racks: Vec<Option<(f64, f64)>>,
    /// What all of them are rated (W, above 0).
    rated: f64,
    /// What they draw more than when they were known first (W).
    moved: f64,
    /// The same, before anything was expected of it.
    base: f64,
}

/// What is known of the loads to come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    announced: Vec<Announcement>,
    rows: Table<RowId, Load>,
    now: Mono,
    /// So long before it begins something moves for a load.
    longest: Span,
}

impl Announcement {
    /// So much more of a row, or of all.
    #[must_use]
    pub fn of(row: Option<RowId>, watts: f64, (id, who): (&str, &str)) -> Self {
        Self {
            id: id.to_owned(),
            who: who.to_owned(),
            row,
            watts,
            begins: Mono::default(),
            due: Mono::default(),
            missed: false,
        }
    }

    /// How long until it begins; zero from then on.
    #[must_use]
    pub const fn wait(&self, now: Mono) -> Span {
        self.begins.since(now)
    }

    /// True where it is of this row, or of all.
    fn covers(&self, row: RowId) -> bool {
        self.row.is_none_or(|of| of == row)
    }

    /// True from `lead` before it begins.
    fn is_near(&self, now: Mono, lead: Span) -> bool {
        self.wait(now) <= lead
    }
}

impl Forecast {
    /// Nothing known, nothing announced.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        let load = |row: &Row| Load {
            racks: vec![None; row.racks.len()],
            rated: row.racks.iter().map(|rack| rack.rated.0).sum::<f64>().max(1.0),
            moved: 0.0,
            base: 0.0,
        };
        let rows = hall.rows.rows().iter().map(load).collect();
        Self { announced: Vec::new(), rows, now: Mono::default(), longest: Span::ZERO }
    }

    /// A new boot: its times compare with nothing, and what was announced is told to be dropped.
    pub fn restart(&mut self, news: &mut News<'_>) {
        for _ in self.announced.drain(..) {
            news.warn(About::Hall, What::AnnouncementDropped);
        }
        for row in self.rows.rows_mut() {
            row.racks.fill(None);
            (row.moved, row.base) = (0.0, 0.0);
        }
    }

    /// Everything announced that is not over.
    pub fn announced(&self) -> impl Iterator<Item = &Announcement> {
        self.announced.iter()
    }

    /// The time of the last scan.
    #[must_use]
    pub const fn now(&self) -> Mono {
        self.now
    }

    /// Takes an announcement, in place of an earlier one of its name.
    ///
    /// # Errors
    /// More than the place is rated for or nothing at all, too far ahead, or too many.
    pub fn announce(&mut self, mut of: Announcement, ahead: Span, tick: Tick) -> Result<(), Refusal> {
        let most = self.rated(of.row);
        if most <= 0.0 {
            return Err(Refusal::Unknown);
        }
        if !(of.watts > 0.0 && of.watts <= most) {
            return Err(Refusal::OutOfRange { min: 1.0, max: most });
        }
        if ahead > FURTHEST {
            return Err(Refusal::HoldOutOfRange);
        }
        of.begins = tick.mono.after(ahead);
        // One that is put off again and again, while something moves for it, is missed all the same.
        let moved = |old: &&Announcement| old.id == of.id && old.is_near(tick.mono, self.longest);
        (of.due, of.missed) = match self.announced.iter().find(moved) {
            Some(old) => (old.due.min(of.begins), old.missed),
            None => (of.begins, false),
        };
        self.announced.retain(|old| old.id != of.id);
        if self.announced.len() >= MOST {
            return Err(Refusal::TooMany);
        }
        self.announced.push(of);
        Ok(())
    }

    /// Takes an announcement back; false where there is none of this name.
    pub fn withdraw(&mut self, id: &str) -> bool {
        let before = self.announced.len();
        self.announced.retain(|of| of.id != id);
        self.announced.len() < before
    }

    /// One scan: what is drawn, and which announcements are over.
    pub fn step(&mut self, (hall, image): (&Hall, Image<'_>), rules: &FeedForward, tick: Tick, news: &mut News<'_>) {
        self.now = tick.mono;
        self.longest = rules.longest();
        let longest = self.longest;
        for ((id, load), of) in self.rows.iter_mut().zip(hall.rows.rows()) {
            load.look(of, image);
            if !self.announced.iter().any(|a| a.covers(id) && a.is_near(tick.mono, longest)) {
                load.base = load.moved;
            }
        }
        // One a scan: nothing waits for it.
        let over = |of: &Announcement| of.is_near(tick.mono, Span::ZERO) && tick.mono.since(of.begins) >= rules.wait;
        let ends = self.announced.iter().enumerate().filter(|(_, of)| over(of)).min_by_key(|(_, of)| of.begins);
        let Some((ended, of)) = ends else { return self.miss(rules.wait, news) };
        let about = of.row.map_or(About::Hall, About::Row);
        // Nobody can tell whose watts are drawn: the announcement that began first has them first.
        if self.drawn(of.row) >= COME * of.watts {
            let all = self.rated(of.row);
            let (row, watts) = (of.row, of.watts);
            for (_, load) in self.rows.iter_mut().filter(|(id, _)| row.is_none_or(|row| row == *id)) {
                load.base += watts * load.rated / all;
            }
            news.info(about, What::AnnouncedLoadCame);
        } else if !of.missed {
            news.warn(about, What::AnnouncedLoadMissing);
        }
        drop(self.announced.remove(ended));
    }

    /// Tells of one that was put off, and did not come when it should have begun at first.
    fn miss(&mut self, wait: Span, news: &mut News<'_>) {
        let drawn = |of: &Announcement| self.drawn(of.row) >= COME * of.watts;
        let put_off = |of: &Announcement| of.due < of.begins && self.now.since(of.due) >= wait;
        let late = self.announced.iter().position(|of| !of.missed && put_off(of) && !drawn(of));
        if let Some(of) = late.and_then(|late| self.announced.get_mut(late)) {
            of.missed = true;
            news.warn(of.row.map_or(About::Hall, About::Row), What::AnnouncedLoadMissing);
        }
    }

    /// What rows draw and are expected to draw `lead` from now, above what they drew at first (1, share of what they are rated).
    #[must_use]
    pub fn moved(&self, lead: Span, of: impl Fn(RowId) -> bool) -> f64 {
        let rows = self.rows.iter().filter(|(id, _)| of(*id));
        let both = rows.map(|(id, load)| (load.moved + self.extra(id, lead), load.rated));
        let (moved, rated) = both.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        if rated > 0.0 { moved / rated } else { 0.0 }
    }

    /// What a row is expected to draw `lead` from now more than it does (W, at least 0).
    #[must_use]
    pub fn extra(&self, row: RowId, lead: Span) -> f64 {
        let Some(load) = self.rows.get(row) else { return 0.0 };
        let near = self.announced.iter().filter(|of| of.covers(row) && of.is_near(self.now, lead));
        let expected = near.map(|of| of.watts * load.rated / self.rated(of.row).max(load.rated)).reduce(|a, b| a + b);
        expected.map_or(0.0, |watts| (load.base + watts - load.moved).max(0.0))
    }

    /// What a place draws of what it is rated (%), as far as its racks were known last; nothing before each was known once.
    #[must_use]
    pub fn share(&self, row: Option<RowId>) -> Option<f64> {
        let known = self.at(row).all(|load| load.racks.iter().all(Option::is_some));
        let drawn: f64 = self.at(row).flat_map(|load| load.racks.iter().flatten()).map(|(watts, _)| watts).sum();
        let rated = self.rated(row);
        (known && rated > 0.0).then(|| 100.0 * drawn / rated)
    }

    /// What a place is rated (W).
    fn rated(&self, row: Option<RowId>) -> f64 {
        self.at(row).map(|load| load.rated).sum()
    }

    /// What a place draws more than before anything was expected of it (W).
    fn drawn(&self, row: Option<RowId>) -> f64 {
        self.at(row).map(|load| load.moved - load.base).sum()
    }

    fn at(&self, row: Option<RowId>) -> impl Iterator<Item = &Load> {
        self.rows.iter().filter(move |(id, _)| row.is_none_or(|row| row == *id)).map(|(_, load)| load)
    }
}

impl Load {
    /// A rack whose power is lost is thought to draw what it drew.
    fn look(&mut self, of: &Row, image: Image<'_>) {
        for (known, rack) in self.racks.iter_mut().zip(&of.racks) {
            if let Some(Watts(watts)) = image.read(rack.power).usable() {
                *known = Some((watts, known.map_or(watts, |(_, first)| first)));
            }
        }
        self.moved = self.racks.iter().flatten().map(|(watts, first)| watts - first).sum();
    }
}
