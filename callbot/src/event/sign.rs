//! Signs an event as the platform does.

use task_callback::contract::account::{Credential, Credentials};
use task_callback::contract::signature::Signed;

use super::Event;
use crate::Failure;

impl Event {
    /// Signs the event as of `now`, for the account in its header or else for the first configured
    /// account. The headers in `keep` stay unchanged.
    pub(crate) fn sign(&mut self, credentials: &Credentials, now: u64) -> Result<(), Failure> {
        let keeps = |event: &Self, name: &str| event.about.keep.iter().any(|kept| kept == name);
        let value = |name: &str, new: String| match keeps(self, name) {
            true => self.header(name).unwrap_or_default().to_owned(),
            false => new,
        };
        let credential = self.account(credentials);
        let uuid = value("uuid", credential.uuid.clone());
        let create_ts = value("createTs", now.to_string());
        let request_id = value("requestID", uuid::Uuid::new_v4().simple().to_string());
        let signed = Signed {
            body: &self.body()?,
            create_ts: &create_ts,
            request_id: &request_id,
            uuid: &uuid,
        };
        let sign = signed.sign(credential.algorithm, &credential.secret_key);
        let sign = hex::encode_upper(sign);
        for (name, value) in [
            ("requestID", request_id),
            ("uuid", uuid),
            ("createTs", create_ts),
            ("sign", sign),
        ] {
            if !keeps(self, name) {
                self.set_header(name, &value);
            }
        }
        Ok(())
    }

    fn account<'a>(&self, credentials: &'a Credentials) -> &'a Credential {
        let uuid = self.header("uuid");
        let own = credentials
            .iter()
            .find(|credential| Some(credential.uuid.as_str()) == uuid);
        let chosen = own.or_else(|| credentials.iter().next());
        chosen.expect("credentials are never empty")
    }
}
