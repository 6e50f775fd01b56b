//! The thread that turns bulletins into topics, time series, figures and log lines. A slow broker or database ends here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use plant::event::{Event, Severity};
use plant::hall::{Condition, Hall};
use plant::id::AlarmId;

use crate::adapters::mqtt::Mqtt;
use crate::control::request::{Ask, Request};
use crate::service::api::call::{Asker, Question};
use crate::service::bulletin::Bulletin;
use crate::service::history::History;
use crate::service::journal::Counters;
use crate::service::metrics::Metrics;
use crate::service::publish::{Doing, Publisher};

/// How long a broker, a database or a disk may be in trouble before its alarm's condition holds.
const LOOK: Duration = Duration::from_millis(500);
