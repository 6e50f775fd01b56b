//! A curve in one line of text.

use plant::convert;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A curve of at most `width` characters: the mean of each piece between the lowest and the highest. A piece without a value
/// is a blank.
#[must_use]
pub fn line(values: &[f64], width: usize) -> String {
    let width = width.min(values.len());
    if width == 0 {
        return String::new();
    }
    let piece = |n: usize| {
        let (from, to) = (n * values.len() / width, (n + 1) * values.len() / width);
        let part = values.get(from..to).unwrap_or(&[]);
        let known = || part.iter().copied().filter(|v| v.is_finite());
        known().sum::<f64>() / convert::f64_from_usize(known().count())
    };
    let pieces: Vec<f64> = (0..width).map(piece).collect();
    let known = || pieces.iter().copied().filter(|v| v.is_finite());
    let (low, high) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let bar = |value: f64| {
        if !value.is_finite() {
            return ' ';
        }
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        let n = convert::usize_from_u64(convert::u64_from_f64_rounded(share * 7.0));
        BARS.get(n).copied().unwrap_or(' ')
    };
    pieces.into_iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_rises_from_the_lowest_bar_to_the_highest() {
        let ramp: Vec<f64> = (0..80).map(f64::from).collect();
        assert_eq!(line(&ramp, 8), "▁▂▃▄▅▆▇█");
        assert_eq!(line(&[1.0, f64::NAN, 2.0], 8), "▁ █");
        assert_eq!(line(&[5.0, 5.0], 8).chars().count(), 2);
        assert_eq!(line(&[], 8), "");
    }
}
