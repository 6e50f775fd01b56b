//! Tariffs from TOML: every fault at once, each with its place and what to do.

mod charge;

use jiff::ToSpan;
use jiff::civil::Date;
use plant::fault::Faults;
use plant::read::{Refusal, Section, Source, Value, did_you_mean};
use toml::de::DeValue;

use super::{
    Billing, Counts, Decimal, DemandCharge, EnergyCharge, EnergyPrice, Export, FixedCharge, MeterRules, Per, Rounding,
    Tariff, Tax,
};
use plant::civil::{Holiday, Local, Months, When, Zone};

impl Tariff {
    /// Reads and checks a tariff's file. `file` is its name for messages.
    ///
    /// # Errors
    /// Every fault of the file at once, each with its place and what to do.
    pub fn load(file: &str, text: &str) -> Result<Self, Faults> {
        let source = Source::new(file, text);
        let table = source.parse();
        let tariff = read(&source.root(&table));
        source.finish(tariff)
    }
}

/// Named days of the year, in the order of the file.
type Seasons = Vec<(String, Vec<Months>)>;

fn read(file: &Section<'_>) -> Option<Tariff> {
    let (name, currency) = (file.need_name("name"), file.need_text("currency"));
    let zone = zone(file);
    let holidays: Vec<Holiday> = file.or("holidays", Vec::new());
    let export = file.word("export", &Export::WORDS).unwrap_or(Export::Zero);
    let summary = file.need_text("summary");
    let rounding = file.section("rounding").map_or((2, Rounding::HalfUp), |section| rounding(&section, 2));
    let billing = file.section("billing").map_or(Some(Billing::Month(1)), |section| billing(&section));
    let meter = file.section("meter").map_or(MeterRules::default(), |section| {
        let read = MeterRules { rollover: positive(&section, "rollover-kwh"), most: positive(&section, "most-kw") };
        section.done();
        read
    });
    let seasons = seasons(file);
    let energy: Vec<_> = file.sections("energy").iter().filter_map(|s| charge::energy(s, &seasons)).collect();
    let demand: Vec<_> = file.sections("demand").iter().filter_map(|s| charge::demand(s, &seasons)).collect();
    let fixed: Vec<_> = file.sections("fixed").iter().filter_map(fixed).collect();
    let taxes: Vec<_> = file.sections("tax").iter().filter_map(tax).collect();
    let minimum = positive(file, "minimum");
    if !["energy", "demand", "fixed"].into_iter().any(|key| file.has(key)) {
        file.missing("energy", "add at least one `[[energy]]`, `[[demand]]` or `[[fixed]]`");
    }
    let names = energy.iter().map(|charge| &charge.name).chain(demand.iter().map(|charge| &charge.name));
    twice(file, names);
    for (charge, with) in demand.iter().filter_map(|charge| Some((charge, &charge.ratchet.as_ref()?.with))) {
        for name in with.iter().filter(|name| !demand.iter().any(|other| other.name == **name)) {
            let say = format!("the ratchet of `{}` looks `with` `{name}`, and there is no such demand", charge.name);
            file.fault("demand", say, did_you_mean(name, demand.iter().map(|other| other.name.as_str())));
        }
    }
    hours_of(file, &energy, &demand);
    if !matches!(billing, Some(Billing::Month(_)) | None) && demand.iter().any(|charge| charge.per == Per::Year) {
        let help = "bill by month, or give the demand a price `per = \"month\"`";
        file.fault("billing", "a demand with a price per year is billed in twelfths, and these are no months", help);
    }
    file.done();
    for charge in &energy {
        everywhere(file, charge, &holidays);
    }
    summary?;
    Some(Tariff {
        name: name?,
        currency: currency?,
        zone: zone?,
        rounding,
        billing: billing?,
        holidays,
        export,
        meter,
        energy,
        demand,
        fixed,
        minimum,
        taxes,
    })
}

fn zone(file: &Section<'_>) -> Option<Zone> {
    let text = file.need_text("zone")?;
    let zone = Zone::named(&text);
    if zone.is_none() {
        let help = "write an IANA name such as \"Europe/Berlin\", or an offset that holds all year such as \"+01:00\"";
        file.fault("zone", format!("`{text}` is no time zone"), help);
    }
    zone
}

/// `[rounding]`, or the same keys of a demand.
fn rounding(section: &Section<'_>, usual: u32) -> (u32, Rounding) {
    let places = section.whole("decimals", (0, 9)).and_then(|n| u32::try_from(n).ok()).unwrap_or(usual);
    let rule = section.word("rule", &Rounding::WORDS).unwrap_or(Rounding::HalfUp);
    section.done();
    (places, rule)
}

fn billing(section: &Section<'_>) -> Option<Billing> {
    let (day, dates) = (section.has("day"), section.has("dates"));
    let read = match (day, dates) {
        (true, true) => {
            section.fault("dates", "a bill goes by `day` or by `dates`, not by both", "take one of the two away");
            None
        }
        (_, false) => {
            let day = if day { section.whole("day", (1, 28)) } else { Some(1) };
            day.and_then(|day| i8::try_from(day).ok()).map(Billing::Month)
        }
        (false, true) => {
            let dates: Vec<Day> = section.maybe("dates")?;
            let dates: Vec<Date> = dates.into_iter().map(|day| day.0).collect();
            if dates.len() < 2 || !dates.is_sorted_by(|a, b| a < b) {
                let help = "write the days on which the meter was read, the oldest first";
                section.fault("dates", "`dates` must be two days or more, ascending", help);
            }
            Some(Billing::Dates(dates))
        }
    };
    section.done();
    read
}

struct Day(Date);

impl Value for Day {
    const WANTED: &'static str = "a day such as \"2026-01-31\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let text = match value {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(day) => day.to_string(),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Array(_) | DeValue::Table(_) => {
                String::new()
            }
        };
        let refuse = || Refusal { wanted: Self::WANTED.to_owned(), help: String::new() };
        text.parse().map(Self).map_err(|_| refuse())
    }
}

fn seasons(file: &Section<'_>) -> Seasons {
    let mut found: Seasons = Vec::new();
    for section in file.sections("season") {
        let (name, months) = (section.need_name("name"), section.need::<Vec<Months>>("days"));
        section.done();
        if let (Some(name), Some(months)) = (name, months) {
            if found.iter().any(|(other, _)| *other == name) {
                section.fault("name", format!("there are two seasons `{name}`"), "give each a name of its own");
            }
            if months.is_empty() {
                section.fault("days", format!("the season `{name}` has no days"), "write such as [\"06-01..09-30\"]");
            }
            found.push((name, months));
        }
    }
    found
}

/// `seasons`, `days` and `hours` of a section, or of each of its `when`; always where it has none of them.
fn when(section: &Section<'_>, seasons: &Seasons) -> Vec<When> {
    if !section.has("when") {
        return vec![hours(section, seasons)];
    }
    for key in ["seasons", "days", "hours"] {
        if section.has(key) {
            section.fault(key, format!("`{key}` stands beside `when`"), format!("write `{key}` into each `when`"));
        }
    }
    let parts = section.sections("when").into_iter().map(|part| {
        let read = hours(&part, seasons);
        part.done();
        read
    });
    parts.collect()
}

fn hours(section: &Section<'_>, seasons: &Seasons) -> When {
    let mut months = Vec::new();
    for name in section.or::<Vec<String>>("seasons", Vec::new()) {
        match seasons.iter().find(|(known, _)| *known == name) {
            Some((_, days)) => months.extend(days.iter().copied()),
            None => {
                let help = did_you_mean(&name, seasons.iter().map(|(known, _)| known.as_str()));
                section.clash("seasons", format!("there is no season `{name}`"), help);
            }
        }
    }
    let days = plant::civil::Days::of(&section.or("days", Vec::new()));
    When { months, days, hours: section.or("hours", Vec::new()) }
}

/// Where the answer of some rules may change, ascending.
fn stops<'w>(when: impl Iterator<Item = &'w When>) -> Vec<i64> {
    let mut stops: Vec<i64> = when.flat_map(When::stops).collect();
    stops.sort_unstable();
    stops.dedup();
    stops
}

/// A number above zero.
fn positive(section: &Section<'_>, key: &'static str) -> Option<Decimal> {
    let number: Decimal = section.maybe(key)?;
    if number <= Decimal::ZERO {
        section.fault(
            key,
            format!("`{key}` is {number} and must be above zero"),
            "leave the key out where there is none",
        );
        return None;
    }
    Some(number)
}

fn fixed(section: &Section<'_>) -> Option<FixedCharge> {
    let (name, price) = (section.need_name("name"), section.need("price"));
    let per = section.word("per", &Per::WORDS).unwrap_or(Per::Month);
    section.done();
    Some(FixedCharge { name: name?, price: price?, per })
}

fn tax(section: &Section<'_>) -> Option<Tax> {
    let (name, share) = (section.need_name("name"), section.need::<Decimal>("share"));
    if let Some(share) = share
        && (share < Decimal::ZERO || share > Decimal::ONE)
    {
        section.fault("share", format!("`share` is {share} and must be from 0 to 1"), "write 0.19 for 19 %");
    }
    section.done();
    Some(Tax { name: name?, share: share? })
}

/// Hours of use are those of a demand that every billing period bills once.
fn hours_of(file: &Section<'_>, energy: &[EnergyCharge], demand: &[DemandCharge]) {
    let periods = energy.iter().filter_map(|charge| match &charge.price {
        EnergyPrice::Periods(periods) => Some(periods),
        EnergyPrice::DayAhead(_) => None,
    });
    for period in periods.flatten() {
        let Counts::Hours(name) = &period.counts else { continue };
        let Some(of) = demand.iter().find(|charge| charge.name == *name) else {
            let say = format!("`hours-of` names `{name}`, and there is no such demand");
            file.fault("energy", say, did_you_mean(name, demand.iter().map(|charge| charge.name.as_str())));
            continue;
        };
        if of.per != Per::Month || of.coincident.is_some() || of.when != [When::ALWAYS] {
            let say = format!("`hours-of` names `{name}`, which is not billed once a billing period whatever the hour");
            file.fault(
                "energy",
                say,
                "name one with a price per month, without `seasons`, `days`, `hours`, `when` and `at`",
            );
        }
    }
}

fn twice<'n>(file: &Section<'_>, names: impl Iterator<Item = &'n String>) {
    let mut seen: Vec<&String> = Vec::new();
    for name in names {
        if seen.contains(&name) {
            let help = "bills and histories tell charges by their names: give each one of its own";
            file.fault("name", format!("two charges are called `{name}`"), help);
        }
        seen.push(name);
    }
}

/// An hour without a price is found on the days of four years, one of them a leap year, and on every holiday of one date with the day after it, on which its hours may end.
fn everywhere(file: &Section<'_>, charge: &EnergyCharge, holidays: &[Holiday]) {
    let EnergyPrice::Periods(periods) = &charge.price else { return };
    if periods.iter().any(|period| period.when.contains(&When::ALWAYS)) || periods.is_empty() {
        return;
    }
    let years = Date::constant(2023, 1, 1).series(1.day()).take_while(|date| date.year() < 2027);
    let dated = holidays.iter().filter_map(|holiday| match holiday {
        Holiday::On(date) => Some(*date),
        Holiday::Yearly(..) | Holiday::Nth(..) | Holiday::Easter(_) => None,
    });
    for date in years.chain(dated.flat_map(|date| [Some(date), date.tomorrow().ok()]).flatten()) {
        for ms in [0].into_iter().chain(charge.stops.iter().copied().filter(|ms| *ms < plant::civil::DAY_MS)) {
            if charge.period_at(Local { date, ms }, holidays).is_none() {
                let (hour, minute) = (ms / 3_600_000, ms / 60_000 % 60);
                let say = format!("`{}` has no price on {date} at {hour:02}:{minute:02}", charge.name);
                file.clash("energy", say, "let its last period hold always: leave `seasons`, `days` and `hours` out");
                return;
            }
        }
    }
}
