use super::*;
use plant::id::Id;
use proptest::prelude::*;

const NOW: Arrival = Arrival { mono: Mono(3_600_000_000_000), wall: Some(Wall(1_800_000_000_000)), retained: false };

fn wanted(pointer: &str, time_pointer: &str) -> Wanted {
    Wanted {
        point: PointId::from_index(7),
        pointer: pointer.to_owned(),
        time_pointer: time_pointer.to_owned(),
        map: Affine { scale: 0.1, offset: 0.0 },
        to_canonical: Affine { scale: 1.0, offset: -273.15 },
        min: 200.0,
        max: 400.0,
    }
}

fn one(w: &Wanted, payload: &[u8], arrival: Arrival) -> Option<Sample> {
    samples(std::slice::from_ref(w), Some(payload), arrival).first().map(|(_, sample)| *sample)
}

#[test]
fn a_plain_number_is_scaled_and_made_canonical() {
    let sample = one(&wanted("", ""), b" 2951.5\n", NOW).expect("a sample");
    assert!((sample.value.expect("good") - 22.0).abs() < 1e-9);
    assert_eq!(sample.at, NOW.mono);
}

#[test]
fn a_pointer_finds_its_number() {
    let w = wanted("/rack/a~1b/0", "");
    let sample = one(&w, br#"{"rack":{"a/b":[2951.5]}}"#, NOW).expect("a sample");
    assert!((sample.value.expect("good") - 22.0).abs() < 1e-9);
    assert_eq!(one(&w, br#"{"rack":{}}"#, NOW).expect("a sample").value, Err(Why::NotANumber));
}

#[test]
fn outside_the_maps_range_is_out_of_range() {
    for payload in [&b"1999"[..], b"4001"] {
        assert_eq!(one(&wanted("", ""), payload, NOW).expect("a sample").value, Err(Why::Range));
    }
}

#[test]
fn what_is_no_number_says_so() {
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    let w = wanted("/v", "");
    for payload in [
        &b""[..],
        b"null",
        b"NaN",
        b"{\"v\":NaN}",
        b"{\"v\":1e999}",
        b"{\"v\":null}",
        b"{\"v\":\"2951\"}",
        b"{\"v\":true}",
        b"{\"v\":2951",
        b"{\"v\":2951}x",
        b"{\"v\":2951,\"v\":2952}",
        b"{\"v\":2951,\"w\":{\"a\":1,\"a\":1}}",
        b"\xff\xfe\x00",
        b"{\"\xff\":1,\"v\":2951}",
        b"2951",
        b"[2951]",
        &deep,
    ] {
        let said = one(&w, payload, NOW).expect("a sample");
        assert_eq!(said, Sample::bad(Why::NotANumber, NOW.mono), "{}", String::from_utf8_lossy(payload));
    }
    for payload in [&b""[..], b"nan", b"inf", b"-Infinity", b"1e999", b"29,5", b"0x10", b"\xff", b"29 51", b"{}"] {
        assert_eq!(one(&wanted("", ""), payload, NOW).expect("a sample").value, Err(Why::NotANumber));
    }
    assert_eq!(samples(&[w], None, NOW)[0].1.value, Err(Why::NotANumber), "too large to look at");
}

#[test]
fn an_old_source_does_not_look_new() {
    let w = wanted("/v", "/ts");
    let at = |ms: i64| one(&w, format!(r#"{{"v":2951.5,"ts":{ms}}}"#).as_bytes(), NOW).expect("a sample");
    let now = 1_800_000_000_000;
    assert_eq!(at(now - 90_000).at, Mono(NOW.mono.0 - 90_000_000_000));
    assert_eq!(at(now + 1_000).at, NOW.mono, "a little ahead is now");
    assert_eq!(at(now + 60_000), Sample::bad(Why::Clock, NOW.mono), "far ahead is a broken clock");
    assert_eq!(at(now / 1000), Sample::bad(Why::Clock, NOW.mono), "seconds are not milliseconds");
    assert_eq!(at(now - 7_200_000), Sample::bad(Why::Clock, Mono(0)), "from before this run");
    let missing = one(&w, br#"{"v":2951.5}"#, NOW).expect("a sample");
    assert_eq!(missing, Sample::bad(Why::Clock, NOW.mono), "the stamp that the map promises is missing");
}

#[test]
fn a_kept_message_counts_only_with_its_age() {
    let kept = Arrival { retained: true, ..NOW };
    assert_eq!(one(&wanted("", ""), b"2951.5", kept), None);
    let w = wanted("/v", "/ts");
    let payload = br#"{"v":2951.5,"ts":1799999990000}"#;
    assert_eq!(one(&w, payload, kept).expect("a sample").at, Mono(NOW.mono.0 - 10_000_000_000));
    assert_eq!(one(&w, payload, Arrival { wall: None, ..kept }), None, "our own clock is doubted");
    assert_eq!(samples(&[w], None, kept), []);
}

#[test]
fn a_backlog_does_not_look_new_while_the_wall_clock_is_doubted() {
    let w = wanted("/v", "/ts");
    let at = |ms: i64, arrival| one(&w, format!(r#"{{"v":2951.5,"ts":{ms}}}"#).as_bytes(), arrival).expect("a sample");
    let now = 1_800_000_000_000;
    let unknown = Arrival { wall: Reckoning::default().wall(NOW.mono, None), ..NOW };
    assert_eq!(at(now, unknown), Sample::bad(Why::Clock, NOW.mono), "the wall clock was never believed");

    let mut reckoning = Reckoning::default();
    assert_eq!(reckoning.wall(NOW.mono, NOW.wall), NOW.wall);
    let mono = NOW.mono.after(Span::from_secs(60));
    let doubted = Arrival { mono, wall: reckoning.wall(mono, None), ..NOW };
    assert_eq!(at(now + 59_000, doubted).at, Mono(mono.0 - 1_000_000_000), "its clock goes on");
    assert_eq!(at(now - 90_000, doubted).at, Mono(mono.0 - 150_000_000_000), "what was kept is as old as it is");
    assert_eq!(at(now + 600_000, doubted), Sample::bad(Why::Clock, mono), "its clock has jumped too");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn whatever_comes_a_sample_is_finite_and_never_of_the_future(
        payload in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..64),
            "[\\[\\]{}\":,0-9eEvts.+-]{0,64}".prop_map(String::into_bytes),
            any::<(f64, i64)>().prop_map(|(v, ts)| format!("{{\"v\":{v},\"ts\":{ts}}}").into_bytes()),
        ],
        retained: bool,
    ) {
        for w in [wanted("", ""), wanted("/v", ""), wanted("/v", "/ts")] {
            if let Some(sample) = one(&w, &payload, Arrival { retained, ..NOW }) {
                prop_assert!(sample.at <= NOW.mono);
                prop_assert!(sample.value.is_ok_and(|v| v.is_finite() && (-73.15..=126.85).contains(&v)) || sample.value.is_err());
            }
        }
    }
}
