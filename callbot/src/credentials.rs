//! The credentials that callbacks are signed with: read from a file or the environment.

use std::fmt::Display;
use std::path::PathBuf;

use task_callback::contract::account::Credentials;

use crate::Failure;
use crate::input::read_text;

const VARIABLE: &str = "CALLBOT_CREDENTIALS";

/// The source of the secrets. An argument would show in the process list and the shell's history.
#[derive(clap::Args)]
pub(crate) struct CredentialsArgs {
    /// File with the credentials as JSON, instead of the variable CALLBOT_CREDENTIALS
    #[arg(long, value_name = "FILE")]
    credentials: Option<PathBuf>,
}

impl CredentialsArgs {
    /// Reads the credentials if a file is named or the variable is set.
    pub(crate) fn load_if_given(&self) -> Result<Option<Credentials>, Failure> {
        if let Some(file) = &self.credentials {
            return Ok(Some(parse(&read_text(file)?, &file.display())?));
        }
        // An empty variable counts as unset, as in the function.
        let variable = std::env::var(VARIABLE).ok();
        let variable = variable.filter(|json| !json.is_empty());
        let credentials = variable.map(|json| parse(&json, &VARIABLE));
        Ok(credentials.transpose()?)
    }

    /// Reads the credentials.
    pub(crate) fn load(&self) -> Result<Credentials, Failure> {
        let credentials = self.load_if_given()?;
        credentials.ok_or_else(|| {
            format!("{VARIABLE} is not set; set it, or name a file with --credentials").into()
        })
    }
}

/// Parses credentials; the error names their origin `from` and the expected form.
pub(crate) fn parse(json: &str, from: &dyn Display) -> Result<Credentials, String> {
    json.parse()
        .map_err(|error| format!("{from}: {error}; it must hold {}", Credentials::FORM))
}
