//! The block against itself written a second time: native arithmetic, no crate, no shared code.

use super::*;

/// Numbers from a seed (SplitMix64; G. Steele, D. Lea, C. Flood, OOPSLA 2014).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        f64::from(u32::try_from((z ^ (z >> 31)) >> 32).unwrap()) / 4_294_967_296.0
    }

    fn within(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.roll()
    }

    fn once_in(&mut self, n: f64) -> bool {
        self.roll() * n < 1.0
    }
}

/// The block as one page of equations.
#[derive(Debug, Default)]
struct Oracle {
    i: f64,
    d: f64,
    p: f64,
    ff: f64,
    u: f64,
    out: f64,
    sp: f64,
    pv: f64,
    source: u8,
    limits: (f64, f64),
    auto: bool,
    started: bool,
    pause: f64,
}

impl Oracle {
    fn step(&mut self, c: &Config, x: &Input) -> f64 {
        let dt = x.dt.seconds();
        let k = if c.action == Action::Reverse { c.gain } else { -c.gain };
        let slew = |from: f64, to: f64| {
            let dt = dt.min(c.dt_max.seconds());
            let to = if to > c.max { c.max } else { to };
            let to = if to < c.min { c.min } else { to };
            match (c.rise, c.fall) {
                (Some(rise), _) if to > from + rise * dt => from + rise * dt,
                (_, Some(fall)) if to < from - fall * dt => from - fall * dt,
                _ => to,
            }
        };
        let forced = match x.mode {
            Mode::Auto => None,
            Mode::Manual(u) => Some(slew(self.u, u)),
            Mode::Track(u) => Some(u),
        };
        let Some(pv) = x.pv.filter(|y| y.is_finite()) else {
            self.pause += dt;
            if let Some(u) = forced {
                (self.u, self.out, self.auto) = (u, u, false);
            }
            return self.out;
        };
        let gap = dt + self.pause;
        self.pause = 0.0;
        let asleep = !self.started || gap > c.dt_max.seconds();
        let tf = c.td.seconds() / c.filter;
        let d = if asleep || tf == 0.0 {
            0.0
        } else {
            tf / (tf + gap) * self.d - k * c.td.seconds() / (tf + gap) * (pv - self.pv)
        };
        let p = k * (c.setpoint_weight * x.sp - pv);
        let grow = if asleep { 0.0 } else { k * dt / c.ti.seconds() * (x.sp - pv) };
        // The integral in front of this step.
        let before = if let Some(u) = forced {
            u - p - d - x.ff - grow
        } else if !self.auto || !self.started {
            self.u - p - d - x.ff
        } else {
            let sp_then = if self.source == x.source { self.sp } else { x.sp };
            let p_then = k * (c.setpoint_weight * sp_then - self.pv);
            let d_then = if tf == 0.0 { 0.0 } else { self.d };
            if self.limits == (c.min, c.max) {
                self.i + (self.p - p_then) + (self.d - d_then)
            } else {
                self.u - p_then - d_then - self.ff
            }
        };
        let i = before + grow;
        let v = p + i + d + x.ff;
        let told = self.out;
        (self.u, self.out, self.i) = if let Some(u) = forced {
            (u, u, i)
        } else {
            let u = slew(self.u, v);
            let stay = (u - told).abs() < c.deadband && u != c.min && u != c.max;
            let missing = x.actual.map_or(0.0, |at| {
                let off = at - told;
                if off.abs() <= c.actual_tolerance { 0.0 } else { off - c.actual_tolerance * off.signum() }
            });
            let tt = c.tracking.map_or(c.ti.seconds() / 10.0, Span::seconds);
            (u, if stay { told } else { u }, i + (dt / tt).min(1.0) * (u + missing - v))
        };
        (self.p, self.d, self.ff, self.sp, self.pv, self.source) = (p, d, x.ff, x.sp, pv, x.source);
        (self.limits, self.auto, self.started) = ((c.min, c.max), forced.is_none(), true);
        self.out
    }
}

fn tuning(dice: &mut Dice) -> Config {
    let some = |yes: bool, x: f64| yes.then_some(x);
    Config {
        td: Span::from_seconds(if dice.once_in(3.0) { 0.0 } else { dice.within(0.5, 20.0) }),
        filter: dice.within(2.0, 20.0),
        setpoint_weight: dice.roll(),
        min: dice.within(-10.0, 20.0),
        max: dice.within(60.0, 110.0),
        rise: some(dice.once_in(2.0), dice.within(0.2, 10.0)),
        fall: some(dice.once_in(2.0), dice.within(0.2, 10.0)),
        deadband: if dice.once_in(2.0) { 0.0 } else { dice.within(0.0, 3.0) },
        tracking: some(dice.once_in(3.0), dice.within(0.5, 60.0)).map(Span::from_seconds),
        actual_tolerance: dice.within(0.0, 4.0),
        dt_max: Span::from_seconds(4.5),
        ..Config::new(
            if dice.once_in(2.0) { Action::Direct } else { Action::Reverse },
            dice.within(0.1, 8.0),
            Span::from_seconds(dice.within(2.0, 120.0)),
        )
    }
}

#[test]
fn two_hundred_thousand_random_steps_agree_with_the_closed_form() {
    let mut dice = Dice(20);
    let (mut state, mut oracle) = (State::at(30.0), Oracle { u: 30.0, out: 30.0, ..Oracle::default() });
    let (mut config, mut source, mut mode) = (tuning(&mut dice), 0, Mode::Auto);
    let (mut pv, mut sp, mut ff, mut worst, mut moved) = (24.0, 24.0, 0.0, 0.0f64, 0);
    for n in 0..200_000 {
        if dice.once_in(50.0) {
            config = tuning(&mut dice);
        }
        if dice.once_in(40.0) {
            (source, sp) = (source ^ u8::from(dice.once_in(2.0)), dice.within(18.0, 30.0));
        }
        if dice.once_in(20.0) {
            ff = dice.within(-20.0, 20.0);
        }
        if dice.once_in(15.0) {
            let hand = dice.within(-5.0, 105.0);
            mode = [Mode::Auto, Mode::Auto, Mode::Manual(hand), Mode::Track(hand)][n % 4];
        }
        pv += dice.within(-0.5, 0.5) + 0.02 * (sp - pv);
        let seen = [Some(pv), Some(pv), None, Some(f64::NAN)][if dice.once_in(10.0) { n % 4 } else { 0 }];
        let actual = Some(state.terms().output + dice.within(-8.0, 8.0)).filter(|_| n % 3 == 0);
        let dt = Span::from_seconds(dice.within(0.1, 5.1));
        let input = Input { sp, source, pv: seen, ff, actual, dt, mode };
        let before = state.terms().output;
        let (ours, theirs) = (state.step(&config, &input), oracle.step(&config, &input));
        worst = worst.max((ours - theirs).abs()).max((state.terms().i - oracle.i).abs());
        assert!(worst < 1e-9, "step {n}: {ours} for {theirs}\n{config:?}\n{input:?}\n{state:?}\n{oracle:?}");
        moved += u32::from(ours != before);
    }
    assert!(moved > 50_000, "the runs had something to say: {moved}");
    println!("worst difference over 200,000 steps: {worst:e}");
}
