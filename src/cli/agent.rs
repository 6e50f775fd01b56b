//! `wattloop agent`: the privileged half on a GPU node.

mod fall;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use clap::{Args, Subcommand};
use plant::gpu::Milliwatts;
use plant::lease::{GpuReport, NodeReport, Rule};
use serde_json::json;
use wattloop::agent::broker::Line;
use wattloop::agent::config::{Config, Unfit};
use wattloop::agent::local;
use wattloop::agent::watch::Watch;
use wattloop::agent::work::Worker;
use wattloop::service::clock::{Machine, Source as _};
use wattloop::service::config::Log;
use wattloop::service::logging;
use wattloop::service::notify::Notify;

use super::client::SocketArgs;
use super::figure::fixed;
use super::{Out, Stop, signals};
use fall::doubtful;

/// The privileged half on a GPU node.
#[derive(Debug, Subcommand)]
pub enum AgentCommand {
    /// Hold caps that others grant, until told to stop
    Run(RunArgs),
    /// The working half; `agent run` starts it
    #[command(hide = true)]
    Work(WorkArgs),
    /// How the node is
    Status(StatusArgs),
    /// Take the node back from its controller: the limits from before, and no grants until `agent take`
    Release(ReleaseArgs),
    /// Give the node to its controller again
    Take(TakeArgs),
    /// Bring every GPU to the fail-safe by a small path of its own
    Failsafe(FailsafeArgs),
}

/// Where the node's own file is.
#[derive(Clone, Debug, Args)]
pub struct FileArgs {
    /// The node's own file
    #[arg(long, value_name = "FILE", default_value = "/etc/wattloop/agent.toml")]
    pub config: PathBuf,
}

/// Hold caps that others grant, until told to stop.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop agent run --config /etc/wattloop/agent.toml

Two processes: one works, the other does nothing but write the fail-safe when the first dies or falls silent. Without grants every GPU is at
the fail-safe. SIGTERM brings every GPU there and ends with 0, or with 1 when that is not proven for every one of them.")]
pub struct RunArgs {
    #[command(flatten)]
    pub file: FileArgs,
}

/// The working half.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: wattloop agent work --config /etc/wattloop/agent.toml, by `agent run` and nobody else"
)]
pub struct WorkArgs {
    #[command(flatten)]
    pub file: FileArgs,
}

/// How the node is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop agent status
  wattloop agent status --json | jq '.gpus[] | select(.contended)'")]
pub struct StatusArgs {
    #[command(flatten)]
    pub socket: AgentSocket,
}

/// Take the node back from its controller.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop agent release           limits from before; no grants are taken
  wattloop agent take              the controller may grant again; until it does, the fail-safe

Both need root, or whoever the agent runs as. No limit goes back to more than the node's file allows (`ceiling_w`).")]
pub struct ReleaseArgs {
    #[command(flatten)]
    pub socket: AgentSocket,
}

/// Give the node to its controller again.
#[derive(Debug, Args)]
#[command(after_help = "Example: wattloop agent take")]
pub struct TakeArgs {
    #[command(flatten)]
    pub socket: AgentSocket,
}

/// Bring every GPU to the fail-safe by a small path of its own.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop agent failsafe --config /etc/wattloop/agent.toml     for systemd's ExecStopPost, and for you

It needs no running agent. A GPU that is lower stays where it is; a node that people have released is left alone. Where the node's file is
not taken the fail-safe that is remembered with the limits counts, and where nothing is, each GPU goes to the least that its board takes.

Exit code 69 when there is no driver, 1 when not every GPU is proven to be there, or its board takes no limit that low; as `agent run`
ends with it where the node's file is not taken (78 for faults).")]
pub struct FailsafeArgs {
    #[command(flatten)]
    pub file: FileArgs,
}

/// Where the running agent is.
#[derive(Clone, Debug, Args)]
pub struct AgentSocket {
    /// The agent's socket
    #[arg(long, value_name = "PATH", default_value = "/run/wattloop-agent/agent.sock")]
    pub socket: PathBuf,
}

impl AgentSocket {
    fn ask(&self) -> SocketArgs {
        SocketArgs { socket: Some(self.socket.clone()) }
    }
}

/// How many questions may wait for the thread that decides.
const QUESTIONS: usize = 64;

/// Does what is asked. `words` are those by which this program knows its agent's commands.
pub fn run(command: &AgentCommand, words: &[&str], out: &Out) -> Result<(), Stop> {
    match command {
        AgentCommand::Run(args) => watch(&args.file.config, words),
        AgentCommand::Work(args) => work(&args.file.config),
        AgentCommand::Status(args) => status(&args.socket, out),
        AgentCommand::Release(args) => hold(&args.socket, "/v1/release", out),
        AgentCommand::Take(args) => hold(&args.socket, "/v1/take", out),
        AgentCommand::Failsafe(args) => fall::run(&args.file.config, out),
    }
}

fn load(path: &Path) -> Result<Config, Stop> {
    Config::load(path).map_err(|unfit| match unfit {
        Unfit::Io(error) => Stop::io("the node's file", &error),
        Unfit::Faults(faults) => Stop::faults(&faults),
    })
}

fn watch(path: &Path, words: &[&str]) -> Result<(), Stop> {
    signals::listen().map_err(|e| Stop::io("signals", &e))?;
    let config = load(path)?;
    logging::start(&Log::default());
    let program = std::env::current_exe().map_err(|e| Stop::io("this program", &e))?;
    let words = words.iter().copied().chain(["work", "--config"]).map(PathBuf::from);
    let command = std::iter::once(program).chain(words).chain([path.to_owned()]).collect();
    let machine = Machine::start();
    let watch = Watch::start(config, Arc::new(machine.stamp()), command).map_err(|e| Stop::io("the agent", &e))?;
    let mut notify = Notify::of_process().map_err(|e| Stop::io("NOTIFY_SOCKET", &e))?;
    notify.ready();
    let outcome = watch.run(signals::asked_to_stop, || notify.completed_scan(machine.mono()));
    notify.stopping();
    if outcome.is_sure() { Ok(()) } else { Err(doubtful(&outcome)) }
}

fn work(path: &Path) -> Result<(), Stop> {
    let config = load(path)?;
    logging::start(&Log::default());
    let machine = Machine::start();
    let (asks, hear) = sync_channel(QUESTIONS);
    let (node, socket) = (config.node.clone(), config.socket.clone());
    let mut worker = Worker::start(config.clone(), Arc::new(machine.stamp()), machine.wall())
        .map_err(|e| Stop::io("the agent's memory", &e))?;
    let line = Line::new(&config, asks.clone(), worker.reports()).map_err(|e| Stop::failed(e.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Stop::io("the agent's wires", &e))?;
    let online = config.online();
    let wires = move || {
        runtime.block_on(async {
            if let Some(line) = line {
                tokio::spawn(line.run());
            }
            match local::serve(&socket, asks, online) {
                Ok((_door, serving)) => {
                    if let Err(error) = serving.await {
                        tracing::error!(%error, "the agent's socket is no longer served");
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the agent has no socket: nobody on this machine can ask it");
                    std::future::pending::<()>().await;
                }
            }
        });
    };
    std::thread::Builder::new().name("wires".into()).spawn(wires).map_err(|e| Stop::io("the agent's wires", &e))?;
    std::thread::Builder::new().name("watched".into()).spawn(leave).map_err(|e| Stop::io("a thread", &e))?;
    tracing::info!(node, "the agent works");
    worker.run(&hear, std::io::stdout());
    let outcome = worker.fall(LEAVING);
    if outcome.is_sure() { Err(Stop::failed("the working half has ended")) } else { Err(doubtful(&outcome)) }
}

/// How long the working half tries the fail-safe when whoever watches it is gone.
const LEAVING: Duration = Duration::from_secs(3);

/// Ends this process when whoever watches it is gone and its own thread does not notice: both are started anew then.
fn leave() {
    let mut nothing = [0; 16];
    while std::io::Read::read(&mut std::io::stdin(), &mut nothing).is_ok_and(|n| n > 0) {}
    std::thread::sleep(LEAVING.saturating_add(Duration::from_secs(1)));
    std::process::exit(1);
}

fn status(socket: &AgentSocket, out: &Out) -> Result<(), Stop> {
    let report: NodeReport = socket.ask().get("/v1/node")?;
    if out.json() { out.value(&report) } else { out.text(page(&report)) }
}

fn page(report: &NodeReport) -> String {
    let driver = match (&report.driver, &report.why) {
        (Some(version), _) => format!("driver {version}"),
        (None, Some(why)) => format!("no driver: {why}"),
        (None, None) => "no driver yet".to_owned(),
    };
    let mut text = format!("{}  {driver}\n", report.node);
    for gpu in &report.gpus {
        text += &line(gpu);
    }
    text
}

fn line(gpu: &GpuReport) -> String {
    let watts = |p: Option<Milliwatts>| p.map_or_else(|| "-".to_owned(), |p| fixed(p.watts().0, 0));
    let rule = match gpu.rule {
        Rule::FailSafe => "fail-safe".to_owned(),
        Rule::Lease => format!("leased for {}", gpu.lease),
        Rule::Foreign => "somebody else's lower limit".to_owned(),
        Rule::Released => "released".to_owned(),
    };
    let contended = if gpu.contended { ", CONTENDED" } else { "" };
    format!(
        "{}  {:?}  draws {} W, kept {} W, wanted {} W, at most {} W, falls back to {} W: {rule}{contended}\n",
        gpu.uuid,
        gpu.condition,
        watts(gpu.power),
        watts(gpu.enforced),
        watts(gpu.wanted),
        watts(gpu.at_most),
        watts(gpu.failsafe),
    )
}

fn hold(socket: &AgentSocket, path: &str, out: &Out) -> Result<(), Stop> {
    let released: bool = socket.ask().post(path, &json!({}))?;
    if out.json() {
        return out.value(&json!({ "released": released }));
    }
    out.line(if released {
        "the node is yours: limits go back to what they were, none above `ceiling_w`; `wattloop agent take` gives it to its controller again"
    } else {
        "the controller may grant again; until it does, the fail-safe"
    })
}
