//! Work that waits, and work that is lost, month by month.

use super::*;

/// So many minutes in which jobs want so much that they do not draw (W at machines), and in one of whose scans so much work is lost (Wh at machines).
fn pass(rig: &mut Rig, minutes: i64, waits: f64, undone: f64) {
    for scan in 0..minutes * 60 / DT {
        let undone = if scan == 100 { undone } else { 0.0 };
        rig.scene.later = Later { waits: Watts(waits), undone, ..Later::default() };
        rig.scan([500.0, 0.0, 0.0]);
    }
}

#[test]
fn work_that_waits_and_work_that_is_lost_is_told_in_the_gpu_hours_of_its_month() {
    // July is over at 22:00Z. A GPU is rated 500 W.
    let mut rig = Rig::new("2026-07-31T20:58:00Z", &tariff("", FIXED));
    pass(&mut rig, 2, 0.0, 0.0);
    // 3 kW for an hour: 6 GPUs' worth. 250 Wh are half an hour of one.
    pass(&mut rig, 60, 3e3, 250.0);
    // 1 kW for an hour and a half; 1 kWh is two hours of one.
    pass(&mut rig, 90, 1e3, 1e3);
    pass(&mut rig, 30, 0.0, 0.0);
    let view = rig.view();
    let [august, july] = view.months.as_slice() else { panic!("{view:?}") };
    for (of, (waited, undone)) in [(july, (3e3, 250.0)), (august, (1.5e3, 1e3))] {
        assert!((of.deferred_wh - waited).abs() < 1e-6 && (of.undone_wh - undone).abs() < 1e-6, "{of:?}");
        let hours = of.deferred_gpu_h.zip(of.undone_gpu_h).expect("there are GPUs");
        assert!((hours.0 - waited / 500.0).abs() < 1e-9 && (hours.1 - undone / 500.0).abs() < 1e-9, "{hours:?}");
    }
    // Where there are none both are energy alone.
    let view = rig.savings.view(&rig.plan, Wall(rig.begin + rig.at), None);
    let told: Vec<_> = view.months.iter().map(|of| (of.deferred_gpu_h, of.undone_gpu_h)).collect();
    assert_eq!(told, [(None, None), (None, None)]);
    assert!(view.months.iter().all(|of| of.deferred_wh > 1e3 && of.undone_wh > 100.0), "{view:?}");
}
