//! Standards, and the two edges of each.
//!
//! A standard says what must hold and what must trip; breakers lie between. Where it says how soon one may trip, the fast edge goes
//! through that point. Where it does not (IEC 60947-2 and UL 489 leave that to the maker), the fast edge here is a thirtieth of the slow edge's time:
//! an assumption, and a wide one. Who has the maker's curve writes its points.

use super::curve::{Body, Curve, Inverse, Overload};

/// The fast edge: no breaker of the standard trips sooner.
pub const FAST: f64 = 0.0;
/// The slow edge: every breaker of the standard has tripped by then.
pub const SLOW: f64 = 1.0;

/// How much faster than the slow edge a breaker may be where the standard does not say: an assumption.
const MAKERS: f64 = 30.0;
/// How far relay and current transformer may be off in time (1): an assumption.
const RELAYS: f64 = 0.1;
/// Magnetic releases of makers' choice, 5 to 10 times, each a fifth off: an assumption.
const MAGNETIC: (f64, f64) = (4.0, 12.0);
/// What a UPS at the end of its batteries' life bears at 1.33 of its rating (s), as is told of Azure's; above that nothing.
const UPS: (f64, f64) = (1.33, 10.0);
/// How much longer a new one does: a minute, an assumption.
const NEW: f64 = 6.0;
/// A magnetic release that a relay does not have.
const NONE: (f64, f64) = (f64::INFINITY, f64::INFINITY);

/// A standard with its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    /// IEC 60898-1, class B: magnetic from 3 to 5 times the rating.
    Iec60898B,
    /// IEC 60898-1, class C: 5 to 10 times.
    Iec60898C,
    /// IEC 60898-1, class D: 10 to 20 times.
    Iec60898D,
    /// IEC 60947-2.
    Iec60947,
    /// UL 489, by frame size.
    Ul489,
    /// IEC 60255, standard inverse.
    IecSi,
    /// IEC 60255, very inverse.
    IecVi,
    /// IEC 60255, extremely inverse.
    IecEi,
    /// IEEE moderately inverse.
    IeeeMi,
    /// IEEE very inverse.
    IeeeVi,
    /// IEEE extremely inverse.
    IeeeEi,
    /// A curve through the points that Dynamo publishes for its row panels.
    Dynamo,
    /// No breaker: what a UPS itself bears before it lets its load go.
    Ups,
}

impl Standard {
    /// Every standard with its word in files.
    pub const WORDS: [(&'static str, Self); 13] = [
        ("iec-60898-b", Self::Iec60898B),
        ("iec-60898-c", Self::Iec60898C),
        ("iec-60898-d", Self::Iec60898D),
        ("iec-60947-2", Self::Iec60947),
        ("ul-489", Self::Ul489),
        ("iec-60255-si", Self::IecSi),
        ("iec-60255-vi", Self::IecVi),
        ("iec-60255-ei", Self::IecEi),
        ("ieee-mi", Self::IeeeMi),
        ("ieee-vi", Self::IeeeVi),
        ("ieee-ei", Self::IeeeEi),
        ("dynamo-rpp", Self::Dynamo),
        ("ups", Self::Ups),
    ];

    /// Its word in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, of)| *of == self).map_or("", |(word, _)| word)
    }

    /// The share of the rating that may be used for good where the file says nothing: 0.8 with UL 489, whose breakers are for that unless
    /// they are marked as 100 % rated, and 0.95 otherwise.
    #[must_use]
    pub const fn margin(self) -> f64 {
        match self {
            Self::Ul489 => 0.8,
            Self::Iec60898B
            | Self::Iec60898C
            | Self::Iec60898D
            | Self::Iec60947
            | Self::IecSi
            | Self::IecVi
            | Self::IecEi
            | Self::IeeeMi
            | Self::IeeeVi
            | Self::IeeeEi
            | Self::Dynamo
            | Self::Ups => 0.95,
        }
    }

    /// A relay's time as published; nothing for a breaker with bodies.
    #[must_use]
    pub const fn relay(self) -> Option<Inverse> {
        // The IEEE's memories are those of C37.112; the others have none that is published, and get their own time at no load or 80 s.
        let (k, alpha, c, reset) = match self {
            Self::IecSi => (0.14, 0.02, 0.0, 80.0),
            Self::IecVi => (13.5, 1.0, 0.0, 80.0),
            Self::IecEi => (80.0, 2.0, 0.0, 80.0),
            Self::IeeeMi => (0.0515, 0.02, 0.114, 4.85),
            Self::IeeeVi => (19.61, 2.0, 0.491, 21.6),
            Self::IeeeEi => (28.2, 2.0, 0.1217, 29.1),
            Self::Dynamo => (1586.0, 9.84, 0.0, 80.0),
            Self::Ups => (UPS.1 * (UPS.0 * UPS.0 - 1.0), 2.0, 0.0, 80.0),
            Self::Iec60898B | Self::Iec60898C | Self::Iec60898D | Self::Iec60947 | Self::Ul489 => return None,
        };
        Some(Inverse { k, alpha, c, reset })
    }

    /// The curve of one breaker of `rated` amperes, `at` of the way from the fast edge (0) to the slow one (1).
    #[must_use]
    pub fn curve(self, rated: f64, at: f64) -> Curve {
        let at = at.clamp(FAST, SLOW);
        let (overload, (fast, slow)) = match self {
            Self::Iec60898B => (iec_60898(rated, at), (3.0, 5.0)),
            Self::Iec60898C => (iec_60898(rated, at), (5.0, 10.0)),
            Self::Iec60898D => (iec_60898(rated, at), (10.0, 20.0)),
            Self::Iec60947 => (iec_60947(rated, at), MAGNETIC),
            Self::Ul489 => (ul_489(rated, at), MAGNETIC),
            Self::Ups => {
                let bears = self.relay().map(|relay| relay.times(between(1.0, NEW, at)));
                (bears.map_or_else(|| iec_60947(rated, at), Overload::Inverse), (UPS.0 + 0.01, 2.0))
            }
            Self::IecSi | Self::IecVi | Self::IecEi | Self::IeeeMi | Self::IeeeVi | Self::IeeeEi | Self::Dynamo => {
                let usual = self.relay().map(|relay| relay.times(1.0 + RELAYS * (2.0 * at - 1.0)));
                (usual.map_or_else(|| iec_60947(rated, at), Overload::Inverse), NONE)
            }
        };
        Curve { overload, instant: between(fast, slow, at) }
    }
}

/// Cold, 1.13 holds for an hour (two above 63 A), 1.45 trips within it; 2.55 trips after 1 s at the soonest and within one minute (two above
/// 32 A). No single body does both at the slow edge: one through 1.45 after an hour takes a quarter of an hour at 2.55.
fn iec_60898(rated: f64, at: f64) -> Overload {
    let (hour, minute) = (conventional(rated), if rated <= 32.0 { 60.0 } else { 120.0 });
    let fast = Body::through(1.13, 2.55, 1.0);
    let slow = [Body::through(1.13, 1.45, hour), Body::through(1.45, 2.55, minute)];
    Overload::Thermal(slow.map(|slow| mixed(fast, slow, at)))
}

/// 1.05 holds for an hour (two above 63 A), 1.30 trips within it.
fn iec_60947(rated: f64, at: f64) -> Overload {
    let slow = Body::through(1.05, 1.30, conventional(rated));
    Overload::Thermal([mixed(Body { hold: 1.05, tau: slow.tau / MAKERS }, slow, at); 2])
}

/// The rating holds; 2.0 trips within so many minutes by frame, and with that 1.35 within its hour or two.
fn ul_489(rated: f64, at: f64) -> Overload {
    let frames = [(30.0, 2.0), (50.0, 4.0), (100.0, 6.0), (150.0, 8.0), (225.0, 10.0), (400.0, 12.0)];
    // What is said of frames above 600 A was not read: the time of the largest that was is kept.
    let minutes = frames.iter().find(|(most, _)| rated <= *most).map_or(14.0, |(_, minutes)| *minutes);
    let slow = Body::through(1.15, 2.0, 60.0 * minutes);
    Overload::Thermal([mixed(Body { hold: 1.0, tau: slow.tau / MAKERS }, slow, at); 2])
}

/// What both IEC standards call the conventional time (s).
fn conventional(rated: f64) -> f64 {
    if rated <= 63.0 { 3600.0 } else { 7200.0 }
}

fn mixed(fast: Body, slow: Body, at: f64) -> Body {
    Body { hold: between(fast.hold, slow.hold, at), tau: between(fast.tau, slow.tau, at) }
}

/// `at` of the way between two positive numbers, where both are logarithms.
fn between(fast: f64, slow: f64, at: f64) -> f64 {
    if at <= FAST || fast.is_infinite() {
        fast
    } else if at >= SLOW {
        slow
    } else {
        fast * libm::pow(slow / fast, at)
    }
}
