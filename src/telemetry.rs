//! The function's log: one structured line per callback.

use std::borrow::Cow;
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::contract::callback::TaskStatus;
use crate::contract::text::{MESSAGE_LIMIT, SHORT_ID_LIMIT, excerpt};
use crate::parking::Queue;
use crate::receive::{Delivery, ParkOutcome, Receipt};

/// Creates the log subscriber for Lambda's logging controls: `AWS_LAMBDA_LOG_FORMAT` (`JSON`, the
/// default, or `Text`) and `AWS_LAMBDA_LOG_LEVEL` (`INFO` by default).
///
/// Libraries are limited to warnings: at TRACE they would log the whole event with its signature.
pub fn subscriber<W>(
    lookup: impl Fn(&str) -> Option<String>,
    writer: W,
) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let level = match lookup("AWS_LAMBDA_LOG_LEVEL") {
        // Lambda has a level above ERROR, tracing has none.
        Some(level) if level.eq_ignore_ascii_case("FATAL") => LevelFilter::ERROR,
        // Never off: an error line may hold the only copy of a callback.
        Some(level) => level
            .parse()
            .map_or(LevelFilter::INFO, |level| LevelFilter::ERROR.max(level)),
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

/// Writes a callback's log line: at INFO if it is stored, at ERROR if the function or AWS failed
/// (5xx) or if the line holds the only copy of the callback, and otherwise at WARN.
pub(crate) fn log(receipt: &Receipt<'_>, delivery: &Delivery<'_>) {
    // A stranger's text costs by the byte. A line with the whole callback is limited to 256 KiB.
    let has_message = matches!(receipt.parked, Some(ParkOutcome::Logged { .. }));
    let limit = (has_message || !receipt.is_verified).then_some(SHORT_ID_LIMIT);
    let ids = [receipt.request_id, receipt.uuid, receipt.task_id.as_deref()];
    let [request_id, uuid, task_id] = ids.map(|id| {
        id.map(|id| match limit {
            Some(limit) => Cow::Owned(excerpt(id, limit)),
            None => Cow::Borrowed(id),
        })
    });
    macro_rules! log_at {
        ($level:ident, $($fields:tt)*) => {
            tracing::$level!(
                $($fields)*
                responseID = delivery.response_id,
                requestID = request_id.as_deref(),
                uuid = uuid.as_deref(),
                taskID = task_id.as_deref(),
                status = receipt.status.map(TaskStatus::name),
                createTs = receipt.create_ts.map(|create_ts| create_ts.to_string()),
                storeMs = receipt.store_time.map(millis),
                durationMs = millis(delivery.started.elapsed()),
                initMs = delivery.init.map(millis),
                from = delivery.from_queue.then_some("queue"),
                receivedAt = delivery.received_at.map(|received_at| received_at.to_string()),
                tries = delivery.tries,
                "callback"
            )
        };
    }
    let refusal = match &receipt.result {
        Ok(put) => {
            let outcome = if put.new { "stored" } else { "already stored" };
            let first_failure = put.first_failure.as_deref();
            let first_failure = first_failure.map(|cause| excerpt(cause, MESSAGE_LIMIT));
            log_at!(info, outcome, retCode = 0, firstFailure = first_failure,);
            return;
        }
        Err(refusal) => refusal,
    };
    let answer = refusal.answer();
    let (parked, not_parked, message) = match &receipt.parked {
        None => (None, None, None),
        Some(ParkOutcome::Queued(Queue::Parked)) => (Some("in the parked queue"), None, None),
        Some(ParkOutcome::Queued(Queue::DeadLetter)) => {
            (Some("in the dead-letter queue"), None, None)
        }
        Some(ParkOutcome::Logged { error, message }) => {
            (Some("in this line"), Some(error), Some(message))
        }
        Some(ParkOutcome::OverLimit) => (Some("no: too many with a wrong signature"), None, None),
    };
    let failed = answer.http_status >= 500;
    let outcome = match (delivery.from_queue, failed) {
        (true, _) => "left in the queue",
        (false, true) => "failed",
        (false, false) => "refused",
    };
    macro_rules! log_refusal_at {
        ($level:ident) => {
            log_at!(
                $level,
                outcome,
                retCode = answer.ret_code,
                reason = refusal.reason(),
                parked,
                notParked = not_parked.map(|error| excerpt(error, MESSAGE_LIMIT)),
                parkedMessage = message,
            )
        };
    }
    if failed || message.is_some() {
        log_refusal_at!(error);
    } else {
        log_refusal_at!(warn);
    }
}

/// Milliseconds with a resolution of 1 µs.
fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}
