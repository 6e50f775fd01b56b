//! The rack manifold: how the coolant of one CDU is shared among racks.
//!
//! **Equation** each rack is a branch of quick couplings and hoses (quadratic), cold plates (exponent 1.85), a balancing or control
//! valve, and a limiter; they share the differential pressure as [`crate::hydraulics::sharing`] says.
//! **Source** as there. **Parameters** couplings 10 to 30 kPa at nominal flow; a balanced manifold gives every rack its own
//! nominal flow at one pressure. **Box** racks on one pair of headers whose own drop is in the loop's mains.
//! **Outside it** racks far down a long header get the same pressure as the near ones. **Time constant** none.

use plant::read::Section;

use super::cold_plate::ColdPlates;
use crate::hydraulics::{Branch, Valve};
use crate::physics::read::{AT_LEAST_ZERO, maybe, need, number};

/// One rack on a manifold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Connection {
    /// The rack's plates.
    pub plates: ColdPlates,
    /// Couplings, hoses and balancing valve: their drop for each square of the flow (Pa/(kg/s)², ≥ 0).
    pub couplings: f64,
    /// Its control valve, if it has one.
    pub valve: Option<Valve>,
}

impl Connection {
    /// A rack whose couplings take `drop` (Pa) at its nominal flow, without a control valve.
    #[must_use]
    pub fn new(plates: ColdPlates, drop: f64) -> Self {
        let flow = plates.friction.flow;
        Self { plates, couplings: drop.max(0.0) / (flow * flow), valve: None }
    }

    /// The same with its balancing valve throttled so that it gets its nominal flow at a differential pressure (Pa), with its
    /// control valve open. A pressure that is too small for that leaves it unthrottled.
    #[must_use]
    pub fn balanced(self, dp: f64) -> Self {
        let flow = self.plates.friction.flow;
        let valve = self.valve.map_or(0.0, |v| v.square(1.0));
        let left = (dp - self.plates.friction.drop) / (flow * flow) - valve;
        Self { couplings: self.couplings.max(left), ..self }
    }

    /// The branch with its valve at a position (1, 0 to 1; without a valve it is open whatever the position).
    #[must_use]
    pub fn branch(&self, position: f64) -> Branch {
        self.plates.branch(self.couplings + self.valve.map_or(0.0, |v| v.square(position)))
    }

    /// Puts the branches of all racks into `branches`; a rack without a position is open.
    pub fn fill(racks: &[Self], positions: &[f64], branches: &mut [Branch]) {
        let positions = positions.iter().copied().chain(std::iter::repeat(1.0));
        for ((branch, rack), position) in branches.iter_mut().zip(racks).zip(positions) {
            *branch = rack.branch(position);
        }
    }

    /// Reads one rack's connection.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the hall's file names its sections when this component gets its place")
    )]
    pub(crate) fn read(of: &Section<'_>) -> Option<Self> {
        let plates = need(of, "plates", ColdPlates::read).flatten();
        let valve = maybe(of, "valve", Valve::read);
        let drop = number(of, "couplings-pa", AT_LEAST_ZERO);
        Some(Self { valve, ..Self::new(plates?, drop) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hydraulics::{CheckValve, Loop, Pump, PumpGroup, Resistance};
    use crate::liquid::Coolant;
    use crate::liquid::cold_plate::PlateFit;
    use plant::read::Source;
    use proptest::prelude::*;

    fn racks() -> Vec<Connection> {
        [132e3, 132e3, 66e3, 40e3]
            .into_iter()
            .map(|power| {
                let plates =
                    ColdPlates::sized((power, 0.85), (power / 600.0).round(), 10.0, PlateFit::PG25, Coolant::PG25);
                Connection::new(plates, 2e4).balanced(1.2e5)
            })
            .collect()
    }

    /// A pump that holds its head whatever the flow, so that the manifold alone speaks.
    fn stiff(head: f64) -> Loop {
        let pump = Pump {
            flow: 10.0,
            head,
            shut_off: 1.02,
            straight: 0.0,
            efficiency: 0.7,
            best: 1.0,
            motor: 0.9,
            drive: 0.95,
            standby: 0.0,
            wet: 0.0,
            minimum: 0.0,
        };
        let group = PumpGroup { pump, check: CheckValve::default(), density: 1010.0, air: 0.0 };
        Loop { group, mains: Resistance::quadratic(10.0, 3e4), filter: None, bypass: None }
    }

    fn shared(racks: &[Connection], positions: &[f64], speed: f64) -> Vec<f64> {
        let (mut branches, mut flows) = (vec![racks[0].branch(1.0); racks.len()], vec![0.0; racks.len()]);
        Connection::fill(racks, positions, &mut branches);
        stiff(1.5e5).share(&[speed], &branches, &mut flows);
        flows
    }

    #[test]
    fn a_balanced_manifold_gives_every_rack_its_share() {
        let racks = racks();
        let flows = shared(&racks, &[], 1.0);
        let shares: Vec<_> = racks.iter().zip(&flows).map(|(r, f)| f / r.plates.friction.flow).collect();
        for share in &shares {
            assert!((share / shares[0] - 1.0).abs() < 1e-9, "{shares:?}");
        }
        let at_balance = racks[2].branch(1.0).flow(1.2e5);
        assert!((at_balance / racks[2].plates.friction.flow - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_limiter_holds_a_rack_and_the_others_get_what_is_left() {
        let racks = racks();
        let flows = shared(&racks, &[], 1.5);
        for (rack, flow) in racks.iter().zip(&flows) {
            assert!(*flow <= rack.plates.flow_max * (1.0 + 1e-12));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_rack_that_closes_gives_flow_to_the_others(from in 0.1..1.0f64, by in 0.1..0.9f64, speed in 0.3..1.0f64) {
            let valve = Valve {
                characteristic: crate::hydraulics::Characteristic::EqualPercentage,
                flow: 3.0,
                drop: 2e4,
                rangeability: 50.0,
                leakage: 0.0,
            };
            let racks: Vec<_> = racks().into_iter().map(|r| Connection { valve: Some(valve), ..r }).collect();
            let (open, closed) = (shared(&racks, &[from], speed), shared(&racks, &[from * by], speed));
            prop_assert!(closed[0] < open[0]);
            for n in 1..4 {
                prop_assert!(closed[n] >= open[n] * (1.0 - 1e-9), "{open:?} {closed:?}");
            }
        }
    }

    #[test]
    fn a_broken_connection_tells_all_its_faults_at_once() {
        let source = Source::new("rack.toml", "couplings-pa = -1\n[valve]\nflow-kg-per-s = 0\n");
        let table = source.parse();
        let root = source.root(&table);
        let read = Connection::read(&root);
        drop(root);
        let faults = source.finish(read).expect_err("broken").to_string();
        for part in ["couplings-pa", "plates", "flow-kg-per-s", "drop-pa"] {
            assert!(faults.contains(part), "{part} in\n{faults}");
        }
    }
}
