//! The body of a task callback: the contract's section 3.

mod parse;

use crate::contract::decimal::Decimal;
use crate::contract::extra::Extra;

/// The path to which the platform sends task callbacks.
pub const CALLBACK_PATH: &str = "/api/v3/taskCallback";
/// The HTTP method of task callbacks.
pub const CALLBACK_METHOD: &str = "POST";
/// The `callbackType` of a task callback, the only type that this endpoint accepts.
pub const TASK_CALLBACK: u64 = 1;

/// A task callback's body, with every number in its canonical form.
#[derive(Clone, Debug, PartialEq)]
pub struct Callback {
    /// The vendor's task id, the table's partition key. Never empty.
    pub task_id: String,
    /// The customer's own task id. May be empty.
    pub user_task_id: String,
    /// The script template's id.
    pub scene_id: String,
    /// The task's status.
    pub status: TaskStatus,
    /// When the task was created, Unix seconds: the same in every callback of a task.
    pub create_ts: u64,
    /// The counters.
    pub stat: TaskStat,
    /// Fields the contract does not name.
    pub extra: Extra,
}

/// `taskStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskStatus {
    /// 1, not started yet
    Pending = 1,
    /// 2
    InProgress = 2,
    /// 3
    Completed = 3,
    /// 4, finished unsuccessfully
    Failed = 4,
    /// 5
    Paused = 5,
}

impl TaskStatus {
    /// All statuses, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::InProgress,
        Self::Completed,
        Self::Failed,
        Self::Paused,
    ];

    /// The number on the wire.
    pub fn number(self) -> u64 {
        self as u64
    }

    /// The status with this number on the wire.
    pub(crate) fn from_number(number: u64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|status| status.number() == number)
    }

    /// The name, stored beside the number.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Paused => "PAUSED",
        }
    }
}

/// `taskStat`: the progress of the task.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskStat {
    /// Orders answered.
    pub answer_order_count: u64,
    /// Orders finished.
    pub finish_order_count: u64,
    /// Orders in total.
    pub total_order_count: u64,
    /// The fraction of orders finished, rounded by the platform.
    pub finish_rate: Decimal,
    /// Calls answered.
    pub total_answer_call: u64,
    /// Calls in total.
    pub total_call: u64,
    /// The fraction of calls answered, rounded by the platform.
    pub answer_rate: Decimal,
}

/// Why an authentic body is refused. `field` is a path such as `taskStat.totalCall`, or `the body`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
#[allow(missing_docs, reason = "described above")]
pub enum BodyError {
    /// The body is not JSON of the contract's form.
    Malformed { field: String, problem: String },
    /// The body is well-formed, but this endpoint does not accept the value.
    Unprocessable { field: String, problem: String },
}
