//! `[[battery]]`: batteries that control charges and discharges.

use super::{Draft, rated};
use crate::hall::machinery::Battery;
use crate::hall::power::Power;
use crate::hall::storage::{Charging, Derating, Storage};
use crate::hall::{Kind, MeterRole};
use crate::id::{EquipId, FeedId};
use crate::point::WriteRange;
use crate::read::{Section, did_you_mean};
use crate::time::Span;
use crate::units::{Celsius, Percent, WattHours, Watts};

/// No charge is outside (%).
const CHARGE: (f64, f64) = (0.0, 100.0);
/// Cells that are colder or hotter are no cells (°C).
const CELLS: (f64, f64) = (-40.0, 90.0);
/// A battery that gives its power within so long (s); a converter is faster.
const FULL_SWING: f64 = 2.0;

impl Draft {
    /// The power tree with the batteries on it.
    pub(super) fn power_with_storage(&mut self, file: &Section<'_>) -> Power {
        let mut power = self.power(file);
        power.storage = self.storage(file, &power);
        power
    }

    /// Reads every `[[battery]]`; feeds and meters are there.
    fn storage(&mut self, file: &Section<'_>, power: &Power) -> Vec<Storage> {
        let mut found = Vec::new();
        for section in file.sections("battery") {
            let feed = feed(&section, power);
            let rated = rated(&section, "rated-discharge").zip(rated(&section, "rated-charge"));
            let capacity = capacity(&section);
            let charges = charges(&section);
            let taper = (section.number("taper-from", 90.0, CHARGE), section.number("taper-to", 0.2, (0.0, 1.0)));
            let cells = cells(&section);
            let efficiency = section.number("efficiency", 0.96, (0.5, 1.0));
            let wear = section.number("wear", 0.0, (0.0, 10.0));
            let charging = charging(&section, rated.map(|(_, takes)| takes));
            let every = (Span::from_secs(86_400), Span::from_secs(400 * 86_400));
            let prove_every = section.has("prove-every").then(|| section.span("prove-every", every.1, every));
            let name = section.need_name("name").unwrap_or_default();
            self.metered_both_ways(&section, &name);
            section.done();
            let equip = if name.is_empty() { None } else { self.equipment(&section, "name", (Kind::Battery, &name)) };
            let storage = || {
                let (gives, takes) = rated?;
                let ((low, high), reserve, charge_to) = charges?;
                Some(Storage {
                    of: self.battery(equip?)?,
                    feed: feed?,
                    capacity: capacity?,
                    rated: (takes, gives),
                    window: (low, high),
                    reserve,
                    charge_to,
                    taper: (Percent(taper.0), taper.1),
                    cells,
                    efficiency,
                    wear,
                    charging,
                    prove_every,
                })
            };
            let storage = storage();
            if let Some(of) = &storage {
                self.bound(of);
            }
            found.extend(storage);
        }
        found
    }

    fn battery(&self, equip: EquipId) -> Option<Battery> {
        Battery::of(equip, (&self.equips.get(equip)?.points, &self.points))
    }

    /// What may be written is what this battery can do, unless the file says less.
    fn bound(&mut self, of: &Storage) {
        let Some(range) = self.points.get_mut(of.of.order.id()).and_then(|point| point.write.as_mut()) else { return };
        let (takes, gives) = (of.rated.0.0, of.rated.1.0);
        let swing = (takes + gives) / FULL_SWING;
        let (min, max) = (range.min.max(-takes), range.max.min(gives));
        let (rise_per_s, fall_per_s) = (range.rise_per_s.min(swing), range.fall_per_s.min(swing));
        *range = WriteRange { min, max, rise_per_s, fall_per_s, ..*range };
    }

    /// What a battery gives and takes is metered, or PUE is flattered by it.
    fn metered_both_ways(&self, section: &Section<'_>, name: &str) {
        for role in [MeterRole::BatteryDischarge, MeterRole::BatteryCharge] {
            if !self.meters.iter().any(|meter| meter.role == role) {
                let word = role.word();
                let message = format!("no meter tells `{word}`, and the PUE would be wrong by what `{name}` does");
                section.clash("name", message, format!("add a `[[meter]]` with `role = \"{word}\"`"));
            }
        }
    }
}

/// The feed on which it hangs; what it gives must be seen there.
fn feed(of: &Section<'_>, power: &Power) -> Option<FeedId> {
    let wanted: String = of.need("feed")?;
    let found = power.feed(&wanted);
    let Some(feed) = found else {
        let message = format!("there is no feed `{wanted}`");
        of.clash("feed", message, did_you_mean(&wanted, power.feeds.rows().iter().map(|feed| feed.name.as_str())));
        return None;
    };
    if power.feeds.get(feed).is_some_and(|feed| feed.meter.is_none()) {
        let message = format!("`{wanted}` has no meter, and what a battery does must be seen there");
        of.clash("feed", message, "name a feed with a `meter`");
    }
    Some(feed)
}

fn capacity(of: &Section<'_>) -> Option<WattHours> {
    if !of.has("capacity") {
        of.missing("capacity", "write `capacity = …`, what it holds from empty to full, in Wh");
    }
    of.within("capacity", (1.0, 1e10)).map(WattHours)
}

/// The window of its charge, what is kept of it, and where it stands when nobody needs it (%).
fn charges(of: &Section<'_>) -> Option<((Percent, Percent), Percent, Percent)> {
    let (low, high) = (of.number("lowest", 10.0, CHARGE), of.number("highest", 95.0, CHARGE));
    let (reserve, charge_to) = (of.within("reserve", CHARGE), of.number("charge-to", high, CHARGE));
    if low >= high {
        let message = format!("`lowest` is {low} and must be below `highest`, which is {high}");
        of.fault("lowest", message, "swap them or widen the window");
        return None;
    }
    if !of.has("reserve") {
        of.missing("reserve", "write `reserve = …`, the charge that is kept for an outage, in %; 0 keeps none");
    }
    let reserve = reserve?.max(low);
    if charge_to <= reserve || charge_to > high {
        let message =
            format!("`charge-to` is {charge_to} and must lie above the reserve, {reserve}, and not above {high}");
        let key = if of.has("charge-to") { "charge-to" } else { "reserve" };
        of.fault(key, message, "what lies between the two is what peaks can be kept down with");
        return None;
    }
    Some(((Percent(low), Percent(high)), Percent(reserve), Percent(charge_to)))
}

fn cells(of: &Section<'_>) -> Derating {
    let usual = Derating::USUAL;
    let at = |key, usual: Celsius| Celsius(of.number(key, usual.0, CELLS));
    let (cold_stop, cold_full) = (at("cold-stop", usual.cold_stop), at("cold-full", usual.cold_full));
    let read = Derating {
        cold_stop,
        cold_full,
        hot_full: at("hot-full", usual.hot_full),
        hot_stop: at("hot-stop", usual.hot_stop),
        charge_above: at("charge-above", Derating::usual_charge(cold_stop, cold_full)),
    };
    if !read.rises() {
        let message =
            "the temperatures must rise from `cold-stop` over `charge-above`, `cold-full` and `hot-full` to `hot-stop`";
        of.fault("hot-stop", message, "put them in order; `charge-above` may be `cold-stop`");
        return usual;
    }
    read
}

fn charging(of: &Section<'_>, takes: Option<Watts>) -> Charging {
    let takes = takes.unwrap_or(Watts(1.0)).0;
    let hour = Span::from_secs(3600);
    let most = Watts(of.number("recharge", takes / 2.0, (1.0, takes.max(1.0))));
    let rest = of.span("rest", Span::from_secs(600), (Span::ZERO, hour));
    Charging { most, rest, rise: of.span("rise", Span::from_secs(300), (Span::from_secs(1), hour)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Faults;
    use crate::hall::Hall;
    use crate::read::corpus::{Broken, each_is_told};

    const BATTERY: &str = r#"
[[meter]]
name = "bess-out"
role = "battery-discharge"
rated = 400e3

[[meter]]
name = "bess-in"
role = "battery-charge"
rated = 200e3

[[battery]]
name = "bess"
feed = "utility"
capacity = 800e3
rated-discharge = 400e3
rated-charge = 200e3
lowest = 10.0
highest = 90.0
reserve = 30.0
charge-to = 85.0
taper-from = 80.0
hot-full = 45.0
rest = "10min"
prove-every = "2160h"
wear = 0.03
"#;

    fn text() -> String {
        let (_, air) = crate::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        format!("{air}\n{BATTERY}")
    }

    fn load(text: &str) -> Result<Hall, Faults> {
        Hall::load("air.toml", text)
    }

    #[test]
    fn a_battery_is_commanded_within_what_it_can_do_and_rests_when_nobody_asks() {
        let hall = load(&text()).unwrap_or_else(|faults| panic!("{faults}"));
        let of = hall.power.storage[0];
        let range = hall.points[of.of.order.id()].write.expect("commanded");
        assert_eq!((range.min, range.max, range.failsafe, range.relinquish_default), (-200e3, 400e3, 0.0, 0.0));
        assert_eq!(hall.power.feeds[of.feed].name, "utility");
        assert_eq!(
            (of.window, of.reserve, of.charge_to),
            ((Percent(10.0), Percent(90.0)), Percent(30.0), Percent(85.0))
        );
        assert_eq!(of.prove_every, Some(Span::from_secs(2160 * 3600)));
        assert_eq!((of.floor(), of.wear), (Percent(30.0), 0.03));
    }

    #[test]
    fn what_it_takes_falls_when_it_is_nearly_full_and_what_it_gives_lasts() {
        let hall = load(&text()).unwrap_or_else(|faults| panic!("{faults}"));
        let (of, mild) = (hall.power.storage[0], Celsius(25.0));
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} is not {b}");
        near(of.takes(Percent(50.0), mild).0, 200e3);
        near(of.takes(Percent(85.0), mild).0, 200e3 * (1.0 - 0.8 * 0.25));
        near(of.takes(Percent(90.0), mild).0, 0.0);
        near(of.takes(Percent(50.0), Celsius(50.0)).0, 100e3);
        let five = Span::from_secs(300);
        near(of.gives((Percent(60.0), of.floor()), mild, five).0, 400e3);
        // A hundredth above the reserve is 8 kWh, of which 7.68 come out: 92.16 kW for five minutes.
        near(of.gives((Percent(31.0), of.floor()), mild, five).0, 92_160.0);
        near(of.gives((Percent(29.0), of.floor()), mild, five).0, 0.0);
    }

    #[test]
    fn every_fault_of_a_battery_is_told_at_its_place() {
        let broken = |from, to, message, help| Broken { from, to, message, help, at: "" };
        let good = text();
        let corpus = [
            broken(
                "feed = \"utility\"\ncapacity",
                "feed = §\"utilty\"\ncapacity",
                "there is no feed `utilty`",
                "utility",
            ),
            broken("capacity = 800e3", "capacity = §0", "must be from 1 to", ""),
            broken("lowest = 10.0", "lowest = §95.0", "must be below `highest`", "widen"),
            broken("charge-to = 85.0", "charge-to = §20.0", "must lie above the reserve, 30", "peaks"),
            broken("hot-full = 45.0", "hot-full = 45.0\nhot-stop = §40.0", "must rise", "in order"),
            broken("rest = \"10min\"", "rest = §\"2h\"", "", ""),
        ];
        each_is_told(&good, &corpus, load);
        let Faults(faults) = load(&good.replace("battery-charge", "other")).expect_err("one way is not metered");
        assert!(faults.iter().any(|f| f.message.contains("no meter tells `battery-charge`")), "{faults:#?}");
    }
}
