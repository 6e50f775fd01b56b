//! When a water-side economiser is used: when the towers could make colder water than comes back, and not for minutes only.
//!
//! **Equation** predicted outlet `T_p = T_wb + a·T_approach,tower + T_approach,exchanger·min(1, V/V₀)`; on when the return is
//! warmer than `T_p` by a margin, off when the water leaves hardly colder than it came. **Source** Guideline 36, 5.20.3: 2 K
//! margins and design approaches, 1 K for 2 min, 20 min on and off at the least. **Parameters** below. **Box** wet bulbs −20 to 30 °C.
//! **Outside it** the same. **Time constant** 20 min.

/// The rules.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Tower's approach and exchanger's approach at design (K).
    pub approaches: (f64, f64),
    /// How much warmer than predicted the return must be (K).
    pub on: f64,
    /// How little colder it may leave than it came, and for how long (K, s).
    pub off: (f64, f64),
    /// The least time on and off (s).
    pub least: f64,
}

impl Rules {
    /// As published.
    pub const PUBLISHED: Self = Self { approaches: (4.0, 2.0), on: 2.0, off: (1.0, 120.0), least: 1200.0 };

    /// The water it could make (°C) at this wet bulb (°C) and share of the design flow (1).
    #[must_use]
    pub fn predicted(&self, wet_bulb: f64, flow: f64) -> f64 {
        wet_bulb + self.approaches.0 + self.approaches.1 * flow.clamp(0.0, 1.0)
    }
}

/// What the panel remembers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Economiser {
    /// Bypassed for so long (s).
    Off {
        /// Since then (s).
        since: f64,
    },
    /// In use.
    On {
        /// Since then (s).
        since: f64,
        /// How long it has hardly helped (s).
        idle: f64,
    },
}

/// What one look sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Outdoor wet bulb (°C).
    pub wet_bulb: f64,
    /// Flow over design (1).
    pub flow: f64,
    /// Water coming back from the hall (°C).
    pub entering: f64,
    /// Water leaving the economiser (°C).
    pub leaving: f64,
}

impl Economiser {
    /// Whether it is in use `dt` seconds on.
    pub fn step(&mut self, of: &Rules, seen: Seen, dt: f64) -> bool {
        *self = match *self {
            Self::Off { since }
                if since >= of.least && seen.entering > of.predicted(seen.wet_bulb, seen.flow) + of.on =>
            {
                Self::On { since: 0.0, idle: 0.0 }
            }
            Self::Off { since } => Self::Off { since: since + dt },
            Self::On { since, idle } => {
                let idle = if seen.leaving > seen.entering - of.off.0 { idle + dt } else { 0.0 };
                if since >= of.least && idle >= of.off.1 {
                    Self::Off { since: 0.0 }
                } else {
                    Self::On { since: since + dt, idle }
                }
            }
        };
        self.is_on()
    }

    /// Switched by somebody else; whether it is in use `dt` seconds on.
    pub fn told(&mut self, on: bool, dt: f64) -> bool {
        *self = match (*self, on) {
            (Self::Off { since }, false) => Self::Off { since: since + dt },
            (Self::On { since, .. }, true) => Self::On { since: since + dt, idle: 0.0 },
            (Self::Off { .. }, true) => Self::On { since: 0.0, idle: 0.0 },
            (Self::On { .. }, false) => Self::Off { since: 0.0 },
        };
        on
    }

    /// True while in use.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        match self {
            Self::On { .. } => true,
            Self::Off { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: Seen = Seen { wet_bulb: 5.0, flow: 1.0, entering: 20.0, leaving: 14.0 };

    #[test]
    fn it_comes_on_in_the_cold_and_stays_its_time() {
        let mut panel = Economiser::Off { since: 0.0 };
        for second in 0..1200 {
            assert!(!panel.step(&Rules::PUBLISHED, SEEN, 1.0), "after {second} s");
        }
        assert!(panel.step(&Rules::PUBLISHED, SEEN, 1.0));
        let useless = Seen { leaving: 20.0, ..SEEN };
        let on = (0..86_400).take_while(|_| panel.step(&Rules::PUBLISHED, useless, 1.0)).count();
        assert_eq!(on, 1200);
    }

    #[test]
    fn water_that_the_towers_cannot_beat_keeps_it_off() {
        let mut panel = Economiser::Off { since: 1e6 };
        let mild = Seen { wet_bulb: 13.0, ..SEEN };
        assert!(!panel.step(&Rules::PUBLISHED, mild, 1.0), "20 °C is not 2 K above 13 + 4 + 2");
        assert!(panel.step(&Rules::PUBLISHED, Seen { wet_bulb: 11.9, ..SEEN }, 1.0));
    }
}
