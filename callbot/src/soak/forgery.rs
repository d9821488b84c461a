//! What somebody without the secret may try.

use rand::RngExt;
use task_callback::contract::account::{Algorithm, Credential, SecretKey};

use crate::life::Report;
use crate::platform::Headers;

/// One way to forge a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forgery {
    /// Signed with a guess.
    WrongSecret,
    /// A genuine signature over another body.
    ChangedBody,
    /// A genuine signature over another time.
    ChangedTime,
    /// A genuine signature over another request id.
    ChangedRequestId,
    /// A signature that is too short.
    ShortSignature,
    /// Another account's uuid.
    UnknownAccount,
    /// A uuid that goes on, as after a length extension.
    ExtendedUuid,
    /// With a header that asks for another algorithm.
    OtherAlgorithm,
    /// No signature at all.
    Unsigned,
    /// Signed with the right secret, a year ago: overheard and replayed.
    Stale,
}

const ALL: [Forgery; 10] = [
    Forgery::WrongSecret,
    Forgery::ChangedBody,
    Forgery::ChangedTime,
    Forgery::ChangedRequestId,
    Forgery::ShortSignature,
    Forgery::UnknownAccount,
    Forgery::ExtendedUuid,
    Forgery::OtherAlgorithm,
    Forgery::Unsigned,
    Forgery::Stale,
];

/// What a forger makes of a report of the task's: one that it never made.
pub(super) fn forged(report: Report) -> Report {
    Report {
        calls: report.calls + 1_000_000_000,
        ..report
    }
}

const YEAR_SECONDS: u64 = 365 * 86_400;

impl Forgery {
    pub(super) fn random(random: &mut impl RngExt) -> Self {
        ALL[random.random_range(0..ALL.len())]
    }

    /// The `retCode` that it must be refused with.
    pub(super) fn ret_code(self) -> u16 {
        match self {
            Self::Unsigned => 4000,
            Self::Stale => 4011,
            _ => 4010,
        }
    }

    /// The headers with which the body is sent. `genuine` is another body, of which a signature was overheard.
    pub(super) fn headers(
        self,
        credential: &Credential,
        request_id: &str,
        create_ts: u64,
        body: &str,
        genuine: &str,
    ) -> Headers {
        let sign = |credential: &Credential, body: &str, create_ts: u64| {
            let create_ts = create_ts.to_string();
            let uuid = &credential.uuid;
            Headers::sign(credential, uuid, request_id, &create_ts, body.as_bytes())
        };
        let mut headers = match self {
            Self::ChangedBody => sign(credential, genuine, create_ts),
            Self::Stale => sign(credential, body, create_ts - YEAR_SECONDS),
            Self::WrongSecret => {
                let guess = Credential {
                    secret_key: SecretKey::from("a guess"),
                    ..credential.clone()
                };
                sign(&guess, body, create_ts)
            }
            _ => sign(credential, body, create_ts),
        };
        let uuid = &credential.uuid;
        match self {
            Self::ChangedTime => headers.set("createTs", &(create_ts - 1).to_string()),
            Self::ChangedRequestId => headers.set("requestID", "another"),
            Self::ShortSignature => headers.set("sign", "00112233445566778899AABBCCDDEE"),
            Self::UnknownAccount => headers.set("uuid", "nobody"),
            Self::ExtendedUuid => headers.set("uuid", &format!("{uuid}0")),
            Self::OtherAlgorithm => headers.set("algorithm", other(credential.algorithm).name()),
            Self::Unsigned => headers.remove("sign"),
            Self::WrongSecret | Self::ChangedBody | Self::Stale => {}
        }
        headers
    }
}

fn other(algorithm: Algorithm) -> Algorithm {
    match algorithm {
        Algorithm::Md5 => Algorithm::Sha256,
        _ => Algorithm::Md5,
    }
}
