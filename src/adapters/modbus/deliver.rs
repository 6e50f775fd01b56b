//! Brings a unit's outputs to what is wanted: looks, writes, reads back.

use plant::device::RegisterTable;
use plant::reading::Why;
use plant::time::Tick;

use super::client::Writer;
use super::link::Fault;
use super::output::{Cause, Raw};
use super::unit::{Findings, Unit, look, value_of};
use crate::adapters::OutputImage;

/// The most registers one write request may carry.
const MAX_WORDS: usize = 123;
/// The most coils one write request may carry.
const MAX_BITS: usize = 1968;

/// One output that is to be written.
#[derive(Clone, Copy, Debug)]
struct Job {
    row: usize,
    raw: Raw,
    wanted: f64,
}

impl Unit {
    /// Writes what changed, what is due for its refresh and what is not proven; tells what became of each.
    pub async fn deliver(&mut self, writer: &mut Writer, image: &OutputImage, tick: Tick, found: &mut Findings) {
        let mut jobs = self.jobs(writer, image, tick, found).await;
        while !jobs.is_empty() {
            let run = self.run_of(&jobs);
            let rest = jobs.split_off(run.min(jobs.len()));
            self.write(writer, &jobs, tick, found).await;
            jobs = rest;
        }
    }

    /// What has to be written, in order of the wire.
    async fn jobs(&mut self, writer: &mut Writer, image: &OutputImage, tick: Tick, found: &mut Findings) -> Vec<Job> {
        let mut jobs = Vec::new();
        let hindrance = self.hindrance(writer).await;
        for row in 0..self.outputs.len() {
            let now = writer.reader().link().now();
            let Some(output) = self.outputs.get_mut(row) else { continue };
            let Some(wanted) = image.values.get(output.bound.point).copied().flatten() else { continue };
            let raw = match (output.prepare(wanted), hindrance) {
                (Ok(raw), None) => raw,
                (Err(why), _) | (Ok(_), Some(why)) => {
                    found.reports.extend(output.hindered(wanted, why, now));
                    continue;
                }
            };
            let Some(cause) = output.cause(raw, tick) else { continue };
            let job = Job { row, raw, wanted };
            if !output.look_first(cause) || !self.holds_already(writer, job, (cause, tick), found).await {
                jobs.push(job);
            }
        }
        jobs
    }

    /// Why nothing can be written at all, if that is so.
    async fn hindrance(&mut self, writer: &mut Writer) -> Option<Why> {
        if let Some(why) = self.health.down() {
            return Some(why);
        }
        if !writer.reader().link().may_try() {
            return Some(Fault::Comm.why());
        }
        let fault = self.identity.confirm(writer.reader(), self.number).await.err()?;
        self.blame(writer, fault);
        Some(fault.why())
    }

    /// Reads before writing. True when nothing needs to be written.
    async fn holds_already(
        &mut self,
        writer: &mut Writer,
        job: Job,
        moment: (Cause, Tick),
        found: &mut Findings,
    ) -> bool {
        let (cause, tick) = moment;
        let Some(output) = self.outputs.get(job.row) else { return true };
        let asked = writer.reader().link().now();
        let seen = look(writer.reader(), self.number, output).await;
        let Some(output) = self.outputs.get_mut(job.row) else { return true };
        match (seen, cause) {
            (Ok(seen), Cause::Unknown) if output.holds(job.raw, seen) => {
                output.found(job.raw, tick);
                found.reports.push(output.read_back(job.wanted, seen, asked));
                true
            }
            (Ok(seen), Cause::Refresh) => {
                found.reports.extend(output.seen(seen, asked));
                false
            }
            (Ok(_), Cause::Unknown | Cause::Change | Cause::Repeat) | (Err(_), _) => false,
        }
    }

    /// How many jobs from the first one go into one request: neighbours without a hole, of one table. What wears out
    /// is written alone, so that a neighbour's change does not wear it; and each goes alone at the last chance.
    fn run_of(&self, jobs: &[Job]) -> usize {
        let mut outputs = jobs.iter().filter_map(|job| self.outputs.get(job.row));
        let Some(first) = outputs.next() else { return jobs.len() };
        if first.spec.nonvolatile || self.stubborn {
            return 1;
        }
        let most = if first.table == RegisterTable::Coil { MAX_BITS } else { MAX_WORDS };
        let mut words = usize::from(first.words);
        let mut run = 1_usize;
        for output in outputs {
            let next = usize::from(first.address).saturating_add(words);
            let longer = words.saturating_add(usize::from(output.words));
            if output.spec.nonvolatile
                || output.table != first.table
                || usize::from(output.address) != next
                || longer > most
            {
                break;
            }
            words = longer;
            run = run.saturating_add(1);
        }
        run
    }

    /// Writes one run; one by one when the device refuses them together.
    async fn write(&mut self, writer: &mut Writer, run: &[Job], tick: Tick, found: &mut Findings) {
        match self.send(writer, run, tick).await {
            Ok(()) => self.prove(writer, run, found).await,
            Err(Fault::Exception(_)) if run.len() > 1 => {
                for job in run {
                    let alone = std::slice::from_ref(job);
                    match self.send(writer, alone, tick).await {
                        Ok(()) => self.prove(writer, alone, found).await,
                        Err(fault) => self.fail(writer, alone, fault, found),
                    }
                }
            }
            Err(fault) => self.fail(writer, run, fault, found),
        }
    }

    async fn send(&mut self, writer: &mut Writer, run: &[Job], tick: Tick) -> Result<(), Fault> {
        if self.stubborn {
            writer.reader().link().hurry();
        } else if self.health.down().is_some() {
            // A unit that has just failed to answer is not asked again for every register it has.
            return Err(Fault::Timeout);
        }
        // The connection may be another than it was when the unit was last looked at.
        self.identity.confirm(writer.reader(), self.number).await?;
        let (mut bits, mut words, mut multiple) = (Vec::new(), Vec::new(), false);
        let address = run.first().and_then(|job| self.outputs.get(job.row)).map_or(0, |output| output.address);
        for job in run {
            if let Some(output) = self.outputs.get_mut(job.row) {
                output.sent(job.raw, tick);
                multiple |= output.spec.multiple;
            }
            match &job.raw {
                Raw::Bit(bit) => bits.push(*bit),
                Raw::Words(content) => words.extend_from_slice(content),
            }
        }
        if bits.is_empty() {
            writer.write_words(self.number, address, &words, multiple).await
        } else {
            writer.write_bits(self.number, address, &bits, multiple).await
        }
    }

    /// Reads a run back in one request and judges each value.
    async fn prove(&mut self, writer: &mut Writer, run: &[Job], found: &mut Findings) {
        let now = writer.reader().link().now();
        let mut outputs = run.iter().filter_map(|job| self.outputs.get(job.row));
        let Some(first) = outputs.next() else { return };
        let (table, address) = (first.table, first.address);
        let last = outputs.next_back().unwrap_or(first);
        let count = last.address.saturating_add(last.words).saturating_sub(address);
        let read_back = run.iter().filter_map(|job| self.outputs.get(job.row)).any(|o| o.spec.read_back);
        let data =
            if read_back { Some(writer.reader().read(self.number, table, (address, count)).await) } else { None };
        for job in run {
            let Some(output) = self.outputs.get_mut(job.row) else { continue };
            let data = data.as_ref().filter(|_| output.spec.read_back);
            let offset = usize::from(output.address.saturating_sub(address));
            let report = match data {
                None => output.acknowledged(job.wanted, now),
                Some(Err(fault)) => output.failed(job.wanted, fault.why(), now),
                Some(Ok(data)) => match value_of(output, data, offset) {
                    Ok(seen) => output.read_back(job.wanted, seen, now),
                    Err(why) => output.failed(job.wanted, why, now),
                },
            };
            found.reports.push(report);
        }
        if let Some(Err(fault)) = data {
            self.blame(writer, fault);
        } else {
            self.health.answered();
        }
    }

    fn fail(&mut self, writer: &mut Writer, run: &[Job], fault: Fault, found: &mut Findings) {
        let now = writer.reader().link().now();
        for job in run {
            if let Some(output) = self.outputs.get_mut(job.row) {
                found.reports.push(output.failed(job.wanted, fault.why(), now));
            }
        }
        self.blame(writer, fault);
    }

    fn blame(&mut self, writer: &mut Writer, fault: Fault) {
        if fault.is_the_units() && self.health.down().is_none() {
            let now = writer.reader().link().now();
            self.failed(fault.why(), now);
        }
    }
}
