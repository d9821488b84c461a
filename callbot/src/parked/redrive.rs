//! Moves the dead letters back to the parked queue.
//!
//! By hand rather than with SQS's StartMessageMoveTask, which emulators lack. A message that is in both queues for a while
//! is stored once, as each resend is.

use super::queue::Queue;
use crate::Failure;
use crate::progress::counted;

/// Moves all dead letters back, and returns what to tell about it.
pub(super) async fn move_back(dead_letters: &Queue, parked: &Queue) -> Result<String, Failure> {
    let mut count = 0;
    match move_all(dead_letters, parked, &mut count).await {
        Err(error) => {
            let moved = counted(count, "dead letter");
            Err(format!("{error}. {moved} moved back before, and none is lost").into())
        }
        Ok(()) if count == 0 => Ok("There are no dead letters to move back.".to_owned()),
        Ok(()) => Ok(format!(
            "{} moved back. The function tries them at once, and `callbot parked` shows those that it refuses again.",
            counted(count, "dead letter")
        )),
    }
}

/// Moves dead letters until there are no more, and counts them.
async fn move_all(dead_letters: &Queue, parked: &Queue, count: &mut usize) -> Result<(), Failure> {
    loop {
        let messages = dead_letters.receive().await?;
        if messages.is_empty() {
            return Ok(());
        }
        for (place, message) in messages.iter().enumerate() {
            if let Err(error) = dead_letters.move_to(parked, message).await {
                // Where this fails too, they become visible by themselves.
                let _ = dead_letters.give_back(&messages[place..]).await;
                return Err(error.into());
            }
            *count += 1;
        }
    }
}
