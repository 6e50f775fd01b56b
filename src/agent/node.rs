//! A node: its GPUs' caps, and the order in which they are written. What one gives up is out before another gets it.

use std::collections::BTreeMap;

use plant::gpu::{GpuSample, Milliwatts, PowerLimits, Throttle, Uuid};
use plant::lease::{GpuReport, Grant, Taken};
use plant::time::{Mono, Span};

use serde::{Deserialize, Serialize};

use super::hold::{Bounds, Hold, Memory, News};

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    bounds: Bounds,
    gpus: BTreeMap<Uuid, Place>,
    released: bool,
    news: Vec<(Uuid, News)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Place {
    hold: Hold,
    seen: Seen,
    /// The driver has named it in this life. One that is only remembered may have been taken out.
    named: bool,
}

/// What was read since the last report.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Seen {
    sum: u64,
    readings: u64,
    peak: Option<Milliwatts>,
    throttle: Option<Throttle>,
}

/// What is remembered of a node over a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeMemory {
    /// People hold it.
    pub released: bool,
    /// Its GPUs.
    pub gpus: BTreeMap<Uuid, Memory>,
}

/// A limit to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    /// To this GPU.
    pub uuid: Uuid,
    /// This.
    pub limit: Milliwatts,
    /// It is less than what may be drawn now: it waits for nothing.
    pub lowers: bool,
}

impl Node {
    /// A node without GPUs.
    #[must_use]
    pub const fn new(bounds: Bounds) -> Self {
        Self { bounds, gpus: BTreeMap::new(), released: false, news: Vec::new() }
    }

    /// What is remembered of an earlier life: that people hold the node, and its GPUs' limits.
    #[must_use]
    pub fn remembered(bounds: Bounds, memory: &NodeMemory) -> Self {
        let place = |m: &Memory| Place { hold: Hold::remembered(m, memory.released), ..Place::default() };
        let gpus = memory.gpus.iter().map(|(uuid, m)| (*uuid, place(m))).collect();
        Self { gpus, released: memory.released, ..Self::new(bounds) }
    }

    /// What was read of a GPU.
    pub fn see(&mut self, uuid: Uuid, sample: GpuSample, now: Mono) {
        let released = self.released;
        let place = self
            .gpus
            .entry(uuid)
            .or_insert_with(|| Place { hold: Hold::remembered(&Memory::default(), released), ..Place::default() });
        place.named = true;
        if sample.at != place.hold.sample().at {
            place.seen.add(&sample);
        }
        let news = place.hold.see(sample, now, &self.bounds);
        self.news.extend(news.into_iter().flatten().map(|n| (uuid, n)));
    }

    /// A grant comes; its lease counts from `from`.
    pub fn grant(&mut self, grant: &Grant, (from, now): (Mono, Mono)) -> Taken {
        let place = self.gpus.get_mut(&grant.uuid);
        place.map_or(Taken::Unknown, |place| place.hold.grant(grant, (from, now), &self.bounds))
    }

    /// People take the node back.
    pub fn release(&mut self) {
        let bounds = self.bounds;
        self.released = true;
        let told = self.gpus.iter_mut().filter_map(|(uuid, place)| Some((*uuid, place.hold.release(&bounds)?)));
        self.news.extend(told);
    }

    /// People give it back.
    pub fn take(&mut self, now: Mono) {
        let bounds = self.bounds;
        self.released = false;
        self.gpus.values_mut().for_each(|place| place.hold.take(now, &bounds));
    }

    /// What is to be written now. Where anything falls, or should have fallen and has not been seen to, nothing rises.
    #[must_use]
    pub fn due(&self, now: Mono) -> Vec<Write> {
        let all = || self.gpus.iter().filter_map(|(uuid, p)| Some((*uuid, p.hold.due(now, &self.bounds)?)));
        let of = |(uuid, (limit, lowers))| Write { uuid, limit, lowers };
        if self.gpus.values().any(|place| place.hold.is_falling()) {
            return all().filter(|(_, (_, lowers))| *lowers).map(of).collect();
        }
        all().map(of).collect()
    }

    /// A limit was written, and read back as this.
    pub fn wrote(&mut self, write: &Write, read: &PowerLimits, at: Mono) {
        if let Some(place) = self.gpus.get_mut(&write.uuid) {
            place.hold.wrote(write.limit, read, at);
        }
    }

    /// A limit is asked for: it may be there before its answer is.
    pub fn asked(&mut self, write: &Write, at: Mono) {
        if let Some(place) = self.gpus.get_mut(&write.uuid) {
            place.hold.asked(write.limit, at);
        }
    }

    /// A limit was not written, or nobody knows.
    pub fn failed(&mut self, write: &Write, at: Mono) {
        if let Some(place) = self.gpus.get_mut(&write.uuid) {
            place.hold.failed(write.limit, at);
        }
    }

    /// Clocks that are to be locked now (MHz), or freed.
    #[must_use]
    pub fn clocks_due(&self, now: Mono) -> Vec<(Uuid, Option<u32>)> {
        self.gpus.iter().filter_map(|(uuid, p)| Some((*uuid, p.hold.clock_due(now, &self.bounds)?))).collect()
    }

    /// A clock was asked for; true where it was done.
    pub fn clocked(&mut self, (uuid, wanted): (Uuid, Option<u32>), done: bool, at: Mono) {
        if let Some(place) = self.gpus.get_mut(&uuid) {
            place.hold.clocked(wanted, done, at);
        }
    }

    /// What is to be told, once.
    pub fn news(&mut self) -> Vec<(Uuid, News)> {
        std::mem::take(&mut self.news)
    }

    /// What must be remembered over a restart; `next` is what is about to be written.
    #[must_use]
    pub fn memory(&self, next: &[Write]) -> NodeMemory {
        let asked = |uuid: &Uuid| next.iter().find(|write| write.uuid == *uuid).map(|write| write.limit);
        let of = |(uuid, place): (&Uuid, &Place)| (*uuid, place.hold.memory(asked(uuid), &self.bounds));
        NodeMemory { released: self.released, gpus: self.gpus.iter().map(of).collect() }
    }

    /// What the node says of its GPUs, as far as its driver has named them; with `afresh` what was gathered since the last report begins anew.
    pub fn report(&mut self, now: Mono, afresh: bool) -> Vec<GpuReport> {
        let bounds = self.bounds;
        let report = |(uuid, place): (&Uuid, &mut Place)| {
            let report = place.report(*uuid, now, &bounds);
            if afresh {
                place.seen = Seen::default();
            }
            report
        };
        self.gpus.iter_mut().filter(|(_, place)| place.named).map(report).collect()
    }
}

impl Place {
    fn report(&self, uuid: Uuid, now: Mono, bounds: &Bounds) -> GpuReport {
        let (seen, sample) = (self.seen, *self.hold.sample());
        let newest = sample.power.map(|p| p.draw);
        let (lease, (epoch, sequence)) = self.hold.lease(now);
        GpuReport {
            uuid,
            condition: sample.condition,
            power: seen.sum.checked_div(seen.readings).map(Milliwatts).or(newest),
            peak: seen.peak.or(newest),
            source: sample.power.map(|p| p.source),
            age: if sample.at == Mono::default() { Span::from_secs(u64::from(u32::MAX)) } else { now.since(sample.at) },
            energy: sample.energy.map(|e| e.0),
            die_cel: sample.die.map(|t| t.0),
            throttle: seen.throttle.or(sample.throttle),
            enforced: sample.limits.enforced,
            wanted: self.hold.wanted(),
            failsafe: Some(self.hold.failsafe(bounds)),
            at_most: self.hold.at_most(),
            clock_mhz: self.hold.clock(),
            rule: self.hold.rule(),
            lease,
            epoch,
            sequence,
            contended: self.hold.is_contended(),
        }
    }
}

impl Seen {
    fn add(&mut self, sample: &GpuSample) {
        if let Some(power) = sample.power {
            self.sum = self.sum.saturating_add(power.draw.0);
            self.readings = self.readings.saturating_add(1);
            self.peak = self.peak.max(Some(power.draw));
        }
        if let Some(bits) = sample.throttle {
            self.throttle = Some(Throttle(self.throttle.unwrap_or_default().0 | bits.0));
        }
    }
}

#[cfg(test)]
mod tests;
