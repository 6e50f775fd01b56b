//! What the supervisor of setpoints has done, in words.

use plant::event::Supervision;

use super::either;

/// What it has done.
pub fn news(news: Supervision) -> String {
    match news {
        Supervision::Moved { lever, from, to, saves } => {
            let (name, unit, saves) = (lever.word(), lever.unit(), saves / 1e3);
            format!(
                "has its setpoint of `{name}` moved from {from:+.1} to {to:+.1} {unit}: it is expected to save {saves:.2} kW"
            )
        }
        Supervision::Proved { saves, expected } => {
            let (saves, expected) = (saves / 1e3, expected / 1e3);
            format!("saves {saves:.2} kW by where its setpoints are, as measured; {expected:.2} kW were expected")
        }
        Supervision::Retired => "has its setpoints back at home: they cost what they should save".to_owned(),
        Supervision::GoneHome => "has its setpoints on their way home: something is not as it should be".to_owned(),
        Supervision::Switched(on) => either(
            on,
            "has its setpoints moved again: a person said so",
            "has its setpoints left at home: a person said so",
        ),
    }
}
