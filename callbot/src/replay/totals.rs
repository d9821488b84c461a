//! What became of all refused callbacks of a log.

use std::fmt;

use super::attempt::{Attempt, Replayer, age};
use super::reading::Counts;
use super::refused::Refused;

/// The age that is suggested is rounded up to this, and has this to spare: a replay takes its time.
const HOUR: u64 = 3_600;
/// The function's default for `MAX_CALLBACK_AGE_SECONDS`.
const DEFAULT_AGE: u64 = 259_200;

/// Counts of what became of the callbacks.
#[derive(Debug, Default)]
pub(super) struct Totals {
    would_send: u64,
    stored: u64,
    stored_now_or_before: u64,
    as_of_now: u64,
    already_stored: u64,
    too_old: u64,
    refused: u64,
    no_secret: u64,
    /// How long ago the oldest one that was not stored was reported, seconds.
    oldest: u64,
}

impl Totals {
    pub(super) fn count(&mut self, refused: &Refused, attempt: &Attempt, now: u64) {
        let counter = match attempt {
            Attempt::WouldSend => &mut self.would_send,
            Attempt::AlreadyStored(_) => &mut self.already_stored,
            Attempt::Acknowledged { new, as_of_now, .. } => {
                self.as_of_now += u64::from(*as_of_now);
                match new {
                    true => &mut self.stored,
                    false => &mut self.stored_now_or_before,
                }
            }
            Attempt::TooOld(_) => &mut self.too_old,
            Attempt::Refused(_) => &mut self.refused,
            Attempt::NoSecret => &mut self.no_secret,
        };
        *counter += 1;
        if let Attempt::WouldSend | Attempt::TooOld(_) = attempt {
            let age = now.saturating_sub(refused.create_ts);
            self.oldest = self.oldest.max(age);
        }
    }

    /// Whether each callback is in the table now, or, for show, could be sent.
    pub(super) fn all_stored(&self) -> bool {
        self.too_old + self.refused + self.no_secret == 0
    }

    /// The last words: totals, and what to do next.
    pub(super) fn with(&self, counts: Counts, replayer: &Replayer) -> String {
        let Counts {
            lines,
            stored,
            not_authentic,
            again,
            broken,
            other,
        } = counts;
        let mut text = format!("\n{self}\nIn the log, of {lines} lines: ");
        let parts = [
            (again, "the same report again, sent once"),
            (stored, "stored at once"),
            (
                not_authentic,
                "refused before it was known whose it was, without a body",
            ),
            (broken, "of a callback, but broken"),
            (other, "of something else"),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0);
        let parts = parts.map(|(count, what)| format!("{count} {what}"));
        text += &parts.collect::<Vec<_>>().join("; ");
        for hint in self.hints(replayer) {
            text += "\n";
            text += &hint;
        }
        text
    }

    fn hints(&self, replayer: &Replayer) -> Vec<String> {
        let mut hints = Vec::new();
        if self.too_old > 0 || self.would_send > 0 && self.oldest > DEFAULT_AGE {
            let age = age(self.oldest);
            let limit = (self.oldest.div_ceil(HOUR) + 1) * HOUR;
            hints.push(format!(
                "The oldest was reported {age} ago. To store it under its own time, deploy with \
                 PARAMETERS=MaxCallbackAgeSeconds={limit}, replay, and deploy with what it was before (0 unless \
                 you have set it)."
            ));
        }
        if self.would_send > 0 {
            hints.push("Nothing was sent. --send --url CALLBACK_URL does it.".to_owned());
        }
        if replayer.table.is_none() && self.would_send + self.stored_now_or_before > 0 {
            hints.push("With --table TABLE_NAME it can be told what is stored already.".to_owned());
        }
        if self.as_of_now > 0 {
            let count = self.as_of_now;
            hints.push(format!(
                "{count} stand under the time of the replay, not of the report; their requestID ends with that."
            ));
        }
        hints
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.would_send, "would be sent"),
            (self.stored, "stored"),
            (self.stored_now_or_before, "stored, now or before"),
            (self.already_stored, "already stored"),
            (self.too_old, "too old"),
            (self.refused, "refused again"),
            (self.no_secret, "not sent"),
        ];
        let all: u64 = counts.iter().map(|(count, _)| count).sum();
        let parts = counts.into_iter().filter(|(count, _)| *count > 0);
        let parts: Vec<_> = parts
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        match all {
            0 => f.write_str("No authentic callback that was refused."),
            _ => write!(f, "Of {all} refused callbacks: {}.", parts.join(", ")),
        }
    }
}
