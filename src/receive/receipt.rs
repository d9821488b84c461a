//! The input and the outcome of receiving a callback.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::refusal::Refusal;
use crate::contract::callback::TaskStatus;
use crate::contract::headers::Headers;
use crate::contract::snapshot::{ReceivedAt, ReportTime};
use crate::parking::Queue;
use crate::store::Put;

/// One delivery of a callback, as its log line describes it.
pub(crate) struct Delivery<'a> {
    /// The `responseID`: of this answer, or of the answer that refused a parked callback.
    pub(crate) response_id: &'a str,
    /// Whether the callback comes from the parked queue. Otherwise a sender waits for the answer.
    pub(crate) from_queue: bool,
    /// When a callback from the queue was first received. `None` if its message is unreadable.
    pub(crate) received_at: Option<ReceivedAt>,
    /// How often the queue has delivered the callback, including this delivery.
    pub(crate) tries: Option<u32>,
    pub(crate) started: Instant,
    /// How long the process took to start, if this is its first callback.
    pub(crate) init: Option<Duration>,
}

/// One callback as it was sent. Do not log it: its headers hold a signature.
#[derive(Clone, Copy)]
pub(crate) struct Incoming<'a> {
    pub(crate) headers: &'a Headers<'a>,
    /// Byte for byte as sent.
    pub(crate) body: &'a [u8],
    pub(crate) delivery: &'a Delivery<'a>,
    /// When it was first received.
    pub(crate) received_at: ReceivedAt,
    pub(crate) now: SystemTime,
    /// The deadline of the answer.
    pub(crate) deadline: Instant,
}

/// The outcome of a callback, with the data that the log line needs.
#[derive(Debug)]
pub(crate) struct Receipt<'a> {
    /// The key of the stored snapshot, or why it is not stored.
    pub(crate) result: Result<Put, Refusal>,
    /// Whether an account signed the callback. Otherwise, the ids are a stranger's text.
    pub(crate) is_verified: bool,
    pub(crate) request_id: Option<&'a str>,
    pub(crate) uuid: Option<&'a str>,
    /// The key of the stored snapshot, or else the header `createTs`.
    pub(crate) create_ts: Option<ReportTime>,
    pub(crate) task_id: Option<String>,
    pub(crate) status: Option<TaskStatus>,
    /// How long the store took, whether it succeeded or not.
    pub(crate) store_time: Option<Duration>,
    /// `None` if the contract does not park the callback, or if the queue already holds it.
    pub(crate) parked: Option<ParkOutcome>,
}

/// The outcome of parking a callback.
#[derive(Debug)]
pub(crate) enum ParkOutcome {
    /// The queue has the callback.
    Queued(Queue),
    /// The queue did not accept the message, so the log must hold it, signature included.
    Logged { error: String, message: String },
    /// The limit for callbacks with a wrong signature is reached.
    OverLimit,
}

impl Receipt<'_> {
    /// A receipt with the result only.
    pub(crate) fn of(result: Result<Put, Refusal>) -> Self {
        Self {
            result,
            is_verified: false,
            request_id: None,
            uuid: None,
            create_ts: None,
            task_id: None,
            status: None,
            store_time: None,
            parked: None,
        }
    }
}
