//! What a unit may be told and asked while somebody wants to see what its device does by itself.

use plant::command::Hush;

use super::output::Output;
use super::unit::Unit;

/// What a unit may be told and asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Talk {
    /// Everything.
    #[default]
    All,
    /// It may be read, and not yet written.
    Reads,
    /// Nothing at all.
    Silent,
}

impl Unit {
    /// Leaves it alone where one of its devices is to be, if it takes commands at all. What it holds afterwards is its own affair: it is
    /// nobody else's write, and it is written anew.
    pub fn leave_alone(&mut self, hush: Option<Hush>) {
        let hush = hush.filter(|hush| !self.outputs.is_empty() && self.equips.contains(&hush.equip));
        self.talk = match hush {
            None => Talk::All,
            Some(Hush { looks: true, .. }) => Talk::Reads,
            Some(Hush { looks: false, .. }) => Talk::Silent,
        };
        if self.talk != Talk::All {
            self.outputs.iter_mut().for_each(Output::lose);
        }
    }
}
