//! One report of a task's status, which the table stores as one item.

use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::contract::callback::Callback;

/// The keys of a task's snapshots in one second differ by thousandths.
const SLOTS_PER_SECOND: u16 = 1000;

/// `receivedAt`: RFC 3339 in UTC, always with milliseconds.
const RECEIVED_AT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// One report of a task's status.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When it was reported: the sort key.
    pub create_ts: ReportTime,
    /// The sender's id of the request.
    pub request_id: String,
    /// The account.
    pub uuid: String,
    /// The reported status.
    pub callback: Callback,
    /// When it was received.
    pub received_at: ReceivedAt,
    /// The id of the answer that acknowledged it.
    pub response_id: String,
    /// SHA-256 of the body. Bodies of the same task, second and hash are the same report.
    pub body_sha256: [u8; 32],
    /// When DynamoDB may delete it, Unix seconds.
    pub expires_at: Option<u64>,
}

/// The table's sort key: the second of the report (the header `createTs`, Unix seconds) and a slot
/// within the second.
///
/// ```
/// use task_callback::contract::snapshot::ReportTime;
///
/// let first = ReportTime::new(1_726_200_060);
/// let second = first.next_slot().expect("a second has 1000 slots");
/// assert_eq!(first.to_string(), "1726200060");
/// assert_eq!(second.to_string(), "1726200060.001");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportTime {
    seconds: u64,
    slot: u16,
}

impl ReportTime {
    /// The first slot of this second (Unix seconds).
    pub fn new(seconds: u64) -> Self {
        Self { seconds, slot: 0 }
    }

    /// The next slot of the same second. `None` after the last slot.
    pub fn next_slot(self) -> Option<Self> {
        let slot = self.slot + 1;
        (slot < SLOTS_PER_SECOND).then_some(Self { slot, ..self })
    }
}

impl fmt::Display for ReportTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.slot {
            0 => write!(f, "{}", self.seconds),
            slot => write!(f, "{}.{slot:03}", self.seconds),
        }
    }
}

/// A time with millisecond precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceivedAt(OffsetDateTime);

impl From<std::time::SystemTime> for ReceivedAt {
    fn from(time: std::time::SystemTime) -> Self {
        let time = OffsetDateTime::from(time);
        let whole = time.replace_millisecond(time.millisecond());
        Self(whole.unwrap_or(time))
    }
}

impl ReceivedAt {
    /// Unix seconds.
    pub fn unix_seconds(self) -> u64 {
        self.0.unix_timestamp().try_into().unwrap_or_default()
    }
}

impl fmt::Display for ReceivedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.format(RECEIVED_AT).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for ReceivedAt {
    type Err = time::error::Parse;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = time::PrimitiveDateTime::parse(text, RECEIVED_AT)?;
        Ok(Self(time.assume_utc()))
    }
}
