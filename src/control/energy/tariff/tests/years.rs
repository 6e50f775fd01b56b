//! Prices per year: twelfths, and what earlier months lack.

use super::*;

#[test]
fn a_price_per_year_is_paid_in_twelfths_and_what_the_months_before_lack_is_added() {
    let tariff = tariff(
        "[[demand]]\nname = \"capacity\"\nwindow = \"fixed\"\nlength = \"60min\"\nper = \"year\"\nprice = 120\n",
    );
    // January 500 kW, February 400 kW, March 560 kW: 31 + 28 + 31 days, the last an hour shorter.
    let kw = [vec!["500"; 31 * 24], vec!["400"; 28 * 24], vec!["560"; 31 * 24 - 1]].concat();
    let bills = bills(&tariff, &rows("2025-12-31T23:00:00Z", 60, &kw), Known::default());
    assert_eq!(bills.len(), 3);
    // 500 x 120 / 12 = 5000, and again in February. March: 560 x 10 = 5600, and 60 x 10 for each of the two months before.
    says(&bills[0], &[("capacity", "500", "5000.00")]);
    says(&bills[1], &[("capacity", "500", "5000.00")]);
    assert_eq!(bills[1].lines[0].set_by, Some(SetBy::Earlier("2026-01-01".parse().expect("a day"))));
    says(&bills[2], &[("capacity", "560", "5600.00"), ("capacity of 2 months before", "60", "1200.00")]);
    let sum = bills.iter().fold(Decimal::ZERO, |sum, bill| sum.plus(bill.total));
    assert_eq!(sum, dec("16800"), "3/12 of 560 x 120");
    assert!(bills.iter().all(|bill| bill.notices.is_empty()), "{bills:#?}");
}

#[test]
fn a_year_goes_by_the_billing_periods_that_begin_in_it_and_a_bill_over_its_end_says_so() {
    let tariff = tariff(
        "billing = { day = 15 }\n[[demand]]\nname = \"capacity\"\nwindow = \"fixed\"\nlength = \"60min\"\nper = \"year\"\nprice = 120\n",
    );
    // 15 November to 15 December at 300 kW, to 15 January at 400 with 700 on its tenth, to 15 February at 500.
    let mut kw = [vec!["300"; 30 * 24], vec!["400"; 31 * 24], vec!["500"; 31 * 24]].concat();
    kw[56 * 24] = "700";
    let bills = bills(&tariff, &rows("2025-11-14T23:00:00Z", 60, &kw), Known::default());
    let billed: Vec<_> = bills.iter().map(|bill| bill.lines[0].quantity.to_string()).collect();
    assert_eq!(billed, ["300", "700", "500"], "the seven hundred are of the old year");
    let told = |bill: &Bill| codes(bill).contains(&"year_ends_inside");
    assert_eq!(bills.iter().map(told).collect::<Vec<_>>(), [false, true, false]);
}

#[test]
fn a_year_whose_season_begins_late_is_billed_whole() {
    let tariff = tariff(
        "[[season]]\nname = \"winter\"\ndays = [\"11-01..12-31\"]\n[[demand]]\nname = \"winter\"\nwindow = \"fixed\"\nlength = \"60min\"\n\
         seasons = [\"winter\"]\nper = \"year\"\nprice = 120\n",
    );
    // 2026 at 900 kW up to November, November at 300, December at 400. The hour that March lacks October has.
    let kw = [vec!["900"; 304 * 24], vec!["300"; 30 * 24], vec!["400"; 31 * 24]].concat();
    let bills = bills(&tariff, &rows("2025-12-31T23:00:00Z", 60, &kw), Known::default());
    assert_eq!(bills.len(), 12);
    for bill in &bills[..10] {
        says(bill, &[("winter", "0", "0.00")]);
    }
    // 300 x 120 / 12 and ten times that for the months before; 400 x 10, and 100 x 10 for each of the eleven.
    says(&bills[10], &[("winter", "300", "3000.00"), ("winter of 10 months before", "300", "30000.00")]);
    says(&bills[11], &[("winter", "400", "4000.00"), ("winter of 11 months before", "100", "11000.00")]);
    let sum = bills.iter().fold(Decimal::ZERO, |sum, bill| sum.plus(bill.total));
    assert_eq!(sum, dec("48000"), "400 x 120");
    assert!(bills.iter().all(|bill| bill.notices.is_empty()), "all twelve are known: {bills:#?}");
}

#[test]
fn a_year_of_windows_that_a_utility_names_is_billed_whole() {
    let tariff = tariff(
        "[[demand]]\nname = \"triad\"\nwindow = \"fixed\"\nlength = \"60min\"\nper = \"year\"\nprice = 60\nat = [\"2026-03-10T17:00:00+01:00\"]\n",
    );
    // January to March: 5 a kW and month, and twice that for the months before.
    let bills = bills(&tariff, &rows("2025-12-31T23:00:00Z", 60, &["200"; 90 * 24 - 1]), Known::default());
    let totals: Vec<_> = bills.iter().map(|bill| bill.total.fixed(2)).collect();
    assert_eq!(totals, ["0.00", "0.00", "3000.00"]);
    assert_eq!(codes(&bills[2]), [""; 0], "none of its months is unknown");
}

#[test]
fn a_billing_period_that_is_seen_in_part_does_not_overrule_the_history() {
    let tariff = tariff(
        "[[demand]]\nname = \"peak\"\nwindow = \"fixed\"\nlength = \"60min\"\nprice = 1\nratchet = { share = 1, months = 1 }\n",
    );
    let history = read_history("h.csv", "from,demand,kw\n2026-07-01,peak,500\n").expect("reads");
    let known = Known { history: &history, ..Known::default() };
    let peaks = |from: &str, days: usize| -> Vec<(String, String)> {
        let kw = [vec!["300"; days * 24], vec!["100"; 31 * 24]].concat();
        let bills = bills(&tariff, &rows(from, 60, &kw), known);
        bills.iter().map(|bill| (bill.peaks[0].kw.to_string(), bill.lines[0].quantity.to_string())).collect()
    };
    let both = |a: (&str, &str), b: (&str, &str)| [a, b].map(|(kw, billed)| (kw.to_owned(), billed.to_owned()));
    // Of July ten days are seen, at 300 kW: the 500 of the history may lie in the others. It is handed on, and August bills it.
    assert_eq!(peaks("2026-07-21T22:00:00Z", 10), both(("500", "300"), ("100", "500")));
    // Seen whole it was 300.
    assert_eq!(peaks("2026-06-30T22:00:00Z", 31), both(("300", "300"), ("100", "300")));
}
