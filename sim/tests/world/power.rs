//! A hall's electrical side: the ratios come out of the same chain the meters have, and an outage takes what it takes.

use super::stand::{Stand, quiet, shipped};
use plant::hall::MeterRole;
use plant::time::Span;
use proptest::prelude::*;
use sim::Fault;
use sim::electrics::network::{Category, Happened, Stage};

const NAMES: [&str; 8] =
    ["air", "air-dx", "bench", "hybrid", "immersion", "immersion-two-phase", "liquid", "rear-door"];

/// A hall with a steady load and sensors that tell the truth, on its own panels, after an hour.
fn settled(name: &str) -> Stand {
    let (hall, physics) = shipped(name);
    let mut stand = Stand::new(hall, &quiet(physics));
    stand.world = stand.world.on_panels();
    stand.run(3600);
    stand
}

fn fault(stand: &Stand, text: &str) -> Fault {
    Fault::parse(&stand.hall, text).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn the_tree_and_the_meters_tell_one_pue_and_the_shares_make_the_whole() {
    for name in NAMES {
        let mut stand = settled(name);
        stand.run(60);
        let totals = *stand.world.totals();
        let pue = totals.pue(Category::ItInput).expect("IT");
        let read = |role: MeterRole| -> f64 {
            let those = stand.hall.meters.iter().filter(|m| m.role == role);
            those.filter_map(|m| stand.world.truth(m.power.id())).sum()
        };
        let it = read(if name == "bench" { MeterRole::It } else { MeterRole::PduOutput });
        // Strings are full: what still trickles into them is no use of the hall's.
        let metered = (read(MeterRole::Utility) - totals.stored) / it;
        assert!((metered - pue).abs() < 1e-9, "{name}: {metered} by meters, {pue} by the tree");
        let parts = totals.cooling_ppue().expect("IT") - 1.0 + totals.power_ppue().expect("IT") - 1.0;
        let rest = (totals.unattributed + totals.other) / totals.it;
        assert!((1.0 + parts + rest - pue).abs() < 1e-9, "{name}: the parts make {}", 1.0 + parts + rest);
        let itue = totals.itue().expect("compute");
        assert!((totals.tue().expect("compute") - itue * pue).abs() < 1e-9);
        let racks: f64 = stand.world.rows().iter().map(sim::air::Row::it_power).sum();
        let tanks: f64 = stand.world.tanks().iter().map(|t| t.power).sum();
        assert!((racks + tanks - totals.it).abs() < 1e-6 * totals.it, "{name}: {} of {}", totals.it, racks + tanks);
        println!("{name}: PUE {pue:.4} ITUE {itue:.4} TUE {:.4}", itue * pue);
        assert!((1.0..1.2).contains(&itue), "{name}: {itue}");
        assert!(stand.world.electrics().network().faults().is_empty(), "{name}: a sound tree");
    }
}

#[test]
fn machines_in_liquid_spend_less_on_themselves_than_machines_in_air() {
    let itue = |name: &str| settled(name).world.totals().itue().expect("compute");
    let (air, liquid, immersion) = (itue("air"), itue("liquid"), itue("immersion"));
    // Fans of 4 % and supplies of 95.5 %; an eighth of the fans and supplies of 97 %; no fans at all.
    assert!((1.06..1.11).contains(&air) && liquid < air && immersion < liquid, "{air} {liquid} {immersion}");
    assert!((immersion - 1.0 / 0.97).abs() < 1e-9, "{immersion}");
}

#[test]
fn every_stage_loses_what_such_stages_lose() {
    for name in NAMES.iter().filter(|n| **n != "bench") {
        let stand = settled(name);
        let network = stand.world.electrics().network();
        for (node, flow) in network.nodes().iter().zip(network.flows()) {
            let efficiency = 1.0 - flow.loss / (flow.input - flow.stored).max(1.0);
            let line = format!(
                "{name}: {} at {:.0} % loses {:.2} %",
                node.name,
                100.0 * flow.loading,
                100.0 * (1.0 - efficiency)
            );
            if flow.loss > 0.0 {
                println!("{line}");
            }
            match node.stage {
                // 1000 kVA after EU 548/2014 lose 0.5 to 0.9 % between 30 and 100 % of load.
                Stage::Transformer(_) => assert!((0.990..0.996).contains(&efficiency), "{line}"),
                // A silicon-carbide set: 97.5 to 98.2 % between 25 and 100 %; less in one that idles.
                Stage::Ups(_) if flow.loading > 0.25 => assert!((0.972..0.984).contains(&efficiency), "{line}"),
                // 0.5 to 1 % of copper, and displays.
                Stage::Pdu(_) => assert!((0.988..0.996).contains(&efficiency), "{line}"),
                Stage::Supplies(_) => assert!((0.95..0.98).contains(&efficiency), "{line}"),
                Stage::Utility | Stage::Ups(_) | Stage::Ats(_) | Stage::Panel | Stage::Storage(_) | Stage::Load(_) => {}
            }
        }
    }
}

/// When each thing first held, in seconds after the grid went.
#[derive(Debug, Default, PartialEq)]
struct Story {
    battery: Option<usize>,
    chillers_off: Option<usize>,
    called: Option<usize>,
    generator: Option<usize>,
    rectifier: Option<usize>,
    chillers_start: Option<usize>,
    chillers_cool: Option<usize>,
}

#[test]
fn an_outage_to_the_second() {
    let mut stand = settled("air");
    let out = fault(&stand, "utility outage");
    let running = stand.world.chilled_water().expect("water").bank.running();
    assert!(running > 0, "a warm day");
    stand.world.inject(out);
    let mut story = Story::default();
    let note = |place: &mut Option<usize>, holds: bool, second: usize| {
        if holds && place.is_none() {
            *place = Some(second);
        }
    };
    let mut least_charge = 100.0f64;
    for second in 1..=900 {
        stand.step();
        let happened: Vec<(String, Happened)> =
            stand.world.electrics().events().map(|(n, e)| (n.to_owned(), e)).collect();
        let chillers = stand.world.chilled_water().expect("water").bank.running();
        note(&mut story.battery, stand.truth("ups-a/on-battery") > 0.5, second);
        note(&mut story.chillers_off, chillers == 0, second);
        note(&mut story.called, happened.iter().any(|(n, _)| n == "ats"), second);
        note(&mut story.generator, stand.truth("gen-1/power") > 0.0, second);
        note(&mut story.rectifier, story.battery.is_some() && stand.truth("ups-a/on-battery") < 0.5, second);
        note(&mut story.chillers_start, chillers > 0, second);
        let cool: f64 = stand
            .world
            .chilled_water()
            .expect("water")
            .bank
            .units
            .iter()
            .map(|u| u.last.map_or(0.0, |l| l.drawn.heat))
            .sum();
        note(&mut story.chillers_cool, story.chillers_start.is_some() && cool > 100e3, second);
        least_charge = least_charge.min(stand.truth("ups-a/charge"));
        assert!(stand.world.lost_work() == 0.0 && stand.world.chain().it > 0.6e6, "machines never notice");
        assert_eq!(stand.truth("utility/power"), 0.0);
        assert!(
            stand.truth("crah-1/fan-speed-feedback") > 30.0 && stand.truth("chw/flow") > 5.0,
            "fans and pumps stay"
        );
        assert!(stand.world.ledger_residual() < 1e-9);
    }
    println!("{story:?}, least charge {least_charge:.1} %, hottest {:?}", stand.world.hottest_inlet());
    assert_eq!((story.battery, story.chillers_off, story.called), (Some(1), Some(1), Some(1)));
    let on = story.generator.expect("it starts");
    assert!((11..=18).contains(&on), "10 to 15 s to start: {story:?}");
    // The rectifier waits for ten good seconds, of which the first is the one in which the generator took over.
    assert_eq!(story.rectifier, Some(on + 9), "{story:?}");
    // Four minutes of the chillers' own patience, from when their power was back.
    let start = story.chillers_start.expect("they start");
    assert!((on + 239..=on + 245).contains(&start), "{story:?}");
    assert!((90.0..98.0).contains(&least_charge), "half a minute of five: {least_charge} %");
    stand.world.clear(out);
    stand.run(299);
    let idle = stand.truth("utility/power");
    assert!((1.5e3..1.7e3).contains(&idle), "the switch waits for five good minutes: {idle} W of iron");
    stand.run(3);
    assert!(stand.truth("utility/power") > 0.5e6 && stand.truth("gen-1/power") == 0.0);
    let running = stand.world.chilled_water().expect("water").bank.running();
    assert!(running > 0, "back within a cycle: contactors hold");
}

#[test]
fn without_a_generator_the_hall_goes_dark_and_comes_back() {
    let mut stand = settled("air");
    let (out, fails) = (fault(&stand, "utility outage"), fault(&stand, "gen-1 start-fails"));
    stand.world.inject(fails);
    stand.world.inject(out);
    let lasted = (1..900).find(|_| {
        stand.step();
        stand.world.chain().it == 0.0
    });
    let lasted = lasted.expect("five minutes at the most at full load");
    assert!((300..600).contains(&lasted), "{lasted} s");
    assert!(stand.inputs.samples[stand.point("rack-a01/inlet-air-temp")].value.is_err(), "no control power");
    stand.run(600);
    assert!(stand.world.ledger_residual() < 1e-9, "{:e}", stand.world.ledger_residual());
    assert!(stand.world.lost_work() > 600.0 * 0.6e6 && stand.world.chain().it == 0.0);
    // Air that machines warm leaves them no warmer than they are, however little of it moves.
    for rack in stand.world.rows().iter().flat_map(|r| &r.racks) {
        assert!(rack.outlet <= rack.machines + 0.1, "{} out of {}", rack.outlet, rack.machines);
    }
    // Fans and pumps have a string of their own, and little to do.
    assert!(stand.world.chain().facility() < 60e3, "{:?}", stand.world.chain());
    stand.world.clear(out);
    stand.run(120);
    let booting = stand.world.chain().it;
    assert!((0.25e6..0.35e6).contains(&booting), "machines start: {booting}");
    let lost = stand.world.lost_work();
    stand.run(3600);
    assert!(stand.world.chain().it > 0.6e6 && stand.reading("rack-a01/inlet-air-temp") < 30.0);
    assert!(
        stand.world.lost_work() > lost && stand.world.lost_work() < lost + 200.0 * 1e6,
        "three minutes of starting"
    );
}

#[test]
fn a_sag_drops_the_chillers_and_nothing_else() {
    for name in ["air", "hybrid"] {
        let mut stand = settled(name);
        let before = stand.truth("crah-1/fan-speed-feedback");
        stand.world.inject(fault(&stand, "utility sag 40"));
        stand.step();
        assert_eq!(stand.world.chilled_water().expect("water").bank.running(), 0, "{name}");
        stand.run(30);
        assert!((stand.truth("crah-1/fan-speed-feedback") - before).abs() < 10.0, "{name}: fans do not notice");
        assert_eq!(stand.truth("ups-a/on-battery"), 0.0);
        assert!(stand.world.lost_work() == 0.0);
    }
}

#[test]
fn on_bypass_an_outage_reaches_the_machines_at_once() {
    let mut stand = settled("air");
    stand.world.inject(fault(&stand, "ups-a string-open"));
    stand.world.inject(fault(&stand, "utility outage"));
    stand.step();
    assert_eq!(stand.world.chain().it, 0.0, "nothing in the string");
    let mut stand = settled("air");
    stand.world.inject(fault(&stand, "ups-a on-bypass"));
    stand.run(5);
    assert_eq!(stand.truth("ups-a/bypass"), 1.0);
    let loss = stand.world.chain().outside_loss;
    stand.world.clear_all();
    stand.run(20);
    assert!(stand.world.chain().outside_loss > loss + 5e3, "a bypass loses little");
}

#[test]
fn tanks_carry_on_without_pumps_until_the_generator_runs() {
    for name in ["immersion", "immersion-two-phase"] {
        let mut stand = settled(name);
        let before = stand.world.tanks().iter().map(sim::immersion::units::Unit::liquid).fold(0.0, f64::max);
        stand.world.inject(fault(&stand, "utility outage"));
        let (mut hottest, mut stood) = (before, 0);
        for _ in 0..300 {
            stand.step();
            hottest = stand.world.tanks().iter().map(sim::immersion::units::Unit::liquid).fold(hottest, f64::max);
            stood += usize::from(stand.truth("fws/flow") < 0.01);
        }
        println!("{name}: {before:.2} to {hottest:.2} °C, {stood} s without water");
        assert!((15..30).contains(&stood), "{name}: {stood} s: a start and a contactor");
        assert!(hottest < before + 4.0 && stand.world.lost_work() == 0.0, "{name}: {before} to {hottest}");
        assert!(stand.world.ledger_residual() < 1e-9);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_books_close_over_any_grid(
        hall in 0..NAMES.len(),
        steps in proptest::collection::vec((0..9u8, 1..40u16, 200..10_000u16), 1..30),
    ) {
        let (of, physics) = shipped(NAMES[hall]);
        let mut stand = Stand::new(of, physics);
        let words = ["utility outage", "utility brownout 60", "utility sag 30", "gen-1 start-fails", "ups-a string-open", "ups-a on-bypass"];
        for (what, many, millis) in steps {
            match Fault::parse(&stand.hall, words.get(usize::from(what)).unwrap_or(&"")) {
                Ok(fault) => stand.world.inject(fault),
                Err(_) => stand.world.clear_all(),
            }
            stand.tick.dt = Span::from_millis(u64::from(millis));
            stand.run(usize::from(many));
            prop_assert!(stand.world.ledger_residual() < 1e-9, "{:e}", stand.world.ledger_residual());
            let chain = stand.world.chain();
            let parts = chain.it + chain.cooling + chain.lighting + chain.pdu_loss + chain.outside_loss;
            prop_assert!((chain.facility() - parts).abs() <= 1e-9 * (parts + 1e3), "{chain:?}");
            for (point, def) in stand.hall.points.iter() {
                prop_assert!(stand.world.truth(point).is_none_or(f64::is_finite), "{}", def.name);
            }
        }
    }
}
