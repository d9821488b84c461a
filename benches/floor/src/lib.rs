//! The answer and the item that the programs share.

use serde::Serialize;
use serde_json::{Value, json};

/// The answer to every event, in API Gateway's format.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    status_code: u16,
    headers: Headers,
    body: &'static str,
    is_base64_encoded: bool,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Headers {
    #[serde(rename = "content-type")]
    content_type: &'static str,
}

/// A success.
pub const ANSWER: Answer = Answer {
    status_code: 200,
    headers: Headers {
        content_type: "application/json",
    },
    body: r#"{"retCode":0,"retMsg":"success","responseID":"8f6cf6e4-2dd7-4b3f-9f2a-3a4a6e0f2b11"}"#,
    is_base64_encoded: false,
};

/// An item like the function's, with the same attributes in the same sizes.
pub fn item() -> Value {
    json!({
        "taskID": { "S": "t-20260913-0007" },
        "createTs": { "N": "1726200060" },
        "requestID": { "S": "7b9d3f0e-52c7-4f0e-9c8e-1d2f6a7b8c9d" },
        "uuid": { "S": "local-account" },
        "userTaskID": { "S": "autumn-renewals" },
        "sceneID": { "S": "scene-42" },
        "callbackType": { "N": "1" },
        "taskStatus": { "N": "3" },
        "status": { "S": "COMPLETED" },
        "taskCreateTs": { "N": "1726185600" },
        "taskStat": { "M": {
            "answerOrderCount": { "N": "58" },
            "finishOrderCount": { "N": "120" },
            "totalOrderCount": { "N": "120" },
            "finishRate": { "N": "1" },
            "totalAnswerCall": { "N": "71" },
            "totalCall": { "N": "198" },
            "answerRate": { "N": "0.36" },
        } },
        "receivedAt": { "S": "2026-09-13T00:00:00.123Z" },
        "responseID": { "S": "8f6cf6e4-2dd7-4b3f-9f2a-3a4a6e0f2b11" },
        "bodySha256": { "S": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" },
    })
}
