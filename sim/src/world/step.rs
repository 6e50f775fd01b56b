//! One step in a fixed order: commands, actuators, water's flow, air and heat, headers and chiller, mass, electricity, books.

use plant::command::{WriteOutcome, WriteReport};
use plant::convert;
use plant::id::PointId;
use plant::time::{Mono, Span, Tick, Wall};

use super::image::put;
use super::{Alone, Panel, World};
use crate::actuators::Actuator;
use crate::air::{Row, Surroundings};
use crate::circuits::Given;
use crate::circuits::pumps::RUN_DOWN;
use crate::circuits::spec::LONGEST_STEP;
use crate::compute::fleet;
use crate::electrics::site::{Cooling, Feeds};
use crate::immersion::Facility;
use crate::ledger::Entries;
use crate::liquid::door::Door;
use crate::load::Moment;
use crate::physics::Physics;
use crate::psychrometrics::MoistAir;
use crate::weather::Outdoor;

/// The longest step the physics takes at once (s); longer ones are divided evenly.
const LONGEST: f64 = LONGEST_STEP;
/// What devices run at by themselves when they have heard nothing for too long (%).
const FULL: f64 = 100.0;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// Milliseconds of an hour.
const HOUR_MS: f64 = 3_600_000.0;

/// Outdoor air made warmer with the moisture it has, as far as it can hold it.
fn warmed(air: Outdoor, by: f64) -> Outdoor {
    if by == 0.0 {
        return air;
    }
    let dry_bulb = air.dry_bulb + by;
    let dew_point = air.dew_point.min(dry_bulb);
    let wet_bulb = MoistAir::from_dew_point(dry_bulb, dew_point, air.pressure).wet_bulb();
    Outdoor { dry_bulb, dew_point, wet_bulb, ..air }
}

/// The rear doors of all rows.
fn doors(rows: &mut [Row]) -> impl Iterator<Item = &mut Door> {
    rows.iter_mut().flat_map(|row| &mut row.racks).filter_map(|rack| rack.door.as_deref_mut())
}

/// What one step draws and gives besides what is booked at once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Drawn {
    /// Electricity of fans, pumps, chillers, towers.
    cooling: Cooling,
    /// What PDUs lose in the hall (W).
    pub pdus: f64,
    /// Heat into floor, frames and walls (J).
    to_mass: f64,
    /// Water used (kg/s).
    water: f64,
}

impl Drawn {
    /// Books what a circuit gave.
    fn book(&mut self, given: &Given, books: &mut Entries) {
        self.cooling.pumps += given.pumps;
        self.cooling.machinery += given.power - given.pumps;
        self.water += given.water;
        books.store(given.stored);
        books.cross(-given.out);
    }
}

impl World {
    /// Tells a writable point its value, as a register write does. The report of a write that changed something.
    pub(super) fn obey(&mut self, point: PointId, value: f64, at: Mono) -> Option<WriteReport> {
        let held = self.held.get_mut(point)?.as_mut()?;
        let changed = held.to_bits() != value.to_bits();
        if value.is_finite() {
            *held = value;
            put(&mut self.truth, point, value);
        }
        self.hear_point(point);
        changed.then_some(WriteReport { point, wanted: value, outcome: WriteOutcome::Applied, at, wear: 0 })
    }

    /// Moves the world by `tick.dt`.
    pub(super) fn advance(&mut self, tick: Tick) {
        self.steps = self.steps.saturating_add(1);
        let longest = if self.fleet.is_some() { fleet::LONGEST } else { LONGEST };
        let parts = (tick.dt.seconds() / longest).ceil().clamp(1.0, 1e6);
        let dt = tick.dt.seconds() / parts;
        let begin = self.elapsed;
        self.elapsed = Span::from_nanos(begin.nanos().saturating_add(tick.dt.nanos()));
        if dt <= 0.0 {
            self.tell_truth();
            return;
        }
        self.aim(tick.dt.seconds());
        self.order();
        for part in 0..convert::u64_from_f64_rounded(parts) {
            let since = (convert::f64_from_u64(part) + 1.0) * dt;
            let elapsed = Span::from_nanos(begin.nanos().saturating_add(Span::from_seconds(since).nanos()));
            let to_end = convert::i64_from_f64_rounded((tick.dt.seconds() - since) * 1e3);
            self.part(dt, elapsed, Wall(tick.wall.0.saturating_sub(to_end)));
        }
        self.moisten(tick.dt.seconds());
        self.tell_truth();
    }

    /// Gives every actuator its target: the switch at the device, the device alone, or what it was told.
    fn aim(&mut self, dt: f64) {
        let Self { panels, held, rows, pump, chilled, physics, elapsed, alone, .. } = self;
        let alone = *alone;
        let target = |panel: Option<&Panel>, actuator: &mut Actuator, own: f64| {
            let silent = panel.is_some_and(|p| elapsed.nanos().saturating_sub(p.heard.nanos()) > p.patience.nanos());
            let told = held.get(actuator.command).copied().flatten().unwrap_or(FULL);
            actuator.aim(match (panel.and_then(|p| p.hand), alone) {
                (Some(duty), _) => duty,
                (None, Alone::Panels) => own,
                (None, Alone::Full) if silent => FULL,
                (None, Alone::Full) => told,
            });
        };
        // Panels stand in the order of their devices: coolers first, then the pump.
        let mut panels = panels.iter();
        for row in rows.iter_mut() {
            for cooler in &mut row.coolers {
                let panel = panels.next();
                let (fan, valve) = match alone {
                    Alone::Panels => cooler.panel.step((cooler.supply, row.hot), dt),
                    Alone::Full => (FULL, FULL),
                };
                target(panel, &mut cooler.drive, fan);
                if let Some(coil) = &mut cooler.coil {
                    target(panel, &mut coil.valve, valve);
                }
            }
        }
        if let Some(pump) = pump {
            let own = match (alone, chilled, &physics.chilled) {
                (Alone::Panels, Some(circuit), Some(of)) => circuit.hold_dp(of, dt),
                (Alone::Panels | Alone::Full, _, _) => FULL,
            };
            target(panels.next(), &mut pump.drive, own);
        }
    }

    fn part(&mut self, dt: f64, elapsed: Span, wall: Wall) {
        let physics = std::sync::Arc::clone(&self.physics);
        self.air = warmed(self.outdoors.at(&physics.weather, self.seed, wall), self.warmer);
        let mut books = Entries::default();
        let mut drawn = Drawn::default();
        let feeds = self.energise(&physics, elapsed, dt);
        self.work(&physics, (elapsed, wall), feeds, dt);
        books.store(self.work_nodes(&physics, wall, dt));
        self.share_flows(&physics, feeds, dt);
        self.ask_for_power(&physics, &mut drawn);
        let hour = convert::f64_from_i64(wall.0.rem_euclid(DAY_MS)) / HOUR_MS;
        for (circuit, of) in [(&mut self.chilled, &physics.chilled), (&mut self.facility, &physics.facility)] {
            if let (Some(circuit), Some(of)) = (circuit, of) {
                drawn.book(&circuit.cool(of, (&self.air, hour), dt), &mut books);
            }
        }
        let to_facility = self.cool_machines(&physics, (&mut books, &mut drawn), dt);
        let (to_chilled, to_doors) = self.blow(&physics, (&mut books, &mut drawn), dt);
        let to_facility = to_facility + to_doors;
        for (circuit, of, heat) in
            [(&mut self.chilled, &physics.chilled, to_chilled), (&mut self.facility, &physics.facility, to_facility)]
        {
            if let (Some(circuit), Some(of)) = (circuit, of) {
                drawn.book(&circuit.take(of, heat, &self.air, dt), &mut books);
            }
        }
        self.store_in_mass(drawn.to_mass, dt, &mut books);
        self.settle_power(&physics, (drawn.cooling, &mut books), dt);
        self.carry_breakers(elapsed, dt);
        self.ledger.close(books);
        self.water_used += dt * drawn.water;
        self.count_meters(dt);
    }

    /// Sets what every machine draws and blows, and moves fans and valves.
    fn work(&mut self, physics: &Physics, (elapsed, wall): (Span, Wall), feeds: Feeds, dt: f64) {
        let (load, moment) = (&physics.load, Moment::at(&physics.load, self.seed, (elapsed, wall)));
        let kept = libm::exp(-dt / physics.rack.fan_lag);
        let (mut lost, nodes, mut places) = (0.0, self.fleet.is_some(), 0..);
        for (n, row) in self.rows.iter_mut().enumerate() {
            let leave = self.site.leave(&physics.electrics, n);
            row.it = 0.0;
            for rack in row.racks.iter_mut().filter(|_| !nodes) {
                let leave = if places.next().is_some_and(|place| self.trips.dark(place)) { 0.0 } else { leave };
                let wanted = rack.worker.share(load, &moment);
                if leave > 0.0 {
                    rack.work(wanted.min(leave), &physics.rack, kept);
                } else {
                    rack.rest(kept);
                }
                row.it += rack.power;
                lost += if leave.is_finite() { wanted * rack.rated } else { 0.0 };
            }
            for cooler in &mut row.coolers {
                cooler.travel(&physics.fan, feeds, dt);
                if let (Some(direct), Some(of)) = (&mut cooler.direct, &physics.dx) {
                    direct.fed = feeds.machinery;
                    direct.run(of, &self.air, (cooler.flow, row.hot, cooler.supply), dt);
                    cooler.power += if feeds.fans { direct.filter } else { 0.0 };
                }
            }
        }
        let leave = self.site.leave(&physics.electrics, self.rows.len());
        for tank in &mut self.tanks {
            let wanted = tank.worker.share(load, &moment);
            tank.fed = feeds.pumps;
            tank.power = tank.rated * wanted.min(leave);
            lost += if leave.is_finite() { wanted * tank.rated } else { 0.0 };
        }
        self.lost_work += dt * lost;
    }

    /// Lets the machines work one by one, where they are followed so. More heat in them than before (J).
    fn work_nodes(&mut self, physics: &Physics, wall: Wall, dt: f64) -> f64 {
        let Self { fleet, rows, site, trips, seed, .. } = self;
        let Some(fleet) = fleet else { return 0.0 };
        let fed = |row, rack| site.leave(&physics.electrics, row) > 0.0 && !trips.dark(rack);
        fleet.step(rows, fed, (*seed, wall), dt)
    }

    /// Moves pumps, and shares every circuit's flow among its branches.
    fn share_flows(&mut self, physics: &Physics, feeds: Feeds, dt: f64) {
        for circuit in [&mut self.chilled, &mut self.facility].into_iter().flatten() {
            circuit.feeds = feeds;
        }
        if let (Some(circuit), Some(of), Some(pump)) = (&mut self.chilled, &physics.chilled, &mut self.pump) {
            if circuit.stands() {
                pump.drive.position = (pump.drive.position - RUN_DOWN * dt).max(0.0);
            } else {
                pump.drive.travel(dt);
            }
            circuit.speed = pump.drive.position;
            let coils = self.rows.iter().flat_map(|r| &r.coolers).filter_map(|c| c.coil.as_ref());
            for coil in coils {
                if let (Some(branch), Some(of)) = (circuit.branches.get_mut(coil.place), &physics.coil) {
                    *branch = coil.branch(of);
                }
            }
            circuit.share_flow(of, dt);
            for coil in self.rows.iter_mut().flat_map(|r| &mut r.coolers).filter_map(|c| c.coil.as_mut()) {
                coil.water = circuit.flows.get(coil.place).copied().unwrap_or(0.0);
            }
        }
        let Self { facility, plates, tanks, rows, .. } = self;
        if let (Some(circuit), Some(of)) = (facility, &physics.facility) {
            let wanted = circuit.hold_dp(of, dt);
            circuit.speed = of.group.ramped(circuit.speed, (wanted, feeds.pumps), dt);
            if let Some(spec) = &physics.plates {
                for row in plates.iter_mut() {
                    row.fed = feeds.pumps;
                    row.share_flow(spec, dt);
                    for unit in &row.units {
                        if let Some(branch) = circuit.branches.get_mut(unit.place) {
                            *branch = spec.cdu.primary_branch(unit.valve.share());
                        }
                    }
                }
            }
            if let Some(spec) = &physics.tanks {
                for tank in tanks.iter_mut() {
                    if let Some(branch) = circuit.branches.get_mut(tank.place) {
                        *branch = tank.branch(spec, dt);
                    }
                }
            }
            if let Some(spec) = &physics.doors {
                for door in doors(rows) {
                    door.run(spec, feeds.control, dt);
                    if let Some(branch) = circuit.branches.get_mut(door.place) {
                        *branch = door.branch(spec);
                    }
                }
            }
            circuit.share_flow(of, dt);
            for door in doors(rows) {
                door.water = circuit.flows.get(door.place).copied().unwrap_or(0.0);
            }
        }
    }

    /// Cold plates and tanks; heat into the facility water (W).
    fn cool_machines(&mut self, physics: &Physics, (books, drawn): (&mut Entries, &mut Drawn), dt: f64) -> f64 {
        let Self { facility, plates, tanks, rows, mass, .. } = self;
        let mut heat = 0.0;
        if let (Some(circuit), Some(of)) = (&facility, &physics.plates) {
            for plate_row in plates.iter_mut() {
                let Some(row) = rows.get_mut(plate_row.row) else { continue };
                let powers = row.racks.iter().map(|r| r.power);
                let given = plate_row.step(of, (circuit.to_branches, &circuit.flows), powers, dt);
                for (rack, plates) in row.racks.iter_mut().zip(&plate_row.racks) {
                    rack.to_liquid = plates.last.to_liquid;
                }
                heat += given.to_primary;
                books.store(given.stored);
                drawn.cooling.pumps += given.pumps;
                drawn.to_mass += dt * given.to_room;
            }
        }
        if let (Some(circuit), Some(of)) = (&facility, &physics.tanks) {
            for tank in tanks.iter_mut() {
                let flow = circuit.flows.get(tank.place).copied().unwrap_or(0.0);
                let water = Facility { entering: circuit.to_branches, flow };
                let given = tank.step(of, (water, *mass), dt);
                heat += given.to_water;
                books.store(given.stored);
                books.cross(-dt * given.lost);
                drawn.cooling.pumps += given.pump;
                drawn.to_mass += dt * given.to_room;
            }
        }
        heat
    }

    /// The rows' air; heat into the chilled water, and through rear doors into the facility water (W).
    fn blow(&mut self, physics: &Physics, (books, drawn): (&mut Entries, &mut Drawn), dt: f64) -> (f64, f64) {
        let in_hall = drawn.pdus + if self.site.feeds().lights { physics.electrics.lighting } else { 0.0 };
        let rows = convert::f64_from_usize(self.rows.len());
        if rows == 0.0 {
            drawn.to_mass += dt * in_hall;
            return (0.0, 0.0);
        }
        let around = Surroundings {
            mass: self.mass,
            outdoors: match physics.dx {
                Some(_) => self.air.dry_bulb,
                None => self.air.dry_bulb + physics.fan.ambient - self.mean_outdoors,
            },
            water: self.chilled.as_ref().map_or(0.0, |w| w.to_branches),
            door_water: self.facility.as_ref().map_or(0.0, |w| w.to_branches),
            dew_point: self.moisture.dew_point,
            other: in_hall / rows,
        };
        let (mut to_water, mut to_doors) = (0.0, 0.0);
        for row in &mut self.rows {
            // What compressors and condenser fans draw stays outdoors.
            let direct: f64 = row.coolers.iter().filter_map(|c| c.direct.as_ref()).map(|d| d.power).sum();
            drawn.cooling.fans += row.fan_power();
            drawn.cooling.machinery += direct;
            books.cross(-dt * direct);
            let given = row.step(physics, around, dt);
            drawn.to_mass += given.to_mass;
            to_water += given.to_water;
            to_doors += given.to_doors;
            books.store(given.stored);
            books.cross(given.from_outdoors);
            books.cross(-given.to_outdoors);
        }
        (to_water / dt, to_doors / dt)
    }

    fn store_in_mass(&mut self, from_air: f64, dt: f64, books: &mut Entries) {
        let outdoors = self.air.dry_bulb;
        let capacity = self.mass_capacity();
        let through_walls = dt * self.physics.room.envelope_ua * (outdoors - self.mass);
        let before = self.mass;
        self.mass += (from_air + through_walls) / capacity;
        books.cross(through_walls);
        books.store(capacity * (self.mass - before));
    }
}
