//! What a hall's electrics are, from `[electrics]` of its physics file.

use plant::hall::Hall;
use plant::read::Section;

use crate::electrics::busbar::Busbar;
use crate::electrics::generator::{Ats, Generator};
use crate::electrics::grid::Grid;
use crate::electrics::storage;
use crate::electrics::transformer::Transformer;
use crate::electrics::ups::Ups;
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, SHARE, maybe, need, number};

/// A hall's electrics.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// What the grid does by itself, where it does anything.
    pub grid: Option<Grid>,
    /// The transformer, where the hall has its own.
    pub transformer: Option<Transformer>,
    /// The transfer switch and its generator, where there is one.
    pub supply: Option<(Ats, Generator)>,
    /// The machines' UPS, where there is one.
    pub ups: Option<Ups>,
    /// The UPS of fans and pumps, where there is one.
    pub mechanical_ups: Option<Ups>,
    /// Batteries on the hall's alternating current, where there are any.
    pub storage: Option<storage::Spec>,
    /// Each PDU.
    pub pdu: Busbar,
    /// PDUs of each row, and of all tanks together (1, 1 to 64). They share the load.
    pub pdus: usize,
    /// Output over input of the machines' power supplies (1, 0.5 to 1).
    pub supplies: f64,
    /// Machines start for so long after they had no power (s, ≥ 0).
    pub boot: f64,
    /// What they draw then over their nameplate (1, 0 to 1).
    pub boot_share: f64,
    /// Fans and pumps that no UPS feeds start so long after their power is back (s, ≥ 0).
    pub restart: f64,
    /// Lights and offices, on no meter (W, ≥ 0).
    pub lighting: f64,
    /// The step of energy registers (Wh, > 0).
    pub register_step: f64,
}

impl Spec {
    /// Reads `[electrics]` with `lighting-w`, `register-step-wh`, `[pdu]` and, where there is such a thing, `[grid]`, `[transformer]`,
    /// `[generator]` with `[ats]`, `[ups]`, `[mechanical-ups]`, `[storage]`.
    pub(crate) fn read(of: &Section<'_>) -> Option<Self> {
        let generator = maybe(of, "generator", Generator::read);
        let ats = maybe(of, "ats", Ats::read);
        if ats.is_some() && generator.is_none() {
            of.fault(
                "ats",
                "there is nothing for `[ats]` to change over to",
                "add `[generator]`, or take `[ats]` away",
            );
        }
        let (ups, mechanical_ups) = (maybe(of, "ups", Ups::read), maybe(of, "mechanical-ups", Ups::read));
        if mechanical_ups.is_some() && ups.is_none() {
            let message = "fans and pumps have a UPS, and the machines have none";
            of.fault("mechanical-ups", message, "call it `[ups]`, or add one");
        }
        let pdu = need(of, "pdu", Busbar::read);
        let read = Self {
            grid: maybe(of, "grid", Grid::read),
            transformer: maybe(of, "transformer", Transformer::read),
            supply: generator.map(|g| (ats.unwrap_or(Ats::USUAL), g)),
            ups: ups.flatten(),
            mechanical_ups: mechanical_ups.flatten(),
            storage: maybe(of, "storage", storage::Spec::read),
            pdu: pdu?,
            pdus: of.whole("pdus-per-row", (1, 64)).and_then(|n| usize::try_from(n).ok()).unwrap_or(1),
            supplies: of.within("supplies-efficiency", (0.5, 1.0)).unwrap_or(0.95),
            boot: of.within("boot-s", AT_LEAST_ZERO).unwrap_or(180.0),
            boot_share: of.within("boot-share", SHARE).unwrap_or(0.3),
            restart: of.within("restart-s", AT_LEAST_ZERO).unwrap_or(5.0),
            lighting: number(of, "lighting-w", AT_LEAST_ZERO),
            register_step: number(of, "register-step-wh", POSITIVE),
        };
        Some(read)
    }

    /// Tells where the hall and its electrics do not go together.
    pub(crate) fn fit(&self, all: &Section<'_>, hall: &Hall) {
        let count = |there: bool| usize::from(there);
        let machinery = &hall.machinery;
        for (what, named, told) in [
            (
                "ups",
                machinery.ups.len(),
                count(self.ups.is_some()).saturating_add(count(self.mechanical_ups.is_some())),
            ),
            ("generator", machinery.generators.len(), count(self.supply.is_some())),
        ] {
            if named != told {
                let message = format!("the hall names {named} of the kind `{what}`, and its electrics have {told}");
                all.fault("electrics", message, format!("let `[electrics]` and the hall's `[[{what}]]` agree"));
            }
        }
        if self.storage.is_some() == hall.power.storage.is_empty() {
            let message =
                "the hall has batteries and its electrics do not say what they are like, or the other way round";
            all.fault("electrics", message, "let `[electrics.storage]` and the hall's `[[battery]]` agree");
        }
    }
}
