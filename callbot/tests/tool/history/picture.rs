//! The chart of a history, as SVG.

use roxmltree::{Document, Node};
use serde_json::json;

use super::svg::{SERIES, line, of_class, svg, texts};
use super::*;

#[tokio::test]
async fn the_demos_picture_in_the_readme_is_what_the_demo_draws() {
    let app = demo(5).await;
    let svg = svg(&app, &[DEMO_TASK]);
    assert_golden("demo.svg", &svg);

    let document = Document::parse(&svg).expect("XML");
    let all = texts(document.root());
    for words in [
        "Task t-20260913-0007 (autumn-renewals)",
        "COMPLETED after 4m; 5 reports from 2026-09-13 08:00:00 to 2026-09-13 08:04:00",
        "orders, calls (number so far)",
        "time (2026-09-13, UTC)",
        "08:03",
        "paused 1m",
        "120 orders finished",
        "58 orders answered",
        "198 calls",
        "71 calls answered",
    ] {
        assert!(all.contains(&words), "{words}: {all:?}");
    }
    // The minutes are even steps to the right, and larger counts are higher.
    let finished = line(&document, "orders-finished");
    assert_eq!(finished.len(), 5);
    let step = finished[1].0 - finished[0].0;
    for pair in finished.windows(2) {
        assert!((pair[1].0 - pair[0].0 - step).abs() < 0.2, "{finished:?}");
        assert!(pair[1].1 < pair[0].1, "{finished:?}");
    }
    let height = |orders: f64| finished[0].1 - orders / 120.0 * (finished[0].1 - finished[4].1);
    assert!((finished[1].1 - height(31.0)).abs() < 0.2, "{finished:?}");
    let band = of_class(&document, "status")[0];
    let fills: Vec<_> = band
        .descendants()
        .filter_map(|node| node.attribute("fill"))
        .collect();
    let phases = [
        "PENDING",
        "IN_PROGRESS",
        "PAUSED",
        "IN_PROGRESS",
        "COMPLETED",
    ];
    let places = phases.map(|status| format!("url(#{status})"));
    let fills: Vec<_> = fills
        .into_iter()
        .filter(|fill| fill.starts_with("url"))
        .collect();
    assert_eq!(fills, places);
    assert_eq!(texts(band).len(), 5, "each phase has a label");
}

#[tokio::test]
async fn labels_and_notes_do_not_overlap() {
    let app = TestApp::embedded().await;
    for minute in 0..12 {
        let status = [2, 5][minute % 2];
        let mut body = report_of("t-1", status, 5, 5);
        for counter in ["answerOrderCount", "totalCall", "totalAnswerCall"] {
            body["taskStat"][counter] = json!(5);
        }
        body["remark"] = json!(minute);
        report(&app, FIRST + MINUTE * minute as u64, body).await;
    }
    let svg = svg(&app, &["t-1"]);
    let document = Document::parse(&svg).expect("XML");
    let place = |node: Node<'_, '_>, name| node.attribute(name).and_then(|n| n.parse::<f64>().ok());
    let mut heights: Vec<f64> = SERIES
        .iter()
        .flat_map(|series| of_class(&document, series)[0].children())
        .filter(|node| node.has_tag_name("text"))
        .map(|node| place(node, "y").expect("a place"))
        .collect();
    heights.sort_by(f64::total_cmp);
    assert_eq!(heights.len(), 5);
    assert!(
        heights.windows(2).all(|pair| pair[1] - pair[0] > 14.0),
        "{heights:?}"
    );

    let notes = of_class(&document, "notes")[0];
    let notes: Vec<_> = notes
        .children()
        .filter(|node| node.has_tag_name("text"))
        .collect();
    assert!(notes.len() >= 5, "{notes:?}");
    for (number, one) in notes.iter().enumerate() {
        for other in &notes[number + 1..] {
            let apart =
                |name| (place(*one, name).expect("x") - place(*other, name).expect("x")).abs();
            assert!(apart("y") > 10.0 || apart("x") > 50.0, "{one:?} {other:?}");
        }
    }
}

#[tokio::test]
async fn any_history_can_be_drawn() {
    // Seconds, status, finished orders, total orders.
    type Reports = &'static [(u64, u64, u64, u64)];
    let lives: [(&str, Reports); 6] = [
        ("a single report", &[(0, 1, 0, 0)]),
        (
            "reports of one second",
            &[(0, 4, 0, 0), (0, 2, 7, 9), (0, 3, 9, 9)],
        ),
        (
            "decreasing counters",
            &[(0, 2, 90, 100), (60, 2, 10, 50), (61, 4, 0, 0)],
        ),
        (
            "the largest numbers, over a year apart",
            &[(0, 5, u64::MAX, u64::MAX), (86_400 * 400, 5, 0, 1)],
        ),
        ("two reports a second apart", &[(0, 1, 0, 3), (1, 2, 1, 3)]),
        (
            "a pause of an hour after a day",
            &[(0, 2, 1, 3), (86_400, 5, 2, 3), (90_000, 3, 3, 3)],
        ),
    ];
    for (what, life) in lives {
        let app = TestApp::embedded().await;
        for &(seconds, status, finished, total) in life {
            let body = report_of("t-1", status, finished, total);
            report(&app, FIRST + seconds, body).await;
        }
        let svg = svg(&app, &["t-1"]);
        let document = Document::parse(&svg).expect("XML");
        assert!(
            !svg.contains("NaN") && !svg.contains("inf"),
            "{what}: {svg}"
        );
        for series in SERIES {
            let line = line(&document, series);
            assert_eq!(line.len(), life.len(), "{what}: {series}");
            let inside =
                |(x, y): &(f64, f64)| (70.0..760.0).contains(x) && (95.0..350.0).contains(y);
            assert!(line.iter().all(inside), "{what}: {series}: {line:?}");
        }
        let ticks = texts(document.root())
            .iter()
            .filter(|text| text.contains(':'))
            .count();
        // The margins have room for six characters left of the axis and 24 right of the chart.
        let nodes = document.root().descendants();
        for number in nodes.filter(|node| node.attribute("text-anchor") == Some("end")) {
            let words = number.text().unwrap_or_default().trim();
            assert!(words.chars().count() <= 6, "{what}: {words}");
        }
        for series in SERIES {
            let name = texts(of_class(&document, series)[0]).concat();
            assert!(name.chars().count() <= 24, "{what}: {name}");
        }
        assert!(ticks < 24, "{what}: {:?}", texts(document.root()));
    }
}

#[tokio::test]
async fn xml_characters_in_names_are_escaped() {
    let app = TestApp::embedded().await;
    let id = "t-<script>&\"'\u{1}";
    let mut body = report_of(id, 4, 1, 2);
    body["userTaskID"] = json!("]]><&amp;");
    report(&app, FIRST, body).await;
    let svg = svg(&app, &[id]);
    let document = Document::parse(&svg).expect("XML");
    let title = r#"Task t-<script>&"'\u{1} (]]><&amp;)"#;
    assert!(texts(document.root()).contains(&title), "{svg}");
    assert!(
        texts(of_class(&document, "notes")[0]).contains(&"failed 08:00:00"),
        "{svg}"
    );
    assert!(
        document
            .root()
            .descendants()
            .all(|node| !node.has_tag_name("script"))
    );
}

#[tokio::test]
async fn each_task_of_a_user_task_has_its_own_panel_up_to_twenty() {
    let app = TestApp::embedded().await;
    for task in 0..21 {
        report(
            &app,
            FIRST + task,
            report_of(&format!("t-{task}"), 2, task, 100),
        )
        .await;
    }
    let last = (FIRST + 18).to_string();
    let picture = svg(&app, &["ut-1", "--user-task", "--since", &last]);
    let document = Document::parse(&picture).expect("XML");
    assert_eq!(of_class(&document, "task").len(), 3);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("all.svg");
    let file = file.to_str().expect("text");
    let error = fail(
        2,
        &mut history(&app, &["ut-1", "--user-task", "--svg", file]),
    )
    .stderr;
    assert!(error.contains("draw one by its taskID"), "{error}");
}

/// In Berlin the clocks went back by an hour on 2026-10-25, at 03:00.
#[tokio::test]
async fn ticks_are_at_round_times_also_after_the_clocks_have_changed() {
    const HOUR: u64 = 3_600;
    const MIDNIGHT: u64 = 1_792_792_800;
    // The hours of the first and of the last report, and the labels of all ticks.
    let table: [(&str, [u64; 2], &[&str]); 2] = [
        (
            "days",
            [0, 73],
            &["2026-10-24", "2026-10-25", "2026-10-26", "2026-10-27"],
        ),
        (
            "hours",
            [24, 37],
            &["00:00", "03:00", "06:00", "09:00", "12:00"],
        ),
    ];
    for (what, hours, labels) in table {
        let app = TestApp::embedded().await;
        for hour in hours {
            report(&app, MIDNIGHT + hour * HOUR, report_of("t-1", 2, hour, 100)).await;
        }
        let svg = svg(&app, &["t-1", "--tz", "Europe/Berlin"]);
        let document = Document::parse(&svg).expect("XML");
        let all = texts(document.root());
        let found: Vec<&str> = all
            .into_iter()
            .filter(|text| labels[0].len() == text.len() && text.starts_with(char::is_numeric))
            .collect();
        assert_eq!(found, labels, "{what}");
    }
}

#[tokio::test]
async fn a_picture_can_be_written_to_the_standard_output() {
    let app = demo(2).await;
    let ran = run(&mut history(&app, &[DEMO_TASK, "--svg", "-"]));
    assert!(Document::parse(ran.stdout.trim()).is_ok(), "{ran:?}");
    assert_eq!((ran.exit_code, &*ran.stderr), (Some(0), ""), "{ran:?}");
}

#[tokio::test]
async fn an_empty_history_is_not_drawn() {
    let app = TestApp::embedded().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("nothing.svg");
    let name = file.to_str().expect("text");
    for name in [name, "-"] {
        let ran = run(&mut history(&app, &["no-such-task", "--svg", name]));
        assert_eq!(ran.exit_code, Some(1), "{ran:?}");
        assert!(ran.stdout.contains("nothing stored"), "{ran:?}");
        assert!(ran.stderr.contains("no picture was written"), "{ran:?}");
    }
    assert!(!file.exists());
}
