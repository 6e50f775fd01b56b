//! What the world knows beyond its points, for the figures of a run.

use super::World;
use crate::electrics::site::Cooling;

impl World {
    /// What cooling drew in the last part of the last step (W).
    #[must_use]
    pub const fn cooling_drew(&self) -> Cooling {
        self.drew
    }

    /// Power of the fans inside the racks (W).
    #[must_use]
    pub fn machine_fans(&self) -> f64 {
        self.rows.iter().flat_map(|r| &r.racks).map(|rack| rack.fans).sum()
    }

    /// Heat that customers take in the last step (W); 0 where nobody is.
    #[must_use]
    pub fn exported_heat(&self) -> f64 {
        self.chilled.iter().chain(&self.facility).map(|circuit| circuit.recovered.exported).sum()
    }

    /// How far the hottest case of each rack of cold plates is below its limit (K); empty in a hall without any.
    pub fn case_margins(&self, into: &mut Vec<Option<f64>>) {
        into.clear();
        let Some(of) = &self.physics.plates else { return };
        let racks = self.plates.iter().flat_map(|row| &row.racks);
        into.extend(racks.map(|rack| Some(of.plates.case_limit - rack.last.case)));
    }
}
