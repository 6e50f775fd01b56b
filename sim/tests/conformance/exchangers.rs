//! Heat exchangers against the equations' own limits.

use crate::report::Report;
use sim::exchanger::counter_flow;

pub fn checks(report: &mut Report) {
    // One side isothermal: ε = 1 − e^(−NTU), whatever the geometry.
    let mut worst = 0.0f64;
    for ntu in [0.1, 0.5, 1.0, 2.0, 5.0] {
        let seen = counter_flow(ntu * 1e4, 1e4, 1e13) / 1e4;
        worst = worst.max((seen - (1.0 - f64::exp(-ntu))).abs());
    }
    report.at_most(("exchanger", "counter-flow, one side isothermal: ε"), "1 − e^(−NTU)", worst, (1e-6, ""));
}
