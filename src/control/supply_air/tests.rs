//! A row's supply air by itself: what it does with what it sees.

use proptest::prelude::*;

use super::*;

const SECOND: Span = Span::from_secs(1);
const OF: SupplyAirTuning = SupplyAirTuning::USUAL;
const BEGIN: f64 = 20.0;
/// Slow fans, cool racks, chillers that run.
const CALM: View = View {
    warm: 0.0,
    beyond: false,
    hot: false,
    known: true,
    blind: false,
    fans: Some(40.0),
    held: false,
    settling: false,
    rides: false,
    free: 0.0,
};

fn pass(air: &mut RowAir, view: View, seconds: u64) -> f64 {
    (0..seconds).for_each(|_| air.step((&OF, BEGIN), &view, SECOND));
    air.setpoint()
}

/// One that has been trimmed to 21 °C.
fn trimmed() -> RowAir {
    let mut air = RowAir::at(BEGIN);
    pass(&mut air, CALM, 599 + 10 * 300);
    assert!((air.setpoint() - 21.0).abs() < 1e-9, "{air:?}");
    air
}

#[test]
fn nobody_asks_and_it_goes_a_tenth_every_five_minutes_to_the_warmest_and_no_further() {
    let mut air = trimmed();
    assert_eq!(air.cause(), Cause::Trimmed);
    assert!((pass(&mut air, CALM, 86_400) - OF.warmest.0).abs() < 1e-12);
}

#[test]
fn racks_and_fans_ask_for_colder_air_and_have_it_in_published_steps() {
    for (warm, fans, by) in [(0.0, 63.0, 0.2), (1.0, 40.0, 0.2), (1.0, 63.0, 0.4), (5.0, 40.0, 0.6)] {
        let mut air = trimmed();
        pass(&mut air, View { warm, fans: Some(fans), ..CALM }, 300);
        assert!((air.setpoint() - (21.0 - by)).abs() < 1e-9, "{warm} {fans}: {air:?}");
    }
    let mut air = trimmed();
    assert!((pass(&mut air, View { fans: Some(70.0), ..CALM }, 86_400) - OF.coldest.0).abs() < 1e-12);
}

#[test]
fn between_slow_and_fast_fans_it_stays() {
    let mut air = trimmed();
    assert!((pass(&mut air, View { fans: Some(55.0), ..CALM }, 7200) - 21.0).abs() < 1e-9);
    assert_eq!(air.cause(), Cause::Balanced);
}

#[test]
fn where_water_is_cooled_for_nothing_slower_fans_ask() {
    let mut air = trimmed();
    assert!((pass(&mut air, View { fans: Some(50.0), free: 1.0, ..CALM }, 300) - 20.8).abs() < 1e-9);
    assert!(
        (pass(&mut air, View { fans: Some(50.0), free: 0.5, ..CALM }, 7200) - 20.8).abs() < 1e-9,
        "half way: it stays"
    );
    assert!((pass(&mut air, View { fans: Some(50.0), free: 0.0, ..CALM }, 300) - 20.9).abs() < 1e-9);
    let long = pass(&mut air, View { fans: Some(50.0), free: 1.0, ..CALM }, 86_400);
    assert!((long - BEGIN).abs() < 0.11, "no colder than where it begins: {long}");
}

#[test]
fn a_stage_change_freezes_it_and_a_rack_beyond_the_recommended_is_answered_all_the_same() {
    let mut air = trimmed();
    let change = View { settling: true, fans: Some(90.0), warm: 2.0, ..CALM };
    assert!((pass(&mut air, change, 7200) - 21.0).abs() < 1e-9);
    assert_eq!(air.cause(), Cause::Settling);
    assert!(pass(&mut air, View { beyond: true, ..change }, 300) < 20.7);
}

#[test]
fn while_its_setpoints_are_moved_for_peaks_it_stays_and_a_rack_beyond_the_recommended_is_answered_all_the_same() {
    let mut air = trimmed();
    let rides = View { rides: true, fans: Some(90.0), warm: 20.0, ..CALM };
    assert!((pass(&mut air, rides, 7200) - 21.0).abs() < 1e-9, "racks are warm because of that");
    assert_eq!(air.cause(), Cause::Rides);
    assert!(pass(&mut air, View { beyond: true, ..rides }, 300) < 20.7);
}

#[test]
fn somebody_who_holds_valves_or_all_fans_freezes_it() {
    for view in [View { held: true, ..CALM }, View { fans: None, ..CALM }] {
        let mut air = trimmed();
        assert!((pass(&mut air, view, 7200) - 21.0).abs() < 1e-9);
        assert_eq!(air.cause(), Cause::Held);
    }
}

#[test]
fn a_doubted_inlet_trims_nothing_and_asks_by_its_aged_value() {
    let mut air = trimmed();
    assert!((pass(&mut air, View { known: false, ..CALM }, 7200) - 21.0).abs() < 1e-9);
    assert!(pass(&mut air, View { known: false, warm: 1.0, ..CALM }, 300) < 20.9);
}

#[test]
fn a_lost_sensor_has_it_back_where_it_begins_and_never_warmer() {
    let mut air = trimmed();
    assert!((pass(&mut air, View { blind: true, ..CALM }, 60) - 20.8).abs() < 1e-9, "0.2 K a minute");
    assert!((pass(&mut air, View { blind: true, ..CALM }, 3600) - BEGIN).abs() < 1e-9);
    pass(&mut air, View { fans: Some(90.0), ..CALM }, 3000);
    let cold = air.setpoint();
    assert!(cold < BEGIN && (pass(&mut air, View { blind: true, ..CALM }, 3600) - cold).abs() < 1e-12);
}

#[test]
fn a_rack_at_its_maximum_has_it_there_at_once() {
    let mut air = trimmed();
    assert!((pass(&mut air, View { hot: true, held: true, settling: true, ..CALM }, 1) - BEGIN).abs() < 1e-12);
}

#[test]
fn somebody_who_moves_the_valves_setpoint_has_it_begin_there() {
    let mut air = trimmed();
    air.step((&OF, 17.0), &CALM, SECOND);
    assert!((air.setpoint() - 17.0).abs() < 1e-12, "even outside of what the reset may do by itself");
}

fn views() -> impl Strategy<Value = View> {
    let flags = prop::collection::vec(any::<bool>(), 6);
    (flags, 0_u8..6, prop::option::of(0.0..100.0_f64), 0.0..1.0_f64).prop_map(|(flags, warm, fans, free)| View {
        warm: f64::from(warm),
        beyond: flags[0],
        hot: false,
        known: flags[1],
        blind: flags[2],
        fans,
        held: flags[3],
        settling: flags[4],
        rides: flags[5],
        free,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    /// Whatever is seen: inside its range, no faster than machines may be put through, and without sight never warmer.
    #[test]
    fn it_keeps_its_range_and_its_pace(days in prop::collection::vec((views(), 1_usize..1200), 1..16)) {
        let mut air = RowAir::at(BEGIN);
        let mut past = vec![BEGIN];
        for (view, seconds) in days {
            for _ in 0..seconds {
                let before = air.setpoint();
                let now = pass(&mut air, view, 1);
                prop_assert!((OF.coldest.0..=OF.warmest.0).contains(&now));
                prop_assert!(now <= before || !(view.blind || view.held || view.settling || view.rides || !view.known));
                past.push(now);
            }
        }
        for (seconds, most) in [(900, 5.0), (3600, 20.0)] {
            for window in past.windows(seconds + 1) {
                prop_assert!((window[seconds] - window[0]).abs() <= most + 1e-9);
            }
        }
    }
}
