use super::*;

fn hall() -> Hall {
    of("air")
}

fn of(name: &str) -> Hall {
    let (_, text) = plant::shipped::HALLS.iter().find(|(n, _)| *n == name).expect("shipped");
    Hall::load(name, text).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Something in the hall that can have a fault.
fn thing(hall: &Hall, entry: &Entry) -> String {
    let point = |role: Role, unit: Unit| {
        let found = hall.points.iter().find(|(_, p)| p.role == role && p.unit == unit);
        found.map(|(_, p)| p.name.clone()).expect("a point")
    };
    match (entry.on, entry.word) {
        (On::Sensor, _) => point(Role::Sensor, Unit::Cel),
        (On::Actuator, _) => point(Role::Cmd, Unit::Percent),
        (On::Equipment, "pump-tripped" | "chiller-tripped") => {
            hall.equips.iter().find(|(_, e)| e.kind == Kind::ChilledWater).map(|(_, e)| e.name.clone()).expect("water")
        }
        (On::Equipment, "tripped" | "fouled" | "clogged" | "air-in-loop" | "leak") => "cdu-1".to_owned(),
        (On::Equipment, "fans-failed" | "short-circuit" | "pads-stay-dry" | "pads-stay-wet") => "dc-1".to_owned(),
        (On::Equipment, "jammed" | "vent-open" | "refilled") => "tank-1".to_owned(),
        (On::Equipment, "containment-open") => "rack-a01".to_owned(),
        (On::Equipment, "customer-gone") => "district".to_owned(),
        (On::Equipment, "outage" | "brownout" | "sag") => "utility".to_owned(),
        (On::Equipment, "on-bypass" | "string-open") => "ups-a".to_owned(),
        (On::Equipment, "start-fails") => "gen-1".to_owned(),
        (On::Equipment, "stop-fails") => "ch-1".to_owned(),
        (On::Equipment, "humid") => "room-1".to_owned(),
        (On::Equipment, "smoke") => "intake-a".to_owned(),
        (On::Equipment, "breaker-open") => "pdu-b2".to_owned(),
        (On::Equipment, "coupling-broken") => "fwp-1".to_owned(),
        (On::Equipment, _) => "crah-1".to_owned(),
    }
}

#[test]
fn every_fault_of_the_catalogue_is_read_and_written_alike() {
    for entry in CATALOGUE {
        let hall = of(match (entry.on, entry.word) {
            (On::Equipment, "jammed" | "refilled") => "immersion",
            (On::Equipment, "vent-open") => "immersion-two-phase",
            (On::Equipment, "smoke") => "air-dx",
            (On::Equipment, "breaker-open") => "air",
            (_, _) => "liquid",
        });
        let argument = match entry.with {
            With::Nothing => String::new(),
            With::Number(_, (low, high)) => format!(" {}", 0.5f64.clamp(low, high)),
            With::Point => " crah-2/supply-air-temp".to_owned(),
        };
        let text = format!("{} {}{argument}", thing(&hall, entry), entry.word);
        let fault = Fault::parse(&hall, &text).unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
        assert_eq!(fault.text(&hall), text);
        assert_eq!(Fault::parse(&hall, &fault.text(&hall)), Ok(fault));
        assert_eq!(fault.says(), entry.says, "{text}");
        assert!(fault.same_part(&fault));
    }
}

#[test]
fn words_are_told_apart_by_what_they_are_of() {
    for (n, entry) in CATALOGUE.iter().enumerate() {
        let twins = CATALOGUE
            .iter()
            .skip(n + 1)
            .filter(|e| e.word == entry.word && (e.on == On::Equipment) == (entry.on == On::Equipment));
        assert_eq!(twins.count(), 0, "{}", entry.word);
    }
}

#[test]
fn what_is_no_fault_is_refused_with_what_there_is() {
    let hall = hall();
    for (text, part) in [
        ("crah-1/supply-air-temp", "is no fault: write"),
        ("crah-1/supply-air-temp offset 1 2", "is no fault: write"),
        ("crah-9/supply-air-temp stuck", "there is no point or equipment called"),
        ("crah-1/supply-air-temp jammed", "it can be: stuck, offset"),
        ("crah-1/supply-air-temp offset", "`offset` needs a number after it: by how much"),
        ("crah-1/supply-air-temp offset much", "`offset` needs a number"),
        ("crah-1/supply-air-temp dropout 3", "`dropout` cannot be 3: share of readings, 0 to 1"),
        ("crah-1/supply-air-temp swapped", "needs the name of the other point"),
        ("crah-1/supply-air-temp swapped crah-9/x", "there is no point called `crah-9/x`"),
        ("crah-1/supply-air-temp stuck 3", "nothing stands after `stuck`, and `3` does"),
        ("crah-1 pump-tripped", "cannot be `pump-tripped`"),
        ("ups outage", "cannot be `outage`"),
        ("crah-1 hand", "`hand` needs a number after it: duty"),
    ] {
        let refusal = Fault::parse(&hall, text).expect_err(text);
        assert!(refusal.contains(part), "{text}: {refusal}");
    }
    let power = hall.points.iter().find(|(_, p)| p.unit == Unit::Watt).map(|(_, p)| p.name.clone()).expect("power");
    let refusal = Fault::parse(&hall, &format!("{power} fahrenheit")).expect_err("no temperature");
    assert!(refusal.contains("only a temperature"), "{refusal}");
}
