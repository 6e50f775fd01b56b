//! The database goes away and comes back: history waits on disk, scans do not notice.

use std::time::{SystemTime, UNIX_EPOCH};

use super::rig::Rig;
use crate::history_influx::protocol::Point;
use crate::history_influx::server::{Mood, Server};

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("before the year 292 million")
}

/// The points of the site's power, which changes all the time.
fn of_utility(server: &Server) -> Vec<Point> {
    let tagged = |p: &Point, value: &str| p.tags.values().any(|v| v == value);
    server.points().into_iter().filter(|p| tagged(p, "utility") && tagged(p, "power")).collect()
}

#[test]
fn what_happens_while_the_database_is_away_reaches_it_later_in_order() {
    let server = Server::start(Mood::Take);
    let set = [
        format!("history.influx.url=\"{}\"", server.url()),
        "history.influx.bucket=\"hall\"".to_owned(),
        "history.influx.timeout=\"2s\"".to_owned(),
        "history.influx.longest_pause=\"500ms\"".to_owned(),
    ];
    let rig = Rig::settled("air", &set);
    rig.until("the database is told", |_| of_utility(&server).len() >= 3);

    server.set(Mood::Hang);
    let away = now_ms();
    rig.until("people are told", |r| r.alarm("database-lost"));
    rig.neighbours_are_well(&[]);
    rig.scans_go_on(60);
    assert!(rig.outputs().iter().all(|w| w.level == 16), "control does not notice");
    let back = now_ms();
    assert!(of_utility(&server).iter().all(|p| p.ts <= away), "the database was away");
    server.set(Mood::Take);

    let meanwhile = |p: &Point| p.ts > away && p.ts < back;
    let seconds = usize::try_from((back - away) / 1000).expect("some");
    rig.until("the gap is filled", |_| {
        let all = of_utility(&server);
        all.iter().any(|p| p.ts > back) && all.iter().filter(|p| meanwhile(p)).count() >= seconds / 4
    });
    rig.until("the alarm clears", |r| !r.alarm("database-lost"));
    let stamps: Vec<i64> = of_utility(&server).iter().map(|p| p.ts).collect();
    assert!(
        stamps.windows(2).all(|w| w[0] < w[1]),
        "in order, none twice, with the times of their reading: {stamps:?}"
    );
}
