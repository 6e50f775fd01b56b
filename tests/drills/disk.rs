//! The disk is full: control goes on, nothing is promised, and people are told.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::process::{Process, alarm, replay};
use super::rig::{Rig, said};
use wattloop::adapters::modbus::Writes;

/// A disk of its own, a few megabytes large; nothing where this user may not mount one.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path) -> Option<Self> {
        std::fs::create_dir_all(at).expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=12m", "tmpfs"]).arg(at).stderr(Stdio::null());
        let mounted = mount.status().is_ok_and(|status| status.success());
        if !mounted {
            println!("skipped: this user may not mount a disk of a few megabytes");
        }
        mounted.then(|| Self(at.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
    }
}

fn wish(value: &str) -> [&str; 7] {
    ["set", "crah-1/fan-speed", value, "--for", "10min", "--reason", "drill"]
}

#[test]
fn a_disk_that_somebody_fills_costs_promises_and_no_scan_until_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path().join("small");
    let Some(_disk) = Disk::mount(&at) else { return };
    let mut rig = Rig::dark("air", &[format!("state_dir=\"{}\"", at.display())]);
    rig.start(Writes::Live);
    rig.until("the hall settles", Rig::is_settled);
    let kept = rig.wattloop(&wish("70"));
    assert!(kept.status.success(), "{}", said(&kept));

    let other = at.join("somebody-else");
    // The write ends with the disk, which is the point.
    std::fs::write(&other, vec![7; 16 << 20]).ok();
    rig.until("people are told", |r| r.alarm("journal-gap"));
    let refused = rig.wattloop(&wish("90"));
    assert_eq!(refused.status.code(), Some(75), "{}", said(&refused));
    assert!(said(&refused).contains("journal"), "{}", said(&refused));
    rig.neighbours_are_well(&[]);
    rig.scans_go_on(25);
    let why = rig.why("crah-1/fan-speed");
    assert!(why.level == 8 && why.entries.iter().any(|e| e.value == 70.0), "what was promised holds: {}", why.sentence);
    assert!(rig.outputs().iter().all(|w| w.level == 16 || w.point == "crah-1/fan-speed"));

    std::fs::remove_file(&other).expect("removed");
    rig.until("promises are kept again", |r| r.wattloop(&wish("90")).status.success());
    // The alarm is latched, so that nobody overlooks that there was a gap.
    rig.until("the gap is over", |r| {
        r.wattloop(&["ack", "journal-gap"]);
        r.wattloop(&["ack", "journal-gap", "--reset"]).status.success()
    });
    rig.until("no alarm stands", |r| !r.alarm("journal-gap"));
    rig.stop();
    let (same, text) = replay(&at);
    assert!(same, "what is on disk replays: {text}");
    assert!(text.contains("interruptions"), "and the gap is told: {text}");
}

#[test]
fn a_journal_that_may_not_grow_stops_promises_and_nothing_else() {
    let rig = Rig::dark("air", &[]);
    // Of the shells' two units the larger one: files of a megabyte at most.
    let limit = "trap '' XFSZ; ulimit -f 1024";
    let mut process = Process::run(&rig.stage, rig.folder(), Some(limit));
    process.until("control runs", |s| s["readings"]["fresh"].as_u64() > Some(150));
    let status = process.until("people are told", |s| alarm(s, "journal-gap"));
    let refused = process.wattloop(&wish("90"));
    assert_eq!(refused.status.code(), Some(75), "{}", said(&refused));
    let scans = status["scans"].as_u64().expect("a number");
    let later = process.until("scans go on", |s| s["scans"].as_u64() > Some(scans + 25));
    assert_eq!(later["readings"]["lost"], 0, "and see the hall");
    assert_eq!(later["overrides"].as_array().map(Vec::len), Some(0), "what was refused is not done");
    assert!(process.end_by("TERM").success());
}
