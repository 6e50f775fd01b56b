use super::*;
use proptest::prelude::*;

const PUMP: Pump = Pump {
    flow: 20.0,
    head: 3e5,
    shut_off: 1.3,
    straight: 0.2,
    efficiency: 0.75,
    best: 1.0,
    motor: 0.93,
    drive: 0.97,
    standby: 50.0,
    wet: 0.0,
    minimum: 0.2,
};
const GROUP: PumpGroup =
    PumpGroup { pump: PUMP, check: CheckValve { drop: 5e3, leakage: 0.0 }, density: 998.0, air: 0.0 };

proptest! {
    #[test]
    fn the_curve_is_affine_and_falls(flow in 0.0..25.0f64, speed in 0.1..1.0f64, more in 0.01..5.0f64) {
        // H(s·m, s) = s²·H(m, 1).
        let scaled = PUMP.head(speed * flow, speed);
        prop_assert!((scaled - speed * speed * PUMP.head(flow, 1.0)).abs() < 1e-6);
        prop_assert!(PUMP.head(flow + more, speed) < PUMP.head(flow, speed));
    }

    #[test]
    fn a_group_gives_back_the_head_of_its_curve(flow in 0.1..30.0f64, speed in 0.2..1.0f64) {
        let head = PUMP.head(flow, speed) - 5e3 * (flow / 20.0) * (flow / 20.0);
        if head > 0.0 {
            let all = GROUP.flow(head, &[speed, speed, 0.0]);
            prop_assert!((all / (2.0 * flow) - 1.0).abs() < 1e-9, "{all} for {flow}");
        }
    }

    #[test]
    fn electricity_goes_somewhere_and_never_below_the_hydraulic_power(
        flow in 0.0..60.0f64, speed in 0.0..1.2f64, wet in 0.0..1.0f64,
    ) {
        let pump = Pump { wet, ..PUMP };
        let work = pump.work((flow, pump.head(flow, speed)), speed, 998.0);
        prop_assert!((work.electrical - work.to_fluid - work.to_room).abs() <= 1e-9 * work.electrical);
        prop_assert!(work.electrical >= work.hydraulic && work.to_fluid >= work.hydraulic * (1.0 - 1e-12));
    }
}

#[test]
fn the_nominal_point_draws_what_the_data_sheet_says() {
    let work = PUMP.work((20.0, 3e5), 1.0, 998.0);
    let expected = 20.0 * 3e5 / 998.0 / (0.75 * 0.93 * 0.97) + 50.0;
    assert!((work.electrical - expected).abs() < 1e-9 * expected, "{work:?}");
    assert!(!work.low_flow && !work.dead_head && !work.outside);
    // The efficiency at half speed is Gülich's.
    let slow = PUMP.efficiency(10.0, 0.5);
    assert!((slow - (1.0 - 0.25 / libm::pow(0.5, 0.1))).abs() < 1e-12, "{slow}");
}

#[test]
fn shut_off_and_run_out_are_finite_and_said() {
    let closed = PUMP.work((0.0, PUMP.head(0.0, 1.0)), 1.0, 998.0);
    assert!(closed.dead_head && closed.low_flow && closed.electrical > 3e3 && closed.electrical < 8e3, "{closed:?}");
    let open = PUMP.work((200.0, 1e5), 1.0, 998.0);
    assert!(open.outside && open.electrical.is_finite(), "{open:?}");
    assert_eq!(PUMP.work((5.0, 1e5), f64::NAN, 998.0), Work::default());
    assert_eq!(Pump::speed(-3.0), 0.0);
}

#[test]
fn a_slow_pump_waits_behind_its_check_valve_and_a_leaking_one_gives_back() {
    let head = 2e5;
    let one = GROUP.flow(head, &[1.0]);
    assert_eq!(GROUP.flow(head, &[1.0, 0.5, 0.0]), one, "half speed lifts a quarter: 98 kPa");
    assert!(GROUP.work(head, &[1.0, 0.5]).dead_head);
    let worn = PumpGroup { check: CheckValve { leakage: 0.1, ..GROUP.check }, ..GROUP };
    let lost = one - worn.flow(head, &[1.0, 0.0]);
    assert!((lost - 2.0 * (2e5f64 / 3e5).sqrt()).abs() < 1e-9, "{lost}");
}
