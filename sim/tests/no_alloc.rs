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

#[cfg(test)]
mod scenario {
    use std::sync::Arc;

    use plant::hall::Hall;
    use plant::image::{Inputs, Outputs};
    use sim::World;
    use sim::scenario::{self, Run, Seen};

    #[test]
    fn watching_a_step_allocates_nothing() {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let (_, physics) = sim::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        for (name, page) in scenario::shipped::SCENARIOS {
            if scenario::hall_name(page).is_none_or(|(hall, _)| hall != "air") {
                continue;
            }
            let more =
                scenario::battery(page).map(|of| (of.hall_sections(), of.physics_sections())).unwrap_or_default();
            let hall = Arc::new(Hall::load("air", &format!("{text}{}", more.0)).expect("it loads"));
            let read = scenario::load(name, page, Ok(Arc::clone(&hall))).expect("it loads");
            let mut run = Run::new(Arc::new(read), 1);
            let world = World::load(&hall, "air", &format!("{physics}{}", more.1)).expect("it loads");
            let mut world = run.prepare(world);
            let (mut inputs, outputs) = (Inputs::unread(hall.points.len()), Outputs::default());
            let mut seen = 0;
            // Past the warm-up, and not to the first event, which may do what it likes.
            while run.time() < 300.0 {
                let tick = run.tick();
                world.step_into(&outputs, tick, &mut inputs);
                let mut begun = false;
                let counted = allocation_counter::measure(|| {
                    begun = !run.due().is_empty();
                    if begun {
                        return;
                    }
                    run.observe(tick, &[], &Seen { world: &world, inputs: &inputs, outputs: &outputs });
                    run.audit(&world);
                });
                if begun {
                    break;
                }
                seen += counted.count_total;
            }
            assert_eq!(seen, 0, "{name}");
        }
    }
}
