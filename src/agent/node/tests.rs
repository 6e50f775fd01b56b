use plant::gpu::{Condition, GpuSample, PowerReading, PowerSource};
use plant::lease::Rule;

use super::super::hold::SAME;
use super::*;

mod ends;
mod lives;

const W: fn(u32) -> Milliwatts = Milliwatts::from_watts;

const BOUNDS: Bounds = Bounds {
    failsafe: Milliwatts::from_watts(300),
    floor: Milliwatts::from_watts(200),
    ceiling: Milliwatts::from_watts(650),
    longest: Span::from_secs(60),
    assert_every: Span::from_secs(1),
};

fn uuid(n: usize) -> Uuid {
    Uuid::from_bits(u128::try_from(n).expect("few") + 1)
}

/// A board as a driver has it.
#[derive(Clone, Copy, Debug)]
struct Board {
    configured: Milliwatts,
    out_of_band: Option<Milliwatts>,
    condition: Condition,
    /// What somebody else lowered it to; nobody may raise it over that.
    foreign: Option<Milliwatts>,
    follows: bool,
}

/// Four boards and a node's agent.
struct Bench {
    now: Mono,
    driver: u64,
    boards: [Board; 4],
    node: Node,
    sequence: u64,
    /// When a lease last ended or was given, for each GPU.
    leased: [Mono; 4],
    released: bool,
    /// What is on disk.
    saved: NodeMemory,
}

impl Bench {
    fn new() -> Self {
        let board =
            Board { configured: W(700), out_of_band: None, condition: Condition::Well, foreign: None, follows: true };
        Self {
            now: Mono(1),
            driver: 1,
            boards: [board; 4],
            node: Node::new(BOUNDS),
            sequence: 0,
            leased: [Mono(0); 4],
            released: false,
            saved: NodeMemory::default(),
        }
    }

    fn limits(&self, n: usize) -> PowerLimits {
        let board = self.boards[n];
        PowerLimits {
            configured: Some(board.configured),
            enforced: Some(board.out_of_band.map_or(board.configured, |o| o.min(board.configured))),
            default: Some(W(700)),
            least: Some(W(200)),
            most: Some(W(700)),
        }
    }

    fn enforced(&self, n: usize) -> Milliwatts {
        self.limits(n).enforced.expect("told")
    }

    fn readable(&self, n: usize) -> bool {
        self.boards[n].condition == Condition::Well
    }

    /// A tenth of a second: all are read, then what is due is written.
    fn step(&mut self) -> Vec<Write> {
        let writes = self.live(false);
        self.saved = self.node.memory(&[]);
        writes
    }

    /// The same; an agent that `dies` does not live to see what came of its writes.
    fn live(&mut self, dies: bool) -> Vec<Write> {
        self.now = self.now.after(Span::from_millis(100));
        for n in 0..4 {
            let condition = self.boards[n].condition;
            let nothing = GpuSample { condition, driver: self.driver, ..GpuSample::default() };
            let read = GpuSample {
                at: self.now,
                power: Some(PowerReading { draw: W(250), source: PowerSource::Momentary }),
                limits: self.limits(n),
                ..nothing
            };
            let sample = if condition == Condition::Well { read } else { nothing };
            self.node.see(uuid(n), sample, self.now);
        }
        let writes = self.node.due(self.now);
        self.check(&writes);
        self.saved = self.node.memory(&writes);
        for write in &writes {
            let n = (0..4).find(|n| uuid(*n) == write.uuid).expect("ours");
            let board = &mut self.boards[n];
            if board.follows {
                board.configured = write.limit;
            }
            if board.follows && !dies {
                let limits = self.limits(n);
                self.node.wrote(write, &limits, self.now);
            } else {
                self.node.failed(write, self.now);
            }
        }
        writes
    }

    /// What holds for every batch of writes.
    fn check(&self, writes: &[Write]) {
        let falling = (0..4).any(|n| {
            let wanted = self.node.gpus[&uuid(n)].hold.wanted();
            self.readable(n) && wanted.is_some_and(|w| self.enforced(n) > w + SAME)
        });
        for write in writes {
            let n = (0..4).find(|n| uuid(*n) == write.uuid).expect("ours");
            assert!(self.readable(n), "who cannot be read is not written");
            assert!(!falling || write.limit < self.enforced(n) + SAME, "{write:?} rises while another has to fall");
            assert!(write.limit <= W(700) && write.limit >= W(200), "{write:?} is nothing that the board takes");
            assert!(write.limit <= BOUNDS.ceiling, "{write:?} is above the ceiling");
            if !self.released {
                assert!(
                    self.boards[n].foreign.is_none_or(|f| write.limit <= f + SAME),
                    "{write:?} is above somebody else's limit"
                );
            }
        }
    }

    fn grant(&mut self, n: usize, cap: Milliwatts, lease: Span) -> Taken {
        self.sequence += 1;
        let grant = Grant { uuid: uuid(n), cap, lease, epoch: 1, sequence: self.sequence, clock_mhz: None };
        let taken = self.node.grant(&grant, (self.now, self.now));
        if matches!(taken, Taken::Granted { .. }) {
            self.leased[n] = self.now.after(lease);
        }
        taken
    }

    fn run(&mut self, span: Span) {
        for _ in 0..span.millis() / 100 {
            self.step();
        }
    }

    fn report(&mut self, n: usize) -> GpuReport {
        self.node.report(self.now, false)[n]
    }
}

#[test]
fn nobody_grants_and_all_go_to_the_fail_safe_at_once() {
    let mut bench = Bench::new();
    bench.boards[3].configured = W(250);
    assert_eq!(bench.step().len(), 3, "one is lower already, and stays");
    let enforced: Vec<_> = (0..4).map(|n| bench.enforced(n)).collect();
    assert_eq!(enforced, [W(300), W(300), W(300), W(250)]);
    assert!(bench.step().is_empty(), "what stands is not written again");
}

#[test]
fn a_lease_that_ends_leaves_the_lower_of_its_cap_and_the_fail_safe() {
    let mut bench = Bench::new();
    bench.step();
    assert_eq!(bench.grant(0, W(500), Span::from_secs(10)), Taken::Granted { cap: W(500) });
    bench.grant(1, W(220), Span::from_secs(10));
    bench.step();
    assert_eq!((bench.enforced(0), bench.enforced(1)), (W(300), W(220)), "what falls is seen to fall first");
    bench.step();
    assert_eq!((bench.enforced(0), bench.report(0).rule), (W(500), Rule::Lease));
    bench.run(Span::from_millis(9700));
    assert_eq!(bench.enforced(0), W(500));
    bench.run(Span::from_millis(300));
    assert_eq!((bench.enforced(0), bench.enforced(1), bench.report(0).rule), (W(300), W(220), Rule::FailSafe));
    assert_eq!(bench.node.news().iter().filter(|(_, n)| *n == News::Expired).count(), 2);
}

#[test]
fn what_is_older_held_or_without_a_lease_is_refused() {
    let mut bench = Bench::new();
    bench.step();
    let grant = |cap, lease, epoch, sequence| Grant { uuid: uuid(0), cap, lease, epoch, sequence, clock_mhz: None };
    bench.run(Span::from_secs(20));
    let (now, ten) = (bench.now, Span::from_secs(10));
    assert_eq!(bench.node.grant(&grant(W(400), ten, 2, 7), (now, now)), Taken::Granted { cap: W(400) });
    assert_eq!(bench.node.grant(&grant(W(600), ten, 2, 7), (now, now)), Taken::Older);
    assert_eq!(bench.node.grant(&grant(W(600), ten, 1, 9), (now, now)), Taken::Older);
    assert_eq!(
        bench.node.grant(&grant(W(600), ten, 3, 0), (now, now)),
        Taken::Granted { cap: W(600) },
        "a new start counts anew"
    );
    assert_eq!(bench.node.grant(&grant(W(600), Span::ZERO, 3, 1), (now, now)), Taken::BadLease);
    assert_eq!(bench.node.grant(&grant(W(600), Span::from_secs(61), 3, 1), (now, now)), Taken::BadLease);
    assert_eq!(
        bench.node.grant(&grant(W(5000), ten, 3, 1), (now, now)),
        Taken::Granted { cap: W(650) },
        "the file's ceiling"
    );
    assert_eq!(bench.node.grant(&grant(W(1), ten, 3, 2), (now, now)), Taken::Granted { cap: W(200) }, "and its floor");
    assert_eq!(bench.node.grant(&Grant { uuid: uuid(9), ..grant(W(1), ten, 3, 3) }, (now, now)), Taken::Unknown);
    let early = Mono(now.0 - ten.nanos());
    assert_eq!(bench.node.grant(&grant(W(400), ten, 3, 4), (early, now)), Taken::Late, "it was over when it came");
    bench.node.release();
    assert_eq!(bench.node.grant(&grant(W(400), ten, 4, 0), (now, now)), Taken::Held);
}

#[test]
fn a_lower_limit_of_somebody_else_is_told_and_never_raised() {
    let mut bench = Bench::new();
    bench.step();
    bench.grant(0, W(500), Span::from_secs(60));
    bench.run(Span::from_secs(1));
    bench.boards[0] = Board { configured: W(350), foreign: Some(W(350)), ..bench.boards[0] };
    bench.run(Span::from_secs(5));
    assert_eq!((bench.enforced(0), bench.report(0).rule), (W(350), Rule::Foreign));
    assert!(bench.node.news().contains(&(uuid(0), News::Lowered { to: W(350), from: W(500) })));
    bench.grant(0, W(600), Span::from_secs(60));
    bench.run(Span::from_secs(5));
    assert_eq!(bench.enforced(0), W(350));
    bench.boards[0] = Board { configured: W(700), foreign: None, ..bench.boards[0] };
    bench.run(Span::from_secs(1));
    assert_eq!((bench.enforced(0), bench.report(0).rule), (W(600), Rule::Lease));
    assert!(bench.node.news().contains(&(uuid(0), News::GivenBack)));
}

/// A GPU's thread sets a limit, answers, and reads; whoever decides may have looked for the answer before it came, and for the reading after.
#[test]
fn a_limit_of_ours_that_is_read_before_it_is_answered_is_nobody_elses() {
    let mut bench = Bench::new();
    bench.step();
    bench.grant(0, W(600), Span::from_secs(60));
    bench.run(Span::from_secs(1));
    let read_first = |bench: &mut Bench, configured: Milliwatts| {
        bench.now = bench.now.after(Span::from_millis(100));
        let write = bench.node.due(bench.now)[0];
        bench.node.asked(&write, bench.now);
        bench.boards[0].configured = configured;
        bench.step();
        let limits = bench.limits(0);
        bench.node.wrote(&write, &limits, bench.now);
    };
    for cap in [W(210), W(600), W(220)] {
        bench.grant(0, cap, Span::from_secs(60));
        read_first(&mut bench, cap);
        bench.run(Span::from_secs(1));
        assert_eq!((bench.enforced(0), bench.report(0).rule), (cap, Rule::Lease), "{:?}", bench.node.news());
        assert_eq!(bench.node.news(), []);
    }
    // One that nobody ever answers comes late, after another was asked for.
    for cap in [W(500), W(400)] {
        bench.grant(0, cap, Span::from_secs(60));
        let write = bench.node.due(bench.now)[0];
        bench.node.asked(&write, bench.now);
    }
    bench.boards[0].configured = W(500);
    bench.run(Span::from_secs(2));
    assert_eq!((bench.enforced(0), bench.report(0).rule), (W(400), Rule::Lease));
    let contended = News::Contended { enforced: W(500), wanted: W(400) };
    assert_eq!(bench.node.news(), [(uuid(0), contended), (uuid(0), News::Kept)], "late, and nobody else's");
    // Whoever else lowers it is told all the same, and who gives it back to what we wanted gives it back.
    bench.boards[0] = Board { configured: W(350), foreign: Some(W(350)), ..bench.boards[0] };
    bench.run(Span::from_secs(1));
    assert_eq!(bench.report(0).rule, Rule::Foreign);
    bench.boards[0] = Board { configured: W(400), foreign: None, ..bench.boards[0] };
    bench.run(Span::from_secs(1));
    assert_eq!((bench.enforced(0), bench.report(0).rule), (W(400), Rule::Lease), "{:?}", bench.node.news());
}

#[test]
fn a_limit_that_somebody_raises_is_set_again_at_once_and_told() {
    let mut bench = Bench::new();
    bench.run(Span::from_secs(1));
    bench.boards[2].configured = W(700);
    bench.step();
    assert_eq!(bench.enforced(2), W(300));
    assert!(bench.node.news().contains(&(uuid(2), News::Raised { to: W(700), from: W(300) })));
}

#[test]
fn a_driver_that_starts_anew_is_no_foreign_writer() {
    let mut bench = Bench::new();
    bench.grant(0, W(450), Span::from_secs(60));
    bench.run(Span::from_secs(1));
    bench.grant(0, W(450), Span::from_secs(60));
    bench.run(Span::from_secs(1));
    bench.node.news();
    bench.driver = 2;
    bench.boards.iter_mut().for_each(|b| b.configured = W(700));
    bench.run(Span::from_millis(300));
    assert_eq!((bench.enforced(0), bench.enforced(1)), (W(450), W(300)));
    let news = bench.node.news();
    assert_eq!(news.iter().filter(|(_, n)| *n == News::DriverAnew).count(), 4, "{news:?}");
}

#[test]
fn a_board_that_does_not_follow_is_asked_once_a_second_and_lets_nobody_rise() {
    let mut bench = Bench::new();
    bench.boards[0].follows = false;
    let writes: usize = (0..50).map(|_| bench.step().iter().filter(|w| w.uuid == uuid(0)).count()).sum();
    assert_eq!(writes, 5);
    bench.grant(1, W(600), Span::from_secs(60));
    bench.run(Span::from_secs(5));
    assert_eq!(bench.enforced(1), W(300));
    assert!(bench.report(0).contended && bench.report(0).at_most == Some(W(700)), "counted at what is enforced");
    bench.boards[0].follows = true;
    bench.run(Span::from_secs(2));
    assert_eq!((bench.enforced(0), bench.enforced(1)), (W(300), W(600)));
}

#[test]
fn a_gpu_off_its_bus_holds_up_nobody_and_is_counted_at_what_it_bears() {
    let mut bench = Bench::new();
    bench.run(Span::from_secs(1));
    bench.boards[0].condition = Condition::Lost;
    bench.grant(1, W(600), Span::from_secs(60));
    bench.run(Span::from_secs(1));
    assert_eq!(bench.enforced(1), W(600));
    assert_eq!(bench.report(0).condition, Condition::Lost);
}

#[test]
fn a_clock_is_locked_for_as_long_as_its_lease_and_freed_once_the_cap_has_fallen() {
    let mut bench = Bench::new();
    bench.run(Span::from_secs(1));
    let grant = |epoch, clock_mhz| Grant {
        uuid: uuid(0),
        cap: W(600),
        lease: Span::from_secs(2),
        epoch,
        sequence: 0,
        clock_mhz,
    };
    let now = bench.now;
    assert_eq!(bench.node.grant(&grant(1, Some(50)), (now, now)), Taken::BadClock);
    assert!(matches!(bench.node.grant(&grant(2, Some(1200)), (now, now)), Taken::Granted { .. }));
    assert_eq!(bench.node.clocks_due(now), [(uuid(0), Some(1200))]);
    assert_eq!(bench.node.memory(&[]).gpus[&uuid(0)].clock_mhz, Some(1200), "known before it is locked");
    bench.node.clocked((uuid(0), Some(1200)), false, now);
    assert!(bench.node.clocks_due(now).is_empty(), "what the board does not take is asked for once a second");
    bench.run(Span::from_millis(1100));
    bench.node.clocked((uuid(0), Some(1200)), true, bench.now);
    assert!(bench.node.clocks_due(bench.now).is_empty());
    let memory = bench.node.memory(&[]);
    bench.boards[0].follows = false;
    bench.run(Span::from_secs(3));
    assert!(bench.node.clocks_due(bench.now).is_empty(), "its cap has not fallen");
    bench.boards[0].follows = true;
    bench.run(Span::from_secs(2));
    assert_eq!(bench.node.clocks_due(bench.now), [(uuid(0), None)]);
    bench.node = Node::remembered(BOUNDS, &memory);
    bench.run(Span::from_secs(2));
    assert_eq!(bench.node.clocks_due(bench.now), [(uuid(0), None)], "nothing is stranded over a restart");
    let now = bench.now;
    assert!(matches!(bench.node.grant(&grant(3, Some(1200)), (now, now)), Taken::Granted { .. }));
    assert_eq!(bench.node.clocks_due(now), [(uuid(0), Some(1200))], "a fail-safe may have freed it meanwhile");
}

#[test]
fn means_and_peaks_begin_anew_with_a_report_and_not_with_a_look() {
    let mut bench = Bench::new();
    bench.run(Span::from_secs(1));
    let look = bench.report(0);
    assert_eq!((look.power, look.peak), (Some(W(250)), Some(W(250))));
    assert_eq!(bench.node.gpus[&uuid(0)].seen.readings, 10);
    bench.node.report(bench.now, true);
    assert_eq!(bench.node.gpus[&uuid(0)].seen, Seen::default());
    assert_eq!(bench.report(0).power, Some(W(250)), "between two readings it is the newest");
}
