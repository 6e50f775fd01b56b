//! Racks that are not there: what is proved of them, and what caps would have cost, by hand.

use std::path::{Path, PathBuf};

use plant::id::{Id, PointId};
use plant::image::{Inputs, Outputs};
use plant::reading::Sample;
use plant::time::{Mono, Span, Tick};
use wattloop::service::config::{Loaded, Sources, load};
use wattloop::service::journal::{Header, Journal, Options};

use super::*;

fn air() -> Loaded {
    let file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/config/air.toml"));
    load(&Sources { file, env: Vec::new(), flags: Vec::new() }).unwrap_or_else(|faults| panic!("{faults}"))
}

fn added<'h>(hall: &'h Hall, row: &str, racks: usize) -> Added<'h> {
    Added::new(hall, wanted(hall, row).expect("the row"), racks)
}

/// One start of the service: so many scans of a second, each rack of row A at 15 kW, and what meters say (W).
fn start(journal: &Path, of: &Loaded, scans: u64, meters: &[(&str, f64)]) {
    let texts = of.texts.clone();
    let header = Header { hall: texts.hall, maps: texts.maps, config: texts.config, ..Header::default() };
    let (mut journal, recovered) = Journal::open(journal, &header, Options::default()).expect("opens");
    let mut tick = Tick { dt: Span::from_secs(1), boot: recovered.boot, ..Tick::default() };
    let mut inputs = Inputs::unread(of.hall.points.len());
    journal.record_snapshot(tick, &());
    for seq in 1..=scans {
        (tick.seq, tick.mono) = (seq, Mono(seq * 1_000_000_000));
        for (n, row) in inputs.samples.rows_mut().iter_mut().enumerate() {
            let name = of.hall.points[PointId::from_index(n)].name.as_str();
            let meter = meters.iter().find(|(meter, _)| *meter == name).map(|(_, watts)| *watts);
            let rack = (name.starts_with("rack-a") && name.ends_with("/power")).then_some(15e3);
            if let Some(watts) = meter.or(rack) {
                *row = Sample::good(watts, tick.mono);
            }
        }
        journal.record_scan(tick, &inputs, &Outputs::default());
    }
    journal.close();
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-6 * b.abs().max(1.0)
}

#[test]
fn what_fits_is_what_the_loader_would_take() {
    let loaded = air();
    let one = plan(&added(&loaded.hall, "row-a", 1));
    assert!(one.fits && one.like == ["rack-a01"], "{one:?}");
    let names: Vec<&str> = one.feeds.iter().map(|of| of.feed.as_str()).collect();
    assert_eq!(names, ["utility", "tr-1", "ups-a", "pdu-a1", "pdu-a2"]);
    // Five nodes at (4 · 300 + 1495) / 0.95 W, all on the one cord that is left, through the losses of the PDU.
    let rack = 5.0 * 2695.0 / 0.95;
    let pdu = one.feeds.iter().find(|of| of.feed == "pdu-a1").expect("the PDU");
    assert!(near(1e3 * pdu.now_kw, 20.0 * rack * 1.008 + 550.0), "{pdu:?}");
    assert!(near(1e3 * pdu.then_kw, 21.0 * rack * 1.008 + 550.0) && pdu.over_kw == 0.0, "{pdu:?}");
    assert!(one.cords.iter().all(|of| near(1e3 * of.then_kw, rack) && near(of.now_kw, of.then_kw)), "{:?}", one.cords);
    assert_eq!(one.cords.len(), 2);

    // The oracle is the loader, with a file of so many racks.
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let written = |racks: usize| {
        let text = text.replacen("\nracks = 20\n", &format!("\nracks = {}\n", 20 + racks), 1);
        Hall::load("air", &text).map_err(|faults| faults.to_string())
    };
    assert!(written(one.most_racks).is_ok());
    let refused = written(one.most_racks + 1).expect_err("one more is too much");
    let many = plan(&added(&loaded.hall, "row-a", one.most_racks + 1));
    assert!(!many.fits);
    let over: Vec<&Bears> = many.feeds.iter().filter(|of| of.over_kw > 0.0).collect();
    assert!(!over.is_empty());
    for of in over {
        assert!(refused.contains(&format!("`{}` must bear {:.1} kW", of.feed, of.then_kw)), "{of:?}\n{refused}");
        assert!(near(of.over_kw, of.then_kw - of.limit_kw));
    }
    let page = page::page(&many);
    assert!(page.contains("TOO MUCH\n") && page.contains("\nno: too much for pdu-a1 by "), "{page}");
}

#[test]
fn what_caps_would_have_cost_is_reckoned_by_hand() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.db");
    let loaded = air();
    start(&journal, &loaded, 30, &[("pdu-a1/power", 300e3)]);
    start(&journal, &loaded, 10, &[("pdu-a1/power", 355e3)]);
    let two = added(&loaded.hall, "row-a", 2);
    let costs = costs::read(&two, &journal, true).expect("a journal").expect("load");
    assert_eq!((costs.walked.recorded_s, costs.walked.starts_left_out, costs.walked.interruptions), (40.0, 0, 0));
    let at = |name: &str| costs.feeds.iter().find(|cost| cost.feed == name).expect("the feed");
    let pdu = at("pdu-a1");
    // 355 kW leave it, 358.39 enter; two racks of 15 kW bring half of each through a cord, 15.12 kW; the line is at 0.96 of 380 kW.
    assert!(near(pdu.line_kw, 364.8) && near(pdu.worst_kw.expect("known"), 373.51), "{pdu:?}");
    assert!(near(pdu.over_kw, 8.71), "{pdu:?}");
    assert_eq!((pdu.known_s, pdu.above_s, pdu.above_percent), (40.0, 10.0, 25.0));
    // A watt less in a GPU is 1 / 0.95 in its rack, half of that in a cord, 1.008 times that before the PDU. 22 racks have 440 GPUs of 700 W.
    let cut = 8710.0 * 0.95 / 0.504;
    assert!(near(pdu.mean_cut_kw, cut / 1e3) && near(pdu.cut_kwh, cut * 10.0 / 3.6e6), "{pdu:?}");
    assert!(near(pdu.cut_percent, 100.0 * cut / 308e3), "{pdu:?}");
    assert_eq!(pdu.beyond_caps_s, 0.0);
    // The other meters were not read: what is not known costs nothing, and says so.
    for name in ["utility", "tr-1", "ups-a"] {
        assert_eq!((at(name).known_s, at(name).worst_kw, at(name).cut_kwh), (0.0, None, 0.0), "{name}");
    }
    // The second PDU has no meter that was read, and all its racks were: half of 20 racks, its losses and 8 % on what was read; 8 % on new racks, too.
    let other = 10.0 * 15e3 * 1.008 * 1.08 + 550.0 + 15e3 * 1.008 * 1.08;
    assert!(near(at("pdu-a2").worst_kw.expect("reckoned"), other / 1e3), "{:?}", at("pdu-a2"));

    let mut plan = plan(&two);
    plan.costs = Some(costs);
    let page = page::page(&plan);
    for words in ["2 racks more in row-a, like rack-a01 to rack-a02\n", "from 40 s of recorded load", "than a week"] {
        assert!(page.contains(words), "no `{words}` in\n{page}");
    }
    let line = page.lines().rfind(|line| line.starts_with("pdu-a1")).expect("the line");
    let cells: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(cells, ["pdu-a1", "364.8", "100.0", "373.5", "25.00", "8.7", "16.4", "0.05", "5.3"]);
}

#[test]
fn what_least_caps_do_not_reach_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.db");
    let loaded = air();
    start(&journal, &loaded, 10, &[("pdu-a1/power", 355e3)]);
    let many = added(&loaded.hall, "row-a", 400);
    let costs = costs::read(&many, &journal, true).expect("a journal").expect("load");
    let pdu = costs.feeds.iter().find(|cost| cost.feed == "pdu-a1").expect("the feed");
    // 420 racks give half of 20 · 500 / 0.95 W each: 2.2 MW, and 3.0 are too many.
    assert_eq!((pdu.beyond_caps_s, pdu.above_percent), (10.0, 100.0), "{pdu:?}");
}

#[test]
fn a_record_of_another_hall_or_of_nothing_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.db");
    let loaded = air();
    let one = added(&loaded.hall, "row-a", 1);
    let why = costs::read(&one, &journal, false).expect("no fault").expect_err("nothing is recorded");
    assert!(why.ends_with("journal.db is not there: no load is recorded"), "{why}");
    let stop = costs::read(&one, &journal, true).expect_err("it was named");
    assert_eq!(stop.exit, 65);
    let mut other = air();
    other.texts.hall.1 = other.texts.hall.1.replace("pdu-a2", "pdu-x2");
    start(&journal, &other, 5, &[]);
    let why = costs::read(&one, &journal, true).expect("no fault").expect_err("another tree");
    assert!(why.ends_with("holds no scan of this hall; starts of another hall, or damaged: 1"), "{why}");
    // A start of this hall counts beside it.
    start(&journal, &loaded, 5, &[]);
    let costs = costs::read(&one, &journal, true).expect("no fault").expect("load");
    assert_eq!((costs.walked.starts_left_out, costs.walked.recorded_s), (1, 5.0));
}

#[test]
fn a_wrong_row_and_a_hall_without_a_tree_say_what_to_do() {
    let loaded = air();
    let stop = wanted(&loaded.hall, "row-A1").expect_err("no such row");
    assert_eq!(stop.code, "unknown_row");
    assert!(stop.message.contains("no row of racks `row-A1`") && stop.help.contains("row-a"), "{stop}");
    let mut bare = (*loaded.hall).clone();
    bare.power.nodes.clear();
    assert_eq!(wanted(&bare, "row-a").expect_err("no nodes").code, "no_nodes");
    bare.power = Power::default();
    assert_eq!(wanted(&bare, "row-a").expect_err("no feeds").code, "no_feeds");
}
