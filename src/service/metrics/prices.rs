//! What energy costs, as families.

use plant::convert::{f64_from_i64, f64_from_u64};

use super::figures::{Family, Figures, Row};

/// Prices as of the last scan. One that is unknown has no series.
pub fn prices(figures: &Figures) -> Vec<Family> {
    let Some(view) = &figures.status.price else { return Vec::new() };
    let only = |value: Option<f64>| value.map(Row::only).into_iter().collect();
    let instant = |ms: Option<i64>| only(ms.map(|ms| f64_from_i64(ms) / 1e3));
    let price = view.price.map(|price| Row::new(&[("currency", &view.currency)], price));
    let troubles = view.troubles.iter().map(|trouble| Row::new(&[("trouble", trouble)], 1.0)).collect();
    let counted = [("taken", view.taken), ("refused", view.refused)];
    let counts = counted.map(|(result, count)| Row::new(&[("result", result)], f64_from_u64(count)));
    vec![
        Family::gauge(
            "energy_price_per_kilowatt_hour",
            "What the next kWh costs with all charges of energy, while it is known",
            price.into_iter().collect(),
        ),
        Family::gauge(
            "energy_carbon_grams_per_kilowatt_hour",
            "Carbon dioxide of the next kWh, while it is known",
            only(view.grams),
        ),
        Family::gauge(
            "prices_published_timestamp_seconds",
            "When prices were last published",
            instant(view.published_ms),
        ),
        Family::gauge("prices_end_timestamp_seconds", "Where published prices end", instant(view.until_ms)),
        Family::gauge(
            "prices_trouble",
            "One for what is wrong with live prices: clock_doubted, missing, ending, stale, gap",
            troubles,
        ),
        Family::counter("prices_publications", "Publications of prices, by what became of them", counts.to_vec()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::report::PriceView;

    /// Name, labels and value of every row.
    fn rows(view: Option<PriceView>) -> Vec<String> {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("shipped");
        let mut figures = Figures::new(&plant::hall::Hall::load("bench", text).expect("loads"));
        figures.status.price = view;
        let families = prices(&figures);
        let row = |family: &Family, row: &Row| {
            let labels: Vec<_> = row.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("{}{{{}}} {}", family.name, labels.join(","), row.value)
        };
        families.iter().flat_map(|family| family.rows.iter().map(|of| row(family, of)).collect::<Vec<_>>()).collect()
    }

    #[test]
    fn a_price_that_is_unknown_has_no_series_and_one_of_nothing_has() {
        assert!(rows(None).is_empty(), "a site without a tariff");
        let view = PriceView {
            currency: "EUR".to_owned(),
            price: Some(0.0),
            grams: None,
            published_ms: Some(1_800_000_000_500),
            until_ms: None,
            troubles: vec!["ending".to_owned()],
            taken: 3,
            refused: 0,
        };
        let wanted = [
            "energy_price_per_kilowatt_hour{currency=EUR} 0",
            "prices_published_timestamp_seconds{} 1800000000.5",
            "prices_trouble{trouble=ending} 1",
            "prices_publications{result=taken} 3",
            "prices_publications{result=refused} 0",
        ];
        assert_eq!(rows(Some(view)), wanted);
    }
}
