//! A machine that is lost with its disk: what was copied off it while it ran goes onto a blank one.

use std::fs;
use std::path::Path;

use wattloop::adapters::modbus::Writes;

use super::process::replay;
use super::rig::{Rig, said};

/// The journal's file with all that stands beside it.
const JOURNAL: &str = "journal";

/// Copies what begins with the journal's name, folders too.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let name = entry.file_name();
        let (source, target) = (entry.path(), to.join(&name));
        if source.is_dir() && name.to_string_lossy().starts_with(JOURNAL) {
            fs::create_dir_all(&target).expect("a folder");
            for file in fs::read_dir(&source).expect("a folder").map(|file| file.expect("a file")) {
                fs::copy(file.path(), target.join(file.file_name())).expect("a copy");
            }
        } else if name.to_string_lossy().starts_with(JOURNAL) {
            fs::copy(&source, &target).expect("a copy");
        }
    }
}

fn wipe(folder: &Path) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
        if entry.file_name().to_string_lossy().starts_with(JOURNAL) {
            let path = entry.path();
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("gone");
        }
    }
}

#[test]
fn a_copy_of_a_running_journal_is_a_backup_for_a_blank_machine() {
    let mut rig = Rig::settled("air", &[]);
    let set = rig.wattloop(&["set", "crah-2/fan-speed", "77", "--for", "1h", "--reason", "belt change"]);
    assert!(set.status.success(), "{}", said(&set));
    rig.scans_go_on(10);
    let backup = tempfile::tempdir().expect("a folder");
    copy(rig.folder(), backup.path());
    // What is promised after the backup is lost with the disk.
    let late = rig.wattloop(&["set", "crah-3/fan-speed", "66", "--for", "1h", "--reason", "after the backup"]);
    assert!(late.status.success(), "{}", said(&late));
    rig.stop();
    wipe(rig.folder());
    copy(backup.path(), rig.folder());

    rig.start(Writes::Live);
    rig.until("control runs", |r| r.status().scans > 0);
    let kept: Vec<_> = rig.status().overrides.iter().map(|o| (o.point.clone(), o.value)).collect();
    assert_eq!(kept, [("crah-2/fan-speed".to_owned(), 77.0)]);
    rig.until("the override leads", |r| (r.truth("crah-2/fan-speed") - 77.0).abs() < 0.2);
    rig.until("the other fan has its loop", |r| r.why("crah-3/fan-speed").level == 16);
    rig.stop();
    let (same, told) = replay(rig.folder());
    assert!(same, "what was decided before and after the restore is decided again: {told}");
    rig.start(Writes::Live);
}
