//! Who may ask for leases of power, and what is kept free.

use std::collections::BTreeMap;

use plant::fault::Fault;
use plant::hall::Hall;
use plant::id::FeedId;
use plant::time::Span;
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::excess::ExcessConfig;
use super::path::Path;
use super::{Config, Parsed, span_text};
use crate::adapters::mqtt::MqttConfig;
use crate::control::ledger::area::{self, Shared};
use crate::control::ledger::{Ground, Rules, Tenant};

/// Leases of power for schedulers, over the broker of `[mqtt]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetsConfig {
    /// The least notice before a lease is lowered (time, 0s to 1h)
    #[serde(with = "span_text")]
    pub notice: Span,
    /// How long after its grace of a minute a lease that is over stays charged where no meter confirms it (time, 0s to 10min)
    #[serde(with = "span_text")]
    pub settle: Span,
    /// What no lease gets of each feed's limit (share, 0 to 0.5)
    pub margin: f64,
    /// What cooling draws for each watt of machines where meters do not tell it (number, 0 to 2)
    pub cooling: f64,
    /// When who draws more than he was lent is told, capped and reported (table)
    pub excess: ExcessConfig,
    /// Who may ask (any number of entries, at least one)
    pub client: Vec<ClientConfig>,
}

/// A scheduler that may ask.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClientConfig {
    /// Its name in topics and messages (text, 1 to 64 of `A-Za-z0-9._-`)
    pub name: String,
    /// What nobody else gets, feed by feed (table of names of feeds and W of machines, above 0)
    pub floors: BTreeMap<String, f64>,
    /// What it may have of each feed's limit (share, above 0 to 1)
    pub share: f64,
    /// How many leases it may have, those that wait among them (number, 1 to 4096)
    pub leases: usize,
    /// What all its leases may come to (W of machines, above 0; as much as feeds carry where nothing is said)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<f64>,
    /// Feeds below which nobody else's machines hang: who draws more there than it was lent is noticed (names of feeds with a meter; all that the racks below have cords on)
    pub alone: Vec<String>,
    /// How many requests it may make in a minute (number, 1 to 60000)
    pub per_minute: u32,
}

impl Default for BudgetsConfig {
    fn default() -> Self {
        let Rules { notice, settle, margin, cooling, excess: _, tenants: _ } = Rules::default();
        Self { notice, settle, margin, cooling, excess: ExcessConfig::default(), client: Vec::new() }
    }
}

impl Default for ClientConfig {
    fn default() -> Self {
        let Tenant { name, floors: _, share, leases, most: _, alone: _ } = Tenant::plain("");
        Self { name, floors: BTreeMap::new(), share, leases, most: None, alone: Vec::new(), per_minute: 600 }
    }
}

/// A rule that does not hold: the key below `[budgets]`, a sentence, and what to do.
pub type Broken = (&'static str, String, &'static str);

impl BudgetsConfig {
    /// What control goes by.
    #[must_use]
    pub fn rules(&self, hall: &Hall) -> Rules {
        let tenant = |of: &ClientConfig| Tenant {
            name: of.name.clone(),
            floors: of
                .floors
                .iter()
                .filter_map(|(name, watts)| Some((hall.power.feed(name)?, Watts(*watts))))
                .collect(),
            share: of.share,
            leases: of.leases,
            most: of.most.map(Watts),
            alone: of.alone.iter().filter_map(|name| hall.power.feed(name)).collect(),
        };
        Rules {
            notice: self.notice,
            settle: self.settle,
            margin: self.margin,
            cooling: self.cooling,
            excess: self.excess.limits(),
            tenants: self.client.iter().map(tenant).collect(),
        }
    }

    /// Every rule that does not hold.
    #[must_use]
    pub fn faults(&self, config: &Config) -> Vec<Broken> {
        let mut faults: Vec<Broken> = Vec::new();
        if config.mqtt.is_none() {
            faults.push((
                "client",
                "`budgets` are asked for over a broker, and there is none".to_owned(),
                "add `[mqtt]`",
            ));
        }
        for what in config.mqtt.iter().flat_map(MqttConfig::wanting) {
            faults.push(("client", format!("`budgets` need {what}"), ""));
        }
        if self.client.is_empty() {
            faults.push(("client", "nobody may ask for `budgets`".to_owned(), "add `[[budgets.client]]` with a name"));
        }
        for (key, value, most) in [("notice", self.notice, 3600), ("settle", self.settle, 600)] {
            if value > Span::from_secs(most) {
                faults.push((
                    key,
                    format!("`budgets.{key}` is {value}; it must be at most {}", Span::from_secs(most)),
                    "",
                ));
            }
        }
        for (key, value, most) in [("margin", self.margin, 0.5), ("cooling", self.cooling, 2.0)] {
            if !(0.0..=most).contains(&value) {
                faults.push((key, format!("`budgets.{key}` is {value}; it must lie between 0 and {most}"), ""));
            }
        }
        faults.extend(self.excess.faults());
        for (n, of) in self.client.iter().enumerate() {
            faults.extend(of.faults(self.client.iter().take(n)));
        }
        faults
    }
}

impl ClientConfig {
    fn faults<'a>(&self, mut before: impl Iterator<Item = &'a Self>) -> Vec<Broken> {
        let mut faults = Vec::new();
        let mut fail = |say: String, help| faults.push(("client", say, help));
        let fits = (1..=64).contains(&self.name.len())
            && self.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if !fits || before.any(|other| other.name == self.name) {
            let say = format!("`budgets.client` has a name that cannot be, or twice: `{}`", self.name);
            fail(say, "write 1 to 64 of `A-Za-z0-9._-`, each once");
        }
        let floors = self.floors.values().all(|watts| watts.is_finite() && *watts > 0.0);
        let most = self.most.is_none_or(|watts| watts.is_finite() && watts > 0.0);
        let share = self.share > 0.0 && self.share <= 1.0;
        if !(floors && most && share) {
            let say = format!("`{}` has a floor, a `most` or a `share` that cannot be", self.name);
            fail(say, "write watts above 0, and a share above 0 and up to 1");
        }
        if !(1..=4096).contains(&self.leases) || !(1..=60_000).contains(&self.per_minute) {
            let say = format!(
                "`{}` may have {} leases and ask {} times in a minute",
                self.name, self.leases, self.per_minute
            );
            fail(say, "write 1 to 4096 leases, and 1 to 60000 requests a minute");
        }
        faults
    }
}

/// Floors are of feeds that there are, and together no more than what they carry.
#[must_use]
pub fn feeds(parsed: &Parsed, hall: &Hall) -> Vec<Fault> {
    let Some(budgets) = &parsed.config.budgets else { return Vec::new() };
    let at = Path::default().key("budgets").key("client");
    let named = budgets.client.iter().flat_map(|of| of.floors.keys().map(move |name| (of, name)));
    let wrong = named.filter(|(_, name)| hall.power.feed(name).is_none()).map(|(of, name)| {
        let say = format!("`{}` has a floor at `{name}`, and the hall has no such feed", of.name);
        parsed.layered.fault(&at, say, "name feeds of the hall's file".to_owned())
    });
    let rules = budgets.rules(hall);
    let ground = Ground::of(&hall.power, &rules);
    let full = hall.power.feeds.iter().filter_map(|(id, feed)| {
        let all: f64 = (0..budgets.client.len()).map(|n| ground.floor(n, id).watts().0).sum();
        let usable = feed.limit().0 * (1.0 - budgets.margin);
        let say = format!("floors come to {:.1} kW at `{}`, which may carry {:.1}", all / 1e3, feed.name, usable / 1e3);
        (all > usable)
            .then(|| parsed.layered.fault(&at, say, "lower the floors: each feed above carries them, too".to_owned()))
    });
    let nowhere = budgets.client.iter().flat_map(|of| of.alone.iter().map(move |name| (of, name)));
    let nowhere = nowhere.filter(|(_, name)| hall.power.feed(name).is_none()).map(|(of, name)| {
        let say = format!("`{}` has `{name}` alone, and the hall has no such feed", of.name);
        parsed.layered.fault(&at, say, "name feeds of the hall's file".to_owned())
    });
    let cooled = |feed| ground.spread.get(feed).is_some_and(|of| *of > 0.0);
    let shared = area::faults(&hall.power, &rules, cooled).into_iter().map(|(whose, why)| {
        let name = rules.tenants.get(whose).map_or("", |of| of.name.as_str());
        let (say, help) = shared(hall, (&rules, name), why);
        parsed.layered.fault(&at, say, help.to_owned())
    });
    wrong.chain(full).chain(nowhere).chain(shared).collect()
}

/// Why a client cannot have a feed alone, and what to do.
fn shared(hall: &Hall, (rules, name): (&Rules, &str), why: Shared) -> (String, &'static str) {
    let feed = |id: FeedId| hall.power.feeds.get(id).map_or("", |of| of.name.as_str());
    match why {
        Shared::Unmetered(of) => {
            (format!("`{name}` has `{}` alone, which has no meter", feed(of)), "name feeds with a `meter`")
        }
        Shared::Cooling(of) => (
            format!("`{name}` has `{}` alone, which cooling draws from", feed(of)),
            "name the feeds below it that carry racks only",
        ),
        Shared::Cord(of, rack, other) => (
            format!(
                "`{name}` has `{}` alone, and `{}` below it hangs on `{}`, too",
                feed(of),
                hall.fed_rack(rack),
                feed(other)
            ),
            "name every feed on which the racks below have cords",
        ),
        Shared::Taken(of, other) => (
            format!("`{name}` has `{}` alone, and somebody has `{}`", feed(of), feed(other)),
            "name a feed once, and none above or below another",
        ),
        Shared::Floor(of, whose) => {
            let other = rules.tenants.get(whose).map_or("", |of| of.name.as_str());
            (format!("`{other}` has a floor at `{}`, which `{name}` has alone", feed(of)), "take the floor away")
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::service::config::Parsed;

    const SITE: &str = "hall = \"air\"\n[mqtt]\nurl = \"mqtt://127.0.0.1\"\nuser = \"wattloop\"\npassword_file = \"/etc/p\"\nbroker_acl = true\n[budgets]\nnotice = \"2min\"\n[[budgets.client]]\nname = \"slurm\"\nfloors = { pdu-a1 = 50e3 }\nshare = 0.5\n";

    #[test]
    fn who_may_ask_is_named_once_with_floors_that_feeds_carry() {
        let told = |text: &str| {
            let parsed = match Parsed::read("site.toml", text, &[], &[]) {
                Ok(parsed) => parsed,
                Err(faults) => return faults.to_string(),
            };
            let (_, air) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
            let hall = plant::hall::Hall::load("air", air).expect("loads");
            super::feeds(&parsed, &hall).into_iter().map(|fault| fault.message).collect()
        };
        assert_eq!(told(SITE), "");
        let at_once = "excess = { capped = \"0s\", breach = \"0s\", caps = false }";
        assert_eq!(told(&SITE.replace("notice = \"2min\"", at_once)), "");
        let alone = |feeds: &str| SITE.replace("share = 0.5", &format!("alone = [{feeds}]"));
        assert_eq!(told(&alone("\"pdu-a1\", \"pdu-a2\"")), "");
        for (was, is, said) in [
            (
                "[mqtt]\nurl = \"mqtt://127.0.0.1\"\nuser = \"wattloop\"\npassword_file = \"/etc/p\"\nbroker_acl = true\n",
                "",
                "over a broker",
            ),
            ("broker_acl = true\n", "", "need broker_acl = true"),
            ("name = \"slurm\"", "name = \"sl/urm\"", "a name that cannot be"),
            ("share = 0.5", "share = 0.0", "a `share` that cannot be"),
            ("share = 0.5", "leases = 0", "may have 0 leases"),
            ("notice = \"2min\"", "notice = \"2h\"", "`budgets.notice` is 2h"),
            ("notice = \"2min\"", "margin = 0.7", "`budgets.margin` is 0.7"),
            ("notice = \"2min\"", "excess.tolerance = 0.7", "`budgets.excess.tolerance` is 0.7"),
            ("notice = \"2min\"", "excess.noticed = \"0s\"", "`budgets.excess.noticed` is 0ms"),
            ("notice = \"2min\"", "excess.resolved = \"2h\"", "`budgets.excess.resolved` is 2h"),
            ("pdu-a1", "pdu-z9", "no such feed"),
            ("50e3", "500e3", "floors come to"),
            ("share = 0.5", "alone = [\"pdu-x\"]", "alone, and the hall has no such feed"),
            ("share = 0.5", "alone = [\"pdu-a1\"]", "`rack-a01` below it hangs on `pdu-a2`, too"),
            ("share = 0.5", "alone = [\"utility\"]", "which cooling draws from"),
            ("share = 0.5", "alone = [\"tr-1\"]", "which has no meter"),
            (
                "share = 0.5",
                "alone = [\"pdu-b1\", \"pdu-b2\"]\n[[budgets.client]]\nname = \"k\"\nfloors = { pdu-b1 = 1e3 }\nalone = [\"pdu-b2\"]",
                "`k` has a floor at `pdu-b1`, which `slurm` has alone",
            ),
            (
                "share = 0.5",
                "alone = [\"pdu-b1\", \"pdu-b2\"]\n[[budgets.client]]\nname = \"k\"\nalone = [\"pdu-b2\"]",
                "`k` has `pdu-b2` alone, and somebody has `pdu-b2`",
            ),
        ] {
            let text = SITE.replace(was, is);
            assert!(told(&text).contains(said), "{said}: {}", told(&text));
        }
    }
}
