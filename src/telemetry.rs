//! The function's log: one structured line per callback.

use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::contract::callback::TaskStatus;
use crate::contract::snapshot::ReceivedAt;
use crate::receive::{Parked, Receipt};
use crate::store::Put;

/// Creates the log subscriber that Lambda's logging controls ask for: `AWS_LAMBDA_LOG_FORMAT` (`JSON`, the default, or
/// `Text`) and `AWS_LAMBDA_LOG_LEVEL` (`INFO` by default).
///
/// The level applies to this crate. Libraries are limited to warnings: at `TRACE` they would log the whole event,
/// with its valid signature.
pub fn subscriber<W>(
    lookup: impl Fn(&str) -> Option<String>,
    writer: W,
) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let level = match lookup("AWS_LAMBDA_LOG_LEVEL") {
        // Lambda has a level above ERROR; tracing has none.
        Some(level) if level.eq_ignore_ascii_case("FATAL") => LevelFilter::ERROR,
        Some(level) => level.parse().unwrap_or(LevelFilter::INFO),
        None => LevelFilter::INFO,
    };
    let levels = Targets::new()
        .with_target("task_callback", level)
        .with_default(level.min(LevelFilter::WARN));
    let text = lookup("AWS_LAMBDA_LOG_FORMAT").is_some_and(|f| f.eq_ignore_ascii_case("text"));
    let lines = fmt::layer().with_writer(writer).with_target(false);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = if text {
        lines.with_ansi(false).boxed()
    } else {
        lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .boxed()
    };
    Registry::default().with(lines.with_filter(levels))
}

/// The delivery of a parked callback from the queue.
pub(crate) struct Redelivery {
    /// When the callback was first received. `None` if its message cannot be read.
    pub(crate) received_at: Option<ReceivedAt>,
    /// The number of attempts, including this one.
    pub(crate) tries: Option<u32>,
}

/// The fields of a callback's log line that are not in its receipt.
pub(crate) struct Line<'a> {
    /// The id of the first answer.
    pub(crate) response_id: &'a str,
    /// Its delivery from the queue. `None` if it came from API Gateway.
    pub(crate) redelivery: Option<Redelivery>,
    /// How long it took.
    pub(crate) took: Duration,
    /// How long the process took to start, if this is its first callback.
    pub(crate) init: Option<Duration>,
}

/// Writes the log line of one callback: at INFO if it is stored, at WARN if the sender caused the rejection (4xx), and
/// at ERROR if the function or AWS did (5xx).
pub(crate) fn log(receipt: &Receipt<'_>, line: &Line<'_>) {
    let redelivery = line.redelivery.as_ref();
    macro_rules! line {
        ($level:ident, $($fields:tt)*) => {
            tracing::$level!(
                $($fields)*
                responseID = line.response_id,
                requestID = receipt.request_id,
                uuid = receipt.uuid,
                taskID = receipt.task_id,
                status = receipt.status.map(TaskStatus::name),
                createTs = receipt.create_ts.map(|create_ts| create_ts.to_string()),
                storeMs = receipt.store_time.map(millis),
                durationMs = millis(line.took),
                initMs = line.init.map(millis),
                from = redelivery.map(|_| "queue"),
                receivedAt = redelivery
                    .and_then(|redelivery| redelivery.received_at)
                    .map(|received_at| received_at.to_string()),
                tries = redelivery.and_then(|redelivery| redelivery.tries),
                "callback"
            )
        };
    }
    let refusal = match &receipt.result {
        Ok(put) => {
            let new = matches!(put, Put::New(_));
            let outcome = if new { "stored" } else { "already stored" };
            line!(info, outcome, retCode = 0, new,);
            return;
        }
        Err(refusal) => refusal,
    };
    let answer = refusal.answer();
    let (parked, not_parked, message) = match &receipt.parked {
        None => (None, None, None),
        Some(Parked::InQueue) => (Some("in the queue"), None, None),
        Some(Parked::NotTaken { error, message }) => {
            (Some("in this line"), Some(error.to_string()), Some(message))
        }
        Some(Parked::OverLimit) => (Some("no: too many with a wrong signature"), None, None),
    };
    macro_rules! refusal_line {
        ($level:ident, $outcome:expr) => {
            line!(
                $level,
                outcome = $outcome,
                retCode = answer.ret_code,
                reason = refusal.to_string(),
                parked,
                notParked = not_parked,
                parkedMessage = message,
            )
        };
    }
    let ours = answer.http_status >= 500;
    match (redelivery, ours) {
        (None, true) => refusal_line!(error, "failed"),
        (None, false) => refusal_line!(warn, "refused"),
        (Some(_), true) => refusal_line!(error, "left in the queue"),
        (Some(_), false) => refusal_line!(warn, "left in the queue"),
    }
}

/// Milliseconds with a resolution of 1 µs.
fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}
