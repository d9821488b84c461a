//! Times as text: in the machine's zone, relative to now, and as durations.

use std::time::{Duration, UNIX_EPOCH};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo, Timestamp, Zoned};

/// The system clock, Unix seconds.
pub(crate) fn now() -> u64 {
    UNIX_EPOCH.elapsed().unwrap_or_default().as_secs()
}

/// The present and the time zone.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// Unix seconds.
    pub(crate) now: u64,
    zone: TimeZone,
}

impl Clock {
    /// The system's clock, in the zone of the variable TZ or else of this machine.
    pub(crate) fn system() -> Self {
        Self {
            now: now(),
            zone: TimeZone::try_system().unwrap_or(TimeZone::UTC),
        }
    }

    /// `2026-09-13 14:34:18`
    pub(crate) fn time(&self, seconds: u64) -> String {
        self.format(seconds, "%F %T")
    }

    /// Formats a time with jiff's directives. A time beyond the calendar is written as a number.
    pub(crate) fn format(&self, seconds: u64, format: &str) -> String {
        let time = i64::try_from(seconds).ok();
        match time.and_then(|time| Timestamp::from_second(time).ok()) {
            Some(time) => {
                let time = time.to_zoned(self.zone.clone());
                time.strftime(format).to_string()
            }
            None => seconds.to_string(),
        }
    }

    /// `2h 5m ago`; a time ahead of the clock is `0s ago`.
    pub(crate) fn relative(&self, seconds: u64) -> String {
        format!("{} ago", duration(self.now.saturating_sub(seconds)))
    }
}

/// Parses RFC 3339, Unix seconds, a date with or without a time, or a span before now.
///
/// Days before now are calendar days, which have 23 or 25 hours when the clocks change.
///
/// # Errors
///
/// The text is not a time.
pub(crate) fn parse_time(text: &str) -> Result<u64, &'static str> {
    let now = Zoned::now();
    // A shorter number is a date, such as 20260913, or a mistake: no task was reported before 2001.
    let unix = text.parse().ok().filter(|unix| *unix >= 1_000_000_000);
    let civil = |time: DateTime| time.to_zoned(now.time_zone().clone()).ok();
    let before = |span: Span| now.checked_sub(span.abs()).ok();
    unix.and_then(|unix| Timestamp::from_second(unix).ok())
        .or_else(|| text.parse().ok())
        .or_else(|| Some(text.parse().ok().and_then(civil)?.timestamp()))
        .or_else(|| Some(text.parse().ok().and_then(before)?.timestamp()))
        // Nothing was reported before 1970.
        .map(|time| time.as_second().try_into().unwrap_or_default())
        .ok_or(
            "write 2h or 3d (before now), 2026-09-13, 2026-09-13T14:00, 2026-09-13T14:00:00Z, or Unix seconds",
        )
}

/// Parses a duration: `2s`, `500ms`, `2m30s`, `1d`.
///
/// # Errors
///
/// The text is not a duration, or the duration is negative.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let span: Result<Span, _> = text.trim().parse();
    let duration = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
    let duration = duration.ok().and_then(|duration| duration.try_into().ok());
    duration.ok_or_else(|| format!("{text:?} is not a duration: write 500ms, 2s, 2m30s, 1h or 3d"))
}

/// The two largest units of a duration: `4s`, `1m 30s`, `3d 4h`. A third one would feign precision.
pub(crate) fn duration(seconds: u64) -> String {
    let ((size, unit), (next_size, next_unit)) = match seconds {
        86_400.. => ((86_400, "d"), (3_600, "h")),
        3_600.. => ((3_600, "h"), (60, "m")),
        60.. => ((60, "m"), (1, "s")),
        _ => return format!("{seconds}s"),
    };
    match (seconds / size, seconds % size / next_size) {
        (count, 0) => format!("{count}{unit}"),
        (count, next) => format!("{count}{unit} {next}{next_unit}"),
    }
}
