//! Text made safe for XML, HTML and SVG. One escape serves element content and quoted attributes alike.

/// Appends `text` so that no reader takes a part of it for markup.
///
/// The five special characters become references, and so do line ends and tabs, which a reader would otherwise fold
/// to spaces inside an attribute. What XML 1.0 cannot hold at all, such as NUL or an escape, becomes U+FFFD.
pub fn escape(into: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\'' => into.push_str("&#39;"),
            '\n' => into.push_str("&#10;"),
            '\r' => into.push_str("&#13;"),
            '\t' => into.push_str("&#9;"),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => into.push('\u{fffd}'),
            c => into.push(c),
        }
    }
}

/// `text` escaped, as a new string.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut into = String::with_capacity(text.len());
    escape(&mut into, text);
    into
}

/// What a reader makes of escaped text: for the tests of those who write it.
#[cfg(test)]
pub fn unescaped(text: &str) -> String {
    let references = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#10;", "\n"),
        ("&#13;", "\r"),
        ("&#9;", "\t"),
        ("&amp;", "&"),
    ];
    references.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_script_stays_text() {
        assert_eq!(escaped("<script>\"&'"), "&lt;script&gt;&quot;&amp;&#39;");
        assert_eq!(escaped("a\u{0}b\u{1b}[31mc"), "a\u{fffd}b\u{fffd}[31mc");
    }

    proptest! {
        #[test]
        fn a_reader_gets_back_what_was_written(text in "[ -~\\n\\r\\täöü°≤²]{0,80}") {
            let written = escaped(&text);
            prop_assert!(!written.contains(['<', '>', '"', '\'', '\n']));
            prop_assert_eq!(unescaped(&written), text);
        }

        #[test]
        fn nothing_breaks_out(text in any::<String>()) {
            prop_assert!(!escaped(&text).contains(|c: char| "<>\"'".contains(c) || c.is_control()));
        }
    }
}
