//! What holds for every series.

use proptest::prelude::*;

use super::*;

const TARIFF: &str = "export = \"negative\"\n[[energy]]\nname = \"e\"\n[[energy.period]]\nname = \"night\"\nhours = [\"22:00-06:00\"]\nprice = 0.0713\n\
    [[energy.period]]\nname = \"day\"\nprice = 0.2131\n\
    [[demand]]\nname = \"fixed\"\nwindow = \"fixed\"\nlength = \"30min\"\nprice = 3\n\
    [[demand]]\nname = \"block\"\nwindow = \"rolling-block\"\nlength = \"30min\"\nsub-interval = \"10min\"\nprice = 3\n\
    [[demand]]\nname = \"rolling\"\nwindow = \"rolling\"\nlength = \"30min\"\nprice = 3\n";

/// The days of the two changes of the clock, and one between, with how many quarters of an hour they have.
const DAYS: [(&str, &str, usize); 3] =
    [("2026-03-29", "2026-03-30", 92), ("2026-07-01", "2026-07-02", 96), ("2026-10-25", "2026-10-26", 100)];

/// Quarters of an hour as rows of so many minutes with their part of the energy (Wh).
fn split(from: Wall, energies: &[i64], parts: i64) -> Vec<String> {
    let minutes = 15 / parts;
    let time = |wall: i64| Timestamp::from_millisecond(wall).expect("in range");
    let row = |n: i64, wh: i64| {
        let begin = from.0 + n * minutes * MINUTE;
        format!("{},{},{}", time(begin), time(begin + minutes * MINUTE), wh)
    };
    let parts_of = |(n, wh): (i64, &i64)| (0..parts).map(move |k| (n * parts + k, *wh)).collect::<Vec<_>>();
    (0..).zip(energies).flat_map(parts_of).map(|(n, wh)| row(n, wh / parts)).collect()
}

fn joined(rows: &[String]) -> String {
    format!("start,end,energy_wh\n{}\n", rows.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn finer_rows_and_any_order_bill_the_same_and_a_rolling_peak_is_no_lower(
        day in 0_usize..3,
        thirds in prop::collection::vec(-500_i64..20_000, 100),
        order in any::<u64>(),
    ) {
        let (from, to, quarters) = DAYS[day];
        let tariff = on((from, to), TARIFF);
        let begin = tariff.zone.begin(from.parse().expect("a day")).expect("begins");
        let energies: Vec<i64> = thirds.iter().take(quarters).map(|wh| wh * 15).collect();
        let coarse = bill(&tariff, &joined(&split(begin, &energies, 1)));
        let fine = bill(&tariff, &joined(&split(begin, &energies, 15)));
        prop_assert_eq!(&coarse.lines[..2], &fine.lines[..2]);
        // Fixed windows begin and end where rows do, so that finer rows change nothing there either.
        prop_assert_eq!(&coarse.lines[2], &fine.lines[2]);
        prop_assert_eq!(coarse.energy, Energy::wh(Decimal::whole(energies.iter().sum())));
        let kw = |name: &str| fine.lines.iter().find(|l| l.name == name).expect("a line").quantity;
        prop_assert!(kw("rolling") >= kw("block") && kw("block") >= kw("fixed"), "{:?}", lines(&fine));
        // Rows of a quarter of an hour are too coarse for blocks that move by less, and for nothing else.
        let grave = |bill: &Bill| -> Vec<_> { bill.notices.iter().filter(|notice| notice.grave).map(|notice| notice.code).collect() };
        prop_assert_eq!((grave(&coarse), grave(&fine)), (vec!["windows_cut_rows"], vec![]), "{:?}", coarse.notices);

        // Any order: sorted by a hash of the seed and the place.
        let mut rows = split(begin, &energies, 1);
        rows.sort_by_cached_key(|row| row.bytes().fold(order, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)));
        prop_assert_eq!(bill(&tariff, &joined(&rows)), coarse);
    }

    #[test]
    fn bills_of_two_periods_come_to_what_each_comes_to_alone(energies in prop::collection::vec(0_i64..50_000, 192)) {
        let charges = "[[energy]]\nname = \"e\"\nprice = 0.0713\n[[demand]]\nname = \"p\"\nwindow = \"fixed\"\nlength = \"15min\"\nprice = 3\n";
        let both = tariff(&format!("billing = {{ dates = [\"2026-07-01\", \"2026-07-02\", \"2026-07-03\"] }}\n{charges}"));
        let begin = both.zone.begin("2026-07-01".parse().expect("a day")).expect("begins");
        let rows = split(begin, &energies, 1);
        let together = bills(&both, &joined(&rows), Known::default());
        prop_assert_eq!(together.len(), 2);
        let first = bill(&on(("2026-07-01", "2026-07-02"), charges), &joined(&rows[..96]));
        let second = bill(&on(("2026-07-02", "2026-07-03"), charges), &joined(&rows[96..]));
        prop_assert_eq!(together, vec![first, second]);
    }

    /// A row that a change of price cuts is billed whole: its parts sum to it.
    #[test]
    fn no_energy_is_lost_where_rows_are_cut(offset in 0_i64..15, energies in prop::collection::vec(0_i64..50_000, 60..97)) {
        let tariff = tariff(TARIFF);
        let begin = Wall(at("2026-10-24T20:00:00Z").0 + offset * MINUTE + 1234);
        let rated = bill(&tariff, &joined(&split(begin, &energies, 1)));
        let kwh = rated.lines.iter().filter(|l| l.unit == "kWh").fold(Decimal::ZERO, |sum, l| sum.plus(l.quantity));
        let difference = kwh.minus(rated.energy.in_kwh());
        prop_assert!(difference >= dec("-0.000000002") && difference <= dec("0.000000002"), "{difference}");
        prop_assert_eq!(rated.energy, Energy::wh(Decimal::whole(energies.iter().sum())));
    }

    /// No text whatever makes it panic.
    #[test]
    fn any_series_is_read_or_refused(rows in prop::collection::vec("(2026-0[1-3]-0[1-3]T0[0-2]:[0-5]0:00Z,-?[0-9]{1,6}|[0-9,:TZ-]{0,12})", 0..12)) {
        let tariff = tariff(TARIFF);
        for header in ["time,kw", "time,register_wh", "start,end,energy_wh", "x"] {
            if let Ok(series) = Series::read("s", &format!("{header}\n{}", rows.join("\n")), (&tariff.zone, tariff.meter)) {
                prop_assert!(series.pieces().windows(2).all(|pair| pair[0].to <= pair[1].from));
                prop_assert!(series.pieces().iter().all(|piece| piece.from < piece.to));
                drop(rate(&tariff, &series, (None, None), Known::default()));
            }
        }
    }

    /// A window is not known whole where it touches a quarter of an hour of which nothing is known: from a length before it to a length after.
    #[test]
    fn a_rolling_demand_tells_exactly_the_time_that_its_unknown_windows_cover(gone in prop::collection::btree_set(0_i64..96, 1..12)) {
        let tariff = on(("2026-07-01", "2026-07-02"), "[[demand]]\nname = \"rolling\"\nwindow = \"rolling\"\nlength = \"60min\"\nprice = 3\n");
        let begin = tariff.zone.begin("2026-07-01".parse().expect("a day")).expect("begins");
        let rows = split(begin, &[15_000; 96], 1);
        let rows: Vec<String> = (0..).zip(rows).filter(|(n, _)| !gone.contains(n)).map(|(_, row)| row).collect();
        let bill = bill(&tariff, &joined(&rows));
        let text = bill.notices.iter().find(|notice| notice.code == "windows_lack_data").map(|notice| notice.text.clone());
        let covered = (0..1440).filter(|minute| gone.iter().any(|n| (15 * n - 60..15 * n + 75).contains(minute))).count();
        let wanted = [format!("({covered} min)"), format!("({covered} min in all)")];
        let text = text.expect("told");
        prop_assert!(wanted.iter().any(|wanted| text.ends_with(wanted)), "{}: {}", covered, text);
    }
}
