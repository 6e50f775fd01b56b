//! A scan beside somebody else's control.

use plant::reading::Sample;

use super::Run;

#[test]
fn a_scan_beside_somebody_elses_control_allocates_nothing() {
    let mut run = Run::new();
    run.control.set_beside(true);
    for scan in 0..7200u32 {
        run.sample(if (40..=60).contains(&(scan % 100)) { Some(3) } else { None });
        for (id, def) in run.hall.points.iter().filter(|(_, def)| def.write.is_some()) {
            let value = def.write.map_or(0.0, |write| write.max);
            run.inputs.samples[id] = Sample::good(value, run.tick.mono);
        }
        let count = run.allocations();
        assert!(scan < 5 || count == 0, "scan {scan} allocated {count} times");
    }
    assert!(run.control.shadow(24).is_some_and(|report| report.hours > 1.9), "two hours were compared");
}
