//! One `[[register]]`.

use super::{Shared, commanded, place, point, range, scaling, unit, write};
use crate::device::{Access, ByteOrder, Register, RegisterTable, RegisterType};
use crate::hall::kind::PointSpec;
use crate::read::Section;
use crate::time::Span;

/// Reads a register; every fault is noted, and there is no register when there was one.
pub(super) fn register(section: &Section<'_>, shared: &Shared<'_>) -> Option<Register> {
    let point = point(section, shared.kind);
    let spec = point.as_ref().and_then(|(_, spec)| spec.as_ref());
    let place = place::place(section);
    let ty = register_type(section, place.map(|(table, _)| table));
    let byte_order = byte_order(section, shared.byte_order);
    let scaling = scaling(section);
    let unit = unit(section, spec);
    let range = range(section);
    let invalid = ty.map_or_else(|| section.maybe::<Vec<i128>>("invalid").and(None), |ty| invalid(section, ty));
    let poll = section.or("poll", Span::ZERO);
    let access = access(section, place.map(|(table, _)| table), ty);
    if let (Some(access), true) = (access, point.is_some() && shared.kind.is_some()) {
        role(section, spec, access);
    }
    let draft = || {
        Some(Register {
            point: point.as_ref()?.0.clone(),
            table: place?.0,
            address: place?.1,
            ty: ty?,
            byte_order: byte_order?,
            scale: scaling?.0,
            offset: scaling?.1,
            unit: unit?,
            invalid: invalid.clone()?,
            min: range?.0,
            max: range?.1,
            poll,
            access: access?,
            write: None,
            place: section.place("point"),
        })
    };
    let draft = draft();
    let write = write::write(section, access, draft.as_ref(), shared.comm_loss);
    section.done();
    Some(Register { write: write?, ..draft? })
}

fn register_type(section: &Section<'_>, table: Option<RegisterTable>) -> Option<RegisterType> {
    let bit = section.has("bit").then(|| section.whole("bit", (0, 15)));
    if !section.has("type") {
        if table.is_some_and(RegisterTable::holds_bits) {
            return Some(RegisterType::Bool);
        }
        section.missing(
            "type",
            "write `type = \"int16\"`, or another of bit, uint16 … uint64, int32, int64, float32, float64",
        );
        return None;
    }
    let ty = section.word("type", &RegisterType::WORDS)?;
    if let Some(table) = table
        && table.holds_bits() != (ty == RegisterType::Bool)
    {
        let (message, help) = if table.holds_bits() {
            (format!("a {} holds one bit, no {}", table.word(), ty.word()), "write `type = \"bool\"` or leave it out")
        } else {
            (format!("{} registers hold words, not a bool", table.word()), "write `type = \"bit\"` and `bit = 0` to 15")
        };
        section.fault("type", message, help);
        return None;
    }
    match (ty == RegisterType::Bit(0), bit) {
        (true, Some(n)) => u8::try_from(n?).ok().map(RegisterType::Bit),
        (true, None) => {
            section.missing("bit", "write `bit = 0` (least significant) to 15");
            None
        }
        (false, Some(_)) => {
            section.fault("bit", format!("type {} has no `bit`", ty.word()), "take it away or write `type = \"bit\"`");
            None
        }
        (false, None) => Some(ty),
    }
}

/// The register's own order, or its file's.
pub(super) fn byte_order(section: &Section<'_>, inherited: ByteOrder) -> Option<ByteOrder> {
    if section.has("byte-order") { section.word("byte-order", &ByteOrder::WORDS) } else { Some(inherited) }
}

/// The raw codes for "no value".
fn invalid(section: &Section<'_>, ty: RegisterType) -> Option<Vec<u64>> {
    if !section.has("invalid") {
        return Some(Vec::new());
    }
    if ty.is_bit() {
        section.fault("invalid", "a bit has no code for \"no value\"", "take `invalid` away");
        return None;
    }
    codes(section, "invalid", ty)
}

/// Raw codes as bits of the type's width. A negative code of a signed type is taken as people write it.
pub(super) fn codes(section: &Section<'_>, key: &'static str, ty: RegisterType) -> Option<Vec<u64>> {
    let codes: Vec<i128> = section.maybe(key)?;
    let end = 1_i128 << (u32::from(ty.words()) * 16);
    let lowest = if ty.is_signed() { -(end / 2) } else { 0 };
    let mut bits = Vec::new();
    for code in codes {
        let fits = (lowest..end).contains(&code);
        match u64::try_from(if code < 0 { code + end } else { code }) {
            Ok(raw) if fits => bits.push(raw),
            Ok(_) | Err(_) => {
                let message = format!("the code {code} does not fit {}", ty.word());
                section.fault(key, message, "write the raw bits, such as 0x8000, before scaling");
                return None;
            }
        }
    }
    Some(bits)
}

fn access(section: &Section<'_>, table: Option<RegisterTable>, ty: Option<RegisterType>) -> Option<Access> {
    if !section.has("access") {
        return Some(Access::Ro);
    }
    let access = section.word("access", &Access::WORDS)?;
    if !access.writes() {
        return Some(access);
    }
    if let Some(table) = table
        && !table.writable()
    {
        let message = format!("Modbus cannot write {} registers", table.word());
        section.fault("access", message, "write `access = \"ro\"`, or look for the holding register or coil");
        return None;
    }
    if matches!(ty, Some(RegisterType::Bit(_))) {
        let message = "one bit of a word cannot be written without the other fifteen";
        section.fault("access", message, "write `access = \"ro\"`, or look for a coil");
        return None;
    }
    Some(access)
}

/// A sensor is not written; what the kind does not know is monitored only.
fn role(section: &Section<'_>, spec: Option<&PointSpec>, access: Access) {
    match spec {
        Some(spec) if access.writes() && !commanded(spec) => {
            let message = format!("`{}` is measured, nobody writes it", spec.name);
            section.fault("access", message, "write `access = \"ro\"`");
        }
        Some(spec) if !access.writes() && commanded(spec) => {
            let message = format!("`{}` is commanded and this register is read-only", spec.name);
            let help = format!("write `access = \"rw\"`; what the drive reports goes to `{}-feedback`", spec.name);
            section.fault("point", message, help);
        }
        None if access.writes() => {
            let message = "only points of the kind are commanded; what a product has beyond them is monitored";
            section.fault("access", message, "write `access = \"ro\"`");
        }
        Some(_) | None => {}
    }
}
