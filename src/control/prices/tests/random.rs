//! Whatever is published, whenever, over restarts and under a clock that is doubted: what a scan says is what was published, and each
//! trouble begins and ends in turn.

use std::collections::BTreeMap;

use super::*;

/// What may happen.
#[derive(Clone, Debug)]
enum Happens {
    /// So many hours from this one on are published, so long ago.
    Said { from: i64, prices: Vec<i64>, ago: Option<i64>, kept: bool },
    /// Something with a fault is.
    Bad,
    /// Minutes pass.
    Minutes(i64),
    /// The clock is trusted, or not.
    Trusted(bool),
    /// The service is killed and goes on.
    Restart,
}

fn anything() -> impl Strategy<Value = Happens> {
    let prices = prop::collection::vec(-50_i64..400, 1..30);
    prop_oneof![
        3 => (-3_i64..40, prices, prop::option::of(0_i64..50), any::<bool>())
            .prop_map(|(from, prices, ago, kept)| Happens::Said { from, prices, ago, kept }),
        1 => Just(Happens::Bad),
        5 => (1_i64..400).prop_map(Happens::Minutes),
        1 => any::<bool>().prop_map(Happens::Trusted),
        1 => Just(Happens::Restart),
    ]
}

/// What has been published, hour by hour: when, and the price.
type Published = BTreeMap<i64, (i64, i64)>;

fn does(bench: &mut Bench, published: &mut Published, newest: &mut i64, happens: &Happens) {
    match happens {
        Happens::Said { from, prices, ago, kept } => {
            let hour = (bench.tick.wall.0 - MORNING.0) / HOUR + from;
            let now = bench.tick.wall.0;
            let stamp = ago.map(|hours| now - hours * HOUR);
            let said = Offer { published: stamp.map(Wall), kept: *kept, ..offer(hours(hour, prices)) };
            assert!(bench.take(&said).is_ok());
            let at = stamp.unwrap_or(now.max(*newest));
            for (n, price) in (hour..).zip(prices) {
                let row = published.entry(n).or_insert((at, *price));
                // What the broker had kept is no news where it says what is known; the price is the same then.
                if row.0 <= at {
                    *row = (at, *price);
                }
            }
            *newest = at.max(*newest);
        }
        Happens::Bad => {
            let told = &mut News::new(bench.tick, &mut bench.events);
            bench.prices.refuse(("topic prices", "no JSON"), bench.tick, told);
        }
        Happens::Minutes(_) => {}
        Happens::Trusted(trusted) => bench.tick.clock_trusted = *trusted,
        Happens::Restart => {
            let bytes = postcard::to_stdvec(&bench.prices).expect("writes");
            let again: LivePrices = postcard::from_bytes(&bytes).expect("reads");
            assert_eq!(again, bench.prices);
            bench.prices = again;
            bench.prices.move_to(Some(&bench.tariff));
            bench.tick.boot += 1;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_scan_says_what_was_published_last_and_each_trouble_begins_and_ends_in_turn(
        course in prop::collection::vec(anything(), 1..60),
    ) {
        let (mut bench, mut published) = (Bench::new(DAY_AHEAD), Published::new());
        let (mut newest, mut on) = (i64::MIN, Vec::new());
        for happens in &course {
            does(&mut bench, &mut published, &mut newest, happens);
            let minutes = if let Happens::Minutes(minutes) = happens { *minutes } else { 0 };
            for news in bench.scan(minutes) {
                match news {
                    PriceNews::Begun { trouble, .. } => {
                        // That they end soon is over without a word when they have ended.
                        on.retain(|of| !(trouble == PriceTrouble::Missing && *of == PriceTrouble::Ending));
                        prop_assert!(!on.contains(&trouble), "{:?} has begun already", trouble);
                        on.push(trouble);
                    }
                    PriceNews::Over(trouble) => {
                        prop_assert!(on.contains(&trouble), "{:?} had not begun", trouble);
                        on.retain(|of| *of != trouble);
                    }
                    PriceNews::Taken { .. } | PriceNews::Refused => {}
                }
            }
            let mut said: Vec<_> = bench.prices.troubles().collect();
            said.sort_unstable_by_key(|trouble| trouble.word());
            on.sort_unstable_by_key(|trouble| trouble.word());
            prop_assert_eq!(&said, &on);
            let hour = (bench.tick.wall.0 - MORNING.0).div_euclid(HOUR);
            let held = published.get(&hour).filter(|_| bench.tick.clock_trusted);
            let wanted = held.map(|(_, price)| decimal(&format!("{price}e-3")).plus(decimal("0.05")));
            prop_assert_eq!(bench.prices.now().price, wanted, "hour {}", hour);
        }
    }
}
