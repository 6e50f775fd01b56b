//! What a controller remembers, as a name for its fields: postcard tells none, so that a state of a program with others would be misread. It is
//! read only where this name is the same.

use serde_json::Value;

use crate::control::{Controller, Site};

/// A name for the fields of a controller's state at this site, of this program: sixteen hexadecimal digits. Empty where nobody knows.
#[must_use]
pub fn layout(site: &Site) -> String {
    let controller = Controller::new(site.clone());
    let Ok(state) = serde_json::to_value(controller.state()) else { return String::new() };
    let mut hasher = blake3::Hasher::new();
    hash(&state, &mut hasher);
    hasher.finalize().to_hex().chars().take(16).collect()
}

/// Names and kinds, and no values. Of many alike the first speaks for all.
fn hash(value: &Value, into: &mut blake3::Hasher) {
    match value {
        Value::Null => drop(into.update(b"0")),
        Value::Bool(_) => drop(into.update(b"b")),
        Value::Number(number) => drop(into.update(if number.is_f64() { b"f" } else { b"n" })),
        Value::String(_) => drop(into.update(b"s")),
        Value::Array(all) => {
            into.update(b"[");
            all.first().into_iter().for_each(|one| hash(one, into));
            into.update(b"]");
        }
        Value::Object(fields) => {
            into.update(b"{");
            for (name, field) in fields {
                into.update(name.as_bytes());
                into.update(b":");
                hash(field, into);
            }
            into.update(b"}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plant::hall::Hall;

    use super::*;

    fn hall(name: &str) -> Arc<Hall> {
        let (_, text) = plant::shipped::HALLS.iter().find(|(hall, _)| *hall == name).expect("shipped");
        Arc::new(Hall::load(name, text).expect("loads"))
    }

    #[test]
    fn every_hall_s_state_has_a_name_that_does_not_go_by_what_is_in_it() {
        for (name, _) in plant::shipped::HALLS {
            let of = layout(&hall(name).into());
            assert_eq!(of.len(), 16, "{name}: {of}");
            let mut other = Hall::clone(&hall(name));
            other.strategies.fans.setpoint += 1.0;
            assert_eq!(layout(&Arc::new(other).into()), of, "{name}: a setpoint is no field");
        }
        assert_ne!(
            layout(&hall("immersion").into()),
            layout(&hall("air").into()),
            "tanks are something else to remember"
        );
    }

    #[test]
    fn a_field_more_a_field_of_another_name_or_of_another_kind_is_another_layout() {
        let of = |text: &str| {
            let mut hasher = blake3::Hasher::new();
            hash(&serde_json::from_str(text).expect("JSON"), &mut hasher);
            hasher.finalize()
        };
        let known = of(r#"{"a": 1, "b": [{"c": true}]}"#);
        assert_eq!(known, of(r#"{"a": 7, "b": [{"c": false}, {"c": true}]}"#));
        for other in [
            r#"{"a": 1, "b": [{"c": true, "d": 0}]}"#,
            r#"{"a": 1, "e": [{"c": true}]}"#,
            r#"{"a": 1.5, "b": [{"c": true}]}"#,
        ] {
            assert_ne!(known, of(other), "{other}");
        }
    }
}
