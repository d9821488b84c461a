//! The credentials that callbacks are signed with: read from a file or the environment.

use std::path::{Path, PathBuf};

use task_callback::contract::account::Credentials;

use crate::Failure;

const VARIABLE: &str = "CALLBOT_CREDENTIALS";

/// The source of the account's secret. An argument would show in the process list and in the shell's history.
#[derive(clap::Args)]
pub(crate) struct CredentialsArgs {
    /// File with the credentials as JSON, instead of the variable CALLBOT_CREDENTIALS
    #[arg(long, value_name = "FILE")]
    credentials: Option<PathBuf>,
}

impl CredentialsArgs {
    /// Reads the credentials if a file is named or the variable is set.
    pub(crate) fn load_if_given(&self) -> Result<Option<Credentials>, Failure> {
        let given = self.credentials.is_some() || variable().is_some();
        given.then(|| self.load()).transpose()
    }

    /// Reads the credentials.
    pub(crate) fn load(&self) -> Result<Credentials, Failure> {
        let (json, from) = match &self.credentials {
            Some(file) => (read(file)?, file.display().to_string()),
            None => {
                let json = variable().ok_or_else(|| {
                    format!("{VARIABLE} is not set; set it, or name a file with --credentials")
                })?;
                (json, VARIABLE.to_owned())
            }
        };
        Ok(parse(&json, &from)?)
    }
}

/// The variable's value. An empty one is none, as for the function.
fn variable() -> Option<String> {
    std::env::var(VARIABLE).ok().filter(|json| !json.is_empty())
}

/// Reads a file; the error names it.
pub(crate) fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// Parses credentials; the error names their origin `from` and the expected form.
pub(crate) fn parse(json: &str, from: &str) -> Result<Credentials, String> {
    json.parse()
        .map_err(|error| format!("{from}: {error}; it must hold {}", Credentials::FORM))
}
