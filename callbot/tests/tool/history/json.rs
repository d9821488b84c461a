//! The history as JSON.

use std::collections::BTreeSet;

use task_callback::store::item_of;

use super::*;

#[tokio::test]
async fn json_has_every_attribute_of_the_item_to_the_last_digit() {
    let app = TestApp::with(&[("RETENTION_DAYS", "1")]).await;
    let mut full = report_of("t-1", 2, 67, 100);
    full["remark"] = json!("«one, \"two\"»\nthree");
    full["list"] = json!([true, null, {"deep": "BIG"}]);
    full["taskStat"]["finishRate"] = json!("0.1234567890123456789");
    let digits = "12345678901234567890123";
    report(&app, FIRST, full.to_string().replace("\"BIG\"", digits)).await;
    let mut without_own_id = report_of("t-1", 2, 68, 100);
    without_own_id["userTaskID"] = json!("");
    report(&app, FIRST, without_own_id).await;

    let ran = run(history(&app, &["t-1", "--json"]).env("CLICOLOR_FORCE", "1"));
    assert_eq!((ran.exit_code, &*ran.stderr), (Some(0), ""));
    for exact in [
        "\"finishRate\": 0.1234567890123456789",
        &format!("\"deep\": {digits}"),
        &format!("\"createTs\": {FIRST}.001"),
    ] {
        assert!(ran.stdout.contains(exact), "{exact}: {}", ran.stdout);
    }
    let rows: [Value; 2] = serde_json::from_str(&ran.stdout).expect("two snapshots");
    for (row, snapshot) in rows.iter().zip(app.snapshots().await) {
        let row = row.as_object().expect("an object").keys();
        let names: BTreeSet<String> = row.cloned().collect();
        assert_eq!(names, item_of(&snapshot).into_keys().collect());
    }
    assert!(rows[0].get("extra").is_some() && rows[1].get("extra").is_none());
    assert_eq!(rows[0]["extra"]["remark"], full["remark"]);
    assert_eq!(rows[0]["extra"]["list"][0], true);
    assert_eq!(rows[0]["extra"]["list"][1], Value::Null);
    assert_eq!(rows[0]["taskStat"]["totalOrderCount"], 100);
}
