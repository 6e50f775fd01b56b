//! "Did you mean": the nearest of the words that would have been right.

/// The nearest candidate, if one is near enough to be meant.
#[must_use]
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let limit = word.chars().count().checked_div(3).unwrap_or(0).max(1);
    candidates
        .into_iter()
        .map(|c| (distance(&word.to_lowercase(), &c.to_lowercase()), c))
        .filter(|(d, _)| *d <= limit)
        .min_by_key(|(d, _)| *d)
        .map(|(_, c)| c)
}

/// A help sentence: the nearest candidate, or all of them.
#[must_use]
pub fn help(word: &str, candidates: &[&str]) -> String {
    match nearest(word, candidates.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if candidates.is_empty() => String::new(),
        None => format!("there is {}", candidates.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ")),
    }
}

/// Insertions, removals, replacements and swaps of neighbours from one word to another.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    let mut last = None;
    for (row, c) in from.chars().enumerate() {
        let mut here = vec![row.saturating_add(1)];
        for (column, d) in to.iter().enumerate() {
            let at = |line: &[usize], n: usize| line.get(n).copied().unwrap_or(usize::MAX);
            let replace = at(&above, column).saturating_add(usize::from(c != *d));
            let step = at(&above, column.saturating_add(1)).min(at(&here, column)).saturating_add(1);
            let left = column.checked_sub(1).and_then(|n| to.get(n).map(|d| (n, *d)));
            let swap = match (left, last) {
                (Some((n, left)), Some(up)) if left == c && up == *d => at(&before, n).saturating_add(1),
                (Some(_) | None, Some(_) | None) => usize::MAX,
            };
            here.push(replace.min(step).min(swap));
        }
        last = Some(c);
        before = std::mem::replace(&mut above, here);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_the_word_and_nonsense_finds_none() {
        let keys = ["hall", "period", "state_dir"];
        assert_eq!(nearest("perod", keys), Some("period"));
        assert_eq!(nearest("preiod", keys), Some("period"));
        assert_eq!(nearest("Period", keys), Some("period"));
        assert_eq!(nearest("colour", keys), None);
        assert_eq!(distance("abc", "acb"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
