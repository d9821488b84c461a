//! Reads the table back and compares the contents with what was sent.

use std::collections::HashMap;
use std::fmt;

use futures_util::stream::{self, StreamExt};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use task_callback::contract::account::Credentials;
use task_callback::contract::snapshot::{ReportTime, Snapshot};

use super::drive::{Ledger, Sent, account};
use super::plan::{Kind, Message, Plan};
use crate::Failure;
use crate::life::Life;
use crate::table::{Range, Table};

/// How many tasks are read at once.
const CONCURRENCY: usize = 16;
/// The maximum number of findings listed; all are counted.
const SHOWN: usize = 20;

/// The differences between the table and what was sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    pub(super) snapshots: usize,
    /// Reports that must be in the table.
    pub(super) expected: usize,
    /// Expected reports that are not in the table.
    pub(super) lost: usize,
    /// Reports that were sent, need not be in the table, and are not.
    pub(super) absent: usize,
    /// Surplus snapshots of reports stored more than once.
    pub(super) doubled: usize,
    /// Snapshots of reports never sent.
    pub(super) not_sent: usize,
    /// Snapshots that differ from the report.
    pub(super) different: usize,
    /// The first findings.
    pub(super) places: Vec<String>,
}

impl Findings {
    /// Whether the table holds every expected report once, as sent, and nothing else.
    pub(super) fn hold(&self) -> bool {
        self.lost + self.doubled + self.not_sent + self.different == 0
    }

    fn note(&mut self, what: &str, life: &Life, create_ts: impl ToString) {
        if self.places.len() < SHOWN {
            let (task, create_ts) = (&life.task_id, create_ts.to_string());
            self.places.push(format!("{what}: {task} {create_ts}"));
        }
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "snapshots": self.snapshots,
            "expected": self.expected,
            "lost": self.lost,
            "absent": self.absent,
            "doubled": self.doubled,
            "notSent": self.not_sent,
            "different": self.different,
            "places": self.places,
        })
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "table         {} snapshots; lost: {}, duplicated: {}, unexpected: {}, changed: {}",
            self.snapshots, self.lost, self.doubled, self.not_sent, self.different
        )?;
        for place in &self.places {
            writeln!(f, "{:14}{place}", "")?;
        }
        Ok(())
    }
}

/// Reads and compares the history of every task.
pub(super) async fn audit(
    plan: &Plan,
    ledger: &Ledger,
    credentials: &Credentials,
    table: &Table,
) -> Result<Findings, Failure> {
    // An interrupted run has sent nothing of most tasks.
    let is_sent = |reports: &[Sent]| reports.iter().any(|sent| sent.create_ts > 0);
    let tasks = ledger.iter().enumerate();
    let sent_tasks: Vec<_> = tasks.filter(|(_, reports)| is_sent(reports)).collect();
    let bar = ProgressBar::new(sent_tasks.len() as u64);
    let mut histories = stream::iter(sent_tasks)
        .map(async |(task, sent)| {
            let life = plan.life(task);
            let history = table.task_history(&life.task_id, Range::ALL).await;
            (task, life, sent, history)
        })
        .buffer_unordered(CONCURRENCY);
    let mut findings = Findings::default();
    while let Some((task, life, sent, history)) = histories.next().await {
        let uuid = &account(credentials, task).uuid;
        compare(plan, task, uuid, &life, sent, &history?, &mut findings);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(findings)
}

/// Compares one task's history with what was sent of it.
fn compare(
    plan: &Plan,
    task: usize,
    uuid: &str,
    life: &Life,
    sent: &[Sent],
    history: &[Snapshot],
    findings: &mut Findings,
) {
    findings.snapshots += history.len();
    let mut reports = HashMap::new();
    for (number, (report, sent)) in life.reports.iter().zip(sent).enumerate() {
        let digest: [u8; 32] = Sha256::digest(life.body(report)).into();
        reports.insert((sent.create_ts, digest), number);
    }
    let mut found = vec![0_usize; sent.len()];
    let mut slots: HashMap<u64, ReportTime> = HashMap::new();
    for snapshot in history {
        let create_ts = snapshot.create_ts;
        let key = (create_ts.seconds, snapshot.body_sha256);
        let Some(&number) = reports.get(&key) else {
            findings.not_sent += 1;
            findings.note("unexpected", life, create_ts);
            continue;
        };
        found[number] += 1;
        // The reports of one second take consecutive slots.
        let first = ReportTime::new(create_ts.seconds);
        let last = slots.insert(create_ts.seconds, create_ts);
        let next = last.map_or(Some(first), ReportTime::next_slot);
        if next != Some(create_ts)
            || snapshot.uuid != uuid
            || !is_as_sent(plan, task, number, life, snapshot)
        {
            findings.different += 1;
            findings.note("changed", life, create_ts);
        }
    }
    for (sent, found) in sent.iter().zip(found) {
        findings.expected += usize::from(sent.expected);
        match sent.expected {
            true if found == 0 => {
                findings.lost += 1;
                findings.note("lost", life, sent.create_ts);
            }
            false if found == 0 && sent.create_ts > 0 => findings.absent += 1,
            _ => {}
        }
        if found > 1 {
            findings.doubled += found - 1;
            findings.note("duplicated", life, sent.create_ts);
        }
    }
}

fn is_as_sent(plan: &Plan, task: usize, report: usize, life: &Life, snapshot: &Snapshot) -> bool {
    let request_id = |kind| {
        plan.request_id(&Message {
            task,
            report,
            create_ts: snapshot.create_ts.seconds,
            kind,
        })
    };
    let request_ids = [Kind::Report, Kind::Resend { new_id: true }].map(request_id);
    snapshot.callback == life.callback(&life.reports[report])
        && request_ids.contains(&snapshot.request_id)
}
