//! The habits of the house that no compiler checks: walls, clocks, sizes, words. Each rule names the file and line.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_under(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            files_under(&path, ending, found);
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
}

/// Every Rust file as (path from the root, text).
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    files_under(&root(), ".rs", &mut found);
    found.sort();
    assert!(found.len() > 30, "the walk found only {} files", found.len());
    found
        .into_iter()
        .map(|p| {
            let name = p.strip_prefix(root()).expect("under the root").to_string_lossy().into_owned();
            let text = fs::read_to_string(&p).expect("readable source");
            (name, text)
        })
        .collect()
}

/// The code of a file without its test module, comments cut off, as (line number, line).
fn code(text: &str) -> Vec<(usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, l)| !l.starts_with("#[cfg(test)]"))
        .map(|(n, l)| (n + 1, l.split("//").next().unwrap_or("")))
        .collect()
}

fn is_pure(file: &str) -> bool {
    file.starts_with("plants/src")
        || (file.starts_with("sim/src") && !file.contains("/wire"))
        || file.starts_with("src/control")
        || file.starts_with("src/planner")
}

fn report(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn a_file_fits_a_sitting() {
    let broken: Vec<_> = sources()
        .iter()
        .filter(|(_, t)| t.lines().count() > 400)
        .map(|(f, t)| format!("{f}: {} lines, 400 at most: split it by what it decides", t.lines().count()))
        .collect();
    report(&broken);
}

#[test]
fn imports_follow_the_walls() {
    let walls: [(&str, &[&str]); 5] = [
        ("plants/src", &["sim::", "wattloop::", "tokio"]),
        ("sim/src", &["wattloop::"]),
        ("src/control", &["crate::adapters", "crate::service", "sim::", "tokio", "tracing"]),
        ("src/planner", &["crate::control", "crate::adapters", "crate::service", "sim::", "tokio", "tracing"]),
        ("src/adapters", &["crate::control", "crate::service", "sim::"]),
    ];
    let mut broken = Vec::new();
    for (file, text) in sources() {
        for (_, forbidden) in walls.iter().filter(|(inside, _)| file.starts_with(inside)) {
            for (n, line) in code(&text) {
                for word in *forbidden {
                    let used = line.contains(&format!("use {word}")) || line.contains(&format!(" {word}"));
                    if used && !(file.contains("/wire") && *word == "tokio") {
                        broken.push(format!("{file}:{n}: {word} is on the other side of the wall"));
                    }
                }
            }
        }
    }
    report(&broken);
}

#[test]
fn what_decides_is_pure() {
    let impure =
        ["std::fs", "std::net", "std::thread", "std::env", "HashMap", "HashSet", "Instant", "SystemTime", "select!"];
    let mut broken = Vec::new();
    for (file, text) in sources().iter().filter(|(f, _)| is_pure(f)) {
        for (n, line) in code(text) {
            broken
                .extend(impure.iter().filter(|w| line.contains(**w)).map(|w| format!("{file}:{n}: {w} in pure code")));
        }
    }
    report(&broken);
}

#[test]
fn floats_of_what_decides_are_the_same_on_every_machine() {
    let platform = [".sin()", ".cos()", ".tan()", ".exp()", ".ln()", ".log10()", ".powf(", ".tanh()", ".exp_m1()"];
    let mut broken = Vec::new();
    for (file, text) in sources().iter().filter(|(f, _)| is_pure(f)) {
        for (n, line) in code(text) {
            broken.extend(
                platform
                    .iter()
                    .filter(|w| line.contains(**w))
                    .map(|w| format!("{file}:{n}: {w} calls the platform: use libm")),
            );
        }
    }
    report(&broken);
}

#[test]
fn only_the_clock_reads_a_clock() {
    let mut broken = Vec::new();
    for (file, text) in sources() {
        let exempt =
            ["src/service/clock.rs", "tests/", "benches/", "sim/benches/", "sim/src/wire", "sim/nvml/src/clock.rs"]
                .iter()
                .any(|e| file.starts_with(e))
                || file.contains("/tests/")
                || file.ends_with("/tests.rs");
        for (n, line) in code(&text) {
            if !exempt && (line.contains("Instant::now") || line.contains("SystemTime::now")) {
                broken.push(format!("{file}:{n}: reads a clock; take the time as an argument"));
            }
        }
    }
    report(&broken);
}

/// C symbols cannot be had without it; everything else can.
#[test]
fn only_what_touches_c_is_unsafe() {
    let mut broken = Vec::new();
    for (file, text) in sources() {
        let touches_c = file.starts_with("sim/nvml/") || file == "src/adapters/nvml/raw.rs";
        let ours = file == "tests/tidy.rs";
        for (n, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            let word =
                [" {", "(", " fn", " impl", " extern", " trait"].iter().any(|w| code.contains(&format!("unsafe{w}")));
            if word && !touches_c && !ours {
                broken.push(format!("{file}:{}: `unsafe` belongs in sim/nvml and src/adapters/nvml/raw.rs", n + 1));
            }
        }
        broken.extend(unsaid(&file, &text));
    }
    report(&broken);
}

/// Blocks of unsafe code without a word, just before them, of why they are sound.
fn unsaid(file: &str, text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut broken = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let block = line.split("//").next().unwrap_or("").contains("unsafe {");
        let before = lines.iter().take(n).rev().take(4);
        if block && file != "tests/tidy.rs" && !before.chain([line]).any(|line| line.contains("// SAFETY: ")) {
            broken.push(format!("{file}:{}: say before it, after `// SAFETY:`, why this is sound", n + 1));
        }
    }
    broken
}

#[test]
fn expectations_have_reasons_and_names_say_something() {
    let vague = ["utils.rs", "common.rs", "helpers.rs", "types.rs", "manager.rs", "misc.rs", "mod.rs"];
    let mut broken = Vec::new();
    for (file, text) in sources() {
        if vague.iter().any(|v| file.ends_with(&format!("/{v}"))) {
            broken.push(format!("{file}: the name says nothing"));
        }
        for (n, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("#[allow(") || line.trim_start().starts_with("#![allow(") {
                broken.push(format!("{file}:{}: #[expect(…, reason = \"…\")], never #[allow]", n + 1));
            }
        }
    }
    report(&broken);
}

#[test]
fn casts_live_in_one_module() {
    let mut broken = Vec::new();
    for (file, text) in sources() {
        let exempt = file == "plants/src/convert.rs" || file.starts_with("tests/") || file.starts_with("benches/");
        if !exempt && text.contains("clippy::as_conversions") {
            broken.push(format!("{file}: `as` belongs in plant::convert"));
        }
    }
    report(&broken);
}

#[test]
fn every_field_of_the_configuration_says_its_unit_and_range() {
    let mut broken = Vec::new();
    for (file, text) in sources() {
        let configuration = file.starts_with("src/service/config")
            || matches!(file.as_str(), "src/adapters/modbus/config.rs" | "src/adapters/mqtt/config.rs");
        if !configuration {
            continue;
        }
        let mut inside = false;
        let mut last_doc = String::new();
        for (n, line) in text.lines().enumerate() {
            let trimmed = line.trim();
            if trimmed.starts_with("#[serde(") && trimmed.contains("deny_unknown_fields") {
                inside = true;
            }
            if line == "}" {
                inside = false;
            }
            if let Some(doc) = trimmed.strip_prefix("///") {
                last_doc = doc.trim().to_owned();
            }
            if inside && trimmed.starts_with("pub ") && trimmed.ends_with(',') && !last_doc.ends_with(')') {
                broken.push(format!("{file}:{}: the field's doc ends with \"(unit, range)\"", n + 1));
            }
        }
    }
    report(&broken);
}

#[test]
fn nothing_names_a_machine_or_leaves_a_note_to_self() {
    let mut found = Vec::new();
    for ending in [".rs", ".toml", ".md", ".py", ".sh"] {
        files_under(&root(), ending, &mut found);
    }
    let words = ["TODO", "FIXME", "XXX", "todo!(", "unimplemented!("];
    let mut broken = Vec::new();
    for path in found {
        let name = path.strip_prefix(root()).expect("under the root").to_string_lossy().into_owned();
        if name == "tests/tidy.rs" || name == "Cargo.toml" {
            continue;
        }
        let text = fs::read_to_string(&path).expect("readable");
        for (n, line) in text.lines().enumerate() {
            broken.extend(words.iter().filter(|w| line.contains(**w)).map(|w| format!("{name}:{}: {w}", n + 1)));
        }
    }
    report(&broken);
}
