//! `[sequence.dx]`: DX units that control runs, and the numbers they run by.

use super::{HOUR, MINUTE, SECOND, machine};
use crate::hall::load::Draft;
use crate::hall::load::tuning;
use crate::hall::sequence::{AirTuning, DxRow, DxStaging, DxTuning, DxUnit, MachineTuning};
use crate::hall::{Kind, LoopTuning, Row};
use crate::id::{Id, RowId};
use crate::read::Section;
use crate::time::Span;
use crate::units::{Celsius, Kelvins, Percent};

/// The numbers of `[sequence.dx]`; the usual ones where control runs no such units.
pub(super) fn tuning(all: &Section<'_>) -> DxTuning {
    let old = DxTuning::USUAL;
    let Some(section) = all.section("dx") else { return old };
    let setpoint = section.number("setpoint", old.setpoint.0, (10.0, 30.0));
    let read = |key: &'static str, old: LoopTuning| {
        let read = section.section(key).and_then(|s| tuning::inner(&s, setpoint));
        read.unwrap_or(LoopTuning { setpoint, ..old })
    };
    let (dampers, compressors) = (read("dampers", old.dampers), read("compressors", old.compressors));
    let staging = section.section("staging").map_or(old.staging, |s| staging(&s));
    let compressor = section.section("compressor").map_or(old.compressor, |s| machine(&s, MachineTuning::DX));
    let economiser = section.section("economiser").map_or(old.economiser, |s| economiser(&s));
    section.done();
    DxTuning { setpoint: Celsius(setpoint), staging, compressor, economiser, dampers, compressors }
}

fn staging(section: &Section<'_>) -> DxStaging {
    let old = DxStaging::USUAL;
    let read = DxStaging {
        up: Percent(section.number("up", old.up.0, (20.0, 100.0))),
        down: Percent(section.number("down", old.down.0, (10.0, 90.0))),
        warm: Kelvins(section.number("warm", old.warm.0, (0.2, 10.0))),
        patience: section.span("patience", old.patience, (SECOND.times(10), HOUR.times(2))),
        stagger: section.span("stagger", old.stagger, (Span::ZERO, MINUTE.times(10))),
        damper_ahead: Kelvins(section.number("damper-ahead", old.damper_ahead.0, (0.5, 10.0))),
    };
    section.done();
    if read.down >= read.up {
        let message = format!("`down` is {} and must be below `up`, which is {}", read.down, read.up);
        section.fault("down", message, "between the two nothing changes: leave a tenth");
    }
    read
}

fn economiser(section: &Section<'_>) -> AirTuning {
    let old = AirTuning::USUAL;
    let two_hours = (Span::ZERO, HOUR.times(2));
    let read = AirTuning {
        colder: Kelvins(section.number("colder", old.colder.0, (0.2, 10.0))),
        high_limit: Celsius(section.number("high-limit", old.high_limit.0, (5.0, 50.0))),
        low_limit: Celsius(section.number("low-limit", old.low_limit.0, (-40.0, 20.0))),
        dew_point_max: Celsius(section.number("dew-point-max", old.dew_point_max.0, (0.0, 25.0))),
        dew_point_min: Celsius(section.number("dew-point-min", old.dew_point_min.0, (-60.0, 10.0))),
        hysteresis: Kelvins(section.number("hysteresis", old.hysteresis.0, (0.1, 5.0))),
        least_open: section.span("least-open", old.least_open, two_hours),
        least_shut: section.span("least-shut", old.least_shut, two_hours),
        close_over: section.span("close-over", old.close_over, (SECOND.times(10), MINUTE.times(30))),
        smoke_clear: section.span("smoke-clear", old.smoke_clear, (MINUTE, HOUR.times(24))),
        freeze: Celsius(section.number("freeze", old.freeze.0, (-5.0, 15.0))),
    };
    section.done();
    let room = |low: f64, high: f64| low + 2.0 * read.hysteresis.0 < high;
    for (key, low, high, other) in [
        ("dew-point-min", read.dew_point_min, read.dew_point_max, "dew-point-max"),
        ("low-limit", read.low_limit, read.high_limit, "high-limit"),
    ] {
        if !room(low.0, high.0) {
            let message = format!("`{key}` is {low} and leaves no room below `{other}`, which is {high}");
            section.fault(key, message, "leave more than twice the hysteresis between the two");
        }
    }
    read
}

impl Draft {
    /// The rows of DX units that control runs; faults where there is nothing to run, or nobody sees what it needs.
    pub(in crate::hall::load) fn dx_rows(&mut self, file: &Section<'_>) -> Vec<DxRow> {
        if !self.run.contains(&Kind::Dx) {
            return Vec::new();
        }
        let Some(all) = file.section("sequence") else { return Vec::new() };
        if self.machinery.dx.is_empty() {
            all.clash("dx", "the hall has no `[[dx]]` to run", "add some, or take this section away");
        }
        if self.machinery.weather.is_none() {
            let message = "outdoor air is let in by its temperature and dew point, and nobody measures them";
            all.clash("dx", message, "add `[weather-station]` with a `name`");
        }
        let names: Vec<String> = self.rows.iter().map(|row: &Row| row.name.clone()).collect();
        let rows = names.iter().enumerate().map(|(n, name)| (RowId::from_index(n), name));
        rows.filter_map(|(row, name)| self.dx_row(row, name)).collect()
    }

    fn dx_row(&mut self, row: RowId, name: &str) -> Option<DxRow> {
        let of_row = self.machinery.dx.iter().filter(|unit| unit.row == row).map(|unit| unit.of);
        let unit = |of: crate::hall::machinery::Dx| {
            Some(DxUnit {
                of,
                run_mode: self.typed(of.equip, "run-mode")?,
                compressor: self.typed(of.equip, "compressor")?,
                damper: self.typed(of.equip, "damper")?,
            })
        };
        let units: Vec<DxUnit> = of_row.filter_map(unit).collect();
        if units.is_empty() {
            return None;
        }
        let damper_loop = self.loops.push(format!("{name}/dampers"));
        let compressor_loop = self.loops.push(format!("{name}/compressors"));
        Some(DxRow { row, units, damper_loop, compressor_loop })
    }
}

#[cfg(test)]
mod tests {
    use crate::hall::Hall;

    #[test]
    fn what_cannot_be_run_is_told() {
        let (_, good) = crate::shipped::HALLS.iter().find(|(name, _)| *name == "air-dx").expect("shipped");
        let told = |text: &str, wanted: &str| {
            let faults = Hall::load("air-dx", text).expect_err("refused").0;
            assert!(faults.iter().any(|fault| fault.message.contains(wanted)), "{wanted}: {faults:#?}");
        };
        told(&good.replace("[weather-station]\nname = \"roof\"", ""), "nobody measures them");
        let with = |more: &str| good.replacen("[sequence.dx]\n", &format!("[sequence.dx]\n{more}\n"), 1);
        told(&with("dampers = { ti = \"100s\" }"), "has no `gain`");
        told(&with("dampers = { gain = 3.0, ti = \"0s\" }"), "the integral would be infinite");
        told(&with("dampers = { gain = -1.0, ti = \"100s\" }"), "must be above 0");
    }
}
