//! The halls and device maps that come with the program.

/// Every shipped hall: its name and its file.
pub const HALLS: &[(&str, &str)] =
    &[("air", include_str!("../halls/air.toml")), ("bench", include_str!("../halls/bench.toml"))];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hall::Hall;

    #[test]
    fn every_shipped_hall_loads_under_its_name() {
        for (name, text) in HALLS {
            let hall = Hall::load(name, text).unwrap_or_else(|faults| panic!("{faults}"));
            assert_eq!(hall.name, *name);
        }
    }
}
