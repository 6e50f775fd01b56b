//! Heat recovery: a plate exchanger on the return line, a heat pump behind it, and somebody who wants the heat.
//!
//! **Equation** direct, `Q = min(demand, ε·Cmin·(T_return − T_customer,back))`; by heat pump, a source loop at
//! `T_s = T_return − Q_e/(ε·Cmin)` and `COP = share·f(x)·T_c/max(T_c − T_e, least lift)` with `T_e = T_s − pinch`,
//! `T_c = T_supply + pinch` (K) and `Q_e = Q_c·(1 − 1/COP)`, which is linear in `T_e` and solved without iteration.
//! Part load `f(x) = x/(c·x + 1 − c)` below the least modulation, where it cycles. Demand `(base + slope·(limit − outdoors)⁺)·profile`.
//! **Source** Carnot; EN 14825 for cycling; ε-NTU. KPIs after ISO/IEC 30134-6 (ERF) and The Green Grid (ERE).
//! **Parameters** share of Carnot 0.45 to 0.55, pinch 2 to 4 K, least lift 15 to 20 K, most 60 to 70 K, supply up to 75 to
//! 85 °C; c 0.9; district networks want 60 to 75 °C and give back 40 to 50 °C; a floor heating 35 and 28 °C.
//! **Box** return lines of 15 to 60 °C; a source loop above its freezing guard. **Outside it** the source's guard and the
//! capacity bind, and it is said. A customer who is gone takes nothing, from one step to the next.
//! **Time constant** none: a machine's start of some minutes is its panel's; volumes are in the loops.

mod customer;

use plant::read::Section;

use crate::liquid::plate::Plate;
use crate::physics::read::{POSITIVE, maybe, need, number};

pub use customer::{Customer, Wanted};

/// From °C to K.
const KELVIN: f64 = 273.15;
/// Warmest and coldest return lines the machines are made for (°C).
const RETURNS: (f64, f64) = (15.0, 60.0);
/// The least capacity flow worth a number (W/K).
const NO_FLOW: f64 = 1e-6;

/// A heat-recovery station.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatRecovery {
    /// The exchanger; its warm side is the hall's return line. Its cold side is the heat pump's source loop at its nominal flow,
    /// or the customer's water.
    pub plate: Plate,
    /// The heat pump, if there is one.
    pub heat_pump: Option<HeatPump>,
    /// Who takes the heat.
    pub customer: Customer,
}

/// A heat pump between the source loop and the customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeatPump {
    /// Share of Carnot's efficiency at full load (1, 0.2 to 0.7).
    pub carnot_share: f64,
    /// Most heat it gives (W, > 0).
    pub capacity: f64,
    /// Least share of the capacity without cycling (1, 0.05 to 1).
    pub least_load: f64,
    /// What cycling leaves: c of the part-load law (1, 0.5 to 1).
    pub cycling: f64,
    /// Evaporation below source, and condensation above supply (K, 0 to 15).
    pub pinch: f64,
    /// The least lift it works against (K, 5 to 40).
    pub least_lift: f64,
    /// The most lift it can make (K, 20 to 120).
    pub most_lift: f64,
    /// The source loop is not cooled below this (°C, -10 to 40).
    pub source_guard: f64,
    /// Warmest water it makes (°C, 30 to 130).
    pub supply_limit: f64,
}

/// What the station sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offered {
    /// The hall's return (kg/s, ≥ 0).
    pub flow: f64,
    /// Its temperature (°C).
    pub back: f64,
    /// Outdoors (°C).
    pub outdoors: f64,
    /// Hour of the customer's day (h, any; wraps at 24).
    pub hour: f64,
    /// False when the customer is gone.
    pub connected: bool,
    /// How far the valve is open (1, 0 to 1): of what the connection carries so much comes through at the most.
    pub open: f64,
}

/// What the station does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// The customer is gone.
    Gone,
    /// Nobody wants heat, or none can be given.
    #[default]
    Idle,
    /// The return is warm enough by itself.
    Direct,
    /// The heat pump lifts it.
    HeatPump,
}

/// What it did. `exported = from_hall + electricity`.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Recovered {
    /// What it does.
    pub mode: Mode,
    /// Heat out of the return line (W).
    pub from_hall: f64,
    /// Heat to the customer: what ERF and ERE count as reused (W).
    pub exported: f64,
    /// The heat pump's electricity (W).
    pub electricity: f64,
    /// What is left of the demand (W).
    pub unmet: f64,
    /// The return line behind the station (°C): the coolers must catch the rest.
    pub back: f64,
    /// Heat given over electricity (1; 0 without a heat pump).
    pub cop: f64,
    /// True where a limit binds or the return left the box.
    pub outside: bool,
}

impl HeatRecovery {
    /// What the station does now.
    #[must_use]
    pub fn recover(&self, offered: Offered) -> Recovered {
        let stream = self.plate.warm.coolant.stream(offered.flow);
        let nothing = Recovered { back: offered.back, ..Recovered::default() };
        if !offered.connected {
            return Recovered { mode: Mode::Gone, ..nothing };
        }
        let called = self.customer.wanted(offered.outdoors, offered.hour);
        let wanted = Wanted { heat: called.heat.min(offered.open * self.customer.most), ..called };
        if wanted.heat <= 0.0 || stream <= NO_FLOW {
            return Recovered { unmet: called.heat, ..nothing };
        }
        let done = match self.heat_pump {
            Some(pump) if wanted.supply > offered.back - pump.pinch => self.lifted(&pump, offered, wanted),
            Some(_) | None => self.direct(offered, wanted),
        };
        let (cold, warm) = RETURNS;
        Recovered {
            unmet: (called.heat - done.exported).max(0.0),
            back: offered.back - done.from_hall / stream,
            outside: done.outside || offered.back < cold || offered.back > warm,
            ..done
        }
    }

    /// Through the exchanger alone: the customer's own flow is set so that its water leaves at what it wants, as far as it goes.
    fn direct(&self, offered: Offered, wanted: Wanted) -> Recovered {
        let side = self.plate.cold;
        let flow = wanted.heat / (side.coolant.specific_heat * (wanted.supply - wanted.back).max(1.0));
        let most = self.plate.exchange(offered.flow, flow, 0.0) * (offered.back - wanted.back);
        let heat = wanted.heat.min(most).max(0.0);
        // Water that is not warm enough is of no use to somebody who has no heat pump.
        if heat <= 0.0 || wanted.supply > offered.back {
            return Recovered { outside: true, ..Recovered::default() };
        }
        Recovered {
            mode: Mode::Direct,
            from_hall: heat,
            exported: heat,
            outside: heat < wanted.heat,
            ..Recovered::default()
        }
    }

    fn lifted(&self, pump: &HeatPump, offered: Offered, wanted: Wanted) -> Recovered {
        let exchange = self.plate.exchange(offered.flow, self.plate.cold.flow, 0.0);
        let refused = Recovered { outside: true, ..Recovered::default() };
        if exchange <= NO_FLOW {
            return refused;
        }
        // Warmer than it can: it gives its share of the way, and the customer's own boiler the rest.
        let reach = ((pump.supply_limit - wanted.back) / (wanted.supply - wanted.back).max(1.0)).clamp(0.0, 1.0);
        let heat = (wanted.heat * reach).min(pump.capacity);
        let condensing = wanted.supply.min(pump.supply_limit) + pump.pinch + KELVIN;
        let share = pump.carnot_share * pump.part_load(heat / pump.capacity);
        let done = pump.work(heat, (condensing, share), (offered.back, exchange));
        let least_source = offered.back - done.from_hall / exchange;
        let lift = condensing - (least_source - pump.pinch + KELVIN);
        if done.exported <= 0.0 || lift > pump.most_lift {
            return refused;
        }
        Recovered { outside: done.exported < wanted.heat * (1.0 - 1e-12), ..done }
    }

    /// Reads a station.
    pub(crate) fn read(of: &Section<'_>) -> Option<Self> {
        let plate = need(of, "plate", Plate::read).flatten();
        let heat_pump = maybe(of, "heat-pump", HeatPump::read);
        let customer = need(of, "customer", Customer::read).flatten();
        if let (Some(pump), Some(customer)) = (heat_pump, &customer)
            && pump.supply_limit < customer.supply.1
        {
            let help = "raise `heat-pump.supply-limit-cel`, or lower `customer.supply-cold-cel`";
            of.fault("heat-pump", "the heat pump cannot make what the customer wants on a cold day", help);
        }
        Some(Self { plate: plate?, heat_pump, customer: customer? })
    }
}

impl HeatPump {
    /// What is left of the full-load efficiency at a share of the capacity (1, 0 to 1).
    #[must_use]
    pub fn part_load(&self, share: f64) -> f64 {
        let cycling = (share / self.least_load).clamp(0.0, 1.0);
        if cycling <= 0.0 { 0.0 } else { cycling / (self.cycling * cycling + 1.0 - self.cycling) }
    }

    /// Gives `heat` (W) at a condensation (K) with a share of Carnot, out of a source loop behind an exchanger of
    /// `exchange` (W/K) on a return at `back` (°C). Less where the source's guard binds.
    fn work(&self, heat: f64, (condensing, share): (f64, f64), (back, exchange): (f64, f64)) -> Recovered {
        let held = |cop: f64| cop.max(1.0);
        let at = |evaporating: f64| held(share * condensing / (condensing - evaporating).max(self.least_lift));
        // Q_e = Q_c·(1 − (T_c − T_e)/(share·T_c)), T_e = back − Q_e/exchange − pinch: linear.
        let line = heat / (share * condensing);
        let top = back - self.pinch + KELVIN;
        let taken = (heat - line * (condensing - top)) / (1.0 + line / exchange);
        let evaporating = top - taken.max(0.0) / exchange;
        let mut cop = at(evaporating);
        let mut heat = heat;
        // The least lift makes it no better than that; the guard keeps the source from being cooled further.
        let most = (exchange * (back - self.source_guard)).max(0.0);
        if heat * (1.0 - 1.0 / cop) > most {
            cop = at(self.source_guard - self.pinch + KELVIN);
            heat = if cop > 1.0 { heat.min(most / (1.0 - 1.0 / cop)) } else { 0.0 };
        }
        let electricity = heat / cop;
        Recovered {
            mode: Mode::HeatPump,
            from_hall: heat - electricity,
            exported: heat,
            electricity,
            cop,
            ..Recovered::default()
        }
    }

    fn read(of: &Section<'_>) -> Self {
        let pump = Self {
            carnot_share: number(of, "carnot-share", (0.2, 0.7)),
            capacity: number(of, "capacity-w", POSITIVE),
            least_load: number(of, "least-load", (0.05, 1.0)),
            cycling: of.within("cycling", (0.5, 1.0)).unwrap_or(0.9),
            pinch: number(of, "pinch-k", (0.0, 15.0)),
            least_lift: number(of, "least-lift-k", (5.0, 40.0)),
            most_lift: number(of, "most-lift-k", (20.0, 120.0)),
            source_guard: number(of, "source-guard-cel", (-10.0, 40.0)),
            supply_limit: number(of, "supply-limit-cel", (30.0, 130.0)),
        };
        if of.has("least-lift-k") && of.has("most-lift-k") && pump.least_lift >= pump.most_lift {
            let help = "write a `most-lift-k` above `least-lift-k`";
            of.fault("most-lift-k", "the most lift is not above the least", help);
        }
        pump
    }
}

/// Energy reuse factor: reused energy over all that the site takes in (1, 0 to 1; 0 where it takes none).
#[must_use]
pub fn reuse_factor(reused: f64, total: f64) -> f64 {
    if total > 0.0 { (reused / total).clamp(0.0, 1.0) } else { 0.0 }
}

/// Energy reuse effectiveness: what the site keeps for itself over its IT (1; nothing where there is no IT).
#[must_use]
pub fn reuse_effectiveness(total: f64, reused: f64, it: f64) -> Option<f64> {
    (it > 0.0).then(|| (total - reused) / it)
}

#[cfg(test)]
mod tests;
