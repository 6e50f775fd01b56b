//! The contract of DSX Flex: agents of a grid set load targets, hear what comes of them, and are told where one is not kept.
//!
//! ```text
//!  isv/+/loadtarget/set ─────────▶ Guard ─▶ said ─▶ Ask::Targets ─▶ control
//!  infra/+/powerbreach/enforcement ─▶ (from whom, signed, new)     │
//!  …/powerstate/status, …/powerbreach ◀─ status, alert ◀── GridView, once a second
//! ```
//!
//! What is not believed is counted by its reason and told as an event, and changes nothing. Who asked and is gone changes nothing either.

mod alert;
mod envelope;
mod ids;
mod jws;
mod said;
mod status;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plant::event::GridFault;
use plant::hall::Hall;
use plant::time::{Span, Wall};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, channel};

use crate::adapters::flex::{Flex, Heard, Sure, Word};
use crate::adapters::mqtt::MqttFault;
use crate::control::grid::view::{GridView, HeldView};
use crate::control::grid::{Kind, Said, Source, Statement, USUAL_PRIORITY};
use crate::control::request::{Ask, Reply, Request};
use crate::service::StartFault;
use crate::service::api::call::{Answer, Asker, NoAnswer, Question};
use crate::service::clock::Clock;
use crate::service::config::{FlexConfig, Loaded};
use alert::{Alerts, Around};
use envelope::{Guard, Message, Says, Wanted};
use ids::Trace;
use jws::{Keys, Signer};
use said::Tags;
use status::{Because, Told};

/// How often the feeds are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often control is asked what it has not taken.
const TRIES: u32 = 20;
/// Messages that may wait to be heard.
const WAITING: usize = 64;
/// Traces of targets that are remembered.
const TRACES: usize = 64;
/// Refusals are told to control this often (looks).
const REFUSALS: u64 = 5;

/// What a statement that was taken is told with.
#[derive(Clone, Debug)]
struct Set {
    feeds: Vec<String>,
    correlation: String,
    trace: Trace,
}

/// What the ear leaves for the mouth.
#[derive(Debug, Default)]
struct News {
    set: Vec<Set>,
    refused: Vec<(GridFault, u32)>,
}

/// What both share.
#[derive(Debug)]
struct Shared {
    hall: Arc<Hall>,
    config: FlexConfig,
    tags: Tags,
    asker: Asker,
    clock: Arc<Clock>,
    news: Mutex<News>,
}

impl Shared {
    fn news(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refuse(&self, topic: &str, why: GridFault) {
        tracing::warn!(topic, why = why.word(), "a message of the grid's broker is not taken");
        self.count(why, 1);
    }

    /// So many more were not taken, and control is to be told.
    fn count(&self, why: GridFault, more: u32) {
        let mut news = self.news();
        match news.refused.iter_mut().find(|(known, _)| *known == why) {
            Some((_, count)) => *count = count.saturating_add(more),
            None => news.refused.push((why, more)),
        }
    }

    /// Asks until control answers, for a while.
    async fn put(&self, ask: Ask, who: &str) -> Option<Reply> {
        self.asker.insist(&Request { who: who.to_owned(), ask }, Some(TRIES)).await
    }
}

/// Who hears.
#[derive(Debug)]
struct Ear {
    shared: Arc<Shared>,
    guard: Guard,
}

/// Who speaks.
#[derive(Debug)]
struct Mouth {
    shared: Arc<Shared>,
    line: Flex,
    signer: Option<Signer>,
    told: Told,
    alerts: Alerts,
    traces: Vec<(String, Trace)>,
    /// Looks since the state was said.
    since: u64,
    looks: u64,
}

/// Hears and speaks from now on, where the configuration says so.
///
/// # Errors
/// A file of a key that cannot be read, or holds none; a fault of the connection's configuration.
pub fn listen(
    loaded: &Loaded,
    asker: &Asker,
    (clock, shadow): (&Arc<Clock>, bool),
    people: &Handle,
) -> Result<(), StartFault> {
    // Beside other control nobody takes targets, or answers for them.
    let Some(config) = loaded.config.flex.clone().filter(|_| !shadow) else { return Ok(()) };
    let cannot = |faults: MqttFault| StartFault::Adapter(faults.to_string());
    let (keys, signer) = keys(&config).map_err(cannot)?;
    let tag = |(tag, name): (&String, &String)| Some((tag.clone(), loaded.hall.power.feed(name)?));
    let shared = Arc::new(Shared {
        hall: Arc::clone(&loaded.hall),
        tags: config.feeds.iter().filter_map(tag).collect(),
        asker: asker.clone(),
        clock: Arc::clone(clock),
        news: Mutex::default(),
        config,
    });
    let config = &shared.config;
    let isvs = config.isv.iter().map(|of| (format!("grid/v1/isv/{}/loadtarget/set", of.name), Sure::AtLeastOnce));
    let infra = config.infra.iter();
    let infra = infra.map(|of| (format!("grid/v1/infra/{}/powerbreach/enforcement", of.name), Sure::ExactlyOnce));
    let (words, heard) = channel(WAITING);
    let _inside = people.enter();
    let line = Flex::start(&config.mqtt, isvs.chain(infra).collect(), words).map_err(cannot)?;
    let guard = Guard::new(keys, config.unsigned, config.max_age);
    people.spawn(Ear { shared: Arc::clone(&shared), guard }.attend(heard));
    let (told, alerts, traces) = (Told::default(), Alerts::default(), Vec::new());
    people.spawn(Mouth { shared, line, signer, told, alerts, traces, since: 0, looks: 0 }.attend());
    Ok(())
}

/// Everybody's keys, and ours.
fn keys(config: &FlexConfig) -> Result<(Keys, Option<Signer>), MqttFault> {
    let (mut keys, mut faults) = (Keys::default(), Vec::new());
    for (role, all) in [("isv", &config.isv), ("infra", &config.infra)] {
        for of in all {
            let source = format!("//grid/v1/{role}/{}", of.name);
            for (kid, file) in &of.keys {
                faults.extend(keys.add(kid, &source, file).err().map(|why| format!("flex: {why}")));
            }
        }
    }
    let named = config.kid.as_deref().zip(config.key_file.as_deref());
    let signer = named.map(|(kid, file)| Signer::read(kid, file)).transpose();
    match signer {
        Ok(signer) if faults.is_empty() => Ok((keys, signer)),
        Ok(_) => Err(MqttFault(faults)),
        Err(why) => Err(MqttFault(faults.into_iter().chain([format!("flex: {why}")]).collect())),
    }
}

impl Ear {
    async fn attend(mut self, mut words: Receiver<Word>) {
        while let Some(word) = words.recv().await {
            match word {
                Word::Heard(heard) => {
                    if let Err(why) = self.hear(&heard).await {
                        self.shared.refuse(&heard.topic, why);
                    }
                }
                Word::Refused(topic) => {
                    tracing::error!(
                        topic,
                        "the grid's broker refuses the subscription: give this user the right to read it"
                    );
                }
            }
        }
    }

    /// Hears a message. One that control did not answer is forgotten: it may be said again as it was.
    async fn hear(&mut self, heard: &Heard) -> Result<(), GridFault> {
        let mut parts = heard.topic.split('/').skip(2);
        let (role, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let source = format!("//grid/v1/{role}/{name}");
        let now = self.shared.clock.trusted().then(|| self.shared.clock.wall());
        let kind = if role == "isv" { "grid.loadtarget.set.v1" } else { "grid.powerbreach.enforcement.v1" };
        let message = self.guard.read((&heard.payload, heard.kept), Wanted { source: &source, kind }, now)?;
        let id = message.id.clone();
        let heard = self.put((role, name), message).await;
        if heard == Err(GridFault::NoAnswer) {
            self.guard.forget(&id);
        }
        heard
    }

    /// Hands what somebody says to control.
    async fn put(&self, (role, name): (&str, &str), message: Message) -> Result<(), GridFault> {
        if role != "isv" {
            let said::Enforced { breach, feed, what } = said::enforced(&message.data, &self.shared.tags)?;
            tracing::info!(breach, "infrastructure has acted on hints");
            let reply = self.shared.put(Ask::Grid(Said::Enforced { feed, what }), &format!("flex:{name}")).await;
            return reply.map(|_| ()).ok_or(GridFault::NoAnswer);
        }
        let targets = said::targets(&message.data, &self.shared.tags)?;
        // A message that may be old may ask for less, and lets nothing go or rise.
        if !message.dated {
            let Ok(Answer::Grid(view)) = self.shared.asker.ask(Question::Grid).await else {
                return Err(GridFault::NoAnswer);
            };
            if said::raises((&self.shared.hall, view.as_deref().unwrap_or(&GridView::default())), name, &targets) {
                return Err(GridFault::OutOfTime);
            }
        }
        let feeds = targets.iter().flat_map(|of| &of.feeds).filter_map(|feed| self.shared.hall.power.feeds.get(*feed));
        let feeds = feeds.map(|feed| feed.name.clone()).collect();
        let statement = Statement {
            source: Source { kind: Kind::Dsx, name: name.to_owned() },
            id: message.correlation.clone(),
            reason: String::new(),
            priority: USUAL_PRIORITY,
            targets,
        };
        match self.shared.put(Ask::Grid(Said::Targets(statement)), &format!("flex:{name}")).await {
            Some(Reply::Accepted { .. } | Reply::Lease(_)) => {
                let (correlation, trace) = (message.correlation, message.trace);
                self.shared.news().set.push(Set { feeds, correlation, trace });
                Ok(())
            }
            Some(Reply::Refused(refusal)) => Err(said::fault(&refusal)),
            None => Err(GridFault::NoAnswer),
        }
    }
}

impl Mouth {
    async fn attend(mut self) {
        loop {
            tokio::time::sleep(LOOK).await;
            (self.since, self.looks) = (self.since.saturating_add(1), self.looks.saturating_add(1));
            if self.looks.is_multiple_of(REFUSALS) {
                self.confess().await;
            }
            match self.shared.asker.ask(Question::Grid).await {
                Ok(Answer::Grid(Some(view))) => self.look(&view).await,
                Err(NoAnswer::Stopped) => return,
                Ok(_) | Err(NoAnswer::Busy | NoAnswer::Late) => {}
            }
        }
    }

    /// Tells control what was not taken.
    async fn confess(&self) {
        let missed = Some((GridFault::NoAnswer, self.line.missed())).filter(|(_, count)| *count > 0);
        let refused = std::mem::take(&mut self.shared.news().refused).into_iter().chain(missed);
        for (why, count) in refused {
            if self.shared.put(Ask::Grid(Said::Refused { why, count }), "service").await.is_none() {
                self.shared.count(why, count);
            }
        }
    }

    async fn look(&mut self, view: &GridView) {
        let set = std::mem::take(&mut self.shared.news().set);
        for of in set {
            self.remember(&of);
            let because =
                |feed: &str| if of.feeds.iter().any(|name| name == feed) { Because::Set } else { Because::Periodic };
            self.say_state(view, because, Some((&of.correlation, &of.trace)));
        }
        for held in &view.feeds {
            for turn in self.told.news(held) {
                if Because::Turned(turn).is_told() {
                    let because =
                        |feed: &str| if feed == held.feed { Because::Turned(turn) } else { Because::Periodic };
                    let follows = self.follows(view, held);
                    self.say_state(view, because, follows.as_ref().map(|(of, trace)| (of.as_str(), trace)));
                }
            }
        }
        let every = self.shared.config.status_every.millis() / Span::from_secs(1).millis();
        let new = self.line.is_new();
        if new {
            self.alerts.again();
        }
        if new || self.since >= every {
            self.say_state(view, |_| Because::Periodic, None);
        }
        for held in &view.feeds {
            self.alert(view, held).await;
        }
    }

    fn remember(&mut self, of: &Set) {
        self.traces.retain(|(correlation, _)| *correlation != of.correlation);
        if self.traces.len() >= TRACES {
            self.traces.remove(0);
        }
        self.traces.push((of.correlation.clone(), of.trace.clone()));
    }

    /// What the state of a feed follows from: its target, and the trace that set it.
    fn follows(&self, view: &GridView, held: &HeldView) -> Option<(String, Trace)> {
        let target = view.targets.iter().find(|of| Some(of.number) == held.target)?;
        let correlation = ids::of(&target.id);
        let trace = self.trace(&correlation);
        Some((correlation, trace))
    }

    fn trace(&self, correlation: &str) -> Trace {
        let known = self.traces.iter().find(|(of, _)| of == correlation);
        known.map_or_else(Trace::default, |(_, trace)| trace.clone())
    }

    fn say_state(&mut self, view: &GridView, because: impl Fn(&str) -> Because, follows: Option<(&str, &Trace)>) {
        let data = status::data(&self.shared.hall, &self.shared.tags, view, because);
        self.since = 0;
        self.say(("powerstate/status", "grid.powerstate.status.v1", "powerstate"), data, follows, Sure::AtLeastOnce);
    }

    async fn alert(&mut self, view: &GridView, held: &HeldView) {
        let tagged = self
            .shared
            .tags
            .iter()
            .find(|(_, feed)| self.shared.hall.power.feeds.get(**feed).is_some_and(|of| of.name == held.feed));
        let Some((tag, _)) = tagged.filter(|_| self.alerts.is_due(held)) else { return };
        let gpus = match self.shared.asker.ask(Question::Gpus).await {
            Ok(Answer::Gpus(gpus)) => gpus,
            Ok(_) | Err(NoAnswer::Busy | NoAnswer::Late | NoAnswer::Stopped) => Vec::new(),
        };
        let config = &self.shared.config;
        let around = Around { hall: &self.shared.hall, gpus: &gpus, actions: &config.actions, agent: &config.agent };
        let Some(said) = self.alerts.say(&around, (view, held), tag) else { return };
        let trace = self.trace(&said.correlation);
        let follows = Some((said.correlation.as_str(), &trace));
        self.say(("powerbreach", "grid.powerbreach.alert.v1", "powerbreach"), said.data, follows, Sure::ExactlyOnce);
    }

    fn say(
        &self,
        (below, kind, subject): (&str, &str, &str),
        data: serde_json::Value,
        follows: Option<(&str, &Trace)>,
        sure: Sure,
    ) {
        let agent = &self.shared.config.agent;
        let source = format!("//grid/v1/dsx-flex-agent/{agent}");
        let says = Says { source: &source, kind, subject, follows };
        let now: Wall = self.shared.clock.wall();
        let Some(payload) = envelope::write(says, data, self.signer.as_ref(), now) else {
            tracing::error!(kind, "a message to the grid cannot be signed, and is not said");
            return;
        };
        self.line.say(&format!("grid/v1/dsx-flex-agent/{agent}/{below}"), payload, sure);
    }
}
