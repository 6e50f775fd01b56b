use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::*;

const MS: u64 = 1_000_000;

/// A working half that was silent from its start, and time, which goes by only where the watch rests (ns).
#[derive(Default)]
struct Hung {
    now: Rc<Cell<u64>>,
    /// From when on it is gone, once it was killed: until then it hangs in the driver.
    gone: u64,
    killed: Rc<Cell<bool>>,
    started: RefCell<Vec<u64>>,
    fell: RefCell<Vec<u64>>,
}

struct Mute {
    now: Rc<Cell<u64>>,
    began: u64,
    gone: u64,
    killed: Rc<Cell<bool>>,
}

impl Half for Mute {
    fn has_ended(&mut self) -> io::Result<Option<String>> {
        let gone = self.killed.get() && self.now.get() >= self.gone;
        Ok(gone.then(|| "signal: 9 (SIGKILL)".to_owned()))
    }

    fn kill(&mut self) -> io::Result<()> {
        self.killed.set(true);
        Ok(())
    }

    fn beat(&self) -> Mono {
        Mono(self.began)
    }
}

impl Ward for Hung {
    type Half = Mute;

    fn start(&self) -> io::Result<Mute> {
        self.started.borrow_mut().push(self.now.get());
        self.killed.set(false);
        let (now, killed) = (Rc::clone(&self.now), Rc::clone(&self.killed));
        Ok(Mute { now, began: self.now.get(), gone: self.gone, killed })
    }

    fn fall(&self) -> Outcome {
        self.fell.borrow_mut().push(self.now.get());
        Outcome::default()
    }

    fn now(&self) -> Mono {
        Mono(self.now.get())
    }

    fn rest(&self, for_so_long: Duration) {
        self.now.set(self.now.get() + u64::try_from(for_so_long.as_nanos()).expect("short"));
    }

    fn silence(&self) -> Span {
        Span::from_secs(3)
    }
}

#[test]
fn one_that_hangs_where_no_signal_reaches_it_does_not_hold_up_the_fail_safe() {
    let hung = Hung { gone: 20_000 * MS, ..Hung::default() };
    let (mut looked, mut longest) = (0, 0);
    let outcome = keep(
        &hung,
        || hung.started.borrow().len() == 2,
        || {
            longest = longest.max(hung.now.get() - looked);
            looked = hung.now.get();
        },
    );
    let (started, fell) = (hung.started.borrow(), hung.fell.borrow());
    assert!(fell[0] <= 4100 * MS, "silent for 3 s, and one more to be gone: {fell:?}");
    let while_it_lived = fell.iter().filter(|at| **at < 20_000 * MS).count();
    assert!((15..=17).contains(&while_it_lived), "again and again: {fell:?}");
    assert!(started[1] >= 20_000 * MS, "no other before it is gone: {started:?}");
    assert!(longest <= 20 * MS, "who watches the watch hears of it all the time: {longest} ns");
    assert!(!outcome.hanging);
}

#[test]
fn a_stop_while_one_hangs_is_not_sure() {
    let hung = Hung { gone: u64::MAX, ..Hung::default() };
    let outcome = keep(&hung, || hung.now.get() > 10_000 * MS, || {});
    assert!(outcome.hanging && !outcome.is_sure());
    assert_eq!(hung.started.borrow().len(), 1);
    let last = hung.fell.borrow().last().copied().expect("written");
    assert!((10_000 * MS..11_100 * MS).contains(&last), "the last thing it does: {last}");
}

#[test]
fn one_that_a_signal_reaches_is_gone_at_once() {
    let hung = Hung::default();
    keep(&hung, || hung.started.borrow().len() == 2, || {});
    let fell = hung.fell.borrow();
    assert!(fell[0] <= 3100 * MS, "{fell:?}");
}
