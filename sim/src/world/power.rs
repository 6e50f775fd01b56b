//! The electrical part of a step: what has power before anything moves, what it took when everything has.

use plant::hall::Hall;
use plant::time::Span;

use super::World;
use super::step::Drawn;
use crate::air::Row;
use crate::electrics::site::{Cooling, Feeds};
use crate::electrics::storage::Unit as Battery;
use crate::electrics::trips::Trips;
use crate::ledger::Entries;
use crate::physics::Physics;

/// The hall's batteries at their start.
pub(super) fn batteries(hall: &Hall, physics: &Physics) -> Vec<Battery> {
    let spec = physics.electrics.storage.as_ref();
    spec.map_or_else(Vec::new, |spec| hall.power.storage.iter().map(|of| Battery::new(of.of, spec)).collect())
}

impl World {
    /// Lets the grid's voltage reach everything; says what has power in the step of `dt` seconds that ends at `elapsed`.
    pub(super) fn energise(&mut self, physics: &Physics, elapsed: Span, dt: f64) -> Feeds {
        self.site.energise(&physics.electrics, (elapsed.seconds() - dt, self.seed), dt)
    }

    /// Asks the PDUs for what the machines draw.
    pub(super) fn ask_for_power(&mut self, physics: &Physics, drawn: &mut Drawn) {
        let Self { site, rows, tanks, .. } = self;
        for (n, row) in rows.iter().enumerate() {
            let fans = row.racks.iter().map(|r| r.fans).sum();
            drawn.pdus += site.ask(&physics.electrics, n, (row.it_power(), fans));
        }
        if !tanks.is_empty() {
            let power = tanks.iter().map(|t| t.power).sum();
            drawn.pdus += site.ask(&physics.electrics, rows.len(), (power, 0.0));
        }
    }

    /// Ends the step at the power tree and books what crossed the boundary there.
    pub(super) fn settle_power(&mut self, physics: &Physics, (cooling, books): (Cooling, &mut Entries), dt: f64) {
        self.drew = cooling;
        let unserved = self.site.carry(&physics.electrics, cooling, self.seed, dt);
        self.exchange_with_batteries(physics, dt);
        let chain = self.site.chain();
        books.cross(dt * chain.utility);
        // What a generator burns besides is heat outdoors.
        books.cross(dt * chain.generated);
        books.charge(dt * chain.stored);
        books.cross(-dt * chain.outside_loss);
        if unserved > 0.0 {
            // The heat of the rest of a step in which a string ran empty has been given to machines and air, and never was.
            let capacity = self.mass_capacity();
            self.mass -= dt * unserved / capacity;
            books.store(-dt * unserved);
        }
    }

    /// Lets batteries give and take what they were told.
    fn exchange_with_batteries(&mut self, physics: &Physics, dt: f64) {
        let Some(spec) = &physics.electrics.storage else { return };
        let live = self.site.has_grid();
        for unit in &mut self.storage {
            unit.live = live;
            unit.step(spec, dt);
            self.site.join(&unit.last);
        }
    }

    /// Lets the breakers of the hall's power tree carry what was drawn in the step of `dt` seconds that ends at `elapsed`.
    pub(super) fn carry_breakers(&mut self, elapsed: Span, dt: f64) {
        let chain = self.site.chain();
        let others = chain.cooling + chain.lighting;
        let racks = self.rows.iter().flat_map(|row| &row.racks).map(|rack| rack.power);
        self.trips.step(racks, others, self.seed, (elapsed, dt));
    }

    /// The breakers of the hall's power tree: what has tripped, what is dark.
    #[must_use]
    pub const fn breakers(&self) -> &Trips {
        &self.trips
    }

    /// Heat capacity of floor, frames and walls (J/K).
    pub(super) fn mass_capacity(&self) -> f64 {
        let racks = self.rows.iter().map(|r| r.racks.len()).sum::<usize>().saturating_add(self.tanks.len());
        self.physics.room.mass * plant::convert::f64_from_usize(racks).max(1.0)
    }

    /// Lets every meter count what it sees.
    pub(super) fn count_meters(&mut self, dt: f64) {
        let step = self.physics.electrics.register_step;
        let (chain, trips) = (*self.site.chain(), &self.trips);
        for meter in &mut self.meters {
            let (share, cooling) = match &meter.rows {
                None => (1.0, chain.panel),
                Some((places, part)) => {
                    let seen = |of: fn(&Row) -> f64| -> f64 {
                        places.iter().filter_map(|n| self.rows.get(*n)).map(of).sum::<f64>() * part
                    };
                    (seen(Row::it_power) / chain.it.max(1.0), seen(Row::fan_power))
                }
            };
            // While a feeder is open the cords of its racks carry no even shares.
            let power = trips.seen(meter.power_point).unwrap_or_else(|| chain.at(meter.role, share, cooling));
            meter.count(power, dt, step);
        }
    }
}
