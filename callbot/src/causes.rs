//! The causes of an error.

use std::error::Error;
use std::iter::successors;

/// The error, then its cause, and so on.
pub(crate) fn layers<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |&error| error.source())
}
