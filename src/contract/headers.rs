//! The headers of a callback: the contract's section 1, checked as strictly as section 2 requires.

use std::borrow::Cow;

use crate::contract::decimal::is_digits;
use crate::contract::signature::Signed;

/// The names of the contract's headers, in its spelling. `algorithm` is optional.
pub const CALLBACK_HEADERS: [&str; 5] = ["requestID", "uuid", "createTs", "sign", "algorithm"];

/// The longest signature is a SHA-256 digest in hex.
const MAX_SIGN_DIGITS: usize = 64;

/// A request's headers, with repeated names. Do not log them: they may hold a signature.
pub type Headers<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// The values of all headers with this name, which is case-insensitive.
pub(crate) fn values<'a>(headers: &'a Headers<'_>, name: &str) -> impl Iterator<Item = &'a str> {
    let headers = headers.iter();
    let named = headers.filter(move |(other, _)| other.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.as_ref())
}

/// A callback's headers, well-formed. Do not log them: they hold a signature.
pub struct CallbackHeaders<'a> {
    /// `requestID`: the sender's id of this request.
    pub request_id: &'a str,
    /// `uuid`: the account.
    pub uuid: &'a str,
    /// `createTs` as sent: the text that the signature covers.
    pub create_ts_text: &'a str,
    /// `createTs`: when the request was made, Unix seconds.
    pub create_ts: u64,
    /// `sign`: the signature's bytes.
    pub sign: Vec<u8>,
    /// `algorithm`, if the request has this header.
    pub algorithm: Option<&'a str>,
}

/// A header that is missing or malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("header {header} {problem}")]
pub struct HeaderError {
    /// The header's name, in the contract's spelling.
    pub header: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl<'a> CallbackHeaders<'a> {
    /// Checks the headers.
    ///
    /// # Errors
    ///
    /// Returns the first header, in the contract's order, that is missing or malformed.
    pub fn parse(headers: &'a Headers<'_>) -> Result<Self, HeaderError> {
        let request_id = required(headers, "requestID")?;
        if request_id.contains('&') {
            return Err(malformed("requestID", "must not hold an ampersand"));
        }
        let uuid = required(headers, "uuid")?;
        let create_ts_text = required(headers, "createTs")?;
        let create_ts = Some(create_ts_text)
            .filter(|text| is_digits(text))
            .and_then(|text| text.parse().ok())
            .ok_or(malformed(
                "createTs",
                "must be Unix seconds in decimal digits",
            ))?;
        let sign = required(headers, "sign")?;
        let sign = Some(sign)
            .filter(|sign| sign.len() <= MAX_SIGN_DIGITS)
            .and_then(|sign| hex::decode(sign).ok())
            .ok_or(malformed("sign", "must be the signature in hex"))?;
        Ok(Self {
            request_id,
            uuid,
            create_ts_text,
            create_ts,
            sign,
            algorithm: value(headers, "algorithm")?,
        })
    }

    /// What the signature covers, together with the body.
    pub fn signed(&self, body: &'a [u8]) -> Signed<'a> {
        Signed {
            body,
            create_ts: self.create_ts_text,
            request_id: self.request_id,
            uuid: self.uuid,
        }
    }
}

fn required<'a>(headers: &'a Headers<'_>, header: &'static str) -> Result<&'a str, HeaderError> {
    match value(headers, header)? {
        None => Err(malformed(header, "is missing")),
        Some("") => Err(malformed(header, "is empty")),
        Some(value) => Ok(value),
    }
}

/// The value of a header that must not be repeated.
fn value<'a>(
    headers: &'a Headers<'_>,
    header: &'static str,
) -> Result<Option<&'a str>, HeaderError> {
    let mut values = values(headers, header);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(malformed(header, "appears in the request more than once"));
    }
    if value.contains(char::is_control) {
        return Err(malformed(header, "must be text without control characters"));
    }
    Ok(Some(value))
}

fn malformed(header: &'static str, problem: &'static str) -> HeaderError {
    HeaderError { header, problem }
}
