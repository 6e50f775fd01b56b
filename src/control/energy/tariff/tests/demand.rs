//! Peaks of every kind.

use super::*;

fn demand(rest: &str) -> Tariff {
    day(&format!("[[demand]]\nname = \"peak\"\nlength = \"15min\"\n{rest}\n"))
}

/// 5-minute rows of 100 kW from midnight, with 400 kW from 00:20 to 00:35.
fn bump() -> String {
    let mut kw = ["100"; 288];
    kw[4..7].fill("400");
    rows("2026-06-30T22:00:00Z", 5, &kw)
}

#[test]
fn fixed_and_rolling_windows_bill_different_peaks_of_the_same_series() {
    // 00:15 to 00:30: (100 + 400 + 400) / 3 = 300 kW, x 10 = 3000. 00:20 to 00:35: 400 kW, x 10 = 4000.
    let fixed = bill(&demand("window = \"fixed\"\nprice = 10"), &bump());
    says(&fixed, &[("peak", "300", "3000.00")]);
    let window = |from: &str, to: &str| Some(SetBy::Window(at(from), at(to)));
    assert_eq!(fixed.lines[0].set_by, window("2026-07-01T00:15:00+02:00", "2026-07-01T00:30:00+02:00"));
    for kind in ["window = \"rolling\"", "window = \"rolling-block\"\nsub-interval = \"5min\""] {
        let rolling = bill(&demand(&format!("{kind}\nprice = 10")), &bump());
        says(&rolling, &[("peak", "400", "4000.00")]);
        assert_eq!(rolling.lines[0].set_by, window("2026-07-01T00:20:00+02:00", "2026-07-01T00:35:00+02:00"));
        assert!(rolling.notices.is_empty(), "{:?}", rolling.notices);
    }
    // Both in one bill.
    let both = day("[[demand]]\nname = \"network\"\nwindow = \"fixed\"\nlength = \"15min\"\nprice = 2\n\
         [[demand]]\nname = \"supply\"\nwindow = \"rolling\"\nlength = \"15min\"\nprice = 3\n");
    says(&bill(&both, &bump()), &[("network", "300", "600.00"), ("supply", "400", "1200.00")]);
}

#[test]
fn a_rolling_block_moves_by_its_sub_interval_and_no_less() {
    // Minutes 00:22 to 00:37 at 400 kW, 100 kW else. Blocks of 5 min begin at 00:20 and 00:25: 13 min of 400 in the first, 12 in the
    // second: (13 x 400 + 2 x 100) / 15 = 360. Rolling: 400. Fixed, 00:15 to 00:30: (8 x 400 + 7 x 100) / 15 = 260.
    let mut kw = ["100"; 1440];
    kw[22..37].fill("400");
    let text = rows("2026-06-30T22:00:00Z", 1, &kw);
    for (kind, kw) in [
        ("window = \"fixed\"", "260"),
        ("window = \"rolling-block\"\nsub-interval = \"5min\"", "360"),
        ("window = \"rolling\"", "400"),
    ] {
        assert_eq!(bill(&demand(&format!("{kind}\nprice = 1")), &text).lines[0].quantity, dec(kw), "{kind}");
    }
}

#[test]
fn only_windows_wholly_in_the_hours_count() {
    // The peak of 00:15 to 00:30 lies outside 00:30 to 06:00; in there the highest is 00:30 to 00:45: (400 + 100 + 100) / 3 = 200.
    let tariff = demand("window = \"fixed\"\nprice = 10\ndays = [\"weekday\"]\nhours = [\"00:30-06:00\"]");
    says(&bill(&tariff, &bump()), &[("peak", "200", "2000.00")]);
    // A rolling one may begin at 00:30 at the earliest, where the hours do.
    let tariff = demand("window = \"rolling\"\nprice = 10\nhours = [\"00:30-06:00\"]");
    says(&bill(&tariff, &bump()), &[("peak", "200", "2000.00")]);
}

#[test]
fn a_ratchet_bills_a_share_of_the_highest_of_the_months_it_looks_back_on() {
    let tariff = |ratchet: &str| {
        tariff(&format!(
            "[[demand]]\nname = \"peak\"\nwindow = \"fixed\"\nlength = \"15min\"\nprice = 7.20\nratchet = {ratchet}\n"
        ))
    };
    let history = read_history(
        "h.csv",
        "from,demand,kw\n2025-08-01,peak,500.5\n2026-02-01,peak,900\n2026-06-01,peak,450\n2025-07-01,peak,5000\n2026-06-01,other,9000\n",
    )
    .expect("reads");
    let known = Known { history: &history, ..Known::default() };
    let text = rows("2026-06-30T22:00:00Z", 15, &["300"; 2976]);
    // 0.8 x 900 (February) = 720 kW x 7.20 = 5184. The 5000 of July 2025 are twelve months ago.
    let all = bills(&tariff("{ share = 0.8, months = 11 }"), &text, known).remove(0);
    says(&all, &[("peak", "720", "5184.00")]);
    assert_eq!(all.lines[0].set_by, Some(SetBy::Ratchet("2026-02-01".parse().expect("a day"))));
    assert_eq!(codes(&all), ["history_short"]);
    assert!(all.notices[0].text.contains("looks back on 11 billing periods, and the peaks of 3 are known"));
    // June to September only: 0.8 x 500.5 = 400.4 x 7.20 = 2882.88.
    let summer =
        bills(&tariff("{ share = 0.8, months = 11, of = [\"jun\", \"jul\", \"aug\", \"sep\"] }"), &text, known)
            .remove(0);
    says(&summer, &[("peak", "400.4", "2882.88")]);
    // Half of 450 is less than what was measured: 300 x 7.20 = 2160. The history it hands on is what was measured.
    let half = bills(&tariff("{ share = 0.5, months = 1 }"), &text, known).remove(0);
    says(&half, &[("peak", "300", "2160.00")]);
    assert!(half.notices.is_empty(), "{:?}", half.notices);
    assert_eq!(all.peaks, [Past { from: "2026-07-01".parse().expect("a day"), demand: "peak".into(), kw: dec("300") }]);
}

#[test]
fn a_ratchet_looks_back_by_months_where_meters_are_read_on_other_days_in_the_bill_and_in_control() {
    let tariff = tariff(
        "billing = { dates = [\"2026-01-03\", \"2026-02-02\", \"2026-03-05\", \"2026-04-03\"] }\n\
         [[demand]]\nname = \"peak\"\nwindow = \"fixed\"\nlength = \"60min\"\nprice = 1\nratchet = { share = 0.5, months = 1 }\n",
    );
    // 3 January to 2 February at 100 kW, to 5 March at 900, to 3 April (an hour shorter) at 200.
    let kw = [vec!["100"; 30 * 24], vec!["900"; 31 * 24], vec!["200"; 29 * 24 - 1]].concat();
    let bills = bills(&tariff, &rows("2026-01-02T23:00:00Z", 60, &kw), Known::default());
    let billed: Vec<_> = bills.iter().map(|bill| bill.lines[0].quantity.to_string()).collect();
    assert_eq!(billed, ["100", "900", "450"], "half of February's");
    let known: Vec<_> = bills.iter().map(|bill| codes(bill).len()).collect();
    assert_eq!(known, [1, 0, 0], "only the first lacks a period before it");
    // What control holds for paid once an hour of each has passed is what is billed.
    let wanted: Vec<f64> = bills.iter().map(|bill| bill.lines[0].quantity.number() * 1e3).collect();
    let begins = bills.iter().map(|bill| tariff.zone.begin(bill.from).expect("a day"));
    let paid = paid(&tariff, begins.zip([100e3, 900e3, 200e3]));
    assert!(paid.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1.0) && paid.len() == 3, "{paid:?} and {wanted:?}");
}

/// What control holds for paid (W) after an hour of even power (W) from each of these instants on.
fn paid(tariff: &Tariff, hours: impl Iterator<Item = (Wall, f64)>) -> Vec<f64> {
    use crate::control::energy::Metered;
    use crate::control::interval::{Interval, Plan, Scene};
    use plant::time::{Mono, Span, Tick};
    use plant::units::Watts;

    let (_, air) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let peaks = "[peaks]\nmeter = \"utility\"\nfeed = \"utility\"\n[[peak]]\ndemand = \"peak\"\nmost = 950e3\n";
    let hall = plant::hall::Hall::load("air", &format!("{air}\n{peaks}")).expect("loads");
    let plan = Plan::of(&hall, Some(&std::sync::Arc::new(tariff.clone()))).expect("a plan");
    let (mut interval, mut total, mut paid, mut events) = (Interval::new(Some(&plan)), 0.0, Vec::new(), Vec::new());
    let mut first = None;
    for (from, watts) in hours {
        let begin = *first.get_or_insert(from);
        for minute in 0..=61 {
            let wall = Wall(from.0 + minute * MINUTE);
            let at = Span::from_millis(plant::convert::bits_from_i64(wall.0 - begin.0));
            total += if minute > 0 { watts / 60.0 } else { 0.0 };
            let now =
                Tick { dt: Span::from_secs(60), mono: Mono(at.nanos()), wall, clock_trusted: true, ..Tick::default() };
            let meter = Metered { total, current: true, breaks: 1, grain: 0.0, registered: true };
            let (load, free, floor) = (Watts(watts), Watts(watts), Watts(0.0));
            let scene = Scene { meter, ago: Span::ZERO, at, now, pulses: None, load, free, floor };
            interval.step(&plan, &scene, &mut crate::control::news::News::new(now, &mut events));
            if minute == 61 {
                paid.push(interval.view(&hall, &plan, &scene).demands[0].paid_w);
            }
        }
    }
    paid
}

#[test]
fn a_ratchet_looks_back_over_the_seasons_of_one_demand() {
    let text = |with: &str| {
        format!(
            "[[season]]\nname = \"summer\"\ndays = [\"06-01..09-30\"]\n[[season]]\nname = \"winter\"\ndays = [\"10-01..05-31\"]\n\
             [[demand]]\nname = \"summer\"\nwindow = \"fixed\"\nlength = \"60min\"\nseasons = [\"summer\"]\nprice = 2\n\
             [[demand]]\nname = \"winter\"\nwindow = \"fixed\"\nlength = \"60min\"\nseasons = [\"winter\"]\nprice = 1\n\
             ratchet = {{ share = 0.8, months = 1{with} }}\n"
        )
    };
    // September at 900 kW, October (an hour longer) at 600: 0.8 x 900 = 720.
    let kw = [vec!["900"; 30 * 24], vec!["600"; 31 * 24 + 1]].concat();
    let billed = |with: &str| {
        let bills = bills(&tariff(&text(with)), &rows("2026-08-31T22:00:00Z", 60, &kw), Known::default());
        (lines(&bills[1]), codes(&bills[1]))
    };
    let line = |kw: &str, amount: &str| vec![("winter".to_owned(), kw.to_owned(), amount.to_owned())];
    assert_eq!(billed(", with = [\"summer\"]"), (line("720", "720.00"), vec![]));
    assert_eq!(billed(""), (line("600", "600.00"), vec![]), "out of season the winter's own peak was none");
    let typo =
        format!("name = \"t\"\nsummary = \"s\"\ncurrency = \"EUR\"\nzone = \"UTC\"\n{}", text(", with = [\"sumer\"]"));
    let told = Tariff::load("t.toml", &typo).expect_err("refused").to_string();
    assert!(told.contains("`sumer`, and there is no such demand") && told.contains("summer"), "{told}");
}

#[test]
fn each_bill_is_history_for_the_next() {
    let tariff = tariff(
        "[[demand]]\nname = \"peak\"\nwindow = \"fixed\"\nlength = \"60min\"\nprice = 1\nratchet = { share = 1, months = 1 }\n",
    );
    let mut kw = vec!["100"; 24 * 62];
    kw[10] = "800";
    let bills = bills(&tariff, &rows("2026-06-30T22:00:00Z", 60, &kw), Known::default());
    let billed: Vec<_> = bills.iter().map(|bill| bill.lines[0].quantity.to_string()).collect();
    assert_eq!(billed, ["800", "800"], "July, and August by its ratchet");
}

#[test]
fn tiers_the_least_and_the_most_of_a_demand() {
    let text = rows("2026-06-30T22:00:00Z", 15, &["620.4"; 96]);
    // 500 x 9.10 = 4550; 120.4 x 11.85 = 1426.74.
    let tiers = demand("window = \"fixed\"\ntiers = [{ up-to-kw = 500, price = 9.10 }, { price = 11.85 }]");
    says(&bill(&tiers, &text), &[("peak tier 1", "500", "4550.00"), ("peak tier 2", "120.4", "1426.74")]);
    let most = bill(&demand("window = \"fixed\"\nprice = 2\nmaximum-kw = 600"), &text);
    assert_eq!((most.lines[0].amount.fixed(2), most.lines[0].set_by), ("1200.00".into(), Some(SetBy::Maximum)));
    let least = bill(&demand("window = \"fixed\"\nprice = 2\nminimum-kw = 700"), &text);
    assert_eq!((least.lines[0].amount.fixed(2), least.lines[0].set_by), ("1400.00".into(), Some(SetBy::Minimum)));
    // Whole kW, rounded up from a half: 620.5 is 621.
    let whole = demand("window = \"fixed\"\nprice = 2\nrounding = { decimals = 0, rule = \"half-up\" }");
    says(&bill(&whole, &text.replace("620.4", "620.5")), &[("peak", "621", "1242.00")]);
}

#[test]
fn a_price_per_day_is_paid_for_each_days_peak() {
    let tariff = on(
        ("2026-07-01", "2026-07-04"),
        "[[demand]]\nname = \"daily\"\nwindow = \"fixed\"\nlength = \"30min\"\nper = \"day\"\nprice = 0.50\n",
    );
    let mut kw = ["100"; 144];
    (kw[10], kw[60], kw[100]) = ("200", "350", "150");
    // 200 + 350 + 150 = 700 kW days x 0.50.
    let bill = bill(&tariff, &rows("2026-06-30T22:00:00Z", 30, &kw));
    says(&bill, &[("daily", "700", "350.00")]);
}

#[test]
fn coincident_windows_are_those_that_the_utility_names() {
    let named = "window = \"fixed\"\nprice = 4\nat = [\"2026-07-01T00:20:00+02:00\", \"2026-07-01T12:00:00+02:00\", \"2026-07-09T12:00:00+02:00\"]";
    // 00:20 to 00:35: 400 kW; 12:00 to 12:15: 100 kW. The highest: 400 x 4. The mean: 250 x 4.
    says(&bill(&demand(named), &bump()), &[("peak", "400", "1600.00")]);
    says(&bill(&demand(&format!("{named}\nof = \"mean\"")), &bump()), &[("peak", "250", "1000.00")]);
    let none = bill(&demand("window = \"fixed\"\nprice = 4\nat = []"), &bump());
    says(&none, &[("peak", "0", "0.00")]);
    assert_eq!(codes(&none), ["no_coincident_window"]);
}

#[test]
fn power_that_flows_out_counts_as_the_demand_says() {
    // A quarter of an hour with 5 min at 300 kW and 10 at -60: as zero 100 kW, against it (300 - 120) / 3 = 60 kW.
    let mut kw = ["0"; 288];
    kw[0..3].copy_from_slice(&["300", "-60", "-60"]);
    let text = rows("2026-06-30T22:00:00Z", 5, &kw);
    for (rule, kw) in [("zero", "100"), ("negative", "60")] {
        let tariff = demand(&format!("window = \"fixed\"\nprice = 1\nexport = \"{rule}\""));
        assert_eq!(bill(&tariff, &text).lines[0].quantity, dec(kw), "{rule}");
    }
}

#[test]
fn a_window_that_lacks_data_does_not_count_and_is_told() {
    // Without 00:25 to 00:30 the window of the peak is not known whole: the next highest is (400 + 100 + 100) / 3 = 200.
    let text: String =
        bump().lines().filter(|l| !l.starts_with("2026-06-30T22:25")).map(|l| format!("{l}\n")).collect();
    let bill = bill(&demand("window = \"fixed\"\nprice = 10"), &text);
    says(&bill, &[("peak", "200", "2000.00")]);
    assert_eq!(codes(&bill), ["gap", "windows_lack_data"]);
    assert!(bill.notices[1].text.contains("2026-07-01 00:15 +02:00 to 2026-07-01 00:30 +02:00"), "{:?}", bill.notices);
    assert!(bill.notices.iter().all(|notice| notice.grave));
}

#[test]
fn rows_longer_than_a_window_are_told() {
    let bill = bill(&demand("window = \"fixed\"\nprice = 1"), &rows("2026-06-30T22:00:00Z", 60, &["100"; 24]));
    assert_eq!(codes(&bill), ["windows_cut_rows"]);
}

#[test]
fn a_demand_out_of_season_bills_nothing_not_even_its_least() {
    let tariff = tariff(
        "[[season]]\nname = \"winter\"\ndays = [\"11-01..02-29\"]\n[[demand]]\nname = \"winter\"\nwindow = \"fixed\"\nlength = \"60min\"\n\
         seasons = [\"winter\"]\nprice = 2\nminimum-kw = 50\nratchet = { share = 0.5, months = 1 }\n",
    );
    // October, an hour longer, and November: 30 days at 10 kW, billed as 50.
    let bills = bills(&tariff, &rows("2026-09-30T22:00:00Z", 60, &["10"; 745 + 720]), Known::default());
    assert_eq!(bills.len(), 2);
    says(&bills[0], &[]);
    says(&bills[1], &[("winter", "50", "100.00")]);
    assert!(bills[1].notices.is_empty(), "October's peak is known: {:?}", bills[1].notices);
}

#[test]
fn a_gap_leaves_every_rolling_window_unknown_that_touches_it_and_the_notice_says_how_long_that_is() {
    let tariff = day("[[demand]]\nname = \"peak\"\nwindow = \"rolling\"\nlength = \"60min\"\nprice = 1\n");
    let lacking = |text: &str| {
        let bill = bill(&tariff, text);
        let notice = bill.notices.iter().find(|notice| notice.code == "windows_lack_data").expect("told");
        notice.text.clone()
    };
    // Known to 03:00 and from 20:00 on: windows from 02:00 to 21:00 touch what is not.
    let mut once = rows("2026-07-01T00:00:00+02:00", 60, &["10"; 3]);
    add(&mut once, (at("2026-07-01T20:00:00+02:00"), 60), &["20"; 4]);
    let words = lacking(&once);
    assert!(words.contains("2026-07-01 02:00 +02:00 to 2026-07-01 21:00 +02:00 (1140 min)"), "{words}");
    // Five holes of a quarter of an hour, each with an hour before and after it.
    let mut often = rows("2026-07-01T00:00:00+02:00", 15, &["10"; 11]);
    for hour in [3, 7, 11, 15] {
        add(&mut often, (at(&format!("2026-07-01T{hour:02}:00:00+02:00")), 15), &["10"; 15]);
    }
    add(&mut often, (at("2026-07-01T19:00:00+02:00"), 15), &["10"; 20]);
    let words = lacking(&often);
    assert!(words.contains("2026-07-01 01:45 +02:00 to 2026-07-01 04:00 +02:00, "), "{words}");
    assert!(
        words.contains(" and 2 more, the last 2026-07-01 17:45 +02:00 to 2026-07-01 20:00 +02:00 (675 min in all)"),
        "{words}"
    );
}
