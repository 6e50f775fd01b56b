use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use plant::id::Id;

use super::*;

const SECOND: u64 = 1_000_000_000;
const LONG: Duration = Duration::from_secs(20);

/// A field with one bus, and the clock that its pace is judged by.
fn field() -> (Field, Orders, Arc<AtomicU64>) {
    let clock = Arc::new(AtomicU64::new(SECOND));
    let read = Arc::clone(&clock);
    let mut field = Field::new(Shared::new(1, Arc::new(move || Mono(read.load(Ordering::SeqCst)))));
    let (_, orders) = field.add_bus();
    (field, orders, clock)
}

fn poll(field: &Field, seq: u64) {
    field.poll(Tick { seq, ..Tick::default() });
}

/// True when a freeze that may wait long does not.
fn freezes_at_once(field: &Field, seq: u64) -> bool {
    let (done, frozen) = mpsc::channel();
    std::thread::scope(|threads| {
        threads.spawn(move || {
            field.freeze(seq, LONG, &mut Inputs::unread(1));
            done.send(()).ok();
        });
        frozen.recv_timeout(LONG / 2).is_ok()
    })
}

#[test]
fn a_bus_that_needs_longer_than_the_patience_is_not_waited_for_until_it_is_fast_again() {
    let (field, _orders, clock) = field();
    let mut inputs = Inputs::unread(1);
    poll(&field, 0);
    field.freeze(0, Duration::from_millis(1), &mut inputs);
    clock.fetch_add(30 * SECOND, Ordering::SeqCst);
    field.shared.polled(0, 0);
    poll(&field, 1);
    assert!(freezes_at_once(&field, 1), "its last poll took longer than that");

    field.shared.polled(0, 1);
    poll(&field, 2);
    let shared = field.shared();
    let bus = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        shared.store(&[(PointId::from_index(0), Sample::good(7.0, shared.now()))]);
        shared.polled(0, 2);
    });
    field.freeze(2, LONG, &mut inputs);
    bus.join().unwrap();
    assert_eq!(inputs.samples[PointId::from_index(0)].value, Ok(7.0), "it is fast again, so it is waited for");
}

#[test]
fn a_poll_that_waited_for_the_one_before_counts_from_its_order() {
    let (field, _orders, clock) = field();
    let mut inputs = Inputs::unread(1);
    for seq in 0..3 {
        poll(&field, seq);
        field.freeze(seq, Duration::ZERO, &mut inputs);
        clock.fetch_add(10 * SECOND, Ordering::SeqCst);
    }
    field.shared.polled(0, 0);
    clock.fetch_add(25 * SECOND, Ordering::SeqCst);
    field.shared.polled(0, 2);
    poll(&field, 3);
    assert!(freezes_at_once(&field, 3), "35 s after it was ordered");
}
