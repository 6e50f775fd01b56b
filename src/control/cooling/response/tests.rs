//! A loop at its most: answered, unmoved, the wrong way, doubted.

use super::*;

const SECOND: Span = Span::from_secs(1);
const AFTER: Span = Span::from_secs(600);

/// Something like noise, from -1 to 1, the same each time.
fn noise(n: usize) -> f64 {
    let n = plant::convert::f64_from_usize(n);
    libm::sin(n * 12.9898) * 0.6 + libm::sin(n * 78.233) * 0.4
}

/// A loop at this output whose actuators follow.
fn sight(error: Option<f64>, output: f64) -> Sight {
    Sight { error, moves: MOVES, told: Some((output, 100.0)), there: Some(output) }
}

/// So many seconds of it: what it tells in them.
fn run(response: &mut Response, seconds: usize, seen: impl Fn(usize) -> Sight) -> Vec<Option<Unanswered>> {
    (0..seconds).filter_map(|n| response.step(&seen(n), AFTER, SECOND)).collect()
}

#[test]
fn a_stuck_reading_with_noise_is_told_once_its_time_is_over() {
    let mut response = Response::default();
    let stuck = |n| sight(Some(2.0 + 0.1 * noise(n)), 100.0);
    assert_eq!(run(&mut response, 595, stuck), []);
    assert_eq!(run(&mut response, 7200, stuck), [Some(Unanswered::Unmoved)], "once");
    // It is over a minute after the output is not at its most, and not by a moment's.
    assert_eq!(run(&mut response, 30, |_| sight(Some(0.0), 70.0)), []);
    assert_eq!(run(&mut response, 60, stuck), []);
    assert_eq!(run(&mut response, 62, |_| sight(Some(0.0), 70.0)), [None]);
}

#[test]
fn what_moves_toward_its_setpoint_answers_however_slowly() {
    let mut response = Response::default();
    let slowly = |n| sight(Some(6.0 - 0.001 * plant::convert::f64_from_usize(n) + 0.05 * noise(n)), 100.0);
    assert_eq!(run(&mut response, 5400, slowly), []);
    // Told, it is over as soon as it moves.
    let mut response = Response::default();
    run(&mut response, 700, |_| sight(Some(6.0), 100.0));
    assert_eq!(run(&mut response, 600, slowly), [None]);
}

#[test]
fn nobody_waits_for_a_reading_that_is_where_it_should_be_nor_by_one_that_is_doubted() {
    let mut response = Response::default();
    assert_eq!(run(&mut response, 7200, |_| sight(Some(-3.0), 100.0)), [], "colder than it is to be held");
    assert_eq!(run(&mut response, 7200, |_| sight(Some(3.0), 80.0)), [], "it may still do more");
    assert_eq!(run(&mut response, 7200, |_| sight(None, 100.0)), [], "nobody knows");
    assert_eq!(run(&mut response, 7200, |_| Sight { told: None, ..sight(Some(3.0), 100.0) }), [], "its panel has it");
}

#[test]
fn the_wrong_way_is_told_and_so_is_an_actuator_that_is_not_there() {
    let mut response = Response::default();
    let worse = |n| sight(Some(1.0 + 0.005 * plant::convert::f64_from_usize(n)), 100.0);
    assert_eq!(run(&mut response, 700, worse), [Some(Unanswered::WrongWay)]);
    // A jump on the way to its most is no wrong way: that is why it goes there.
    let mut response = Response::default();
    run(&mut response, 120, |_| sight(Some(0.1), 50.0));
    run(&mut response, 120, |_| sight(Some(4.0), 80.0));
    assert_eq!(run(&mut response, 700, |_| sight(Some(4.0), 100.0)), [Some(Unanswered::Unmoved)]);
    let mut response = Response::default();
    let shut = |_| Sight { there: Some(0.0), ..sight(Some(3.0), 100.0) };
    assert_eq!(run(&mut response, 700, shut), [Some(Unanswered::NotThere)]);
}
