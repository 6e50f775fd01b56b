//! Tiers of energy that end at kWh for each day, or at hours of use of a billed kW.

use serde_json::json;

use super::super::urdb::import;
use super::*;

/// "The first 200 hours of use of the billed kW 11.32 ct, up to 400 hours 5.14 ct, all above 1.87 ct. Billed is the highest quarter of an hour of the month, and no less than 95 % of
/// the highest of the months of summer among the eleven before, nor than 60 kW."
const HOURS: &str = "[[energy]]\nname = \"energy\"\nhours-of = \"billed\"\n\
    tiers = [{ up-to-hours = 200, price = 0.1132 }, { up-to-hours = 400, price = 0.0514 }, { price = 0.0187 }]\n\
    [[demand]]\nname = \"billed\"\nwindow = \"fixed\"\nlength = \"15min\"\nprice = 0\nminimum-kw = 60\n\
    ratchet = { share = 0.95, months = 11, of = [\"jun\", \"jul\", \"aug\", \"sep\"] }\n";

/// November of 30 days at so many kW, and a quarter of an hour of more.
fn november(kw: &str, most: &str) -> String {
    let mut all = vec![kw; 30 * 96];
    all[1000] = most;
    rows("2026-10-31T23:00:00Z", 15, &all)
}

#[test]
fn hours_of_use_are_those_of_the_kw_that_is_billed() {
    let tariff = tariff(HOURS);
    let history = |kw: &str| read_history("h", &format!("from,demand,kw\n2026-07-01,billed,{kw}\n")).expect("reads");
    let of = |text: &str, history: &[Past]| {
        let known = Known { history, ..Known::default() };
        bills(&tariff, text, known).remove(0)
    };
    // 720 h x 300 kW and 50 kWh more: 216 050 kWh. 200 h x 500 kW = 100 000 kWh, and as much up to 400 h.
    says(
        &of(&november("300", "500"), &history("400")),
        &[
            ("energy tier 1", "100000", "11320.00"),
            ("energy tier 2", "100000", "5140.00"),
            ("energy tier 3", "16050", "300.14"), // x 0.0187 = 300.135
            ("billed", "500", "0.00"),
        ],
    );
    // By a summer of 800 kW 760 are billed: 152 000 kWh, and the rest is below 304 000.
    let by_summer = of(&november("300", "500"), &history("800"));
    says(
        &by_summer,
        &[("energy tier 1", "152000", "17206.40"), ("energy tier 2", "64050", "3292.17"), ("billed", "760", "0.00")],
    );
    assert_eq!(codes(&by_summer), ["history_short"], "told once");
    // A month at 20 kW has 14 400 kWh: the least of 60 kW makes 12 000 of them dear.
    says(
        &of(&november("20", "20"), &history("40")),
        &[("energy tier 1", "12000", "1358.40"), ("energy tier 2", "2400", "123.36"), ("billed", "60", "0.00")],
    );
}

#[test]
fn kwh_for_each_day_are_those_of_all_days_of_the_bill_whatever_hours_have_the_price() {
    // "Up to 10.5 kWh a day 40.206 ct, up to 42 kWh a day 50.323 ct, above 60 ct; at weekends 30 ct up to 2 kWh a day, then 35 ct."
    let tariff = tariff(
        "[[energy]]\nname = \"energy\"\n[[energy.period]]\nname = \"weekend\"\ndays = [\"weekend\"]\n\
         tiers = [{ up-to-kwh-per-day = 2, price = 0.30 }, { price = 0.35 }]\n[[energy.period]]\nname = \"rest\"\n\
         tiers = [{ up-to-kwh-per-day = 10.5, price = 0.40206 }, { up-to-kwh-per-day = 42, price = 0.50323 }, { price = 0.60 }]\n",
    );
    // November has 30 days, nine of them of weekends: at 4 kW 864 and 2016 kWh. 2 x 30 = 60; 10.5 x 30 = 315, 42 x 30 = 1260.
    says(
        &bill(&tariff, &november("4", "4")),
        &[
            ("energy weekend tier 1", "60", "18.00"),
            ("energy weekend tier 2", "804", "281.40"),
            ("energy rest tier 1", "315", "126.65"), // x 0.40206 = 126.6489
            ("energy rest tier 2", "945", "475.55"), // x 0.50323 = 475.55235
            ("energy rest tier 3", "756", "453.60"),
        ],
    );
}

#[test]
fn hours_of_what_is_not_billed_once_a_month_are_refused() {
    for (from, to, said) in [
        ("hours-of = \"billed\"", "hours-of = \"biled\"", "there is no such demand"),
        ("hours-of = \"billed\"\n", "", "write `hours-of"),
        ("up-to-hours", "up-to-kwh", "no tier ends at hours of its use"),
        ("price = 0\n", "price = 0\nhours = [\"06:00-22:00\"]\n", "not billed once a billing period"),
        ("{ up-to-hours = 400", "{ up-to-kwh = 400", "up-to-hours"),
    ] {
        let text =
            format!("name = \"t\"\nsummary = \"s\"\ncurrency = \"EUR\"\nzone = \"UTC\"\n{}", HOURS.replace(from, to));
        let faults = Tariff::load("t.toml", &text).expect_err(said).to_string();
        assert!(faults.contains(said), "{said}: {faults}");
    }
}

#[test]
fn the_rate_databases_tiers_a_day_and_tiers_per_kw_are_billed() {
    let always = json!(vec![vec![0; 24]; 12]);
    let document = json!({
        "label": "0000cccc", "name": "Power and light", "utility": "Invented",
        "energyratestructure": [[
            {"rate": 0.1132, "max": 200, "unit": "kWh/kW"}, {"rate": 0.05, "adj": 0.0014, "max": 400, "unit": "kWh/kW"}, {"rate": 0.0187, "unit": "kWh/kW"},
        ]],
        "energyweekdayschedule": always, "energyweekendschedule": always,
        "lookbackPercent": 0.95, "lookbackRange": 11, "lookbackMonths": [0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0], "demandwindow": 15,
    });
    let load = |document: &serde_json::Value| {
        let imported = import(&document.to_string(), "Europe/Berlin").unwrap_or_else(|faults| panic!("{faults:#?}"));
        (Tariff::load("imported", &imported.toml).unwrap_or_else(|faults| panic!("{faults}")), imported.told)
    };
    let (tariff, told) = load(&document);
    assert!(told.len() == 1 && told[0].contains("hours of use"), "{told:#?}");
    let history = read_history("h", "from,demand,kw\n2026-07-01,hours-of-use,800\n").expect("reads");
    let known = Known { history: &history, ..Known::default() };
    says(
        &bills(&tariff, &november("300", "500"), known).remove(0),
        &[
            ("energy period-0 tier 1", "152000", "17206.40"),
            ("energy period-0 tier 2", "64050", "3292.17"),
            ("hours-of-use", "760", "0.00"),
        ],
    );
    let mut daily = document.clone();
    daily["energyratestructure"] =
        json!([[{"rate": 0.40206, "max": 10.5, "unit": "kWh daily"}, {"rate": 0.50323, "unit": "kWh daily"}]]);
    let (tariff, _) = load(&daily);
    let found = bill(&tariff, &november("4", "4"));
    // 2880 kWh: 315 x 0.40206 and 2565 x 0.50323 = 1290.78495.
    says(&found, &[("energy period-0 tier 1", "315", "126.65"), ("energy period-0 tier 2", "2565", "1290.78")]);
    let mut mixed = document.clone();
    mixed["energyratestructure"][0][1]["unit"] = json!("kWh");
    let faults = import(&mixed.to_string(), "UTC").expect_err("mixed").join("\n");
    assert!(faults.contains("`energyratestructure[0][1].unit` is \"kWh\", and kWh/kW stands beside it"), "{faults}");
}
