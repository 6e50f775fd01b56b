//! Conversion stages between a rack's feed and its boards.
//!
//! **Equation** each stage takes `(P + c)/η` for an output `P`: a fixed loss and one in proportion. Rectifiers in parallel share an
//! output evenly; where they are staged, only as many run as carry it. **Source** the affine loss of the public power model of
//! Frontier (ExaDigiT RAPS). **Parameters** board converter c 13 W, η 0.98; rectifier c 17 W, η 0.96, 13.67 kW.
//! **Box** outputs up to the rating. **Outside it** no overload trips. **Time constant** none.

use plant::read::Section;

use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, number};

/// One stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Lost whatever it carries (W, ≥ 0).
    pub fixed: f64,
    /// Efficiency beside that (1, 0.5 to 1).
    pub efficiency: f64,
}

/// Rectifiers in parallel that feed a chassis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rectifiers {
    /// Each of them.
    pub each: Stage,
    /// How many (1, ≥ 1).
    pub count: f64,
    /// What one carries where they are staged (W, > 0); all of them run where this is missing.
    pub carries: Option<f64>,
    /// What the chassis draws besides its nodes: its switches (W, ≥ 0).
    pub chassis: f64,
}

impl Stage {
    /// What it takes (W) for an output (W).
    #[must_use]
    pub fn input(&self, output: f64) -> f64 {
        (output + self.fixed) / self.efficiency
    }

    pub(crate) fn read(of: &Section<'_>) -> Self {
        Self { fixed: number(of, "fixed-w", AT_LEAST_ZERO), efficiency: number(of, "efficiency", (0.5, 1.0)) }
    }
}

impl Rectifiers {
    /// A chassis of Frontier: four rectifiers for sixteen nodes and four switches of 250 W.
    pub const FRONTIER: Self =
        Self { each: Stage { fixed: 17.0, efficiency: 0.96 }, count: 4.0, carries: None, chassis: 1000.0 };

    /// What the chassis takes (W) when its nodes take `nodes` (W).
    #[must_use]
    pub fn input(&self, nodes: f64) -> f64 {
        let output = nodes + self.chassis;
        let running = match self.carries {
            Some(carries) => (output / carries).ceil().clamp(1.0, self.count),
            None => self.count,
        };
        (output + running * self.each.fixed) / self.each.efficiency
    }

    /// Reads a chassis; faults are noted and reading goes on.
    #[cfg_attr(not(test), expect(dead_code, reason = "a hall with nodes will read it"))]
    pub(crate) fn read(of: &Section<'_>) -> Self {
        Self {
            each: Stage::read(of),
            count: number(of, "count", (1.0, 64.0)),
            carries: of.within("carries-w", POSITIVE),
            chassis: number(of, "chassis-w", AT_LEAST_ZERO),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::node::Build;

    /// The whole of Frontier: 592 chassis of 16 nodes, 25 coolant units of 8473.47 W.
    fn frontier(node: f64) -> f64 {
        let build = Build::FRONTIER;
        592.0 * Rectifiers::FRONTIER.input(16.0 * build.supply.input(node)) + 25.0 * 8473.47
    }

    #[test]
    fn the_whole_machine_draws_what_its_public_model_says() {
        let (idle, peak) = (Build::FRONTIER.idle(), Build::FRONTIER.peak());
        assert!((idle - 626.26).abs() < 1e-9 && (peak - 2704.26).abs() < 1e-9, "{idle} {peak}");
        assert!((frontier(idle) / 1e6 - 7.3065).abs() < 5e-5, "{}", frontier(idle));
        assert!((frontier(peak) / 1e6 - 28.2279).abs() < 5e-5, "{}", frontier(peak));
    }

    #[test]
    fn staged_rectifiers_lose_less_at_low_load_and_as_much_at_full() {
        let all = Rectifiers::FRONTIER;
        let staged = Rectifiers { carries: Some(13_670.0), ..all };
        assert!((all.input(9e3) - staged.input(9e3) - 3.0 * 17.0 / 0.96).abs() < 1e-9);
        assert_eq!(all.input(43e3), staged.input(43e3));
        assert_eq!(all.input(1e6), staged.input(1e6), "beyond what they carry all of them run");
    }

    #[test]
    fn a_chassis_is_read_and_a_broken_one_tells_all_its_faults() {
        let read = |text: &str| {
            let source = plant::read::Source::new("chassis.toml", text);
            let table = source.parse();
            let chassis = {
                let all = source.root(&table);
                let chassis = Rectifiers::read(&all);
                all.done();
                chassis
            };
            source.finish(Some(chassis))
        };
        let page = "fixed-w = 17\nefficiency = 0.96\ncount = 4\nchassis-w = 1000\n";
        assert_eq!(read(page).expect("sound"), Rectifiers::FRONTIER);
        let broken = page.replace("0.96", "96").replace("count = 4", "count = 0") + "carries-w = -1\n";
        let faults = read(&broken).expect_err("broken").to_string();
        for said in ["`efficiency` is 96", "`count` is 0", "`carries-w` is -1"] {
            assert!(faults.contains(said), "{said}: {faults}");
        }
    }
}
