//! Where the broker is, and who asks: flags, then the environment, then a small file.

use std::path::{Path, PathBuf};

use clap::Args;
use plant::time::Span;
use serde::Deserialize;
use wattloop::adapters::mqtt::MqttConfig;

use super::Stop;

/// The file where nothing else is said, if it is there.
const FILE: &str = "/etc/wattloop/budget.toml";
/// What was lent is remembered here, where nothing else is said.
const STATE: &str = "/var/lib/wattloop-budget";
/// Every key of the file; in the environment with this before it, in capitals.
const KEYS: [&str; 7] = ["broker", "user", "password_file", "ca_file", "client", "site", "state"];
const PREFIX: &str = "WATTLOOP_BUDGET_";

/// Where the broker is, and who asks.
#[derive(Clone, Debug, Default, Args)]
pub struct PlaceArgs {
    /// A file with the seven settings below [default: $WATTLOOP_BUDGET_CONFIG, then /etc/wattloop/budget.toml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The broker: `mqtts://host:port`, or `mqtt://` on this machine
    #[arg(long, value_name = "URL")]
    pub broker: Option<String>,
    /// The user at the broker
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// The file with the user's password, closed to others
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<String>,
    /// Who signed the broker's certificate, with `mqtts://`
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<String>,
    /// Who asks, as the service's `[[budgets.client]]` names it [default: the user]
    #[arg(long, value_name = "NAME")]
    pub client: Option<String>,
    /// The site in the topics, as the hall's file calls it
    #[arg(long, value_name = "NAME")]
    pub site: Option<String>,
    /// What was lent is remembered in this folder (0700) [default: /var/lib/wattloop-budget]
    #[arg(long, value_name = "DIR")]
    pub state: Option<String>,
    /// How long an answer may take
    #[arg(long, value_name = "TIME", value_parser = crate::cli::span, default_value = "10s")]
    pub timeout: Option<Span>,
}

/// Where the broker is, and who asks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    broker: String,
    user: Option<String>,
    password_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    client: Option<String>,
    /// The site in the topics.
    pub site: String,
    state: Option<PathBuf>,
}

impl PlaceArgs {
    /// All of it together.
    pub fn place(&self) -> Result<Place, Stop> {
        self.with(|name| std::env::var(name).ok())
    }

    fn with(&self, env: impl Fn(&str) -> Option<String>) -> Result<Place, Stop> {
        let named = self.config.clone().or_else(|| env("WATTLOOP_BUDGET_CONFIG").map(PathBuf::from));
        let usual = Path::new(FILE);
        let file = named.or_else(|| usual.is_file().then(|| usual.to_owned()));
        let mut table = file.as_deref().map_or_else(|| Ok(toml::Table::new()), read)?;
        let flags =
            [&self.broker, &self.user, &self.password_file, &self.ca_file, &self.client, &self.site, &self.state];
        for (key, flag) in KEYS.into_iter().zip(flags) {
            if let Some(value) = flag.clone().or_else(|| env(&format!("{PREFIX}{}", key.to_uppercase()))) {
                table.insert(key.to_owned(), toml::Value::String(value));
            }
        }
        let place: Place = table.try_into().map_err(|e: toml::de::Error| {
            let help = "give it as a flag, in the environment or in the file: see `wattloop budget acquire --help`";
            Stop::new(78, "config_invalid", e.message(), help)
        })?;
        let levels = [Some(place.site.as_str()), place.client()];
        if levels.iter().any(|of| of.is_none_or(|of| of.is_empty() || of.contains(['/', '+', '#']))) {
            return Err(Stop::new(
                78,
                "config_invalid",
                "site and client must be one level of a topic each",
                "--client",
            ));
        }
        Ok(place)
    }

    /// How long an answer may take.
    pub fn patience(&self) -> Span {
        self.timeout.unwrap_or(Span::from_secs(10))
    }
}

/// A file's table; its paths are meant from where it is.
fn read(file: &Path) -> Result<toml::Table, Stop> {
    let name = file.display();
    let faulty = |say: String| Stop::new(78, "config_invalid", say, "");
    let text = std::fs::read_to_string(file).map_err(|e| faulty(format!("{name}: {e}")))?;
    let mut table: toml::Table = toml::from_str(&text).map_err(|e| faulty(format!("{name}: {e}")))?;
    let folder = file.parent().unwrap_or(Path::new("/"));
    for key in ["password_file", "ca_file", "state"] {
        if let Some(toml::Value::String(path)) = table.get_mut(key) {
            *path = folder.join(&path).display().to_string();
        }
    }
    Ok(table)
}

impl Place {
    /// Who asks.
    pub fn client(&self) -> Option<&str> {
        self.client.as_deref().or(self.user.as_deref())
    }

    /// Where what was lent is remembered.
    pub fn state(&self) -> &Path {
        self.state.as_deref().unwrap_or(Path::new(STATE))
    }

    /// The way to the broker, under a name that nobody else there has.
    pub fn mqtt(&self, nonce: &str) -> MqttConfig {
        MqttConfig {
            client_id: format!("budget-{nonce}"),
            user: self.user.clone(),
            password_file: self.password_file.clone(),
            ca_file: self.ca_file.clone(),
            ..MqttConfig::to(&self.broker)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_come_before_the_environment_and_that_before_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("budget.toml");
        let text = "broker = \"mqtt://a\"\nuser = \"file\"\npassword_file = \"secret\"\nsite = \"hall\"\n";
        std::fs::write(&file, text).expect("written");
        let args = PlaceArgs { config: Some(file), site: Some("flag".to_owned()), ..PlaceArgs::default() };
        let env =
            |name: &str| ["WATTLOOP_BUDGET_USER", "WATTLOOP_BUDGET_SITE"].contains(&name).then(|| "env".to_owned());
        let place = args.with(env).expect("whole");
        assert_eq!((place.site.as_str(), place.client()), ("flag", Some("env")));
        assert_eq!(place.password_file, Some(folder.path().join("secret")));
    }

    #[test]
    fn what_is_missing_or_unknown_is_a_fault_of_the_configuration() {
        let nothing = PlaceArgs { broker: Some("mqtt://a".to_owned()), ..PlaceArgs::default() };
        let stop = nothing.with(|_| None).expect_err("no site");
        assert_eq!((stop.exit, stop.message.contains("site")), (78, true), "{stop}");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("budget.toml");
        std::fs::write(&file, "brokr = \"x\"\n").expect("written");
        let args = PlaceArgs { config: Some(file), ..PlaceArgs::default() };
        assert!(args.with(|_| None).expect_err("unknown").message.contains("brokr"));
        let args = PlaceArgs { site: Some("a/b".to_owned()), client: Some("c".to_owned()), ..nothing };
        assert_eq!(args.with(|_| None).expect_err("two levels").exit, 78);
    }
}
