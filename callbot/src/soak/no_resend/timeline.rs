//! The course of a run: what fails when, and how many reports are sent meanwhile.

use std::fmt;
use std::time::Duration;

/// Reports a second while all is well.
const WELL_RATE: u32 = 50;
/// Reports a second while Secrets Manager is down.
const SECRETS_MANAGER_DOWN_RATE: u32 = 4;
/// Reports a second around the wrong secret: fewer in all than the function parks in a minute.
const WRONG_SECRET_RATE: u32 = 2;
/// Reports a second while DynamoDB is down. Each of them keeps an instance busy for seconds.
const DYNAMODB_DOWN_RATE: u32 = 3;

/// Shorter than a callback waits for credentials.
const SHORT_FAILURE: Duration = Duration::from_secs(3);
/// Longer than a callback waits for credentials.
const LONG_FAILURE: Duration = Duration::from_secs(10);
/// The time after a failure in which the callbacks that wait for credentials are answered.
const RECOVERY: Duration = Duration::from_secs(3);
const WRONG_SECRET: Duration = Duration::from_secs(8);
/// The function reads the secret again ten seconds after it did so last.
const RIGHT_SECRET: Duration = Duration::from_secs(12);

/// A part of the run, which the report shows apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Well,
    SecretsManagerDown,
    WrongSecret,
    DynamoDbDown,
    WellAgain,
}

/// What goes wrong, or is mended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    /// Whether every request to Secrets Manager fails.
    SecretsManagerDown(bool),
    /// Whether every request to DynamoDB fails.
    DynamoDbDown(bool),
    /// Whether the secret holds another key than the platform's.
    SecretIsWrong(bool),
    /// Every process ends before its next call.
    RenewProcesses,
}

/// One step of the run.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Change(Change),
    /// Reports are sent at this rate, a second, for this time or until all are sent.
    Send(Phase, u32, Option<Duration>),
    /// Nothing is sent until every request is answered and the parked queue is empty.
    Drain,
}

/// The steps of a run with so many reports.
///
/// # Errors
///
/// They are too few.
pub(super) fn timeline(outage: Duration, reports: usize) -> Result<Vec<Step>, String> {
    use self::Change::{DynamoDbDown, RenewProcesses, SecretIsWrong, SecretsManagerDown};
    use self::Step::{Change, Drain, Send};
    let secrets_manager = |lasts| {
        Send(
            Phase::SecretsManagerDown,
            SECRETS_MANAGER_DOWN_RATE,
            Some(lasts),
        )
    };
    let secret = |lasts| Send(Phase::WrongSecret, WRONG_SECRET_RATE, Some(lasts));
    let failures = [
        Change(SecretsManagerDown(true)),
        Change(RenewProcesses),
        secrets_manager(SHORT_FAILURE),
        Change(SecretsManagerDown(false)),
        secrets_manager(RECOVERY),
        Change(SecretsManagerDown(true)),
        Change(RenewProcesses),
        secrets_manager(LONG_FAILURE),
        Change(SecretsManagerDown(false)),
        secrets_manager(RECOVERY),
        Change(SecretIsWrong(true)),
        Change(RenewProcesses),
        secret(WRONG_SECRET),
        Change(SecretIsWrong(false)),
        secret(RIGHT_SECRET),
        Change(DynamoDbDown(true)),
        // Some processes may still have the wrong secret, and DynamoDB meets cold starts, too.
        Change(RenewProcesses),
        Send(Phase::DynamoDbDown, DYNAMODB_DOWN_RATE, Some(outage)),
        Change(DynamoDbDown(false)),
        Drain,
    ];
    let during_failures: usize = failures.iter().map(Step::most_reports).sum();
    let well = reports.saturating_sub(during_failures) / 2;
    if well == 0 {
        return Err(format!(
            "{reports} reports are too few: {during_failures} are sent during the failures alone; raise --tasks or --callbacks"
        ));
    }
    let well = Duration::from_secs_f64(well as f64 / f64::from(WELL_RATE));
    let mut steps = vec![Send(Phase::Well, WELL_RATE, Some(well))];
    steps.extend(failures);
    steps.extend([Send(Phase::WellAgain, WELL_RATE, None), Drain]);
    Ok(steps)
}

impl Step {
    /// The maximum number of reports of a step with a fixed time.
    fn most_reports(&self) -> usize {
        match self {
            Self::Send(_, rate, Some(lasts)) => {
                (lasts.as_secs_f64() * f64::from(*rate)).ceil() as usize + 1
            }
            _ => 0,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Well => "no failure",
            Self::SecretsManagerDown => "Secrets Manager is down at cold starts, twice",
            Self::WrongSecret => "the secret is wrong, then right",
            Self::DynamoDbDown => "DynamoDB is down",
            Self::WellAgain => "no failure, again",
        })
    }
}
