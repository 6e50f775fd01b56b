//! Cables that are pulled and gateways that start anew: a wire between service and gateway with a switch in it.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::ears::Ears;
use super::rig::Rig;

/// How a wire is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Everything passes.
    Plugged,
    /// Nothing passes and nobody is told; what is on its way arrives when it is plugged in again.
    Pulled,
    /// The other end is off: connections end and none is made.
    Off,
}

/// A wire to a gateway. Its threads end with the process.
struct Wire {
    address: SocketAddr,
    state: Arc<Mutex<(State, Option<SocketAddr>)>>,
}

impl Wire {
    /// A wire whose far end is not connected yet.
    fn lay() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let state = Arc::new(Mutex::new((State::Plugged, None)));
        let its = Arc::clone(&state);
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let target = *its.lock().expect("whole");
                if let (State::Plugged | State::Pulled, Some(target)) = target {
                    let far = TcpStream::connect(target).expect("the gateway listens");
                    let (near2, far2) = (near.try_clone().expect("a copy"), far.try_clone().expect("a copy"));
                    let (a, b) = (Arc::clone(&its), Arc::clone(&its));
                    std::thread::spawn(move || carry(near, far, &a));
                    std::thread::spawn(move || carry(far2, near2, &b));
                }
            }
        });
        Self { address, state }
    }

    /// What makes a service use this wire to a gateway.
    fn setting(&self, gateway: &str) -> String {
        format!("modbus.gateway.{gateway}.url=\"tcp://{}\"", self.address)
    }

    fn connect(&self, target: SocketAddr) {
        self.state.lock().expect("whole").1 = Some(target);
    }

    fn set(&self, state: State) {
        self.state.lock().expect("whole").0 = state;
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, state: &Mutex<(State, Option<SocketAddr>)>) {
    let now = || state.lock().expect("whole").0;
    from.set_read_timeout(Some(Duration::from_millis(20))).expect("a time");
    let mut bytes = [0; 4096];
    while now() != State::Off {
        let n = match from.read(&mut bytes) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => continue,
            Err(_) => break,
        };
        while now() == State::Pulled {
            std::thread::sleep(Duration::from_millis(5));
        }
        if to.write_all(&bytes[..n]).is_err() {
            break;
        }
    }
    from.shutdown(Shutdown::Both).ok();
    to.shutdown(Shutdown::Both).ok();
}

/// A settled hall with a wire to one of its gateways.
fn wired(gateway: &str) -> (Rig, Wire) {
    let wire = Wire::lay();
    let mut rig = Rig::dark("air", &[wire.setting(gateway)]);
    wire.connect(*rig.stage.hall.gateways().get(gateway).expect("a gateway"));
    rig.start(wattloop::adapters::modbus::Writes::Live);
    rig.until("the hall settles", Rig::is_settled);
    (rig, wire)
}

#[test]
fn a_pulled_cable_leaves_every_air_handler_to_itself_until_it_is_back() {
    let (rig, wire) = wired("bms");
    let ears = Ears::open(&rig);
    wire.set(State::Pulled);
    rig.until("every air handler is lost", |r| {
        (1..=6).all(|n| {
            let view = r.point(&format!("crah-{n}/supply-air-temp"));
            view.quality == 0 && matches!(view.why.as_deref(), Some("timeout" | "comm"))
        })
    });
    rig.neighbours_are_well(&["crah-"]);
    rig.scans_go_on(10);
    rig.until("people are told", |r| r.alarm("writes-doubted") && r.alarm("readings-lost"));
    rig.until("control wants the safe side", |r| (1..=6).all(|n| r.why(&format!("crah-{n}/valve")).value == 100.0));
    assert_eq!(rig.why("chw/pump-speed").level, 16, "the pump is on another cable");
    rig.until("the air handlers look after themselves", |r| {
        (1..=6).all(|n| r.truth(&format!("crah-{n}/fan-speed-feedback")) > 99.0)
    });

    wire.set(State::Plugged);
    rig.until("all is as before", Rig::is_settled);
    for n in 1..=6 {
        let output = format!("crah-{n}/fan-speed");
        rig.until("what control says is in the register", |r| (r.truth(&output) - r.why(&output).value).abs() < 3.0);
    }
    ears.until_event("reading_fresh", "crah-1/supply-air-temp");
    rig.until("the fans follow again", |r| r.truth("crah-1/fan-speed-feedback") < 99.0);
}

#[test]
fn a_gateway_that_starts_anew_is_told_everything_again() {
    let (rig, wire) = wired("plant");
    wire.set(State::Off);
    rig.until("the pump skid is lost", |r| r.is_lost("chw/dp", "comm"));
    rig.neighbours_are_well(&["chw/", "chwp-", "ch-", "cw/", "ct-", "wse/", "roof/"]);
    assert_eq!(rig.why("crah-1/fan-speed").level, 16);
    // While it was away it lost what it was told.
    assert!(rig.stage.hall.foreign_write(rig.id("chw/pump-speed"), 30.0));
    wire.set(State::Plugged);
    rig.until("all is as before", Rig::is_settled);
    rig.until("the register holds what control says", |r| {
        (r.truth("chw/pump-speed") - r.why("chw/pump-speed").value).abs() < 3.0
    });
}
