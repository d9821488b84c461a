//! Generated tasks: the reports of a task from its creation to its end.

use rand::RngExt;
use serde_json::json;
use task_callback::contract::callback::{Callback, TaskStat, TaskStatus};
use task_callback::contract::decimal::Decimal;
use task_callback::contract::extra::{Extra, Value};

/// A task and its reports.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    /// The vendor's id.
    pub(crate) task_id: String,
    /// The customer's id.
    pub(crate) user_task_id: String,
    /// The time of creation, Unix seconds.
    pub(crate) created: u64,
    /// The reports in order, no two of them equal.
    pub(crate) reports: Vec<Report>,
}

/// The state of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) status: TaskStatus,
    pub(crate) total_orders: u64,
    pub(crate) finished_orders: u64,
    pub(crate) answered_orders: u64,
    pub(crate) calls: u64,
    pub(crate) answered_calls: u64,
}

const SCENE_ID: &str = "scene-of-a-rehearsal";
/// A field outside the contract, which the function must keep.
const REMARK: (&str, &str) = (
    "remark",
    "made by callbot – «not a real campaign» \u{1F4DE}",
);

impl Life {
    /// A random life: most tasks complete, some fail, some are in progress at the end, and some pause.
    pub(crate) fn random(
        task_id: String,
        user_task_id: String,
        created: u64,
        reports: usize,
        random: &mut impl RngExt,
    ) -> Self {
        let total_orders = random.random_range(20..2_000);
        let end = match random.random_range(0..10) {
            0 => TaskStatus::Failed,
            1 => TaskStatus::InProgress,
            _ => TaskStatus::Completed,
        };
        // A task that is not completed has orders left.
        let finished_at_last = match end {
            TaskStatus::Completed => total_orders,
            _ => random.random_range(1..total_orders),
        };
        let last = reports.saturating_sub(1);
        let mut report = Report::first(total_orders);
        let reports = (0..reports).map(|number| {
            if number > 0 {
                let all = (finished_at_last * number as u64).div_ceil(last as u64);
                report.advance(all, random);
                report.status = match number {
                    _ if number == last => end,
                    _ if random.random_bool(0.1) => TaskStatus::Paused,
                    _ => TaskStatus::InProgress,
                };
            }
            report
        });
        Self {
            task_id,
            user_task_id,
            created,
            reports: reports.collect(),
        }
    }

    /// A life with these reports: the status, and the finished orders in per cent.
    pub(crate) fn scripted(
        task_id: String,
        user_task_id: String,
        created: u64,
        course: impl Iterator<Item = (TaskStatus, u64)>,
        random: &mut impl RngExt,
    ) -> Self {
        let total_orders = random.random_range(100..1_000);
        let mut report = Report::first(total_orders);
        let reports = course.map(|(status, share)| {
            if status != TaskStatus::Pending {
                report.advance(total_orders * share / 100, random);
            }
            Report { status, ..report }
        });
        Self {
            task_id,
            user_task_id,
            created,
            reports: reports.collect(),
        }
    }

    /// The callback's body for a report.
    pub(crate) fn body(&self, report: &Report) -> String {
        let body = json!({
            "callbackType": 1,
            "userTaskID": self.user_task_id,
            "taskID": self.task_id,
            "sceneID": SCENE_ID,
            "taskStatus": report.status.number(),
            "createTs": self.created,
            "taskStat": {
                "answerOrderCount": report.answered_orders,
                "finishOrderCount": report.finished_orders,
                "totalOrderCount": report.total_orders,
                "finishRate": rate(report.finished_orders, report.total_orders),
                "totalAnswerCall": report.answered_calls,
                "totalCall": report.calls,
                "answerRate": rate(report.answered_calls, report.calls),
            },
            REMARK.0: REMARK.1,
        });
        body.to_string()
    }

    /// The callback that must be stored for a report.
    pub(crate) fn callback(&self, report: &Report) -> Callback {
        let rate = |part, all| {
            let text = rate(part, all).to_string();
            Decimal::parse(&text).expect("a rate is a short decimal")
        };
        Callback {
            task_id: self.task_id.clone(),
            user_task_id: self.user_task_id.clone(),
            scene_id: SCENE_ID.to_owned(),
            status: report.status,
            create_ts: self.created,
            stat: TaskStat {
                answer_order_count: report.answered_orders,
                finish_order_count: report.finished_orders,
                total_order_count: report.total_orders,
                finish_rate: rate(report.finished_orders, report.total_orders),
                total_answer_call: report.answered_calls,
                total_call: report.calls,
                answer_rate: rate(report.answered_calls, report.calls),
            },
            extra: Extra::from([(REMARK.0.to_owned(), Value::Text(REMARK.1.to_owned()))]),
        }
    }
}

impl Report {
    /// The report of a new task.
    fn first(total_orders: u64) -> Self {
        Self {
            status: TaskStatus::Pending,
            total_orders,
            finished_orders: 0,
            answered_orders: 0,
            calls: 0,
            answered_calls: 0,
        }
    }

    /// Finishes orders up to this number, with at least one more call.
    fn advance(&mut self, finished_orders: u64, random: &mut impl RngExt) {
        let finished = finished_orders - self.finished_orders;
        let calls = finished + 1 + random.random_range(0..=finished);
        let answered = random.random_range(0..=finished);
        self.finished_orders = finished_orders;
        self.calls += calls;
        self.answered_orders += answered;
        self.answered_calls += answered;
    }
}

/// A ratio with two decimals, as the platform reports it.
fn rate(part: u64, all: u64) -> f64 {
    match all {
        0 => 0.0,
        all => (part as f64 / all as f64 * 100.0).round() / 100.0,
    }
}
