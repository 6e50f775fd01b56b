//! What the documentation says is shown is shown: every test and page that its tables name is there, and no item of its lists is left out.
//!
//! A table whose last column is headed `test` or `shown by` names tests as cargo prints them (`drills::bus::a_late_reply_is_nobodys_value`), modules
//! of them (`drills::bus`) and pages (`air-hot-day`), each between backticks. What is not shown says so, and why.

use std::fs;
use std::path::PathBuf;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// One row of a table: where it stands, its first cell, its last.
struct Row {
    place: String,
    first: String,
    last: String,
}

/// The rows of a page's tables with such a last column.
fn rows(page: &str) -> Vec<Row> {
    let text = fs::read_to_string(root().join("docs").join(page)).expect("the page");
    let (mut found, mut within) = (Vec::new(), None::<bool>);
    for (n, line) in text.lines().enumerate() {
        let Some(inner) = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
            within = None;
            continue;
        };
        let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
        let (first, last) = (cells[0], cells[cells.len() - 1]);
        match within {
            None => within = Some(["test", "shown by"].contains(&last)),
            Some(true) if !first.starts_with("--") => {
                let place = format!("docs/{page}:{}", n + 1);
                found.push(Row { place, first: first.to_owned(), last: last.to_owned() });
            }
            Some(_) => {}
        }
    }
    found
}

/// What stands between backticks.
fn named(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Where a module may be, as cargo names it.
fn files(module: &str) -> Vec<String> {
    let file = |folder: &str, path: &str| format!("{folder}/{}.rs", path.replace("::", "/"));
    match module.split_once("::") {
        Some(("plant", rest)) => vec![file("plants/src", rest)],
        Some(("sim", rest)) => vec![file("sim/src", rest), file("sim/tests", rest)],
        Some(_) | None => vec![file("tests", module), file("src", module)],
    }
}

/// The text of a module of tests, which may stand at the foot of what it tests.
fn module(path: &str) -> Option<String> {
    let files = [path, path.strip_suffix("::tests").unwrap_or(path)].into_iter().flat_map(files);
    files.filter_map(|file| fs::read_to_string(root().join(file)).ok()).next()
}

/// What is wrong with a name, if anything is.
fn fault(name: &str) -> Option<String> {
    if !name.contains("::") && root().join("sim/scenarios").join(format!("{name}.toml")).is_file() {
        return None;
    }
    if module(name).is_some_and(|text| ["#[test]", "#[tokio::test", "\nmod "].iter().any(|word| text.contains(word))) {
        return None;
    }
    let Some((path, test)) = name.rsplit_once("::") else {
        return Some(format!("`{name}` is neither a page nor a module of tests"));
    };
    let Some(text) = module(path) else { return Some(format!("`{name}`: no file holds `{path}`")) };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| line.contains(&format!("fn {test}(")));
    let is_test = |at: usize| {
        let above = lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        above.into_iter().any(|line| line.starts_with("#[") && line.contains("test"))
    };
    (!at.is_some_and(is_test)).then(|| format!("`{name}`: `{path}` has no test of that name"))
}

#[test]
fn every_test_and_page_that_a_table_names_is_there() {
    let mut faults = Vec::new();
    let mut count = 0;
    for row in ["safety.md", "drills.md", "schedulers.md"].into_iter().flat_map(rows) {
        let names = named(&row.last);
        count += names.len();
        faults.extend(names.into_iter().filter_map(fault).map(|fault| format!("{}: {fault}", row.place)));
    }
    assert!(count > 20, "the tables name only {count}");
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn a_name_that_is_not_there_is_found_out() {
    for wrong in ["air-no-such-page", "drills::no_such_module", "drills::bus::no_such_test", "shown::rows"] {
        assert!(fault(wrong).is_some(), "{wrong}");
    }
    for right in ["air-hot-day", "drills::bus", "shown::a_name_that_is_not_there_is_found_out"] {
        assert_eq!(fault(right), None);
    }
}

/// The lists of docs/drills.md: what their items are called, and how many there are.
const LISTS: [(char, usize); 10] =
    [('S', 12), ('M', 18), ('A', 7), ('E', 5), ('N', 13), ('T', 5), ('K', 15), ('C', 8), ('B', 7), ('F', 17)];

#[test]
fn no_item_of_the_list_of_faults_is_left_out_and_each_is_shown_or_says_that_it_is_not() {
    let mut said: Vec<String> = Vec::new();
    for row in rows("drills.md") {
        let is_item = row.first.len() <= 3 && row.first.starts_with(char::is_uppercase);
        if is_item {
            said.push(row.first.clone());
            let shown = !named(&row.last).is_empty();
            assert!(shown != row.last.starts_with("not shown"), "{}: {}", row.place, row.last);
        }
    }
    let wanted = LISTS.iter().flat_map(|(list, count)| (1..=*count).map(move |n| format!("{list}{n}")));
    assert_eq!(said, wanted.collect::<Vec<_>>(), "once each, in their order");
}
