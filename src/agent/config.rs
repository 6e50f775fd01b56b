//! The node's own file. Root owns it; nobody who grants over a wire can leave what it says.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use plant::convert;
use plant::fault::Faults;
use plant::gpu::Milliwatts;
use plant::read::{Section, Source, is_name};
use plant::time::Span;

use super::hold::Bounds;
use crate::adapters::mqtt::MqttConfig;
use crate::adapters::nvml::Settings;

/// What an agent needs to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The node's name, as the hall's file calls it (small letters, digits, dashes).
    pub node: String,
    /// What nobody can leave.
    pub bounds: Bounds,
    /// How NVML is used.
    pub nvml: Settings,
    /// Keep the driver loaded when nobody uses it (flag): without, a limit is lost with its last user.
    pub persistent: bool,
    /// Where limits are remembered over a restart (path).
    pub state_file: PathBuf,
    /// The socket for callers on this machine (path); its group may ask.
    pub socket: PathBuf,
    /// How often the node says how it is (s, 0.1 to 10).
    pub report_every: Span,
    /// How long the working half may be silent before it is ended (s, 1 to 60).
    pub silence: Span,
    /// The broker, for callers elsewhere.
    pub mqtt: Option<MqttConfig>,
}

/// What a file that is not taken still tells: where the driver's library and the memory are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remains {
    /// How NVML is used.
    pub nvml: Settings,
    /// Where limits are remembered over a restart (path).
    pub state_file: PathBuf,
}

/// Where limits are remembered, if the file does not say.
const STATE_FILE: &str = "/var/lib/wattloop-agent/limits.json";

/// Why a node's file is not taken.
#[derive(Debug)]
pub enum Unfit {
    /// It cannot be read, or it is not root's alone.
    Io(io::Error),
    /// It says what cannot be.
    Faults(Faults),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Faults(faults) => faults.fmt(f),
        }
    }
}

/// More than any board bears (W).
const MOST: f64 = 20_000.0;

impl Config {
    /// What an agent of this file says of itself while it works: to the broker, and at its socket.
    #[must_use]
    pub fn online(&self) -> serde_json::Value {
        serde_json::json!({
            "state": "online",
            "node": self.node,
            "version": env!("CARGO_PKG_VERSION"),
            "failsafe_mw": self.bounds.failsafe,
            "floor_mw": self.bounds.floor,
            "ceiling_mw": self.bounds.ceiling,
            "longest_lease_ms": self.bounds.longest.millis(),
        })
    }

    /// Reads a node's file.
    ///
    /// # Errors
    /// The file is missing, somebody else than root or ourselves may write it, or it has faults: all of them.
    pub fn load(path: &Path) -> Result<Self, Unfit> {
        let told = |e: io::Error| Unfit::Io(io::Error::new(e.kind(), format!("{}: {e}", path.display())));
        trusted(path).map_err(told)?;
        let text = fs::read_to_string(path).map_err(told)?;
        Self::read(&path.display().to_string(), &text).map_err(Unfit::Faults)
    }

    /// What a file that is not taken still tells, for who must write a fail-safe all the same: what has no fault stands as it is there, the
    /// rest as if it said nothing. A file that others may write tells nothing: they would choose what is loaded into root's process.
    #[must_use]
    pub fn remains(path: &Path) -> Remains {
        let text = trusted(path).and_then(|()| fs::read_to_string(path)).unwrap_or_default();
        let table: toml::Table = text.parse().unwrap_or_default();
        let said = |key: &str| table.get(key).and_then(toml::Value::as_str).map(PathBuf::from);
        let nvml = Settings { library: said("library"), ..Settings::default() };
        Remains { nvml, state_file: said("state_file").unwrap_or_else(|| PathBuf::from(STATE_FILE)) }
    }

    /// Reads a node's file from its text.
    ///
    /// # Errors
    /// Every fault.
    pub fn read(file: &str, text: &str) -> Result<Self, Faults> {
        let source = Source::new(file, text);
        let table = source.parse();
        let root = source.root(&table);
        let config = root_section(&root);
        root.done();
        source.finish(config)
    }
}

/// Refuses a file that somebody else than root or ourselves may write.
fn trusted(path: &Path) -> io::Result<()> {
    let metadata = fs::metadata(path)?;
    let own = fs::metadata("/proc/self").map_or(0, |m| m.uid());
    if metadata.mode() & 0o022 != 0 || ![0, own].contains(&metadata.uid()) {
        let what = "others than root may write it, and so lift every limit: run `chown root` and `chmod go-w` on it";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
    }
    Ok(())
}

fn root_section(root: &Section<'_>) -> Option<Config> {
    let node = root.need_name("node");
    let bounds = bounds(root);
    let library: Option<String> = root.maybe("library");
    let whole = Settings::default();
    let nvml = Settings {
        library: library.map(PathBuf::from),
        period: root.span("read_every", whole.period, (Span::from_millis(50), Span::from_secs(1))),
        deadline: root.span("call_within", whole.deadline, (Span::from_millis(100), Span::from_secs(60))),
    };
    let path = |key, otherwise: &str| PathBuf::from(root.or::<String>(key, otherwise.to_owned()));
    let (state_file, socket) = (path("state_file", STATE_FILE), path("socket", "/run/wattloop-agent/agent.sock"));
    let report_every = root.span("report_every", Span::from_millis(500), (Span::from_millis(100), Span::from_secs(10)));
    let silence = root.span("silence", Span::from_secs(3), (Span::from_secs(1), Span::from_secs(60)));
    let persistent = root.or("persistent", true);
    let mqtt = if root.has("mqtt") { Some(broker(root, node.as_deref())?) } else { None };
    Some(Config { node: node?, bounds: bounds?, nvml, persistent, state_file, socket, report_every, silence, mqtt })
}

fn bounds(root: &Section<'_>) -> Option<Bounds> {
    let watts = |key| root.within(key, (1.0, MOST));
    if !root.has("failsafe_w") {
        root.missing(
            "failsafe_w",
            "write what a GPU may draw when nobody has the say: all of the node's together must fit its feeder",
        );
    }
    let failsafe = watts("failsafe_w")?;
    let (floor, ceiling) = (watts("floor_w").unwrap_or(failsafe), watts("ceiling_w").unwrap_or(MOST));
    if floor > failsafe {
        let message = format!("a floor of {floor} W is above the fail-safe of {failsafe} W");
        root.clash("floor_w", message, "write the least cap that a grant may set, at or below `failsafe_w`");
    }
    if ceiling < failsafe {
        let message = format!("a ceiling of {ceiling} W is below the fail-safe of {failsafe} W");
        root.clash("ceiling_w", message, "write the highest cap that a grant may set, at or above `failsafe_w`");
    }
    let mw = |watts: f64| Milliwatts(convert::u64_from_f64_rounded(watts * 1000.0));
    Some(Bounds {
        failsafe: mw(failsafe),
        floor: mw(floor),
        ceiling: mw(ceiling),
        longest: root.span("longest_lease", Span::from_secs(60), (Span::from_secs(1), Span::from_secs(600))),
        assert_every: root.span("assert_every", Span::from_secs(1), (Span::from_millis(100), Span::from_secs(60))),
    })
}

/// The broker. The user's name is the node's, so that an access list can keep it to its own topics.
fn broker(root: &Section<'_>, node: Option<&str>) -> Option<MqttConfig> {
    let section = root.section("mqtt")?;
    let url = section.need_text("url")?;
    let name = node.filter(|n| is_name(n)).unwrap_or("agent");
    let client: String = section.or("client_id", format!("wattloop-agent-{name}"));
    let plain = MqttConfig::to(&url);
    let config = MqttConfig {
        client_id: client,
        user: section.maybe("user"),
        password_file: section.maybe::<String>("password_file").map(PathBuf::from),
        ca_file: section.maybe::<String>("ca_file").map(PathBuf::from),
        keep_alive: section.span("keep_alive", Span::from_secs(5), (Span::from_secs(5), Span::from_secs(600))),
        ..plain
    };
    section.done();
    if let Err(faults) = config.check() {
        for sentence in faults.0 {
            section.fault("url", sentence, "see the keys of `[mqtt]` in the documentation");
        }
        return None;
    }
    if !config.is_private() {
        let message = "caps would be granted by whoever is on the way to this broker";
        section.fault(
            "url",
            message,
            "write `mqtts://…` and `ca_file`; without TLS only a broker on this machine is taken",
        );
    }
    Some(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_file_is_enough() {
        let config = Config::read("agent.toml", "node = \"node-1\"\nfailsafe_w = 300").expect("whole");
        assert_eq!(
            (config.bounds.failsafe, config.bounds.floor),
            (Milliwatts::from_watts(300), Milliwatts::from_watts(300))
        );
        assert_eq!((config.bounds.longest, config.mqtt), (Span::from_secs(60), None));
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let text = "node = \"Node 1\"\nfailsafe_w = 300\nfloor_w = 400\nceiling_w = 200\nlongest_lease = \"2h\"\nfail = 1\n[mqtt]\nurl = \"http://x\"\n";
        let said = Config::read("agent.toml", text).expect_err("faults").to_string();
        for part in [
            "agent.toml:1:",
            "`Node 1` is no name",
            "a floor of 400 W",
            "a ceiling of 200 W",
            "longest_lease",
            "`fail`",
            "mqtt://",
        ] {
            assert!(said.contains(part), "{part} is missing in {said}");
        }
    }

    #[test]
    fn a_broker_elsewhere_needs_tls() {
        let with =
            |url: &str| Config::read("agent.toml", &format!("node = \"n\"\nfailsafe_w = 300\n[mqtt]\nurl = \"{url}\""));
        assert!(with("mqtt://127.0.0.1:1883").is_ok());
        let said = with("mqtt://10.0.0.9:1883").expect_err("open").to_string();
        assert!(said.contains("agent.toml:4:") && said.contains("mqtts://"), "{said}");
    }

    #[test]
    fn a_file_with_faults_still_tells_where_things_are() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("agent.toml");
        fs::write(&path, "node = 7\nfailsafe = 300\nlibrary = \"/opt/nvml.so\"\nstate_file = \"/s\"").expect("written");
        let remains = Config::remains(&path);
        assert_eq!((remains.nvml.library, remains.state_file), (Some("/opt/nvml.so".into()), "/s".into()));
        fs::write(&path, "node = ").expect("written");
        assert_eq!(Config::remains(&path).state_file, PathBuf::from(STATE_FILE));
        assert_eq!(Config::remains(&dir.path().join("none")).state_file, PathBuf::from(STATE_FILE));
    }

    #[test]
    fn a_file_that_others_may_write_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("agent.toml");
        fs::write(&path, "node = \"n\"\nfailsafe_w = 300").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).expect("ours");
        let said = Config::load(&path).expect_err("open").to_string();
        assert!(said.contains("chmod go-w") && said.contains("agent.toml"), "{said}");
        fs::write(&path, "library = \"/tmp/theirs.so\"\nstate_file = \"/tmp/theirs\"").expect("written");
        let nothing = Remains { nvml: Settings::default(), state_file: PathBuf::from(STATE_FILE) };
        assert_eq!(Config::remains(&path), nothing, "nothing that others chose is loaded");
        fs::write(&path, "node = \"n\"\nfailsafe_w = 300").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("ours");
        assert!(Config::load(&path).is_ok());
    }
}
