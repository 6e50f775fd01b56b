//! Every change of the clock in the time-zone database, minute by minute.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use proptest::prelude::*;

use super::*;
use crate::civil::tests::ZONES;

/// Zones that skipped a whole day, change at midnight or by two hours.
const ODD: [&str; 5] = ["Pacific/Apia", "Pacific/Kwajalein", "America/Sao_Paulo", "Asia/Beirut", "Antarctica/Troll"];

fn zones() -> impl Iterator<Item = &'static str> {
    ZONES.into_iter().chain(ODD)
}

const MINUTE: i64 = 60_000;
/// So far around a change everything is compared.
const AROUND: i64 = 30 * HOUR;

fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).expect("a zone")
}

/// Every instant from 1970 to 2037 at which a zone's clock or its name changes.
fn changes(zone: &TimeZone) -> Vec<i64> {
    let (begin, end) = (Timestamp::UNIX_EPOCH, "2038-01-01T00:00:00Z".parse::<Timestamp>().expect("a time"));
    let all = zone.following(begin).map(|change| change.timestamp()).take_while(|at| *at < end);
    all.map(Timestamp::as_millisecond).collect()
}

/// What the clock shows, minute by minute, from one instant on.
fn minutes(zone: &TimeZone, (from, to): (i64, i64)) -> Vec<(i64, DateTime)> {
    let clock = |ms: i64| zone.to_datetime(Timestamp::from_millisecond(ms).expect("a time"));
    (0..(to - from) / MINUTE).map(|n| from + n * MINUTE).map(|ms| (ms, clock(ms))).collect()
}

/// When a rule that only looks at the clock says open.
fn oracle(minutes: &[(i64, DateTime)], open: impl Fn(DateTime) -> bool) -> Vec<Opening> {
    let mut found: Vec<Opening> = Vec::new();
    for (ms, _) in minutes.iter().filter(|(_, clock)| open(*clock)) {
        match found.last_mut().filter(|last| last.to.0 == *ms) {
            Some(last) => last.to = Wall(ms + MINUTE),
            None => found.push(Opening { from: Wall(*ms), to: Wall(ms + MINUTE) }),
        }
    }
    found
}

fn compare(window: &Window, ends: (i64, i64), wanted: &[Opening], about: &str) {
    let found: Vec<Opening> = window.spans(Wall(ends.0), Wall(ends.1)).collect();
    let show = |all: &[Opening]| {
        let line = |of: &Opening| format!("{}..{}", window.zone.show(of.from), window.zone.show(of.to));
        all.iter().map(line).collect::<Vec<_>>()
    };
    if found != wanted {
        assert_eq!(show(&found), show(wanted), "{about}");
    }
    assert_eq!(found, wanted, "{about}");
    assert!(found.windows(2).all(|pair| pair[0].to < pair[1].from), "in order, none touching the next: {about}");
    let sum = |all: &[Opening]| all.iter().map(|of| of.to.0 - of.from.0).sum::<i64>();
    assert_eq!(sum(&found), sum(wanted), "{about}");
    for at in (ends.0..ends.1).step_by(97 * 60_000) {
        let open = wanted.iter().any(|of| (of.from.0..of.to.0).contains(&at));
        assert_eq!(window.open_at(Wall(at)), open, "{about}: {}", window.zone.show(Wall(at)));
        if let Some(next) = wanted.iter().map(|of| of.from).find(|from| from.0 > at) {
            assert_eq!(window.next_opening(Wall(at)), Some(next), "{about}: {}", window.zone.show(Wall(at)));
        }
    }
}

fn is_weekday(date: Date) -> bool {
    !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The minute of the day.
fn minute(clock: DateTime) -> i64 {
    i64::from(clock.hour()) * 60 + i64::from(clock.minute())
}

/// The day to which a night belongs.
fn night_of(clock: DateTime) -> Option<Date> {
    if clock.hour() >= 22 {
        Some(clock.date())
    } else if clock.hour() < 6 {
        clock.date().yesterday().ok()
    } else {
        None
    }
}

/// A rule as a file writes it, and the same in other words.
type Kind = (&'static str, fn(DateTime) -> bool);

const KINDS: [Kind; 9] = [
    (NIGHTS, |clock| night_of(clock).is_some_and(is_weekday)),
    ("hours = [\"22:00-06:00\"]", |clock| night_of(clock).is_some()),
    ("days = [\"weekend\"]", |clock| !is_weekday(clock.date())),
    ("hours = [\"00:00-24:00\"]", |_| true),
    ("hours = [\"02:00-03:00\"]", |clock| clock.hour() == 2),
    ("hours = [\"02:15-02:45\"]", |clock| (135..165).contains(&minute(clock))),
    ("hours = [\"23:30-00:30\", \"03:00-03:01\"]", |clock| {
        minute(clock) >= 1410 || minute(clock) < 30 || minute(clock) == 180
    }),
    ("days = [\"sun\"]\nhours = [\"00:00-04:00\"]", |clock| clock.weekday() == Weekday::Sunday && clock.hour() < 4),
    ("months = [\"10-15..03-29\"]\nhours = [\"22:00-06:00\"]", |clock| {
        night_of(clock).map(|of| (of.month(), of.day())).is_some_and(|of| of >= (10, 15) || of <= (3, 29))
    }),
];

#[test]
fn every_change_of_every_zone_is_what_the_clock_says() {
    let mut seen = 0;
    for name in zones() {
        let tz = zone(name);
        for change in changes(&tz) {
            let ends = (change - AROUND, change + AROUND);
            let minutes = minutes(&tz, ends);
            for (rule, open) in KINDS {
                compare(&window(name, rule), ends, &oracle(&minutes, open), &format!("{name}: {rule}"));
            }
            seen += 1;
        }
    }
    assert!(seen > 1000, "only {seen} changes");
}

#[test]
fn exceptions_at_a_change_are_what_the_clock_says() {
    for name in zones() {
        let tz = zone(name);
        for change in changes(&tz) {
            let ends = (change - AROUND, change + AROUND);
            let minutes = minutes(&tz, ends);
            let day = Zone::named(name).expect("a zone").local(Wall(change)).date;
            let (before, after) = (day.yesterday().expect("a day"), day.tomorrow().expect("a day"));
            let stretch = |text: String| vec![Stretch::parse(&text).expect("a stretch")];
            let mut window = window(name, "hours = [\"22:00-06:00\"]");
            window.none_begins = vec![Holiday::On(before)];
            window.extra = stretch(format!("{day} 01:30..{after} 02:15"));
            window.shut = stretch(format!("{day} 02:40..{day} 03:10"));
            let time = |day: Date, hour, minute| day.at(hour, minute, 0, 0);
            let wanted = oracle(&minutes, |clock| {
                let shut = (time(day, 2, 40)..time(day, 3, 10)).contains(&clock);
                let extra = (time(day, 1, 30)..time(after, 2, 15)).contains(&clock);
                !shut && (extra || night_of(clock).is_some_and(|of| of != before))
            });
            compare(&window, ends, &wanted, name);
        }
    }
}

/// Days, and hours that begin at a minute of the day and last some minutes.
fn random_rule() -> impl Strategy<Value = (Vec<usize>, Vec<(i64, i64)>)> {
    let days = prop::sample::subsequence((0..7).collect::<Vec<usize>>(), 1..8);
    let hours = prop::collection::vec((0_i64..1440, 1_i64..1440), 1..4);
    let ends = |all: Vec<(i64, i64)>| all.into_iter().map(|(from, length)| (from, (from + length) % 1440)).collect();
    (days, hours.prop_map(ends))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Any hours of any days, around any change.
    #[test]
    fn random_rules_are_what_the_clock_says(name in prop::sample::select(zones().collect::<Vec<_>>()), which in 0_usize..10_000, rule in random_rule()) {
        const WORDS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let ((days, hours), tz) = (rule, zone(name));
        let all = changes(&tz);
        // UTC has none: any instant is as good.
        let change = if all.is_empty() { 1_800_000_000_000 } else { all[which % all.len()] };
        let ends = (change - AROUND, change + AROUND);
        let clock = |minute: &i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let words: Vec<&str> = days.iter().map(|day| WORDS[*day]).collect();
        let times: Vec<String> = hours.iter().map(|(from, to)| format!("{}-{}", clock(from), clock(to))).collect();
        let text = format!("days = {words:?}\nhours = {times:?}");
        let named = |date: Date| days.iter().any(|day| i64::try_from(*day) == Ok(i64::from(date.weekday().to_monday_zero_offset())));
        let wanted = oracle(&minutes(&tz, ends), |clock| {
            let (now, today) = (minute(clock), named(clock.date()));
            let yesterday = named(clock.date().yesterday().expect("a day"));
            hours.iter().any(|(from, to)| {
                if from < to { (*from..*to).contains(&now) && today } else { now >= *from && today || now < *to && yesterday }
            })
        });
        compare(&window(name, &text), ends, &wanted, &text);
    }
}
