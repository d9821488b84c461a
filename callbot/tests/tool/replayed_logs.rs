//! The logs that `callbot replay` reads, in every form in which AWS's tools print them, and what it does not take for one.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::replay::{line, replay, with};
use task_callback_test_support::request::{body, body_with};

/// What the commands that read CloudWatch make of a line.
fn formats(line: &Value) -> [(&'static str, String); 8] {
    let pretty = format!("{line:#}");
    let stream = "2026/11/22/[$LATEST]0123456789abcdef";
    let event = json!({
        "logStreamName": stream, "timestamp": 1_795_382_400_000_u64, "message": format!("{line}\n"),
        "ingestionTime": 1_795_382_400_500_u64, "eventId": "3861"
    });
    let insights = json!({
        "results": [[
            {"field": "@timestamp", "value": "2026-11-22 20:00:00.000"},
            {"field": "@message", "value": line.to_string()},
            {"field": "@ptr", "value": "Cn0KPA"}
        ]],
        "statistics": {"recordsMatched": 1.0, "recordsScanned": 1.0},
        "status": "Complete"
    });
    [
        ("the function's own", line.to_string()),
        (
            "aws logs tail",
            format!("2026-11-22T20:00:00.000000+00:00 {stream} {line}"),
        ),
        (
            "aws logs tail --format short",
            format!("2026-11-22T20:00:00 {line}"),
        ),
        (
            "aws logs tail --format json",
            format!("2026-11-22T20:00:00.000000+00:00 {stream} {pretty}"),
        ),
        (
            "sam logs",
            format!(
                "\u{1b}[36m{stream}\u{1b}[0m \u{1b}[33m2026-11-22T20:00:00.000000\u{1b}[0m {pretty}"
            ),
        ),
        (
            "filter-log-events",
            format!("{:#}", json!({"events": [event], "searchedLogStreams": []})),
        ),
        (
            "filter-log-events --output text",
            format!("EVENTS\t3861\t1795382400500\t{stream}\t{line}\t1795382400000"),
        ),
        ("get-query-results", format!("{insights:#}")),
    ]
}

#[test]
fn every_form_of_the_log_is_read() {
    let awkward = body_with("/userTaskID", json!("}\"{ \\ \u{7f}\n– 📞 &amp;"));
    let line = line(&awkward, 1_726_200_060);
    let stored = with(with(line.clone(), "retCode", json!(0)), "body", Value::Null);
    let forged = with(
        with(line.clone(), "retCode", json!(4010)),
        "body",
        Value::Null,
    );
    let digest = replay(&line.to_string(), &[]).1;
    let digest = digest.lines().next().expect("a line");
    for ((form, refused), ((_, stored), (_, forged))) in formats(&line)
        .into_iter()
        .zip(formats(&stored).into_iter().zip(formats(&forged)))
    {
        let garbage = "START RequestId: 1 {\nit's \"7 o'clock\n\u{1b}[31m{{{ \"}\n\n\0\u{fffd}\n";
        let log = [garbage, &stored, &refused, garbage, &forged, &refused].join("\n");
        let (good, printed) = replay(&log, &[]);
        assert!(good, "{form}: {printed}");
        for words in [
            "1 would be sent.",
            "1 the same report again",
            "1 stored at once",
            "1 refused before",
            "of something else",
            &digest[..40],
        ] {
            assert!(printed.contains(words), "{form}: {words}: {printed}");
        }
        assert!(!printed.contains("broken"), "{form}: {printed}");
    }
}

#[test]
fn a_line_that_is_not_as_the_function_writes_it_is_told_and_never_sent() {
    let good = line(&body(), 1_726_200_060);
    let cut_off = good.to_string();
    let wrong = [
        cut_off[..cut_off.len() / 2].to_owned(),
        with(good.clone(), "retCode", json!(4010)).to_string(),
        with(good.clone(), "retCode", json!("5030")).to_string(),
        with(good.clone(), "requestID", json!("a&b")).to_string(),
        with(good.clone(), "uuid", json!("")).to_string(),
        with(good.clone(), "createTs", json!("1726200060.001")).to_string(),
        with(good.clone(), "createTs", json!("+1726200060")).to_string(),
        with(good.clone(), "bodyBase64", json!("AA==")).to_string(),
        with(good.clone(), "outcome", json!("stored")).to_string(),
    ];
    for wrong in &wrong {
        let (all_good, printed) = replay(&format!("{wrong}\n{good}\n"), &[]);
        assert!(!all_good, "{wrong}: {printed}");
        assert!(
            printed.contains("1 of a callback, but broken"),
            "{wrong}: {printed}"
        );
        assert!(
            printed.contains("1 would be sent"),
            "the next one is read: {printed}"
        );
    }
}

#[test]
fn what_a_stranger_put_into_another_line_is_not_taken_for_the_functions() {
    let line = line(&body(), 1_726_200_060);
    let injected = [
        // A user agent in the access log, with its quotes escaped and not.
        json!({"requestId": "x", "userAgent": line.to_string()}).to_string(),
        format!(r#"{{"requestId":"x","userAgent":"y"}}{line}{{"z":"","status":"401"}}"#),
        format!(r#"{{"requestId":"x","userAgent":"y","z":{line},"status":"401"}}"#),
        format!(r#"{{"requestId":"x","userAgent":"y","z":[{line}],"status":"401"}}"#),
        format!(r#"{line}{{"z":"y"}}"#),
        format!(r#"panicked at "{line}""#),
        json!({"message": line.to_string(), "level": "INFO"}).to_string(),
    ];
    for injected in injected {
        let (good, printed) = replay(&injected, &[]);
        assert!(
            good && printed.contains("No authentic callback"),
            "{injected}: {printed}"
        );
    }
}

#[test]
fn a_large_log_without_an_end_to_its_objects_is_read_in_no_time() {
    let mut log = "{\n".to_owned() + &"a line of neither braces nor quotes\n".repeat(200_000);
    log += &format!("{}\n", line(&body(), 1_726_200_060));
    let started = Instant::now();
    let (good, printed) = replay(&log, &[]);
    assert!(good && printed.contains("1 would be sent"), "{printed}");
    assert!(
        printed.contains("of 200002 lines: 200001 of something else"),
        "{printed}"
    );
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
}
