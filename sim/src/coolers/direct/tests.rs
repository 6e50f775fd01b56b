//! What a unit's panel makes of outdoor air.

use plant::hall::Hall;
use plant::image::Outputs;
use plant::time::{Mono, Span, Tick, Wall};

use crate::World;
use crate::weather::{DesignDay, Weather};

/// The dampers of `air-dx` (%, least and most) after three hours on its panels in air of 18 °C with this wet bulb (°C).
fn dampers(wet_bulb: f64) -> (f64, f64) {
    let text = |all: &[(&str, &'static str)]| all.iter().find(|(name, _)| *name == "air-dx").expect("shipped").1;
    let hall = Hall::load("air-dx", text(plant::shipped::HALLS)).expect("loads");
    let day = DesignDay { dry_bulb: 18.0, range: 0.0, wet_bulb, elevation: 0.0, warmest_hour: 15.0 };
    let world = World::load(&hall, "air-dx", text(crate::shipped::HALLS)).expect("loads");
    let mut world = world.with_weather(Weather::Day(day)).on_panels();
    let dt = Span::from_secs(10);
    for seq in 0..1080 {
        let mono = Mono(dt.times(seq + 1).nanos());
        let wall = Wall(1_784_116_800_000 + i64::try_from(seq).expect("small") * 10_000);
        world.step(&Outputs::default(), Tick { seq, dt, mono, wall, clock_trusted: true, boot: 1 });
    }
    let feedbacks = hall.points.iter().filter(|(_, point)| point.name.ends_with("/damper-feedback"));
    let at: Vec<f64> = feedbacks.filter_map(|(id, _)| world.truth(id)).collect();
    assert_eq!(at.len(), 12);
    (at.iter().copied().fold(f64::INFINITY, f64::min), at.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

#[test]
fn a_panel_shuts_out_air_above_its_dew_point_and_lets_in_what_is_drier() {
    let (dry, moist) = (dampers(14.0), dampers(17.3));
    assert!(dry.0 > 50.0, "a dew point of 11 °C is within the limit of 15 °C: {dry:?}");
    assert!(moist.1 < 1.0, "a dew point of 17 °C is not: {moist:?}");
}
