//! The history as JSON and CSV.

use serde_json::json;
use task_callback::store::item_of;

use super::*;

/// A snapshot with every attribute an item can have, and a minimal one.
async fn full_and_minimal_items() -> TestApp {
    let app = TestApp::with(&[("RETENTION_DAYS", "1")]).await;
    let mut all = report_of("t-1", 2, 67, 100);
    all["remark"] = json!("«one, \"two\"»\nthree");
    all["taskStat"]["finishRate"] = json!("0.1234567890123456789");
    all["big"] = json!("BIG");
    let all = all
        .to_string()
        .replace(r#""BIG""#, "12345678901234567890123");
    report(&app, FIRST, all).await;
    let mut little = report_of("t-1", 2, 68, 100);
    little["userTaskID"] = json!("");
    report(&app, FIRST, little).await;
    app
}

#[tokio::test]
async fn csv_has_every_attribute_exactly_as_the_table_has_it() {
    let app = full_and_minimal_items().await;
    let text = succeed(&mut history(&app, &["t-1", "--csv"]));
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let names = csv.headers().expect("names").clone();
    let rows: Vec<_> = csv.records().map(|row| row.expect("a row")).collect();
    let items: Vec<_> = app.snapshots().await.iter().map(item_of).collect();
    assert_eq!((rows.len(), items.len()), (2, 2));
    for (row, item) in rows.iter().zip(&items) {
        let stat = item["taskStat"].as_m().expect("a map");
        for (attribute, value) in item
            .iter()
            .filter(|(name, _)| !["taskStat", "extra"].contains(&name.as_str()))
        {
            let text = value.as_s().or(value.as_n()).expect("text or number");
            assert_eq!(&row[place(&names, attribute)], text, "{attribute}");
        }
        for (attribute, value) in stat {
            let name = format!("taskStat.{attribute}");
            assert_eq!(&row[place(&names, &name)], value.as_n().expect("a number"));
        }
    }
    assert_eq!(
        names.len(),
        items[0].len() - 1 + 7,
        "a column for each attribute"
    );
    let extra = place(&names, "extra");
    assert_eq!(
        &rows[0][extra],
        r#"{"big":12345678901234567890123,"remark":"«one, \"two\"»\nthree"}"#
    );
    assert_eq!(&rows[1][extra], "");
    assert_eq!(&rows[1][place(&names, "createTs")], format!("{FIRST}.001"));
}

fn place(names: &csv::StringRecord, name: &str) -> usize {
    let place = names.iter().position(|other| other == name);
    place.unwrap_or_else(|| panic!("no column {name}"))
}

#[tokio::test]
async fn json_and_csv_have_only_the_data() {
    let app = demo(2).await;
    let ran = run(&mut history(
        &app,
        &[DEMO_TASK, "--json", "--color", "always"],
    ));
    let rows: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(rows[1]["createTs"], FIRST + MINUTE);
    assert_eq!(rows[1]["taskStat"]["finishRate"], 0.26);
    assert_eq!(ran.stderr, "");
    let none = find_nothing(&mut history(&app, &["no-such-task", "--json"]));
    assert_eq!(none.trim(), "[]");
    let none = find_nothing(&mut history(&app, &["no-such-task", "--csv"]));
    assert!(
        none.starts_with("taskID,createTs,") && none.lines().count() == 1,
        "{none}"
    );
    let error = fail(2, &mut history(&app, &["t-1", "--csv", "--json"])).stderr;
    assert!(error.contains("cannot be used with"), "{error}");
}
