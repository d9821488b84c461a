//! What comes in, and what became of it.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::refusal::Refusal;
use crate::contract::callback::TaskStatus;
use crate::contract::headers::Headers;
use crate::contract::snapshot::{ReceivedAt, ReportTime};
use crate::parking::ParkingError;
use crate::store::Put;

/// One callback as it was sent. Not to be logged: its headers hold a signature.
#[derive(Clone, Copy)]
pub(crate) struct Incoming<'a> {
    /// The request's headers.
    pub(crate) headers: &'a Headers<'a>,
    /// The request's body, byte for byte as sent.
    pub(crate) body: &'a [u8],
    /// The id of the first answer.
    pub(crate) response_id: &'a str,
    /// When it was received first.
    pub(crate) received_at: ReceivedAt,
    /// The clock.
    pub(crate) now: SystemTime,
    /// When the answer is due.
    pub(crate) deadline: Instant,
}

/// What became of a callback, and what was learnt about it on the way.
#[derive(Debug)]
pub(crate) struct Receipt<'a> {
    /// Where the snapshot is stored, or why it is not.
    pub(crate) result: Result<Put, Refusal>,
    /// The header `requestID`.
    pub(crate) request_id: Option<&'a str>,
    /// The header `uuid`: the account.
    pub(crate) uuid: Option<&'a str>,
    /// The header `createTs`, or the key under which the snapshot is stored.
    pub(crate) create_ts: Option<ReportTime>,
    /// The body's `taskID`.
    pub(crate) task_id: Option<String>,
    /// The body's `taskStatus`.
    pub(crate) status: Option<TaskStatus>,
    /// How long the store took, whatever came of it.
    pub(crate) store_time: Option<Duration>,
    /// Whether a refused callback is parked, where the contract parks it.
    pub(crate) parked: Option<Parked>,
}

/// What became of a callback that the contract parks.
#[derive(Debug)]
pub(crate) enum Parked {
    /// The queue has it.
    InQueue,
    /// The queue has not taken it: the log must hold it.
    NotTaken {
        /// Why.
        error: ParkingError,
        /// The text to be sent to the queue later. It holds a signature.
        message: String,
    },
    /// It is one of too many with a wrong signature.
    OverLimit,
}

impl Receipt<'_> {
    /// A callback of which nothing is known but why it is refused.
    pub(crate) fn refused(refusal: Refusal) -> Self {
        Self {
            result: Err(refusal),
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
