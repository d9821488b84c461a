//! Moves the dead letters back to the parked queue.
//!
//! By hand rather than with SQS's StartMessageMoveTask, which emulators lack. A dead letter is deleted only once its text
//! is in the parked queue. Where that is interrupted it is in both, and the function stores it once.

use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::time::sleep;

use super::queue::{Message, Queue};
use crate::Failure;
use crate::aws::{AwsError, error_message};
use crate::terminal::print;

/// How long to wait until the function has stored them.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// Between two readings of the queues' numbers of messages.
const PAUSE: Duration = Duration::from_secs(1);
/// The numbers of SQS are approximate and may be a moment old, so a single 0 is not believed.
const EMPTY_READINGS: u32 = 3;
/// A single empty answer does not prove that the dead-letter queue is empty.
const EMPTY_ANSWERS: u32 = 2;

/// What became of the dead letters, as `--json` prints it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    moved_back: u64,
    still_waiting: u64,
    /// How many dead letters there are at the end: they came in the meantime, or again.
    dead_letters: u64,
}

/// Moves all dead letters back and says what became of them. Returns whether both queues are empty.
pub(super) async fn run(parked: &Queue, dead_letters: &Queue, json: bool) -> Result<bool, Failure> {
    let mut moved_back = 0;
    if let Err(error) = move_back(parked, dead_letters, &mut moved_back).await {
        let error = error_message(&*error);
        let moved = moved(moved_back);
        return Err(format!("{error}. {moved} before, and none is lost").into());
    }
    if !json {
        print(&match moved_back {
            0 => "There are no dead letters to move back.".to_owned(),
            count => format!("{}.", moved(count)),
        })?;
    }
    let (still_waiting, dead_letters) = match moved_back {
        0 => counts(parked, dead_letters).await?,
        _ => wait(parked, dead_letters).await?,
    };
    let outcome = Outcome {
        moved_back,
        still_waiting,
        dead_letters,
    };
    print(&match json {
        true => serde_json::to_string_pretty(&outcome)?,
        false => outcome.sentence(),
    })?;
    Ok(outcome.still_waiting + outcome.dead_letters == 0)
}

/// Moves dead letters until there are no more, and counts them.
async fn move_back(parked: &Queue, dead_letters: &Queue, count: &mut u64) -> Result<(), Failure> {
    let mut empty_answers = 0;
    while empty_answers < EMPTY_ANSWERS {
        let messages = dead_letters.receive().await?;
        empty_answers = match messages.is_empty() {
            true => empty_answers + 1,
            false => 0,
        };
        for (place, message) in messages.iter().enumerate() {
            if let Err(error) = move_one(parked, dead_letters, message).await {
                let rest = messages[place..].iter();
                let rest: Vec<_> = rest.map(|message| message.receipt_handle.clone()).collect();
                // Where this fails too, they become visible by themselves.
                let _ = dead_letters.give_back(&rest).await;
                return Err(error.into());
            }
            *count += 1;
        }
    }
    Ok(())
}

async fn move_one(parked: &Queue, dead_letters: &Queue, message: &Message) -> Result<(), AwsError> {
    parked.send(&message.text).await?;
    dead_letters.delete(&message.receipt_handle).await
}

/// How many messages each queue has.
async fn counts(parked: &Queue, dead_letters: &Queue) -> Result<(u64, u64), Failure> {
    let parked = parked.counts().await?.all();
    Ok((parked, dead_letters.counts().await?.all()))
}

/// Waits until both queues are empty. Returns how many messages each has at the end.
async fn wait(parked: &Queue, dead_letters: &Queue) -> Result<(u64, u64), Failure> {
    let started = Instant::now();
    let mut empty_readings = 0;
    loop {
        let counts = counts(parked, dead_letters).await?;
        empty_readings = match counts {
            (0, 0) => empty_readings + 1,
            _ => 0,
        };
        if empty_readings == EMPTY_READINGS || started.elapsed() >= MAX_WAIT {
            return Ok(counts);
        }
        sleep(PAUSE).await;
    }
}

fn moved(count: u64) -> String {
    match count {
        0 => "No dead letter moved back".to_owned(),
        1 => "1 dead letter moved back".to_owned(),
        count => format!("{count} dead letters moved back"),
    }
}

impl Outcome {
    fn sentence(&self) -> String {
        let parked = match (self.moved_back, self.still_waiting, self.dead_letters) {
            (0, 0, _) | (_, 0, 1..) => "The parked queue is empty.".to_owned(),
            (_, 0, 0) => "The parked queue is empty: the function has stored them.".to_owned(),
            (_, count, _) => format!(
                "Parked callbacks that still wait: {count}. The function tries each again every 5 minutes; its log lines \
                 with \"from\":\"queue\" have the reason."
            ),
        };
        match self.dead_letters {
            0 => parked,
            count => format!(
                "{parked}\nDead letters since then: {count}. `callbot parked` lists them with the reason."
            ),
        }
    }
}
