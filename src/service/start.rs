//! Putting a service together: journal, controller, adapters, threads; in the order that control is never without outputs.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;

use plant::hall::Hall;
use plant::time::Span;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::Receiver as Notes;

use super::bulletin::{self, Bulletin};
use super::clock::{self, Clock};
use super::config::{Keeper, Loaded, last_good};
use super::history::{History, Series};
use super::journal::{Header, Journal, Options, Recovered, Retention};
use super::layout::layout;
use super::mark::Mark;
use super::metrics::Metrics;
use super::notify::Notify;
use super::outlet::{Kept, Outlet};
use super::planner::Asked;
use super::promise::Promises;
use super::publish::Publisher;
use super::resume::{Between, Resumed, resume};
use super::scan::{Pace, Scan, Tally};
use super::wiring::Wiring;
use super::{Service, StartFault, api, budget, counts, descriptors, flex, metrics, openadr, prices};
use crate::adapters::agents::{self, Desk};
use crate::adapters::modbus::{self, Modbus, Writes};
use crate::adapters::mqtt::{self, Mqtt, MqttConfig};
use crate::adapters::{Field, Shared, Stamp};
use crate::control::Controller;

/// Who hears what comes in by the broker besides control: prices, and requests for leases.
type Ears = (Option<tokio::sync::mpsc::Sender<prices::Heard>>, Option<budget::Desk>);

/// Starts everything. Returns once the threads run; the first scan follows at once. A configuration in shadow has no live
/// writes, whatever is asked.
pub(super) fn start(loaded: Loaded, writes: Writes, keeper: Option<Arc<Keeper>>) -> Result<Service, StartFault> {
    let writes = if loaded.config.shadow { Writes::Shadow } else { writes };
    let state_dir = loaded.config.state_dir.clone();
    std::fs::create_dir_all(&state_dir).map_err(|e| StartFault::Io(state_dir.clone(), e))?;
    let clock = Arc::new(Clock::machine());
    let header = header(&loaded);
    let (journal, recovered) = Journal::open(&state_dir.join("journal.db"), &header, bounds(&loaded))?;
    let shadow = writes == Writes::Shadow;
    Mark::Shadow.put(&state_dir, shadow).map_err(|e| StartFault::Io(state_dir.clone(), e))?;
    let resumed = recover(&loaded, (&header, &recovered), &clock);
    tracing::info!(boot = resumed.boot, "{}", resumed.note);
    let (plant, people) = (runtime("plant", PLANT_THREADS)?, runtime("people", PEOPLE_THREADS)?);
    let stamp: Stamp = Arc::new(clock.source().stamp());
    let field = field(&loaded, &resumed, Arc::clone(&stamp));
    let context = plant.enter();
    let unread = loaded.config.budgets.is_some() && resumed.controller.leases_unread();
    let wires = wires(&loaded, &clock, field, (writes, unread))?;
    drop(context);
    let context = people.enter();
    let (asker, calls) = api::call::channel();
    let metrics = Metrics::new(Arc::clone(&loaded.hall), loaded.config.period, stamp);
    let (teller, bulletins) = bulletin::channel();
    let outlet = outlet(&loaded, &wires, &metrics, &journal, (asker.clone(), writes, keeper.clone()))?;
    metrics.update(|figures| figures.config_hash = loaded.texts.hash());
    let spoken = (wires.mqtt.clone(), wires.agents.as_ref().map(|(desk, _)| Arc::clone(desk)));
    counts::add_all(&metrics, wires.modbus.clone(), spoken, journal.counters(), outlet.history.counters());
    let mut wiring = Wiring::of(&loaded.hall, &loaded.bindings);
    (wiring.config_hash, wiring.shadow, wiring.looker) = (loaded.texts.hash(), shadow, wires.field.looker());
    let served = serve(&loaded, &metrics, &asker, (keeper, wiring))?;
    drop(context);
    flex::listen(&loaded, &asker, (&clock, shadow), people.handle())?;
    openadr::listen(&loaded, &asker, (&clock, shadow), people.handle())?;
    let stop = Arc::new(AtomicBool::new(false));
    let handed_over = Mark::HandedOver.is_on(&state_dir);
    // From the first scan on the outputs are control's again.
    Mark::HandedOver.put(&state_dir, false).map_err(|e| StartFault::Io(state_dir.clone(), e))?;
    let mut controller = resumed.controller;
    controller.set_beside(shadow); // the boot's first snapshot has it
    let scan = Scan {
        planner: planner(&controller)?,
        controller,
        field: wires.field,
        clock: Arc::clone(&clock),
        pace: pace(&loaded),
        calls,
        teller,
        journal,
        promises: Promises::start().map_err(|e| StartFault::Io(PathBuf::from("promises thread"), e))?,
        metrics,
        notify: Notify::of_process().map_err(|e| StartFault::Io(PathBuf::from("NOTIFY_SOCKET"), e))?,
        boot: resumed.boot,
        before: resumed.last,
        handed_over,
        state_dir,
    };
    last_good::keep(&scan.state_dir, &loaded.texts).map_err(|e| StartFault::Io(scan.state_dir.clone(), e))?;
    let threads = (spawn_scan(scan, &stop)?, spawn_outlet(outlet, bulletins)?);
    let ears = ears(&loaded, &asker, (wires.mqtt.as_ref().filter(|_| !shadow), &clock, unread), people.handle());
    let mqtt = listen(wires.mqtt.zip(wires.incoming), wires.agents, (&people, &asker, &loaded.hall), ears);
    people.spawn(descriptors::watch());
    Ok(Service {
        plant,
        people,
        stop,
        scan: Some(threads.0),
        outlet: Some(threads.1),
        asker,
        hall: loaded.hall,
        modbus: wires.modbus,
        mqtt,
        served,
    })
}

/// Control and the clock go on from what is recorded.
fn recover(loaded: &Loaded, (header, recovered): (&Header, &Recovered), clock: &Clock) -> Resumed {
    let between = Between { now: clock.mono(), loss: loaded.bindings.shortest_loss().map(|(after, _)| after) };
    let resumed = resume(&loaded.site(), header, recovered, between);
    if let Some((last, same_run)) = resumed.left {
        let now = clock::Now { mono: last.mono, wall: last.wall, trusted: last.clock_trusted };
        clock.goes_on(&clock::Left { now, same_run });
    }
    resumed
}

/// The planner's thread, and what was asked of the one before it: nobody answers that any more.
fn planner(controller: &Controller) -> Result<(Asked, u64), StartFault> {
    let planner = Asked::start().map_err(|e| StartFault::Io(PathBuf::from("planner thread"), e))?;
    Ok((planner, controller.plan_due()))
}

/// Who hears prices, and who takes what schedulers ask; in shadow nobody is lent anything.
fn ears(
    loaded: &Loaded,
    asker: &api::call::Asker,
    (mqtt, clock, unread): (Option<&Arc<Mqtt>>, &Arc<Clock>, bool),
    people: &tokio::runtime::Handle,
) -> Ears {
    let desk = mqtt.and_then(|mqtt| budget::listen(loaded, asker, (mqtt, clock, unread), people));
    (prices::listen(loaded, asker, people), desk)
}

/// Serves what comes in by the broker.
fn listen(
    mqtt: Option<(Arc<Mqtt>, Notes<mqtt::Incoming>)>,
    agents: Option<Agents>,
    (people, asker, hall): (&Runtime, &api::call::Asker, &Arc<Hall>),
    ears: Ears,
) -> Option<Arc<Mqtt>> {
    if let Some((_, notes)) = agents {
        people.spawn(super::incoming::of_agents(notes, asker.clone(), Arc::clone(hall)));
    }
    let (mqtt, incoming) = mqtt?;
    people.spawn(super::incoming::serve(incoming, Arc::clone(&mqtt), asker.clone(), Arc::clone(hall), ears));
    Some(mqtt)
}

/// Threads for the adapters: with one, a thousand loops at 100 ms lose cycles on a busy machine.
const PLANT_THREADS: usize = 2;
/// Threads for people and programs, apart, so that a scrape or a long answer never holds up a poll.
const PEOPLE_THREADS: usize = 1;

fn runtime(name: &str, threads: usize) -> Result<Runtime, StartFault> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let built = builder.worker_threads(threads).thread_name(name).enable_all().build();
    built.map_err(|e| StartFault::Io(PathBuf::from("tokio"), e))
}

/// The header that the journal embeds: what replay needs to begin anywhere.
fn header(loaded: &Loaded) -> Header {
    let texts = loaded.texts.clone();
    Header {
        hall: texts.hall,
        maps: texts.maps,
        config: texts.config,
        tariff: texts.tariff,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        tzdb: jiff::tz::db().available().count().to_string(),
        machine: clock::machine_run().unwrap_or_default(),
        layout: layout(&loaded.site()),
    }
}

fn bounds(loaded: &Loaded) -> Options {
    let journal = &loaded.config.journal;
    Options {
        retention: Retention { max_bytes: journal.max_mb.saturating_mul(1_000_000), max_age: journal.max_age },
        snapshot_every: journal.snapshot_every,
        ..Options::default()
    }
}

fn pace(loaded: &Loaded) -> Pace {
    let period = loaded.config.period;
    Pace { period, patience: Span::from_seconds(period.seconds() * loaded.config.deadline) }
}

fn field(loaded: &Loaded, resumed: &Resumed, stamp: Stamp) -> Field {
    let shared = match &resumed.samples {
        Some(samples) => Shared::starting_from(samples.clone(), stamp),
        None => Shared::starting_from(loaded.bindings.unread(loaded.hall.points.len()).samples, stamp),
    };
    Field::new(shared)
}

/// What agents say, and what the service must know of that.
type Agents = (Arc<Desk>, Notes<agents::Note>);

/// Every adapter that runs.
struct Wires {
    field: Field,
    modbus: Modbus,
    mqtt: Option<Arc<Mqtt>>,
    incoming: Option<Notes<mqtt::Incoming>>,
    agents: Option<Agents>,
}

fn wires(
    loaded: &Loaded,
    clock: &Arc<Clock>,
    mut field: Field,
    (writes, unread): (Writes, bool),
) -> Result<Wires, StartFault> {
    let modbus = modbus::start(&loaded.config.modbus, &loaded.bindings.modbus, &mut field, writes)
        .map_err(|e| StartFault::Adapter(e.to_string()))?;
    let Some(config) = &loaded.config.mqtt else {
        let agents = hear_agents(loaded, clock, &mut field, (None, writes))?;
        return Ok(Wires { field, modbus, mqtt: None, incoming: None, agents });
    };
    let wall = {
        let clock = Arc::clone(clock);
        Arc::new(move || clock.trusted().then(|| clock.wall()))
    };
    let topic = loaded.config.prices.as_ref().and_then(|prices| prices.topic.as_deref());
    let (mut config, mut site) = (config.clone(), loaded.hall.site.clone());
    if writes == Writes::Shadow {
        // Beside the service that controls: never in its place at the broker, on its topics, or with its overrides.
        config.client_id.push_str("-shadow");
        site.push_str("-shadow");
        config.overrides = false;
    }
    // Beside other control nobody is lent anything.
    let clients = loaded.config.budgets.iter().filter(|_| writes != Writes::Shadow).flat_map(|of| &of.client);
    config.budgets = clients.map(|of| of.name.clone()).collect();
    config.leases = unread && !config.budgets.is_empty();
    let (mqtt, incoming) = mqtt::start(&config, (&site, topic), &loaded.bindings.mqtt, field.shared(), wall)
        .map_err(|e| StartFault::Adapter(e.to_string()))?;
    let agents = hear_agents(loaded, clock, &mut field, (Some(&config), writes))?;
    Ok(Wires { field, modbus, mqtt: Some(Arc::new(mqtt)), incoming: Some(incoming), agents })
}

/// What agents say, and what they are granted, where the hall caps its GPUs.
fn hear_agents(
    loaded: &Loaded,
    clock: &Clock,
    field: &mut Field,
    (broker, writes): (Option<&MqttConfig>, Writes),
) -> Result<Option<Agents>, StartFault> {
    if loaded.hall.power.capping.is_none() {
        return Ok(None);
    }
    let stamp: Stamp = Arc::new(clock.source().stamp());
    let ways = (broker.filter(|_| loaded.config.agents.broker), loaded.config.agents.sockets.as_slice());
    // Beside other control nobody is granted anything.
    let (desk, notes) = agents::start(ways, &loaded.hall, (stamp, writes != Writes::Shadow))
        .map_err(|e| StartFault::Adapter(e.to_string()))?;
    field.add_agents(Arc::clone(&desk));
    Ok(Some((desk, notes)))
}

fn outlet(
    loaded: &Loaded,
    wires: &Wires,
    metrics: &Arc<Metrics>,
    journal: &Journal,
    (asker, writes, keeper): (api::call::Asker, Writes, Option<Arc<Keeper>>),
) -> Result<Outlet, StartFault> {
    let series = Series::of_hall(&loaded.hall);
    let history = History::start(&loaded.config.history, &loaded.config.state_dir.join("history.db"), &series)
        .map_err(|e| StartFault::Adapter(e.to_string()))?;
    Ok(Outlet {
        hall: Arc::clone(&loaded.hall),
        metrics: Arc::clone(metrics),
        mqtt: wires.mqtt.clone(),
        publisher: Publisher::new(Arc::clone(&loaded.hall)),
        history,
        journal: journal.counters(),
        asker,
        keeper,
        reloads: 0,
        shadow: writes == Writes::Shadow,
        promises: Kept::NotYet,
        told: [None; 3],
    })
}

/// The API and the health port. The demo has a configuration for both as well.
fn serve(
    loaded: &Loaded,
    metrics: &Arc<Metrics>,
    asker: &api::call::Asker,
    behind: (Option<Arc<Keeper>>, Wiring),
) -> Result<Served, StartFault> {
    let socket = &loaded.config.api.socket;
    if let Some(folder) = socket.parent() {
        std::fs::create_dir_all(folder).map_err(|e| StartFault::Io(folder.to_owned(), e))?;
    }
    let api = api::serve(socket, Arc::clone(&loaded.hall), asker.clone(), behind)
        .map_err(|e| StartFault::Io(socket.clone(), e))?;
    let listen = &loaded.config.health.listen;
    let io = |e| StartFault::Io(PathBuf::from(listen), e);
    let address = listen.parse().map_err(|_| io(std::io::Error::from(std::io::ErrorKind::InvalidInput)))?;
    let served = tokio::runtime::Handle::current().block_on(metrics::serve(address, Arc::clone(metrics)));
    let (health, task) = served.map_err(io)?;
    Ok(Served { api, health, task })
}

/// What is served while the service lives.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) api: api::Served,
    pub(super) health: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn spawn_scan(scan: Scan, stop: &Arc<AtomicBool>) -> Result<JoinHandle<Tally>, StartFault> {
    let stop = Arc::clone(stop);
    std::thread::Builder::new()
        .name("scan".into())
        .spawn(move || scan.run(&stop))
        .map_err(|e| StartFault::Io(PathBuf::from("scan thread"), e))
}

fn spawn_outlet(outlet: Outlet, bulletins: Receiver<Bulletin>) -> Result<JoinHandle<()>, StartFault> {
    std::thread::Builder::new()
        .name("outlet".into())
        .spawn(move || outlet.run(&bulletins))
        .map_err(|e| StartFault::Io(PathBuf::from("outlet thread"), e))
}
