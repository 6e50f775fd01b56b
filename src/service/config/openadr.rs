//! Where a utility's programmes are, and what their events mean here.

use std::path::PathBuf;

use plant::fault::Fault;
use plant::hall::Hall;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::flex::Broken;
use super::path::Path;
use super::{Parsed, span_text};
use crate::adapters::web::Address;

/// Events of a utility's programmes, by OpenADR 3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenAdrConfig {
    /// The utility's server, a VTN (URL with https://; http:// on this machine only)
    pub url: String,
    /// The authority that signs its certificate (path of a PEM file; needed with https://)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Our name there, a VEN's (text)
    pub ven: String,
    /// The programme whose events count (text; all that the server shows us where none is named)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Who we are when a token is asked for (text; together with `secret_file`, none for a server that wants no token)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The file with the secret for a token (path, not open to everybody)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// Where below the URL tokens are (text, begins with `/`)
    #[serde(default = "auth_path")]
    pub auth_path: String,
    /// How often events are asked for (time, 1s to 1h)
    #[serde(default = "poll", with = "span_text")]
    pub poll: Span,
    /// The feeds that events limit (list of names in `[grid] feeds` of the hall's file; all of those where none is named)
    #[serde(default)]
    pub feeds: Vec<String>,
    /// What levels 1, 2 and 3 of `SIMPLE` let each feed carry (list of three powers in W, 0 to 1e10; they limit nothing where none is given)
    #[serde(default)]
    pub simple: Vec<f64>,
    /// What each feed carries in an emergency of the grid (W, 0 to 1e10; it limits nothing where none is given)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<f64>,
}

fn auth_path() -> String {
    "/auth/token".to_owned()
}

const fn poll() -> Span {
    Span::from_secs(30)
}

/// The feeds that events limit must be some for which the hall takes targets.
#[must_use]
pub fn feeds(parsed: &Parsed, hall: &Hall) -> Vec<Fault> {
    let Some(openadr) = &parsed.config.openadr else { return Vec::new() };
    let at = Path::default().key("openadr").key("feeds");
    let Some(rules) = &hall.power.grid else {
        let say = format!("the hall `{}` takes no load targets", hall.name);
        let help = "write `[grid]` with `feeds = […]` in the hall's file".to_owned();
        return vec![parsed.layered.fault(&Path::default().key("openadr"), say, help)];
    };
    let taken = |name: &String| hall.power.feed(name).is_some_and(|feed| rules.feeds.contains(&feed));
    let wrong = openadr.feeds.iter().filter(|name| !taken(name)).map(|name| {
        let say = format!("the hall takes no load targets for `{name}`");
        parsed.layered.fault(&at, say, "name feeds of `[grid] feeds` in the hall's file".to_owned())
    });
    wrong.collect()
}

impl OpenAdrConfig {
    /// Every rule that does not hold.
    #[must_use]
    pub fn faults(&self) -> Vec<Broken> {
        let mut faults: Vec<Broken> = Vec::new();
        match Address::read(&self.url) {
            Ok(address) if address.wants_tls() && self.ca_file.is_none() => {
                let say = "`openadr.url` is https:// and needs a `ca_file`".to_owned();
                faults.push(("ca_file", say, "name the PEM file of the authority that signs the server's certificate"));
            }
            Ok(_) => {}
            Err(say) => {
                let help = "write such as `https://vtn.example/openadr3/3.0.1`";
                faults.push(("url", format!("`openadr.url`: {say}"), help));
            }
        }
        if self.ven.trim().is_empty() || self.ven.chars().count() > 128 {
            faults.push(("ven", "`openadr.ven` is empty, or longer than 128".to_owned(), "write our name at the VTN"));
        }
        if self.client_id.is_some() != self.secret_file.is_some() {
            let say = "`openadr` asks for a token with `client_id` and `secret_file`, or with neither".to_owned();
            faults.push(("client_id", say, "give both"));
        }
        if !self.auth_path.starts_with('/') {
            let say = format!("`openadr.auth_path` is `{}`", self.auth_path);
            faults.push(("auth_path", say, "begin it with `/`"));
        }
        if self.poll < Span::from_secs(1) || self.poll > Span::from_secs(3600) {
            let say = format!("`openadr.poll` is {}; it must lie between 1s and 1h", self.poll);
            faults.push(("poll", say, ""));
        }
        let power = |watts: &f64| (0.0..=1e10).contains(watts);
        let falls = self.simple.windows(2).all(|pair| pair.first() >= pair.last());
        if !(self.simple.is_empty() || (self.simple.len() == 3 && self.simple.iter().all(power) && falls)) {
            let say = "`openadr.simple` is no list of three powers, each no higher than the one before".to_owned();
            faults.push(("simple", say, "write such as `[900e3, 700e3, 500e3]`"));
        }
        if self.emergency.is_some_and(|watts| !power(&watts)) {
            faults.push(("emergency", "`openadr.emergency` must lie between 0 and 1e10".to_owned(), ""));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use crate::service::config::Parsed;

    const SITE: &str = "hall = \"air\"\n[openadr]\nurl = \"https://vtn.example/openadr3\"\nca_file = \"ca.pem\"\nven = \"hall-a\"\nclient_id = \"c\"\nsecret_file = \"s\"\n";

    fn told(text: &str) -> String {
        Parsed::read("site.toml", text, &[], &[]).err().map(|faults| faults.to_string()).unwrap_or_default()
    }

    #[test]
    fn every_rule_that_does_not_hold_is_told() {
        assert_eq!(told(SITE), "");
        for (was, is, said) in [
            ("https://vtn", "http://vtn", "in the clear"),
            ("ca_file = \"ca.pem\"\n", "", "needs a `ca_file`"),
            ("ven = \"hall-a\"", "ven = \" \"", "`openadr.ven` is empty"),
            ("client_id = \"c\"\n", "", "asks for a token with"),
            ("ven = \"hall-a\"", "ven = \"hall-a\"\npoll = \"2h\"", "between 1s and 1h"),
            ("ven = \"hall-a\"", "ven = \"hall-a\"\nsimple = [1.0, 2.0, 3.0]", "three powers"),
            ("ven = \"hall-a\"", "ven = \"hall-a\"\nemergency = -1.0", "between 0 and"),
            ("ven = \"hall-a\"", "ven = \"hall-a\"\nauth_path = \"token\"", "begin it with"),
        ] {
            let text = SITE.replace(was, is);
            assert!(told(&text).contains(said), "{said}: {}", told(&text));
        }
    }

    #[test]
    fn events_limit_feeds_that_take_targets() {
        let (_, air) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let of = |feeds: &str, rules: &str| {
            let parsed = Parsed::read("site.toml", &format!("{SITE}{feeds}\n"), &[], &[]).expect("sound");
            let hall = plant::hall::Hall::load("air", &format!("{air}\n{rules}\n")).expect("loads");
            super::feeds(&parsed, &hall).into_iter().map(|fault| fault.message).collect::<Vec<_>>()
        };
        let grid = "[grid]\nfeeds = [\"utility\"]";
        assert_eq!(of("feeds = [\"utility\"]", grid), Vec::<String>::new());
        assert_eq!(of("", grid), Vec::<String>::new());
        assert!(of("", "").first().is_some_and(|say| say.contains("takes no load targets")));
        assert!(of("feeds = [\"ups-a\"]", grid).first().is_some_and(|say| say.contains("`ups-a`")));
    }
}
