//! CloudWatch: metrics over time, and when the alarms of template.yaml go into ALARM.
//!
//! One simplification: for a metric with gaps, CloudWatch may also use older values, which keeps an
//! alarm in ALARM for longer.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;

use crate::template::resources;

/// How long the alarms are watched, in minutes.
const WATCHED: usize = 180;

/// Each metric's value in each minute. The name of a queue's metric begins with the queue's name.
pub(crate) struct Timeline<'a> {
    template: &'a Value,
    values: BTreeMap<(String, usize), f64>,
}

impl<'a> Timeline<'a> {
    pub(crate) fn new(template: &'a Value) -> Self {
        let values = BTreeMap::new();
        Self { template, values }
    }

    /// In each of these minutes, a metric has this value.
    pub(crate) fn metric(&mut self, name: &str, minutes: impl Iterator<Item = usize>, value: u32) {
        for minute in minutes {
            let key = (name.to_owned(), minute);
            self.values.insert(key, value.into());
        }
    }

    /// In each of these minutes, messages that can be received from a queue, and messages received.
    pub(crate) fn queue(&mut self, of: &str, minutes: Range<usize>, visible: u32, received: u32) {
        let metric = format!("{of}.ApproximateNumberOfMessagesVisible");
        self.metric(&metric, minutes.clone(), visible);
        let metric = format!("{of}.NumberOfMessagesReceived");
        self.metric(&metric, minutes, received);
    }

    /// Each alarm that goes into ALARM, with its minute. NoCallbacksAlarm is off by default.
    pub(crate) fn alarms(&self) -> Vec<(String, usize)> {
        let alarms = resources(self.template, "AWS::CloudWatch::Alarm");
        let watched = alarms.filter(|(name, _)| *name != "NoCallbacksAlarm");
        let changes = watched.flat_map(|(name, alarm)| {
            let is_on = |minute| self.is_in_alarm(&alarm["Properties"], minute);
            let begins =
                move |minute: &usize| is_on(*minute) && (*minute == 0 || !is_on(minute - 1));
            (0..WATCHED)
                .filter(begins)
                .map(|minute| (name.clone(), minute))
        });
        changes.collect()
    }

    /// Whether the state is ALARM at the end of this minute. CloudWatch evaluates an alarm every
    /// minute, over periods that end then.
    fn is_in_alarm(&self, alarm: &Value, minute: usize) -> bool {
        assert_eq!(alarm["ComparisonOperator"], "GreaterThanOrEqualToThreshold");
        assert_eq!(alarm["TreatMissingData"], "notBreaching");
        let parameters = &self.template["Parameters"];
        let threshold = match alarm["Threshold"]["!Ref"].as_str() {
            Some(name) => parameters[name]["Default"].as_f64(),
            None => alarm["Threshold"].as_f64(),
        };
        let periods = number(&alarm["EvaluationPeriods"]);
        let breaching = |back: &usize| match alarm.get("Metrics") {
            None => self.datapoint(alarm, alarm, minute, *back) >= threshold,
            Some(all) => {
                let expression = "IF(waiting > 0 AND FILL(received, 0) < 1, 1, 0)";
                assert_eq!(all[0]["Expression"], expression);
                let [waiting, received] = [1, 2].map(|id| {
                    let stat = &all[id]["MetricStat"];
                    self.datapoint(&stat["Metric"], stat, minute, *back)
                });
                waiting > Some(0.0) && received.unwrap_or(0.0) < 1.0
            }
        };
        let breached = (0..periods).filter(breaching).count();
        breached >= alarm.get("DatapointsToAlarm").map_or(periods, number)
    }

    /// The statistic of the period that ends `back` periods before the end of this minute.
    fn datapoint(&self, metric: &Value, stat: &Value, minute: usize, back: usize) -> Option<f64> {
        let period = number(&stat["Period"]) / 60;
        let end = (minute + 1).checked_sub(back * period)?;
        let name = metric["MetricName"].as_str().expect("a name");
        let queue = metric["Dimensions"][0]["Value"]["!GetAtt"].as_str();
        let queue = queue.and_then(|value| value.strip_suffix("QueueName"));
        let name = format!("{}{name}", queue.unwrap_or_default());
        let minutes = end.saturating_sub(period)..end;
        let values = minutes.filter_map(|minute| self.values.get(&(name.clone(), minute)).copied());
        let statistic = stat["Statistic"].as_str().or(stat["Stat"].as_str());
        match statistic.expect("a statistic") {
            "Sum" => values.reduce(|sum, value| sum + value),
            "Maximum" => values.reduce(f64::max),
            "Minimum" => values.reduce(f64::min),
            other => panic!("unknown statistic {other}"),
        }
    }
}

fn number(value: &Value) -> usize {
    value.as_u64().expect("a number") as usize
}
