//! What ends a ride besides sensors and alarms; and what comes back before cooling goes home.

use plant::event::{PeakNews, RideEnd};
use plant::reading::Why;

use super::{Stand, TARGET};

/// After so many scans of what was done to one that rides it is home, for this reason.
fn ends(spoil: fn(&mut Stand), within: u64, why: RideEnd) {
    let mut stand = Stand::up();
    spoil(&mut stand);
    stand.pass(within, 1.1 * TARGET);
    assert_eq!(stand.view().doubt.as_deref(), Some(why.word()), "{:?}", stand.told());
    assert!(stand.told().contains(&PeakNews::RideEnded(why)), "{why:?}: {:?}", stand.told());
    assert!(stand.view().setpoints.iter().all(|of| of.offset_k == 0.0), "{why:?}: {:?}", stand.view());
    assert!((stand.setpoint("row-a/fans") - 24.0).abs() < 1e-9, "{why:?}: {}", stand.setpoint("row-a/fans"));
}

#[test]
fn thermal_protection_ends_it_as_soon_as_so_hot_an_inlet_is_believed() {
    let mut stand = Stand::up();
    stand.rig.read("rack-a07/inlet-air-temp", 32.5);
    for n in 0..60 {
        stand.pass(1, 1.1 * TARGET);
        assert!(n < 1 || stand.view().setpoints.iter().all(|of| of.offset_k == 0.0), "{n}: {:?}", stand.view());
    }
    assert_eq!(stand.view().doubt.as_deref(), Some("tripped"), "{:?}", stand.told());
    stand.rig.read("rack-a07/inlet-air-temp", 23.0);
    stand.pass(120, 1.1 * TARGET);
    assert_ne!(stand.view().doubt.as_deref(), Some("tripped"), "{:?}", stand.told());
}

#[test]
fn somebody_elses_control_ends_it() {
    ends(|stand| stand.rig.control.set_beside(true), 2, RideEnd::Beside);
}

#[test]
fn a_plant_on_its_panels_ends_it() {
    ends(
        |stand| (1..=3).for_each(|n| stand.rig.fail(&format!("ch-{n}/running"), Why::OutOfService)),
        3,
        RideEnd::OnPanels,
    );
}

#[test]
fn caps_are_back_before_cooling_goes_home() {
    let mut stand = Stand::up();
    stand.pass(1200, 1.1 * TARGET);
    let holds = |stand: &Stand| stand.rig.control.peaks().is_some_and(|view| view.allowed_w.is_some());
    assert!(holds(&stand), "windows hold machines");
    let (mut free, mut before) = (0_u32, stand.offset("row-a"));
    assert!(before > 1.9, "{:?}", stand.view());
    while stand.offset("row-a") >= before {
        before = stand.offset("row-a");
        stand.pass(1, 0.85 * TARGET);
        free = if holds(&stand) { 0 } else { free + 1 };
        assert!(free < 1200, "it never goes home: {:?}", stand.view());
    }
    assert!((240..=310).contains(&free), "home {free} s after machines were let go, not after `release-after`");
}
