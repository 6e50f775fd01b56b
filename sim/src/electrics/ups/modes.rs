//! What a UPS does with its input: the modes, and when it changes between them. One change a step.

use super::super::grid::{Dip, Voltage};
use super::{Ups, UpsState};

/// ```text
///                       eco ordered, input steady
///      DoubleConversion ─────────────────────────▶ Eco
///        ▲  │  ▲  │ ◀───────────────────────────────┘ │ disturbance: the load sees a dip
///  input │  │  │  └─ input gone ──▶ Battery ◀─────────┘ input gone
///  good, │  │  └── input good again ──┘  │ empty, overload without an input
///  wait  │  │ overload, order, no module ▼
///      Down │ ◀──── input gone ───────  Down
///           ▼
///         Bypass ── overload over and calm, order gone, module mended ──▶ DoubleConversion
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// Rectifier and inverter carry the load.
    DoubleConversion {
        /// Share of the load that the rectifier has taken over from the string (1, 0 to 1).
        walked: f64,
        /// How long the input has been undisturbed (s).
        steady: f64,
    },
    /// The static switch carries the load, the inverter is ready.
    Eco,
    /// The string carries the load.
    Battery {
        /// For how long (s).
        held: f64,
        /// How long the input has been good (s).
        good: f64,
        /// True when the string could not carry the whole load to the end of the last step: it collapses.
        short: bool,
    },
    /// The static switch carries the load, the inverter is off.
    Bypass {
        /// Why.
        why: Bypassed,
        /// How long the load has fitted the modules (s).
        calm: f64,
    },
    /// The load has no power.
    Down {
        /// Why.
        why: Down,
        /// How long the input has been good (s).
        good: f64,
    },
}

/// Why a UPS is on bypass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bypassed {
    /// Somebody wants it there.
    Ordered,
    /// It was overloaded for too long.
    Overload,
    /// No module works.
    Broken,
}

/// Why the load has no power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Down {
    /// The string is empty.
    Empty,
    /// It was overloaded for too long, or the string cannot give so much, and there was no input to fall back on.
    Overload,
    /// The input went while it was on bypass and the inverter could not take over.
    BypassLost,
    /// No module works and there is no input.
    Broken,
}

/// What somebody wants of a UPS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orders {
    /// Eco mode, where it has one.
    pub eco: bool,
    /// The bypass.
    pub bypass: bool,
}

/// What happened to a UPS in a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UpsEvent {
    /// A sag that the load did not see.
    RodeThrough,
    /// The string took the load.
    OnBattery,
    /// The input is good again and takes the load over.
    MainsBack,
    /// It went into eco mode.
    EcoOn,
    /// It left eco mode; the load saw a dip if the input was disturbed.
    EcoOff,
    /// It went to bypass.
    ToBypass(Bypassed),
    /// It came back from bypass.
    FromBypass,
    /// The load lost its power.
    Dropped(Down),
    /// The load has power again.
    Restarted,
}

/// What feeds a UPS in a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Supply {
    /// The voltage.
    pub voltage: Voltage,
    /// True where a generator makes it.
    pub generator: bool,
}

/// What stands at a UPS's output in a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Output {
    /// The voltage, with the dips that get through.
    pub voltage: Voltage,
    /// What happened.
    pub event: Option<UpsEvent>,
}

/// A mode, what happened, and the dip of the change-over.
type Change = (Mode, Option<UpsEvent>, Option<Dip>);

const fn stay(mode: Mode) -> Change {
    (mode, None, None)
}

/// Double conversion with the whole load on the rectifier.
const CONVERTING: Mode = Mode::DoubleConversion { walked: 1.0, steady: 0.0 };
/// Double conversion with the whole load still on the string.
const WALKING_IN: Mode = Mode::DoubleConversion { walked: 0.0, steady: 0.0 };
/// Just gone onto the string.
const ON_BATTERY: Mode = Mode::Battery { held: 0.0, good: 0.0, short: false };

const fn dropped(why: Down) -> Change {
    (Mode::Down { why, good: 0.0 }, Some(UpsEvent::Dropped(why)), None)
}

impl UpsState {
    /// Meets its input at the begin of a step of `dt` seconds, by the load it carried last. What it tells holds for the whole step.
    pub fn meet(&mut self, of: &Ups, supply: Supply, dt: f64) -> Output {
        let voltage = supply.voltage;
        let good = voltage.level >= of.tolerance;
        let disturbed = voltage.below(of.tolerance);
        let (next, event, dip) = match self.mode {
            Mode::DoubleConversion { walked, steady } => {
                let steady = if disturbed { 0.0 } else { steady + dt };
                self.converting(of, good, disturbed, (walked, steady))
            }
            Mode::Eco => self.eco(of, good, voltage),
            Mode::Battery { held, good: since, short } => {
                let since = if good { since + dt } else { 0.0 };
                self.on_battery(of, good, (held + dt, since), short)
            }
            Mode::Bypass { why, calm } => self.bypassed(of, good, (why, calm), dt),
            Mode::Down { why, good: since } => self.down(of, good, why, if good { since + dt } else { 0.0 }),
        };
        self.mode = next;
        Output { voltage: self.shown(voltage, dip), event }
    }

    /// The output's voltage in the mode it is in.
    fn shown(&self, input: Voltage, dip: Option<Dip>) -> Voltage {
        match self.mode {
            Mode::DoubleConversion { .. } | Mode::Battery { .. } => Voltage::NOMINAL.and(dip),
            Mode::Eco | Mode::Bypass { .. } => input.and(dip),
            Mode::Down { .. } => Voltage::NONE,
        }
    }

    fn converting(&self, of: &Ups, good: bool, disturbed: bool, (walked, steady): (f64, f64)) -> Change {
        let here = stay(Mode::DoubleConversion { walked, steady });
        let switch = Some(Dip { residual: 0.0, seconds: of.transfer });
        let bypass = |why, dip| (Mode::Bypass { why, calm: 0.0 }, Some(UpsEvent::ToBypass(why)), dip);
        if self.healthy(of) == 0 {
            return if good { bypass(Bypassed::Broken, switch) } else { dropped(Down::Broken) };
        }
        if self.strained >= 1.0 {
            return if good { bypass(Bypassed::Overload, switch) } else { dropped(Down::Overload) };
        }
        if !good {
            return if self.spent(of) { dropped(Down::Empty) } else { (ON_BATTERY, Some(UpsEvent::OnBattery), None) };
        }
        let settled = walked >= 1.0;
        if self.orders.bypass && settled {
            return bypass(Bypassed::Ordered, None);
        }
        if self.orders.eco && of.eco.is_some() && settled && steady >= of.qualify {
            return (Mode::Eco, Some(UpsEvent::EcoOn), None);
        }
        if disturbed { (here.0, Some(UpsEvent::RodeThrough), None) } else { here }
    }

    fn eco(&self, of: &Ups, good: bool, input: Voltage) -> Change {
        // What the disturbance leaves reaches the load until the inverter has it.
        let transfer = of.eco.map_or(of.transfer, |e| e.transfer);
        let left = if good { input.dip.map_or(input.level, |d| d.residual) } else { input.level };
        let seen = Some(Dip { residual: left.clamp(0.0, 1.0), seconds: transfer });
        if self.healthy(of) == 0 {
            return if good {
                (Mode::Bypass { why: Bypassed::Broken, calm: 0.0 }, Some(UpsEvent::ToBypass(Bypassed::Broken)), None)
            } else {
                dropped(Down::Broken)
            };
        }
        if !good {
            return if self.spent(of) { dropped(Down::Empty) } else { (ON_BATTERY, Some(UpsEvent::OnBattery), seen) };
        }
        if input.below(of.tolerance) {
            return (CONVERTING, Some(UpsEvent::EcoOff), seen);
        }
        if self.orders.eco && !self.orders.bypass {
            stay(Mode::Eco)
        } else {
            (CONVERTING, Some(UpsEvent::EcoOff), None)
        }
    }

    fn on_battery(&self, of: &Ups, good: bool, (held, since): (f64, f64), short: bool) -> Change {
        let empty = self.spent(of);
        if self.healthy(of) == 0 {
            let why = Bypassed::Broken;
            let to_bypass = (Mode::Bypass { why, calm: 0.0 }, Some(UpsEvent::ToBypass(why)), None);
            return if good { to_bypass } else { dropped(Down::Broken) };
        }
        if good && (empty || short || since >= of.qualify) {
            let next = if empty || short { CONVERTING } else { WALKING_IN };
            return (next, Some(UpsEvent::MainsBack), None);
        }
        if empty {
            return dropped(Down::Empty);
        }
        if short || self.strained >= 1.0 {
            return dropped(Down::Overload);
        }
        stay(Mode::Battery { held, good: since, short: false })
    }

    fn bypassed(&self, of: &Ups, good: bool, (why, calm): (Bypassed, f64), dt: f64) -> Change {
        let fits = self.load <= of.rating(self.healthy(of));
        let calm = if fits { calm + dt } else { 0.0 };
        let able = self.healthy(of) > 0 && self.strained < 1.0;
        if !good {
            return match why {
                Bypassed::Ordered if able && !self.spent(of) => {
                    let gap = Some(Dip { residual: 0.0, seconds: of.transfer });
                    (ON_BATTERY, Some(UpsEvent::OnBattery), gap)
                }
                Bypassed::Ordered | Bypassed::Overload | Bypassed::Broken => dropped(Down::BypassLost),
            };
        }
        let back = match why {
            Bypassed::Ordered => !self.orders.bypass && able,
            Bypassed::Overload => able && calm >= of.recovery,
            Bypassed::Broken => able && fits,
        };
        if back { (CONVERTING, Some(UpsEvent::FromBypass), None) } else { stay(Mode::Bypass { why, calm }) }
    }

    fn down(&self, of: &Ups, good: bool, why: Down, since: f64) -> Change {
        if !good || since < of.restart || self.strained >= 1.0 {
            return stay(Mode::Down { why, good: since });
        }
        if self.healthy(of) == 0 {
            let why = Bypassed::Broken;
            return (Mode::Bypass { why, calm: 0.0 }, Some(UpsEvent::Restarted), None);
        }
        (CONVERTING, Some(UpsEvent::Restarted), None)
    }
}
