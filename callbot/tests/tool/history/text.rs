//! The history as text.

use super::*;

#[tokio::test]
async fn the_readme_shows_the_demos_history_as_it_is_printed() {
    let app = demo(5).await;
    let text = succeed(&mut history(&app, &[DEMO_TASK]));
    let block: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
    let readme = std::fs::read_to_string(project().join("README.md")).expect("a file");
    assert!(readme.contains(&block.join("\n")), "not in it:\n{text}");
}

#[tokio::test]
async fn the_environment_sets_width_and_colour() {
    let app = demo(5).await;
    let narrow = || {
        let mut command = history(&app, &[DEMO_TASK]);
        command.env("COLUMNS", "80");
        command
    };
    let plain = succeed(&mut narrow());
    assert!(plain.contains(" 120/120 100 % ┆ "), "{plain}");
    for line in plain.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let forced = succeed(narrow().env("CLICOLOR_FORCE", "1"));
    let green = "\u{1b}[1m\u{1b}[32mCOMPLETED\u{1b}[0m ";
    assert!(forced.contains(green), "{forced}");
    let refused = succeed(narrow().env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1"));
    assert_eq!(refused, plain);
}

#[tokio::test]
async fn a_running_task_has_its_times_until_now_in_the_zone_of_tz() {
    let app = TestApp::embedded().await;
    // Half a minute more, so that a slow test still shows 1h 30m.
    let second = now() - 90 * MINUTE - 30;
    report(&app, FIRST, report_of("t-1", 1, 0, 10)).await;
    report(&app, second, report_of("t-1", 2, 1, 10)).await;
    let text = succeed(history(&app, &["t-1"]).env("TZ", "Europe/Berlin"));
    for words in [
        "IN_PROGRESS, 2 snapshots",
        "(Europe/Berlin), 1h 30m ago",
        "09-13 10:00:00 ┆ PENDING",
        "1h 30m ┆",
        "in all so far: PENDING",
        ", IN_PROGRESS 1h 30m\n",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[tokio::test]
async fn each_task_of_a_user_task_has_its_own_table() {
    let app = TestApp::embedded().await;
    report(&app, FIRST, report_of("t-b", 4, 9, 10)).await;
    report(&app, FIRST + 1, report_of("t-a", 2, 1, 10)).await;
    let text = succeed(&mut history(&app, &["ut-1", "--user-task"]));
    let place = |words| text.find(words).expect(words);
    assert!(place("task t-a (ut-1): IN_PROGRESS") < place("task t-b (ut-1): FAILED"));
}

#[tokio::test]
async fn a_task_is_ended_though_another_report_of_that_second_arrived_after_its_end() {
    let app = TestApp::embedded().await;
    report(&app, FIRST, report_of("t-1", 2, 10, 100)).await;
    report(&app, FIRST + MINUTE, report_of("t-1", 3, 100, 100)).await;
    report(&app, FIRST + MINUTE, report_of("t-1", 2, 70, 100)).await;
    let text = succeed(&mut history(&app, &["t-1"]));
    assert!(text.contains("COMPLETED, 3 snapshots"), "{text}");
    assert!(text.contains("100 of 100 (100 %) finished"), "{text}");
    let last = succeed(&mut history(&app, &["t-1", "--last", "1"]));
    assert!(last.contains("COMPLETED, 1 snapshot"), "{last}");
}

#[tokio::test]
async fn an_empty_history_says_what_to_check_and_is_not_drawn() {
    let app = TestApp::embedded().await;
    let since = ["no-such-task", "--since", "2026-09-13T06:07:30Z"];
    let text = ends(1, &mut history(&app, &since)).stdout;
    for words in [
        "taskID no-such-task: nothing stored",
        &format!(
            "DynamoDB at {} (--endpoint-url), table {}",
            app.engine_url, app.table_name
        ),
        "since 2026-09-13 06:07:30 (UTC)",
        "add --user-task",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let text = ends(1, &mut history(&app, &["no-such-task", "--user-task"])).stdout;
    assert!(text.contains("leave out --user-task"), "{text}");
    let text = ends(1, &mut history(&app, &["no-such-task", "--json"])).stdout;
    assert_eq!(text, "[]\n");
    for file in ["target/no-such-picture.svg", "-"] {
        let ran = ends(1, &mut history(&app, &["no-such-task", "--svg", file]));
        assert!(ran.stdout.contains("nothing stored"), "{ran:?}");
    }
    assert!(!project().join("target/no-such-picture.svg").exists());
}

#[tokio::test]
async fn control_characters_are_escaped() {
    let app = TestApp::embedded().await;
    let mut body = report_of("t-\u{1b}[2J", 2, 1, 0);
    body["userTaskID"] = json!("line\nbreak\u{202e}");
    report(&app, FIRST, body).await;
    let text = succeed(&mut history(&app, &["t-\u{1b}[2J"]));
    let title = r"task t-\u{1b}[2J (line\u{a}break\u{202e}): IN_PROGRESS";
    assert!(text.starts_with(title), "{text}");
    assert!(text.contains("1 of 0"), "no percentage of 0 orders: {text}");
}
