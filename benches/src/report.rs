//! The measurements as a table, as ratios and as JSON.

use std::time::Duration;

use comfy_table::{Table, presets};
use serde::Serialize;

use crate::process::{ColdStart, WarmCalls};

/// The medians of one turn of a program. Times are in microseconds, sizes in bytes.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figures {
    /// Spawn to first poll.
    pub(crate) init: f64,
    /// First event to first answer.
    pub(crate) first_call: f64,
    /// Spawn to first answer.
    pub(crate) cold: f64,
    /// The processor time from spawn to first answer.
    pub(crate) cold_cpu: f64,
    /// Event to answer.
    pub(crate) warm_p50: f64,
    pub(crate) warm_p99: f64,
    /// Processor time of a warm call.
    pub(crate) call_cpu: f64,
    /// The peak of resident memory.
    pub(crate) peak_memory: f64,
    pub(crate) binary: f64,
}

/// One program's figures, and their ratios to the baseline's.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    pub(crate) program: &'static str,
    pub(crate) figures: Figures,
    /// The medians of the ratios of single turns. A machine that is slow for a while slows both programs of a turn.
    pub(crate) ratios: Figures,
}

impl Figures {
    pub(crate) fn of_turn(starts: &[ColdStart], calls: &WarmCalls, binary: u64) -> Self {
        let cold = |time: fn(&ColdStart) -> Duration| {
            quantile(starts.iter().map(|start| micros(time(start))), 0.5)
        };
        let warm = |q| quantile(calls.latencies.iter().copied().map(micros), q);
        Self {
            init: cold(|start| start.init),
            first_call: cold(|start| start.first_call),
            cold: cold(|start| start.init + start.first_call),
            cold_cpu: cold(|start| start.cpu),
            warm_p50: warm(0.5),
            warm_p99: warm(0.99),
            call_cpu: micros(calls.cpu),
            peak_memory: calls.peak_memory as f64,
            binary: binary as f64,
        }
    }

    fn over(&self, one: &Self) -> Self {
        Self::each(|figure| figure(self) / figure(one))
    }

    fn medians(turns: &[Self]) -> Self {
        Self::each(|figure| quantile(turns.iter().map(figure), 0.5))
    }

    fn each(value: impl Fn(fn(&Self) -> f64) -> f64) -> Self {
        Self {
            init: value(|figures| figures.init),
            first_call: value(|figures| figures.first_call),
            cold: value(|figures| figures.cold),
            cold_cpu: value(|figures| figures.cold_cpu),
            warm_p50: value(|figures| figures.warm_p50),
            warm_p99: value(|figures| figures.warm_p99),
            call_cpu: value(|figures| figures.call_cpu),
            peak_memory: value(|figures| figures.peak_memory),
            binary: value(|figures| figures.binary),
        }
    }
}

impl Row {
    /// Compares a program's turns with those of the baseline, `one`, in the same rounds.
    pub(crate) fn new(program: &'static str, turns: &[Figures], one: &[Figures]) -> Self {
        let pairs = turns.iter().zip(one);
        let ratios: Vec<Figures> = pairs.map(|(turn, one)| turn.over(one)).collect();
        Self {
            program,
            figures: Figures::medians(turns),
            ratios: Figures::medians(&ratios),
        }
    }
}

pub(crate) fn figures_table(rows: &[Row]) -> Table {
    let ms = |micros: f64| format!("{:.2} ms", micros / 1e3);
    let us = |micros: f64| format!("{micros:.0} µs");
    let mib = |bytes: f64| format!("{:.2} MiB", bytes / 1024.0 / 1024.0);
    let mut table = markdown();
    table.set_header([
        "",
        "init",
        "first call",
        "cold start",
        "its CPU",
        "warm p50",
        "p99",
        "CPU a call",
        "peak memory",
        "binary",
    ]);
    for Row {
        program, figures, ..
    } in rows
    {
        table.add_row([
            (*program).to_owned(),
            ms(figures.init),
            us(figures.first_call),
            ms(figures.cold),
            ms(figures.cold_cpu),
            us(figures.warm_p50),
            us(figures.warm_p99),
            us(figures.call_cpu),
            mib(figures.peak_memory),
            mib(figures.binary),
        ]);
    }
    table
}

pub(crate) fn ratios_table(rows: &[Row]) -> Table {
    let mut table = markdown();
    table.set_header([
        "",
        "cold start",
        "first call",
        "CPU a call",
        "peak memory",
        "binary",
    ]);
    for Row {
        program, ratios, ..
    } in rows
    {
        let ratios = [
            ratios.cold,
            ratios.first_call,
            ratios.call_cpu,
            ratios.peak_memory,
            ratios.binary,
        ];
        let ratios = ratios.map(|ratio| format!("{ratio:.2}×"));
        table.add_row([(*program).to_owned()].into_iter().chain(ratios));
    }
    table
}

/// The format of the tables in docs/.
pub(crate) fn markdown() -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn quantile(samples: impl Iterator<Item = f64>, q: f64) -> f64 {
    let mut samples: Vec<f64> = samples.collect();
    samples.sort_by(f64::total_cmp);
    let last = samples.len().saturating_sub(1) as f64;
    samples
        .get((last * q).round() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}
