use proptest::prelude::*;

use super::*;

const START: Wall = Wall(1_781_474_400_000);
const SECOND: Span = Span::from_secs(1);

fn signal(name: &str) -> Signal {
    Signal { name: name.to_owned(), unit: "°C".to_owned(), group: Group::Other }
}

fn recording(most: usize) -> Recording {
    Recording::new(START, vec![signal("a"), signal("b")], SECOND, most)
}

#[test]
fn a_short_run_keeps_every_step() {
    let mut short = recording(100);
    for n in 0..3 {
        short.step(SECOND, &[Some(f64::from(n) + 0.25), if n == 1 { None } else { Some(-1.5) }]);
    }
    short.mark(Span::from_millis(1500), MarkKind::Scenario, "chiller-1 trips".to_owned());
    assert_eq!(
        short.csv(),
        "time,seconds,a [°C],b [°C],events\n\
         2026-06-14T22:00:01Z,1,0.25,-1.5,\n\
         2026-06-14T22:00:02Z,2,1.25,,scenario: chiller-1 trips\n\
         2026-06-14T22:00:03Z,3,2.25,-1.5,\n"
    );
}

#[test]
fn a_year_stays_small_and_a_peak_of_one_step_is_not_lost() {
    let mut year = recording(2000);
    let ten = Span::from_secs(10);
    for n in 0..3_153_600 {
        year.step(ten, &[Some(if n == 1_234_567 { 40.0 } else { 24.0 }), Some(1.0)]);
    }
    assert!(year.len() <= 2000 && year.len() > 400, "{}", year.len());
    assert_eq!(year.elapsed(), Span::from_secs(31_536_000));
    assert_eq!(year.width(), Span::from_secs(43_200));
    let highest: Vec<(usize, f64)> =
        year.series(0).enumerate().map(|(n, s)| (n, s.unwrap().high)).filter(|(_, t)| *t > 30.0).collect();
    assert_eq!(highest, [(12_345_670 / 43_200, 40.0)]);
    let mean: f64 = year.series(0).map(|s| s.unwrap().mean).sum::<f64>() / 730.0;
    assert!((mean - 24.0 - 16.0 / 3_153_600.0).abs() < 1e-9, "{mean}");
}

#[test]
fn widths_go_along_the_clock() {
    let mut day = recording(1440);
    for _ in 0..86_400 {
        day.step(SECOND, &[Some(1.0), None]);
    }
    assert_eq!((day.width(), day.len()), (Span::from_secs(60), 1440));
    assert!(day.series(1).all(|s| s.is_none()));
    assert_eq!(day.series(2).count(), 0);
}

#[test]
fn recording_allocates_nothing() {
    let mut day = recording(500);
    let count = allocation_counter::measure(|| {
        for n in 0..20_000 {
            day.step(SECOND, &[Some(f64::from(n)), Some(2.0)]);
        }
    });
    assert_eq!(count.count_total, 0);
}

#[test]
fn names_and_events_are_no_formulas() {
    let mut odd = Recording::new(START, vec![signal("=cmd|' /C calc'!A0"), signal("a,\"b\"")], SECOND, 100);
    odd.step(SECOND, &[Some(1.0), Some(2.0)]);
    odd.mark(Span::ZERO, MarkKind::Failed, "max, \"inlet\"\n=1+1".to_owned());
    let text = odd.csv();
    for cell in text.lines().flat_map(|line| line.split(',')) {
        assert!(!cell.trim_start_matches('"').starts_with(['=', '@', '+']), "{cell}");
    }
    let trace = Trace::read(&text).unwrap();
    assert_eq!(trace.columns[0].name, "=cmd|' /C calc'!A0");
    assert_eq!(trace.columns[1].name, "a,\"b\"");
    assert_eq!(trace.events, ["failed: max, \"inlet\" =1+1"]);
}

#[test]
fn marks_are_bounded_and_the_rest_is_counted() {
    let mut busy = recording(16);
    for n in 0..600 {
        busy.mark(Span::from_secs(n), MarkKind::Event(Severity::Info), "noise".to_owned());
    }
    busy.mark(Span::ZERO, MarkKind::Failed, "the one that matters".to_owned());
    assert_eq!((busy.marks().len(), busy.unmarked()), (501, 100));
}

#[test]
fn what_is_no_recording_is_told_with_its_line() {
    for (text, say) in [
        ("", "line 1: a recording begins"),
        ("time,seconds,a\n", "line 1: `a` has no unit"),
        ("time,seconds,a [K]\nx,1,2\nx,2\n", "line 3: 2 cells"),
        ("time,seconds,a [K]\nx,1,two\n", "line 2: `two` is no number"),
        ("time,seconds,a [K]\nx,1,NaN\n", "line 2: `NaN` is no number"),
        ("time,seconds,a [K]\nx,2,1\nx,1,1\n", "line 3: time does not go on"),
    ] {
        let told = Trace::read(text).unwrap_err();
        assert!(told.starts_with(say), "{told}");
    }
}

#[test]
fn two_traces_tell_where_they_are_farthest_apart() {
    let head = "time,seconds,a [K],b [K],c [K]\n";
    let one = Trace::read(&format!("{head}x,1,1,5,0\nx,2,2,5,0\nx,3,3,,0\n")).unwrap();
    let two = Trace::read("time,seconds,a [K],b [°C],d [K]\nx,1,1.5,5,0\nx,2,1,5,0\nx,4,9,5,0\n").unwrap();
    let expected = vec![
        Difference::Apart { name: "a".to_owned(), by: -1.0, seconds: 2.0, one_sided: 0 },
        Difference::Unit("b".to_owned()),
        Difference::OnlyFirst("c".to_owned()),
        Difference::OnlySecond("d".to_owned()),
    ];
    assert_eq!(one.differences(&two), expected);
    assert!(one.differences(&one).iter().all(|d| matches!(d, Difference::Apart { by: 0.0, one_sided: 0, .. })));
}

proptest! {
    #[test]
    fn a_trace_reads_back(
        name in "[ -~äö°≤=+@'-]{0,30}",
        values in prop::collection::vec(prop::option::weighted(0.9, -1e7..1e7f64), 1..200),
        most in 16usize..64,
    ) {
        let mut written = Recording::new(START, vec![signal(&name)], SECOND, most);
        for value in &values {
            written.step(SECOND, &[*value]);
        }
        let trace = Trace::read(&written.csv()).unwrap();
        prop_assert_eq!(trace.seconds.len(), written.len());
        prop_assert!(trace.columns.iter().all(|c| c.name == name && c.unit == "°C"));
        for (row, stretch) in written.series(0).enumerate() {
            let read: Vec<_> = trace.columns.iter().map(|c| c.values[row]).collect();
            let kept = stretch.map(|s| [s.mean, s.low, s.high]);
            for (n, value) in read.iter().enumerate() {
                prop_assert_eq!(value.is_some(), kept.is_some());
                if let (Some(value), Some(kept)) = (value, kept) {
                    prop_assert!((value - kept[n]).abs() <= 1e-8 * kept[n].abs() + 1e-14, "{value} {kept:?}");
                }
            }
        }
    }

    #[test]
    fn buckets_keep_extremes_and_area(values in prop::collection::vec(-50.0..50.0f64, 1..600), most in 16usize..40) {
        let mut kept = Recording::new(START, vec![signal("a")], SECOND, most);
        for value in &values {
            kept.step(SECOND, &[Some(*value)]);
        }
        prop_assert!(kept.len() <= most);
        let stretches: Vec<Stretch> = kept.series(0).flatten().collect();
        let fold = |of: fn(f64, f64) -> f64, pick: fn(&Stretch) -> f64, from| stretches.iter().map(pick).fold(from, of);
        prop_assert_eq!(fold(f64::max, |s| s.high, f64::MIN), values.iter().copied().fold(f64::MIN, f64::max));
        prop_assert_eq!(fold(f64::min, |s| s.low, f64::MAX), values.iter().copied().fold(f64::MAX, f64::min));
        let mut begin = 0.0;
        let mut area = 0.0;
        for (row, stretch) in stretches.iter().enumerate() {
            area += stretch.mean * (kept.end_of(row) - begin);
            begin = kept.end_of(row);
        }
        prop_assert!((area - values.iter().sum::<f64>()).abs() < 1e-7);
        prop_assert!(stretches.iter().all(|s| s.low <= s.mean && s.mean <= s.high));
    }
}
