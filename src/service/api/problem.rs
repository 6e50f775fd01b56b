//! Refusals of the API: a code for programs, a sentence for people, and what to do.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::call::NoAnswer;
use crate::control::request::Refusal;

/// Why a request was not served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The HTTP status, repeated for those who only see the body.
    pub status: u16,
    /// One word for programs.
    pub code: String,
    /// One sentence for people.
    pub message: String,
    /// What to do; may be empty.
    pub help: String,
}

impl Problem {
    /// A problem.
    #[must_use]
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { status: status.as_u16(), code: code.to_owned(), message: message.into(), help: help.into() }
    }

    /// The scan thread answers something else than was asked; a fault of ours.
    #[must_use]
    pub fn confused() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "confused", "the answer does not belong to the question", "")
    }

    /// The service cannot promise this now.
    #[must_use]
    pub fn unable(why: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unable", why, "try again later")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self)).into_response()
    }
}

impl From<NoAnswer> for Problem {
    fn from(none: NoAnswer) -> Self {
        let (code, message) = match none {
            NoAnswer::Busy => ("busy", "too many questions wait already"),
            NoAnswer::Late => ("late", "the scan has not answered in time"),
            NoAnswer::Stopped => ("stopped", "the service stops"),
        };
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message, "try again later")
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let new = |status, code: &str, message: &str, help: &str| Self::new(status, code, message, help);
        let (bad, conflict) = (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::CONFLICT);
        match refusal {
            Refusal::NotWritable => {
                new(bad, "not_writable", "this point is measured, nobody can set it", "set a command or a setpoint")
            }
            Refusal::OutOfRange { min, max } => {
                let message = format!("the value must lie between {min} and {max}");
                Self::new(bad, "out_of_range", message, "values are in the point's own unit")
            }
            Refusal::ReasonMissing => {
                new(bad, "reason_missing", "an override needs a reason", "say why; the next shift will read it")
            }
            Refusal::HoldOutOfRange => {
                new(bad, "hold_out_of_range", "it must be longer than nothing and at most 24 h", "")
            }
            Refusal::NothingThere => {
                new(conflict, "nothing_there", "there is nothing to release, withdraw or acknowledge", "")
            }
            Refusal::StillActive => {
                new(conflict, "still_active", "the alarm's condition still holds", "remove the cause, then reset")
            }
            Refusal::NotAcknowledged => {
                new(conflict, "not_acknowledged", "the alarm has not been acknowledged", "acknowledge it, then reset")
            }
            Refusal::TooMany => new(
                conflict,
                "too_many",
                "64 announcements are kept already",
                "withdraw one, or wait until one is over",
            ),
            Refusal::Busy => {
                new(conflict, "busy_trial", "another trial runs, or a checkout", "wait for its end, or end it")
            }
            Refusal::Warm => {
                let message = "a rack is warmer than recommended, and nothing is moved then";
                new(conflict, "warm", message, "wait until the racks are cool")
            }
            Refusal::Held => {
                let message = "a person or safety holds the output, or bends it";
                new(conflict, "held", message, "`wattloop why` says who; try again when it is given back")
            }
            Refusal::NotForced => {
                let message = "this output is not moved by a checkout: it would start or stop a machine";
                new(bad, "not_forced", message, "`wattloop set` holds it as long as a person is beside the machine")
            }
            Refusal::NotLed => {
                let message = "the loop does not lead its outputs, does not know its inputs, or a rack is too warm";
                new(conflict, "not_led", message, "a trial begins from a loop that is at its ease: try again later")
            }
            Refusal::LimitsExclude { pv } => {
                let message = format!("the limits must leave room around what is measured, {pv}");
                Self::new(bad, "limits_exclude", message, "limits are in the unit of what the loop measures")
            }
            Refusal::TooSensitive => {
                let message = "with these gains the loop would be too near to swinging";
                new(bad, "too_sensitive", message, "a maximum sensitivity of 1.6 is the most that is taken")
            }
            Refusal::NoPrices => {
                let message = "it is in another currency, has no slot, slots on top of each other, or one without a price that the tariff needs";
                new(bad, "no_prices", message, "docs/tariffs.md says what a publication holds")
            }
            Refusal::Unknown => new(StatusCode::NOT_FOUND, "unknown", "the hall does not have this", ""),
        }
    }
}
