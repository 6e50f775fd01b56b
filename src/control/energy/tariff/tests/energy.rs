//! Energy, what is fixed, the least, and taxes.

use super::*;

#[test]
fn energy_costs_what_its_hours_cost_on_the_day_with_25_hours_and_on_the_one_with_23() {
    let tariff = |from: &str, to: &str| {
        on(
            (from, to),
            "[[energy]]\nname = \"energy\"\n[[energy.period]]\nname = \"night\"\nhours = [\"22:00-06:00\"]\nprice = 0.10\n\
             [[energy.period]]\nname = \"day\"\nprice = 0.30\n",
        )
    };
    // Nights: midnight to 06:00, an hour of it twice, and 22:00 to midnight: 7 + 2 hours of 100 kW at 0.10. Day: 16 hours at 0.30.
    let long = bill(&tariff("2026-10-25", "2026-10-26"), &rows("2026-10-24T22:00:00Z", 60, &["100"; 25]));
    says(&long, &[("energy night", "900", "90.00"), ("energy day", "1600", "480.00")]);
    assert_eq!((long.total.fixed(2), long.energy.in_kwh()), ("570.00".into(), dec("2500")));
    // An hour is not there: 5 + 2 hours at night.
    let short = bill(&tariff("2026-03-29", "2026-03-30"), &rows("2026-03-28T23:00:00Z", 60, &["100"; 23]));
    says(&short, &[("energy night", "700", "70.00"), ("energy day", "1600", "480.00")]);
    assert!(long.notices.is_empty() && short.notices.is_empty(), "{:?}{:?}", long.notices, short.notices);
}

#[test]
fn tiers_fill_from_the_lowest() {
    let tariff = day(
        "[[energy]]\nname = \"e\"\ntiers = [{ up-to-kwh = 100, price = 0.2 }, { up-to-kwh = 300, price = 0.1 }, { price = 0.05 }]\n",
    );
    // 50 kW for 24 h are 1200 kWh: 100 at 0.20, the 200 up to 300 at 0.10, 900 at 0.05.
    let bill = bill(&tariff, &rows("2026-06-30T22:00:00Z", 60, &["50"; 24]));
    says(&bill, &[("e tier 1", "100", "20.00"), ("e tier 2", "200", "20.00"), ("e tier 3", "900", "45.00")]);
}

#[test]
fn an_amount_is_rounded_once_by_the_rule_of_the_tariff() {
    // 24 rows of 0.1 kW for an hour are 2.4 kWh, and cost 0.3375 each: 0.81. Rounded row by row, at 0.03, they would come to 0.72.
    let once =
        bill(&day("[[energy]]\nname = \"e\"\nprice = 0.3375\n"), &rows("2026-06-30T22:00:00Z", 60, &["0.1"; 24]));
    says(&once, &[("e", "2.4", "0.81")]);
    // 2.4 kWh at 0.01875 are 0.045.
    for (rule, amount) in [("half-up", "0.05"), ("half-even", "0.04"), ("down", "0.04")] {
        let tariff = day(&format!(
            "rounding = {{ decimals = 2, rule = \"{rule}\" }}\n[[energy]]\nname = \"e\"\nprice = 0.01875\n"
        ));
        says(&bill(&tariff, &rows("2026-06-30T22:00:00Z", 60, &["0.1"; 24])), &[("e", "2.4", amount)]);
    }
}

#[test]
fn what_is_fixed_the_least_and_the_tax_stand_below() {
    let tariff = tariff(
        "minimum = 500\n[[energy]]\nname = \"e\"\nprice = 0.1\n[[fixed]]\nname = \"meter\"\nprice = 1.15\nper = \"day\"\n\
         [[fixed]]\nname = \"service\"\nprice = 20\n[[fixed]]\nname = \"network\"\nprice = 100\nper = \"year\"\n\
         [[tax]]\nname = \"vat\"\nshare = 0.19\n",
    );
    // 31 days of 1 kW: 744 kWh, 74.40. 31 x 1.15 = 35.65. 100 / 12 = 8.33. 74.40 + 35.65 + 20 + 8.33 = 138.38; to 500 lack 361.62.
    let bill = bill(&tariff, &rows("2026-06-30T22:00:00Z", 60, &["1"; 744]));
    says(
        &bill,
        &[
            ("e", "744", "74.40"),
            ("meter", "31", "35.65"),
            ("service", "1", "20.00"),
            ("network", "1", "8.33"),
            ("minimum", "1", "361.62"),
            ("vat", "500", "95.00"),
        ],
    );
    assert_eq!(bill.total.fixed(2), "595.00");
}

fn prices(unit: &str, slots: &[(&str, &str, &str)]) -> Prices {
    let slots = slots
        .iter()
        .map(|(start, end, price)| format!("{{\"start\":\"{start}\",\"end\":\"{end}\",\"price\":{price}}}"));
    let text = format!("{{\"unit\":\"{unit}\",\"prices\":[{}]}}", slots.collect::<Vec<_>>().join(","));
    Prices::read(&text, "EUR").unwrap_or_else(|faults| panic!("{faults:?}"))
}

#[test]
fn a_negative_price_pays_and_an_hour_without_a_price_is_told() {
    let tariff = day("[[energy]]\nname = \"spot\"\nday-ahead = true\nadd = 0.01\n");
    let prices = prices(
        "EUR/MWh",
        &[
            ("2026-07-01T00:00:00+02:00", "2026-07-01T12:00:00+02:00", "-50.5"),
            ("2026-07-01T13:00:00+02:00", "2026-07-02T00:00:00+02:00", "80"),
        ],
    );
    let known = Known { prices: Some(&prices), ..Known::default() };
    let text = rows("2026-06-30T22:00:00Z", 60, &["10"; 24]);
    let bill = bills(&tariff, &text, known).remove(0);
    // 120 kWh at -0.0505 + 0.01 = -0.0405: -4.86. 110 kWh at 0.08 + 0.01: 9.90. Together 5.04. 12:00 to 13:00 has no price.
    says(&bill, &[("spot", "230", "5.04")]);
    assert_eq!(codes(&bill), ["no_price"]);
    assert!(
        bill.notices[0].text.contains("2026-07-01 12:00 +02:00 to 2026-07-01 13:00 +02:00 (60 min)"),
        "{:?}",
        bill.notices
    );
    let alone = bills(&tariff, &text, Known::default()).remove(0);
    says(&alone, &[("spot", "0", "0.00")]);
    assert_eq!(tariff.price_at(at("2026-07-01T03:00:00Z"), Some(&prices)), Some(dec("-0.0405")));
    assert_eq!(tariff.price_at(at("2026-07-01T10:30:00Z"), Some(&prices)), None);
}

#[test]
fn prices_that_overlap_or_contradict_are_refused_and_twice_the_same_is_once() {
    let slot = ("2026-07-01T00:00:00+02:00", "2026-07-01T01:00:00+02:00", "0.1");
    assert_eq!(prices("EUR/kWh", &[slot, slot]).slots().len(), 1);
    let read = |unit: &str, second: &str| {
        let first = "{\"start\":\"2026-07-01T00:00:00+02:00\",\"end\":\"2026-07-01T01:00:00+02:00\",\"price\":0.1,\"grams\":400}";
        Prices::read(&format!("{{\"unit\":\"{unit}\",\"prices\":[{first},{second}]}}"), "EUR")
            .expect_err("refused")
            .join("\n")
    };
    let later = "{\"start\":\"2026-06-30T22:30:00Z\",\"end\":\"2026-06-30T23:30:00Z\",\"price\":0.1}";
    assert!(
        read("EUR/kWh", later).contains("two slots overlap: one ends at 2026-06-30T23:00:00Z"),
        "{}",
        read("EUR/kWh", later)
    );
    let zoneless = later.replace("22:30:00Z", "22:30:00");
    assert!(read("EUR/kWh", &zoneless).contains("no time with an offset"));
    assert!(read("USD/kWh", later).contains("must be EUR/kWh or EUR/MWh"));
    assert!(read("EUR/kWh", &later.replace("\"price\":0.1", "\"pricee\":0.1")).contains("unknown field `pricee`"));
    assert!(read("EUR/kWh", &later.replace("23:30", "22:30")).contains("ends before it begins"));
}

#[test]
fn energy_that_flows_out_counts_as_the_tariff_says() {
    let text = rows("2026-06-30T22:00:00Z", 720, &["10", "-4"]);
    // 120 kWh in, 48 kWh out: 120 x 0.5 = 60, or 72 x 0.5 = 36.
    for (rule, kwh, amount) in [("zero", "120", "60.00"), ("negative", "72", "36.00")] {
        let tariff = day(&format!("export = \"{rule}\"\n[[energy]]\nname = \"e\"\nprice = 0.5\n"));
        says(&bill(&tariff, &text), &[("e", kwh, amount)]);
    }
}

#[test]
fn carbon_is_what_flowed_in_by_the_intensity_of_its_hour() {
    let slot = |from: &str, to: &str, rest: &str| {
        format!(
            "{{\"start\":\"2026-07-01T{from}:00:00+02:00\",\"end\":\"2026-07-01T{to}:00:00+02:00\",\"price\":0.1{rest}}}"
        )
    };
    let slots =
        [slot("00", "06", ",\"grams\":250.5"), slot("06", "12", ""), slot("12", "23", ",\"grams\":400")].join(",");
    let prices = Prices::read(&format!("{{\"unit\":\"EUR/kWh\",\"prices\":[{slots}]}}"), "EUR").expect("reads");
    let tariff = day("[[energy]]\nname = \"e\"\nday-ahead = true\n");
    let mut kw = ["10"; 24];
    kw[13] = "-10";
    let bill =
        bills(&tariff, &rows("2026-06-30T22:00:00Z", 60, &kw), Known { prices: Some(&prices), ..Known::default() })
            .remove(0);
    // 60 kWh x 250.5 g and 10 hours of 10 kWh x 400 g: 15.03 + 40 kg. What flows out gives nothing back.
    assert_eq!(bill.carbon, Some(Carbon { kg: dec("55.03"), kwh: dec("160") }));
    assert_eq!(bills(&tariff, &rows("2026-06-30T22:00:00Z", 60, &kw), Known::default()).remove(0).carbon, None);
}

#[test]
fn a_holiday_on_a_working_day_is_no_weekday_neither_for_energy_nor_for_demand() {
    // Wednesday, 1 July 2026. 100 kW all day.
    let text = rows("2026-06-30T22:00:00Z", 60, &["100"; 24]);
    let tariff = |holidays: &str| {
        on(
            ("2026-07-01", "2026-07-02"),
            &format!(
                "holidays = [{holidays}]\n[[energy]]\nname = \"e\"\n[[energy.period]]\nname = \"work\"\ndays = [\"weekday\"]\nprice = 0.30\n\
                 [[energy.period]]\nname = \"rest\"\nprice = 0.10\n\
                 [[demand]]\nname = \"working\"\nwindow = \"fixed\"\nlength = \"60min\"\ndays = [\"weekday\"]\nprice = 2\n\
                 [[demand]]\nname = \"festive\"\nwindow = \"fixed\"\nlength = \"60min\"\ndays = [\"holiday\"]\nprice = 1\n"
            ),
        )
    };
    // 2400 kWh at 0.30 and 100 kW at 2; on a holiday 2400 kWh at 0.10 and 100 kW at 1.
    says(&bill(&tariff(""), &text), &[("e work", "2400", "720.00"), ("working", "100", "200.00")]);
    says(&bill(&tariff("\"07-01\""), &text), &[("e rest", "2400", "240.00"), ("festive", "100", "100.00")]);
}

#[test]
fn a_price_that_changes_inside_a_row_is_told_and_makes_the_bill_doubtful() {
    let tariff = |change: &str| {
        on(
            ("2026-07-01", "2026-07-02"),
            &format!(
                "[[energy]]\nname = \"e\"\n[[energy.period]]\nname = \"night\"\nhours = [\"00:00-{change}\"]\nprice = 0.10\n\
                 [[energy.period]]\nname = \"day\"\nprice = 0.30\n"
            ),
        )
    };
    let text = rows("2026-06-30T22:00:00Z", 60, &["100"; 24]);
    let split = bill(&tariff("06:30"), &text);
    says(&split, &[("e night", "650", "65.00"), ("e day", "1750", "525.00")]);
    assert_eq!(codes(&split), ["prices_cut_rows"]);
    assert!(split.notices[0].grave && split.notices[0].text.contains("06:00"), "{:?}", split.notices);
    assert_eq!(codes(&bill(&tariff("06:00"), &text)), Vec::<&str>::new());
    // So is one of a slot: an hour of 10 kW beside slots of half an hour.
    let slots = [
        ("2026-07-01T00:00:00+02:00", "2026-07-01T12:30:00+02:00", "50"),
        ("2026-07-01T12:30:00+02:00", "2026-07-02T00:00:00+02:00", "80"),
    ];
    let prices = prices("EUR/MWh", &slots);
    let spot = day("[[energy]]\nname = \"spot\"\nday-ahead = true\n");
    let found = bills(&spot, &text, Known { prices: Some(&prices), ..Known::default() }).remove(0);
    assert_eq!(codes(&found), ["prices_cut_rows"]);
}

#[test]
fn a_row_over_the_end_of_a_bill_is_told_in_both() {
    let tariff = tariff("[[energy]]\nname = \"e\"\nprice = 1\n");
    // Two days of 10 kW in one row, from noon of 30 July, and one of ten days before: 12 h of the row are in July.
    let text = "start,end,kw\n2026-07-20T12:00:00+02:00,2026-07-31T12:00:00+02:00,10\n2026-07-31T12:00:00+02:00,2026-08-02T12:00:00+02:00,10\n";
    for bill in bills(&tariff, text, Known::default()) {
        let told = bill.notices.iter().find(|notice| notice.code == "bill_cuts_rows").expect("told");
        assert!(told.grave && told.text.contains("2026-07-31 12:00 +02:00 to 2026-08-02 12:00"), "{}", told.text);
    }
}

#[test]
fn what_a_kwh_costs_is_the_first_tier_of_each_charge_and_a_tariff_says_where_that_is_not_all() {
    let plain = day("[[energy]]\nname = \"e\"\nprice = 0.2\n");
    let tiers = day("[[energy]]\nname = \"e\"\ntiers = [{ up-to-kwh = 100, price = 0.2 }, { price = 0.1 }]\n");
    let now = at("2026-07-01T12:00:00Z");
    assert_eq!((plain.price_at(now, None), plain.has_tiers()), (Some(dec("0.2")), false));
    assert_eq!((tiers.price_at(now, None), tiers.has_tiers()), (Some(dec("0.2")), true));
}
