//! CSV that reads back what was written, and that no spreadsheet takes for a formula.

/// With these a spreadsheet takes a text for something to compute; the quote is what keeps it from that.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

/// The line that a record begins on, from 1, and its fields.
pub type Record = (usize, Vec<String>);

/// A text as a field that is no formula.
pub fn guarded(text: &str) -> String {
    if text.starts_with(FORMULA) { format!("'{text}") } else { text.to_owned() }
}

/// The text behind a guarded field.
pub fn bare(field: &str) -> &str {
    field.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA)).unwrap_or(field)
}

/// One record as a line, without its end.
pub fn record<'f>(fields: impl IntoIterator<Item = &'f str>) -> String {
    fields.into_iter().map(quoted).collect::<Vec<_>>().join(",")
}

fn quoted(field: &str) -> String {
    let plain = !field.contains([',', '"', '\n', '\r']) && field.trim() == field;
    if plain { field.to_owned() } else { format!("\"{}\"", field.replace('"', "\"\"")) }
}

/// Every record with the line it begins on, from 1. Empty lines are none.
///
/// # Errors
/// The line and a sentence: a quote that is never closed, or something after one.
pub fn records(text: &str) -> Result<Vec<Record>, (usize, String)> {
    let (mut found, mut fields, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut line, mut begun, mut state) = (1_usize, 1_usize, State::Start);
    for c in text.chars().filter(|c| *c != '\u{feff}') {
        state = match (state, c) {
            (State::Start, '"') => State::Quoted,
            (State::Quoted, '"') => State::Closed,
            (State::Quoted, c) => {
                field.push(c);
                State::Quoted
            }
            (State::Closed, '"') => {
                field.push('"');
                State::Quoted
            }
            (State::Start | State::Plain | State::Closed, ',') => {
                fields.push(std::mem::take(&mut field));
                State::Start
            }
            (State::Start | State::Plain | State::Closed, '\n') => {
                fields.push(std::mem::take(&mut field));
                found.push((begun, std::mem::take(&mut fields)));
                begun = line.saturating_add(1);
                State::Start
            }
            (State::Start | State::Plain | State::Closed, '\r') => state,
            (State::Closed, _) => return Err((line, "something stands behind a closing quote".to_owned())),
            (State::Start | State::Plain, c) => {
                field.push(c);
                State::Plain
            }
        };
        line = line.saturating_add(usize::from(c == '\n'));
    }
    match state {
        State::Quoted => return Err((begun, "a quote is never closed".to_owned())),
        State::Start if fields.is_empty() => {}
        State::Start | State::Plain | State::Closed => {
            fields.push(field);
            found.push((begun, fields));
        }
    }
    found.retain(|(_, fields)| fields.iter().any(|field| !field.is_empty()));
    Ok(found)
}

#[derive(Clone, Copy)]
enum State {
    /// At the begin of a field.
    Start,
    /// In a field without quotes.
    Plain,
    /// In a field with quotes.
    Quoted,
    /// Behind a quote that may be the closing one.
    Closed,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// Whatever is written is read back, and none of it is a formula.
        #[test]
        fn what_is_written_is_read_back(
            rows in prop::collection::vec(prop::collection::vec("[-=+@'\",\r\n\t a-cµ]{0,8}", 1..5), 1..6)
        ) {
            let guard = |row: &Vec<String>| row.iter().map(|f| guarded(f)).collect::<Vec<_>>();
            let text: String = rows.iter().map(|row| record(guard(row).iter().map(String::as_str)) + "\n").collect();
            let read = records(&text).expect("reads");
            let wanted: Vec<&Vec<String>> = rows.iter().filter(|row| row.iter().any(|f| !f.is_empty())).collect();
            prop_assert_eq!(read.len(), wanted.len());
            for ((_, fields), row) in read.iter().zip(wanted) {
                prop_assert!(fields.iter().all(|f| !f.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{:?}", fields);
                let back: Vec<String> = fields.iter().map(|f| bare(f).to_owned()).collect();
                prop_assert_eq!(&back, row);
            }
        }

        /// No text whatever makes it panic, and lines are counted as an editor counts them.
        #[test]
        fn any_text_is_read_or_refused(text in "[a\",\n\r ]{0,40}") {
            let lines = text.matches('\n').count() + 1;
            match records(&text) {
                Ok(found) => prop_assert!(found.iter().all(|(line, _)| (1..=lines).contains(line))),
                Err((line, _)) => prop_assert!((1..=lines).contains(&line)),
            }
        }
    }

    #[test]
    fn what_other_programs_write_is_read() {
        let text = "\u{feff}point,value\r\n\"crah-1/valve\" ,46\r\n";
        assert_eq!(records(text), Err((2, "something stands behind a closing quote".to_owned())));
        let text = "\u{feff}point,value\r\n\"crah-1/valve\",46\r\n\r\nchw/flow, 20";
        let read = records(text).expect("reads");
        assert_eq!(read[1], (2, vec!["crah-1/valve".to_owned(), "46".to_owned()]));
        assert_eq!(read[2].0, 4);
        assert_eq!(records("a,\"b"), Err((1, "a quote is never closed".to_owned())));
    }
}
