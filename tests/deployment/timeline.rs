//! CloudWatch's side of the alarms: metrics over time, and when the alarms of template.yaml go off.
//!
//! One simplification: for a metric with gaps, CloudWatch may also look at older values, which keeps an alarm on for
//! longer.

use std::collections::BTreeMap;
use std::iter::repeat_n;
use std::ops::Range;

use serde_json::Value;

use crate::metrics::{Metrics, counting};
use crate::template::resources;

/// How long the alarms are watched, in minutes.
pub(crate) const WATCHED: usize = 180;
/// The time between two tries of a parked callback, in minutes: the queue's VisibilityTimeout.
pub(crate) const RETRY: usize = 5;

/// What CloudWatch has of each metric: the values of each minute. The metrics of a queue are named after the queue.
pub(crate) struct Timeline {
    metrics: Metrics,
    values: BTreeMap<String, [Vec<f64>; WATCHED]>,
}

impl Timeline {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        Self {
            metrics: metrics.clone(),
            values: BTreeMap::new(),
        }
    }

    /// These values of a metric in a minute. What happens after the watched time is left out.
    fn add(&mut self, metric: &str, minute: usize, values: impl IntoIterator<Item = f64>) {
        let minutes = self.values.entry(metric.to_owned());
        let minutes = minutes.or_insert_with(|| std::array::from_fn(|_| Vec::new()));
        if let Some(minute) = minutes.get_mut(minute) {
            minute.extend(values);
        }
    }

    /// This many of these log lines in a minute.
    pub(crate) fn log(&mut self, line: &Value, minute: usize, count: usize) {
        for metric in counting(&self.metrics, line).split_whitespace() {
            self.add(metric, minute, repeat_n(1.0, count));
        }
    }

    /// A queue's metrics, each minute: messages that can be received, and messages received.
    pub(crate) fn queue(
        &mut self,
        queue: &str,
        minutes: Range<usize>,
        visible: f64,
        received: f64,
    ) {
        for minute in minutes {
            let metrics = [
                "ApproximateNumberOfMessagesVisible",
                "NumberOfMessagesReceived",
            ];
            for (metric, value) in metrics.into_iter().zip([visible, received]) {
                self.add(&format!("{queue}.{metric}"), minute, [value]);
            }
        }
    }

    /// The statistic of the minutes before `end`. Without data there is none.
    fn statistic(&self, metric: &str, statistic: &str, period: usize, end: usize) -> Option<f64> {
        let minutes = self.values.get(metric)?;
        let minutes = &minutes[end.saturating_sub(period).min(WATCHED)..end.min(WATCHED)];
        let values = minutes.iter().flatten().copied();
        match statistic {
            "Sum" if values.clone().next().is_some() => Some(values.sum()),
            "Sum" => None,
            "Maximum" => values.reduce(f64::max),
            "Minimum" => values.reduce(f64::min),
            other => panic!("unknown statistic {other}"),
        }
    }

    /// Whether the alarm is on at the end of this minute. CloudWatch evaluates an alarm every minute, over periods that
    /// end then.
    fn is_on(&self, alarm: &Value, minute: usize) -> bool {
        let number = |name: &str| alarm[name].as_u64().map(|number| number as usize);
        let periods = number("EvaluationPeriods").expect("a number");
        let threshold = number("Threshold").unwrap_or(20) as f64;
        assert_eq!(alarm["ComparisonOperator"], "GreaterThanOrEqualToThreshold");
        assert_eq!(alarm["TreatMissingData"], "notBreaching");
        let breaching = |back: &usize| match alarm.get("Metrics") {
            None => {
                let period = number("Period").expect("a number") / 60;
                let end = (minute + 1).checked_sub(back * period);
                let value = end.and_then(|end| self.metric(alarm, alarm, period, end));
                value.is_some_and(|value| value >= threshold)
            }
            Some(all) => {
                let end = (minute + 1).checked_sub(back * RETRY);
                let value = |id: usize| {
                    let stat = &all[id]["MetricStat"];
                    self.metric(&stat["Metric"], stat, RETRY, end?)
                };
                let expression = "IF(waiting > 0 AND FILL(received, 0) < 1, 1, 0)";
                assert_eq!(all[0]["Expression"], expression);
                value(1).is_some_and(|waiting| waiting > 0.0) && value(2).unwrap_or(0.0) < 1.0
            }
        };
        let count = (0..periods).filter(breaching).count();
        count >= number("DatapointsToAlarm").unwrap_or(periods)
    }

    fn metric(&self, metric: &Value, stat: &Value, period: usize, end: usize) -> Option<f64> {
        let name = metric["MetricName"].as_str().expect("a name");
        let queue = metric["Dimensions"][0]["Value"]["!GetAtt"].as_str();
        let queue = queue.and_then(|value| value.strip_suffix("QueueName"));
        let statistic = stat["Statistic"].as_str().or(stat["Stat"].as_str());
        let name = format!("{}{name}", queue.unwrap_or_default());
        self.statistic(&name, statistic.expect("a statistic"), period, end)
    }

    /// Each time that an alarm goes off, with its minute.
    pub(crate) fn alarms(&self, template: &Value) -> Vec<(String, usize)> {
        let mut alarms = Vec::new();
        for (name, alarm) in resources(template, "AWS::CloudWatch::Alarm") {
            if name == "NoCallbacksAlarm" {
                continue; // Off by default.
            }
            let mut was_on = false;
            for minute in 0..WATCHED {
                let is_on = self.is_on(&alarm["Properties"], minute);
                if is_on && !was_on {
                    alarms.push((name.clone(), minute));
                }
                was_on = is_on;
            }
        }
        alarms
    }
}
