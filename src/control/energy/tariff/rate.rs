//! A series becomes bills.

use jiff::civil::Date;
use plant::time::Wall;

use super::bill::{Bill, Carbon, Line, Notice, Stretches};
use super::decimal::{Cost, Decimal, Energy, Rounding};
use super::demand;
use super::history::Past;
use super::prices::Prices;
use super::series::{Piece, Series};
use super::{Counts, EnergyCharge, EnergyPrice, Export, Per, Period, Tariff, Tier};

/// What is known besides the meter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'k> {
    /// Peaks of earlier billing periods.
    pub history: &'k [Past],
    /// Day-ahead prices.
    pub prices: Option<&'k Prices>,
}

/// One billing period of one series under one tariff.
pub(super) struct Rating<'r> {
    pub tariff: &'r Tariff,
    pub pieces: &'r [Piece],
    pub prices: Option<&'r Prices>,
    /// Peaks of earlier billing periods.
    pub past: &'r [Past],
    /// The billing period: its first day, and the day after its last.
    pub days: (Date, Date),
    /// The same as instants.
    pub ends: (Wall, Wall),
}

/// A bill for each billing period that the series touches between two instants, the oldest first. The peaks of each are history for
/// the next.
#[must_use]
pub fn rate(tariff: &Tariff, series: &Series, (from, to): (Option<Wall>, Option<Wall>), known: Known<'_>) -> Vec<Bill> {
    let (mut bills, mut past) = (Vec::new(), known.history.to_vec());
    let Some((first, last)) = series.ends() else { return bills };
    let mut at = from.map_or(first, |from| from.max(first));
    let last = to.map_or(last, |to| to.min(last));
    let mut outside = Stretches::default();
    while at < last {
        let Some(days) = tariff.billed_with(at) else {
            let next = tariff.billed_after(at).filter(|next| *next < last).unwrap_or(last);
            outside.add(at, next);
            at = next;
            continue;
        };
        let (Some(begin), Some(end)) = (tariff.zone.begin(days.0), tariff.zone.begin(days.1)) else { break };
        let pieces = series.within(begin, end);
        let rating = Rating { tariff, pieces, prices: known.prices, past: &past, days, ends: (begin, end) };
        let mut bill = rating.bill();
        let gaps = series.gaps(begin, end);
        if !gaps.is_empty() {
            let say = format!("the meter says nothing, and nothing is billed, for {}", gaps.words(&tariff.zone));
            bill.notices.insert(0, Notice::grave("gap", say));
        }
        // A billing period that is rated anew replaces what was known of it.
        past.retain(|past| !bill.peaks.iter().any(|peak| (peak.from, &peak.demand) == (past.from, &past.demand)));
        past.extend(bill.peaks.iter().cloned());
        bills.push(bill);
        at = end;
    }
    if let (false, Some(bill)) = (outside.is_empty(), bills.first_mut()) {
        let say = format!(
            "the dates of the tariff's `billing` leave out, and nothing is billed, for {}",
            outside.words(&tariff.zone)
        );
        bill.notices.insert(0, Notice::grave("outside_dates", say));
    }
    bills
}

impl Rating<'_> {
    fn bill(&self) -> Bill {
        let tariff = self.tariff;
        let (mut lines, mut notices) = (Vec::new(), Vec::new());
        for charge in &tariff.energy {
            self.energy(charge, &mut lines, &mut notices);
        }
        self.bridges(&mut notices);
        let mut peaks = Vec::new();
        for charge in &tariff.demand {
            let billed = demand::bill(self, charge, &mut lines, &mut notices);
            peaks.extend(billed.map(|kw| Past { from: self.days.0, demand: charge.name.clone(), kw }));
        }
        self.fixed(&mut lines);
        let sum = |lines: &[Line]| lines.iter().fold(Decimal::ZERO, |sum, line| sum.plus(line.amount));
        let so_far = sum(&lines);
        if let Some(least) = tariff.minimum.filter(|least| *least > so_far) {
            let amount = least.minus(so_far).rounded(tariff.rounding);
            lines.push(Line { unit: "", ..line("minimum", (Decimal::ONE, "", amount), amount) });
        }
        let net = sum(&lines);
        for tax in &tariff.taxes {
            lines.push(line(&tax.name, (net, "", tax.share), net.times(tax.share, tariff.rounding)));
        }
        let energy = self.pieces.iter().fold(Energy::ZERO, |sum, piece| sum.plus(self.part(piece, Export::Negative)));
        let carbon = self.carbon();
        Bill { from: self.days.0, to: self.days.1, total: sum(&lines), lines, notices, peaks, energy, carbon }
    }

    /// A piece's energy within the billing period.
    fn part(&self, piece: &Piece, export: Export) -> Energy {
        piece.between(piece.from.max(self.ends.0), piece.to.min(self.ends.1), export)
    }

    fn energy(&self, charge: &EnergyCharge, lines: &mut Vec<Line>, notices: &mut Vec<Notice>) {
        match &charge.price {
            EnergyPrice::Periods(periods) => self.by_period(charge, periods, (lines, notices)),
            EnergyPrice::DayAhead(add) => self.day_ahead(charge, *add, (lines, notices)),
        }
    }

    fn by_period(
        &self,
        charge: &EnergyCharge,
        periods: &[Period],
        (lines, notices): (&mut Vec<Line>, &mut Vec<Notice>),
    ) {
        let mut sums = vec![Energy::ZERO; periods.len()];
        let (mut bare, mut split) = (Stretches::default(), Stretches::default());
        for piece in self.pieces {
            let (mut at, end) = (piece.from.max(self.ends.0), piece.to.min(self.ends.1));
            let mut first = None;
            while at < end {
                let next = self.tariff.zone.until(at, &charge.stops).min(end);
                let energy = piece.between(at, next, self.tariff.export);
                let found = charge.period_at(self.tariff.local(at), &self.tariff.holidays).map(|(n, _)| n);
                match found {
                    Some(n) => sums.get_mut(n).into_iter().for_each(|sum| *sum = sum.plus(energy)),
                    None => bare.add(at, next),
                }
                if *first.get_or_insert(found) != found {
                    split.add(piece.from, piece.to);
                }
                at = next;
            }
        }
        self.split(charge, &split, notices);
        for (period, energy) in periods.iter().zip(sums) {
            if energy != Energy::ZERO || periods.len() == 1 {
                self.tiered(charge, period, (energy, lines));
            }
        }
        if !bare.is_empty() {
            let say = format!("`{}` has no price for {}", charge.name, bare.words(&self.tariff.zone));
            notices.push(Notice::grave("no_price", say));
        }
    }

    fn tiered(&self, charge: &EnergyCharge, period: &Period, (energy, lines): (Energy, &mut Vec<Line>)) {
        let name =
            if period.name == charge.name { charge.name.clone() } else { format!("{} {}", charge.name, period.name) };
        let each = self.each(&period.counts);
        let end = |tier: &Tier| tier.up_to.map(|up_to| up_to.times(each, (9, Rounding::HalfUp)));
        let ends: Vec<Tier> = period.tiers.iter().map(|tier| Tier { up_to: end(tier), ..*tier }).collect();
        for part in tiers(&ends, energy, |rest, width| rest.cut(width)) {
            let (tier, energy) = (part.tier, part.amount);
            let amount = energy.at(tier.price).amount(self.tariff.rounding);
            lines.push(line(&part.name(&name), (energy.in_kwh(), "kWh", tier.price), amount));
        }
    }

    /// How many kWh one of what the ends of tiers count is: one, the days of the billing period, the billed kW.
    fn each(&self, counts: &Counts) -> Decimal {
        match counts {
            Counts::Whole => Decimal::ONE,
            Counts::Daily => Decimal::whole(self.length()),
            Counts::Hours(name) => {
                let demand = self.tariff.demand.iter().find(|charge| charge.name == *name);
                demand.map_or(Decimal::ZERO, |charge| demand::billed(self, charge))
            }
        }
    }

    /// The days of the billing period.
    fn length(&self) -> i64 {
        i64::from(self.days.1.since(self.days.0).map_or(0, |span| span.get_days()))
    }

    fn day_ahead(&self, charge: &EnergyCharge, add: Decimal, (lines, notices): (&mut Vec<Line>, &mut Vec<Notice>)) {
        let (mut sum, mut cost, mut bare) = (Energy::ZERO, Cost::default(), Stretches::default());
        let mut split = Stretches::default();
        for piece in self.pieces {
            let (mut at, end) = (piece.from.max(self.ends.0), piece.to.min(self.ends.1));
            let mut first = None;
            while at < end {
                let slot = self.prices.and_then(|prices| prices.at(at));
                let until = slot.map(|slot| slot.to).or_else(|| self.prices.and_then(|prices| prices.next(at)));
                let next = until.map_or(end, |until| until.min(end));
                let energy = piece.between(at, next, self.tariff.export);
                let price = slot.and_then(|slot| slot.price);
                match price {
                    Some(price) => {
                        sum = sum.plus(energy);
                        cost = cost.plus(energy.at(price.plus(add)));
                    }
                    None => bare.add(at, next),
                }
                if *first.get_or_insert(price) != price {
                    split.add(piece.from, piece.to);
                }
                at = next;
            }
        }
        self.split(charge, &split, notices);
        lines.push(line(&charge.name, (sum.in_kwh(), "kWh", cost.price(sum)), cost.amount(self.tariff.rounding)));
        if !bare.is_empty() {
            let say = format!(
                "`{}` bills nothing where no day-ahead price is known: {}",
                charge.name,
                bare.words(&self.tariff.zone)
            );
            notices.push(Notice::grave("no_price", say));
        }
    }

    /// Rows within which a price changes, the charge's own or that of a slot.
    fn split(&self, charge: &EnergyCharge, split: &Stretches, notices: &mut Vec<Notice>) {
        if !split.is_empty() {
            let words = split.words(&self.tariff.zone);
            let say = format!(
                "the price of `{}` changes inside rows, whose energy is taken as even: finer rows may cost another amount; among them {words}",
                charge.name
            );
            notices.push(Notice::grave("prices_cut_rows", say));
        }
    }

    /// Grams of each slot, for what flowed in meanwhile.
    fn carbon(&self) -> Option<Carbon> {
        let (mut sum, mut grams, mut any) = (Energy::ZERO, Cost::default(), false);
        let slots = self.prices.map(Prices::slots).unwrap_or_default();
        for piece in self.pieces {
            let (begin, end) = (piece.from.max(self.ends.0), piece.to.min(self.ends.1));
            let first = slots.partition_point(|slot| slot.to <= begin);
            for slot in slots.iter().skip(first).take_while(|slot| slot.from < end) {
                let Some(intensity) = slot.grams else { continue };
                let energy = piece.between(begin.max(slot.from), end.min(slot.to), Export::Zero);
                (sum, grams, any) = (sum.plus(energy), grams.plus(energy.at(intensity)), true);
            }
        }
        let kg = grams.amount((3, Rounding::HalfUp)).share(1, 1000, (3, Rounding::HalfUp));
        any.then(|| Carbon { kg, kwh: sum.in_kwh() })
    }

    /// Long silences that a register bridged: their energy is right, its shape is not known.
    fn bridges(&self, notices: &mut Vec<Notice>) {
        let mut bridged = Stretches::default();
        self.pieces.iter().filter(|piece| piece.bridged).for_each(|piece| bridged.add(piece.from, piece.to));
        if !bridged.is_empty() {
            let words = bridged.words(&self.tariff.zone);
            let say = format!("energy is known and its shape is not: it is taken as even for {words}");
            notices.push(Notice::light("bridged", say));
        }
        // What flowed on which side of a bill's end is known of a row that ends there, and of no other.
        let mut split = Stretches::default();
        let over = |piece: &&Piece| piece.from < self.ends.0 || piece.to > self.ends.1;
        self.pieces.iter().filter(over).for_each(|piece| split.add(piece.from, piece.to));
        if !split.is_empty() {
            let words = split.words(&self.tariff.zone);
            let say = format!("the billing period begins or ends inside rows, whose energy is taken as even: {words}");
            notices.push(Notice::grave("bill_cuts_rows", say));
        }
    }

    fn fixed(&self, lines: &mut Vec<Line>) {
        for charge in &self.tariff.fixed {
            let days = self.length();
            let (count, unit, amount) = match charge.per {
                Per::Day => (days, "d", charge.price.share(days, 1, self.tariff.rounding)),
                Per::Month => (1, "month", charge.price.rounded(self.tariff.rounding)),
                Per::Year => (1, "1/12 year", charge.price.share(1, 12, self.tariff.rounding)),
            };
            lines.push(line(&charge.name, (Decimal::whole(count), unit, charge.price), amount));
        }
    }
}

/// What falls into a tier.
pub(super) struct Part<Q> {
    pub tier: Tier,
    pub amount: Q,
    /// From 1; nothing where there is one tier only.
    number: Option<usize>,
}

impl<Q> Part<Q> {
    /// The line's name: "energy tier 2".
    pub(super) fn name(&self, of: &str) -> String {
        self.number.map_or_else(|| of.to_owned(), |n| format!("{of} tier {n}"))
    }
}

/// Fills tiers from the lowest; the first is there even when nothing falls into it.
pub(super) fn tiers<Q: Copy + Default + PartialEq>(
    tiers: &[Tier],
    whole: Q,
    cut: impl Fn(Q, Decimal) -> (Q, Q),
) -> Vec<Part<Q>> {
    let (mut parts, mut rest, mut below) = (Vec::new(), whole, Decimal::ZERO);
    for (n, tier) in tiers.iter().enumerate() {
        let (amount, above) = tier.up_to.map_or((rest, Q::default()), |up_to| cut(rest, up_to.minus(below)));
        if n == 0 || amount != Q::default() {
            parts.push(Part { tier: *tier, amount, number: (tiers.len() > 1).then_some(n + 1) });
        }
        (rest, below) = (above, tier.up_to.unwrap_or(below));
    }
    parts
}

/// A line that nothing in particular set.
pub(super) fn line(name: &str, (quantity, unit, price): (Decimal, &'static str, Decimal), amount: Decimal) -> Line {
    Line { name: name.to_owned(), quantity, unit, price, amount, set_by: None }
}
