//! Any headers: exactly those that the contract allows are accepted. The rules are implemented here a second time.
//!
//! The input is the headers one after another. A byte 0xFE precedes each header, and a byte 0xFF separates name and
//! value. Neither byte occurs in UTF-8.
#![no_main]

use std::borrow::Cow;

use libfuzzer_sys::fuzz_target;
use task_callback::contract::headers::{CallbackHeaders, Headers};

fuzz_target!(|input: &[u8]| {
    let pairs: Vec<(&str, &str)> = input.split(|&byte| byte == 0xFE).filter_map(pair).collect();
    let headers: Headers<'_> = pairs
        .iter()
        .map(|&(name, value)| (Cow::from(name), Cow::from(value)))
        .collect();
    let taken = CallbackHeaders::parse(&headers);
    let allowed = allowed(&pairs);
    assert_eq!(taken.is_ok(), allowed.is_some(), "{pairs:?}");

    let (Ok(taken), Some(allowed)) = (taken, allowed) else {
        return;
    };
    assert_eq!(taken.request_id, allowed.request_id);
    assert_eq!(taken.uuid, allowed.uuid);
    assert_eq!(taken.create_ts_text, allowed.create_ts);
    assert_eq!(Ok(taken.create_ts), allowed.create_ts.parse());
    let sign: String = taken
        .sign
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(sign, allowed.sign.to_ascii_lowercase());
    assert_eq!(taken.algorithm, allowed.algorithm);
});

fn pair(bytes: &[u8]) -> Option<(&str, &str)> {
    let end = bytes.iter().position(|&byte| byte == 0xFF)?;
    let (name, value) = (&bytes[..end], &bytes[end + 1..]);
    Some((str::from_utf8(name).ok()?, str::from_utf8(value).ok()?))
}

struct Allowed<'a> {
    request_id: &'a str,
    uuid: &'a str,
    create_ts: &'a str,
    sign: &'a str,
    algorithm: Option<&'a str>,
}

/// The contract's rules for headers, implemented independently.
fn allowed<'a>(pairs: &[(&'a str, &'a str)]) -> Option<Allowed<'a>> {
    let once = |name: &str| {
        let own = |other: &str| other.to_ascii_lowercase() == name;
        let values: Vec<&str> = pairs
            .iter()
            .filter(|pair| own(pair.0))
            .map(|pair| pair.1)
            .collect();
        let printable = !values
            .iter()
            .any(|value| value.chars().any(char::is_control));
        (values.len() <= 1 && printable).then(|| values.first().copied())
    };
    let required = |name| once(name)?.filter(|value| !value.is_empty());
    let allowed = Allowed {
        request_id: required("requestid")?,
        uuid: required("uuid")?,
        create_ts: required("createts")?,
        sign: required("sign")?,
        algorithm: once("algorithm")?,
    };
    let is_digits = allowed.create_ts.bytes().all(|byte| byte.is_ascii_digit());
    let create_ts = allowed.create_ts.parse::<u128>();
    let fits = create_ts.is_ok_and(|create_ts| create_ts <= u64::MAX.into());
    let is_hex = allowed.sign.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_hex = is_hex && allowed.sign.len().is_multiple_of(2) && allowed.sign.len() <= 64;
    let delimited = !allowed.request_id.contains('&');
    (is_digits && fits && is_hex && delimited).then_some(allowed)
}
