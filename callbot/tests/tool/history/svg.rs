//! Reads the elements of an SVG chart.

use roxmltree::{Document, Node};

use super::*;

/// The SVG that the command writes.
pub(super) fn svg(app: &TestApp, arguments: &[&str]) -> String {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let path = file.path().to_str().expect("text");
    let ran = run(&mut history(app, &[arguments, &["--svg", path]].concat()));
    assert_eq!(ran.exit_code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains(path), "{ran:?}");
    std::fs::read_to_string(path).expect("a picture")
}

pub(super) fn texts<'a>(node: Node<'a, 'a>) -> Vec<&'a str> {
    let texts = node.descendants().filter(|node| node.has_tag_name("text"));
    // The XML may have a line break around a text.
    texts
        .map(|node| node.text().unwrap_or_default().trim())
        .collect()
}

pub(super) fn of_class<'a>(document: &'a Document<'_>, class: &str) -> Vec<Node<'a, 'a>> {
    let nodes = document.root().descendants();
    let nodes: Vec<Node<'_, '_>> = nodes
        .filter(|node| node.attribute("class") == Some(class))
        .collect();
    assert!(!nodes.is_empty(), "no {class}");
    nodes
}

/// The points of a series' line.
pub(super) fn line(document: &Document<'_>, class: &str) -> Vec<(f64, f64)> {
    let series = of_class(document, class)[0];
    let line = series.children().find(|node| node.has_tag_name("polyline"));
    let points = line
        .and_then(|line| line.attribute("points"))
        .expect("points");
    let number = |text: &str| text.parse().expect("a number");
    let points = points
        .split(' ')
        .map(|point| point.split_once(',').expect("x,y"));
    points.map(|(x, y)| (number(x), number(y))).collect()
}

pub(super) const SERIES: [&str; 5] = [
    "orders-in-all",
    "orders-finished",
    "orders-answered",
    "calls",
    "calls-answered",
];
