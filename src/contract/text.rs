//! Text in messages and files: the contract's sections 3 and 4.

/// The most characters of a `retMsg`, and of a reason in the log.
pub(crate) const MESSAGE_LIMIT: usize = 300;
/// The most characters that a message quotes of a request: a field's name, or a value.
pub(crate) const QUOTE_LIMIT: usize = 64;
/// The most characters of an id in the log line of an unverified request or a whole callback.
pub(crate) const SHORT_ID_LIMIT: usize = 128;

/// At most `limit` characters of a text, with control characters escaped. A cut text ends with `…`.
pub(crate) fn excerpt(text: &str, limit: usize) -> String {
    let mut escaped = String::new();
    for char in text.chars().take(limit + 1) {
        if char.is_control() {
            escaped.extend(char.escape_default());
        } else {
            escaped.push(char);
        }
    }
    if escaped.chars().count() <= limit {
        return escaped;
    }
    let mut cut: String = escaped.chars().take(limit - 1).collect();
    cut.push('…');
    cut
}

/// The text without the byte order mark that some editors and shells write at its start.
pub fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
