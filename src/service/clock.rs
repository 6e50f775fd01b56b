//! The only reader of clocks. Everything else gets time as an argument.
//!
//! ```text
//!              drift > 2 s between two scans, or before 2020
//!   Trusted ─────────────────────────────────────────────▶ Doubted { until }
//!      ▲                                                        │ another jump: from then on
//!      └──────────── steady for the settling time ◀─────────────┘
//! ```
//!
//! A start is not the beginning of time: what the record says of both clocks counts, so that a wall clock that was put wrong while nobody looked, or that begins anew
//! with a dead battery, is not believed for having been read only once.
//!
//! A jump is a difference between what the wall clock and the monotonic clock say has passed. Loops run on the
//! monotonic clock and do not notice; what runs by the wall (tariffs, months) must know.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use plant::convert;
use plant::time::{Mono, Span, Wall};

/// A larger difference between wall and monotonic time than this is a jump.
const JUMP: Span = Span::from_secs(2);

/// How far both may drift apart while nobody looks, of the time that passes: what is slewed is no jump (1 ms in this many).
const SLEWED: i128 = 1000;

/// How long a wall clock must be steady that is behind the record's end after another run of the machine: it has lost its time, or the record was ahead of it.
const BEHIND: Span = Span::from_secs(3600);

/// 2020-01-01T00:00:00Z (ms): a machine that believes in an earlier time has lost its clock.
const EARLIEST: Wall = Wall(1_577_836_800_000);

/// Where the time comes from: the machine, or a test.
pub trait Source: Send {
    /// Monotonic time since the start of this source.
    fn mono(&self) -> Mono;
    /// Wall time.
    fn wall(&self) -> Wall;
}

/// The machine's clocks.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    start: Instant,
    /// Monotonic time of the machine at `start`.
    uptime: Span,
}

impl Machine {
    /// Starts counting now.
    #[must_use]
    pub fn start() -> Self {
        Self { start: Instant::now(), uptime: uptime().unwrap_or(Span::ZERO) }
    }

    /// The instant of the standard library for a monotonic time of this run: what to sleep until.
    #[must_use]
    pub fn instant(&self, at: Mono) -> Instant {
        self.start.checked_add(at.since(Mono(self.uptime.nanos())).duration()).unwrap_or(self.start)
    }

    /// Monotonic time that goes on while the machine is suspended, the same for every process of this run of the machine (10 ms resolution): for what others
    /// count on meanwhile. Where the system does not say, it stands still while suspended, as [`Source::mono`] does.
    #[must_use]
    pub fn awake_or_not(&self) -> Mono {
        uptime().map_or_else(|| self.mono(), |up| Mono(up.nanos()))
    }

    /// A copyable reader of monotonic time, for adapters' stamps.
    pub fn stamp(self) -> impl Fn() -> Mono + Send + Sync + Copy + 'static {
        move || self.mono()
    }
}

impl Source for Machine {
    fn mono(&self) -> Mono {
        Mono(self.uptime.nanos().saturating_add(convert::nanos_u64(self.start.elapsed())))
    }

    fn wall(&self) -> Wall {
        let since = |d: Duration| i64::try_from(d.as_millis()).unwrap_or(i64::MAX);
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => Wall(since(after)),
            Err(before) => Wall(since(before.duration()).saturating_neg()),
        }
    }
}

/// A reading of both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Monotonic time.
    pub mono: Mono,
    /// Wall time.
    pub wall: Wall,
    /// False while the wall clock may be wrong.
    pub trusted: bool,
}

/// Both clocks, with a judgement of the wall's.
#[derive(Debug)]
pub struct Clock<S = Machine> {
    source: S,
    settle: Span,
    judged: Mutex<Judged>,
}

/// What is remembered from one reading to the next.
#[derive(Debug)]
struct Judged {
    last: Option<(Mono, Wall)>,
    trust: Trust,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    Trusted,
    Doubted { until: Mono },
}

/// What the record says of both clocks at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Both, and whether the wall's was believed.
    pub now: Now,
    /// In this run of the machine: monotonic time has gone on since.
    pub same_run: bool,
}

impl Clock<Machine> {
    /// The machine's clocks; a doubted wall clock must be steady for five minutes.
    #[must_use]
    pub fn machine() -> Self {
        Self::new(Machine::start(), Span::from_secs(300))
    }
}

impl<S: Source> Clock<S> {
    /// Clocks from a source; after a jump the wall must be steady for `settle` before it is trusted again.
    #[must_use]
    pub const fn new(source: S, settle: Span) -> Self {
        Self { source, settle, judged: Mutex::new(Judged { last: None, trust: Trust::Trusted }) }
    }

    /// Monotonic time.
    #[must_use]
    pub fn mono(&self) -> Mono {
        self.source.mono()
    }

    /// Wall time, as the machine believes.
    #[must_use]
    pub fn wall(&self) -> Wall {
        self.source.wall()
    }

    /// True while the wall clock is believed. Reads both clocks, as [`Clock::read`] does.
    #[must_use]
    pub fn trusted(&self) -> bool {
        self.read().trusted
    }

    /// Goes on from what the record says. The wall clock is doubted where it is not where it must be by now: in the same run of the machine by the monotonic
    /// clock, in another one where it is behind what it was.
    pub fn goes_on(&self, left: &Left) {
        let now = self.read();
        let believed = i128::from(now.wall.0).saturating_sub(i128::from(left.now.wall.0));
        let passed = i128::from(now.mono.since(left.now.mono).millis());
        let jump = i128::from(JUMP.millis());
        let (wrong, steady) = if left.same_run {
            let off = believed.saturating_sub(passed).saturating_abs();
            (!left.now.trusted || off > jump.saturating_add(passed / SLEWED), self.settle)
        } else {
            (believed < -jump, BEHIND)
        };
        if wrong {
            tracing::warn!(
                off_s = believed / 1000,
                "the wall clock is not where the record's end says that it must be: it is not trusted for a while"
            );
            self.judged.lock().unwrap_or_else(PoisonError::into_inner).trust =
                Trust::Doubted { until: now.mono.after(steady) };
        }
    }

    /// Where the time comes from.
    #[must_use]
    pub const fn source(&self) -> &S {
        &self.source
    }

    /// Reads both clocks and judges the wall's. Called at least once a scan.
    pub fn read(&self) -> Now {
        let mut judged = self.judged.lock().unwrap_or_else(PoisonError::into_inner);
        let (mono, wall) = (self.source.mono(), self.source.wall());
        let jumped = judged.last.is_some_and(|(m, w)| {
            let passed = i128::from(mono.since(m).millis());
            let believed = i128::from(wall.0).saturating_sub(i128::from(w.0));
            believed.abs_diff(passed) > u128::from(JUMP.millis())
        });
        judged.last = Some((mono, wall));
        judged.trust = match judged.trust {
            Trust::Trusted | Trust::Doubted { .. } if jumped || wall < EARLIEST => {
                Trust::Doubted { until: mono.after(self.settle) }
            }
            Trust::Doubted { until } if mono < until => Trust::Doubted { until },
            Trust::Trusted | Trust::Doubted { .. } => Trust::Trusted,
        };
        Now { mono, wall, trusted: judged.trust == Trust::Trusted }
    }
}

/// An instant (ms since 1970) as messages have it: RFC 3339, UTC; empty for one that no calendar has.
#[must_use]
pub fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| String::new(), |at| at.to_string())
}

/// Which run of the machine this is; nothing where the system does not say. Monotonic time goes on within a run.
#[must_use]
pub fn machine_run() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

/// How long the machine has run, suspended or not (10 ms resolution).
fn uptime() -> Option<Span> {
    let text = std::fs::read_to_string("/proc/uptime").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Span::from_seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn time_that_goes_on_while_suspended_is_near_monotonic_time_in_a_machine_that_is_not() {
        let clock = Machine::start();
        let (before, after) = (clock.awake_or_not(), clock.mono());
        let apart = Span::from_nanos(before.0.abs_diff(after.0));
        assert!(apart < Span::from_secs(1) && clock.awake_or_not() >= before, "{apart:?}");
    }

    #[derive(Clone)]
    struct Hand(Arc<Mutex<(u64, i64)>>);

    impl Hand {
        fn pass(&self, mono_ms: u64, wall_ms: i64) {
            let mut now = self.0.lock().unwrap();
            now.0 += mono_ms;
            now.1 += wall_ms;
        }
    }

    impl Source for Hand {
        fn mono(&self) -> Mono {
            Mono(self.0.lock().unwrap().0 * 1_000_000)
        }
        fn wall(&self) -> Wall {
            Wall(self.0.lock().unwrap().1)
        }
    }

    fn clock(wall_ms: i64) -> (Hand, Clock<Hand>) {
        let hand = Hand(Arc::new(Mutex::new((0, wall_ms))));
        (hand.clone(), Clock::new(hand, Span::from_secs(60)))
    }

    #[test]
    fn a_jump_either_way_is_doubted_until_the_clock_has_been_steady() {
        for jump in [3_600_000, -3_600_000, 2_500, -2_500] {
            let (hand, clock) = clock(1_790_000_000_000);
            assert!(clock.read().trusted);
            hand.pass(1000, 1000 + jump);
            assert!(!clock.read().trusted, "{jump}");
            for _ in 0..59 {
                hand.pass(1000, 1000);
                assert!(!clock.read().trusted, "{jump}");
            }
            hand.pass(1000, 1000);
            assert!(clock.read().trusted, "{jump}");
        }
    }

    #[test]
    fn a_slewed_clock_stays_trusted_and_a_second_jump_starts_anew() {
        let (hand, clock) = clock(1_790_000_000_000);
        for _ in 0..1000 {
            hand.pass(1000, 1001);
            assert!(clock.read().trusted);
        }
        hand.pass(1000, 10_000);
        assert!(!clock.read().trusted);
        hand.pass(50_000, 50_000);
        assert!(!clock.read().trusted);
        hand.pass(1000, -9_000);
        assert!(!clock.read().trusted);
        hand.pass(50_000, 50_000);
        assert!(!clock.read().trusted);
        hand.pass(10_000, 10_000);
        assert!(clock.read().trusted);
    }

    fn left(clock: &Clock<Hand>, same_run: bool) -> Left {
        Left { now: clock.read(), same_run }
    }

    /// The same clocks, read by another process that begins.
    fn begun_anew(hand: &Hand, left: &Left) -> Clock<Hand> {
        let clock = Clock::new(hand.clone(), Span::from_secs(60));
        clock.goes_on(left);
        clock
    }

    #[test]
    fn a_clock_that_was_put_wrong_while_nobody_looked_is_doubted_after_the_start() {
        for jump in [3_600_000, -3_600_000, 5_000, -5_000] {
            let (hand, clock) = clock(1_790_000_000_000);
            let left = left(&clock, true);
            hand.pass(600_000, 600_000 + jump);
            let again = begun_anew(&hand, &left);
            assert!(!again.read().trusted, "{jump}");
            hand.pass(59_000, 59_000);
            assert!(!again.read().trusted, "{jump}");
            hand.pass(1000, 1000);
            assert!(again.read().trusted, "{jump}");
        }
        // What is slewed in a day is no jump, and a doubt is not forgotten by a start.
        let (hand, clock) = clock(1_790_000_000_000);
        let kept = left(&clock, true);
        hand.pass(86_400_000, 86_443_000);
        assert!(begun_anew(&hand, &kept).read().trusted);
        hand.pass(1000, 9000);
        let doubted = left(&clock, true);
        assert!(!doubted.now.trusted);
        hand.pass(1000, 1000);
        assert!(!begun_anew(&hand, &doubted).read().trusted);
    }

    #[test]
    fn another_run_of_the_machine_that_begins_behind_the_record_is_doubted_for_an_hour_or_until_it_is_put_right() {
        let (hand, clock) = clock(1_790_000_000_000);
        let left = left(&clock, false);
        hand.pass(5000, 3_600_000);
        assert!(begun_anew(&hand, &left).read().trusted, "nobody knows how long it was off");
        hand.pass(5000, -7_200_000);
        let again = begun_anew(&hand, &left);
        for _ in 0..59 {
            hand.pass(60_000, 60_000);
            assert!(!again.read().trusted);
        }
        hand.pass(60_000, 60_000);
        assert!(again.read().trusted, "the record may have been ahead");
        hand.pass(5000, -7_200_000);
        let again = begun_anew(&hand, &left);
        hand.pass(1000, 7_200_000);
        assert!(!again.read().trusted);
        hand.pass(60_000, 60_000);
        assert!(again.read().trusted, "put right, and steady");
    }

    #[test]
    fn a_machine_that_believes_in_1970_is_doubted_from_the_start() {
        let (hand, clock) = clock(5_000);
        for _ in 0..200 {
            assert!(!clock.read().trusted);
            hand.pass(1000, 1000);
        }
    }

    #[test]
    fn monotonic_time_of_the_machine_goes_forward() {
        let clock = Clock::machine();
        let first = clock.mono();
        assert!(clock.mono() >= first);
        assert!(clock.wall() > EARLIEST);
        assert!(clock.source().instant(Mono(5)) >= clock.source().instant(Mono(0)));
    }
}
