//! The rules a configuration must keep beyond its types. Every broken one is told.

use std::net::SocketAddr;
use std::sync::Arc;

use plant::bind::Bindings;
use plant::check::Timeouts;
use plant::device::DeviceMap;
use plant::fault::Fault;
use plant::hall::Hall;
use plant::read::did_you_mean;
use plant::time::Span;

use super::layers::Layered;
use super::path::{Path, Step};
use super::{Config, Device, OpenAdrConfig, Parsed};
use crate::control::tariff::Tariff;

/// Checks what one file can say about itself.
#[must_use]
pub fn rules(config: &Config, layered: &Layered) -> Vec<Fault> {
    let mut rules = Rules { layered, faults: Vec::new() };
    rules.top(config);
    rules.places(config);
    rules.journal(config);
    rules.adapters(config);
    for (keys, say) in config.history.faults() {
        let at = keys.iter().fold(Path::default().key("history"), |at, key| at.key(key));
        rules.fail(&at, format!("`{at}` {say}"), "");
    }
    for (key, say, help) in config.prices.iter().flat_map(|prices| prices.faults(config)) {
        let at = Path::default().key("prices");
        rules.fail(&key.map_or(at.clone(), |key| at.key(key)), say, help);
    }
    for (key, say, help) in config.flex.iter().flat_map(|flex| flex.faults(config)) {
        rules.fail(&Path::default().key("flex").key(key), say, help);
    }
    for (key, say, help) in config.openadr.iter().flat_map(OpenAdrConfig::faults) {
        rules.fail(&Path::default().key("openadr").key(key), say, help);
    }
    for (key, say, help) in config.budgets.iter().flat_map(|budgets| budgets.faults(config)) {
        rules.fail(&Path::default().key("budgets").key(key), say, help);
    }
    for (n, device) in config.device.iter().enumerate() {
        rules.device(config, device, &Path::default().key("device").step(Step::Index(n)));
    }
    rules.faults
}

struct Rules<'a> {
    layered: &'a Layered,
    faults: Vec<Fault>,
}

impl Rules<'_> {
    fn fail(&mut self, path: &Path, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(self.layered.fault(path, message.into(), help.into()));
    }

    fn span(&mut self, path: &Path, value: Span, least: Span, most: Span) {
        if value < least || value > most {
            self.fail(path, format!("`{path}` is {value}; it must lie between {least} and {most}"), "");
        }
    }

    fn top(&mut self, config: &Config) {
        let root = Path::default();
        if config.hall.is_empty() {
            self.fail(&root, "no hall is named", "write `hall = \"air\"` or the path of a hall's file");
        }
        self.span(&root.key("period"), config.period, Span::from_millis(10), Span::from_secs(60));
        if !(0.05..=0.8).contains(&config.deadline) {
            let say = format!("`deadline` is {} of the period; it must lie between 0.05 and 0.8", config.deadline);
            self.fail(&root.key("deadline"), say, "the rest of the period is for deciding and writing");
        }
        let after = &root.key("watchdog").key("after");
        self.span(after, config.watchdog.after, Span::ZERO, Span::from_secs(600));
        if config.watchdog.after < config.period.times(2) {
            let say = format!("`{after}` is {} with a period of {}", config.watchdog.after, config.period);
            self.fail(after, say, "give it at least two periods: scan < adapter < watchdog < device loss");
        }
        if config.log.filter.parse::<tracing_subscriber::EnvFilter>().is_err() {
            let say = format!("`log.filter` cannot be `{}`", config.log.filter);
            self.fail(&root.key("log").key("filter"), say, "write `info`, `warn` or `info,wattloop=debug`");
        }
    }

    fn places(&mut self, config: &Config) {
        let listen = &Path::default().key("health").key("listen");
        let help = "write `127.0.0.1:9833`; a proxy with credentials may show it to others";
        match config.health.listen.parse::<SocketAddr>() {
            Ok(address) if address.ip().is_loopback() => {}
            Ok(address) => self.fail(listen, format!("`{listen}` is {address}, which others can reach"), help),
            Err(_) => self.fail(listen, format!("`{}` is no address with a port", config.health.listen), help),
        }
        for (path, value) in [
            (Path::default().key("state_dir"), &config.state_dir),
            (Path::default().key("api").key("socket"), &config.api.socket),
        ] {
            if !value.is_absolute() {
                self.fail(&path, format!("`{path}` is `{}`, which is no absolute path", value.display()), "");
            }
        }
        if config.api.socket.as_os_str().len() > 90 {
            let path = Path::default().key("api").key("socket");
            self.fail(&path, format!("`{path}` is longer than 90 characters; no socket can be made there"), "");
        }
    }

    fn journal(&mut self, config: &Config) {
        let at = Path::default().key("journal");
        if !(16..=1_000_000).contains(&config.journal.max_mb) {
            let say = format!("`journal.max_mb` is {}; it must lie between 16 and 1000000", config.journal.max_mb);
            self.fail(&at.key("max_mb"), say, "");
        }
        self.span(&at.key("max_age"), config.journal.max_age, Span::from_secs(3600), Span::from_secs(3650 * 86_400));
        let every = config.journal.snapshot_every;
        self.span(&at.key("snapshot_every"), every, Span::from_secs(10), Span::from_secs(3600));
    }

    fn adapters(&mut self, config: &Config) {
        for sentence in config.modbus.faults() {
            // The adapter names the gateway in its sentence; the line is the best that can be said about it.
            let named = config.modbus.gateway.keys().find(|name| sentence.contains(&format!("`{name}`")));
            let at = Path::default().key("modbus").key("gateway");
            self.fail(&named.map_or(at.clone(), |name| at.key(name)), sentence, "");
        }
        if let Some(Err(faults)) = config.mqtt.as_ref().map(crate::adapters::mqtt::MqttConfig::check) {
            for sentence in faults.0 {
                self.fail(&Path::default().key("mqtt"), sentence, "");
            }
        }
    }

    fn device(&mut self, config: &Config, device: &Device, at: &Path) {
        for (key, value) in [("equip", &device.equip), ("map", &device.map)] {
            if value.is_empty() {
                self.fail(at, format!("`{at}` names no {key}"), format!("add `{key} = \"…\"`"));
            }
        }
        let gateways: Vec<&str> = config.modbus.gateway.keys().map(String::as_str).collect();
        match (&device.gateway, device.broker) {
            (Some(_), true) | (None, false) => {
                let help = "say `gateway = \"…\"` with a `unit`, or `broker = true`";
                self.fail(at, format!("`{at}` must be behind a gateway or a broker, one of the two"), help);
            }
            (Some(gateway), false) if !gateways.contains(&gateway.as_str()) => {
                let help = did_you_mean(gateway, gateways.iter().copied());
                let say = format!("there is no gateway `{gateway}` under `modbus.gateway`");
                self.fail(&at.key("gateway"), say, help);
            }
            (Some(_), false) if device.unit.is_none() => {
                self.fail(at, format!("`{at}` has a gateway and no unit"), "add `unit = 1`");
            }
            (Some(_), false) => {}
            (None, true) if device.unit.is_some() => {
                self.fail(&at.key("unit"), format!("`{at}` talks by MQTT and has no unit"), "take `unit` out");
            }
            (None, true) if config.mqtt.is_none() => {
                let say = format!("`{at}` talks by MQTT and there is no broker");
                self.fail(&at.key("broker"), say, "add `[mqtt]` with `url = \"mqtt://…\"`");
            }
            (None, true) => {}
        }
        if device.unit.is_some_and(|u| u > 247) {
            self.fail(&at.key("unit"), format!("`{}` is above 247, the last unit of Modbus", at.key("unit")), "");
        }
    }
}

/// Maps that devices name and nobody has.
#[must_use]
pub fn maps(parsed: &Parsed, maps: &[Arc<DeviceMap>]) -> Vec<Fault> {
    let loaded = maps.iter().map(|m| m.id.as_str());
    let known: Vec<&str> = plant::shipped::DEVICES.iter().map(|(id, _)| *id).chain(loaded).collect();
    let at = Path::default().key("device");
    let unknown = parsed.config.device.iter().enumerate().filter(|(_, d)| !known.contains(&d.map.as_str()));
    unknown
        .map(|(n, d)| {
            let help = did_you_mean(&d.map, known.iter().copied());
            let say = format!("there is no device map `{}`", d.map);
            parsed.layered.fault(&at.step(Step::Index(n)).key("map"), say, help)
        })
        .collect()
}

/// A topic that a device speaks on is none for prices.
#[must_use]
pub fn prices(parsed: &Parsed, bindings: &Bindings) -> Option<Fault> {
    let topic = parsed.config.prices.as_ref()?.topic.as_ref()?;
    bindings.mqtt.iter().flat_map(|device| &device.topics).find(|(of, _)| of == topic)?;
    let say = format!("a device speaks on `{topic}` already");
    let help = "give prices a topic of their own, such as `prices/day-ahead`".to_owned();
    Some(parsed.layered.fault(&Path::default().key("prices").key("topic"), say, help))
}

/// The order of patience: scan < adapter < watchdog < device loss. An adapter's patience ends when it asks a unit
/// again that did not answer: its attempts and its first back-off.
#[must_use]
pub fn timeouts(parsed: &Parsed, bindings: &Bindings) -> Vec<Fault> {
    let config = &parsed.config;
    let mut faults = Vec::new();
    for (name, gateway) in &config.modbus.gateway {
        let attempts = gateway.timeout.times(u64::from(gateway.retries).saturating_add(1));
        let patience = Span::from_nanos(attempts.nanos().saturating_add(gateway.back_off.nanos()));
        let chain = Timeouts {
            scan: config.period,
            adapter: patience,
            watchdog: config.watchdog.after,
            device_loss: bindings.shortest_loss(),
        };
        let at = Path::default().key("modbus").key("gateway").key(name);
        for (message, help) in plant::check::timeouts(&chain) {
            faults.push(parsed.layered.fault(&at, format!("gateway `{name}`: {message}"), help));
        }
    }
    faults
}

/// Billed peaks that are kept down without a tariff, or by names that nothing has, would come all the same.
#[must_use]
pub fn peaks(parsed: &Parsed, hall: &Hall, tariff: Option<&Tariff>) -> Vec<Fault> {
    let Some(rules) = &hall.power.peaks else { return Vec::new() };
    let root = Path::default();
    let peaks = format!("the hall `{}` has `[peaks]`", hall.name);
    let fault = |key: &str, say: String, help: String| parsed.layered.fault(&root.key(key), say, help);
    let Some(tariff) = tariff else {
        let help = "add `[tariff] file = …`: its demands say what windows are billed; or take `[peaks]` out of the hall's file";
        return vec![fault("hall", format!("{peaks}, and no tariff is named"), help.to_owned())];
    };
    let names = || tariff.demand.iter().map(|charge| charge.name.as_str());
    let unknown = rules.targets.iter().filter(|target| !names().any(|name| name == target.demand));
    let mut faults: Vec<Fault> = unknown
        .map(|target| {
            let say =
                format!("{peaks} with a target for `{}`, and `{}` has no such demand", target.demand, tariff.name);
            fault("tariff", say, did_you_mean(&target.demand, names()))
        })
        .collect();
    if let Some(pulse) = rules.pulse.as_ref().filter(|name| hall.point(name).is_none()) {
        let say = format!("{peaks} that go by `{pulse}`, and there is no such point");
        let help = "the map of the billed meter must have it: the count of intervals that the meter has ended";
        faults.push(fault("hall", say, help.to_owned()));
    }
    faults
}

/// Caps that nobody carries to the GPUs, or that anybody may set, would protect nothing: who writes them into a hall's file believes otherwise.
#[must_use]
pub fn capping(parsed: &Parsed, hall: &Hall) -> Vec<Fault> {
    let Some(rules) = &hall.power.capping else { return Vec::new() };
    let (config, root) = (&parsed.config, Path::default());
    let mut faults = Vec::new();
    let mut fail = |at: &Path, say: String, help: String| faults.push(parsed.layered.fault(at, say, help));
    let caps = format!("the hall `{}` has `[capping]`", hall.name);
    match config.mqtt.as_ref().filter(|_| config.agents.broker) {
        None if !config.agents.sockets.is_empty() => {}
        None => {
            let help = "add `[mqtt]` with the broker that the nodes' agents use, or `[agents] sockets` of those on this machine, or take `[capping]` out of the hall's file";
            fail(
                &root.key("hall"),
                format!("{caps}, and there is neither a broker nor a socket by which agents could be reached"),
                help.into(),
            );
        }
        Some(mqtt) if !config.shadow => {
            for need in mqtt.wanting() {
                fail(
                    &root.key("mqtt"),
                    format!("{caps}, which needs {need}"),
                    "or take `[capping]` out of the hall's file".into(),
                );
            }
        }
        Some(_) => {}
    }
    for (n, socket) in config.agents.sockets.iter().enumerate().filter(|(_, socket)| !socket.is_absolute()) {
        let say = format!("the socket `{}` of an agent is not an absolute path", socket.display());
        fail(
            &root.key("agents").key("sockets").step(Step::Index(n)),
            say,
            "write `/run/wattloop-agent/agent.sock`".to_owned(),
        );
    }
    if config.period.times(SCANS_A_LEASE) > rules.lease {
        let say = format!("{caps} with leases of {}, and a scan comes every {}", rules.lease, config.period);
        let help = format!(
            "a lease must last {SCANS_A_LEASE} scans, so that it is renewed in time: lengthen `lease` or shorten `period`"
        );
        fail(&root.key("period"), say, help);
    }
    faults
}

/// How many scans a lease must last.
const SCANS_A_LEASE: u64 = 5;

#[cfg(test)]
mod tests {
    use crate::service::config::load::{Sources, load};

    /// The faults of `air` with `[capping]` where its configuration is changed so.
    fn faults(capping: &str, change: impl Fn(String) -> String) -> String {
        let dir = tempfile::tempdir().expect("a folder");
        let (_, air) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        std::fs::write(dir.path().join("capped.toml"), format!("{air}\n{capping}\n")).expect("writes");
        let shipped = std::fs::read_to_string("config/air.toml").expect("readable");
        let file = dir.path().join("site.toml");
        let text = change(shipped.replacen("hall = \"air\"", "hall = \"capped.toml\"", 1));
        std::fs::write(&file, text).expect("writes");
        load(&Sources { file, env: Vec::new(), flags: Vec::new() })
            .err()
            .map(|faults| faults.to_string())
            .unwrap_or_default()
    }

    const NEEDS: &str = "user = \"wattloop\"\npassword_file = \"/nowhere\"\nbroker_acl = true\n";

    #[test]
    fn caps_go_by_a_broker_that_lets_nobody_else_set_them() {
        let of = |more: &str| faults("[capping]", |text| text.replacen("[mqtt]", &format!("[mqtt]\n{more}"), 1));
        let open = of("");
        assert!(open.contains("which needs user and password_file") && open.contains("broker_acl"), "{open}");
        assert_eq!(of(NEEDS), "", "the shipped file's broker is on this machine");
    }

    #[test]
    fn agents_on_this_machine_need_no_broker_and_somebody_must_reach_them() {
        let of = |more: &str| {
            faults("[capping]", |text| {
                text.replacen("[mqtt]", &format!("[agents]\nbroker = false\n{more}\n\n[mqtt]"), 1)
            })
        };
        assert_eq!(of("sockets = [\"/run/wattloop-agent/agent.sock\"]"), "");
        assert!(of("").contains("agents could be reached") && of("").contains("`[agents] sockets`"), "{}", of(""));
        let relative = of("sockets = [\"agent.sock\"]");
        assert!(relative.contains("`agent.sock` of an agent is not an absolute path"), "{relative}");
    }

    #[test]
    fn peaks_need_a_tariff_that_has_their_demands_and_a_meter_that_counts() {
        let tariff = std::env::current_dir().expect("a folder").join("config/tariffs/mesa-tou.toml");
        let of = |peaks: &str, named: bool| {
            let more = if named {
                format!("[tariff]\nfile = \"{}\"\n\n[mqtt]", tariff.display())
            } else {
                "[mqtt]".to_owned()
            };
            faults(&format!("[peaks]\nmeter = \"utility\"\nfeed = \"utility\"\n{peaks}"), |text| {
                text.replacen("[mqtt]", &more, 1)
            })
        };
        let bare = of("", false);
        assert!(bare.contains("has `[peaks]`, and no tariff is named") && bare.contains("`[tariff] file"), "{bare}");
        assert_eq!(of("", true), "");
        let target = of("[[peak]]\ndemand = \"on-peek\"\nmost = 9e5", true);
        assert!(target.contains("`on-peek`, and `mesa-tou` has no such demand"), "{target}");
        assert!(target.contains("did you mean `on-peak`?"), "{target}");
        let pulse = of("pulse = \"utility/pulses\"", true);
        assert!(
            pulse.contains("`utility/pulses`, and there is no such point") && pulse.contains("count of intervals"),
            "{pulse}"
        );
    }

    #[test]
    fn a_lease_lasts_some_scans() {
        let of = |capping: &str| {
            faults(capping, |text| {
                text.replacen("[mqtt]", &format!("[mqtt]\n{NEEDS}"), 1).replacen(
                    "period = \"1s\"",
                    "period = \"2s\"",
                    1,
                )
            })
        };
        let said = of("[capping]\nlease = \"9s\"");
        assert!(said.contains("leases of 9s, and a scan comes every 2s"), "{said}");
        assert_eq!(of("[capping]\nlease = \"10s\""), "");
    }
}
