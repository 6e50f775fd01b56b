//! One `[[identity]]`: a register whose content tells the product from others.

use super::{place, register};
use crate::device::{ByteOrder, IdentityMark, RegisterTable, RegisterType};
use crate::read::Section;

/// Reads a mark; every fault is noted, and there is no mark when there was one.
pub(super) fn mark(section: &Section<'_>, inherited: ByteOrder) -> Option<IdentityMark> {
    let place = table(section);
    let ty = register_type(section);
    let byte_order = register::byte_order(section, inherited);
    let expect = match (section.has("expect"), ty) {
        (true, Some(ty)) => register::codes(section, "expect", ty),
        (true, None) => section.maybe::<Vec<i128>>("expect").and(None),
        (false, _) => {
            section.missing("expect", "write `expect = [4711]`: every number it may hold, as raw bits");
            None
        }
    };
    if expect.as_ref().is_some_and(Vec::is_empty) {
        section.fault("expect", "`expect` is empty: no device would be the right one", "write `expect = [4711]`");
        return None;
    }
    let found = section.place("expect");
    section.done();
    let (table, address) = place?;
    Some(IdentityMark { table, address, ty: ty?, byte_order: byte_order?, expect: expect?, place: found })
}

fn table(section: &Section<'_>) -> Option<(RegisterTable, u16)> {
    let (table, address) = place::place(section)?;
    if table.holds_bits() {
        let key = if section.has("ref") { "ref" } else { "table" };
        let message = format!("one {} tells no product from another", table.word());
        section.fault(key, message, "name an input or holding register, such as a product code or a serial number");
        return None;
    }
    Some((table, address))
}

/// A whole number; one word unless the file says more.
fn register_type(section: &Section<'_>) -> Option<RegisterType> {
    if !section.has("type") {
        return Some(RegisterType::Uint16);
    }
    let ty = section.word("type", &RegisterType::WORDS)?;
    if ty.is_float() || ty.is_bit() {
        let message = format!("an identity is a whole number, not {}", ty.word());
        section.fault("type", message, "write `type = \"uint16\"`, `uint32`, `uint64`, or one with a sign");
        return None;
    }
    Some(ty)
}
