//! `callbot soak --no-resend`: a platform that sends nothing twice. What is refused must be stored later.

mod drive;
mod report;
mod services;
mod timeline;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use local_stack::EventSource;

use super::audit::audit;
use super::plan::Plan;
use super::stage::{Settings, Stage};
use super::{stage_credentials, write_report};
use crate::client::Sender;
use crate::process::shutdown_signal;
use crate::terminal::print;
use crate::{Failure, exit_code};
use drive::Drive;
use report::Report;
use services::Services;
use timeline::timeline;

/// The options of a run.
pub(super) struct Options<'a> {
    pub(super) plan: &'a Plan,
    /// The stack, but for the variables that lead the function to what is in moto.
    pub(super) stage: Settings<'a>,
    /// The Python that has moto.
    pub(super) python: &'a Path,
    /// How long DynamoDB is down.
    pub(super) outage: Duration,
    /// The file for the figures.
    pub(super) report: Option<&'a Path>,
}

/// Runs until the end or an interrupt.
pub(super) async fn run(options: Options<'_>) -> Result<ExitCode, Failure> {
    tokio::select! {
        ended = run_to_end(options) => ended,
        stopped = shutdown_signal() => {
            stopped?;
            Err("interrupted before the table was read: nothing is shown".into())
        }
    }
}

async fn run_to_end(options: Options<'_>) -> Result<ExitCode, Failure> {
    let Options {
        plan, mut stage, ..
    } = options;
    let timeline = timeline(options.outage, plan.reports())?;
    let (right_secret, wrong_secret) = (stage_credentials(), stage_credentials());
    let credentials = right_secret.parse()?;
    // The faults of the two proxies are independent.
    let seed = plan.seed.wrapping_add(2);
    let services = Services::start(options.python, &right_secret, stage.faults, seed).await?;
    stage.environment = services.environment();
    // Requests do not wait for an instance: the time of an answer is the function's.
    let concurrency = stage.instances.saturating_sub(EventSource::MAX_CONCURRENCY);
    let stage = Stage::start(&stage).await?;
    let events = services.consume(stage.lambda().invoker()).await?;
    let drive = Drive {
        plan,
        sender: &Sender::new(stage.url().parse()?)?,
        stage: &stage,
        services: &services,
        credentials: &credentials,
        right_secret: &right_secret,
        wrong_secret: &wrong_secret,
        concurrency: concurrency.max(1),
    };
    let record = drive.run(&timeline).await?;
    let left = services.parked().await?;
    let findings = audit(plan, &record.ledger, &credentials, &stage.table()).await?;
    let report = Report {
        plan,
        outage: options.outage,
        record: &record,
        left,
        deleted: events.deleted(),
        dead_letters: services.dead_letters().await?,
        findings: &findings,
        stage: &stage,
    };
    print(&report.to_string())?;
    write_report(options.report, &report.to_json())?;
    let holds = report.holds();
    drop(events);
    stage.stop().await;
    Ok(exit_code(holds))
}
