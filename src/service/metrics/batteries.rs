//! Batteries, as families.

use super::figures::{Family, Figures, Row};
use crate::control::battery::view::BatteryView;

/// Batteries as of the last scan. What is in doubt has no series.
pub fn batteries(figures: &Figures) -> Vec<Family> {
    let all = &figures.status.batteries;
    if all.is_empty() {
        return Vec::new();
    }
    let each = |of: &dyn Fn(&BatteryView) -> Option<f64>| {
        all.iter().filter_map(|battery| Some(Row::new(&[("battery", &battery.name)], of(battery)?))).collect()
    };
    let word = |yes: bool| Some(if yes { 1.0 } else { 0.0 });
    vec![
        Family::gauge("battery_watts", "What a battery gives, negative where it takes", each(&|of| of.power_w)),
        Family::gauge("battery_order_watts", "What a battery shall give", each(&|of| Some(of.order_w))),
        Family::gauge("battery_charge_percent", "The charge of a battery", each(&|of| of.charge_percent)),
        Family::gauge("battery_usable_watt_hours", "What a battery holds above its reserve", each(&|of| of.usable_wh)),
        Family::gauge("battery_lags", "One while a battery gives less than it is asked for", each(&|of| word(of.lags))),
        Family::gauge(
            "battery_proof_due",
            "One while a battery should prove what it holds",
            each(&|of| word(of.proof_due)),
        ),
        Family::gauge(
            "battery_proven_percent",
            "What a battery has proved that it holds, over its nameplate",
            each(&|of| of.proven.map(|proven| proven.holds_percent)),
        ),
        Family::counter("battery_given_watt_hours", "What a battery has given", each(&|of| Some(of.given_wh))),
        Family::counter("battery_taken_watt_hours", "What a battery has taken", each(&|of| Some(of.taken_wh))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_battery_in_doubt_has_no_charge_and_a_hall_without_any_has_no_family() {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("shipped");
        let mut figures = Figures::new(&plant::hall::Hall::load("bench", text).expect("loads"));
        assert!(batteries(&figures).is_empty());
        let text = r#"{"name":"bess","feed":"utility","does":"doubted","order_w":0.0,"power_w":null,"charge_percent":null,"cells_cel":null,"reserve_percent":30.0,"charge_to_percent":90.0,"gives_w":0.0,"usable_wh":null,"lags":false,"given_wh":5.0,"taken_wh":7.0,"proven":null,"proof_due":true}"#;
        figures.status.batteries = vec![serde_json::from_str(text).expect("a view")];
        let families = batteries(&figures);
        let of = |name: &str| families.iter().find(|family| family.name == name).expect("there");
        assert!(of("battery_charge_percent").rows.is_empty() && of("battery_watts").rows.is_empty());
        assert_eq!(of("battery_given_watt_hours").rows[0].value, 5.0);
        assert_eq!(of("battery_proof_due").rows[0].value, 1.0);
    }
}
