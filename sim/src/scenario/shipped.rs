//! The scenarios that come with the program.

/// Name and TOML of each.
pub const SCENARIOS: &[(&str, &str)] = &[
    ("air-broker-down", include_str!("../../scenarios/air-broker-down.toml")),
    ("air-chiller-tripped", include_str!("../../scenarios/air-chiller-tripped.toml")),
    ("air-clock-jump", include_str!("../../scenarios/air-clock-jump.toml")),
    ("air-clocks-go-back", include_str!("../../scenarios/air-clocks-go-back.toml")),
    ("air-cold-day", include_str!("../../scenarios/air-cold-day.toml")),
    ("air-cold-night", include_str!("../../scenarios/air-cold-night.toml")),
    ("air-containment-open", include_str!("../../scenarios/air-containment-open.toml")),
    ("air-controller-dead", include_str!("../../scenarios/air-controller-dead.toml")),
    ("air-controller-restarts", include_str!("../../scenarios/air-controller-restarts.toml")),
    ("air-crah-in-hand", include_str!("../../scenarios/air-crah-in-hand.toml")),
    ("air-desert-day", include_str!("../../scenarios/air-desert-day.toml")),
    ("air-dp-sensor-lost", include_str!("../../scenarios/air-dp-sensor-lost.toml")),
    ("air-dx-arctic-front", include_str!("../../scenarios/air-dx-arctic-front.toml")),
    ("air-dx-cold-day", include_str!("../../scenarios/air-dx-cold-day.toml")),
    ("air-dx-damper-jammed", include_str!("../../scenarios/air-dx-damper-jammed.toml")),
    ("air-dx-fan-failed", include_str!("../../scenarios/air-dx-fan-failed.toml")),
    ("air-dx-hot-day", include_str!("../../scenarios/air-dx-hot-day.toml")),
    ("air-dx-row-blind", include_str!("../../scenarios/air-dx-row-blind.toml")),
    ("air-dx-summer-day", include_str!("../../scenarios/air-dx-summer-day.toml")),
    ("air-dx-two-units-tripped", include_str!("../../scenarios/air-dx-two-units-tripped.toml")),
    ("air-dx-unit-tripped", include_str!("../../scenarios/air-dx-unit-tripped.toml")),
    ("air-fan-failed", include_str!("../../scenarios/air-fan-failed.toml")),
    ("air-fan-slow", include_str!("../../scenarios/air-fan-slow.toml")),
    ("air-feedback-lies", include_str!("../../scenarios/air-feedback-lies.toml")),
    ("air-full-load", include_str!("../../scenarios/air-full-load.toml")),
    ("air-gpus-capped", include_str!("../../scenarios/air-gpus-capped.toml")),
    ("air-grid-sag", include_str!("../../scenarios/air-grid-sag.toml")),
    ("air-half-load", include_str!("../../scenarios/air-half-load.toml")),
    ("air-hall-blind", include_str!("../../scenarios/air-hall-blind.toml")),
    ("air-heat-wave-comes", include_str!("../../scenarios/air-heat-wave-comes.toml")),
    ("air-hot-day", include_str!("../../scenarios/air-hot-day.toml")),
    ("air-humid-day", include_str!("../../scenarios/air-humid-day.toml")),
    ("air-inlet-fahrenheit", include_str!("../../scenarios/air-inlet-fahrenheit.toml")),
    ("air-inlet-garbage", include_str!("../../scenarios/air-inlet-garbage.toml")),
    ("air-inlet-reads-high", include_str!("../../scenarios/air-inlet-reads-high.toml")),
    ("air-inlet-reads-low", include_str!("../../scenarios/air-inlet-reads-low.toml")),
    ("air-inlet-spikes", include_str!("../../scenarios/air-inlet-spikes.toml")),
    ("air-inlet-stuck", include_str!("../../scenarios/air-inlet-stuck.toml")),
    ("air-inlet-swapped", include_str!("../../scenarios/air-inlet-swapped.toml")),
    ("air-inlet-zero-frame", include_str!("../../scenarios/air-inlet-zero-frame.toml")),
    ("air-inlets-not-a-number", include_str!("../../scenarios/air-inlets-not-a-number.toml")),
    ("air-load-pulses", include_str!("../../scenarios/air-load-pulses.toml")),
    ("air-load-step-down", include_str!("../../scenarios/air-load-step-down.toml")),
    ("air-load-step-up", include_str!("../../scenarios/air-load-step-up.toml")),
    ("air-meter-reversed", include_str!("../../scenarios/air-meter-reversed.toml")),
    ("air-one-chiller-tripped", include_str!("../../scenarios/air-one-chiller-tripped.toml")),
    ("air-outage-generator", include_str!("../../scenarios/air-outage-generator.toml")),
    ("air-outage-no-generator", include_str!("../../scenarios/air-outage-no-generator.toml")),
    ("air-override", include_str!("../../scenarios/air-override.toml")),
    ("air-override-and-heat", include_str!("../../scenarios/air-override-and-heat.toml")),
    ("air-pump-tripped", include_str!("../../scenarios/air-pump-tripped.toml")),
    ("air-pump-tripped-long", include_str!("../../scenarios/air-pump-tripped-long.toml")),
    ("air-readings-drop-out", include_str!("../../scenarios/air-readings-drop-out.toml")),
    ("air-row-blind", include_str!("../../scenarios/air-row-blind.toml")),
    ("air-setpoint-moved", include_str!("../../scenarios/air-setpoint-moved.toml")),
    ("air-spring-day", include_str!("../../scenarios/air-spring-day.toml")),
    ("air-summer-day", include_str!("../../scenarios/air-summer-day.toml")),
    ("air-supply-duplicate-id", include_str!("../../scenarios/air-supply-duplicate-id.toml")),
    ("air-supply-sensor-lost", include_str!("../../scenarios/air-supply-sensor-lost.toml")),
    ("air-supply-sensor-reads-low", include_str!("../../scenarios/air-supply-sensor-reads-low.toml")),
    ("air-throttle-when-hot", include_str!("../../scenarios/air-throttle-when-hot.toml")),
    ("air-tower-fans-failed", include_str!("../../scenarios/air-tower-fans-failed.toml")),
    ("air-two-fans-failed", include_str!("../../scenarios/air-two-fans-failed.toml")),
    ("air-valve-leaks", include_str!("../../scenarios/air-valve-leaks.toml")),
    ("air-valve-reversed", include_str!("../../scenarios/air-valve-reversed.toml")),
    ("air-valve-runaway", include_str!("../../scenarios/air-valve-runaway.toml")),
    ("air-valve-stuck", include_str!("../../scenarios/air-valve-stuck.toml")),
    ("air-valve-stuck-all", include_str!("../../scenarios/air-valve-stuck-all.toml")),
    ("air-warm-setpoint", include_str!("../../scenarios/air-warm-setpoint.toml")),
    ("bench-fan-failed", include_str!("../../scenarios/bench-fan-failed.toml")),
    ("bench-fan-in-hand", include_str!("../../scenarios/bench-fan-in-hand.toml")),
    ("bench-heat-on", include_str!("../../scenarios/bench-heat-on.toml")),
    ("bench-no-controller", include_str!("../../scenarios/bench-no-controller.toml")),
    ("bench-quiet", include_str!("../../scenarios/bench-quiet.toml")),
    ("bench-sensor-lost", include_str!("../../scenarios/bench-sensor-lost.toml")),
    ("bench-sensor-not-a-number", include_str!("../../scenarios/bench-sensor-not-a-number.toml")),
    ("dx-outage-generator", include_str!("../../scenarios/dx-outage-generator.toml")),
    ("hybrid-air-row-fan-failed", include_str!("../../scenarios/hybrid-air-row-fan-failed.toml")),
    ("hybrid-cdu-tripped", include_str!("../../scenarios/hybrid-cdu-tripped.toml")),
    ("hybrid-chiller-tripped", include_str!("../../scenarios/hybrid-chiller-tripped.toml")),
    ("hybrid-cold-day", include_str!("../../scenarios/hybrid-cold-day.toml")),
    ("hybrid-dry-cooler-dead", include_str!("../../scenarios/hybrid-dry-cooler-dead.toml")),
    ("hybrid-hot-day", include_str!("../../scenarios/hybrid-hot-day.toml")),
    ("hybrid-spring-day", include_str!("../../scenarios/hybrid-spring-day.toml")),
    ("hybrid-summer-day", include_str!("../../scenarios/hybrid-summer-day.toml")),
    ("hybrid-tower-fans-failed", include_str!("../../scenarios/hybrid-tower-fans-failed.toml")),
    ("immersion-cold-day", include_str!("../../scenarios/immersion-cold-day.toml")),
    ("immersion-fans-failed", include_str!("../../scenarios/immersion-fans-failed.toml")),
    ("immersion-half-load", include_str!("../../scenarios/immersion-half-load.toml")),
    ("immersion-hot-day", include_str!("../../scenarios/immersion-hot-day.toml")),
    ("immersion-leak", include_str!("../../scenarios/immersion-leak.toml")),
    ("immersion-outage-generator", include_str!("../../scenarios/immersion-outage-generator.toml")),
    ("immersion-pump-stopped", include_str!("../../scenarios/immersion-pump-stopped.toml")),
    ("immersion-summer-day", include_str!("../../scenarios/immersion-summer-day.toml")),
    ("immersion-two-phase-cold-day", include_str!("../../scenarios/immersion-two-phase-cold-day.toml")),
    ("immersion-two-phase-fans-failed", include_str!("../../scenarios/immersion-two-phase-fans-failed.toml")),
    ("immersion-two-phase-half-load", include_str!("../../scenarios/immersion-two-phase-half-load.toml")),
    ("immersion-two-phase-hot-day", include_str!("../../scenarios/immersion-two-phase-hot-day.toml")),
    ("immersion-two-phase-leak", include_str!("../../scenarios/immersion-two-phase-leak.toml")),
    ("immersion-two-phase-outage-generator", include_str!("../../scenarios/immersion-two-phase-outage-generator.toml")),
    ("immersion-two-phase-short-circuit", include_str!("../../scenarios/immersion-two-phase-short-circuit.toml")),
    ("immersion-two-phase-summer-day", include_str!("../../scenarios/immersion-two-phase-summer-day.toml")),
    ("immersion-two-phase-vent-open", include_str!("../../scenarios/immersion-two-phase-vent-open.toml")),
    ("immersion-two-phase-water-stopped", include_str!("../../scenarios/immersion-two-phase-water-stopped.toml")),
    ("immersion-valve-jammed", include_str!("../../scenarios/immersion-valve-jammed.toml")),
    ("immersion-water-stopped", include_str!("../../scenarios/immersion-water-stopped.toml")),
    ("immersion-water-stopped-long", include_str!("../../scenarios/immersion-water-stopped-long.toml")),
    ("liquid-air-in-loop", include_str!("../../scenarios/liquid-air-in-loop.toml")),
    ("liquid-both-cdus-tripped", include_str!("../../scenarios/liquid-both-cdus-tripped.toml")),
    ("liquid-cdu-fouled", include_str!("../../scenarios/liquid-cdu-fouled.toml")),
    ("liquid-cdu-tripped", include_str!("../../scenarios/liquid-cdu-tripped.toml")),
    ("liquid-cold-day", include_str!("../../scenarios/liquid-cold-day.toml")),
    ("liquid-crah-fan-failed", include_str!("../../scenarios/liquid-crah-fan-failed.toml")),
    ("liquid-customer-gone", include_str!("../../scenarios/liquid-customer-gone.toml")),
    ("liquid-dry-cooler-dead", include_str!("../../scenarios/liquid-dry-cooler-dead.toml")),
    ("liquid-dry-cooler-short-circuit", include_str!("../../scenarios/liquid-dry-cooler-short-circuit.toml")),
    ("liquid-filter-clogged", include_str!("../../scenarios/liquid-filter-clogged.toml")),
    ("liquid-hall-blind", include_str!("../../scenarios/liquid-hall-blind.toml")),
    ("liquid-hot-day", include_str!("../../scenarios/liquid-hot-day.toml")),
    ("liquid-humid-day", include_str!("../../scenarios/liquid-humid-day.toml")),
    ("liquid-leak", include_str!("../../scenarios/liquid-leak.toml")),
    ("liquid-outage-generator", include_str!("../../scenarios/liquid-outage-generator.toml")),
    ("liquid-pumps-tripped", include_str!("../../scenarios/liquid-pumps-tripped.toml")),
    ("liquid-summer-day", include_str!("../../scenarios/liquid-summer-day.toml")),
    ("liquid-trim-chiller-tripped", include_str!("../../scenarios/liquid-trim-chiller-tripped.toml")),
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
