//! Worked examples: bills of several parts that look at each other, each with its sums by hand from the tariff's words.

use super::*;

#[test]
fn a_holiday_inside_a_season_has_its_own_price_and_no_demand_of_weekdays() {
    let tariff = on(
        ("2026-06-04", "2026-06-06"),
        "holidays = [\"06-05\"]\n[[season]]\nname = \"summer\"\ndays = [\"06-01..09-30\"]\n\
         [[energy]]\nname = \"energy\"\n\
         [[energy.period]]\nname = \"peak\"\nseasons = [\"summer\"]\ndays = [\"weekday\"]\nhours = [\"12:00-18:00\"]\nprice = 0.3017\n\
         [[energy.period]]\nname = \"holiday\"\nseasons = [\"summer\"]\ndays = [\"holiday\"]\nprice = 0.0943\n\
         [[energy.period]]\nname = \"rest\"\nprice = 0.1529\n\
         [[demand]]\nname = \"on-peak\"\nwindow = \"fixed\"\nlength = \"15min\"\nseasons = [\"summer\"]\ndays = [\"weekday\"]\n\
         hours = [\"12:00-18:00\"]\nprice = 5.37\n",
    );
    // Thursday 4 June and Friday 5 June, a holiday: 100 kW, and 500 kW on Friday from 14:00 to 14:15.
    let mut kw = ["100"; 192];
    kw[96 + 56] = "500";
    let bill = bill(&tariff, &rows("2026-06-03T22:00:00Z", 15, &kw));
    says(
        &bill,
        &[
            ("energy peak", "600", "181.02"),     // Thursday, 6 h x 100 kW x 0.3017
            ("energy holiday", "2500", "235.75"), // Friday, 24 h x 100 kW + 100 kWh, x 0.0943
            ("energy rest", "1800", "275.22"),    // Thursday, 18 h x 100 kW x 0.1529
            ("on-peak", "100", "537.00"),         // Friday is no weekday: 100 kW x 5.37
        ],
    );
    assert_eq!((bill.total.fixed(2), codes(&bill)), ("1228.99".to_owned(), vec![]));
}

#[test]
fn a_ratchet_with_the_peaks_of_another_season_where_meters_are_read_on_other_days() {
    let tariff = tariff(
        "billing = { dates = [\"2026-08-03\", \"2026-09-02\", \"2026-10-05\", \"2026-11-03\"] }\n\
         [[season]]\nname = \"summer\"\ndays = [\"06-01..09-30\"]\n[[season]]\nname = \"winter\"\ndays = [\"10-01..05-31\"]\n\
         [[demand]]\nname = \"summer\"\nwindow = \"fixed\"\nlength = \"60min\"\nseasons = [\"summer\"]\nprice = 11.15\n\
         [[demand]]\nname = \"winter\"\nwindow = \"fixed\"\nlength = \"60min\"\nseasons = [\"winter\"]\nprice = 7.35\n\
         ratchet = { share = 0.75, months = 2, of = [\"aug\", \"sep\"], with = [\"summer\"] }\n",
    );
    // 30 days at 100 kW with an hour of 640.2, 33 days at 500 kW, 29 days and an hour at 300 kW.
    let mut kw = [vec!["100"; 720], vec!["500"; 792], vec!["300"; 697]].concat();
    kw[200] = "640.2";
    let bills = bills(&tariff, &rows("2026-08-02T22:00:00Z", 60, &kw), Known::default());
    assert_eq!(bills.len(), 3);
    // August: 640.2 x 11.15 = 7138.23; winter has no window in it.
    says(&bills[0], &[("summer", "640.2", "7138.23")]);
    // From 2 September: 500 x 11.15 = 5575; from 1 to 5 October winter has 500 kW, more than 0.75 x 640.2: 500 x 7.35 = 3675.
    says(&bills[1], &[("summer", "500", "5575.00"), ("winter", "500", "3675.00")]);
    // From 5 October: two months before are August and September: 0.75 x 640.2 = 480.15, x 7.35 = 3529.1025.
    says(&bills[2], &[("winter", "480.15", "3529.10")]);
    assert_eq!(bills[2].lines[0].set_by, Some(SetBy::Ratchet("2026-08-03".parse().expect("a day"))));
    assert!(bills.iter().all(|bill| bill.notices.is_empty()), "{bills:#?}");
}

#[test]
fn a_price_per_year_is_paid_in_twelfths_of_billing_periods_that_begin_on_the_fifteenth() {
    let tariff = tariff(
        "billing = { day = 15 }\n[[demand]]\nname = \"capacity\"\nwindow = \"fixed\"\nlength = \"60min\"\nper = \"year\"\nprice = 96.60\n",
    );
    // 15 January to 15 February at 412.5 kW, to 15 March at 398, to 15 April (an hour shorter) at 455.
    let kw = [vec!["412.5"; 31 * 24], vec!["398"; 28 * 24], vec!["455"; 31 * 24 - 1]].concat();
    let bills = bills(&tariff, &rows("2026-01-14T23:00:00Z", 60, &kw), Known::default());
    // A twelfth of 96.60 is 8.05. 412.5 x 8.05 = 3320.625, and again in February.
    says(&bills[0], &[("capacity", "412.5", "3320.63")]);
    says(&bills[1], &[("capacity", "412.5", "3320.63")]);
    // 455 x 8.05 = 3662.75; 42.5 kW x 8.05 x 2 for the two months before = 684.25.
    says(&bills[2], &[("capacity", "455", "3662.75"), ("capacity of 2 months before", "42.5", "684.25")]);
    assert!(bills.len() == 3 && bills.iter().all(|bill| bill.notices.is_empty()), "{bills:#?}");
}

#[test]
fn a_bill_by_an_offset_that_never_changes_has_summer_nights_an_hour_later() {
    let of = |zone: &str| {
        let text = format!(
            "name = \"t\"\nsummary = \"s\"\ncurrency = \"EUR\"\nzone = \"{zone}\"\n\
             billing = {{ dates = [\"2026-07-01\", \"2026-07-02\"] }}\n[[energy]]\nname = \"energy\"\n\
             [[energy.period]]\nname = \"night\"\nhours = [\"22:00-06:00\"]\nprice = 0.10\n\
             [[energy.period]]\nname = \"day\"\nprice = 0.30\n\
             [[demand]]\nname = \"peak\"\nwindow = \"fixed\"\nlength = \"60min\"\nhours = [\"06:00-22:00\"]\nprice = 8.15\n"
        );
        Tariff::load("t.toml", &text).unwrap_or_else(|faults| panic!("{faults}\n{text}"))
    };
    // From 1 July 00:00+01:00 on 24 h at 100 kW; from 05:00 to 06:00 by that clock 300, from 21:00 to 22:00 200.
    let mut kw = ["100"; 24];
    (kw[5], kw[21]) = ("300", "200");
    let fixed = of("+01:00");
    let first = bill(&fixed, &rows("2026-06-30T23:00:00Z", 60, &kw));
    // Nights: 6 + 2 hours, 200 kWh more in one: 1000 x 0.10. Days: 16 hours, 100 kWh more in one: 1700 x 0.30. 200 kW x 8.15.
    says(&first, &[("energy night", "1000", "100.00"), ("energy day", "1700", "510.00"), ("peak", "200", "1630.00")]);
    assert_eq!((first.total.fixed(2), codes(&first)), ("2240.00".to_owned(), vec![]));
    // By Berlin's clock, an hour ahead of that in July, 05:00+01:00 is 06:00 and day, and 21:00+01:00 is night.
    let summer = bill(&of("Europe/Berlin"), &rows("2026-06-30T22:00:00Z", 60, &[&["100"], &kw[..23]].concat()));
    says(&summer, &[("energy night", "900", "90.00"), ("energy day", "1800", "540.00"), ("peak", "300", "2445.00")]);
    // A day by this clock begins and ends where it says, on both days on which Berlin sets its own.
    for day in ["2026-03-29", "2026-10-25"] {
        let begin = at(&format!("{day}T00:00:00+01:00"));
        assert_eq!(fixed.zone.local(begin).ms, 0);
        assert_eq!(fixed.zone.local(Wall(begin.0 + 24 * 60 * MINUTE - 1)).ms, 24 * 60 * MINUTE - 1);
    }
}
