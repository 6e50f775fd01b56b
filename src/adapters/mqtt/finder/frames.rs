//! Follows a stream of MQTT packets without keeping them, and tells the topic of those that are too large. Pure.

/// What a stream tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The broker's answer to our connecting: 0 accepts.
    Accepted(u8),
    /// A message above the limit has begun on this topic.
    TooLarge(String),
}

/// Where in a packet the stream is.
#[derive(Clone, Debug, Default)]
enum Place {
    #[default]
    Start,
    /// In the length, seven bits a byte.
    Length { kind: u8, length: usize, shift: u32 },
    /// In the first bytes of a packet's body, which are kept; `rest` follows what has been kept.
    Head { kind: u8, head: Vec<u8>, rest: usize },
    /// In what nobody looks at.
    Body { rest: usize },
    /// No MQTT any more.
    Lost,
}

/// The parser.
#[derive(Clone, Debug)]
pub struct Frames {
    limit: usize,
    place: Place,
}

const CONNACK: u8 = 2;
const PUBLISH: u8 = 3;

impl Frames {
    /// For packets whose body may have `limit` bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { limit, place: Place::Start }
    }

    /// Takes what came next; tells what is worth it.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Vec<Sign> {
        let mut signs = Vec::new();
        while let Some((first, after)) = bytes.split_first() {
            (self.place, bytes) = match std::mem::take(&mut self.place) {
                Place::Start => (Place::Length { kind: first >> 4, length: 0, shift: 0 }, after),
                Place::Length { kind, length, shift } => (self.measured(kind, (length, shift), *first), after),
                Place::Head { kind, mut head, rest } => {
                    head.push(*first);
                    let rest = rest.saturating_sub(1);
                    let sign = told(kind, &head);
                    let done = sign.is_some() || rest == 0;
                    signs.extend(sign);
                    (if done { body(rest) } else { Place::Head { kind, head, rest } }, after)
                }
                Place::Body { rest } => {
                    let skipped = rest.min(bytes.len());
                    (body(rest.saturating_sub(skipped)), bytes.get(skipped..).unwrap_or(&[]))
                }
                Place::Lost => (Place::Lost, &[][..]),
            };
        }
        signs
    }

    fn measured(&self, kind: u8, (length, shift): (usize, u32), byte: u8) -> Place {
        let length = length | usize::from(byte & 0x7F) << shift;
        match (byte & 0x80 != 0, shift) {
            (true, 21..) => Place::Lost,
            (true, _) => Place::Length { kind, length, shift: shift.saturating_add(7) },
            (false, _) if length == 0 => Place::Start,
            (false, _) if kind == CONNACK || (kind == PUBLISH && length > self.limit) => {
                Place::Head { kind, head: Vec::new(), rest: length }
            }
            (false, _) => Place::Body { rest: length },
        }
    }
}

const fn body(rest: usize) -> Place {
    if rest == 0 { Place::Start } else { Place::Body { rest } }
}

/// What the first bytes of a body say, once there are enough of them.
fn told(kind: u8, head: &[u8]) -> Option<Sign> {
    match (kind, head) {
        (CONNACK, [_, code, ..]) => Some(Sign::Accepted(*code)),
        (PUBLISH, [high, low, topic @ ..]) if topic.len() == usize::from(u16::from_be_bytes([*high, *low])) => {
            Some(Sign::TooLarge(String::from_utf8_lossy(topic).into_owned()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
        let (mut bytes, mut length) = (vec![kind << 4], body.len());
        loop {
            let more = if length > 127 { 0x80 } else { 0 };
            bytes.push(u8::try_from(length % 128).expect("seven bits") | more);
            length /= 128;
            if length == 0 {
                break;
            }
        }
        bytes.extend(body);
        bytes
    }

    fn message(topic: &str, size: usize) -> Vec<u8> {
        let mut body = u16::try_from(topic.len()).expect("short").to_be_bytes().to_vec();
        body.extend(topic.bytes());
        body.resize(size.max(body.len()), b'x');
        packet(3, &body)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn only_topics_of_large_messages_are_told_however_the_bytes_arrive(
            sizes in prop::collection::vec(0usize..600, 1..12),
            cuts in prop::collection::vec(1usize..90, 1..40),
        ) {
            let mut stream = packet(2, &[0, 0]);
            let mut wanted = vec![Sign::Accepted(0)];
            for (n, size) in sizes.iter().enumerate() {
                let topic = format!("s/{n}");
                stream.extend(message(&topic, *size));
                stream.extend(packet(13, &[]));
                if *size > 300 {
                    wanted.push(Sign::TooLarge(topic));
                }
            }
            let (mut frames, mut told, mut rest) = (Frames::new(300), Vec::new(), &stream[..]);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                told.extend(frames.feed(now));
                rest = later;
            }
            prop_assert_eq!(told, wanted);
        }

        #[test]
        fn nothing_upsets_it(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let mut frames = Frames::new(50);
            frames.feed(&bytes);
        }
    }
}
