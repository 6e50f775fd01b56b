//! The figures as families with the names of the conventions. A point that is not good has no series, only `up 0`.

use std::fmt;
use std::sync::Weak;

use plant::convert;
use plant::hall::Hall;
use plant::units::Unit;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::Metrics;
use super::batteries::batteries;
use super::figures::{Family, FamilyKind, Figures, Row};
use super::grid::grid;
use super::leases::leases;
use super::peaks::peaks;
use super::prices::prices;
use super::savings::savings;
use super::windows::windows;
use crate::control::report::{FeedView, LimitView, Proof, Written};

/// How points of a canonical unit are named, and the factor to the base unit.
const POINTS: [(Unit, &str, f64); 14] = [
    (Unit::Cel, "point_temperature_celsius", 1.0),
    (Unit::Kelvin, "point_temperature_difference_kelvin", 1.0),
    (Unit::Watt, "point_power_watts", 1.0),
    (Unit::WattHour, "point_energy_joules", 3600.0),
    (Unit::LiterPerSecond, "point_flow_cubic_meters_per_second", 1e-3),
    (Unit::Pascal, "point_pressure_pascals", 1.0),
    (Unit::Percent, "point_ratio", 1e-2),
    (Unit::PercentRh, "point_humidity_ratio", 1e-2),
    (Unit::One, "point_state", 1.0),
    (Unit::PerMinute, "point_speed_hertz", 1.0 / 60.0),
    (Unit::Second, "point_time_seconds", 1.0),
    (Unit::Ampere, "point_current_amperes", 1.0),
    (Unit::Volt, "point_voltage_volts", 1.0),
    (Unit::Hertz, "point_frequency_hertz", 1.0),
];

/// Encodes what [`Metrics`] holds whenever somebody scrapes.
#[derive(Debug)]
pub struct Exposed {
    metrics: Weak<Metrics>,
}

impl Exposed {
    /// Of these metrics. Weak, because they own the registry that owns this.
    pub const fn new(metrics: Weak<Metrics>) -> Self {
        Self { metrics }
    }
}

impl Collector for Exposed {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let Some(metrics) = self.metrics.upgrade() else { return Ok(()) };
        let mut families = metrics.fetched();
        {
            let figures = metrics.figures();
            families.extend(points(&metrics.hall, &figures));
            families.extend(power(&figures));
            families.extend(feeds(&figures));
            families.extend(prices(&figures));
            families.push(windows(&figures));
            families.extend(leases(&figures));
            families.extend(batteries(&figures));
            families.extend(peaks(&figures));
            families.extend(savings(&figures));
            families.extend(grid(&figures));
            families.extend(outputs(&metrics.hall, &figures));
            families.extend(loops(&figures));
            families.extend(service(&figures));
        }
        let overruns = vec![Row::only(convert::f64_from_u64(metrics.overruns()))];
        families.push(Family::counter("cycle_overruns", "Scans that took longer than their period", overruns));
        families.iter().filter(|f| !f.rows.is_empty()).try_for_each(|f| encode(f, &mut encoder))
    }
}

fn encode(family: &Family, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let (kind, counts) = match family.kind {
        FamilyKind::Counter => (MetricType::Counter, true),
        FamilyKind::Gauge => (MetricType::Gauge, false),
    };
    let mut metric = encoder.encode_descriptor(family.name, family.help, None, kind)?;
    if let [only] = family.rows.as_slice()
        && only.labels.is_empty()
    {
        return number(counts, only.value, metric);
    }
    for row in &family.rows {
        let labels: Vec<(&str, &str)> = row.labels.iter().map(|(k, v)| (*k, v.as_str())).collect();
        number(counts, row.value, metric.encode_family(&labels)?)?;
    }
    Ok(())
}

fn number(counts: bool, value: f64, place: MetricEncoder<'_>) -> fmt::Result {
    if counts { ConstCounter::new(value).encode(place) } else { ConstGauge::new(value).encode(place) }
}

fn points(hall: &Hall, figures: &Figures) -> Vec<Family> {
    let mut by_unit: Vec<Vec<Row>> = POINTS.iter().map(|_| Vec::new()).collect();
    let (mut up, mut age) = (Vec::new(), Vec::new());
    for (id, point) in hall.points.iter() {
        let equip = hall.equips.get(point.equip).map_or("", |e| e.name.as_str());
        let labels = [("site", hall.site.as_str()), ("equip", equip), ("point", point.short_name())];
        let fresh = figures.good(id);
        up.push(Row::new(&labels, f64::from(u8::from(fresh.is_some()))));
        if let Some(seconds) = figures.ages.get(id).filter(|a| a.is_finite()) {
            age.push(Row::new(&labels, *seconds));
        }
        let place = POINTS.iter().zip(by_unit.iter_mut()).find(|((unit, _, _), _)| *unit == point.unit);
        if let (Some(value), Some(((_, _, factor), rows))) = (fresh, place) {
            rows.push(Row::new(&labels, value * factor));
        }
    }
    let mut families: Vec<Family> = POINTS
        .iter()
        .zip(by_unit)
        .map(|((_, name, _), rows)| Family::gauge(name, "Points of the hall whose reading is good", rows))
        .collect();
    families.push(Family::gauge("point_up", "One for a point whose reading is good", up));
    families.push(Family::gauge("point_age_seconds", "Time since the last sample", age));
    families
}

fn power(figures: &Figures) -> Vec<Family> {
    let status = &figures.status;
    let watts = |kw: Option<f64>| kw.map(|kw| Row::only(kw * 1e3)).into_iter().collect();
    let joules = |kwh: f64| vec![Row::only(kwh * 3.6e6)];
    let (mut ratio, mut valid, mut coverage) = (Vec::new(), Vec::new(), Vec::new());
    let (mut validity, mut meter) = (Vec::new(), Vec::new());
    for pue in &status.pue {
        let window = [("window", pue.window.as_str())];
        validity.push(Row::new(&[("window", &pue.window), ("validity", &pue.code)], 1.0));
        valid.push(Row::new(&window, f64::from(u8::from(pue.value.is_some()))));
        coverage.push(Row::new(&window, pue.coverage));
        meter.extend(pue.meter.map(|value| Row::new(&window, value)));
        if let Some(value) = pue.value {
            let category = pue.category.to_string();
            ratio.push(Row::new(&[("window", &pue.window), ("category", &category)], value));
        }
    }
    vec![
        Family::gauge("facility_power_watts", "Power of the whole facility", watts(status.facility_kw)),
        Family::gauge("it_power_watts", "Power of the IT equipment", watts(status.it_kw)),
        Family::gauge("power_unattributed_watts", "Power no meter explains", watts(status.unattributed_kw)),
        Family::counter("facility_energy_joules", "Energy of the whole facility", joules(status.facility_kwh)),
        Family::counter("it_energy_joules", "Energy of the IT equipment", joules(status.it_kwh)),
        Family::gauge("pue_ratio", "Facility energy over IT energy", ratio),
        Family::gauge("pue_meter_ratio", "Utility energy over IT energy, storage not taken out", meter),
        Family::gauge("pue_valid", "One while the window's PUE is valid", valid),
        Family::gauge("pue_validity", "One for what the window's PUE is worth, or why it has no value", validity),
        Family::gauge("pue_coverage_ratio", "Covered share of the window", coverage),
    ]
}

fn feeds(figures: &Figures) -> Vec<Family> {
    let all = &figures.status.feeds;
    let rows = |of: fn(&FeedView) -> Option<f64>| {
        let row = |feed: &FeedView| Some(Row::new(&[("feed", &feed.name)], of(feed)?));
        all.iter().filter_map(row).collect::<Vec<_>>()
    };
    let known = all.iter().map(|feed| Row::new(&[("feed", &feed.name), ("known", &feed.known)], 1.0)).collect();
    let troubled = |feed: &FeedView| {
        let rows = feed.troubles.iter().map(|trouble| Row::new(&[("feed", &feed.name), ("trouble", trouble)], 1.0));
        rows.collect::<Vec<_>>()
    };
    vec![
        Family::gauge("feed_limit_watts", "What a feed may carry for good", rows(|f| Some(f.limit_kw * 1e3))),
        Family::gauge("feed_load_watts", "What enters a feed", rows(|f| Some(f.load_kw * 1e3))),
        Family::gauge("feed_loss_watts", "What a feed loses", rows(|f| Some(f.loss_kw * 1e3))),
        Family::gauge(
            "feed_headroom_watts",
            "A feed's limit less its load, on the worst phase",
            rows(|f| Some(f.headroom_kw * 1e3)),
        ),
        Family::gauge(
            "feed_unattributed_watts",
            "What leaves a feed and nothing below it explains, while its meter is fresh",
            rows(|f| f.unattributed_kw.map(|kw| kw * 1e3)),
        ),
        Family::gauge(
            "feed_time_used_ratio",
            "Used share of the time for which a feed may carry too much",
            rows(|f| f.used_percent.map(|percent| percent * 1e-2)),
        ),
        Family::gauge("feed_known", "One for how a feed's load is known: metered, doubted, stale, reckoned", known),
        Family::gauge(
            "feed_trouble",
            "One for what befalls a feed: above, time_short, reckoned, uneven",
            all.iter().flat_map(troubled).collect(),
        ),
    ]
}

fn outputs(hall: &Hall, figures: &Figures) -> Vec<Family> {
    let name = |id| hall.points.get(id).map_or("", |p| p.name.as_str());
    let level =
        figures.commands.iter().map(|c| Row::new(&[("point", name(c.point))], f64::from(c.level.number()))).collect();
    let told = || figures.commands.iter().map(|c| name(c.point)).zip(&figures.written);
    let proof = |wanted: Proof| {
        let row = |(point, w): (&str, &Written)| Row::new(&[("point", point)], f64::from(u8::from(w.proof == wanted)));
        told().map(row).collect()
    };
    let wear =
        |(point, w): (&str, &Written)| Some(Row::new(&[("point", point)], convert::f64_from_u64(w.lifetime_writes?)));
    let (mut active, mut expires) = (Vec::new(), Vec::new());
    for held in &figures.status.overrides {
        let number = held.level.to_string();
        let labels = [("point", held.point.as_str()), ("level", number.as_str())];
        active.push(Row::new(&labels, 1.0));
        expires.push(Row::new(&labels, figures.wall_s + held.remaining_s));
    }
    vec![
        Family::gauge("command_level", "Level that holds an output, 1 to 17", level),
        Family::gauge("command_proven", "One for an output that was read back as commanded", proof(Proof::Proven)),
        Family::gauge("command_doubted", "One for an output whose write is in doubt", proof(Proof::Doubted)),
        Family::counter(
            "nonvolatile_writes",
            "Writes in a device's life into memory that wears out",
            told().filter_map(wear).collect(),
        ),
        Family::gauge("override_active", "One for an output that a person holds", active),
        Family::gauge("override_expires_timestamp_seconds", "When an override ends by itself", expires),
    ]
}

fn loops(figures: &Figures) -> Vec<Family> {
    let (mut setpoint, mut pv, mut output, mut mode) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for view in &figures.loops {
        let labels = [("loop", view.name.as_str())];
        setpoint.push(Row::new(&labels, view.setpoint));
        pv.extend(view.pv.filter(|pv| pv.is_finite()).map(|pv| Row::new(&labels, pv)));
        output.push(Row::new(&labels, view.output * 1e-2));
        for word in ["auto", "tracking", "holding"] {
            mode.push(Row::new(&[("loop", &view.name), ("mode", word)], f64::from(u8::from(view.mode == word))));
        }
    }
    vec![
        Family::gauge("loop_setpoint", "Setpoint in the unit of the process variable", setpoint),
        Family::gauge("loop_process_value", "Process variable, while it is known", pv),
        Family::gauge("loop_output_ratio", "Output of the loop", output),
        Family::gauge("loop_mode", "One for the mode that the loop is in", mode),
    ]
}

fn service(figures: &Figures) -> Vec<Family> {
    let alarms = figures
        .status
        .alarms
        .iter()
        .map(|a| Row::new(&[("alarm", &a.name), ("priority", &a.priority), ("state", &a.state)], 1.0))
        .collect();
    let asks = figures.status.caps.iter();
    let asks = asks.map(|c| Row::new(&[("subject", &c.row), ("ask", &c.rung), ("reason", &c.reason)], 1.0)).collect();
    let limit = |l: &LimitView| Some(Row::new(&[("subject", l.name.as_str()), ("what", l.what.as_str())], l.seconds?));
    let limits = figures.status.limits.iter().filter_map(limit).collect();
    let hash = vec![Row::new(&[("hash", &figures.config_hash)], 1.0)];
    let version = vec![Row::new(&[("version", env!("CARGO_PKG_VERSION"))], 1.0)];
    let successful = vec![Row::flag(figures.reload_successful)];
    let success = vec![Row::only(figures.reload_success_s)];
    vec![
        Family::gauge("build_info", "What runs", version),
        Family::gauge("cycle_last_timestamp_seconds", "Wall time of the last scan", vec![Row::only(figures.wall_s)]),
        Family::gauge("alarm_state", "One for every alarm that is not normal", alarms),
        Family::gauge(
            "power_request",
            "One for what is asked of the machines of a row or a tank: cap, drain, off",
            asks,
        ),
        Family::gauge(
            "time_to_limit_seconds",
            "How long until a row, a CDU or a tank is at its limit at the rate at which it rises; none where it does not",
            limits,
        ),
        Family::gauge("config_last_reload_successful", "One when the last reload took effect", successful),
        Family::gauge("config_last_reload_success_timestamp_seconds", "When a reload last took effect", success),
        Family::gauge("config_hash_info", "The configuration in force", hash),
        Family::gauge("shadow_mode", "One while no write can leave", vec![Row::flag(figures.shadow)]),
        Family::gauge(
            "clock_trusted",
            "One while the wall clock is believed",
            vec![Row::flag(figures.status.clock_trusted)],
        ),
        Family::gauge("failsafe", "One while outputs are held at their safe values", vec![Row::flag(figures.failsafe)]),
    ]
}
