//! Who is at the other end of a connection, and whether they may ask.

use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use axum::serve::IncomingStream;
use tokio::net::UnixListener;

use super::Problem;

/// Whose socket it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The user of the service.
    pub uid: u32,
    /// The group of the socket: its members may ask.
    pub gid: u32,
}

/// Who asks, as the kernel says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The user; nothing when the kernel did not say.
    pub uid: Option<u32>,
    /// The groups, the first one first.
    pub groups: Vec<u32>,
}

impl Caller {
    /// True for the service's own user, for root, and for members of the socket's group.
    #[must_use]
    pub fn may_ask(&self, owner: Owner) -> bool {
        self.owns(owner) || self.uid.is_some() && self.groups.contains(&owner.gid)
    }

    /// True for the service's own user and for root.
    #[must_use]
    pub fn owns(&self, owner: Owner) -> bool {
        self.uid.is_some_and(|uid| uid == 0 || uid == owner.uid)
    }

    /// The name in the journal: `uid:1000`.
    #[must_use]
    pub fn who(&self) -> String {
        self.uid.map_or_else(|| "uid:?".to_owned(), |uid| format!("uid:{uid}"))
    }
}

impl Connected<IncomingStream<'_, UnixListener>> for Caller {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Self {
        let Ok(peer) = stream.io().peer_cred() else { return Self { uid: None, groups: Vec::new() } };
        let mut groups = vec![peer.gid()];
        groups.extend(peer.pid().map_or_else(Vec::new, supplementary));
        Self { uid: Some(peer.uid()), groups }
    }
}

/// The further groups of a process. The kernel has held them against the socket's mode already when the process
/// connected; this only lets the same people pass the second look.
fn supplementary(pid: i32) -> Vec<u32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    groups_of(&text)
}

fn groups_of(status: &str) -> Vec<u32> {
    let line = status.lines().find_map(|l| l.strip_prefix("Groups:")).unwrap_or_default();
    line.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// Lets a request through, or answers that its caller may not ask.
pub async fn admit(
    State(owner): State<Owner>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if caller.may_ask(owner) {
        return Ok(next.run(request).await);
    }
    let help = "ask somebody to add you to the group of the socket";
    Err(turned_away(&caller, "may not ask", help))
}

/// Lets a request of root and of the service's own user through, or answers that its caller may not ask for that.
pub async fn admit_owner(
    State(owner): State<Owner>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if caller.owns(owner) {
        return Ok(next.run(request).await);
    }
    Err(turned_away(&caller, "may not ask for that", "root may, and whoever the process runs as: `sudo` it"))
}

fn turned_away(caller: &Caller, what: &str, help: &'static str) -> Problem {
    tracing::warn!(who = caller.who(), what, "a caller was turned away");
    Problem::new(StatusCode::FORBIDDEN, "forbidden", format!("{} {what}", caller.who()), help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_root_and_the_group_may_ask() {
        let owner = Owner { uid: 990, gid: 991 };
        let caller = |uid: u32, groups: &[u32]| Caller { uid: Some(uid), groups: groups.to_vec() };
        assert!(caller(990, &[5]).may_ask(owner));
        assert!(caller(0, &[0]).may_ask(owner));
        assert!(caller(1000, &[1000, 27, 991]).may_ask(owner));
        assert!(!caller(1000, &[1000, 990]).may_ask(owner), "a group that has the user's number");
        assert!(!caller(991, &[100]).may_ask(owner), "a user that has the group's number");
        assert!(!Caller { uid: None, groups: vec![991] }.may_ask(owner));
        assert!(caller(990, &[5]).owns(owner) && caller(0, &[0]).owns(owner));
        assert!(!caller(1000, &[1000, 991]).owns(owner), "a member of the group is no owner");
        assert!(!Caller { uid: None, groups: vec![0] }.owns(owner));
    }

    #[test]
    fn groups_are_read_as_the_kernel_prints_them() {
        assert_eq!(groups_of("Name:\tx\nGid:\t1\t1\t1\t1\nGroups:\t4 24 991 \nNgid:\t0\n"), [4, 24, 991]);
        assert_eq!(groups_of("Groups:\t\n"), [0_u32; 0]);
    }
}
