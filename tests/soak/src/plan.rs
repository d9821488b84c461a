//! What a run sends: reports of random tasks, resends and forgeries, determined by the seed.

use std::time::UNIX_EPOCH;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, from_value, json};
use task_callback::contract::account::Algorithm;
use task_callback_test_support::request::{Request, body};

const REPORTS_PER_TASK: u32 = 10;
/// The share of the reports that are made in the same second as the report before.
const SAME_SECOND: f64 = 0.25;
/// The share of the reports that are sent twice.
const SENT_TWICE: f64 = 0.1;
/// The number of forgeries per report.
const FORGED: f64 = 0.01;
/// The most places that a message is moved: the reports of twenty tasks are mixed.
const SCATTER: usize = 200;
/// The most places between a report and its resend. The report is often still in flight then.
const RESENT_WITHIN: usize = 40;

/// What is sent, and in which order.
pub(crate) struct Plan {
    pub(crate) reports: Vec<Report>,
    pub(crate) messages: Vec<Message>,
}

/// One report of a task.
#[derive(Clone)]
pub(crate) struct Report {
    pub(crate) task: String,
    pub(crate) uuid: String,
    /// The header `createTs`, Unix seconds.
    pub(crate) create_ts: u64,
    pub(crate) body: Value,
    /// The `requestID` of the report when it is sent for the first time.
    id: String,
    secret: String,
    algorithm: Algorithm,
}

/// One callback to send: the place of a report in the plan, and what is sent of it.
pub(crate) type Message = (usize, Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Report,
    /// The report again, with another `requestID`.
    Resend,
    /// A forgery with a guessed secret.
    WrongSecret,
    /// A forgery with the signature of another body.
    ChangedBody,
    /// A forgery with the signature of another uuid.
    OtherUuid,
    /// A forgery that continues a genuine message: MD5 allows this without the secret.
    LengthExtension,
}

use Kind::{ChangedBody, LengthExtension, OtherUuid, WrongSecret};

pub(crate) const FORGERIES: [Kind; 4] = [WrongSecret, ChangedBody, OtherUuid, LengthExtension];
/// The end of the `requestID` of a forgery.
pub(crate) const FORGED_ID: &str = "-forged";

impl Plan {
    /// This many tasks of these accounts, with reports from the last hour.
    pub(crate) fn new(tasks: usize, accounts: &[Value], seed: u64) -> Self {
        let now = UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
        println!(
            "{tasks} tasks with {REPORTS_PER_TASK} reports each, from soak-{now}-000000, seed {seed}"
        );
        let mut random = StdRng::seed_from_u64(seed);
        let mut reports = Vec::new();
        for (task, account) in accounts.iter().cycle().take(tasks).enumerate() {
            let task = format!("soak-{now}-{task:06}");
            let text = |field: &str| account[field].as_str().unwrap_or_default().to_owned();
            let mut create_ts = now - 3_600;
            for number in 0..REPORTS_PER_TASK {
                if !random.random_bool(SAME_SECOND) {
                    create_ts += random.random_range(1..3_600 / u64::from(REPORTS_PER_TASK));
                }
                let mut body = body();
                body["taskID"] = json!(task);
                body["userTaskID"] = json!(format!("campaign-of-{task}"));
                body["taskStatus"] = json!(random.random_range(1..=5));
                // No two reports of a task are equal.
                body["taskStat"]["totalCall"] = json!(1_000 * number + random.random_range(0..999));
                // The function must keep what the contract does not name.
                body["remark"] = json!("made by the soak – «not a real campaign» \u{1F4DE}");
                reports.push(Report {
                    task: task.clone(),
                    uuid: text("uuid"),
                    create_ts,
                    body,
                    id: format!("{task}-{number}"),
                    secret: text("secretKey"),
                    algorithm: from_value(account["algorithm"].clone()).unwrap_or_default(),
                });
            }
        }
        let messages = messages(reports.len(), &mut random);
        Self { reports, messages }
    }
}

/// The messages for this many reports, in the order of sending.
fn messages(reports: usize, random: &mut StdRng) -> Vec<Message> {
    let mut messages = Vec::new();
    for report in 0..reports {
        let place = report + random.random_range(0..SCATTER);
        messages.push((place, (report, Kind::Report)));
        if random.random_bool(SENT_TWICE) {
            let later = random.random_range(1..=RESENT_WITHIN);
            messages.push((place + later, (report, Kind::Resend)));
        }
        if random.random_bool(FORGED) {
            let forgery = FORGERIES[random.random_range(0..FORGERIES.len())];
            messages.push((place, (report, forgery)));
        }
    }
    messages.sort_by_key(|(place, _)| *place);
    messages.into_iter().map(|(_, message)| message).collect()
}

impl Report {
    pub(crate) fn request_id(&self, kind: Kind) -> String {
        match kind {
            Kind::Report => self.id.clone(),
            Kind::Resend => format!("{}-again", self.id),
            _ => self.id.clone() + FORGED_ID,
        }
    }

    /// The signed report, or a forgery with more calls. No forgery may be accepted.
    pub(crate) fn request(&self, kind: Kind) -> Request {
        let (id, uuid) = (self.request_id(kind), &self.uuid);
        let create_ts = self.create_ts.to_string();
        let sign = |request: Request| request.sign(self.algorithm, &self.secret);
        let genuine = Request::new(&self.body).with_header("createTs", &create_ts);
        let genuine = genuine.with_header("requestID", &id);
        let genuine = genuine.with_header("uuid", uuid);
        let mut forged = self.body.clone();
        forged["taskStat"]["totalCall"] = json!(1_000_000_000);
        match kind {
            Kind::Report | Kind::Resend => sign(genuine),
            WrongSecret => genuine.with_body(forged).sign(self.algorithm, "a guess"),
            ChangedBody => sign(genuine).with_body(forged),
            OtherUuid => {
                let other = uuid.clone() + "0";
                sign(genuine.with_body(forged)).with_header("uuid", &other)
            }
            LengthExtension => {
                // The text that the platform signed, and the hash's padding, become the body.
                let signed = format!("&createTs={create_ts}&requestID={id}&uuid={uuid}");
                let mut request = genuine;
                request.body.extend(signed.bytes().chain([0x80, 0, 0, 0]));
                request.sign(Algorithm::Md5, &self.secret)
            }
        }
    }
}
