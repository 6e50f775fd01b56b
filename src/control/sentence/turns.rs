//! What begins and ends, in words for either.

use plant::event::LeakNews;

/// Caps below a feed.
pub(super) const fn capped(on: bool) -> &'static str {
    if on { "is near its limit: GPUs below it are capped lower" } else { "lets caps of GPUs below it rise again" }
}

/// A node with GPUs.
pub(super) const fn silence(on: bool) -> &'static str {
    if on { "has a silent node: its GPUs count at their most" } else { "has a node that speaks again" }
}

/// A rack's meter beside its boards.
pub(super) const fn apart(on: bool) -> &'static str {
    if on {
        "has a meter that does not follow its GPUs as they read themselves: one of them is wrong"
    } else {
        "has a meter that follows its GPUs again"
    }
}

/// What a tank asks of all that cools it.
pub(super) const fn heat(on: bool) -> &'static str {
    if on { "is too warm: all that cools it runs at its most, whoever holds it" } else { "is cool enough again" }
}

/// A rear door.
pub(super) const fn leak(on: bool) -> &'static str {
    if on {
        "leaks: its valve is shut until a person resets the alarm"
    } else {
        "is dry, and a person lets its valve open again"
    }
}

/// A CDU or a tank.
pub(super) const fn leaks(news: LeakNews) -> &'static str {
    match news {
        LeakNews::Found => "leaks: it is shut off until a person resets the alarm",
        LeakNews::OfFluid => "loses fluid and not water: its water cools on",
        LeakNews::Over => "is dry, and a person lets it run again",
    }
}

/// A room whose dew point nobody knows.
pub(super) const fn blind(on: bool) -> &'static str {
    if on {
        "has no sensor of its dew point left: the coolant is kept above the highest allowed"
    } else {
        "knows its dew point again"
    }
}

/// A coolant is too near to the room's dew point, or is not any more.
pub(super) const fn dew(near: bool) -> &'static str {
    if near {
        "has coolant too near to the dew point: its valve closes to its least"
    } else {
        "has coolant well above the dew point again"
    }
}
