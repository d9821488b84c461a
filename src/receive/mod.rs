//! The use case: verify and store a callback, or refuse and perhaps park it.

mod mismatch_limit;
mod receipt;
mod refusal;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout_at};

use crate::config::Config;
use crate::contract::callback::Callback;
use crate::contract::headers::CallbackHeaders;
use crate::contract::parked::{ParkedCallback, headers_to_park};
use crate::contract::signature::{VerifiedBody, verify};
use crate::contract::snapshot::{ReceivedAt, ReportTime, Snapshot};
use crate::credentials::Keyring;
use crate::parking::Parking;
use crate::store::Store;
use mismatch_limit::MismatchLimit;
pub(crate) use receipt::{Delivery, Incoming, ParkOutcome, Receipt};
use refusal::ParkingRule;
pub(crate) use refusal::Refusal;

/// How long the function tries to store a callback that can be parked. Longer retries would only
/// hold an instance that other callbacks need.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);
/// The same while AWS seems to be down.
const STORE_TIMEOUT_IN_AN_OUTAGE: Duration = Duration::from_millis(500);
/// The same without a queue: retries are the only chance.
const STORE_TIMEOUT_WITHOUT_QUEUE: Duration = Duration::from_millis(6_500);

/// Receives callbacks for the configured accounts into one table.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) config: Config,
    keyring: Keyring,
    store: Store,
    parking: Parking,
    mismatches: MismatchLimit,
    /// Whether AWS seems to be down: an outage has kept a callback in a queue, and none has been
    /// stored since. Cleared if parking fails, because then only retries are left.
    outage: AtomicBool,
}

impl Receiver {
    pub(crate) fn new(config: &Config, keyring: Keyring, store: Store, parking: Parking) -> Self {
        Self {
            config: config.clone(),
            keyring,
            store,
            parking,
            mismatches: MismatchLimit::default(),
            outage: AtomicBool::new(false),
        }
    }

    /// Stores a callback, or refuses it and parks it if the contract says so. A refused callback
    /// stays in the parked queue: a move to the dead-letter queue would make a redrive endless.
    pub(crate) async fn receive<'a>(&self, incoming: &Incoming<'a>) -> Receipt<'a> {
        let now = Instant::now();
        let left = incoming.deadline.duration_since(now);
        let from_queue = incoming.delivery.from_queue;
        let timeout = self.store_timeout(from_queue);
        let time = timeout.min(left - self.parking.reserved_of(left));
        let mut receipt = self.try_to_store(incoming, now + time).await;
        if let Err(refusal) = &receipt.result {
            if !from_queue {
                // Boxed, because the future is large and rarely needed.
                receipt.parked = Box::pin(self.park(refusal, incoming)).await;
            }
            // No other refusal tells anything about an outage.
            if refusal.is_outage() {
                let parked = matches!(receipt.parked, Some(ParkOutcome::Queued(_)));
                self.outage.store(parked || from_queue, Ordering::Relaxed);
            }
        } else {
            self.outage.store(false, Ordering::Relaxed);
        }
        receipt
    }

    fn store_timeout(&self, from_queue: bool) -> Duration {
        if !self.parking.has_queue() && !from_queue {
            STORE_TIMEOUT_WITHOUT_QUEUE
        } else if self.outage.load(Ordering::Relaxed) {
            STORE_TIMEOUT_IN_AN_OUTAGE
        } else {
            STORE_TIMEOUT
        }
    }

    /// Checks the headers, the signature, the clock and the body, and stores the snapshot. The
    /// first check that fails determines the refusal. A refused callback is not stored, unless the
    /// confirmation of its write was lost.
    async fn try_to_store<'a>(&self, incoming: &Incoming<'a>, deadline: Instant) -> Receipt<'a> {
        let headers = match CallbackHeaders::parse(incoming.headers) {
            Ok(headers) => headers,
            Err(error) => return Receipt::of(Err(error.into())),
        };
        let verified = self.verify(&headers, incoming, deadline).await;
        let is_verified = verified.is_ok();
        let timely = verified.and_then(|body| {
            self.check_clock(headers.create_ts, incoming.received_at)
                .map(|()| body)
        });
        let mut receipt = match timely {
            Ok(body) => self.store(&headers, body, incoming, deadline).await,
            Err(refusal) => Receipt::of(Err(refusal)),
        };
        receipt.is_verified = is_verified;
        receipt.request_id = Some(headers.request_id);
        receipt.uuid = Some(headers.uuid);
        let reported_at = ReportTime::new(headers.create_ts);
        receipt.create_ts = receipt.create_ts.or(Some(reported_at));
        receipt
    }

    /// Verifies with the current credentials, then with newer ones: the secret may be rotated.
    async fn verify<'a>(
        &self,
        headers: &CallbackHeaders<'a>,
        incoming: &Incoming<'a>,
        deadline: Instant,
    ) -> Result<VerifiedBody<'a>, Refusal> {
        let signed = headers.signed(incoming.body);
        let verify = |with| verify(with, &signed, headers.algorithm, &headers.sign);
        let started = Instant::now();
        let credentials = self.keyring.wait_for_any(incoming.now, deadline).await;
        let credentials = credentials.ok_or(Refusal::NoCredentials)?;
        let unverified = match verify(&credentials) {
            Ok(body) => return Ok(body),
            Err(unverified) => unverified,
        };
        let now = incoming.now + started.elapsed();
        let newer = self.keyring.newer_than(&credentials, now);
        match timeout_at(deadline, newer).await.ok().flatten() {
            Some(newer) => Ok(verify(&newer)?),
            None => Err(unverified.into()),
        }
    }

    /// A callback from the future comes from a wrong clock. A callback from the past is genuine but
    /// late: a queue, a retry or an outage. A replay changes nothing while its snapshot is stored.
    fn check_clock(&self, create_ts: u64, received_at: ReceivedAt) -> Result<(), Refusal> {
        let now = received_at.unix_seconds();
        let (seconds, ahead) = (now.abs_diff(create_ts), create_ts > now);
        let limit = if ahead {
            self.config.max_clock_skew.as_secs()
        } else {
            self.config.max_callback_age.as_secs()
        };
        if seconds <= limit {
            return Ok(());
        }
        Err(Refusal::Clock {
            seconds,
            ahead,
            limit,
        })
    }

    /// Parses the authentic body and stores the snapshot.
    async fn store<'a>(
        &self,
        headers: &CallbackHeaders<'_>,
        body: VerifiedBody<'a>,
        incoming: &Incoming<'_>,
        deadline: Instant,
    ) -> Receipt<'a> {
        let callback = match Callback::parse(&body) {
            Ok(callback) => callback,
            Err(error) => return Receipt::of(Err(error.into())),
        };
        let (task_id, status) = (callback.task_id.clone(), callback.status);
        let received_at = incoming.received_at;
        // The later time: a snapshot must not expire while its callback would still be accepted.
        let begin = received_at.unix_seconds().max(headers.create_ts);
        let expires_at = |retention: Duration| begin + retention.as_secs();
        let snapshot = Snapshot {
            create_ts: ReportTime::new(headers.create_ts),
            request_id: headers.request_id.to_owned(),
            uuid: headers.uuid.to_owned(),
            callback,
            received_at,
            response_id: incoming.delivery.response_id.to_owned(),
            body_sha256: Sha256::digest(body.bytes()).into(),
            expires_at: self.config.retention.map(expires_at),
        };
        let started = Instant::now();
        let result = self.store.put(snapshot, deadline).await;
        Receipt {
            create_ts: result.as_ref().ok().map(|put| put.key),
            task_id: Some(task_id),
            status: Some(status),
            store_time: Some(started.elapsed()),
            ..Receipt::of(result.map_err(Refusal::from))
        }
    }

    /// Parks a refused callback if the contract says so.
    async fn park(&self, refusal: &Refusal, incoming: &Incoming<'_>) -> Option<ParkOutcome> {
        let answer = refusal.answer();
        let (ParkingRule::Always(queue) | ParkingRule::UpToALimit(queue)) = answer.parking_rule
        else {
            return None;
        };
        let queue = self.parking.queue_for(queue);
        let is_limited = matches!(answer.parking_rule, ParkingRule::UpToALimit(_));
        if is_limited && !self.mismatches.admit(incoming.now) {
            return Some(ParkOutcome::OverLimit);
        }
        let callback = ParkedCallback {
            received_at: incoming.received_at,
            response_id: incoming.delivery.response_id.to_owned(),
            ret_code: answer.ret_code,
            reason: refusal.reason(),
            headers: headers_to_park(incoming.headers),
            body: incoming.body.to_owned(),
        };
        let message = callback.into_json();
        Some(
            match self.parking.park(queue, &message, incoming.deadline).await {
                Ok(()) => ParkOutcome::Queued(queue),
                Err(error) => ParkOutcome::Logged { error, message },
            },
        )
    }
}
