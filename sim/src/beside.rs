//! What stands beside a world that is served and works with it between its steps: boards of GPUs that other processes read and
//! cap. It lives in crates that know the world and that the world does not know, so that this is one of the few `dyn`.

use std::fmt::Debug;

use plant::time::Tick;

use crate::World;

/// What stands beside a world.
pub trait Beside: Debug + Send {
    /// Before each step: what others have told it since the step before.
    fn before(&mut self, world: &mut World);

    /// After each step: shows what came of it.
    fn after(&mut self, world: &World, tick: Tick);
}
