//! How a hall is an hour after all that was broken is whole again: back by itself, or without something that nobody but a person brings back.
//!
//! What leaked out of a tank or went through its vent is gone for good. That is no excuse that a storm makes for control, but evidence of the
//! world: so much liquid is in the tank. Control asks for its machines to be off then, and all else is back. Oil that does not reach its pump any
//! more cools nothing and gets too warm; liquid that boils presses no more for it.

use plant::hall::Hall;
use sim::World;
use sim::immersion::units::State;
use wattloop::control::report::Status;

/// A tank that holds less than control lets its machines work in.
#[derive(Clone, Debug, PartialEq)]
pub struct Short {
    /// Its name.
    pub tank: String,
    /// What it holds (share of a full tank).
    pub level: f64,
    /// Below this control must ask for its machines to be off; a little above it still does (share).
    pub least: f64,
    /// It holds oil that a pump moves.
    pub oil: bool,
}

impl Short {
    /// True where it explains that somebody asks less of the tank's machines.
    fn explains(&self, row: &str, reason: &str) -> bool {
        self.tank == row && (reason == "level_low" || self.oil && ["too_hot", "circulation_lost"].contains(&reason))
    }

    /// In one clause.
    pub fn text(&self) -> String {
        format!("{} holds {:.0} % of its fluid", self.tank, 100.0 * self.level)
    }
}

/// The tanks that have lost so much of their fluid that a person has to fill them up, as the world has them.
pub fn short(hall: &Hall, world: &World) -> Vec<Short> {
    let one = hall.machinery.tanks.iter().map(|tank| tank.of.equip);
    let all = one.chain(hall.machinery.two_phase_tanks.iter().map(|tank| tank.of.equip));
    let (oil, boiling) = (hall.strategies.tank.level, hall.strategies.two_phase.level);
    let rows = all.zip(world.tanks()).filter_map(|(equip, tank)| {
        let (rules, oil) = match &tank.state {
            State::SinglePhase(..) => (oil, true),
            State::TwoPhase(..) => (boiling, false),
        };
        let (least, clear) = (rules.low_low.0 / 100.0, rules.clear / 100.0);
        let name = hall.equips.get(equip)?.name.clone();
        (tank.level < least + clear).then_some(Short { tank: name, level: tank.level, least, oil })
    });
    rows.collect()
}

/// What is not as it should be an hour after all that was broken is whole again; nothing where the hall is back, but for what its tanks
/// are short of.
pub fn not_back(hall: &Hall, status: &Status, short: &[Short]) -> Option<String> {
    let hot = status.worst_inlet.as_ref().filter(|worst| worst.celsius > hall.limits.inlet_recommended.0);
    if let Some(worst) = hot {
        return Some(format!("the inlet of {} is at {:.1} °C", worst.rack, worst.celsius));
    }
    let explained = |row: &str, reason: &str| short.iter().any(|of| of.explains(row, reason));
    if let Some(cap) = status.caps.iter().find(|cap| !explained(&cap.row, &cap.reason)) {
        return Some(format!("{cap:?} is still asked for"));
    }
    if let Some(quiet) =
        short.iter().find(|of| of.level < of.least && !status.caps.iter().any(|cap| cap.row == of.tank))
    {
        return Some(format!("{}, and nobody asks for its machines to be off", quiet.text()));
    }
    if let Some(tank) = status.tanks.iter().find(|tank| tank.purge.as_deref() == Some("failed")) {
        return Some(format!("the purge of {} has failed", tank.name));
    }
    // The temperature of a tank that has lost its fluid follows nothing any more, and its panel is right to have it.
    let mut panels = on_panels(status).filter(|name| short.iter().all(|of| of.tank != *name));
    panels.next().map(|name| format!("{name} is still on its panel"))
}

/// What control runs by sequence and has not taken back from its panel.
fn on_panels(status: &Status) -> impl Iterator<Item = &str> {
    let plants = status.plants.iter().map(|of| (&of.name, &of.rule));
    let towers = status.plants.iter().filter_map(|of| of.tower.as_ref()).map(|of| (&of.name, &of.rule));
    let pumps = status.pumps.iter().map(|of| (&of.name, &of.rule));
    let cdus = status.cdus.iter().map(|of| (&of.name, &of.rule));
    let dry = status.dry.iter().map(|of| (&of.name, &of.rule));
    let doors = status.doors.iter().map(|of| (&of.name, &of.rule));
    let tanks = status.tanks.iter().map(|of| (&of.name, &of.rule));
    let heat = status.heat.iter().map(|of| (&of.valve.name, &of.rule));
    let all = plants.chain(towers).chain(pumps).chain(cdus).chain(dry).chain(doors).chain(tanks).chain(heat);
    all.filter(|(_, rule)| rule.starts_with("panel")).map(|(name, _)| name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattloop::control::report::{CapView, TankView};

    fn hall() -> Hall {
        let (name, text) =
            plant::shipped::HALLS.iter().find(|(name, _)| *name == "immersion-two-phase").expect("shipped");
        Hall::load(name, text).expect("loads")
    }

    fn asks(tank: &str, reason: &str) -> Status {
        let cap = CapView { row: tank.to_owned(), reason: reason.to_owned(), off: true, ..CapView::default() };
        Status { caps: vec![cap], ..Status::default() }
    }

    #[test]
    fn only_a_tank_that_is_short_of_fluid_may_ask_for_its_machines_to_be_off_and_must() {
        let hall = hall();
        let gone = [Short { tank: "tank-8".to_owned(), level: 0.42, least: 0.75, oil: false }];
        assert_eq!(gone[0].text(), "tank-8 holds 42 % of its fluid");
        assert_eq!(not_back(&hall, &asks("tank-8", "level_low"), &gone), None);
        let lies = not_back(&hall, &asks("tank-8", "level_low"), &[]).expect("a level that lies is no lost fluid");
        assert!(lies.contains("tank-8"), "{lies}");
        assert!(not_back(&hall, &asks("tank-7", "level_low"), &gone).is_some(), "another tank");
        assert!(not_back(&hall, &asks("tank-8", "pressure_high"), &gone).is_some(), "another reason");
        assert!(not_back(&hall, &asks("tank-8", "too_hot"), &gone).is_some(), "what boils is cooled all the same");
        let oil = [Short { oil: true, ..gone[0].clone() }];
        assert_eq!(not_back(&hall, &asks("tank-8", "too_hot"), &oil), None, "no oil comes to its pump");
        let quiet = not_back(&hall, &Status::default(), &gone).expect("boards stand bare");
        assert!(quiet.contains("nobody asks"), "{quiet}");
    }

    #[test]
    fn a_purge_that_does_not_do_is_not_back() {
        let tank = TankView { name: "tank-3".to_owned(), purge: Some("failed".to_owned()), ..TankView::default() };
        let status = Status { tanks: vec![tank], ..Status::default() };
        assert_eq!(not_back(&hall(), &status, &[]).as_deref(), Some("the purge of tank-3 has failed"));
    }
}
