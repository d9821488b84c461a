//! The function's log: one structured line a callback.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::callback::TaskStatus;
use crate::refusal::{Refusal, RefusalAnswer};
use crate::snapshot::ReportTime;
use crate::store::Put;

/// The log as Lambda's logging controls ask for it: `AWS_LAMBDA_LOG_FORMAT` (`JSON`, also where unset, or
/// `Text`) and `AWS_LAMBDA_LOG_LEVEL` (`INFO` where unset).
///
/// The level is this crate's. Libraries are held to warnings whatever it is: at `TRACE` they log the event
/// as it came, a valid signature included.
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

/// What the line of one callback says, as far as the callback got.
#[derive(Clone, Debug, Default)]
pub struct CallbackRecord {
    /// The answer's id.
    pub response_id: String,
    /// The header `requestID`.
    pub request_id: Option<String>,
    /// The header `uuid`: the account.
    pub uuid: Option<String>,
    /// The body's `taskID`.
    pub task_id: Option<String>,
    /// What the task is doing.
    pub status: Option<TaskStatus>,
    /// The header `createTs`, or the key under which the snapshot is stored.
    pub create_ts: Option<ReportTime>,
    /// How long the store took, whatever came of it.
    pub store_time: Option<Duration>,
    /// An authentic body that is not stored, so that it is not lost.
    pub refused_body: Option<Vec<u8>>,
}

/// One event, at a level that depends on how it went.
macro_rules! log_line {
    ($level:ident, $record:expr, $($fields:tt)*) => {
        tracing::$level!(
            $($fields)*
            responseID = $record.response_id,
            requestID = $record.request_id,
            uuid = $record.uuid,
            taskID = $record.task_id,
            status = $record.status.map(TaskStatus::name),
            createTs = $record.create_ts.map(|create_ts| create_ts.to_string()),
            storeMs = $record.store_time.map(millis),
            "callback"
        )
    };
}

impl CallbackRecord {
    /// Writes the line of an acknowledged callback.
    pub fn log_stored(&self, put: Put, took: Duration) {
        let new = matches!(put, Put::New(_));
        let outcome = if new { "stored" } else { "already stored" };
        log_line!(
            info,
            self,
            outcome,
            retCode = 0,
            new,
            durationMs = millis(took),
        );
    }

    /// Writes the line of a callback that was not acknowledged: a warning where the sender was wrong, an
    /// error where we were.
    pub fn log_refused(&self, refusal: &Refusal, answer: &RefusalAnswer, took: Duration) {
        let body = self.refused_body.as_deref();
        let text = body.and_then(|body| std::str::from_utf8(body).ok());
        let binary = body.filter(|_| text.is_none());
        macro_rules! log_refusal {
            ($level:ident, $outcome:literal) => {
                log_line!(
                    $level,
                    self,
                    outcome = $outcome,
                    retCode = answer.ret_code,
                    reason = refusal.to_string(),
                    durationMs = millis(took),
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
}

/// To the microsecond.
fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}
