//! The text output, compared with golden files.

use serde_json::json;

use super::*;

const WIDTHS: [usize; 6] = [130, 115, 100, 90, 80, 64];

fn without_colour(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| part.split_once('m').expect("a colour ends").1);
    first + &rest.collect::<String>()
}

#[tokio::test]
async fn the_table_fits_the_width() {
    let app = demo(5).await;
    let mut widest = usize::MAX;
    for width in WIDTHS {
        let columns = width.to_string();
        let text = succeed(&mut history(&app, &[DEMO_TASK, "--width", &columns]));
        let columns = text.lines().map(|line| line.chars().count()).max();
        assert!(columns <= Some(width), "{width}: {text}");
        assert!(columns < Some(widest), "a wider table shows more: {text}");
        widest = columns.expect("lines");
        assert_golden(&format!("history-{width}.txt"), &text);
    }
    let in_full = succeed(&mut history(&app, &[DEMO_TASK]));
    assert_golden("history-130.txt", &in_full);
}

#[test]
fn the_readme_shows_what_is_printed() {
    let read = |file| std::fs::read_to_string(project(file)).expect("a file");
    let golden = read("callbot/tests/golden/history-115.txt");
    let block: Vec<String> = golden.lines().map(|line| format!("    {line}")).collect();
    assert!(read("README.md").contains(&block.join("\n")));
}

#[tokio::test]
async fn colour_follows_the_argument_then_the_environment() {
    let app = demo(5).await;
    let narrow = [DEMO_TASK, "--width", "100"];
    let colour = [&narrow[..], &["--color", "always"]].concat();
    let text = succeed(&mut history(&app, &colour));
    assert_golden("history-100-colour.txt", &text);
    assert_golden("history-100.txt", &without_colour(&text));

    let asked = succeed(history(&app, &colour).env("NO_COLOR", "1"));
    assert_eq!(asked, text, "the argument wins over the environment");
    let forced = succeed(history(&app, &narrow).env("CLICOLOR_FORCE", "1"));
    assert_eq!(forced, text, "CLICOLOR_FORCE colours a pipe");
    let mut never = history(&app, &[&narrow[..], &["--color", "never"]].concat());
    for plain in [
        succeed(&mut history(&app, &narrow)),
        succeed(
            history(&app, &narrow)
                .env("CLICOLOR_FORCE", "1")
                .env("NO_COLOR", "1"),
        ),
        succeed(never.env("CLICOLOR_FORCE", "1")),
    ] {
        assert!(!plain.contains('\u{1b}'), "{plain}");
    }
}

#[tokio::test]
async fn times_are_in_the_chosen_zone() {
    let app = demo(4).await;
    let berlin = [DEMO_TASK, "--tz", "Europe/Berlin"];
    let text = succeed(&mut history(&app, &berlin));
    for words in [
        "reported (Europe/Berlin)",
        "2026-09-13 10:03:00",
        "created 2026-09-13 02:00:00; last reported 2026-09-13 10:03:00 (Europe/Berlin), 4m 30s ago",
        "4m 30s so far",
        "time    7m 30s in all so far: PENDING 1m, IN_PROGRESS 5m 30s, PAUSED 1m",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let offset = succeed(&mut history(&app, &[DEMO_TASK, "--tz", "+08:00"]));
    assert!(
        offset.contains("reported (+08:00)") && offset.contains("16:03:00"),
        "{offset}"
    );
    let machine = succeed(history(&app, &[DEMO_TASK]).env("TZ", "Asia/Tokyo"));
    assert!(machine.contains("2026-09-13 17:03:00"), "{machine}");
    let error = fail(
        2,
        &mut history(&app, &[DEMO_TASK, "--tz", "Europe/Nowhere"]),
    )
    .stderr;
    assert!(
        error.contains("no such time zone; write it as in"),
        "{error}"
    );
}

#[tokio::test]
async fn each_task_of_a_user_task_has_its_own_table() {
    let app = TestApp::embedded().await;
    report(&app, FIRST, report_of("t-b", 4, 9, 10)).await;
    report(&app, FIRST + 1, report_of("t-a", 2, 1, 10)).await;
    let text = succeed(&mut history(&app, &["ut-1", "--user-task"]));
    let place = |words: &str| {
        text.find(words)
            .unwrap_or_else(|| panic!("{words}: {text}"))
    };
    assert!(place("task t-a (ut-1): IN_PROGRESS") < place("task t-b (ut-1): FAILED"));
    let latest = succeed(&mut history(&app, &["ut-1", "--user-task", "--last", "1"]));
    assert!(
        latest.contains("t-a") && !latest.contains("t-b"),
        "{latest}"
    );
}

#[tokio::test]
async fn an_empty_history_says_what_to_check() {
    let app = TestApp::embedded().await;
    let text = find_nothing(&mut history(&app, &["no-such-task", "--since", "2h"]));
    for words in [
        "taskID no-such-task: nothing stored",
        &app.table_name,
        "since 2026-09-13 06:07:30 (UTC)",
        "add --user-task",
        "Check the table's name",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let text = find_nothing(&mut history(&app, &["no-such-task", "--user-task"]));
    assert!(text.contains("leave out --user-task"), "{text}");
}

#[tokio::test]
async fn control_characters_are_escaped() {
    let app = TestApp::embedded().await;
    let mut body = report_of("t-\u{1b}[2J", 2, 1, 0);
    body["userTaskID"] = json!("line\nbreak");
    report(&app, FIRST, body).await;
    let text = succeed(&mut history(&app, &["t-\u{1b}[2J"]));
    let title = r"task t-\u{1b}[2J (line\u{a}break): IN_PROGRESS";
    assert!(text.starts_with(title), "{text}");
    assert!(text.contains("1 of 0"), "no percentage of 0 orders: {text}");
}

#[tokio::test]
async fn a_long_id_is_cut_to_the_width() {
    let app = TestApp::embedded().await;
    let (id, own_id) = ("t".repeat(300), "u".repeat(300));
    let mut body = report_of(&id, 2, 1, 10);
    body["userTaskID"] = json!(own_id);
    report(&app, FIRST, body).await;
    let text = succeed(&mut history(&app, &[&id, "--width", "80"]));
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(
        text.contains("ttt…: IN_PROGRESS, 1 snapshot\n(uuu"),
        "{text}"
    );
    let whole = succeed(&mut history(&app, &[&id]));
    assert!(whole.contains(&id) && whole.contains(&own_id), "{whole}");
}
