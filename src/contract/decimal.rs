//! Exact decimal numbers, as DynamoDB stores them.

use std::fmt;

/// DynamoDB stores at most this many significant digits.
const MAX_DIGITS: usize = 38;
/// The decimal exponents of the smallest and the largest magnitude that DynamoDB accepts.
const EXPONENTS: std::ops::RangeInclusive<i64> = -130..=125;

/// A decimal number that a DynamoDB `N` stores exactly: up to 38 significant digits, and zero or a
/// magnitude from 1E-130 to 9.99…E+125. Its text has no exponent and no redundant zeros.
///
/// ```
/// use task_callback::contract::decimal::Decimal;
///
/// let rate = Decimal::parse("6.70e-1").expect("a number in range");
/// assert_eq!(rate.to_string(), "0.67");
/// assert_eq!(Some(rate), Decimal::parse("0.67"));
/// assert_eq!(Decimal::parse("1e126"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal(String);

impl Decimal {
    /// Reads a JSON number. `None` if the text is not a number that DynamoDB stores exactly.
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let negative = unsigned.len() < text.len();
        let exponent = unsigned.split_once(['e', 'E']);
        let (mantissa, exponent) = exponent.map_or((unsigned, None), |(m, e)| (m, Some(e)));
        let point = mantissa.split_once('.');
        let (whole, fraction) = point.map_or((mantissa, None), |(w, f)| (w, Some(f)));
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if !is_digits(whole) || leading_zero || !fraction.is_none_or(is_digits) {
            return None;
        }
        let exponent = exponent.map_or(Some(0), parse_exponent)?;

        let fraction = fraction.unwrap_or_default();
        let all = [whole, fraction].concat();
        let significant = all.trim_start_matches('0');
        if significant.is_empty() {
            return Some(Self("0".to_owned()));
        }
        // The value is 0.DIGITS × 10^point.
        let point = (significant.len() as i64 - fraction.len() as i64).saturating_add(exponent);
        let digits = significant.trim_end_matches('0');
        if digits.len() > MAX_DIGITS || !EXPONENTS.contains(&point.saturating_sub(1)) {
            return None;
        }
        Some(Self(plain_text(negative, digits, point)))
    }

    /// The number as a `u64`, if it is an unsigned 64-bit integer.
    pub(crate) fn to_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// Whether the number has no fraction.
    pub(crate) fn is_integer(&self) -> bool {
        !self.0.contains('.')
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `text` consists of one or more ASCII digits.
pub(crate) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The exponent. A value outside `i64` is saturated, and then only 0 is in DynamoDB's range.
fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !is_digits(digits) {
        return None;
    }
    let magnitude = digits.parse().unwrap_or(i64::MAX);
    let sign = if text.starts_with('-') { -1 } else { 1 };
    Some(sign * magnitude)
}

/// `0.DIGITS × 10^point` without an exponent. `digits` neither starts nor ends with a zero.
fn plain_text(negative: bool, digits: &str, point: i64) -> String {
    let mut text = String::from(if negative { "-" } else { "" });
    match usize::try_from(point) {
        Err(_) | Ok(0) => {
            text.push_str("0.");
            text.extend(std::iter::repeat_n('0', point.unsigned_abs() as usize));
            text.push_str(digits);
        }
        Ok(point) if point < digits.len() => {
            text.push_str(&digits[..point]);
            text.push('.');
            text.push_str(&digits[point..]);
        }
        Ok(point) => {
            text.push_str(digits);
            text.extend(std::iter::repeat_n('0', point - digits.len()));
        }
    }
    text
}
