//! `[capping]` and `[[tenant]]`: how caps are given out, and to whom.

use crate::convert;
use crate::gpu::Milliwatts;
use crate::hall::capping::{Capping, Sharing, Tenant};
use crate::hall::load::Draft;
use crate::hall::power::Power;
use crate::hall::useful::Useful;
use crate::read::{Section, did_you_mean};
use crate::time::Span;

/// Reads both; nothing where the file caps nobody.
pub(super) fn read(file: &Section<'_>, draft: &Draft, power: &Power) -> Option<Capping> {
    let tenants = file.sections("tenant");
    let Some(of) = file.section("capping") else {
        if let Some(first) = tenants.first() {
            first.clash("", "nobody is capped, and tenants are who caps are shared among", "add `[capping]`");
        }
        tenants.iter().for_each(Section::done);
        return None;
    };
    if power.nodes.is_empty() {
        of.clash("", "there are no nodes to cap", "add `[[node]]`: what stands in the racks");
    }
    let usual = Capping::USUAL;
    let span = |key, usual, least, most| of.span(key, usual, (least, most));
    let capping = Capping {
        reserve: of.number("reserve", usual.reserve, (0.0, 0.2)),
        react: span("react", usual.react, Span::from_millis(100), Span::from_secs(30)),
        hold: span("hold", usual.hold, Span::ZERO, Span::from_secs(600)),
        lease: span("lease", usual.lease, Span::from_secs(1), Span::from_secs(600)),
        silent: span("silent-after", usual.silent, Span::from_secs(1), Span::from_secs(60)),
        rise: of.number("rise", usual.rise, (0.001, 1.0)),
        slow_clock: of.whole("slow-clock", (100, 10_000)).and_then(|mhz| u32::try_from(mhz).ok()),
        share: if of.has("share") {
            of.need_word("share", &Sharing::WORDS).unwrap_or(usual.share)
        } else {
            usual.share
        },
        tenants: shared(&tenants, draft, power),
    };
    if capping.lease < capping.silent {
        let message = "caps end sooner than a silent node is noticed";
        of.fault("lease", message, "write at least `silent-after`, better three times a scan and more");
    }
    of.done();
    Some(capping)
}

fn shared(sections: &[Section<'_>], draft: &Draft, power: &Power) -> Vec<Tenant> {
    let mut owned = vec![false; power.nodes.len()];
    let mut tenants: Vec<Tenant> = Vec::new();
    for section in sections {
        let name = section.need_name("name").unwrap_or_default();
        let nodes = nodes(section, draft, power);
        for node in &nodes {
            let Some(owned) = owned.get_mut(*node) else { continue };
            if std::mem::replace(owned, true) {
                let node = power.nodes.get(*node).map_or("", |node| node.name.as_str());
                section.fault("nodes", format!("`{node}` works for somebody else already"), "name each node once");
            }
        }
        let tenant = Tenant {
            name,
            nodes,
            priority: u8::try_from(if section.has("priority") {
                section.whole("priority", (0, 9)).unwrap_or(5)
            } else {
                5
            })
            .unwrap_or(5),
            weight: section.number("weight", 1.0, (0.01, 100.0)),
            floor: Milliwatts(convert::u64_from_f64_rounded(1000.0 * section.number("floor", 0.0, (0.0, 1e10)))),
            curve: curve(section),
        };
        section.done();
        if tenants.iter().any(|other| other.name == tenant.name && !tenant.name.is_empty())
            || tenant.name == Tenant::NOBODY
        {
            section.fault(
                "name",
                format!("there is a tenant `{}` already", tenant.name),
                "give each a name of his own",
            );
        }
        tenants.push(tenant);
    }
    let nodes = owned.iter().enumerate().filter(|(_, owned)| !**owned).map(|(node, _)| node).collect();
    tenants.push(Tenant::plain(Tenant::NOBODY, nodes, Tenant::USUAL_PRIORITY));
    tenants
}

/// The nodes that `rows`, `racks` and `nodes` name.
fn nodes(of: &Section<'_>, draft: &Draft, power: &Power) -> Vec<usize> {
    if ![of.has("rows"), of.has("racks"), of.has("nodes")].contains(&true) {
        of.missing("nodes", "write `nodes = [\"…\"]`, `racks` or `rows`: whose GPUs work for him");
    }
    let racks = draft.named_racks(of, &power.racks);
    let all = || power.nodes.iter().enumerate();
    let mut found: Vec<usize> = all().filter(|(_, node)| racks.contains(&node.rack)).map(|(place, _)| place).collect();
    for wanted in of.or::<Vec<String>>("nodes", Vec::new()) {
        match all().find(|(_, node)| node.name == wanted) {
            Some((place, _)) => found.push(place),
            None => {
                let help = did_you_mean(&wanted, power.nodes.iter().map(|node| node.name.as_str()));
                of.clash("nodes", format!("there is no node `{wanted}`"), help);
            }
        }
    }
    found
}

/// What his work does under caps, through `curve = [[watts, share], …]`.
fn curve(of: &Section<'_>) -> Option<Useful> {
    let points = of.maybe::<Vec<Vec<f64>>>("curve")?;
    let pairs: Vec<(f64, f64)> =
        points.iter().filter_map(|p| Some((*p.first()?, *p.get(1).filter(|_| p.len() == 2)?))).collect();
    let sound = pairs.iter().all(|(watts, share)| (1.0..=1e5).contains(watts) && (0.0..=1.2).contains(share));
    let fitted = Useful::fit(&pairs).filter(|_| sound && pairs.len() == points.len());
    if fitted.is_none() {
        let message = "a curve is three points or more of [watts, share of the work of an uncapped GPU]";
        of.fault("curve", message, "write `curve = [[300, 0.6], [500, 0.9], [700, 1.0]]`, as measured");
    }
    fitted
}
