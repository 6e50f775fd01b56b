//! What somebody has to do when an event begins or ends.

use plant::id::{AlarmId, PointId, RowId};
use plant::time::Span;

use super::{Deed, NodeFault, Setpoint};
use crate::faults::Fault;

/// What somebody has to do now, to the world or to the controller.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Break this.
    Break(Fault),
    /// Mend this.
    Mend(Fault),
    /// Mend everything.
    MendAll,
    /// Let every machine work this much (1), or as it would by itself.
    Load(Option<f64>),
    /// Cap the GPUs of a rack, by its number in the hall (W), or as they were at the begin.
    Cap(usize, Option<f64>),
    /// Let it be so much warmer outdoors (K).
    Weather(f64),
    /// Hold an output for an operator.
    Override {
        /// Which.
        point: PointId,
        /// At what (the point's canonical unit).
        value: f64,
        /// For how long; as long as overrides last where nothing is said.
        hold: Option<Span>,
        /// Why.
        reason: String,
    },
    /// Give an output back for an operator.
    Release(PointId),
    /// Announce a load for a scheduler.
    Announce {
        /// The row; nothing for the whole hall.
        row: Option<RowId>,
        /// How much more (W).
        watts: f64,
        /// From when on.
        ahead: Span,
    },
    /// Set a load target for a grid.
    GridTarget {
        /// What may be carried where its power enters (W).
        watts: f64,
        /// From when on.
        ahead: Span,
        /// For how long from then on; until something else is said where nothing is.
        hold: Option<Span>,
    },
    /// Acknowledge an alarm for an operator.
    Acknowledge(AlarmId),
    /// Reset an alarm for an operator.
    Reset(AlarmId),
    /// Move a setpoint, or put it back where it was at the begin (its canonical unit).
    Setpoint {
        /// Which.
        of: Setpoint,
        /// To what; back where nothing is said.
        value: Option<f64>,
    },
    /// Let the controller's wall clock be this far ahead of the true one (ms); it notices every jump.
    Clock(i64),
    /// From now on nobody commands, or somebody does again.
    Silence(bool),
    /// The controller starts again from what it remembered.
    Restart,
    /// Something befalls the agents of nodes, or is over.
    Agents {
        /// The nodes, by their places in the hall's power tree.
        nodes: Vec<usize>,
        /// What.
        how: NodeFault,
        /// True where it begins.
        begins: bool,
    },
}

/// What begins an event.
pub(super) fn begin_of(deed: &Deed, hold: Option<Span>, actions: &mut Vec<Action>) {
    match deed {
        Deed::Break(faults) => actions.extend(faults.iter().copied().map(Action::Break)),
        Deed::Mend(faults) => actions.extend(faults.iter().copied().map(Action::Mend)),
        Deed::MendAll => actions.push(Action::MendAll),
        Deed::Override { points, value, reason } => actions.extend(points.iter().map(|point| Action::Override {
            point: *point,
            value: *value,
            hold,
            reason: reason.clone(),
        })),
        Deed::Release(points) => actions.extend(points.iter().copied().map(Action::Release)),
        Deed::Announce { row, watts, ahead } => {
            actions.push(Action::Announce { row: *row, watts: *watts, ahead: *ahead });
        }
        Deed::GridTarget { watts, ahead } => {
            actions.push(Action::GridTarget { watts: *watts, ahead: *ahead, hold });
        }
        Deed::Acknowledge(alarm) => actions.push(Action::Acknowledge(*alarm)),
        Deed::Reset(alarm) => actions.push(Action::Reset(*alarm)),
        Deed::Load(share) => actions.push(Action::Load(Some(*share))),
        Deed::Cap { racks, watts } => actions.extend(racks.iter().map(|rack| Action::Cap(*rack, Some(*watts)))),
        Deed::WeatherOffset(offset) => actions.push(Action::Weather(*offset)),
        Deed::Setpoint { of, value } => actions.push(Action::Setpoint { of: *of, value: Some(*value) }),
        Deed::Clock(ahead) => actions.push(Action::Clock(*ahead)),
        Deed::Silence => actions.push(Action::Silence(true)),
        Deed::Restart => actions.push(Action::Restart),
        Deed::Agents { nodes, how } => actions.push(Action::Agents { nodes: nodes.clone(), how: *how, begins: true }),
    }
}

/// What ends an event. An override ends by itself, and so does a load target.
pub(super) fn end_of(deed: &Deed, actions: &mut Vec<Action>) {
    match deed {
        Deed::Break(faults) => actions.extend(faults.iter().copied().map(Action::Mend)),
        Deed::Load(_) => actions.push(Action::Load(None)),
        Deed::Cap { racks, .. } => actions.extend(racks.iter().map(|rack| Action::Cap(*rack, None))),
        Deed::WeatherOffset(_) => actions.push(Action::Weather(0.0)),
        Deed::Setpoint { of, .. } => actions.push(Action::Setpoint { of: *of, value: None }),
        Deed::Clock(_) => actions.push(Action::Clock(0)),
        Deed::Silence => actions.push(Action::Silence(false)),
        Deed::Agents { nodes, how } => actions.push(Action::Agents { nodes: nodes.clone(), how: *how, begins: false }),
        Deed::Mend(_)
        | Deed::MendAll
        | Deed::Override { .. }
        | Deed::Release(_)
        | Deed::Announce { .. }
        | Deed::GridTarget { .. }
        | Deed::Acknowledge(_)
        | Deed::Reset(_)
        | Deed::Restart => {}
    }
}
