//! Errors with all that they came from: many name only their outermost layer.

use std::error::Error;

/// An error's text and those of its sources, outermost first; a text that only repeats is left out.
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let layers = std::iter::successors(Some(error), |&error| error.source());
    let mut texts: Vec<String> = layers.map(ToString::to_string).collect();
    texts.dedup();
    texts.join(": ")
}
