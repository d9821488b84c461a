//! The body of a task callback: the contract's section 3.

mod parse;

use std::fmt;

use crate::contract::decimal::Decimal;
use crate::contract::extra::Extra;

/// Where the platform sends task callbacks.
pub const CALLBACK_PATH: &str = "/api/v3/taskCallback";
/// How it sends them.
pub const CALLBACK_METHOD: &str = "POST";
/// The `callbackType` of a task callback, the only one this endpoint takes.
pub const TASK_CALLBACK: u64 = 1;

/// What a task callback says, every number canonical.
#[derive(Clone, Debug, PartialEq)]
pub struct Callback {
    /// The vendor's task id, never empty: the table's partition key.
    pub task_id: String,
    /// The customer's own task id, may be empty.
    pub user_task_id: String,
    /// The script template's id.
    pub scene_id: String,
    /// What the task is doing.
    pub status: TaskStatus,
    /// When the task was created, as the platform gives it: the same in every callback of a task.
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
    /// 4, finished without success
    Failed = 4,
    /// 5
    Paused = 5,
}

impl TaskStatus {
    /// Every status, in the order of their numbers.
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
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|status| status.number() == number)
    }

    /// The name that is stored beside the number.
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

impl fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `taskStat`: how far the task has come.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskStat {
    /// Orders answered.
    pub answer_order_count: u64,
    /// Orders finished.
    pub finish_order_count: u64,
    /// Orders in all.
    pub total_order_count: u64,
    /// Orders finished of all orders, as the platform rounds it.
    pub finish_rate: Decimal,
    /// Calls answered.
    pub total_answer_call: u64,
    /// Calls in all.
    pub total_call: u64,
    /// Calls answered of all calls, as the platform rounds it.
    pub answer_rate: Decimal,
}

/// Why an authentic body is not taken. The field is named with its path, as `taskStat.totalCall`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Not UTF-8 JSON, or no object.
    #[error("the body must be a JSON object: {0}")]
    NotAnObject(String),
    /// A required field is not there.
    #[error("{field} is missing")]
    Missing {
        /// The field.
        field: String,
    },
    /// A field is there in a form the contract does not give it.
    #[error("{field} must be {expected}")]
    WrongType {
        /// The field.
        field: String,
        /// What the contract asks for.
        expected: &'static str,
    },
    /// A field is there twice, and which one is meant cannot be known.
    #[error("{field} stands in the body more than once")]
    Repeated {
        /// The field.
        field: String,
    },
    /// Well-formed, but nothing this endpoint can keep.
    #[error("{field} must be {expected}")]
    NotAcceptable {
        /// The field.
        field: &'static str,
        /// What can be kept.
        expected: &'static str,
    },
}
