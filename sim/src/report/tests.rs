use plant::event::Severity;
use plant::time::Wall;
use proptest::prelude::*;

use super::*;
use crate::kpi::{Actuator, Meter, Observation, Power};
use crate::markup::escaped;
use crate::record::Signal;

/// A midnight in summer.
const START: Wall = Wall(1_781_474_400_000);

fn signal(name: &str, group: Group) -> Signal {
    let unit = match group {
        Group::Inlet | Group::Temperature => "°C",
        Group::Facility | Group::It | Group::Cooling => "W",
        Group::Duty => "%",
        Group::Running | Group::Other => "",
    };
    Signal { name: name.to_owned(), unit: unit.to_owned(), group }
}

/// A made-up day at 1 s: 40 racks, load with its noon, a chiller that stops for a while.
fn day(seconds: u32, racks: u32, tag: &str) -> (Recording, Kpis) {
    let mut signals: Vec<Signal> =
        (0..racks).map(|n| signal(&format!("row-{}/rack-{n}/inlet{tag}", n / 10), Group::Inlet)).collect();
    signals.extend((0..6).map(|n| signal(&format!("loop-{n}{tag}"), Group::Temperature)));
    signals.extend(
        [("utility", Group::Facility), ("it", Group::It), ("cooling", Group::Cooling)].map(|(n, g)| signal(n, g)),
    );
    signals.extend((0..12).map(|n| signal(&format!("crah-{n}/fan-cmd{tag}"), Group::Duty)));
    signals.extend((0..20).map(|n| signal(&format!("pump-{n}{tag}"), Group::Running)));
    let mut kept = Recording::new(START, signals, Span::from_secs(1), 1440);
    let mut meter = Meter::new(
        Bands::A1,
        vec![Actuator { name: format!("fan{tag}"), span: 100.0 }],
        vec![format!("chiller-1{tag}")],
    );
    let mut values = Vec::new();
    let mut inlets = Vec::new();
    for second in 0..seconds {
        let t = f64::from(second);
        let noon = 0.5 - 0.5 * libm::cos(t / 13_750.0);
        let hot = if (50_000..53_000).contains(&second) { 9.0 } else { 0.0 };
        let it = 4e5 + 2e5 * noon;
        let cooling = 8e4 + 6e4 * noon;
        inlets.clear();
        inlets.extend((0..racks).map(|n| Some(22.0 + f64::from(n % 7) * 0.4 + hot * f64::from(n % 3) / 2.0 + noon)));
        values.clear();
        values.extend(inlets.iter().copied());
        values.extend((0..6).map(|n| Some(8.0 + f64::from(n) + libm::sin(t / 300.0))));
        values.extend([Some((it + cooling) * 1.05), Some(it), Some(cooling)]);
        values.extend((0..12).map(|n| Some(40.0 + 30.0 * noon + f64::from(n))));
        values.extend((0..20).map(|n| Some(f64::from((second / 7200 + n) % 3 > 0))));
        kept.step(Span::from_secs(1), &values);
        meter.observe(&Observation {
            dt: 1.0,
            wall: Wall(START.0 + i64::from(second + 1) * 1000),
            power: Power {
                grid: None,
                facility: Some((it + cooling) * 1.05),
                it: Some(it),
                cooling: Some(cooling),
                fans: None,
                pumps: None,
                ..Power::default()
            },
            water: Some(0.1),
            co2_intensity: None,
            price: Some(0.1),
            inlets: &inlets,
            case_margins: &[],
            least_level: None,
            compute: crate::kpi::Compute::default(),
            commands: &[Some(40.0 + 30.0 * noon)],
            running: &[Some(second / 7200 % 2 == 0)],
            in_failsafe: Some(false),
            controller_seconds: None,
        });
    }
    (kept, meter.kpis())
}

fn report<'a>(recording: &'a Recording, kpis: &'a Kpis, asserts: &'a [Assert]) -> Report<'a> {
    Report {
        title: "A chiller trips on a hot day",
        hall: "air",
        seed: 7,
        trace: "0123456789abcdef",
        program: "0.1.0",
        again: "wattloop sim run air --seed 7",
        broken: None,
        asserts,
        kpis,
        baseline: None,
        bands: Bands::A1,
        recording,
    }
}

fn asserts(count: usize, failed: usize) -> Vec<Assert> {
    (0..count)
        .map(|n| Assert {
            name: format!("always max(rack.*.inlet) <= {}", 30 + n),
            held: n >= failed,
            margin: if n >= failed { "+1.4 K".to_owned() } else { "\u{2212}0.6 K".to_owned() },
            at: Some(Span::from_secs(51_000)),
            story: String::new(),
        })
        .collect()
}

#[test]
fn a_day_at_a_second_is_one_page_under_500_kilobytes() {
    let (mut recording, kpis) = day(86_400, 40, "");
    for n in 0..1500 {
        let kind = [MarkKind::Scenario, MarkKind::Event(Severity::Info), MarkKind::Event(Severity::Warning)][n % 3];
        recording.mark(
            Span::from_secs(57 * u64::try_from(n).unwrap()),
            kind,
            format!("crah-{n}: reading is stale, no communication"),
        );
    }
    let asserts = asserts(40, 2);
    let html = report(&recording, &kpis, &asserts).html();
    assert!(html.len() < 500_000, "{} bytes", html.len());
    assert!(html.contains("2 of 40 asserts failed"));
    assert!(html.contains("0123456789abcdef") && html.contains("wattloop sim run air --seed 7"));
    for words in [
        "Air at the inlets of 40 racks",
        "Power (kW)",
        "PUE of each 15min",
        "Facility energy so far",
        "Equipment running",
    ] {
        assert!(html.contains(words), "{words}");
    }
    let outside = ["http://", "https://", "src=", "@import", "<script", "<link", "<iframe", "url(data"];
    for word in outside {
        assert!(!html.contains(word), "the page asks for {word}");
    }
}

#[test]
fn pue_stands_beside_the_energy_of_the_facility() {
    let (recording, kpis) = day(7200, 4, "");
    let mut page = report(&recording, &kpis, &[]);
    page.baseline = Some(("fixed", &kpis));
    let html = page.html();
    for line in html.lines().filter(|l| l.contains("<td>PUE") || l.contains("<span>PUE") || l.contains("PUE goes")) {
        assert!(line.contains("kWh"), "{line}");
    }
    assert!(html.contains("<span>PUE") && html.contains("PUE goes"));
    assert!(html.contains("Nothing was asserted"));
    assert!(html.contains("Not observed in this run, and so not zero"));
}

#[test]
fn a_run_that_broke_off_says_so_and_an_empty_one_too() {
    let empty = Recording::new(START, Vec::new(), Span::from_secs(1), 100);
    let kpis = Kpis::default();
    let mut page = report(&empty, &kpis, &[]);
    page.broken = Some("the ledger does not close");
    let html = page.html();
    assert!(html.contains("The run broke off") && html.contains("the ledger does not close"));
    assert!(html.contains("Nothing was recorded"));
}

#[test]
fn what_is_missing_is_hatched_and_never_drawn_through() {
    let mut gap = Recording::new(START, vec![signal("a", Group::Inlet)], Span::from_secs(1), 1000);
    for n in 0..300 {
        gap.step(Span::from_secs(1), &[(!(100..200).contains(&n)).then_some(24.0)]);
    }
    let kpis = Kpis::default();
    let html = report(&gap, &kpis, &[]).html();
    assert_eq!(html.matches("<rect class=\"missing\"").count(), 1);
    let hottest = html.split_once("<path class=\"hottest\" d=\"").unwrap().1.split_once('"').unwrap().0;
    assert_eq!(hottest.matches('M').count(), 2, "two strokes: {hottest}");
}

#[test]
fn a_peak_of_one_second_is_still_on_the_page() {
    let mut spike = Recording::new(START, vec![signal("a", Group::Inlet)], Span::from_secs(1), 1440);
    for n in 0..86_400 {
        spike.step(Span::from_secs(1), &[Some(if n == 40_000 { 41.0 } else { 24.0 })]);
    }
    let html = report(&spike, &Kpis::default(), &[]).html();
    assert_eq!(html.matches("hottest inlet 41.0 °C").count(), 1);
}

#[test]
fn a_line_at_the_sheet_s_edge_is_no_alarm() {
    // 28 °C is the top of the scale and far below the allowable 32 °C: no red is on offer.
    let mut warm = Recording::new(START, vec![signal("a", Group::Inlet)], Span::from_secs(1), 100);
    warm.step(Span::from_secs(1), &[Some(28.0)]);
    let html = report(&warm, &Kpis::default(), &[]).html();
    let stops = html.split_once("<linearGradient").unwrap().1.split_once("</linearGradient>").unwrap().0;
    assert!(stops.contains("var(--high)") && !stops.contains("var(--critical)"), "{stops}");
}

#[test]
fn a_year_says_how_long_its_intervals_are_and_counts_in_megawatt_hours() {
    let signals = vec![signal("utility", Group::Facility), signal("it", Group::It)];
    let mut year = Recording::new(START, signals, Span::from_secs(60), 2000);
    for _ in 0..525_600 {
        year.step(Span::from_secs(60), &[Some(1.3e6), Some(1e6)]);
    }
    let html = report(&year, &Kpis::default(), &[]).html();
    assert!(html.contains("PUE of each 18.25h") && !html.contains("15min"), "a quarter of an hour is not shown");
    assert!(html.contains("Facility energy so far (MWh)") && html.contains("11\u{202f}388.0 MWh"));
    assert!(html.contains("PUE 1.300 over its 18.25h"));
}

#[test]
fn a_card_takes_colour_only_where_something_is_abnormal() {
    let (recording, calm) = day(7200, 4, "");
    assert!(!report(&recording, &calm, &[]).html().contains("<div class=\"card critical"));
    let (recording, hot) = day(52_000, 4, "");
    let html = report(&recording, &hot, &[]).html();
    assert!(html.contains("<div class=\"card critical\"><span>Worst inlet"), "34 °C are above 32 °C");
    assert_eq!(html.matches("<div class=\"card critical\"").count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_text_becomes_markup(text in "[<>\"'&a-z=/ \\n]{1,30}|<script>alert\\(1\\)</script>|\"><img onerror=x>|[^a]{1,20}") {
        let signs = |text: &str| {
            let (mut recording, kpis) = day(60, 2, text);
            for kind in [MarkKind::Scenario, MarkKind::Event(Severity::Error)] {
                recording.mark(Span::from_secs(5), kind, text.to_owned());
            }
            let one = |held| Assert {
                name: text.to_owned(),
                held,
                margin: text.to_owned(),
                at: Some(Span::from_secs(9)),
                story: text.to_owned(),
            };
            let asserts = [one(true), one(false)];
            let page = Report {
                title: text,
                hall: text,
                trace: text,
                program: text,
                again: text,
                broken: Some(text),
                baseline: Some((text, &kpis)),
                ..report(&recording, &kpis, &asserts)
            };
            page.html().chars().filter(|c| "<>\"".contains(*c)).collect::<String>()
        };
        prop_assert_eq!(signs(&text), signs("x"));
        prop_assert!(!escaped(&text).contains('<'));
    }
}
