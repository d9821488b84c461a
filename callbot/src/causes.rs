//! The causes of an error.

use std::error::Error;
use std::iter::successors;

/// The error, then its cause, and so on.
pub(crate) fn layers<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |&error| error.source())
}

/// The first line of the innermost cause: the SDK lists every credentials provider on a line of its own.
pub(crate) fn root_cause(error: &(dyn Error + 'static)) -> String {
    let last = layers(error).last().unwrap_or(error).to_string();
    last.lines().next().unwrap_or_default().to_owned()
}
