//! `wattloop tariff`: bills and prices in the words that people and programs read.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

/// Every kind of component, on one day.
const TARIFF: &str = r#"
name = "all-kinds"
summary = "One charge of each kind, with numbers that can be checked by hand."
currency = "EUR"
zone = "UTC"
minimum = 5000
billing = { dates = ["2026-07-01", "2026-07-02"] }

[[energy]]
name = "tiers"
tiers = [{ up-to-kwh = 2000, price = 0.10 }, { price = 0.05 }]

[[energy]]
name = "market"
day-ahead = true
add = 0.01

[[demand]]
name = "fixed"
window = "fixed"
length = "15min"
maximum-kw = 400
price = 2

[[demand]]
name = "rolling"
window = "rolling"
length = "60min"
price = 3

[[demand]]
name = "block"
window = "rolling-block"
length = "30min"
sub-interval = "15min"
tiers = [{ up-to-kw = 250, price = 1 }, { price = 2 }]

[[demand]]
name = "coincident"
window = "fixed"
length = "60min"
price = 5
at = ["2026-07-01T10:00:00Z"]

[[demand]]
name = "ratchet"
window = "fixed"
length = "15min"
price = 1
ratchet = { share = 0.8, months = 1 }

[[demand]]
name = "nights"
window = "fixed"
length = "15min"
hours = ["00:00-06:00"]
minimum-kw = 150
price = 1

[[demand]]
name = "daily"
window = "fixed"
length = "15min"
per = "day"
price = 0.1

[[fixed]]
name = "metering"
price = 1.50
per = "day"

[[tax]]
name = "tax"
share = 0.2
"#;

const PRICES: &str = r#"{"unit": "EUR/MWh", "published": "2026-06-30T11:00:00Z", "prices": [
    {"start": "2026-07-01T00:00:00Z", "end": "2026-07-02T00:00:00Z", "price": 40, "grams": 400}]}"#;

/// 100 kW all day, and 500 kW from 10:00 to 10:15: 2500 kWh.
fn meter() -> String {
    let row = |n: i32| {
        let clock = |n: i32| format!("2026-07-{:02}T{:02}:{:02}:00Z", 1 + n / 96, n / 4 % 24, n % 4 * 15);
        format!("{},{},{}\n", clock(n), clock(n + 1), if n == 40 { 500 } else { 100 })
    };
    format!("start,end,kw\n{}", (0..96).map(row).collect::<String>())
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let history = "from,demand,kw\n2026-06-01,ratchet,1000\n";
    let meter = meter();
    for (name, text) in [("t.toml", TARIFF), ("p.json", PRICES), ("h.csv", history), ("m.csv", meter.as_str())] {
        std::fs::write(folder.path().join(name), text).expect("writes");
    }
    folder
}

fn tariff(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wattloop")).current_dir(folder).arg("tariff").args(args).output().expect("it runs")
}

/// What it prints, each line with single blanks.
fn lines(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

const BILL: [&str; 5] = ["bill", "m.csv", "--tariff", "t.toml", "--history"];

#[test]
fn a_bill_says_what_each_kind_of_component_comes_to_and_what_set_it() {
    let folder = folder();
    let shown = lines(&tariff(folder.path(), &[&BILL[..], &["h.csv", "--prices", "p.json", "--strict"]].concat()));
    let at = |from: &str, to: &str| format!("2026-07-01 {from} +00:00 to 2026-07-01 {to} +00:00");
    let (hour, half) = (at("09:15", "10:15"), at("09:45", "10:15"));
    let wanted = [
        "all-kinds, 2026-07-01 to 2026-07-01, in EUR".to_owned(),
        "tiers tier 1 2000 kWh x 0.1 200.00".to_owned(),
        "tiers tier 2 500 kWh x 0.05 25.00".to_owned(),
        "market 2500 kWh x 0.05 125.00".to_owned(),
        "fixed 400 kW x 2 800.00 the most that is billed".to_owned(),
        format!("rolling 200 kW x 3 600.00 {hour}"),
        format!("block tier 1 250 kW x 1 250.00 {half}"),
        format!("block tier 2 50 kW x 2 100.00 {half}"),
        format!("coincident 200 kW x 5 1000.00 {}", at("10:00", "11:00")),
        "ratchet 800 kW x 1 800.00 ratchet: the peak of 2026-06-01".to_owned(),
        "nights 150 kW x 1 150.00 the least that is billed".to_owned(),
        "daily 500 kW d x 0.1 50.00 several windows".to_owned(),
        "metering 1 d x 1.5 1.50".to_owned(),
        "minimum 1 x 898.5 898.50".to_owned(),
        "tax 5000 x 0.2 1000.00".to_owned(),
        "total 6000.00".to_owned(),
        "1000 kg of CO2 for 2500 kWh".to_owned(),
    ];
    assert_eq!(shown, wanted, "{}", shown.join("\n"));
}

#[test]
fn the_same_bill_for_programs_has_amounts_as_texts_and_the_peaks_for_the_next() {
    let folder = folder();
    let output = tariff(folder.path(), &[&BILL[..], &["h.csv", "--prices", "p.json", "--json"]].concat());
    let shown: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        (&shown["tariff"], &shown["currency"], &shown["total"]),
        (&json!("all-kinds"), &json!("EUR"), &json!("6000.00"))
    );
    let bill = &shown["bills"][0];
    assert_eq!((&bill["from"], &bill["to"]), (&json!("2026-07-01"), &json!("2026-07-02")));
    assert_eq!(
        (&bill["energy_kwh"], &bill["carbon_kg"], &bill["notices"]),
        (&json!("2500"), &json!("1000"), &json!([]))
    );
    let rolling = bill["lines"].as_array().and_then(|lines| lines.iter().find(|line| line["name"] == "rolling"));
    let wanted = json!({
        "name": "rolling", "quantity": "200", "unit": "kW", "price": "3", "amount": "600.00",
        "set_by": "2026-07-01 09:15 +00:00 to 2026-07-01 10:15 +00:00",
    });
    assert_eq!(rolling, Some(&wanted));
    let peak = |demand: &str| {
        let peaks = bill["peaks"].as_array().expect("peaks");
        peaks.iter().find(|peak| peak["demand"] == demand).map(|peak| peak["kw"].clone())
    };
    assert_eq!(
        (peak("fixed"), peak("rolling"), peak("ratchet")),
        (Some(json!("500")), Some(json!("200")), Some(json!("500")))
    );
}

#[test]
fn under_strict_what_is_only_good_to_know_is_a_note_and_no_failure_and_what_may_be_wrong_exits_3() {
    let folder = folder();
    // Nobody has named a window yet, and the second hour comes before the first, which is there twice.
    let named = "name = \"t\"\nsummary = \"s\"\ncurrency = \"EUR\"\nzone = \"UTC\"\nbilling = { dates = [\"2026-07-01\", \"2026-07-02\"] }\n\
                 [[demand]]\nname = \"named\"\nwindow = \"fixed\"\nlength = \"60min\"\nprice = 1\nat = []\n";
    let time = |hour: usize| format!("2026-07-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24);
    let row = |hour: usize| format!("{},{},10\n", time(hour), time(hour + 1));
    let order: Vec<usize> = [1, 0, 0].into_iter().chain(2..24).collect();
    let rows = |order: &[usize]| format!("start,end,kw\n{}", order.iter().map(|hour| row(*hour)).collect::<String>());
    for (name, text) in [("named.toml", named.to_owned()), ("notes.csv", rows(&order)), ("gap.csv", rows(&order[..20]))]
    {
        std::fs::write(folder.path().join(name), text).expect("writes");
    }
    let bill = |meter: &str| {
        let output = tariff(folder.path(), &["bill", meter, "--tariff", "named.toml", "--strict", "--json"]);
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let all =
            [&told["notices"], &told["bills"][0]["notices"]].into_iter().flat_map(|of| of.as_array().expect("a list"));
        let mut codes: Vec<(String, bool)> =
            all.map(|of| (of["code"].as_str().expect("a word").to_owned(), of["grave"] == true)).collect();
        codes.sort();
        (output.status.code(), codes)
    };
    let light = ["no_coincident_window", "rows_out_of_order", "rows_twice"].map(|code| (code.to_owned(), false));
    assert_eq!(bill("notes.csv"), (Some(0), light.to_vec()));
    let (exit, codes) = bill("gap.csv");
    assert_eq!((exit, codes.iter().filter(|(_, grave)| *grave).count()), (Some(3), 1), "{codes:?}");
}

#[test]
fn a_price_per_year_is_billed_in_twelfths_and_named() {
    let config = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config/tariffs");
    let files = ["bill", "one-winter-day.csv", "--tariff", "weser-rlm.toml", "--prices", "one-winter-day.json"];
    let shown = lines(&tariff(&config, &files));
    let capacity = "capacity 1300 kW 1/12 year x 138.72 15028.00 2026-01-13 09:00 +01:00 to 2026-01-13 09:15 +01:00";
    assert!(shown.iter().any(|line| line == capacity), "{}", shown.join("\n"));
    assert!(shown.iter().any(|line| line == "metering 1 1/12 year x 486 40.50"), "{}", shown.join("\n"));
}

#[test]
fn prices_are_looked_into_before_anybody_publishes_them() {
    let folder = folder();
    let files = ["prices", "--file", "p.json", "--tariff", "t.toml", "--strict"];
    assert_eq!(
        lines(&tariff(folder.path(), &files)),
        [
            "p.json: no faults, 1 slots, published 2026-06-30 11:00 +00:00",
            "from to EUR/kWh g/kWh",
            "2026-07-01 00:00 +00:00 2026-07-02 00:00 +00:00 0.15 400",
            "prices are those of first tiers: what the next kWh costs depends on how much has flowed",
        ]
    );
    let shown = |text: &str, more: &[&str]| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wattloop"))
            .current_dir(folder.path())
            .args(["tariff", "prices", "--file", "-", "--tariff", "t.toml"])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        child.stdin.take().expect("piped").write_all(text.as_bytes()).expect("reads");
        let output = child.wait_with_output().expect("it ends");
        let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code(), told)
    };
    let hole =
        PRICES.replace("]}", r#", {"start": "2026-07-02T01:00:00Z", "end": "2026-07-02T02:00:00Z", "price": -60}]}"#);
    let (exit, told) = shown(&hole, &["--strict", "--json"]);
    let json: Value = serde_json::from_str(&told).unwrap_or_else(|e| panic!("{e}: {told}"));
    let prices: Vec<_> = json["slots"].as_array().expect("slots").iter().map(|slot| slot["price"].clone()).collect();
    assert_eq!((exit, prices), (Some(3), vec![json!("0.15"), Value::Null, json!("0.05")]));
    assert_eq!(json["slots"][1]["from"], "2026-07-02T00:00:00+00:00");
    let (exit, told) = shown(&PRICES.replace("EUR", "USD"), &[]);
    assert_eq!(exit, Some(65), "{told}");
    assert!(told.contains("standard input: the unit is `USD/MWh` and must be EUR/kWh or EUR/MWh"), "{told}");
}
