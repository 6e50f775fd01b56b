//! The shipped halls with short patience, so that a drill takes seconds. Nothing else of them is changed.

/// A shipped hall's text with every alarm's delay at a second and the sources of loops judged after seconds.
pub fn hall(name: &str) -> String {
    let (_, text) = plant::shipped::HALLS.iter().find(|(n, _)| *n == name).expect("a shipped hall");
    let mut quick = text.split("\n\n").map(paragraph).collect::<Vec<_>>().join("\n\n");
    let more: &[&str] = match name {
        "air" => &["chilled-water.dp", "crah.fan-speed-feedback", "crah.valve-feedback", "meter.power"],
        _ => &["fan.fan-speed-feedback", "meter.power"],
    };
    for point in more {
        quick.push_str(&format!("\n[judgement.{point}]\n{JUDGED}\n"));
    }
    quick
}

/// Four times what the slowest source needs, on a machine that is busy.
const JUDGED: &str = "stale-after = \"4s\"\nlost-after = \"9s\"";

fn paragraph(text: &str) -> String {
    let lines = text.lines().filter(|l| !l.starts_with("stale-after") && !l.starts_with("lost-after"));
    let quick = |line: &str| {
        let key = line.split('=').next().unwrap_or("").trim();
        match key {
            "on-delay" | "off-delay" => format!("{key} = \"1s\""),
            _ if line.starts_with("[judgement.") => format!("{line}\n{JUDGED}"),
            _ => line.to_owned(),
        }
    };
    lines.map(quick).collect::<Vec<_>>().join("\n")
}

/// The text with one value of one section replaced.
pub fn with(text: &str, section: &str, key: &str, value: &str) -> String {
    let (before, after) = text.split_once(section).expect("the section is there");
    let at = after.find(&format!("\n{key} =")).expect("the key is there") + 1;
    let end = after[at..].find('\n').map_or(after.len(), |n| at + n);
    format!("{before}{section}{}{key} = {value}{}", &after[..at], &after[end..])
}
