//! Files that are no boards.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use nvml_wrapper::error::NvmlError;
use proptest::prelude::*;
use sim_nvml::board::{Place, Readings, Trouble};
use sim_nvml::{Bench, Board, Card, library_beside_tests};

use super::{bench, load};

/// What both sides say of a file.
fn refused(bench: &Bench, board: &Path) -> Trouble {
    let loaded = load(bench.library());
    assert!(matches!(loaded, Err(NvmlError::DriverNotLoaded)), "{loaded:?}");
    Board::open(board).expect_err("no board")
}

#[test]
fn what_is_no_board_is_refused_with_its_reason_and_is_no_driver() {
    let (folder, bench) = bench(&[Card::H100; 4]);
    let path = folder.path().join("board");
    let whole = fs::read(&path).expect("the board's bytes");
    // The bench keeps the file that it mapped; what is written here is another one of that name.
    let replace = |bytes: &[u8]| {
        fs::remove_file(&path).expect("it is there");
        fs::write(&path, bytes).expect("a file");
    };

    replace(&[]);
    assert!(matches!(refused(&bench, &path), Trouble::NotABoard(_)));
    replace(b"not a board at all");
    let trouble = refused(&bench, &path);
    assert!(trouble.to_string().contains("is no GPU board: name the file"), "{trouble}");
    replace(&whole[..whole.len() - 8]);
    let trouble = refused(&bench, &path);
    assert!(trouble.to_string().contains("too few for its 4 GPUs: it was cut short, make it again"), "{trouble}");
    let mut other = whole.clone();
    other[8] = 77;
    replace(&other);
    let trouble = refused(&bench, &path);
    assert!(trouble.to_string().contains("has layout 77 and this program knows 1: make it again"), "{trouble}");
    let mut none = whole.clone();
    none[16] = 0;
    replace(&none);
    assert!(matches!(refused(&bench, &path), Trouble::NotABoard(_)));
    fs::remove_file(&path).expect("it is there");
    let trouble = refused(&bench, &path);
    assert!(trouble.to_string().contains("No such file"), "{trouble}");
    fs::create_dir(&path).expect("a folder");
    assert!(matches!(refused(&bench, &path), Trouble::File(..)));
    fs::remove_dir(&path).expect("it is there");
    fs::write(&path, &whole).expect("the board again");
    assert_eq!(load(bench.library()).expect("a driver").device_count().expect("a count"), 4);
}

#[test]
fn a_board_takes_1_to_256_gpus() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("board");
    let places = |n: usize| (0..n).map(|slot| Place::seeded(&Card::H100, 1, slot)).collect::<Vec<_>>();
    for wrong in [0, 257] {
        let trouble = Board::create(&path, &places(wrong)).expect_err("too few or too many");
        assert!(trouble.to_string().contains("1 to 256 GPUs"), "{trouble}");
        assert!(!path.exists());
    }
    let board = Board::create(&path, &places(256)).expect("a board");
    assert_eq!((board.count(), Board::open(&path).expect("the same").count()), (256, 256));
    let mut uuids: Vec<_> = board.gpus().map(|gpu| gpu.uuid()).collect();
    uuids.sort();
    uuids.dedup();
    assert_eq!(uuids.len(), 256, "no two have the same name");
    assert_ne!(Place::seeded(&Card::H100, 2, 0).uuid, Place::seeded(&Card::H100, 1, 0).uuid);
    let gone = Board::create(&folder.path().join("none/board"), &places(1)).expect_err("no folder");
    assert!(matches!(gone, Trouble::File(..)));
    let left: Vec<_> =
        fs::read_dir(folder.path()).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["board"], "no drafts are left");
}

#[test]
fn a_bench_without_a_library_says_which() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("none.so");
    let trouble = Bench::new(folder.path(), &missing, &[Card::H100]).expect_err("no library");
    assert!(trouble.to_string().contains("none.so"), "{trouble}");
    assert!(library_beside_tests().is_file(), "{}", library_beside_tests().display());
}

/// Readings that were written together are read together, while somebody writes as fast as he can.
#[test]
fn no_reader_sees_half_of_a_word_of_the_sensors() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("board");
    let board = Arc::new(Board::create(&path, &[Place::seeded(&Card::H100, 1, 0)]).expect("a board"));
    let reader = Board::open(&path).expect("another mapping");
    let writer = thread::spawn(move || {
        for n in 1..200_000u64 {
            let readings = Readings { at_us: n, instant_mw: n, energy_mj: n, brake_ns: n, ..Readings::default() };
            board.gpu(0).expect("a GPU").publish(&readings);
        }
    });
    let mut before = 0;
    while !writer.is_finished() {
        let readings = reader.gpu(0).expect("a GPU").readings();
        let same = [readings.instant_mw, readings.energy_mj, readings.brake_ns];
        assert_eq!(same, [readings.at_us; 3]);
        assert!(readings.at_us >= before);
        before = readings.at_us;
    }
    writer.join().expect("no panic");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever bytes a board's file has, it is a board or it is refused, and what it holds can be read.
    #[test]
    fn no_bytes_crash_a_reader(
        changes in proptest::collection::vec((0usize..1200, any::<u8>()), 0..40),
        keep in 0usize..1300,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("board");
        drop(Board::create(&path, &[Place::seeded(&Card::H100, 1, 0)]).expect("a board"));
        let mut bytes = fs::read(&path).expect("bytes");
        let length = bytes.len();
        changes.into_iter().for_each(|(at, byte)| bytes[at % length] = byte);
        bytes.truncate(keep);
        fs::write(&path, &bytes).expect("a file");
        if let Ok(board) = Board::open(&path) {
            for gpu in board.gpus() {
                let _ = (gpu.uuid(), gpu.readings(), gpu.enforced(), gpu.lock(), gpu.sentinel(), gpu.life());
            }
            let _ = (board.slot(0), board.number(0), board.driver());
        }
    }
}
