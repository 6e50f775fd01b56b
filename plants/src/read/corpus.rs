//! How the tests break a good file: one place is replaced, and `§` in the replacement marks where the fault must be told.

use crate::fault::{Fault, Faults};

/// One way to break a file.
pub(crate) struct Broken {
    /// What is replaced; must stand in the good file.
    pub from: &'static str,
    /// By what; `§` marks the place of the fault and is taken out.
    pub to: &'static str,
    /// Where the fault is told when that is no part of `to`: before this text of the broken file.
    pub at: &'static str,
    /// Part of the message.
    pub message: &'static str,
    /// Part of the help.
    pub help: &'static str,
}

/// Every broken file must be refused with one fault, at the marked place, with these words.
#[track_caller]
pub(crate) fn each_is_told<T>(good: &str, corpus: &[Broken], load: impl Fn(&str) -> Result<T, Faults>) {
    for broken in corpus {
        assert!(good.contains(broken.from), "the good file has no {:?}", broken.from);
        let marked = good.replacen(broken.from, broken.to, 1);
        let marked =
            if broken.at.is_empty() { marked } else { marked.replacen(broken.at, &format!("§{}", broken.at), 1) };
        let text = marked.replace('§', "");
        let Err(Faults(faults)) = load(&text) else { panic!("taken: {:?}", broken.to) };
        let [fault] = faults.as_slice() else { panic!("{:?}: {faults:#?}", broken.to) };
        says(fault, place(&marked), broken);
    }
}

/// Line and column of the first mark, counted by hand.
pub(crate) fn place(marked: &str) -> (usize, usize) {
    for (n, line) in marked.lines().enumerate() {
        if let Some(column) = line.chars().position(|c| c == '§') {
            return (n + 1, column + 1);
        }
    }
    panic!("no mark in the file");
}

#[track_caller]
fn says(fault: &Fault, place: (usize, usize), broken: &Broken) {
    assert_eq!((fault.line, fault.column), place, "{:?}: {fault}", broken.to);
    assert!(fault.message.contains(broken.message), "{:?} is not in: {fault}", broken.message);
    assert!(fault.help.contains(broken.help), "{:?} is not in: {fault}", broken.help);
    assert!(!fault.help.is_empty(), "no way out: {fault}");
}
