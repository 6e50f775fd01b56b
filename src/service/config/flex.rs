//! Where the agents of a grid are, and by which keys they are known.

use std::collections::BTreeMap;
use std::path::PathBuf;

use plant::fault::Fault;
use plant::hall::Hall;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::path::Path;
use super::{Config, Parsed, span_text};
use crate::adapters::mqtt::MqttConfig;

/// The contract of DSX Flex: who may set load targets, and how we speak.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlexConfig {
    /// The grid's broker (table, with the keys of `[mqtt]`; `client_id` other than that of `[mqtt]` where both are one broker)
    pub mqtt: MqttConfig,
    /// Our name there (text, 1 to 64 of `A-Za-z0-9._-`)
    pub agent: String,
    /// The name of the key that signs what we say (text; together with `key_file`, none where `unsigned`)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The file with that key (path of a PEM file with a private key of P-256 in PKCS #8, not open to everybody)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// Believe and say data without a signature, on a test bed (flag, false unless said)
    #[serde(default)]
    pub unsigned: bool,
    /// How old a message may be, and how far ahead of our clock (time, 5s to 1h)
    #[serde(default = "max_age", with = "span_text")]
    pub max_age: Span,
    /// How often the state is said where nothing changes (time, 5s to 1h)
    #[serde(default = "status_every", with = "span_text")]
    pub status_every: Span,
    /// What infrastructure is asked to do where a breach is escalated (list of SHUTDOWN_NODES, SHUTDOWN_RACKS, CUT_DATA_FEEDS, TRIP_BREAKERS; in this order)
    #[serde(default = "actions")]
    pub actions: Vec<String>,
    /// The feeds by the tags that the grid knows them by (table of tags and names of feeds; each in `[grid] feeds` of the hall's file)
    pub feeds: BTreeMap<String, String>,
    /// Who may set targets (any number of entries)
    pub isv: Vec<Speaker>,
    /// Who may tell what was done because of a breach (any number of entries)
    #[serde(default)]
    pub infra: Vec<Speaker>,
}

/// Somebody who speaks at the grid's broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Speaker {
    /// Its name there (text, 1 to 64 of `A-Za-z0-9._-`)
    pub name: String,
    /// Its keys by their names (table of key names and paths of PEM files with public keys of P-256, or of RSA with 2048 bits or more)
    #[serde(default)]
    pub keys: BTreeMap<String, PathBuf>,
}

/// What infrastructure can do, the mildest first.
const ACTIONS: [&str; 4] = ["SHUTDOWN_NODES", "SHUTDOWN_RACKS", "CUT_DATA_FEEDS", "TRIP_BREAKERS"];

const fn max_age() -> Span {
    Span::from_secs(120)
}

const fn status_every() -> Span {
    Span::from_secs(60)
}

fn actions() -> Vec<String> {
    vec!["SHUTDOWN_NODES".to_owned()]
}

/// The feeds that have tags must be some for which the hall takes targets.
#[must_use]
pub fn feeds(parsed: &Parsed, hall: &Hall) -> Vec<Fault> {
    let Some(flex) = &parsed.config.flex else { return Vec::new() };
    let at = Path::default().key("flex").key("feeds");
    let Some(rules) = &hall.power.grid else {
        let say = format!("the hall `{}` takes no load targets", hall.name);
        let help = "write `[grid]` with `feeds = […]` in the hall's file".to_owned();
        return vec![parsed.layered.fault(&at, say, help)];
    };
    let taken = |name: &String| hall.power.feed(name).is_some_and(|feed| rules.feeds.contains(&feed));
    let wrong = flex.feeds.iter().filter(|(_, name)| !taken(name)).map(|(tag, name)| {
        let say = format!("`{tag}` is the feed `{name}`, for which the hall takes no load targets");
        parsed.layered.fault(&at.key(tag), say, "name feeds of `[grid] feeds` in the hall's file".to_owned())
    });
    let twice =
        flex.feeds.iter().enumerate().filter(|(n, (_, name))| flex.feeds.values().take(*n).any(|of| of == *name));
    let twice = twice.map(|(_, (tag, name))| {
        let say = format!("`{tag}` is the feed `{name}`, which has a tag already");
        parsed.layered.fault(&at.key(tag), say, "give each feed one tag".to_owned())
    });
    wrong.chain(twice).collect()
}

/// A rule that does not hold: the key below `[flex]`, a sentence, and what to do.
pub type Broken = (&'static str, String, &'static str);

impl FlexConfig {
    /// Every rule that does not hold.
    #[must_use]
    pub fn faults(&self, config: &Config) -> Vec<Broken> {
        let mut faults: Vec<Broken> = Vec::new();
        if let Err(broken) = self.mqtt.check() {
            faults.extend(broken.0.into_iter().map(|say| ("mqtt", say, "")));
        }
        let same = |other: &MqttConfig| other.url == self.mqtt.url && other.client_id == self.mqtt.client_id;
        if config.mqtt.as_ref().is_some_and(same) {
            let say = "`flex.mqtt` has the client id of `mqtt` at the same broker".to_owned();
            faults.push((
                "mqtt",
                say,
                "write such as `client_id = \"wattloop-flex\"`: two of one name throw each other out",
            ));
        }
        let fits = |name: &str| {
            (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        if !fits(&self.agent) {
            faults.push((
                "agent",
                format!("`flex.agent` cannot be `{}`", self.agent),
                "write 1 to 64 of `A-Za-z0-9._-`",
            ));
        }
        if self.isv.is_empty() {
            faults.push(("isv", "nobody may set targets".to_owned(), "add `[[flex.isv]]` with a name and its keys"));
        }
        for (key, all) in [("isv", &self.isv), ("infra", &self.infra)] {
            for (n, of) in all.iter().enumerate() {
                if !fits(&of.name) || all.iter().take(n).any(|other| other.name == of.name) {
                    let say = format!("`flex.{key}` has a name that cannot be, or twice: `{}`", of.name);
                    faults.push((key, say, "write 1 to 64 of `A-Za-z0-9._-`, each once"));
                }
                if of.keys.is_empty() && !self.unsigned {
                    let say = format!("`{}` has no key, and nothing of it would be believed", of.name);
                    faults.push((key, say, "add `keys = { \"name-of-the-key\" = \"file.pem\" }`"));
                }
            }
        }
        if self.kid.is_some() != self.key_file.is_some() || self.kid.is_none() != self.unsigned {
            let say = "`flex` signs with `kid` and `key_file`, or has `unsigned = true` and neither".to_owned();
            faults.push(("kid", say, "give both; or, on a test bed, `unsigned = true`"));
        }
        if self.unsigned && !self.mqtt.is_private() {
            let say = "`flex.unsigned` lets anybody on the way set targets".to_owned();
            faults.push(("unsigned", say, "use it with a broker on this machine or with `mqtts://` only"));
        }
        let places: Vec<_> = self.actions.iter().map(|of| ACTIONS.iter().position(|known| known == of)).collect();
        if places.iter().any(Option::is_none) || !places.is_sorted() {
            let say = "`flex.actions` names what infrastructure cannot do, or not in order".to_owned();
            faults.push((
                "actions",
                say,
                "SHUTDOWN_NODES, SHUTDOWN_RACKS, CUT_DATA_FEEDS, TRIP_BREAKERS, in this order",
            ));
        }
        if self.feeds.is_empty() {
            faults.push((
                "feeds",
                "no feed has a tag".to_owned(),
                "add `[flex.feeds]` with such as `main-a = \"utility\"`",
            ));
        }
        let spans = [("max_age", self.max_age), ("status_every", self.status_every)];
        for (key, value) in spans {
            if value < Span::from_secs(5) || value > Span::from_secs(3600) {
                faults.push((key, format!("`flex.{key}` is {value}; it must lie between 5s and 1h"), ""));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use crate::service::config::Parsed;

    const SITE: &str = "hall = \"air\"\n[mqtt]\nurl = \"mqtt://127.0.0.1\"\n[flex]\nagent = \"hall-a\"\nkid = \"k\"\nkey_file = \"k.pem\"\n";
    const REST: &str = "[flex.mqtt]\nurl = \"mqtts://grid.example\"\nca_file = \"ca.pem\"\n[flex.feeds]\nmain-a = \"utility\"\n[[flex.isv]]\nname = \"acme\"\nkeys = { a = \"a.pem\" }\n";

    fn told(text: &str) -> String {
        Parsed::read("site.toml", text, &[], &[]).err().map(|faults| faults.to_string()).unwrap_or_default()
    }

    #[test]
    fn who_may_set_targets_is_named_with_keys_and_what_we_say_is_signed() {
        assert_eq!(told(&format!("{SITE}{REST}")), "");
        for (was, is, said) in [
            ("agent = \"hall-a\"", "agent = \"hall/a\"", "`flex.agent` cannot be"),
            ("kid = \"k\"\n", "", "signs with `kid` and `key_file`"),
            ("kid = \"k\"\n", "kid = \"k\"\nunsigned = true\n", "signs with `kid` and `key_file`"),
            ("kid = \"k\"\n", "kid = \"k\"\nmax_age = \"1s\"\n", "`flex.max_age` is 1s"),
            ("kid = \"k\"\n", "kid = \"k\"\nactions = [\"TRIP_BREAKERS\", \"SHUTDOWN_NODES\"]\n", "not in order"),
            ("keys = { a = \"a.pem\" }", "", "`acme` has no key"),
            ("name = \"acme\"", "name = \"a/b\"", "a name that cannot be"),
            ("main-a = \"utility\"", "", "no feed has a tag"),
            (
                "mqtts://grid.example\"\nca_file = \"ca.pem\"",
                "mqtt://127.0.0.1\"",
                "the client id of `mqtt` at the same broker",
            ),
            ("mqtts://grid", "https://grid", "url must begin with mqtt://"),
        ] {
            let text = format!("{SITE}{REST}").replace(was, is);
            assert!(told(&text).contains(said), "{said}: {}", told(&text));
        }
        let open = format!("{SITE}{REST}").replace("kid = \"k\"\nkey_file = \"k.pem\"", "unsigned = true");
        assert_eq!(told(&open), "");
        let open = open.replace("mqtts://grid.example\"\nca_file = \"ca.pem\"", "mqtt://grid.example\"");
        assert!(told(&open).contains("lets anybody on the way set targets"), "{}", told(&open));
    }

    #[test]
    fn tags_are_of_feeds_that_take_targets() {
        let (_, air) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let parsed = Parsed::read("site.toml", &format!("{SITE}{REST}"), &[], &[]).expect("sound");
        let of = |rules: &str| {
            let hall = plant::hall::Hall::load("air", &format!("{air}\n{rules}\n")).expect("loads");
            super::feeds(&parsed, &hall).into_iter().map(|fault| fault.message).collect::<Vec<_>>()
        };
        assert_eq!(of("[grid]\nfeeds = [\"utility\"]"), Vec::<String>::new());
        assert!(of("").first().is_some_and(|say| say.contains("takes no load targets")));
        assert!(
            of("[grid]\nfeeds = [\"ups-a\"]").first().is_some_and(|say| say.contains("`main-a` is the feed `utility`"))
        );
    }
}
