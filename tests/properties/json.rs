//! JSON texts: valid bodies in every notation that the contract allows, and nearly valid bodies.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::string::string_regex;

/// A body's fields as names and JSON texts. The fields of `taskStat` are separate.
#[derive(Clone, Debug)]
pub(super) struct Body {
    fields: Vec<(String, String)>,
    stat: Vec<(String, String)>,
}

impl Body {
    pub(super) fn text(&self) -> String {
        let mut fields = self.fields.clone();
        for field in &mut fields {
            if field.0 == "taskStat" && field.1.is_empty() {
                field.1 = object(&self.stat);
            }
        }
        object(&fields)
    }
}

fn object(fields: &[(String, String)]) -> String {
    let fields = fields.iter();
    let fields: Vec<String> = fields
        .map(|(name, json)| format!("{}: {json}", quoted(name)))
        .collect();
    format!("{{{}}}", fields.join(",\n"))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Texts that match a regular expression. (The strategy `&str` parses its expression every time.)
fn text(form: &str) -> impl Strategy<Value = String> + use<> {
    string_regex(form).expect("a regular expression")
}

/// Any text, as JSON.
fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => text(".{0,12}").prop_map(|text| quoted(&text)),
        2 => text("[0-9]{1,25}").prop_map(|text| quoted(&text)),
        1 => any::<String>().prop_map(|text| quoted(&text)),
        1 => text(r"(\\u00[0-9a-f]{2}|\\u[1-9a-c][0-9A-F]{3}|\\ud83d\\ude00|\\[nrt/\\]){1,4}")
            .prop_map(|text| format!(r#""{text}""#)),
    ]
}

/// Any number, as JSON: with few or very many digits, and of any magnitude.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<u64>().prop_map(|number| number.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("a number", |number| number.is_finite())
            .prop_map(|number| format!("{number:e}")),
        text(r"-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?"),
        text(r"-?(0|[1-9][0-9]{34,40})(\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?"),
        text(r"-?0\.0{0,140}[1-9][0-9]{0,40}([eE][+-]?[0-9]{1,3})?"),
        text(r"-?[0-9]([eE][+-]?(12[4-7]|1[23][0-9]|[0-9]{15,25}))"),
    ]
}

/// Any well-formed JSON value of Unicode, including repeated and empty names and deep nesting.
pub(super) fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        select(vec!["null", "true", "false", "[]", "{}"]).prop_map(str::to_owned),
        string(),
        number(),
    ];
    let nested = leaf.prop_recursive(5, 24, 4, |value| {
        let name = prop_oneof![text("[ab]?"), text(".{0,4}")];
        prop_oneof![
            vec(value.clone(), 0..4).prop_map(|values| format!("[{}]", values.join(" , "))),
            vec((name, value), 0..4).prop_map(|fields| object(&fields)),
        ]
    });
    let deep = (nested.clone(), 20..40_usize, any::<bool>()).prop_map(|(value, levels, list)| {
        let (open, close) = if list { ("[", "]") } else { (r#"{"d":"#, "}") };
        format!("{}{value}{}", open.repeat(levels), close.repeat(levels))
    });
    prop_oneof![9 => nested, 1 => deep]
}

/// An unsigned integer in one of the allowed notations.
fn integer(number: impl Strategy<Value = u64>) -> impl Strategy<Value = String> {
    (number, 0..6_usize, 0..4_usize).prop_map(|(number, writing, zeros)| {
        let zeros = "0".repeat(zeros);
        match writing {
            0 => format!(r#""{zeros}{number}""#),
            1 => format!("{number}.0{zeros}"),
            2 if number > 0 => format!("{number}{zeros}e-{}", zeros.len()),
            3 => format!("{number}.0{zeros}E+0"),
            _ => number.to_string(),
        }
    })
}

fn counter() -> impl Strategy<Value = String> {
    integer(prop_oneof![0..200_u64, any::<u64>(), Just(u64::MAX)])
}

/// A rate in one of the allowed notations. Every number that DynamoDB accepts is allowed.
fn rate() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        text(r"[01]\.[0-9]{2}"),
        text(r"-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,19})?([eE][+-]?[0-9]{1,2})?"),
        text(r"-?0(\.0{1,5})?([eE][+-]?[0-9]{1,30})?"),
    ];
    (number, any::<bool>()).prop_map(|(number, quote)| match quote {
        true => format!(r#""{number}""#),
        false => number,
    })
}

fn field(
    name: &'static str,
    json: impl Strategy<Value = String> + 'static,
) -> BoxedStrategy<(String, String)> {
    json.prop_map(move |json| (name.to_owned(), json)).boxed()
}

/// A body that the contract allows, with fields that it does not name.
pub(super) fn bodies() -> impl Strategy<Value = Body> {
    let id = |form| text(form).prop_map(|text| quoted(&text));
    let named = vec![
        field("taskID", id(r"\PC{1,20}")),
        field("userTaskID", id(r"\PC{0,20}")),
        field("sceneID", string()),
        field("callbackType", integer(Just(1))),
        field("taskStatus", integer(1..=5_u64)),
        field("createTs", counter()),
        field("taskStat", Just(String::new())),
    ];
    let stat = vec![
        field("answerOrderCount", counter()),
        field("finishOrderCount", counter()),
        field("totalOrderCount", counter()),
        field("totalAnswerCall", counter()),
        field("totalCall", counter()),
        field("finishRate", rate()),
        field("answerRate", rate()),
    ];
    let unnamed = || {
        let names = text(".{1,6}").prop_map(|name| format!("x{name}"));
        btree_map(names, value(), 0..3)
    };
    let parts = (named, stat, unnamed(), unnamed(), any::<usize>());
    parts.prop_map(|(mut fields, mut stat, more, more_stat, order)| {
        fields.extend(more);
        stat.extend(more_stat);
        let (by, by_stat) = (order % fields.len(), order % stat.len());
        fields.rotate_left(by);
        stat.rotate_left(by_stat);
        Body { fields, stat }
    })
}

#[derive(Clone, Debug)]
enum Change {
    Write(String),
    Rename(String),
    Drop,
    Repeat,
}

/// A body with up to three fields changed, dropped, renamed or repeated, or with half a surrogate.
pub(super) fn near_bodies() -> impl Strategy<Value = Body> {
    let change = prop_oneof![
        6 => prop_oneof![value(), number(), counter(), rate(), string()].prop_map(Change::Write),
        1 => select(vec![r#""\ud800""#, r#"[{"a":"\udc00"}]"#, r#"{"\ud800":1}"#]).prop_map(|json| Change::Write(json.to_owned())),
        1 => prop_oneof![text("[a-z]{0,4}"), Just("taskStat".to_owned()), Just(String::new())].prop_map(Change::Rename),
        1 => Just(Change::Drop),
        1 => Just(Change::Repeat),
    ];
    let changes = vec((any::<Index>(), any::<bool>(), change), 0..4);
    (bodies(), changes).prop_map(|(mut body, changes)| {
        for (at, in_stat, change) in changes {
            let fields = match in_stat {
                true => &mut body.stat,
                false => &mut body.fields,
            };
            let at = at.index(fields.len());
            match change {
                Change::Write(json) => fields[at].1 = json,
                Change::Rename(name) => fields[at].0 = name,
                Change::Drop => drop(fields.remove(at)),
                Change::Repeat => fields.push(fields[at].clone()),
            }
        }
        body
    })
}
