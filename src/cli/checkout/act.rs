//! Moving outputs, and leaving devices alone: one at a time, by the service, which gives everything back by itself.

use std::time::Duration;

use plant::hall::sequence::RunMode;
use serde::Serialize;
use wattloop::control::report::{CheckView, SilentView};
use wattloop::control::request::Reply;
use wattloop::service::api::{ForceStep, Quiet};

use super::look::Work;
use super::{CheckoutArgs, Out, Stop};
use crate::cli::figure::figure;
use crate::cli::signals;

/// How often it is looked whether a check is over.
const LOOK: Duration = Duration::from_millis(300);
/// So near to its fail-safe an actuator is there (%).
const THERE: f64 = 5.0;

/// Moves each output by a step and back.
pub fn force(work: &mut [Work<'_>], args: &CheckoutArgs, out: &Out) -> Result<(), Stop> {
    for one in work.iter_mut().filter(|one| args.force && one.of.of.sourced && one.of.of.told.is_some()) {
        if signals::asked_to_stop() {
            one.leave("not moved: it was broken off");
            continue;
        }
        let by = match step(one, args.step) {
            Ok(by) => by,
            Err(why) => {
                one.leave(&format!("not moved: {why}"));
                continue;
            }
        };
        let reason = args.reason.clone().unwrap_or_default();
        let body = ForceStep { point: one.row.point.clone(), by, within: args.within.clone(), reason };
        match ask(args, "/v1/force", &body)? {
            Err(say) => one.leave(&format!("not moved: {say}")),
            Ok(()) => {
                say(out, &format!("{} moves by {by:.1}", one.row.point))?;
                let view = wait(args)?;
                forced(one, &view);
            }
        }
    }
    Ok(())
}

/// How far an output moves: to its fail-safe's side where there is room, else to the other. A run mode goes from control to its panel.
fn step(one: &Work<'_>, percent: f64) -> Result<f64, &'static str> {
    const NONE: &str = "there is no room for a step";
    let (told, min, max) = one.of.of.told.ok_or(NONE)?;
    if one.is_run_mode() {
        let on = RunMode::of(told) == RunMode::On;
        return if on { Ok(-told) } else { Err("its panel has it already, or it is told to stand") };
    }
    let size = if one.row.unit == "%" { percent } else { (max - min) * percent / 100.0 };
    let side = if one.of.of.failsafe.ok_or(NONE)? >= told { 1.0 } else { -1.0 };
    [side * size, -side * size].into_iter().find(|by| *by != 0.0 && (min..=max).contains(&(told + by))).ok_or(NONE)
}

/// What was seen of an output that was moved.
fn forced(one: &mut Work<'_>, view: &CheckView) {
    let Some(force) = &view.force else { return };
    let row = &mut one.row;
    (row.forced_from, row.forced_to) = (Some(force.from), Some(force.to));
    (row.proved_after_s, row.followed_after_s) = (force.proven_after_s, force.followed_after_s);
    let at = |value: Option<f64>| value.map_or_else(|| "nothing".to_owned(), |v| figure(&row.point, v, &row.unit));
    let seen = format!("told {}, held {}, reported {}", at(Some(force.to)), at(force.seen), at(force.reported));
    let because = view.because.clone().unwrap_or_default();
    match view.end.as_deref() {
        Some("done") => one.confirmed = true,
        Some("not_proven" | "not_followed") => row.fail(&format!("{because} ({seen})")),
        Some(_) | None => one.leave(&format!("not proved: {because}")),
    }
}

/// Leaves each device alone for longer than its loss time.
pub fn silence(work: &mut [Work<'_>], args: &CheckoutArgs, out: &Out) -> Result<(), Stop> {
    if !args.fail_safe {
        return Ok(());
    }
    let mut equips: Vec<String> = Vec::new();
    for one in work.iter_mut().filter(|one| one.of.of.told.is_some()) {
        match (one.row.point.split_once('/'), one.of.place.as_ref().and_then(|place| place.alone.as_ref())) {
            (Some((equip, _)), Some(_)) if equips.iter().all(|known| known != equip) => equips.push(equip.to_owned()),
            (Some(_), Some(_)) => {}
            (_, None) | (None, _) => unproved(one, "no device takes commands for it"),
        }
    }
    for equip in equips {
        let begins = format!("{equip}/");
        let of = |one: &&mut Work<'_>| {
            one.row.point.starts_with(&begins) && one.of.place.as_ref().is_some_and(|p| p.alone.is_some())
        };
        if signals::asked_to_stop() {
            work.iter_mut().filter(of).for_each(|one| unproved(one, "it was broken off"));
            continue;
        }
        let reason = args.reason.clone().unwrap_or_default();
        let body = Quiet { equip: equip.clone(), settle: args.settle.clone(), reason };
        if let Err(say) = ask(args, "/v1/silence", &body)? {
            work.iter_mut().filter(of).for_each(|one| unproved(one, &say));
            continue;
        }
        say(out, &format!("{equip} hears nothing"))?;
        let view = wait(args)?;
        for one in work.iter_mut().filter(of) {
            let seen = view.silent.iter().find(|seen| seen.point == one.row.point);
            match (view.end.as_deref(), seen) {
                (Some("done"), Some(seen)) => silent(one, seen),
                (_, _) => unproved(one, view.because.as_deref().unwrap_or("nothing was seen of it")),
            }
        }
    }
    Ok(())
}

/// What was seen of an output whose device was left alone. Where the output stood there before, being there proves nothing.
fn silent(one: &mut Work<'_>, seen: &SilentView) {
    let Some(alone) = one.of.place.as_ref().and_then(|place| place.alone.clone()) else { return };
    let figure = |value: f64| figure(&one.row.point, value, &one.row.unit);
    let (safe, unit) = (alone.failsafe, one.row.unit.clone());
    let there = |at: f64, near: f64| (at - safe).abs() <= near.max(alone.tolerance);
    let near = if unit == "%" { THERE } else { 0.01 };
    one.row.failsafe_seen = seen.reported.or(seen.held);
    match (seen.reported, seen.held) {
        _ if there(seen.told, near) => {
            let say = format!("it stood at {} already before the silence", figure(seen.told));
            unproved(one, &say);
        }
        (Some(at), _) if there(at, near) => proved(one),
        (Some(at), _) => {
            let who = seen.feedback.as_deref().unwrap_or("its actuator");
            let say = format!(
                "its fail-safe did not come: {who} reports {}, and {} is what its map says",
                figure(at),
                figure(safe)
            );
            "not there".clone_into(&mut one.row.failsafe_proof);
            one.row.fail(&say);
        }
        (None, Some(at)) if there(at, 0.01) => proved(one),
        (None, Some(at)) => {
            let say = format!("its register holds {} as before, and nothing reports where its actuator is", figure(at));
            unproved(one, &say);
        }
        (None, None) => unproved(one, "nothing reports it"),
    }
}

fn proved(one: &mut Work<'_>) {
    "proved".clone_into(&mut one.row.failsafe_proof);
    one.confirmed = true;
}

fn unproved(one: &mut Work<'_>, why: &str) {
    one.row.failsafe_proof = format!("not proved: {why}");
    one.left = true;
}

/// Asks for a check. What the service refuses is said, not an end; what breaks is.
fn ask(args: &CheckoutArgs, path: &str, body: &impl Serialize) -> Result<Result<(), String>, Stop> {
    match args.socket.post::<Reply>(path, body) {
        Ok(_) => Ok(Ok(())),
        Err(stop) if stop.exit == 1 => Ok(Err(stop.message)),
        Err(stop) => Err(stop),
    }
}

/// Until the check is over; a signal ends it.
fn wait(args: &CheckoutArgs) -> Result<CheckView, Stop> {
    let mut ended = false;
    loop {
        std::thread::sleep(LOOK);
        let view: CheckView = args.socket.get("/v1/check")?;
        if view.end.is_some() {
            return Ok(view);
        }
        if signals::asked_to_stop() && !ended {
            ended = true;
            let _: Reply = args.socket.post("/v1/check/end", &())?;
        }
    }
}

fn say(out: &Out, line: &str) -> Result<(), Stop> {
    if out.json() { Ok(()) } else { out.line(line) }
}
