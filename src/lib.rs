//! wattloop runs the energy and cooling of an AI data hall in closed loop. This page is the map.
//!
//! # One idea, seen twice
//!
//! The controller and the plant are two functions that feed each other; the simulated plant has the shape of the real one.
//!
//! ```text
//! outputs = controller.step(&inputs, tick);        control   knows no I/O
//! inputs  = world.step(&outputs, tick);            sim       knows no control
//! inputs  = field.poll, freeze; field.write        adapters  the real plant
//! ```
//!
//! That is why a simulated day runs in seconds, a recorded day replays to the bit, and a bug in the field is a test case
//! the next morning.
//!
//! # Layers
//!
//! | Layer | What it is | Sees |
//! |---|---|---|
//! | crate [`plant`] | the nouns: [`Hall`](plant::hall::Hall), [`Point`](plant::point::Point), [`DeviceMap`](plant::device::DeviceMap), [`Inputs`](plant::image::Inputs), [`Outputs`](plant::image::Outputs), [`Event`](plant::event::Event); [civil time](plant::civil) | nothing |
//! | crate `sim` | the world: physics that steps, and servers that put it on a network | `plant` |
//! | [`control`] | the controller: [`step`](control::Controller::step) and [`answer`](control::Controller::answer); [tariffs](control::tariff) and [windows](control::windows) | `plant`, and of `planner` what a problem is |
//! | [`planner`] | when jobs run over the next day or two, what the battery does, which peaks can be held: [`plan`](planner::plan) | `plant` |
//! | [`adapters`] | the field: [`modbus`](adapters::modbus), [`mqtt`](adapters::mqtt), [`nvml`](adapters::nvml); samples in, outputs out | `plant` |
//! | [`agent`] | the privileged half on a GPU node: caps that end with their [leases](plant::lease) | `plant`, `adapters`, and of `service` the socket's door |
//! | [`service`] | the shell: [scan](service::scan), [journal](service::journal), [history](service::history), [API](service::api), [metrics](service::metrics) | all of these |
//! | the binary | one file per command | `service`, `sim` |
//!
//! A tidy test keeps these walls.
//!
//! # A scan in prose
//!
//! The [scan thread](service::scan::Scan) wakes at its deadline, asks every [bus](adapters::Field) for the points that are due
//! and waits a share of the period for the answers. What has come is frozen into [`Inputs`](plant::image::Inputs); what comes later
//! counts for the next scan. [`Controller::step`](control::Controller::step) judges each sample, sums up energy, lets loops, people
//! and safety propose into a priority array, and resolves it to one value a writable point. The outputs leave at once, as a
//! whole image, so that a lost write is healed by the next scan. Then, and only then, the [journal](service::journal::Journal)
//! takes what changed, the service manager hears that a scan is done, and a [bulletin](service::bulletin::Bulletin) goes to
//! everybody who listens.
//!
//! # Invariants
//!
//! - A scan never waits for a disk, a broker, a database or a person.
//! - Whatever decides is pure: no clock, no I/O, no unordered map, no platform float function. Same inputs, same bits.
//! - A value that is missing says so: [`Reading`](plant::reading::Reading) is fresh, stale or lost, never a plain number.
//! - Doubt moves the plant to the cool side. Levels 1 to 5 of the [priority array](plant::command::Level) bind every mode.
//! - What is promised (an override, an acknowledgement) is on disk before it is said.

pub mod adapters;
pub mod agent;
pub mod control;
pub mod planner;
pub mod service;
