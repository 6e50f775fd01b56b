//! The air that racks breathe, against the bands of its class.
//!
//! **Equation** `RCI_HI = (1 − Σ(T − T_max,rec)⁺ / ((T_max,all − T_max,rec)·n))·100 %`, RCI_LO mirrored at the cold end, both here over
//! intakes and time. **Source** Herrlin 2005, ASHRAE Transactions 111-2. 100 % means never outside the recommended band; from
//! 96 % up is good, below 90 % poor. **Outside it** intakes beyond the allowable band take the index below 0 %, as they should.

use plant::time::Wall;

use super::total::{Least, Total};

/// The air's bands at the racks' inlets (°C).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bands {
    /// From, to: where it should be.
    pub recommended: (f64, f64),
    /// From, to: where it may be.
    pub allowable: (f64, f64),
}

impl Bands {
    /// ASHRAE class A1: recommended 18 to 27 °C, allowable 15 to 32 °C.
    pub const A1: Self = Self { recommended: (18.0, 27.0), allowable: (15.0, 32.0) };
    /// ASHRAE class A2: allowable 10 to 35 °C.
    pub const A2: Self = Self { recommended: (18.0, 27.0), allowable: (10.0, 35.0) };
    /// ASHRAE class H1, high-density air: recommended 18 to 22 °C, allowable 15 to 25 °C.
    pub const H1: Self = Self { recommended: (18.0, 22.0), allowable: (15.0, 25.0) };
}

/// What the inlets saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Climate {
    bands: Bands,
    /// Over all inlets: kelvins above and below.
    above_recommended: Total,
    above_allowable: Total,
    below_recommended: Total,
    below_allowable: Total,
    intakes: Total,
    /// The worst inlet, upside down.
    hottest: Least,
}

impl Climate {
    /// Nothing seen yet.
    pub const fn new(bands: Bands) -> Self {
        let none = Total::NONE;
        Self {
            bands,
            above_recommended: none,
            above_allowable: none,
            below_recommended: none,
            below_allowable: none,
            intakes: none,
            hottest: Least::NONE,
        }
    }

    /// Counts one step (s) of all inlets (°C).
    pub fn count(&mut self, inlets: &[Option<f64>], dt: f64, wall: Wall) {
        let Bands { recommended, allowable } = self.bands;
        for &inlet in inlets {
            self.above_recommended.count(inlet.map(|t| (t - recommended.1).max(0.0)), dt);
            self.above_allowable.count(inlet.map(|t| (t - allowable.1).max(0.0)), dt);
            self.below_recommended.count(inlet.map(|t| (recommended.0 - t).max(0.0)), dt);
            self.below_allowable.count(inlet.map(|t| (allowable.0 - t).max(0.0)), dt);
            self.intakes.count(inlet.map(|_| 1.0), dt);
            self.hottest.see(inlet.map(|t| -t), wall);
        }
    }

    /// Kelvin-hours over all inlets: above recommended, above allowable, below recommended, below allowable.
    pub fn kelvin_hours(&self) -> [Option<f64>; 4] {
        [self.above_recommended, self.above_allowable, self.below_recommended, self.below_allowable]
            .map(|total| total.sum().map(|sum| sum / 3600.0))
    }

    /// RCI_HI and RCI_LO (%).
    pub fn rci(&self) -> [Option<f64>; 2] {
        let Bands { recommended, allowable } = self.bands;
        let index = |outside: &Total, width: f64| -> Option<f64> {
            let most = self.intakes.sum()? * width;
            (most > 0.0).then_some(())?;
            Some((1.0 - outside.sum()? / most) * 100.0)
        };
        [
            index(&self.above_recommended, allowable.1 - recommended.1),
            index(&self.below_recommended, recommended.0 - allowable.0),
        ]
    }

    /// The hottest inlet (°C), and when.
    pub fn hottest(&self) -> Option<(f64, Wall)> {
        self.hottest.value().map(|(upside_down, at)| (-upside_down, at))
    }

    /// Goes on with what came after.
    pub fn append(&mut self, later: &Self) {
        self.above_recommended.append(&later.above_recommended);
        self.above_allowable.append(&later.above_allowable);
        self.below_recommended.append(&later.below_recommended);
        self.below_allowable.append(&later.below_allowable);
        self.intakes.append(&later.intakes);
        self.hottest.append(&later.hottest);
    }
}
