//! What waits for one bus: the newest order of each kind. An older poll is pointless and an older output image is wrong. Those who only look
//! come last, in order.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plant::time::Tick;
use tokio::sync::Notify;

use super::{Look, Order, OutputImage};

/// How many looks may wait; more are not answered.
const MOST_LOOKS: usize = 64;

/// Where the field puts orders for one bus. Dropped, the bus ends after what still waits.
#[derive(Debug)]
pub struct Mailbox(Arc<Slots>);

/// Wakes the bus of one mailbox.
#[derive(Clone, Debug)]
pub struct Bell(Arc<Slots>);

/// Where one bus takes its orders.
#[derive(Debug)]
pub struct Orders(Arc<Slots>);

/// What waits, and the bell.
#[derive(Debug, Default)]
pub struct Slots {
    waiting: Mutex<Waiting>,
    /// Holds a permit when something came while nobody waited; there is one taker, so that no wake-up is lost.
    news: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    poll: Option<Tick>,
    write: Option<(Tick, Arc<OutputImage>)>,
    farewell: Option<(Tick, Arc<OutputImage>)>,
    looks: VecDeque<Look>,
    closed: bool,
}

/// An empty mailbox and its other end.
#[must_use]
pub fn mailbox() -> (Mailbox, Orders) {
    let slots = Arc::new(Slots::default());
    (Mailbox(Arc::clone(&slots)), Orders(slots))
}

impl Mailbox {
    /// Puts an order in the place of the one of its kind that still waits. Never waits itself, and wakes nobody: that is
    /// for [`Mailbox::bell`], when every mailbox has its order.
    pub fn put(&self, order: Order) {
        let mut waiting = self.0.lock();
        match order {
            Order::Poll(tick) => waiting.poll = Some(tick),
            Order::Write(tick, image) => waiting.write = Some((tick, image)),
            Order::Farewell(tick, image) => waiting.farewell = Some((tick, image)),
            Order::Look(look) => waiting.look(look),
        }
    }

    /// What somebody who only looks may ring at.
    #[must_use]
    pub fn slots(&self) -> Arc<Slots> {
        Arc::clone(&self.0)
    }

    /// What wakes its bus.
    #[must_use]
    pub fn bell(&self) -> Bell {
        Bell(Arc::clone(&self.0))
    }
}

impl Bell {
    /// Says that there is news. Never waits.
    pub fn ring(&self) {
        self.0.news.notify_one();
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        (waiting.closed, waiting.looks) = (true, VecDeque::new());
        drop(waiting);
        self.0.news.notify_one();
    }
}

impl Orders {
    /// The next order: what leaves the house goes before what comes in. Nothing when the field is gone.
    pub async fn next(&mut self) -> Option<Order> {
        loop {
            if let Some(order) = self.take_write().or_else(|| self.0.lock().read()) {
                return Some(order);
            }
            if self.0.lock().ended() {
                return None;
            }
            self.0.news.notified().await;
        }
    }

    /// The newest order that writes, if one waits; nothing is written after the farewell.
    pub fn take_write(&mut self) -> Option<Order> {
        let mut waiting = self.0.lock();
        let write = waiting.write.take().map(|(tick, image)| Order::Write(tick, image));
        waiting.farewell.take().map(|(tick, image)| Order::Farewell(tick, image)).or(write)
    }

    /// Whether an order that writes waits.
    #[must_use]
    pub fn newer_write(&self) -> bool {
        let waiting = self.0.lock();
        waiting.write.is_some() || waiting.farewell.is_some()
    }
}

impl Waiting {
    /// What reads: the hall's own poll first.
    fn read(&mut self) -> Option<Order> {
        let poll = self.poll.take().map(Order::Poll);
        poll.or_else(|| self.looks.pop_front().map(Order::Look))
    }

    /// A bus that is gone has nobody to answer.
    fn look(&mut self, look: Look) {
        if !self.closed && self.looks.len() < MOST_LOOKS {
            self.looks.push_back(look);
        }
    }

    const fn ended(&self) -> bool {
        self.closed && self.poll.is_none() && self.write.is_none() && self.farewell.is_none()
    }
}

impl Slots {
    /// Somebody wants to look.
    pub fn look(&self, look: Look) {
        self.lock().look(look);
        self.news.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use plant::id::Table;

    use super::*;

    fn tick(seq: u64) -> Tick {
        Tick { seq, ..Tick::default() }
    }

    fn image(value: f64) -> Arc<OutputImage> {
        Arc::new(OutputImage { values: Table::filled(1, Some(value)) })
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap()
    }

    #[test]
    fn a_bus_that_was_busy_gets_the_newest_of_each_kind_and_nothing_else() {
        let (mailbox, mut orders) = mailbox();
        for seq in 0..10 {
            mailbox.put(Order::Poll(tick(seq)));
            mailbox.put(Order::Write(tick(seq), image(10.0)));
        }
        drop(mailbox);
        runtime().block_on(async {
            assert!(matches!(orders.next().await, Some(Order::Write(Tick { seq: 9, .. }, _))));
            assert!(matches!(orders.next().await, Some(Order::Poll(Tick { seq: 9, .. }))));
            assert!(orders.next().await.is_none(), "the field is gone");
        });
    }

    #[test]
    fn nothing_is_written_after_the_farewell() {
        let (mailbox, mut orders) = mailbox();
        mailbox.put(Order::Farewell(tick(1), image(1.0)));
        mailbox.put(Order::Write(tick(0), image(0.0)));
        assert!(matches!(orders.take_write(), Some(Order::Farewell(..))));
        assert!(!orders.newer_write());
    }

    #[test]
    fn no_wake_up_is_lost() {
        let (mailbox, mut orders) = mailbox();
        let runtime = runtime();
        let taken = runtime.spawn(async move {
            let mut last = None;
            while let Some(order) = orders.next().await {
                let Order::Poll(tick) = order else { continue };
                assert!(last < Some(tick.seq), "in order, none twice");
                last = Some(tick.seq);
            }
            last
        });
        for seq in 0..20_000 {
            mailbox.put(Order::Poll(tick(seq)));
            mailbox.bell().ring();
        }
        drop(mailbox);
        assert_eq!(runtime.block_on(taken).unwrap(), Some(19_999));
    }
}
