//! A service against a simulated hall on real wires: Modbus servers, a broker, sockets; all on loopback, all in one process.
//!
//! The demo is a rehearsal that people watch; drills break it on purpose. Nothing in the service knows that it rehearses.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plant::fault::Faults;
use plant::time::Wall;
use sim::World;
use sim::compute::fleet::Spec;
use sim::wire::{self, Running};
use tokio::runtime::Runtime;

use super::broker::{Broker, BrokerFault};
use super::config::{Loaded, Sources, load};
use super::{Service, StartFault};
use crate::adapters::modbus::Writes;

/// The configurations that halls of the program's own are rehearsed with.
const SITES: &[(&str, &str)] = &[
    ("air", include_str!("../../config/air.toml")),
    ("air-dx", include_str!("../../config/air-dx.toml")),
    ("bench", include_str!("../../config/bench.toml")),
    ("hybrid", include_str!("../../config/hybrid.toml")),
    ("immersion", include_str!("../../config/immersion.toml")),
    ("immersion-two-phase", include_str!("../../config/immersion-two-phase.toml")),
    ("liquid", include_str!("../../config/liquid.toml")),
    ("rear-door", include_str!("../../config/rear-door.toml")),
];

/// Why a rehearsal does not begin.
#[derive(Debug)]
pub enum RehearsalFault {
    /// There is no configuration for this hall.
    Unknown(String),
    /// The configuration, the hall or its physics has faults.
    Faults(Faults),
    /// A file or a socket cannot be had.
    Io(io::Error),
    /// The broker did not start.
    Broker(BrokerFault),
    /// The service did not start.
    Service(StartFault),
}

impl std::fmt::Display for RehearsalFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown(hall) => {
                let names: Vec<&str> = SITES.iter().map(|(name, _)| *name).collect();
                write!(f, "there is no simulated hall `{hall}`; there is {}", names.join(", "))
            }
            Self::Faults(faults) => faults.fmt(f),
            Self::Io(error) => error.fmt(f),
            Self::Broker(fault) => fault.fmt(f),
            Self::Service(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for RehearsalFault {}

impl From<Faults> for RehearsalFault {
    fn from(faults: Faults) -> Self {
        Self::Faults(faults)
    }
}

impl From<io::Error> for RehearsalFault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The stage: a simulated hall that is served, and the broker its sensors talk to.
pub struct Stage {
    runtime: Runtime,
    /// The hall's servers: for looking, and for breaking things.
    pub hall: Running,
    broker: Option<Broker>,
    site: PathBuf,
    flags: Vec<String>,
}

/// What differs from one rehearsal to the next.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// The seed of weather, load and noise.
    pub seed: u64,
    /// `key=value` above the site's configuration.
    pub set: Vec<String>,
    /// In lockstep, with the hall's wall clock at this time at the begin; nothing for real time.
    pub lockstep: Option<Wall>,
    /// The machines one by one, where they are followed so.
    pub nodes: Option<Arc<Spec>>,
    /// Somebody else's broker, where the hall's sensors speak; nothing for one of our own.
    pub broker: Option<wire::Broker>,
    /// What the site's configuration and the hall's physics say besides their own: sections of TOML.
    pub more: (String, String),
}

impl Stage {
    /// Serves a simulated hall of the program's own. Everything that is written goes into `folder`.
    ///
    /// # Errors
    /// An unknown hall, a folder or a port that cannot be had.
    pub fn set(hall: &str, folder: &Path, scene: &Scene) -> Result<Self, RehearsalFault> {
        let unknown = || RehearsalFault::Unknown(hall.to_owned());
        let (_, site_text) = SITES.iter().find(|(name, _)| *name == hall).ok_or_else(unknown)?;
        let (_, physics) = sim::shipped::HALLS.iter().find(|(name, _)| *name == hall).ok_or_else(unknown)?;
        std::fs::create_dir_all(folder)?;
        let site = folder.join("site.toml");
        let (more, physics_more) = &scene.more;
        std::fs::write(&site, format!("{site_text}{more}"))?;
        let plan = load(&Sources { file: site.clone(), env: Vec::new(), flags: scene.set.clone() })?;
        let world = World::load(&plan.hall, hall, &format!("{physics}{physics_more}"))?.with_seed(scene.seed);
        let world = scene.nodes.iter().fold(world, World::with_nodes);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let wants_broker = !plan.bindings.mqtt.is_empty() && scene.broker.is_none();
        let broker =
            if wants_broker { Some(runtime.block_on(Broker::start(0)).map_err(RehearsalFault::Broker)?) } else { None };
        let free = wire::Options::default();
        let pace = match (scene.lockstep, &scene.nodes) {
            (Some(_), _) => wire::Pace::Lockstep,
            (None, None) => free.pace,
            // GPUs' sensors speak ten times a second.
            (None, Some(_)) => wire::Pace::Free { speed: 1.0, step: Duration::from_millis(100) },
        };
        let options = wire::Options {
            broker: broker.as_ref().map(sensors).or_else(|| scene.broker.clone()),
            pace,
            begin: scene.lockstep,
            ..free
        };
        let served = runtime.block_on(wire::serve(world, &plan.bindings, &options))?;
        let mut flags = places(folder);
        flags.extend(served.gateways().iter().map(|(name, at)| format!("modbus.gateway.{name}.url=\"tcp://{at}\"")));
        flags.extend(broker.as_ref().map(|b| format!("mqtt.url=\"{}\"", b.url())));
        flags.extend(scene.broker.iter().map(|b| format!("mqtt.url=\"mqtt://{}:{}\"", b.host, b.port)));
        flags.extend(scene.set.iter().cloned());
        Ok(Self { runtime, hall: served, broker, site, flags })
    }

    /// The configuration of a service that controls this hall.
    ///
    /// # Errors
    /// Faults of the scene's own settings.
    pub fn load(&self) -> Result<Loaded, Faults> {
        load(&Sources { file: self.site.clone(), env: Vec::new(), flags: self.flags.clone() })
    }

    /// The configuration file and the settings above it, for a service in a process of its own.
    #[must_use]
    pub fn site(&self) -> (&Path, &[String]) {
        (&self.site, &self.flags)
    }

    /// Starts a service that controls this hall.
    ///
    /// # Errors
    /// Whatever keeps a service from starting.
    pub fn service(&self, writes: Writes) -> Result<Service, RehearsalFault> {
        Service::start(self.load()?, writes, None).map_err(RehearsalFault::Service)
    }

    /// Where the broker listens.
    #[must_use]
    pub fn broker(&self) -> Option<String> {
        self.broker.as_ref().map(Broker::url)
    }

    /// Stops the broker; everything else plays on.
    pub fn stop_broker(&mut self) {
        if let Some(broker) = self.broker.take() {
            self.runtime.block_on(broker.stop());
        }
    }

    /// Starts a broker anew on the port where the first one was.
    ///
    /// # Errors
    /// The port is taken.
    pub fn start_broker(&mut self, port: u16) -> Result<(), BrokerFault> {
        self.broker = Some(self.runtime.block_on(Broker::start(port))?);
        Ok(())
    }

    /// How many requests the hall has answered, by Modbus function code.
    #[must_use]
    pub fn requests(&self) -> BTreeMap<u8, u64> {
        self.hall.requests()
    }
}

fn sensors(broker: &Broker) -> wire::Broker {
    let at = broker.address();
    wire::Broker { host: at.ip().to_string(), port: at.port(), client: "simulated-hall".to_owned(), login: None }
}

/// Everything in one folder, health on any free port.
fn places(folder: &Path) -> Vec<String> {
    vec![
        format!("state_dir=\"{}\"", folder.display()),
        format!("api.socket=\"{}\"", folder.join("wattloop.sock").display()),
        "health.listen=\"127.0.0.1:0\"".to_owned(),
    ]
}
