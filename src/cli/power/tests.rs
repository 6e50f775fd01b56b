//! What is said of feeds.

use super::*;
use wattloop::control::report::CordView;

fn pdu() -> FeedView {
    FeedView {
        name: "pdu-a1".into(),
        kind: "pdu".into(),
        parent: Some("ups-a".into()),
        limit_kw: 380.0,
        load_kw: 207.2,
        loss_kw: 2.2,
        headroom_kw: 172.8,
        unattributed_kw: Some(0.4),
        known: "metered".into(),
        meter: true,
        uneven: 1.0,
        used_percent: Some(0.0),
        fail_safe_kw: 286.6,
        most_kw: 504.6,
        ..FeedView::default()
    }
}

#[test]
fn the_status_page_names_the_least_headroom_and_what_needs_somebody() {
    let said = |all: &[FeedView]| {
        let mut page = String::new();
        feeders(&mut page, all).expect("a text");
        page
    };
    assert_eq!(said(&[]), "");
    let ups = FeedView { name: "ups-a".into(), headroom_kw: 300.0, limit_kw: 1187.5, ..pdu() };
    assert_eq!(said(&[ups.clone(), pdu()]), "feeders        least headroom 172.8 kW of 380.0 kW at pdu-a1\n");
    let hot = FeedView {
        load_kw: 395.0,
        headroom_kw: -15.0,
        known: "reckoned".into(),
        used_percent: Some(62.4),
        time_left_s: Some(12.0),
        troubles: vec!["above".into(), "time_short".into(), "reckoned".into()],
        ..pdu()
    };
    let wanted = "\
feeders        least headroom -15.0 kW of 380.0 kW at pdu-a1, 1 of 2 not metered
FEEDER         pdu-a1 carries 395.0 kW: 15.0 kW ABOVE its limit; 62 % of its time used, 12 s left at this load; its meter is not read
";
    assert_eq!(said(&[ups, hot]), wanted);
    let uneven = FeedView { uneven: 1.23, troubles: vec!["uneven".into()], ..pdu() };
    assert!(said(&[uneven]).ends_with("FEEDER         pdu-a1 carries 207.2 kW: a phase 23 % above the mean\n"));
}

#[test]
fn the_tree_is_set_in_and_marks_what_binds() {
    let ups = FeedView { name: "ups-a".into(), kind: "ups".into(), parent: None, ..pdu() };
    let uneven = FeedView {
        name: "pdu-a2".into(),
        binds: true,
        phases_kw: vec![Some(80.0), None, Some(60.0)],
        uneven: 1.2,
        unattributed_kw: None,
        used_percent: None,
        troubles: vec!["uneven".into()],
        cord: Some(CordView { rack: "rack-a07".into(), load_kw: 30.0, limit_kw: 32.9 }),
        ..pdu()
    };
    let wanted = "  feed                 kind          limit kW   load kW known      loss kW  headroom kW unattributed kW  used %
  ups-a                ups              380.0     207.2 metered        2.2        172.8             0.4       0
    pdu-a1             pdu              380.0     207.2 metered        2.2        172.8             0.4       0
*   pdu-a2             pdu              380.0     207.2 metered        2.2        172.8               -       -  phases 80.0, -, 60.0 kW  cord of rack-a07 30.0 of 32.9 kW  a phase 20 % above the mean
* the least headroom on a way from the grid to the racks
";
    assert_eq!(tree(&[ups, pdu(), uneven]), wanted);
}

#[test]
fn the_files_alone_show_the_proof() {
    let text = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped").1;
    let hall = Hall::load("air", text).unwrap_or_else(|faults| panic!("{faults}"));
    let page = proof(&proved(&hall));
    let lines: Vec<&str> = page.lines().collect();
    assert_eq!(lines.len(), 10, "{page}");
    assert!(lines[1].starts_with("utility ") && lines[3].starts_with("    ups-a "), "{page}");
    let pdu: Vec<&str> = lines[4].split_whitespace().collect();
    assert_eq!(pdu[..3], ["pdu-a1", "pdu", "380.0"]);
    assert!(lines[4].ends_with("  oversubscribed: caps keep it") && !lines[9].contains("oversubscribed"), "{page}");
    assert!(proved(&hall).iter().all(|feed| feed.fail_safe_kw <= feed.limit_kw));
    let none = some(true, "bench").expect_err("no feeds");
    assert!(none.help.contains("[[feed]]"));
}
