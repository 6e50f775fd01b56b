//! How a register is written: the half of a `[[register]]` that only `rw` and `wo` have.

use crate::device::{Access, CommLoss, Register, RegisterType, RegisterWrite, codec};
use crate::read::Section;
use crate::time::Span;

/// The keys that mean something only where somebody writes.
const KEYS: [&str; 9] = [
    "write-min",
    "write-max",
    "failsafe",
    "refresh",
    "read-back",
    "tolerance",
    "nonvolatile",
    "min-interval",
    "multiple",
];

/// A nonvolatile register is not refreshed.
const NEVER: Span = Span::from_nanos(u64::MAX);

/// How the register is written; inner nothing for a read-only one. `register` is it without this part, where it has no fault.
pub(super) fn write(
    section: &Section<'_>,
    access: Option<Access>,
    register: Option<&Register>,
    comm_loss: Option<&CommLoss>,
) -> Option<Option<RegisterWrite>> {
    if !access.is_none_or(Access::writes) {
        for key in KEYS {
            if section.has(key) {
                let message = format!("`{key}` means nothing for a register that is only read");
                section.fault(key, message, "write `access = \"rw\"` or take it away");
            }
        }
        return Some(None);
    }
    let (min, max) = limits(section, register.map(|r| r.ty));
    let failsafe = failsafe(section, min.zip(max));
    let nonvolatile = section.or("nonvolatile", false);
    let refresh = refresh(section, nonvolatile, comm_loss);
    let min_interval = min_interval(section, nonvolatile);
    let read_back = read_back(section, access);
    let tolerance = section.has("tolerance").then(|| section.within("tolerance", (0.0, f64::INFINITY)));
    let multiple = section.or("multiple", false);
    let register = register?;
    let write = RegisterWrite {
        min: min?,
        max: max?,
        failsafe: failsafe?,
        refresh: refresh?,
        read_back: read_back?,
        tolerance: tolerance.unwrap_or_else(|| Some(natural_tolerance(register, (min?, max?))))?,
        nonvolatile,
        min_interval: min_interval?,
        multiple,
    };
    fits(section, register, &write);
    Some(Some(write))
}

fn limits(section: &Section<'_>, ty: Option<RegisterType>) -> (Option<f64>, Option<f64>) {
    let end = |key: &'static str, bit: f64| {
        if ty == Some(RegisterType::Bool) && !section.has(key) {
            return Some(bit);
        }
        if !section.has(key) {
            section.missing(key, format!("write `{key} = …`: the product's own limit, in `unit`"));
        }
        section.maybe::<f64>(key)
    };
    let (min, max) = (end("write-min", 0.0), end("write-max", 1.0));
    if let (Some(low), Some(high)) = (min, max)
        && low >= high
    {
        let message = format!("`write-min` is {low} and must be below `write-max`, which is {high}");
        section.fault("write-min", message, "swap them or widen the range");
        return (None, None);
    }
    (min, max)
}

fn failsafe(section: &Section<'_>, range: Option<(f64, f64)>) -> Option<f64> {
    if !section.has("failsafe") {
        section.missing(
            "failsafe",
            "write `failsafe = …`: the safe value when control is lost; nothing writable goes without",
        );
    }
    let failsafe: f64 = section.maybe("failsafe")?;
    if let Some((low, high)) = range
        && !(failsafe >= low && failsafe <= high)
    {
        let message = format!("`failsafe` is {failsafe}, outside the write range {low} to {high}");
        section.fault("failsafe", message, "a value that may not be written cannot be the safe one");
        return None;
    }
    Some(failsafe)
}

fn refresh(section: &Section<'_>, nonvolatile: bool, comm_loss: Option<&CommLoss>) -> Option<Span> {
    if nonvolatile {
        if section.has("refresh") {
            let message = "`refresh` would wear out a nonvolatile register";
            section.fault("refresh", message, "take it away: it is written on change only");
        }
        return Some(NEVER);
    }
    let refresh: Span = section.need("refresh")?;
    if refresh == Span::ZERO {
        section.fault("refresh", "`refresh` is zero", "write how often the value is written again, such as \"5s\"");
        return None;
    }
    if let Some(loss) = comm_loss
        && refresh.times(3) >= loss.after
    {
        let message =
            format!("`refresh` is {refresh} and must be under a third of the product's loss time, {}", loss.after);
        let third = Span::from_millis(loss.after.millis() / 4);
        section.fault("refresh", message, format!("write `refresh = \"{third}\"` or less: two writes may get lost"));
        return None;
    }
    Some(refresh)
}

fn min_interval(section: &Section<'_>, nonvolatile: bool) -> Option<Span> {
    if section.has("min-interval") && !nonvolatile {
        let message = "`min-interval` is for a register that wears out";
        section.fault("min-interval", message, "write `nonvolatile = true` or take it away");
        return None;
    }
    let otherwise = if nonvolatile { Span::from_secs(3600) } else { Span::ZERO };
    if section.has("min-interval") { section.maybe("min-interval") } else { Some(otherwise) }
}

fn read_back(section: &Section<'_>, access: Option<Access>) -> Option<bool> {
    let readable = access.is_none_or(Access::reads);
    if !section.has("read-back") {
        return Some(readable);
    }
    let read_back: bool = section.maybe("read-back")?;
    if read_back && !readable {
        let message = "a write-only register cannot be read back";
        section.fault("read-back", message, "take it away; its writes stay unproven, so look for a feedback register");
        return None;
    }
    Some(read_back)
}

/// One step of the register; for floats a thousandth of the write range.
fn natural_tolerance(register: &Register, (min, max): (f64, f64)) -> f64 {
    if register.ty.is_float() { (max - min) / 1000.0 } else { register.scale.abs() }
}

/// Both ends and the safe value must go into the register, or they would fail in the field.
fn fits(section: &Section<'_>, register: &Register, write: &RegisterWrite) {
    for (key, value) in [("write-min", write.min), ("write-max", write.max), ("failsafe", write.failsafe)] {
        if let Err(fault) = codec::encode(register, value) {
            let (label, ty) = (register.label(), register.ty.word());
            let message = format!("`{key}` is {value}, which {fault}: {label}, {ty} with scale {}", register.scale);
            section.fault(key, message, "check `type`, `scale` and `offset`: value = raw · scale + offset");
        }
    }
}
