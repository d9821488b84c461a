//! The history as an SVG picture.

use roxmltree::Document;

use super::*;

/// Seconds after the first report, status, finished orders, and orders in all.
type Reported = (u64, u64, u64, u64);

/// `BLESS=1 cargo test --package callbot picture` writes the golden file anew.
#[tokio::test]
async fn the_picture_in_the_readme_is_what_the_demo_draws() {
    let app = demo(5).await;
    let golden = "callbot/tests/golden/demo.svg";
    let file = match std::env::var_os("BLESS") {
        Some(_) => golden,
        None => "target/test-history.svg",
    };
    let ran = run(&mut history(&app, &[DEMO_TASK, "--svg", file]));
    assert!(ran.stderr.contains(file), "{ran:?}");
    let on_stdout = succeed(&mut history(&app, &[DEMO_TASK, "--svg", "-"]));
    for file in [file, golden] {
        let picture = std::fs::read_to_string(project().join(file)).expect("a picture");
        assert!(picture == on_stdout, "{file} is not\n{on_stdout}");
    }
}

#[tokio::test]
async fn any_history_of_several_tasks_with_any_names_can_be_drawn() {
    let app = TestApp::embedded().await;
    let tasks: [(&str, &[Reported]); 4] = [
        ("a single report", &[(0, 1, 0, 0)]),
        ("<one second> & \"'\u{1}", &[(0, 2, 7, 9), (0, 3, 9, 9)]),
        ("falling", &[(0, 2, 90, 99), (60, 2, 10, 50), (61, 4, 0, 0)]),
        (
            "the largest numbers, over a year apart",
            &[(0, 5, u64::MAX, u64::MAX), (86_400 * 400, 5, 0, 1)],
        ),
    ];
    for (task, reports) in tasks {
        for &(seconds, status, finished, total) in reports {
            let body = report_of(task, status, finished, total);
            report(&app, FIRST + seconds, body).await;
        }
    }
    let svg = succeed(&mut history(&app, &["ut-1", "--user-task", "--svg", "-"]));
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    let document = Document::parse(svg.trim()).expect("XML");
    for (task, _) in tasks {
        let title = format!("Task {} (ut-1)", task.replace('\u{1}', r"\u{1}"));
        let mut texts = document.descendants().filter_map(|node| node.text());
        assert!(texts.any(|text| text.trim() == title), "{title}: {svg}");
    }
}
