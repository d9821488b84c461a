//! Why a callback is rejected, which answer it gets and whether it is parked: the contract's sections 4 and 6.

use std::borrow::Cow;

use crate::contract::callback::{BodyError, CALLBACK_METHOD, CALLBACK_PATH};
use crate::contract::headers::HeaderError;
use crate::contract::parked::ParkedError;
use crate::contract::signature::Unverified;
use crate::store::StoreError;

/// Why a callback is not acknowledged. The text is the full reason, for the log. [`Refusal::answer`] returns what the
/// sender may learn.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The event is not an HTTP request.
    #[error("the event is not an API Gateway request: {0}")]
    Event(String),
    /// The queue's message is not a parked callback.
    #[error("the message is not a parked callback: {0}")]
    Message(ParkedError),
    /// The path is not the callback's.
    #[error("no such path: {0}")]
    Path(String),
    /// The method is not POST.
    #[error("method not allowed: {0}")]
    Method(String),
    /// The body is larger than the configured limit.
    #[error("the body has {bytes} bytes, over the limit of {limit}")]
    TooLarge {
        /// The body's size.
        bytes: usize,
        /// `MAX_BODY_BYTES`
        limit: usize,
    },
    /// A header is missing or malformed.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// No credentials could be read in time, so no signature can be verified.
    #[error("there are no credentials to verify with")]
    NoCredentials,
    /// No configured account signed the request.
    #[error(transparent)]
    Unverified(#[from] Unverified),
    /// Authentic, but `createTs` is too far from the clock.
    #[error("createTs is {seconds} s {} the clock, more than the {limit} s allowed", if *ahead { "ahead of" } else { "behind" })]
    Clock {
        /// The distance from the clock.
        seconds: u64,
        /// Whether `createTs` is in the future.
        ahead: bool,
        /// `MAX_CLOCK_SKEW_SECONDS` if ahead, otherwise `MAX_CALLBACK_AGE_SECONDS`.
        limit: u64,
    },
    /// Authentic, but the body does not parse or cannot be stored.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// Authentic and valid, but not stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The answer to a refused callback.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RefusalAnswer {
    /// Never 0.
    pub(crate) ret_code: u16,
    /// The HTTP status.
    pub(crate) http_status: u16,
    /// What was wrong, as far as the sender may learn it.
    pub(crate) ret_msg: Cow<'static, str>,
}

impl Refusal {
    /// The answer, from the table in the contract's section 4.
    pub(crate) fn answer(&self) -> RefusalAnswer {
        let (ret_code, http_status, ret_msg) = match self {
            Self::Event(_) | Self::Message(_) => {
                (4000, 400, Cow::from("the request could not be read"))
            }
            Self::Header(error) => (4000, 400, error.to_string().into()),
            Self::Body(error @ BodyError::NotAcceptable { .. }) => {
                (4220, 422, error.to_string().into())
            }
            Self::Body(error) => (4001, 400, error.to_string().into()),
            Self::Unverified(_) => (4010, 401, "the signature does not verify".into()),
            Self::Clock { .. } => (4011, 401, self.to_string().into()),
            Self::Path(_) => (
                4040,
                404,
                format!("no such path: callbacks go to {CALLBACK_PATH}").into(),
            ),
            Self::Method(_) => (
                4050,
                405,
                format!("method not allowed: callbacks are sent by {CALLBACK_METHOD}").into(),
            ),
            Self::TooLarge { .. } => (4130, 413, self.to_string().into()),
            Self::NoCredentials | Self::Store(StoreError::Refused(_)) => {
                (5000, 500, "internal error".into())
            }
            Self::Store(
                StoreError::Unavailable(_) | StoreError::TimedOut { .. } | StoreError::SecondFull,
            ) => (5030, 503, "not stored; send the callback again".into()),
        };
        RefusalAnswer {
            ret_code,
            http_status,
            ret_msg,
        }
    }

    /// Whether an AWS service was unavailable or did not answer in time. The next callback would most likely wait for
    /// nothing, too.
    pub(super) fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::NoCredentials
                | Self::Store(StoreError::Unavailable(_) | StoreError::TimedOut { .. })
        )
    }

    /// Whether the callback is parked, from the table in the contract's section 6.
    pub(super) fn rule(&self) -> Rule {
        match self {
            Self::NoCredentials | Self::Clock { .. } | Self::Body(_) | Self::Store(_) => {
                Rule::Parked
            }
            Self::Unverified(Unverified::WrongSignature | Unverified::OtherAlgorithm) => {
                Rule::ParkedUpToALimit
            }
            Self::Unverified(Unverified::UnknownUuid | Unverified::Extended)
            | Self::Event(_)
            | Self::Message(_)
            | Self::Path(_)
            | Self::Method(_)
            | Self::TooLarge { .. }
            | Self::Header(_) => Rule::NotParked,
        }
    }
}

/// Whether a rejected callback is parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// The callback is authentic, or no signature could be verified.
    Parked,
    /// The signature or the algorithm is not the account's. The usual cause is our own secret, but a forger can cause
    /// this, too.
    ParkedUpToALimit,
    /// The callback is from a stranger or forged, or the request is not a well-formed callback.
    NotParked,
}
