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
        PeakNews::Unsure(false) => "has billed windows of which it is sure where they begin".to_owned(),
    }
}
