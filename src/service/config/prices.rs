//! Where live prices come from, and when they are believed.

use std::path::PathBuf;

use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::{Config, span_text};
use crate::control::prices::PriceRules;

/// The longest topic (characters).
const TOPIC: usize = 200;
const HOUR: Span = Span::from_secs(3600);

/// Live prices of energy and its carbon. They come by a topic, by a file, or by events of a utility's programme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PricesConfig {
    /// The topic on which they are published, with the retain flag (one whole topic at the broker of `[mqtt]`, not below `wattloop/`)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// The file in which they are; it is read again when it changes (path, relative to this file)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// They come as events PRICE and GHG of the server of `[openadr]` (true or false)
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub openadr: bool,
    /// They are stale when nothing has been published for longer (time, 1h to 14d)
    #[serde(with = "span_text")]
    pub stale_after: Span,
    /// A longer hole in what is published is told (time, 0s to 24h)
    #[serde(with = "span_text")]
    pub max_gap: Span,
    /// That they end is told so long before (time, 0s to 48h)
    #[serde(with = "span_text")]
    pub ending_within: Span,
}

impl Default for PricesConfig {
    fn default() -> Self {
        Self {
            topic: None,
            file: None,
            openadr: false,
            stale_after: HOUR.times(30),
            max_gap: Span::from_secs(900),
            ending_within: HOUR.times(6),
        }
    }
}

/// A rule that does not hold: the key below `[prices]`, nothing for all of it; a sentence; what to do.
pub type Broken = (Option<&'static str>, String, &'static str);

impl PricesConfig {
    /// When they are believed.
    #[must_use]
    pub const fn rules(&self) -> PriceRules {
        PriceRules { stale_after: self.stale_after, max_gap: self.max_gap, ending_within: self.ending_within }
    }

    /// Every rule that does not hold.
    #[must_use]
    pub fn faults(&self, config: &Config) -> Vec<Broken> {
        let mut faults = Vec::new();
        let mut fail = |key, say: String, help| faults.push((key, say, help));
        if config.tariff.is_none() {
            let say = "`prices` come in the currency of a tariff, and the site names none".to_owned();
            fail(None, say, "add `[tariff]` with `file = \"…\"`");
        }
        match (&self.topic, &self.file, self.openadr) {
            (Some(_), Some(_), _) | (None, None, false) | (Some(_), _, true) | (_, Some(_), true) => {
                let say = "`prices` come by a topic, by a file or by events, one of the three".to_owned();
                let help = "say `topic = \"prices/day-ahead\"`, `file = \"day-ahead.json\"` or `openadr = true`";
                fail(None, say, help);
            }
            (None, None, true) if config.openadr.is_none() => {
                let say = "`prices` come by events, and there is no server of them".to_owned();
                fail(Some("openadr"), say, "add `[openadr]`, or name a `topic` or a `file`");
            }
            (None, None, true) => {}
            (Some(topic), None, false) => {
                let whole = rumqttc::valid_topic(topic) && !topic.is_empty() && topic.len() <= TOPIC;
                if !whole || topic.starts_with("wattloop/") || topic.starts_with('$') {
                    let say = format!("`prices.topic` cannot be `{topic}`");
                    let help = "write one whole topic without `+` and `#`, such as `prices/day-ahead`; below `wattloop/` the service speaks";
                    fail(Some("topic"), say, help);
                }
                if config.mqtt.is_none() {
                    let say = "`prices` come by a topic, and there is no broker".to_owned();
                    fail(Some("topic"), say, "add `[mqtt]` with `url = \"mqtt://…\"`, or name a `file`");
                }
            }
            (None, Some(_), false) => {}
        }
        let spans = [
            ("stale_after", self.stale_after, HOUR, HOUR.times(14 * 24)),
            ("max_gap", self.max_gap, Span::ZERO, HOUR.times(24)),
            ("ending_within", self.ending_within, Span::ZERO, HOUR.times(48)),
        ];
        for (key, value, least, most) in spans {
            if value < least || value > most {
                let say = format!("`prices.{key}` is {value}; it must lie between {least} and {most}");
                fail(Some(key), say, "");
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use crate::service::config::Parsed;

    const SITE: &str = "hall = \"bench\"\n[tariff]\nfile = \"t.toml\"\n[mqtt]\nurl = \"mqtt://127.0.0.1\"\n";

    fn told(text: &str) -> String {
        Parsed::read("site.toml", text, &[], &[]).err().map(|faults| faults.to_string()).unwrap_or_default()
    }

    #[test]
    fn prices_come_by_a_topic_or_a_file_of_a_site_with_a_tariff() {
        let of = |prices: &str| told(&format!("{SITE}[prices]\n{prices}\n"));
        assert_eq!(of("topic = \"prices/day-ahead\""), "");
        assert_eq!(of("file = \"a.json\"\nstale_after = \"14d\"\nmax_gap = \"0s\"\nending_within = \"0s\""), "");
        for both in ["", "topic = \"a\"\nfile = \"b\"", "topic = \"a\"\nopenadr = true", "file = \"a\"\nopenadr = true"]
        {
            let said = of(both);
            assert!(said.contains("site.toml:6:") && said.contains("one of the three"), "{said}");
            assert!(said.contains("prices/day-ahead"), "{said}");
        }
        assert!(of("openadr = true").contains("there is no server of them"), "{}", of("openadr = true"));
        for topic in ["a/+", "a/#", "", "wattloop/v1/x/prices", "$SYS/a"] {
            let said = of(&format!("topic = \"{topic}\""));
            assert!(said.contains("site.toml:7:1") && said.contains("one whole topic"), "{topic}: {said}");
        }
        let keys = of("file = \"a\"\nstale-after = \"1d\"\nstale_after = \"59min\"");
        assert!(keys.contains("`stale-after` is no key of `prices`"), "{keys}");
        assert!(of("file = \"a\"\nstale_after = \"59min\"").contains("must lie between 60min and 336h"));
        assert!(of("file = \"a\"\nmax_gap = \"25h\"").contains("`prices.max_gap` is 25h"));
        assert!(of("file = \"a\"\nending_within = \"3d\"").contains("ending_within"));
        let bare = told("hall = \"bench\"\n[prices]\ntopic = \"a\"\n");
        assert!(bare.contains("names none") && bare.contains("there is no broker"), "{bare}");
    }
}
