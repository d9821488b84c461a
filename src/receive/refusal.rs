//! Why a callback is refused, its answer and its parking: the contract's sections 4 and 6.

use std::borrow::Cow;

use crate::contract::callback::{BodyError, CALLBACK_METHOD, CALLBACK_PATH};
use crate::contract::headers::HeaderError;
use crate::contract::signature::Unverified;
use crate::contract::text::{MESSAGE_LIMIT, QUOTE_LIMIT, excerpt};
use crate::parking::Queue;
use crate::store::StoreError;

/// Why a callback is refused: [`Refusal::reason`] for the log, [`Refusal::answer`] for the sender.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the event is not an API Gateway request: {0}")]
    Event(String),
    #[error("the message is not a parked callback: {0}")]
    Message(String),
    #[error("no such path: {}", excerpt(.0, QUOTE_LIMIT))]
    Path(String),
    #[error("method not allowed: {}", excerpt(.0, QUOTE_LIMIT))]
    Method(String),
    /// `limit` is `MAX_BODY_BYTES`.
    #[error("the body has {bytes} bytes, over the limit of {limit}")]
    TooLarge { bytes: usize, limit: usize },
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// No credentials could be read in time, so no signature can be verified.
    #[error("there are no credentials to verify with")]
    NoCredentials,
    /// No configured account signed the request.
    #[error(transparent)]
    Unverified(#[from] Unverified),
    /// Authentic, but `createTs` is too far ahead of the clock, or behind it.
    #[error("createTs is {seconds} s {} the clock, more than the {limit} s allowed", if *ahead { "ahead of" } else { "behind" })]
    Clock {
        seconds: u64,
        ahead: bool,
        limit: u64,
    },
    /// Authentic, but the body does not parse or cannot be stored.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// Authentic and valid, but not stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The answer to a refused callback, and whether the callback is parked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RefusalAnswer {
    pub(crate) ret_code: u16,
    pub(crate) http_status: u16,
    /// What was wrong, as far as the sender may learn it.
    pub(crate) ret_msg: Cow<'static, str>,
    pub(super) parking_rule: ParkingRule,
}

/// Whether and where a refused callback is parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParkingRule {
    /// The callback is authentic, or no signature could be verified.
    Always(Queue),
    /// The signature or the algorithm is not the account's. Most often our own secret is wrong, but
    /// the callback may be forged.
    UpToALimit(Queue),
    /// The callback is from a stranger, forged or malformed.
    Never,
}

impl Refusal {
    /// The answer and the parking rule, from the tables in the contract's sections 4 and 6.
    pub(crate) fn answer(&self) -> RefusalAnswer {
        use ParkingRule::{Always, Never, UpToALimit};
        use Queue::{DeadLetter, Parked};
        let not_stored = "not stored; send the callback again";
        let (ret_code, http_status, ret_msg, parking_rule) = match self {
            Self::Event(_) | Self::Message(_) => {
                (4000, 400, "the request could not be read".into(), Never)
            }
            Self::Header(_) => (4000, 400, self.reason().into(), Never),
            Self::Body(BodyError::Unprocessable { .. }) => {
                (4220, 422, self.reason().into(), Always(DeadLetter))
            }
            Self::Body(_) => (4001, 400, self.reason().into(), Always(DeadLetter)),
            Self::Unverified(unverified) => {
                let rule = match unverified {
                    Unverified::WrongSignature | Unverified::OtherAlgorithm => UpToALimit(Parked),
                    Unverified::UnknownUuid | Unverified::Extended => Never,
                };
                (4010, 401, "the signature does not verify".into(), rule)
            }
            Self::Clock { .. } => (4011, 401, self.reason().into(), Always(DeadLetter)),
            Self::Path(_) => {
                let ret_msg = format!("no such path: callbacks go to {CALLBACK_PATH}");
                (4040, 404, ret_msg.into(), Never)
            }
            Self::Method(_) => {
                let ret_msg = format!("method not allowed: callbacks are a {CALLBACK_METHOD}");
                (4050, 405, ret_msg.into(), Never)
            }
            Self::TooLarge { .. } => (4130, 413, self.reason().into(), Never),
            Self::NoCredentials | Self::Store(StoreError::Refused(_)) => {
                (5000, 500, "internal error".into(), Always(Parked))
            }
            Self::Store(_) => (5030, 503, not_stored.into(), Always(Parked)),
        };
        RefusalAnswer {
            ret_code,
            http_status,
            ret_msg,
            parking_rule,
        }
    }

    /// The reason for the log.
    pub(crate) fn reason(&self) -> String {
        excerpt(&self.to_string(), MESSAGE_LIMIT)
    }

    /// Whether an AWS service is down or slow, which most likely affects the next callback, too.
    pub(super) fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::NoCredentials | Self::Store(StoreError::Unavailable(_) | StoreError::TimedOut(_))
        )
    }
}
