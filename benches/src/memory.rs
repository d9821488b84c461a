//! Duration and price of the function at each memory setting.
//!
//! Lambda gives a function processor time in proportion to its memory, a whole core at 1769 MB. It bills the duration,
//! including the cold start, by the millisecond and the gigabyte. In addition to its processor time, a call waits for
//! DynamoDB, and a cold start waits for DNS, handshakes and the first answers. Lambda may give more processor time
//! during a cold start, but this model does not assume it.

use std::path::Path;

use anyhow::{Context, Result};
use comfy_table::Table;
use plotters::prelude::*;

use crate::report::{Figures, markdown};

/// MB for one core.
const ONE_CORE: f64 = 1769.0;
/// DynamoDB's answer time, ms.
const STORE: f64 = 4.0;
/// How long a cold start waits for the network, ms: DNS, connections, and the answers from Secrets Manager and
/// DynamoDB, which are requested concurrently.
const CONNECT: f64 = 8.0;
/// US dollars per GB-second on x86_64, in the first tier in us-east-1.
const PRICE: f64 = 0.000_016_666_7;
/// The compared settings, MB.
const SETTINGS: [u32; 8] = [128, 192, 256, 384, 512, 768, 1024, 1769];

/// One memory setting.
pub(crate) struct Setting {
    /// MB
    pub(crate) memory: u32,
    /// A warm call, ms.
    pub(crate) call: f64,
    /// A cold start to the first answer, ms.
    pub(crate) cold: f64,
    /// US dollars for the duration of a million warm calls.
    pub(crate) price: f64,
}

/// Computes duration and price at each setting.
pub(crate) fn settings(figures: &Figures) -> Vec<Setting> {
    SETTINGS
        .into_iter()
        .map(|memory| {
            let share = (f64::from(memory) / ONE_CORE).min(1.0);
            let call = STORE + figures.call_cpu / 1e3 / share;
            let gigabytes = f64::from(memory) / 1024.0;
            Setting {
                memory,
                call,
                cold: CONNECT + STORE + figures.cold_cpu / 1e3 / share,
                price: call.ceil() / 1e3 * gigabytes * PRICE * 1e6,
            }
        })
        .collect()
}

pub(crate) fn table(settings: &[Setting]) -> Table {
    let mut table = markdown();
    table.set_header([
        "memory",
        "a call",
        "a cold start",
        "duration of a million calls",
    ]);
    for setting in settings {
        table.add_row([
            format!("{} MB", setting.memory),
            format!("{:.1} ms", setting.call),
            format!("{:.0} ms", setting.cold),
            format!("${:.3}", setting.price),
        ]);
    }
    table
}

/// Plots duration and price against memory.
pub(crate) fn plot(settings: &[Setting], path: &Path) -> Result<()> {
    let area = SVGBackend::new(path, (720, 360)).into_drawing_area();
    let draw = || -> Result<(), Box<dyn std::error::Error>> {
        area.fill(&WHITE)?;
        let largest = |value: fn(&Setting) -> f64| settings.iter().map(value).fold(0.0, f64::max);
        // Each setting is about 1.5 times the previous one, so equal distances form a logarithmic scale.
        let memory = 0.0..(settings.len() - 1) as f64;
        let mut chart = ChartBuilder::on(&area)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(50)
            .right_y_label_area_size(60)
            .build_cartesian_2d(memory.clone(), 0.0..largest(|s| s.cold) * 1.05)?
            .set_secondary_coord(memory, 0.0..largest(|s| s.price) * 1.05);
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .x_labels(settings.len())
            .x_desc("memory setting, MB")
            .y_desc("ms")
            .x_label_formatter(&|place| match settings.get(place.round() as usize) {
                Some(setting) => setting.memory.to_string(),
                None => String::new(),
            })
            .draw()?;
        chart
            .configure_secondary_axes()
            .y_desc("US dollars a million calls")
            .y_label_formatter(&|price| format!("{price:.3}"))
            .draw()?;

        let line = |value: fn(&Setting) -> f64| {
            let places = settings.iter().enumerate();
            places.map(move |(place, setting)| (place as f64, value(setting)))
        };
        chart
            .draw_series(LineSeries::new(line(|s| s.cold), BLUE.stroke_width(2)).point_size(4))?
            .label("a cold start, ms (left)")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 20, y)], BLUE.stroke_width(2)));
        chart
            .draw_series(LineSeries::new(line(|s| s.call), BLACK.stroke_width(2)).point_size(4))?
            .label("a call, ms (left)")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 20, y)], BLACK.stroke_width(2)));
        chart
            .draw_secondary_series(DashedLineSeries::new(
                line(|s| s.price),
                6,
                4,
                RED.stroke_width(2),
            ))?
            .label("duration of a million calls, $ (right)")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 20, y)], RED.stroke_width(2)));
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperMiddle)
            .background_style(WHITE)
            .border_style(BLACK.mix(0.3))
            .draw()?;
        area.present()?;
        Ok(())
    };
    draw()
        .map_err(|error| anyhow::anyhow!("{error}"))
        .context(path.display().to_string())
}
