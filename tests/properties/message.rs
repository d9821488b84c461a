//! Any message that an account may sign, and its verification from the headers on.

use std::borrow::Cow;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use task_callback::contract::account::{Algorithm, Credentials, SecretKey};
use task_callback::contract::headers::{CallbackHeaders, Headers};
use task_callback::contract::signature::{Signed, Unverified, verify};

pub(super) const ALGORITHMS: [Algorithm; 3] =
    [Algorithm::Md5, Algorithm::Sha256, Algorithm::HmacSha256];

/// A configured account.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) uuid: String,
    pub(super) secret: String,
    pub(super) algorithm: Algorithm,
}

/// The data that a signature covers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Message {
    pub(super) body: Vec<u8>,
    pub(super) create_ts: String,
    pub(super) request_id: String,
    pub(super) uuid: String,
}

impl Account {
    pub(super) fn sign(&self, message: &Message) -> Vec<u8> {
        let secret_key = SecretKey::from(self.secret.as_str());
        message.signed().sign(self.algorithm, &secret_key)
    }
}

pub(super) fn configured(accounts: &[Account]) -> Credentials {
    let list = accounts.iter().map(|account| {
        let (uuid, secret, algorithm) = (&account.uuid, &account.secret, account.algorithm.name());
        json!({"uuid": uuid, "secretKey": secret, "algorithm": algorithm})
    });
    let list = serde_json::Value::from_iter(list).to_string();
    list.parse().expect("good credentials")
}

impl Message {
    fn signed(&self) -> Signed<'_> {
        Signed {
            body: &self.body,
            create_ts: &self.create_ts,
            request_id: &self.request_id,
            uuid: &self.uuid,
        }
    }

    /// The signed text after the secret and `&body=`.
    pub(super) fn text(&self) -> Vec<u8> {
        let (create_ts, request_id, uuid) = (&self.create_ts, &self.request_id, &self.uuid);
        let headers = format!("&createTs={create_ts}&requestID={request_id}&uuid={uuid}");
        [&self.body[..], headers.as_bytes()].concat()
    }

    /// The verified body.
    pub(super) fn verified(
        &self,
        credentials: &Credentials,
        sign: &[u8],
    ) -> Result<&[u8], Unverified> {
        Ok(verify(credentials, &self.signed(), None, sign)?.bytes())
    }

    /// The verified body of a request with these headers and this `sign`. `None` if a check before
    /// that of the clock fails.
    pub(super) fn received(&self, credentials: &Credentials, sign: &str) -> Option<Vec<u8>> {
        let headers = [
            ("requestid", self.request_id.as_str()),
            ("uuid", &self.uuid),
            ("createts", &self.create_ts),
            ("sign", sign),
        ];
        let headers = headers.map(|(name, value)| (Cow::from(name), Cow::from(value)));
        let headers = Headers::from_iter(headers);
        let headers = CallbackHeaders::parse(&headers).ok()?;
        let signed = headers.signed(&self.body);
        let verified = verify(credentials, &signed, headers.algorithm, &headers.sign);
        Some(verified.ok()?.bytes().to_owned())
    }
}

/// An account, and a message that the contract allows: any body, and any text of a header.
pub(super) fn messages() -> impl Strategy<Value = (Account, Message)> {
    let header = r"[^\p{Cc}&]{1,40}";
    // No white space at an end, and no placeholder.
    let (uuid, secret) = (
        r"[^\p{C}\p{Z}&.…]([^\p{Cc}&]{0,38}[^\p{C}\p{Z}&])?",
        r"[^\p{C}\p{Z}.…](.{0,78}[^\p{C}\p{Z}])?",
    );
    let create_ts = prop_oneof!["[0-9]{1,19}", any::<u64>().prop_map(|ts| ts.to_string())];
    let account = (uuid, secret, select(ALGORITHMS.as_slice()));
    let message = (vec(any::<u8>(), 0..300), create_ts, header);
    (account, message).prop_map(
        |((uuid, secret, algorithm), (body, create_ts, request_id))| {
            let message = Message {
                body,
                create_ts,
                request_id,
                uuid: uuid.clone(),
            };
            let account = Account {
                uuid,
                secret,
                algorithm,
            };
            (account, message)
        },
    )
}
