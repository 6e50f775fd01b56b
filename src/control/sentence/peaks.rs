//! What befalls billed peaks, in words.

use plant::event::PeakNews;
use plant::hall::Hall;

/// What befalls the feed whose peaks are billed.
pub fn peak(hall: &Hall, news: PeakNews) -> String {
    let name = |demand: u8| {
        let targets = hall.power.peaks.as_ref().map(|peaks| peaks.targets.as_slice()).unwrap_or_default();
        targets.get(usize::from(demand)).map_or("?", |target| target.demand.as_str()).to_owned()
    };
    match news {
        PeakNews::Held { demand, allowed } => {
            let (name, kilowatts) = (name(demand), allowed / 1e3);
            format!("is held for the windows of `{name}`: they allow {kilowatts:.1} kW in the mean from now on")
        }
        PeakNews::Free => "is not held for any billed window any more".to_owned(),
        PeakNews::Paid { demand, watts } => {
            let (name, kilowatts) = (name(demand), watts / 1e3);
            format!(
                "has a billed window of `{name}` with {kilowatts:.1} kW: above its target, and it is paid from now on"
            )
        }
        PeakNews::Unread(true) => "has a billed meter that is not read: what `unreliable` says holds".to_owned(),
        PeakNews::Unread(false) => "has its billed meter read again".to_owned(),
        PeakNews::Unsure(true) => {
            "has billed windows of which it is not sure where they begin: all that may be count".to_owned()
        }
        PeakNews::PutAside { demand, watts } => {
            let kilowatts = watts / 1e3;
            format!(
                "has no demand `{demand}` any more: its peaks, {kilowatts:.1} kW at the highest, are put aside and count for nothing until it is back by that name"
            )
        }
        PeakNews::Anew { demand } => {
            format!("has a demand `{demand}` of which no peak is known: it begins at nothing, below its target")
        }
        PeakNews::Rides(true) => {
            format!("{} setpoints of cooling above where they usually are, for less load", moves(hall))
        }
        PeakNews::Rides(false) => format!("{} setpoints of cooling above where they usually are no more", moves(hall)),
        PeakNews::PreCools(true) => {
            format!("{} setpoints of cooling below where they usually are, before a peak that is expected", moves(hall))
        }
        PeakNews::PreCools(false) => {
            format!("{} setpoints of cooling below where they usually are no more", moves(hall))
        }
        PeakNews::RideEnded(why) => {
            format!("has setpoints of cooling back where they usually are, at once: {}", why.sentence())
        }
        PeakNews::Unsure(false) => "has billed windows of which it is sure where they begin".to_owned(),
    }
}

/// Setpoints are moved, or would be.
fn moves(hall: &Hall) -> &'static str {
    let acts = hall.power.peaks.as_ref().is_none_or(|peaks| peaks.ride.acts);
    if acts { "has" } else { "would have, if `ride-mode` let it," }
}
