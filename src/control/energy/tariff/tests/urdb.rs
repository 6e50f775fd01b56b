//! Documents of the utility rate database, written here from its published fields.

use serde_json::{Value, json};

use super::super::urdb::import;
use super::*;

/// What is done to a good document.
type Change<'c> = &'c dyn Fn(&mut Value);

/// 12 months of 24 hours: period 1 in June to September from 14 to 20 o'clock where the day is a weekday.
fn summer_afternoons(weekday: bool) -> Value {
    let row = |month: usize| -> Vec<usize> {
        (0..24).map(|hour| usize::from(weekday && (5..9).contains(&month) && (14..20).contains(&hour))).collect()
    };
    json!((0..12).map(row).collect::<Vec<_>>())
}

fn time_of_use() -> Value {
    json!({"items": [{
        "label": "0000aaaa", "name": "Large Power TOU (Primary)", "utility": "Invented Light & \"Power\"", "eiaid": 1,
        "startdate": 1_700_000_000, "approved": true, "sector": "Industrial",
        "energyratestructure": [[{"rate": 0.0631, "unit": "kWh"}], [{"rate": 0.11, "adj": 0.0284, "unit": "kWh", "sell": 0.02}]],
        "energyweekdayschedule": summer_afternoons(true), "energyweekendschedule": summer_afternoons(false),
        "demandratestructure": [[{"rate": 0}], [{"rate": 14.35}]],
        "demandweekdayschedule": summer_afternoons(true), "demandweekendschedule": summer_afternoons(false),
        "demandrateunit": "kW", "demandwindow": 30,
        "flatdemandstructure": [[{"rate": 7.2}], [{"rate": 5.1, "max": 500}, {"rate": 6.05}]], "flatdemandunit": "kW",
        "flatdemandmonths": [1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1],
        "lookbackPercent": 0.8, "lookbackRange": 11, "lookbackMonths": [0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0],
        "fixedchargefirstmeter": 94.5, "fixedchargeunits": "$/month", "mincharge": 250, "minchargeunits": "$/month",
        "fueladjustmentsmonthly": [-0.001, -0.001, -0.001, 0.002, 0.002, 0.002, 0.002, 0.002, 0.002, -0.001, -0.001, -0.001],
        "demandreactivepowercharge": 0.25, "peakkwcapacitymin": 500, "energycomments": "Riders apply."
    }]})
}

fn loaded(document: &Value) -> (Tariff, Vec<String>) {
    let imported = import(&document.to_string(), "America/Chicago").unwrap_or_else(|faults| panic!("{faults:#?}"));
    (
        Tariff::load("imported", &imported.toml).unwrap_or_else(|faults| panic!("{faults}\n{}", imported.toml)),
        imported.told,
    )
}

#[test]
fn a_time_of_use_rate_is_billed_as_the_document_says_and_what_is_left_is_told_by_name() {
    let (tariff, told) = loaded(&time_of_use());
    assert_eq!((tariff.name.as_str(), tariff.minimum), ("large-power-tou-primary", Some(dec("250"))));
    // July 2026 at 600 kW, 700 kW on Wednesday 1 July from 14:00 to 14:30, 900 kW on Saturday 4 July from 15:00 to 15:30.
    let mut kw = vec!["600"; 31 * 48];
    (kw[28], kw[3 * 48 + 30]) = ("700", "900");
    let history = read_history("h", "from,demand,kw\n2025-08-01,flat-demand-0,1250\n2025-12-01,flat-demand-0,2000\n")
        .expect("reads");
    let known = Known { history: &history, ..Known::default() };
    let bill = bills(&tariff, &rows("2026-07-01T05:00:00Z", 30, &kw), known).remove(0);
    // 744 h x 600 + 50 + 150 = 446 600 kWh. Weekday afternoons: 23 x 6 x 600 + 50 = 82 850, at 0.11 + 0.0284. The rest 363 750.
    says(
        &bill,
        &[
            ("energy period-0", "363750", "22952.63"), // x 0.0631 = 22 952.625
            ("energy period-1", "82850", "11466.44"),  // x 0.1384
            ("fuel-adjustment months-1", "446600", "893.20"),
            ("flat-demand-0", "1000", "7200.00"), // 0.8 x 1250 of August, not of December
            ("demand-1", "700", "10045.00"),
            ("first-meter", "1", "94.50"),
        ],
    );
    for key in ["energyratestructure[1][0].sell", "demandreactivepowercharge", "peakkwcapacitymin", "energycomments"] {
        assert!(told.iter().any(|line| line.starts_with(key)), "{key} is not in {told:#?}");
    }
    assert_eq!(told.len(), 4, "{told:#?}");
    // In winter the other flat period with its tiers holds.
    let winter = bills(&tariff, &rows("2026-12-01T06:00:00Z", 60, &["600"; 744]), Known::default()).remove(0);
    let flat: Vec<_> = lines(&winter).into_iter().filter(|line| line.0.starts_with("flat")).collect();
    // 500 x 5.10 and 100 x 6.05.
    let wanted = [("flat-demand-1 tier 1", "500", "2550.00"), ("flat-demand-1 tier 2", "100", "605.00")];
    let flat: Vec<_> = flat.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    assert_eq!(flat, wanted);
    // By a summer of 900 kW 0.8 of it is billed: 500 x 5.10 and 220 x 6.05.
    let history = read_history("h", "from,demand,kw\n2026-07-01,flat-demand-0,900\n2026-07-01,flat-demand-1,0\n");
    let history = history.expect("reads");
    let known = Known { history: &history, ..Known::default() };
    let winter = bills(&tariff, &rows("2026-12-01T06:00:00Z", 60, &["600"; 744]), known).remove(0);
    let flat: Vec<_> = lines(&winter).into_iter().filter(|line| line.0.starts_with("flat")).collect();
    let flat: Vec<_> = flat.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    assert_eq!(flat, [("flat-demand-1 tier 1", "500", "2550.00"), ("flat-demand-1 tier 2", "220", "1331.00")]);
}

#[test]
fn every_hour_of_a_year_has_the_price_of_the_schedule() {
    let (tariff, _) = loaded(&time_of_use());
    let mut now = at("2026-01-01T06:00:00Z");
    for _ in 0..8760 {
        let local = tariff.local(now);
        let weekday = local.date.weekday().to_monday_zero_offset() < 5;
        let afternoon = (14..20).contains(&(local.ms / 3_600_000)) && weekday && (6..10).contains(&local.date.month());
        let fuel = if (4..10).contains(&local.date.month()) { dec("0.002") } else { dec("-0.001") };
        let wanted = dec(if afternoon { "0.1384" } else { "0.0631" }).plus(fuel);
        assert_eq!(tariff.price_at(now, None), Some(wanted), "{}", tariff.zone.show(now));
        now = Wall(now.0 + 3_600_000);
    }
}

#[test]
fn tiers_a_daily_demand_a_ratchet_in_per_cent_and_coincident_hours_are_translated() {
    let always = json!(vec![vec![0; 24]; 12]);
    let document = json!({
        "label": "0000bbbb", "name": "Tiers", "utility": "Invented",
        "energyratestructure": [[{"rate": 0.07, "max": 1000, "unit": "kWh"}, {"rate": 0.05, "max": 90000, "unit": "kWh"}]],
        "energyweekdayschedule": always, "energyweekendschedule": always,
        "demandratestructure": [[{"rate": 0.5}]], "demandrateunit": "kW daily",
        "demandweekdayschedule": always, "demandweekendschedule": always,
        "coincidentratestructure": [[{"rate": 4.62}]], "coincidentrateunit": "kW", "coincidentrateschedule": always,
        "fixedchargefirstmeter": 2, "fixedchargeunits": "$/day",
    });
    let (tariff, told) = loaded(&document);
    // June: 30 days at 10 kW: 7200 kWh: 1000 x 0.07 and 6200 x 0.05; 300 kW days x 0.50; 30 x 2.
    let bill = bill(&tariff, &rows("2026-06-01T05:00:00Z", 15, &["10"; 2880]));
    says(
        &bill,
        &[
            ("energy period-0 tier 1", "1000", "70.00"),
            ("energy period-0 tier 2", "6200", "310.00"),
            ("demand-0", "300", "150.00"),
            ("coincident-0", "0", "0.00"),
            ("first-meter", "30", "60.00"),
        ],
    );
    let starts = ["energyratestructure[0][1].max = 90000", "demandwindow is not said", "coincidentratestructure[0]"];
    assert!(starts.iter().all(|start| told.iter().any(|line| line.starts_with(start))), "{told:#?}");
    assert_eq!(told.len(), 3, "{told:#?}");
}

#[test]
fn what_would_make_a_bill_wrong_is_refused_by_name() {
    let refused = |change: Change<'_>| {
        let mut document = time_of_use()["items"][0].clone();
        change(&mut document);
        import(&document.to_string(), "America/Chicago").expect_err("refused").join("\n")
    };
    let cases: [(Change<'_>, &str); 13] = [
        (
            &|d| d["energyratestructure"][1][0]["unit"] = json!("kWh/hp"),
            "`energyratestructure[1][0].unit` is \"kWh/hp\": only kWh, kWh daily, kWh/kW can be billed",
        ),
        (&|d| d["flatdemandunit"] = json!("kVA"), "`flatdemandunit` is `kVA`"),
        (&|d| d["demandwindow"] = json!(20), "`demandwindow` is 20 minutes"),
        (
            &|d| d["energyweekdayschedule"] = json!([[0]]),
            "`energyweekdayschedule` or `energyweekendschedule` has not 12 months",
        ),
        (&|d| d["energyweekdayschedule"][3][4] = json!(7), "names the period 7, and there are 2"),
        (&|d| d["flatdemandmonths"] = json!([0]), "`flatdemandmonths` is no list of twelve"),
        (&|d| d["flatdemandmonths"][2] = json!(2), "`flatdemandmonths` names a period that is not one of the 2"),
        (&|d| d["demandratchetpercentage"] = json!(vec![0.5; 12]), "stand beside each other"),
        (&|d| d["fixedchargeunits"] = json!("$/meter"), "`fixedchargeunits` is `$/meter`"),
        (&|d| d["lookbackRange"] = json!("many"), "`lookbackRange` is \"many\""),
        (&|d| d["coincidentrateunit"] = json!("kW daily"), "`coincidentrateunit` is `kW daily`: windows that"),
        (&|d| d["demandratchetpercentage"] = json!(0.5), "`demandratchetpercentage` is 0.5: only a list"),
        (&|d| d["lookbackMonths"] = json!(6), "`lookbackMonths` is 6: only a list"),
    ];
    for (change, says) in cases {
        let told = refused(change);
        assert!(told.contains(says), "{says}\n{told}");
    }
    assert!(import("{", "UTC").expect_err("no JSON")[0].starts_with("this is no JSON"));
    assert!(import("{\"items\":[{},{}]}", "UTC").expect_err("two")[0].contains("holds 2 rates"));
    assert!(import(&time_of_use().to_string(), "Mars").expect_err("no zone")[0].contains("`Mars` is no time zone"));
}
