//! One step in a fixed order: commands, actuators, water's flow, air and heat, headers and chiller, mass, electricity, books.

use plant::command::{WriteOutcome, WriteReport};
use plant::convert;
use plant::id::{EquipId, PointId};
use plant::time::{Mono, Span, Tick, Wall};

use super::World;
use crate::actuators::Actuator;
use crate::air::Surroundings;
use crate::electrics::Chain;
use crate::ledger::Entries;
use crate::load;
use crate::weather;

/// The longest step the physics takes at once (s); longer ones are divided evenly.
const LONGEST: f64 = 1.0;
/// What devices run at by themselves when they have heard nothing for too long (%).
const ALONE: f64 = 100.0;

impl World {
    /// Tells a writable point its value, as a register write does. The report of a write that changed something.
    pub(super) fn obey(&mut self, point: PointId, value: f64, at: Mono) -> Option<WriteReport> {
        let held = self.held.get_mut(point)?.as_mut()?;
        let changed = held.to_bits() != value.to_bits();
        if value.is_finite() {
            *held = value;
        }
        self.hear_point(point);
        changed.then_some(WriteReport { point, wanted: value, outcome: WriteOutcome::Applied, at, wear: 0 })
    }

    /// Moves the world by `tick.dt`.
    pub(super) fn advance(&mut self, tick: Tick) {
        self.steps = self.steps.saturating_add(1);
        let parts = (tick.dt.seconds() / LONGEST).ceil().clamp(1.0, 1e6);
        let dt = tick.dt.seconds() / parts;
        let begin = self.elapsed;
        self.elapsed = Span::from_nanos(begin.nanos().saturating_add(tick.dt.nanos()));
        if dt <= 0.0 {
            self.tell_truth();
            return;
        }
        self.aim();
        for part in 0..convert::u64_from_f64_rounded(parts) {
            let since = (convert::f64_from_u64(part) + 1.0) * dt;
            let elapsed = Span::from_nanos(begin.nanos().saturating_add(Span::from_seconds(since).nanos()));
            let to_end = convert::i64_from_f64_rounded((tick.dt.seconds() - since) * 1e3);
            self.part(dt, elapsed, Wall(tick.wall.0.saturating_sub(to_end)));
        }
        self.tell_truth();
    }

    /// Gives every actuator its target: the switch at the device, the device alone, or what it was told.
    fn aim(&mut self) {
        let Self { panels, held, rows, water, elapsed, .. } = self;
        let target = |equip: EquipId, actuator: &mut Actuator| {
            let panel = panels.iter().find(|p| p.equip == equip);
            let silent = panel.is_some_and(|p| elapsed.nanos().saturating_sub(p.heard.nanos()) > p.patience.nanos());
            let told = held.get(actuator.command).copied().flatten().unwrap_or(ALONE);
            actuator.aim(match panel.and_then(|p| p.hand) {
                Some(duty) => duty,
                None if silent => ALONE,
                None => told,
            });
        };
        for cooler in rows.iter_mut().flat_map(|r| r.coolers.iter_mut()) {
            target(cooler.equip, &mut cooler.drive);
            if let Some(coil) = &mut cooler.coil {
                target(cooler.equip, &mut coil.valve);
            }
        }
        if let Some(water) = water {
            target(water.equip, &mut water.drive);
        }
    }

    fn part(&mut self, dt: f64, elapsed: Span, wall: Wall) {
        let physics = std::sync::Arc::clone(&self.physics);
        let outdoors = weather::dry_bulb(&physics.weather, wall);
        let wave = load::daily_wave(wall, physics.load.peak_hour);
        for row in &mut self.rows {
            for rack in &mut row.racks {
                let share = load::share(&physics.load, wave, self.seed, rack.channel, elapsed);
                rack.work(share, &physics.rack, dt);
            }
            for cooler in &mut row.coolers {
                cooler.travel(&physics.fan, dt);
            }
        }
        if let (Some(water), Some(of), Some(coil)) = (&mut self.water, &physics.water, &physics.coil) {
            water.share_flow(of, coil, &mut self.rows, dt);
        }
        let it: f64 = self.rows.iter().map(crate::air::Row::it_power).sum();
        let fans: f64 = self.rows.iter().map(crate::air::Row::fan_power).sum();
        let in_hall = physics.electrics.pdu.loss(it) + physics.electrics.lighting;
        let rows = convert::f64_from_usize(self.rows.len()).max(1.0);
        let around = Surroundings {
            mass: self.mass,
            outdoors: outdoors + physics.fan.ambient - physics.weather.mean,
            water: self.water.as_ref().map_or(0.0, |w| w.supply),
            other: in_hall / rows,
        };
        let mut books = Entries::default();
        let (mut to_mass, mut to_water) = (0.0, 0.0);
        for row in &mut self.rows {
            let given = row.step(&physics, around, dt);
            to_mass += given.to_mass;
            to_water += given.to_water;
            books.store(given.stored);
            books.cross(given.from_outdoors);
            books.cross(-given.to_outdoors);
        }
        let mut machinery = fans;
        if let (Some(water), Some(of)) = (&mut self.water, &physics.water) {
            let given = water.step(of, to_water / dt, outdoors, dt);
            books.store(given.stored);
            books.cross(given.from_outdoors);
            // The chiller rejects what it takes and what it draws.
            books.cross(-given.to_chiller - dt * water.chiller_power);
            machinery += water.pump_power + water.chiller_power;
        }
        self.store_in_mass(to_mass, outdoors, dt, &mut books);
        self.chain = Chain::of(&physics.electrics, it, machinery);
        books.cross(dt * self.chain.utility);
        books.cross(-dt * self.chain.outside_loss);
        self.ledger.close(books);
        self.count_meters(dt, it, machinery);
    }

    fn store_in_mass(&mut self, from_air: f64, outdoors: f64, dt: f64, books: &mut Entries) {
        let racks: usize = self.rows.iter().map(|r| r.racks.len()).sum();
        let capacity = self.physics.room.mass * convert::f64_from_usize(racks).max(1.0);
        let through_walls = dt * self.physics.room.envelope_ua * (outdoors - self.mass);
        let before = self.mass;
        self.mass += (from_air + through_walls) / capacity;
        books.cross(through_walls);
        books.store(capacity * (self.mass - before));
    }

    fn count_meters(&mut self, dt: f64, it: f64, cooling: f64) {
        let step = self.physics.electrics.register_step;
        for meter in &mut self.meters {
            let (share, cooling) = match &meter.rows {
                None => (1.0, cooling),
                Some((places, part)) => {
                    let seen = |of: fn(&crate::air::Row) -> f64| -> f64 {
                        places.iter().filter_map(|n| self.rows.get(*n)).map(of).sum::<f64>() * part
                    };
                    (seen(crate::air::Row::it_power) / it.max(1.0), seen(crate::air::Row::fan_power))
                }
            };
            meter.count(self.chain.at(meter.role, share, cooling), dt, step);
        }
    }
}
