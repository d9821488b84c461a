//! `callbot soak --no-resend`: a platform that sends nothing twice. What is refused must be stored later.

mod drive;
mod report;
mod services;
mod timeline;

use std::path::Path;
use std::process::ExitCode;

use local_stack::EventSource;

use super::audit::audit;
use super::plan::Plan;
use super::stage::Stage;
use super::{Args, interrupted, stage_credentials, write_report};
use crate::client::Sender;
use crate::process::shutdown_signal;
use crate::terminal::print;
use crate::{Failure, exit_code};
use drive::Drive;
use report::Report;
use services::Services;
use timeline::timeline;

/// Runs until the end or an interrupt, with moto in this Python.
pub(super) async fn run(
    args: &Args,
    plan: &Plan,
    function: &Path,
    python: &Path,
) -> Result<ExitCode, Failure> {
    tokio::select! {
        ended = run_to_end(args, plan, function, python) => ended,
        stopped = shutdown_signal() => {
            stopped?;
            interrupted()
        }
    }
}

async fn run_to_end(
    args: &Args,
    plan: &Plan,
    function: &Path,
    python: &Path,
) -> Result<ExitCode, Failure> {
    let timeline = timeline(args.outage, plan.reports())?;
    let (right_secret, wrong_secret) = (stage_credentials(), stage_credentials());
    let credentials = right_secret.parse()?;
    // The faults of the two proxies are independent.
    let seed = plan.seed.wrapping_add(2);
    let services = Services::start(python, &right_secret, args.faults, seed).await?;
    let stage = Stage::start(args, function, plan.seed, services.environment()).await?;
    let events = services.consume(stage.lambda().invoker()).await?;
    // Requests do not wait for an instance: the time of an answer is the function's.
    let concurrency = usize::from(args.instances).saturating_sub(EventSource::MAX_CONCURRENCY);
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
        outage: args.outage,
        record: &record,
        left,
        deleted: events.deleted(),
        dead_letters: services.dead_letters().await?,
        findings: &findings,
        stage: &stage,
    };
    print(&report.to_string())?;
    write_report(args, &report.to_json())?;
    Ok(exit_code(report.holds()))
}
