//! The loads of a recorded run: its samples judged, and its tree reckoned, as control did in that scan.

use plant::event::Event;
use plant::hall::Hall;
use plant::hall::power::Power;
use plant::hall::power::flows::{Flows, Known, UNMETERED};
use plant::id::{FeedId, PointId, Table};
use plant::reading::Sample;
use plant::time::Tick;
use plant::units::Watts;

use crate::control::energy;
use crate::control::news::News;
use crate::control::quality::Quality;

/// What was read of the power tree in a recorded scan.
#[derive(Debug)]
pub struct Recorded {
    quality: Quality,
    flows: Flows,
    samples: Table<PointId, Sample>,
    events: Vec<Event>,
}

/// What entered a feed in a recorded scan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Carried {
    /// Its load, on the worst phase as if all phases carried as much (W).
    pub load: Watts,
    /// What each watt more below it would count (1): more than 1 where no meter sees it.
    pub each: f64,
}

impl Recorded {
    /// Before the first scan of a boot.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        let points = hall.points.len();
        Self {
            quality: Quality::new(points).voting(&hall.redundant),
            flows: Flows::new(&hall.power),
            samples: Table::filled(points, Sample::NEVER),
            events: Vec::new(),
        }
    }

    /// One recorded scan. `samples` are those of all points of the hall, in its order; one that is missing is as before.
    pub fn step(&mut self, hall: &Hall, samples: &[Sample], tick: Tick) {
        self.samples.rows_mut().iter_mut().zip(samples).for_each(|(mine, sample)| *mine = *sample);
        self.events.clear();
        let news = &mut News::new(tick, &mut self.events);
        self.quality.judge((&hall.points, &hall.redundant), &self.samples, tick.mono, news);
        self.quality.vote((&hall.redundant, &hall.points), tick.dt, news);
        let image = self.quality.image();
        self.flows.step(&hall.power, |point| image.read(point));
    }

    /// What entered a feed; nothing unless its meter was read, or all that is below it.
    #[must_use]
    pub fn carried(&self, feed: FeedId) -> Option<Carried> {
        let flow = self.flows.of(feed)?;
        let load = flow.worst();
        match flow.known {
            Known::Metered | Known::Doubted | Known::Stale => Some(Carried { load, each: 1.0 }),
            Known::Reckoned => flow.whole.then_some(Carried { load, each: 1.0 + UNMETERED }),
        }
    }

    /// What the facility drew, and IT, by the meters that were read.
    #[must_use]
    pub fn powers(&self, hall: &Hall) -> energy::Power {
        energy::powers(hall, self.quality.image())
    }

    /// What those of some racks that were read drew on average (W); nothing where none was.
    #[must_use]
    pub fn mean(&self, power: &Power, racks: &[usize]) -> Option<Watts> {
        let image = self.quality.image();
        let read =
            |place: &usize| image.read(power.racks.get(*place)?.power).usable().filter(|watts| watts.is_finite());
        let (mut sum, mut count) = (Watts(0.0), 0.0);
        for watts in racks.iter().filter_map(read) {
            sum += watts;
            count += 1.0;
        }
        (count > 0.0).then(|| Watts(sum.0 / count))
    }
}
