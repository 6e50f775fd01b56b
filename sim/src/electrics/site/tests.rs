use super::*;
use plant::hall::Hall;
use plant::read::Source;

const SMALL: &str = "lighting-w = 100.0\nregister-step-wh = 1.0\nsupplies-efficiency = 0.9\nboot-s = 30.0\nboot-share = 0.2\n\
                     [pdu]\nrated-a = 100.0\nvoltage-v = 230.0\nphase-ohm = 0.01\nneutral-ohm = 0.01\n";

fn read(text: &str) -> Result<Spec, plant::fault::Faults> {
    let source = Source::new("e.toml", text);
    let table = source.parse();
    let root = source.root(&table);
    let read = Spec::read(&root);
    root.done();
    source.finish(read)
}

fn step(site: &mut Site, of: &Spec, watts: f64) -> f64 {
    site.energise(of, (0.0, 1), 1.0);
    let power = watts.min(site.leave(of, 0) * 30e3);
    let lost = site.ask(of, 0, (power, 0.1 * power));
    let fed = site.feeds();
    let on = |fed: bool, watts: f64| if fed { watts } else { 0.0 };
    let cooling = Cooling { fans: on(fed.fans, 500.0), pumps: on(fed.pumps, 300.0), machinery: on(fed.machinery, 5e3) };
    let unserved = site.carry(of, cooling, 1, 1.0);
    assert!((lost - site.chain().pdu_loss).abs() < 1e-9 || unserved > 0.0, "what was foretold is lost: {lost}");
    unserved
}

#[test]
fn watts_at_the_plugs_are_asked_for_and_come_back() {
    let of = Spec { pdus: 2, ..read(SMALL).expect("sound") };
    let mut site = Site::new(&of, &["row-a"]);
    assert_eq!(step(&mut site, &of, 20e3), 0.0);
    let chain = *site.chain();
    assert!((chain.it - 20e3).abs() < 1e-9 && (chain.compute - (0.9 * 20e3 - 2e3)).abs() < 1e-9, "{chain:?}");
    let amps = 10e3 / (3.0 * 230.0);
    assert!((chain.pdu_loss - 2.0 * 3.0 * 0.01 * amps * amps).abs() < 1e-9, "{chain:?}");
    assert_eq!((chain.cooling, chain.lighting, chain.stored, chain.generated), (5800.0, 100.0, 0.0, 0.0));
    assert!((chain.utility - (20e3 + chain.pdu_loss + 5900.0)).abs() < 1e-9 && chain.outside_loss.abs() < 1e-9);
}

#[test]
fn machines_without_power_start_again_in_their_own_time() {
    let of = read(SMALL).expect("sound");
    let mut site = Site::new(&of, &["row-a"]);
    step(&mut site, &of, 20e3);
    site.grid_out(true);
    step(&mut site, &of, 20e3);
    assert!(site.leave(&of, 0) == 0.0 && site.chain().facility() == 0.0 && !site.feeds().control);
    site.grid_out(false);
    let mut back = 0;
    while site.leave(&of, 0).is_finite() {
        step(&mut site, &of, 20e3);
        back += 1;
        assert!(site.chain().it <= 0.2 * 30e3 + 1e-9 || back == 30, "they start: {:?}", site.chain());
    }
    assert_eq!(back, 30);
    assert!(site.feeds() == Feeds::ALL);
}

#[test]
fn a_sag_is_over_by_itself_and_a_brownout_stays() {
    let of = read(SMALL).expect("sound");
    let mut site = Site::new(&of, &["row-a"]);
    site.sag(0.4);
    step(&mut site, &of, 1e3);
    assert!(!site.feeds().machinery && site.feeds().lights, "contactors let go");
    step(&mut site, &of, 1e3);
    assert!(site.feeds().machinery, "and pull in again");
    site.brown_out(Some(0.6));
    for _ in 0..20 {
        step(&mut site, &of, 1e3);
        assert!(!site.feeds().machinery);
    }
    site.brown_out(None);
    step(&mut site, &of, 1e3);
    assert!(site.feeds().machinery);
}

#[test]
fn what_a_string_could_not_serve_is_told() {
    let ups = "[ups]\nmodule-w = 30e3\nmodules = 1\nspare = 0\na = 0.01\nb = 0.01\nc = 0.01\n[ups.battery]\nenergy-wh = 300.0\n\
               charge-rate-per-h = 1.0\ndischarge-rate-per-h = 100.0\nauxiliary-w = 0.0\n";
    let of = read(&format!("{SMALL}{ups}")).expect("sound");
    let mut site = Site::new(&of, &["row-a"]);
    step(&mut site, &of, 20e3);
    site.grid_out(true);
    let mut told = 0.0;
    for _ in 0..80 {
        let unserved = step(&mut site, &of, 20e3);
        let chain = site.chain();
        let parts = chain.it + chain.cooling + chain.lighting + chain.pdu_loss + chain.outside_loss;
        assert!((chain.facility() - parts).abs() < 1e-6, "{chain:?}");
        assert!((0.0..=20.1e3).contains(&unserved));
        told += unserved;
    }
    assert!(told > 0.0 && site.chain().it == 0.0, "{told}");
}

#[test]
fn every_shipped_hall_has_a_sound_tree_and_its_powers_names() {
    for (name, physics) in crate::shipped::HALLS {
        let (_, text) = plant::shipped::HALLS.iter().find(|(n, _)| n == name).expect("shipped");
        let hall = Hall::load(name, text).expect("a shipped hall");
        let physics = crate::physics::Physics::load(&hall, name, physics).unwrap_or_else(|faults| panic!("{faults}"));
        let rows: Vec<&str> = hall.rows.rows().iter().map(|r| r.name.as_str()).collect();
        let site = Site::new(&physics.electrics, &rows);
        assert_eq!(site.network().faults(), Vec::<String>::new(), "{name}");
        assert!(site.network().nodes().len() <= 32, "{name}: a step walks through all of them");
    }
}

#[test]
fn a_broken_section_tells_all_its_faults() {
    let broken = "lighting-w = -1.0\nsupplies-efficiency = 0.2\n[ats]\ngap-s = 0.1\n[pdu]\nrated-a = 100.0\nvoltage-v = 230.0\nphase-ohm = 0.01\n";
    let faults = read(broken).expect_err("faults").0;
    // lights, the step of registers, supplies, a switch to nowhere, the neutral
    assert_eq!(faults.len(), 5, "{faults:#?}");
}
