//! Which of two publications holds at an instant.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// At every instant the publication holds that was published last of those that cover it, and of two at once the one that came later.
    #[test]
    fn the_newer_wins_slot_by_slot(
        publications in prop::collection::vec((0_i64..6, prop::collection::vec((0_i64..40, 1_i64..9), 1..6)), 1..7),
    ) {
        let mut known: Vec<Said> = Vec::new();
        let mut oracle: Vec<Option<(i64, i64)>> = vec![None; 60];
        for (n, (at, spans)) in (0_i64..).zip(&publications) {
            let (mut slots, mut end) = (Vec::new(), 0);
            for (gap, length) in spans {
                let from = end + gap % 7;
                end = from + length;
                let price = Some(Decimal::whole(100 * n + i64::try_from(slots.len()).expect("small")));
                slots.push(Slot { from: Wall(from), to: Wall(end), price, grams: None });
            }
            for slot in &slots {
                for instant in slot.from.0..slot.to.0.min(60) {
                    let row = &mut oracle[usize::try_from(instant).expect("small")];
                    if row.is_none_or(|(held, _)| held <= *at) {
                        *row = Some((*at, price_of(slot)));
                    }
                }
            }
            let (over, under): (Vec<Said>, Vec<Said>) = known.iter().partition(|said| said.at > Wall(*at));
            let new: Vec<Said> = slots.into_iter().map(|slot| Said { slot, at: Wall(*at) }).collect();
            known = overlay(&over, &overlay(&new, &under));
        }
        let prices = Prices::of(known.iter().map(|said| said.slot).collect());
        let prices = prices.expect("in order, none on top of another");
        for (instant, held) in (0_i64..).zip(&oracle) {
            prop_assert_eq!(prices.at(Wall(instant)).map(price_of), held.map(|(_, price)| price), "at {}", instant);
        }
    }
}

/// A whole price, as a number.
fn price_of(slot: &Slot) -> i64 {
    slot.price.expect("a price").to_string().parse().expect("whole")
}

#[test]
fn what_came_while_the_clock_was_ahead_does_not_shut_out_who_comes_later() {
    let ahead = Wall(MORNING.0 + 1000 * HOUR);
    for (published, scans) in [(None, true), (None, false), (Some(ahead), true), (Some(ahead), false)] {
        let mut bench = Bench::new(DAY_AHEAD);
        (bench.tick.clock_trusted, bench.tick.wall) = (false, ahead);
        bench.take(&Offer { published, ..offer(hours(0, &[100; 24])) }).expect("taken");
        bench.scan(0);
        (bench.tick.clock_trusted, bench.tick.wall) = (true, Wall(MORNING.0 + HOUR));
        if scans {
            bench.scan(0);
        }
        bench.take(&Offer { published: Some(bench.tick.wall), ..offer(hours(0, &[200; 24])) }).expect("taken");
        bench.scan(1);
        assert_eq!(bench.now(), known("0.25", "200"), "{published:?} {scans}");
        assert!(bench.prices.newest().expect("one").at <= bench.tick.wall, "{published:?} {scans}");
        // It grows old like any other.
        bench.scan(31 * 60);
        assert!(bench.prices.troubles().any(|of| of == PriceTrouble::Stale), "{published:?} {scans}");
    }
}

#[test]
fn a_price_with_which_nobody_can_reckon_is_refused() {
    let read = |what: &str| {
        let text = format!(
            "{{\"unit\": \"EUR/MWh\", \"prices\": [{{\"start\": \"2027-01-15T08:00:00Z\", \"end\": \"2027-01-15T09:00:00Z\", {what}}}]}}"
        );
        crate::control::tariff::Publication::read(&text, "EUR")
    };
    for what in ["\"price\": 1e13", "\"price\": -1e13", "\"price\": 1, \"grams\": 1000001"] {
        let faults = read(what).expect_err(what).join("\n");
        assert!(faults.contains("2027-01-15T08:00:00Z costs or emits more than 1000000 a kWh"), "{faults}");
    }
    for what in ["\"price\": 1e9", "\"price\": -1e9, \"grams\": 1000000"] {
        assert!(read(what).is_ok(), "{what}");
    }
    // However it comes.
    let mut bench = Bench::new(DAY_AHEAD);
    let mut slots = hours(0, &[100]);
    slots[0].price = Some(Decimal::whole(10_000_000_000));
    assert_eq!(bench.take(&offer(slots)), Err(Refusal::NoPrices));
}
