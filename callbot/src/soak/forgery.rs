//! Attacks by a sender without the secret.

use rand::RngExt;
use task_callback::contract::account::{Algorithm, Credential, SecretKey};

use crate::headers::Headers;
use crate::life::Report;

/// One way to forge a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forgery {
    /// A signature with a guessed secret.
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
    /// A longer uuid, as in a length extension attack.
    ExtendedUuid,
    /// A header that names another algorithm.
    OtherAlgorithm,
    /// No signature at all.
    Unsigned,
    /// A replay of a callback that was signed a year ago.
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

/// A report that the task never made.
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

    /// The expected `retCode`.
    pub(super) fn ret_code(self) -> u16 {
        match self {
            Self::Unsigned => 4000,
            Self::Stale => 4011,
            _ => 4010,
        }
    }

    /// The headers for the forged `body`. The attacker knows the signature of the `genuine` one.
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
