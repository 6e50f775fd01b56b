//! Lists of nodes as schedulers write them: `gpu[001-004,7],login1`.

use wattloop::control::ledger::message::PLACES;

/// Every name of a list, in its order.
///
/// # Errors
/// It is no such list, or has too many names.
pub fn names(list: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for one in split(list)? {
        expand(one, &mut found)?;
    }
    if found.is_empty() { Err("the list of nodes is empty".to_owned()) } else { Ok(found) }
}

/// Parts between commas that stand in no bracket.
fn split(list: &str) -> Result<Vec<&str>, String> {
    let (mut parts, mut begin, mut inside) = (Vec::new(), 0, false);
    for (at, c) in list.char_indices() {
        match c {
            '[' if inside => return Err(format!("`{list}`: a bracket within a bracket")),
            '[' => inside = true,
            ']' if !inside => return Err(format!("`{list}`: a bracket is closed that was not opened")),
            ']' => inside = false,
            ',' if !inside => {
                parts.extend(list.get(begin..at));
                begin = at.saturating_add(1);
            }
            _ => {}
        }
    }
    if inside {
        return Err(format!("`{list}`: a bracket is not closed"));
    }
    parts.extend(list.get(begin..));
    Ok(parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect())
}

/// The first bracket's numbers, each with all that the rest stands for.
fn expand(one: &str, found: &mut Vec<String>) -> Result<(), String> {
    let Some((before, rest)) = one.split_once('[') else {
        if found.len() >= PLACES {
            return Err(format!("one lease may have {PLACES} nodes: name a rack or a feed"));
        }
        found.push(one.to_owned());
        return Ok(());
    };
    let (ranges, after) = rest.split_once(']').unwrap_or((rest, ""));
    for range in ranges.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let number = |text: &str| text.parse::<u32>().map_err(|_| format!("`{one}`: `{text}` is no number"));
        let (low, high, width) = (number(first)?, number(last)?, first.len());
        if high.abs_diff(low) >= 100_000 || high < low {
            return Err(format!("`{one}`: `{range}` is no range"));
        }
        for n in low..=high {
            expand(&format!("{before}{n:0width$}{after}"), found)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn lists_are_written_out_as_schedulers_mean_them() {
        assert_eq!(names("gpu[001-003,7],login1").expect("names"), ["gpu001", "gpu002", "gpu003", "gpu7", "login1"]);
        assert_eq!(names("r[1-2]n[09-10]").expect("names"), ["r1n09", "r1n10", "r2n09", "r2n10"]);
        assert_eq!(names("one").expect("names"), ["one"]);
    }

    #[test]
    fn what_is_no_list_is_told_why() {
        for (list, word) in [
            ("", "empty"),
            ("a[1-", "not closed"),
            ("a]1", "not opened"),
            ("a[[1]]", "within"),
            ("a[x]", "no number"),
            ("a[5-1]", "no range"),
            ("a[1-257]", "256 nodes"),
            ("a[0-4000000000]", "no range"),
        ] {
            let why = names(list).expect_err(list);
            assert!(why.contains(word), "{list}: {why}");
        }
    }
}
