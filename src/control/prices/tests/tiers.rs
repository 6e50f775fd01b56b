//! What the next kilowatt-hour costs where that goes by what has flowed in the billing period.

use plant::hall::MeterRole;
use plant::reading::Sample;

use super::*;

/// "By day 30 ct up to 10 kWh a day, then 25 ct; at night 20 ct up to 100 kWh, then 10 ct; and 1 ct of levies up to 1000 kWh, then none."
const TIERS: &str = r#"
name = "tiers"
summary = "Prices by what has flowed."
currency = "EUR"
zone = "Europe/Berlin"
[[energy]]
name = "supply"
[[energy.period]]
name = "night"
hours = ["22:00-06:00"]
tiers = [{ up-to-kwh = 100, price = 0.2 }, { price = 0.1 }]
[[energy.period]]
name = "day"
tiers = [{ up-to-kwh-per-day = 10, price = 0.3 }, { price = 0.25 }]
[[energy]]
name = "levies"
tiers = [{ up-to-kwh = 1000, price = 0.01 }, { price = 0 }]
"#;

impl Bench {
    /// So many minutes later the meter has counted so many kWh more: what the next one costs, and whether that is in doubt.
    fn flows(&mut self, minutes: i64, kwh: f64) -> (String, bool) {
        let before = self.meter.map_or(5e6, |meter| meter.total);
        let breaks = self.meter.map_or(0, |meter| meter.breaks);
        self.meter = Some(Metered { total: before + 1e3 * kwh, current: true, breaks, grain: 0.0, registered: true });
        self.scan(minutes);
        (self.now().0.unwrap_or_default(), self.tariff.is_tier_doubted(self.prices.known()))
    }
}

fn says(price: &str, doubted: bool) -> (String, bool) {
    (price.to_owned(), doubted)
}

#[test]
fn the_next_kwh_costs_what_the_tier_costs_that_the_billing_period_has_come_to() {
    let mut bench = Bench::new(TIERS);
    // 15 January, 09:00: what flowed before is not known. January has 310 kWh of the first tier by day.
    assert_eq!(bench.flows(1, 0.0), says("0.31", true));
    assert_eq!(bench.flows(9, 309.5), says("0.31", true));
    assert_eq!(bench.flows(10, 0.5), says("0.26", true));
    // At night, 22:00 on, other hours count.
    assert_eq!(bench.flows(13 * 60 - 20, 0.0), says("0.21", true));
    assert_eq!(bench.flows(1, 99.9), says("0.21", true));
    assert_eq!(bench.flows(1, 0.2), says("0.11", true));
    // 410.1 kWh have flowed; from 1000 on there are no levies.
    assert_eq!(bench.flows(1, 590.0), says("0.1", true));
    // Prices of later: those of this billing period go on, the next begins anew.
    let price =
        |bench: &Bench, at: i64| bench.tariff.price_at(Wall(at), Some(bench.prices.known())).map(|of| of.to_string());
    let days = |n: i64| MORNING.0 + 24 * n * HOUR;
    assert_eq!(price(&bench, days(16)).as_deref(), Some("0.25"), "31 January, 09:00");
    assert_eq!(price(&bench, days(17)).as_deref(), Some("0.31"), "1 February");
    // What is published changes nothing of that.
    let (from, to) = (bench.tick.wall, Wall(bench.tick.wall.0 + HOUR));
    bench.take(&offer(vec![Slot { from, to, price: None, grams: Some(Decimal::whole(402)) }])).expect("taken");
    assert_eq!(bench.flows(1, 0.0), says("0.1", true));
    // From 1 February on all is counted.
    while bench.tick.wall.0 < days(17) {
        bench.flows(30, 0.0);
    }
    assert_eq!(bench.flows(1, 0.0), says("0.31", false));
    assert_eq!(bench.flows(1, 281.0), says("0.26", false), "28 days of 10 kWh");
    // The meter is not read for a while: it comes with the next reading. It loses count: nobody knows any more.
    bench.meter = bench.meter.map(|meter| Metered { total: 0.0, current: false, ..meter });
    bench.scan(30);
    assert_eq!(bench.now().0.as_deref(), Some("0.26"));
    bench.meter = Some(Metered { total: 5e6, current: true, breaks: 1, grain: 0.0, registered: true });
    assert_eq!(bench.flows(1, 0.0), says("0.26", true));
}

#[test]
fn what_was_counted_before_a_clock_was_set_back_into_the_last_month_is_not_known() {
    let mut bench = Bench::new(TIERS);
    let month = 17 * 24 * HOUR;
    bench.flows(1, 0.0);
    while bench.tick.wall.0 < MORNING.0 + month {
        bench.flows(30, 1.0);
    }
    assert_eq!(bench.flows(1, 300.0), says("0.26", false));
    bench.tick.wall.0 -= 3 * 24 * HOUR;
    assert!(bench.flows(1, 0.0).1);
    bench.tick.wall.0 += 3 * 24 * HOUR;
    assert_eq!(bench.flows(1, 0.0), says("0.31", true), "what flowed on 1 February is gone");
}

#[test]
fn power_that_flows_out_takes_nothing_back_unless_the_tariff_says_so() {
    for (head, after) in [("", "0.26"), ("export = \"negative\"\n", "0.31")] {
        let mut bench = Bench::new(
            &TIERS.replace("[[energy]]\nname = \"supply\"", &format!("{head}[[energy]]\nname = \"supply\"")),
        );
        bench.flows(1, 0.0);
        bench.flows(1, 320.0);
        assert_eq!(bench.flows(1, -20.0).0, after, "{head}");
    }
}

#[test]
fn another_tariff_goes_on_with_what_flowed_in_hours_of_the_same_name() {
    let mut bench = Bench::new(TIERS);
    bench.flows(1, 0.0);
    bench.flows(1, 320.0);
    let mut other = bench.prices.clone();
    let dearer = tariff(&TIERS.replace("price = 0.25", "price = 0.28"));
    other.move_to(Some(&dearer));
    assert_eq!(dearer.price_at(bench.tick.wall, Some(other.known())), Some(decimal("0.29")));
    let renamed = tariff(&TIERS.replace("name = \"day\"", "name = \"days\""));
    other.move_to(Some(&renamed));
    assert_eq!(renamed.price_at(bench.tick.wall, Some(other.known())), Some(decimal("0.31")));
}

/// By the hall's only utility meter, over a restart, with a state that goes through the journal's format.
#[test]
fn a_controller_counts_what_its_utility_meter_counts_and_goes_on_after_a_restart() {
    let site = || Site { tariff: Some(Arc::new(tariff(TIERS))), ..Arc::new(shipped("air")).into() };
    let mut control = Controller::new(site());
    let hall = Arc::clone(control.hall());
    let meter = hall.meters.iter().find(|meter| meter.role == MeterRole::Utility).expect("a meter");
    let mut tick = Tick { dt: Span::from_secs(1), wall: MORNING, clock_trusted: true, ..Tick::default() };
    // 360 kW: a tenth of a kWh in a second.
    let mut counts = 1e6;
    let mut seconds = |control: &mut Controller, tick: &mut Tick, count: u32| {
        for _ in 0..count {
            (tick.seq, tick.wall.0, tick.mono.0) = (tick.seq + 1, tick.wall.0 + 1000, tick.mono.0 + 1_000_000_000);
            counts += 100.0;
            let mut inputs = Inputs::unread(hall.points.len());
            inputs.samples[meter.energy.id()] = Sample::good(counts, tick.mono);
            inputs.samples[meter.power.id()] = Sample::good(360e3, tick.mono);
            control.step(&inputs, *tick);
        }
        control.state().prices.now().price.map(|price| price.to_string())
    };
    assert_eq!(seconds(&mut control, &mut tick, 3000).as_deref(), Some("0.31"));
    assert_eq!(seconds(&mut control, &mut tick, 200).as_deref(), Some("0.26"));
    let state: State = postcard::from_bytes(&postcard::to_stdvec(control.state()).expect("writes")).expect("reads");
    let mut again = Controller::restore(site(), state);
    assert_eq!(seconds(&mut again, &mut tick, 1).as_deref(), Some("0.26"));
}
