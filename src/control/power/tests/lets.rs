//! What caps let racks draw, against what their meters read.

use super::*;

/// A field that has found its rest with so much for each GPU (mW), and its racks' meters.
fn rested(each: u64) -> Field {
    let mut field = Field::new("\n[capping]\n");
    field.natural.fill(each);
    field.gains = Some(vec![1.0; field.natural.len()]);
    (0..500).for_each(|_| field.second());
    field
}

/// Every rack with GPUs.
fn racks(field: &Field) -> Vec<usize> {
    let all = field.hall.power.nodes.iter().map(|node| node.rack);
    let mut racks: Vec<usize> = all.collect();
    racks.dedup();
    racks
}

#[test]
fn machines_that_caps_hold_may_draw_what_they_do_and_those_that_draw_less_all() {
    let mut field = rested(350_000);
    let racks = racks(&field);
    assert!(racks.len() > 4 && racks.iter().all(|rack| field.caps.lets(*rack).is_none()), "nobody is held back");
    let (ups, (load, _)) = (field.hall.power.feed("ups-a").expect("a UPS"), field.ups());
    field.windows = Some(Mean { feed: ups, allowed: Watts(0.85 * load), loose: 0.0 });
    (0..120).for_each(|_| field.second());
    for rack in &racks {
        let (lets, reads) = (field.caps.lets(*rack).expect("held back").0, field.meter(*rack).expect("read").0);
        assert!((lets / reads - 1.0).abs() < 0.02, "rack {rack}: {lets} W, and it draws {reads}");
    }
    // The first rack's work ends: its caps stay low with what it draws, and nobody is slowed there.
    for node in field.hall.power.nodes.iter().filter(|node| node.rack == racks[0]) {
        field.natural[node.places()].fill(110_000);
    }
    (0..400).for_each(|_| field.second());
    assert_eq!(field.caps.lets(racks[0]), None);
    field.windows = None;
    (0..300).for_each(|_| field.second());
    assert!(racks.iter().all(|rack| field.caps.lets(*rack).is_none()), "they are let go");
}

#[test]
fn what_cooling_asks_holds_machines_too_and_of_who_is_not_read_nothing_is_known() {
    let mut field = rested(650_000);
    field.asked = Some(Ask { rung: Rung::Cap, reason: plant::event::CapReason::InletHot, since: SECOND });
    (0..120).for_each(|_| field.second());
    let rack = racks(&field)[0];
    let (lets, reads) = (field.caps.lets(rack).expect("held back").0, field.meter(rack).expect("read").0);
    assert!((lets / reads - 1.0).abs() < 0.02, "{lets} W, and it draws {reads}");
    field.cut.fill(true);
    (0..60).for_each(|_| field.second());
    assert_eq!(field.caps.lets(rack), None);
    field.caps.restart();
    assert!(racks(&field).iter().all(|rack| field.caps.lets(*rack).is_none()));
}
