//! Who has what of a feeder: curves and floors of tenants.

use super::*;

#[test]
fn watts_go_where_they_do_most_work() {
    let curves = "curve = [[200, 0.55], [300, 0.80], [400, 0.93], [500, 0.98], [700, 1.0]]\n";
    let steep = "\n[[tenant]]\nname = \"steep\"\nrows = [\"row-b\"]\ncurve = [[200, 0.05], [300, 0.3], [400, 0.5], [550, 0.75], [700, 1.0]]\n";
    let done = |share: &str| {
        let text = format!(
            "\n[capping]\nshare = \"{share}\"\n\n[[tenant]]\nname = \"flat\"\nrows = [\"row-a\"]\n{curves}{steep}"
        );
        let mut field = Field::new(&text);
        (0..120).for_each(|_| field.second());
        let rules = field.hall.power.capping.as_ref().expect("capped");
        let work = |gpu: usize| {
            let curve = rules.tenants[usize::from(gpu >= 400)].curve.expect("measured");
            curve.work(Watts(convert::f64_from_u64(field.enforced[gpu]) / 1000.0))
        };
        ((0..800).map(work).sum::<f64>(), field.ups())
    };
    let (fair, useful) = (done("fair"), done("useful"));
    assert!(useful.0 > 1.05 * fair.0, "{useful:?} beside {fair:?}");
    assert!(useful.1.0 <= useful.1.1 && fair.1.0 > 0.9 * fair.1.1);
}

#[test]
fn a_tenants_floor_is_kept_from_who_comes_before_him() {
    let poor = |floor: &str| {
        let text = format!(
            "{TENANTS}\n[[tenant]]\nname = \"poor\"\nracks = [\"rack-b01\"]\npriority = 9\n{floor}\n[[tenant]]\nname = \"more\"\nracks = [\"rack-b02\", \"rack-b03\", \"rack-b04\", \"rack-b05\", \"rack-b06\", \"rack-b07\", \"rack-b08\", \"rack-b09\", \"rack-b10\", \"rack-b11\", \"rack-b12\", \"rack-b13\"]\npriority = 1\n"
        );
        let mut field = Field::new(&text);
        (0..120).for_each(|_| field.second());
        let rack = field.hall.power.nodes[100].places().start;
        field.enforced[rack..rack + 20].iter().sum::<u64>() / 1000
    };
    assert!(poor("floor = 9e3") >= 8_990, "{}", poor("floor = 9e3"));
    assert!(poor("") < 8_000, "{}", poor(""));
}
