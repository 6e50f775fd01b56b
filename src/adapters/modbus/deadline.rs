//! The deadline of requests that follow each other: one timer, moved when it fires too early instead of for every request.

use std::pin::{Pin, pin};
use std::task::{Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// A timer that is set at the first request and left alone while the next ones are in time.
#[derive(Debug, Default)]
pub struct Deadline(Option<Pin<Box<Sleep>>>);

impl Deadline {
    /// Does `work`, for `limit` at most; nothing when it was not done by then.
    pub async fn bound<T>(&mut self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        // The runtime registers a timer when it is first waited for, not before.
        let fresh = sleep(limit);
        let due = fresh.deadline();
        let timer = self.0.get_or_insert_with(|| Box::pin(fresh));
        if timer.deadline() > due {
            timer.as_mut().reset(due);
        }
        let mut work = pin!(work);
        std::future::poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(Some(done));
            }
            loop {
                ready!(timer.as_mut().poll(cx));
                if timer.deadline() >= due {
                    return Poll::Ready(None);
                }
                // It still stood at the deadline of a request that was answered.
                timer.as_mut().reset(due);
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<T>(test: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
    }

    #[test]
    fn each_request_has_the_whole_time_from_its_own_start() {
        run(async {
            let (limit, most_of_it) = (Duration::from_millis(400), Duration::from_millis(250));
            let mut deadline = Deadline::default();
            for n in 0..3 {
                let done = deadline.bound(limit, async {
                    sleep(most_of_it).await;
                    n
                });
                assert_eq!(done.await, Some(n));
            }
        });
    }

    #[test]
    fn a_request_without_an_answer_ends_and_so_does_the_next() {
        run(async {
            let mut deadline = Deadline::default();
            assert_eq!(deadline.bound(Duration::from_secs(3600), async { 1 }).await, Some(1));
            for _ in 0..3 {
                assert_eq!(deadline.bound(Duration::from_millis(5), std::future::pending::<()>()).await, None);
            }
        });
    }
}
