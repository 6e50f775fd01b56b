use super::*;
use crate::noise;
use plant::convert;
use plant::read::Source;
use proptest::prelude::*;

const WAVE: Wave = Wave { mean: 18.0, swing: 6.0, warmest_hour: 15.0 };
/// 1 January 2025, 00:00 UTC.
const NEW_YEAR: i64 = 1_735_689_600_000;
const DAY: i64 = 86_400_000;

fn climates() -> Vec<(&'static str, Climate)> {
    let load = |(name, text): &(&'static str, &'static str)| {
        (*name, Climate::load(name, text).unwrap_or_else(|faults| panic!("{faults}")))
    };
    crate::shipped::CLIMATES.iter().map(load).collect()
}

fn every_source() -> Vec<Weather> {
    let mut sources = vec![Weather::Wave(WAVE)];
    for (_, climate) in climates() {
        sources.push(Weather::Day(climate.design.hottest));
        sources.push(Weather::Day(climate.design.coldest));
        sources.push(Weather::Climate(Arc::new(climate)));
    }
    sources
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_daily_wave_is_what_it_was_to_the_bit(ms in NEW_YEAR..NEW_YEAR + 366 * DAY, seed in any::<u64>()) {
        let air = Outdoors::default().at(&Weather::Wave(WAVE), seed, Wall(ms));
        let hour = convert::f64_from_i64(ms.rem_euclid(DAY)) / 3_600_000.0;
        let by_hand = 18.0 + 6.0 * libm::cos(2.0 * std::f64::consts::PI * (hour - 15.0) / 24.0);
        prop_assert_eq!(air.dry_bulb.to_bits(), by_hand.to_bits());
    }

    #[test]
    fn what_was_asked_before_changes_nothing(
        which in 0..13usize, seed in 0..9u64,
        times in prop::collection::vec(NEW_YEAR - 3 * DAY..NEW_YEAR + 3 * DAY, 1..12),
    ) {
        let weather = &every_source()[which];
        let mut kept = Outdoors::default();
        for ms in times {
            let air = kept.at(weather, seed, Wall(ms));
            prop_assert_eq!(air, Outdoors::default().at(weather, seed, Wall(ms)));
            // Asked straight away: the same but for what a straight line over ten minutes loses.
            let anew = weather.outdoor(seed, Wall(ms));
            prop_assert!((air.dry_bulb - anew.dry_bulb).abs() < 0.01, "{air:?} {anew:?}");
            // Near freezing a wick switches between water and ice, and its two wet bulbs are up to 0.8 K apart.
            let lost = if anew.wet_bulb.abs() < 0.9 { 0.9 } else { 0.05 };
            prop_assert!((air.wet_bulb - anew.wet_bulb).abs() < lost, "{air:?} {anew:?}");
        }
    }

    #[test]
    fn dew_point_wet_bulb_and_dry_bulb_stand_in_order(
        which in 0..13usize, seed in any::<u64>(), ms in -40 * 365 * DAY..60 * 365 * DAY,
    ) {
        let air = Outdoors::default().at(&every_source()[which], seed, Wall(ms));
        prop_assert!(air.dew_point <= air.wet_bulb + 1e-4 && air.wet_bulb <= air.dry_bulb, "{air:?}");
        prop_assert!((-60.0..=60.0).contains(&air.dry_bulb) && air.wind >= 0.0, "{air:?}");
        prop_assert!((50_000.0..110_000.0).contains(&air.pressure), "{air:?}");
    }
}

#[test]
fn outdoors_has_no_jumps() {
    for weather in every_source() {
        let mut outdoors = Outdoors::default();
        let mut before: Option<Outdoor> = None;
        for minute in 0..4 * 1440 {
            let air = outdoors.at(&weather, 3, Wall(NEW_YEAR + minute * 60_000));
            if let Some(before) = before {
                assert!((air.dry_bulb - before.dry_bulb).abs() < 0.12, "{weather:?}: {before:?} {air:?}");
                assert!((air.wet_bulb - before.wet_bulb).abs() < 0.12, "{weather:?}: {before:?} {air:?}");
            }
            before = Some(air);
        }
    }
}

#[test]
fn a_spell_lasts_as_its_persistence_says_and_seeds_are_strangers() {
    // A climate that is nothing but its day-to-day process.
    let (_, mut climate) = climates().remove(0);
    climate.dry_bulb = climate::Season { mean: 10.0, ..climate::Season::default() };
    climate.swing = climate::Season::default();
    climate.spread = climate::Season { mean: 1.0, ..climate::Season::default() };
    (climate.persistence, climate.wave_chance) = (0.7, 0.0);
    let noon =
        |seed, day: i64| climate.outdoor(seed, Wall(NEW_YEAR + day * DAY + DAY / 2 - zone(&climate))).dry_bulb - 10.0;
    let (mut square, mut next, mut third, mut other, days) = (0.0, 0.0, 0.0, 0.0, 12_000);
    for day in 0..days {
        let x = noon(1, day);
        square += x * x;
        next += x * noon(1, day + 1);
        third += x * noon(1, day + 3);
        other += x * noon(2, day);
    }
    let n = convert::f64_from_i64(days);
    assert!((square / n - 1.0).abs() < 0.08, "variance {}", square / n);
    assert!((next / square - 0.7).abs() < 0.03, "after a day {}", next / square);
    assert!((third / square - 0.343).abs() < 0.05, "after three days {}", third / square);
    assert!((other / n).abs() < 0.06, "seeds correlate: {}", other / n);
}

fn zone(climate: &Climate) -> i64 {
    convert::i64_from_f64_rounded(climate.zone * 3.6e6)
}

#[test]
fn heat_waves_come_in_summer_and_only_warm() {
    for (name, climate) in climates() {
        let calm = Climate { wave_chance: 0.0, ..climate.clone() };
        let (_, warmest) = climate.dry_bulb.once;
        for hour in (0..3 * 8766).step_by(7) {
            let wall = Wall(NEW_YEAR + hour * 3_600_000);
            let more = climate.outdoor(5, wall).dry_bulb - calm.outdoor(5, wall).dry_bulb;
            assert!((-1e-9..=climate.wave_height + 1e-9).contains(&more), "{name}: {more}");
            let off = (convert::f64_from_i64(hour) / 24.0 - warmest).rem_euclid(365.25);
            if (98.0..268.0).contains(&off) {
                assert!(more.abs() < 1e-9, "{name}: a heat wave {off} days after midsummer");
            }
        }
    }
}

#[test]
fn a_design_day_reaches_its_figures() {
    for (name, climate) in climates() {
        for day in [climate.design.hottest, climate.design.muggiest, climate.design.coldest] {
            let mut outdoors = Outdoors::default();
            let weather = Weather::Day(day);
            let (mut high, mut low, mut wettest) = (f64::MIN, f64::MAX, f64::MIN);
            for minute in 0..1440 {
                let air = outdoors.at(&weather, noise::channel(name), Wall(NEW_YEAR + minute * 60_000));
                (high, low) = (high.max(air.dry_bulb), low.min(air.dry_bulb));
                wettest = wettest.max(air.wet_bulb);
            }
            assert!(
                (high - day.dry_bulb).abs() < 0.01 && (high - low - day.range).abs() < 0.02,
                "{name}: {high} {low}"
            );
            assert!((wettest - day.wet_bulb).abs() < 0.02, "{name}: {wettest} against {}", day.wet_bulb);
        }
    }
}

#[test]
fn absurd_numbers_stay_air() {
    let day = DesignDay { dry_bulb: 1e9, wet_bulb: -1e9, range: 1e9, elevation: 1e9, warmest_hour: -1e9 };
    for ms in [i64::MIN, -1, 0, NEW_YEAR, i64::MAX] {
        for weather in every_source().into_iter().chain([Weather::Day(day)]) {
            let air = Outdoors::default().at(&weather, 1, Wall(ms));
            for value in [air.dry_bulb, air.dew_point, air.wet_bulb, air.pressure, air.wind] {
                assert!(value.is_finite(), "{weather:?} at {ms}: {air:?}");
            }
        }
    }
}

fn read(text: &str) -> Result<Weather, String> {
    let source = Source::new("physics.toml", text);
    let table = source.parse();
    let root = source.root(&table);
    let weather = root.section("weather").map(|of| {
        let weather = Weather::read(&of);
        of.done();
        weather
    });
    source.finish(weather).map_err(|faults| faults.to_string())
}

#[test]
fn the_section_says_which_weather_it_is() {
    let wave = read("[weather]\nmean-cel = 18.0\nswing-k = 6.0\nwarmest-hour-utc = 15.0\n");
    assert_eq!(wave, Ok(Weather::Wave(WAVE)));
    for (name, climate) in climates() {
        assert_eq!(read(&format!("[weather]\nclimate = \"{name}\"\n")), Ok(Weather::Climate(Arc::new(climate))));
    }
    let (_, text) = crate::shipped::CLIMATES[0];
    let below: String = text.lines().map(|l| l.replacen('[', "[weather.year.", 1) + "\n").collect();
    let own = read(&format!("[weather.year]\n{below}"));
    assert_eq!(own, Ok(Weather::Climate(Arc::new(climates().remove(0).1))));
}

#[test]
fn a_broken_section_tells_all_its_faults() {
    let told = read("[weather]\nclimate = \"hot-dri\"\nswing = 3\n").expect_err("two faults");
    for part in ["physics.toml:2:11", "hot-dry", "physics.toml:3:1", "swing"] {
        assert!(told.contains(part), "{told}");
    }
    let (_, text) = crate::shipped::CLIMATES[0];
    let broken = text
        .replace("persistence =", "persistence = 1.5 #")
        .replace("follows =", "follow =")
        .replace("[coldest]", "[coldest]\nrange-k = 99");
    let told = Climate::load("own.toml", &broken).expect_err("faults").to_string();
    for part in ["`persistence` is 1.5", "`follows`", "no key `follow`", "`range-k` is 99"] {
        assert!(told.contains(part), "{part} is not in:\n{told}");
    }
    let wet = text.replace("wet-bulb-cel =", "wet-bulb-cel = 59.0 #");
    let told = Climate::load("own.toml", &wet).expect_err("faults").to_string();
    assert_eq!(told.matches("is above the dry bulb").count(), 3, "{told}");
}
