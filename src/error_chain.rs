//! The text of an error together with its sources. Many errors print only their outermost layer.

use std::error::Error;

/// The texts of an error and its sources, outermost first, without repetition.
///
/// Leaves out the request that some SDK errors quote: the request may hold a secret or a signature.
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let texts = layers(error).map(|layer| without_request(layer.to_string()));
    let mut texts: Vec<String> = texts.collect();
    texts.dedup();
    texts.join(": ")
}

/// The error, its source, and so on.
pub fn layers<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// `request `Request { … }`: cause` becomes `request: cause`.
fn without_request(text: String) -> String {
    const BEGIN: &str = " `Request {";
    const END: &str = "}`";
    match (text.find(BEGIN), text.rfind(END)) {
        (Some(begin), Some(end)) if begin < end => {
            format!("{}{}", &text[..begin], &text[end + END.len()..])
        }
        (Some(begin), _) => text[..begin].to_owned(),
        (None, _) => text,
    }
}
