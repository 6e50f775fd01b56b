use super::*;
use crate::compute::arrivals::{Generator, Mix, trace};
use crate::compute::gpu::Device;
use crate::compute::gpu::rate::Rates;

fn cluster(nodes: usize) -> (Cluster, Cadence) {
    let build = Build::boxed(Device::H100, 10.0);
    (Cluster::new(build, nodes, 7, 25.0), Cadence::new(&build, Rates::clocked(&build.device), 1.0))
}

const COOL: Around = Around { inlet: 25.0, liquid: None, live: true };

fn job(nodes: usize, length: f64, kind: Kind) -> Arrival {
    Arrival { submit: 0.0, nodes, length, kind }
}

#[test]
fn jobs_start_in_order_on_the_first_free_nodes() {
    let (mut hall, cadence) = cluster(10);
    for (nodes, length) in [(4, 100.0), (4, 50.0), (4, 100.0), (1, 10.0)] {
        hall.submit(job(nodes, length, Kind::Decode));
    }
    hall.submit(job(11, 10.0, Kind::Decode));
    hall.step(&cadence, |_| COOL);
    let owners = |hall: &Cluster| (0..10).map(|n| hall.job_of(n)).collect::<Vec<_>>();
    assert_eq!(owners(&hall)[..8], [Some(0), Some(0), Some(0), Some(0), Some(1), Some(1), Some(1), Some(1)]);
    assert_eq!((hall.waiting(), hall.job_of(8), hall.totals().jobs), (2, None, (2, 0, 1)));
    for _ in 0..50 {
        hall.step(&cadence, |_| COOL);
    }
    // The second is done after 50 s; the third takes its nodes, the fourth the next free one.
    assert_eq!(owners(&hall)[4..9], [Some(2), Some(2), Some(2), Some(2), Some(3)]);
}

#[test]
fn a_cap_takes_work_and_time_and_the_loss_is_counted() {
    let time = |cap: Option<f64>, kind| {
        let (mut hall, cadence) = cluster(2);
        hall.submit(job(2, 600.0, kind));
        if let Some(cap) = cap {
            (0..2).for_each(|n| hall.cap(n, cap));
        }
        let mut seconds = 0;
        while hall.totals().jobs.1 == 0 {
            hall.step(&cadence, |_| COOL);
            seconds += 1;
        }
        (seconds, *hall.totals())
    };
    let (free, at_ease) = time(None, Kind::Training);
    // A GPU that draws a little more than its fellows meets its rated power at full work, and holds all of them up.
    assert!((600..612).contains(&free) && at_ease.lost < 0.02 * at_ease.busy, "{free} {at_ease:?}");
    let (capped, totals) = time(Some(400.0), Kind::Training);
    assert!(capped > 700, "{capped}");
    assert!((totals.worked + totals.lost - totals.busy).abs() < 1e-9 * totals.busy);
    assert!((totals.worked - 16.0 * 600.0 / 3600.0).abs() < 16.0 / 3600.0, "the work itself is the same: {totals:?}");
    assert!((totals.lost - 16.0 * f64::from(capped - 600) / 3600.0).abs() < 16.0 / 3600.0, "{totals:?}");
    let (decoding, _) = time(Some(400.0), Kind::Decode);
    assert_eq!(decoding, 600, "decoding stays below such a cap");
}

/// A job's clock runs at the pace that its caps leave it, within a step too: what they cost hardly depends on the step.
#[test]
fn a_second_at_once_is_ten_tenths_one_by_one() {
    let run = |dt: f64| {
        let (mut hall, _) = cluster(20);
        let cadence = Cadence::new(hall.build(), Rates::clocked(&hall.build().device), dt);
        for n in 0..20 {
            hall.submit(job(1, 1e6, if n % 2 == 0 { Kind::Training } else { Kind::Serving }));
        }
        (0..20).for_each(|n| hall.cap(n, 400.0));
        let (mut energy, mut at) = (0.0, 0.0);
        while at < 1800.0 {
            energy += dt * hall.step(&cadence, |_| COOL).power;
            at += dt;
        }
        (energy, hall.totals().lost, hall.nodes()[0].chassis)
    };
    let (fine, coarse) = (run(0.1), run(1.0));
    assert!((coarse.0 / fine.0 - 1.0).abs() < 0.005, "{coarse:?} {fine:?}");
    assert!((coarse.1 / fine.1 - 1.0).abs() < 0.03, "{coarse:?} {fine:?}");
    assert!((coarse.2 - fine.2).abs() < 0.2, "{coarse:?} {fine:?}");
}

#[test]
fn a_dead_feed_stops_the_job_on_it() {
    let (mut hall, cadence) = cluster(4);
    hall.submit(job(4, 600.0, Kind::Training));
    for _ in 0..10 {
        hall.step(&cadence, |n| Around { live: n != 3, ..COOL });
    }
    assert_eq!(hall.running().next().expect("it runs").done, 0.0);
    assert!((hall.totals().lost - hall.totals().busy).abs() < 1e-12);
}

#[test]
fn same_seed_same_bits_and_the_books_close_over_a_busy_hour() {
    let mix = Mix {
        per_day: 2000.0,
        swing: 0.5,
        peak_hour: 14.0,
        length: (300.0, 1.0),
        sizes: vec![(1, 6.0), (4, 3.0), (16, 1.0)],
        kinds: [(Kind::Training, 0.5), (Kind::Serving, 0.3), (Kind::Prefill, 0.1), (Kind::Decode, 0.1)],
    };
    let run = || {
        let ((mut hall, cadence), mut coming) = (cluster(20), Generator::new(mix.clone(), 3, 9.0));
        let (mut before, mut worst) = (hall.stored(), 0.0f64);
        for second in 0..3600 {
            while let Some(arrival) = coming.next_before(f64::from(second)) {
                hall.submit(arrival);
            }
            if second == 1800 {
                (0..20).for_each(|n| hall.cap(n, 350.0));
            }
            let sum = hall.step(&cadence, |_| COOL);
            let after = hall.stored();
            worst = worst.max((after - before - (sum.power - sum.to_air - sum.to_liquid)).abs() / after);
            assert!(
                (sum.trace.iter().sum::<f64>() / 10.0 - hall.outcomes().iter().map(|o| o.gpus).sum::<f64>()).abs()
                    < 1e-6
            );
            before = after;
        }
        assert!(worst < 1e-9, "{worst}");
        hall
    };
    let (one, two) = (run(), run());
    assert_eq!(one, two);
    assert!(one.totals().jobs.1 > 20 && one.totals().lost > 0.0, "{:?}", one.totals());
}

#[test]
fn a_trace_is_read_and_a_broken_one_tells_all_its_faults_with_their_lines() {
    let sound = "# jobs\nsubmit_s,nodes,length_s,kind\n0,4,3600,training\n\n10.5, 1, 60, decode\n";
    let jobs = trace("jobs.csv", sound, 10).expect("sound");
    assert_eq!(jobs[1], Arrival { submit: 10.5, nodes: 1, length: 60.0, kind: Kind::Decode });
    let broken = "submit_s,nodes,length_s,kind\n5,4,3600,trainin\n1,2.5,60,decode\n3,20,x,decode\n9,1,60\n10,1,60,decode\n8,1,60,decode\n";
    let faults = trace("jobs.csv", broken, 10).expect_err("broken");
    let text = faults.to_string();
    for said in [
        "jobs.csv:2:10: no kind of job is called `trainin`",
        "did you mean `training`?",
        "jobs.csv:3:3: a job cannot have 2.5 nodes",
        "jobs.csv:4:3: `nodes` is 20 and must be from 1 to 10",
        "jobs.csv:4:6: `length_s` is `x`, which is no number",
        "jobs.csv:5:1: a job has 4 cells, not 3",
        "jobs.csv:7:1: this job is submitted at 8 s, before the one above",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(trace("jobs.csv", "", 10).is_err());
}

fn read(text: &str) -> Result<Mix, plant::fault::Faults> {
    let source = plant::read::Source::new("mix.toml", text);
    let table = source.parse();
    let mix = {
        let all = source.root(&table);
        let mix = Mix::read(&all, 10);
        all.done();
        mix
    };
    source.finish(Some(mix))
}

#[test]
fn a_mix_is_read_and_a_broken_one_tells_all_its_faults() {
    let page = "per-day = 500\nswing = 0.6\npeak-hour = 15\nmedian-s = 1200\nlog-deviation = 1.2\n\
                [kinds]\ntraining = 1\nserving = 3\nprefill = 0\ndecode = 0\n\
                [[size]]\nnodes = 1\nshare = 3\n[[size]]\nnodes = 8\nshare = 1\n";
    let mix = read(page).expect("sound");
    assert_eq!((mix.sizes, mix.length), (vec![(1, 3.0), (8, 1.0)], (1200.0, 1.2)));
    let broken = page
        .replace("nodes = 8", "nodes = 80")
        .replace("swing = 0.6", "swing = 6")
        .replace("training = 1", "training = 0")
        .replace("serving = 3", "serving = 0");
    let faults = read(&broken).expect_err("broken").to_string();
    for said in ["80 nodes never fits", "`swing` is 6", "no kind of job has a share"] {
        assert!(faults.contains(said), "{said}: {faults}");
    }
}

#[test]
fn arrivals_come_as_often_as_they_should_and_most_of_them_at_the_peak() {
    let mix = Mix {
        per_day: 500.0,
        swing: 0.6,
        peak_hour: 15.0,
        length: (1200.0, 1.2),
        sizes: vec![(1, 3.0), (8, 1.0)],
        kinds: [(Kind::Training, 0.25), (Kind::Serving, 0.75), (Kind::Prefill, 0.0), (Kind::Decode, 0.0)],
    };
    let mut coming = Generator::new(mix, 11, 0.0);
    let (mut all, mut day) = (Vec::new(), 0.0);
    while day < 40.0 {
        day += 0.01;
        while let Some(job) = coming.next_before(day * 86_400.0) {
            all.push(job);
        }
    }
    let n = plant::convert::f64_from_usize(all.len());
    assert!((n / 20_000.0 - 1.0).abs() < 0.03, "{n}");
    let share =
        |of: &dyn Fn(&Arrival) -> bool| plant::convert::f64_from_usize(all.iter().filter(|a| of(a)).count()) / n;
    assert!((share(&|a| a.nodes == 8) - 0.25).abs() < 0.02);
    assert!((share(&|a| a.kind == Kind::Training) - 0.25).abs() < 0.02);
    assert!((share(&|a| a.length > 1200.0) - 0.5).abs() < 0.02, "the median is one");
    // Between 12 and 18 h: a quarter of the day and, by the integral of the wave, 0.25 + 0.6·√2/(2π) of the jobs.
    let afternoon = share(&|a| (12.0..18.0).contains(&(a.submit / 3600.0 % 24.0)));
    assert!((afternoon - 0.25 - 0.6 * 2f64.sqrt() / (2.0 * std::f64::consts::PI)).abs() < 0.02, "{afternoon}");
    assert!(all.windows(2).all(|w| w[0].submit <= w[1].submit));
}
