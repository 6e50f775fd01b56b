//! What batteries do, in words.

use plant::event::{BatteryDoes, BatteryNews, PlanEnd, PlanNews, ProofEnd};

/// What a battery does, as the reason of its order.
pub const fn does(does: BatteryDoes) -> &'static str {
    match does {
        BatteryDoes::Rests => "nobody needs the battery",
        BatteryDoes::Shaves => "billed windows allow less than is drawn: it gives the rest",
        BatteryDoes::Relieves => "its feed may carry less than is drawn: it gives the rest",
        BatteryDoes::Charges => "it is charged as far as loads leave room",
        BatteryDoes::Spends => "it gives what the plan of the day ahead has it give",
        BatteryDoes::Stores => "it is charged as the plan of the day ahead has it",
        BatteryDoes::Proves => "it proves what it holds",
        BatteryDoes::Doubted => "it is not seen well enough, or not ready: it rests",
    }
}

/// What befalls a battery.
pub fn battery(news: BatteryNews) -> String {
    match news {
        BatteryNews::Gives(true) => "gives to the hall from now on".to_owned(),
        BatteryNews::Gives(false) => "gives nothing any more".to_owned(),
        BatteryNews::Charges(true) => "is charged".to_owned(),
        BatteryNews::Charges(false) => "is not charged any more".to_owned(),
        BatteryNews::Doubted(true) => "is not seen well enough, or not ready: it rests".to_owned(),
        BatteryNews::Doubted(false) => "is seen, and ready".to_owned(),
        BatteryNews::Lags(true) => {
            "gives less than it is asked for: it counts for what it gives, and caps do the rest".to_owned()
        }
        BatteryNews::Lags(false) => "gives what it is asked for again, or is to be tried again".to_owned(),
        BatteryNews::Empty(true) => {
            "has given all above its reserve, and more is needed: the reserve stays for an outage".to_owned()
        }
        BatteryNews::Empty(false) => "has something above its reserve again".to_owned(),
        BatteryNews::ProofBegun => "gives a constant power, to prove what it holds".to_owned(),
        BatteryNews::Proved { percent } => format!("has proved that it holds {percent:.0} % of its nameplate"),
        BatteryNews::ProofEnded(why) => format!("has ended its proof without a result: {}", end(why)),
        BatteryNews::ProofDue => "should prove what it holds: `wattloop power prove` lets it do that".to_owned(),
    }
}

/// What befalls the plan that batteries follow.
pub fn plan(news: PlanNews) -> String {
    let why = match news {
        PlanNews::Followed => return "has its batteries follow a plan of the day ahead".to_owned(),
        PlanNews::Late => {
            return "has a plan that came too late, or that a newer question has overtaken: it is not followed"
                .to_owned();
        }
        PlanNews::Failed => return "has no plan of the day ahead: nothing could be planned".to_owned(),
        PlanNews::Raised(true) => {
            return "has a target that batteries are not expected to hold to the end: they hold the lowest that they can"
                .to_owned();
        }
        PlanNews::Raised(false) => return "has its batteries hold what its file says again".to_owned(),
        PlanNews::Greedy(true) => {
            return "has plans that come of greed alone: the linear programme took too long, or has failed".to_owned();
        }
        PlanNews::Greedy(false) => return "has plans that come of the linear programme again".to_owned(),
        PlanNews::Dropped(PlanEnd::Old) => "it is too old, and no newer one has come",
        PlanNews::Dropped(PlanEnd::ClockDoubted) => "the wall clock is not trusted",
        PlanNews::Dropped(PlanEnd::NoBattery) => "no battery is seen well enough",
        PlanNews::Dropped(PlanEnd::Drifted) => "batteries hold far more or less than it supposed",
        PlanNews::Dropped(PlanEnd::Restarted) => "control began anew",
    };
    format!("follows its plan of the day ahead no more: {why}")
}

const fn end(why: ProofEnd) -> &'static str {
    match why {
        ProofEnd::Stopped => "a person stopped it",
        ProofEnd::Doubted => "it was not seen well enough any more, or not ready",
        ProofEnd::Lags => "it did not give what it was asked for",
        ProofEnd::TooLong => "it took twice as long as its nameplate says",
        ProofEnd::NoLoad => "the hall took too little, and the grid is not to be fed",
        ProofEnd::Restarted => "control began anew",
    }
}
