//! Drives and valves: they follow what they are told as fast as they can, and report where they are.

use plant::id::PointId;

/// A fan's or pump's drive, or a valve.
#[derive(Clone, Debug, PartialEq)]
pub struct Actuator {
    /// The point that commands it.
    pub command: PointId,
    /// The point that reports it.
    pub feedback: PointId,
    /// Where it is (%, 0 to 100).
    pub position: f64,
    /// Where it goes (%, 0 to 100).
    pub target: f64,
    /// Its full range takes this long (s, > 0).
    pub stroke: f64,
}

impl Actuator {
    /// At rest at `position`.
    #[must_use]
    pub const fn new(command: PointId, feedback: PointId, position: f64, stroke: f64) -> Self {
        Self { command, feedback, position, target: position, stroke }
    }

    /// Takes a new target; what is no number is ignored, as drives do.
    pub const fn aim(&mut self, target: f64) {
        if target.is_finite() {
            self.target = target.clamp(0.0, 100.0);
        }
    }

    /// Moves toward the target for `dt` seconds.
    pub const fn travel(&mut self, dt: f64) {
        let reach = 100.0 * dt / self.stroke;
        self.position += (self.target - self.position).clamp(-reach, reach);
    }

    /// Position as a share (1, 0 to 1).
    #[must_use]
    pub const fn share(&self) -> f64 {
        self.position / 100.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valve_takes_its_stroke() {
        let mut valve = Actuator::new(PointId::default(), PointId::default(), 0.0, 120.0);
        valve.aim(100.0);
        for _ in 0..119 {
            valve.travel(1.0);
        }
        assert!(valve.position < 99.9, "{}", valve.position);
        for _ in 0..2 {
            valve.travel(1.0);
        }
        assert!((valve.position - 100.0).abs() < 1e-9);
        valve.aim(f64::NAN);
        assert!((valve.target - 100.0).abs() < 1e-9, "no number is no command");
    }
}
