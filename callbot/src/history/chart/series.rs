//! The counters drawn, and their styles.

use svg::node::element::{Circle, Group, Path};
use task_callback::contract::callback::TaskStat;

use super::shapes::{GREY, px};

/// A counter of the reports, and the style of its line.
pub(super) struct Series {
    pub(super) name: &'static str,
    pub(super) count: fn(&TaskStat) -> u64,
    pub(super) color: &'static str,
    pub(super) dashes: &'static str,
    pub(super) marker: Option<Marker>,
}

#[derive(Clone, Copy)]
pub(super) enum Marker {
    Disc,
    Ring,
    Square,
    Cross,
}

pub(super) const SERIES: [Series; 5] = [
    Series {
        name: "orders in all",
        count: |stat| stat.total_order_count,
        color: GREY,
        dashes: "1 3",
        marker: None,
    },
    Series {
        name: "orders finished",
        count: |stat| stat.finish_order_count,
        color: "#14568f",
        dashes: "none",
        marker: Some(Marker::Disc),
    },
    Series {
        name: "orders answered",
        count: |stat| stat.answer_order_count,
        color: "#14568f",
        dashes: "7 4",
        marker: Some(Marker::Ring),
    },
    Series {
        name: "calls",
        count: |stat| stat.total_call,
        color: "#a34700",
        dashes: "none",
        marker: Some(Marker::Square),
    },
    Series {
        name: "calls answered",
        count: |stat| stat.total_answer_call,
        color: "#a34700",
        dashes: "7 4",
        marker: Some(Marker::Cross),
    },
];

/// The group with the series' marker at a point.
pub(super) fn marked(group: Group, series: &Series, (x, y): (f64, f64)) -> Group {
    let disc = |fill| {
        Circle::new()
            .set("cx", px(x))
            .set("cy", px(y))
            .set("r", 3.6)
            .set("fill", fill)
    };
    let path = |d: &str| {
        Path::new()
            .set("d", format!("M{} {}{d}", px(x), px(y)))
            .set("stroke", series.color)
            .set("stroke-width", 2)
    };
    match series.marker {
        None => group,
        Some(Marker::Disc) => group.add(disc(series.color)),
        Some(Marker::Ring) => group.add(
            disc("#fff")
                .set("stroke", series.color)
                .set("stroke-width", 1.6),
        ),
        Some(Marker::Square) => {
            group.add(path("m-2.4 -2.4h4.8v4.8h-4.8z").set("fill", series.color))
        }
        Some(Marker::Cross) => {
            group.add(path("m-3.4 -3.4l6.8 6.8m0 -6.8l-6.8 6.8").set("fill", "none"))
        }
    }
}
