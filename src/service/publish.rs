//! What the service says over MQTT: points, status, alarms and events as topics and payloads.
//!
//! | Topic below `wattloop/v1/<site>/` | QoS | Kept | When |
//! |---|---|---|---|
//! | `point/<equip>/<name>` | 0 | no | on a change beyond a deadband or of quality, and every 100 s |
//! | `status` | 1 | yes | on a change of state, and every 10 s |
//! | `alarm/<name>` | 1 | while not normal | on a change; deleted on return |
//! | `event` | 1 | no | each |

mod grid;
mod leases;
mod prices;
mod windows;

use std::collections::BTreeMap;
use std::sync::Arc;

use plant::convert;
use plant::event::{BatteryNews, Commissioning, Event, PeakNews, PlanNews, Severity, Supervision, What};
use plant::hall::Hall;
use plant::id::{Id, PointId, Table};
use plant::image::Inputs;
use plant::reading::Reading;
use plant::time::{Mono, Span, Tick};
use plant::units::Unit;
use serde_json::{Value, json};

use crate::adapters::mqtt::{Publication, Qos};
use crate::control::report::{AlarmView, Status};
use crate::control::request::{Refusal, Reply};

/// A point is said again at least this often.
const REFRESH: Span = Span::from_secs(100);
/// The status is said again this often; whoever listens may call it stale after 120 s.
const HEARTBEAT: Span = Span::from_secs(10);
/// An alarm whose text alone changes is said again no more often than this.
const DETAIL: Span = Span::from_secs(10);
/// A change smaller than this share of the last value is not said.
const RELATIVE: f64 = 0.002;

/// What the service is doing, as `status` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It controls, and nothing is wrong.
    Ready,
    /// It controls, and something is wrong: an alarm, or readings are lost.
    Degraded,
    /// It computes and writes nothing.
    Shadow,
    /// It has handed over to fail-safe values.
    Stopping,
}

impl Doing {
    /// What a status means.
    #[must_use]
    pub const fn of(status: &Status, shadow: bool) -> Self {
        if shadow {
            Self::Shadow
        } else if status.alarms.is_empty() && status.readings.lost == 0 {
            Self::Ready
        } else {
            Self::Degraded
        }
    }

    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Degraded => "degraded",
            Self::Shadow => "shadow",
            Self::Stopping => "stopping",
        }
    }
}

/// Remembers what has been said, so that only what is new is said again.
#[derive(Debug)]
pub struct Publisher {
    hall: Arc<Hall>,
    points: Table<PointId, Option<Said>>,
    status: Option<(Doing, Mono)>,
    alarms: BTreeMap<String, (Option<AlarmView>, Mono)>,
}

/// A point as it was last said.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Said {
    value: Option<f64>,
    quality: u16,
    due: Mono,
}

impl Publisher {
    /// A publisher that has said nothing.
    #[must_use]
    pub fn new(hall: Arc<Hall>) -> Self {
        let points = Table::filled(hall.points.len(), None);
        Self { hall, points, status: None, alarms: BTreeMap::new() }
    }

    /// The points that are to be said after a scan: `{"v", "u", "q", "ts", "seq"}`; `v` is null when the reading is lost and
    /// `ts` is the wall time (ms) of the source read. What was never read is not said.
    pub fn points(
        &mut self,
        tick: Tick,
        inputs: &Inputs,
        reading: impl Fn(PointId) -> Reading<f64>,
    ) -> Vec<Publication> {
        let mut news = Vec::new();
        for (id, def) in self.hall.points.iter() {
            let (Some(said), Some(sample)) = (self.points.get_mut(id), inputs.samples.get(id)) else { continue };
            let (value, quality) = wire(reading(id));
            if said.is_none() && value.is_none() {
                continue;
            }
            if said.is_some_and(|s| s.due > tick.mono && s.quality == quality && !moved(s.value, value, def.unit)) {
                continue;
            }
            // The first refresh is spread over the period, so that a hall does not speak all at once for ever.
            let spread = Span::from_secs(convert::u64_from_usize(id.index() % 100).saturating_add(1));
            let due = tick.mono.after(if said.is_none() { spread } else { REFRESH });
            *said = Some(Said { value, quality, due });
            let age_ms = i64::try_from(tick.mono.since(sample.at).millis()).unwrap_or(i64::MAX);
            let payload = json!({
                "v": value, "u": def.unit.code(), "q": quality, "ts": tick.wall.0.saturating_sub(age_ms), "seq": tick.seq,
            });
            news.push(say(&format!("point/{}", def.name), &payload, false, Qos::AtMostOnce));
        }
        news
    }

    /// The status, if it is due: `{"state": "ready" | "degraded" | "shadow" | "stopping", …}`, kept by the broker. The broker
    /// itself says `{"state": "offline"}` when we are gone.
    pub fn status(&mut self, doing: Doing, status: &Status, tick: Tick) -> Option<Publication> {
        let fresh = |(last, at): (Doing, Mono)| last == doing && tick.mono.since(at) < HEARTBEAT;
        if self.status.is_some_and(fresh) {
            return None;
        }
        self.status = Some((doing, tick.mono));
        let payload = json!({
            "state": doing.word(), "ts": tick.wall.0, "seq": tick.seq, "hall": status.hall, "version": env!("CARGO_PKG_VERSION"),
            "uptime_s": status.uptime_s, "clock_trusted": status.clock_trusted, "readings": status.readings,
            "alarms": status.alarms.len(), "overrides": status.overrides.len(), "worst_inlet": status.worst_inlet,
            "facility_kw": status.facility_kw, "it_kw": status.it_kw,
        });
        Some(say("status", &payload, true, Qos::AtLeastOnce))
    }

    /// The alarms that are to be said. The first time, those that are normal are deleted: an earlier run may have left them.
    pub fn alarms(&mut self, status: &Status, tick: Tick) -> Vec<Publication> {
        let mut news = Vec::new();
        for (_, def) in self.hall.alarms.iter() {
            let now = status.alarms.iter().find(|view| view.name == def.name);
            let wanted = match (self.alarms.get(&def.name), now) {
                (None, _) => true,
                (Some((None, _)), now) => now.is_some(),
                (Some((Some(_), _)), None) => true,
                (Some((Some(last), at)), Some(view)) => {
                    (&last.state, &last.priority) != (&view.state, &view.priority)
                        || (last != view && tick.mono.since(*at) >= DETAIL)
                }
            };
            if !wanted {
                continue;
            }
            self.alarms.insert(def.name.clone(), (now.cloned(), tick.mono));
            let topic = format!("alarm/{}", def.name);
            news.push(match now {
                Some(view) => say(&topic, &with_time(json!(view), tick), true, Qos::AtLeastOnce),
                None => Publication { topic, payload: Vec::new(), retain: true, qos: Qos::AtLeastOnce },
            });
        }
        news
    }

    /// One message for each event: `{"ts", "seq", "severity", "subject", "what", …}`.
    #[must_use]
    pub fn events(&self, events: &[Event], tick: Tick) -> Vec<Publication> {
        let one = |event: &Event| {
            let severity = match event.severity {
                Severity::Info => "info",
                Severity::Warning => "warning",
                Severity::Error => "error",
            };
            let payload =
                json!({ "severity": severity, "subject": event.subject(&self.hall), "what": what(&event.what) });
            say("event", &with_time(payload, tick), false, Qos::AtLeastOnce)
        };
        events.iter().map(one).collect()
    }
}

/// The payload that answers what came with this id: `{"id", "code", …}`. The code is `accepted` or control's own refusal.
#[must_use]
pub fn answer(id: &str, reply: &Reply) -> Vec<u8> {
    let payload = match reply {
        Reply::Accepted { expires, note } => {
            json!({ "id": id, "code": "accepted", "expires": expires.map(|wall| wall.0), "note": note })
        }
        Reply::Refused(Refusal::OutOfRange { min, max }) => {
            json!({ "id": id, "code": "out_of_range", "min": min, "max": max })
        }
        Reply::Lease(_) => json!({ "id": id, "code": "accepted" }),
        Reply::Refused(refusal) => json!({ "id": id, "code": refusal.code() }),
    };
    payload.to_string().into_bytes()
}

fn say(topic: &str, payload: &Value, retain: bool, qos: Qos) -> Publication {
    Publication { topic: topic.to_owned(), payload: payload.to_string().into_bytes(), retain, qos }
}

fn with_time(mut payload: Value, tick: Tick) -> Value {
    if let Value::Object(fields) = &mut payload {
        fields.insert("ts".to_owned(), json!(tick.wall.0));
        fields.insert("seq".to_owned(), json!(tick.seq));
    }
    payload
}

/// The value and the quality code; a number that is none is lost.
fn wire(reading: Reading<f64>) -> (Option<f64>, u16) {
    let (value, quality) = match reading {
        Reading::Fresh(value) => (value, 192),
        Reading::Stale { last, .. } => (last, 500),
        Reading::Lost { .. } => (f64::NAN, 0),
    };
    if value.is_finite() { (Some(value), quality) } else { (None, 0) }
}

fn moved(last: Option<f64>, now: Option<f64>, unit: Unit) -> bool {
    match (last, now) {
        (Some(a), Some(b)) => (a - b).abs() > deadband(unit).max(RELATIVE * a.abs()),
        (None, None) => false,
        (Some(_), None) | (None, Some(_)) => true,
    }
}

/// The smallest change worth a message, in the unit.
const fn deadband(unit: Unit) -> f64 {
    match unit {
        Unit::Cel | Unit::Fahrenheit | Unit::Kelvin => 0.05,
        Unit::Percent | Unit::PercentRh => 0.2,
        Unit::Watt | Unit::WattHour | Unit::Pascal | Unit::PerMinute => 1.0,
        Unit::LiterPerSecond | Unit::Ampere | Unit::Volt | Unit::Hertz => 0.01,
        Unit::Kilowatt
        | Unit::Megawatt
        | Unit::KilowattHour
        | Unit::MegawattHour
        | Unit::LiterPerMinute
        | Unit::CubicMeterPerHour
        | Unit::Kilopascal
        | Unit::Bar
        | Unit::One
        | Unit::Second => 1e-3,
    }
}

/// What the supervisor tells, as fields; powers in watts.
fn supervision(news: &Supervision) -> Value {
    match news {
        Supervision::Moved { lever, from, to, saves } => {
            json!({ "kind": "setpoint_moved", "lever": lever.word(), "from": from, "to": to, "saves": saves })
        }
        Supervision::Proved { saves, expected } => {
            json!({ "kind": "setpoints_proved", "saves": saves, "expected": expected })
        }
        Supervision::Retired => json!({ "kind": "supervisor_retired" }),
        Supervision::GoneHome => json!({ "kind": "setpoints_gone_home" }),
        Supervision::Switched(on) => json!({ "kind": "supervisor_switched", "on": on }),
    }
}

/// What commissioning tells, as fields.
fn commissioning(news: &Commissioning) -> Value {
    match news {
        Commissioning::TrialBegun => json!({ "kind": "trial_begun" }),
        Commissioning::TrialOver(end) => json!({ "kind": "trial_over", "end": end.word() }),
        Commissioning::Retuned => json!({ "kind": "retuned" }),
        Commissioning::Reverted => json!({ "kind": "reverted" }),
        Commissioning::ForceBegun => json!({ "kind": "force_begun" }),
        Commissioning::ForceOver(end) => json!({ "kind": "force_over", "end": end.word() }),
        Commissioning::SilenceBegun => json!({ "kind": "silence_begun" }),
        Commissioning::SilenceOver(end) => json!({ "kind": "silence_over", "end": end.word() }),
        Commissioning::Exchanged { hours } => json!({ "kind": "exchanged", "hours": hours }),
        Commissioning::CheckedOut { passed, failed } => {
            json!({ "kind": "checked_out", "passed": passed, "failed": failed })
        }
    }
}

/// What happened, as fields: a word in `kind`, and its numbers.
fn peak(news: PeakNews) -> Value {
    let kind = news.word();
    match news {
        PeakNews::Held { demand, allowed } => json!({ "kind": kind, "demand": demand, "allowed_w": allowed }),
        PeakNews::Free => json!({ "kind": kind }),
        PeakNews::Paid { demand, watts } => json!({ "kind": kind, "demand": demand, "watts": watts }),
        PeakNews::PutAside { demand, watts } => {
            json!({ "kind": kind, "name": demand.to_string(), "watts": watts })
        }
        PeakNews::Anew { demand } => json!({ "kind": kind, "name": demand.to_string() }),
        PeakNews::RideEnded(why) => json!({ "kind": kind, "why": why.word() }),
        PeakNews::Unread(on) | PeakNews::Unsure(on) | PeakNews::Rides(on) | PeakNews::PreCools(on) => {
            json!({ "kind": kind, "on": on })
        }
    }
}

fn battery(news: BatteryNews) -> Value {
    let kind = news.word();
    match news {
        BatteryNews::Gives(on)
        | BatteryNews::Charges(on)
        | BatteryNews::Doubted(on)
        | BatteryNews::Lags(on)
        | BatteryNews::Empty(on) => json!({ "kind": kind, "on": on }),
        BatteryNews::ProofBegun | BatteryNews::ProofDue => json!({ "kind": kind }),
        BatteryNews::Proved { percent } => json!({ "kind": kind, "percent": percent }),
        BatteryNews::ProofEnded(why) => json!({ "kind": kind, "why": why.word() }),
    }
}

fn what(what: &What) -> Value {
    match what {
        What::Step(step) => json!({ "kind": "step", "step": step.word() }),
        What::Trouble(trouble) => json!({ "kind": "trouble", "trouble": trouble.word() }),
        What::ShutOut(why) => json!({ "kind": "shut_out", "why": why.word() }),
        What::LetIn => json!({ "kind": "let_in" }),
        What::Stage { from, to, cause } => json!({ "kind": "stage", "from": from, "to": to, "cause": cause.word() }),
        What::CapRequested(why) => json!({ "kind": "cap_requested", "why": why.word() }),
        What::CapReleased => json!({ "kind": "cap_released" }),
        What::DrainRequested(why) => json!({ "kind": "drain_requested", "why": why.word() }),
        What::DrainReleased => json!({ "kind": "drain_released" }),
        What::PowerOffRequested(why) => json!({ "kind": "power_off_requested", "why": why.word() }),
        What::CapsLowered(on) => json!({ "kind": "caps_lowered", "on": on }),
        What::NodeSilent(on) => json!({ "kind": "node_silent", "on": on }),
        What::ReadingsApart(on) => json!({ "kind": "readings_apart", "on": on }),
        What::PowerOffReleased => json!({ "kind": "power_off_released" }),
        What::LevelLow(low) => json!({ "kind": "level_low", "low": low }),
        What::AirFound(found) => json!({ "kind": "air_found", "found": found }),
        What::MoreCooling(on) => json!({ "kind": "more_cooling", "on": on }),
        What::DewPointsLost => json!({ "kind": "dew_points_lost" }),
        What::DewPointKnown => json!({ "kind": "dew_point_known" }),
        What::DewPointTrip(tripped) => json!({ "kind": "dew_point_trip", "tripped": tripped }),
        What::Leak(news) => json!({ "kind": "leak", "news": news.word() }),
        What::DoorLeaks(leaks) => json!({ "kind": "door_leaks", "leaks": leaks }),
        What::NoResponse(how) => json!({ "kind": "no_response", "how": how.word() }),
        What::Responds => json!({ "kind": "responds" }),
        What::Sensors(how, on) => json!({ "kind": "sensors", "how": how.word(), "on": on }),
        What::Feed(trouble, on) => json!({ "kind": "feed", "trouble": trouble.word(), "on": on }),
        What::Peak(of) => peak(*of),
        What::Battery(of) => battery(*of),
        What::Plan(PlanNews::Dropped(why)) => json!({ "kind": "plan_dropped", "why": why.word() }),
        What::Plan(of) => json!({ "kind": of.word() }),
        What::ReadingFresh => json!({ "kind": "reading_fresh" }),
        What::ReadingStale(why) => json!({ "kind": "reading_stale", "why": why.to_string() }),
        What::ReadingLost(why) => json!({ "kind": "reading_lost", "why": why.to_string() }),
        What::WriteUnproven { wanted, seen } => json!({ "kind": "write_unproven", "wanted": wanted, "seen": seen }),
        What::WriteForeign { wanted, seen } => json!({ "kind": "write_foreign", "wanted": wanted, "seen": seen }),
        What::WriteFailed(why) => json!({ "kind": "write_failed", "why": why.to_string() }),
        What::WriteProven => json!({ "kind": "write_proven" }),
        What::Leader { level, .. } => json!({ "kind": "leader", "level": level.number() }),
        What::LimitConflict { kept, dropped } => {
            json!({ "kind": "limit_conflict", "kept": kept.number(), "dropped": dropped.number() })
        }
        What::OverrideSet { value } => json!({ "kind": "override_set", "value": value }),
        What::BudgetSet { watts } => json!({ "kind": "budget_set", "watts": watts }),
        What::BudgetOver => json!({ "kind": "budget_over" }),
        What::OverrideReleased => json!({ "kind": "override_released" }),
        What::OverrideExpired => json!({ "kind": "override_expired" }),
        What::AlarmRaised => json!({ "kind": "alarm_raised" }),
        What::AlarmCleared => json!({ "kind": "alarm_cleared" }),
        What::AlarmAcknowledged => json!({ "kind": "alarm_acknowledged" }),
        What::AlarmReset => json!({ "kind": "alarm_reset" }),
        What::ClockTrusted(trusted) => json!({ "kind": "clock_trusted", "trusted": trusted }),
        What::ReloadApplied => json!({ "kind": "reload_applied" }),
        What::MeterWentBack { from, to } => json!({ "kind": "meter_went_back", "from": from, "to": to }),
        What::MeterJumped { from, to } => json!({ "kind": "meter_jumped", "from": from, "to": to }),
        What::Started => json!({ "kind": "started" }),
        What::Stopping => json!({ "kind": "stopping" }),
        What::OverrideDropped => json!({ "kind": "override_dropped" }),
        What::AnnouncedLoadCame => json!({ "kind": "announced_load_came" }),
        What::AnnouncedLoadMissing => json!({ "kind": "announced_load_missing" }),
        What::AnnouncementDropped => json!({ "kind": "announcement_dropped" }),
        What::WriteAcknowledged => json!({ "kind": "write_acknowledged" }),
        What::Supervision(news) => supervision(news),
        What::Commissioning(news) => commissioning(news),
        What::Prices(news) => prices::news(news),
        What::Grid(news) => grid::news(*news),
        What::Lease(news) => leases::news(*news),
        What::Window(news) => windows::news(*news),
    }
}

#[cfg(test)]
mod tests;
