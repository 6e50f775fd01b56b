//! Tariffs out of the utility rate database (OpenEI's `utility_rates` answers, version 3 and later) as files of ours.
//!
//! What the database says and a tariff of ours cannot is told by its key, or refused where a bill would be wrong without it. Nothing
//! is left out silently.

mod demand;
mod hours;

use serde_json::{Map, Value};

use super::Tariff;
use super::decimal::Decimal;
use hours::{Grid, Seasons};

/// A document as a file of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The file's text.
    pub toml: String,
    /// What was not translated, or only with a supposition; each names its key.
    pub told: Vec<String>,
}

/// Keys that name the tariff or say where it is from: they change no bill.
const ABOUT: [&str; 17] = [
    "label",
    "uri",
    "name",
    "utility",
    "eiaid",
    "startdate",
    "enddate",
    "sector",
    "description",
    "source",
    "sourceparent",
    "approved",
    "is_default",
    "country",
    "supersedes",
    "revisions",
    "servicetype",
];

/// Translates a document. The database does not say where a tariff's clock is: `zone` does.
///
/// # Errors
/// Every reason why a bill by the translation would be wrong.
pub fn import(text: &str, zone: &str) -> Result<Imported, Vec<String>> {
    let value: Value = serde_json::from_str(text).map_err(|e| vec![format!("this is no JSON: {e}")])?;
    let rates = value.get("items").and_then(Value::as_array);
    let document = match rates.map(Vec::as_slice) {
        None => &value,
        Some([one]) => one,
        Some(many) => return Err(vec![format!("`items` holds {} rates: leave one of them", many.len())]),
    };
    let Some(document) = document.as_object() else { return Err(vec!["this is no rate: it has no keys".to_owned()]) };
    let mut import = Import {
        document,
        asked: ABOUT.to_vec(),
        told: Vec::new(),
        faults: Vec::new(),
        seasons: Seasons::default(),
        body: String::new(),
        hours: false,
    };
    import.energy();
    import.fuel();
    import.demands();
    import.fixed();
    import.rest();
    let Import { told, mut faults, seasons, body, .. } = import;
    let toml = head(document, zone, &told) + &least(document) + &seasons.text() + &body;
    if faults.is_empty()
        && let Err(wrong) = Tariff::load("translation", &toml)
    {
        faults.extend(wrong.0.iter().map(|fault| format!("{}: {}", fault.message, fault.help)));
    }
    if faults.is_empty() { Ok(Imported { toml, told }) } else { Err(faults) }
}

/// A translation as far as it is.
struct Import<'d> {
    document: &'d Map<String, Value>,
    /// Keys that have been looked at.
    asked: Vec<&'static str>,
    told: Vec<String>,
    faults: Vec<String>,
    seasons: Seasons,
    body: String,
    /// Tiers of energy end at hours of use.
    hours: bool,
}

/// The units in which tiers may end, and the key of such an end in a file of ours.
type Units = &'static [(&'static str, &'static str)];

/// Those of energy, and of power.
const ENERGY: Units = &[("kWh", "up-to-kwh"), ("kWh daily", "up-to-kwh-per-day"), (HOURS, "up-to-hours")];
const POWER: Units = &[("kW", "up-to-kw")];
/// kWh for each kW that is billed, which are hours of its use.
const HOURS: &str = "kWh/kW";
/// The demand whose billed kW they are of.
const HOURS_OF: &str = "hours-of-use";

/// A number; one with more than nine places is rounded to nine.
fn number(value: &Value) -> Option<Decimal> {
    let text = value.as_number()?.to_string();
    Decimal::parse(&text).or_else(|| Decimal::parse(&format!("{:.9}", value.as_f64()?)))
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Small letters, digits and dashes.
fn slug(text: &str) -> String {
    let dashed: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let parts: Vec<&str> = dashed.split('-').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "imported".to_owned() } else { parts.join("-") }
}

fn head(document: &Map<String, Value>, zone: &str, told: &[String]) -> String {
    let word = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
    let (name, utility, label) = (word("name"), word("utility"), word("label"));
    let mut text = "# Translated from the utility rate database. Compare a bill before you trust it.\n".to_owned();
    for line in told {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        text.push_str(&format!("# Not as it stood: {line}\n"));
    }
    let summary = format!("{utility}: {name} (rate {label})");
    text + &format!(
        "name = {}\nsummary = {}\ncurrency = \"USD\"\nzone = {}\n",
        quoted(&slug(name)),
        quoted(&summary),
        quoted(zone)
    )
}

/// The least that is billed, which stands above every section.
fn least(document: &Map<String, Value>) -> String {
    let monthly = document.get("minmonthlycharge").or_else(|| {
        let unit = document.get("minchargeunits").and_then(Value::as_str);
        document.get("mincharge").filter(|_| unit == Some("$/month"))
    });
    let least = monthly.and_then(number).filter(|least| *least > Decimal::ZERO);
    least.map_or_else(String::new, |least| format!("minimum = \"{least}\"\n"))
}

impl<'d> Import<'d> {
    fn get(&mut self, key: &'static str) -> Option<&'d Value> {
        self.asked.push(key);
        self.document.get(key).filter(|value| !empty(value))
    }

    fn number(&mut self, key: &'static str) -> Option<Decimal> {
        let value = self.get(key)?;
        let read = number(value);
        if read.is_none() {
            self.faults.push(format!("`{key}` is {value}, and no number"));
        }
        read
    }

    /// `[[{rate, adj, max, unit}]]`: the tiers of each period as lines of TOML; nothing for a period that costs nothing.
    fn structure(&mut self, key: &'static str, units: Units) -> Vec<Option<String>> {
        let Some(periods) = self.get(key) else { return Vec::new() };
        let Some(periods) = periods.as_array() else {
            self.faults.push(format!("`{key}` is no list of periods"));
            return Vec::new();
        };
        periods.iter().enumerate().map(|(n, tiers)| self.tiers((key, n), tiers, units)).collect()
    }

    /// In what the tiers of a period end, and the key for it: the unit of the first that has one.
    fn unit_of(tiers: &[Value], units: Units) -> Option<(&'static str, &'static str)> {
        let said =
            tiers.iter().find_map(|tier| tier.get("unit").and_then(Value::as_str).filter(|unit| !unit.is_empty()));
        units.iter().find(|(unit, _)| Some(*unit) == said).or(units.first()).copied()
    }

    fn tiers(&mut self, (key, n): (&str, usize), tiers: &Value, units: Units) -> Option<String> {
        let tiers = tiers.as_array().filter(|tiers| !tiers.is_empty());
        let Some(tiers) = tiers else {
            self.faults.push(format!("`{key}[{n}]` is no list of tiers"));
            return None;
        };
        let (unit, end) = Self::unit_of(tiers, units)?;
        let (mut lines, mut costs) = (Vec::new(), false);
        for (k, tier) in tiers.iter().enumerate() {
            let place = format!("{key}[{n}][{k}]");
            for (name, value) in tier.as_object().into_iter().flatten().filter(|(_, value)| !empty(value)) {
                match name.as_str() {
                    "rate" | "adj" | "max" => {}
                    "unit" if value.as_str() == Some(unit) => {}
                    "unit" if units.iter().any(|(known, _)| value.as_str() == Some(known)) => {
                        self.faults.push(format!("`{place}.unit` is {value}, and {unit} stands beside it"));
                    }
                    "unit" => {
                        let known: Vec<&str> = units.iter().map(|(unit, _)| *unit).collect();
                        self.faults.push(format!("`{place}.unit` is {value}: only {} can be billed", known.join(", ")));
                    }
                    other => self.told.push(format!("{place}.{other} = {value} is not translated")),
                }
            }
            let part = |name: &str| tier.get(name).map_or(Some(Decimal::ZERO), number);
            let (Some(rate), Some(adjust)) = (part("rate"), part("adj")) else {
                self.faults.push(format!("`{place}` has no number as its price"));
                continue;
            };
            let price = rate.plus(adjust);
            costs |= price != Decimal::ZERO;
            let last = k + 1 == tiers.len();
            match tier.get("max").and_then(number) {
                Some(max) if last => {
                    self.told.push(format!("{place}.max = {max} ends the last tier: its price holds above it, too"));
                    lines.push(format!("{{ price = \"{price}\" }}"));
                }
                Some(max) => lines.push(format!("{{ {end} = \"{max}\", price = \"{price}\" }}")),
                None => lines.push(format!("{{ price = \"{price}\" }}")),
            }
        }
        let one = lines.len() == 1;
        let text = lines.join(", ");
        let inner = text.trim_start_matches("{ ").trim_end_matches(" }");
        let hours = !one && unit == HOURS;
        self.hours |= costs && hours;
        let of = if hours { format!("hours-of = \"{HOURS_OF}\"\n") } else { String::new() };
        costs.then(|| if one { format!("{inner}\n") } else { format!("tiers = [{text}]\n{of}") })
    }

    /// The 12 by 24 schedules of weekdays and weekends.
    fn grid(&mut self, weekday: &'static str, weekend: &'static str) -> Option<Grid> {
        let (days, ends) = (self.get(weekday), self.get(weekend));
        let days = days?;
        if ends.is_none() {
            self.told.push(format!("{weekend} is not said: weekends are taken as weekdays"));
        }
        let grid = Grid::read(days, ends.unwrap_or(days));
        if grid.is_none() {
            self.faults.push(format!("`{weekday}` or `{weekend}` has not 12 months of 24 hours of periods"));
        }
        grid
    }

    fn energy(&mut self) {
        let periods = self.structure("energyratestructure", ENERGY);
        let grid = self.grid("energyweekdayschedule", "energyweekendschedule");
        if periods.is_empty() {
            return;
        }
        let Some(grid) = grid else {
            self.faults.push(
                "`energyratestructure` has no `energyweekdayschedule`: when each period holds is not said".to_owned(),
            );
            return;
        };
        self.beyond("energyweekdayschedule", &grid, periods.len());
        let tiered = periods.iter().flatten().any(|text| text.starts_with("tiers"));
        if tiered && periods.len() > 1 {
            self.told
                .push("energyratestructure has periods with tiers: each counts the energy of its own hours".to_owned());
        }
        self.body.push_str("\n[[energy]]\nname = \"energy\"\n");
        for (n, price) in periods.iter().enumerate() {
            let Some(when) = grid.when(n, &mut self.seasons) else { continue };
            let price = price.as_deref().unwrap_or("price = \"0\"\n");
            self.body.push_str(&format!("\n[[energy.period]]\nname = \"period-{n}\"\n{when}{price}"));
        }
    }

    fn beyond(&mut self, key: &str, grid: &Grid, periods: usize) {
        if let Some(period) = grid.most().filter(|period| *period >= periods) {
            self.faults.push(format!("`{key}` names the period {period}, and there are {periods}"));
        }
    }

    fn fuel(&mut self) {
        let Some(value) = self.get("fueladjustmentsmonthly") else { return };
        let prices: Option<Vec<Decimal>> = value.as_array().and_then(|list| list.iter().map(number).collect());
        let Some(prices) = prices.filter(|prices| prices.len() == 12) else {
            self.faults.push("`fueladjustmentsmonthly` is no list of twelve numbers".to_owned());
            return;
        };
        if prices.iter().all(|price| *price == Decimal::ZERO) {
            return;
        }
        self.body.push_str("\n[[energy]]\nname = \"fuel-adjustment\"\n");
        let mut distinct = prices.clone();
        distinct.sort_unstable();
        distinct.dedup();
        for (n, price) in distinct.iter().enumerate() {
            let when = Grid::months(prices.iter().map(|other| other == price)).when(1, &mut self.seasons);
            let when = when.unwrap_or_default();
            self.body.push_str(&format!("\n[[energy.period]]\nname = \"months-{n}\"\n{when}price = \"{price}\"\n"));
        }
    }

    fn fixed(&mut self) {
        let first = self.number("fixedchargefirstmeter");
        let unit = self.get("fixedchargeunits").and_then(Value::as_str);
        let monthly = self.number("fixedmonthlycharge");
        let per = match unit {
            None | Some("$/month") => "month",
            Some("$/day") => "day",
            Some("$/year") => "year",
            Some(other) => {
                self.faults
                    .push(format!("`fixedchargeunits` is `{other}`: only $/day, $/month and $/year can be billed"));
                "month"
            }
        };
        for (name, price, per) in [("first-meter", first, per), ("monthly", monthly, "month")] {
            if let Some(price) = price.filter(|price| *price != Decimal::ZERO) {
                self.body.push_str(&format!("\n[[fixed]]\nname = \"{name}\"\nprice = \"{price}\"\nper = \"{per}\"\n"));
            }
        }
        let (least, unit) = (self.number("mincharge"), self.get("minchargeunits").and_then(Value::as_str));
        let monthly = self.number("minmonthlycharge").filter(|monthly| *monthly > Decimal::ZERO);
        let least = least.filter(|least| *least > Decimal::ZERO);
        if let (Some(least), Some(monthly), Some("$/month")) = (least, monthly, unit)
            && least != monthly
        {
            self.told.push(format!("mincharge = {least} ($/month) gives way to minmonthlycharge = {monthly}"));
        }
        if let Some(least) = least.filter(|_| unit != Some("$/month")) {
            self.told.push(format!(
                "mincharge = {least} ({}) is not translated: only $/month is",
                unit.unwrap_or("no unit")
            ));
        }
    }

    /// Whatever else the document says.
    fn rest(&mut self) {
        for (key, value) in self.document {
            let silent = self.asked.iter().any(|asked| asked == key) || empty(value) || value.as_f64() == Some(0.0);
            if !silent {
                let mut shown = value.to_string();
                if shown.chars().count() > 120 {
                    shown = shown.chars().take(119).chain(['…']).collect();
                }
                self.told.push(format!("{key} = {shown} is not translated"));
            }
        }
    }
}

/// Nothing is said: null, an empty text, list or table.
fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
