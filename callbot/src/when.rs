//! Times as text: in a zone, relative to now, and as durations.

use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::civil::DateTime;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo, Timestamp, Zoned};

/// The time zone of a command.
#[derive(clap::Args)]
pub(crate) struct ZoneArgs {
    /// Time zone of all times, such as Europe/Berlin, +08:00 or UTC [default: this machine's]
    #[arg(long, value_name = "NAME", value_parser = zone)]
    tz: Option<TimeZone>,
    /// Pretend that the current time is TIME, in the form of RFC 3339
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
}

impl ZoneArgs {
    /// The clock, at --now if that is given, in the chosen zone.
    pub(crate) fn clock(&self) -> Clock {
        let told = self.now.map(|told| told.as_second().try_into());
        Clock {
            now: told.map_or_else(now, Result::unwrap_or_default),
            zone: self.tz.clone().unwrap_or_else(machine_zone),
        }
    }
}

/// The system clock, Unix seconds.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

/// The machine's zone, or UTC if it has none.
fn machine_zone() -> TimeZone {
    TimeZone::try_system().unwrap_or(TimeZone::UTC)
}

fn zone(name: &str) -> Result<TimeZone, String> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    PARSER.parse_time_zone(name).map_err(|_| {
        "no such time zone; write it as in Europe/Berlin, America/New_York, +08:00 or UTC"
            .to_owned()
    })
}

/// The present and the time zone.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// Unix seconds.
    pub(crate) now: u64,
    /// The zone.
    pub(crate) zone: TimeZone,
}

impl Clock {
    /// `2026-09-13 14:34:18`
    pub(crate) fn time(&self, seconds: u64) -> String {
        self.format(seconds, "%Y-%m-%d %H:%M:%S")
    }

    /// Formats a time with jiff's directives. A time beyond the calendar is written as a number.
    pub(crate) fn format(&self, seconds: u64, format: &str) -> String {
        match self.zoned(seconds) {
            Some(time) => time.strftime(format).to_string(),
            None => seconds.to_string(),
        }
    }

    /// The zone's name, `Europe/Berlin`, or its offset, `+08:00`.
    pub(crate) fn zone_name(&self) -> String {
        match self.zone.iana_name() {
            // The name in some machines' settings.
            Some("Etc/UTC") => "UTC".to_owned(),
            Some(name) => name.to_owned(),
            None => self.format(self.now, "%:z"),
        }
    }

    /// The start of today, Unix seconds.
    pub(crate) fn today(&self) -> u64 {
        let midnight = self.zoned(self.now).and_then(|now| now.start_of_day().ok());
        midnight.map_or(self.now, |midnight| {
            midnight
                .timestamp()
                .as_second()
                .try_into()
                .unwrap_or_default()
        })
    }

    /// `3m ago`, `in 2h 5m`, `now`
    pub(crate) fn relative(&self, seconds: u64) -> String {
        match self.now.abs_diff(seconds) {
            0 => "now".to_owned(),
            distance if seconds < self.now => format!("{} ago", duration(distance)),
            distance => format!("in {}", duration(distance)),
        }
    }

    /// The argument's time, Unix seconds. Before 1970 nothing was reported.
    ///
    /// Days before now are calendar days, which have 23 or 25 hours when the clocks change.
    pub(crate) fn resolve(&self, time: TimeArg) -> u64 {
        let now = Timestamp::from_second(self.now as i64).unwrap_or(Timestamp::MAX);
        let time = match time {
            TimeArg::At(time) => time,
            TimeArg::Civil(time) => time
                .to_zoned(self.zone.clone())
                .map_or(Timestamp::MAX, |time| time.timestamp()),
            TimeArg::Ago(span) => now
                .to_zoned(self.zone.clone())
                .checked_sub(span)
                .map_or(Timestamp::UNIX_EPOCH, |time| time.timestamp()),
        };
        time.as_second().try_into().unwrap_or_default()
    }

    fn zoned(&self, seconds: u64) -> Option<Zoned> {
        let time = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
        Some(time.to_zoned(self.zone.clone()))
    }
}

/// A time as a command's argument. Its zone and the present are the [`Clock`]'s.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TimeArg {
    /// A moment: RFC 3339, or Unix seconds.
    At(Timestamp),
    /// A date, which means its first moment, or a date and a time.
    Civil(DateTime),
    /// A span before now.
    Ago(Span),
}

impl FromStr for TimeArg {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A shorter number is a date, such as 20260913, or a mistake: no task was reported before 2001.
        let unix = text
            .parse()
            .ok()
            .filter(|seconds| *seconds >= 1_000_000_000);
        let unix = unix.and_then(|seconds| Timestamp::from_second(seconds).ok());
        unix.or_else(|| text.parse().ok())
            .map(Self::At)
            .or_else(|| text.parse().ok().map(Self::Civil))
            .or_else(|| text.parse().ok().map(|span: Span| Self::Ago(span.abs())))
            .ok_or(
                "write 2h or 3d (before now), 2026-09-13, 2026-09-13T14:00, 2026-09-13T14:00:00Z, or Unix seconds",
            )
    }
}

/// Parses a duration: `2s`, `500ms`, `2m30s`, `1d`.
///
/// # Errors
///
/// The text is no duration, or it is negative.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let span: Result<Span, _> = text.trim().parse();
    let duration = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
    let duration = duration.ok().and_then(|duration| duration.try_into().ok());
    duration.ok_or_else(|| format!("{text:?} is no duration: write 500ms, 2s, 2m30s, 1h or 3d"))
}

/// The two largest units of a duration: `4s`, `1m 30s`, `2h 5m`, `3d 4h`.
pub(crate) fn duration(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (size, unit) in UNITS {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            parts.push(format!("{count}{unit}"));
        }
        // Only two neighbouring units: `1d 5s` would look more exact than it is.
        if !parts.is_empty() && (parts.len() == 2 || count == 0) {
            break;
        }
    }
    match parts.is_empty() {
        true => "0s".to_owned(),
        false => parts.join(" "),
    }
}
