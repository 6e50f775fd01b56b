//! What befalls windows, in words.

use plant::event::{About, Event, WindowNews};
use plant::hall::Hall;
use plant::hall::window::Window;
use plant::time::Wall;

/// What befalls a window, or the hall, as a sentence without its subject. Times are those of the window's clock.
#[must_use]
pub fn window(hall: &Hall, event: &Event, news: WindowNews) -> String {
    let show =
        |at: Wall| of(hall, event).map_or_else(|| format!("{} ms after 1970", at.0), |window| window.zone.show(at));
    match news {
        WindowNews::Opened { until: Some(until) } => format!("is open until {}", show(until)),
        WindowNews::Opened { until: None } => "is open, for more than 400 days".to_owned(),
        WindowNews::Shut { next: Some(next) } => format!("is shut until {}", show(next)),
        WindowNews::Shut { next: None } => "is shut, for more than 400 days".to_owned(),
        WindowNews::Held => "counts as shut: the wall clock is not trusted".to_owned(),
        WindowNews::ClockDoubted(true) => "has no window open: the wall clock is not trusted".to_owned(),
        WindowNews::ClockDoubted(false) => "knows by the wall clock again which windows are open".to_owned(),
    }
}

fn of<'h>(hall: &'h Hall, event: &Event) -> Option<&'h Window> {
    match event.about {
        About::Window(window) => hall.windows.get(window),
        About::Hall
        | About::Point(_)
        | About::Equip(_)
        | About::Loop(_)
        | About::Row(_)
        | About::Alarm(_)
        | About::Header(_)
        | About::Feed(_) => None,
    }
}
