//! A rate as the utility rate database has published it. Its figures are those of Southern California Edison's TOU-GS-2, option B, single phase, of June 2015:
//! <https://apps.openei.org/IURDB/rate/view/55fc81d7682bea28da64f9ae>. Written out anew, as short as it can be; the keys are those that the record has.

use serde_json::{Value, json};

use super::super::urdb::import;
use super::*;

/// Twelve months of these hours in summer, from June to September, and those in the rest of the year.
fn schedule(summer: [u8; 24], else_: [u8; 24]) -> Value {
    json!((1..=12).map(|month| if (6..=9).contains(&month) { summer } else { else_ }).collect::<Vec<_>>())
}

/// A day of which hours from 8 to 23, of those from 12 to 18, and the rest.
fn hours(rest: u8, day: u8, noon: u8) -> [u8; 24] {
    std::array::from_fn(|hour| match hour {
        12..18 => noon,
        8..23 => day,
        _ => rest,
    })
}

fn record() -> Value {
    let winter = std::array::from_fn(|hour| u8::from((8..21).contains(&hour)));
    json!({
        "label": "55fc81d7682bea28da64f9ae", "uri": "http://en.openei.org/apps/IURDB/rate/view/55fc81d7682bea28da64f9ae",
        "name": "Time of Use, General Service, Demand Metered, Option B: GS-2 TOU B, Single Phase",
        "utility": "Southern California Edison Co", "eiaid": 17609, "sector": "Commercial", "country": "USA", "approved": true,
        "startdate": 1_433_116_800, "enddate": 1_451_520_000, "source": "http://www.sce.com/NR/sc3/tm2/pdf/ce30-12.pdf",
        "description": "- Energy tiered charge = generation charge + delivery charge\r\n\r\n- Time of day demand charges are to be added",
        "revisions": [1_433_408_708, 1_454_521_683], "phasewiring": "Single Phase", "voltagecategory": "Primary",
        "voltageminimum": 2000, "voltagemaximum": 50000, "peakkwcapacitymin": 20, "peakkwcapacitymax": 200, "peakkwcapacityhistory": 12,
        "energyratestructure": [
            [{"rate": 0.0712, "unit": "kWh"}], [{"rate": 0.09368, "unit": "kWh"}],
            [{"rate": 0.066, "unit": "kWh"}], [{"rate": 0.08888, "unit": "kWh"}], [{"rate": 0.1355, "unit": "kWh"}],
        ],
        "energyweekdayschedule": schedule(hours(2, 3, 4), winter), "energyweekendschedule": schedule([2; 24], [0; 24]),
        "energyattrs": [{"Voltage Discount (2KV-<50KV)": "$-0.00106/Kwh"}, {"California Climate credit": "$-0.00669/kwh"}],
        "flatdemandstructure": [[{"rate": 13.2}]], "flatdemandmonths": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "flatdemandunit": "kW",
        "demandratestructure": [[{"rate": 0}], [{"rate": 5.3}], [{"rate": 18.11}]], "demandrateunit": "kW",
        "demandweekdayschedule": schedule(hours(0, 1, 2), [0; 24]), "demandweekendschedule": schedule([0; 24], [0; 24]),
        "demandattrs": [{"Facilties Voltage Discount (2KV-<50KV)": "$-0.18/KW"}],
        "fixedmonthlycharge": 259.2,
    })
}

#[test]
fn a_published_record_is_billed_for_a_month_of_summer_and_one_of_winter() {
    let imported = import(&record().to_string(), "America/Los_Angeles").unwrap_or_else(|faults| panic!("{faults:#?}"));
    let tariff = Tariff::load("imported", &imported.toml).unwrap_or_else(|faults| panic!("{faults}"));
    // July 2026, 23 of its 31 days are no weekends: 150 kW. 180 on Wednesday the 8th from 13:00 on, 170 on Thursday from 09:00, 190 on Saturday from 20:00, each for a quarter of an hour.
    let mut kw = vec!["150"; 31 * 96];
    let mut at = |day: usize, hour: usize, most| kw[(day - 1) * 96 + hour * 4] = most;
    at(8, 13, "180");
    at(9, 9, "170");
    at(11, 20, "190");
    let july = bill(&tariff, &rows("2026-07-01T07:00:00Z", 15, &kw));
    says(
        &july,
        &[
            ("energy period-2", "59860", "3950.76"), // 23 x 9 h and 8 x 24 h: 399 h x 150 kW, and 10 kWh; x 0.066
            ("energy period-3", "31055", "2760.17"), // 23 x 9 h: 207 h x 150 kW, and 5 kWh; x 0.08888 = 2760.1684
            ("energy period-4", "20707.5", "2805.87"), // 23 x 6 h: 138 h x 150 kW, and 7.5 kWh; x 0.1355 = 2805.86625
            ("flat-demand-0", "190", "2508.00"),     // whenever: 190 x 13.20
            ("demand-1", "170", "901.00"),           // mid-peak: 170 x 5.30
            ("demand-2", "180", "3259.80"),          // on-peak: 180 x 18.11
            ("monthly", "1", "259.20"),
        ],
    );
    assert_eq!((july.total.fixed(2), codes(&july)), ("16444.80".to_owned(), vec![]));
    // February 2026 at 100 kW: 20 x 13 h by day, of 672 h. No demand by the time of day.
    let february = bill(&tariff, &rows("2026-02-01T08:00:00Z", 15, &vec!["100"; 28 * 96]));
    says(
        &february,
        &[
            ("energy period-0", "41200", "2933.44"), // 412 h; x 0.0712
            ("energy period-1", "26000", "2435.68"), // 260 h; x 0.09368
            ("flat-demand-0", "100", "1320.00"),
            ("monthly", "1", "259.20"),
        ],
    );
    assert_eq!(february.total.fixed(2), "6948.32");
    // What the record says in words only, and whom it is for, is told by its key; nothing else is.
    let keys: Vec<&str> = imported.told.iter().filter_map(|line| line.split([' ', ',']).next()).collect();
    let words = ["demandattrs", "energyattrs", "phasewiring", "voltagecategory", "voltageminimum", "voltagemaximum"];
    let whom = ["demandwindow", "peakkwcapacitymin", "peakkwcapacitymax", "peakkwcapacityhistory"];
    let missing: Vec<&&str> = words.iter().chain(&whom).filter(|key| !keys.contains(key)).collect();
    assert!(missing.is_empty() && keys.len() == 10, "{missing:?}: {:#?}", imported.told);
}
