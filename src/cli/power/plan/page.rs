//! A plan as a page.

use super::costs::{Cost, Costs};
use super::{Bears, MOST, Plan};
use crate::cli::figure::{fixed, length};

/// A record shorter than this proves little (s): a week, for work comes and goes by it.
const WEEK: f64 = 7.0 * 86_400.0;

/// The page.
pub(super) fn page(plan: &Plan) -> String {
    let like = match plan.like.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first, .., last] => format!("{first} to {last}"),
    };
    let s = if plan.racks == 1 { "" } else { "s" };
    let mut page = format!("{} rack{s} more in {}, like {like}\n\n", plan.racks, plan.row);
    page +=
        "Every GPU at its fail-safe and all else at its most, the other cord of each rack gone where that is worse:\n";
    page += &format!("{:<24} {:>10} {:>10} {:>10} {:>10}\n", "feed", "limit kW", "now kW", "then kW", "room kW");
    plan.feeds.iter().for_each(|bears| page += &borne(&bears.feed, bears));
    plan.cords.iter().for_each(|bears| page += &borne(&format!("a cord on {}", bears.feed), bears));
    page += &verdict(plan);
    page += "\n";
    match &plan.costs {
        Some(costs) => page += &cost_page(costs),
        None => {
            page += &format!("What caps would have cost is not known: {}.\n", plan.nothing.as_deref().unwrap_or(""))
        }
    }
    page
}

fn borne(name: &str, of: &Bears) -> String {
    let (limit, now, then) = (fixed(of.limit_kw, 1), fixed(of.now_kw, 1), fixed(of.then_kw, 1));
    let over = if of.over_kw > 0.0 { "  TOO MUCH" } else { "" };
    format!("{name:<24} {limit:>10} {now:>10} {then:>10} {:>10}{over}\n", fixed(of.limit_kw - of.then_kw, 1))
}

fn verdict(plan: &Plan) -> String {
    let most = match plan.most_racks {
        0 => "not one more fits".to_owned(),
        n if n >= MOST => format!("{n} and more would fit"),
        n => format!("{n} would fit"),
    };
    let all = || plan.feeds.iter().map(|of| ("", of)).chain(plan.cords.iter().map(|of| ("a cord on ", of)));
    let over: Vec<String> = all()
        .filter(|(_, of)| of.over_kw > 0.0)
        .map(|(what, of)| format!("{what}{} by {} kW", of.feed, fixed(of.over_kw, 1)))
        .collect();
    if over.is_empty() {
        return format!("yes: what is proved when the file is loaded would hold; {most}\n");
    }
    format!("no: too much for {}; {most}\n", over.join(", "))
}

fn cost_page(costs: &Costs) -> String {
    let mut page = format!("What caps would have cost, from {} of recorded load:\n", length(costs.walked.recorded_s));
    page += &format!(
        "{:<16} {:>9} {:>8} {:>9} {:>8} {:>8} {:>12} {:>10} {:>9}\n",
        "feed", "line kW", "known %", "worst kW", "above %", "over kW", "mean cut kW", "cut kWh", "of most %"
    );
    costs.feeds.iter().for_each(|cost| page += &line(cost, costs.walked.recorded_s));
    page += "cut: what GPUs below would have drawn less while the load was above the line, and of what they draw at their most\n";
    page += "What cooling would draw more for new racks is not in it, nor what caps of that time held back already.\n";
    if costs.walked.recorded_s < WEEK {
        page += "A record shorter than a week proves little.\n";
    }
    if costs.walked.starts_left_out > 0 {
        page += &format!("Left out are starts of another hall, or damaged: {}\n", costs.walked.starts_left_out);
    }
    if costs.walked.interruptions > 0 {
        page += &format!("Interruptions of the record: {}\n", costs.walked.interruptions);
    }
    page
}

fn line(cost: &Cost, recorded_s: f64) -> String {
    let mut line = format!(
        "{:<16} {:>9} {:>8} {:>9} {:>8} {:>8} {:>12} {:>10} {:>9}",
        cost.feed,
        fixed(cost.line_kw, 1),
        fixed(100.0 * cost.known_s / recorded_s, 1),
        cost.worst_kw.map_or_else(|| "-".to_owned(), |worst| fixed(worst, 1)),
        fixed(cost.above_percent, 2),
        fixed(cost.over_kw, 1),
        fixed(cost.mean_cut_kw, 1),
        fixed(cost.cut_kwh, 2),
        fixed(cost.cut_percent, 1),
    );
    if cost.beyond_caps_s > 0.0 {
        line += &format!("  for {} least caps would not have been low enough", length(cost.beyond_caps_s));
    }
    line + "\n"
}
