//! What nodes say that nobody expects: boards that the hall's file does not know, epochs from nowhere, clocks that go back.

use super::*;

#[test]
fn somebody_who_counted_higher_before_us_is_counted_over() {
    let mut field = Field::new("\n[capping]\n");
    field.orders.fill((41, 7));
    (0..3).for_each(|_| field.second());
    assert!(field.out.caps.iter().all(|cap| cap.order.0 == 42), "{:?}", field.out.caps[0]);
}

#[test]
fn an_agent_that_starts_anew_with_an_earlier_clock_is_heard_after_a_silence() {
    let mut field = Field::new("\n[capping]\n");
    field.tick.seq = 1000;
    (0..3).for_each(|_| field.second());
    let (hall, at) = (Arc::clone(&field.hall), field.tick.mono);
    let early = NodeReport { seq: 5, ..field.report(0) };
    assert!(!field.inputs.hear(&hall, 0, &early, at.after(SECOND)), "it came late, and says what was");
    assert!(field.inputs.hear(&hall, 0, &early, at.after(Span::from_secs(4))));
    assert_eq!(field.inputs.nodes[0].report, 5);
}

#[test]
fn a_gpu_keeps_its_place_when_another_is_gone_and_leaves_it_to_a_new_one() {
    let mut field = Field::new("\n[capping]\n");
    field.second();
    let (hall, at, mut report) = (Arc::clone(&field.hall), field.tick.mono, field.report(0));
    report.gpus.remove(1);
    report.seq += 1;
    assert!(field.inputs.hear(&hall, 0, &report, at));
    let places = |field: &Field| field.inputs.gpus[..4].iter().map(|gpu| gpu.uuid).collect::<Vec<_>>();
    assert_eq!(places(&field), [Some(name(0)), None, Some(name(2)), Some(name(3))]);
    report.gpus.push(GpuReport { uuid: name(9000), ..report.gpus[0] });
    report.gpus.push(GpuReport { uuid: name(9001), ..report.gpus[0] });
    report.seq += 1;
    assert!(field.inputs.hear(&hall, 0, &report, at));
    assert_eq!(
        places(&field),
        [Some(name(0)), Some(name(9000)), Some(name(2)), Some(name(3))],
        "and no more than it has"
    );
}

#[test]
fn an_epoch_from_nowhere_moves_nobody_but_the_node_that_says_it() {
    let mut field = Field::new("\n[capping]\n");
    (0..3).for_each(|_| field.second());
    field.orders[0] = (u64::MAX, 3);
    (0..3).for_each(|_| field.second());
    let order = |gpu: usize| field.out.caps[gpu].order;
    assert!((4..800).all(|gpu| order(gpu).0 == 1), "{:?}", order(4));
    assert!((0..4).all(|gpu| order(gpu) > (u64::MAX, 3)), "as high as it can be counted: {:?}", order(0));
    field.caps.restart();
    field.second();
    assert!((4..800).all(|gpu| field.out.caps[gpu].order.0 == 1), "after another start, too");
}

#[test]
fn boards_that_have_no_place_in_the_hall_count_at_their_most() {
    let mut field = Field::new("\n[capping]\n");
    field.beyond = Some(Milliwatts(200_000));
    (0..120).for_each(|_| field.second());
    assert_eq!(field.inputs.nodes[7].beyond.boards, 1);
    let fits = |field: &Field, each: u64| {
        // Every GPU at its cap, and the fifth board of each node of four at its most.
        let loads = field.loads(|gpu| field.enforced[gpu] + each / 4);
        for (load, limit) in loads.iter().zip(&field.capper.limits.all) {
            assert!(*load <= limit.most.0, "{:?} could carry {load} of {}", limit.place, limit.most.0);
        }
    };
    fits(&field, 200_000);
    let (load, limit) = field.ups();
    assert!(load > 0.85 * limit, "and nothing is left for nothing: {load} of {limit}");
    // Nobody knows what a board does whose node says nothing: it is rated at 700 W.
    field.cut[..30].fill(true);
    (0..30).for_each(|_| field.second());
    let spare = field.inputs.nodes[0].beyond.spare(Watts(700.0), false);
    assert_eq!(spare, Milliwatts(700_000));
}
