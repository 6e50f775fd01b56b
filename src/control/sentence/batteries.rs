//! What batteries do, in words.

use plant::event::{BatteryDoes, BatteryNews, ProofEnd};

/// What a battery does, as the reason of its order.
pub const fn does(does: BatteryDoes) -> &'static str {
    match does {
        BatteryDoes::Rests => "nobody needs the battery",
        BatteryDoes::Shaves => "billed windows allow less than is drawn: it gives the rest",
        BatteryDoes::Relieves => "its feed may carry less than is drawn: it gives the rest",
        BatteryDoes::Charges => "it is charged as far as loads leave room",
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
