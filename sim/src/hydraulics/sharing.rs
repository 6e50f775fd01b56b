//! How the flow of a pump group is shared among branches.
//!
//! **Equation** `Σ ṁ_b(dp) + bypass(dp) = M`, `H(M, speeds) = dp + mains(M)`: one unknown, `√dp`, in which every branch is
//! nearly a straight line. Where everything is quadratic, the pumps run alike and the bypass stays shut it has a closed form; else Newton's steps
//! between two bounds until one moves nothing, eight at most (forty while pumps run at different speeds). A branch whose
//! law is not quadratic is followed by the curve `square·ṁ² + line·ṁ` that touches it, found in the same few steps.
//! **Source** Kirchhoff's laws of a network; Hazen's and Darcy's exponents. **Box** branches in parallel between two headers.
//! **Outside it** a network with pumps in branches, or rings, is another model. **Time constant** none.

use plant::read::Section;

use super::pumps::{Lead, PumpGroup, Work};
use super::resistance::{FAR, Filter, Resistance, Tangent};
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, maybe, need, number};

/// Newton steps.
const STEPS: usize = 8;
/// The same while pumps run at different speeds, which is while one starts: where a slower one's check valve opens, its flow
/// begins like a square root, and only halving is sure to get there.
const STEPS_UNLIKE: usize = 40;
/// A step that moves `√dp` by no more than this share of it is the last.
const STILL: f64 = 1e-14;
/// Times a curve is drawn anew where it led across a knee, the first included.
const CROSSINGS: usize = 4;
/// A step within this share of `√dp` is near.
const NEAR: f64 = 0.05;
/// The bounds keep a margin while the branches' curves are still being found: this share first, a quarter of it a step later.
const SLACK: f64 = 1e-3;
/// The margin that stays: rounding must not put the answer out of its bounds.
const SLACK_LEAST: f64 = 1e-13;
/// A step within this share of `√dp` has arrived.
const ARRIVED: f64 = 1e-10;
/// What is left of the margin after each step.
const SLACK_LEFT: f64 = 0.25;

/// One of the branches: what it takes at its flow, a control valve in series, and a limiter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Branch {
    /// Pipes, coil or cold plates.
    pub friction: Resistance,
    /// The valve's pressure drop for each square of the flow (Pa/(kg/s)², ≥ 0, infinite when shut tight).
    pub valve: f64,
    /// The most a flow limiter lets through (kg/s, ≥ 0, infinite without one).
    pub most: f64,
}

/// A bypass that opens by itself as far as the pumps need it for their minimum flow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MinimumFlow {
    /// The flow the pumps are to have together (kg/s, ≥ 0).
    pub flow: f64,
    /// The bypass when fully open: flow at a pressure (kg/s, > 0; Pa, > 0).
    pub open: (f64, f64),
}

/// A pump group with its mains and bypass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loop {
    /// The pumps.
    pub group: PumpGroup,
    /// What all the flow passes: mains, exchanger.
    pub mains: Resistance,
    /// The filter or strainer all the flow passes, if there is one, as clogged as it is.
    pub filter: Option<Resistance>,
    /// The minimum-flow bypass, if there is one.
    pub bypass: Option<MinimumFlow>,
}

/// How the flow was shared.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shared {
    /// Through the pumps: branches and bypass together (kg/s).
    pub flow: f64,
    /// Through the bypass (kg/s).
    pub bypass: f64,
    /// Across the branches (Pa).
    pub dp: f64,
    /// Across the pump group behind its check valves (Pa).
    pub head: f64,
    /// What the pumps could lift beyond that head, over their shut-off: what the steps left open (1).
    pub residual: f64,
    /// What the pumps draw.
    pub work: Work,
}

/// Flow and its slope in `√dp`.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    flow: f64,
    slope: f64,
}

/// The pumps beside the network at one `√dp`.
#[derive(Clone, Copy, Debug)]
struct Balance {
    /// Needed across the pumps (Pa).
    head: f64,
    /// Through each of the fastest pumps (kg/s).
    fastest: f64,
    /// Lifted beyond what is needed (Pa).
    spare: f64,
    /// Its slope in `√dp`.
    slope: f64,
}

impl Branch {
    /// A branch without valve and limiter.
    #[must_use]
    pub const fn open(friction: Resistance) -> Self {
        Self { friction, valve: 0.0, most: f64::INFINITY }
    }

    /// Its flow at a differential pressure (kg/s; Pa, below zero as zero).
    #[must_use]
    pub fn flow(&self, dp: f64) -> f64 {
        let root = dp.max(0.0).sqrt();
        let mut flow = self.friction.flow;
        for _ in 0..STEPS {
            flow = self.toward(root, flow).flow;
        }
        flow
    }

    /// The flow at `root²` by the curve that touches the law at the flow `near`, drawn anew where that led across the knee
    /// between laminar and turbulent: a curve of the one side says little about the other.
    fn toward(&self, root: f64, near: f64) -> Taken {
        if !self.valve.is_finite() || root <= 0.0 {
            return Taken::default();
        }
        let (mut at, mut taken) = (near, Taken::default());
        for _ in 0..CROSSINGS {
            taken = self.touched(root, at);
            if self.friction.is_laminar(at) == self.friction.is_laminar(taken.flow) {
                break;
            }
            at = taken.flow;
        }
        let most = self.most.min(FAR * self.friction.flow);
        if taken.flow < most { taken } else { Taken { flow: most, slope: 0.0 } }
    }

    fn touched(&self, root: f64, near: f64) -> Taken {
        let tangent = self.friction.tangent(near);
        let (square, line) = (tangent.square + self.valve, tangent.line);
        let flow = 2.0 * root * root / (line + (line * line + 4.0 * square * root * root).sqrt());
        Taken { flow, slope: 2.0 * root / (2.0 * square * flow + line) }
    }

    fn is_quadratic(&self) -> bool {
        self.friction.is_quadratic() && self.most.is_infinite()
    }
}

impl Loop {
    /// Shares the flow at these speeds (1, one for each pump). Each branch's flow (kg/s) is put into its place of `flows`;
    /// a branch without a place gets none.
    pub fn share(&self, speeds: &[f64], branches: &[Branch], flows: &mut [f64]) -> Shared {
        let lead = self.group.lead(speeds);
        if lead.speed <= 0.0 {
            flows.fill(0.0);
            return Shared::default();
        }
        let shut_off = self.group.shut_off(speeds);
        let (guess, exact) = self.as_if_quadratic(lead, shut_off, branches, flows);
        let (root, branched) = if exact {
            let flow: f64 = flows.iter().sum();
            (guess, Taken { flow, slope: flow / guess })
        } else {
            self.in_steps((speeds, lead), (guess, shut_off), branches, flows)
        };
        let all = self.with_bypass(branched, root);
        let at = self.balance(speeds, lead, all, root);
        Shared {
            flow: all.flow,
            bypass: all.flow - branched.flow,
            dp: root * root,
            head: at.head,
            residual: at.spare.abs() / shut_off,
            work: self.group.work_of(at.head, speeds, (lead, at.fastest)),
        }
    }

    /// Newton's steps from a guess, each within bounds, until one moves nothing; eight at most, or forty.
    fn in_steps(
        &self,
        (speeds, lead): (&[f64], Lead),
        (guess, shut_off): (f64, f64),
        branches: &[Branch],
        flows: &mut [f64],
    ) -> (f64, Taken) {
        // A little beyond the shut-off, so that a step may arrive there from either side.
        let (mut low, mut high) = (0.0, 1.01 * shut_off.sqrt());
        let (mut root, mut far, mut slack, mut step) = (guess, true, SLACK, high);
        for _ in 0..(if lead.slower { STEPS_UNLIKE } else { STEPS }) {
            if far {
                take(branches, flows, root);
            }
            let branched = take(branches, flows, root);
            let at = self.balance(speeds, lead, self.with_bypass(branched, root), root);
            if at.spare >= 0.0 {
                low = root * (1.0 - slack);
            } else {
                high = root * (1.0 + slack);
            }
            slack = (slack * SLACK_LEFT).max(SLACK_LEAST);
            let next = root - at.spare / at.slope;
            if (next - root).abs() <= STILL * root {
                return (root, branched);
            }
            // What leaves the bounds, is no number, or creeps beside a slower pump's check valve, is halved.
            let creeps = lead.slower && (next - root).abs() > (0.5 * step.abs()).max(ARRIVED * root);
            let next = if next >= low && next <= high && !creeps { next } else { f64::midpoint(low, high) };
            step = next - root;
            far = step.abs() > NEAR * root;
            root = next;
        }
        (root, take(branches, flows, root))
    }

    /// What the fastest pumps could lift beyond what is needed at this flow. In this form nothing is steep: neither at the
    /// pumps' shut-off, where flow hardly follows from head, nor with the branches nearly open to each other.
    fn balance(&self, speeds: &[f64], lead: Lead, all: Taken, root: f64) -> Balance {
        let mut mains = self.mains.tangent(all.flow);
        if let Some(filter) = self.filter {
            let own = filter.tangent(all.flow);
            mains = Tangent { square: mains.square + own.square, line: mains.line + own.line };
        }
        // Where it touches, the curve is the pressure itself.
        let head = root * root + (mains.square * all.flow + mains.line) * all.flow;
        let head_slope = 2.0 * root + (2.0 * mains.square * all.flow + mains.line) * all.slope;
        let others = self.group.others(head, speeds, lead);
        let fastest = (all.flow - others.flow) / lead.count;
        let fastest_slope = (all.slope - others.slope * head_slope) / lead.count;
        let (line, square) = self.group.fall();
        let line = lead.speed * line;
        let top = lead.speed * lead.speed * self.group.pump.shut_off * self.group.pump.head;
        let given = top - (line + square * fastest.abs()) * fastest;
        let given_slope = (line + 2.0 * square * fastest.abs()) * fastest_slope;
        Balance { head, fastest, spare: given - head, slope: -given_slope - head_slope }
    }

    fn with_bypass(&self, branches: Taken, root: f64) -> Taken {
        let Some(bypass) = self.bypass else { return branches };
        let (flow, pressure) = bypass.open;
        let slope = flow / pressure.sqrt();
        let missing = bypass.flow - branches.flow;
        if missing <= 0.0 {
            branches
        } else if missing <= slope * root {
            Taken { flow: bypass.flow, slope: 0.0 }
        } else {
            Taken { flow: branches.flow + slope * root, slope: branches.slope + slope }
        }
    }

    /// `√dp` if every law were quadratic and only the fastest pumps ran, and whether they are and do. Branches get the flows
    /// that go with it, and places beyond them none.
    fn as_if_quadratic(&self, lead: Lead, shut_off: f64, branches: &[Branch], flows: &mut [f64]) -> (f64, bool) {
        let mut exact = self.mains.is_quadratic() && !lead.slower && !lead.leaking;
        let mut openness = 0.0;
        let mut places = flows.iter_mut();
        for (branch, place) in branches.iter().zip(&mut places) {
            exact &= branch.is_quadratic();
            let square = branch.friction.drop / (branch.friction.flow * branch.friction.flow) + branch.valve;
            *place = if square > 0.0 { 1.0 / square.sqrt() } else { FAR * branch.friction.flow };
            openness += *place;
        }
        places.for_each(|beyond| *beyond = 0.0);
        let (line, square) = self.group.fall();
        let each = openness / lead.count;
        let mut mains = self.mains.drop / (self.mains.flow * self.mains.flow);
        if let Some(filter) = self.filter {
            exact &= filter.is_quadratic();
            mains += filter.drop / (filter.flow * filter.flow);
        }
        let a = 1.0 + mains * openness * openness + square * each * each;
        let b = lead.speed * line * each;
        let root = 2.0 * shut_off / (b + (b * b + 4.0 * a * shut_off).sqrt());
        flows.iter_mut().for_each(|flow| *flow *= root);
        let shut = self.bypass.is_none_or(|bypass| openness * root >= bypass.flow);
        (root, exact && shut)
    }
}

/// Draws every branch's curve anew at its flow, takes its flow from it, and adds up.
fn take(branches: &[Branch], flows: &mut [f64], root: f64) -> Taken {
    let mut sum = Taken::default();
    for (branch, flow) in branches.iter().zip(flows.iter_mut()) {
        let own = branch.toward(root, *flow);
        *flow = own.flow;
        sum = Taken { flow: sum.flow + own.flow, slope: sum.slope + own.slope };
    }
    sum
}

impl Loop {
    /// Reads a loop: `[pump]`, `[check-valve]`, `[mains]`, and where they are `[filter]` and `[bypass]`.
    pub(crate) fn read(of: &Section<'_>, density: f64) -> Option<Self> {
        let group = PumpGroup::read(of, density);
        let mains = need(of, "mains", Resistance::read);
        let filter = maybe(of, "filter", Filter::read).map(|f| f.resistance(1.0));
        let bypass = maybe(of, "bypass", |of| MinimumFlow {
            flow: number(of, "flow-kg-per-s", AT_LEAST_ZERO),
            open: (number(of, "open-kg-per-s", POSITIVE), number(of, "open-pa", POSITIVE)),
        });
        Some(Self { group: group?, mains: mains?, filter, bypass })
    }
}

#[cfg(test)]
mod tests;
