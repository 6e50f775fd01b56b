use super::*;
use crate::id::Id;
use crate::shipped;

fn hall(name: &str) -> Hall {
    let text = shipped::HALLS.iter().find(|(n, _)| *n == name).expect("shipped").1;
    Hall::load(name, text).expect("a shipped hall loads")
}

fn maps() -> Vec<Arc<DeviceMap>> {
    shipped::DEVICES.iter().map(|(id, text)| Arc::new(DeviceMap::load(id, text).expect("loads"))).collect()
}

/// The shipped maps with one of them changed.
fn maps_with(id: &str, from: &str, to: &str) -> Vec<Arc<DeviceMap>> {
    let text = shipped::DEVICES.iter().find(|(n, _)| *n == id).expect("shipped").1;
    assert!(text.contains(from), "{id} holds {from}");
    let changed = DeviceMap::load(id, &text.replace(from, to)).unwrap_or_else(|f| panic!("{f}"));
    maps().into_iter().map(|m| if m.id == id { Arc::new(changed.clone()) } else { m }).collect()
}

fn modbus(equip: &str, map: &str, unit: u8, line: usize) -> Assignment {
    let link = Link::Modbus { gateway: "gw".to_owned(), unit };
    Assignment { equip: equip.to_owned(), map: map.to_owned(), link, place: (line, 9) }
}

fn mqtt(equip: &str, map: &str, line: usize) -> Assignment {
    Assignment { equip: equip.to_owned(), map: map.to_owned(), link: Link::Mqtt, place: (line, 9) }
}

fn whole_air() -> Vec<Assignment> {
    vec![
        modbus("crah-*", "crah-controller", 1, 10),
        modbus("chw", "pump-skid", 20, 20),
        modbus("ch-*", "chiller-panel", 21, 21),
        modbus("wse", "economiser-panel", 24, 22),
        modbus("ct-1", "tower-panel", 25, 23),
        modbus("chwp-*", "pump-drive", 26, 24),
        modbus("utility", "power-meter", 30, 30),
        modbus("ups", "power-meter", 31, 31),
        modbus("pdu-*", "power-meter", 32, 32),
        modbus("mechanical", "power-meter", 40, 33),
        mqtt("rack-*", "rack-sensor", 40),
    ]
}

fn faults(hall: &mut Hall, maps: &[Arc<DeviceMap>], assignments: &[Assignment]) -> Vec<Fault> {
    Bindings::resolve(hall, maps, assignments, "wattloop.toml").expect_err("this must not resolve").0
}

#[track_caller]
fn one(faults: &[Fault], line: usize, message: &str, help: &str) {
    let hit = faults.iter().find(|f| f.message.contains(message)).unwrap_or_else(|| panic!("{faults:#?}"));
    assert_eq!((hit.file.as_str(), hit.line, hit.column), ("wattloop.toml", line, 9), "{hit}");
    assert!(hit.help.contains(help), "{hit}");
}

#[test]
fn the_whole_hall_is_bound_and_every_command_has_a_writer() {
    let mut hall = hall("air");
    let before = hall.points.len();
    let bindings =
        Bindings::resolve(&mut hall, &maps(), &whole_air(), "wattloop.toml").unwrap_or_else(|f| panic!("{f}"));
    assert_eq!((bindings.modbus.len(), bindings.mqtt.len()), (22, 40));
    assert_eq!(bindings.warnings(&hall, "wattloop.toml"), []);
    assert_eq!(bindings.shortest_loss(), Some((Span::from_secs(30), "crah-controller")));
    // Five extras a CRAH, one at the pump, three a chiller, one a pump, two at the tower, two a meter.
    assert_eq!(hall.points.len() - before, 6 * 5 + 1 + 3 * 3 + 3 + 2 + 7 * 2);
    assert!(hall.points.rows()[before..].iter().all(|d| d.monitored_only && d.write.is_none()));
    for device in &bindings.modbus {
        for (register, bound) in device.map.registers.iter().zip(&device.points) {
            let def = &hall.points[bound.point];
            assert_eq!((def.short_name(), def.equip), (register.point.as_str(), device.equip));
            assert!(hall.equips[device.equip].points.contains(&bound.point));
        }
    }
}

#[test]
fn a_pattern_counts_units_up_in_the_halls_order() {
    let mut hall = hall("air");
    let bindings = Bindings::resolve(&mut hall, &maps(), &whole_air(), "f").expect("resolves");
    let units: Vec<_> = bindings.modbus.iter().map(|d| (hall.equips[d.equip].name.as_str(), d.unit)).collect();
    assert_eq!(units[..3], [("crah-1", 1), ("crah-2", 2), ("crah-3", 3)]);
    assert!(units.contains(&("pdu-b2", 35)));
    assert_eq!(bindings.mqtt[20].topics[0].0, "sensors/rack-b01");
}

#[test]
fn values_come_to_the_hall_in_its_unit() {
    let mut hall = hall("air");
    let bindings = Bindings::resolve(&mut hall, &maps(), &whole_air(), "f").expect("resolves");
    let rack = &bindings.mqtt[0].topics[2].1;
    assert_eq!(rack.to_canonical, Affine { scale: 1e3, offset: 0.0 }, "kW to W");
    let pump = bindings.modbus.iter().find(|d| d.map.id == "pump-skid").expect("bound");
    assert_eq!(pump.points[0].to_canonical.scale, 1e3, "kPa to Pa");
    assert!((pump.points[1].to_canonical.scale - 1.0 / 3.6).abs() < 1e-15, "m³/h to l/s");
}

#[test]
fn the_bench_works_on_modbus_alone() {
    let mut hall = hall("bench");
    let assignments = [
        modbus("heater", "bench-sensor", 1, 1),
        modbus("fan-1", "bench-fan", 2, 2),
        modbus("utility", "power-meter", 3, 3),
        modbus("it", "power-meter", 4, 4),
    ];
    let bindings = Bindings::resolve(&mut hall, &maps(), &assignments, "f").unwrap_or_else(|f| panic!("{f}"));
    assert_eq!(bindings.warnings(&hall, "f"), []);
    let bound = bindings.modbus.iter().map(|d| d.points.len()).sum::<usize>();
    assert_eq!(bound, hall.points.len(), "every point has a source");
}

#[test]
fn unbound_sensors_are_fine_and_unwritten_commands_get_a_word() {
    let mut hall = hall("air");
    let few = [modbus("crah-1", "crah-controller", 1, 1)];
    let bindings = Bindings::resolve(&mut hall, &maps(), &few, "f").expect("resolves");
    let warnings = bindings.warnings(&hall, "f");
    assert_eq!(warnings.len(), 5 * 2 + 1 + 3 * 4 + 2 + 3 + 3);
    assert!(warnings[0].message.contains("`crah-2/fan-speed`"), "{}", warnings[0]);
}

#[test]
fn a_register_that_is_never_read_back_gets_a_word_once_with_every_output_behind_it() {
    let mut hall = hall("air");
    let shipped = "refresh = \"5s\"\nread-back = true\ntolerance = 0.1\n\n[[register]]\npoint = \"valve\"\nref = 40004";
    let blind = maps_with("crah-controller", shipped, &shipped.replace("read-back = true", "read-back = false"));
    let bindings = Bindings::resolve(&mut hall, &blind, &whole_air(), "f").unwrap_or_else(|f| panic!("{f}"));
    let warnings = bindings.warnings(&hall, "f");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let warning = warnings[0].to_string();
    assert!(warning.starts_with("crah-controller.toml:") && warning.contains("holding 2 (40003)"), "{warning}");
    assert!(warning.contains("crah-1/fan-speed, ") && warning.contains("crah-6/fan-speed"), "{warning}");
}

#[test]
fn what_has_water_in_it_and_tells_no_leak_gets_a_word_and_no_fault() {
    let tray = "point = \"leak\"                 # the tray below it\nref = 10001";
    let mute = maps_with("cdu-controller", tray, "point = \"door-open\"\nref = 10001");
    let assignments = [modbus("cdu-*", "cdu-controller", 1, 1)];
    for (maps, told) in [(maps(), 0), (mute, 4)] {
        let mut hall = hall("liquid");
        let bindings = Bindings::resolve(&mut hall, &maps, &assignments, "f").unwrap_or_else(|f| panic!("{f}"));
        let warnings = bindings.warnings(&hall, "f");
        let leaks = warnings.iter().filter(|warning| warning.message.contains("nothing tells a leak of `cdu-"));
        assert_eq!(leaks.count(), told, "{warnings:?}");
    }
}

#[test]
fn unknown_names_are_told_with_the_nearest() {
    let mut hall = hall("air");
    let wrong = [
        modbus("crha-1", "crah-controller", 1, 3),
        modbus("crah-2", "crah-contoller", 2, 4),
        mqtt("rak-*", "rack-sensor", 5),
    ];
    let before = hall.clone();
    let faults = faults(&mut hall, &maps(), &wrong);
    assert_eq!(hall, before, "a hall that does not resolve is not touched");
    assert_eq!(faults.len(), 3);
    one(&faults, 3, "no equipment `crha-1`", "did you mean `crah-1`?");
    one(&faults, 4, "no device map `crah-contoller`", "did you mean `crah-controller`?");
    one(&faults, 5, "no equipment of the hall fits `rak-*`", "");
}

#[test]
fn kinds_and_links_must_fit() {
    let mut hall = hall("air");
    let wrong = [
        modbus("crah-1", "power-meter", 1, 3),
        modbus("rack-a01", "rack-sensor", 2, 4),
        mqtt("crah-2", "crah-controller", 5),
        modbus("rack-*", "bench-sensor", 250, 6),
    ];
    let faults = faults(&mut hall, &maps(), &wrong);
    one(&faults, 3, "`crah-1` is a crah and `power-meter` is the map of a meter", "maps for a crah: crah-controller");
    one(&faults, 4, "`rack-sensor` says nothing over Modbus", "its map is for MQTT");
    one(&faults, 5, "`crah-controller` says nothing over MQTT", "its map is for Modbus");
    one(&faults, 6, "unit 256 is beyond 255", "split");
}

#[test]
fn a_point_has_one_source_and_a_unit_one_device() {
    let mut hall = hall("air");
    let wrong = [
        mqtt("rack-a01", "rack-sensor", 3),
        modbus("rack-a01", "bench-sensor", 9, 4),
        modbus("ups", "power-meter", 7, 5),
        modbus("utility", "power-meter", 7, 6),
    ];
    let faults = faults(&mut hall, &maps(), &wrong);
    one(&faults, 4, "`rack-a01/inlet-air-temp` already has a source on line 3", "one source");
    one(&faults, 6, "unit 7 of `gw` is `ups` on line 5 and `utility` at the same time", "its own unit");
}

#[test]
fn one_register_has_one_writer_even_across_devices() {
    let mut hall = hall("air");
    let mut maps = maps();
    let twin = shipped::DEVICES.iter().find(|(id, _)| *id == "crah-controller").expect("shipped").1;
    let twin = twin.replace("id = \"crah-controller\"", "id = \"crah-twin\"");
    maps.push(Arc::new(DeviceMap::load("crah-twin", &twin).expect("loads")));
    let wrong = [modbus("crah-1", "crah-controller", 1, 3), modbus("crah-2", "crah-twin", 1, 4)];
    let faults = faults(&mut hall, &maps, &wrong);
    one(
        &faults,
        4,
        "holding 2 (40003) of unit 1 of `gw` has two writers: `crah-1` on line 3 and `crah-2`",
        "one writer",
    );
}

#[test]
fn the_hall_and_the_product_agree_on_what_is_written() {
    let narrow = maps_with("pump-skid", "write-min = 0.0", "write-min = 30.0");
    let faults_of = |maps: &[Arc<DeviceMap>]| faults(&mut hall("air"), maps, &whole_air());
    one(&faults_of(&narrow), 20, "`chw/pump-speed` may be written from 25 to 100 %", "narrow the hall's");
    let low = maps_with("pump-skid", "failsafe = 100.0", "failsafe = 10.0");
    one(&faults_of(&low), 20, "the safe value 10 % of holding 107 (40108)", "both sides must agree");
}

#[test]
fn a_point_that_is_polled_too_seldom_would_always_be_stale() {
    let slow = maps_with(
        "bench-fan",
        "table = \"input\"\ntype = \"uint16\"\nunit = \"%\"",
        "table = \"input\"\ntype = \"uint16\"\nunit = \"%\"\npoll = \"10s\"",
    );
    let faults = faults(&mut hall("bench"), &slow, &[modbus("fan-1", "bench-fan", 1, 2)]);
    one(&faults, 2, "is read every 10s and stale after 5s", "poll it more often");
}

#[test]
fn topics_of_two_devices_must_differ() {
    let same = maps_with("rack-sensor", "sensors/{equip}", "sensors/rack");
    let faults = faults(&mut hall("air"), &same, &[mqtt("rack-a0*", "rack-sensor", 2)]);
    one(&faults, 2, "`sensors/rack` would be both `rack-a01/inlet-air-temp` and `rack-a02/inlet-air-temp`", "{equip}");
}

#[test]
fn bound_rows_are_rows_of_the_hall() {
    let mut hall = hall("air");
    let bindings = Bindings::resolve(&mut hall, &maps(), &whole_air(), "f").expect("resolves");
    let mqtt = bindings.mqtt.iter().flat_map(|d| d.topics.iter().map(|(_, b)| b));
    for bound in bindings.modbus.iter().flat_map(|d| &d.points).chain(mqtt) {
        assert!(bound.point.index() < hall.points.len());
        assert!(bound.to_canonical.scale.is_finite() && bound.to_canonical.offset.is_finite());
    }
}

#[test]
fn a_point_without_a_device_has_no_source_and_one_with_a_device_was_never_read() {
    let mut hall = hall("air");
    let bindings =
        Bindings::resolve(&mut hall, &maps(), &whole_air(), "wattloop.toml").unwrap_or_else(|f| panic!("{f}"));
    let inputs = bindings.unread(hall.points.len());
    let why = |name: &str| inputs.samples[hall.point(name).unwrap_or_else(|| panic!("{name}"))].value;
    assert_eq!(why("crah-1/supply-air-temp"), Err(Why::NeverRead));
    assert_eq!(why("rack-a01/inlet-air-temp"), Err(Why::NeverRead), "over the broker too");
    assert_eq!(why("ups-a/charge"), Err(Why::Config));
}
