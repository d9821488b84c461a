//! The history as JSON.

use aws_sdk_dynamodb::types::AttributeValue;

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
    for (row, item) in rows.iter().zip(app.items().await) {
        let missing = item.keys().find(|name| row.get(name).is_none());
        assert_eq!(missing, None, "{row}");
    }
    assert!(rows[0].get("extra").is_some() && rows[1].get("extra").is_none());
    assert_eq!(rows[0]["extra"]["remark"], full["remark"]);
    assert_eq!(rows[0]["extra"]["list"][0], true);
    assert_eq!(rows[0]["extra"]["list"][1], Value::Null);
    assert_eq!(rows[0]["taskStat"]["totalOrderCount"], 100);
}

#[tokio::test]
async fn an_item_that_is_not_a_snapshot_is_an_error_that_names_the_attribute() {
    let app = TestApp::embedded().await;
    report(&app, FIRST, body()).await;
    let good = app.items().await.remove(0);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let cases = [
        ("status", None),
        ("status", Some(text("DONE"))),
        ("taskCreateTs", None),
        ("taskCreateTs", Some(text("1"))),
        ("taskStat", None),
        ("sceneID", Some(AttributeValue::Ss(vec!["s-1".to_owned()]))),
        // The last one, since it is another item.
        ("createTs", Some(AttributeValue::N("1.0001".to_owned()))),
    ];
    for (attribute, value) in cases {
        let mut item = good.clone();
        item.remove(attribute);
        item.extend(value.clone().map(|value| (attribute.to_owned(), value)));
        let put = app.client.put_item().table_name(&app.table_name);
        put.set_item(Some(item)).send().await.expect("stored");
        let ran = ends(2, &mut history(&app, &["t-1", "--json"]));
        let named = format!("callbot: the item's attribute {attribute} ");
        assert!(ran.stderr.starts_with(&named), "{value:?}: {ran:?}");
        assert_eq!(ran.stdout, "", "{attribute}: {value:?}");
    }
}
