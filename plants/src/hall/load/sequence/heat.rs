//! `[sequence.heat-recovery]`: stations that control runs, and the numbers they run by.

use super::{HOUR, MINUTE, SECOND, machine};
use crate::hall::load::Draft;
use crate::hall::machinery::{HeatRecovery, On};
use crate::hall::sequence::heat::{DrivenHeat, HeatTuning};
use crate::read::Section;
use crate::units::{Celsius, Kelvins, Watts};

/// The numbers of `[sequence.heat-recovery]`.
pub(super) fn tuning(section: &Section<'_>) -> HeatTuning {
    let old = HeatTuning::USUAL;
    let soon = (SECOND.times(10), HOUR.times(2));
    let read = HeatTuning {
        warm: Celsius(section.number("warm", old.warm.0, (10.0, 60.0))),
        hysteresis: Kelvins(section.number("hysteresis", old.hysteresis.0, (0.5, 15.0))),
        on_after: section.span("on-after", old.on_after, soon),
        off_after: section.span("off-after", old.off_after, soon),
        least: Watts(section.number("least", old.least.0, (0.0, 1e7))),
        gone_after: section.span("gone-after", old.gone_after, (SECOND.times(30), HOUR)),
        return_after: section.span("return-after", old.return_after, (MINUTE.times(5), HOUR.times(12))),
        machine: section.section("valve").map_or(old.machine, |s| machine(&s, old.machine)),
    };
    section.done();
    read
}

impl Draft {
    /// The stations that control runs; a fault where there is none.
    pub(in crate::hall::load) fn driven_heat(&mut self, file: &Section<'_>) -> Vec<DrivenHeat> {
        let Some(all) = file.section("sequence").filter(|all| all.has("heat-recovery")) else { return Vec::new() };
        let stations = self.machinery.heat_recovery.clone();
        if stations.is_empty() {
            let help = "add `[[heat-recovery]]`, or take this section away";
            all.clash("heat-recovery", "the hall has no heat recovery to run", help);
        }
        stations.into_iter().filter_map(|of| self.station(of)).collect()
    }

    fn station(&self, On { circuit, of }: On<HeatRecovery>) -> Option<DrivenHeat> {
        let (demand, run_mode) = (self.typed(of.equip, "demand")?, self.typed(of.equip, "run-mode")?);
        let (_, _, back, ..) = self.water(circuit)?;
        Some(DrivenHeat { circuit, of, demand, run_mode, back })
    }
}

#[cfg(test)]
mod tests {
    use crate::hall::Hall;
    use crate::read::corpus::{Broken, each_is_told};

    fn liquid() -> &'static str {
        crate::shipped::HALLS.iter().find(|(name, _)| *name == "liquid").expect("shipped").1
    }

    #[test]
    fn a_station_has_its_orders_and_only_where_control_runs_it() {
        let hall = Hall::load("liquid", liquid()).unwrap_or_else(|faults| panic!("{faults}"));
        let of = hall.heat[0];
        assert_eq!(hall.points[of.run_mode.id()].write.expect("written").failsafe, 0.0, "its panel");
        assert_eq!(hall.points[of.demand.id()].name, "district/demand");
        let without = liquid().replacen(
            "[sequence.heat-recovery]\nwarm = 30.0                  # °C, of the hall's return\n",
            "",
            1,
        );
        let hall = Hall::load("liquid", &without).unwrap_or_else(|faults| panic!("{faults}"));
        assert!(hall.heat.is_empty() && hall.point("district/demand").is_none());
    }

    #[test]
    fn every_broken_number_is_told_at_its_place() {
        let broken = |to, message, help| Broken { from: "[sequence.heat-recovery]", to, message, help, at: "" };
        let corpus = [
            Broken { from: "warm = 30.0 ", ..broken("warm = §70.0 ", "must be from 10 to 60", "") },
            broken("[sequence.heat-recovery]\ngone-after = §\"5s\"", "must be from 30s to", "such as"),
            broken("[sequence.heat-recovery]\n§cold = 20.0", "knows no key `cold`", ""),
            broken(
                "[sequence.heat-recovery.valve]\nstart-within = §\"1s\"\n\n[sequence.heat-recovery]",
                "must be from 10s to",
                "such as",
            ),
        ];
        each_is_told(liquid(), &corpus, |text| Hall::load("liquid", text));
        let none = liquid().replacen("[[heat-recovery]]\nname = \"district\"\ncircuit = \"facility-water\"\n", "", 1);
        let faults = Hall::load("liquid", &none).expect_err("refused").0;
        assert!(faults.iter().any(|fault| fault.message.contains("no heat recovery to run")), "{faults:#?}");
    }
}
