//! Sends callbacks, each until the function answers it, and counts the answers.

use std::collections::{BTreeMap, HashSet};
use std::future::ready;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use reqwest::{Client, Url, redirect};
use serde_json::Value;
use task_callback_test_support::request::Request;
use tokio::time::sleep;

use crate::plan::{FORGERIES, Message, Plan};

/// The function's timeout is 10 s; API Gateway and the network add to it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// The most requests for a callback that gets no answer. The pauses are half a minute in all.
const ATTEMPTS: usize = 12;
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// After this many callbacks without an answer, nothing more is sent.
const MOST_UNANSWERED: usize = 20;
/// Sends callbacks to one URL.
pub(crate) struct Drive {
    client: Client,
    url: Url,
    pub(crate) plan: Plan,
    /// The most requests at once.
    concurrency: usize,
    /// The pause between two messages.
    pub(crate) pause_millis: AtomicU64,
    tally: Mutex<Tally>,
}

/// What became of the messages.
#[derive(Default)]
pub(crate) struct Tally {
    /// The places of the acknowledged reports in the plan.
    pub(crate) acknowledged: HashSet<usize>,
    /// The numbers of messages of each kind with each answer.
    pub(crate) answers: BTreeMap<String, usize>,
    /// The number of refused reports and resends.
    pub(crate) refused: usize,
    pub(crate) forgeries_accepted: usize,
    /// Requests without an answer, most of them sent again.
    pub(crate) no_answer: usize,
    /// Messages without an answer to any of their requests.
    pub(crate) unanswered: usize,
}

impl Drive {
    pub(crate) fn new(url: Url, plan: Plan, concurrency: usize) -> reqwest::Result<Self> {
        // A redirect would send a valid signature to another server.
        let mut client = Client::builder().redirect(redirect::Policy::none());
        if url.host_str() == Some("127.0.0.1") {
            client = client.no_proxy();
        }
        Ok(Self {
            client: client.timeout(ANSWER_TIMEOUT).build()?,
            url,
            plan,
            concurrency,
            pause_millis: AtomicU64::new(0),
            tally: Mutex::default(),
        })
    }

    /// What became of the messages so far.
    pub(crate) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends messages, and waits for their answers.
    pub(crate) async fn send(&self, messages: &[Message]) {
        let paced = stream::iter(messages).then(async |message| {
            let pause = self.pause_millis.load(Ordering::Relaxed);
            sleep(Duration::from_millis(pause)).await;
            message
        });
        paced
            .take_while(|_| ready(self.tally().unanswered < MOST_UNANSWERED))
            .for_each_concurrent(self.concurrency, |message| self.deliver(message))
            .await;
    }

    /// Sends a message until the function answers.
    async fn deliver(&self, (place, kind): &Message) {
        let request = self.plan.reports[*place].request(*kind);
        let mut pause = Duration::from_millis(100);
        for _ in 0..ATTEMPTS {
            if let Some(ret_code) = self.request(&request).await {
                let mut tally = self.tally();
                let answer = format!("{kind:?}: retCode {ret_code}");
                *tally.answers.entry(answer).or_default() += 1;
                match (FORGERIES.contains(kind), ret_code) {
                    // 5000: no credentials could be read.
                    (true, 4010 | 5000) => {}
                    (true, _) => tally.forgeries_accepted += 1,
                    (false, 0) => drop(tally.acknowledged.insert(*place)),
                    (false, _) => tally.refused += 1,
                }
                return;
            }
            self.tally().no_answer += 1;
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
        self.tally().unanswered += 1;
    }

    /// Sends a request once. Returns the `retCode`, or `None` without an answer of the function:
    /// one with a `retCode` and the HTTP status that belongs to it.
    async fn request(&self, request: &Request) -> Option<u16> {
        let mut post = self.client.post(self.url.clone());
        for (name, value) in &request.headers {
            post = post.header(name, value);
        }
        let response = post.body(request.body.clone()).send().await.ok()?;
        let status = response.status().as_u16();
        let answer: Value = serde_json::from_str(&response.text().await.ok()?).ok()?;
        let ret_code = answer["retCode"].as_u64()?.try_into().ok()?;
        let expected = if ret_code == 0 { 200 } else { ret_code / 10 };
        (status == expected).then_some(ret_code)
    }
}
