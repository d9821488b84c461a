//! Signs an event as the platform does.

use task_callback::contract::account::{Credential, Credentials};

use super::Event;
use crate::Failure;
use crate::headers::Headers;

impl Event {
    /// Signs the event as of `now`, for the account in its header or else for the first configured one. Headers listed
    /// in the event's `keep` stay unchanged.
    pub(crate) fn sign(&mut self, credentials: &Credentials, now: u64) -> Result<(), Failure> {
        let kept = |event: &Self, name: &str| -> Option<String> {
            let keep = event.about.keep.iter().any(|kept| kept == name);
            keep.then(|| event.header(name).unwrap_or_default().to_owned())
        };
        let credential = self.account(credentials);
        let uuid = kept(self, "uuid").unwrap_or_else(|| credential.uuid.clone());
        let create_ts = kept(self, "createTs").unwrap_or_else(|| now.to_string());
        let request_id =
            kept(self, "requestID").unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string());
        let headers = Headers::sign(credential, &uuid, &request_id, &create_ts, &self.body()?);
        for (name, value) in headers.iter() {
            if kept(self, name).is_none() {
                self.set_header(name, value);
            }
        }
        Ok(())
    }

    fn account<'a>(&self, credentials: &'a Credentials) -> &'a Credential {
        let uuid = self.header("uuid");
        let own = credentials
            .iter()
            .find(|credential| Some(credential.uuid.as_str()) == uuid);
        own.unwrap_or_else(|| credentials.first())
    }
}
