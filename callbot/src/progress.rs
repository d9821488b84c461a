//! Progress as a bar and in numbers.

/// `1 task`, `20 tasks`
pub(crate) fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

/// A ratio from 0 to 1, even if the part exceeds the whole.
pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    (part as f64 / whole as f64).min(1.0)
}

/// A bar of this length, which is full only if the part is the whole.
pub(crate) fn bar(part: u64, whole: u64, columns: usize) -> String {
    let full = (ratio(part, whole) * columns as f64) as usize;
    format!("{}{}", "█".repeat(full), "░".repeat(columns - full))
}

/// `26 %`; 100 % only for all, 0 % only for none, and `–` if the whole is 0.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let mut percent = (ratio(part, whole) * 100.0).round();
    if 0 < part && part < whole {
        percent = percent.clamp(1.0, 99.0);
    }
    format!("{percent:.0} %")
}

/// `31 of 120 (26 %)`
pub(crate) fn share(part: u64, whole: u64) -> String {
    match whole {
        0 => format!("{part} of 0"),
        _ => format!("{part} of {whole} ({})", percent(part, whole)),
    }
}
