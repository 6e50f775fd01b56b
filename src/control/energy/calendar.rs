//! Energy by the site's days and months.

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use plant::convert::{f64_from_i64, f64_from_u64, i64_from_bits, i64_from_f64_rounded, usize_from_u64};
use plant::time::{Span, Tick, Wall};
use serde::{Deserialize, Serialize};

use super::ring::{Amount, Cell, Channel};

/// Days kept.
const DAYS: u64 = 365;

const DAY_MS: f64 = 86_400_000.0;

/// The site's time zone, from the bundled database; UTC where the name is not known.
#[must_use]
pub fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).unwrap_or(TimeZone::UTC)
}

/// Where today lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Today {
    from: Wall,
    to: Wall,
    month: Wall,
}

impl Today {
    fn of(zone: &TimeZone, wall: Wall) -> Option<Self> {
        let now = Timestamp::from_millisecond(wall.0).ok()?.to_zoned_datetime(zone.clone());
        let from = now.start_of_day().ok()?;
        let to = from.tomorrow().ok()?.start_of_day().ok()?;
        let month = from.first_of_month().ok()?.start_of_day().ok()?;
        let at = |z: &jiff::ZonedDateTime| Wall(z.timestamp().as_millisecond());
        Some(Self { from: at(&from), to: at(&to), month: at(&month) })
    }
}

/// This month and the last 365 days.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calendar {
    today: Option<Today>,
    now: Wall,
    month: Cell,
    /// The newest day is `head`, counted from the first.
    days: Vec<Cell>,
    head: u64,
}

impl Calendar {
    /// No day yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            today: None,
            now: Wall(0),
            month: Cell::default(),
            days: vec![Cell::default(); usize_from_u64(DAYS)],
            head: 0,
        }
    }

    /// Turns the page when a day or a month is over. A clock that is not trusted turns none, but for the first.
    pub fn advance(&mut self, zone: &TimeZone, tick: Tick) {
        self.now = tick.wall;
        let Some(today) = self.today else {
            self.today = Today::of(zone, tick.wall);
            return;
        };
        if tick.wall < today.to || !tick.clock_trusted {
            return;
        }
        let Some(next) = Today::of(zone, tick.wall) else { return };
        // Days have 23 to 25 hours: rounding counts them.
        let days = i64_from_f64_rounded(f64_from_i64(next.from.0.saturating_sub(today.from.0)) / DAY_MS);
        for _ in 0..days.clamp(0, i64_from_bits(DAYS)) {
            self.head += 1;
            if let Some(cell) = self.day(self.head) {
                *cell = Cell::default();
            }
        }
        if next.month != today.month {
            self.month = Cell::default();
        }
        self.today = Some(next);
    }

    /// Adds an amount that covers the last `over` of time: to this month what is this month's, and to each day its own.
    pub fn add(&mut self, over: Span, channel: Channel, amount: Amount) {
        let (Some(today), true) = (self.today, over > Span::ZERO) else { return };
        let whole = over.seconds() * 1e3;
        let since = |wall: Wall| f64_from_i64(self.now.0.saturating_sub(wall.0)).max(0.0);
        let (month, mut day_from) = (since(today.month), since(today.from));
        self.month.add(channel, amount.share((month / whole).min(1.0)));
        let mut counted = 0.0;
        for back in 0..DAYS.min(self.head + 1) {
            let part = (day_from.min(whole) - counted).max(0.0);
            if let Some(cell) = self.day(self.head - back) {
                cell.add(channel, amount.share(part / whole));
            }
            counted += part;
            if counted >= whole {
                break;
            }
            day_from += DAY_MS;
        }
    }

    /// This month up to now, and how long it is so far.
    #[must_use]
    pub fn month(&self) -> (Cell, Span) {
        let from = self.today.map_or(self.now, |today| today.month);
        (self.month, Span::from_seconds(f64_from_i64(self.now.0.saturating_sub(from.0)) / 1e3))
    }

    /// The last 365 days, and how long they are.
    #[must_use]
    pub fn year(&self) -> (Cell, Span) {
        let mut sum = Cell::default();
        for day in &self.days {
            sum.merge(day);
        }
        let today = self.today.map_or(0.0, |today| f64_from_i64(self.now.0.saturating_sub(today.from.0)).max(0.0));
        let days = f64_from_u64(DAYS - 1);
        (sum, Span::from_seconds((days * DAY_MS + today) / 1e3))
    }

    fn day(&mut self, day: u64) -> Option<&mut Cell> {
        self.days.get_mut(usize_from_u64(day % DAYS))
    }
}
