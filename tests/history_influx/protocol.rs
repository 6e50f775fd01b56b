//! Line protocol read back by a parser that shares nothing with what writes it.

use std::collections::BTreeMap;

use plant::units::Unit;
use wattloop::service::history::{Row, Series, head, line};

/// One line, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    pub measurement: String,
    pub tags: BTreeMap<String, String>,
    pub value: Option<f64>,
    pub quality: i64,
    pub ts: i64,
}

/// Cuts at the separator where no backslash stands before it.
fn cut(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut begin, mut escaped) = (Vec::new(), 0, false);
    for (n, c) in text.char_indices() {
        if c == separator && !escaped {
            parts.push(&text[begin..n]);
            begin = n + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    parts.push(&text[begin..]);
    parts
}

/// A backslash before a comma, an equals sign or a space stands for that character alone.
fn plain(text: &str) -> String {
    text.replace("\\,", ",").replace("\\=", "=").replace("\\ ", " ")
}

/// Reads one line as the database does; nothing when it would refuse it.
pub fn parse(text: &str) -> Option<Point> {
    let parts = cut(text, ' ');
    let [key, fields, ts] = parts.as_slice() else { return None };
    let key = cut(key, ',');
    let (measurement, tags) = key.split_first()?;
    let mut read = BTreeMap::new();
    for tag in tags {
        let pair = cut(tag, '=');
        let [k, v] = pair.as_slice() else { return None };
        if k.is_empty() || v.is_empty() || v.ends_with('\\') || read.insert(plain(k), plain(v)).is_some() {
            return None;
        }
    }
    let (mut value, mut quality) = (None, None);
    for field in cut(fields, ',') {
        match field.split_once('=')? {
            ("value", v) => value = Some(v.parse::<f64>().ok().filter(|v| v.is_finite())?),
            ("quality", q) => quality = Some(q.strip_suffix('i')?.parse().ok()?),
            _ => return None,
        }
    }
    let measurement = Some(plain(measurement)).filter(|m| !m.is_empty())?;
    Some(Point { measurement, tags: read, value, quality: quality?, ts: ts.parse().ok()? })
}

#[test]
fn no_name_breaks_a_line() {
    let names = [
        "plain",
        "two words",
        "a,b",
        "a=b",
        "new\nline",
        "cr\r\nlf",
        "tab\tbed",
        "tail\\",
        "\\",
        "a\\,b",
        "a\\ b",
        "\"q\"",
        "'",
        "#c",
        "ü°C",
        "日本",
        " lead",
        "trail ",
        "",
        " ",
        "=",
        ",",
        "a\u{0}b",
        "\u{7f}",
        "\u{85}",
        "x\\\n",
        "point=1,other=2 value=9 1",
    ];
    for equip in names {
        for point in names {
            let series = Series { site: "lab".into(), equip: equip.into(), point: point.into(), unit: Unit::Cel };
            let mut text = String::new();
            line(&head(&series), &Row { series: 0, ts: -5, value: 24.1, quality: 192 }, &mut text);
            assert_eq!(text.matches('\n').count(), 1, "{text:?} is one line");
            let read = parse(text.strip_suffix('\n').expect("ends")).unwrap_or_else(|| panic!("{text:?} is refused"));
            assert_eq!(
                (read.measurement.as_str(), read.value, read.quality, read.ts),
                ("temperature", Some(24.1), 192, -5)
            );
            let meant = |name: &str| -> Option<String> {
                let name: String = name
                    .trim()
                    .chars()
                    .map(|c| {
                        if c == '\\' {
                            '/'
                        } else if c.is_control() {
                            ' '
                        } else {
                            c
                        }
                    })
                    .collect();
                Some(name).filter(|n| !n.is_empty())
            };
            assert_eq!(read.tags.get("equip").cloned(), meant(equip), "{text:?}");
            assert_eq!(read.tags.get("point").cloned(), meant(point), "{text:?}");
        }
    }
}

#[test]
fn numbers_come_back_to_the_bit_and_what_is_none_stays_away() {
    let series = Series { site: "lab".into(), equip: "e".into(), point: "p".into(), unit: Unit::Watt };
    for value in [0.0, -0.0, 24.1, 1e300, -1e-300, f64::MAX, f64::MIN_POSITIVE, 5e-324, 0.1 + 0.2] {
        let mut text = String::new();
        line(&head(&series), &Row { series: 0, ts: 1, value, quality: 500 }, &mut text);
        let read = parse(text.trim_end()).expect("a line");
        assert_eq!(read.value.map(f64::to_bits), Some(value.to_bits()), "{text}");
    }
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut text = String::new();
        line(&head(&series), &Row { series: 0, ts: 1, value, quality: 0 }, &mut text);
        assert_eq!(text, "power,site=lab,equip=e,point=p quality=0i 1\n");
    }
}
