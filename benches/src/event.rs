//! The event for every call: a sample event, in compact JSON like Lambda's events, and freshly signed.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use bytes::Bytes;
use serde_json::Value;
use task_callback::contract::account::Credentials;
use task_callback::contract::signature::Signed;

/// The event in `file`, signed now with the first of `credentials`.
pub(crate) fn signed(file: &Path, credentials: &str) -> Result<Bytes> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let mut event: Value = serde_json::from_str(&text)?;
    let credentials: Credentials = credentials.parse()?;
    let credential = credentials.iter().next().context("no credentials")?;

    let body = event["body"].as_str().context("the event has no body")?;
    let request_id = event["headers"]["requestid"]
        .as_str()
        .context("no requestid")?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)?
        .as_secs()
        .to_string();
    let signed = Signed {
        body: body.as_bytes(),
        create_ts: &now,
        request_id,
        uuid: &credential.uuid,
    };
    let sign = hex::encode_upper(signed.sign(credential.algorithm, &credential.secret_key));

    let headers = event["headers"].as_object_mut().context("no headers")?;
    headers.insert("createts".to_owned(), now.into());
    headers.insert("uuid".to_owned(), credential.uuid.clone().into());
    headers.insert("sign".to_owned(), sign.into());
    if let Some(event) = event.as_object_mut() {
        event.remove("callbot");
    }
    Ok(serde_json::to_vec(&event)?.into())
}
