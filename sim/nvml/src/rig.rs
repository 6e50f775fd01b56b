//! Steps the GPUs behind a board: physics in steps of 10 ms, sensors each 100 ms.
//!
//! **Equation** that of [`sim::compute::gpu`] under the board's limit in force. Sensors look at the last 25 ms or average over the last second and
//! speak every 100 ms; each board's reading is off in proportion. Locked clocks and the brake line take from the power wanted.
//! **Source** *Part-time power measurements* (SC 2024) for windows and periods. **Box** any number of GPUs. **Outside it** memory clocks, fans
//! and links are not modelled. **Time constant** that of the device's limit, 0.2 s.

mod machine;
mod window;

use std::sync::Arc;
use std::time::Duration;

use self::machine::Machine;
use crate::board::{Board, Watch};
use crate::card::Card;

/// A step (s).
const STEP: f64 = 0.01;
/// A step (ns).
const STEP_NS: u64 = 10_000_000;
/// A step (µs).
const STEP_US: u64 = 10_000;
/// From word to word of the sensors (µs).
const PERIOD_US: u64 = 100_000;

/// The GPUs behind a board.
#[derive(Debug)]
pub struct Rig {
    board: Arc<Board>,
    machines: Vec<Machine>,
    /// Where it is known where the board lies.
    watch: Option<Watch>,
    /// The time up to which it has been stepped (µs since 1970).
    now_us: u64,
    /// Time that is not yet a whole step (µs).
    rest_us: u64,
    /// When its sensors speak next (µs since 1970).
    next_us: u64,
}

impl Rig {
    /// GPUs at rest behind a board, whose sensors speak at `at_us` (µs since 1970) and each 100 ms from there. Cards beyond the board's places are left out.
    #[must_use]
    pub fn new(board: &Arc<Board>, cards: &[Card], seed: u64, at_us: u64) -> Self {
        let cards = cards.iter().take(board.count()).enumerate();
        let machines = cards.map(|(slot, card)| Machine::new(card, seed, slot)).collect();
        let now_us = at_us.saturating_sub(STEP_US);
        let mut rig = Self { board: Arc::clone(board), machines, watch: None, now_us, rest_us: 0, next_us: at_us };
        // One step, so that the sensors have spoken.
        rig.advance();
        rig
    }

    /// Time goes by.
    pub fn step(&mut self, dt: Duration) {
        self.rest_us = self.rest_us.saturating_add(u64::try_from(dt.as_micros()).unwrap_or(u64::MAX));
        while self.rest_us >= STEP_US {
            self.rest_us -= STEP_US;
            self.advance();
        }
    }

    /// Looks from now on whether the driver has clients, on the board's own file: one that nothing holds goes with the last of them.
    pub(crate) fn watch(&mut self, watch: Watch) {
        self.watch = Some(watch);
    }

    fn advance(&mut self) {
        self.now_us += STEP_US;
        for (machine, gpu) in self.machines.iter_mut().zip(self.board.gpus()) {
            machine.step(gpu);
        }
        if self.now_us >= self.next_us {
            self.next_us += PERIOD_US;
            self.watch.iter_mut().for_each(|watch| watch.look(&self.board));
            self.publish();
        }
    }

    /// Lets the sensors speak now.
    pub fn publish(&mut self) {
        for (machine, gpu) in self.machines.iter_mut().zip(self.board.gpus()) {
            gpu.publish(&machine.readings(gpu, self.now_us));
        }
    }

    /// Says that time stands elsewhere (µs since 1970): for a rig that could not keep up.
    pub const fn set_time(&mut self, at_us: u64) {
        (self.now_us, self.next_us) = (at_us, at_us);
    }

    /// What the work of a GPU wants from now on (W, from its idle power). A slot that is not there is left alone.
    pub fn demand(&mut self, slot: usize, watts: f64) {
        self.machines.get_mut(slot).into_iter().for_each(|machine| machine.demand(watts));
    }

    /// The air at a GPU's heat sink from now on (°C).
    pub fn air(&mut self, slot: usize, cel: f64) {
        self.machines.get_mut(slot).into_iter().for_each(|machine| machine.air(cel));
    }

    /// What a GPU draws in truth, over the last 10 ms (W); 0 for a slot that is not there.
    #[must_use]
    pub fn power(&self, slot: usize) -> f64 {
        self.machines.get(slot).map_or(0.0, Machine::power)
    }

    /// What a GPU has drawn in truth since the rig was made (J).
    #[must_use]
    pub fn energy(&self, slot: usize) -> f64 {
        self.machines.get(slot).map_or(0.0, Machine::energy)
    }

    /// What a GPU's readings are of the truth (1).
    #[must_use]
    pub fn gain(&self, slot: usize) -> f64 {
        self.machines.get(slot).map_or(1.0, Machine::gain)
    }

    /// The time up to which it has been stepped (µs since 1970).
    #[must_use]
    pub const fn now_us(&self) -> u64 {
        self.now_us
    }

    /// What all GPUs draw in truth, over the last 10 ms (W).
    #[must_use]
    pub fn total(&self) -> f64 {
        (0..self.machines.len()).map(|slot| self.power(slot)).fold(0.0, |sum, power| sum + power)
    }
}
