//! A step of the power tree allocates nothing: not when all is well, and not through outages, transfers and empty strings.

#[cfg(test)]
mod power_tree {
    use sim::electrics::battery::Battery;
    use sim::electrics::busbar::Busbar;
    use sim::electrics::generator::{Ats, Generator};
    use sim::electrics::grid::{Chance, Grid, Ride};
    use sim::electrics::network::{Load, Network, Node, Now, Purpose, Stage};
    use sim::electrics::transformer::LIQUID_1000;
    use sim::electrics::ups::Ups;

    #[test]
    fn a_stormy_day_allocates_nothing() {
        let load = |purpose, ride| Stage::Load(Load { purpose, ride });
        let stages = [
            (None, Stage::Utility),
            (Some(0), Stage::Transformer(Box::new(LIQUID_1000))),
            (Some(1), Stage::Ats(Box::new((Ats::USUAL, Generator::diesel(1e6, 1.0))))),
            (Some(2), Stage::Ups(Box::new(Ups::usual(100e3, 4, 0.2)))),
            (Some(3), Stage::Pdu(Box::new(Busbar::sized(5e5, 230.0, 0.01)))),
            (Some(4), load(Purpose::Compute, Ride::MACHINES)),
            (Some(2), load(Purpose::Cooling, Ride::usual_contactor(60.0))),
            (Some(1), Stage::Storage(Box::new(Battery::lithium(3.6e8, 1.0)))),
        ];
        let nodes = stages.into_iter().enumerate().map(|(n, (parent, stage))| Node {
            name: format!("n{n}"),
            parent,
            stage,
            metered: n != 6,
            phases: [1.0 / 3.0; 3],
        });
        let mut network = Network::new(nodes.collect()).expect("a sound tree");
        let chance = Chance { outages: 300.0, outage: 600.0, sags: 300.0, sag: 0.5, deepest: 0.2 };
        let grid = Grid { chance: Some(chance), ..Grid::steady(1e6) };
        let demand = [0.0, 0.0, 0.0, 0.0, 0.0, 280e3, 90e3, -50e3];
        let (mut events, mut at) = (0, 0.0);
        let seen = allocation_counter::measure(|| {
            for _ in 0..86_400 {
                let voltage = grid.over(at, 10.0, 3);
                network.step(&Now { voltage, demand: &demand, ambient: 25.0, cell: 25.0, seed: 3 }, 10.0);
                events += network.events().len();
                at += 10.0;
            }
        });
        assert!(events > 50, "the days were stormy: {events} events");
        assert_eq!(seen.count_total, 0, "{seen:?}");
    }
}
