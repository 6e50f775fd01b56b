//! `[[window]]`: when what can wait may run.

#[cfg(test)]
mod tests;

use toml::de::DeValue;

use crate::civil::{Days, Holiday, Stretch, When, Zone};
use crate::hall::window::Window;
use crate::id::{Table, WindowId};
use crate::read::{Refusal, Section, Value};

/// More of anything than a site has; a slip of the finger beyond it.
const MOST: usize = 64;

/// Reads every `[[window]]`. Those that do not say otherwise go by the hall's clock.
pub(super) fn windows(file: &Section<'_>, tz: Option<&str>) -> Table<WindowId, Window> {
    let mut windows: Vec<Window> = Vec::new();
    let sections = file.sections("window");
    few(file, "window", sections.len());
    for section in sections {
        let window = window(&section, tz);
        section.done();
        let Some(window) = window else { continue };
        if windows.iter().any(|known| known.name == window.name) {
            let say = format!("there are two windows `{}`", window.name);
            section.fault("name", say, "give each window a name of its own");
        }
        windows.push(window);
    }
    windows.into_iter().collect()
}

fn window(section: &Section<'_>, tz: Option<&str>) -> Option<Window> {
    let name = section.need_name("name");
    let named: Option<String> = section.maybe("zone");
    let zone = named.as_deref().or(tz).and_then(Zone::named);
    if let (Some(named), None) = (&named, &zone) {
        let help = "write an IANA name such as \"Europe/Berlin\", \"UTC\", or a fixed offset such as \"+01:00\"";
        section.fault("zone", format!("`{named}` is no time zone"), help);
    }
    let own = rule(section);
    let mut rules: Vec<When> = own.into_iter().collect();
    let also = section.sections("also");
    few(section, "also", also.len());
    for more in also {
        match rule(&more) {
            Some(rule) => rules.push(rule),
            None => more.missing("hours", "write `days`, `hours` or `months`, or take this `also` away"),
        }
        more.done();
    }
    let holidays = list::<Holiday>(section, "holidays");
    let extra = list::<Stretch>(section, "extra");
    let (mut none_begins, mut shut) = (Vec::new(), Vec::new());
    for exception in list::<Shut>(section, "shut") {
        match exception {
            Shut::Day(day) => none_begins.push(day),
            Shut::Times(stretch) => shut.push(stretch),
        }
    }
    if rules.is_empty() && extra.is_empty() {
        let help = "write `hours = [\"22:00-06:00\"]`, `days` or `months`; one that is always open has hours = [\"00:00-24:00\"]";
        section.missing("hours", help);
    }
    if let Some(of) = extra.iter().find(|of| none_begins.iter().any(|day| day.is(of.from.date))) {
        let say = format!("an extra opening begins on {}, a day in `shut`", of.from.date);
        section.fault("extra", say, "take the day out of `shut`, or shut the hours that are meant as two times");
    }
    let mut window = Window::new(name?, zone?, rules);
    (window.holidays, window.none_begins, window.shut, window.extra) = (holidays, none_begins, shut, extra);
    Some(window)
}

/// Which hours are named; nothing where none are.
fn rule(section: &Section<'_>) -> Option<When> {
    let says = ["days", "hours", "months"].map(|key| section.has(key));
    let (months, hours) = (list(section, "months"), list(section, "hours"));
    let when = When { months, days: Days::of(&list(section, "days")), hours };
    says.contains(&true).then_some(when)
}

fn list<T: Value>(section: &Section<'_>, key: &'static str) -> Vec<T> {
    let list: Vec<T> = section.or(key, Vec::new());
    few(section, key, list.len());
    list
}

fn few(section: &Section<'_>, key: &'static str, count: usize) {
    if count > MOST {
        section.fault(key, format!("`{key}` has {count} entries"), format!("write {MOST} at the most"));
    }
}

/// When a window is shut: days on which no opening begins, or all between two times.
enum Shut {
    Day(Holiday),
    Times(Stretch),
}

impl Value for Shut {
    const WANTED: &'static str = "days such as \"2026-12-24\", \"12-24\" or \"easter+1\", or times such as \"2026-12-24 18:00..2026-12-27 06:00\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let text = value.as_str().unwrap_or_default();
        if text.contains("..") {
            return Stretch::read(value).map(Self::Times);
        }
        Holiday::parse(text).map(Self::Day).ok_or_else(|| Refusal {
            wanted: Self::WANTED.to_owned(),
            help: "write each as a text in quotes".to_owned(),
        })
    }
}
