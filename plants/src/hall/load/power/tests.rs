use crate::breaker::{Characteristic, Standard};
use crate::hall::Hall;
use crate::hall::power::FeedKind;
use crate::read::corpus::{Broken, each_is_told};
use crate::units::Watts;

fn air() -> &'static str {
    crate::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped").1
}

fn load(text: &str) -> Hall {
    Hall::load("air", text).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn a_hall_has_a_tree_from_the_grid_to_its_racks() {
    let hall = load(air());
    let power = &hall.power;
    assert_eq!((power.feeds.len(), power.up.len(), power.racks.len(), power.nodes.len()), (9, 9, 40, 200));
    let feed = |name| &power.feeds[power.feed(name).expect("a feed")];
    let pdu = feed("pdu-b2");
    assert_eq!((pdu.kind, pdu.cords.len(), pdu.limit()), (FeedKind::Pdu, 20, Watts(380e3)));
    assert_eq!(power.feeds[pdu.parent.expect("hangs")].name, "ups-a");
    // A node's plug: four GPUs at 300 W and 1495 W, over supplies of 95 %. A PDU alone with its row: one hundred nodes, 0.8 % and 550 W.
    let node = (4.0 * 300.0 + 1495.0) / 0.95;
    assert!((power.racks[0].fail_safe.0 - 5.0 * node).abs() < 1e-6);
    assert!((pdu.fail_safe.0 - (100.0 * node * 1.008 + 550.0)).abs() < 1e-6, "{}", pdu.fail_safe);
    assert!((pdu.most.0 - (20.0 * 25e3 * 1.008 + 550.0)).abs() < 1e-6, "{}", pdu.most);
    // The UPS carries each rack once, though either of its PDUs may have to carry all of it.
    let ups = feed("ups-a");
    let expected = (200.0 * node + 4.0 * 550.0 + 2.0 * 2.0 * 100.0 * node * 0.008) / 0.975;
    assert!((ups.fail_safe.0 - expected).abs() < 1e-3, "{} {expected}", ups.fail_safe);
    assert_eq!((power.nodes[5].name.as_str(), power.nodes[5].rack), ("rack-a02-node-1", 1));
    // Every breaker has time to act on; none of them is the whole protection where its standard is quick.
    for of in power.feeds.rows() {
        let bears = of.protective(None).map(|of| of.bears(4.0));
        assert!(bears.is_some_and(|bears| bears > 1.2), "{}: {bears:?}", of.name);
    }
}

#[test]
fn an_efficiency_is_a_loss_and_points_are_a_breaker() {
    let text = air().replacen("efficiency = 0.975", "efficiency = 0.8", 1).replacen(
        "{ standard = \"ups\", rated-a = 1804.2 }   # the UPS lets go sooner than the breaker before it",
        "{ points = [[1.1, 900], [2.0, 20]], rated-a = 2000.0, volts = 400.0, phases = 3, power-factor = 0.98 }",
        1,
    );
    let hall = load(&text);
    let ups = &hall.power.feeds[hall.power.feed("ups-a").expect("a feed")];
    assert!((ups.loss.share - 0.25).abs() < 1e-12 && (ups.margin - 0.95).abs() < 1e-12);
    let breaker = ups.breaker.as_ref().expect("a breaker");
    assert!(matches!(breaker.characteristic, Characteristic::Points(_)));
    assert!((breaker.rated().0 - 1_357_928.0).abs() < 1.0, "{}", breaker.rated());
    assert_eq!(ups.rated, Watts(1.25e6));
    let american =
        air().replacen("standard = \"iec-60947-2\", rated-a = 630.0", "standard = \"ul-489\", rated-a = 600.0", 1);
    let hall = load(&american);
    let pdu = &hall.power.feeds[hall.power.feed("pdu-a1").expect("a feed")];
    assert_eq!(pdu.breaker.as_ref().map(|b| b.characteristic.clone()), Some(Characteristic::Standard(Standard::Ul489)));
    assert!((pdu.limit().0 - 0.8 * 400e3).abs() < 1e-6);
}

#[test]
fn a_hall_without_feeds_has_no_tree() {
    let bench = crate::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("shipped").1;
    assert_eq!(load(bench).power, crate::hall::power::Power::default());
}

const fn broken(from: &'static str, to: &'static str, message: &'static str, help: &'static str) -> Broken {
    Broken { from, to, message, help, at: "" }
}

const TR: &str = "name = \"tr-1\"\nkind = \"transformer\"\nparent = \"utility\"\nrated = 1.6e6                # W\n";
const PDU: &str =
    "rows = [\"row-a\"]\nshare = 0.5                  # of each rack, while both cords are there\ntakes-over = 1.0";
const UPS: &str = "breaker = { standard = \"ups\", rated-a = 1804.2 }   # the UPS lets go sooner than the breaker before it\nefficiency = 0.975\nmeter = \"ups\"";

const FEEDS: &[Broken] = &[
    broken("kind = \"transformer\"", "kind = §\"trafo\"", "does not know the word `trafo`", "utility"),
    broken(
        TR,
        "name = \"tr-1\"\nkind = \"transformer\"\nparent = §\"utlity\"\nrated = 1.6e6\n",
        "there is no feed `utlity`",
        "did you mean `utility`?",
    ),
    broken(
        TR,
        "name = §\"tr-1\"\nkind = \"transformer\"\nrated = 1.6e6\n",
        "`utility` and `tr-1` both have no parent",
        "parent = \"utility\"",
    ),
    broken(
        "parent = \"utility\"\nrated = 1.6e6                # W\n",
        "parent = \"utility\"\nrated = §0.0\n",
        "`rated` is 0 and must be",
        "write a number",
    ),
    broken(
        UPS,
        "breaker = { standard = §\"iec-60947\", rated-a = 2000.0 }\nmeter = \"ups\"",
        "does not know the word `iec-60947`",
        "did you mean `iec-60947-2`?",
    ),
    broken(UPS, "breaker = §{ standard = \"iec-60947-2\" }\nmeter = \"ups\"", "has no `rated-a`", "its rating in A"),
    broken(
        UPS,
        "breaker = { points = §[[2.0, 5.0], [1.5, 9.0]], rated-a = 2000.0 }\nmeter = \"ups\"",
        "no longer than a smaller one",
        "sort the points",
    ),
    broken(
        UPS,
        "breaker = { points = §[[2.0]], rated-a = 2000.0 }\nmeter = \"ups\"",
        "a point is a load",
        "maker's curve",
    ),
    broken(
        UPS,
        "breaker = { standard = \"iec-60947-2\", rated-a = 2000.0, phases = §2 }\nmeter = \"ups\"",
        "must be 1 or 3",
        "two wires",
    ),
    broken(UPS, "efficiency = §0.9\nloss = { share = 0.02 }\nmeter = \"ups\"", "say the same", "keep one"),
    broken(UPS, "meter = §\"usp\"", "there is no meter `usp`", "did you mean `ups`?"),
    broken(UPS, "meters = §[\"ups\", \"ups\", \"utility\"]", "`ups` is named twice", "of its own"),
    broken(UPS, "meters = §[\"ups\", \"pdu-a1\"]", "names 2", "the three"),
    broken(
        "loss = { fixed = 550.0, share = 0.008 }\nmeter = \"pdu-a2\"",
        "meter = §\"pdu-a1\"",
        "already that of the feed `pdu-a1`",
        "leave it to one",
    ),
    broken(UPS, "margin = §1.2\nmeter = \"ups\"", "`margin` is 1.2 and must be from 0.5 to 1", "from 0.5 to 1"),
    broken(PDU, "rows = §[\"row-x\"]\nshare = 0.5", "there is no row `row-x`", "did you mean `row-"),
    broken(PDU, "racks = §[\"rack-a99\"]\nshare = 0.5", "there is no rack `rack-a99`", ""),
    broken(PDU, "rows = [\"row-a\"]\nracks = §[\"rack-a03\"]\nshare = 0.5", "named twice", "not both"),
    broken(PDU, "rows = [\"row-a\"]\nshare = 0.5\ntakes-over = §0.4", "must not be below `share`", "as much"),
];

#[test]
fn every_broken_feed_is_told_at_its_place() {
    each_is_told(air(), FEEDS, |text| Hall::load("air", text));
    // Two feeds of one name: those that hang on the lost name say so, too.
    let twice = air().replacen("name = \"tr-1\"", "name = \"ups-a\"", 1);
    let faults = Hall::load("air", &twice).expect_err("refused").0;
    assert!(faults.iter().any(|fault| fault.message.contains("there is a feed `ups-a` already")), "{faults:#?}");
    let ring = air().replacen(
        "name = \"tr-1\"\nkind = \"transformer\"\nparent = \"utility\"",
        "name = \"tr-1\"\nkind = \"transformer\"\nparent = \"ups-a\"",
        1,
    );
    let faults = Hall::load("air", &ring).expect_err("refused").0;
    let feeding = faults.iter().filter(|fault| fault.message.contains("feeds itself")).count();
    assert_eq!((feeding, faults.len()), (9 - 1, 9 - 1), "{faults:#?}");
}

#[test]
fn every_broken_node_is_told_at_its_place() {
    let safe = "fail-safe = 300.0            # W, each GPU, when control is lost\n";
    let corpus = [
        broken("gpus = 4\n", "gpus = §0\n", "`gpus` is 0 and must be from 1 to 64", "whole number"),
        broken(safe, "fail-safe = §150.0\n", "must be from 200 W to 700 W", "makes nothing safe"),
        broken(safe, "fail-safe = §800.0\n", "must be from 200 W to 700 W", "makes nothing safe"),
        broken("least-cap = 200.0 ", "least-cap = §900.0 ", "must not be above `rated`", "nvidia-smi"),
        broken(
            "rows = [\"row-a\", \"row-b\"]\nper-rack = 5",
            "rows = §[\"row-c\"]\nper-rack = 5",
            "there is no row `row-c`",
            "did you mean",
        ),
        broken(safe, "", "has no `fail-safe`", "when control is lost"),
    ];
    let marked: Vec<_> =
        corpus.into_iter().map(|one| if one.to.is_empty() { Broken { at: "[[node]]", ..one } } else { one }).collect();
    each_is_told(air(), &marked, |text| Hall::load("air", text));
}

/// What fail-safes come to is told with the feed, the sum and what to lower.
#[test]
fn fail_safes_that_do_not_fit_are_refused() {
    let refused = |text: &str| Hall::load("air", text).expect_err("refused").0;
    let safe = |watts: &str| air().replacen("fail-safe = 300.0 ", &format!("fail-safe = {watts} "), 1);
    // All cords of row-a on one PDU carry 380 kW up to 520 W a GPU; the UPS, the transformer and the racks bear more.
    assert!(Hall::load("air", &safe("515.0")).is_ok());
    let faults = refused(&safe("535.0"));
    assert_eq!(faults.len(), 4, "{faults:#?}");
    for (fault, name) in faults.iter().zip(["pdu-a1", "pdu-a2", "pdu-b1", "pdu-b2"]) {
        assert!(fault.message.starts_with(&format!("`{name}` must bear 386.2 kW")), "{fault}");
        assert!(fault.message.contains("its limit is 380.0 kW (95 % of 400.0 kW)"), "{fault}");
        assert!(fault.help.contains("lower `fail-safe` or `other-peak` of the nodes, most those of `rack-"), "{fault}");
    }
    let panel = air().replacen("other-peak = 90e3", "other-peak = 120e3", 1);
    let faults = refused(&panel);
    assert!(
        faults
            .iter()
            .any(|f| f.message.starts_with("`ups-m` must bear 126.3 kW") && f.help.contains("`other-peak` of `ups-m`")),
        "{faults:#?}"
    );
    let branch = air().replacen(
        "branch = { standard = \"iec-60898-c\", rated-a = 50.0 }",
        "branch = { standard = \"iec-60898-c\", rated-a = 16.0 }",
        1,
    );
    let faults = refused(&branch);
    assert!(
        matches!(faults.as_slice(), [one] if one.message.contains("the breaker of `rack-a") && one.message.contains("on `pdu-a1` must bear 14.2 kW")),
        "{faults:#?}"
    );
    let racks = air().replacen("per-rack = 5", "per-rack = 9", 1);
    let faults = refused(&racks);
    assert!(faults.iter().any(|f| f.message.contains("the nodes of `rack-a01` draw 25.5 kW")), "{faults:#?}");
}

#[test]
fn a_rack_hangs_on_feeds_that_carry_all_of_it() {
    let refused = |text: &str| Hall::load("air", text).expect_err("refused").0;
    let row_b =
        "rows = [\"row-b\"]\nshare = 0.5\ntakes-over = 1.0\nbranch = { standard = \"iec-60898-c\", rated-a = 50.0 }\n";
    let none = air().replace(row_b, "");
    let faults = refused(&none);
    assert!(matches!(faults.as_slice(), [one] if one.message == "no `[[feed]]` carries `rack-b01`"), "{faults:#?}");
    let half = air().replacen(row_b, "", 1);
    let faults = refused(&half);
    assert!(
        matches!(faults.as_slice(), [one] if one.message == "the cords of `rack-b01` carry 50 % of it together"),
        "{faults:#?}"
    );
    let bench = crate::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("shipped").1;
    let node =
        "\n[[node]]\nracks = [\"heater\"]\ngpus = 1\nrated = 700\nleast-cap = 200\nfail-safe = 200\nother-peak = 0\n";
    let faults = refused(&format!("{bench}{node}"));
    assert!(matches!(faults.as_slice(), [one] if one.message == "nodes hang on no feed"), "{faults:#?}");
}

#[test]
fn caps_are_shared_among_tenants_and_whoever_is_left() {
    let text = format!(
        "{}\n[capping]\nreserve = 0.05\nshare = \"useful\"\n\n[[tenant]]\nname = \"prod\"\nrows = [\"row-a\"]\npriority = 0\nfloor = 60e3\n\
         curve = [[250, 0.5], [400, 0.8], [550, 0.95], [700, 1.0]]\n\n[[tenant]]\nname = \"lab\"\nnodes = [\"rack-b01-node-2\"]\nweight = 2\n",
        air()
    );
    let hall = load(&text);
    let rules = hall.power.capping.as_ref().expect("capped");
    let of: Vec<(&str, usize, u8)> =
        rules.tenants.iter().map(|t| (t.name.as_str(), t.nodes.len(), t.priority)).collect();
    assert_eq!(of, [("prod", 100, 0), ("lab", 1, 5), ("everybody-else", 99, 5)]);
    assert_eq!((rules.reserve, rules.lease.millis(), hall.power.gpus()), (0.05, 10_000, 800));
    assert_eq!(rules.tenants[0].floor, crate::gpu::Milliwatts(60_000_000));
    let curve = rules.tenants[0].curve.expect("measured");
    assert!((curve.work(Watts(400.0)) - 0.8).abs() < 0.05, "{curve:?}");
    assert_eq!(hall.power.nodes[7].places(), 28..32);
    assert!(load(air()).power.capping.is_none());
}

#[test]
fn capping_that_cannot_be_is_told() {
    let refused = |text: &str| Hall::load("air", &format!("{}{text}", air())).expect_err("refused").0;
    let lab = "\n[[tenant]]\nname = \"lab\"\n";
    for (text, told) in [
        (format!("{lab}rows = [\"row-a\"]\n"), "nobody is capped"),
        (
            format!("\n[capping]\nlease = \"2s\"\n{lab}rows = [\"row-a\"]\n"),
            "caps end sooner than a silent node is noticed",
        ),
        (format!("\n[capping]\n{lab}nodes = [\"rack-a01-node-9\"]\n"), "there is no node `rack-a01-node-9`"),
        (
            format!("\n[capping]\n{lab}rows = [\"row-a\"]\n[[tenant]]\nname = \"x\"\nracks = [\"rack-a01\"]\n"),
            "works for somebody else already",
        ),
        (
            format!("\n[capping]\n{lab}rows = [\"row-a\"]\ncurve = [[1, 1], [2, 1]]\n"),
            "a curve is three points or more",
        ),
        (format!("\n[capping]\n{lab}"), "whose GPUs work for him"),
    ] {
        let faults = refused(&text);
        assert!(faults.iter().any(|f| f.message.contains(told) || f.help.contains(told)), "{told}: {faults:#?}");
    }
}
