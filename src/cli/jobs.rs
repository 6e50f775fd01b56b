//! `wattloop jobs`: who draws on a lease, who waits for one, and what for.

use std::fmt::Write as _;

use clap::Args;
use wattloop::control::ahead::view::AheadView;
use wattloop::control::ledger::view::{LeaseView, LedgerView, PlaceView, RecoveringView, ShareView};
use wattloop::control::ledger::watch::Stage;

use super::client::SocketArgs;
use super::figure::fixed;
use super::{Out, Stop};

/// Who draws on a lease, and who waits for one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop jobs
  wattloop jobs --json | jq '.waiting[] | {job, waits_for, start_ms}'

A job is a request for a lease; its start is its grant. Those that wait are in the order in which they are served, each with what it waits for: room at a feed,
a window, a plan, or a clock that is trusted. Times are UTC. `planned` says why the plan that is followed runs a job when it does, or what it is short of and by which
limit; `wattloop power ahead` tells more.

`pauses` is one whose job the plan lets rest, and goes on by itself. `late for` is a deadline that will not be kept, as far as is known. `cannot come down` is what its client has said of what it was told, `no answer` that it had not said anything of it when that was to be enforced. `kept` is a lease that nobody has renewed since the journal was lost.

Below them: racks, and feeds that a client has alone, that draw more than leases let them, each with its case, the leases there, and what it is capped to.")]
pub struct JobsArgs {
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Prints.
pub fn run(args: &JobsArgs, out: &Out) -> Result<(), Stop> {
    let view: LedgerView = args.socket.get("/v1/leases")?;
    if out.json() {
        return out.value(&view);
    }
    // A hall that follows no plan has nothing to say of why.
    let ahead: Option<AheadView> = args.socket.get("/v1/plan").ok();
    out.text(page(&view, ahead.as_ref()))
}

fn page(view: &LedgerView, ahead: Option<&AheadView>) -> String {
    let mut page = format!("leases {}, waiting {}\n", view.leases.len(), view.waiting.len());
    if let Some(of) = &view.recovering {
        // Writing to text does not fail.
        let _ = writeln!(page, "{}", recovering(of));
    }
    if view.leases.is_empty() && view.waiting.is_empty() && view.places.is_empty() {
        return page;
    }
    // Writing to text does not fail.
    let _ = writeln!(
        page,
        "\n{:<9} {:<10} {:>9}  {:<8} {:<17} {:<17} job",
        "lease", "client", "kW", "state", "from", "until"
    );
    for of in view.leases.iter().chain(&view.waiting) {
        let _ = writeln!(page, "{}{}", line(of), planned(of, ahead));
    }
    for of in view.places.iter().filter(|of| of.stage != Stage::Within || !of.judged) {
        let _ = writeln!(page, "\n{}", place(of));
    }
    page
}

/// "recovering: what was known of leases is lost; 2 that the broker had kept may be renewed for 240 s more, and what is new is lent by what flows".
fn recovering(of: &RecoveringView) -> String {
    let Some(left) = of.left_s else {
        return "nothing is lent yet: it is not read what the broker keeps of leases".to_owned();
    };
    let (left, unrenewed) = (fixed(left, 0), of.unrenewed);
    format!(
        "recovering: what was known of leases is lost; {unrenewed} that the broker had kept may be renewed for {left} s more, and \
         what is new is lent by what flows"
    )
}

fn line(of: &LeaseView) -> String {
    let watts = of.wants_w.unwrap_or(of.may_w);
    let begins = of.start_ms.or(of.schedule.first().map(|(at, _)| *at));
    let [from, until] = [begins, of.end_ms].map(|at| at.map_or_else(|| "-".to_owned(), minute));
    let said = format!("{}{}{}{}", waits(of), rests(of), late(of), cannot(of));
    let (kw, waits) = (fixed(watts / 1e3, 1), said);
    let line = format!(
        "{:<9} {:<10} {kw:>9}  {:<8} {from:<17} {until:<17} {}{waits}",
        of.lease_id, of.client, of.state, of.job
    );
    line.trim_end().to_owned()
}

/// "rack-a01: breach 1-3 (critical) of lease 1-7 of slurm since …: draws 14.2 kW of 10.0, capped to that".
fn place(of: &PlaceView) -> String {
    if of.stage == Stage::Within {
        return format!("{}: what draws there and is nobody's is not known, so nothing is judged", of.place);
    }
    let word = match of.stage {
        Stage::Within | Stage::Noticed | Stage::Capped => "excess",
        Stage::Breached => "breach",
        Stage::Escalated => "escalated breach",
    };
    let [case, lease, client] = [&of.case_id, &of.lease_id, &of.client].map(|of| of.as_deref().unwrap_or("unknown"));
    let kw = |watts: Option<f64>| watts.map_or_else(|| "?".to_owned(), |watts| fixed(watts / 1e3, 1));
    let (drawn, may) = (kw(of.drawn_w), kw(of.base_w.map(|base| base + of.charged_w)));
    let since = of.since_ms.map_or_else(|| "-".to_owned(), minute);
    let grave = if of.critical { ", critical" } else { "" };
    let capped = if of.capped_w.is_some() { ", capped to that" } else { "" };
    format!(
        "{}: {word} {case}{grave}, lease {lease} of {client}, since {since}: draws {drawn} kW of {may}{capped}{}",
        of.place,
        shares(of)
    )
}

/// "; there: 1-7 of slurm with 6.0 kW, 1-9 of kueue with 4.0 kW" where several have leases.
fn shares(of: &PlaceView) -> String {
    if of.leases.len() < 2 {
        return String::new();
    }
    let one = |of: &ShareView| format!("{} of {} with {} kW", of.lease_id, of.client, fixed(of.may_w / 1e3, 1));
    format!("; there: {}", of.leases.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// ", for the window `night`, 12 min" of one that waits.
fn waits(of: &LeaseView) -> String {
    let Some(why) = of.waits_for else { return String::new() };
    let what = match (&of.window, why.word()) {
        (Some(name), "window") => format!("the window `{name}`"),
        (_, word) => word.to_owned(),
    };
    let waited = of.waited_s.map(|s| format!(", since {} min", fixed(s / 60.0, 0))).unwrap_or_default();
    format!("; waits for {what}{waited}")
}

/// "; planned: 12.30 EUR cheaper than as early as limits allow (energy 12.30 less)" of one that the plan which is followed knows.
fn planned(of: &LeaseView, ahead: Option<&AheadView>) -> String {
    let told = ahead.and_then(|ahead| ahead.jobs.iter().find(|job| job.lease_id == of.lease_id));
    let said = told.map_or_else(String::new, |job| job.said.join("; "));
    if said.is_empty() { said } else { format!("; planned: {said}") }
}

/// "; pauses from 2026-12-01 02:00Z to 2026-12-01 04:00Z" of one that a plan lets rest.
fn rests(of: &LeaseView) -> String {
    let mut pairs = of.schedule.iter().zip(of.schedule.iter().skip(1));
    let rests = pairs.find(|((_, rests), (_, goes_on))| *rests <= 0.0 && *goes_on > 0.0);
    rests.map_or_else(String::new, |((from, _), (to, _))| format!("; pauses from {} to {}", minute(*from), minute(*to)))
}

/// "; late for 2026-12-01 06:00Z" of one whose job will not be done in time.
fn late(of: &LeaseView) -> String {
    let by = of.deadline_ms.filter(|_| of.late);
    by.map_or_else(String::new, |by| format!("; late for {}", minute(by)))
}

/// "; cannot come down" of one whose client has said that, "; no answer" where it has not said anything of being lowered.
const fn cannot(of: &LeaseView) -> &'static str {
    match (of.cannot, of.unanswered) {
        (true, _) => "; cannot come down",
        (false, true) => "; no answer",
        (false, false) => "",
    }
}

/// "2026-12-01 02:00Z".
fn minute(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map_or_else(|_| "-".to_owned(), |at| at.strftime("%Y-%m-%d %H:%MZ").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn lease(more: &Value) -> Value {
        let mut of = json!({
            "lease_id": "1-7", "client": "slurm", "request": "r", "job": "train", "state": "held", "epoch": 1, "seq": 1,
            "schedule": [[1_784_073_600_000_i64, 60e3]], "end_ms": 1_784_077_200_000_i64, "floor_w": 0.0, "ttl_s": 300.0,
            "expires_ms": 0, "renew_after_s": 100.0, "grace_s": 60.0, "notice_s": 60.0, "on_expiry": "stop",
            "priority": 100, "may_w": 60e3, "wants_w": null, "waits_for": null, "window": null, "waited_s": null,
            "start_ms": null, "deadline_ms": null, "done_ms": null, "late": false,
        });
        for (key, value) in more.as_object().expect("fields") {
            of[key] = value.clone();
        }
        of
    }

    fn rack(more: &Value) -> Value {
        let mut of = json!({
            "place": "rack-a01", "stage": "breached", "judged": true, "case_id": "1-3", "lease_id": "1-7", "client": "slurm",
            "leases": [
                { "lease_id": "1-7", "client": "slurm", "may_w": 6e3 }, { "lease_id": "1-9", "client": "kueue", "may_w": 4e3 },
            ],
            "since_ms": 1_784_073_600_000_i64, "critical": true, "drawn_w": 14.2e3, "charged_w": 10e3, "base_w": 1.5e3, "capped_w": 11.5e3,
        });
        for (key, value) in more.as_object().expect("fields") {
            of[key] = value.clone();
        }
        of
    }

    #[test]
    fn each_has_a_line_with_what_it_draws_or_wants_and_what_it_waits_for() {
        let waits = json!({
            "lease_id": "1-8", "job": "later", "state": "waiting", "schedule": [], "end_ms": null, "may_w": 0.0, "wants_w": 420e3,
            "waits_for": "plan", "waited_s": 720.0, "start_ms": 1_784_080_800_000_i64, "deadline_ms": 1_784_084_400_000_i64, "late": true,
        });
        let night =
            json!({ "state": "waiting", "waits_for": "window", "window": "night", "wants_w": 1e3, "waited_s": 60.0 });
        let rests = json!({
            "lease_id": "1-9", "job": "rests", "may_w": 0.0,
            "schedule": [[1_784_073_600_000_i64, 0.0], [1_784_077_200_000_i64, 60e3], [1_784_080_800_000_i64, 0.0]],
        });
        let view = json!({
            "epoch": 1, "at_ms": 0, "leases": [lease(&json!({})), lease(&rests)], "waiting": [lease(&waits), lease(&night)], "notices": [],
            "places": [rack(&json!({})), rack(&json!({ "stage": "within", "judged": false, "place": "rack-a02" }))],
            "answers": [], "last": 0,
        });
        let job = |lease_id: &str, said: &[&str]| {
            json!({
                "lease_id": lease_id, "client": "slurm", "request": "r", "job": "later", "begun": false, "runs": [], "why": { "reason": "at-once" },
                "held_by": null, "short": null, "said": said,
            })
        };
        let ahead = json!({
            "asked": 1, "followed": 1, "from": null, "ended": null, "plans": 1, "late": 0, "targets_w": [], "currency": "EUR", "slots": [],
            "jobs": [job("1-6", &["of another"]), job("1-8", &["at once: waiting would not be cheaper", "short of 3.0 kWh because of feed row-a"])],
        });
        let ahead = serde_json::from_value(ahead).expect("a plan");
        let said = page(&serde_json::from_value(view).expect("a view"), Some(&ahead));
        assert_eq!(said.matches("planned: ").count(), 1, "{said}");
        for words in [
            "leases 2, waiting 2",
            "0.0  held     2026-07-15 00:00Z 2026-07-15 01:00Z rests; pauses from 2026-07-15 00:00Z to 2026-07-15 01:00Z",
            "1-7       slurm           60.0  held     2026-07-15 00:00Z 2026-07-15 01:00Z train",
            "420.0  waiting  2026-07-15 02:00Z -                 later; waits for plan, since 12 min; late for 2026-07-15 03:00Z; planned: at once: waiting would not be cheaper; short of 3.0 kWh because of feed row-a\n",
            "waits for the window `night`, since 1 min",
            "rack-a01: breach 1-3, critical, lease 1-7 of slurm, since 2026-07-15 00:00Z: draws 14.2 kW of 11.5, capped to that; there: 1-7 of slurm with 6.0 kW, 1-9 of kueue with 4.0 kW",
            "rack-a02: what draws there and is nobody's is not known",
        ] {
            assert!(said.contains(words), "no `{words}` in\n{said}");
        }
        let lost = json!({ "left_s": 239.6, "unrenewed": 2 });
        let lost = json!({ "epoch": 1, "at_ms": 0, "leases": [lease(&json!({ "state": "kept" }))], "waiting": [], "notices": [], "places": [], "answers": [], "last": 0, "recovering": lost });
        let said = page(&serde_json::from_value(lost).expect("a view"), None);
        for words in
            ["leases 1, waiting 0", "is lost; 2 that the broker had kept may be renewed for 240 s more", "60.0  kept "]
        {
            assert!(said.contains(words), "no `{words}` in\n{said}");
        }
        let none = json!({ "epoch": 1, "at_ms": 0, "leases": [], "waiting": [], "notices": [], "places": [], "answers": [], "last": 0 });
        assert_eq!(page(&serde_json::from_value(none).expect("a view"), None), "leases 0, waiting 0\n");
    }
}
