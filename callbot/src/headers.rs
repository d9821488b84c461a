//! The headers that sign a callback.

use task_callback::contract::account::Credential;
use task_callback::contract::signature::Signed;

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

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(other, _)| *other != name);
    }
}
