//! From a file to a scenario. Every fault of the file at once; faults of expressions with their column.

mod asserts;
mod batches;
mod capped;
mod events;
mod nodes;
mod peaked;
mod quantity;
mod stored;
mod targeted;

use std::sync::Arc;

use jiff::{Timestamp, ZonedDateTime};
use plant::fault::Faults;
use plant::hall::Hall;
use plant::read::{Section, Source};
use plant::time::{Span, Wall};

use super::expression::Slip;
use super::stored::Stored;
use super::{LoadChange, Pilot, Scenario, WeatherChange};
use crate::prices::Prices;
use crate::weather::Weather;
use crate::weather::climate::Climate;
use quantity::Quantity;

/// The shortest and the longest step (s).
const STEPS: (f64, f64) = (0.1, 60.0);
/// The longest scenario (s): a little more than a year.
const LONGEST: f64 = 400.0 * 86_400.0;

const PILOTS: &[(&str, Pilot)] = &[("wattloop", Pilot::Wattloop), ("fixed", Pilot::Fixed), ("shadow", Pilot::Shadow)];

/// The hall and the physics that a scenario's file names, so that they can be found before the rest is read. Nothing where
/// the file names no hall.
#[must_use]
pub fn hall_name(text: &str) -> Option<(String, Option<String>)> {
    let source = Source::new("", text);
    let table = source.parse();
    let root = source.root(&table);
    Some((root.maybe("hall")?, root.maybe("physics")))
}

/// The battery that a scenario's file adds to its hall, so that the hall can be read with it. Its faults are told when the rest is read.
#[must_use]
pub fn battery(text: &str) -> Option<Stored> {
    let source = Source::new("", text);
    let table = source.parse();
    stored::read(&source.root(&table).section("battery")?)
}

/// Reads a scenario. `hall` is the hall that the file names, or what to do where there is none of that name.
///
/// # Errors
/// Every fault of the file at once.
pub fn load(file: &str, text: &str, hall: Result<Arc<Hall>, String>) -> Result<Scenario, Faults> {
    let source = Source::new(file, text);
    let table = source.parse();
    let page = Page { text, root: source.root(&table) };
    let scenario = page.scenario(hall);
    page.root.done();
    source.finish(scenario)
}

/// The file's table with its text, for the columns inside of texts.
pub(super) struct Page<'s> {
    text: &'s str,
    root: Section<'s>,
}

impl<'s> Page<'s> {
    fn scenario(&self, hall: Result<Arc<Hall>, String>) -> Option<Scenario> {
        let root = &self.root;
        let (name, summary) = (root.need_name("name"), root.need_text("summary"));
        let hall_name: Option<String> = root.need("hall");
        let physics: Option<String> = root.maybe("physics");
        let start = self.start();
        let length = self.span("duration", None);
        let warm_up = self.span("warm-up", Some(Span::from_secs(600)));
        let late = root.maybe::<Span>("late-from");
        let dt = self.span("dt", Some(Span::from_secs(1)));
        let period = self.span("period", dt);
        let seed = root.whole("seed", (0, i64::MAX)).unwrap_or(1);
        let controller = root.word("controller", PILOTS).unwrap_or(Pilot::Wattloop);
        let (noise, supervisor) = (root.or("noise", true), root.or("supervisor", true));
        let (load, weather) = (self.load_change(), self.weather_change());
        let ((prices, prices_file), co2) = (self.prices(), root.within("co2-kg-per-kwh", (0.0, 2.0)));
        self.times(length, dt, period);
        if let Some((late, length)) = late.zip(length).filter(|(late, length)| late >= length) {
            root.fault("late-from", format!("`late-from` is {late}"), format!("write a time before the end, {length}"));
        }
        let hall = match hall {
            Ok(hall) => Some(hall),
            Err(help) => {
                if let Some(name) = &hall_name {
                    root.fault("hall", format!("there is no hall `{name}`"), help);
                }
                None
            }
        };
        let (event_sections, assert_sections) = (root.sections("event"), root.sections("assert"));
        let expected_errors: Vec<String> = root.or("expected-errors", Vec::new());
        let mut hall = hall?;
        self.rotation(&mut hall);
        self.capped(&mut hall);
        let (peaked, stored) = (self.peaked(&mut hall), self.stored());
        self.targeted(&mut hall);
        self.expected(&hall, &expected_errors);
        let nodes = self.nodes(&hall, warm_up.unwrap_or(Span::ZERO));
        let batches = self.batches(&hall, (nodes.as_ref(), controller));
        let events = self.events((&hall, nodes.is_some()), &event_sections, length);
        let asserts = self.asserts(&hall, &assert_sections, &event_sections, length);
        Some(Scenario {
            name: name?,
            summary: summary?,
            physics,
            hall,
            start: start?,
            length: length?,
            warm_up: warm_up?,
            late,
            dt: dt?,
            period: period?,
            seed: u64::try_from(seed).unwrap_or(1),
            noise,
            controller,
            supervisor,
            load,
            nodes,
            batches,
            peaked,
            stored,
            weather,
            prices,
            prices_file,
            co2,
            expected_errors,
            events,
            asserts,
        })
    }

    /// A time with its zone: `2026-07-15T12:00Z`, or local with the zone's name in brackets.
    fn start(&self) -> Option<Wall> {
        let text: String = self.root.need("start")?;
        let of = |t: Timestamp| Wall(t.as_millisecond());
        let read =
            text.parse::<ZonedDateTime>().map(|z| of(z.timestamp())).or_else(|_| text.parse::<Timestamp>().map(of));
        if read.is_err() {
            let help = "write \"2026-07-15T12:00Z\", or \"2026-07-15T14:00[Europe/Berlin]\" for local time";
            self.root.fault("start", format!("`{text}` is no time with a zone"), help);
        }
        read.ok()
    }

    fn span(&self, key: &'static str, otherwise: Option<Span>) -> Option<Span> {
        if otherwise.is_some() && !self.root.has(key) {
            return otherwise;
        }
        self.root.need::<Span>(key)
    }

    fn times(&self, length: Option<Span>, dt: Option<Span>, period: Option<Span>) {
        if let Some(length) = length.filter(|l| *l == Span::ZERO || l.seconds() > LONGEST) {
            self.root.fault("duration", format!("`duration` is {length}"), "write more than none and at most 400d");
        }
        let Some(dt) = dt else { return };
        if dt.seconds() < STEPS.0 || dt.seconds() > STEPS.1 {
            self.root.fault("dt", format!("`dt` is {dt}"), "write a step from 100ms to 60s");
        } else if let Some(period) = period
            && (period == Span::ZERO || period.nanos() % dt.nanos() != 0)
        {
            let help = format!("a scan takes whole steps: write {dt}, {} or more of them", dt.times(2));
            self.root.fault("period", format!("`period` is {period} and `dt` is {dt}"), help);
        }
    }

    /// Machines change places sooner, or later, than the hall's file says: chillers, pumps on headers and in CDUs.
    fn rotation(&self, hall: &mut Arc<Hall>) {
        let Some(section) = self.root.section("rotation") else { return };
        let days = |n: u64| Span::from_secs(n * 86_400);
        let every = section.span("every", days(14), (Span::from_secs(3600), days(400)));
        let gap = section.span("gap", Span::from_secs(12 * 3600), (Span::ZERO, days(400)));
        section.done();
        let strategies = &mut Arc::make_mut(hall).strategies;
        for plant in [&mut strategies.chilled_water, &mut strategies.facility_water] {
            (plant.staging.rotate_every, plant.staging.rotate_gap) = (every, gap);
            for header in plant.pumps.iter_mut().chain(&mut plant.condenser_pumps) {
                (header.pumps.rotate_every, header.pumps.rotate_gap) = (every, gap);
            }
        }
        (strategies.cdu.pumps.rotate_every, strategies.cdu.pumps.rotate_gap) = (every, gap);
    }

    fn load_change(&self) -> LoadChange {
        let Some(section) = self.root.section("load") else { return LoadChange::default() };
        let change = LoadChange {
            mean: section.within("mean", (0.0, 1.0)),
            diurnal: section.within("diurnal", (0.0, 0.5)),
            peak_hour: section.within("peak-hour-utc", (0.0, 24.0)),
            step: section.within("step", (0.0, 1.0)),
        };
        section.done();
        change
    }

    fn weather_change(&self) -> WeatherChange {
        let Some(section) = self.root.section("weather") else { return WeatherChange::default() };
        let climate = section.word("climate", crate::shipped::CLIMATES);
        let change = WeatherChange {
            source: climate.and_then(|text| Climate::load("climate", text).ok()).map(|c| Weather::Climate(Arc::new(c))),
            epw: section.maybe("epw"),
            mean: section.within("mean-cel", (-40.0, 50.0)),
            swing: section.within("swing-k", (0.0, 20.0)),
            warmest_hour: section.within("warmest-hour-utc", (0.0, 24.0)),
            offset: section.within("offset-k", (-40.0, 40.0)).unwrap_or(0.0),
        };
        section.done();
        let sources = [("climate", change.source.is_some()), ("epw", change.epw.is_some())];
        let wave = change.mean.is_some() || change.swing.is_some() || change.warmest_hour.is_some();
        let given = sources.iter().filter(|(_, given)| *given).count();
        if let Some((key, _)) = sources.iter().rfind(|(_, given)| *given).filter(|_| wave || given > 1) {
            let help = "name one of a climate, an EPW file, and the daily wave's own numbers; `offset-k` goes with all";
            section.fault(key, "weather comes from one source", help);
        }
        change
    }

    /// A tariff by its word, or the file with a table of prices.
    fn prices(&self) -> (Option<Prices>, Option<String>) {
        let Some(named) = self.root.maybe::<String>("prices") else { return (None, None) };
        if named.ends_with(".csv") {
            return (None, Some(named));
        }
        let tariff = Prices::tariff(&named);
        if tariff.is_none() {
            let known = crate::prices::TARIFFS.iter().map(|(word, _)| *word);
            let help = format!("{}; or name a file `….csv` beside the page", plant::read::did_you_mean(&named, known));
            self.root.fault("prices", format!("there is no tariff `{named}`"), help);
        }
        (tariff, None)
    }

    fn expected(&self, hall: &Hall, names: &[String]) {
        let known = |name: &str| {
            hall.point(name).is_some()
                || hall.equip(name).is_some()
                || hall.alarms.iter().any(|(_, alarm)| alarm.name == name)
        };
        for name in names.iter().filter(|name| !known(name)) {
            let alarms = hall.alarms.iter().map(|(_, alarm)| alarm.name.as_str());
            let help = plant::read::did_you_mean(name, alarms);
            self.root.fault("expected-errors", format!("there is no alarm, point or equipment `{name}`"), help);
        }
    }

    /// Notes a fault of an expression at its own column.
    pub(super) fn slip(&self, section: &Section<'_>, key: &str, slip: Slip) {
        let at = section.at_key(key);
        let rest = self.text.get(at..).unwrap_or("");
        let quotes = if rest.starts_with("\"\"\"") || rest.starts_with("'''") { 3 } else { 1 };
        self.root.source().fault(at.saturating_add(quotes).saturating_add(slip.at), slip.message, slip.help);
    }

    /// A text read by `read`, its fault noted.
    pub(super) fn expression<T>(
        &self,
        section: &Section<'_>,
        key: &'static str,
        read: impl Fn(&str) -> Result<T, Slip>,
    ) -> Option<T> {
        let text: String = section.need(key)?;
        match read(&text) {
            Ok(read) => Some(read),
            Err(slip) => {
                self.slip(section, key, slip);
                None
            }
        }
    }

    /// A number in the unit it is wanted in, or with a unit that becomes it.
    pub(super) fn quantity(
        &self,
        section: &Section<'_>,
        key: &'static str,
        wanted: super::expression::Dimension,
    ) -> Option<f64> {
        let Quantity { value, unit } = section.maybe(key)?;
        if unit.is_none() || unit == wanted {
            return Some(value);
        }
        let has = unit.map_or("", plant::units::Unit::pretty);
        let wants = wanted.map_or("a plain number", plant::units::Unit::pretty);
        section.fault(
            key,
            format!("`{key}` is in {has} and must be in {wants}"),
            "leave the unit out, or write that one",
        );
        None
    }
}
