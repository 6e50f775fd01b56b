//! What everything that runs by sequence looks at in one scan.

use plant::command::Level;
use plant::hall::Hall;
use plant::hall::feed_forward::FeedForward;
use plant::hall::sequence::RunMode;
use plant::id::{PointId, Table};
use plant::point::Point;
use plant::reading::{Reading, Why};
use plant::time::Span;
use plant::units::{Celsius, Percent, Quantity, Ratio};

use super::commands::{Held, OutputId};
use super::forecast::Forecast;
use super::quality::Image;
use super::sequence::machine::Sight;

/// What reports more than this turns (%).
const TURNS: f64 = 1.0;

/// A water that something holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Water {
    /// Where it is read.
    pub point: PointId,
    /// How warm it is (°C), aged if stale; nothing where it is lost.
    pub celsius: Option<f64>,
    /// True where that is known now.
    pub fresh: bool,
}

/// One scan's image, and the outputs as the scan before left them.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The hall.
    pub hall: &'a Hall,
    /// The process image.
    pub image: Image<'a>,
    /// The outputs as the scan before left them.
    pub held: &'a Table<OutputId, Held>,
    /// The loads to come.
    pub forecast: &'a Forecast,
    /// How far ahead of them things move.
    pub ahead: &'a FeedForward,
    /// Since the scan before, as it was lived.
    pub dt: Span,
}

impl Scene<'_> {
    /// A number that is known now; what is stale decides nothing.
    pub fn fresh<Q: Quantity>(&self, point: Point<Q>) -> Option<f64> {
        self.image.read(point).fresh().map(Quantity::get)
    }

    /// A number that is not known, not even as it was.
    pub fn is_lost<Q: Quantity>(&self, point: Point<Q>) -> bool {
        matches!(self.image.read(point), Reading::Lost { .. })
    }

    /// A number that was known a moment ago.
    pub fn is_stale<Q: Quantity>(&self, point: Point<Q>) -> bool {
        matches!(self.image.read(point), Reading::Stale { .. })
    }

    /// What an output was told last.
    pub fn told(&self, output: OutputId) -> Option<f64> {
        self.held.get(output).map(|held| held.value)
    }

    /// A yes or no.
    pub fn sight(&self, point: Point<Ratio>) -> Sight {
        match self.image.read(point) {
            Reading::Fresh(Ratio(word)) => Sight::Known(word > 0.5),
            Reading::Stale { .. } => Sight::Doubted,
            Reading::Lost { .. } => Sight::Lost,
        }
    }

    /// A fault; a machine whose product reports none is well.
    pub fn fault(&self, point: Point<Ratio>) -> Sight {
        let silent = self.image.read(point).why() == Some(Why::Config);
        if silent { Sight::Known(false) } else { self.sight(point) }
    }

    /// What somebody stronger than control tells an output. A minimum time, and a machine's own protection, are nobody.
    pub fn person(&self, output: OutputId) -> Option<f64> {
        let row = self.held.get(output)?;
        let own = [Level::MinimumOnOff, Level::CriticalEquipment].contains(&row.entry);
        (row.entry < Level::Control && !own).then_some(row.value)
    }

    /// The same of a run mode.
    pub fn held_by(&self, output: OutputId) -> Option<RunMode> {
        self.person(output).map(RunMode::of)
    }

    /// Whether what reports its speed turns.
    pub fn turns(&self, speed: Point<Percent>) -> Sight {
        match self.image.read(speed) {
            Reading::Fresh(Percent(speed)) => Sight::Known(speed > TURNS),
            Reading::Stale { .. } => Sight::Doubted,
            Reading::Lost { .. } => Sight::Lost,
        }
    }

    /// A water, and whether it is known now.
    pub fn water_at(&self, point: Point<Celsius>) -> Water {
        let reading = self.image.read(point);
        Water { point: point.id(), celsius: reading.usable().map(Quantity::get), fresh: reading.fresh().is_some() }
    }
}
