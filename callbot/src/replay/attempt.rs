//! What becomes of one refused callback.

use std::time::Duration;

use task_callback::contract::account::{Credential, Credentials};
use task_callback::contract::snapshot::ReportTime;

use super::refused::Refused;
use crate::Failure;
use crate::client::{Reply, Sender};
use crate::deliver::{INTERACTIVE, deliver};
use crate::platform::Headers;
use crate::table::{Range, Table};
use crate::terminal::shown;

/// How much of a body is shown.
const SHOWN: usize = 120;
/// The answer to a callback that is too old, or from the future.
const CLOCK: u16 = 4011;
/// The answer to one whose signature does not verify.
const UNVERIFIED: u16 = 4010;

/// What callbacks are replayed with.
pub(super) struct Replayer {
    pub(super) credentials: Option<Credentials>,
    /// Where to look for what is stored already.
    pub(super) table: Option<Table>,
    /// Without one nothing is sent.
    pub(super) sender: Option<Sender>,
    /// Whether what is too old is stored under the time of the replay.
    pub(super) as_of_now: bool,
}

/// What became of one callback.
#[derive(Debug)]
pub(super) enum Attempt {
    /// Nothing yet: it would be sent.
    WouldSend,
    /// It is in the table, under this key.
    AlreadyStored(ReportTime),
    /// It was acknowledged. Where nobody has looked, it may have been in the table before.
    Acknowledged {
        /// Whether it was not in the table before.
        new: bool,
        /// Whether under the time of the replay.
        as_of_now: bool,
        reply: Reply,
    },
    /// The function takes nothing so old.
    TooOld(Reply),
    /// It was refused again, or the answer is still that it cannot be stored.
    Refused(Reply),
    /// There is no secret of its account.
    NoSecret,
}

impl Replayer {
    /// Sends one callback again, unless it is stored already or this is for show.
    pub(super) async fn replay(&self, refused: &Refused, now: u64) -> Result<Attempt, Failure> {
        if let Some(key) = self.stored(refused).await? {
            return Ok(Attempt::AlreadyStored(key));
        }
        let own: Vec<&Credential> = match &self.credentials {
            Some(credentials) => {
                let own = |credential: &&Credential| credential.uuid == refused.uuid;
                let own: Vec<_> = credentials.iter().filter(own).collect();
                if own.is_empty() {
                    return Ok(Attempt::NoSecret);
                }
                own
            }
            None => Vec::new(),
        };
        let Some(sender) = &self.sender else {
            return Ok(Attempt::WouldSend);
        };
        let mut reply = send(sender, &own, refused, refused.create_ts).await?;
        let as_of_now = self.as_of_now && reply.is(CLOCK);
        if as_of_now {
            reply = send(sender, &own, refused, now).await?;
        }
        Ok(match reply {
            reply if reply.is_acknowledged() => Attempt::Acknowledged {
                new: self.table.is_some() && refused.task_id.is_some(),
                as_of_now,
                reply,
            },
            reply if reply.is(CLOCK) => Attempt::TooOld(reply),
            reply => Attempt::Refused(reply),
        })
    }

    /// The key under which this report is in the table: its own, or that of a replay. The body alone does not tell: a
    /// task that comes back to a status may report the same bytes twice.
    async fn stored(&self, refused: &Refused) -> Result<Option<ReportTime>, Failure> {
        let (Some(table), Some(task_id)) = (&self.table, &refused.task_id) else {
            return Ok(None);
        };
        // A replay under another time came later.
        let range = Range {
            since: Some(refused.create_ts),
            ..Range::ALL
        };
        let history = table.task_history(task_id, range).await?;
        let suffix = refused.replay_suffix();
        let stored = history.iter().find(|snapshot| {
            let at_its_time = snapshot.create_ts.seconds == refused.create_ts;
            let replayed = snapshot.request_id.ends_with(&suffix);
            snapshot.body_sha256 == refused.body_sha256 && (at_its_time || replayed)
        });
        Ok(stored.map(|snapshot| snapshot.create_ts))
    }
}

/// Sends it as of `create_ts`, signed with each secret of the account until one verifies: during a rotation there are
/// two.
async fn send(
    sender: &Sender,
    credentials: &[&Credential],
    refused: &Refused,
    create_ts: u64,
) -> Result<Reply, Failure> {
    let mut last = Err("there is no secret to sign with".into());
    for credential in credentials {
        let headers = Headers::sign(
            credential,
            &refused.uuid,
            &refused.replay_id(),
            &create_ts.to_string(),
            &refused.body,
        );
        last = deliver(sender, &headers, &refused.body, INTERACTIVE, |_, _| {}).await;
        if !last.as_ref().is_ok_and(|reply| reply.is(UNVERIFIED)) {
            break;
        }
    }
    last
}

impl Attempt {
    /// For the person who watches.
    pub(super) fn line(&self, refused: &Refused, now: u64) -> String {
        let (what, detail) = match self {
            Self::WouldSend => ("would be sent", would_send(refused)),
            Self::AlreadyStored(key) => ("already stored", format!("under createTs {key}")),
            Self::Acknowledged {
                new,
                as_of_now,
                reply,
            } => {
                let what = if *new {
                    "stored"
                } else {
                    "stored, now or before"
                };
                let time = if *as_of_now { "as of now: " } else { "" };
                (what, format!("{time}{reply}"))
            }
            Self::TooOld(reply) => ("too old", reply.to_string()),
            Self::Refused(reply) => ("refused again", reply.to_string()),
            Self::NoSecret => (
                "not sent",
                "the credentials hold no secret of this account: add it".to_owned(),
            ),
        };
        format!(
            "{what}: {refused}, reported {} ago\n    refused at {} with {}: {}\n    {detail}",
            age(now.saturating_sub(refused.create_ts)),
            shown(&refused.timestamp),
            refused.ret_code,
            shown(&refused.reason),
        )
    }
}

/// So many seconds in their two largest units.
pub(super) fn age(seconds: u64) -> String {
    let age = humantime::format_duration(Duration::from_secs(seconds)).to_string();
    age.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

fn would_send(refused: &Refused) -> String {
    let body = String::from_utf8_lossy(&refused.body);
    let start: String = body.chars().take(SHOWN).collect();
    let rest = if start.len() < body.len() { "…" } else { "" };
    format!(
        "as requestID {}, {} bytes: {}{rest}",
        shown(&refused.replay_id()),
        refused.body.len(),
        shown(&start)
    )
}
