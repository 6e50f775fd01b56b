//! What befalls leases of power, in words.

use plant::event::{Excess, ExcessStage, LeaseNews};

/// What befalls a lease at the feed that carries it.
pub fn lease(news: LeaseNews) -> String {
    let kw = |watts: f64| watts / 1e3;
    match news {
        LeaseNews::Granted { watts } => format!("lends {:.1} kW to a scheduler", kw(watts)),
        LeaseNews::Queued => "has a scheduler's request that waits for room".to_owned(),
        LeaseNews::Released => "has a lease given back: charged until its meter confirms it".to_owned(),
        LeaseNews::Over => "has a lease whose schedule is over".to_owned(),
        LeaseNews::Expired { watts } => format!("has a lease of {:.1} kW that nobody renewed", kw(watts)),
        LeaseNews::Lowered { watts } => format!("has a lease lowered to {:.1} kW, with notice", kw(watts)),
        LeaseNews::Paused { seconds } => {
            format!("has a lease whose job the plan pauses for {:.0} min, with notice", seconds / 60.0)
        }
        LeaseNews::Restored { watts } => format!("has a lease restored to {:.1} kW", kw(watts)),
        LeaseNews::Capped { watts } => format!("has a lease whose machines caps hold to {:.1} kW", kw(watts)),
        LeaseNews::Uncapped { watts } => format!("has a lease whose machines may draw its {:.1} kW again", kw(watts)),
        LeaseNews::Exceeded { watts, may } => {
            format!("has a scheduler that draws {:.1} kW of a lease of {:.1} kW", kw(watts), kw(may))
        }
        LeaseNews::Late { lease, late: true } => {
            format!("has lease {}-{}, whose job will not be done by its deadline", lease.0, lease.1)
        }
        LeaseNews::Late { lease, late: false } => {
            format!("has lease {}-{}, whose job can be done by its deadline again", lease.0, lease.1)
        }
        LeaseNews::Cannot { lease, watts } => stays(lease, "says that it cannot come", watts),
        LeaseNews::Unanswered { lease, watts } => stays(lease, "has not answered that it comes", watts),
        LeaseNews::Skewed { client, ahead_ms, far: true } => {
            let (s, way) = (ahead_ms.unsigned_abs() / 1000, if ahead_ms < 0 { "behind" } else { "ahead" });
            format!("hears from client {client} of the configuration, whose clock is {s} s {way} of ours")
        }
        LeaseNews::Skewed { client, far: false, .. } => {
            format!("hears from client {client} of the configuration with a clock like ours again")
        }
        LeaseNews::Excess(of) => excess(of),
        LeaseNews::ClockHolds(true) => {
            "begins nothing that waits and names a time: the wall clock is not trusted".to_owned()
        }
        LeaseNews::Full { client, full: true } => {
            format!(
                "keeps as many answers to client {client} of the configuration as it may: nothing new is promised to it"
            )
        }
        LeaseNews::Full { client, full: false } => {
            format!("has room for answers to client {client} of the configuration again")
        }
        LeaseNews::Recovering { kept, read } => {
            let all = if read { "" } else { ", and what the broker keeps cannot be read" };
            format!(
                "has lost what it knew of leases: {kept} that the broker had kept may be renewed, and what is new is lent by what flows{all}"
            )
        }
        LeaseNews::TakenUp { watts } => format!("has a lease of {:.1} kW renewed that the broker had kept", kw(watts)),
        LeaseNews::Recovered { renewed, over } => {
            format!(
                "lends as ever again: of leases that the broker had kept {renewed} were renewed, and {over} are over"
            )
        }
        LeaseNews::PassedOver { count } => {
            format!("passes over {count} messages that the broker had kept where leases are, and that are none")
        }
        LeaseNews::ClockHolds(false) => "begins what waits and names a time again".to_owned(),
    }
}

/// Of a lease whose client says this of coming down to so much (W).
fn stays(lease: (u64, u64), says: &str, watts: f64) -> String {
    format!("has lease {}-{}, whose client {says} down to {:.1} kW: nobody waits for it", lease.0, lease.1, watts / 1e3)
}

/// What befalls a rack that draws more than leases let it.
fn excess(of: Excess) -> String {
    let (drawn, may) = (of.watts / 1e3, of.may / 1e3);
    let lease = format!("lease {}-{}", of.lease.0, of.lease.1);
    let much = if of.critical { "more than a fifth" } else { "up to a fifth" };
    match of.stage {
        ExcessStage::Noticed => format!("draws {drawn:.1} kW of {may:.1} kW: who has {lease} is told"),
        ExcessStage::Capped => {
            format!("still draws {drawn:.1} kW of {may:.1} kW for {lease}: its GPUs are capped to that")
        }
        ExcessStage::Breach => {
            format!("draws {drawn:.1} kW of {may:.1} kW although it is capped: {lease} is breached by {much}")
        }
        ExcessStage::Unenforceable => {
            format!(
                "draws {drawn:.1} kW of {may:.1} kW, and nothing there can be capped: {lease} is breached by {much}"
            )
        }
        ExcessStage::Escalated => {
            format!("still draws {drawn:.1} kW of {may:.1} kW: people should see to who has {lease}")
        }
        ExcessStage::Resolved => format!("draws no more than it may again: the breach of {lease} is over"),
        ExcessStage::Over => format!("draws no more than it may for {lease} again"),
    }
}
