//! Peers that are known by a name: one that nobody knows, and one that somebody does.

use wattloop::adapters::modbus::Writes;

use super::rig::{Rig, said};

/// A name that no server of names may ever answer for (RFC 2606).
const NOBODY: &str = "modbus.gateway.plant.url=\"tcp://plant.nobody.invalid:502\"";

#[test]
fn a_gateway_whose_name_nobody_knows_is_away_and_holds_nobody_up() {
    let mut rig = Rig::dark("air", &[NOBODY.to_owned()]);
    rig.start(Writes::Live);
    rig.until("what stands behind the name is lost", |r| r.is_lost("chw/dp", "comm") || r.is_lost("chw/dp", "timeout"));
    rig.until("the air handlers are run", |r| (1..=6).all(|n| r.why(&format!("crah-{n}/fan-speed")).level == 16));
    rig.neighbours_are_well(&["chw/", "chwp-", "ch-", "cw/", "ct-", "wse/", "roof/"]);
    rig.scans_go_on(20);
    rig.until("people are told", |r| r.alarm("readings-lost"));
    let set = rig.wattloop(&["set", "crah-2/fan-speed", "77", "--for", "10min", "--reason", "belt change"]);
    assert!(set.status.success(), "{}", said(&set));
    rig.until("the hall gets it", |r| (r.truth("crah-2/fan-speed") - 77.0).abs() < 0.2);
}
