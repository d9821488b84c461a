//! The function's log: one structured line a callback.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::contract::callback::TaskStatus;
use crate::receive::Receipt;
use crate::store::Put;

/// The log as Lambda's logging controls configure it: `AWS_LAMBDA_LOG_FORMAT` (`JSON`, the default, or `Text`)
/// and `AWS_LAMBDA_LOG_LEVEL` (`INFO` by default).
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

/// The line of one callback, at this level.
macro_rules! log_line {
    ($level:ident, $receipt:expr, $response_id:expr, $($fields:tt)*) => {
        tracing::$level!(
            $($fields)*
            responseID = $response_id,
            requestID = $receipt.request_id,
            uuid = $receipt.uuid,
            taskID = $receipt.task_id,
            status = $receipt.status.map(TaskStatus::name),
            createTs = $receipt.create_ts.map(|create_ts| create_ts.to_string()),
            storeMs = $receipt.store_time.map(millis),
            "callback"
        )
    };
}

/// Writes the line of one callback, which took so long: information where it is stored, a warning where the
/// sender was wrong, an error where we were.
pub(crate) fn log(receipt: &Receipt<'_>, response_id: &str, took: Duration) {
    let duration_ms = millis(took);
    let refusal = match &receipt.result {
        Ok(put) => {
            let new = matches!(put, Put::New(_));
            let outcome = if new { "stored" } else { "already stored" };
            log_line!(
                info,
                receipt,
                response_id,
                outcome,
                retCode = 0,
                new,
                durationMs = duration_ms,
            );
            return;
        }
        Err(refusal) => refusal,
    };
    let answer = refusal.answer();
    let body = receipt.refused_body;
    let text = body.and_then(|body| std::str::from_utf8(body).ok());
    let binary = body.filter(|_| text.is_none());
    macro_rules! log_refusal {
        ($level:ident, $outcome:literal) => {
            log_line!(
                $level,
                receipt,
                response_id,
                outcome = $outcome,
                retCode = answer.ret_code,
                reason = refusal.to_string(),
                durationMs = duration_ms,
                body = text,
                bodyBase64 = binary.map(|body| STANDARD.encode(body)),
            )
        };
    }
    if answer.http_status >= 500 {
        log_refusal!(error, "failed");
    } else {
        log_refusal!(warn, "refused");
    }
}

/// Milliseconds, to the microsecond.
fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}
