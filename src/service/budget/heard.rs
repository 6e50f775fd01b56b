//! What a client has heard of, and what it draws: acknowledgements, read strictly.

use super::event::{self, Refused};
use crate::control::ledger::message::{Heard, Said, Status};

/// Reads what a client has heard of, or says that it draws.
///
/// # Errors
/// What makes it no acknowledgement of the contract, or not of this client.
pub fn heard(payload: &[u8], client: &str) -> Result<Said, Refused> {
    let data = event::data(payload, "ack")?;
    let fail = |why: String| Refused { request: String::new(), why };
    if event::word(&data, "client").map_err(fail)?.is_none_or(|named| named != client) {
        return Err(fail(format!("`client` must be `{client}`, as in the topic")));
    }
    let (lease, notice) = (event::lease(&data).map_err(fail)?, event::word(&data, "notice_id").map_err(fail)?);
    let notice = notice.map(number).transpose().map_err(fail)?;
    if lease.is_none() && notice.is_none() {
        return Err(fail("`lease_id` or `notice_id` must say what it is about".to_owned()));
    }
    let seq = event::whole(&data, "seq").map_err(fail)?.ok_or_else(|| fail("`seq` is missing".to_owned()))?;
    let measured = event::number(&data, "measured_w").map_err(fail)?;
    let status = event::word(&data, "status").map_err(fail)?.map(status).transpose().map_err(fail)?;
    Ok(Said::Heard(Heard { client: client.to_owned(), lease, notice, seq, status, measured }))
}

/// The number of a notice, of its name.
fn number(name: &str) -> Result<u64, String> {
    let parts = name.split_once('-').and_then(|(epoch, number)| Some((epoch.parse::<u64>().ok()?, number)));
    let number = parts.and_then(|(_, number)| number.parse().ok());
    number.ok_or_else(|| format!("`notice_id` cannot be `{name}`"))
}

fn status(word: &str) -> Result<Status, String> {
    match word {
        "accepted" => Ok(Status::Accepted),
        "done" => Ok(Status::Done),
        "cannot" => Ok(Status::Cannot),
        other => Err(format!("`status` must be `accepted`, `done` or `cannot`, not `{other}`")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::control::ledger::message::LeaseId;

    fn says(more: &Value) -> Result<Said, String> {
        let mut data = json!({ "client": "slurm", "lease_id": "1-7", "seq": 3 });
        for (key, value) in more.as_object().expect("fields") {
            data[key] = value.clone();
        }
        let message = json!({ "specversion": "1.0", "type": "wattloop.budget.ack.v1", "data": data });
        heard(message.to_string().as_bytes(), "slurm").map_err(|refused| refused.why)
    }

    #[test]
    fn an_acknowledgement_says_which_state_and_what_becomes_of_it() {
        let of = |lease, notice, status, measured| {
            let client = "slurm".to_owned();
            Ok(Said::Heard(Heard { client, lease, notice, seq: 3, status, measured }))
        };
        let lease = Some(LeaseId { epoch: 1, number: 7 });
        assert_eq!(says(&json!({})), of(lease, None, None, None));
        assert_eq!(says(&json!({ "measured_w": 0 })), of(lease, None, None, Some(0.0)));
        for (word, status) in [("accepted", Status::Accepted), ("done", Status::Done), ("cannot", Status::Cannot)] {
            let said = json!({ "status": word, "notice_id": "2-9" });
            assert_eq!(says(&said), of(lease, Some(9), Some(status), None));
        }
        assert_eq!(says(&json!({ "lease_id": null, "notice_id": "2-9" })), of(None, Some(9), None, None));
    }

    #[test]
    fn what_is_no_acknowledgement_is_told_by_its_field() {
        for (more, said) in [
            (json!({ "client": "kueue" }), "`client` must be `slurm`"),
            (json!({ "lease_id": null }), "`lease_id` or `notice_id`"),
            (json!({ "lease_id": 7 }), "`lease_id` must be a text"),
            (json!({ "lease_id": "seven" }), "`lease_id` cannot be"),
            (json!({ "notice_id": "nine" }), "`notice_id` cannot be"),
            (json!({ "notice_id": "1-" }), "`notice_id` cannot be"),
            (json!({ "seq": null }), "`seq` is missing"),
            (json!({ "seq": "3" }), "`seq` must be a whole number"),
            (json!({ "seq": 1.5 }), "`seq` must be a whole number"),
            (json!({ "measured_w": "40 kW" }), "`measured_w` must be a number"),
            (json!({ "status": "maybe" }), "`status` must be `accepted`, `done` or `cannot`, not `maybe`"),
            (json!({ "status": 1 }), "`status` must be a text"),
        ] {
            let why = says(&more).expect_err("no acknowledgement");
            assert!(why.contains(said), "{more}: {why}");
        }
    }
}
