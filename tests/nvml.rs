//! The NVML adapter, as it is, against a library of simulated GPUs that it loads by its path.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use plant::gpu::{Condition, GpuSample, Milliwatts, PowerSource, Throttle, Uuid};
use plant::time::Span;
use plant::units::Percent;
use sim_nvml::board::Sentinel;
use sim_nvml::{Bench, Card, library_beside_tests};
use wattloop::adapters::nvml::{Gpus, Refusal, Settings, Wish};
use wattloop::service::clock::Machine;

const W: fn(u32) -> Milliwatts = Milliwatts::from_watts;
const PATIENCE: Duration = Duration::from_secs(20);

/// Simulated GPUs and the adapter on them.
struct Rig {
    gpus: Gpus,
    bench: Bench,
    _folder: tempfile::TempDir,
}

impl Rig {
    fn new(cards: &[Card]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let bench = Bench::new(folder.path(), &library_beside_tests(), cards).expect("a bench");
        let settings = Settings {
            library: Some(bench.library().to_owned()),
            deadline: Span::from_millis(400),
            ..Settings::default()
        };
        let gpus = open(settings);
        let rig = Self { gpus, bench, _folder: folder };
        rig.until("all are well", |rig| (0..cards.len()).all(|n| rig.sample(n).condition == Condition::Well));
        rig
    }

    fn uuid(&self, n: usize) -> Uuid {
        self.bench.uuid(n).parse().expect("a name")
    }

    fn sample(&self, n: usize) -> GpuSample {
        self.gpus.sample(self.uuid(n)).unwrap_or_default()
    }

    fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds(self) {
            assert!(Instant::now() < end, "{what}: never; {:?}", self.sample(0));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn cap(&self, n: usize, watts: u32) -> Result<(Milliwatts, Milliwatts), Refusal> {
        let limits = self.gpus.set(self.uuid(n), Wish::Limit(W(watts)))?.limits;
        Ok((limits.configured.expect("told"), limits.enforced.expect("told")))
    }
}

fn open(settings: Settings) -> Gpus {
    Gpus::open(settings, Arc::new(Machine::start().stamp())).expect("threads")
}

#[test]
fn a_node_of_eight_is_read_whole() {
    let rig = Rig::new(&[Card::H100; 8]);
    (0..8).for_each(|n| rig.bench.demand(n, 500.0));
    rig.until("all draw what they want", |rig| {
        (0..8).all(|n| {
            let told = rig.sample(n).power.map_or(0.0, |p| p.draw.watts().0);
            (told - rig.bench.power_now(n) * rig.bench.gain(n)).abs() < 30.0 && rig.bench.power_now(n) > 450.0
        })
    });
    let (sample, cards) = (rig.sample(3), rig.gpus.cards());
    assert_eq!((cards.len(), rig.gpus.driver().number), (8, 1));
    let (_, card) = cards.into_iter().find(|(uuid, _)| *uuid == rig.uuid(3)).expect("there");
    let card = card.expect("asked");
    assert_eq!((card.name.as_str(), card.instant, card.whole_module), ("NVIDIA H100 80GB HBM3", true, false));
    assert!(card.serial.is_some() && card.bus.is_some());
    let limits = sample.limits;
    assert_eq!([limits.least, limits.most, limits.default], [Some(W(200)), Some(W(700)), Some(W(700))]);
    assert_eq!([limits.configured, limits.enforced], [Some(W(700)); 2]);
    assert_eq!(sample.power.map(|p| p.source), Some(PowerSource::Momentary));
    assert!(sample.energy.is_some() && sample.die.is_some_and(|t| t.0 > 20.0) && sample.memory.is_some());
    assert!(sample.busy.is_some_and(|b| b > Percent(10.0)) && sample.ecc == Some(0) && !sample.mig);
    assert!(sample.persistent.is_some() && sample.throttle.is_some());
}

#[test]
fn a_cap_is_read_back_and_settles_and_is_named_as_the_reason() {
    let rig = Rig::new(&[Card::H100; 2]);
    rig.bench.demand(0, 690.0);
    rig.until("it draws", |rig| rig.bench.power_now(0) > 600.0);
    assert_eq!(rig.cap(0, 400), Ok((W(400), W(400))));
    rig.until("it follows", |rig| rig.bench.power_now(0) < 405.0);
    rig.until("the driver says why", |rig| rig.sample(0).throttle.is_some_and(|t| t.any(Throttle::POWER_CAP)));
    assert_eq!(rig.bench.sets(0), (1, std::process::id()));
    let refused = rig.cap(0, 50).expect_err("too low");
    assert_eq!(refused, Refusal::OutOfRange { asked: W(50), least: W(200), most: W(700) });
    assert_eq!(rig.bench.sets(0).0, 1, "what the board does not take is not even asked");
    rig.bench.permission(0, false);
    let refused = rig.cap(0, 500).expect_err("not ours");
    assert_eq!(refused, Refusal::NoPermission);
    assert!(refused.to_string().contains("CAP_SYS_ADMIN"));
    assert_eq!(rig.sample(0).condition, Condition::Well, "a refusal is no loss");
    assert!(matches!(rig.gpus.set(Uuid::from_bits(1), Wish::Limit(W(300))), Err(Refusal::Unknown(_))));
}

#[test]
fn a_lower_limit_of_the_boards_own_controller_and_another_writer_are_seen() {
    let rig = Rig::new(&[Card::H100]);
    rig.bench.out_of_band(0, Some(300_000));
    rig.until("enforced is below configured", |rig| {
        rig.sample(0).limits.enforced == Some(W(300)) && rig.sample(0).limits.configured == Some(W(700))
    });
    assert_eq!(rig.cap(0, 500), Ok((W(500), W(300))));
    rig.bench.foreign_limit(0, 250_000);
    rig.until("somebody else has written", |rig| rig.sample(0).limits.configured == Some(W(250)));
}

#[test]
fn a_driver_that_is_loaded_anew_is_found_again_by_names() {
    let rig = Rig::new(&[Card::H100; 4]);
    assert!(rig.cap(1, 400).is_ok());
    let serial =
        |rig: &Rig| rig.gpus.cards().into_iter().find(|(u, _)| *u == rig.uuid(1)).and_then(|(_, c)| c?.serial.clone());
    let before = serial(&rig);
    rig.bench.reload_driver_turned(1);
    rig.until("another driver is in use", |rig| {
        (0..4).all(|n| rig.sample(n).driver == 2 && rig.sample(n).condition == Condition::Well)
    });
    assert_eq!(rig.sample(1).limits.configured, Some(W(700)), "it has forgotten the cap");
    assert_eq!(rig.cap(1, 350), Ok((W(350), W(350))));
    assert_eq!(
        (rig.bench.enforced(1), rig.bench.enforced(2)),
        (350_000, 700_000),
        "the right one, though all have moved"
    );
    assert_eq!(serial(&rig), before);
}

#[test]
fn a_driver_that_goes_is_waited_for() {
    let rig = Rig::new(&[Card::H100; 2]);
    rig.bench.unload();
    rig.until("it is gone", |rig| (0..2).all(|n| rig.sample(n).condition == Condition::NoDriver));
    assert!(rig.sample(0).power.is_none() && rig.gpus.driver().version.is_none());
    assert_eq!(rig.cap(0, 300), Err(Refusal::NoDriver));
    rig.bench.load();
    rig.until("it is back", |rig| (0..2).all(|n| rig.sample(n).condition == Condition::Well));
}

#[test]
fn a_gpu_off_its_bus_takes_no_other_with_it() {
    let rig = Rig::new(&[Card::H100; 3]);
    rig.bench.lose(1);
    rig.until("it is lost", |rig| rig.sample(1).condition == Condition::Lost);
    assert_eq!(rig.sample(1).at_most(), Some(W(700)), "it may draw what it bears");
    rig.until("the others go on", |rig| [0, 2].iter().all(|n| rig.sample(*n).condition == Condition::Well));
    assert_eq!(rig.cap(0, 300), Ok((W(300), W(300))));
    assert!(rig.cap(1, 300).is_err());
    rig.bench.find(1);
    rig.until("it is back", |rig| rig.sample(1).condition == Condition::Well);
    assert_eq!(rig.cap(1, 300), Ok((W(300), W(300))));
}

#[test]
fn without_an_instant_the_mean_is_taken_and_its_lag_is_known() {
    let rig = Rig::new(&[Card::H100, Card::T4]);
    rig.bench.no_instant(0, true);
    rig.bench.reload_driver();
    rig.until("the mean is read", |rig| {
        rig.sample(0).driver == 2 && rig.sample(0).power.is_some_and(|p| p.source == PowerSource::Average)
    });
    assert!(PowerSource::Average.lag() >= Span::from_millis(900));
    rig.until("a board without a mean has its usage", |rig| rig.sample(1).power.is_some());
}

#[test]
fn a_board_in_instances_tells_no_use_and_its_whole_power() {
    let rig = Rig::new(&[Card::H100]);
    rig.bench.mig(0, true);
    rig.until("it is in instances", |rig| rig.sample(0).mig && rig.sample(0).busy.is_none());
    assert!(rig.sample(0).power.is_some());
    assert_eq!(rig.cap(0, 400), Ok((W(400), W(400))));
}

#[test]
fn a_module_that_tells_only_the_whole_is_read_and_capped_as_a_whole() {
    let rig = Rig::new(&[Card::GH200]);
    let (_, card) = rig.gpus.cards().remove(0);
    assert!(card.expect("asked").whole_module);
    let most = rig.sample(0).limits.most.expect("told");
    let half = Milliwatts(most.0 * 2 / 3);
    assert!(rig.sample(0).power.is_some());
    let applied = rig.gpus.set(rig.uuid(0), Wish::Limit(half)).expect("set");
    assert_eq!((applied.limits.configured, applied.limits.enforced), (Some(half), Some(half)));
    assert_eq!(u64::from(rig.bench.enforced(0)), half.0);
}

#[test]
fn sensors_that_stand_still_are_told_by_the_energy_counter() {
    let rig = Rig::new(&[Card::H100; 2]);
    (0..2).for_each(|n| rig.bench.demand(n, 600.0));
    rig.until("they draw", |rig| (0..2).all(|n| rig.bench.power_now(n) > 550.0));
    rig.bench.stuck(0, true);
    rig.bench.stuck_power(1, true);
    rig.bench.demand(1, 200.0);
    rig.until("all stands still", |rig| rig.sample(0).condition == Condition::Frozen && rig.sample(0).power.is_none());
    rig.until("power stands still", |rig| {
        let s = rig.sample(1);
        let near = |w: Milliwatts| (w.watts().0 - rig.bench.power_now(1) * rig.bench.gain(1)).abs() < 25.0;
        s.condition == Condition::PowerFrozen
            && s.power.is_some_and(|p| p.source == PowerSource::Energy && near(p.draw))
    });
    rig.bench.stuck(0, false);
    rig.until("it lives again", |rig| rig.sample(0).condition == Condition::Well && rig.sample(0).power.is_some());
}

#[test]
fn numbers_that_mean_nothing_never_come_in() {
    let rig = Rig::new(&[Card::H100]);
    rig.bench.demand(0, 400.0);
    rig.until("it draws", |rig| rig.sample(0).power.is_some_and(|p| p.draw > W(300)));
    for kind in [Sentinel::Zero, Sentinel::NotAvailable, Sentinel::Absurd] {
        rig.bench.sentinel(0, kind);
        let at = rig.sample(0).at;
        rig.until("two more readings", |rig| rig.sample(0).at.since(at) > Span::from_millis(300));
        let sample = rig.sample(0);
        let sane = sample.power.is_none_or(|p| p.draw > W(100) && p.draw < W(900));
        assert!(sane && sample.die.is_none_or(|t| t.0 > 10.0 && t.0 < 110.0), "{kind:?}: {sample:?}");
    }
    rig.bench.sentinel(0, Sentinel::Off);
    rig.until("the truth again", |rig| rig.sample(0).power.is_some_and(|p| p.source == PowerSource::Momentary));
}

#[test]
fn a_call_that_hangs_holds_up_nobody_else() {
    let rig = Rig::new(&[Card::H100; 3]);
    rig.bench.slow(1, Duration::from_secs(120));
    rig.until("it is silent", |rig| rig.sample(1).condition == Condition::Silent);
    assert!(rig.gpus.silent_for(rig.uuid(1)).is_some());
    let began = Instant::now();
    assert_eq!(rig.cap(1, 300), Err(Refusal::Late), "what was not begun is not done later");
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(rig.cap(0, 350), Ok((W(350), W(350))));
    let at = rig.sample(2).at;
    rig.until("the others are read on", |rig| rig.sample(2).at.since(at) > Span::from_millis(300));
    rig.bench.slow(1, Duration::ZERO);
    rig.until("it answers again", |rig| rig.sample(1).condition == Condition::Well);
    assert_eq!(rig.bench.requested(1), 700_000, "the wish that came too late was never written");
    assert_eq!(rig.cap(1, 300), Ok((W(300), W(300))));
}

#[test]
fn a_power_brake_is_told_as_why_a_gpu_is_slow() {
    let rig = Rig::new(&[Card::H100]);
    rig.bench.demand(0, 600.0);
    rig.bench.power_brake(0, true);
    rig.until("the brake is told", |rig| rig.sample(0).throttle.is_some_and(|t| t.any(Throttle::POWER_BRAKE)));
}

#[test]
fn clocks_are_locked_and_freed() {
    let rig = Rig::new(&[Card::H100]);
    rig.bench.demand(0, 650.0);
    rig.until("it draws", |rig| rig.bench.power_now(0) > 600.0);
    rig.gpus.set(rig.uuid(0), Wish::Clocks(Some((900, 900)))).expect("locked");
    rig.until("it is slower", |rig| rig.bench.power_now(0) < 450.0);
    rig.gpus.set(rig.uuid(0), Wish::Clocks(None)).expect("freed");
    rig.until("it is as fast as before", |rig| rig.bench.power_now(0) > 600.0);
    rig.gpus.set(rig.uuid(0), Wish::Persistence(true)).expect("persistent");
    rig.until("it stays loaded", |rig| rig.sample(0).persistent == Some(true));
}

#[test]
fn a_library_that_is_not_there_is_named_with_the_remedy() {
    let path = PathBuf::from("/nowhere/libnvidia-ml.so.1");
    let gpus = open(Settings { library: Some(path), ..Settings::default() });
    assert!(!gpus.wait(Duration::from_millis(300)));
    let why = gpus.driver().why.expect("told");
    assert!(why.contains("/nowhere/libnvidia-ml.so.1") && why.contains("`library`"), "{why}");
}

#[test]
fn the_command_line_shows_what_the_driver_says_and_changes_nothing() {
    let rig = Rig::new(&[Card::H100; 2]);
    let run = |args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_wattloop"));
        command.args(args).arg("--library").arg(rig.bench.library()).output().expect("runs")
    };
    let page = run(&["gpus", "--watch", "500ms"]);
    let text = String::from_utf8_lossy(&page.stdout).into_owned();
    assert!(page.status.success(), "{text}{}", String::from_utf8_lossy(&page.stderr));
    for part in [rig.bench.uuid(0).as_str(), "NVIDIA H100", "cap 700 W kept 700 W of 200 to 700.0 W", "power moves"] {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
    let json: serde_json::Value = serde_json::from_slice(&run(&["gpus", "--json"]).stdout).expect("JSON");
    assert_eq!(json["gpus"].as_array().map(Vec::len), Some(2));
    assert_eq!((rig.bench.sets(0).0, rig.bench.sets(1).0), (0, 0));
    rig.bench.lose(1);
    let page = run(&["gpus"]);
    assert_eq!(page.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&page.stdout).contains("1 more that the driver counts"), "{page:?}");
    rig.bench.unload();
    assert_eq!(run(&["gpus"]).status.code(), Some(69));
}
