//! `callbot send --scenario`: plays a scenario faster than real time.
//!
//! The header's `createTs` is the real time, so that it is within the function's clock skew. The table therefore shows
//! the sped-up times.

use std::process::ExitCode;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use rand::RngExt;
use task_callback::contract::account::{Credential, Credentials};
use tokio::time::{Instant, sleep_until};

use super::Args;
use super::scenario::{Message, Scenario};
use crate::client::{Reply, Sender, is_local};
use crate::deliver::{INTERACTIVE, deliver};
use crate::headers::Headers;
use crate::life::Life;
use crate::process::shutdown_signal;
use crate::progress::counted;
use crate::terminal::print;
use crate::when::{duration, now};
use crate::{Failure, exit_code};

/// A scenario under way.
struct Rehearsal<'a> {
    sender: &'a Sender,
    credential: &'a Credential,
    lives: Vec<Life>,
    speed: f64,
    /// The start, Unix seconds.
    started: u64,
    begun: Instant,
}

/// Plays a scenario at this speed, and prints the command that shows the result.
pub(crate) async fn play(
    scenario: Scenario,
    args: &Args,
    credentials: &Credentials,
) -> Result<ExitCode, Failure> {
    let mut random = rand::rng();
    let started = now();
    let name = scenario.name();
    let run = format!("rehearsal-{name}-{started}-{:04x}", random.random::<u16>());
    let messages = scenario.messages(&mut random);
    let rehearsal = Rehearsal {
        sender: &Sender::new(args.url.clone())?,
        credential: credentials.first(),
        lives: scenario.lives(&run, started, &mut random),
        speed: args.speed,
        started,
        begun: Instant::now(),
    };
    let length = messages.last().map_or(Duration::ZERO, |last| last.sent);
    print(&format!(
        "{run}: {}, {} callbacks, {} in {}",
        counted(rehearsal.lives.len(), "task"),
        messages.len(),
        duration(length.as_secs()),
        duration(length.div_f64(args.speed).as_secs().max(1)),
    ))?;

    let count = messages.len();
    let (mut taken, mut interrupted) = (0, false);
    let sent = stream::iter(messages).map(async |message| {
        let reply = rehearsal.send(&message).await;
        (message, reply)
    });
    let mut sent = std::pin::pin!(sent.buffer_unordered(scenario.concurrency()));
    let mut stop = std::pin::pin!(shutdown_signal());
    loop {
        let (message, reply) = tokio::select! {
            next = sent.next() => match next {
                Some(sent) => sent,
                None => break,
            },
            signal = &mut stop => {
                signal?;
                interrupted = true;
                break;
            }
        };
        print(&rehearsal.line(&message, &reply))?;
        taken += usize::from(reply.is_ok_and(|reply| reply.is_acknowledged()));
    }

    let interrupted_text = if interrupted { "Interrupted: " } else { "" };
    print(&format!(
        "\n{interrupted_text}{taken} of {count} callbacks acknowledged."
    ))?;
    if taken == 0 {
        print(
            "Nothing is known to be stored. Check --url, the credentials and the answers above.",
        )?;
    } else {
        print("The stored snapshots:")?;
        let command = history_command(&run, rehearsal.lives.len() > 1, args)?;
        print(&format!("  {command}"))?;
    }
    Ok(exit_code(taken == count && !interrupted))
}

/// The command that shows what is stored, as the table's arguments or, without any, those of `callbot local` have it.
fn history_command(run: &str, is_user_task: bool, args: &Args) -> Result<String, Failure> {
    let (table, endpoint_url) = match args.table.given() {
        (None, None) if is_local(&args.url) => ("snapshots", Some("http://127.0.0.1:8000")),
        (table, endpoint_url) => (table.unwrap_or("TABLE_NAME"), endpoint_url),
    };
    let mut words = vec!["callbot", "history", run];
    words.extend(is_user_task.then_some("--user-task"));
    words.extend(["--table", table]);
    words.extend(
        endpoint_url
            .into_iter()
            .flat_map(|url| ["--endpoint-url", url]),
    );
    Ok(shlex::try_join(words)?)
}

impl Rehearsal<'_> {
    /// Sends a callback at its time.
    async fn send(&self, message: &Message) -> Result<Reply, Failure> {
        sleep_until(self.begun + self.real(message.sent)).await;
        let life = &self.lives[message.task];
        let body = life.body(&life.reports[message.report]);
        let again = if message.resend { "-again" } else { "" };
        let headers = Headers::sign(
            self.credential,
            &self.credential.uuid,
            &format!("{}-{}{again}", life.task_id, message.report),
            &(self.started + self.real(message.made).as_secs()).to_string(),
            body.as_bytes(),
        );
        deliver(
            self.sender,
            &headers,
            body.as_bytes(),
            INTERACTIVE,
            |_, _| {},
        )
        .await
    }

    /// Converts the scenario's time to real time.
    fn real(&self, time: Duration) -> Duration {
        time.div_f64(self.speed)
    }

    fn line(&self, message: &Message, reply: &Result<Reply, Failure>) -> String {
        let life = &self.lives[message.task];
        let report = &life.reports[message.report];
        let answer = match reply {
            Ok(reply) => reply.to_string(),
            Err(error) => error.to_string(),
        };
        let kind = match message {
            Message { resend: true, .. } => "resent",
            message if message.sent > message.made => "overtaken",
            _ => "",
        };
        // Only a storm has several tasks, resends and overtaken reports.
        let (task, kind) = match self.lives.len() {
            1 => (String::new(), String::new()),
            _ => (format!("task {:02}  ", message.task), format!("  {kind:9}")),
        };
        format!(
            "{:>4} s  {task}{:<11} {:>4} of {:<4}{kind}  {answer}",
            message.made.as_secs(),
            report.status.name(),
            report.finished_orders,
            report.total_orders,
        )
    }
}

/// Parses a speed, `60x` or `60`.
pub(crate) fn speed(text: &str) -> Result<f64, String> {
    let speed = text.trim_end_matches(['x', '×']).parse::<f64>();
    match speed {
        Ok(speed) if (1.0..=100_000.0).contains(&speed) => Ok(speed),
        _ => Err("it must be from 1x to 100000x".to_owned()),
    }
}
