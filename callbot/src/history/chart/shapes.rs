//! The SVG shapes of a chart.

use svg::node::element::{Line, Polyline, Text};

/// The colour of secondary text.
pub(super) const INK: &str = "#222";
pub(super) const FAINT: &str = "#d9d9d9";
pub(super) const GREY: &str = "#666";

/// An upper estimate of a text's width in any font.
pub(super) fn text_width(text: &str) -> f64 {
    6.6 * text.chars().count() as f64
}

/// A coordinate with one decimal.
pub(super) fn px(place: f64) -> f64 {
    (place * 10.0).round() / 10.0
}

/// A text with this anchor (`start`, `middle`, `end`) at a point.
pub(super) fn text(x: f64, y: f64, anchor: &str, words: &str) -> Text {
    Text::new(words)
        .set("x", px(x))
        .set("y", px(y))
        .set("text-anchor", anchor)
        .set("fill", INK)
}

pub(super) fn line(from: (f64, f64), to: (f64, f64), color: &str) -> Line {
    Line::new()
        .set("x1", px(from.0))
        .set("y1", px(from.1))
        .set("x2", px(to.0))
        .set("y2", px(to.1))
        .set("stroke", color)
}

pub(super) fn polyline(points: &[(f64, f64)]) -> Polyline {
    let points: Vec<String> = points
        .iter()
        .map(|(x, y)| format!("{},{}", px(*x), px(*y)))
        .collect();
    Polyline::new()
        .set("points", points.join(" "))
        .set("fill", "none")
}
