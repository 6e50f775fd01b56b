//! Minimum times: of machines that control starts and stops, and of fans and valves that its loops let rest.

use std::ops::RangeInclusive;

use plant::command::Level;
use plant::hall::Hall;
use plant::hall::sequence::{FanTuning, MachineTuning, RunMode};
use plant::id::{EquipId, PointId};
use plant::time::Span;

use super::{Look, age, mode, told};

/// What a machine may say of itself: 0, it stands, to 1, it runs.
const WORDS: RangeInclusive<f64> = 0.0..=1.0;
/// The same where it says how far it is open, or how fast it turns (%), with a sensor's noise.
const PERCENT: RangeInclusive<f64> = -2.0..=102.0;
/// A drive below this stands (%).
const STANDS: f64 = 0.5;

/// How a machine is seen to run.
struct Sense {
    point: PointId,
    /// What it may say; anything else is garbage, and no word.
    words: RangeInclusive<f64>,
    /// Above this it runs.
    above: f64,
}

impl Sense {
    /// True where it is seen to run; nothing while it is not seen, or says garbage: control does not see it then, and neither does the watch.
    fn sees(&self, look: &Look<'_>, sure: f64) -> Option<bool> {
        let seen = look.inputs.samples.get(self.point).filter(|sample| age(sample, look.now) <= sure)?;
        seen.value.ok().filter(|word| self.words.contains(word)).map(|word| word > self.above)
    }
}

/// A machine with minimum times.
pub struct Machine {
    name: String,
    mode: PointId,
    sense: Sense,
    /// Least on and off, and least off after a loss of power (s).
    times: [f64; 3],
    told: RunMode,
    /// Since when it runs, or stands, as it was read; nothing until that was seen to change.
    since: Option<(bool, f64)>,
    /// It stood because control told it to.
    by_us: bool,
}

fn name(hall: &Hall, equip: EquipId) -> String {
    hall.equips.get(equip).map_or_else(String::new, |def| def.name.clone())
}

/// Chillers, economisers, compressors, heat recovery.
pub fn machines(hall: &Hall) -> Vec<Machine> {
    let one = |equip, (mode, point), rules: &MachineTuning| Machine {
        name: name(hall, equip),
        mode,
        sense: Sense { point, words: WORDS, above: 0.5 },
        times: [rules.least_on, rules.least_off, rules.restore_after.min(rules.least_off)].map(Span::seconds),
        told: RunMode::Panel,
        since: None,
        by_us: false,
    };
    let percent =
        |machine: Machine, above| Machine { sense: Sense { words: PERCENT, above, ..machine.sense }, ..machine };
    let chillers = hall.plants.iter().flat_map(|plant| {
        let rules = hall.strategies.plant(plant.circuit);
        let chillers = plant.chillers.iter();
        let chillers = chillers.map(move |of| one(of.of.equip, (of.run_mode.id(), of.of.running.id()), &rules.chiller));
        let economiser = plant.economiser.iter();
        chillers.chain(
            economiser
                .map(move |of| one(of.of.equip, (of.run_mode.id(), of.of.running.id()), &rules.economiser_machine)),
        )
    });
    let compressors = hall.dx_rows.iter().flat_map(|row| &row.units).map(|of| {
        let ids = (of.run_mode.id(), of.of.compressor.id());
        percent(one(of.of.equip, ids, &hall.strategies.dx.compressor), STANDS)
    });
    let heat = hall.heat.iter().map(|of| {
        let ids = (of.run_mode.id(), of.of.valve.id());
        percent(one(of.of.equip, ids, &hall.strategies.heat.machine), 50.0)
    });
    chillers.chain(compressors).chain(heat).collect()
}

impl Machine {
    /// Nothing is known of it any more.
    pub const fn forget(&mut self) {
        (self.told, self.since, self.by_us) = (RunMode::Panel, None, false);
    }

    /// Control starts or stops it before its time.
    pub fn early(&mut self, look: &Look<'_>, sure: f64) -> Option<String> {
        let command = told(look.outputs, self.mode)?;
        let mode = RunMode::of(command.value);
        let runs = self.sense.sees(look, sure);
        if let Some(runs) = runs.filter(|runs| self.since.is_none_or(|(ran, _)| ran != *runs)) {
            self.by_us = self.since.is_some() && self.told == RunMode::Off && !runs;
            // The first that is seen began at some time before.
            let begun = if self.since.is_some() { look.time } else { f64::NEG_INFINITY };
            self.since = Some((runs, begun));
        }
        let [least_on, least_off, restore] = self.times;
        let lasted = self.since.map_or(f64::INFINITY, |(_, since)| look.time - since);
        let control = command.level == Level::Control;
        let early = match (self.told, mode, self.since) {
            (RunMode::On, RunMode::Off, Some((true, _))) => control && lasted < least_on - sure,
            (RunMode::Off, RunMode::On, Some((false, _))) => {
                control && self.by_us && lasted < if look.restores { restore } else { least_off } - sure
            }
            (RunMode::Panel | RunMode::Off | RunMode::On, _, _) => false,
        };
        self.told = mode;
        early.then(|| format!("{} is told {mode:?} {lasted:.0} s after its last change", self.name))
    }
}

/// What a loop turns or opens and lets rest: a tower's fans, a dry cooler's, a door's valve.
pub struct Rest {
    name: String,
    output: PointId,
    mode: PointId,
    sense: Sense,
    /// Once it stands it stands so long (s).
    least_off: f64,
    /// It was seen turning.
    turned: bool,
    /// Since when it is seen standing, after it was seen turning.
    since: Option<f64>,
}

/// Every one.
pub fn rests(hall: &Hall) -> Vec<Rest> {
    let one = |equip, [mode, output, point]: [PointId; 3], rules: &FanTuning| Rest {
        name: name(hall, equip),
        output,
        mode,
        sense: Sense { point, words: PERCENT, above: STANDS },
        least_off: rules.least_off.seconds(),
        turned: false,
        since: None,
    };
    let towers = hall.plants.iter().filter_map(|plant| {
        let (of, rules) = (plant.rejecting.as_ref()?, hall.strategies.plant(plant.circuit).tower?);
        Some(one(of.of.equip, [of.run_mode.id(), of.fan.id(), of.of.speed.id()], &rules.fans))
    });
    let dry = hall
        .dry
        .iter()
        .map(|of| one(of.of.equip, [of.run_mode.id(), of.fan.id(), of.of.speed.id()], &hall.strategies.dry.fans));
    let doors = hall
        .doors
        .iter()
        .map(|of| one(of.of.equip, [of.run_mode.id(), of.valve.id(), of.of.valve.id()], &hall.strategies.doors.valve));
    towers.chain(dry).chain(doors).collect()
}

impl Rest {
    /// Nothing is known of it any more.
    pub const fn forget(&mut self) {
        (self.turned, self.since) = (false, None);
    }

    /// Control turns it before it has stood for its least time. One that is told to turn again while it still runs down may, and for a scan or two
    /// control does not know yet that it stands.
    pub fn short(&mut self, look: &Look<'_>, sure: f64) -> Option<String> {
        let command = told(look.outputs, self.output)?;
        if command.level != Level::Control || mode(look.outputs, self.mode) != Some(RunMode::On) {
            self.forget();
            return None;
        }
        match self.sense.sees(look, sure) {
            Some(true) => (self.turned, self.since) = (true, None),
            Some(false) if std::mem::take(&mut self.turned) => self.since = Some(look.time),
            Some(false) | None => {}
        }
        if command.value <= STANDS {
            return None;
        }
        let stood = self.since.take().map(|since| look.time - since);
        let short = stood.filter(|stood| (sure..self.least_off - sure).contains(stood))?;
        Some(format!("{} is told to turn {short:.0} s after it came to rest", self.name))
    }
}
