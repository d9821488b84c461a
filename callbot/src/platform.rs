//! Signs callbacks as the platform does.

use task_callback::contract::account::{Credential, Credentials};
use task_callback::contract::signature::Signed;

use crate::Failure;
use crate::event::Event;

/// Signs an event as of `now`, for the account in its header or else for the first configured one. Headers listed
/// in the event's `keep` stay unchanged.
pub(crate) fn sign(event: &mut Event, credentials: &Credentials, now: u64) -> Result<(), Failure> {
    let kept = |event: &Event, name: &str| -> Option<String> {
        let keep = event.about.keep.iter().any(|kept| kept == name);
        keep.then(|| event.header(name).unwrap_or_default().to_owned())
    };
    let credential = account_of(event, credentials);
    let uuid = kept(event, "uuid").unwrap_or_else(|| credential.uuid.clone());
    let create_ts = kept(event, "createTs").unwrap_or_else(|| now.to_string());
    let request_id =
        kept(event, "requestID").unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string());
    let headers = Headers::sign(credential, &uuid, &request_id, &create_ts, &event.body()?);
    for (name, value) in headers.iter() {
        if kept(event, name).is_none() {
            event.set_header(name, value);
        }
    }
    Ok(())
}

/// The platform's headers of a callback.
pub(crate) struct Headers(Vec<(&'static str, String)>);

impl Headers {
    /// Signed with this credential.
    pub(crate) fn sign(
        credential: &Credential,
        uuid: &str,
        request_id: &str,
        create_ts: &str,
        body: &[u8],
    ) -> Self {
        let signed = Signed {
            body,
            create_ts,
            request_id,
            uuid,
        };
        let sign = signed.sign(credential.algorithm, &credential.secret_key);
        Self(vec![
            ("requestID", request_id.to_owned()),
            ("uuid", uuid.to_owned()),
            ("createTs", create_ts.to_owned()),
            ("sign", hex::encode_upper(sign)),
        ])
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Replaces a header, or adds it.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.remove(name);
        self.0.push((name, value.to_owned()));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(other, _)| *other != name);
    }
}

fn account_of<'a>(event: &Event, credentials: &'a Credentials) -> &'a Credential {
    let uuid = event.header("uuid");
    let own = credentials
        .iter()
        .find(|credential| Some(credential.uuid.as_str()) == uuid);
    own.unwrap_or_else(|| credentials.first())
}
