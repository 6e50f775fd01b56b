//! Problems from TOML: every fault at once, each with its place and what to do.

use plant::convert;
use plant::fault::Faults;
use plant::read::{Section, Source, did_you_mean};
use plant::time::Span;

use super::problem::{Battery, Demand, Domain, Job, MOST_SLOTS, Of, Problem, Slot, WindowKind};

/// A problem as a file tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanFile {
    /// Its name.
    pub name: String,
    /// The currency's code, for people.
    pub currency: String,
    /// When its first slot begins (minutes after midnight), for people; nothing where times are told from the beginning.
    pub begins: Option<u32>,
    /// What there is to plan.
    pub problem: Problem,
}

impl PlanFile {
    /// Reads and checks a file. `file` is its name for messages.
    ///
    /// # Errors
    /// Every fault of the file at once, each with its place and what to do.
    pub fn load(file: &str, text: &str) -> Result<Self, Faults> {
        let source = Source::new(file, text);
        let table = source.parse();
        let read = read(&source.root(&table));
        source.finish(read)
    }

    /// The time of day at which a slot begins, as people write it: `22:15`, `06:00 +1` on the next day; `+6:15` where nobody says when it begins.
    #[must_use]
    pub fn time(&self, slot: usize) -> String {
        let minutes = convert::u32_from_usize(slot).saturating_mul(15);
        let Some(begins) = self.begins else { return format!("+{}:{:02}", minutes / 60, minutes % 60) };
        let at = begins.saturating_add(minutes);
        let (day, hour, minute) = (at / 1440, at / 60 % 24, at % 60);
        if day == 0 { format!("{hour:02}:{minute:02}") } else { format!("{hour:02}:{minute:02} +{day}") }
    }
}

/// A section and what it says, where that could be read.
type Told<'s, T> = Vec<(Section<'s>, T)>;

fn read(file: &Section<'_>) -> Option<PlanFile> {
    let (name, currency, summary) = (file.need_name("name"), file.need_text("currency"), file.need_text("summary"));
    let begins = begins(file);
    let length = slots(file, "length").or_else(|| missing(file, "length"));
    let co2 = file.or("co2", 0.0);
    let many = length.unwrap_or(1).clamp(1, MOST_SLOTS);
    if length.is_some_and(|length| length != many) {
        file.fault("length", "from a quarter of an hour to four days can be planned", "write such as \"36h\"");
    }
    let hours = hours(file, many);
    let domains = domains(file, many);
    let names: Vec<String> = domains.iter().map(|(_, domain)| domain.name.clone()).collect();
    let demands: Told<'_, Demand> = each(file, "demand", |section| demand(section, many));
    let jobs: Told<'_, Job> = each(file, "job", |section| job(section, (&names, many)));
    let battery = file.section("battery").and_then(|section| {
        let read = battery(&section);
        section.done();
        Some((section, read?))
    });
    file.done();
    let problem = Problem {
        slots: hours.slots.iter().map(|(_, slot)| *slot).collect(),
        co2,
        demands: demands.iter().map(|(_, demand)| demand.clone()).collect(),
        battery: battery.as_ref().map(|(_, battery)| *battery),
        domains: domains.iter().map(|(_, domain)| domain.clone()).collect(),
        jobs: jobs.iter().map(|(_, job)| job.clone()).collect(),
    };
    // What could not be read has been told; a problem without it says nothing about the length.
    let known = length.is_some() && !hours.slots.is_empty();
    for fault in problem.faults().into_iter().filter(|fault| known || fault.key != "length") {
        let section = match fault.of {
            Of::Problem => Some(file),
            Of::Slot(n) => hours.slots.get(n).and_then(|(section, _)| hours.sections.get(*section)),
            Of::Demand(n) => demands.get(n).map(|(section, _)| section),
            Of::Battery => battery.as_ref().map(|(section, _)| section),
            Of::Domain(n) => domains.get(n).map(|(section, _)| section),
            Of::Job(n) => jobs.get(n).map(|(section, _)| section),
        };
        section.unwrap_or(file).fault(fault.key, fault.message, fault.help);
    }
    summary?;
    length?;
    Some(PlanFile { name: name?, currency: currency?, begins: begins?, problem })
}

fn each<'s, T>(file: &Section<'s>, key: &'static str, read: impl Fn(&Section<'s>) -> Option<T>) -> Told<'s, T> {
    let one = |section: Section<'s>| {
        let told = read(&section);
        section.done();
        Some((section, told?))
    };
    file.sections(key).into_iter().filter_map(one).collect()
}

fn missing<T>(section: &Section<'_>, key: &'static str) -> Option<T> {
    if !section.has(key) {
        section.missing(key, format!("write `{key} = \"24h\"`, a time of whole quarters of an hour"));
    }
    None
}

/// A time in slots.
fn slots(section: &Section<'_>, key: &'static str) -> Option<usize> {
    let span: Span = section.maybe(key)?;
    let slot = Span::from_secs(900).nanos();
    if !span.nanos().is_multiple_of(slot) {
        let message = format!("`{key}` is {span}, which is no whole number of quarters of an hour");
        section.fault(key, message, "write such as \"45min\" or \"6h\"");
        return None;
    }
    Some(convert::usize_from_u64(span.nanos() / slot))
}

/// The same, or another where it is missing; nothing where it cannot be read.
fn slots_or(section: &Section<'_>, key: &'static str, otherwise: usize) -> Option<usize> {
    if section.has(key) { slots(section, key) } else { Some(otherwise) }
}

#[expect(clippy::option_option, reason = "not said is something else than said wrongly")]
fn begins(file: &Section<'_>) -> Option<Option<u32>> {
    if !file.has("begins") {
        return Some(None);
    }
    let text: String = file.maybe("begins")?;
    let read = text.split_once(':').and_then(|(hour, minute)| {
        let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
        (hour < 24 && minute < 60).then_some(hour * 60 + minute)
    });
    if read.is_none() {
        file.fault("begins", format!("`{text}` is no time of day"), "write such as \"22:15\"");
    }
    read.map(Some)
}

/// What each slot has, and the sections that say so: each holds from its time on, and what it leaves out stays as it was.
struct Hours<'s> {
    sections: Vec<Section<'s>>,
    /// For each slot the index of its section, and what it is.
    slots: Vec<(usize, Slot)>,
}

fn hours<'s>(file: &Section<'s>, many: usize) -> Hours<'s> {
    let sections = file.sections("hours");
    if sections.is_empty() {
        file.missing(
            "hours",
            "add `[[hours]]` with `at = \"0h\"`, `price`, `base` and what else holds from the beginning on",
        );
    }
    let mut slots: Vec<(usize, Slot)> = Vec::new();
    let mut now = Slot { price: 0.0, carbon: 0.0, base: 0.0, base_high: 0.0, limit: f64::INFINITY, cooling: 1.0 };
    for (n, section) in sections.iter().enumerate() {
        let at = slots_or(section, "at", 0).unwrap_or(slots.len());
        if n == 0 && at > 0 {
            section.fault("at", "the first hours do not begin at \"0h\"", "write `at = \"0h\"`");
        } else if n > 0 && at <= begun(&slots) {
            section.fault("at", "these hours do not begin after those above", "write the hours in their order");
        } else if at >= many {
            section.fault(
                "at",
                "these hours begin at the end of the plan, or after it",
                "leave them out, or plan for longer",
            );
        }
        slots.truncate(at);
        now = hour(section, now, n == 0);
        section.done();
        slots.extend((slots.len()..many).map(|_| (n, now)));
    }
    Hours { sections, slots }
}

/// The first slot of the last section so far.
fn begun(slots: &[(usize, Slot)]) -> usize {
    let last = slots.last().map(|(n, _)| *n);
    slots.iter().position(|(n, _)| Some(*n) == last).unwrap_or(0)
}

fn hour(section: &Section<'_>, before: Slot, first: bool) -> Slot {
    let base = section.maybe("base");
    if first {
        for key in ["price", "base"] {
            if !section.has(key) {
                section.missing(key, format!("write `{key} = …`, a number"));
            }
        }
    }
    // A base load that is said without a high one is as sure as that.
    let base_high = section.maybe("base-high").or(base).unwrap_or(before.base_high);
    Slot {
        price: section.or("price", before.price),
        carbon: section.or("carbon", before.carbon),
        base: base.unwrap_or(before.base),
        base_high,
        limit: section.or("limit", before.limit),
        cooling: section.or("cooling", before.cooling),
    }
}

fn demand(section: &Section<'_>, many: usize) -> Option<Demand> {
    let (name, rate) = (section.need_name("name"), section.need("price"));
    let kind = section.need_word("window", &WindowKind::WORDS);
    let length = slots(section, "length").or_else(|| missing(section, "length"));
    let told: Vec<Vec<Span>> = section.or("active", Vec::new());
    let slot = Span::from_secs(900).nanos();
    let mut active = if told.is_empty() { Vec::new() } else { vec![false; many] };
    for stretch in &told {
        let [from, to] = stretch.as_slice() else {
            section.fault("active", "a stretch has no beginning and end", "write `active = [[\"0h\", \"5h\"]]`");
            continue;
        };
        let inside = |n: &usize| {
            let begins = convert::u64_from_usize(*n).saturating_mul(slot);
            begins >= from.nanos() && begins < to.nanos()
        };
        (0..many).filter(inside).for_each(|n| {
            if let Some(here) = active.get_mut(n) {
                *here = true
            }
        });
    }
    let (before, paid, floor) = (section.or("before", Vec::new()), section.or("paid", 0.0), section.or("floor", 0.0));
    Some(Demand { name: name?, rate: rate?, kind: kind?, length: length?, active, before, paid, floor })
}

fn battery(section: &Section<'_>) -> Option<Battery> {
    let (charge, discharge) = (section.need("charge"), section.need("discharge"));
    let (capacity, level): (Option<f64>, Option<f64>) = (section.need("capacity"), section.need("level"));
    let reserve = section.or("reserve", 0.0);
    let end = section.maybe("end").or(level);
    let efficiency = |key| section.or(key, 0.95);
    Some(Battery {
        charge: charge?,
        discharge: discharge?,
        charge_efficiency: efficiency("charge-efficiency"),
        discharge_efficiency: efficiency("discharge-efficiency"),
        worth: section.or("worth", 0.0),
        wear: section.or("wear", 0.0),
        capacity: capacity?,
        level: level?,
        reserve,
        end: end?,
    })
}

fn domains<'s>(file: &Section<'s>, many: usize) -> Told<'s, Domain> {
    let names: Vec<String> = file.sections("domain").iter().filter_map(|section| section.maybe("name")).collect();
    each(file, "domain", |section| {
        let (name, cap): (_, Option<f64>) = (section.need_name("name"), section.need("cap"));
        let parent = named(section, "parent", &names);
        let mut caps = vec![cap?];
        for later in section.sections("from") {
            let (at, cap): (_, Option<f64>) = (slots_or(&later, "at", 0), later.need("cap"));
            later.done();
            let (at, cap) = (at?, cap?);
            if caps.len() == 1 {
                caps.resize(many, caps.first().copied()?);
            }
            caps.iter_mut().skip(at).for_each(|here| *here = cap);
        }
        Some(Domain { name: name?, parent: parent?, caps })
    })
}

/// The index of a domain that is named; nothing where none of that name is there.
#[expect(clippy::option_option, reason = "not said is something else than said wrongly")]
fn named(section: &Section<'_>, key: &'static str, names: &[String]) -> Option<Option<usize>> {
    if !section.has(key) {
        return Some(None);
    }
    let name: String = section.maybe(key)?;
    let found = names.iter().position(|known| *known == name);
    if found.is_none() {
        let help = did_you_mean(&name, names.iter().map(String::as_str));
        section.clash(key, format!("there is no domain `{name}`"), help);
    }
    found.map(Some)
}

fn job(section: &Section<'_>, (names, many): (&[String], usize)) -> Option<Job> {
    let (name, kw) = (section.need_name("name"), section.need("kw"));
    let domain = named(section, "domain", names);
    let need = slots(section, "for").or_else(|| missing(section, "for"));
    let (release, deadline) = (slots_or(section, "release", 0), slots_or(section, "deadline", many));
    let (min_run, running) = (slots_or(section, "min-run", 1), slots_or(section, "running", 0));
    let (checkpoint, notice) = (slots_or(section, "checkpoint", 1), slots_or(section, "notice", 0));
    let interruptible = section.or("interruptible", true);
    let priority = section.whole("priority", (0, 255)).and_then(|n| u32::try_from(n).ok()).unwrap_or(100);
    let lost = section.or("lost", 0.0);
    Some(Job {
        name: name?,
        domain: domain?,
        kw: kw?,
        release: release?,
        deadline: deadline?,
        slots: need?,
        min_run: min_run?,
        checkpoint: checkpoint?,
        interruptible,
        running: running?,
        notice: notice?,
        priority,
        lost,
    })
}
