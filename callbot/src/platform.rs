//! The platform's side: signing a callback.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use task_callback::contract::account::{Credential, Credentials};
use task_callback::contract::signature::Signed;

use crate::Failure;
use crate::event::Event;

const VARIABLE: &str = "CALLBOT_CREDENTIALS";

/// Where the account's secret comes from. Never an argument: those show in the process list and stay in
/// the shell's history.
#[derive(clap::Args)]
pub(crate) struct CredentialsArgs {
    /// File with the credentials, in the form of the variable CALLBOT_CREDENTIALS; without it the variable
    /// itself is used
    #[arg(long, value_name = "FILE")]
    credentials: Option<PathBuf>,
}

impl CredentialsArgs {
    /// Reads the credentials, where a file is named or the variable set.
    pub(crate) fn load_if_given(&self) -> Result<Option<Credentials>, Failure> {
        let given = self.credentials.is_some() || std::env::var_os(VARIABLE).is_some();
        given.then(|| self.load()).transpose()
    }

    /// Reads the credentials.
    pub(crate) fn load(&self) -> Result<Credentials, Failure> {
        let (json, from) = match &self.credentials {
            Some(file) => (read(file)?, file.display().to_string()),
            None => {
                let json = std::env::var(VARIABLE).map_err(|_| {
                    format!("{VARIABLE} is not set; set it, or name a file with --credentials")
                })?;
                (json, VARIABLE.to_owned())
            }
        };
        Ok(parse(&json, &from)?)
    }
}

/// Reads a file; the error names it.
pub(crate) fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// Parses credentials; the error says where they are `from`, and what they should look like.
pub(crate) fn parse(json: &str, from: &str) -> Result<Credentials, String> {
    json.parse().map_err(|error| {
        let form = r#"[{"uuid":"…","secretKey":"…"}]"#;
        format!("{from}: {error}; it must hold JSON like {form}")
    })
}

/// Signs an event now, as `now` has it, for the account it is from or else for the first configured one.
/// Headers that the event keeps stay as they are.
pub(crate) fn sign(event: &mut Event, credentials: &Credentials, now: u64) -> Result<(), Failure> {
    let kept = |event: &Event, name: &str| -> Option<String> {
        let keep = event.about.keep.iter().any(|kept| kept == name);
        keep.then(|| event.header(name).unwrap_or_default().to_owned())
    };
    let credential = account_of(event, credentials);
    let uuid = kept(event, "uuid").unwrap_or_else(|| credential.uuid.clone());
    let create_ts = kept(event, "createTs").unwrap_or_else(|| now.to_string());
    let request_id =
        kept(event, "requestID").unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string());
    let headers = Headers::sign(credential, &uuid, &request_id, &create_ts, &event.body()?);
    for (name, value) in headers.iter() {
        if kept(event, name).is_none() {
            event.set_header(name, value);
        }
    }
    Ok(())
}

/// The headers that the platform puts on a callback.
pub(crate) struct Headers(Vec<(&'static str, String)>);

impl Headers {
    /// Signed with this credential.
    pub(crate) fn sign(
        credential: &Credential,
        uuid: &str,
        request_id: &str,
        create_ts: &str,
        body: &[u8],
    ) -> Self {
        let signed = Signed {
            body,
            create_ts,
            request_id,
            uuid,
        };
        let sign = signed.sign(credential.algorithm, &credential.secret_key);
        Self(vec![
            ("requestID", request_id.to_owned()),
            ("uuid", uuid.to_owned()),
            ("createTs", create_ts.to_owned()),
            ("sign", hex::encode_upper(sign)),
        ])
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Replaces a header, or adds it.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.remove(name);
        self.0.push((name, value.to_owned()));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(other, _)| *other != name);
    }
}

fn account_of<'a>(event: &Event, credentials: &'a Credentials) -> &'a Credential {
    let uuid = event.header("uuid");
    let own = credentials
        .iter()
        .find(|credential| Some(credential.uuid.as_str()) == uuid);
    own.unwrap_or_else(|| credentials.first())
}

/// The clock, Unix seconds.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}
