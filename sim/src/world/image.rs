//! From the truth to the process image.

use plant::id::{PointId, Table};
use plant::image::Inputs;
use plant::reading::{Sample, Why};
use plant::time::Tick;

use super::{Alone, World, machinery};
use crate::water::CP_WATER;

/// Litres of a kilogram of chilled water.
pub(super) const LITRES: f64 = 1.0 / 0.998;

impl World {
    /// Writes the present truth of every modelled point into `truth`.
    pub(super) fn tell_truth(&mut self) {
        machinery::tell(self);
        let Self { rows, pump, chilled, meters, truth, physics, more, alone, .. } = self;
        // What a panel tells its actuators stands in the registers by which others would tell them.
        let own = *alone == Alone::Panels;
        let mut tell = |point: PointId, value: f64| put(truth, point, value);
        for row in rows.iter() {
            for rack in &row.racks {
                tell(rack.points.inlet, rack.inlet);
                tell(rack.points.outlet, rack.outlet);
                tell(rack.points.power, rack.power);
            }
            for cooler in &row.coolers {
                tell(cooler.drive.feedback, cooler.drive.reported());
                if own {
                    tell(cooler.drive.command, cooler.drive.target);
                }
                if let Some(coil) = &cooler.coil {
                    tell(coil.valve.feedback, coil.valve.reported());
                    if own {
                        tell(coil.valve.command, coil.valve.target);
                    }
                    tell(coil.supply, cooler.supply);
                    tell(coil.back, coil.entering);
                }
            }
        }
        if let (Some(pump), Some(water)) = (pump, chilled) {
            tell(pump.drive.feedback, pump.drive.reported());
            if own {
                tell(pump.drive.command, pump.drive.target);
            }
            tell(pump.of.dp.id(), water.shared.dp);
            tell(pump.of.supply.id(), water.supply);
            tell(pump.of.return_water.id(), water.back);
            tell(pump.of.flow.id(), water.shared.flow * LITRES);
        }
        for meter in meters.iter() {
            tell(meter.power_point, meter.power);
            tell(meter.energy_point, meter.register(physics.electrics.register_step));
        }
        // Every sensor of a point sees the same.
        for (of, another) in more.iter() {
            let value = truth.get(*of).copied().flatten();
            if let Some(slot) = truth.get_mut(*another) {
                *slot = value;
            }
        }
    }

    /// Reads every channel into the image. Points without a channel have no source here.
    pub(super) fn read_sensors(&mut self, tick: Tick, inputs: &mut Inputs) {
        let dt = tick.dt.seconds();
        let (seed, steps) = (self.seed, self.steps);
        // Sensors and the network hang on control power.
        let dark = !self.site.feeds().control;
        let truths = &self.truth;
        let channels = self.channels.rows_mut().iter_mut().zip(truths.rows());
        for (sample, (channel, truth)) in inputs.samples.rows_mut().iter_mut().zip(channels) {
            let (Some(channel), Some(truth)) = (channel, truth) else {
                *sample = Sample { value: Err(Why::Config), at: tick.mono };
                continue;
            };
            if dark {
                *sample = Sample { value: Err(Why::Comm), at: tick.mono };
                continue;
            }
            if let Some(value) = channel.read_plainly(*truth, dt, seed, steps) {
                *sample = Sample { value: Ok(value), at: tick.mono };
                continue;
            }
            let other = channel.other().and_then(|point| truths.get(point).copied().flatten());
            let value = channel.read_beside((*truth, other), dt, seed, steps);
            *sample = Sample { value, at: channel.stamp(tick.mono) };
        }
    }

    /// Heat the chilled water carries from the coils, by flow and temperatures (W): for tests and for people.
    #[must_use]
    pub fn water_heat(&self) -> f64 {
        self.chilled.as_ref().map_or(0.0, |w| w.shared.flow * CP_WATER * (w.back - w.supply))
    }

    /// The hottest rack inlet's truth (°C); nothing in a hall without racks.
    #[must_use]
    pub fn hottest_inlet(&self) -> Option<f64> {
        self.rows.iter().flat_map(|r| &r.racks).map(|r| r.inlet).reduce(f64::max)
    }

    /// How many points the image has.
    #[must_use]
    pub const fn points(&self) -> usize {
        self.truth.len()
    }
}

pub(super) fn put(truth: &mut Table<PointId, Option<f64>>, point: PointId, value: f64) {
    if let Some(row) = truth.get_mut(point) {
        *row = Some(value);
    }
}
