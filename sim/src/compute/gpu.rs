//! A GPU: power, cap, heat and pace, four at a time.
//!
//! **Equation** work wants `natural` watts; a GPU draws the least of that and its limit. The limit follows the cap with
//! `τ_settle`; above a die temperature it falls in proportion, so that heat throttles as a cap does. A demand that jumps above the
//! limit passes it by `overshoot` for a tenth of a second. Leakage adds `λ·(T − 60 °C)` of the static power. The die stands on
//! the case, the case on air or liquid, each an exact exponential. [`rate`] says what a watt less costs in work.
//! A clock `x` draws `P_s + α·(P_r − P_s)·(x + 3x³)/4`, `P_s` the idle power and a share of the rated power, `α` the activity. A GPU
//! locked to a clock wants that much of what is above `P_s`, and pays in work as one that is capped there.
//! **Source** the reference's fits to public cap sweeps; a cubic of the clock after the usual V²f.
//! **Parameters** idle 50 to 110 W, rated 350 to 1200 W, settle 0.15 to 0.3 s, overshoot to 0.15, leakage 0.005 to 0.01 /K, die
//! 0.1 to 0.5 kJ/K. **Box** dies 20 to 95 °C. **Outside it** leakage stops growing 60 K above its start; throttling ends at the
//! idle power and no GPU ever falls off its bus. **Time constant** limit 0.15 to 0.3 s, die 0.3 to 1 s, case 30 to 100 s.

pub mod rate;

use plant::read::Section;

use self::rate::Rates;
use super::four::Four;
use super::job::{Moment, Phase};
use crate::physics::read::{POSITIVE, number};

/// Parts of a whole step.
pub const PARTS: usize = 10;
/// What an unlocked clock leaves of power: more than there is.
const FREE: f64 = 1e9;
/// Leakage stops growing this far above its start (K).
const LEAKS_OVER: f64 = 60.0;
/// How long an overshoot lasts at the most (s).
const OVERSHOT: f64 = 0.1;

/// A kind of GPU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Device {
    /// Without work (W, > 0).
    pub idle: f64,
    /// Rated, which is also the highest cap (W, above `idle`).
    pub rated: f64,
    /// The lowest cap it takes (W, from `idle` to `rated`).
    pub least_cap: f64,
    /// Share of the rated power that running clocks draw on top of idle (1, 0 to 0.5).
    pub static_share: f64,
    /// How a limit follows its cap (s, > 0).
    pub settle: f64,
    /// How far a jump of demand passes the limit (1, 0 to 0.15).
    pub overshoot: f64,
    /// Leakage, of the static power (1/K, 0 to 0.02).
    pub leakage: f64,
    /// Where leakage starts (°C).
    pub leaks_above: f64,
    /// Where heat starts to throttle (°C).
    pub throttles: f64,
    /// How far above that the limit is down at nothing (K, > 0).
    pub throttle_band: f64,
    /// Heat capacity of the die and what is soldered to it (J/K, > 0).
    pub die: f64,
    /// Die to case (K/W, > 0).
    pub die_to_case: f64,
    /// Heat capacity of case and heat sink or cold plate (J/K, > 0).
    pub case: f64,
    /// Case to air or liquid at nominal flow (K/W, > 0).
    pub case_to_coolant: f64,
    /// Deviation of one GPU's power from another's (1, 0 to 0.1).
    pub spread: f64,
}

impl Device {
    /// An H100 on a baseboard, in air.
    pub const H100: Self = Self {
        idle: 110.0,
        rated: 700.0,
        least_cap: 200.0,
        static_share: 0.12,
        settle: 0.2,
        overshoot: 0.1,
        leakage: 0.007,
        leaks_above: 60.0,
        throttles: 85.0,
        throttle_band: 10.0,
        die: 100.0,
        die_to_case: 0.006,
        case: 700.0,
        case_to_coolant: 0.06,
        spread: 0.02,
    };

    pub(crate) fn read(of: &Section<'_>) -> Self {
        let device = Self {
            idle: number(of, "idle-w", POSITIVE),
            rated: number(of, "rated-w", POSITIVE),
            least_cap: number(of, "least-cap-w", POSITIVE),
            static_share: number(of, "static-share", (0.0, 0.5)),
            settle: number(of, "settle-s", POSITIVE),
            overshoot: number(of, "overshoot", (0.0, 0.15)),
            leakage: number(of, "leakage-per-k", (0.0, 0.02)),
            leaks_above: number(of, "leaks-above-cel", (0.0, 100.0)),
            throttles: number(of, "throttles-cel", (40.0, 120.0)),
            throttle_band: number(of, "throttle-band-k", (1.0, 50.0)),
            die: number(of, "die-j-per-k", POSITIVE),
            die_to_case: number(of, "die-to-case-k-per-w", POSITIVE),
            case: number(of, "case-j-per-k", POSITIVE),
            case_to_coolant: number(of, "case-to-coolant-k-per-w", POSITIVE),
            spread: number(of, "spread", (0.0, 0.1)),
        };
        if device.running() >= device.rated {
            let message = format!("a GPU of {} W cannot draw {} W before it works", device.rated, device.running());
            of.fault("rated-w", message, "write the nameplate power, above `idle-w` and the static share");
        }
        if !(device.idle..=device.rated).contains(&device.least_cap) {
            let message =
                format!("no GPU takes a cap of {} W between {} and {} W", device.least_cap, device.idle, device.rated);
            of.fault("least-cap-w", message, "write the least limit its driver takes, from `idle-w` to `rated-w`");
        }
        device
    }

    /// What it draws when its clocks run and nothing switches (W).
    #[must_use]
    pub fn running(&self) -> f64 {
        self.idle + self.static_share * self.rated
    }

    /// Its power (W) at a share of its highest clock (1) and an activity (1).
    #[must_use]
    pub fn at_clock(&self, clock: f64, activity: f64) -> f64 {
        self.running() + activity * (self.rated - self.running()) * Self::left_by_clock(clock)
    }

    /// What a share of its highest clock (1, 0 to 1) leaves of the power above [`Device::running`] (1).
    #[must_use]
    pub fn left_by_clock(clock: f64) -> f64 {
        0.25 * (clock + 3.0 * clock * clock * clock)
    }

    /// The share of its highest clock (1, 0 to 1) at which it draws a power (W).
    #[must_use]
    pub fn clock(&self, power: f64, activity: f64) -> f64 {
        let k = (power - self.running()) / (activity.max(1e-6) * (self.rated - self.running()));
        if k <= 0.0 {
            return 0.0;
        }
        // x³ + x/3 = 4k/3 has one real root.
        let r = 2.0 * k / 3.0;
        let u = libm::cbrt(r + (r * r + 1.0 / 729.0).sqrt());
        (u - 1.0 / (9.0 * u)).min(1.0)
    }

    /// What it draws (W) at a utilisation as tools report it (1, clamped to 0 to 1): for racks without GPUs of their own.
    #[must_use]
    pub fn at_utilisation(&self, utilisation: f64) -> f64 {
        let u = utilisation.clamp(0.0, 1.0);
        // u^¾: measured draw rises early, for utilisation counts the time any kernel runs.
        self.idle + (self.rated - self.idle) * u.sqrt() * u.sqrt().sqrt()
    }
}

/// What does not change from one part of a step to the next: made once for a length of step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// A whole step (s).
    pub dt: f64,
    part: f64,
    settle: f64,
    die: f64,
    boost: f64,
    heat: f64,
}

impl Pace {
    /// For whole steps of `dt` (s, > 0).
    #[must_use]
    pub fn new(of: &Device, dt: f64) -> Self {
        let part = dt / plant::convert::f64_from_usize(PARTS);
        Self {
            dt,
            part,
            settle: -libm::expm1(-part / of.settle),
            die: -libm::expm1(-part / (of.die * of.die_to_case)),
            boost: of.overshoot * (OVERSHOT / part).min(1.0),
            heat: of.die / part,
        }
    }
}

/// What takes the heat of a node's GPUs over a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coolant {
    cel: f64,
    ease: f64,
    case: f64,
    live: f64,
}

impl Coolant {
    /// Air or liquid at `cel` (°C) behind a `conductance` from each case (W/K, > 0); `live` where the node has power.
    #[must_use]
    pub fn new((of, pace): (&Device, &Pace), cel: f64, conductance: f64, live: bool) -> Self {
        let case = -libm::expm1(-pace.part * conductance / of.case);
        Self { cel, ease: 1.0 / conductance, case, live: if live { 1.0 } else { 0.0 } }
    }
}

/// The GPUs' power in each part of a step, added up over as many as were stepped with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trace([Four; PARTS]);

impl Default for Trace {
    fn default() -> Self {
        Self([Four::all(0.0); PARTS])
    }
}

impl Trace {
    /// The sums (W).
    #[must_use]
    pub fn parts(&self) -> [f64; PARTS] {
        self.0.map(Four::sum)
    }
}

/// Four GPUs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quad {
    cap: Four,
    limit: Four,
    /// What the clocks they are locked to leave of the power above the running one.
    locked: Four,
    spread: Four,
    /// One over it: divisions are dear.
    narrow: Four,
    /// What the limit may be passed by: by nothing where the demand was above it already.
    lift: Four,
    die: Four,
    case: Four,
    power: Four,
    mean: Four,
}

/// What four GPUs did over a whole step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Done {
    /// Mean power (W).
    pub power: f64,
    /// Mean heat into the coolant (W).
    pub heat: f64,
    /// Work, over that of one uncapped GPU (1, 0 to 4).
    pub work: f64,
    /// Work of the slowest of them (1, 0 to 1).
    pub slowest: f64,
    /// How many of them a cap, a locked clock or heat held back in some part of it (GPU, 0 to 4).
    pub throttled: f64,
}

impl Quad {
    /// Four GPUs at rest at `cel`, each a little different: `unlike` are Gaussian deviations.
    #[must_use]
    pub fn new(of: &Device, unlike: [f64; 4], cel: f64) -> Self {
        let spread = (Four(unlike) * of.spread + Four::all(1.0)).most(Four::all(0.5));
        let [a, b, c, d] = spread.0;
        Self {
            cap: Four::all(of.rated),
            limit: Four::all(of.rated),
            locked: Four::all(FREE),
            spread,
            narrow: Four([1.0 / a, 1.0 / b, 1.0 / c, 1.0 / d]),
            lift: Four::all(1.0),
            die: Four::all(cel),
            case: Four::all(cel),
            power: Four::all(0.0),
            mean: Four::all(0.0),
        }
    }

    /// Caps (W), held within what the device takes; one that is no number is ignored, as drivers do.
    pub fn cap(&mut self, of: &Device, caps: [f64; 4]) {
        let ([a, b, c, d], [p, q, r, s]) = (caps, self.cap.0);
        let take = |cap: f64, before: f64| if cap.is_finite() { cap.clamp(of.least_cap, of.rated) } else { before };
        self.cap = Four([take(a, p), take(b, q), take(c, r), take(d, s)]);
    }

    /// Locks one of them, by its number from 0 to 3, to a share of its highest clock (1, held within 0.05 to 1); lets it go where nothing is
    /// said, and leaves it alone where the share is no number.
    pub fn lock(&mut self, lane: usize, clock: Option<f64>) {
        let left = match clock {
            Some(clock) if clock < 1.0 => Device::left_by_clock(clock.max(0.05)),
            Some(clock) if clock.is_nan() => return,
            Some(_) | None => FREE,
        };
        self.locked.0.iter_mut().skip(lane).take(1).for_each(|locked| *locked = left);
    }

    /// The caps (W).
    #[must_use]
    pub const fn caps(&self) -> [f64; 4] {
        self.cap.0
    }

    /// Power at the end of the last step and its mean over it (W).
    #[must_use]
    pub const fn power(&self) -> ([f64; 4], [f64; 4]) {
        (self.power.0, self.mean.0)
    }

    /// The dies (°C).
    #[must_use]
    pub const fn dies(&self) -> [f64; 4] {
        self.die.0
    }

    /// The heat in dies and cases, counted from 0 °C (J).
    #[must_use]
    pub fn stored(&self, of: &Device) -> f64 {
        of.die * self.die.sum() + of.case * self.case.sum()
    }

    /// Moves a whole step on, its demand given for each part; `trace` adds up the power of each part (W).
    /// What is stored changes by `dt·(power − heat)`.
    pub fn step(
        &mut self,
        (of, rates, pace): (&Device, &Rates, &Pace),
        moments: &[Moment; PARTS],
        coolant: Coolant,
        trace: &mut Trace,
    ) -> Done {
        let mut now = *self;
        let before = now.stored(of);
        let (cel, live) = (Four::all(coolant.cel), coolant.live);
        let leaks = of.leakage * of.running() * live;
        let steep = of.rated / of.throttle_band;
        let (mut power, mut work, mut missing) = (Four::all(0.0), Four::all(0.0), Four::all(0.0));
        for (moment, trace) in moments.iter().zip(&mut trace.0) {
            // Heat takes from the limit as a cap does.
            let hot = Four::all(steep * of.throttles + of.rated) - now.die * steep;
            let target = now.cap.least(hot.most(Four::all(of.idle)));
            now.limit = now.limit + (target - now.limit) * pace.settle;
            let warm = (now.die - Four::all(of.leaks_above)).most(Four::all(0.0)).least(Four::all(LEAKS_OVER));
            let leak = warm * leaks;
            let above = (moment.natural - of.running()).max(0.0);
            let slowed = Four::all(moment.natural).least(Four::all(of.running()) + now.locked * above);
            let want = now.spread * (slowed * live) + leak;
            let free = now.spread * (moment.natural * live) + leak;
            let draws = want.least(now.limit * now.lift);
            now.lift = Four::all(1.0) + now.limit.above(want, pace.boost);
            power = power + draws;
            missing = missing + (free - draws);
            *trace = *trace + draws;
            work = match rates.curve(moment.phase) {
                None => work,
                Some(_) if (free - draws).sum() <= 0.0 => work + Four::all(1.0),
                Some(curve) => work + curve.held((draws - leak) * now.narrow * (1.0 / moment.natural), free - draws),
            };
            let die = (now.case + draws * of.die_to_case - now.die) * pace.die;
            now.die = now.die + die;
            let passed = draws - die * pace.heat;
            now.case = now.case + (cel + passed * coolant.ease - now.case) * coolant.case;
            now.power = draws;
        }
        let share = 1.0 / plant::convert::f64_from_usize(PARTS);
        now.mean = power * share;
        *self = now;
        let (mean, work) = (now.mean.sum(), work * (share * live));
        let heat = mean - (now.stored(of) - before) / pace.dt;
        let throttled = missing.above(Four::all(0.0), 1.0).sum();
        Done { power: mean, heat, work: work.sum(), slowest: work.smallest(), throttled }
    }

    /// The hottest die (°C).
    #[must_use]
    pub fn hottest(&self) -> f64 {
        self.die.largest()
    }
}

/// Where a shape of power is a share of what the device has above idle.
#[must_use]
pub fn natural(of: &Device, activity: f64) -> f64 {
    of.idle + (of.rated - of.idle) * activity.max(0.0)
}

/// A device at rest.
#[must_use]
pub const fn at_rest(of: &Device) -> [Moment; PARTS] {
    [Moment { natural: of.idle, phase: Phase::Idle }; PARTS]
}

#[cfg(test)]
mod tests;
