//! Boards that read wrong, beside the meters of their racks.

use plant::hall::power::Power;

use super::super::calibration::{Calibration, ONE, at_meter, by_board};
use super::*;

/// Numbers from 0 to 1 that are the same in each run.
fn dice(n: u64) -> f64 {
    chance(n, 7)
}

/// A share by which each board is off: 5 % either way.
fn off(gpu: usize) -> f64 {
    1.0 + 0.1 * (dice(convert::u64_from_usize(gpu)) - 0.5)
}

/// One rack's boards and its meter, by hand.
struct Bench {
    power: Power,
    nodes: Vec<Vec<usize>>,
    now: Vec<Now>,
    of: Calibration,
    events: Vec<Event>,
    at: u64,
}

impl Bench {
    fn new() -> Self {
        let hall = hall("\n[capping]\n");
        let power = hall.power.clone();
        let mut nodes = vec![Vec::new(); power.racks.len()];
        power.nodes.iter().enumerate().for_each(|(n, node)| nodes[node.rack].push(n));
        let rated = Milliwatts::from_watts(700);
        let now = vec![Now { ours: true, draws: Some(Milliwatts(0)), rated, ..Now::default() }; power.gpus()];
        Self { of: Calibration::new(&power), power, nodes, now, events: Vec::new(), at: 0 }
    }

    fn gpus(&self) -> Vec<usize> {
        self.nodes[0].iter().flat_map(|node| self.power.nodes[*node].places()).collect()
    }

    /// A second with these boards' readings (W) and what the first rack's meter makes of them.
    fn second(&mut self, reads: &[f64], meter: impl Fn(f64) -> f64, gain: impl Fn(usize) -> f64) {
        self.at += 1;
        let gpus = self.gpus();
        let mut real = 0.0;
        for (gpu, reads) in gpus.iter().zip(reads) {
            self.now[*gpu].draws = Some(milliwatts(Watts(*reads)));
            real += reads * gain(*gpu);
        }
        let read = meter(real / self.power.nodes[self.nodes[0][0]].supplies);
        let tick = Tick {
            seq: self.at,
            dt: SECOND,
            mono: Mono(self.at * 1_000_000_000),
            wall: Wall(0),
            clock_trusted: true,
            boot: 1,
        };
        let mut news = News::new(tick, &mut self.events);
        let of = (self.now.as_slice(), |gpu: usize| Some(name(gpu)));
        self.of.step((&self.power, &self.nodes), of, |rack| (rack == 0).then_some(Watts(read)), (SECOND, &mut news));
    }

    /// Hours in which each GPU begins and ends work by itself.
    fn live(&mut self, hours: u64, meter: impl Fn(f64) -> f64 + Copy, gain: impl Fn(usize) -> f64 + Copy) {
        let many = self.gpus().len();
        for second in 0..hours * 3600 {
            let work = |n: usize| {
                let spell = (second + 97 * convert::u64_from_usize(n)) / 300;
                if dice(spell * 1000 + convert::u64_from_usize(n)) < 0.5 { 90.0 } else { 600.0 }
            };
            let reads: Vec<f64> = (0..many).map(work).collect();
            self.second(&reads, meter, gain);
        }
    }
}

#[test]
fn each_board_is_known_by_what_its_rack_really_draws() {
    let mut bench = Bench::new();
    // Fans and processors follow with a sixth of what GPUs draw, and five kilowatts are always there.
    bench.live(12, |gpus| 5000.0 + 1.16 * gpus, off);
    let gpus = bench.gpus();
    let before: f64 = gpus.iter().map(|gpu| (off(*gpu) - 1.0).abs()).sum();
    let after: f64 = gpus.iter().map(|gpu| (1.0 / bench.of.reads(*gpu) - off(*gpu)).abs()).sum();
    assert!(after < 0.35 * before, "off by {after} where they were by {before}");
    assert!(bench.events.is_empty(), "{:?}", bench.events);
    let counts = |gpu: usize| convert::f64_from_u64(bench.of.gain(0, gpu)) / 1e6;
    assert!(gpus.iter().all(|gpu| (counts(*gpu) * bench.of.reads(*gpu) - 1.0).abs() < 1e-5));
    let other = bench.power.gpus() - 1;
    assert_eq!(bench.of.gain(bench.power.racks.len() - 1, other), ONE, "nobody reads the meters of others");
}

#[test]
fn where_all_rise_together_no_board_is_blamed_for_what_follows_them() {
    let mut bench = Bench::new();
    let many = bench.gpus().len();
    for second in 0..12 * 3600_u64 {
        let reads = vec![if second / 400 % 2 == 0 { 100.0 } else { 650.0 }; many];
        bench.second(&reads, |gpus| 4000.0 + 1.25 * gpus, |_| 1.0);
    }
    for gpu in bench.gpus() {
        assert!((bench.of.reads(gpu) - 1.0).abs() < 0.01, "{}", bench.of.reads(gpu));
    }
}

#[test]
fn a_meter_that_shows_less_than_its_boards_is_told_and_makes_no_room() {
    let mut bench = Bench::new();
    bench.live(6, |gpus| 5000.0 + 0.7 * gpus, |_| 1.0);
    let told: Vec<What> = bench.events.iter().map(|event| event.what).collect();
    assert_eq!(told, [What::ReadingsApart(true)]);
    assert!(bench.gpus().into_iter().all(|gpu| bench.of.gain(0, gpu) >= ONE));
    bench.live(24, |gpus| 5000.0 + 1.1 * gpus, |_| 1.0);
    assert_eq!(bench.events.last().map(|event| event.what), Some(What::ReadingsApart(false)));
}

#[test]
fn another_board_in_the_same_place_begins_anew() {
    let mut bench = Bench::new();
    bench.live(12, |gpus| 5000.0 + 1.1 * gpus, |_| 1.05);
    let gpu = bench.gpus()[0];
    assert_ne!(bench.of.gain(0, gpu), ONE);
    let tick = Tick { seq: 0, dt: SECOND, mono: Mono(0), wall: Wall(0), clock_trusted: true, boot: 1 };
    let of = (bench.now.as_slice(), |place: usize| Some(if place == gpu { name(usize::MAX) } else { name(place) }));
    let mut news = News::new(tick, &mut bench.events);
    bench.of.step((&bench.power, &bench.nodes), of, |_| Some(Watts(9000.0)), (SECOND, &mut news));
    assert_eq!(bench.of.gain(0, gpu), ONE);
}

/// A field whose boards are off, for some hours of work that comes and goes.
fn lived(gain: impl Fn(usize) -> f64) -> Field {
    let mut field = Field::new(TENANTS);
    field.gains = Some((0..field.hall.power.gpus()).map(gain).collect());
    for second in 0..2 * 3600_u64 {
        if second % 150 == 0 {
            for (gpu, natural) in field.natural.iter_mut().enumerate() {
                let busy = dice(second * 1000 + convert::u64_from_usize(gpu)) < 0.5;
                *natural = if busy { 650_000 } else { 90_000 };
            }
        }
        field.second();
    }
    field.natural.fill(650_000);
    (0..240).for_each(|_| field.second());
    field
}

#[test]
fn caps_of_boards_that_read_too_little_are_lower_by_that() {
    let field = lived(off);
    let (load, limit) = field.ups();
    assert!((0.92..0.97).contains(&(load / limit)), "{load} of {limit}");
    field.holds().unwrap_or_else(|fault| panic!("{fault}"));
    let views = field.views();
    let mean = |of: &dyn Fn(f64) -> bool| {
        let held = views.iter().filter(|view| view.held == "limit" && of(1.0 / view.reads));
        let caps: Vec<f64> = held.filter_map(|view| view.granted_w).collect();
        caps.iter().sum::<f64>() / convert::f64_from_usize(caps.len())
    };
    let (much, little) = (mean(&|gain| gain < 0.99), mean(&|gain| gain > 1.01));
    assert!(little < 0.995 * much, "{little} W where boards read too little, {much} W where they read too much");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// A cap is never worth more at the meter than what was given out, nor less than a milliwatt of the board below.
    #[test]
    fn a_cap_by_the_board_is_never_more_at_the_meter(watts in 0..2_000_000_u64, gain in 920_000..1_080_001_u64) {
        let (given, cap) = (Milliwatts(watts), by_board(Milliwatts(watts), gain));
        prop_assert!(at_meter(cap, gain) <= given && at_meter(Milliwatts(cap.0 + 1), gain) > given);
        prop_assert!(by_board(at_meter(given, gain), gain) >= given);
        prop_assert_eq!(by_board(at_meter(given, ONE), ONE), given);
    }

    /// Whatever is read, what counts is near one.
    #[test]
    fn no_reading_leads_it_far(reads in proptest::collection::vec((0.0..2e4_f64, -1e6..1e6_f64), 1..40)) {
        let mut bench = Bench::new();
        let many = bench.gpus().len();
        for (n, (each, meter)) in reads.iter().enumerate() {
            for _ in 0..61 {
                bench.second(&vec![*each * dice(convert::u64_from_usize(n)); many], |_| *meter, |_| 1.0);
            }
        }
        for gpu in bench.gpus() {
            prop_assert!((920_000..=1_080_000).contains(&bench.of.gain(0, gpu)));
            prop_assert!(bench.of.reads(gpu).is_finite());
        }
    }
}
