//! What somebody else's control did, beside what ours would have done, for people.

use serde::{Deserialize, Serialize};

use crate::control::commands::Commands;
use crate::control::cooling::{Circuit, Service};
use crate::control::equipment::EquipName;
use crate::control::hours::HOURS;
use crate::control::sentence;
use crate::control::shadow::{Basis, Beside, Risks, SequenceFigures, Source, slope};
use crate::control::{Plan, State};

/// Joules of a kilowatt-hour.
const KWH: f64 = 3.6e6;

/// What is never counted, said with every sum.
const NOT_COUNTED: [&str; 5] = [
    "chillers, towers and compressors, and with them what warmer water would save: only what it takes of pumps is counted",
    "what other machines, or other numbers of them, would draw: only for how long ours would have run others is told",
    "setpoints that ours would move by and by: each stays where the hall's file begins it",
    "more than 15 % of an output from where it stands: what is farther off is cut there",
    "loops without a trial or a map, and what an output that ours would hold elsewhere would do to the other loops",
];

/// Two controls of one hall, over some hours.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShadowReport {
    /// How long they were looked at (h).
    pub hours: f64,
    /// What fans would have drawn less (kWh).
    pub fans_kwh: f64,
    /// What pumps would have drawn less (kWh).
    pub pumps_kwh: f64,
    /// What machines in warmer air would have drawn more (kWh).
    pub machines_kwh: f64,
    /// What pumps would have drawn more, had our plant let the water become as warm as its reset may (kWh).
    pub water_kwh: f64,
    /// Fans and pumps, less what machines and warmer water take (kWh).
    pub saved_kwh: f64,
    /// What the sums rest on, as sentences.
    pub rests_on: Vec<String>,
    /// What they do not count, as sentences.
    pub not_counted: Vec<String>,
    /// Outputs that nothing reads back: they are not compared.
    pub not_compared: Vec<String>,
    /// What was dangerous.
    pub risks: RiskView,
    /// Every output that is compared, the one that differed for longest first.
    pub outputs: Vec<OutputGap>,
    /// Every loop.
    pub loops: Vec<LoopGap>,
    /// Every sequence that stages or switches.
    #[serde(default)]
    pub sequences: Vec<SequenceGap>,
}

/// One sequence under two controls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SequenceGap {
    /// The sequence: `chw/stages`, `wse/switch`.
    pub sequence: String,
    /// How many machines run now.
    pub running: u8,
    /// How many ours would have run next, by the load and the waters of now.
    pub ours: u8,
    /// For how much of the time ours would have run more (%).
    pub more_percent: f64,
    /// Fewer.
    pub fewer_percent: f64,
}

/// What was dangerous, and to whose account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RiskView {
    /// Ours would have cooled less while a margin was under 1 K or a reading doubted (min).
    pub ours_min: f64,
    /// Theirs stood below our fail-safe floors (min).
    pub below_floors_min: f64,
    /// Our thermal protection or a rescue would have acted (min).
    pub unprotected_min: f64,
    /// A stale or lost reading was taken at face value (min).
    pub face_value_min: f64,
    /// An inlet was above the recommended range while ours would have cooled more (min).
    pub warm_min: f64,
}

/// One output under two controls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OutputGap {
    /// The point.
    pub point: String,
    /// Its unit's UCUM code.
    pub unit: String,
    /// What its device holds now; nothing where that is not known now.
    pub theirs: Option<f64>,
    /// By what that is known: `read_back`, `feedback`, `apart` (its register says something else), `nothing`.
    pub by: Source,
    /// What ours would hold now.
    pub ours: f64,
    /// The level that would hold it, 1 to 17.
    pub level: u8,
    /// Why, as a sentence.
    pub reason: String,
    /// For how much of the time they differed by more than a deadband (%).
    pub differed_percent: f64,
    /// How far apart they were on average.
    pub mean: f64,
    /// How far at the worst.
    pub worst: f64,
}

/// One loop under two controls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LoopGap {
    /// The loop: `crah-1/valve`.
    #[serde(rename = "loop")]
    pub of: String,
    /// The UCUM code of the pv's unit.
    pub unit: String,
    /// What ours would hold, in the pv's unit; nothing where its sequence would say that.
    pub setpoint: Option<f64>,
    /// What is measured.
    pub pv: Option<f64>,
    /// How far what was measured was from our setpoint, on average.
    pub gap: Option<f64>,
    /// Where ours would stand now (%).
    pub rest_percent: Option<f64>,
    /// What says so: a trial of the loop, or the hall's map; nothing where only the side is told.
    pub basis: Option<Basis>,
    /// For how much of the time ours would have given more, where only the side is told (%).
    pub more_percent: f64,
    /// Less.
    pub less_percent: f64,
    /// What its devices would have drawn less (kWh).
    pub saved_kwh: f64,
    /// What machines would have drawn more (kWh).
    pub machines_kwh: f64,
    /// What was dangerous.
    pub risks: RiskView,
}

/// The same in a line, over what is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShadowView {
    /// How long they were looked at (h).
    pub hours: f64,
    /// Fans and pumps, less what machines and warmer water take (kWh).
    pub saved_kwh: f64,
    /// What was dangerous.
    pub risks: RiskView,
}

impl RiskView {
    fn of(risks: Risks) -> Self {
        let minutes = |seconds: f64| seconds / 60.0;
        Self {
            ours_min: minutes(risks.ours),
            below_floors_min: minutes(risks.below_floors),
            unprotected_min: minutes(risks.unprotected),
            face_value_min: minutes(risks.face_value),
            warm_min: minutes(risks.warm),
        }
    }
}

/// The last so many hours; nothing where ours writes.
#[must_use]
pub fn shadow(plan: &Plan, commands: &Commands, state: &State, hours: usize) -> Option<ShadowReport> {
    let (beside, hours) = (state.shadow.beside()?, hours.clamp(1, HOURS));
    let hall = beside.hall(hours);
    let mut report = ShadowReport {
        hours: hall.seconds / 3600.0,
        risks: RiskView::of(hall.risks),
        not_counted: NOT_COUNTED.map(str::to_owned).to_vec(),
        outputs: outputs(plan, commands, (state, beside), hours),
        sequences: sequences(plan, (state, beside), hours),
        loops: plan.circuits.iter().filter_map(|circuit| of_loop(plan, circuit, (state, beside), hours)).collect(),
        ..ShadowReport::default()
    };
    let [fans, pumps, machines, water] = sums(plan, beside, hours);
    [report.fans_kwh, report.pumps_kwh, report.machines_kwh, report.water_kwh] = [fans, pumps, machines, water];
    report.saved_kwh = fans + pumps - machines - water;
    let name = |point| plan.hall.points.get(point).map_or("?", |def| def.name.as_str()).to_owned();
    let untold = commands
        .slots()
        .filter(|(output, _)| beside.theirs(*output).is_none_or(|theirs| theirs.source == Source::Nothing));
    report.not_compared = untold.map(|(_, slot)| name(slot.point)).collect();
    report.rests_on = rests_on(plan, (state, beside), hours);
    Some(report)
}

/// The same in a line.
#[must_use]
pub fn line(plan: &Plan, state: &State) -> Option<ShadowView> {
    let beside = state.shadow.beside()?;
    let (hall, [fans, pumps, machines, water]) = (beside.hall(HOURS), sums(plan, beside, HOURS));
    let (hours, saved_kwh) = (hall.seconds / 3600.0, fans + pumps - machines - water);
    Some(ShadowView { hours, saved_kwh, risks: RiskView::of(hall.risks) })
}

/// What fans and pumps would have drawn less, machines more, and pumps more for warmer water (kWh).
fn sums(plan: &Plan, beside: &Beside, hours: usize) -> [f64; 4] {
    plan.circuits.iter().fold([0.0; 4], |[fans, pumps, machines, water], circuit| {
        let figures = beside.of_loop(circuit.id, hours);
        let saved = figures.devices / KWH;
        let (fans, pumps) = if is_pump(circuit.service) { (fans, pumps + saved) } else { (fans + saved, pumps) };
        [fans, pumps, machines + figures.machines / KWH, water + figures.water / KWH]
    })
}

const fn is_pump(service: Service) -> bool {
    matches!(service, Service::Pump | Service::CduPumps)
}

fn outputs(plan: &Plan, commands: &Commands, (state, beside): (&State, &Beside), hours: usize) -> Vec<OutputGap> {
    let view = |(output, slot): (_, &crate::control::commands::Slot)| {
        let (def, held) = (plan.hall.points.get(slot.point)?, state.held.get(output)?);
        let (figures, theirs) = (beside.output(output, hours), beside.theirs(output)?);
        let known = figures.compared > 0.0;
        known.then(|| OutputGap {
            point: def.name.clone(),
            unit: def.unit.code().to_owned(),
            theirs: theirs.value,
            by: theirs.source,
            ours: held.value,
            level: held.level.number(),
            reason: sentence::reason(&plan.hall, held.reason),
            differed_percent: 100.0 * figures.differed / figures.compared,
            mean: figures.apart / figures.compared,
            worst: figures.worst,
        })
    };
    let mut all: Vec<OutputGap> = commands.slots().filter_map(view).collect();
    all.sort_by(|a, b| b.differed_percent.total_cmp(&a.differed_percent));
    all
}

fn of_loop(plan: &Plan, circuit: &Circuit, (state, beside): (&State, &Beside), hours: usize) -> Option<LoopGap> {
    let (row, figures) = (state.cooling.of(circuit.id)?, beside.of_loop(circuit.id, hours));
    let share = |part: f64| if figures.seconds > 0.0 { 100.0 * part / figures.seconds } else { 0.0 };
    let rest = beside.rest(circuit.id)?.at();
    Some(LoopGap {
        of: plan.hall.loops.get(circuit.id)?.clone(),
        unit: circuit.unit(&plan.hall).to_owned(),
        setpoint: Some(row.setpoint).filter(|_| circuit.service.holds_ours()),
        pv: row.pv,
        gap: (figures.known > 0.0).then(|| figures.gap / figures.known),
        rest_percent: rest,
        basis: rest.and_then(|_| slope(circuit, &state.cooling)).map(|(_, basis)| basis),
        more_percent: share(figures.more),
        less_percent: share(figures.less),
        saved_kwh: figures.devices / KWH,
        machines_kwh: figures.machines / KWH,
        risks: RiskView::of(figures.risks),
    })
}

fn sequences(plan: &Plan, (state, beside): (&State, &Beside), hours: usize) -> Vec<SequenceGap> {
    let all = state.equipment.supposed(&plan.hall).zip(beside.sequences(hours));
    let view = |(((name, does), (running, ours)), figures): ((EquipName<'_>, (u8, u8)), SequenceFigures)| {
        let share = |part: f64| 100.0 * part / figures.seconds.max(f64::MIN_POSITIVE);
        let (more_percent, fewer_percent) = (share(figures.more), share(figures.fewer));
        SequenceGap {
            sequence: if does.is_empty() { name.to_owned() } else { format!("{name}/{does}") },
            running,
            ours,
            more_percent,
            fewer_percent,
        }
    };
    all.map(view).collect()
}

/// What the sums rest on.
fn rests_on(plan: &Plan, (state, beside): (&State, &Beside), hours: usize) -> Vec<String> {
    let mut said = Vec::new();
    for circuit in &plan.circuits {
        let figures = beside.of_loop(circuit.id, hours);
        let (Some(name), true) = (plan.hall.loops.get(circuit.id), figures.sized > 0.0) else { continue };
        let Some((slope, basis)) = slope(circuit, &state.cooling) else { continue };
        let word = match basis {
            Basis::Trial => "by a trial of the loop",
            Basis::Map => "by the hall's map",
        };
        let (unit, part) = (circuit.unit(&plan.hall), 100.0 * figures.sized / figures.seconds.max(f64::MIN_POSITIVE));
        said.push(format!("{name}: {slope} {unit} for each %, {word}, for {part:.0} % of the time"));
    }
    said
}
