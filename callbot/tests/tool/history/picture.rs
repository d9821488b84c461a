//! The history as an SVG picture.

use roxmltree::Document;

use super::*;

/// The SVG that the command writes.
fn svg(app: &TestApp, arguments: &[&str]) -> String {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let path = file.path().to_str().expect("text");
    let ran = run(&mut history(app, &[arguments, &["--svg", path]].concat()));
    assert_eq!(ran.exit_code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains(path), "{ran:?}");
    std::fs::read_to_string(path).expect("a picture")
}

#[tokio::test]
async fn the_picture_in_the_readme_is_what_the_demo_draws() {
    let app = demo(5).await;
    assert_golden("demo.svg", &svg(&app, &[DEMO_TASK]));
    let on_stdout = run(&mut history(&app, &[DEMO_TASK, "--svg", "-"]));
    assert_golden("demo.svg", &on_stdout.stdout);
    assert_eq!(on_stdout.stderr, "");
}

#[tokio::test]
async fn any_history_can_be_drawn() {
    // Seconds, status, finished orders, total orders.
    type Reports = &'static [(u64, u64, u64, u64)];
    let lives: [(&str, Reports); 5] = [
        ("a single report", &[(0, 1, 0, 0)]),
        ("one second", &[(0, 2, 0, 0), (0, 2, 7, 9), (0, 3, 9, 9)]),
        (
            "falling",
            &[(0, 2, 90, 100), (60, 2, 10, 50), (61, 4, 0, 0)],
        ),
        (
            "the largest numbers, over a year apart",
            &[(0, 5, u64::MAX, u64::MAX), (86_400 * 400, 5, 0, 1)],
        ),
        ("a second apart", &[(0, 1, 0, 3), (1, 2, 1, 3)]),
    ];
    for (what, life) in lives {
        let app = TestApp::embedded().await;
        for &(seconds, status, finished, total) in life {
            let body = report_of("t-1", status, finished, total);
            report(&app, FIRST + seconds, body).await;
        }
        let svg = svg(&app, &["t-1"]);
        let document = Document::parse(&svg).expect("XML");
        let nodes = document.root().descendants();
        let lines: Vec<&str> = nodes.filter_map(|node| node.attribute("points")).collect();
        assert_eq!(lines.len(), 5, "{what}");
        for line in lines {
            let points: Vec<(f64, f64)> = line
                .split(' ')
                .filter_map(|point| point.split_once(','))
                .map(|(x, y)| (x.parse().expect("x"), y.parse().expect("y")))
                .collect();
            assert_eq!(points.len(), life.len(), "{what}");
            for (x, y) in points {
                let inside = (60.0..=650.0).contains(&x) && (70.0..=290.0).contains(&y);
                assert!(inside, "{what}: {x}, {y}");
            }
        }
    }
}

#[tokio::test]
async fn names_are_escaped_and_each_task_has_its_own_panel() {
    let app = TestApp::embedded().await;
    let ids = ["t-<script>&\"'\u{1}", "t-2"];
    for id in ids {
        let mut body = report_of(id, 4, 1, 2);
        body["userTaskID"] = json!("]]><&amp;");
        report(&app, FIRST, body).await;
    }
    let svg = svg(&app, &["]]><&amp;", "--user-task"]);
    let document = Document::parse(&svg).expect("XML");
    let named = |tag: &str, words: &str| {
        let mut nodes = document.root().descendants();
        nodes.any(|node| node.has_tag_name(tag) && node.text().map(str::trim) == Some(words))
    };
    let script = r#"t-<script>&"'\u{1}"#;
    assert!(named("title", &format!("History of task t-2, {script}")));
    assert!(named("text", "Task t-2 (]]><&amp;)"), "{svg}");
    let escaped = format!("Task {script} (]]><&amp;)");
    assert!(named("text", &escaped), "{svg}");
}

#[tokio::test]
async fn an_empty_history_is_not_drawn() {
    let app = TestApp::embedded().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("nothing.svg");
    for name in [file.to_str().expect("text"), "-"] {
        let ran = find_nothing(&mut history(&app, &["no-such-task", "--svg", name]));
        assert!(ran.stdout.contains("nothing stored"), "{ran:?}");
    }
    assert!(!file.exists());
}
