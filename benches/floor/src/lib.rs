//! The answer and the item that the programs share.

use std::collections::HashMap;

use serde_json::value::RawValue;

const ANSWER: &str = r#"{
"statusCode":200,
"headers":{"content-type":"application/json"},
"body":"{\"retCode\":0,\"retMsg\":\"success\",\"responseID\":\"8f6cf6e4-2dd7-4b3f-9f2a-3a4a6e0f2b11\"}",
"isBase64Encoded":false}"#;

/// The answer to every event: a success, in API Gateway's format.
pub fn answer() -> &'static RawValue {
    serde_json::from_str(ANSWER).expect("the answer is JSON")
}

/// An item with the attributes and the sizes of the function's items, from three kinds of values.
pub fn item<V>(
    text: fn(&str) -> V,
    number: fn(&str) -> V,
    map: fn(HashMap<String, V>) -> V,
) -> HashMap<String, V> {
    let task_stat = [
        ("answerOrderCount", number("58")),
        ("finishOrderCount", number("120")),
        ("totalOrderCount", number("120")),
        ("finishRate", number("1")),
        ("totalAnswerCall", number("71")),
        ("totalCall", number("198")),
        ("answerRate", number("0.36")),
    ];
    let item = [
        ("taskID", text("t-20260913-0007")),
        ("createTs", number("1726200060")),
        ("requestID", text("7b9d3f0e-52c7-4f0e-9c8e-1d2f6a7b8c9d")),
        ("uuid", text("local-account")),
        ("userTaskID", text("autumn-renewals")),
        ("sceneID", text("scene-42")),
        ("callbackType", number("1")),
        ("taskStatus", number("3")),
        ("status", text("COMPLETED")),
        ("taskCreateTs", number("1726185600")),
        ("taskStat", map(named(task_stat))),
        ("receivedAt", text("2026-09-13T00:00:00.123Z")),
        ("responseID", text("8f6cf6e4-2dd7-4b3f-9f2a-3a4a6e0f2b11")),
        (
            "bodySha256",
            text("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        ),
    ];
    named(item)
}

fn named<V, const COUNT: usize>(values: [(&str, V); COUNT]) -> HashMap<String, V> {
    HashMap::from(values.map(|(name, value)| (name.to_owned(), value)))
}
