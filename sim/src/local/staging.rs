//! How many machines of a bank run: by load, with patience both ways, and by warmth where load alone would mislead.
//!
//! **Equation** one more when the load exceeds a share of what runs for a time, or when the water is too warm for a time; one less
//! when what remains would carry the load at a lower share for a time. One change at once, then a pause.
//! **Source** Guideline 36 chiller staging (90 %, 80 %, 15 min, +1 K). **Parameters** below. **Box** machines of one size.
//! **Outside it** a bank whose machines cannot run (trips) counts only those that can; one
//! that lost all of them at once takes up again what it had. **Time constant** 10 to 20 min.

/// A bank's rules.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Staging {
    /// Share of the running capacity above which one more starts (1).
    pub up: f64,
    /// Share of the remaining capacity below which one stops (1, below `up`).
    pub down: f64,
    /// How long either must hold, and the pause after a change (s).
    pub patience: f64,
    /// Warmth above the setpoint that calls for one more whatever the load (K), and for how long (s).
    pub warm: (f64, f64),
    /// The least that run while there is load (machines; 0 where an economiser can carry it all).
    pub least: usize,
}

impl Staging {
    /// Chillers by Guideline 36.
    pub const CHILLERS: Self = Self { up: 0.9, down: 0.8, patience: 900.0, warm: (1.0, 900.0), least: 0 };
}

/// What one look at the bank sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Heat to be carried (W).
    pub load: f64,
    /// What one machine can carry now (W, > 0).
    pub each: f64,
    /// Machines that can run.
    pub ready: usize,
    /// Leaving water above its setpoint (K).
    pub warm: f64,
    /// True while an economiser alone is thought to carry the load.
    pub spared: bool,
}

/// What the panel remembers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bank {
    /// Machines that shall run.
    pub wanted: usize,
    above: f64,
    below: f64,
    warm: f64,
    pause: f64,
}

impl Bank {
    /// A bank that begins with so many.
    #[must_use]
    pub const fn of(wanted: usize) -> Self {
        Self { wanted, above: 0.0, below: 0.0, warm: 0.0, pause: 0.0 }
    }

    /// How many shall run `dt` seconds on.
    pub fn step(&mut self, of: &Staging, seen: Seen, dt: f64) -> usize {
        let running = plant::convert::f64_from_usize(self.wanted);
        let held = |timer: f64, condition: bool| if condition { timer + dt } else { 0.0 };
        self.above = held(self.above, self.wanted > 0 && seen.load > of.up * running * seen.each);
        let carried = seen.load < of.down * (running - 1.0) * seen.each;
        self.below = held(self.below, self.wanted > of.least && (carried || seen.spared) && seen.warm < of.warm.0);
        // Far too warm counts double, so that water-only operation ends sooner the further it is off.
        let haste = if seen.warm > 2.0 * of.warm.0 { 2.0 } else { 1.0 };
        self.warm = if seen.warm > of.warm.0 { self.warm + haste * dt } else { 0.0 };
        self.pause = (self.pause - dt).max(0.0);
        let more = self.above >= of.patience || self.warm >= of.warm.1;
        if self.pause <= 0.0 && more && self.wanted < seen.ready {
            self.change(self.wanted.saturating_add(1), of);
        } else if self.pause <= 0.0 && self.below >= of.patience && !more {
            self.change(self.wanted.saturating_sub(1), of);
        }
        // Where none can run all were lost at once, by a power failure most likely: what ran before runs again when it can.
        if seen.ready > 0 {
            self.wanted = self.wanted.clamp(of.least.min(seen.ready), seen.ready);
        }
        self.wanted
    }

    const fn change(&mut self, wanted: usize, of: &Staging) {
        *self = Self { wanted, above: 0.0, below: 0.0, warm: 0.0, pause: of.patience };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: Seen = Seen { load: 700e3, each: 600e3, ready: 3, warm: 0.0, spared: false };

    fn after(bank: &mut Bank, seen: Seen, seconds: usize) -> usize {
        (0..seconds).map(|_| bank.step(&Staging::CHILLERS, seen, 1.0)).last().unwrap_or(bank.wanted)
    }

    #[test]
    fn load_brings_one_more_after_its_patience_and_not_before() {
        let mut bank = Bank::of(1);
        assert_eq!(after(&mut bank, SEEN, 899), 1);
        assert_eq!(after(&mut bank, SEEN, 1), 2);
        assert_eq!(after(&mut bank, SEEN, 86_400), 2, "two carry it, and neither too many nor too few");
    }

    #[test]
    fn one_stops_when_the_rest_would_do() {
        let mut bank = Bank::of(2);
        let light = Seen { load: 470e3, ..SEEN };
        assert_eq!(after(&mut bank, light, 899), 2);
        assert_eq!(after(&mut bank, light, 1), 1);
        assert_eq!(after(&mut bank, light, 86_400), 1, "the last one stays while nothing spares it");
    }

    #[test]
    fn an_economiser_spares_the_last_one_and_warmth_calls_it_back_sooner_the_warmer() {
        let mut bank = Bank::of(1);
        assert_eq!(after(&mut bank, Seen { load: 400e3, spared: true, ..SEEN }, 900), 0);
        let mut sooner = bank;
        assert_eq!(after(&mut bank, Seen { warm: 1.5, ..SEEN }, 900), 1);
        let mut seconds = 0;
        while sooner.step(&Staging::CHILLERS, Seen { warm: 2.5, ..SEEN }, 1.0) == 0 {
            seconds += 1;
        }
        assert!(seconds <= 900, "{seconds}");
    }

    #[test]
    fn what_cannot_run_is_not_counted_and_comes_back() {
        let mut bank = Bank::of(2);
        assert_eq!(after(&mut bank, Seen { ready: 1, ..SEEN }, 10), 1);
        assert_eq!(after(&mut bank, SEEN, 900), 2);
    }

    #[test]
    fn a_load_on_the_edge_does_not_chatter() {
        let mut bank = Bank::of(1);
        let mut changes = 0;
        for second in 0..86_400u32 {
            let load = 540e3 + if second % 600 < 300 { 2e3 } else { -2e3 };
            let before = bank.wanted;
            bank.step(&Staging::CHILLERS, Seen { load, ..SEEN }, 1.0);
            changes += usize::from(bank.wanted != before);
        }
        assert!(changes <= 1, "{changes} changes");
    }
}
