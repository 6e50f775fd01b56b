//! Random lives of four boards, their drivers, their agent, their controller and the people around them.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Act {
    Grant(usize, u32, u64),
    Time(u64),
    Foreign(usize, u32),
    OutOfBand(usize, Option<u32>),
    Reload,
    Reopen,
    Becomes(usize, Condition),
    Follows(usize, bool),
    Release,
    Take,
    /// The working half dies, perhaps in the middle of its writes, and perhaps the watching half writes the fail-safe; another begins.
    Restart(bool, bool),
}

fn act() -> impl Strategy<Value = Act> {
    let gpu = 0_usize..4;
    prop_oneof![
        6 => (gpu.clone(), 100_u32..800, 0_u64..70_000).prop_map(|(n, w, ms)| Act::Grant(n, w, ms)),
        4 => (1_u64..150).prop_map(Act::Time),
        2 => (gpu.clone(), 200_u32..700).prop_map(|(n, w)| Act::Foreign(n, w)),
        1 => (gpu.clone(), proptest::option::of(200_u32..700)).prop_map(|(n, w)| Act::OutOfBand(n, w)),
        1 => Just(Act::Reload),
        1 => Just(Act::Reopen),
        1 => (gpu.clone(), prop_oneof![Just(Condition::Lost), Just(Condition::Silent), Just(Condition::Well)])
            .prop_map(|(n, c)| Act::Becomes(n, c)),
        1 => (gpu, any::<bool>()).prop_map(|(n, f)| Act::Follows(n, f)),
        1 => Just(Act::Release),
        1 => Just(Act::Take),
        2 => any::<(bool, bool)>().prop_map(|(dies, falls)| Act::Restart(dies, falls)),
    ]
}

impl Bench {
    fn act(&mut self, act: &Act) {
        match *act {
            Act::Grant(n, watts, lease) => drop(self.grant(n, W(watts), Span::from_millis(lease))),
            Act::Time(tenths) => self.run(Span::from_millis(100 * tenths)),
            Act::Foreign(n, watts) => {
                let seen = self.readable(n);
                let board = &mut self.boards[n];
                let lower = W(watts) + SAME < board.configured;
                board.configured = W(watts);
                // He who raises it himself takes his ceiling away, or moves it; the agent must have seen that it was one.
                board.foreign = if lower && seen { Some(W(watts)) } else { None };
                // Another write before the agent has looked would be one writer to it.
                self.run(Span::from_millis(200));
            }
            Act::OutOfBand(n, watts) => self.boards[n].out_of_band = watts.map(W),
            Act::Reload => {
                self.driver += 1;
                for board in &mut self.boards {
                    (board.configured, board.foreign) = (W(700), None);
                }
            }
            Act::Reopen => self.driver += 1,
            Act::Becomes(n, condition) => self.boards[n].condition = condition,
            Act::Follows(n, follows) => self.boards[n].follows = follows,
            Act::Release => {
                self.released = true;
                self.node.release();
            }
            Act::Take => {
                self.released = false;
                self.boards.iter_mut().for_each(|b| b.foreign = None);
                self.node.take(self.now);
            }
            Act::Restart(dies, falls) => {
                if dies {
                    self.live(true);
                }
                let fall = |b: &&mut Board| falls && b.condition == Condition::Well && b.follows;
                if !self.released {
                    self.boards.iter_mut().filter(fall).for_each(|b| b.configured = b.configured.min(BOUNDS.failsafe));
                }
                self.node = Node::remembered(BOUNDS, &self.saved);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever happens to boards, drivers and grants: nothing rises while anything has to fall, nobody's ceiling is passed, and when it is
    /// over and nobody grants, every board that can be read and follows is at the fail-safe within a second and a bit.
    #[test]
    fn caps_are_kept_whatever_happens(acts in prop::collection::vec(act(), 1..60)) {
        let mut bench = Bench::new();
        bench.step();
        for act in &acts {
            bench.act(act);
            bench.step();
        }
        bench.act(&Act::Take);
        bench.run(BOUNDS.longest);
        bench.run(Span::from_millis(1300));
        for n in 0..4 {
            let board = bench.boards[n];
            if board.condition == Condition::Well && board.follows {
                prop_assert!(bench.enforced(n) <= W(300) + SAME, "GPU {} at {}: {:?}", n, bench.enforced(n), bench.report(n));
            }
        }
    }
}
