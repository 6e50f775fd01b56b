//! `wattloop power ahead`: the plan that batteries and jobs follow, and why it is as it is.

use clap::Args;
use wattloop::control::ahead::view::{AheadJob, AheadSlot, AheadView};

use crate::cli::client::SocketArgs;
use crate::cli::figure::{clock, fixed};
use crate::cli::{Out, Stop};

/// The plan that is followed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop power ahead
  wattloop power ahead --json | jq '.slots[] | select(.gives_w > 0)'
  wattloop power ahead --json | jq '.jobs[] | {client, request, said}'

What batteries give together is positive, what they take negative. Peaks and breakers come first: a battery gives more than planned where a window or a feed
needs it, and takes less where they leave no room. Times are those of the tariff's zone.

Of each job that it plans: when it runs, why then, what keeps it out of a cheaper quarter of an hour, and what it is short of because of which limit. Of each
quarter of an hour: what one more kW would cost at the site, and which limits leave no room for it or which demand's peak it would raise.")]
pub struct AheadArgs {
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Prints.
pub fn run(args: &AheadArgs, out: &Out) -> Result<(), Stop> {
    let view: AheadView = args.socket.get("/v1/plan")?;
    if out.json() { out.value(&view) } else { out.text(page(&view)) }
}

fn page(view: &AheadView) -> String {
    let mut page = match (&view.from, view.followed, &view.ended) {
        (Some(from), Some(question), _) => format!("followed       plan {question}, from {from}\n"),
        (_, _, Some(why)) => format!("NOT FOLLOWED   the last plan is dropped: {why}\n"),
        (_, _, None) => "followed       none yet\n".to_owned(),
    };
    page +=
        &format!("plans          {} followed, {} late; the last question is {}\n", view.plans, view.late, view.asked);
    for (n, target) in view.targets_w.iter().enumerate().filter_map(|(n, target)| Some((n, (*target)?))) {
        page += &format!("holds          demand {} of the tariff at {} kW\n", n + 1, fixed(target / 1e3, 1));
    }
    if !view.jobs.is_empty() {
        page += &format!("\n{:<9} {:<10} {:<10} runs, and why then\n", "lease", "client", "request");
    }
    view.jobs.iter().for_each(|job| page += &told(job));
    if !view.slots.is_empty() {
        let more = format!("1 kW more, {}", view.currency);
        page +=
            &format!("\n{:<7} {:>9} {:>10} {:>9} {more:>16}  reached\n", "from", "gives kW", "level kWh", "site kW");
    }
    view.slots.iter().for_each(|slot| page += &line(slot));
    page
}

fn line(of: &AheadSlot) -> String {
    let clock = clock(&of.from);
    let [gives, level, site] = [of.gives_w, of.level_wh, of.site_w].map(|watts| fixed(watts / 1e3, 1));
    let line =
        format!("{clock:<7} {gives:>9} {level:>10} {site:>9} {:>16}  {}", fixed(of.one_more, 4), of.reached.join(", "));
    format!("{}\n", line.trim_end())
}

/// A line for when it runs, and one for each reason.
fn told(of: &AheadJob) -> String {
    let runs: Vec<String> = of.runs.iter().map(|(from, to)| format!("{} to {}", clock(from), clock(to))).collect();
    let runs = if runs.is_empty() { "not planned".to_owned() } else { runs.join(", ") };
    let mut text = format!("{:<9} {:<10} {:<10} {runs}; {}\n", of.lease_id, of.client, of.request, of.job);
    for line in &of.said {
        text += &format!("{:<31}   {line}\n", "");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_is_followed_or_why_nothing_is() {
        let slot = AheadSlot {
            from: "2026-07-15T14:45:00+02:00".to_owned(),
            gives_w: -50e3,
            level_wh: 120e3,
            site_w: 650e3,
            one_more: 0.0525,
            reached: vec!["the site".to_owned(), "demand peak".to_owned()],
        };
        let stamp = |clock: &str| format!("2026-07-15T{clock}:00+02:00");
        let words = |text: &str| text.to_owned();
        let job = AheadJob {
            lease_id: words("1-8"),
            client: words("slurm"),
            request: words("r9"),
            job: words("train"),
            runs: vec![(stamp("22:00"), stamp("23:30"))],
            said: vec![words("as early as feed row-a allows"), words("short of 12.5 kWh because of feed row-a")],
            ..AheadJob::default()
        };
        let from = Some("2026-07-15T14:45:00+02:00".to_owned());
        let mut view = AheadView {
            asked: 7,
            followed: Some(6),
            from,
            plans: 5,
            late: 1,
            targets_w: vec![None, Some(612_340.0)],
            currency: words("EUR"),
            jobs: vec![job],
            slots: vec![slot],
            ..AheadView::default()
        };
        let said = page(&view);
        for line in [
            "plan 6, from 2026-07-15T14:45",
            "5 followed, 1 late",
            "demand 2 of the tariff at 612.3 kW",
            "14:45       -50.0      120.0     650.0           0.0525  the site, demand peak\n",
            "1 kW more, EUR  reached",
            "1-8       slurm      r9         22:00 to 23:30; train\n",
            "\n                                  as early as feed row-a allows\n                                  short of 12.5 kWh because of feed row-a\n",
        ] {
            assert!(said.contains(line), "{line}: {said}");
        }
        (view.followed, view.from, view.ended) = (None, None, Some("drifted".to_owned()));
        assert!(page(&view).contains("NOT FOLLOWED   the last plan is dropped: drifted"));
    }
}
