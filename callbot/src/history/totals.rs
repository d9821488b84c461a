//! The totals of a history: time per status, orders and calls.

use task_callback::contract::callback::TaskStatus;
use task_callback::contract::snapshot::Snapshot;

use super::phases::Phase;
use crate::progress::share;
use crate::table::is_end;
use crate::when::{Clock, duration};

/// The three lines below the table.
pub(super) fn totals(history: &[&Snapshot], phases: &[Phase], clock: &Clock) -> String {
    let (Some(first), Some(last)) = (history.first(), history.last()) else {
        return String::new();
    };
    let stat = &last.callback.stat;
    let status = last.callback.status;
    let end = match is_end(status) {
        true => last.create_ts.seconds,
        false => clock.now,
    };
    let all = duration(end.saturating_sub(first.create_ts.seconds));
    let so_far = if is_end(status) { "" } else { " so far" };
    let parts: Vec<String> = TaskStatus::ALL
        .into_iter()
        .filter_map(|status| {
            let of_status = phases.iter().filter(|phase| phase.status == status);
            let times: Vec<u64> = of_status.filter_map(|p| p.seconds(clock.now)).collect();
            let time = duration(times.iter().sum());
            (!times.is_empty()).then(|| format!("{status} {time}"))
        })
        .collect();
    let parts = match parts.is_empty() {
        true => String::new(),
        false => format!(": {}", parts.join(", ")),
    };
    let orders = share(stat.finish_order_count, stat.total_order_count);
    let (answered, calls) = (stat.total_answer_call, stat.total_call);
    format!(
        "time    {all} in all{so_far}{parts}\n\
         orders  {orders} finished, {} answered\n\
         calls   {} answered",
        stat.answer_order_count,
        share(answered, calls)
    )
}
