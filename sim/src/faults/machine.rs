//! How machinery breaks: chillers, towers, coolers, CDUs, tanks, circuits; the grid, UPSs, generators.

use plant::hall::Kind;

/// How a machine is broken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MachineFault {
    /// It stops and stays stopped: a chiller, a pump on a header, a CDU, a DX unit's compressors, a circuit's pumps, a tank's pump or purge, a generator, a battery.
    Tripped,
    /// Its fans are dead: a tower or a dry cooler.
    FansFailed,
    /// Its damper or valve stays where it is: a DX unit, a tank, an economiser between two waters.
    Jammed,
    /// This share of a CDU's plates is fouled (1, 0 to 1).
    Fouled(f64),
    /// A CDU's filter, or the water side of a rear door, drops this many times what it does clean (1, ≥ 1).
    Clogged(f64),
    /// Air takes this share of a CDU's flow (1, 0 to 1).
    AirInLoop(f64),
    /// A CDU, a tank or a rear door loses liquid (kg/s).
    Leak(f64),
    /// The customer of a heat recovery takes nothing any more.
    CustomerGone,
    /// A dry cooler breathes air that is this much warmer than outdoors, its own (K, ≥ 0).
    ShortCircuit(f64),
    /// The air around a room's sensor is moister by so much (K of dew point, 0 to 40).
    Humid(f64),
    /// A tank is filled anew with liquid of this temperature (°C, -10 to 80). Nothing ends it.
    Refilled(f64),
    /// A two-phase tank's vent stays open.
    VentOpen,
    /// A rack breathes this share of its own hot air: a door or a panel of the containment is open (1, 0 to 0.9).
    ContainmentOpen(f64),
    /// The grid behind the utility's meter has no voltage.
    Outage,
    /// The grid's voltage stays low (% of nominal, 0 to 100).
    Brownout(f64),
    /// The grid's voltage falls once, for 150 ms (% of nominal, 0 to 100).
    Sag(f64),
    /// A UPS is switched to its bypass.
    OnBypass,
    /// The breaker of a UPS's string is open.
    StringOpen,
    /// No try to start it catches: a generator, a chiller, a pump on a header, an economiser, a heat recovery, a DX unit's compressor, a tank's
    /// purge. A battery that is ready gives and takes nothing.
    StartFails,
    /// It does not stop: a chiller, a pump, a purge or a compressor whose contactor is welded, an economiser whose valve does not close, a tower whose
    /// fans turn on.
    StopFails,
    /// No water comes to a dry cooler's pads.
    PadsStayDry,
    /// The water of a dry cooler's pads is not shut off.
    PadsStayWet,
    /// A pump's coupling is broken: it turns and moves nothing.
    CouplingBroken,
    /// Smoke comes to a detector.
    Smoke,
    /// A feeder's breaker is open. When that is over a person has reset it, with those of its cords, also where one tripped by itself.
    BreakerOpen,
}

impl MachineFault {
    /// Its word in the catalogue.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tripped => "tripped",
            Self::FansFailed => "fans-failed",
            Self::Jammed => "jammed",
            Self::Fouled(_) => "fouled",
            Self::Clogged(_) => "clogged",
            Self::AirInLoop(_) => "air-in-loop",
            Self::Leak(_) => "leak",
            Self::CustomerGone => "customer-gone",
            Self::ShortCircuit(_) => "short-circuit",
            Self::Humid(_) => "humid",
            Self::Refilled(_) => "refilled",
            Self::VentOpen => "vent-open",
            Self::ContainmentOpen(_) => "containment-open",
            Self::Outage => "outage",
            Self::Brownout(_) => "brownout",
            Self::Sag(_) => "sag",
            Self::OnBypass => "on-bypass",
            Self::StringOpen => "string-open",
            Self::StartFails => "start-fails",
            Self::StopFails => "stop-fails",
            Self::PadsStayDry => "pads-stay-dry",
            Self::PadsStayWet => "pads-stay-wet",
            Self::CouplingBroken => "coupling-broken",
            Self::Smoke => "smoke",
            Self::BreakerOpen => "breaker-open",
        }
    }

    /// What stands after the word, where something does.
    #[must_use]
    pub const fn number(self) -> Option<f64> {
        match self {
            Self::Fouled(n)
            | Self::Clogged(n)
            | Self::AirInLoop(n)
            | Self::Leak(n)
            | Self::ShortCircuit(n)
            | Self::Humid(n)
            | Self::Refilled(n)
            | Self::ContainmentOpen(n)
            | Self::Brownout(n)
            | Self::Sag(n) => Some(n),
            Self::Tripped
            | Self::FansFailed
            | Self::Jammed
            | Self::CustomerGone
            | Self::VentOpen
            | Self::Outage
            | Self::OnBypass
            | Self::StringOpen
            | Self::StartFails
            | Self::StopFails
            | Self::PadsStayDry
            | Self::PadsStayWet
            | Self::CouplingBroken
            | Self::Smoke
            | Self::BreakerOpen => None,
        }
    }

    /// The fault of this word, with what stands after it; nothing where there is no such word, or a number is missing.
    #[must_use]
    pub(super) fn of(word: &str, number: Option<f64>) -> Option<Self> {
        Some(match (word, number) {
            ("tripped", _) => Self::Tripped,
            ("fans-failed", _) => Self::FansFailed,
            ("jammed", _) => Self::Jammed,
            ("fouled", Some(share)) => Self::Fouled(share),
            ("clogged", Some(times)) => Self::Clogged(times),
            ("air-in-loop", Some(share)) => Self::AirInLoop(share),
            ("leak", Some(flow)) => Self::Leak(flow),
            ("customer-gone", _) => Self::CustomerGone,
            ("short-circuit", Some(warmer)) => Self::ShortCircuit(warmer),
            ("humid", Some(by)) => Self::Humid(by),
            ("refilled", Some(cel)) => Self::Refilled(cel),
            ("vent-open", _) => Self::VentOpen,
            ("containment-open", Some(share)) => Self::ContainmentOpen(share),
            ("outage", _) => Self::Outage,
            ("brownout", Some(left)) => Self::Brownout(left),
            ("sag", Some(left)) => Self::Sag(left),
            ("on-bypass", _) => Self::OnBypass,
            ("string-open", _) => Self::StringOpen,
            ("start-fails", _) => Self::StartFails,
            ("stop-fails", _) => Self::StopFails,
            ("pads-stay-dry", _) => Self::PadsStayDry,
            ("pads-stay-wet", _) => Self::PadsStayWet,
            ("coupling-broken", _) => Self::CouplingBroken,
            ("breaker-open", _) => Self::BreakerOpen,
            ("smoke", _) => Self::Smoke,
            (_, _) => return None,
        })
    }

    /// True where machinery of this kind can have it.
    #[must_use]
    pub const fn fits(self, kind: Kind) -> bool {
        match self {
            Self::Tripped => matches!(
                kind,
                Kind::Chiller
                    | Kind::Pump
                    | Kind::CondenserPump
                    | Kind::Cdu
                    | Kind::Dx
                    | Kind::FacilityWater
                    | Kind::Tank
                    | Kind::TwoPhaseTank
                    | Kind::Generator
                    | Kind::Battery
            ),
            Self::FansFailed => matches!(kind, Kind::Tower | Kind::DryCooler),
            Self::Jammed => matches!(kind, Kind::Dx | Kind::Tank | Kind::TwoPhaseTank | Kind::WaterEconomiser),
            Self::Fouled(_) | Self::AirInLoop(_) => matches!(kind, Kind::Cdu),
            Self::Clogged(_) => matches!(kind, Kind::Cdu | Kind::RearDoor),
            Self::Leak(_) => matches!(kind, Kind::Cdu | Kind::RearDoor | Kind::Tank | Kind::TwoPhaseTank),
            Self::CustomerGone => matches!(kind, Kind::HeatRecovery),
            Self::ShortCircuit(_) | Self::PadsStayDry | Self::PadsStayWet => matches!(kind, Kind::DryCooler),
            Self::Humid(_) => matches!(kind, Kind::RoomSensor),
            Self::Refilled(_) => matches!(kind, Kind::Tank | Kind::TwoPhaseTank),
            Self::VentOpen => matches!(kind, Kind::TwoPhaseTank),
            Self::ContainmentOpen(_) => matches!(kind, Kind::Rack),
            // Of the meters the utility's alone: see [`MachineFault::of_grid`].
            Self::Outage | Self::Brownout(_) | Self::Sag(_) => matches!(kind, Kind::Meter),
            Self::OnBypass | Self::StringOpen => matches!(kind, Kind::Ups),
            Self::StartFails => {
                let switched = matches!(kind, Kind::Chiller | Kind::WaterEconomiser | Kind::HeatRecovery | Kind::Dx);
                let driven = matches!(kind, Kind::Generator | Kind::Pump | Kind::CondenserPump | Kind::TwoPhaseTank);
                switched || driven || matches!(kind, Kind::Battery)
            }
            Self::StopFails => {
                let driven = matches!(kind, Kind::Tower | Kind::DryCooler | Kind::Pump | Kind::CondenserPump);
                let switched = matches!(kind, Kind::Chiller | Kind::WaterEconomiser | Kind::HeatRecovery | Kind::Dx);
                driven || switched || matches!(kind, Kind::TwoPhaseTank)
            }
            Self::CouplingBroken => matches!(kind, Kind::Pump | Kind::CondenserPump),
            Self::Smoke => matches!(kind, Kind::SmokeDetector),
            // Of what has the name of a feed with a breaker and racks: see [`MachineFault::of_feeder`].
            Self::BreakerOpen => matches!(kind, Kind::Meter),
        }
    }

    /// True where it is a feeder of the power tree that is open.
    #[must_use]
    pub const fn of_feeder(self) -> bool {
        matches!(self, Self::BreakerOpen)
    }

    /// True where it is the grid that is disturbed.
    #[must_use]
    pub const fn of_grid(self) -> bool {
        matches!(self, Self::Outage | Self::Brownout(_) | Self::Sag(_))
    }
}
