//! Reads the table's sort key.

use std::str::FromStr;

/// The table's sort key: the second of a report, and the report's slot within that second. Ordered as the keys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReportTime {
    /// Unix seconds.
    pub(crate) seconds: u64,
    slot: u16,
}

impl FromStr for ReportTime {
    type Err = NotAReportTime;

    /// Reads the key as DynamoDB returns it, without trailing zeros: `1726200060.01` is slot 10.
    fn from_str(text: &str) -> Result<Self, NotAReportTime> {
        let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let has_digits_only = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let slot = match fraction.len() {
            1..=3 if has_digits_only(fraction) => format!("{fraction:0<3}").parse().ok(),
            _ => None,
        };
        let seconds = seconds.parse().ok().filter(|_| has_digits_only(seconds));
        match (seconds, slot) {
            (Some(seconds), Some(slot)) => Ok(Self { seconds, slot }),
            _ => Err(NotAReportTime),
        }
    }
}

/// The text is not Unix seconds with at most three decimals.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotAReportTime;

#[cfg(test)]
mod tests;
