//! The rules that tie values to each other: what no single key can get wrong.

use crate::device::{DeviceMap, Register, RegisterType};
use crate::read::Source;
use crate::time::Span;

/// The chain of patience from the scan outward. Each must end before the next begins to worry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts<'n> {
    /// The scan's period.
    pub scan: Span,
    /// How long an adapter waits for a device's answer.
    pub adapter: Span,
    /// When the service's watchdog takes a scan that does not end for dead.
    pub watchdog: Span,
    /// The shortest time after which a commanded device notices our silence, with its map's id; nothing where none is commanded.
    pub device_loss: Option<(Span, &'n str)>,
}

/// Proves that scan < adapter < watchdog < device loss. Each sentence comes with what to do; none where the order holds.
#[must_use]
pub fn timeouts(t: &Timeouts<'_>) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let mut ordered = |(short, a): (&str, Span), (long, b): (&str, Span), help: &str| {
        if a >= b {
            faults.push((format!("{short} is {a} and must be shorter than {long}, which is {b}"), help.to_owned()));
        }
    };
    let scan = ("the scan's period", t.scan);
    let adapter = ("the adapters' time-out", t.adapter);
    let watchdog = ("the watchdog's time", t.watchdog);
    ordered(scan, adapter, "a device that answers late must not be given up within one scan");
    ordered(adapter, watchdog, "a slow device must not look like a dead service");
    if let Some((after, map)) = t.device_loss {
        let loss = format!("the loss time of `{map}`");
        ordered(watchdog, (&loss, after), "the service must be restarted before the device gives up on it");
    }
    faults
}

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
        let message =
            format!("`{}` is commanded and the map does not say what happens when we fall silent", first.point);
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

/// True when two registers lie on at least one common address.
pub(crate) fn share_words(a: &Register, b: &Register) -> bool {
    let span = |r: &Register| (u32::from(r.address), u32::from(r.address) + u32::from(r.ty.words()));
    let ((a0, a1), (b0, b1)) = (span(a), span(b));
    a.table == b.table && a0 < b1 && b0 < a1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_stand_in_order_or_say_which_does_not() {
        let s = Span::from_secs;
        let good = Timeouts { scan: s(1), adapter: s(2), watchdog: s(5), device_loss: Some((s(10), "bench-fan")) };
        assert_eq!(timeouts(&good), []);
        assert_eq!(timeouts(&Timeouts { device_loss: None, ..good }), []);
        let slow = timeouts(&Timeouts { scan: s(2), watchdog: s(10), ..good });
        assert_eq!(slow.len(), 2, "{slow:?}");
        assert!(slow[0].0.contains("the scan's period is 2s") && slow[0].0.contains("adapters' time-out"), "{slow:?}");
        assert!(slow[1].0.contains("`bench-fan`"), "{slow:?}");
        let reversed = Timeouts { scan: s(9), adapter: s(8), watchdog: s(7), device_loss: Some((s(6), "x")) };
        assert_eq!(timeouts(&reversed).len(), 3);
    }
}
