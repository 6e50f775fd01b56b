//! What the service tells the service manager, and the watchdog that only a completed scan feeds.
//!
//! A service without a manager has no socket, and every call does nothing.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use plant::time::{Mono, Span};
use sd_notify::NotifyState;

/// The line to the service manager.
#[derive(Debug)]
pub struct Notify {
    line: Option<(UnixDatagram, SocketAddr)>,
    /// How often the watchdog is fed: a third of its time.
    feed_every: Span,
    fed: Option<Mono>,
}

impl Notify {
    /// A line to the socket at `path` (a leading `@` names an abstract one), or to nobody.
    ///
    /// # Errors
    /// The path is no socket's name, or no socket can be made.
    pub fn to(path: Option<&OsStr>, watchdog: Option<Span>) -> io::Result<Self> {
        let line = match path {
            None => None,
            Some(path) => {
                let address = match path.as_bytes().split_first() {
                    Some((b'@', name)) => SocketAddr::from_abstract_name(name)?,
                    Some(_) | None => SocketAddr::from_pathname(path)?,
                };
                let socket = UnixDatagram::unbound()?;
                // A manager that does not read must never stop a scan.
                socket.set_nonblocking(true)?;
                Some((socket, address))
            }
        };
        let third = watchdog.map_or(0, |w| w.nanos().checked_div(3).unwrap_or(0));
        Ok(Self { line, feed_every: Span::from_nanos(third), fed: None })
    }

    /// The line and the watchdog's time that the environment of this process names.
    ///
    /// # Errors
    /// As [`Notify::to`].
    pub fn of_process() -> io::Result<Self> {
        let path: Option<OsString> = std::env::var_os("NOTIFY_SOCKET");
        Self::to(path.as_deref(), sd_notify::watchdog_enabled().map(Span::from_duration))
    }

    /// True when somebody listens.
    #[must_use]
    pub const fn is_supervised(&self) -> bool {
        self.line.is_some()
    }

    /// Control runs: the first scan has completed and its outputs have been written.
    pub fn ready(&self) {
        self.send(&[NotifyState::Ready, NotifyState::Status("control runs")]);
    }

    /// A scan has completed: the only thing that feeds the watchdog.
    pub fn completed_scan(&mut self, at: Mono) {
        if self.line.is_none() || self.fed.is_some_and(|fed| at.since(fed) < self.feed_every) {
            return;
        }
        self.fed = Some(at);
        self.send(&[NotifyState::Watchdog]);
    }

    /// A reload has begun; [`Notify::ready`] ends it.
    pub fn reloading(&self) {
        // The manager compares this stamp with its own reading of the same clock, so the crate reads it here.
        if let Ok(stamp) = NotifyState::monotonic_usec_now() {
            self.send(&[NotifyState::Reloading, stamp]);
        }
    }

    /// The outputs go to their safe values and the process ends.
    pub fn stopping(&self) {
        self.send(&[NotifyState::Stopping, NotifyState::Status("outputs go to their safe values")]);
    }

    fn send(&self, states: &[NotifyState<'_>]) {
        let Some((socket, address)) = &self.line else { return };
        let text: String = states.iter().map(|s| format!("{s}\n")).collect();
        if let Err(error) = socket.send_to_addr(text.as_bytes(), address) {
            tracing::warn!(%error, "the service manager could not be told");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn manager() -> (tempfile::TempDir, UnixDatagram, OsString) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        (dir, socket, path.into_os_string())
    }

    fn next(socket: &UnixDatagram) -> String {
        let mut buffer = [0_u8; 512];
        let n = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..n].to_vec()).unwrap()
    }

    fn is_quiet(socket: &UnixDatagram) -> bool {
        socket.set_nonblocking(true).unwrap();
        let quiet = socket.recv(&mut [0; 64]).is_err();
        socket.set_nonblocking(false).unwrap();
        quiet
    }

    #[test]
    fn the_manager_hears_the_life_of_a_service() {
        let (_dir, socket, path) = manager();
        let notify = Notify::to(Some(&path), None).unwrap();
        notify.ready();
        assert_eq!(next(&socket), "READY=1\nSTATUS=control runs\n");
        notify.reloading();
        let told = next(&socket);
        assert!(told.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{told}");
        notify.stopping();
        assert!(next(&socket).starts_with("STOPPING=1\n"));
    }

    #[test]
    fn the_watchdog_is_fed_by_scans_and_no_more_often_than_it_needs() {
        let (_dir, socket, path) = manager();
        let mut notify = Notify::to(Some(&path), Some(Span::from_secs(9))).unwrap();
        assert!(is_quiet(&socket), "nothing is said before a scan");
        notify.completed_scan(Mono(0));
        assert_eq!(next(&socket), "WATCHDOG=1\n");
        notify.completed_scan(Mono(2_900_000_000));
        assert!(is_quiet(&socket));
        notify.completed_scan(Mono(3_000_000_000));
        assert_eq!(next(&socket), "WATCHDOG=1\n");
        notify.completed_scan(Mono(60_000_000_000));
        assert_eq!(next(&socket), "WATCHDOG=1\n");
    }

    #[test]
    fn an_abstract_socket_is_heard_too() {
        let name = format!("wattloop-test-{}", std::process::id());
        let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Notify::to(Some(OsStr::new(&format!("@{name}"))), None).unwrap().stopping();
        assert!(next(&socket).starts_with("STOPPING=1\n"));
    }

    #[test]
    fn without_a_manager_nothing_happens() {
        let mut notify = Notify::to(None, None).unwrap();
        notify.ready();
        notify.completed_scan(Mono(1));
        assert!(!notify.is_supervised());
        let (dir, socket, path) = manager();
        let notify = Notify::to(Some(&path), None).unwrap();
        drop((dir, socket));
        notify.stopping();
    }
}
