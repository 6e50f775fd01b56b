//! Names and near misses.

/// True for a name as files, topics and metrics use it: `[a-z0-9][a-z0-9-]*`.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.starts_with('-')
        && !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The candidate that `word` most probably was meant to be, if one is near: one slip in a short word, up to a third of the
/// letters in a long one. `_` and `-` and the case of letters count as no slip.
#[must_use]
pub fn closest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let plain = fold(word);
    let patience = (plain.len() / 3).max(1);
    candidates
        .into_iter()
        .map(|c| (distance(&plain, &fold(c)), c))
        .filter(|(d, _)| *d <= patience)
        .min_by_key(|(d, _)| *d)
        .map(|(_, c)| c)
}

/// A help line: the nearest candidate, or the list of all where none is near and the list is short.
#[must_use]
pub fn did_you_mean<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> String {
    let all: Vec<&str> = candidates.into_iter().collect();
    match closest(word, all.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if all.is_empty() => "none is defined here".to_owned(),
        None if all.len() <= 30 => format!("known here: {}", all.join(", ")),
        None => format!("known here: {}, …", all.get(..30).unwrap_or(&all).join(", ")),
    }
}

fn fold(word: &str) -> Vec<char> {
    word.chars().take(64).map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one into the other.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![i.saturating_add(1)];
        for (j, cb) in b.iter().enumerate() {
            let at = |row: &[usize], n: usize| row.get(n).copied().unwrap_or(usize::MAX / 2);
            let mut best = at(&above, j).saturating_add(usize::from(ca != cb));
            best = best.min(at(&above, j.saturating_add(1)).saturating_add(1)).min(at(&row, j).saturating_add(1));
            if let (Some(i1), Some(j1)) = (i.checked_sub(1), j.checked_sub(1))
                && a.get(i1) == Some(cb)
                && b.get(j1) == Some(ca)
            {
                best = best.min(at(&before, j1).saturating_add(1));
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_find_their_word() {
        let words = ["setpoint", "gain", "ti", "td", "setpoint-weight", "stale-after"];
        for (wrong, right) in [
            ("setpiont", "setpoint"),
            ("gian", "gain"),
            ("stale_after", "stale-after"),
            ("Gain", "gain"),
            ("setpoint-weigth", "setpoint-weight"),
        ] {
            assert_eq!(closest(wrong, words), Some(right), "{wrong}");
        }
        assert_eq!(closest("frequency", words), None);
    }

    #[test]
    fn distance_counts_slips() {
        let d = |a: &str, b: &str| distance(&fold(a), &fold(b));
        assert_eq!(
            (d("", "abc"), d("abc", ""), d("abc", "abc"), d("acb", "abc"), d("kitten", "sitting")),
            (3, 3, 0, 1, 3)
        );
    }
}
