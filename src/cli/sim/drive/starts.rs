//! Stops and starts of the controller in a simulated run, as the service has them.

use plant::id::PointId;
use wattloop::control::Controller;
use wattloop::control::request::Ask;
use wattloop::service::resume::BRIEF;

use super::{Drive, site};

impl Drive {
    /// Nobody commands, or somebody does again, who then starts anew.
    pub(super) fn silence(&mut self, silent: bool) {
        let now = self.run.time();
        match self.silent {
            _ if self.pilot.is_on_panels() => {}
            None if silent => {
                self.silent = Some(now);
                self.outputs.commands.clear();
            }
            Some(since) if !silent => {
                self.silent = None;
                self.restart(now - since);
            }
            None | Some(_) => {}
        }
    }

    /// The service starts again on the same machine after so long (s): from what was remembered, and from what the devices hold where that
    /// is brief. Otherwise a new boot begins, as in the field.
    pub(super) fn restart(&mut self, gone: f64) {
        if !self.pilot.decides() {
            return;
        }
        self.controller = Controller::restore(site(self.run.scenario()), self.controller.state().clone());
        self.nodes.iter_mut().for_each(|nodes| nodes.unheard(&mut self.image));
        if self.nodes.is_some() || gone > BRIEF.seconds() {
            // Agents hear of a later start than before.
            self.boot = self.boot.saturating_add(1);
        }
        if gone > BRIEF.seconds() {
            return;
        }
        let held = |point: PointId| self.world.truth(point).map(|value| (point, value));
        let outputs = self.hall.points.iter().filter(|(_, def)| def.write.is_some()).filter_map(|(id, _)| held(id));
        let found = Ask::Found { outputs: outputs.collect() };
        drop(self.answer(found));
    }
}
