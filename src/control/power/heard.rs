//! What a node's report makes of its GPUs: who is known, what each may draw at the most, and who can be granted anything.

use plant::gpu::Milliwatts;
use plant::hall::capping::Capping;
use plant::lease::Rule;
use plant::lease::seen::{GpuSeen, NodeSeen};
use plant::time::{Span, Tick};

use super::calibration::{ONE, at_meter, by_board};
use super::why::Held;
use super::{Board, Gpu, Now, Silence};

impl Gpu {
    /// What a GPU is in this scan.
    pub(super) fn now(&mut self, seen: &GpuSeen, (heard, lent): (bool, bool), of: Board, dt: Span) -> Now {
        let Board { least, rated, asked } = of;
        self.uuid = seen.uuid.or(self.uuid);
        let known = seen.uuid.is_some() && (heard || lent);
        if heard {
            self.force.taken(seen.order);
        }
        let told = seen.at_most.unwrap_or(rated);
        let force = if known { told.max(self.force.most().min(rated)) } else { rated.max(told) };
        let ours = heard && seen.uuid.is_some() && seen.condition.is_read() && seen.rule != Rule::Released;
        let foreign = seen.rule == Rule::Foreign;
        let most = if foreign { seen.enforced.unwrap_or(asked).min(asked) } else { asked };
        let wish = self.wish.step(seen, most, dt);
        if !ours {
            (self.granted, self.held) = (None, Held::Doubt);
        }
        let draws = seen.power.filter(|_| heard && seen.condition.is_read());
        Now {
            ours,
            draws,
            force,
            wish,
            least: least.min(most),
            most,
            rated,
            aim: force,
            tenant: 0,
            foreign,
            gain: ONE,
            epoch: 0,
        }
    }
}

impl Silence {
    /// Counts higher than whoever granted before us, as a node's GPUs say: a start of ours, or somebody else.
    pub(super) fn outrank<'a>(&mut self, gpus: impl Iterator<Item = &'a GpuSeen>, boot: u32) {
        self.epoch = self.epoch.max(u64::from(boot));
        let foreign = gpus.map(|gpu| gpu.order.0).max().unwrap_or_default();
        if foreign > self.epoch {
            self.epoch = foreign.saturating_add(1);
        }
    }

    /// Tells when a node that was heard falls silent (true), and when it speaks again.
    pub(super) fn step(&mut self, seen: &NodeSeen, rules: &Capping, now: Tick) -> Option<bool> {
        let age = if seen.report == 0 { rules.lease } else { now.mono.since(seen.at) };
        let before = *self;
        (self.since, self.heard) = (age, age <= rules.silent && seen.report > 0);
        self.known |= self.heard;
        (before.known && before.heard != self.heard).then_some(!self.heard)
    }
}

impl Now {
    /// The same in watts of the rack's meter, by how its board reads (millionths).
    pub(super) fn at_meter(self, gain: u64) -> Self {
        let of = |board: Milliwatts| at_meter(board, gain);
        Self {
            draws: self.draws.map(of),
            force: of(self.force),
            wish: of(self.wish),
            least: of(self.least),
            most: of(self.most),
            rated: of(self.rated),
            aim: of(self.aim),
            gain,
            ..self
        }
    }

    /// Watts of the rack's meter as its board reads them.
    pub(super) fn by_board(&self, meter: Milliwatts) -> Milliwatts {
        by_board(meter, self.gain)
    }
}
