//! `[[energy]]` and `[[demand]]`.

use plant::read::{Refusal, Section, Value, did_you_mean};
use plant::time::Wall;
use toml::de::DeValue;

use super::{Seasons, positive, rounding, stops, when};
use crate::control::energy::tariff::{
    Coincident, Counts, Decimal, DemandCharge, EnergyCharge, EnergyPrice, Export, MINUTE, Per, Period, Ratchet,
    Rounding, Tier, Window, WindowKind,
};
use plant::civil::{MONTHS, When};

/// Lengths of a window that utilities bill (min).
const LENGTHS: [i64; 5] = [5, 10, 15, 30, 60];

/// Reads `[[energy]]`: a price, tiers, periods, or the day-ahead prices.
pub(super) fn energy(section: &Section<'_>, seasons: &Seasons) -> Option<EnergyCharge> {
    let name = section.need_name("name");
    let day_ahead: bool = section.or("day-ahead", false);
    let price = if day_ahead {
        for key in ["price", "tiers", "period", "seasons", "days", "hours", "when"] {
            if section.has(key) {
                let say = format!("`{key}` stands beside `day-ahead`");
                section.fault(key, say, "give one charge the day-ahead prices, and another what comes on top");
            }
        }
        EnergyPrice::DayAhead(section.or("add", Decimal::ZERO))
    } else if section.has("period") {
        EnergyPrice::Periods(section.sections("period").iter().filter_map(|part| period(part, seasons)).collect())
    } else {
        let name = name.clone().unwrap_or_default();
        let (when, (tiers, counts)) = (when(section, seasons), tiers_of_energy(section)?);
        EnergyPrice::Periods(vec![Period { name, when, tiers, counts }])
    };
    section.done();
    let stops = match &price {
        EnergyPrice::Periods(periods) => stops(periods.iter().flat_map(|period| &period.when)),
        EnergyPrice::DayAhead(_) => Vec::new(),
    };
    Some(EnergyCharge { name: name?, price, stops })
}

fn period(section: &Section<'_>, seasons: &Seasons) -> Option<Period> {
    let (name, when) = (section.need_name("name"), when(section, seasons));
    let found = tiers_of_energy(section);
    section.done();
    let (tiers, counts) = found?;
    Some(Period { name: name?, when, tiers, counts })
}

/// Tiers, and what their ends count: the key of the first of them says it.
fn tiers_of_energy(section: &Section<'_>) -> Option<(Vec<Tier>, Counts)> {
    let first = section.sections("tiers").into_iter().next();
    let has = |key: &'static str| first.as_ref().is_some_and(|tier| tier.has(key));
    let of: Option<String> = section.maybe("hours-of");
    if of.is_some() && !has("up-to-hours") {
        let help = "write `up-to-hours` into its tiers, or take `hours-of` away";
        section.fault("hours-of", "`hours-of` names a demand, and no tier ends at hours of its use", help);
    }
    if has("up-to-kwh-per-day") {
        return Some((tiers(section, "up-to-kwh-per-day")?, Counts::Daily));
    }
    if !has("up-to-hours") {
        return Some((tiers(section, "up-to-kwh")?, Counts::Whole));
    }
    if of.is_none() {
        section.missing("hours-of", "write `hours-of = \"…\"`: the demand of whose billed kW they are the hours");
    }
    Some((tiers(section, "up-to-hours")?, Counts::Hours(of?)))
}

/// `price`, or `tiers` of which each but the last ends somewhere.
fn tiers(section: &Section<'_>, end: &'static str) -> Option<Vec<Tier>> {
    if !section.has("tiers") {
        return section.need("price").map(|price| vec![Tier { up_to: None, price }]);
    }
    if section.has("price") {
        section.fault("price", "`price` stands beside `tiers`", "write the price into each tier");
    }
    let mut found: Vec<Tier> = Vec::new();
    let parts = section.sections("tiers");
    let count = parts.len();
    for (n, part) in parts.iter().enumerate() {
        let (up_to, price) = (positive(part, end), part.need("price"));
        part.done();
        let last = n + 1 == count;
        if last && up_to.is_some() {
            part.fault(end, format!("the last tier has no `{end}`"), "add a tier for all above it");
        }
        if !last && !part.has(end) {
            part.missing(end, format!("write `{end} = …`: where this tier ends"));
        }
        if let (Some(up_to), Some(before)) = (up_to, found.last().and_then(|tier| tier.up_to))
            && up_to <= before
        {
            part.fault(
                end,
                format!("`{end}` is {up_to} and must be above {before}"),
                "write the tiers in ascending order",
            );
        }
        found.push(Tier { up_to, price: price? });
    }
    if found.is_empty() {
        section.fault("tiers", "`tiers` is empty", "write `price = …` where there is one price");
    }
    Some(found)
}

/// Reads `[[demand]]`.
pub(super) fn demand(section: &Section<'_>, seasons: &Seasons) -> Option<DemandCharge> {
    let name = section.need_name("name");
    let (window, when) = (window(section), when(section, seasons));
    let per = section.word("per", &Per::WORDS).unwrap_or(Per::Month);
    let tiers = tiers(section, "up-to-kw");
    let ratchet = section.section("ratchet").and_then(|part| ratchet(&part));
    let coincident = coincident(section);
    let (minimum, maximum) = (positive(section, "minimum-kw"), positive(section, "maximum-kw"));
    let export = section.word("export", &Export::WORDS).unwrap_or(Export::Zero);
    let rounding = section.section("rounding").map_or((3, Rounding::HalfUp), |part| rounding(&part, 3));
    if let (Some(minimum), Some(maximum)) = (minimum, maximum)
        && minimum > maximum
    {
        let say = format!("`maximum-kw` is {maximum} and must not be below `minimum-kw`, which is {minimum}");
        section.fault("maximum-kw", say, "swap the two");
    }
    let alone = coincident.is_some() && (ratchet.is_some() || when != [When::ALWAYS] || per == Per::Day);
    if alone {
        let say = "`at` names the windows: they have no ratchet, no hours and no price per day";
        section.fault("at", say, "take those keys away");
    }
    if per != Per::Month && ratchet.is_some() {
        let help = "give it a price `per = \"month\"`, or take `ratchet` away";
        section.fault("ratchet", "a ratchet goes with a price per month", help);
    }
    section.done();
    let stops = stops(when.iter());
    Some(DemandCharge {
        name: name?,
        window: window?,
        when,
        per,
        tiers: tiers?,
        ratchet,
        coincident,
        minimum,
        maximum,
        export,
        rounding,
        stops,
    })
}

fn window(section: &Section<'_>) -> Option<Window> {
    let kind = section.need_word("window", &WindowKind::WORDS);
    let length: Option<plant::time::Span> = section.need("length");
    let length = length.map(|length| i64::try_from(length.millis()).unwrap_or(i64::MAX));
    let length = length.filter(|length| {
        let known = LENGTHS.iter().any(|minutes| minutes * MINUTE == *length);
        if !known {
            section.fault("length", "`length` must be 5, 10, 15, 30 or 60 minutes", "write such as \"15min\"");
        }
        known
    });
    let step: Option<plant::time::Span> = section.maybe("sub-interval");
    let step = step.map(|step| i64::try_from(step.millis()).unwrap_or(i64::MAX));
    match (kind?, length?, step) {
        (WindowKind::Block, _, None) => {
            section.missing("sub-interval", "write `sub-interval = \"5min\"`: from what to what the window moves");
            None
        }
        (kind @ WindowKind::Block, length, Some(step)) => {
            let fits = step >= MINUTE && step < length && length % step == 0;
            if !fits {
                let say = "`sub-interval` must go into `length` twice or more, in whole minutes or more";
                section.fault("sub-interval", say, "write such as \"5min\" for a window of 15 minutes");
            }
            fits.then_some(Window { kind, length, step })
        }
        (kind @ (WindowKind::Fixed | WindowKind::Rolling), length, step) => {
            if step.is_some() {
                let help = "write `window = \"rolling-block\"`, or take `sub-interval` away";
                section.fault("sub-interval", "only a rolling block has a `sub-interval`", help);
            }
            Some(Window { kind, length, step: length })
        }
    }
}

fn ratchet(section: &Section<'_>) -> Option<Ratchet> {
    let share: Option<Decimal> = section.need("share");
    if share.is_some_and(|share| share <= Decimal::ZERO || share > Decimal::ONE) {
        section.fault("share", "`share` must be above 0 and at most 1", "write 0.8 for 80 %");
    }
    let months = section.whole("months", (1, 36)).and_then(|n| i32::try_from(n).ok());
    if !section.has("months") {
        section.missing("months", "write `months = 11`: how many billing periods it looks back");
    }
    let mut of = Vec::new();
    for word in section.or::<Vec<String>>("of", Vec::new()) {
        match MONTHS.iter().position(|month| *month == word) {
            Some(n) => of.extend(i8::try_from(n + 1)),
            None => section.fault("of", format!("`{word}` is no month"), did_you_mean(&word, MONTHS)),
        }
    }
    let with = section.or("with", Vec::new());
    section.done();
    Some(Ratchet { share: share?, months: months?, of, with })
}

fn coincident(section: &Section<'_>) -> Option<Coincident> {
    let at: Option<Vec<Begin>> = section.maybe("at");
    let of = [("highest", false), ("mean", true)];
    let mean = section.word("of", &of);
    if mean.is_some() && !section.has("at") {
        section.fault("of", "`of` says what the windows of `at` come to, and there is no `at`", "add `at`");
    }
    let mut at: Vec<Wall> = at?.into_iter().map(|instant| instant.0).collect();
    at.sort_unstable();
    at.dedup();
    Some(Coincident { at, mean: mean.unwrap_or(false) })
}

struct Begin(Wall);

impl Value for Begin {
    const WANTED: &'static str = "instants such as \"2026-07-14T16:00:00-05:00\"";

    fn read(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let read = value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let refuse =
            || Refusal { wanted: Self::WANTED.to_owned(), help: "put each in quotes, with its offset".to_owned() };
        read.map(|at| Self(Wall(at.as_millisecond()))).ok_or_else(refuse)
    }
}
