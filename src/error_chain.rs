//! An error together with its sources: many errors print only their outermost layer.

use std::error::Error;

/// The texts of an error and its sources, outermost first, without repetition.
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let layers = std::iter::successors(Some(error), |&error| error.source());
    let mut texts: Vec<String> = layers.map(ToString::to_string).collect();
    texts.dedup();
    texts.join(": ")
}
