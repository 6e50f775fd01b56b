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

/// The longest `tracestate` that is handed on (characters): W3C Trace Context asks for so many at the least.
const STATE: usize = 512;

/// The trace that a message belongs to, by W3C Trace Context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Its `traceparent`; empty where nobody has begun one.
    pub parent: String,
    /// Its `tracestate`: what those who watch it have added, for themselves.
    pub state: Option<String>,
}

impl Trace {
    /// As a message has it. A `tracestate` that is none, or is too long, is left out: the trace goes on without it.
    #[must_use]
    pub fn of(parent: String, state: Option<String>) -> Self {
        let fits = |state: &String| {
            (1..=STATE).contains(&state.len()) && state.bytes().all(|b| b == b'\t' || (b' '..=b'~').contains(&b))
        };
        Self { parent, state: state.filter(fits) }
    }

    /// Goes on in it, or begins one where there is none: `00-<trace>-<span>-<flags>`.
    #[must_use]
    pub fn next(&self) -> Option<String> {
        let span = hex(random()?.get(..8)?);
        let begun = Some(&self.parent).filter(|parent| is_trace(parent));
        let begun = begun.and_then(|parent| Some((parent.get(3..35)?.to_owned(), parent.get(53..)?.to_owned())));
        let (trace, flags) = begun.map_or_else(|| Some((hex(&random()?), "01".to_owned())), Some)?;
        Some(format!("00-{trace}-{span}-{flags}"))
    }
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
        let next = |parent: &str| Trace::of(parent.to_owned(), None).next().expect("chance");
        let begun = next("");
        assert!(is_trace(&begun) && begun.ends_with("-01") && begun != next(""));
        let unsampled = begun.replace("-01", "-00");
        let after = next(&unsampled);
        assert!(is_trace(&after) && begun[..35] == after[..35] && after != unsampled && after.ends_with("-00"));
        assert!(!is_trace("00-x") && is_trace(&next("00-x")));
        let state = |of: &str| Trace::of(String::new(), Some(of.to_owned())).state;
        assert_eq!(state("acme=00f067aa,b=1").as_deref(), Some("acme=00f067aa,b=1"));
        assert_eq!((state(""), state("a=\n"), state(&"a".repeat(513))), (None, None, None));
    }
}
