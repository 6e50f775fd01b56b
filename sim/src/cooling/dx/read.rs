//! A DX unit from TOML.

use plant::read::Section;

use super::super::curve::{Biquadratic, coefficients};
use super::phase::{Compressor, Panel};
use super::{CAPACITY, Dx, RATIO};
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, need, number};

impl Dx {
    /// Reads it; without curves of its own it has those of the reference buildings.
    pub(crate) fn read(of: &Section<'_>) -> Option<Self> {
        let compressor = Compressor::read(of);
        let panel = need(of, "panel", Panel::read);
        let curve = |key, otherwise| if of.has(key) { Biquadratic(coefficients(of, key)) } else { otherwise };
        let read = Self {
            capacity: number(of, "capacity-w", POSITIVE),
            cop: number(of, "cop", (1.0, 10.0)),
            flow: number(of, "flow-kg-per-s", POSITIVE),
            least_flow: number(of, "least-flow-share", (0.05, 1.0)),
            bypass: number(of, "bypass-share", (0.0, 0.5)),
            by_capacity: curve("capacity-curve", CAPACITY),
            by_ratio: curve("ratio-curve", RATIO),
            compressor,
            condenser_fans: number(of, "condenser-fans-w", AT_LEAST_ZERO),
            approach: number(of, "approach-k", (5.0, 25.0)),
            least_condensing: number(of, "least-condensing-cel", (10.0, 45.0)),
            pull_down: number(of, "pull-down-s", POSITIVE),
            freezing: of.within("freezing-k-s", POSITIVE).unwrap_or(1e4),
            pressure: of.within("pressure-pa", (5e4, 1.1e5)).unwrap_or(101_325.0),
            panel: panel?,
        };
        if read.panel.most_condensing <= read.least_condensing {
            let message = format!("`least-condensing-cel` is {}, above where the head trips", read.least_condensing);
            of.fault("least-condensing-cel", message, "leave 20 K or more below `most-condensing-cel`");
        }
        Some(read)
    }
}

impl Compressor {
    fn read(of: &Section<'_>) -> Self {
        if of.has("stages") {
            return Self::Stages(of.whole("stages", (1, 8)).map_or(1.0, plant::convert::f64_from_i64));
        }
        let variable = |of: &Section<'_>| Self::Variable {
            least: number(of, "least-share", (0.05, 1.0)),
            by_load: coefficients(of, "load-curve"),
        };
        if of.has("variable") {
            return need(of, "variable", variable).unwrap_or(Self::Stages(1.0));
        }
        of.missing("stages", "write `stages = 2`, or add a section `[variable]` for a compressor with a drive");
        Self::Stages(1.0)
    }
}

impl Panel {
    fn read(of: &Section<'_>) -> Self {
        Self {
            least_on: number(of, "least-on-s", AT_LEAST_ZERO),
            least_off: number(of, "least-off-s", AT_LEAST_ZERO),
            stage: number(of, "stage-s", POSITIVE),
            restart: number(of, "restart-s", AT_LEAST_ZERO),
            most_condensing: number(of, "most-condensing-cel", (30.0, 90.0)),
        }
    }
}
