//! What a hall's power tree shows at one moment: the figures that meters and ratios are made from.
//!
//! **Equation** sums over the nodes of [`super::network`]; effectiveness as in [`super::network::Totals`]. **Source** the tree.
//! **Box** any moment, outages included. **Outside it** a moment's ratio is no year's: add energies up first.
//! **Time constant** none.

use plant::hall::MeterRole;

use super::battery::Exchanged;
use super::network::Totals;

/// Power along the chain over the last step, means (W).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Chain {
    /// At the utility's meter.
    pub utility: f64,
    /// Made by generators.
    pub generated: f64,
    /// Into the strings of UPSs and into batteries; negative out of them.
    pub stored: f64,
    /// Given and taken by batteries at their terminals.
    pub batteries: (f64, f64),
    /// Leaving the UPS that feeds the machines.
    pub ups_output: f64,
    /// Leaving the PDUs, which is what the racks take.
    pub it: f64,
    /// What of it reaches chips, memory and network, past power supplies and the machines' own fans.
    pub compute: f64,
    /// Fans, pumps, chillers, towers.
    pub cooling: f64,
    /// Into the mechanical panel: cooling, and what the UPS before fans and pumps loses and stores.
    pub panel: f64,
    /// Lost in the PDUs, which stand in the hall.
    pub pdu_loss: f64,
    /// Lost in transformer, UPSs and batteries, which do not.
    pub outside_loss: f64,
    /// Lights, on no meter.
    pub lighting: f64,
}

impl Chain {
    /// The figures of a tree's sums; `panel` is what the mechanical panel takes, `pdu_loss` what PDUs lose (W).
    #[must_use]
    pub const fn of(totals: &Totals, panel: f64, pdu_loss: f64) -> Self {
        Self {
            utility: totals.grid,
            generated: totals.generated,
            stored: totals.stored,
            batteries: (0.0, 0.0),
            ups_output: totals.ups_output,
            it: totals.it,
            compute: totals.compute,
            cooling: totals.cooling,
            panel,
            pdu_loss,
            outside_loss: totals.loss - pdu_loss,
            lighting: totals.unattributed,
        }
    }

    /// A battery between the utility's meter and the transformer: at its terminals, into its store, and lost in it (W, positive in).
    pub fn join(&mut self, of: &Exchanged) {
        self.utility += of.terminal;
        self.stored += of.stored;
        self.outside_loss += of.loss;
        self.batteries.0 += (-of.terminal).max(0.0);
        self.batteries.1 += of.terminal.max(0.0);
    }

    /// What the hall used: what came in less what was stored (W). The utility's meter alone tells nothing in an outage, and too
    /// much while strings charge.
    #[must_use]
    pub const fn facility(&self) -> f64 {
        self.utility + self.generated - self.stored
    }

    /// What a meter of this role reads when it sees `share` of the IT (1, 0 to 1) and `cooling` (W).
    #[must_use]
    pub const fn at(&self, role: MeterRole, share: f64, cooling: f64) -> f64 {
        match role {
            MeterRole::Utility => self.utility,
            MeterRole::UpsOutput => self.ups_output * share,
            MeterRole::PduOutput | MeterRole::It => self.it * share,
            MeterRole::Cooling => cooling,
            MeterRole::Other => self.lighting,
            MeterRole::Generator => self.generated,
            MeterRole::BatteryDischarge => self.batteries.0,
            MeterRole::BatteryCharge => self.batteries.1,
        }
    }
}
