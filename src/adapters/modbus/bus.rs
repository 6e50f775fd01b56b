//! One gateway with its units: an actor that polls and writes in turn, so that nothing else touches the connection.

use std::sync::Arc;

use plant::id::{PointId, Table};
use plant::reading::Why;
use plant::time::Tick;

use super::client::{Client, Data};
use super::config::Gateway;
use super::health::Health;
use super::link::Fault;
use super::talk::Talk;
use super::unit::{Findings, Turn, Unit, tally};
use crate::adapters::{Look, Order, Orders, OutputImage, Shared};

/// A gateway, its connection and its units.
pub struct Bus {
    client: Client,
    gateway: Gateway,
    units: Vec<Unit>,
    generation: u64,
    /// Its number in the field.
    number: usize,
}

impl Bus {
    /// A bus that has done nothing.
    #[must_use]
    pub const fn new(client: Client, gateway: Gateway, units: Vec<Unit>) -> Self {
        Self { client, gateway, units, generation: 0, number: 0 }
    }

    /// Works until the field is gone.
    pub async fn run(mut self, number: usize, mut orders: Orders, shared: Arc<Shared>) {
        let mut polls_alone = false;
        self.number = number;
        while let Some(order) = orders.next().await {
            match order {
                Order::Poll(tick) => {
                    self.poll(tick, (&mut orders, &shared)).await;
                    shared.polled(number, tick.seq);
                    // In the usual rhythm silent units are asked after the write, when the line has nothing to do.
                    if std::mem::replace(&mut polls_alone, true) {
                        self.probe().await;
                    }
                }
                Order::Write(tick, image) => {
                    polls_alone = false;
                    self.write(tick, &image, (&mut orders, &shared)).await;
                    if !orders.newer_write() {
                        self.probe().await;
                    }
                }
                Order::Farewell(tick, image) => self.part(tick, &image, &shared).await,
                Order::Look(look) => self.look(&look).await,
            }
            self.client.reader().link().rest();
        }
    }

    /// Reads everything that is due: healthy units first, then those on trial. Outputs that come meanwhile do not wait.
    async fn poll(&mut self, tick: Tick, around: (&mut Orders, &Shared)) {
        let (orders, shared) = around;
        let (now, hush) = (shared.now(), shared.hush());
        self.units.iter_mut().for_each(|unit| unit.leave_alone(hush));
        for number in self.client.reader().link().listen().await {
            for unit in self.units.iter_mut().filter(|u| u.number == number) {
                unit.health.heard();
            }
        }
        if self.units.iter().all(|u| u.health.down().is_some())
            && let Some(unit) = self.units.iter_mut().find(|u| u.health.due(now))
        {
            // Nobody is up that a lost reply could hold up.
            unit.health.heard();
        }
        let mut order: Vec<usize> = (0..self.units.len()).collect();
        order.sort_by_key(|n| self.units.get(*n).map_or(3, |u| rank(u.health)));
        let mut found = Findings::default();
        for n in order {
            let awake = self.units.iter().filter(|u| u.health.down().is_none()).take(2).count();
            let Some(unit) = self.units.get_mut(n).filter(|unit| unit.talk != Talk::Silent) else { continue };
            let on_trial = unit.health != Health::Up && unit.health.down().is_none();
            let turn = Turn { gateway: &self.gateway, now: tick.mono, alone: awake <= 1 };
            unit.poll(self.client.reader(), turn, &mut found).await;
            if on_trial && unit.health == Health::Up && awake <= 1 {
                // The first sign of life after a time in which all were silent: the gateway was away.
                self.units.iter_mut().for_each(|u| u.health.hurry(now));
            }
            shared.store(&found.samples);
            found.samples.clear();
            shared.report(found.reports.drain(..));
            match orders.take_write() {
                Some(Order::Write(tick, image)) => self.write(tick, &image, (&mut *orders, shared)).await,
                Some(Order::Farewell(tick, image)) => self.part(tick, &image, shared).await,
                Some(Order::Poll(_) | Order::Look(_)) | None => {}
            }
        }
        self.client.link().counters().polls.one();
        self.started_anew();
    }

    /// Writes what changed or is due. A newer image takes over at the next unit.
    async fn write(&mut self, tick: Tick, image: &OutputImage, around: (&mut Orders, &Shared)) {
        let (orders, shared) = around;
        let Client::Live(writer) = &mut self.client else { return };
        let (mut found, hush) = (Findings::default(), shared.hush());
        self.units.iter_mut().for_each(|unit| unit.leave_alone(hush));
        for unit in self.units.iter_mut().filter(|unit| unit.talk == Talk::All) {
            if orders.newer_write() {
                break;
            }
            unit.deliver(writer, image, tick, &mut found).await;
            tally(writer.reader().link().counters(), &found);
            shared.report(found.reports.drain(..));
        }
        self.started_anew();
    }

    /// Tries every output and says whether each is proven. First as always, where a unit that does not answer is let be; then
    /// what is not proven once more, each by itself, so that one register cannot keep the others from their safe values. Units
    /// that answer come first: those that do not may use up the time.
    async fn part(&mut self, tick: Tick, image: &OutputImage, shared: &Shared) {
        let Client::Live(writer) = &mut self.client else { return shared.parted(self.number, true) };
        self.units.iter_mut().for_each(Unit::part);
        let mut found = Findings::default();
        for stubborn in [false, true] {
            self.units.sort_by_key(|u| rank(u.health));
            for unit in self.units.iter_mut().filter(|u| !u.stands(image)) {
                writer.reader().link().hurry();
                unit.health.heard();
                unit.stubborn = stubborn;
                unit.deliver(writer, image, tick, &mut found).await;
                tally(writer.reader().link().counters(), &found);
                shared.report(found.reports.drain(..));
            }
        }
        shared.parted(self.number, self.units.iter().all(|u| u.stands(image)));
    }

    /// Reads one point for somebody who wants to see its raw words.
    async fn look(&mut self, look: &Look) {
        let place = |unit: &Unit| {
            let item = unit.items.iter().find(|item| item.point == look.point)?;
            Some((unit.number, item.table, (item.address, item.words), unit.health.down(), unit.talk))
        };
        let Some((unit, table, at, down, talk)) = self.units.iter().find_map(place) else { return };
        let words = match down.or((talk == Talk::Silent).then_some(Why::OutOfService)) {
            Some(why) => Err(why),
            None => self.client.reader().read(unit, table, at).await.map_err(Fault::why).map(|data| match data {
                Data::Words(words) => words,
                Data::Bits(bits) => bits.into_iter().map(u16::from).collect(),
            }),
        };
        look.tell(words);
    }

    /// Delivers without a field, as on the way out: every value, every unit, and what is not proven once more. `found` has
    /// what became of it so far, also when there is no time to end.
    pub async fn write_once(&mut self, values: &Table<PointId, Option<f64>>, tick: Tick, found: &mut Findings) {
        let image = OutputImage { values: values.clone() };
        let Client::Live(writer) = &mut self.client else { return };
        for stubborn in [false, true] {
            self.units.sort_by_key(|u| rank(u.health));
            for unit in self.units.iter_mut().filter(|u| !u.stands(&image)) {
                writer.reader().link().hurry();
                unit.health.heard();
                unit.stubborn = stubborn;
                unit.deliver(writer, &image, tick, found).await;
            }
        }
    }

    /// Asks units whose back-off is over: without waiting where that can be done, else by a trial at the next poll.
    async fn probe(&mut self) {
        if self.units.iter().all(|u| u.health.down().is_some()) {
            return;
        }
        let now = self.client.link().now();
        for unit in self.units.iter_mut().filter(|u| u.health.due(now) && u.talk != Talk::Silent) {
            let first = unit.items.first().map(|i| (i.table, i.address));
            let nudged = match first {
                Some((table, address)) => self.client.reader().nudge(unit.number, table, address).await,
                None => false,
            };
            match unit.health.down() {
                Some(why) if nudged => unit.health.failed(why, now, unit.back_off),
                Some(_) => {
                    unit.health.heard();
                    // A trial that blocks the line: one a scan is enough.
                    break;
                }
                None => {}
            }
        }
    }

    /// After a new connection nobody knows what the other side holds: everything is written again.
    fn started_anew(&mut self) {
        let generation = self.client.link().generation();
        if generation != self.generation {
            let first = self.generation == 0;
            self.generation = generation;
            if !first {
                self.units.iter_mut().flat_map(|u| &mut u.outputs).for_each(super::output::Output::lose);
            }
        }
    }
}

const fn rank(health: Health) -> u8 {
    match health {
        Health::Up => 0,
        Health::Trial { .. } => 1,
        Health::Down { .. } => 2,
    }
}
