//! What the broker keeps of leases, where our own store is lost or new: read before anybody is answered, and handed to control.

use std::sync::Arc;
use std::time::Duration;

use plant::hall::Hall;
use plant::time::Wall;
use serde::Deserialize;

use super::Shared;
use super::event::{instant, span};
use crate::adapters::mqtt::{self, Kept};
use crate::control::ledger::lease::Step;
use crate::control::ledger::message::{Class, Flex, JOB, LeaseId, OnExpiry, Power, Said, Wish};
use crate::control::ledger::recover::{Found, Retained};
use crate::control::ledger::tree::Place;
use crate::control::request::{Ask, Request};

/// How often it is looked how far the reading is.
const LOOK: Duration = Duration::from_millis(50);
/// Nothing more is kept where nothing came for so long: brokers may tell what they keep behind what is said meanwhile.
const QUIET: u32 = 10;
/// What was said there comes back within so long, where it may be read at all.
const PATIENCE: u32 = 100;
/// How long after its end a lease that the broker still keeps is charged no more (ms).
const ENDED: i64 = 3_600_000;
/// What was said by a clock that runs ahead by more is of another time (ms).
const AHEAD: i64 = 300_000;

#[derive(Deserialize)]
struct Event {
    source: String,
    #[serde(rename = "type")]
    kind: String,
    time: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    client: String,
    lease_id: String,
    request_id: String,
    #[serde(default)]
    job: String,
    state: String,
    epoch: u64,
    seq: u64,
    schedule: Vec<StepSaid>,
    w: f64,
    end_at: Option<String>,
    floor_w: f64,
    ttl_s: f64,
    notice_s: f64,
    on_expiry: OnExpiry,
    priority: i32,
    domain: Vec<Part>,
    class: Class,
    flex: FlexSaid,
    peak_factor: f64,
}

#[derive(Deserialize)]
struct StepSaid {
    start: String,
    w: f64,
}

#[derive(Deserialize)]
struct Part {
    domain: String,
    share: f64,
}

#[derive(Deserialize)]
struct FlexSaid {
    checkpoint_s: f64,
    min_run_s: f64,
    max_pauses: Option<u32>,
    shed_time_s: f64,
}

impl Shared {
    /// Reads what the broker keeps and hands it to control; until then nobody is answered.
    pub(super) async fn recover(self: &Arc<Self>) {
        let read = self.reads().await;
        let (kept, over) = self.mqtt.take_kept();
        let now = self.clock.trusted().then(|| self.clock.wall());
        let (found, ended) = found(&self.hall, &kept, (over, read), now);
        for of in ended {
            self.publish(&format!("budget/{}/lease/{}", of.client, of.lease), Vec::new(), true);
        }
        if !read {
            tracing::error!("what the broker keeps of leases cannot be read: install config/mosquitto.acl");
        }
        let ask = Ask::Ledger(Said::Found(found));
        drop(self.asker.insist(&Request { who: "service".to_owned(), ask }, None).await);
    }

    /// Waits until all that is kept has come. False where nobody can tell.
    async fn reads(&self) -> bool {
        let (mut waited, mut quiet, mut came) = (None::<u32>, 0_u32, 0);
        loop {
            tokio::time::sleep(LOOK).await;
            let reading = self.mqtt.reading();
            if reading.refused {
                return false;
            }
            if !reading.granted {
                waited = None;
                continue;
            }
            quiet = if reading.came == came { quiet.saturating_add(1) } else { 0 };
            came = reading.came;
            let Some(so_long) = waited else {
                self.publish(&format!("budget/{0}/lease/{0}", mqtt::MARK), b"read".to_vec(), false);
                waited = Some(0);
                continue;
            };
            waited = Some(so_long.saturating_add(1));
            if reading.marked && quiet >= QUIET {
                return true;
            }
            if !reading.marked && quiet >= PATIENCE {
                return false;
            }
        }
    }
}

/// What was found: leases of this hall, and how many messages are none; and what was over when it was told last, or is since long.
fn found<'k>(hall: &Hall, kept: &'k [Kept], (over, read): (u32, bool), now: Option<Wall>) -> (Found, Vec<&'k Kept>) {
    let mut ended = Vec::new();
    let mut found = Found { passed: over, read, ..Found::default() };
    for of in kept {
        match lease(hall, of, now) {
            Ok(Some(lease)) => found.kept.push(lease),
            Ok(None) => ended.push(of),
            Err(why) => {
                tracing::warn!(client = of.client, lease = of.lease, why, "what the broker keeps is no lease of ours");
                found.passed = found.passed.saturating_add(1);
            }
        }
    }
    (found, ended)
}

/// A lease as it was told last; nothing of one that was over.
fn lease(hall: &Hall, of: &Kept, now: Option<Wall>) -> Result<Option<Retained>, String> {
    let payload = of.payload.as_ref().ok_or("it is too large")?;
    let event: Event = serde_json::from_slice(payload).map_err(|e| e.to_string())?;
    let data = event.data;
    if event.kind != "wattloop.budget.lease.v1" || event.source != format!("//wattloop/{}/budget", hall.site) {
        return Err("it is of another kind, or of another site".to_owned());
    }
    if data.client != of.client || data.lease_id != of.lease {
        return Err("its topic is another lease's".to_owned());
    }
    let told = instant("time", &event.time)?;
    if now.is_some_and(|now| told.0 > now.0.saturating_add(AHEAD)) {
        return Err("it is from the future".to_owned());
    }
    // One that comes down to its floor may be renewed there.
    if data.state == "leaving" && data.w <= 0.0 && data.schedule.iter().all(|step| step.w <= 0.0) {
        return Ok(None);
    }
    let end = data.end_at.as_deref().map(|at| instant("end_at", at)).transpose()?;
    // What ended while nobody looked is not drawn any more, and its room stays charged for nobody.
    if now.zip(end).is_some_and(|(now, end)| end.0.saturating_add(ENDED) <= now.0) {
        return Ok(None);
    }
    let steps: Vec<Step> = data
        .schedule
        .iter()
        .map(|of| Ok(Step { start: instant("start", &of.start)?, watts: of.w }))
        .collect::<Result<_, String>>()?;
    let lease = LeaseId::parse(&data.lease_id).ok_or("its name is none of ours")?;
    let (state, watts, notice) = ((data.epoch, data.seq), data.w, span("notice_s", data.notice_s)?);
    let (client, request) = (data.client.clone(), data.request_id.clone());
    let wish = wish(hall, data, steps.iter().map(|step| step.watts).fold(watts, f64::max))?;
    Ok(Some(Retained { client, request, lease, state, wish, steps, end, watts, notice }))
}

/// What it was for, of so much at the most (W).
fn wish(hall: &Hall, data: Data, wanted: f64) -> Result<Wish, String> {
    let place = |part: &Part| {
        let rack = || (0..hall.power.racks.len()).find(|rack| hall.fed_rack(*rack) == part.domain);
        let found = hall.power.feed(&part.domain).map(Place::Feed).or_else(|| rack().map(Place::Rack));
        found.map(|place| (place, part.share)).ok_or_else(|| format!("the hall has no `{}`", part.domain))
    };
    let peak = (data.peak_factor > 1.0).then_some(wanted * data.peak_factor);
    let flex = Flex {
        checkpoint: span("flex.checkpoint_s", data.flex.checkpoint_s)?,
        min_run: span("flex.min_run_s", data.flex.min_run_s)?,
        max_pauses: data.flex.max_pauses,
        shed: span("flex.shed_time_s", data.flex.shed_time_s)?,
        floor: data.floor_w.min(wanted),
    };
    let first = data.domain.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    let wish = Wish {
        places: first,
        power: Power { least: 0.0, wanted, peak },
        class: data.class,
        flex,
        priority: data.priority,
        ttl: Some(span("ttl_s", data.ttl_s)?),
        on_expiry: data.on_expiry,
        job: data.job.chars().take(JOB).collect(),
        ..Wish::firm(Place::Rack(0), 0.0)
    };
    if wish.is_sound() { Ok(wish) } else { Err("it is no lease that could have been lent".to_owned()) }
}

#[cfg(test)]
mod tests {
    use plant::time::Span;
    use serde_json::{Value, json};

    use super::*;
    use crate::control::ledger::view::{LeaseView, Rest};
    use crate::service::budget::event::Trace;
    use crate::service::budget::write;

    const NOW: Wall = Wall(1_784_073_600_000);

    fn hall() -> Hall {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        Hall::load("air", text).expect("loads")
    }

    /// 60 kW below a feed and in a rack, in steps, told now.
    fn told(hall: &Hall) -> Value {
        let view = json!({
            "lease_id": "3-7", "client": "slurm", "request": "r1", "job": "train", "state": "held", "epoch": 4, "seq": 9,
            "schedule": [[NOW.0 - 60_000, 60e3], [NOW.0 + 60_000, 40e3], [NOW.0 + 120_000, 0.0]], "end_ms": NOW.0 + 120_000,
            "floor_w": 20e3, "ttl_s": 300.0, "expires_ms": NOW.0, "renew_after_s": 100.0, "grace_s": 60.0, "notice_s": 90.0,
            "on_expiry": "pause", "priority": 7, "may_w": 60e3, "wants_w": null, "waits_for": null, "window": null,
            "waited_s": null, "start_ms": null, "deadline_ms": null, "done_ms": null, "late": false,
        });
        let mut view: LeaseView = serde_json::from_value(view).expect("a view");
        let feed = hall.power.feed("pdu-a1").expect("a feed");
        let flex = Flex {
            checkpoint: Span::from_secs(600),
            shed: Span::from_secs(30),
            max_pauses: Some(2),
            ..Flex::default()
        };
        view.rest = Some(Rest {
            places: vec![(Place::Feed(feed), 0.25), (Place::Rack(1), 0.75)],
            class: Class::Curtailable,
            flex,
            kept: 1.2,
        });
        let bytes =
            write::event((&hall.site, "lease", "3-7"), (1, NOW), (&write::kept(hall, &view), &Trace::default()));
        serde_json::from_slice(&bytes).expect("JSON")
    }

    fn kept(event: &Value) -> Kept {
        Kept { client: "slurm".to_owned(), lease: "3-7".to_owned(), payload: Some(event.to_string().into_bytes()) }
    }

    #[test]
    fn what_was_told_of_a_lease_is_enough_to_take_it_up_again() {
        let hall = hall();
        let of = lease(&hall, &kept(&told(&hall)), Some(NOW)).expect("a lease").expect("that lives");
        assert_eq!((of.lease, of.state, of.watts), (LeaseId { epoch: 3, number: 7 }, (4, 9), 60e3));
        assert_eq!((of.client.as_str(), of.request.as_str(), of.end), ("slurm", "r1", Some(Wall(NOW.0 + 120_000))));
        assert_eq!(of.steps.iter().map(|step| step.watts).collect::<Vec<_>>(), [60e3, 40e3, 0.0]);
        assert_eq!(of.notice, Span::from_secs(90));
        let wish = of.wish;
        let places = [(Place::Feed(hall.power.feed("pdu-a1").expect("a feed")), 0.25), (Place::Rack(1), 0.75)];
        assert_eq!((wish.places.as_slice(), wish.class, wish.priority), (&places[..], Class::Curtailable, 7));
        assert_eq!((wish.power.wanted, wish.power.kept(), wish.flex.floor), (60e3, 1.2, 20e3));
        assert_eq!((wish.flex.max_pauses, wish.flex.shed), (Some(2), Span::from_secs(30)));
        assert_eq!(
            (wish.ttl, wish.on_expiry, wish.job.as_str()),
            (Some(Span::from_secs(300)), OnExpiry::Pause, "train")
        );
    }

    #[test]
    fn what_is_none_of_ours_is_counted_and_what_is_over_is_not() {
        let hall = hall();
        let whole = told(&hall);
        let with = |pointer: &str, value: Value| {
            let mut event = whole.clone();
            *event.pointer_mut(pointer).expect("it is there") = value;
            kept(&event)
        };
        let text = whole.to_string();
        let mut wrong: Vec<Kept> = vec![
            with("/source", json!("//wattloop/elsewhere/budget")),
            with("/type", json!("wattloop.budget.notice.v1")),
            with("/time", json!("2099-01-01T00:00:00Z")),
            with("/data/client", json!("kueue")),
            with("/data/lease_id", json!("3-8")),
            with("/data/domain/0/domain", json!("pdu-z9")),
            with("/data/domain/0/share", json!(9.0)),
            with("/data/schedule/0/w", json!(1e300)),
            with("/data/ttl_s", json!(-1)),
            with("/data/epoch", json!(-1)),
            with("/data/floor_w", json!("much")),
            Kept { payload: None, ..kept(&whole) },
            Kept { client: "kueue".to_owned(), ..kept(&whole) },
        ];
        let cut = |end: usize| Kept { payload: Some(text.as_bytes()[..end].to_vec()), ..kept(&whole) };
        wrong.extend((0..text.len()).step_by(37).map(cut));
        let count = u32::try_from(wrong.len()).expect("few");
        let mut leaves = told(&hall);
        (leaves["data"]["state"], leaves["data"]["w"]) = (json!("leaving"), json!(0.0));
        leaves["data"]["schedule"] = json!([{ "start": "2026-07-15T00:00:00Z", "w": 0.0 }]);
        wrong.push(kept(&leaves));
        let floor = (with("/data/state", json!("leaving")), "it comes down to something, and may be renewed there");
        assert!(lease(&hall, &floor.0, Some(NOW)).expect("a lease").is_some(), "{}", floor.1);
        wrong.push(with("/data/end_at", json!("2026-07-14T00:00:00Z")));
        wrong.push(kept(&whole));
        let (found, ended) = found(&hall, &wrong, (3, true), Some(NOW));
        assert_eq!((found.kept.len(), found.passed, found.read), (1, count + 3, true));
        assert_eq!(ended.len(), 2, "their messages are cleared");
    }
}
