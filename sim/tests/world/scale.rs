//! Halls of another size: they load, they hold their inlets, and what a rack sees does not depend on how many there are.

use super::stand::Stand;
use plant::hall::Hall;
use plant::time::Span;
use sim::scale::{Files, to_racks};

fn files(name: &str) -> Files {
    let find = |all: &'static [(&'static str, &'static str)]| {
        let (_, text) = all.iter().find(|(n, _)| *n == name).expect("shipped");
        (*text).to_owned()
    };
    Files { name: name.to_owned(), hall: find(plant::shipped::HALLS), physics: find(sim::shipped::HALLS) }
}

fn stand(files: &Files) -> Stand {
    let hall = Hall::load(&files.name, &files.hall).unwrap_or_else(|faults| panic!("{faults}"));
    let mut stand = Stand::new(hall, &files.physics);
    stand.world = stand.world.on_panels();
    stand.tick.dt = Span::from_secs(5);
    stand
}

/// PUE and worst inlet of the second half of an hour on panels.
fn an_hour(files: &Files) -> (f64, f64) {
    let mut stand = stand(files);
    let (mut facility, mut it, mut worst) = (0.0, 0.0, f64::NEG_INFINITY);
    for step in 0..720 {
        stand.step();
        if step >= 360 {
            facility += stand.world.chain().utility;
            it += stand.world.chain().it;
            worst = worst.max(stand.world.hottest_inlet().unwrap_or(worst));
        }
    }
    assert!(stand.world.ledger_residual() < 1e-9, "{}: {:e}", files.name, stand.world.ledger_residual());
    assert!(worst < stand.hall.limits.inlet_recommended.0, "{}: {worst} °C", files.name);
    (facility / it, worst)
}

#[test]
fn three_times_the_racks_are_the_same_hall_to_each_of_them() {
    for (name, racks) in [("air", 120), ("liquid", 36)] {
        let of = files(name);
        let scaled = to_racks(&of, racks).expect("it scales");
        let hall = Hall::load(&scaled.name, &scaled.hall).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(hall.rows.rows().iter().map(|r| r.racks.len()).sum::<usize>(), racks);
        let ((pue, worst), (grown, worst_grown)) = (an_hour(&of), an_hour(&scaled));
        assert!((grown / pue - 1.0).abs() < 0.01, "{name}: PUE {pue} becomes {grown}");
        assert!((worst_grown - worst).abs() < 0.5, "{name}: worst inlet {worst} becomes {worst_grown}");
    }
}

#[test]
fn the_power_tree_grows_with_the_hall() {
    let of = files("air");
    let hall = |files: &Files| Hall::load(&files.name, &files.hall).unwrap_or_else(|faults| panic!("{faults}"));
    let (small, large) = (hall(&of).power, hall(&to_racks(&of, 120).expect("it scales")).power);
    assert_eq!((large.feeds.len(), large.racks.len(), large.nodes.len()), (5 + 3 * 4, 120, 600));
    for (name, times) in [("utility", 3.0), ("tr-1", 3.0), ("ups-a", 3.0), ("mechanical", 3.0), ("pdu-b2", 1.0)] {
        let feed = |power: &plant::hall::power::Power| power.feeds[power.feed(name).expect("a feed")].clone();
        let (before, after) = (feed(&small), feed(&large));
        for (was, is) in
            [(before.limit(), after.limit()), (before.fail_safe, after.fail_safe), (before.most, after.most)]
        {
            assert!((is.0 / was.0 / times - 1.0).abs() < 1e-9, "{name}: {was} becomes {is}");
        }
    }
    let copy = &large.feeds[large.feed("pdu-a1-3").expect("a feed")];
    assert!(copy.meter.is_some() && copy.cords.len() == 20 && copy.parent == large.feed("ups-a"), "{copy:?}");
    let single = of.hall.replacen("rows = [\"row-a\"]\nshare", "racks = [\"rack-a01\"]\nshare", 1);
    assert!(to_racks(&Files { hall: single, ..of }, 80).expect_err("refused").contains("one by one"));
}

#[test]
fn every_shipped_hall_grows_and_shrinks_to_the_number_that_was_asked() {
    for (name, _) in sim::shipped::HALLS {
        let of = files(name);
        for wanted in [7usize, 50, 301] {
            let Ok(scaled) = to_racks(&of, wanted) else {
                assert_eq!(*name, "bench", "its racks have names of their own");
                continue;
            };
            let mut stand = stand(&scaled);
            let machinery = &stand.hall.machinery;
            let racks: usize = stand.hall.rows.rows().iter().map(|r| r.racks.len()).sum();
            assert_eq!(racks + machinery.tanks.len() + machinery.two_phase_tanks.len(), wanted, "{name}");
            stand.run(20);
            assert!(stand.world.ledger_residual() < 1e-9, "{name}: {:e}", stand.world.ledger_residual());
        }
    }
}

#[test]
fn what_cannot_be_scaled_says_why() {
    let of = files("air");
    assert!(to_racks(&of, 1).expect_err("two rows").contains("2 rows"));
    assert!(to_racks(&Files { hall: "nonsense".to_owned(), ..of }, 80).expect_err("no TOML").contains("hall of air"));
}
