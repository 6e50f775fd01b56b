use super::*;
use crate::liquid::Coolant;
use crate::liquid::plate::Side;
use plant::read::Source;
use proptest::prelude::*;

/// A megawatt hall beside an office quarter that wants 65 °C on its coldest day.
fn station() -> HeatRecovery {
    let side = |coolant, flow| Side { coolant, flow };
    HeatRecovery {
        plate: Plate::sized(6e5, 3.0, side(Coolant::PG25, 20.0), side(Coolant::WATER, 25.0)),
        heat_pump: Some(HeatPump {
            carnot_share: 0.5,
            capacity: 8e5,
            least_load: 0.25,
            cycling: 0.9,
            pinch: 3.0,
            least_lift: 15.0,
            most_lift: 65.0,
            source_guard: 10.0,
            supply_limit: 75.0,
        }),
        customer: Customer {
            base: 5e4,
            slope: 3e4,
            heating_limit: 15.0,
            design_outdoors: -12.0,
            most: 9e5,
            profile: [1.0; 24],
            supply: (45.0, 65.0),
            back: 40.0,
        },
    }
}

const WINTER: Offered = Offered { flow: 20.0, back: 45.0, outdoors: 0.0, hour: 12.0, connected: true, open: 1.0 };

#[test]
fn the_heat_pump_agrees_with_a_search_for_its_source() {
    let of = station();
    let got = of.recover(WINTER);
    let wanted = of.customer.wanted(0.0, 12.0);
    // By halving the source's temperature instead of the straight line.
    let exchange = of.plate.exchange(20.0, 25.0, 0.0);
    let (mut low, mut high) = (-50.0, 45.0);
    for _ in 0..80 {
        let source = f64::midpoint(low, high);
        let cop = 0.5 * (wanted.supply + 3.0 + 273.15) / (wanted.supply + 3.0 - (source - 3.0));
        let taken = wanted.heat * (1.0 - 1.0 / cop);
        if 45.0 - taken / exchange > source { low = source } else { high = source }
    }
    let source = f64::midpoint(low, high);
    let cop = 0.5 * (wanted.supply + 3.0 + 273.15) / (wanted.supply + 6.0 - source);
    assert!(got.mode == Mode::HeatPump && (got.cop / cop - 1.0).abs() < 1e-9, "{got:?} {cop}");
    assert!((got.exported - wanted.heat).abs() < 1e-6 && got.unmet == 0.0 && !got.outside);
    assert!((got.back - (45.0 - got.from_hall / (20.0 * 3970.0))).abs() < 1e-9);
}

#[test]
fn a_valve_that_is_not_open_lets_its_share_through() {
    let of = station();
    let half = of.recover(Offered { open: 0.5, outdoors: -12.0, ..WINTER });
    assert!(half.exported <= 0.5 * of.customer.most + 1e-6 && half.exported > 0.0, "{half:?}");
    let shut = of.recover(Offered { open: 0.0, ..WINTER });
    assert!(shut.exported == 0.0 && shut.back == 45.0 && shut.unmet > 0.0);
}

#[test]
fn a_customer_who_is_gone_takes_nothing_and_the_return_stays_warm() {
    let of = station();
    let gone = of.recover(Offered { connected: false, ..WINTER });
    assert!(gone.mode == Mode::Gone && gone.exported == 0.0 && gone.electricity == 0.0 && gone.back == 45.0);
    assert!(of.recover(WINTER).back < 40.0);
    let still = of.recover(Offered { flow: 0.0, ..WINTER });
    assert!(still.mode == Mode::Idle && still.unmet > 0.0 && still.back == 45.0);
}

#[test]
fn a_warm_return_goes_directly() {
    let mut of = station();
    of.customer.supply = (35.0, 35.0);
    of.customer.back = 28.0;
    let direct = of.recover(WINTER);
    assert!(direct.mode == Mode::Direct && direct.electricity == 0.0 && direct.exported > 4.9e5, "{direct:?}");
    // Without a heat pump a return that is not warm enough is of no use.
    of.customer.supply = (60.0, 60.0);
    of.heat_pump = None;
    let cold = of.recover(WINTER);
    assert!(cold.exported == 0.0 && cold.outside && cold.unmet > 0.0);
}

#[test]
fn limits_bind_and_are_said() {
    let of = station();
    let pump = of.heat_pump.expect("there");
    // A cold return: the guard of the source binds.
    let cold = of.recover(Offered { back: 14.0, outdoors: -12.0, ..WINTER });
    let exchange = of.plate.exchange(20.0, 25.0, 0.0);
    assert!(cold.outside && cold.from_hall <= exchange * 4.0 * (1.0 + 1e-9) && cold.unmet > 0.0, "{cold:?}");
    // More lift than it makes: nothing.
    let mut steep = of.clone();
    steep.heat_pump = Some(HeatPump { most_lift: 20.0, ..pump });
    assert_eq!(steep.recover(Offered { outdoors: -12.0, ..WINTER }).exported, 0.0);
    // Warmer than it can: its share of the way.
    let mut low = of.clone();
    low.heat_pump = Some(HeatPump { supply_limit: 55.0, capacity: 9e5, ..pump });
    let part = low.recover(Offered { outdoors: -12.0, ..WINTER });
    assert!((part.exported / (8.6e5 * 15.0 / 25.0) - 1.0).abs() < 1e-9, "{part:?}");
    // Cycling: a tenth of the capacity is 0.4 of the least load.
    assert!((pump.part_load(0.1) - 0.4 / (0.9 * 0.4 + 0.1)).abs() < 1e-12);
    assert!((pump.part_load(0.3) - 1.0).abs() < 1e-12);
}

#[test]
fn a_day_has_its_profile_and_a_year_its_heating_limit() {
    let mut customer = station().customer;
    customer.profile = core::array::from_fn(|n| if n < 12 { 0.5 } else { 1.0 });
    assert!((customer.wanted(15.0, 6.0).heat - 2.5e4).abs() < 1e-9);
    assert!((customer.wanted(30.0, 11.5).heat - 3.75e4).abs() < 1e-9, "half way up");
    assert!((customer.wanted(30.0, 23.5).heat - 3.75e4).abs() < 1e-9, "half way down over midnight");
    assert_eq!(customer.wanted(5.0, -6.0), customer.wanted(5.0, 18.0));
    assert_eq!(customer.wanted(5.0, 30.0), customer.wanted(5.0, 6.0));
    assert!((customer.wanted(-40.0, 18.0).heat - 9e5).abs() < 1e-9, "the connection carries no more");
    assert_eq!(customer.wanted(-12.0, 0.0).supply, 65.0);
    assert!(customer.wanted(0.0, f64::NAN).heat.is_finite());
}

#[test]
fn reuse_is_counted_as_the_standards_do() {
    assert_eq!(reuse_factor(3e5, 1.2e6), 0.25);
    assert_eq!(reuse_factor(1.0, 0.0), 0.0);
    assert_eq!(reuse_effectiveness(1.2e6, 3e5, 1e6), Some(0.9));
    assert_eq!(reuse_effectiveness(1.2e6, 3e5, 0.0), None);
}

proptest! {
    #[test]
    fn energy_is_conserved_and_no_machine_beats_carnot(
        flow in 0.0..40.0f64, back in -20.0..100.0f64, outdoors in -40.0..50.0f64, hour in -50.0..50.0f64,
    ) {
        let of = station();
        let got = of.recover(Offered { flow, back, outdoors, hour, connected: true, open: 1.0 });
        prop_assert!((got.exported - got.from_hall - got.electricity).abs() <= 1e-9 * got.exported);
        prop_assert!(got.from_hall >= 0.0 && got.electricity >= 0.0 && got.unmet >= 0.0 && got.back.is_finite());
        let wanted = of.customer.wanted(outdoors, hour);
        prop_assert!((got.exported + got.unmet - wanted.heat).abs() <= 1e-6);
        if got.mode == Mode::HeatPump {
            let condensing = wanted.supply + 3.0 + 273.15;
            prop_assert!(got.cop >= 1.0 && got.cop <= condensing / 15.0);
            prop_assert!(back - got.from_hall / of.plate.exchange(flow, 25.0, 0.0) >= 10.0 - 1e-6 || got.from_hall == 0.0);
        }
    }

    #[test]
    fn a_warmer_return_never_takes_more_electricity_for_the_same_heat(back in 25.0..45.0f64, by in 0.0..2.9f64) {
        let of = station();
        let one = of.recover(Offered { back, ..WINTER });
        let two = of.recover(Offered { back: back + by, ..WINTER });
        prop_assert!(two.electricity <= one.electricity * (1.0 + 1e-12), "{one:?} {two:?}");
    }
}

#[test]
fn a_broken_station_tells_all_its_faults_at_once() {
    let text = "[plate]\nduty-w = 6e5\napproach-k = 3\nwarm = { coolant = \"pg25\", flow-kg-per-s = 20 }\n\
                cold = { coolant = \"water\", flow-kg-per-s = 0 }\n\
                [heat-pump]\ncarnot-share = 2\ncapacity-w = 8e5\nleast-load = 0.2\npinch-k = 3\nleast-lift-k = 30\n\
                most-lift-k = 20\nsource-guard-cel = 5\nsupply-limit-cel = 60\n\
                [customer]\nbase-w = 0\nslope-w-per-k = 1\nheating-limit-cel = 10\ndesign-outdoors-cel = 12\nmost-w = 1e6\n\
                profile = [1, 2]\nsupply-mild-cel = 45\nsupply-cold-cel = 70\nback-cel = 50\n";
    let source = Source::new("station.toml", text);
    let table = source.parse();
    let root = source.root(&table);
    let read = HeatRecovery::read(&root);
    root.done();
    drop(root);
    let faults = source.finish(read).expect_err("broken").to_string();
    for part in ["flow-kg-per-s", "carnot-share", "most lift", "design day", "24 from 0 to 3", "gives back warmer"] {
        assert!(faults.contains(part), "{part} in\n{faults}");
    }
}
