//! A generated hall with its device maps and its configuration: what a site has in files, for the bench's server.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::Work;

/// One thermometer; more registers than one are monitored only.
fn sensor(registers: u16) -> String {
    let mut map = String::from(
        "id = \"loop-sensor\"\nkind = \"rack\"\nvendor = \"Bench\"\nmodel = \"Thermometer\"\n\
         [[register]]\npoint = \"inlet-air-temp\"\naddress = 0\ntable = \"input\"\ntype = \"int16\"\nscale = 0.01\n\
         unit = \"Cel\"\ninvalid = [-32768]\nmin = -40.0\nmax = 150.0\n",
    );
    for n in 1..registers {
        let register = format!(
            "[[register]]\npoint = \"value-{n}\"\naddress = {n}\ntable = \"input\"\ntype = \"uint16\"\nscale = 0.1\n\
             unit = \"Cel\"\ninvalid = [0xFFFF]\nmin = 0.0\nmax = 1000.0\n"
        );
        map.push_str(&register);
    }
    map
}

const FAN: &str = "id = \"loop-fan\"\nkind = \"fan\"\nvendor = \"Bench\"\nmodel = \"Fan\"\n\
     [comm-loss]\nafter = \"30s\"\naction = \"Full speed\"\n\
     [[register]]\npoint = \"fan-speed\"\naddress = 0\ntable = \"holding\"\ntype = \"uint16\"\nscale = 0.1\nunit = \"%\"\n\
     access = \"rw\"\npoll = \"2s\"\nwrite-min = 0.0\nwrite-max = 100.0\nfailsafe = 100.0\nrefresh = \"5s\"\nread-back = true\n\
     tolerance = 0.05\n";

/// A row a loop: one rack and one fan, which is on the wire where loops are closed. The gain turns the thermometer's 0.02 K into a change
/// of the duty in every scan.
fn hall(work: &Work) -> String {
    let mut hall = String::from(
        "name = \"loops\"\nsite = \"bench\"\ntz = \"UTC\"\nsummary = \"Generated\"\n\
         [limits]\ninlet-recommended = 30.0\ninlet-max = 45.0\n",
    );
    hall.push_str(
        "[write.fan.fan-speed]\nmin = 20.0\nmax = 100.0\nfailsafe = 100.0\nrelinquish-default = 50.0\n\
             rise-per-s = 1000.0\nfall-per-s = 1000.0\n\
             [strategy.fans]\nsetpoint = 28.01\ngain = 50.0\nti = \"1000s\"\n",
    );
    hall.push_str("[[meter]]\nname = \"utility\"\nrole = \"utility\"\nrated = 1e9\n");
    for_each(work, |gateway, unit| {
        let name = format!("{gateway:03}-{unit:03}");
        write!(hall, "[[row]]\nname = \"row-{name}\"\nracks = [\"rack-{name}\"]\nrack-rated = 1e4\n").expect("writes");
        write!(hall, "[[fan]]\nname = \"fan-{name}\"\nrow = \"row-{name}\"\n").expect("writes");
    });
    hall
}

fn for_each(work: &Work, mut what: impl FnMut(usize, usize)) {
    for gateway in 0..work.ports.len() {
        for unit in 1..=work.units {
            what(gateway, unit);
        }
    }
}

fn config(work: &Work, folder: &Path) -> String {
    let at = folder.display();
    let mut config = format!(
        "hall = \"hall.toml\"\nmaps = [\"sensor.toml\", \"fan.toml\"]\nperiod = \"{}ms\"\ndeadline = 0.8\n\
         state_dir = \"{at}/state\"\n[api]\nsocket = \"{at}/api.sock\"\n[health]\nlisten = \"127.0.0.1:0\"\n\
         [log]\nfilter = \"error\"\n",
        work.period.as_millis().max(10)
    );
    for (n, port) in work.ports.iter().enumerate() {
        write!(config, "[modbus.gateway.g{n:03}]\nurl = \"tcp://127.0.0.1:{port}\"\n").expect("writes");
    }
    for gateway in 0..work.ports.len() {
        let kinds: &[(&str, &str)] =
            if work.loops { &[("rack", "loop-sensor"), ("fan", "loop-fan")] } else { &[("rack", "loop-sensor")] };
        for (equip, map) in kinds {
            write!(
                config,
                "[[device]]\nequip = \"{equip}-{gateway:03}-*\"\nmap = \"{map}\"\ngateway = \"g{gateway:03}\"\nunit = 1\n"
            )
            .expect("writes");
        }
    }
    if !work.loops {
        config = config.replace(", \"fan.toml\"", "");
    }
    config
}

/// Writes everything into `folder`; the configuration's path.
pub fn write(work: &Work, folder: &Path) -> PathBuf {
    std::fs::create_dir_all(folder).expect("a folder");
    let file = folder.join("site.toml");
    for (name, text) in [
        ("hall.toml", hall(work)),
        ("sensor.toml", sensor(work.registers)),
        ("fan.toml", FAN.to_owned()),
        ("site.toml", config(work, folder)),
    ] {
        std::fs::write(folder.join(name), text).expect("a file");
    }
    file
}
