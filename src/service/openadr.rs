//! Events of a utility's programmes, by OpenADR 3: polled from its server (a VTN), and handed to control as load targets.
//!
//! ```text
//!  POST …/auth/token ─▶ bearer ─▶ GET …/events, page by page ─▶ limits: by time, by importance ─▶ changed? ─▶ Ask::Grid ─▶ control
//! ```
//!
//! What comes is the whole of what the server says: what it says no more is taken back. While it does not answer, or what it says cannot be understood, what was taken
//! stays until its end: event by event (`known`), also over a restart. Nothing begins or ends by a clock that may be wrong: what time it is then control reckons.

pub mod event;
pub mod known;

use std::sync::Arc;
use std::time::Duration;

use plant::event::GridFault;
use plant::id::FeedId;
use plant::time::{Mono, Span, Wall};
use serde::Deserialize;
use serde_json::Value;
use tokio::runtime::Handle;

use crate::adapters::web::{Address, Question, Web, escaped};
use crate::control::grid::view::{GridView, TargetView};
use crate::control::grid::{Kind, MOST_TARGETS, Said, Source, Statement, USUAL_PRIORITY, Wanted};
use crate::control::prices::Offer;
use crate::control::request::{Ask, Refusal, Reply, Request};
use crate::control::tariff::Slot;
use crate::service::StartFault;
use crate::service::api::call::{Answer, Asker, Question as ApiQuestion};
use crate::service::clock::{Clock, Now};
use crate::service::config::{Loaded, OpenAdrConfig, secret};
use event::price::{self, Told};
use event::{Limit, Terms};
use known::{Known, Read};

/// The largest answer that is read (bytes), and so many events of a page, and pages.
const LARGEST: usize = 1 << 20;
const PAGE: usize = 50;
const PAGES: usize = 20;
/// So many limits are handed to control at once, or fewer where each is one of several feeds: the next ones when their time is nearer.
const MOST: usize = 40;
/// So many limits are looked at.
const LATER: usize = 1000;
/// A token is asked for anew so long before it ends.
const BEFORE: Span = Span::from_secs(60);
/// Prices that stay as they are are told again so often.
const AGAIN: Span = Span::from_secs(6 * 3600);
/// How often control is asked what it has not taken.
const TRIES: u32 = 20;

/// Who polls.
#[derive(Debug)]
struct Poller {
    config: OpenAdrConfig,
    terms: Terms,
    feeds: Vec<FeedId>,
    server: Web,
    secret: Option<String>,
    asker: Asker,
    clock: Arc<Clock>,
    /// A token, and until when it is good.
    token: Option<(String, Mono)>,
    /// What control was told last; nothing before it was told anything in this run.
    said: Option<Vec<Limit>>,
    /// What was understood of its events.
    known: Known,
    /// So many limits found no room beside others' targets.
    short: usize,
    /// The server did not answer, or made no sense, when it was asked last.
    failing: bool,
    /// What could not be understood when it was asked last.
    faults: Vec<String>,
    market: Market,
}

/// Prices and carbon that events tell.
#[derive(Debug, Default)]
struct Market {
    /// The tariff's currency, and whether it has no prices of its own; nothing where `[prices]` does not take them from here.
    wants: Option<(String, bool)>,
    /// What control was told last, and when.
    said: Option<(Vec<Slot>, Mono)>,
    /// What could not be understood, or is passed over.
    faults: Vec<String>,
}

/// A token as a server gives it.
#[derive(Debug, Deserialize)]
struct Token {
    access_token: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

/// Polls from now on, where the configuration says so.
///
/// # Errors
/// An address that is none, a file that cannot be read.
pub fn listen(
    loaded: &Loaded,
    asker: &Asker,
    (clock, shadow): (&Arc<Clock>, bool),
    people: &Handle,
) -> Result<(), StartFault> {
    // Beside other control nobody takes targets.
    let Some(config) = loaded.config.openadr.clone().filter(|_| !shadow) else { return Ok(()) };
    let cannot = |why: String| StartFault::Adapter(format!("openadr: {why}"));
    let address = Address::read(&config.url).map_err(cannot)?;
    let server = Web::new(address, config.ca_file.as_deref()).map_err(cannot)?;
    let secret = config.secret_file.as_deref().map(secret::read).transpose();
    let secret = secret.map_err(|e| cannot(format!("secret_file: {e}")))?;
    let mut feeds: Vec<FeedId> = config.feeds.iter().filter_map(|name| loaded.hall.power.feed(name)).collect();
    if feeds.is_empty() {
        feeds = loaded.hall.power.grid.as_ref().map_or_else(Vec::new, |rules| rules.feeds.clone());
    }
    let prices = loaded.config.prices.as_ref().is_some_and(|prices| prices.openadr);
    let wants = loaded.tariff.as_ref().filter(|_| prices);
    let wants = wants.map(|tariff| (tariff.currency.clone(), tariff.needs_prices()));
    let mut poller = Poller::new(config, feeds, (server, secret), (asker.clone(), Arc::clone(clock)));
    poller.market.wants = wants;
    people.spawn(poller.attend());
    Ok(())
}

impl Poller {
    /// One that has heard nothing yet, and takes no prices.
    fn new(
        config: OpenAdrConfig,
        feeds: Vec<FeedId>,
        (server, secret): (Web, Option<String>),
        (asker, clock): (Asker, Arc<Clock>),
    ) -> Self {
        let simple = config.simple.as_slice().try_into().ok();
        let terms = Terms { ven: config.ven.clone(), simple, emergency: config.emergency };
        let (token, said, failing, faults) = (None, None, false, Vec::new());
        let (known, short, market) = (Known::default(), 0, Market::default());
        Self { config, terms, feeds, server, secret, asker, clock, token, said, known, short, failing, faults, market }
    }

    async fn attend(mut self) {
        loop {
            match self.events().await {
                Ok(mut events) => {
                    if std::mem::take(&mut self.failing) {
                        tracing::info!(url = self.config.url, "the VTN answers again");
                    }
                    let now = self.now().await;
                    self.known.date(&mut events, now);
                    self.take(&events, now).await;
                    self.price(&events).await;
                }
                Err(why) => {
                    if !std::mem::replace(&mut self.failing, true) {
                        tracing::error!(
                            url = self.config.url,
                            "the VTN is not heard, and what it said before holds until its end: {why}"
                        );
                    }
                }
            }
            tokio::time::sleep(Duration::from_nanos(self.config.poll.nanos())).await;
        }
    }

    /// All events of the server, as it tells them now.
    async fn events(&mut self) -> Result<Vec<Read>, String> {
        let mut events = Vec::new();
        let program = self.config.program.as_ref().map(|id| format!("&programID={}", escaped(id))).unwrap_or_default();
        for page in 0..PAGES {
            let path = format!("/events?skip={}&limit={PAGE}{program}", page * PAGE);
            let text = self.ask(&path).await?;
            let more: Vec<Value> =
                serde_json::from_slice(&text).map_err(|e| format!("`/events` is no list of events: {e}"))?;
            let last = more.len() < PAGE;
            events.extend(more.iter().map(known::read));
            if last {
                return Ok(events);
            }
        }
        Err(format!("there are more than {} events", PAGES * PAGE))
    }

    /// Asks with a token; once more with a new one where it is not taken.
    async fn ask(&mut self, path: &str) -> Result<hyper::body::Bytes, String> {
        for last in [false, true] {
            let token = self.token().await?;
            let ask = Question { path, bearer: token.as_deref(), form: None };
            let (status, text) = self.server.ask(ask, LARGEST).await.map_err(|e| e.to_string())?;
            match status {
                200 => return Ok(text),
                401 | 403 if !last && token.is_some() => self.token = None,
                _ => return Err(format!("`{path}` is answered with {status}")),
            }
        }
        Err(format!("`{path}` is not answered"))
    }

    /// A token that is good for a while; nothing where the server wants none.
    async fn token(&mut self) -> Result<Option<String>, String> {
        let (Some(client), Some(secret)) = (&self.config.client_id, &self.secret) else { return Ok(None) };
        let now = self.clock.mono();
        if let Some((token, _)) = self.token.as_ref().filter(|(_, until)| until.since(now) > BEFORE) {
            return Ok(Some(token.clone()));
        }
        let form =
            format!("grant_type=client_credentials&client_id={}&client_secret={}", escaped(client), escaped(secret));
        let ask = Question { path: &self.config.auth_path, bearer: None, form: Some(&form) };
        let (status, text) = self.server.ask(ask, LARGEST).await.map_err(|e| e.to_string())?;
        if status != 200 {
            return Err(format!("a token is refused with {status}"));
        }
        // What is no token may still be a secret: it is not repeated.
        let given: Token = serde_json::from_slice(&text).map_err(|_| "what should be a token is none".to_owned())?;
        let good = Span::from_secs(given.expires_in.unwrap_or(3600).min(30 * 86_400));
        let until = Mono(now.0.saturating_add(good.nanos()));
        self.token = Some((given.access_token.clone(), until));
        Ok(Some(given.access_token))
    }

    /// What time it is: as control reckons while the clock is not trusted; nothing where nobody knows.
    async fn now(&self) -> Option<Wall> {
        let read = self.clock.read();
        if read.trusted {
            return Some(read.wall);
        }
        let Ok(Answer::Grid(view)) = self.asker.ask(ApiQuestion::Grid).await else { return None };
        view.and_then(|view| view.at_ms).map(Wall)
    }

    /// Hands to control what has changed. Where nobody knows what time it is nothing is taken, and nothing taken back.
    async fn take(&mut self, events: &[Read], now: Option<Wall>) {
        let faults = self.known.hear(events, &self.terms, now);
        for why in faults.iter().filter(|why| !self.faults.contains(why)) {
            tracing::error!(url = self.config.url, "an event is not taken, and what it said before holds: {why}");
        }
        let new = faults.iter().filter(|why| !self.faults.contains(why)).count();
        self.faults = faults;
        self.refuse(GridFault::Malformed, new).await;
        let Some(now) = now else { return };
        let Some(limits) = self.due(now).await else { return };
        if self.said.as_ref() == Some(&limits) {
            return;
        }
        // Others' targets may leave less room: the nearest limits are tried until they fit.
        let mut fits = self.room();
        loop {
            let some = limits.get(..fits.min(limits.len())).unwrap_or_default();
            match self.put(Ask::Grid(Said::Targets(self.statement(some)))).await {
                Some(Reply::Accepted { .. } | Reply::Lease(_)) => break,
                Some(Reply::Refused(Refusal::TooMany)) if some.len() > 1 => fits = some.len() / 2,
                Some(Reply::Refused(why)) => {
                    tracing::error!(url = self.config.url, "the VTN's events are not taken: {why}");
                    return;
                }
                None => return, // it is asked again with the next poll
            }
        }
        let left = limits.len().saturating_sub(fits);
        tracing::info!(url = self.config.url, limits = limits.len().min(fits), left, "the VTN's events are taken");
        // Those that found no room are tried again with the next poll.
        let short = if fits < self.room() { left } else { 0 };
        self.said = Some(limits).filter(|_| short == 0);
        if std::mem::replace(&mut self.short, short) != short && short > 0 {
            tracing::error!(url = self.config.url, short, "as many targets are kept as may be: the later limits wait");
            self.refuse(GridFault::TooMany, short).await;
        }
    }

    /// Hands prices and carbon to control that are others than before, or that were told long ago: who tells them lives.
    async fn price(&mut self, events: &[Read]) {
        let Now { wall: now, mono, trusted } = self.clock.read();
        let priced = events.iter().filter_map(|of| of.as_ref().ok()).filter(|of| of.is_priced());
        let mut faults = Vec::new();
        let mut all: Vec<Told> = Vec::new();
        for event in priced {
            let of = match &self.market.wants {
                Some((currency, _)) => event.told(&self.terms, currency, now),
                None => Err("prices and carbon are passed over: `[prices] openadr = true` takes them".to_owned()),
            };
            match of {
                Ok(told) => all.extend(told),
                Err(why) => faults.push(format!("event `{}`: {why}", event.id)),
            }
        }
        for why in faults.iter().filter(|why| !self.market.faults.contains(why)) {
            tracing::warn!(url = self.config.url, "{why}");
        }
        let new = faults.iter().any(|why| !self.market.faults.contains(why));
        self.market.faults = faults;
        let Some((currency, needs)) = self.market.wants.clone() else { return };
        let from = format!("events of {}", self.config.url);
        if new {
            let why = self.market.faults.join("; ");
            self.put(Ask::PricesRefused { from: from.clone(), why }).await;
        }
        let slots = price::slots(&all, now, needs);
        let lately = |(said, at): &(Vec<Slot>, Mono)| *said == slots && mono.since(*at) < AGAIN;
        if slots.is_empty() || !trusted || self.market.said.as_ref().is_some_and(lately) {
            return;
        }
        let offer = Offer { from, currency, slots: slots.clone(), published: None, kept: false };
        match self.put(Ask::Prices(offer)).await {
            Some(Reply::Accepted { .. } | Reply::Lease(_)) => self.market.said = Some((slots, mono)),
            Some(Reply::Refused(why)) => tracing::error!(url = self.config.url, "prices are not taken: {why}"),
            None => {}
        }
    }

    /// So many limits fit beside each other: each is a target of every feed.
    fn room(&self) -> usize {
        (MOST_TARGETS / self.feeds.len().max(1)).clamp(1, MOST)
    }

    /// What limits from now on, by time; nothing where control does not say what it knows of before.
    async fn due(&mut self, now: Wall) -> Option<Vec<Limit>> {
        if self.said.is_none() && self.known.is_unclear() {
            let Ok(Answer::Grid(view)) = self.asker.ask(ApiQuestion::Grid).await else { return None };
            self.known.before(view.as_ref().map(|view| before(view, &self.config.ven)).unwrap_or_default());
        }
        let mut limits = self.known.limits();
        limits.retain(|of| of.end.is_none_or(|end| end > now));
        limits.truncate(LATER);
        Some(limits)
    }

    /// Tells control of what was not taken.
    async fn refuse(&self, why: GridFault, count: usize) {
        if count > 0 {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            self.put(Ask::Grid(Said::Refused { why, count })).await;
        }
    }

    /// All that this server says now: in the place of all that it said before.
    fn statement(&self, limits: &[Limit]) -> Statement {
        let wanted = |most: Option<f64>, start: Option<Wall>, end: Option<Wall>| Wanted {
            feeds: self.feeds.clone(),
            most,
            start,
            end,
            hold: None,
            best_effort: false,
        };
        let targets = limits.iter().map(|of| wanted(Some(of.watts), Some(of.start), of.end));
        let mut names: Vec<&str> = limits.iter().map(|of| of.event.as_str()).collect();
        names.dedup();
        let id: String = if names.is_empty() { "no event".to_owned() } else { names.join(" ") };
        Statement {
            source: Source { kind: Kind::OpenAdr, name: self.config.ven.clone() },
            id: id.chars().take(128).collect(),
            reason: String::new(),
            priority: USUAL_PRIORITY,
            targets: std::iter::once(wanted(None, None, None)).chain(targets).collect(),
        }
    }

    /// Asks until control answers, for a while.
    async fn put(&self, ask: Ask) -> Option<Reply> {
        self.asker.insist(&Request { who: format!("openadr:{}", self.config.ven), ask }, Some(TRIES)).await
    }
}

/// What of a server's limits is in force, or will be: of several feeds at a time the lowest.
fn before(view: &GridView, ven: &str) -> Vec<Limit> {
    let ours = view.targets.iter().filter(|of| of.kind == Kind::OpenAdr && of.source == ven);
    let limit = |of: &TargetView| Limit {
        start: Wall(of.start_ms),
        end: of.end_ms.map(Wall),
        watts: of.watts,
        event: of.id.clone(),
    };
    ours.map(limit).collect()
}

#[cfg(test)]
mod tests;
