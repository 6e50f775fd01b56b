//! The shipped tariffs, and files with faults.

use super::*;

const SHIPPED: [(&str, &str); 3] = [
    ("weser-rlm", include_str!("../../../../../config/tariffs/weser-rlm.toml")),
    ("mesa-tou", include_str!("../../../../../config/tariffs/mesa-tou.toml")),
    ("lakes-coincident", include_str!("../../../../../config/tariffs/lakes-coincident.toml")),
];

fn shipped(name: &str) -> Tariff {
    let (_, text) = SHIPPED.into_iter().find(|(known, _)| *known == name).expect("shipped");
    Tariff::load(name, text).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn the_shipped_tariffs_are_read() {
    for (name, _) in SHIPPED {
        assert_eq!(shipped(name).name, name);
    }
}

#[test]
fn a_month_of_the_german_example_comes_to_the_cent() {
    let tariff = shipped("weser-rlm");
    // January: 744 hours at 1000 kW but for Tuesday the 13th, 09:00 to 09:15, at 1300 kW: 744 000 + 75 kWh.
    let mut kw = vec!["1000"; 744 * 4];
    kw[12 * 96 + 36] = "1300";
    let text = rows("2025-12-31T23:00:00Z", 15, &kw);
    let slot = "{\"start\":\"2025-12-31T23:00:00Z\",\"end\":\"2026-01-31T23:00:00Z\",\"price\":70}";
    let prices = Prices::read(&format!("{{\"unit\":\"EUR/MWh\",\"prices\":[{slot}]}}"), "EUR").expect("reads");
    let bill = bills(&tariff, &text, Known { prices: Some(&prices), ..Known::default() }).remove(0);
    says(
        &bill,
        &[
            ("day-ahead", "744075", "55210.37"), // 744 075 x (0.07 + 0.0042) = 55 210.365
            ("network", "744075", "8854.49"),    // x 0.0119 = 8 854.4925
            ("levies", "744075", "19725.43"),    // x 0.02651 = 19 725.42825
            ("capacity", "1300", "15028.00"),    // 1300 x 138.72 / 12
            ("high-load", "1300", "2535.00"),    // 1300 x 1.95: a weekday of winter, 08:00 to 12:00
            ("metering", "1", "40.50"),          // 486 / 12
            ("value-added-tax", "101393.79", "19264.82"), // the sum x 0.19 = 19 264.8201
        ],
    );
    assert_eq!(bill.total.fixed(2), "120658.61");
    assert!(bill.notices.is_empty(), "{:?}", bill.notices);
}

#[test]
fn a_month_of_the_american_example_comes_to_the_cent() {
    let tariff = shipped("mesa-tou");
    // 15 June to 15 July 2026: 30 days at 400 kW in 5-minute rows, with 640 kW on Friday 3 July, 15:10 to 15:25.
    let mut kw = vec!["400"; 30 * 288];
    let begin = 18 * 288 + 15 * 12 + 2;
    kw[begin..begin + 3].fill("640");
    let history = read_history(
        "h",
        "from,demand,kw\n2025-08-15,facilities,700\n2025-06-15,facilities,900\n2025-09-15,facilities,710\n",
    )
    .expect("reads");
    let bill = bills(&tariff, &rows("2026-06-15T07:00:00Z", 5, &kw), Known { history: &history, ..Known::default() })
        .remove(0);
    // Weekdays: 15 June to 14 July are 22, less none, for 4 July is a Saturday: 22 x 6 h x 400 = 52 800 kWh, and 60 of the peak.
    // Night: 30 x 6 h x 400 = 72 000. All: 30 x 24 x 400 + 60 = 288 060; the rest 163 200.
    says(
        &bill,
        &[
            ("energy summer-on-peak", "52860", "7315.82"), // x 0.1384 = 7 315.824
            ("energy night", "72000", "2966.40"),          // x 0.0412
            ("energy rest", "163200", "10297.92"),         // x 0.0631
            ("fuel", "288060", "-504.11"),                 // x -0.00175 = -504.105
            ("facilities", "640", "4608.00"), // 640 x 7.20; 0.8 x 710 = 568 is less; June 2025 is twelve months ago
            ("on-peak", "520", "7462.00"),    // 15:00 to 15:30: (3 x 640 + 3 x 400) / 6 = 520, x 14.35
            ("customer", "30", "94.50"),      // 30 x 3.15
        ],
    );
    assert_eq!(bill.total.fixed(2), "32240.53");
    assert_eq!(codes(&bill), ["history_short"], "of four months that the ratchet looks back on three are known");
}

#[test]
fn a_month_of_the_example_with_tiers_comes_to_the_cent() {
    let tariff = shipped("lakes-coincident");
    // July: 744 hours at 800.5 kW, 1001 kW in the hour of the 14th from 16:00.
    let mut kw = vec!["800.5"; 744];
    kw[13 * 24 + 16] = "1001";
    let bill = bill(&tariff, &rows("2026-07-01T05:00:00Z", 60, &kw));
    // 744 x 800.5 + 200.5 = 595 772.5 kWh. The mean of 14, 15 and 21 July: (1001 + 800.5 + 800.5) / 3 = 867.333.
    says(
        &bill,
        &[
            ("energy tier 1", "100000", "7100.00"),
            ("energy tier 2", "400000", "25800.00"),
            ("energy tier 3", "95772.5", "5631.42"), // x 0.0588 = 5 631.423
            ("demand tier 1", "500", "4550.00"),
            ("demand tier 2", "501", "5936.85"),
            ("coincident", "867.333", "4007.08"), // x 4.62 = 4 007.07846
            ("service", "1", "850.00"),
        ],
    );
    assert_eq!(bill.total.fixed(2), "53875.35");
}

const GOOD: &str = r#"name = "good"
summary = "s"
currency = "EUR"
zone = "Europe/Berlin"
holidays = ["05-01"]

[[season]]
name = "summer"
days = ["06-01..09-30"]

[[energy]]
name = "energy"

[[energy.period]]
name = "peak"
seasons = ["summer"]
days = ["weekday"]
hours = ["12:00-18:00"]
price = 0.2

[[energy.period]]
name = "rest"
price = 0.1

[[demand]]
name = "peak"
window = "rolling-block"
length = "15min"
sub-interval = "5min"
price = 10
ratchet = { share = 0.8, months = 11 }
"#;

#[test]
fn every_fault_is_told_with_its_line_and_a_way_out() {
    Tariff::load("good.toml", GOOD).unwrap_or_else(|faults| panic!("{faults}"));
    for (from, to, line, message, help) in [
        ("\"Europe/Berlin\"", "\"Europe/Berlinn\"", 4, "`Europe/Berlinn` is no time zone", "IANA name"),
        ("[\"05-01\"]", "[\"05-32\"]", 5, "holidays such as", "quotes"),
        ("06-01..09-30", "06-01..09-31", 9, "days of the year such as", "first and the last day"),
        ("[\"summer\"]", "[\"sumer\"]", 16, "there is no season `sumer`", "did you mean `summer`?"),
        ("[\"weekday\"]", "[\"wekday\"]", 17, "days out of mon", "three small letters"),
        ("12:00-18:00", "12:00-12:00", 18, "times of day such as", "24:00"),
        ("price = 0.2", "prise = 0.2", 14, "has no `price`", "write `price"),
        ("price = 0.1\n", "hours = [\"18:00-12:00\"]\nprice = 0.1\n", 11, "has no price on", "hold always"),
        ("price = 0.2", "price = 0.0000000001", 19, "nine places", "0.1234"),
        (
            "name = \"rest\"",
            "name = \"rest\"\ntiers = [{ up-to-kwh = 5, price = 1 }]",
            24,
            "beside `tiers`",
            "each tier",
        ),
        ("\"15min\"", "\"20min\"", 28, "5, 10, 15, 30 or 60 minutes", "15min"),
        ("\"5min\"", "\"4min\"", 29, "must go into `length`", "5min"),
        ("sub-interval = \"5min\"\n", "", 25, "has no `sub-interval`", "5min"),
        ("\"rolling-block\"", "\"sliding\"", 27, "does not know the word `sliding`", "rolling"),
        ("share = 0.8", "share = 80", 31, "above 0 and at most 1", "0.8 for 80 %"),
        ("months = 11", "months = 11, of = [\"june\"]", 31, "`june` is no month", "jun"),
        ("price = 10\n", "price = 10\nper = \"year\"\n", 32, "a ratchet goes with a price per month", "month"),
        ("name = \"energy\"\n", "name = \"energy\"\nday-ahead = true\n", 15, "stands beside `day-ahead`", "another"),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let text = GOOD.replacen(from, to, 1);
        let faults = Tariff::load("bad.toml", &text).expect_err(to).0;
        let told = faults.iter().find(|fault| fault.message.contains(message));
        let told = told.unwrap_or_else(|| panic!("{to}: {faults:#?}"));
        assert!(told.help.contains(help), "{to}: {told}");
        assert_eq!(told.line, line, "{to}: {told}");
    }
    // All at once.
    let many =
        GOOD.replace("\"Europe/Berlin\"", "\"x\"").replace("share = 0.8", "share = 8").replace("\"5min\"", "\"7min\"");
    assert_eq!(Tariff::load("bad.toml", &many).expect_err("three").0.len(), 3);
}

#[test]
fn an_hour_without_a_price_is_found_on_holidays_of_any_year_and_the_day_after() {
    let of = |holiday: &str| {
        let text = format!(
            "name = \"t\"\nsummary = \"s\"\ncurrency = \"EUR\"\nzone = \"UTC\"\nholidays = [\"2028-12-29\"]\n[[energy]]\nname = \"e\"\n\
             [[energy.period]]\nname = \"night\"\ndays = [\"weekday\", \"weekend\"]\nhours = [\"22:00-06:00\"]\nprice = 0.1\n\
             [[energy.period]]\nname = \"day\"\ndays = [\"weekday\", \"weekend\"]\nhours = [\"06:00-22:00\"]\nprice = 0.2\n{holiday}"
        );
        Tariff::load("t.toml", &text).map_err(|faults| faults.to_string())
    };
    let none = of("").expect_err("a holiday is no Friday");
    assert!(none.contains("`e` has no price on 2028-12-29 at 06:00"), "{none}");
    let day = "[[energy.period]]\nname = \"feast\"\ndays = [\"holiday\"]\nprice = 0.1\n";
    let night = of(day).expect_err("the night after it is its own");
    assert!(night.contains("`e` has no price on 2028-12-30 at 00:00"), "{night}");
    let both = "[[energy.period]]\nname = \"feast\"\ndays = [\"holiday\"]\nprice = 0.1\n[[energy.period]]\nname = \"rest\"\nprice = 0.1\n";
    of(both).unwrap_or_else(|faults| panic!("{faults}"));
}

#[test]
fn a_history_with_faults_is_refused_line_by_line() {
    let told = read_history(
        "h.csv",
        "from,demand,kw\n2026-13-01,p,1\n2026-01-01,p\n2026-01-01,p,x\n2026-01-01,p,1\n2026-01-01,p,2\n",
    )
    .expect_err("refused")
    .to_string();
    for (line, says) in
        [(2, "is no day"), (3, "has not three fields"), (4, "is no number of kW"), (6, "is 2 kW here and 1 kW above")]
    {
        assert!(told.lines().any(|l| l.starts_with(&format!("h.csv:{line}:")) && l.contains(says)), "{says}\n{told}");
    }
    assert!(read_history("h.csv", "").expect("empty").is_empty());
}
