//! The history as JSON.

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
    let attributes = |row: &Value| {
        let row = row.as_object().expect("an object").keys();
        row.cloned().collect::<Vec<_>>()
    };
    let mut names = [
        "bodySha256",
        "callbackType",
        "createTs",
        "expiresAt",
        "extra",
        "receivedAt",
        "requestID",
        "responseID",
        "sceneID",
        "status",
        "taskCreateTs",
        "taskID",
        "taskStat",
        "taskStatus",
        "userTaskID",
        "uuid",
    ]
    .to_vec();
    assert_eq!(attributes(&rows[0]), names);
    names.retain(|name| !["extra", "userTaskID"].contains(name));
    assert_eq!(attributes(&rows[1]), names, "what is absent is left out");
    assert_eq!(rows[0]["extra"]["remark"], full["remark"]);
    assert_eq!(rows[0]["extra"]["list"][0], true);
    assert_eq!(rows[0]["extra"]["list"][1], Value::Null);
    assert_eq!(
        rows[0]["taskStat"].as_object().map(|stat| stat.len()),
        Some(7)
    );
}
