//! An over-subscribed hall: a feed that carries less than all its GPUs could draw, and caps that keep them below.

use plant::convert;
use plant::hall::Hall;
use plant::hall::capping::{Capping, Tenant};
use plant::id::FeedId;
use plant::time::Span;
use plant::units::Watts;

/// What a page's `[capping]` makes of its hall.
#[derive(Clone, Debug, PartialEq)]
pub struct Capped {
    /// The feed that carries less.
    pub feed: FeedId,
    /// What it may carry in place of what the hall's file says; a breaker of it is smaller in proportion (W, > 0).
    pub carries: Watts,
    /// The racks whose work comes before all other, by their places in the power tree.
    pub first: Vec<usize>,
    /// How long a cap is lent (s).
    pub lease: Span,
}

/// What whoever comes first is called.
pub const FIRST: &str = "first";

impl Capped {
    /// Makes it so.
    ///
    /// # Errors
    /// The feed would not carry the hall with every GPU at its fail-safe: what it carries then, and what to do.
    pub fn apply(&self, hall: &mut Hall) -> Result<(), (String, String)> {
        let nodes = &hall.power.nodes;
        let place = |of: &dyn Fn(usize) -> bool| -> Vec<usize> {
            nodes.iter().enumerate().filter(|(_, node)| of(node.rack)).map(|(place, _)| place).collect()
        };
        let tenants = vec![
            Tenant::plain(FIRST, place(&|rack| self.first.contains(&rack)), 0),
            Tenant::plain(Tenant::NOBODY, place(&|rack| !self.first.contains(&rack)), Tenant::USUAL_PRIORITY),
        ];
        let Some(feed) = hall.power.feeds.get_mut(self.feed) else { return Ok(()) };
        feed.rated = self.carries;
        if let Some(breaker) = &mut feed.breaker {
            breaker.rated_a = breaker.circuit.amperes(self.carries.0);
        }
        if feed.fail_safe > feed.limit() {
            let (carried, limit) = (feed.fail_safe.0 / 1e3, feed.limit().0 / 1e3);
            let message = format!(
                "`{}` carries {carried:.0} kW with every GPU at its fail-safe, and {limit:.0} kW for good",
                feed.name
            );
            return Err((message, format!("write at least {:.0} W", (feed.fail_safe / feed.margin).0)));
        }
        hall.power.capping = Some(Capping { lease: self.lease, tenants, ..Capping::USUAL });
        Ok(())
    }

    /// How many GPUs the feed would host if each had to be counted at its most, with what stands around it.
    #[must_use]
    pub fn at_nameplate(&self, hall: &Hall) -> usize {
        let Some(feed) = hall.power.feeds.get(self.feed) else { return 0 };
        // What the feed carries with all GPUs at their most, and with all at their fail-safes, lie on a line through the number of nodes.
        let share = (self.carries * feed.margin) / feed.most.max(Watts(1.0));
        let gpus = convert::f64_from_usize(hall.power.gpus());
        convert::usize_from_u64(convert::u64_from_f64_rounded((gpus * share).floor()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn air() -> Hall {
        let (name, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        Hall::load(name, text).expect("loads")
    }

    #[test]
    fn a_feed_that_could_not_carry_the_fail_safes_is_refused() {
        let mut hall = air();
        let feed = hall.power.feed("ups-a").expect("a UPS");
        let of = |carries: f64| Capped {
            feed,
            carries: Watts(carries),
            first: (0..20).collect(),
            lease: Span::from_secs(10),
        };
        let (said, help) = of(500e3).apply(&mut hall).expect_err("too little");
        assert!(said.contains("`ups-a` carries") && help.contains("write at least"), "{said}: {help}");
        assert!(hall.power.capping.is_none());
        of(700e3).apply(&mut hall).expect("carried");
        let rules = hall.power.capping.as_ref().expect("capped");
        assert_eq!(rules.tenants.iter().map(|of| of.nodes.len()).collect::<Vec<_>>(), [100, 100]);
        let breaker = hall.power.feeds.get(feed).and_then(|feed| feed.breaker.as_ref()).expect("a breaker");
        assert!((breaker.rated().0 - 700e3).abs() < 1.0, "{:?}", breaker.rated());
    }

    #[test]
    fn a_third_more_gpus_hang_on_the_feed_than_at_nameplate() {
        let mut hall = air();
        hall.power.thin(5); // what nodes take, in place of the racks' nameplates
        let feed = hall.power.feed("ups-a").expect("a UPS");
        let capped = Capped { feed, carries: Watts(700e3), first: Vec::new(), lease: Span::from_secs(10) };
        let hosted = convert::f64_from_usize(capped.at_nameplate(&hall));
        assert!((1.33..1.5).contains(&(800.0 / hosted)), "{hosted}");
    }
}
