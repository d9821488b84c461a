//! Each defect that is planted in a table is found, and nothing else.

use serde_json::{Value, json};

use super::Defect::{AcknowledgedAndLost, Changed, Duplicated, Lost, Unexpected};
use super::{Defect, audit, item_of};
use crate::plan::{Kind, Plan, Report};

/// The reports of two tasks. Only the fourth and the fifth report share a second.
fn two_tasks() -> Vec<Report> {
    let account = json!({"uuid": "an-account", "secretKey": "a-secret"});
    let mut reports = Plan::new(2, &[account], 7).reports;
    for (report, second) in reports.iter_mut().zip(1_789_257_900..) {
        report.create_ts = second;
    }
    reports[4].create_ts = reports[3].create_ts;
    reports
}

/// The item of a report in this slot of its second.
fn item(report: &Report, slot: usize) -> Value {
    let mut item = item_of(report);
    item["createTs"] = match slot {
        0 => json!(report.create_ts),
        slot => json!(report.create_ts as f64 + slot as f64 / 1_000.0),
    };
    item["requestID"] = json!(report.request_id(Kind::Report));
    item
}

/// What a correct function stores.
fn table(reports: &[Report]) -> Vec<Value> {
    let items = reports.iter().enumerate();
    let items = items.map(|(number, report)| item(report, usize::from(number == 4)));
    items.collect()
}

/// The defects found in a table. All reports but the first were acknowledged.
fn found(reports: &[Report], table: &[Value]) -> Vec<Defect> {
    let expected = reports.iter().enumerate();
    let expected: Vec<_> = expected
        .map(|(number, report)| (report, number > 0))
        .collect();
    let findings = audit(&expected, table);
    findings.into_iter().map(|(defect, _)| defect).collect()
}

#[test]
fn a_table_with_every_report_once_has_no_defect() {
    let reports = two_tasks();
    let mut table = table(&reports);
    assert_eq!(found(&reports, &table), []);
    table[3]["requestID"] = json!(reports[3].request_id(Kind::Resend));
    assert_eq!(found(&reports, &table), [], "the resend came first");
    table.reverse();
    assert_eq!(found(&reports, &table), [], "in any order");
}

#[test]
fn each_planted_defect_is_found_and_nothing_else() {
    let reports = two_tasks();
    let (first, last) = (&reports[0], &reports[reports.len() - 1]);
    let mut forgery = first.clone();
    forgery.body["taskStat"]["totalCall"] = json!(1_000_000_000);
    let check = |what: &str, defect: Defect, plant: &dyn Fn(&mut Vec<Value>)| {
        let mut table = table(&reports);
        plant(&mut table);
        assert_eq!(found(&reports, &table), [defect], "{what}");
    };
    check("a refused report is lost", Lost, &|table| {
        drop(table.remove(0))
    });
    check("any other report is lost", AcknowledgedAndLost, &|table| {
        drop(table.pop())
    });
    check("a report is in two slots", Duplicated, &|table| {
        table.push(item(first, 1))
    });
    check("a counter is altered", Changed, &|table| {
        table[0]["taskStat"]["totalCall"] = json!(7)
    });
    check("an unknown field is lost", Changed, &|table| {
        table[0]["extra"] = json!({})
    });
    check("an attribute is added", Changed, &|table| {
        table[0]["expiresAt"] = json!(1)
    });
    check("the requestID is altered", Changed, &|table| {
        table[0]["requestID"] = json!("x")
    });
    check("a slot was left out", Changed, &|table| {
        table[19] = item(last, 5)
    });
    check("a forgery is stored", Unexpected, &|table| {
        table.push(item(&forgery, 1))
    });
}
