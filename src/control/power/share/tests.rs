//! Sharing among tenants: floors, who comes first, and that neither the order of machines nor that of tenants counts.

use proptest::prelude::*;

use super::super::fill::WHOLE;
use super::*;

const RATED: u64 = 700_000;
/// Whole milliwatts a pass are lost to rounding, and the most useful way has up to two dozen of them a curve.
const ROUNDED: u64 = 100;

/// A GPU: heard, its least, what it wishes.
type Board = (bool, u64, u64);

/// Nodes with their PDU and tenant, the room of the hall and of four PDUs, and who shares by what.
#[derive(Clone, Debug)]
struct Case {
    nodes: Vec<(usize, usize, Vec<Board>)>,
    rooms: [u64; 5],
    rules: Capping,
}

fn case() -> impl Strategy<Value = Case> {
    let board = (prop::bool::weighted(0.9), 100_000_u64..300_000, 0..RATED);
    let node = (0_usize..4, 0_usize..4, prop::collection::vec(board, 1..6));
    let tenant = (0_u8..4, 0_u64..3_000_000, any::<bool>(), any::<bool>());
    let share = prop::sample::select(vec![Sharing::Fair, Sharing::Proportional, Sharing::Useful]);
    let nodes = prop::collection::vec(node, 1..14);
    (nodes, prop::array::uniform5(0_u64..12_000_000), prop::array::uniform4(tenant), share).prop_map(
        |(nodes, rooms, tenants, share)| {
            let of = |(n, (priority, floor, floored, steep)): (usize, (u8, u64, bool, bool))| Tenant {
                floor: Milliwatts(if floored { floor } else { 0 }),
                curve: steep.then_some(Useful { none: Watts(100.0), full: Watts(700.0), bend: 0.9 }),
                ..Tenant::plain(&format!("tenant-{n}"), Vec::new(), priority)
            };
            let tenants = tenants.into_iter().enumerate().map(of).collect();
            Case { nodes, rooms, rules: Capping { share, tenants, ..Capping::USUAL } }
        },
    )
}

/// What came of it, node by node: aims, and up to where floors let GPUs rise.
struct Shared {
    aims: Vec<Vec<u64>>,
    floors: Vec<u64>,
    tree: Tree,
    left: Vec<i64>,
}

impl Case {
    fn rules(&self) -> Capping {
        let mut rules = self.rules.clone();
        for (place, (_, tenant, _)) in self.nodes.iter().enumerate() {
            rules.tenants[*tenant].nodes.push(place);
        }
        rules
    }

    fn share(&self) -> Shared {
        let rules = self.rules();
        let (mut tree, mut now) = (Tree::new(5), Vec::new());
        for (pdu, tenant, boards) in &self.nodes {
            tree.hang(boards.len(), [(0, 1.08), (1 + pdu, 1.04)]);
            now.extend(boards.iter().map(|(ours, least, wish)| Now {
                ours: *ours,
                force: Milliwatts(if *ours { *least } else { RATED }),
                wish: Milliwatts((*wish).max(*least)),
                least: Milliwatts(*least),
                most: Milliwatts(RATED),
                rated: Milliwatts(RATED),
                tenant: *tenant,
                ..Now::default()
            }));
        }
        let room = self.rooms.map(Milliwatts);
        let (cuts, mut levels) = (cuts(&rules, Watts(700.0)), vec![Milliwatts(0); 4]);
        floors(&rules, &tree, &now, &mut levels);
        let (mut fill, mut gpus) = (Fill::new(&tree), vec![Gpu::default(); tree.gpus()]);
        share(
            &rules,
            &Ground { tree: &tree, room: &room, cuts: &cuts, floors: &levels },
            &mut fill,
            &mut now,
            &mut gpus,
        );
        let aims = (0..tree.nodes()).map(|node| now[tree.of(node)].iter().map(|now| now.aim.0).collect()).collect();
        let left = (0..5).map(|limit| fill.left(limit)).collect();
        Shared { aims, floors: levels.into_iter().map(|level| level.0).collect(), tree, left }
    }

    /// Every GPU that is heard: its node, its place there, what it has at the least and what it wishes.
    fn heard(&self) -> impl Iterator<Item = (usize, usize, u64, u64)> + '_ {
        let boards = |(n, (_, _, boards)): (usize, &'_ (usize, usize, Vec<Board>))| {
            let each = boards.clone().into_iter().enumerate().filter(|(_, board)| board.0);
            each.map(move |(at, (_, least, wish))| (n, at, least, wish.max(least))).collect::<Vec<_>>()
        };
        self.nodes.iter().enumerate().flat_map(boards)
    }

    /// What a tenant has of what he wishes (mW).
    fn total(&self, shared: &Shared, tenant: usize) -> u64 {
        let his = self.heard().filter(|(node, ..)| self.nodes[*node].1 == tenant);
        his.map(|(node, at, _, wish)| shared.aims[node][at].min(wish)).sum()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A floor comes before whoever comes first: where all floors fit below all limits each is kept, to the milliwatt a GPU, as far as it is wished.
    #[test]
    fn floors_are_kept_where_they_fit(case in case()) {
        let (shared, rules) = (case.share(), case.rules());
        let (mut carried, mut flat) = (vec![0; 5], Vec::new());
        for (_, tenant, boards) in &case.nodes {
            let at = |(ours, least, wish): &Board| {
                if *ours { (*wish).max(*least).min(shared.floors[*tenant]).max(*least) } else { RATED }
            };
            flat.extend(boards.iter().map(at));
        }
        shared.tree.carry(|gpu| Milliwatts(flat[gpu]), &mut carried);
        let fits = carried.iter().zip(case.rooms).all(|(of, room)| *of <= room * WHOLE);
        for (n, of) in rules.tenants.iter().enumerate().filter(|(_, of)| fits && of.floor.0 > 0) {
            let his = || case.heard().filter(|(node, ..)| case.nodes[*node].1 == n);
            let all: u64 = of.nodes.iter().map(|node| convert::u64_from_usize(case.nodes[*node].2.len())).sum();
            let heard = convert::u64_from_usize(his().count());
            let part = (of.floor.0 * heard).checked_div(all).unwrap_or_default();
            let wished: u64 = his().map(|(_, _, _, wish)| wish).sum();
            prop_assert!(case.total(&shared, n) + heard >= part.min(wished), "{n}: {} of {part}", case.total(&shared, n));
        }
    }

    /// Whatever those wish who come later: who comes first has what he had.
    #[test]
    fn who_comes_later_takes_nothing(case in case(), first in 0_u8..3, wishes in prop::collection::vec(0..RATED, 64)) {
        let mut case = case;
        case.rules.tenants.iter_mut().for_each(|of| of.floor = Milliwatts(0));
        let mut other = case.clone();
        let mut wishes = wishes.into_iter();
        for (_, tenant, boards) in &mut other.nodes {
            if case.rules.tenants[*tenant].priority > first {
                boards.iter_mut().for_each(|board| board.2 = wishes.next().unwrap_or(RATED));
            }
        }
        let (one, two) = (case.share(), other.share());
        for (node, at, _, wish) in case.heard() {
            if case.rules.tenants[case.nodes[node].1].priority <= first {
                let (a, b) = (one.aims[node][at].min(wish), two.aims[node][at].min(wish));
                prop_assert!(a.abs_diff(b) <= 1, "{node} {at}: {a} or {b}");
            }
        }
    }

    /// Nobody has less because he comes first.
    #[test]
    fn to_come_first_is_never_worse(case in case(), tenant in 0_usize..4) {
        let mut first = case;
        first.rules.tenants.iter_mut().for_each(|of| of.floor = Milliwatts(0));
        first.rules.tenants.iter_mut().for_each(|of| of.priority += 1);
        let mut last = first.clone();
        first.rules.tenants[tenant].priority = 0;
        last.rules.tenants[tenant].priority = 9;
        let with = |case: &Case| case.total(&case.share(), tenant);
        prop_assert!(with(&first) + ROUNDED >= with(&last), "{} mW first, {} mW last", with(&first), with(&last));
    }

    /// Neither the order of machines in the hall's file nor that of tenants changes what anybody has.
    #[test]
    fn the_order_in_files_changes_nothing(case in case(), by in 0_usize..14) {
        let mut other = case.clone();
        let by = by % other.nodes.len();
        other.nodes.rotate_left(by);
        other.rules.tenants.reverse();
        other.nodes.iter_mut().for_each(|node| node.1 = 3 - node.1);
        let (one, two) = (case.share(), other.share());
        for (node, aims) in one.aims.iter().enumerate() {
            let there = &two.aims[(node + case.nodes.len() - by) % case.nodes.len()];
            for (a, b) in aims.iter().zip(there) {
                prop_assert!(a.abs_diff(*b) <= ROUNDED, "{a} or {b} mW");
            }
        }
    }

    /// No watt is left while somebody below a limit with room could take it, and none is given twice.
    #[test]
    fn all_there_is_is_given_out(case in case()) {
        let shared = case.share();
        let begun = |(_, _, boards): &(usize, usize, Vec<Board>)| boards.iter().map(|b| if b.0 { b.1 } else { RATED }).collect::<Vec<_>>();
        let (mut before, mut after) = (vec![0; 5], vec![0; 5]);
        let flat: [Vec<u64>; 2] = [case.nodes.iter().flat_map(begun).collect(), shared.aims.iter().flatten().copied().collect()];
        let aims: Vec<u64> = flat[1].iter().zip(&flat[0]).map(|(aim, begun)| (*aim).max(*begun)).collect();
        shared.tree.carry(|gpu| Milliwatts(flat[0][gpu]), &mut before);
        shared.tree.carry(|gpu| Milliwatts(aims[gpu]), &mut after);
        for limit in 0..5 {
            prop_assert!(after[limit] <= (case.rooms[limit] * WHOLE).max(before[limit]), "limit {limit}");
        }
        for (node, at, ..) in case.heard() {
            let free = |limit: usize| shared.left[limit] >= i64::try_from(2 * aims.len()).expect("few");
            prop_assert!(shared.aims[node][at] >= RATED || !(free(0) && free(1 + case.nodes[node].0)), "{node} {at}");
        }
    }
}

/// Two tenants whose work answers alike have alike, whoever stands first in the file.
#[test]
fn tenants_that_are_alike_have_alike() {
    let board = vec![(true, 200_000, RATED); 4];
    let case = Case {
        nodes: vec![(0, 0, board.clone()), (0, 1, board)],
        rooms: [3_617_000, 12_000_000, 0, 0, 0],
        rules: Capping {
            share: Sharing::Useful,
            tenants: (0..4).map(|n| Tenant::plain(&format!("tenant-{n}"), Vec::new(), 5)).collect(),
            ..Capping::USUAL
        },
    };
    let shared = case.share();
    let totals = [0, 1].map(|n| shared.aims[n].iter().sum::<u64>());
    assert!(totals[0].abs_diff(totals[1]) <= ROUNDED && totals[0] > 1_600_000, "{totals:?}");
}
