//! A name in an event, which takes no memory of its own.

use std::fmt;

use serde::{Deserialize, Serialize};

/// So long it is at the most (bytes).
const LONG: usize = 24;

/// The first 24 bytes of a name, as far as they are whole characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Name([u8; LONG]);

impl Name {
    /// Of a name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let mut bytes = [0; LONG];
        let end = (0..=LONG.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
        bytes.iter_mut().zip(name.bytes().take(end)).for_each(|(to, from)| *to = from);
        Self(bytes)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(LONG);
        f.write_str(std::str::from_utf8(self.0.get(..end).unwrap_or_default()).unwrap_or("?"))
    }
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn it_is_cut_between_characters() {
        for (name, shown) in [
            ("", ""),
            ("peak", "peak"),
            ("a name of twenty-four by", "a name of twenty-four by"),
            ("a name of twenty-four byte", "a name of twenty-four by"),
            ("a name with twenty-three\u{fc}", "a name with twenty-three"),
            ("a name of twenty-three \u{fc}", "a name of twenty-three "),
        ] {
            assert_eq!(Name::of(name).to_string(), shown);
        }
    }
}
