//! Which points, what they read, and what is wrong with them as far as one need not touch anything.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use plant::read::closest;
use wattloop::control::report::{CheckPoint, PointView};
use wattloop::service::api::{CheckRow, Checkout, Raw};

use super::compare::{self as instrument, Shown};
use super::sheet::{Row, Verdict};
use super::{CheckoutArgs, Stop};
use crate::cli::figure::{figure, length};
use crate::cli::signals;

/// What is wrong must be so twice, this long apart: an actuator on its way is not astray.
const AGAIN: Duration = Duration::from_secs(3);
/// What has gone by so much meanwhile moves (%).
const MOVES: f64 = 1.0;
const GOOD: u16 = 192;

/// A point on its way to its row.
pub struct Work<'s> {
    /// What the service says of it.
    pub of: &'s CheckRow,
    /// Its row.
    pub row: Row,
    /// Something was seen that proves it.
    pub confirmed: bool,
    /// Something that was asked could not be looked at.
    pub left: bool,
}

impl Work<'_> {
    /// True for the word that says who runs a machine.
    pub fn is_run_mode(&self) -> bool {
        self.row.point.ends_with("/run-mode")
    }

    /// What all of it comes to.
    pub fn settle(&mut self) {
        if self.row.verdict != Verdict::Fail && self.confirmed && !self.left {
            self.row.verdict = Verdict::Pass;
        }
    }

    /// Something that was asked could not be looked at.
    pub fn leave(&mut self, why: &str) {
        self.left = true;
        self.row.remark(why);
    }
}

/// The points of these names.
pub fn pick<'s>(seen: &'s Checkout, names: &[String]) -> Result<Vec<Work<'s>>, Stop> {
    let of = |name: &str, row: &CheckRow| {
        let point = &row.of.point;
        fits(name, point) || point.split_once('/').is_some_and(|(equip, _)| fits(name, equip))
    };
    for name in names {
        if !seen.points.iter().any(|row| of(name, row)) {
            let all = seen.points.iter().map(|row| row.of.point.as_str());
            let equips = all.clone().filter_map(|point| point.split_once('/')).map(|(equip, _)| equip);
            let near = closest(name, all.chain(equips));
            let help = near
                .map_or_else(|| "`wattloop points` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
            return Err(Stop::new(1, "unknown", format!("the hall has no point or equipment `{name}`"), help));
        }
    }
    let picked = seen.points.iter().filter(|row| names.is_empty() || names.iter().any(|name| of(name, row)));
    let at = jiff::Timestamp::from_millisecond(seen.wall_ms).map(|at| at.to_string()).unwrap_or_default();
    Ok(picked.map(|of| Work { of, row: row(of, &at), confirmed: false, left: false }).collect())
}

/// True when a name fits a pattern in which `*` stands for any letters.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(tail) = name.strip_prefix(head) else { return false };
    let mut ends = tail.char_indices().map(|(n, _)| n).chain([tail.len()]);
    ends.any(|n| tail.get(n..).is_some_and(|tail| fits(rest, tail)))
}

fn row(of: &CheckRow, at: &str) -> Row {
    let (point, place) = (&of.of, of.place.as_ref());
    Row {
        point: point.point.clone(),
        description: point.description.clone(),
        unit: point.unit.clone(),
        address: place.map(|place| place.address.clone()).unwrap_or_default(),
        read: point.value,
        quality: quality(of),
        failsafe: place.and_then(|place| place.alone.as_ref()).map(|alone| alone.failsafe),
        at: at.to_owned(),
        ..Row::default()
    }
}

fn quality(of: &CheckRow) -> String {
    let why = of.of.why.as_deref().unwrap_or("unknown");
    match of.of.quality {
        _ if !of.of.sourced => "no device".to_owned(),
        GOOD => "good".to_owned(),
        500 => format!("stale: {why}, {} old", length(of.of.age_s)),
        _ => format!("lost: {why}"),
    }
}

/// Reads: raw words, quality, and what cannot be. Fails what is wrong twice.
pub fn read(work: &mut [Work<'_>], args: &CheckoutArgs) -> Result<(), Stop> {
    let by = args.by.clone().unwrap_or_default();
    let bad = |of: &CheckPoint| of.sourced && (of.quality != GOOD || !of.doubts.is_empty());
    let wrong = work.iter().any(|one| bad(&one.of.of));
    let again = if wrong {
        std::thread::sleep(AGAIN);
        let seen: Checkout = args.socket.get("/v1/checkout")?;
        seen.points.into_iter().map(|row| (row.of.point.clone(), row.of)).collect()
    } else {
        BTreeMap::new()
    };
    for one in work {
        one.row.by.clone_from(&by);
        if !one.of.of.sourced {
            one.leave("no device is bound to it");
            continue;
        }
        // What comes once in a while may just have been missed.
        let late = again.get(&one.row.point).filter(|again| one.of.of.quality != GOOD && again.quality == GOOD);
        if let Some(late) = late {
            (one.row.read, one.row.quality) = (late.value, "good".to_owned());
        } else if one.of.of.quality != GOOD {
            let say = format!("it is {}", one.row.quality);
            one.row.fail(&say);
        }
        if let Some(again) = again.get(&one.row.point).filter(|again| !is_on_its_way(&one.of.of, again)) {
            let still = |doubt: &&String| again.doubts.iter().any(|now| kind(now) == kind(doubt));
            one.of.of.doubts.iter().filter(still).for_each(|doubt| one.row.fail(doubt));
        }
        if one.of.place.as_ref().is_some_and(|place| place.has_words) {
            one.row.raw = raw(&one.row.point, args)?;
        }
    }
    Ok(())
}

/// What a doubt is, without the number in it, which moves between two looks.
fn kind(doubt: &str) -> String {
    doubt.chars().take(30).collect()
}

/// True for an output whose actuator has moved between two looks: it is not astray, it takes its time.
fn is_on_its_way(before: &CheckPoint, now: &CheckPoint) -> bool {
    let at = |of: &CheckPoint| of.feedback.as_ref().and_then(|(_, at)| *at);
    at(before).zip(at(now)).is_some_and(|(before, now)| (now - before).abs() >= MOVES)
}

/// A point's raw words; nothing where they cannot be had now.
fn raw(point: &str, args: &CheckoutArgs) -> Result<String, Stop> {
    match args.socket.get::<Raw>(&format!("/v1/raw/{point}")) {
        Ok(raw) => Ok(raw.words.iter().map(|word| format!("0x{word:04X}")).collect::<Vec<_>>().join(" ")),
        Err(stop) if stop.code == "no_words" => Ok(String::new()),
        Err(stop) => Err(stop),
    }
}

/// Compares with what instruments showed, or asks for that.
pub fn compare(work: &mut [Work<'_>], args: &CheckoutArgs, shown: &BTreeMap<String, Shown>) -> Result<(), Stop> {
    let mut asks = args.ask;
    for one in work.iter_mut().filter(|one| one.of.of.sourced) {
        let known = shown.get(&one.row.point).copied();
        let known = if asks { ask(one, args, &mut asks)? } else { known };
        if let Some(shown) = known {
            one.confirmed |= instrument::compare(&mut one.row, shown);
        }
    }
    Ok(())
}

/// What a person reads off an instrument; nothing where none is at hand. The point is read anew then.
fn ask(one: &mut Work<'_>, args: &CheckoutArgs, asks: &mut bool) -> Result<Option<Shown>, Stop> {
    if signals::asked_to_stop() {
        *asks = false;
        return Ok(None);
    }
    loop {
        let point = &one.row.point;
        let reads = one.row.read.map_or_else(|| one.row.quality.clone(), |read| figure(point, read, &one.row.unit));
        let raw = if one.row.raw.is_empty() { String::new() } else { format!(" = {}", one.row.raw) };
        tell(&format!(
            "{point} reads {reads} ({}{raw}); the instrument shows, in {} (Enter: skip, q: no more): ",
            one.row.address, one.row.unit
        ))?;
        let mut line = String::new();
        let count = io::stdin().read_line(&mut line).map_err(|e| Stop::io("standard input", &e))?;
        match (line.trim(), count) {
            ("q", _) | (_, 0) => *asks = false,
            ("", _) => {}
            (text, _) => match text.replace(',', ".").parse().ok().filter(|value: &f64| value.is_finite()) {
                Some(value) => {
                    let now: PointView = args.socket.get(&format!("/v1/points/{point}"))?;
                    // Of a point of more than one sensor only its own page tells what this one reads.
                    if one.of.of.value == one.row.read && now.quality == GOOD {
                        one.row.read = now.value;
                    }
                    return Ok(Some((value, None)));
                }
                None => {
                    tell(&format!("`{text}` is no number\n"))?;
                    continue;
                }
            },
        }
        return Ok(None);
    }
}

fn tell(text: &str) -> Result<(), Stop> {
    let mut stderr = io::stderr().lock();
    write!(stderr, "{text}").and_then(|()| stderr.flush()).map_err(|e| Stop::io("standard error", &e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_name_or_has_stars() {
        for (pattern, name, good) in [
            ("crah-1", "crah-1", true),
            ("crah-1", "crah-10", false),
            ("crah-*", "crah-10", true),
            ("*valve", "crah-1/valve", true),
            ("crah-*/valve", "crah-1/valve-feedback", false),
            ("*", "x", true),
            ("**", "", true),
        ] {
            assert_eq!(fits(pattern, name), good, "{pattern} {name}");
        }
    }
}
