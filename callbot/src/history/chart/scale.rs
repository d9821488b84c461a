//! The scale of an axis, and its ticks.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::when::Clock;

/// A short form of a count: `1250`, and with more than six digits `1.3M`, `2.5G`.
pub(super) fn short(count: f64) -> String {
    const UNITS: [(f64, &str); 3] = [(1e12, "T"), (1e9, "G"), (1e6, "M")];
    if count >= 1e15 {
        return format!("{count:.1e}");
    }
    match UNITS.into_iter().find(|(size, _)| count >= *size) {
        None => format!("{count:.0}"),
        Some((size, unit)) => {
            let number = format!("{:.1}", count / size);
            format!("{}{unit}", number.trim_end_matches(".0"))
        }
    }
}

/// A linear mapping of values to coordinates.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    values: RangeInclusive<f64>,
    places: (f64, f64),
}

impl Scale {
    /// The range must not be empty.
    pub(super) fn new(values: RangeInclusive<f64>, places: (f64, f64)) -> Self {
        Self { values, places }
    }

    pub(super) fn place(&self, value: f64) -> f64 {
        let (low, high) = (self.values.start(), self.values.end());
        let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
        self.places.0 + share * (self.places.1 - self.places.0)
    }

    /// Ticks at whole numbers, five to ten of them if the range is large enough.
    pub(super) fn counts(&self) -> Vec<f64> {
        let highest = *self.values.end();
        let mut step: f64 = 1.0;
        for factor in [2.0, 2.5, 2.0].into_iter().cycle() {
            if highest / step <= 6.0 {
                break;
            }
            step *= factor;
        }
        let count = (highest / step) as usize;
        (0..=count).map(|number| number as f64 * step).collect()
    }

    /// Ticks at round clock times, and the format of their labels.
    pub(super) fn times(&self, clock: &Clock) -> (Vec<f64>, &'static str) {
        const MINUTE: f64 = 60.0;
        const HOUR: f64 = 60.0 * MINUTE;
        const DAY: f64 = 24.0 * HOUR;
        const STEPS: [f64; 20] = [
            1.0,
            5.0,
            10.0,
            30.0,
            MINUTE,
            2.0 * MINUTE,
            5.0 * MINUTE,
            10.0 * MINUTE,
            30.0 * MINUTE,
            HOUR,
            2.0 * HOUR,
            3.0 * HOUR,
            6.0 * HOUR,
            12.0 * HOUR,
            DAY,
            2.0 * DAY,
            7.0 * DAY,
            30.0 * DAY,
            90.0 * DAY,
            365.0 * DAY,
        ];
        let (first, last) = (*self.values.start(), *self.values.end());
        let step = STEPS.into_iter().find(|step| (last - first) / step <= 7.0);
        let step = step.unwrap_or((last - first) / 5.0);
        // Steps are counted on the clock of the zone, so that each tick is at a round time after the clocks have changed.
        let shift = |seconds: f64, from: &TimeZone, to: &TimeZone| -> Option<f64> {
            let time = Timestamp::from_second(seconds as i64).ok()?;
            let shifted = from.to_datetime(time).to_zoned(to.clone()).ok()?;
            Some(shifted.timestamp().as_second() as f64)
        };
        let begin = shift(first, &clock.zone, &TimeZone::UTC).map(|civil| (civil / step).ceil());
        let ticks = begin.into_iter().flat_map(|begin| {
            (0_u32..).map_while(move |number| {
                let civil = (begin + f64::from(number)) * step;
                shift(civil, &TimeZone::UTC, &clock.zone).filter(|tick| *tick <= last)
            })
        });
        let mut ticks: Vec<f64> = ticks.filter(|tick| *tick >= first).collect();
        ticks.dedup();
        let days = clock.format(first as u64, "%F") != clock.format(last as u64, "%F");
        let format = match (step, days) {
            (step, _) if step >= DAY => "%F",
            (step, false) if step < MINUTE => "%T",
            (step, true) if step < MINUTE => "%m-%d %T",
            (_, false) => "%H:%M",
            (_, true) => "%m-%d %H:%M",
        };
        (ticks, format)
    }
}
