//! When the envelope is told, and how: kept by the broker, so that who comes later has it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::control::envelope::{EnvelopeSlot, EnvelopeView};
use crate::service::clock::rfc3339;

/// How often it is looked at: in the meantime leases tell for themselves.
pub const LOOK: Duration = Duration::from_secs(5);
/// A change of what is free in a quarter that is worth telling (1, of the most that is free in any), and the least such (W).
const WORTH: (f64, f64) = (0.02, 1000.0);

/// True where whoever has the one should have the other.
pub fn differs(told: &EnvelopeView, now: &EnvelopeView) -> bool {
    let key = |of: &EnvelopeView| (of.epoch, of.until_ms, of.currency.clone(), of.slots.len());
    if key(told) != key(now) {
        return true;
    }
    let most = told.slots.iter().chain(&now.slots).map(|slot| slot.watts).fold(0.0, f64::max);
    let worth = (WORTH.0 * most).max(WORTH.1);
    let same = |(a, b): (&EnvelopeSlot, &EnvelopeSlot)| {
        let begins = |watts: f64| watts > 0.0;
        let free = (a.watts - b.watts).abs() < worth && begins(a.watts) == begins(b.watts);
        free && a.start_ms == b.start_ms && a.price == b.price && a.carbon == b.carbon && a.confidence == b.confidence
    };
    !told.slots.iter().zip(&now.slots).all(same)
}

/// As its readers have it.
pub fn data(of: &EnvelopeView) -> Value {
    let slot = |slot: &EnvelopeSlot| {
        json!({
            "start": rfc3339(slot.start_ms),
            "w": slot.watts,
            "confidence": slot.confidence,
            "price_per_kwh": slot.price,
            "co2_g_per_kwh": slot.carbon,
        })
    };
    json!({
        "epoch": of.epoch,
        "made_at": rfc3339(of.at_ms),
        "valid_until": rfc3339(of.until_ms),
        "slot_s": 900,
        "currency": of.currency,
        "slots": of.slots.iter().map(slot).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(watts: f64) -> EnvelopeView {
        let slot =
            |n: i64| EnvelopeSlot { start_ms: n * 900_000, watts, confidence: None, price: Some(0.2), carbon: None };
        EnvelopeView { epoch: 3, at_ms: 5, until_ms: 1_800_000, currency: None, slots: (0..4).map(slot).collect() }
    }

    #[test]
    fn little_changes_wait_for_the_next_quarter_and_others_are_told() {
        let told = view(100e3);
        assert!(!differs(&told, &EnvelopeView { at_ms: 9, ..view(101e3) }));
        assert!(differs(&told, &view(103e3)));
        assert!(differs(&told, &EnvelopeView { epoch: 4, ..view(100e3) }));
        assert!(differs(&told, &EnvelopeView { until_ms: 2_700_000, ..view(100e3) }));
        assert!(differs(&told, &EnvelopeView { slots: Vec::new(), ..view(100e3) }));
        let mut priced = view(100e3);
        priced.slots[2].price = Some(-0.01);
        assert!(differs(&told, &priced));
        assert!(differs(&view(500.0), &view(0.0)), "nothing is free any more");
    }

    #[test]
    fn what_nobody_knows_is_null_and_zero_is_zero() {
        let data = data(&view(0.0));
        assert_eq!(data["slots"][1]["w"], 0.0);
        assert_eq!(data["slots"][1]["start"], "1970-01-01T00:15:00Z");
        assert!(data["slots"][1]["co2_g_per_kwh"].is_null() && data["currency"].is_null());
        assert_eq!(data["valid_until"], "1970-01-01T00:30:00Z");
    }
}
