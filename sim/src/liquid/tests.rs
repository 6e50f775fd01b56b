//! A CDU with eight racks, stepped as a hall will step it.

use super::Coolant;
use super::cdu::{Cdu, CduWater, Through, Wear};
use super::cold_plate::{ColdPlates, Drawn, PlateCoolant, PlateFit, Taken};
use super::manifold::Connection;
use super::plate::Side;
use crate::hydraulics::Branch;

struct Row {
    of: Cdu,
    racks: Vec<Connection>,
    water: CduWater,
    plates: Vec<PlateCoolant>,
    supply: f64,
    branches: Vec<Branch>,
    flows: Vec<f64>,
}

/// What one step of the row did (W).
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    to_liquid: f64,
    to_air: f64,
    pumps: f64,
    to_primary: f64,
    stored: f64,
    hottest: f64,
}

impl Row {
    fn new() -> Self {
        let plates = ColdPlates::sized((132e3, 0.85), 226.0, 10.0, PlateFit::PG25, Coolant::PG25);
        let flow = 8.0 * plates.friction.flow;
        let side = |coolant, flow| Side { coolant, flow };
        let of = Cdu::sized(8.0 * 132e3 * 0.85, 4.0, side(Coolant::PG25, flow), side(Coolant::WATER, flow));
        let racks = vec![Connection::new(plates, 2e4).balanced(4.8e5); 8];
        let branches = racks.iter().map(|r| r.branch(1.0)).collect();
        let water = CduWater::new(&of, 30.0);
        Self { of, racks, water, plates: vec![PlateCoolant(30.0); 8], supply: 30.0, branches, flows: vec![0.0; 8] }
    }

    fn step(&mut self, speeds: &[f64], wear: &Wear, primary_flow: f64, dt: f64) -> Step {
        let before = self.energy();
        let shared = self.of.share((&self.water, wear), speeds, &self.branches, &mut self.flows);
        let mut sum = Step { pumps: shared.work.to_fluid, ..Step::default() };
        let mut heat = 0.0;
        for ((plates, rack), flow) in self.plates.iter_mut().zip(&self.racks).zip(&self.flows) {
            let drawn = Drawn { power: 132e3, flow: *flow, inlet: self.supply };
            let taken: Taken = plates.step(&rack.plates, drawn, dt);
            heat += taken.carried;
            sum.to_liquid += taken.to_liquid;
            sum.to_air += taken.to_air;
            sum.hottest = sum.hottest.max(taken.case);
        }
        let through = Through { shared, heat, primary_flow, primary: 28.0 };
        let got = self.water.step(&self.of, wear, through, dt);
        self.supply = got.supply;
        Step { to_primary: got.to_primary, stored: (self.energy() - before) / dt, ..sum }
    }

    /// Stored above 0 °C (J).
    fn energy(&self) -> f64 {
        let plates: f64 = self.plates.iter().zip(&self.racks).map(|(c, r)| c.0 * r.plates.heat_capacity).sum();
        plates + self.of.supply_capacity * self.water.supply + self.of.return_capacity * self.water.back
    }
}

#[test]
fn a_row_of_racks_settles_at_its_closed_form() {
    let mut row = Row::new();
    let mut last = Step::default();
    for _ in 0..3600 {
        last = row.step(&[1.0, 0.0], &Wear::NONE, row.of.plate.cold.flow, 1.0);
    }
    let heat = 8.0 * 132e3 * 0.85 + last.pumps;
    assert!((last.to_primary / heat - 1.0).abs() < 1e-9, "{last:?}");
    let flow: f64 = row.flows.iter().sum();
    let (stream, exchange) = (Coolant::PG25.stream(flow), row.of.plate.exchange(flow, row.of.plate.cold.flow, 0.0));
    let back = 28.0 + heat / exchange;
    assert!(
        (row.water.back - back).abs() < 1e-6 && (row.water.supply - (back - (heat - last.pumps) / stream)).abs() < 1e-6
    );
}

#[test]
fn the_books_close_in_every_step_through_a_bad_day() {
    let mut row = Row::new();
    for n in 0..4000u32 {
        let wear = match n / 500 {
            0 | 7 => Wear::NONE,
            1 => Wear { fouling: 0.3, ..Wear::NONE },
            2 => Wear { clogging: 3.0, ..Wear::NONE },
            3 => Wear { air: 0.5, ..Wear::NONE },
            4 => Wear { leak: 1.5, ..Wear::NONE },
            _ => Wear { leak: -2.0, ..Wear::NONE },
        };
        let speeds = if n / 250 == 11 { [0.0, 0.0] } else { [1.0, f64::from(n % 100) / 100.0] };
        let primary = if n / 250 == 4 { 0.0 } else { row.of.plate.cold.flow };
        // Without primary water the pumps alone make the loop warmer than the cases may be.
        let most = row.supply.max(85.0) + 1e-9;
        let step = row.step(&speeds, &wear, primary, if n % 7 == 0 { 10.0 } else { 1.0 });
        let open = step.to_liquid + step.pumps - step.to_primary - step.stored;
        assert!(open.abs() <= 1e-9 * 8.0 * 132e3, "{n}: {open} {step:?}");
        assert!((step.to_liquid + step.to_air - 8.0 * 132e3).abs() < 1e-6 && step.hottest <= most, "{n}: {step:?}");
    }
    assert_eq!(row.water.inventory, row.of.inventory, "topped up");
}

#[test]
fn halving_the_step_moves_no_temperature_by_a_tenth_of_a_kelvin() {
    let (mut coarse, mut fine) = (Row::new(), Row::new());
    for n in 0..300u32 {
        let speeds = if n < 60 { [0.6, 0.0] } else { [1.0, 0.0] };
        let primary = if n < 150 { 1.0 } else { 0.7 } * coarse.of.plate.cold.flow;
        coarse.step(&speeds, &Wear::NONE, primary, 1.0);
        fine.step(&speeds, &Wear::NONE, primary, 0.5);
        fine.step(&speeds, &Wear::NONE, primary, 0.5);
        let apart = (coarse.water.supply - fine.water.supply).abs().max((coarse.water.back - fine.water.back).abs());
        assert!(apart < 0.1, "{n}: {apart} K");
    }
}
