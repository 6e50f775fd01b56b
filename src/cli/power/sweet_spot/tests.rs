//! Sweet spots by hand: what a journal says, and where the best cap is.

use std::path::{Path, PathBuf};

use plant::gpu::{Milliwatts, Uuid};
use plant::hall::MeterRole;
use plant::image::{Inputs, Outputs};
use plant::lease::{GpuReport, NodeReport};
use plant::reading::Sample;
use plant::time::Mono;
use wattloop::service::config::{Loaded, Sources, load};
use wattloop::service::journal::{Header, Journal, Options};

use super::*;

fn air() -> Loaded {
    let file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/config/air.toml"));
    load(&Sources { file, env: Vec::new(), flags: Vec::new() }).unwrap_or_else(|faults| panic!("{faults}"))
}

/// What a node says whose GPUs draw so much (W).
fn says(node: &plant::hall::power::Node, seq: u64, watts: f64) -> NodeReport {
    let power = Some(Milliwatts(convert::u64_from_f64_rounded(1e3 * watts)));
    let name = |place: usize| Uuid::from_bits(u128::from(convert::u64_from_usize(place)) + 1);
    let gpu = |place: usize| GpuReport { power, ..GpuReport::unread(name(place)) };
    NodeReport { node: node.name.clone(), seq, driver: None, why: None, gpus: node.places().map(gpu).collect() }
}

/// A start of the service: GPUs draw so much in each scan of a second (W, each), nodes 900 W besides at their outputs; the facility draws 60 kW and
/// 1.1 W for each watt of IT.
fn start(journal: &Path, of: &Loaded, draws: &[f64], agents: bool) {
    let (hall, texts) = (&*of.hall, of.texts.clone());
    let header = Header { hall: texts.hall, maps: texts.maps, config: texts.config, ..Header::default() };
    let (mut journal, recovered) = Journal::open(journal, &header, Options::default()).expect("opens");
    let mut tick = Tick { dt: Span::from_secs(1), boot: recovered.boot, ..Tick::default() };
    let mut inputs = Inputs::of(hall);
    journal.record_snapshot(tick, &());
    for (seq, gpu) in (1..).zip(draws) {
        (tick.seq, tick.mono) = (seq, Mono(seq * 1_000_000_000));
        let it: f64 = hall.power.nodes.iter().map(|node| (f64::from(node.gpus) * gpu + 900.0) / node.supplies).sum();
        for role in [MeterRole::Utility, MeterRole::It, MeterRole::PduOutput] {
            let watts = if role == MeterRole::Utility { 60e3 + 1.1 * it } else { it };
            let meters: Vec<_> = hall.meters.iter().filter(|meter| meter.role == role).collect();
            for meter in &meters {
                let share = watts / convert::f64_from_usize(meters.len());
                inputs.samples[meter.power.id()] = Sample::good(share, tick.mono);
            }
        }
        for (n, node) in hall.power.nodes.iter().enumerate().filter(|_| agents) {
            assert!(inputs.hear(hall, n, &says(node, seq, *gpu), tick.mono));
        }
        journal.record_scan(tick, &inputs, &Outputs::default());
    }
    journal.close();
}

fn found(draws: &[f64], agents: bool, budget: Option<f64>) -> Sweet {
    let (folder, loaded) = (tempfile::tempdir().expect("a folder"), air());
    let path = folder.path().join("journal.db");
    start(&path, &loaded, draws, agents);
    let mut gathered = Gathered { gpus: loaded.hall.power.gpus(), sums: Sums::default(), start: None };
    let walked = walk(&mut gathered, &path, true).unwrap_or_else(|_| panic!("reads")).expect("scans");
    assert_eq!(walked.recorded_s, convert::f64_from_usize(draws.len()));
    sweet(&loaded.hall, &gathered.sums, budget).expect("known")
}

fn near(a: f64, b: f64, within: f64) -> bool {
    (a - b).abs() < within * b.abs().max(1.0)
}

#[test]
fn what_a_gpu_brings_is_what_its_node_draws_and_what_does_not_follow_load() {
    let sweet = found(&[200.0, 500.0, 650.0, 300.0, 600.0, 450.0], true, Some(900.0));
    assert!(sweet.split && near(sweet.each, 1.1, 1e-3), "{sweet:?}");
    assert!(near(sweet.gpus_known_s, 6.0, 1e-9), "{sweet:?}");
    // 900 W of a node to four GPUs, through power supplies of 95 %; 60 kW over 800 GPUs, less the 1.1 that each watt costs.
    assert!(near(sweet.node_w, 900.0 / 0.95 / 4.0, 1e-3), "{sweet:?}");
    assert!(near(sweet.fixed_w, 60e3 / 1.1 / 800.0, 2e-2), "{sweet:?}");
    let [best] = sweet.tenants.as_slice() else { panic!("{sweet:?}") };
    // f′/f = 1/(c + o) with f = ((c − 210)/(595 − 210))^0.4: 0.4·(c + o) = c − 210, or the end of the curve.
    let o = (sweet.node_w + sweet.fixed_w) * 0.95;
    let by_hand = ((0.4 * o + 210.0) / 0.6).min(595.0);
    assert!(near(best.cap_w, by_hand, 2e-3), "{best:?}, by hand {by_hand}");
    let each = 1.1 * (best.cap_w + o) / 0.95;
    assert_eq!(best.gpus, convert::u64_from_f64_rounded((900e3 / each).floor()));
    let work = |cap: f64| Useful::usual(Watts(700.0)).work(Watts(cap));
    let gain = work(best.cap_w) / (best.cap_w + o) / (work(700.0) / (700.0 + o)) - 1.0;
    assert!(near(best.gain_percent, 100.0 * gain, 1e-6) && gain > 0.05, "{best:?} {gain}");
    assert!(!best.measured && best.gpus > best.gpus_at_rated);
}

#[test]
fn without_agents_the_file_counts_and_a_flat_load_is_not_split() {
    let sweet = found(&[500.0; 5], false, None);
    assert!(!sweet.split && sweet.fixed_w == 0.0, "{sweet:?}");
    assert!(near(sweet.each, sweet.pue, 1e-9), "{sweet:?}");
    assert!(sweet.gpus_known_s == 0.0 && near(sweet.node_w, 1495.0 / 0.95 / 4.0, 1e-6), "{sweet:?}");
    assert!(near(sweet.budget_kw, sweet.facility_kw, 1e-9), "the most that was drawn");
    let page = page(&sweet);
    assert!(page.contains("has not varied enough") && page.contains("No agent has said"), "{page}");
}

#[test]
fn more_overhead_asks_for_higher_caps() {
    let sweet =
        |overhead: f64| Useful::usual(Watts(700.0)).sweet_spot(Watts(overhead), (Watts(200.0), Watts(700.0))).0.0;
    let caps: Vec<f64> = [0.0, 100.0, 200.0, 400.0].map(sweet).to_vec();
    assert!(caps.is_sorted() && caps[0] < caps[3], "{caps:?}");
}
