//! One report of a task, as the tool shows it.

use task_callback::contract::callback::TaskStatus;
use task_callback::store::{Item, PARTITION_KEY, SORT_KEY};

use super::ReportTime;
use super::item::{ItemError, number, text};

/// One report of a task. As JSON it is the whole item.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// The vendor's id of the task.
    pub(crate) task_id: String,
    /// The customer's id of the task. May be empty.
    pub(crate) user_task_id: String,
    /// The status reported.
    pub(crate) status: TaskStatus,
    /// The time of the report.
    pub(crate) create_ts: ReportTime,
    /// When the task was created, Unix seconds.
    pub(crate) task_create_ts: u64,
    /// The counters.
    pub(crate) stat: Stat,
    pub(super) item: Item,
}

/// The counters of `taskStat`, without its rates.
#[derive(Clone, Debug)]
pub(crate) struct Stat {
    pub(crate) answer_order_count: u64,
    pub(crate) finish_order_count: u64,
    pub(crate) total_order_count: u64,
    pub(crate) total_answer_call: u64,
    pub(crate) total_call: u64,
}

impl Report {
    /// Reads an item of the table.
    ///
    /// # Errors
    ///
    /// Names an attribute that is missing or malformed.
    pub(super) fn new(item: Item) -> Result<Self, ItemError> {
        let status = text(&item, "status")?;
        let status = TaskStatus::ALL.into_iter().find(|of| of.name() == status);
        let stat = item.get("taskStat").and_then(|stat| stat.as_m().ok());
        let stat = stat.ok_or(ItemError("taskStat"))?;
        Ok(Self {
            task_id: text(&item, PARTITION_KEY)?.to_owned(),
            user_task_id: match item.get("userTaskID") {
                None => String::new(),
                Some(_) => text(&item, "userTaskID")?.to_owned(),
            },
            status: status.ok_or(ItemError("status"))?,
            create_ts: number(&item, SORT_KEY)?,
            task_create_ts: number(&item, "taskCreateTs")?,
            stat: Stat {
                answer_order_count: number(stat, "answerOrderCount")?,
                finish_order_count: number(stat, "finishOrderCount")?,
                total_order_count: number(stat, "totalOrderCount")?,
                total_answer_call: number(stat, "totalAnswerCall")?,
                total_call: number(stat, "totalCall")?,
            },
            item,
        })
    }
}
