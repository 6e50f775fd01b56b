//! Clocks that are set, pulses, meters that are not read.

use super::*;

#[test]
fn after_a_jump_of_the_clock_windows_of_both_clocks_are_kept() {
    for jump in [240_000, -420_000] {
        let mut field = Field::of(FIXED, 1000.0);
        field.run(34, |_| 1200.0);
        field.offset += jump;
        field.run(56, |_| 1200.0);
        let billed = (field.billed(0), field.billed(jump));
        assert!(billed.0 <= 1000.5 && billed.1 <= 1000.5, "{jump}: {billed:?}");
        let unsure = field.told().into_iter().filter(|of| matches!(of, PeakNews::Unsure(_))).collect::<Vec<_>>();
        assert_eq!(unsure, [PeakNews::Unsure(true), PeakNews::Unsure(false)]);
    }
}

#[test]
fn without_a_clock_every_window_is_kept_that_may_be_one() {
    let mut field = Field::of(FIXED, 1000.0);
    field.run(20, |_| 900.0);
    field.trusted = false;
    let demand = |s: i64| if s / 660 % 2 == 0 { 1300.0 } else { 700.0 };
    field.run(120, demand);
    for ahead in 0..15 {
        let billed = field.billed(ahead * 60_000);
        assert!(billed <= 1001.0, "{ahead} min: {billed}");
    }
}

#[test]
fn a_meter_that_is_not_read_is_followed_by_what_the_feed_carries_and_then_by_what_the_file_says() {
    let of = |unreliable: &str| {
        let more = format!("unreliable = {unreliable}\n[[peak]]\ndemand = \"peak\"\nmost = 1e6");
        let mut field = Field::with(FIXED, &more);
        field.run(34, |_| 1200.0);
        field.read = false;
        let from = field.rows.len();
        field.run(26, |_| 1200.0);
        let late: Vec<f64> = field.rows[from + 20..].iter().map(|(_, kw)| *kw).collect();
        (late, field)
    };
    let (held, mut field) = of("\"hold\"");
    assert!(held.iter().all(|kw| (900.0..=1000.0).contains(kw)), "{held:?}");
    assert!(field.told().contains(&PeakNews::Unread(true)));
    field.read = true;
    field.run(30, |_| 1200.0);
    assert!(field.told().contains(&PeakNews::Unread(false)) && field.billed(0) <= 1000.5, "{}", field.billed(0));
    let (free, field) = of("\"release\"");
    assert!(free.iter().all(|kw| *kw == 1200.0), "{free:?}");
    assert!(field.told().contains(&PeakNews::Free));
    let (fixed, _) = of("\"fixed\"\nunreliable-watts = 800e3");
    assert!(fixed.iter().all(|kw| *kw == 800.0), "{fixed:?}");
    let two = format!("{FIXED}\n\n[[demand]]\nname = \"second\"\nprice = 1\nwindow = \"fixed\"\nlength = \"30min\"");
    let peaks = "unreliable = \"fixed\"\nunreliable-watts = 800e3\n[[peak]]\ndemand = \"second\"\nmost = 5e6";
    let mut field = Field::with(&two, peaks);
    field.read = false;
    field.run(5, |_| 1200.0);
    assert!(
        field.told().contains(&PeakNews::Held { demand: 0, allowed: 800e3 }),
        "by its target's place: {:?}",
        field.told()
    );
}

#[test]
fn a_meter_that_lost_count_is_taken_for_what_was_planned_or_flows() {
    let mut field = Field::of(FIXED, 1000.0);
    field.run(20, |_| 1100.0);
    field.lose();
    field.run(10, |_| 1300.0);
    // The five minutes before the break count at the target, or at what flowed when it was read again.
    assert!(field.billed(0) <= 1002.0, "{}", field.billed(0));
    field.run(45, |_| 1300.0);
    assert!(field.billed(0) <= 1002.0, "{}", field.billed(0));
}

#[test]
fn a_pulse_moves_the_windows_to_where_the_utility_has_them() {
    let mut field = Field::of(FIXED, 1000.0);
    let demand = |s: i64| if s / 700 % 2 == 0 { 1400.0 } else { 650.0 };
    // Its clock is 97 s behind: its intervals end later than ours, and it counts them.
    let behind = 97_000;
    for _ in 0..180 * 12 {
        field.pulses = Some(f64_from_i64((field.at + 4_500 - behind).div_euclid(900_000)));
        field.scan(demand);
    }
    let from = field.rows.len() - 720;
    field.rows.drain(..from);
    assert!(field.billed(-behind) <= 1000.5, "{}", field.billed(-behind));
}

#[test]
fn windows_that_roll_and_began_before_a_lost_count_are_kept_as_if_they_had_come_to_their_target() {
    let mut field = Field::of(ROLLING, 1000.0);
    field.run(20, |_| 900.0).run(20, |_| 1300.0);
    let known = field.interval.kept[0].lacking();
    // What is lost is taken for the target, whatever it was.
    field.rows.drain(..field.rows.len() - 180);
    field.rows.iter_mut().for_each(|row| row.1 = 1000.0);
    field.lose();
    field.run(40, |_| 1300.0);
    assert!(field.billed(0) <= 1003.0, "{}", field.billed(0));
    assert_eq!(field.interval.kept[0].lacking(), known + 1, "what was lost is one that is not known");
}

#[test]
fn a_steady_load_below_the_target_is_lowered_by_no_lost_count_and_one_above_it_is() {
    let kinds = ["window = \"fixed\"", "window = \"rolling-block\"\nsub-interval = \"5min\"", "window = \"rolling\""];
    for (kind, length) in kinds.into_iter().flat_map(|kind| [15, 30, 60].map(|length| (kind, length))) {
        // When it is lost: a moment before a window ends, and at other times.
        for (grain, lost) in [(0.0, 10), (1e3, 10), (1e3, 60), (1e3, 400)] {
            let of = |kw: f64| {
                let mut field = Field::of(&format!("{kind}\nlength = \"{length}min\""), 1000.0);
                field.grain = grain;
                let before = length * 60 + 900 * i64::from(length == 15) - lost;
                (0..before / DT).for_each(|_| field.scan(|_| 900.0));
                assert_eq!(field.told().len(), 0, "{kind} {length} {grain} {lost}");
                field.lose().run(length + 5, |_| kw);
                field
            };
            for kw in [300.0, 900.0] {
                assert_eq!(of(kw).told().len(), 0, "{kind}, {length} min, grain {grain}, {lost} s before: {kw} kW");
            }
            let told = of(1300.0).told();
            assert!(matches!(told[0], PeakNews::Held { .. }), "{kind} {length} {grain} {lost}: {told:?}");
        }
    }
}

#[test]
fn a_register_that_is_read_first_after_its_meters_power_has_lost_no_count() {
    let mut field = Field::of(ROLLING, 1000.0);
    field.registered = false;
    field.run(10, |_| 990.0);
    // It goes on with what was counted.
    (field.registered, field.breaks) = (true, field.breaks + 1);
    field.run(20, |_| 1300.0);
    assert!(field.billed(0) <= 1001.0, "what flowed before is known: {}", field.billed(0));
    assert!(!field.interval.lost);
    let mut other = Field::of(ROLLING, 1000.0);
    other.run(10, |_| 990.0).lose().run(1, |_| 990.0);
    assert!(other.interval.lost);
}

/// Windows of half an hour and of an hour beside a meter that counts quarters; the first pulse that is heard ends any of them.
#[test]
fn a_meter_that_counts_shorter_intervals_moves_windows_by_its_clock_and_to_no_other_quarter() {
    for (length, minutes) in [("30min", 30), ("60min", 60)] {
        for (late, behind) in [(1, 20_000), (14, 97_000), (16, 97_000), (31, 20_000), (46, 97_000)] {
            let mut field = Field::of(&format!("window = \"fixed\"\nlength = \"{length}\""), 1000.0);
            let demand = |s: i64| if s / 1500 % 2 == 0 { 1500.0 } else { 500.0 };
            let mut unsure = 0;
            for n in 0..6 * 60 * 12 {
                let count = f64_from_i64((field.at + 4_500 - behind).div_euclid(900_000));
                field.pulses = (n >= late * 12).then_some(count);
                field.scan(demand);
                let best = field.interval.alignment.best(field.at).expect("a clock");
                // As near as a scan comes.
                let sure = (best - (BEGIN - behind)).abs() <= 5_000;
                unsure += i64::from(n > (late + 31) * 12 && !sure);
            }
            assert_eq!(unsure, 0, "{length}, from minute {late} on");
            let from = usize::try_from((late + 31 + minutes) * 12).expect("small");
            field.rows.drain(..from);
            let whole = field.rows.iter().position(|(at, _)| (at - behind) % (minutes * 60_000) < 5_000);
            field.rows.drain(..whole.expect("one begins"));
            assert!(field.billed(-behind) <= 1000.5, "{length}, from minute {late} on: {}", field.billed(-behind));
        }
    }
}
