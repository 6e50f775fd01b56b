//! What befalls leases of power, in words.

use plant::event::LeaseNews;

/// What befalls a lease at the feed that carries it.
pub fn lease(news: LeaseNews) -> String {
    let kw = |watts: f64| watts / 1e3;
    match news {
        LeaseNews::Granted { watts } => format!("lends {:.1} kW to a scheduler", kw(watts)),
        LeaseNews::Queued => "has a scheduler's request that waits for room".to_owned(),
        LeaseNews::Released => "has a lease given back: charged until its meter confirms it".to_owned(),
        LeaseNews::Over => "has a lease whose schedule is over".to_owned(),
        LeaseNews::Expired { watts } => format!("has a lease of {:.1} kW that nobody renewed", kw(watts)),
        LeaseNews::Lowered { watts } => format!("has a lease lowered to {:.1} kW, with notice", kw(watts)),
        LeaseNews::Restored { watts } => format!("has a lease restored to {:.1} kW", kw(watts)),
        LeaseNews::Exceeded { watts, may } => {
            format!("has a scheduler that draws {:.1} kW of a lease of {:.1} kW", kw(watts), kw(may))
        }
        LeaseNews::ClockHolds(true) => {
            "begins nothing that waits and names a time: the wall clock is not trusted".to_owned()
        }
        LeaseNews::ClockHolds(false) => "begins what waits and names a time again".to_owned(),
    }
}
