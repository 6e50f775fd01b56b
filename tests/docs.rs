//! Every command and configuration block of the documentation, run.
//!
//! A fenced block says by its info string how it is run: `sh` on its own, `sh demo` beside a running demo, `sh not-run`
//! with a reason in its first comment, `toml config` by `wattloop check`, `toml hall` in the place of the same sections of a shipped hall, `toml agent` as a node's own file, `toml tariff` by `wattloop tariff check`, `toml plan` by `wattloop plan`,
//! anything else is prose.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_wattloop");

struct Block {
    place: String,
    info: String,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn blocks() -> Vec<Block> {
    let mut pages = vec![root().join("README.md"), root().join("CHANGELOG.md")];
    if let Ok(entries) = fs::read_dir(root().join("docs")) {
        pages.extend(entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "md")));
    }
    pages.sort();
    let mut found = Vec::new();
    for page in pages {
        let name = page.strip_prefix(root()).expect("under the root").display().to_string();
        let text = fs::read_to_string(&page).expect("readable page");
        let mut open: Option<Block> = None;
        for (n, line) in text.lines().enumerate() {
            match (line.strip_prefix("```"), open.take()) {
                (Some(_), Some(done)) => found.push(done),
                (Some(info), None) => {
                    open = Some(Block {
                        place: format!("{name}:{}", n + 1),
                        info: info.trim().to_owned(),
                        text: String::new(),
                    });
                }
                (None, Some(mut block)) => {
                    block.text.push_str(line);
                    block.text.push('\n');
                    open = Some(block);
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{name}: a fenced block is not closed");
    }
    found
}

/// The arguments for the binary of each `wattloop …` or `cargo run --release -- …` line, with the exit code it promises.
fn commands(block: &Block) -> Vec<(Vec<String>, i32)> {
    let joined = block.text.replace("\\\n", " ");
    let mut found = Vec::new();
    for line in joined.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let (command, comment) = line.split_once(" #").unwrap_or((line, ""));
        let code = comment.split_once("exits ").map_or(0, |(_, c)| {
            let digits: String = c.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().expect("an exit code after 'exits '")
        });
        let arguments = command
            .strip_prefix("cargo run --release -- ")
            .or_else(|| command.strip_prefix("wattloop "))
            .unwrap_or_else(|| {
                panic!("{}: `{command}` is no wattloop command; mark the block `sh not-run`", block.place)
            });
        found.push((words(arguments), code));
    }
    assert!(!found.is_empty(), "{}: a block without a command", block.place);
    found
}

/// Splits like a shell does, for single and double quotes.
fn words(text: &str) -> Vec<String> {
    let (mut found, mut word, mut quote, mut any) = (Vec::new(), String::new(), None, false);
    for c in text.chars() {
        match (c, quote) {
            ('"' | '\'', None) => (quote, any) = (Some(c), true),
            (c, Some(q)) if c == q => quote = None,
            (' ', None) => {
                if any || !word.is_empty() {
                    found.push(std::mem::take(&mut word));
                }
                any = false;
            }
            (c, _) => word.push(c),
        }
    }
    if any || !word.is_empty() {
        found.push(word);
    }
    found
}

fn run(folder: &Path, arguments: &[String]) -> Output {
    Command::new(BINARY)
        .args(arguments)
        .current_dir(folder)
        .env("TMPDIR", folder)
        .env_remove("XDG_RUNTIME_DIR")
        .stdin(Stdio::null())
        .output()
        .expect("the binary starts")
}

/// A folder that looks like a clone: the shipped configuration, halls and device maps.
fn clone_of_the_files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    for part in ["config", "config/plans", "config/tariffs", "plants/halls", "plants/devices"] {
        let target = folder.path().join(part);
        fs::create_dir_all(&target).expect("folder");
        for entry in fs::read_dir(root().join(part)).expect("shipped folder").flatten() {
            if entry.path().is_file() {
                fs::copy(entry.path(), target.join(entry.file_name())).expect("copied");
            }
        }
    }
    // A hall that takes load targets, for the configuration of who sets them.
    let air = fs::read_to_string(root().join("plants/halls/air.toml")).expect("shipped");
    let grid = "[grid]\nfeeds = [\"utility\"]\n";
    fs::write(folder.path().join("config/air-grid.toml"), format!("{air}\n{grid}")).expect("written");
    // A hall with the windows that docs/windows.md writes.
    let windows = blocks().into_iter().find(|b| b.info == "toml hall" && b.place.starts_with("docs/windows.md"));
    let text = windows.expect("a block of windows").text;
    fs::write(folder.path().join("hall.toml"), format!("{air}\n{text}")).expect("written");
    folder
}

fn check(place: &str, arguments: &[String], code: i32, output: &Output) {
    assert_eq!(
        output.status.code(),
        Some(code),
        "{place}: wattloop {}\n{}{}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn commands_that_stand_alone_do_what_they_say() {
    let folder = clone_of_the_files();
    let mut count = 0;
    for block in blocks().iter().filter(|b| b.info == "sh") {
        for (arguments, code) in commands(block) {
            check(&block.place, &arguments, code, &run(folder.path(), &arguments));
            count += 1;
        }
    }
    assert!(count > 3, "the documentation shows only {count} commands");
}

#[test]
fn what_the_page_of_windows_prints_is_printed() {
    let (folder, found) = (clone_of_the_files(), blocks());
    let of_the_page: Vec<&Block> = found.iter().filter(|b| b.place.starts_with("docs/windows.md")).collect();
    let mut count = 0;
    for pair in of_the_page.windows(2).filter(|pair| pair[0].info == "sh" && pair[1].info == "text") {
        let said: String = commands(pair[0])
            .iter()
            .map(|(arguments, _)| String::from_utf8(run(folder.path(), arguments).stdout).expect("text"))
            .collect();
        assert_eq!(said, pair[1].text, "{}", pair[1].place);
        count += 1;
    }
    assert!(count >= 4, "the page shows only {count}");
}

struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn commands_beside_a_running_demo_do_what_they_say() {
    let folder = clone_of_the_files();
    let demo = Command::new(BINARY)
        .args(["demo", "--for", "120s"])
        .current_dir(folder.path())
        .env("TMPDIR", folder.path())
        .env_remove("XDG_RUNTIME_DIR")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the demo starts");
    let _demo = Demo(demo);
    let status = ["status".to_owned()];
    let patience = Instant::now() + Duration::from_secs(60);
    while !run(folder.path(), &status).status.success() {
        assert!(Instant::now() < patience, "the demo does not answer");
        std::thread::sleep(Duration::from_millis(200));
    }
    let mut count = 0;
    for block in blocks().iter().filter(|b| b.info == "sh demo") {
        for (arguments, code) in commands(block) {
            check(&block.place, &arguments, code, &run(folder.path(), &arguments));
            count += 1;
        }
    }
    assert!(count > 3, "the documentation shows only {count} commands for a running service");
}

#[test]
fn configuration_blocks_pass_the_check() {
    for block in blocks().iter().filter(|b| b.info == "toml config") {
        let folder = clone_of_the_files();
        let file = folder.path().join("config/from-the-page.toml");
        fs::write(&file, &block.text).expect("written");
        let arguments = ["check".to_owned(), "--config".to_owned(), "config/from-the-page.toml".to_owned()];
        check(&block.place, &arguments, 0, &run(folder.path(), &arguments));
    }
}

#[test]
fn tariff_blocks_and_the_shipped_files_pass_their_check() {
    let folder = clone_of_the_files();
    let found = blocks();
    let mut files = Vec::new();
    for (n, block) in found.iter().filter(|b| b.info == "toml tariff").enumerate() {
        let name = format!("config/tariffs/from-the-page-{n}.toml");
        fs::write(folder.path().join(&name), &block.text).expect("written");
        files.push((block.place.clone(), name));
    }
    assert!(!files.is_empty(), "the documentation shows no tariff");
    for entry in fs::read_dir(root().join("config/tariffs")).expect("shipped folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".toml") {
            files.push((name.clone(), format!("config/tariffs/{name}")));
        }
    }
    for (place, name) in files {
        let arguments = ["tariff".to_owned(), "check".to_owned(), name];
        check(&place, &arguments, 0, &run(folder.path(), &arguments));
    }
}

#[test]
fn plan_blocks_and_the_shipped_files_are_planned() {
    let folder = clone_of_the_files();
    let found = blocks();
    let mut files = Vec::new();
    for (n, block) in found.iter().filter(|b| b.info == "toml plan").enumerate() {
        let name = format!("config/plans/from-the-page-{n}.toml");
        fs::write(folder.path().join(&name), &block.text).expect("written");
        files.push((block.place.clone(), name));
    }
    assert!(!files.is_empty(), "the documentation shows no plan");
    for entry in fs::read_dir(root().join("config/plans")).expect("shipped folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        files.push((name.clone(), format!("config/plans/{name}")));
    }
    for (place, name) in files {
        let arguments = ["plan".to_owned(), name];
        check(&place, &arguments, 0, &run(folder.path(), &arguments));
    }
}

/// The sections of a file, each with its header's line; what stands before the first has none.
fn sections(text: &str) -> Vec<(String, String)> {
    let mut found = vec![(String::new(), String::new())];
    for line in text.lines() {
        if line.starts_with('[') {
            found.push((line.split('#').next().unwrap_or(line).trim().to_owned(), String::new()));
        }
        let last = found.len() - 1;
        found[last].1.push_str(line);
        found[last].1.push('\n');
    }
    found
}

#[test]
fn hall_blocks_are_taken_in_the_place_of_the_same_sections_of_a_shipped_hall() {
    let (_, air) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    for block in blocks().iter().filter(|b| b.info == "toml hall") {
        let (shown, shipped) = (sections(&block.text), sections(air));
        let named: Vec<String> = shown.iter().map(|(header, _)| header.clone()).collect();
        // Of what a hall has several, those with new names are more of them.
        let is = |text: &str| text.lines().find(|line| line.starts_with("name = ")).map(str::to_owned);
        let other = |header: &str, name: &str| shipped.iter().any(|(h, text)| h == header && text.contains(name));
        let replaces = |(header, text): &(String, String)| {
            !header.starts_with("[[") || is(text).is_none_or(|name| other(header, &name))
        };
        let gone: Vec<&String> = shown.iter().filter(|section| replaces(section)).map(|(header, _)| header).collect();
        let kept = shipped.iter().filter(|(header, _)| header.is_empty() || !gone.contains(&header));
        let text = kept.map(|(_, text)| text.as_str()).collect::<String>() + &block.text;
        assert!(named.iter().any(|header| air.contains(header.as_str())), "{}", block.place);
        plant::hall::Hall::load(&block.place, &text).unwrap_or_else(|faults| panic!("{}: {faults}", block.place));
    }
}

#[test]
fn agent_blocks_and_the_shipped_file_are_read() {
    let shipped = fs::read_to_string(root().join("config/agent.toml")).expect("readable");
    let found = blocks();
    let texts = found.iter().filter(|b| b.info == "toml agent").map(|b| (b.place.as_str(), b.text.as_str()));
    let mut read = 0;
    for (place, text) in texts.chain([("config/agent.toml", shipped.as_str())]) {
        if let Err(faults) = wattloop::agent::config::Config::read(place, text) {
            panic!("{place}: {faults}");
        }
        read += 1;
    }
    assert!(read > 1, "the documentation shows no agent's file");
}

#[test]
fn files_of_schedulers_are_read() {
    for block in blocks().iter().filter(|b| b.info == "toml budget") {
        let folder = clone_of_the_files();
        let text = block.text.replace("/var/lib", &folder.path().display().to_string());
        fs::write(folder.path().join("budget.toml"), text).expect("written");
        let line = ["budget", "query", "--lease", "1-1", "--config", "budget.toml"].map(str::to_owned);
        let output = run(folder.path(), &line);
        // It names files that are not here: that is told, and no fault of its own.
        check(&block.place, &line, 78, &output);
        assert!(String::from_utf8_lossy(&output.stderr).contains("password_file /etc/wattloop"), "{}", block.place);
    }
}

#[test]
fn every_block_says_how_it_is_run() {
    let plain = ["sh", "sh demo", "sh not-run", "text", "json", "rust"];
    let files = ["config", "hall", "agent", "budget", "tariff", "plan"].map(|kind| format!("toml {kind}"));
    for block in blocks() {
        let known = plain.contains(&block.info.as_str()) || files.contains(&block.info);
        assert!(known, "{}: `{}` is not one of {plain:?} or {files:?}", block.place, block.info);
        if block.info == "sh not-run" {
            assert!(block.text.starts_with("# "), "{}: say in a first comment why it is not run", block.place);
        }
    }
}

/// The diagrams in a source file's documentation.
fn diagrams(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("readable source");
    let (mut found, mut open) = (Vec::new(), None::<String>);
    for line in text.lines().map(str::trim_start) {
        let Some(said) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else { continue };
        let said = said.strip_prefix(' ').unwrap_or(said);
        match (said.starts_with("```"), open.take()) {
            (true, Some(done)) => found.push(done),
            (true, None) => open = Some(String::new()),
            (false, Some(before)) => open = Some(before + said.trim_end() + "\n"),
            (false, None) => {}
        }
    }
    found
}

#[test]
fn every_diagram_of_a_sequence_is_drawn_in_the_docs() {
    let page = fs::read_to_string(root().join("docs/sequences.md")).expect("the page");
    for source in [
        "sequence.rs",
        "sequence/machine.rs",
        "sequence/change.rs",
        "sequence/drive.rs",
        "rule.rs",
        "plants/tower.rs",
        "plants/economiser/plates.rs",
        "plants/reset.rs",
        "dx/economiser.rs",
        "dry.rs",
        "fans.rs",
        "sequence/shift.rs",
        "pumps.rs",
        "dew_point.rs",
        "doors.rs",
        "leak.rs",
        "tanks/oil.rs",
        "tanks/boiling.rs",
        "tanks/warmth.rs",
        "tanks/leaks.rs",
    ] {
        let found = diagrams(&root().join("src/control").join(source));
        assert!(!found.is_empty(), "{source} draws nothing");
        for diagram in found {
            assert!(page.contains(&diagram), "docs/sequences.md lacks this diagram of {source}:\n{diagram}");
        }
    }
}
