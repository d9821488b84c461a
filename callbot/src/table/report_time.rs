//! Reads the table's sort key.

use std::str::FromStr;

use task_callback::store::SORT_KEY;

use super::item::ItemError;

/// The table's sort key: the second of a report, and its slot in the second. Ordered like the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReportTime {
    /// Unix seconds.
    pub(crate) seconds: u64,
    slot: u16,
}

impl FromStr for ReportTime {
    type Err = ItemError;

    /// Reads the key as DynamoDB returns it, without trailing zeros: `1726200060.01` is slot 10.
    fn from_str(text: &str) -> Result<Self, ItemError> {
        let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let thousandths = format!("{fraction:0<3}");
        match (seconds.parse(), thousandths.parse()) {
            (Ok(seconds), Ok(slot)) if thousandths.len() == 3 => Ok(Self { seconds, slot }),
            _ => Err(ItemError(SORT_KEY)),
        }
    }
}

#[cfg(test)]
mod tests;
