//! A demand's lines on a bill: the measured peak, what earlier peaks and limits make of it, and its price.

use std::collections::BTreeMap;

use jiff::civil::Date;
use plant::time::Wall;

use super::bill::{Line, Notice, SetBy};
use super::decimal::Decimal;
use super::history::Past;
use super::peak::{Peak, peak};
use super::rate::{Rating, line, tiers};
use super::span::Sums;
use super::{Coincident, DemandCharge, Per, month};

/// A quantity of kW, and what set it.
type Set = (Decimal, SetBy);

/// Adds the lines of a demand, and what has to be told of it. Gives the measured peak (kW), for later bills.
pub(super) fn bill(
    rating: &Rating<'_>,
    charge: &DemandCharge,
    lines: &mut Vec<Line>,
    notices: &mut Vec<Notice>,
) -> Option<Decimal> {
    let (measured, found) = match (&charge.coincident, charge.per) {
        (Some(named), _) => named_windows(rating, charge, named, notices),
        (None, Per::Day) => days(rating, charge),
        (None, Per::Month | Per::Year) => {
            let found = peak(rating.tariff, charge, rating.pieces, rating.ends);
            (highest(charge, &found), found)
        }
    };
    told(rating, charge, &found, notices);
    // A demand none of whose windows lies in this billing period is out of season: it bills nothing, and its peak is known.
    let none = found.highest.is_none() && found.lacking.is_empty();
    if none && charge.coincident.is_none() && charge.per != Per::Year {
        return Some(Decimal::ZERO);
    }
    let past = peaks(rating.past, charge);
    match charge.per {
        Per::Day => priced(rating, charge, (measured, "kW d"), lines),
        Per::Month => {
            let ratcheted = ratchet(rating, charge, (measured, &past), notices);
            priced(rating, charge, (limited(charge, ratcheted), "kW"), lines);
        }
        Per::Year => year(rating, charge, (measured, &past), (lines, notices)),
    }
    // Of a year the months out of season are known, too: what they lack is added where the peak comes later.
    let own = found.highest.map(|_| measured.0).or((none && charge.per == Per::Year).then_some(Decimal::ZERO));
    // What was seen in part does not overrule a history that knows of more.
    let same = |past: &&Past| past.from == rating.days.0 && past.demand == charge.name && !found.lacking.is_empty();
    let known = rating.past.iter().filter(same).map(|past| past.kw).max();
    own.map(|kw| known.map_or(kw, |known| known.max(kw)))
}

/// The kW that a demand with a price per month is billed for, as its lines say it.
pub(super) fn billed(rating: &Rating<'_>, charge: &DemandCharge) -> Decimal {
    let found = peak(rating.tariff, charge, rating.pieces, rating.ends);
    let (measured, past) = (highest(charge, &found), peaks(rating.past, charge));
    // What has to be told of it is told with those lines.
    limited(charge, ratchet(rating, charge, (measured, &past), &mut Vec::new())).0
}

/// The peaks of earlier billing periods that count for a demand: the highest of each, of it and of those that its ratchet goes with.
fn peaks(past: &[Past], charge: &DemandCharge) -> Vec<(Date, Decimal)> {
    let with = charge.ratchet.as_ref().map_or(&[][..], |ratchet| &ratchet.with);
    let mut found: BTreeMap<Date, Decimal> = BTreeMap::new();
    for past in past.iter().filter(|past| past.demand == charge.name || with.contains(&past.demand)) {
        let kw = found.entry(past.from).or_insert(past.kw);
        *kw = past.kw.max(*kw);
    }
    found.into_iter().collect()
}

/// The highest window as it is billed.
fn highest(charge: &DemandCharge, found: &Peak) -> Set {
    found.highest.map_or((Decimal::ZERO, SetBy::Nothing), |(kw, from, to)| {
        (kw.rounded(charge.rounding), SetBy::Window(from, to))
    })
}

/// The sum of each day's highest window, each within the limits.
fn days(rating: &Rating<'_>, charge: &DemandCharge) -> (Set, Peak) {
    let (mut sum, mut all, mut day) = (Decimal::ZERO, Peak::default(), rating.days.0);
    while day < rating.days.1 {
        let Ok(next) = day.tomorrow() else { break };
        let zone = &rating.tariff.zone;
        if let (Some(from), Some(to)) = (zone.begin(day), zone.begin(next)) {
            let found = peak(rating.tariff, charge, rating.pieces, (from, to));
            // A day that has no window in the hours bills no least either.
            if found.highest.is_some() || !found.lacking.is_empty() {
                sum = sum.plus(limited(charge, highest(charge, &found)).0);
            }
            all.join(found);
        }
        day = next;
    }
    ((sum, if all.highest.is_some() { SetBy::Several } else { SetBy::Nothing }), all)
}

/// The windows that the utility named in this billing period.
fn named_windows(
    rating: &Rating<'_>,
    charge: &DemandCharge,
    named: &Coincident,
    notices: &mut Vec<Notice>,
) -> (Set, Peak) {
    let sums = Sums::new(rating.pieces, charge.export);
    let (mut all, mut sum, mut count) = (Peak::default(), Decimal::ZERO, 0);
    let within = |at: &&Wall| (rating.ends.0..rating.ends.1).contains(*at);
    for at in named.at.iter().filter(within) {
        let mut one = Peak::default();
        one.look(&sums, *at, Wall(at.0 + charge.window.length));
        if let Some((kw, _, _)) = one.highest {
            (sum, count) = (sum.plus(kw), count + 1);
        }
        all.join(one);
    }
    if count == 0 && all.lacking.is_empty() {
        let say = format!("no window of `{}` is named in this billing period: it bills nothing", charge.name);
        notices.push(Notice::light("no_coincident_window", say));
    }
    let set = if named.mean && count > 1 {
        (sum.share(1, count, charge.rounding), SetBy::Several)
    } else {
        highest(charge, &all)
    };
    (set, all)
}

fn told(rating: &Rating<'_>, charge: &DemandCharge, found: &Peak, notices: &mut Vec<Notice>) {
    if !found.lacking.is_empty() {
        let words = found.lacking.words(&rating.tariff.zone);
        let say = format!(
            "windows of `{}` that are not known whole do not count, and might have been higher; among them {words}",
            charge.name
        );
        notices.push(Notice::grave("windows_lack_data", say));
    }
    if found.cuts > 0 {
        let say = format!(
            "{} windows of `{}` begin or end inside a row, whose power is taken as even: finer rows may show a higher peak",
            found.cuts, charge.name
        );
        notices.push(Notice::grave("windows_cut_rows", say));
    }
}

/// The higher of the peak and a share of the highest before.
fn ratchet(
    rating: &Rating<'_>,
    charge: &DemandCharge,
    (measured, past): (Set, &[(Date, Decimal)]),
    notices: &mut Vec<Notice>,
) -> Set {
    let Some(ratchet) = &charge.ratchet else { return measured };
    let begin = rating.days.0;
    let now = month(begin);
    let wanted = (1..=ratchet.months).filter(|n| ratchet.reaches(now - n, now));
    let seen = past.iter().filter(|(from, _)| *from < begin && ratchet.reaches(month(*from), now));
    let (seen, wanted): (Vec<_>, usize) = (seen.collect(), wanted.count());
    if seen.len() < wanted {
        let say = format!(
            "the ratchet of `{}` looks back on {wanted} billing periods, and the peaks of {} are known: give them by a history",
            charge.name,
            seen.len()
        );
        notices.push(Notice::grave("history_short", say));
    }
    let floor = seen.into_iter().max_by_key(|(from, kw)| (*kw, std::cmp::Reverse(*from)));
    let floor = floor.map(|(from, kw)| (kw.times(ratchet.share, charge.rounding), SetBy::Ratchet(*from)));
    floor.filter(|(kw, _)| *kw > measured.0).unwrap_or(measured)
}

/// Within what the tariff bills at least and at most.
fn limited(charge: &DemandCharge, (kw, by): Set) -> Set {
    if let Some(least) = charge.minimum.filter(|least| *least > kw) {
        return (least, SetBy::Minimum);
    }
    charge.maximum.filter(|most| *most < kw).map_or((kw, by), |most| (most, SetBy::Maximum))
}

/// Lines by tiers.
fn priced(rating: &Rating<'_>, charge: &DemandCharge, ((kw, by), unit): (Set, &'static str), lines: &mut Vec<Line>) {
    for part in parts(charge, kw) {
        let amount = part.amount.times(part.tier.price, rating.tariff.rounding);
        let line = line(&part.name(&charge.name), (part.amount, unit, part.tier.price), amount);
        lines.push(Line { set_by: Some(by), ..line });
    }
}

fn parts(charge: &DemandCharge, kw: Decimal) -> Vec<super::rate::Part<Decimal>> {
    tiers(&charge.tiers, kw, |rest, width| {
        let below = rest.min(width);
        (below, rest.minus(below))
    })
}

/// A twelfth of the year's price on the highest so far, and what the months before lack where it has risen.
fn year(
    rating: &Rating<'_>,
    charge: &DemandCharge,
    (measured, past): (Set, &[(Date, Decimal)]),
    (lines, notices): (&mut Vec<Line>, &mut Vec<Notice>),
) {
    let begin = rating.days.0;
    let months = i64::from(begin.month()) - 1;
    if rating.days.1.yesterday().is_ok_and(|last| last.year() != begin.year()) {
        let say = format!(
            "`{}` goes by years of billing periods: this one reaches into {}, and all of it counts for {}",
            charge.name,
            rating.days.1.year(),
            begin.year()
        );
        notices.push(Notice::grave("year_ends_inside", say));
    }
    let this_year: Vec<_> = past.iter().filter(|(from, _)| from.year() == begin.year() && *from < begin).collect();
    if i64::try_from(this_year.len()).is_ok_and(|known| known < months) {
        let say = format!(
            "`{}` goes by the highest of the year: of {months} billing periods before, the peaks of {} are known: give them by a history",
            charge.name,
            this_year.len()
        );
        notices.push(Notice::grave("history_short", say));
    }
    let before = this_year.iter().max_by_key(|(from, kw)| (*kw, std::cmp::Reverse(*from)));
    let set = before.filter(|(_, kw)| *kw > measured.0).map_or(measured, |(from, kw)| (*kw, SetBy::Earlier(*from)));
    let (kw, by) = limited(charge, set);
    let billed = before.map_or(Decimal::ZERO, |(_, kw)| limited(charge, (*kw, by)).0);
    let full = |kw: Decimal| {
        parts(charge, kw).iter().fold(Decimal::ZERO, |sum, part| {
            sum.plus(part.amount.times(part.tier.price, (9, rating.tariff.rounding.1)))
        })
    };
    let price = |whole: Decimal, kw: Decimal| match charge.tiers.as_slice() {
        [tier] => tier.price,
        _ if kw == Decimal::ZERO => Decimal::ZERO,
        _ => whole,
    };
    let whole = full(kw);
    let amount = whole.share(1, 12, rating.tariff.rounding);
    lines.push(Line { set_by: Some(by), ..line(&charge.name, (kw, "kW 1/12 year", price(whole, kw)), amount) });
    let rise = whole.minus(full(billed));
    if months > 0 && before.is_some() && rise > Decimal::ZERO {
        let amount = rise.share(months, 12, rating.tariff.rounding);
        let name = format!("{} of {months} months before", charge.name);
        let more = kw.minus(billed);
        lines.push(Line { set_by: Some(by), ..line(&name, (more, "kW 1/12 year", price(rise, more)), amount) });
    }
}

impl Peak {
    /// Takes the windows of another into account.
    fn join(&mut self, other: Self) {
        for (from, to) in other.lacking.iter() {
            self.lacking.add(from, to);
        }
        self.cuts += other.cuts;
        if let Some(found) = other.highest
            && self.highest.is_none_or(|(kw, _, _)| found.0 > kw)
        {
            self.highest = Some(found);
        }
    }
}
