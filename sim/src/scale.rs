//! A hall of another size: the same rows again and again, and a plant that grows with them.
//!
//! **Equation** with `k` the wanted racks over the hall's own: rows and all that stands in them (CRAHs, DX units, CDUs, meters of
//! rows) are repeated `⌈k⌉` times, and the last rows get fewer racks until the number is right; tanks are as many as are wanted. What
//! serves the whole hall grows by `k`: water, flows, capacities, conductances to outdoors, ratings; a tower by its cells. How many
//! chillers and pumps there are stays, because staging goes by their number: they become larger ones. Pressures, temperatures,
//! times, efficiencies and shares stay. **Source** similarity: for a whole `k` every rack sees what it saw before. **Box** one
//! rack a row, or one tank, and up. **Outside it** a hall of a part of its racks keeps whole rows' coolers, and has more air.

use plant::convert;
use toml::{Table, Value};

/// A hall's two files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// Its name.
    pub name: String,
    /// What it is.
    pub hall: String,
    /// Its physics.
    pub physics: String,
}

/// What of a water circuit grows with the hall, by the key's name.
const GROWS: [&str; 17] = [
    "supply-kg",
    "return-kg",
    "pipe-w-per-k",
    "flow-kg-per-s",
    "open-kg-per-s",
    "chilled-kg-per-s",
    "condenser-kg-per-s",
    "capacity-w",
    "standby-w",
    "heat-capacity-j-per-k",
    "heat-w",
    "fans-w",
    "heater-w",
    "duty-w",
    "base-w",
    "slope-w-per-k",
    "most-w",
];
/// What of the electrics grows with the hall, by the key's name.
const POWER_GROWS: [&str; 13] = [
    "lighting-w",
    "rated-va",
    "no-load-w",
    "load-w",
    "rated-w",
    "idle-fuel-w",
    "tank-l",
    "module-w",
    "sleep-standby-w",
    "charge-w",
    "charge-on-generator-w",
    "energy-wh",
    "auxiliary-w",
];
/// The most cells of a tower.
const MOST_CELLS: f64 = 100.0;
/// The lists of a hall that are racks by another name.
const TANKS: [&str; 2] = ["tank", "two-phase-tank"];

/// How much larger.
#[derive(Clone, Copy, Debug)]
struct Size {
    /// Racks, or tanks, that are wanted.
    wanted: usize,
    /// Of those that the hall has.
    copies: usize,
    factor: f64,
}

/// The hall with so many racks (or tanks, where it has no racks).
///
/// # Errors
/// A sentence: a file that is no TOML, a hall without racks whose number is written, fewer racks than rows.
pub fn to_racks(of: &Files, wanted: usize) -> Result<Files, String> {
    let parse = |what: &str, text: &str| text.parse::<Table>().map_err(|e| format!("the {what} of {}: {e}", of.name));
    let (mut hall, mut physics) = (parse("hall", &of.hall)?, parse("physics", &of.physics)?);
    let racks: usize = list(&hall, "row").map(racks_of).sum();
    let tanks: usize = TANKS.iter().map(|kind| list(&hall, kind).count()).sum();
    let (had, least) = if racks > 0 { (racks, list(&hall, "row").count()) } else { (tanks, 1) };
    if had == 0 || (racks > 0 && tanks > 0) {
        return Err(format!("{} has neither racks nor tanks whose number is written, or both", of.name));
    }
    if wanted < least {
        return Err(format!("{} has {least} rows, so that it cannot have fewer racks", of.name));
    }
    if ["feed", "node"].into_iter().flat_map(|kind| list(&hall, kind)).any(|one| one.contains_key("racks")) {
        return Err(format!("{} names racks in its power tree one by one: name their rows instead", of.name));
    }
    let factor = convert::f64_from_usize(wanted) / convert::f64_from_usize(had);
    let size = Size { wanted, copies: wanted.div_ceil(had), factor };
    let scoped: Vec<String> = list(&physics, "meter").filter_map(|m| word(m, "name")).collect();
    grow_hall(&mut hall, size, &scoped);
    grow_physics(&mut physics, size);
    let name = format!("{}-{wanted}", of.name);
    let summary = format!("{} scaled to {wanted} {}", of.name, if racks > 0 { "racks" } else { "tanks" });
    hall.insert("name".to_owned(), Value::String(name.clone()));
    hall.insert("summary".to_owned(), Value::String(summary));
    let text = |table: &Table| toml::to_string(table).map_err(|e| format!("{name}: {e}"));
    Ok(Files { hall: text(&hall)?, physics: text(&physics)?, name })
}

fn grow_hall(hall: &mut Table, size: Size, scoped: &[String]) {
    let meters = list(hall, "meter").count();
    for (kind, list) in hall.iter_mut() {
        let Value::Array(list) = list else { continue };
        if kind == "meter" {
            for meter in list.iter_mut().filter_map(Value::as_table_mut) {
                if word(meter, "name").is_none_or(|name| !scoped.contains(&name)) {
                    grow(meter, "rated", size.factor);
                }
            }
            *list = repeated(list, size.copies, |meter| word(meter, "name").is_some_and(|name| scoped.contains(&name)));
        } else if kind == "alarm" {
            for alarm in list.iter_mut().filter_map(Value::as_table_mut) {
                if word(alarm, "condition").is_some_and(|c| c == "unattributed-above") {
                    grow(alarm, "limit", size.factor);
                    grow(alarm, "deadband", size.factor);
                }
            }
        } else if kind == "feed" {
            *list = feeds(list, size, meters);
        } else if kind == "node" {
            list.iter_mut().filter_map(Value::as_table_mut).for_each(|node| in_all_rows(node, size.copies));
        } else if TANKS.contains(&kind.as_str()) {
            *list = repeated(list, size.copies, |_| true);
            list.truncate(size.wanted);
        } else {
            *list = repeated(list, size.copies, |one| kind == "row" || one.contains_key("row"));
        }
    }
    if let Some(Value::Array(rows)) = hall.get_mut("row") {
        thin_out(rows, size.wanted);
    }
}

/// Feeds of rows are repeated with them, each with its own meter; those above them become larger ones, which lose the same share.
fn feeds(list: &mut [Value], size: Size, meters: usize) -> Vec<Value> {
    let of_rows = |feed: &Table| feed.contains_key("rows");
    for feed in list.iter_mut().filter_map(Value::as_table_mut).filter(|feed| !of_rows(feed)) {
        grow(feed, "rated", size.factor);
        grow(feed, "other-peak", size.factor);
        for (section, key) in [("breaker", "rated-a"), ("loss", "fixed")] {
            if let Some(Value::Table(section)) = feed.get_mut(section) {
                grow(section, key, size.factor);
            }
        }
    }
    let mut all = list.to_vec();
    for copy in 1..size.copies {
        for one in list.iter().filter_map(Value::as_table).filter(|feed| of_rows(feed)) {
            let mut feed = copied(one, copy, list.len());
            match (feed.remove("meter"), feed.get_mut("meters")) {
                (Some(Value::String(meter)), _) => {
                    feed.insert("meter".to_owned(), Value::String(renamed(&meter, copy, meters)));
                }
                (_, Some(Value::Array(phases))) => {
                    for phase in phases {
                        if let Value::String(meter) = phase {
                            *meter = renamed(meter, copy, meters);
                        }
                    }
                }
                (_, _) => {}
            }
            all.push(Value::Table(feed));
        }
    }
    all
}

/// The same nodes in the rows' copies.
fn in_all_rows(node: &mut Table, copies: usize) {
    if let Some(Value::Array(rows)) = node.get_mut("rows") {
        let names: Vec<_> = rows.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        rows.extend((1..copies).flat_map(|copy| names.iter().map(move |row| Value::String(row_of(row, copy)))));
    }
}

/// Takes racks from the rows in turn, the last one first, until there are so many.
fn thin_out(rows: &mut [Value], wanted: usize) {
    let mut spare = rows.iter().filter_map(Value::as_table).map(racks_of).sum::<usize>().saturating_sub(wanted);
    while spare > 0 {
        let before = spare;
        for row in rows.iter_mut().rev().filter_map(Value::as_table_mut) {
            let racks = racks_of(row);
            if spare > 0 && racks > 1 {
                row.insert("racks".to_owned(), Value::Integer(i64::try_from(racks.saturating_sub(1)).unwrap_or(1)));
                spare = spare.saturating_sub(1);
            }
        }
        if spare == before {
            return;
        }
    }
}

fn grow_physics(physics: &mut Table, size: Size) {
    for circuit in ["chilled-water", "facility-water"] {
        if let Some(Value::Table(circuit)) = physics.get_mut(circuit) {
            grow_plant(circuit, size.factor);
        }
    }
    if let Some(Value::Table(room)) = physics.get_mut("room") {
        grow(room, "envelope-w-per-k", size.factor);
    }
    let tanks = physics.contains_key("tank");
    if let Some(Value::Table(electrics)) = physics.get_mut("electrics") {
        grow_power(electrics, size.factor);
        // Rows bring their PDUs with them; the tanks' become larger ones, which lose the same share.
        if let Some(Value::Table(pdu)) = electrics.get_mut("pdu").filter(|_| tanks) {
            grow(pdu, "rated-a", size.factor);
            grow(pdu, "fixed-w", size.factor);
            grow(pdu, "phase-ohm", 1.0 / size.factor);
            grow(pdu, "neutral-ohm", 1.0 / size.factor);
        }
    }
    if let Some(Value::Array(meters)) = physics.get_mut("meter") {
        *meters = repeated(meters, size.copies, |_| true);
    }
}

/// What of the power's way to the hall grows, but its PDUs: transformer, generator and its tank, the modules of UPSs and their strings.
fn grow_power(section: &mut Table, factor: f64) {
    grow_all(section, &POWER_GROWS, factor, |key, _| key == "pdu");
}

/// Everything of a circuit that grows, wherever it is written; a tower's cells are as they were, and more of them.
fn grow_plant(section: &mut Table, factor: f64) {
    grow_all(section, &GROWS, factor, |key, table| {
        let tower = key == "tower";
        if tower {
            grow_tower(table, factor);
        }
        tower
    });
}

/// Makes the numbers of these names larger, in all of a section but the tables that `own` takes care of.
fn grow_all(section: &mut Table, names: &[&str], factor: f64, own: impl Fn(&str, &mut Table) -> bool + Copy) {
    for (key, value) in section.iter_mut() {
        match value {
            Value::Table(inner) => {
                if !own(key, inner) {
                    grow_all(inner, names, factor, own);
                }
            }
            Value::Integer(_) | Value::Float(_) if names.contains(&key.as_str()) => times(value, factor),
            Value::Integer(_)
            | Value::Float(_)
            | Value::String(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Array(_) => {}
        }
    }
}

fn grow_tower(tower: &mut Table, factor: f64) {
    let had = tower.get("cells").and_then(number).unwrap_or(1.0);
    let cells = (had * factor).round().clamp(1.0, MOST_CELLS);
    tower.insert("cells".to_owned(), Value::Integer(convert::i64_from_f64_rounded(cells)));
    // Whole cells: each is larger or smaller by what rounding left.
    let each = had * factor / cells;
    grow(tower, "fan-w", each);
    if let Some(Value::Table(design)) = tower.get_mut("design") {
        grow(design, "water-kg-per-s", each);
        grow(design, "air-kg-per-s", each);
    }
    if let Some(Value::Table(basin)) = tower.get_mut("basin") {
        grow_plant(basin, factor);
    }
}

/// A list with those that `again` picks repeated, each copy under a name of its own and in rows of its own.
fn repeated(list: &[Value], copies: usize, again: impl Fn(&Table) -> bool) -> Vec<Value> {
    let mut all = list.to_vec();
    for copy in 1..copies {
        let picked = list.iter().filter_map(Value::as_table).filter(|one| again(one));
        all.extend(picked.map(|one| Value::Table(copied(one, copy, list.len()))));
    }
    all
}

fn copied(one: &Table, copy: usize, count: usize) -> Table {
    let mut one = one.clone();
    for (key, value) in one.iter_mut() {
        match (key.as_str(), value) {
            ("name", Value::String(name)) => *name = renamed(name, copy, count),
            ("row", Value::String(row)) => *row = row_of(row, copy),
            ("rows", Value::Array(rows)) => {
                for row in rows {
                    if let Value::String(row) = row {
                        *row = row_of(row, copy);
                    }
                }
            }
            (_, _) => {}
        }
    }
    one
}

/// `crah-2` of six becomes `crah-8`; what has no number gets one, as a row does.
fn renamed(name: &str, copy: usize, count: usize) -> String {
    match name.rsplit_once('-').and_then(|(kind, number)| Some((kind, number.parse::<usize>().ok()?))) {
        Some((kind, number)) => format!("{kind}-{}", copy.saturating_mul(count).saturating_add(number)),
        None => row_of(name, copy),
    }
}

fn row_of(row: &str, copy: usize) -> String {
    format!("{row}-{}", copy.saturating_add(1))
}

fn list<'t>(of: &'t Table, key: &str) -> impl Iterator<Item = &'t Table> {
    of.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table)
}

fn racks_of(row: &Table) -> usize {
    row.get("racks").and_then(Value::as_integer).and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
}

fn word(of: &Table, key: &str) -> Option<String> {
    of.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn number(of: &Value) -> Option<f64> {
    of.as_float().or_else(|| of.as_integer().map(convert::f64_from_i64))
}

fn grow(of: &mut Table, key: &str, factor: f64) {
    if let Some(value) = of.get_mut(key) {
        times(value, factor);
    }
}

fn times(value: &mut Value, factor: f64) {
    if let Some(number) = number(value) {
        *value = Value::Float(number * factor);
    }
}
