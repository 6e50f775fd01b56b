//! The simulated hall from outside: its physics, its clockwork, its wires.

#[cfg(test)]
mod circuits;
#[cfg(test)]
mod clockwork;
#[cfg(test)]
mod doors;
#[cfg(test)]
mod imperfect;
#[cfg(feature = "wire")]
#[cfg(test)]
mod lockstep;
#[cfg(test)]
mod physics;
#[cfg(test)]
mod power;
#[cfg(test)]
mod scale;
#[cfg(test)]
mod stand;
#[cfg(test)]
mod storms;
#[cfg(test)]
mod trips;
#[cfg(feature = "wire")]
#[cfg(test)]
mod wire;
