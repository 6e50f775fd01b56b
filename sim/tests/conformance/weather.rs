//! Outdoor air against psychrometric tables and against what is published of four cities.

use crate::report::{Report, table};
use plant::time::Wall;
use sim::weather::climate::Climate;
use sim::weather::{DesignDay, Outdoor, Weather};

/// 1 January 2001, 00:00 UTC: the first of the years that are looked at.
const BEGIN: i64 = 978_307_200_000;
const HOUR_MS: i64 = 3_600_000;
/// Thirty years with their 29 Februaries: a winter month of one year says little, its mean moves by kelvins from year to year.
/// Every fifth hour of them meets every hour of the day.
const HOURS: i64 = 262_968;
const EVERY: usize = 5;

/// What is published of a climate's city: dry bulb by month (°C, those that are given), and the dry bulb that 0.4 % and 99.6 %
/// of the hours exceed and the wet bulb that 0.4 % exceed (°C).
struct City {
    climate: &'static str,
    months: [Option<f64>; 12],
    monthly: &'static str,
    /// The largest deviation of a month's mean that is accepted (K).
    month_bound: f64,
    hot: f64,
    cold: f64,
    wet: f64,
}

const fn all(of: [f64; 12]) -> [Option<f64>; 12] {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = of;
    [Some(a), Some(b), Some(c), Some(d), Some(e), Some(f), Some(g), Some(h), Some(i), Some(j), Some(k), Some(l)]
}

const DESIGN: &str = "ASHRAE Handbook, Fundamentals, 2009";

const CITIES: [City; 4] = [
    City {
        climate: "hot-dry",
        months: all([13.0, 15.7, 17.3, 23.7, 27.3, 34.0, 35.6, 33.8, 30.4, 24.8, 18.0, 11.7]),
        monthly: "TMY3, Phoenix 722780",
        month_bound: 3.0,
        hot: 43.4,
        cold: 3.7,
        wet: 24.5,
    },
    City {
        climate: "hot-humid",
        months: all([27.0, 27.4, 27.9, 28.3, 28.9, 28.2, 28.4, 28.2, 28.1, 28.1, 27.5, 27.0]),
        monthly: "NEA stations, Singapore, 2019 to 2023",
        month_bound: 0.6,
        hot: 33.2,
        cold: 23.0,
        wet: 27.7,
    },
    City {
        climate: "temperate",
        // The coldest and the warmest of the months December to February and June to August.
        months: [Some(1.6), None, None, None, None, Some(17.1), Some(19.4), None, None, None, None, Some(2.7)],
        monthly: "DWD, Frankfurt airport, 1971 to 2000",
        month_bound: 1.5,
        hot: 30.8,
        cold: -10.5,
        wet: 20.6,
    },
    City {
        climate: "cold",
        months: all([-11.6, -10.4, -3.9, 3.6, 11.4, 16.2, 19.4, 18.0, 12.9, 7.1, -0.2, -7.2]),
        monthly: "CWEC, Québec 717140",
        month_bound: 1.5,
        hot: 28.9,
        cold: -26.2,
        wet: 22.7,
    },
];

pub fn checks(report: &mut Report) {
    moisture(report);
    for city in &CITIES {
        climate(report, city);
    }
}

/// Wet bulb and dew point as weather needs them, by way of design days that have both.
fn moisture(report: &mut Report) {
    const TABLE: &str = "psychrolib_ref.csv";
    let (what, oracle) = (("weather", "dew point of air with a given wet bulb, −10 to 45 °C"), "PsychroLib");
    let Some(text) = table(TABLE) else {
        return report.skipped(what, oracle, TABLE);
    };
    let mut lines = text.lines().filter(|l| !l.starts_with('#'));
    let head: Vec<&str> = lines.next().expect("a head").split(',').collect();
    let at = |name: &str| head.iter().position(|h| h.trim() == name).unwrap_or_else(|| panic!("{name} in {head:?}"));
    let columns = [at("Tdb_C"), at("Twb_C"), at("Tdp_C"), at("p_Pa")];
    let mut worst = 0.0f64;
    for line in lines {
        let cells: Vec<f64> = line.split(',').map(|c| c.trim().parse().unwrap_or(f64::NAN)).collect();
        let [dry_bulb, wet_bulb, dew_point, pressure] = columns.map(|c| cells[c]);
        // Design days stand at a height; the table's sea level is theirs.
        if (pressure - 101_325.0).abs() > 1.0 || !(-10.0..=45.0).contains(&dry_bulb) || wet_bulb.abs() < 0.05 {
            continue;
        }
        let day = DesignDay { dry_bulb, wet_bulb, range: 0.0, elevation: 0.0, warmest_hour: 15.0 };
        let air: Outdoor = Weather::Day(day).outdoor(0, Wall(BEGIN));
        worst = worst.max((air.wet_bulb - wet_bulb).abs());
        if dew_point > -30.0 {
            worst = worst.max((air.dew_point - dew_point).abs());
        }
    }
    report.at_most(what, oracle, worst, (0.1, "K"));
}

fn climate(report: &mut Report, city: &City) {
    let (_, text) = sim::shipped::CLIMATES.iter().find(|(name, _)| *name == city.climate).expect("shipped");
    let climate = Climate::load(city.climate, text).unwrap_or_else(|faults| panic!("{faults}"));
    let (mut dry, mut wet) = (Vec::new(), Vec::new());
    let (mut sums, mut counts) = ([0.0; 12], [0.0; 12]);
    for hour in (0..HOURS).step_by(EVERY) {
        let air = climate.outdoor(1, Wall(BEGIN + hour * HOUR_MS));
        dry.push(air.dry_bulb);
        wet.push(air.wet_bulb);
        let month = month(hour / 24);
        sums[month] += air.dry_bulb;
        counts[month] += 1.0;
    }
    let mut worst = 0.0f64;
    for (month, published) in city.months.iter().enumerate() {
        if let Some(published) = published {
            worst = worst.max((sums[month] / counts[month] - published).abs());
        }
    }
    let area = |what: &str| format!("climate `{}`, thirty years: {what}", city.climate);
    report.at_most(("weather", &area("months' mean dry bulb")), city.monthly, worst, (city.month_bound, "K"));
    let mut quantile = |what: &str, values: &mut Vec<f64>, share: f64, published: f64, bound: f64| {
        values.sort_by(f64::total_cmp);
        let place = plant::convert::u64_from_f64_rounded(share * plant::convert::f64_from_usize(values.len() - 1));
        let seen = values[plant::convert::usize_from_u64(place)];
        report.at_most(("weather", &area(what)), DESIGN, (seen - published).abs(), (bound, "K"));
    };
    quantile("dry bulb exceeded in 0.4 % of hours", &mut dry, 0.996, city.hot, 0.5);
    quantile("dry bulb exceeded in 99.6 % of hours", &mut dry, 0.004, city.cold, 1.0);
    quantile("wet bulb exceeded in 0.4 % of hours", &mut wet, 0.996, city.wet, 0.5);
}

/// The month (from 0) of a day counted from 1 January 2001.
fn month(day: i64) -> usize {
    let (mut rest, mut year) = (day, 2001);
    loop {
        let leap = i64::from(year % 4 == 0);
        for (month, days) in [31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].into_iter().enumerate() {
            if rest < days {
                return month;
            }
            rest -= days;
        }
        year += 1;
    }
}
