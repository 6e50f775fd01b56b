//! Prices of peaks: flat by months, by schedule, coincident; windows, ratchets, units.

use serde_json::Value;

use super::hours::Grid;
use super::{HOURS_OF, Import, POWER, number, quoted};
use crate::control::energy::tariff::decimal::{Decimal, Rounding};

impl Import<'_> {
    /// What peaks cost.
    pub(super) fn demands(&mut self) {
        let window = self.window();
        let ratchet = self.ratchet();
        self.hours_of_use(&window, &ratchet);
        let flat = self.structure("flatdemandstructure", POWER);
        let per = self.unit("flatdemandunit");
        let months = self.get("flatdemandmonths").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let months: Vec<Option<usize>> = months.iter().map(|n| usize::try_from(n.as_u64()?).ok()).collect();
        if flat.iter().any(Option::is_some) && months.len() != 12 {
            self.faults.push("`flatdemandmonths` is no list of twelve periods".to_owned());
        }
        let known = |month: &Option<usize>| month.is_some_and(|n| n < flat.len());
        if !flat.is_empty() && !months.iter().all(known) {
            let say = format!("`flatdemandmonths` names a period that is not one of the {} there are", flat.len());
            self.faults.push(say);
        }
        let ratcheted = !flat.iter().any(Option::is_some);
        let mut ratcheting: Vec<(usize, String)> = Vec::new();
        for (n, price) in flat.iter().enumerate() {
            let when = Grid::months(months.iter().map(|month| *month == Some(n))).when(1, &mut self.seasons);
            if let (Some(price), Some(when)) = (price, when) {
                ratcheting.push((n, format!("{window}{per}{when}{price}")));
            }
        }
        // The flat periods of a year are one demand with several prices: its ratchet looks back on all of them.
        let names: Vec<String> = ratcheting.iter().map(|(n, _)| format!("flat-demand-{n}")).collect();
        for ((_, rest), name) in ratcheting.iter().zip(&names) {
            let others: Vec<String> = names.iter().filter(|other| *other != name).map(|other| quoted(other)).collect();
            let with = if others.is_empty() { String::new() } else { format!(", with = [{}]", others.join(", ")) };
            self.demand(name, &format!("{rest}{}", ratchet.replace(" }", &format!("{with} }}"))));
        }
        let periods = self.structure("demandratestructure", POWER);
        let per = self.unit("demandrateunit");
        let grid = self.grid("demandweekdayschedule", "demandweekendschedule");
        if periods.iter().any(Option::is_some) && grid.is_none() {
            self.faults.push(
                "`demandratestructure` has no `demandweekdayschedule`: when each period holds is not said".to_owned(),
            );
        }
        if let Some(grid) = &grid {
            self.beyond("demandweekdayschedule", grid, periods.len().max(1));
        }
        if ratcheted && !ratchet.is_empty() && periods.iter().flatten().count() > 1 {
            let say = "each period of demandratestructure looks back on its own peaks: where it is one demand with several prices, write `with`";
            self.told.push(format!("the ratchet is taken for all periods, and {say}"));
        }
        for (n, price) in periods.iter().enumerate() {
            let when = grid.as_ref().and_then(|grid| grid.when(n, &mut self.seasons));
            if let (Some(price), Some(when)) = (price, when) {
                let ratchet = if ratcheted { ratchet.as_str() } else { "" };
                self.demand(&format!("demand-{n}"), &format!("{window}{per}{when}{price}{ratchet}"));
            }
        }
        self.coincident(&window);
    }

    /// The demand of whose billed kW tiers of energy are hours: it costs nothing by itself.
    fn hours_of_use(&mut self, window: &str, ratchet: &str) {
        if self.hours {
            let say = "ends at hours of use: of the highest window of the billing period, with the ratchet where there is one";
            self.told.push(format!("energyratestructure {say}; compare what your utility bills as kW"));
            self.demand(HOURS_OF, &format!("{window}price = \"0\"\n{ratchet}"));
        }
    }

    fn demand(&mut self, name: &str, rest: &str) {
        self.body.push_str(&format!("\n[[demand]]\nname = \"{name}\"\n{rest}"));
    }

    fn coincident(&mut self, window: &str) {
        let periods = self.structure("coincidentratestructure", POWER);
        if !self.unit("coincidentrateunit").is_empty() {
            self.faults.push(
                "`coincidentrateunit` is `kW daily`: windows that a utility names are billed once a billing period"
                    .to_owned(),
            );
        }
        self.get("coincidentrateschedule");
        for (n, price) in periods.iter().enumerate() {
            let Some(price) = price else { continue };
            let say = "is a price for hours that the utility names afterwards: write when each began into `at`";
            self.told.push(format!("coincidentratestructure[{n}] {say}"));
            self.demand(&format!("coincident-{n}"), &format!("{window}{price}at = []\n"));
        }
    }

    fn window(&mut self) -> String {
        let minutes = self.get("demandwindow").and_then(Value::as_f64);
        if minutes.is_none()
            && ["flatdemandstructure", "demandratestructure"].iter().any(|k| self.document.contains_key(*k))
        {
            self.told.push("demandwindow is not said: 15 minutes are supposed".to_owned());
        }
        let minutes = plant::convert::i64_from_f64_rounded(minutes.unwrap_or(15.0));
        if ![5, 10, 15, 30, 60].contains(&minutes) {
            self.faults.push(format!("`demandwindow` is {minutes} minutes: 5, 10, 15, 30 and 60 can be billed"));
        }
        format!("window = \"fixed\"\nlength = \"{}min\"\n", minutes)
    }

    /// The unit of a demand's price: per billing period, or per day.
    fn unit(&mut self, key: &'static str) -> &'static str {
        match self.get(key).map(|unit| unit.as_str().unwrap_or_default()) {
            None | Some("kW") => "",
            Some("kW daily") => "per = \"day\"\n",
            Some(other) => {
                self.faults.push(format!("`{key}` is `{other}`: only kW and kW daily can be billed"));
                ""
            }
        }
    }

    /// A share of 1; one that is written in per cent is told.
    fn share(&mut self, key: &str, share: Decimal) -> Decimal {
        if share <= Decimal::ONE {
            return share;
        }
        self.told.push(format!("{key} = {share} is taken as per cent"));
        share.share(1, 100, (9, Rounding::HalfUp))
    }

    /// A list with a value for each month; anything else is told.
    fn months(&mut self, key: &'static str) -> Vec<Value> {
        match self.get(key) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(all)) => all.clone(),
            Some(other) => {
                let say = format!("`{key}` is {other}: only a list with a value for each month can be billed");
                self.faults.push(say);
                Vec::new()
            }
        }
    }

    fn ratchet(&mut self) -> String {
        let monthly: Vec<Decimal> = self.months("demandratchetpercentage").iter().filter_map(number).collect();
        let highest = monthly.iter().copied().max().filter(|share| *share > Decimal::ZERO);
        let percent = self.number("lookbackPercent").filter(|share| *share > Decimal::ZERO);
        let range = self.number("lookbackRange").filter(|range| *range > Decimal::ZERO);
        let flag = |flag: &Value| flag.as_bool() == Some(true) || flag.as_f64() == Some(1.0);
        let flags: Vec<bool> = self.months("lookbackMonths").iter().map(flag).collect();
        match (highest, percent) {
            (None, None) => String::new(),
            (Some(_), Some(_)) => {
                self.faults.push(
                    "`demandratchetpercentage` and `lookbackPercent` stand beside each other: keep one".to_owned(),
                );
                String::new()
            }
            (Some(share), None) => {
                if monthly.iter().any(|other| *other != share) || monthly.len() != 12 {
                    self.faults.push(
                        "`demandratchetpercentage` differs from month to month: that cannot be billed".to_owned(),
                    );
                }
                let share = self.share("demandratchetpercentage", share);
                self.told.push(
                    "demandratchetpercentage is taken as a share of the highest of the eleven months before".to_owned(),
                );
                format!("ratchet = {{ share = \"{share}\", months = 11 }}\n")
            }
            (None, Some(share)) => {
                let share = self.share("lookbackPercent", share);
                let named: Vec<String> = flags
                    .iter()
                    .zip(plant::civil::MONTHS)
                    .filter(|(flag, _)| **flag)
                    .map(|(_, month)| quoted(month))
                    .collect();
                let of = if named.is_empty() || named.len() == 12 {
                    String::new()
                } else {
                    format!(", of = [{}]", named.join(", "))
                };
                let months = range.map_or_else(|| "11".to_owned(), |range| range.to_string());
                format!("ratchet = {{ share = \"{share}\", months = {months}{of} }}\n")
            }
        }
    }
}
