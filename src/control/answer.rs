//! Somebody asks: what may be done is done at once and takes effect with the next scan.

use plant::command::Level;
use plant::event::{About, What};
use plant::hall::{Condition, Hall};
use plant::id::{AlarmId, PointId};
use plant::time::{Span, Tick};

use super::alarms::Life;
use super::budgets::Asked;
use super::commands::{Commands, FREE_UP_TO};
use super::forecast::Announcement;
use super::ledger::Scratch;
use super::news::News;
use super::overrides::Hold;
use super::request::{Ask, Refusal, Reply, Request};
use super::term;
use super::{Plan, State};
use super::{battery, checkout, exchange, retune, supervisor, trial};

/// Answers one request.
pub fn answer(
    (plan, commands, scratch): (&Plan, &Commands, &mut Scratch),
    state: &mut State,
    request: &Request,
    tick: Tick,
) -> Reply {
    let hall = &*plan.hall;
    let done = match &request.ask {
        Ask::Override { point, value, hold, reason } => {
            let wish = Wish { point: *point, value: *value, hold: hold.unwrap_or(term::DEFAULT), reason };
            hold_output(commands, state, &request.who, &wish, tick)
        }
        Ask::Release { point, level } => release(hall, state, *point, *level, tick),
        Ask::Announce { id, row, watts, ahead } => {
            let of = Announcement::of(*row, *watts, (id, &request.who));
            state
                .forecast
                .announce(of, *ahead, tick)
                .map(|()| Reply::Accepted { expires: None, note: format!("expected in {ahead}") })
        }
        Ask::Budget { id, feed, watts, hold, reason } => {
            let asked = Asked { id, feed: *feed, watts: *watts, hold: *hold, reason };
            state.budgets.set(hall, &asked, &request.who, (tick, &mut News::new(tick, &mut state.pending)))
        }
        Ask::LiftBudget { id } if state.budgets.lift(id, &mut News::new(tick, &mut state.pending)) => {
            Ok(accepted("its feed may carry its limit again, but for other budgets".to_owned()))
        }
        Ask::Withdraw { id } if state.forecast.withdraw(id) => Ok(accepted("withdrawn".to_owned())),
        Ask::Acknowledge { alarm } => acknowledge(hall, state, *alarm, tick),
        Ask::Reset { alarm } => reset(hall, state, *alarm, tick),
        Ask::ServiceAlarm { alarm, active } => {
            let known = state.alarms.service(hall, *alarm, *active);
            if known { Ok(accepted(String::new())) } else { Err(Refusal::Unknown) }
        }
        Ask::Found { outputs } => Ok(found(commands, state, outputs, tick)),
        Ask::Worn { writes } => {
            writes.iter().for_each(|(point, count)| state.wear.add(hall, *point, *count));
            Ok(accepted(String::new()))
        }
        Ask::Trial { of, how, reason } => trial::begin(plan, state, (*of, how), reason, tick),
        Ask::EndTrial if state.trials.end() => Ok(accepted("its output goes back to the loop".to_owned())),
        Ask::Retune { of, gains, process, reason } => {
            let asked = retune::Asked { of: *of, gains: *gains, process: *process, reason };
            retune::retune(plan, state, &request.who, &asked, tick)
        }
        Ask::Revert { of } => retune::revert(state, *of, tick),
        Ask::Supervise { on, reason } => supervisor::switch(state, (*on, reason), tick),
        Ask::Force { point, by, within, reason } => {
            checkout::force((plan, commands), state, (*point, *by, *within), reason, tick)
        }
        Ask::Silence { equip, long, reason } => {
            checkout::silence((plan, commands), state, (*equip, *long), reason, tick)
        }
        Ask::Exchanged { part, hours, reason } => {
            exchange::exchange(hall, state, exchange::Put { part: *part, hours: *hours, reason }, tick)
        }
        Ask::ProveBattery { equip, watts, depth, reason } => {
            let asked = battery::Asked { equip: *equip, watts: *watts, depth: *depth, reason };
            state.batteries.begin(hall, &asked, &mut News::new(tick, &mut state.pending))
        }
        Ask::EndProof { equip } => state.batteries.stop(hall, *equip, &mut News::new(tick, &mut state.pending)),
        Ask::Prices(offer) => state.prices.take(plan.market(), offer, (tick, &mut News::new(tick, &mut state.pending))),
        Ask::Grid(said) => state.grid.hear(hall, said, (tick, &mut News::new(tick, &mut state.pending))),
        Ask::Ledger(said) => state.hear_of_leases(plan, said, (scratch, tick)),
        Ask::PricesRefused { from, why } => {
            Ok(state.prices.refuse((from, why), tick, &mut News::new(tick, &mut state.pending)))
        }
        Ask::EndCheck if state.checkouts.stop(&mut News::new(tick, &mut state.pending)) => {
            Ok(accepted("it is over, and control goes on from here".to_owned()))
        }
        Ask::LiftBudget { .. } | Ask::Withdraw { .. } | Ask::EndTrial | Ask::EndCheck => Err(Refusal::NothingThere),
        Ask::CheckedOut { rows, by } => checkout::checked(plan, state, (rows, by), tick),
    };
    done.unwrap_or_else(Reply::Refused)
}

/// Outputs go on from what their devices hold: whoever moved them meanwhile, a stop or a person, nothing jumps.
fn found(commands: &Commands, state: &mut State, outputs: &[(PointId, f64)], tick: Tick) -> Reply {
    // A start that goes on is a start: who lost an answer to it must be able to tell.
    state.ledger.restart(tick);
    for (point, value) in outputs {
        let output = commands.output(*point).filter(|_| value.is_finite());
        let slot = output.and_then(|output| commands.slot(output));
        if let (Some(slot), Some(held)) = (slot, output.and_then(|output| state.held.get_mut(output))) {
            held.value = value.min(slot.range.max).max(slot.range.min);
        }
    }
    accepted(String::new())
}

/// What an operator wants of an output.
struct Wish<'a> {
    point: PointId,
    value: f64,
    hold: Span,
    reason: &'a str,
}

fn hold_output(
    commands: &Commands,
    state: &mut State,
    who: &str,
    wish: &Wish<'_>,
    tick: Tick,
) -> Result<Reply, Refusal> {
    if !commands.knows(wish.point) {
        return Err(Refusal::Unknown);
    }
    let output = commands.output(wish.point).ok_or(Refusal::NotWritable)?;
    let slot = commands.slot(output).ok_or(Refusal::NotWritable)?;
    let (min, max) = (slot.range.min, slot.range.max);
    if !(min..=max).contains(&wish.value) {
        return Err(Refusal::OutOfRange { min, max });
    }
    let reason = wish.reason.trim();
    if reason.is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    if wish.hold == Span::ZERO || wish.hold > term::LONGEST {
        return Err(Refusal::HoldOutOfRange);
    }
    state.overrides.set(Hold::until(wish.point, wish.value, wish.hold, tick).asked(who, reason));
    News::new(tick, &mut state.pending).warn(About::Point(wish.point), What::OverrideSet { value: wish.value });
    let strong = slot.interval(FREE_UP_TO);
    let mut note = format!("held for {}", wish.hold);
    if state.shadow.is_on() {
        note = format!("{note}, in shadow: what would be held is shown, and nothing is written");
    }
    if let Some((level, _)) = strong.low.filter(|_| wish.value < strong.min) {
        note = format!("{note}; level {} keeps it at or above {}", level.number(), strong.min);
    }
    if let Some((level, _)) = strong.high.filter(|_| wish.value > strong.max) {
        note = format!("{note}; level {} keeps it at or below {}", level.number(), strong.max);
    }
    if let Some((level, _)) = slot.entries().next().filter(|(level, _)| *level < Level::Operator) {
        note = format!("{note}; level {} leads until it lets go", level.number());
    }
    Ok(Reply::Accepted { expires: Some(term::later(tick.wall, wish.hold)), note })
}

fn release(hall: &Hall, state: &mut State, point: Option<PointId>, level: Level, tick: Tick) -> Result<Reply, Refusal> {
    if point.is_some_and(|point| hall.points.get(point).is_none()) {
        return Err(Refusal::Unknown);
    }
    if level != Level::Operator {
        return Err(Refusal::NothingThere);
    }
    let mut news = News::new(tick, &mut state.pending);
    let count = state.overrides.release(point, |point| news.info(About::Point(point), What::OverrideReleased));
    if count == 0 { Err(Refusal::NothingThere) } else { Ok(accepted(format!("{count} released"))) }
}

fn acknowledge(hall: &Hall, state: &mut State, alarm: AlarmId, tick: Tick) -> Result<Reply, Refusal> {
    state.alarms.of(alarm).ok_or(Refusal::Unknown)?;
    let news = &mut News::new(tick, &mut state.pending);
    let done = state.alarms.acknowledge(hall, alarm, news);
    if done { Ok(accepted("acknowledged".to_owned())) } else { Err(Refusal::NothingThere) }
}

fn reset(hall: &Hall, state: &mut State, alarm: AlarmId, tick: Tick) -> Result<Reply, Refusal> {
    let life = state.alarms.of(alarm).ok_or(Refusal::Unknown)?.life;
    let news = &mut News::new(tick, &mut state.pending);
    if state.alarms.reset(hall, alarm, news) {
        let condition = hall.alarms.get(alarm).map(|def| def.condition);
        if condition == Some(Condition::DoorLeak) {
            state.equipment.doors.let_dry_ones_open(hall, news);
        }
        if condition == Some(Condition::Leak) {
            state.equipment.let_dry_ones_run(hall, news);
        }
        return Ok(accepted("reset".to_owned()));
    }
    Err(match life {
        Life::Latched { over: true, .. } => Refusal::NotAcknowledged,
        Life::Latched { over: false, .. } | Life::LatchedAcknowledged { .. } => Refusal::StillActive,
        Life::Normal { .. } | Life::Unacknowledged { .. } | Life::Acknowledged { .. } | Life::Returned { .. } => {
            Refusal::NothingThere
        }
    })
}

const fn accepted(note: String) -> Reply {
    Reply::Accepted { expires: None, note }
}
