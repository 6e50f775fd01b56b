use proptest::prelude::*;

use super::*;
use crate::device::{Access, RegisterTable, RegisterType, codec};
use crate::read::corpus::{Broken, each_is_told};
use crate::shipped;

const GOOD: &str = r#"
id = "product"
kind = "crah"
vendor = "Somebody"
model = "One"
byte-order = "CDAB"

[comm-loss]
after = "30s"
action = "Fan to 100 %"

[[register]]
point = "supply-air-temp"
ref = 30001
type = "int16"
scale = 0.1
unit = "Cel"
invalid = [0x8000, -1]
min = -40.0
max = 120.0

[[register]]
point = "return-air-temp"
address = 1
table = "input"
type = "float32"
unit = "[degF]"

[[register]]
point = "leak"
ref = "10001"
unit = "1"

[[register]]
point = "filter-dirty"
ref = 30010
type = "bit"
bit = 3
unit = "1"

[[register]]
point = "fan-speed"
ref = 40108
type = "uint16"
scale = 0.1
unit = "%"
access = "rw"
write-min = 0.0
write-max = 100.0
failsafe = 100.0
refresh = "5s"
tolerance = 0.2

[[register]]
point = "valve"
ref = 40109
type = "uint16"
unit = "%"
access = "wo"
write-min = 0.0
write-max = 100.0
failsafe = 100.0
nonvolatile = true

[[topic]]
point = "rack-door"
topic = "doors/{equip}"
pointer = "/open"
time-pointer = "/ts"
unit = "1"
"#;

fn load(text: &str) -> Result<DeviceMap, Faults> {
    DeviceMap::load("product.toml", text)
}

const fn broken(from: &'static str, to: &'static str, message: &'static str, help: &'static str) -> Broken {
    Broken { from, to, message, help, at: "" }
}

const WHERE: &[Broken] = &[
    Broken {
        at: "40108\naddress",
        ..broken("ref = 40108", "ref = 40108\naddress = 107", "`address` and `ref` both say", "keep one")
    },
    broken(
        "ref = 40108",
        "address = §40108\ntable = \"holding\"",
        "looks like Modicon's number of holding 107 (40108)",
        "write `ref = 40108`",
    ),
    broken(
        "ref = 40108",
        "address = §400108\ntable = \"holding\"",
        "from 0 to 65535",
        "`ref = 400108` (Modicon) or `address = 107` in table `holding`",
    ),
    broken(
        "[comm-loss]\n",
        "§[[identity]]\nref = 30100\n\n[comm-loss]\n",
        "this `identity` has no `expect`",
        "raw bits",
    ),
    broken(
        "[comm-loss]\n",
        "[[identity]]\nref = 30100\nexpect = §[]\n\n[comm-loss]\n",
        "`expect` is empty",
        "expect = [4711]",
    ),
    broken(
        "[comm-loss]\n",
        "[[identity]]\nref = 30100\nexpect = §[70000]\n\n[comm-loss]\n",
        "the code 70000 does not fit uint16",
        "raw bits",
    ),
    broken(
        "[comm-loss]\n",
        "[[identity]]\nref = §\"10001\"\nexpect = [1]\n\n[comm-loss]\n",
        "one discrete tells no product",
        "product code",
    ),
    broken(
        "[comm-loss]\n",
        "[[identity]]\nref = 30100\ntype = §\"float32\"\nexpect = [1]\n\n[comm-loss]\n",
        "an identity is a whole number, not float32",
        "uint16",
    ),
    broken("ref = 40108", "ref = §40000", "`ref = 40000` is no Modicon number", "counts from 1"),
    broken("ref = 40108", "ref = §20108", "`ref = 20108` is no Modicon number", "0, 1, 3 or 4"),
    broken("ref = 40108", "ref = §\"holding 108\"", "must be a Modicon number", "5 or 6 digits"),
    broken(
        "ref = 40108",
        "ref = 40108\ntable = §\"input\"",
        "`ref` says holding 107 (40108) and `table` says input",
        "first digit decides",
    ),
    broken(
        "address = 1\ntable = \"input\"",
        "address = 1\ntable = §\"inputs\"",
        "does not know the word `inputs`",
        "did you mean `input`?",
    ),
    broken(
        "[[register]]\npoint = \"return-air-temp\"\naddress = 1\n",
        "§[[register]]\npoint = \"return-air-temp\"\n",
        "has no `address`",
        "`ref = 40108` (Modicon), not both",
    ),
    Broken {
        at: "\"valve\"",
        ..broken(
            "ref = 40109",
            "ref = 40108",
            "holding 107 (40108) has two writers: `fan-speed` on line 42 and `valve`",
            "one writer",
        )
    },
    Broken {
        at: "\"filter-dirty\"",
        ..broken(
            "ref = 30010\n",
            "ref = 30003\n",
            "input 2 (30003) overlaps input 1 (30002) of `return-air-temp`",
            "a word belongs to one value",
        )
    },
    Broken {
        at: "\"return-air-temp\"",
        ..broken(
            "address = 1\n",
            "address = 65535\n",
            "input 65535 (365536) has 2 words and reaches beyond",
            "check the address",
        )
    },
];

const HOW: &[Broken] = &[
    broken(
        "point = \"supply-air-temp\"",
        "point = §\"suply-air-temp\"",
        "a crah has no point `suply-air-temp`",
        "did you mean `supply-air-temp`?",
    ),
    broken("point = \"rack-door\"", "point = §\"leak\"", "`leak` is already on line 30", "one source"),
    broken("type = \"int16\"", "type = §\"int61\"", "does not know the word `int61`", "did you mean `int16`?"),
    broken("type = \"int16\"", "type = §\"bool\"", "input registers hold words, not a bool", "`type = \"bit\"`"),
    broken("ref = \"10001\"\n", "ref = \"10001\"\ntype = §\"uint16\"\n", "a discrete holds one bit, no uint16", "bool"),
    broken("bit = 3", "bit = §16", "`bit` is 16 and must be from 0 to 15", ""),
    broken("type = \"bit\"\nbit = 3", "type = \"uint16\"\nbit = §3", "type uint16 has no `bit`", "`type = \"bit\"`"),
    broken("byte-order = \"CDAB\"", "byte-order = §\"CADB\"", "does not know the word `CADB`", "did you mean `CDAB`?"),
    broken(
        "scale = 0.1\nunit = \"Cel\"",
        "scale = §0.0\nunit = \"Cel\"",
        "`scale` is zero",
        "value = raw · scale + offset",
    ),
    broken("unit = \"Cel\"", "unit = §\"°C\"", "must be a unit by its UCUM code", "did you mean `Cel`?"),
    broken(
        "return-air-temp\"\naddress = 1\ntable = \"input\"\ntype = \"float32\"\nunit = \"[degF]\"",
        "return-air-temp-2\"\naddress = 1\ntable = \"input\"\ntype = \"float32\"\nunit = §\"kW\"",
        "`return-air-temp` is in Cel, and kW is no unit of that",
        "Cel, [degF]",
    ),
    broken("unit = \"Cel\"", "unit = §\"kW\"", "`supply-air-temp` is in Cel, and kW is no unit of that", "Cel, [degF]"),
    broken("invalid = [0x8000, -1]", "invalid = §[0x18000]", "the code 98304 does not fit int16", "raw bits"),
    broken("invalid = [0x8000, -1]", "invalid = §[1.5]", "must be a list with only a whole number in it", ""),
    broken("min = -40.0", "min = §140.0", "`min` is 140 and must be below `max`", "swap"),
    broken("topic = \"doors/{equip}\"", "topic = §\"doors/+\"", "a topic cannot hold `+`", "wildcards"),
    broken("pointer = \"/open\"", "pointer = §\"door.open\"", "`door.open` is no JSON pointer", "\"/door/open\""),
    Broken { at: "\"/ts\"", ..broken("pointer = \"/open\"\n", "", "a plain number holds no time stamp", "`pointer`") },
    broken("kind = \"crah\"", "kind = §\"crha\"", "does not know the word `crha`", "did you mean `crah`?"),
    broken(
        "scale = 0.1\nunit = \"Cel\"",
        "§scalle = 0.1\nunit = \"Cel\"",
        "`register` knows no key `scalle`",
        "did you mean `scale`?",
    ),
];

const WRITES: &[Broken] = &[
    broken(
        "failsafe = 100.0\nrefresh",
        "failsafe = §110.0\nrefresh",
        "`failsafe` is 110, outside the write range 0 to 100",
        "safe one",
    ),
    broken(
        "write-max = 100.0\nfailsafe = 100.0\nrefresh",
        "write-max = §10000.0\nfailsafe = 100.0\nrefresh",
        "10000, which does not fit the register's type",
        "check `type`",
    ),
    broken(
        "refresh = \"5s\"",
        "refresh = §\"10s\"",
        "`refresh` is 10s and must be under a third of the product's loss time, 30s",
        "\"7.5s\"` or less",
    ),
    broken(
        "nonvolatile = true",
        "nonvolatile = true\nrefresh = §\"5s\"",
        "would wear out a nonvolatile register",
        "on change only",
    ),
    broken("tolerance = 0.2", "min-interval = §\"1h\"", "for a register that wears out", "nonvolatile = true"),
    broken("tolerance = 0.2", "tolerance = §-0.2", "`tolerance` is -0.2 and must be 0 or more", ""),
    broken(
        "nonvolatile = true",
        "nonvolatile = true\nread-back = §true",
        "a write-only register cannot be read back",
        "feedback",
    ),
    broken(
        "max = 120.0\n",
        "max = 120.0\nfailsafe = §20.0\n",
        "`failsafe` means nothing for a register that is only read",
        "rw",
    ),
    broken(
        "max = 120.0\n",
        "max = 120.0\naccess = §\"rw\"\nwrite-min=0\nwrite-max=1\nfailsafe=1\nrefresh=\"1s\"\n",
        "Modbus cannot write input registers",
        "holding",
    ),
    Broken {
        at: "\"fan-speed\"",
        ..broken(
            "[comm-loss]\nafter = \"30s\"\naction = \"Fan to 100 %\"\n",
            "",
            "`fan-speed` is commanded and the map does not say what happens",
            "[comm-loss]",
        )
    },
    broken("after = \"30s\"", "after = §\"0s\"", "the product would never notice", "time-out"),
    broken("action = \"Fan to 100 %\"", "action = §\"\"", "`action` is empty", "one sentence"),
];

#[test]
fn registers_in_the_wrong_place_are_told() {
    each_is_told(GOOD, WHERE, load);
}

#[test]
fn values_read_wrongly_are_told() {
    each_is_told(GOOD, HOW, load);
}

#[test]
fn unsafe_writes_are_told() {
    each_is_told(GOOD, WRITES, load);
}

#[test]
fn all_faults_of_a_map_come_at_once() {
    let text = GOOD
        .replace("model = \"One\"", "modell = \"One\"")
        .replace("ref = 30001", "ref = 20001")
        .replace("unit = \"[degF]\"", "unit = \"F\"")
        .replace("failsafe = 100.0\nrefresh = \"5s\"", "refresh = \"20s\"")
        .replace("\"/ts\"", "\"ts\"");
    let Faults(faults) = load(&text).expect_err("broken in many places");
    let told: Vec<_> = faults.iter().map(|f| f.message.as_str()).collect();
    let parts = ["no `model`", "`modell`", "20001", "`unit`", "no `failsafe`", "`refresh` is 20s", "`ts` is no JSON"];
    assert_eq!(told.len(), parts.len(), "{told:#?}");
    for (part, message) in parts.iter().zip(&told) {
        assert!(message.contains(part), "{part}: {told:#?}");
    }
}

#[test]
fn a_loaded_map_says_what_its_file_says() {
    let map = load(GOOD).unwrap_or_else(|f| panic!("{f}"));
    let [supply, back, leak, filter, speed, valve] = map.registers.as_slice() else { panic!("six registers") };
    assert_eq!((supply.table, supply.address, supply.ty), (RegisterTable::Input, 0, RegisterType::Int16));
    assert_eq!(supply.invalid, [0x8000, 0xFFFF], "a negative code is the same bits");
    assert_eq!((back.byte_order, back.scale, back.offset), (ByteOrder::Cdab, 1.0, 0.0));
    assert!(back.min.is_infinite() && back.max.is_infinite());
    assert_eq!((leak.table, leak.address, leak.ty), (RegisterTable::Discrete, 0, RegisterType::Bool));
    assert_eq!(filter.ty, RegisterType::Bit(3));
    assert_eq!((speed.access, supply.access), (Access::Rw, Access::Ro));
    let (speed, valve) = (speed.write.expect("written"), valve.write.expect("written"));
    assert_eq!((speed.refresh, speed.read_back, speed.tolerance), (Span::from_secs(5), true, 0.2));
    assert_eq!((valve.read_back, valve.nonvolatile, valve.min_interval), (false, true, Span::from_secs(3600)));
    assert_eq!(valve.tolerance, 1.0, "one step of the register");
    assert_eq!(map.topics[0].time_pointer, "/ts");
}

#[test]
fn two_bits_of_one_word_are_two_values() {
    let twice = "[[register]]\npoint = \"fan-fault\"\nref = 30010\ntype = \"bit\"\nbit = 4\nunit = \"1\"\n\n[[topic]]";
    assert!(load(&GOOD.replace("[[topic]]", twice)).is_ok());
    let Faults(faults) = load(&GOOD.replace("[[topic]]", &twice.replace("bit = 4", "bit = 3"))).expect_err("same bit");
    assert!(faults[0].message.contains("input 9 (30010) overlaps"), "{}", faults[0]);
}

/// What the codec cannot hold must be refused when the map is loaded, not when the fan should turn.
#[test]
fn every_safe_value_of_a_shipped_map_can_be_written() {
    for (id, text) in shipped::DEVICES {
        for register in DeviceMap::load(id, text).expect("loads").registers {
            if let Some(write) = register.write {
                for value in [write.min, write.max, write.failsafe] {
                    let words = codec::encode(&register, value).expect("fits");
                    let back = codec::decode(&register, &words).expect("reads back");
                    assert!((back - value).abs() <= write.tolerance, "{id} {}", register.point);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Cut anywhere and with anything put in, a map loads or says why; its faults lie inside the file.
    #[test]
    fn no_map_file_panics(which in 0_usize..6, cut: prop::sample::Index, at: prop::sample::Index, odd in "[ -~\n§]{0,6}") {
        let text = shipped::DEVICES[which].1;
        let cut = text.floor_char_boundary(cut.index(text.len() + 1));
        for text in [text, &text[..cut]] {
            let at = text.floor_char_boundary(at.index(text.len() + 1));
            let mutated = format!("{}{odd}{}", &text[..at], text.get(at + 1..).unwrap_or_default());
            if let Err(Faults(faults)) = DeviceMap::load("map.toml", &mutated) {
                prop_assert!(!faults.is_empty());
                for fault in faults {
                    prop_assert!(fault.line >= 1 && fault.line <= mutated.matches('\n').count() + 1, "{}", fault);
                    prop_assert!(fault.column >= 1);
                }
            }
        }
    }

    /// Numbers far out of range are refused with words.
    #[test]
    fn no_number_panics(key in 0_usize..6, number in any::<i64>()) {
        let keys = ["ref = 30001", "address = 1", "bit = 3", "scale = 0.1", "write-max = 100.0", "tolerance = 0.2"];
        let name = keys[key].split(' ').next().expect("a key");
        for text in [format!("{name} = {number}"), format!("{name} = {number}e3"), format!("{name} = \"{number}\"")] {
            drop(load(&GOOD.replace(keys[key], &text)));
        }
    }
}

#[test]
fn an_identity_is_compared_by_its_raw_bits_in_the_order_of_the_file() {
    let marks = "[[identity]]\nref = 40200\ntype = \"uint32\"\nexpect = [0x00010002, 7]\n\n[[identity]]\nref = 30100\ntype = \"int16\"\nexpect = [-2]\n\n[comm-loss]\n";
    let map = DeviceMap::load("m", &GOOD.replace("[comm-loss]\n", marks)).unwrap_or_else(|f| panic!("{f}"));
    let [serial, product] = &map.identity[..] else { panic!("two marks: {:?}", map.identity) };
    assert!(serial.fits(&[2, 1]) && serial.fits(&[7, 0]), "the least significant word first, as the file says");
    assert!(!serial.fits(&[1, 2]) && !serial.fits(&[2]) && !serial.fits(&[2, 1, 0]));
    assert!(product.fits(&[0xFFFE]) && !product.fits(&[2]));
}
