//! The rules that tie values to each other: what no single key can get wrong.

use crate::device::{DeviceMap, Register, RegisterType};
use crate::read::Source;

/// The rules of one device map: no register twice, no point twice, a loss time for what is commanded.
pub(crate) fn map(map: &DeviceMap, source: &Source<'_>) {
    comm_loss(map, source);
    points(map, source);
    for (n, register) in map.registers.iter().enumerate() {
        address_space(register, source);
        for earlier in map.registers.iter().take(n) {
            overlap(earlier, register, source);
        }
    }
}

fn comm_loss(map: &DeviceMap, source: &Source<'_>) {
    if map.comm_loss.is_some() {
        return;
    }
    if let Some(first) = map.registers.iter().find(|r| r.access.writes()) {
        let message = format!("`{}` is commanded and the map does not say what happens when we fall silent", first.point);
        let help = "add `[comm-loss]` with `after` and `action` from the manual, and set them on the product";
        source.fault_at(first.place, message, help);
    }
}

fn points(map: &DeviceMap, source: &Source<'_>) {
    let all = map.registers.iter().map(|r| (&r.point, r.place)).chain(map.topics.iter().map(|t| (&t.point, t.place)));
    let mut seen: Vec<(&String, (usize, usize))> = Vec::new();
    for (point, place) in all {
        if let Some((_, (line, _))) = seen.iter().find(|(p, _)| *p == point) {
            let message = format!("`{point}` is already on line {line}");
            source.fault_at(place, message, "a point has one source; give the other value another name");
        } else {
            seen.push((point, place));
        }
    }
}

fn address_space(register: &Register, source: &Source<'_>) {
    let last = u32::from(register.address) + u32::from(register.ty.words()) - 1;
    if last > u32::from(u16::MAX) {
        let words = register.ty.words();
        let message = format!("{} has {words} words and reaches beyond address 65535", register.label());
        source.fault_at(register.place, message, "check the address and the type");
    }
}

fn overlap(earlier: &Register, later: &Register, source: &Source<'_>) {
    if !share_words(earlier, later) {
        return;
    }
    let (label, line) = (later.label(), earlier.place.0);
    if earlier.access.writes() && later.access.writes() {
        let message = format!("{label} has two writers: `{}` on line {line} and `{}`", earlier.point, later.point);
        source.fault_at(later.place, message, "one register, one writer: take one away");
    } else if let (RegisterType::Bit(a), RegisterType::Bit(b)) = (earlier.ty, later.ty)
        && a != b
    {
        // Two bits of one word are two values.
    } else {
        let message = format!("{label} overlaps {} of `{}` on line {line}", earlier.label(), earlier.point);
        source.fault_at(later.place, message, "check both addresses and types: a word belongs to one value");
    }
}

fn share_words(a: &Register, b: &Register) -> bool {
    let span = |r: &Register| (u32::from(r.address), u32::from(r.address) + u32::from(r.ty.words()));
    let ((a0, a1), (b0, b1)) = (span(a), span(b));
    a.table == b.table && a0 < b1 && b0 < a1
}
