//! Checks that an item holds exactly what a body says, without the code under test. Numbers are
//! compared with another crate's decimal type. The fuzz target `body` uses these checks, too.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use aws_sdk_dynamodb::types::AttributeValue;
use bigdecimal::BigDecimal;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use task_callback::contract::account::{Algorithm, Credentials, SecretKey};
use task_callback::contract::callback::{BodyError, Callback};
use task_callback::contract::signature::{Signed, verify};
use task_callback::contract::snapshot::{ReceivedAt, ReportTime, Snapshot};
use task_callback::store::{Item, item_of};

/// DynamoDB accepts a value inside at most this many lists and maps.
const MAX_NESTING: usize = 31;

/// Signs, verifies and parses a body. Asserts that an accepted body is stored exactly. Returns the
/// error of a rejected body.
pub(crate) fn taken_and_held(body: &[u8]) -> Result<(), BodyError> {
    let snapshot = snapshot_of_body(body)?;
    assert_held(body, &item_of(&snapshot));
    Ok(())
}

/// Signs, verifies and parses a body.
pub(crate) fn snapshot_of_body(body: &[u8]) -> Result<Snapshot, BodyError> {
    let credentials = r#"[{"uuid":"u","secretKey":"s","algorithm":"HMAC-SHA256"}]"#;
    let credentials: Credentials = credentials.parse().expect("good credentials");
    let signed = Signed {
        body,
        create_ts: "1726200060",
        request_id: "r",
        uuid: "u",
    };
    let sign = signed.sign(Algorithm::HmacSha256, &SecretKey::from("s"));
    let verified = verify(&credentials, &signed, None, &sign).expect("it is signed");
    Ok(Snapshot {
        create_ts: ReportTime::new(1_726_200_060),
        request_id: "r".to_owned(),
        uuid: "u".to_owned(),
        callback: Callback::parse(&verified)?,
        received_at: ReceivedAt::from(SystemTime::UNIX_EPOCH),
        response_id: "response-1".to_owned(),
        body_sha256: [0; 32],
        expires_at: None,
    })
}

/// Asserts that the item of an accepted body holds everything that the body says, exactly.
fn assert_held(body: &[u8], item: &Item) {
    let body = std::str::from_utf8(body).expect("what is taken is UTF-8");
    let fields = pairs(body).expect("what is taken is an object");
    let none = Item::new();
    let extra = map(item, "extra").unwrap_or(&none);
    let stat = map(item, "taskStat").expect("taskStat is a map");
    let mut unnamed = 0;
    for (name, json) in &fields {
        match name.as_str() {
            "taskID" | "sceneID" => assert_text(json, item.get(name)),
            "userTaskID" if json.get() == r#""""# => assert_eq!(item.get(name), None),
            "userTaskID" => assert_text(json, item.get(name)),
            "callbackType" | "taskStatus" => assert_number(json, item.get(name)),
            "createTs" => assert_number(json, item.get("taskCreateTs")),
            "taskStat" => assert_stat(json, stat, map(extra, "taskStat").unwrap_or(&none)),
            _ => {
                unnamed += 1;
                assert_value(json, &extra[name], 1);
            }
        }
    }
    let of_stat = usize::from(extra.contains_key("taskStat"));
    assert_eq!(extra.len(), unnamed + of_stat, "extra has only these");
    assert_eq!(fields.len(), unnamed + 7, "all required fields exist");
}

fn assert_stat(json: &RawValue, stat: &Item, extra: &Item) {
    let fields = pairs(json.get()).expect("taskStat is an object");
    for (name, json) in &fields {
        match name.as_str() {
            "answerOrderCount" | "finishOrderCount" | "totalOrderCount" | "finishRate"
            | "totalAnswerCall" | "totalCall" | "answerRate" => assert_number(json, stat.get(name)),
            _ => assert_value(json, &extra[name], 2),
        }
    }
    assert_eq!(stat.len(), 7);
    assert_eq!(fields.len(), stat.len() + extra.len(), "all or nothing");
}

/// `containers` is the number of lists and maps that enclose the value.
fn assert_value(json: &RawValue, attribute: &AttributeValue, containers: usize) {
    let text = json.get();
    match attribute {
        AttributeValue::Null(true) => assert_eq!(text, "null"),
        AttributeValue::Bool(value) => assert_eq!(text, value.to_string()),
        AttributeValue::N(_) => {
            assert!(!text.starts_with('"'), "{text} is not a number");
            assert_number(json, Some(attribute));
        }
        AttributeValue::S(held) => {
            if serde_json::from_str::<String>(text).ok().as_ref() != Some(held) {
                assert_eq!(held, text, "as JSON");
                assert!(
                    !has_an_exact_form(text, containers),
                    "{text} has an exact form"
                );
            }
        }
        AttributeValue::L(held) => {
            let values: Vec<&RawValue> = serde_json::from_str(text).expect("a list");
            assert_eq!(values.len(), held.len(), "{text}");
            for (value, held) in values.iter().zip(held) {
                assert_value(value, held, containers + 1);
            }
        }
        AttributeValue::M(held) => {
            let fields = pairs(text).expect("an object without repeated names");
            assert_eq!(fields.len(), held.len(), "{text}");
            for (name, value) in &fields {
                assert_value(value, &held[name], containers + 1);
            }
        }
        other => panic!("{other:?} for {text}"),
    }
    let nested = matches!(attribute, AttributeValue::L(_) | AttributeValue::M(_));
    assert!(!nested || containers < MAX_NESTING, "nested too deep");
}

fn assert_text(json: &RawValue, attribute: Option<&AttributeValue>) {
    let text: String = serde_json::from_str(json.get()).expect("a string");
    assert_eq!(attribute, Some(&AttributeValue::S(text)));
}

/// A number, or a string that holds one.
fn assert_number(json: &RawValue, attribute: Option<&AttributeValue>) {
    let Some(AttributeValue::N(held)) = attribute else {
        panic!("{attribute:?} for {json}");
    };
    let text: String = serde_json::from_str(json.get()).unwrap_or_else(|_| json.get().to_owned());
    assert_eq!(number(&text), number(held), "{text} is held as {held}");
    let plain = |c: char| c.is_ascii_digit() || c == '.' || c == '-';
    assert!(held.chars().all(plain), "{held}");
    assert!(is_held_by_dynamodb(held), "{held}");
}

fn number(text: &str) -> BigDecimal {
    let grammar = |c: char| c.is_ascii_digit() || ".+-eE".contains(c);
    assert!(text.chars().all(grammar), "{text} is not a number");
    if is_zero(text) {
        return BigDecimal::from(0);
    }
    BigDecimal::from_str(text).expect("a number")
}

/// The exponent of a zero may be beyond any integer.
fn is_zero(text: &str) -> bool {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    !mantissa.contains(|c: char| c.is_ascii_digit() && c != '0')
}

/// Whether a number is within DynamoDB's documented limits: 38 digits, from 1E-130 to 9.9…E+125.
fn is_held_by_dynamodb(text: &str) -> bool {
    if is_zero(text) {
        return true;
    }
    let Ok(number) = BigDecimal::from_str(text) else {
        return false; // The exponent exceeds 64 bits.
    };
    let (digits, scale) = number.normalized().into_bigint_and_scale();
    let digits = digits.magnitude().to_string().len() as i64;
    digits <= 38 && (-130..=125).contains(&(digits - 1).saturating_sub(scale))
}

/// Whether DynamoDB can hold a JSON value exactly. Such a value must not be kept as text.
fn has_an_exact_form(json: &str, containers: usize) -> bool {
    match json.as_bytes()[0] {
        b'"' => serde_json::from_str::<String>(json).is_ok(),
        b'[' => containers < MAX_NESTING,
        b'{' => {
            let named =
                pairs(json).is_some_and(|fields| !fields.iter().any(|field| field.0.is_empty()));
            containers < MAX_NESTING && named
        }
        b'-' | b'0'..=b'9' => is_held_by_dynamodb(json),
        _ => true,
    }
}

fn map<'a>(item: &'a Item, attribute: &str) -> Option<&'a Item> {
    item.get(attribute)
        .map(|attribute| attribute.as_m().expect("a map"))
}

/// An object's fields in their original order. `None` if the JSON is not an object, or if a name is
/// repeated or not valid Unicode.
fn pairs(json: &str) -> Option<Vec<(String, &RawValue)>> {
    let Pairs(pairs) = serde_json::from_str(json).ok()?;
    let names: BTreeSet<&String> = pairs.iter().map(|(name, _)| name).collect();
    (names.len() == pairs.len()).then_some(pairs)
}

struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Object)
    }
}
