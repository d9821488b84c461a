//! The use case: a callback comes in and is stored, or refused.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::callback::Callback;
use crate::config::Config;
use crate::headers::{CallbackHeaders, Headers};
use crate::keyring::Keyring;
use crate::refusal::Refusal;
use crate::signature::{Signed, VerifiedBody, verify};
use crate::snapshot::{ReceivedAt, ReportTime, Snapshot};
use crate::store::{Put, Store};
use crate::telemetry::CallbackRecord;

/// Receives callbacks for the configured accounts into one table.
#[derive(Clone, Debug)]
pub struct Receiver {
    keyring: Keyring,
    max_clock_skew: Duration,
    retention: Option<Duration>,
    store: Store,
}

/// One callback as it came, and what there is to answer it with. Not to be logged: its headers hold a
/// signature.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// The request's headers.
    pub headers: &'a Headers<'a>,
    /// The request's body, byte for byte as sent.
    pub body: &'a [u8],
    /// The id of the answer.
    pub response_id: &'a str,
    /// The clock.
    pub now: SystemTime,
    /// When the store has to give up.
    pub deadline: Instant,
}

impl Receiver {
    /// A receiver with this configuration, verifying with `keyring` and storing in `store`.
    pub fn new(config: &Config, keyring: Keyring, store: Store) -> Self {
        Self {
            keyring,
            max_clock_skew: config.max_clock_skew,
            retention: config.retention,
            store,
        }
    }

    /// Checks the headers, the signature, the clock and the body, in this order, and stores the snapshot.
    /// What is learnt on the way is noted in `record`.
    ///
    /// # Errors
    ///
    /// The first thing that stands against it. Then nothing was stored, unless the store itself failed and
    /// its confirmation was what got lost.
    pub async fn receive(
        &self,
        incoming: &Incoming<'_>,
        record: &mut CallbackRecord,
    ) -> Result<Put, Refusal> {
        let headers = CallbackHeaders::parse(incoming.headers)?;
        record.request_id = Some(headers.request_id.to_owned());
        record.uuid = Some(headers.uuid.to_owned());
        record.create_ts = Some(ReportTime::new(headers.create_ts));

        let signed = Signed {
            body: incoming.body,
            create_ts: headers.create_ts_text,
            request_id: headers.request_id,
            uuid: headers.uuid,
        };
        let body = self.verify(&signed, &headers, incoming.now).await?;
        self.check_clock(headers.create_ts, incoming.now)?;

        let result = self.keep(&headers, &body, incoming, record).await;
        if result.is_err() {
            record.refused_body = Some(body.bytes().to_owned());
        }
        self.keyring.settle().await;
        result
    }

    /// Verifies with the credentials at hand and, where these do not, with newer ones: a secret may have been
    /// rotated since they were read.
    async fn verify<'a>(
        &self,
        signed: &Signed<'a>,
        headers: &CallbackHeaders<'_>,
        now: SystemTime,
    ) -> Result<VerifiedBody<'a>, Refusal> {
        let verify = |credentials| verify(credentials, signed, headers.algorithm, &headers.sign);
        let credentials = self.keyring.current(now).await;
        let credentials = credentials.ok_or(Refusal::NoCredentials)?;
        let unverified = match verify(&credentials) {
            Ok(body) => return Ok(body),
            Err(unverified) => unverified,
        };
        match self.keyring.newer_than(&credentials, now).await {
            Some(newer) => Ok(verify(&newer)?),
            None => Err(unverified.into()),
        }
    }

    /// What is left to do once the callback is known to be authentic.
    async fn keep(
        &self,
        headers: &CallbackHeaders<'_>,
        body: &VerifiedBody<'_>,
        incoming: &Incoming<'_>,
        record: &mut CallbackRecord,
    ) -> Result<Put, Refusal> {
        let callback = Callback::parse(body)?;
        record.task_id = Some(callback.task_id.clone());
        record.status = Some(callback.status);

        let received_at = ReceivedAt::from(incoming.now);
        let expires_at = |retention: Duration| received_at.unix_seconds() + retention.as_secs();
        let snapshot = Snapshot {
            create_ts: ReportTime::new(headers.create_ts),
            request_id: headers.request_id.to_owned(),
            uuid: headers.uuid.to_owned(),
            callback,
            received_at,
            response_id: incoming.response_id.to_owned(),
            body_sha256: Sha256::digest(body.bytes()).into(),
            expires_at: self.retention.map(expires_at),
        };
        let started = Instant::now();
        let result = self.store.put(snapshot, incoming.deadline).await;
        record.store_time = Some(started.elapsed());
        let put = result?;
        let (Put::New(key) | Put::AlreadyStored(key)) = put;
        record.create_ts = Some(key);
        Ok(put)
    }

    /// A signature does not age: without this a callback once overheard could be sent again for ever.
    fn check_clock(&self, create_ts: u64, now: SystemTime) -> Result<(), Refusal> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let seconds = now.abs_diff(create_ts);
        let limit = self.max_clock_skew.as_secs();
        if seconds > limit {
            let ahead = create_ts > now;
            return Err(Refusal::Clock {
                seconds,
                ahead,
                limit,
            });
        }
        Ok(())
    }
}
