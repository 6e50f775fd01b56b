//! The catalogue of faults: the word for each, what stands after it, and what it does.

use plant::hall::{Hall, Kind, MeterRole};
use plant::id::{EquipId, PointId};
use plant::point::{PointDef, Role};
use plant::units::Unit;

use super::{ActuatorFault, Fault, FeedbackFault, MachineFault, SensorFault};

/// One fault that a world can have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Its word.
    pub word: &'static str,
    /// What can have it.
    pub on: On,
    /// What stands after the word; nothing where the word is all.
    pub with: With,
    /// What it does, in a sentence.
    pub says: &'static str,
}

/// What a fault is a fault of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Any point that can be read.
    Sensor,
    /// A point that commands a drive or valve.
    Actuator,
    /// An equipment.
    Equipment,
}

/// What stands after a fault's word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum With {
    /// Nothing.
    Nothing,
    /// A number: what it is, with its unit, and its range.
    Number(&'static str, (f64, f64)),
    /// The name of another point.
    Point,
}

const ANY: (f64, f64) = (f64::MIN, f64::MAX);
const PERCENT: (f64, f64) = (0.0, 100.0);
const SHARE: (f64, f64) = (0.0, 1.0);
const BY: With = With::Number("by how much, in the point's unit", ANY);

const LEFT: With = With::Number("percent of nominal, 0 to 100", PERCENT);

const fn entry_of(on: On, word: &'static str, with: With, says: &'static str) -> Entry {
    Entry { word, on, with, says }
}

/// Every fault that a world can have.
pub const CATALOGUE: &[Entry] = &[
    entry_of(On::Sensor, "stuck", With::Nothing, "reads what it read last"),
    entry_of(On::Sensor, "offset", BY, "reads so much more than it should"),
    entry_of(On::Sensor, "nan", With::Nothing, "reads no number"),
    entry_of(On::Sensor, "lost", With::Nothing, "does not read at all"),
    entry_of(On::Sensor, "garbage", With::Nothing, "reads anything"),
    entry_of(On::Sensor, "spike", BY, "one reading in sixty is off by so much"),
    entry_of(
        On::Sensor,
        "noise-burst",
        With::Number("standard deviation, in the point's unit", (0.0, f64::MAX)),
        "has noise on top of its own",
    ),
    entry_of(
        On::Sensor,
        "dropout",
        With::Number("share of readings, 0 to 1", SHARE),
        "a share of readings does not come",
    ),
    entry_of(On::Sensor, "sign-flip", With::Nothing, "reads the negative of what it should"),
    entry_of(On::Sensor, "fahrenheit", With::Nothing, "reads degrees Fahrenheit as degrees Celsius"),
    entry_of(On::Sensor, "swapped", With::Point, "reads another point: two wires were exchanged"),
    entry_of(
        On::Sensor,
        "duplicate-id",
        With::Point,
        "another device has its Modbus address, and answers now and then",
    ),
    entry_of(On::Sensor, "out-of-range", With::Nothing, "reads far beyond what there can be"),
    entry_of(On::Sensor, "all-ones", With::Nothing, "reads 0xFFFF in every word"),
    entry_of(On::Sensor, "sign-bit", With::Nothing, "reads 0x8000, the usual code for no value"),
    entry_of(On::Sensor, "zero-frame", With::Nothing, "reads a frame of zeros"),
    entry_of(On::Sensor, "byte-swap", With::Nothing, "reads with the bytes of every word swapped"),
    entry_of(On::Sensor, "stale-stamp", With::Nothing, "reads what it read last, with the time stamp of then"),
    entry_of(On::Actuator, "jammed", With::Nothing, "stays where it is"),
    entry_of(On::Actuator, "stuck-at", With::Number("position, 0 to 100 %", PERCENT), "goes there and stays"),
    entry_of(On::Actuator, "slow", With::Number("times, 1 or more", (1.0, 1e6)), "moves so many times slower"),
    entry_of(On::Actuator, "leaking", With::Number("share, 0 to 1", SHARE), "passes this share when it is closed"),
    entry_of(On::Actuator, "reversed", With::Nothing, "opens when it is told to close"),
    entry_of(On::Actuator, "runaway", With::Nothing, "runs to its open end whatever it is told"),
    entry_of(
        On::Actuator,
        "hand",
        With::Number("position, 0 to 100 %", PERCENT),
        "stands there by hand and ignores commands",
    ),
    entry_of(On::Actuator, "lost-command", With::Nothing, "hears no command; after its own time it fails safe"),
    entry_of(On::Actuator, "power-lost", With::Nothing, "has no power: its spring moves it, or it stays"),
    entry_of(On::Actuator, "feedback-lost", With::Nothing, "its position is not reported"),
    entry_of(On::Actuator, "feedback-frozen", With::Nothing, "reports where it was when this began"),
    entry_of(On::Actuator, "feedback-lies", With::Nothing, "reports where it was told to be"),
    entry_of(On::Equipment, "fan-failed", With::Nothing, "a fan's motor is dead; it runs down in ten seconds"),
    entry_of(On::Equipment, "valve-stuck", With::Nothing, "a CRAH's valve stays where it is"),
    entry_of(On::Equipment, "pump-tripped", With::Nothing, "the pump runs down in five seconds"),
    entry_of(On::Equipment, "chiller-tripped", With::Nothing, "the chiller takes no heat"),
    entry_of(
        On::Equipment,
        "tripped",
        With::Nothing,
        "a machine, a battery or a circuit's pumps stop and stay stopped",
    ),
    entry_of(On::Equipment, "fans-failed", With::Nothing, "a tower's or dry cooler's fans are dead"),
    entry_of(
        On::Equipment,
        "jammed",
        With::Nothing,
        "a DX unit's damper, or the valve of a tank or of an economiser, stays where it is",
    ),
    entry_of(On::Equipment, "fouled", With::Number("share of the plates, 0 to 1", SHARE), "a CDU's plates are fouled"),
    entry_of(
        On::Equipment,
        "clogged",
        With::Number("times the clean drop, 1 to 100", (1.0, 100.0)),
        "a CDU's filter or a rear door's strainer is clogged",
    ),
    entry_of(On::Equipment, "air-in-loop", With::Number("share of the flow, 0 to 1", SHARE), "air takes a CDU's flow"),
    entry_of(
        On::Equipment,
        "leak",
        With::Number("kg/s, 0 to 100", (0.0, 100.0)),
        "a CDU, a tank or a rear door loses liquid",
    ),
    entry_of(On::Equipment, "customer-gone", With::Nothing, "nobody takes a heat recovery's heat any more"),
    entry_of(
        On::Equipment,
        "short-circuit",
        With::Number("K, 0 to 30", (0.0, 30.0)),
        "a dry cooler breathes its own warm air",
    ),
    entry_of(
        On::Equipment,
        "humid",
        With::Number("K of dew point, 0 to 40", (0.0, 40.0)),
        "the air around a room's sensor is so much moister",
    ),
    entry_of(
        On::Equipment,
        "refilled",
        With::Number("°C, -10 to 80", (-10.0, 80.0)),
        "a tank is filled anew with liquid so warm; nothing takes it back",
    ),
    entry_of(On::Equipment, "vent-open", With::Nothing, "a two-phase tank's vent stays open"),
    entry_of(
        On::Equipment,
        "containment-open",
        With::Number("share of a rack's air, 0 to 0.9", (0.0, 0.9)),
        "a rack breathes its own hot air: a door or a panel is open",
    ),
    entry_of(On::Equipment, "outage", With::Nothing, "the grid behind the utility's meter has no voltage"),
    entry_of(On::Equipment, "brownout", LEFT, "the grid's voltage stays at so much"),
    entry_of(On::Equipment, "sag", LEFT, "the grid's voltage falls to so much, once, for 150 ms"),
    entry_of(On::Equipment, "on-bypass", With::Nothing, "a UPS is switched to its bypass: the load hangs on the grid"),
    entry_of(On::Equipment, "string-open", With::Nothing, "the breaker of a UPS's batteries is open"),
    entry_of(
        On::Equipment,
        "start-fails",
        With::Nothing,
        "a generator, a chiller, a pump, an economiser, a purge or a DX unit's compressor does not start; a battery does nothing",
    ),
    entry_of(
        On::Equipment,
        "stop-fails",
        With::Nothing,
        "a chiller, a pump, an economiser, a purge or a DX unit's compressor does not stop",
    ),
    entry_of(On::Equipment, "pads-stay-dry", With::Nothing, "no water comes to a dry cooler's pads"),
    entry_of(On::Equipment, "pads-stay-wet", With::Nothing, "the water of a dry cooler's pads is not shut off"),
    entry_of(On::Equipment, "coupling-broken", With::Nothing, "a pump on a header turns and moves nothing"),
    entry_of(On::Equipment, "breaker-open", With::Nothing, "a PDU's feeder is open until a person resets it"),
    entry_of(On::Equipment, "smoke", With::Nothing, "smoke comes to a detector"),
    entry_of(
        On::Equipment,
        "hand",
        With::Number("duty, 0 to 100 %", PERCENT),
        "a device's switch is turned to hand; a machine runs from 50 % on",
    ),
];

/// What was written after the word.
#[derive(Clone, Copy)]
enum Given {
    Nothing,
    Number(f64),
    Point(PointId),
}

impl Given {
    const fn number(self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Nothing | Self::Point(_) => None,
        }
    }
}

pub(super) fn parse(hall: &Hall, text: &str) -> Result<Fault, String> {
    let mut words = text.split_whitespace();
    let (thing, what, argument) = (words.next().unwrap_or(""), words.next().unwrap_or(""), words.next());
    if words.next().is_some() || what.is_empty() {
        return Err(format!("`{text}` is no fault: write `<point or equipment> <fault> [what with]`"));
    }
    if let Some(point) = hall.point(thing) {
        let commands = hall.points.get(point).is_some_and(|p| p.role == Role::Cmd);
        let fits = |e: &&Entry| e.word == what && (e.on == On::Sensor || (e.on == On::Actuator && commands));
        let entry = CATALOGUE.iter().find(fits).ok_or_else(|| unknown(what, commands))?;
        let given = given(hall, entry, argument)?;
        return of_point(hall, point, entry, given);
    }
    let equip = hall.equip(thing).ok_or_else(|| format!("there is no point or equipment called `{thing}`"))?;
    let kind = hall.equips.get(equip).map_or(Kind::Meter, |e| e.kind);
    let refusal = || format!("a {} cannot be `{what}`", kind.word());
    let entry = CATALOGUE.iter().find(|e| e.word == what && e.on == On::Equipment).ok_or_else(refusal)?;
    let given = given(hall, entry, argument)?;
    let fan = matches!(kind, Kind::Crah | Kind::Fan | Kind::Dx);
    match (what, given) {
        ("fan-failed", _) if fan => Ok(Fault::FanFailed(equip)),
        ("valve-stuck", _) if kind == Kind::Crah => Ok(Fault::ValveStuck(equip)),
        ("pump-tripped", _) if kind == Kind::ChilledWater => Ok(Fault::PumpTripped),
        ("chiller-tripped", _) if kind == Kind::ChilledWater => Ok(Fault::ChillerTripped),
        ("hand", Given::Number(duty)) if fan || kind == Kind::ChilledWater || is_sequenced(hall, equip) => {
            Ok(Fault::LocalHand { equip, duty })
        }
        (_, _) => MachineFault::of(what, given.number())
            .filter(|how| how.fits(kind) && (!how.of_grid() || is_utility(hall, equip)))
            .filter(|how| !how.of_feeder() || is_feeder(hall, thing))
            .map_or_else(|| Err(refusal()), |how| Ok(Fault::Machine { equip, how })),
    }
}

/// True for a machine that control runs by sequence.
fn is_sequenced(hall: &Hall, equip: EquipId) -> bool {
    let points = hall.equips.get(equip).map_or(&[][..], |def| def.points.as_slice());
    points.iter().any(|point| hall.points.get(*point).is_some_and(PointDef::is_run_mode))
}

/// True for the name of a feed that has a breaker and racks on it: what else hangs on feeds does not go dark yet.
fn is_feeder(hall: &Hall, name: &str) -> bool {
    let feed = hall.power.feed(name).and_then(|feed| hall.power.feeds.get(feed));
    feed.is_some_and(|feed| feed.breaker.is_some() && !feed.cords.is_empty())
}

/// True for the meter behind which the grid is.
fn is_utility(hall: &Hall, equip: EquipId) -> bool {
    hall.meters.iter().any(|m| m.equip == equip && m.role == MeterRole::Utility)
}

fn unknown(what: &str, commands: bool) -> String {
    let words = CATALOGUE.iter().filter(|e| e.on == On::Sensor || (e.on == On::Actuator && commands)).map(|e| e.word);
    let list = words.collect::<Vec<_>>().join(", ");
    format!("a point cannot be `{what}`; it can be: {list}")
}

fn given(hall: &Hall, entry: &Entry, argument: Option<&str>) -> Result<Given, String> {
    let word = entry.word;
    match (entry.with, argument) {
        (With::Nothing, None) => Ok(Given::Nothing),
        (With::Nothing, Some(extra)) => Err(format!("nothing stands after `{word}`, and `{extra}` does")),
        (With::Point, None) => Err(format!("`{word}` needs the name of the other point after it")),
        (With::Point, Some(name)) => {
            hall.point(name).map(Given::Point).ok_or_else(|| format!("there is no point called `{name}`"))
        }
        (With::Number(what, (low, high)), _) => {
            let number = argument.and_then(|n| n.parse::<f64>().ok()).filter(|n| n.is_finite());
            match number {
                Some(number) if number >= low && number <= high => Ok(Given::Number(number)),
                Some(number) => Err(format!("`{word}` cannot be {number}: {what}")),
                None => Err(format!("`{word}` needs a number after it: {what}")),
            }
        }
    }
}

fn of_point(hall: &Hall, point: PointId, entry: &Entry, given: Given) -> Result<Fault, String> {
    let celsius = hall.points.get(point).is_some_and(|p| p.unit == Unit::Cel);
    let how = match (entry.word, given) {
        ("stuck", _) => SensorFault::Stuck,
        ("offset", Given::Number(by)) => SensorFault::Offset(by),
        ("nan", _) => SensorFault::NotANumber,
        ("lost", _) => SensorFault::Lost,
        ("garbage", _) => SensorFault::Garbage,
        ("spike", Given::Number(by)) => SensorFault::Spike(by),
        ("noise-burst", Given::Number(deviation)) => SensorFault::NoiseBurst(deviation),
        ("dropout", Given::Number(share)) => SensorFault::Dropout(share),
        ("sign-flip", _) => SensorFault::SignFlip,
        ("fahrenheit", _) if celsius => SensorFault::Fahrenheit,
        ("fahrenheit", _) => return Err("only a temperature can be read in `fahrenheit`".to_owned()),
        ("swapped", Given::Point(other)) => SensorFault::Swapped(other),
        ("duplicate-id", Given::Point(other)) => SensorFault::DuplicateId(other),
        ("out-of-range", _) => SensorFault::OutOfRange,
        ("all-ones", _) => SensorFault::AllOnes,
        ("sign-bit", _) => SensorFault::SignBit,
        ("zero-frame", _) => SensorFault::ZeroFrame,
        ("byte-swap", _) => SensorFault::ByteSwap,
        ("stale-stamp", _) => SensorFault::StaleStamp,
        (_, _) => return of_actuator(point, entry, given),
    };
    Ok(Fault::Sensor { point, how })
}

fn of_actuator(point: PointId, entry: &Entry, given: Given) -> Result<Fault, String> {
    let how = match (entry.word, given) {
        ("jammed", _) => ActuatorFault::Jammed,
        ("stuck-at", Given::Number(at)) => ActuatorFault::StuckAt(at),
        ("slow", Given::Number(times)) => ActuatorFault::Slow(times),
        ("leaking", Given::Number(share)) => ActuatorFault::Leaking(share),
        ("reversed", _) => ActuatorFault::Reversed,
        ("runaway", _) => ActuatorFault::Runaway,
        ("hand", Given::Number(at)) => ActuatorFault::LocalHand(at),
        ("lost-command", _) => ActuatorFault::LostCommand,
        ("power-lost", _) => ActuatorFault::PowerLost,
        ("feedback-lost", _) => return Ok(Fault::Feedback { point, how: FeedbackFault::Lost }),
        ("feedback-frozen", _) => return Ok(Fault::Feedback { point, how: FeedbackFault::Frozen }),
        ("feedback-lies", _) => return Ok(Fault::Feedback { point, how: FeedbackFault::Lies }),
        (word, _) => return Err(unknown(word, true)),
    };
    Ok(Fault::Actuator { point, how })
}

pub(super) fn text(fault: &Fault, hall: &Hall) -> String {
    let point = |point: PointId| hall.points.get(point).map_or("", |p| p.name.as_str());
    let equip = |equip| hall.equips.get(equip).map_or("", |e| e.name.as_str());
    let water = || {
        let of = hall.equips.iter().find(|(_, e)| e.kind == Kind::ChilledWater);
        of.map_or("", |(_, e)| e.name.as_str())
    };
    let word = word(fault);
    let (thing, number, other) = match *fault {
        Fault::Sensor { point: at, how } => (point(at), how.number(), how.other().map(point)),
        Fault::Actuator { point: at, how } => (point(at), how.number(), None),
        Fault::Feedback { point: at, .. } => (point(at), None, None),
        Fault::FanFailed(of) | Fault::ValveStuck(of) => (equip(of), None, None),
        Fault::PumpTripped | Fault::ChillerTripped => (water(), None, None),
        Fault::Machine { equip: of, how } => (equip(of), how.number(), None),
        Fault::LocalHand { equip: of, duty } => (equip(of), Some(duty), None),
    };
    match (number, other) {
        (Some(number), _) => format!("{thing} {word} {number}"),
        (None, Some(other)) => format!("{thing} {word} {other}"),
        (None, None) => format!("{thing} {word}"),
    }
}

pub(super) fn entry(fault: &Fault) -> Option<&'static Entry> {
    let on = match fault {
        Fault::Sensor { .. } => On::Sensor,
        Fault::Actuator { .. } | Fault::Feedback { .. } => On::Actuator,
        Fault::FanFailed(_)
        | Fault::ValveStuck(_)
        | Fault::PumpTripped
        | Fault::ChillerTripped
        | Fault::Machine { .. }
        | Fault::LocalHand { .. } => On::Equipment,
    };
    CATALOGUE.iter().find(|e| e.on == on && e.word == word(fault))
}

const fn word(fault: &Fault) -> &'static str {
    match fault {
        Fault::Machine { how, .. } => how.word(),
        Fault::Sensor { how, .. } => how.word(),
        Fault::Actuator { how, .. } => how.word(),
        Fault::Feedback { how, .. } => how.word(),
        Fault::FanFailed(_) => "fan-failed",
        Fault::ValveStuck(_) => "valve-stuck",
        Fault::PumpTripped => "pump-tripped",
        Fault::ChillerTripped => "chiller-tripped",
        Fault::LocalHand { .. } => "hand",
    }
}

#[cfg(test)]
mod tests;
