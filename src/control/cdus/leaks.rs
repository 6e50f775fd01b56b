//! A CDU that leaks is shut off: its pumps stand and its valve is shut, above every mode, until a person has reset the alarm. What the
//! others of its row do not carry is not drawn.

use plant::command::{Level, Reason};
use plant::event::{About, LeakNews, What};
use plant::hall::Hall;
use plant::hall::sequence::RunMode;
use plant::id::EquipId;

use super::{Cdu, Cdus, Scan, Wiring};
use crate::control::commands::{Commands, Limit};
use crate::control::news::News;

impl Cdus {
    /// A person has reset the alarm of leaks: what is known to be dry may run again.
    pub fn let_dry_ones_run(&mut self, hall: &Hall, news: &mut News<'_>) {
        for (of, cdu) in hall.cdus.iter().zip(&mut self.cdus) {
            if cdu.leak.reset() {
                news.info(About::Equip(of.of.equip), What::Leak(LeakNews::Over));
            }
        }
    }

    /// The first whose tray is wet, or was and is not known to be dry.
    #[must_use]
    pub fn leaking(&self, hall: &Hall) -> Option<EquipId> {
        self.iter(hall).find(|(_, cdu)| cdu.leak.is_wet()).map(|(of, _)| of.of.equip)
    }
}

impl Cdu {
    /// True while it is shut off for a leak.
    #[must_use]
    pub const fn is_shut_off(&self) -> bool {
        self.leak.is_latched()
    }

    /// One scan of its tray.
    pub(super) fn look_for_leaks(&mut self, scan: &Scan<'_>, news: &mut News<'_>) {
        let of = scan.of.of;
        if self.leak.step(scan.scene.fault(of.leak), scan.tuning.leak_after, scan.scene.dt) {
            news.warn(About::Equip(of.equip), What::Leak(LeakNews::Found));
        }
    }

    /// Above every mode. Its own panel may know of no leak: it is told to be off, too.
    pub(super) fn shut_off(&self, wiring: &Wiring, commands: &mut Commands) {
        if !self.is_shut_off() {
            return;
        }
        let (level, reason) = (Level::AutomaticLifeSafety, Reason::Leak);
        commands.propose(wiring.run_mode, level, RunMode::Off.number(), reason);
        for output in [wiring.valve].into_iter().chain(wiring.pumps) {
            commands.limit(output, level, Limit { min: 0.0, max: 0.0, reason });
        }
    }
}
