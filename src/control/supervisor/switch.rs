//! A person switches the supervisor on or off.

use plant::event::{About, Supervision, What};
use plant::time::Tick;

use crate::control::State;
use crate::control::news::News;
use crate::control::request::{Refusal, Reply};

/// Switches it.
///
/// # Errors
/// [`Refusal::NothingThere`] in a hall without one, [`Refusal::ReasonMissing`] without a reason.
pub fn switch(state: &mut State, (on, reason): (bool, &str), tick: Tick) -> Result<Reply, Refusal> {
    if state.cooling.setpoints().filed().supervisor.is_none() {
        return Err(Refusal::NothingThere);
    }
    if reason.trim().is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    state.supervisor.switch(on);
    News::new(tick, &mut state.pending).info(About::Hall, What::Supervision(Supervision::Switched(on)));
    let note = if on { "setpoints are moved again" } else { "setpoints go back to where the hall's file has them" };
    Ok(Reply::Accepted { expires: None, note: note.to_owned() })
}
