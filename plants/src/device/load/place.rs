//! Where a register is: `address` counts from 0, `ref` is Modicon's number.

use crate::device::{RegisterLabel, RegisterTable};
use crate::read::{Refusal, Section, Value};

/// Table and address of a register.
pub(super) fn place(section: &Section<'_>) -> Option<(RegisterTable, u16)> {
    let table = section.word("table", &RegisterTable::ALL.map(|(word, table, _)| (word, table)));
    match (section.has("address"), section.has("ref")) {
        (true, true) => {
            let message = "`address` and `ref` both say where the register is";
            section.fault("ref", message, "keep one: `address` counts from 0, `ref` is Modicon's number");
            None
        }
        (false, false) => {
            section.missing("address", "write `address = 107` (counts from 0) or `ref = 40108` (Modicon), not both");
            None
        }
        (true, false) => by_address(section, table),
        (false, true) => by_ref(section, table),
    }
}

fn by_address(section: &Section<'_>, table: Option<RegisterTable>) -> Option<(RegisterTable, u16)> {
    let number: i64 = section.maybe("address")?;
    if !section.has("table") {
        section.missing("table", "write `table = \"holding\"`, or `coil`, `discrete` or `input`");
    }
    let Ok(address) = u16::try_from(number) else {
        let message = format!("`address` is {number} and must be from 0 to 65535");
        section.fault("address", message, modicon_help(number));
        return None;
    };
    if let (Some(table), Some((by_digit, meant))) = (table, modicon(number, number.to_string().len()))
        && by_digit == table
    {
        let label = RegisterLabel { table, address };
        let other = RegisterLabel { table, address: meant };
        let message = format!("`address = {number}` is {label}, which looks like Modicon's number of {other}");
        let help = format!("write `ref = {number}`; if you mean {label}, write `ref = {}`", six_digits(label));
        section.fault("address", message, help);
        return None;
    }
    Some((table?, address))
}

fn by_ref(section: &Section<'_>, table: Option<RegisterTable>) -> Option<(RegisterTable, u16)> {
    let number: Reference = section.maybe("ref")?;
    let Some((by_digit, address)) = modicon(number.value, number.digits) else {
        let message = format!("`ref = {}` is no Modicon number", number.value);
        let help = "it has 5 or 6 digits, starts with 0, 1, 3 or 4 and counts from 1: 40108; in quotes where it starts with 0: \"00017\"";
        section.fault("ref", message, help);
        return None;
    };
    let label = RegisterLabel { table: by_digit, address };
    if section.has("table") {
        let table = table?;
        if table != by_digit {
            let message = format!("`ref` says {label} and `table` says {}", table.word());
            section.fault("table", message, "take `table` away: the first digit decides");
            return None;
        }
    }
    Some((by_digit, address))
}

/// Table and 0-based address of a Modicon number with this many digits.
fn modicon(number: i64, digits: usize) -> Option<(RegisterTable, u16)> {
    let one = match digits {
        5 => 10_000,
        6 => 100_000,
        _ => return None,
    };
    let table = RegisterTable::ALL.iter().find(|(_, _, d)| i64::from(*d) == number / one)?.1;
    let address = u16::try_from((number % one).checked_sub(1)?).ok()?;
    Some((table, address))
}

fn modicon_help(number: i64) -> String {
    let (table, address) = match modicon(number, number.to_string().len()) {
        Some(found) => found,
        None => return "`address` counts from 0; `ref` takes Modicon's number".to_owned(),
    };
    format!("use `ref = {number}` (Modicon) or `address = {address}` in table `{}`", table.word())
}

fn six_digits(label: RegisterLabel) -> String {
    let number = u32::from(label.address).saturating_add(1);
    format!("{}{number:05}", label.table.digit())
}

/// A Modicon number, as a number or in quotes, with its digits counted.
struct Reference {
    value: i64,
    digits: usize,
}

impl Value for Reference {
    const WANTED: &'static str = "a Modicon number such as 40108";

    fn read(value: &toml::de::DeValue<'_>) -> Result<Self, Refusal> {
        let digits = |text: &str| match text.parse() {
            Ok(value) if text.bytes().all(|b| b.is_ascii_digit()) => Some(Self { value, digits: text.len() }),
            Ok(_) | Err(_) => None,
        };
        let read = match value.as_str() {
            Some(text) => digits(text),
            None => i64::read(value).ok().and_then(|n| digits(&n.to_string())),
        };
        read.ok_or_else(|| Refusal { wanted: Self::WANTED.to_owned(), help: "write 5 or 6 digits".to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modicon_numbers_count_from_one_and_name_their_table() {
        assert_eq!(modicon(40108, 5), Some((RegisterTable::Holding, 107)));
        assert_eq!(modicon(30001, 5), Some((RegisterTable::Input, 0)));
        assert_eq!(modicon(17, 5), Some((RegisterTable::Coil, 16)));
        assert_eq!(modicon(400_108, 6), Some((RegisterTable::Holding, 107)));
        assert_eq!(modicon(465_536, 6), Some((RegisterTable::Holding, 65535)));
        for (number, digits) in [(40000, 5), (20001, 5), (465_537, 6), (4108, 4), (50001, 5)] {
            assert_eq!(modicon(number, digits), None, "{number}");
        }
    }

    #[test]
    fn labels_count_both_ways() {
        let label = |table, address| RegisterLabel { table, address }.to_string();
        assert_eq!(label(RegisterTable::Holding, 107), "holding 107 (40108)");
        assert_eq!(label(RegisterTable::Coil, 0), "coil 0 (00001)");
        assert_eq!(label(RegisterTable::Input, 9999), "input 9999 (310000)");
    }
}
