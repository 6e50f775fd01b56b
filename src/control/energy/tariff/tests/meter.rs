//! Registers, restarts, clocks that are set, rows that are there twice.

use super::*;

/// A tariff of one hour with a price per kWh and one per kW of a quarter of an hour.
fn hour(meter: &str) -> Tariff {
    day(&format!(
        "{meter}\n[[energy]]\nname = \"e\"\nprice = 1\n[[demand]]\nname = \"peak\"\nwindow = \"fixed\"\nlength = \"15min\"\nprice = 1\n"
    ))
}

fn readings(rows: &[(&str, i64)]) -> String {
    let rows = rows.iter().map(|(time, wh)| format!("2026-07-01T{time}+02:00,{wh}\n"));
    format!("time,register_wh\n{}", rows.collect::<String>())
}

/// The peak, its window's beginning, and what is told besides the gaps of the day.
fn peak(bill: &Bill) -> (Decimal, Option<SetBy>, Vec<&'static str>) {
    let line = bill.lines.iter().find(|line| line.name == "peak").expect("a peak");
    let codes = codes(bill).into_iter().filter(|code| !["gap", "windows_lack_data"].contains(code)).collect();
    (line.quantity, line.set_by, codes)
}

fn told(tariff: &Tariff, text: &str) -> Vec<&'static str> {
    series(tariff, text).notices().iter().map(|notice| notice.code).collect()
}

fn quarter(from: &str, to: &str) -> Option<SetBy> {
    Some(SetBy::Window(at(&format!("2026-07-01T{from}:00+02:00")), at(&format!("2026-07-01T{to}:00+02:00"))))
}

/// Readings every minute from 10:00 to 10:45, 10 kWh each (600 kW), but 20 kWh each from 10:15 to 10:30 (1200 kW).
fn minutes() -> Vec<(String, i64)> {
    let (mut wh, mut rows) = (1_000_000, Vec::new());
    for minute in 0..=45 {
        rows.push((format!("10:{minute:02}:00"), wh));
        wh += if (15..30).contains(&minute) { 20_000 } else { 10_000 };
    }
    rows
}

fn text(rows: &[(String, i64)]) -> String {
    readings(&rows.iter().map(|(time, wh)| (time.as_str(), *wh)).collect::<Vec<_>>())
}

#[test]
fn a_restart_inside_an_interval_loses_no_energy_and_no_peak() {
    let tariff = hour("");
    let whole = bill(&tariff, &text(&minutes()));
    assert_eq!(peak(&whole), (dec("1200"), quarter("10:15", "10:30"), vec![]));
    // Nothing is read from 10:18 to 10:26; the register knows what flowed.
    let silent: Vec<_> =
        minutes().into_iter().filter(|(time, _)| !("10:19".."10:26").contains(&time.as_str())).collect();
    let restarted = bill(&tariff, &text(&silent));
    assert_eq!(peak(&restarted), (dec("1200"), quarter("10:15", "10:30"), vec!["bridged"]));
    assert_eq!((lines(&restarted)[0].clone(), restarted.energy), (lines(&whole)[0].clone(), whole.energy));
}

#[test]
fn a_silence_across_the_end_of_an_interval_leaves_both_unknown_and_says_so() {
    let tariff = hour("");
    let silent: Vec<_> =
        minutes().into_iter().filter(|(time, _)| !("10:26".."10:34").contains(&time.as_str())).collect();
    let bill = bill(&tariff, &text(&silent));
    // 10:00 to 10:15 is the only quarter of an hour that is known whole: 600 kW. All energy is billed: 150 + 300 + 150 kWh.
    assert_eq!(peak(&bill), (dec("600"), quarter("10:00", "10:15"), vec!["bridged"]));
    assert_eq!(lines(&bill)[0], ("e".into(), "600".into(), "600.00".into()));
    let lacking = bill.notices.iter().find(|notice| notice.code == "windows_lack_data").expect("told");
    assert!(lacking.text.contains("10:15 +02:00 to 2026-07-02 00:00"), "{}", lacking.text);
}

#[test]
fn a_register_that_rolls_over_goes_on() {
    let tariff = hour("meter = { rollover-kwh = 1100, most-kw = 2000 }");
    let rolled: Vec<_> = minutes().into_iter().map(|(time, wh)| (time, wh % 1_100_000)).collect();
    let bill = bill(&tariff, &text(&rolled));
    assert_eq!(peak(&bill), (dec("1200"), quarter("10:15", "10:30"), vec![]));
    assert_eq!(lines(&bill)[0].1, "600");
    assert_eq!(told(&tariff, &text(&rolled)), ["register_rolled_over"]);
    // Without the rule the same is a reset, and the minute in which it happened is a gap: 600 less the 10 kWh of it.
    let unknown = super::bill(&hour(""), &text(&rolled));
    assert_eq!(lines(&unknown)[0].1, "590");
    assert_eq!(told(&hour(""), &text(&rolled)), ["register_reset"]);
}

#[test]
fn a_reset_needs_two_readings_and_a_slip_none() {
    let tariff = hour("");
    // A single zero, as meters say while they start.
    let mut slip = minutes();
    slip[20].1 = 0;
    let bill = bill(&tariff, &text(&slip));
    assert_eq!((peak(&bill).0, lines(&bill)[0].1.as_str()), (dec("1200"), "600"));
    assert_eq!(told(&tariff, &text(&slip)), ["readings_passed_over"]);
    // A jump that no circuit carries is one, too, where the rating is known.
    let rated = hour("meter = { most-kw = 2000 }");
    let mut jump = minutes();
    jump[20].1 = 900_000_000;
    assert_eq!(lines(&super::bill(&rated, &text(&jump)))[0].1, "600");
    assert_eq!(told(&rated, &text(&jump)), ["readings_passed_over"]);
    // And where it is not, as soon as two later readings fit what was before it.
    assert_eq!(lines(&super::bill(&tariff, &text(&jump)))[0].1, "600");
    assert_eq!(told(&tariff, &text(&jump)), ["readings_passed_over"]);
    // A new meter from 10:20 on: what flowed from 10:19 to 10:20, 20 kWh, nobody knows.
    let base = minutes()[20].1;
    let reset: Vec<_> =
        minutes().into_iter().enumerate().map(|(n, (t, wh))| (t, if n < 20 { wh } else { wh - base })).collect();
    assert_eq!(lines(&super::bill(&tariff, &text(&reset)))[0].1, "580");
    assert_eq!(told(&tariff, &text(&reset)), ["register_reset"]);
}

#[test]
fn a_register_whose_clock_is_set_counts_every_kwh_once() {
    let tariff = hour("");
    let shifted = |by: i64| -> String {
        let mut rows = minutes();
        for (n, row) in rows.iter_mut().enumerate().skip(20) {
            let minute = i64::try_from(n).expect("small") + by;
            row.0 = format!("10:{minute:02}:30");
        }
        text(&rows)
    };
    // Set forward by 5.5 min: 10:19 to 10:25:30 is one silence inside the quarter of an hour.
    let forward = bill(&tariff, &shifted(5));
    assert_eq!(lines(&forward)[0].1, "600");
    // Set back by 4.5 min: readings of 10:15:30 on lie between those of before, and none is counted twice.
    let back = bill(&tariff, &shifted(-5));
    assert_eq!(lines(&back)[0].1, "600");
    assert_eq!(told(&tariff, &shifted(-5)), ["rows_out_of_order", "readings_passed_over"]);
}

#[test]
fn a_restart_a_rollover_and_a_clock_that_is_set_inside_one_interval_lose_nothing_and_count_nothing_twice() {
    let tariff = hour("meter = { rollover-kwh = 1285 }");
    // Nothing is read from 10:17 to 10:19. The register goes over its end between 10:21 and 10:22. From 10:25 on its clock is set.
    let after = |seconds: i64| {
        let rows = minutes().into_iter().enumerate().filter(|(n, _)| !(17..20).contains(n)).map(|(n, (time, wh))| {
            let second = 60 * i64::try_from(n).expect("small") + seconds;
            let time = if n < 25 { time } else { format!("10:{:02}:{:02}", second / 60, second % 60) };
            (time, wh % 1_285_000)
        });
        text(&rows.collect::<Vec<_>>())
    };
    // Two minutes forward: the quarter of an hour ends for the meter when 260 kWh have flowed in it.
    let forward = bill(&tariff, &after(120));
    assert_eq!(lines(&forward)[0].1, "600");
    assert_eq!(peak(&forward), (dec("1040"), quarter("10:15", "10:30"), vec!["bridged"]));
    assert_eq!(told(&tariff, &after(120)), ["register_rolled_over"]);
    // A minute and a half back: it ends when 315 kWh have, inside a reading.
    let back = bill(&tariff, &after(-90));
    assert_eq!(lines(&back)[0].1, "600");
    assert_eq!(peak(&back), (dec("1260"), quarter("10:15", "10:30"), vec!["bridged", "windows_cut_rows"]));
    assert_eq!(told(&tariff, &after(-90)), ["rows_out_of_order", "register_rolled_over", "readings_passed_over"]);
}

#[test]
fn rows_that_overlap_keep_their_energy_and_no_instant_counts_twice() {
    let tariff = hour("");
    // The clock is set back by 5 min after 10:30.
    let text = "time,energy_wh\n2026-07-01T10:00:00+02:00,100000\n2026-07-01T10:15:00+02:00,300000\n2026-07-01T10:25:00+02:00,90000\n\
                2026-07-01T10:40:00+02:00,100000\n";
    let bill = bill(&tariff, text);
    assert_eq!(lines(&bill)[0].1, "590");
    assert_eq!(told(&tariff, text), ["rows_overlap"]);
    // 10:15 to 10:30 is whole: 300 kWh in a quarter of an hour. What began in the overlap is not known to the minute.
    assert_eq!(peak(&bill), (dec("1200"), quarter("10:15", "10:30"), vec!["bridged", "windows_cut_rows"]));
}

#[test]
fn another_meter_is_no_register_that_went_over_its_end() {
    // Hourly readings of 100 kW; after three hours another meter stands there, which begins at zero: 600 000 kWh less than before.
    let text = |last: i64| {
        let all = [599_700_000, 599_800_000, 599_900_000, last, last + 100_000, last + 200_000];
        let rows: Vec<_> = (10..).zip(all).map(|(hour, wh)| (format!("{hour}:00:00"), wh)).collect();
        text(&rows)
    };
    let unrated = hour("meter = { rollover-kwh = 1000000 }");
    assert_eq!(lines(&bill(&unrated, &text(0)))[0].1, "400", "200 kWh of each, and not 400 000");
    assert_eq!(told(&unrated, &text(0)), ["register_reset"]);
    // One that does go over its end is believed where it goes on as before, and that nobody knows it for sure is told.
    let near = hour("meter = { rollover-kwh = 600000 }");
    assert_eq!(lines(&bill(&near, &text(0)))[0].1, "500");
    let notices = series(&near, &text(0)).notices().to_vec();
    assert_eq!((notices[0].code, notices[0].grave), ("register_rolled_over", true));
    let rated = hour("meter = { rollover-kwh = 600000, most-kw = 500 }");
    assert!(!series(&rated, &text(0)).notices()[0].grave, "by its rating it is no other meter");
}

#[test]
fn rows_of_a_clock_that_was_set_back_by_whole_rows_count_as_none_and_are_told() {
    let tariff = hour("");
    // The clock is set back by 15 min after 10:30: which row of 10:15 is the first, or a correction of the other, nobody knows.
    let text = "time,energy_wh\n2026-07-01T10:00:00+02:00,100000\n2026-07-01T10:15:00+02:00,300000\n2026-07-01T10:15:00+02:00,90000\n\
                2026-07-01T10:30:00+02:00,100000\n";
    assert_eq!(lines(&bill(&tariff, text))[0].1, "200");
    let notices = series(&tariff, text).notices().to_vec();
    assert_eq!((notices[0].code, notices[0].grave, notices.len()), ("rows_contradict", true, 1));
}

#[test]
fn twice_the_same_is_once_and_two_values_for_one_time_are_none() {
    let tariff = hour("");
    let row = |minute: u32, wh: u32| format!("2026-07-01T10:{minute:02}:00+02:00,{wh}\n");
    let text = |rows: &[(u32, u32)]| {
        format!("time,energy_wh\n{}", rows.iter().map(|(m, wh)| row(*m, *wh)).collect::<String>())
    };
    let twice = text(&[(0, 100), (15, 200), (15, 200), (30, 300)]);
    assert_eq!(lines(&bill(&tariff, &twice))[0].1, "0.6");
    assert_eq!(told(&tariff, &twice), ["rows_twice"]);
    let unclear = text(&[(0, 100), (15, 200), (15, 201), (30, 300)]);
    let bill = bill(&tariff, &unclear);
    assert_eq!(lines(&bill)[0].1, "0.4");
    assert_eq!(told(&tariff, &unclear), ["rows_contradict"]);
    assert!(codes(&bill).contains(&"gap"));
}

#[test]
fn what_is_no_series_is_refused_line_by_line() {
    let tariff = hour("");
    let refused =
        |text: &str| Series::read("s.csv", text, (&tariff.zone, tariff.meter)).expect_err("refused").to_string();
    let header = refused("when,watts\n");
    assert!(header.contains("s.csv:1:1: the first line `when,watts`") && header.contains("energy_wh"), "{header}");
    let rows = refused(
        "time,kw\n2026-10-25T02:15:00,3\n2026-10-25T02:15:00Z,three\n2026-10-25T02:30:00Z\n2026-10-25T02:45:00Z,4\n",
    );
    for (line, says) in [(2, "no time with an offset"), (3, "`three` is no number"), (4, "not as many fields")] {
        assert!(rows.contains(&format!("s.csv:{line}:1: ")) && rows.contains(says), "{says}\n{rows}");
    }
    assert!(refused("start,end,kw\n2026-10-25T03:00:00Z,2026-10-25T02:00:00Z,1\n").contains("ends before it begins"));
    assert!(refused("time,kw\n2026-10-25T03:00:00Z,1\n").contains("too short"));
    assert!(refused("").contains("does not say"));
}

#[test]
fn what_lies_outside_the_dates_of_the_tariff_is_told_and_the_rest_is_billed() {
    let tariff = day("[[energy]]\nname = \"e\"\nprice = 0.1\n");
    // A day before, the day that is billed, and a day after: 24 h of 10 kW are 240 kWh.
    let around = bills(&tariff, &rows("2026-06-29T22:00:00Z", 60, &["10"; 72]), Known::default());
    assert_eq!(around.len(), 1);
    says(&around[0], &[("e", "240", "24.00")]);
    let told: Vec<_> = around[0].notices.iter().map(|notice| (notice.code, notice.grave)).collect();
    assert_eq!(told, [("outside_dates", true)]);
    let words = &around[0].notices[0].text;
    assert!(
        words.contains("2026-06-30 00:00") && words.contains("2026-07-02 00:00") && words.contains("(2880 min)"),
        "{words}"
    );
}
