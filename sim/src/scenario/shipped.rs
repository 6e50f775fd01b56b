//! The scenarios that come with the program.

/// Name and TOML of each.
pub const SCENARIOS: &[(&str, &str)] = &[
    ("air-chiller-tripped", include_str!("../../scenarios/air-chiller-tripped.toml")),
    ("air-cold-night", include_str!("../../scenarios/air-cold-night.toml")),
    ("air-controller-dead", include_str!("../../scenarios/air-controller-dead.toml")),
    ("air-controller-restarts", include_str!("../../scenarios/air-controller-restarts.toml")),
    ("air-crah-in-hand", include_str!("../../scenarios/air-crah-in-hand.toml")),
    ("air-dp-sensor-lost", include_str!("../../scenarios/air-dp-sensor-lost.toml")),
    ("air-fan-failed", include_str!("../../scenarios/air-fan-failed.toml")),
    ("air-full-load", include_str!("../../scenarios/air-full-load.toml")),
    ("air-half-load", include_str!("../../scenarios/air-half-load.toml")),
    ("air-hall-blind", include_str!("../../scenarios/air-hall-blind.toml")),
    ("air-heat-wave-comes", include_str!("../../scenarios/air-heat-wave-comes.toml")),
    ("air-hot-day", include_str!("../../scenarios/air-hot-day.toml")),
    ("air-inlet-garbage", include_str!("../../scenarios/air-inlet-garbage.toml")),
    ("air-inlet-reads-high", include_str!("../../scenarios/air-inlet-reads-high.toml")),
    ("air-inlet-reads-low", include_str!("../../scenarios/air-inlet-reads-low.toml")),
    ("air-inlet-stuck", include_str!("../../scenarios/air-inlet-stuck.toml")),
    ("air-inlets-not-a-number", include_str!("../../scenarios/air-inlets-not-a-number.toml")),
    ("air-load-pulses", include_str!("../../scenarios/air-load-pulses.toml")),
    ("air-load-step-down", include_str!("../../scenarios/air-load-step-down.toml")),
    ("air-load-step-up", include_str!("../../scenarios/air-load-step-up.toml")),
    ("air-override", include_str!("../../scenarios/air-override.toml")),
    ("air-override-and-heat", include_str!("../../scenarios/air-override-and-heat.toml")),
    ("air-pump-tripped", include_str!("../../scenarios/air-pump-tripped.toml")),
    ("air-pump-tripped-long", include_str!("../../scenarios/air-pump-tripped-long.toml")),
    ("air-row-blind", include_str!("../../scenarios/air-row-blind.toml")),
    ("air-summer-day", include_str!("../../scenarios/air-summer-day.toml")),
    ("air-supply-sensor-lost", include_str!("../../scenarios/air-supply-sensor-lost.toml")),
    ("air-supply-sensor-reads-low", include_str!("../../scenarios/air-supply-sensor-reads-low.toml")),
    ("air-throttle-when-hot", include_str!("../../scenarios/air-throttle-when-hot.toml")),
    ("air-two-fans-failed", include_str!("../../scenarios/air-two-fans-failed.toml")),
    ("air-valve-stuck", include_str!("../../scenarios/air-valve-stuck.toml")),
    ("air-valve-stuck-all", include_str!("../../scenarios/air-valve-stuck-all.toml")),
    ("bench-fan-failed", include_str!("../../scenarios/bench-fan-failed.toml")),
    ("bench-fan-in-hand", include_str!("../../scenarios/bench-fan-in-hand.toml")),
    ("bench-heat-on", include_str!("../../scenarios/bench-heat-on.toml")),
    ("bench-no-controller", include_str!("../../scenarios/bench-no-controller.toml")),
    ("bench-quiet", include_str!("../../scenarios/bench-quiet.toml")),
    ("bench-sensor-lost", include_str!("../../scenarios/bench-sensor-lost.toml")),
    ("bench-sensor-not-a-number", include_str!("../../scenarios/bench-sensor-not-a-number.toml")),
];

/// Name and golden trace of each that has one.
pub const GOLDEN: &[(&str, &str)] = &[("air-summer-day", include_str!("../../scenarios/golden/air-summer-day.csv"))];

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plant::hall::Hall;

    use super::*;
    use crate::scenario;

    #[test]
    fn every_shipped_scenario_reads_under_its_name_and_asserts_something() {
        for (name, text) in SCENARIOS {
            let (named, _) = scenario::hall_name(text).expect("a hall");
            let (_, hall) = plant::shipped::HALLS.iter().find(|(known, _)| *known == named).expect("a shipped hall");
            let hall = Arc::new(Hall::load(&named, hall).expect("it loads"));
            let read = scenario::load(name, text, Ok(hall)).unwrap_or_else(|faults| panic!("{faults}"));
            assert_eq!(read.name, *name);
            assert!(!read.asserts.is_empty(), "{name} asserts nothing");
            assert_eq!(read.golden().is_some(), GOLDEN.iter().any(|(known, _)| known == name), "{name}");
        }
    }
}
