//! Names that are numbers: UUIDs, and traces.

use ring::rand::{SecureRandom, SystemRandom};

/// A UUID that nobody had before; nothing where there is no chance to be had.
#[must_use]
pub fn fresh() -> Option<String> {
    random().map(written)
}

/// The UUID of a text: itself where it is one, and else always the same.
#[must_use]
pub fn of(text: &str) -> String {
    if is_uuid(text) {
        return text.to_ascii_lowercase();
    }
    let hash = blake3::hash(text.as_bytes());
    written(hash.as_bytes().first_chunk().copied().unwrap_or_default())
}

/// True for a UUID as people write it.
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    let dash = |place: usize| [8, 13, 18, 23].contains(&place);
    let fits = |(place, letter): (usize, u8)| if dash(place) { letter == b'-' } else { letter.is_ascii_hexdigit() };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

/// Goes on in a trace that somebody began, or begins one: `00-<trace>-<span>-01`.
#[must_use]
pub fn trace(parent: Option<&str>) -> Option<String> {
    let span = hex(random()?.get(..8)?);
    let begun = parent.filter(|parent| is_trace(parent)).and_then(|parent| parent.get(3..35));
    let trace = begun.map_or_else(|| random().map(|bits| hex(&bits)), |begun| Some(begun.to_owned()))?;
    Some(format!("00-{trace}-{span}-01"))
}

/// True for a `traceparent`.
#[must_use]
pub fn is_trace(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lower = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    parts.iter().all(|part| lower(part)) && parts.iter().map(|part| part.len()).eq([2, 32, 16, 2])
}

fn random() -> Option<[u8; 16]> {
    let mut bits = [0; 16];
    SystemRandom::new().fill(&mut bits).ok()?;
    Some(bits)
}

/// As a UUID of chance (version 4).
fn written(bits: [u8; 16]) -> String {
    let number = u128::from_be_bytes(bits);
    let number = number & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let text = format!("{number:032x}");
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

fn hex(bits: &[u8]) -> String {
    bits.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_and_traces_have_their_form() {
        let (one, other) = (fresh().expect("chance"), fresh().expect("chance"));
        assert!(is_uuid(&one) && one != other && one.as_bytes()[14] == b'4' && b"89ab".contains(&one.as_bytes()[19]));
        assert_eq!((of(&one), of("uid:1000")), (one, of("uid:1000")));
        assert!(is_uuid(&of("uid:1000")) && !is_uuid("uid:1000") && !is_uuid(&of("x").replace('-', "0")));
        let begun = trace(None).expect("chance");
        let next = trace(Some(&begun)).expect("chance");
        assert!(is_trace(&begun) && is_trace(&next) && begun[..35] == next[..35] && begun != next);
        assert!(!is_trace("00-x") && trace(Some("00-x")).is_some_and(|trace| is_trace(&trace)));
    }
}
