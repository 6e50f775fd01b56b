//! Windows of civil time, as a family.

use super::figures::{Family, Figures, Row};

/// Windows as of the last scan.
pub fn windows(figures: &Figures) -> Family {
    let row = |of: &crate::control::windows::view::OpenView| {
        Row::new(&[("window", &of.name)], if of.open { 1.0 } else { 0.0 })
    };
    let rows = figures.status.windows.iter().map(row).collect();
    Family::gauge("window_open", "One while a window is open and the clock is trusted", rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::windows::view::OpenView;

    #[test]
    fn every_window_has_a_series_and_a_hall_without_windows_none() {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("shipped");
        let mut figures = Figures::new(&plant::hall::Hall::load("bench", text).expect("loads"));
        assert!(windows(&figures).rows.is_empty());
        figures.status.windows =
            [("night", true), ("weekend", false)].map(|(name, open)| OpenView { name: name.to_owned(), open }).to_vec();
        let values: Vec<f64> = windows(&figures).rows.iter().map(|row| row.value).collect();
        assert_eq!(values, [1.0, 0.0]);
    }
}
