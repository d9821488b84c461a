//! Reads the whole table, and keeps the newest report of each task.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use futures_util::stream::{self, StreamExt};

use super::{Report, Table, TableError, order};

/// The segments that are read concurrently, in pages of 1 MB. With more segments, an attempt would
/// exceed its time limit on a connection of 8 Mbit/s.
const SEGMENTS: i32 = 4;

/// What a scan has read.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// The newest report of each task by its id. The other snapshots are not kept.
    pub(crate) newest: HashMap<String, Report>,
    /// The number of all snapshots.
    pub(crate) snapshots: usize,
    /// The read capacity units; 0 from an engine that does not count them.
    pub(crate) units: f64,
}

impl Table {
    /// Scans the table, and calls `progress` after each page.
    pub(crate) async fn scan(&self, progress: impl Fn(&Scan)) -> Result<Scan, TableError> {
        let segments = (0..SEGMENTS).map(|segment| {
            let scan = self
                .client
                .scan()
                .table_name(&self.name)
                .segment(segment)
                .total_segments(SEGMENTS)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let pages = scan.into_paginator().send();
            stream::unfold(pages, async |mut pages| Some((pages.next().await?, pages)))
                .boxed_local()
        });
        let mut pages = stream::select_all(segments);
        let mut found = Scan::default();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.target.failed(error))?;
            let units = page.consumed_capacity.and_then(|of| of.capacity_units);
            found.units += units.unwrap_or_default();
            for item in page.items.unwrap_or_default() {
                found.add(Report::new(item)?);
            }
            progress(&found);
        }
        Ok(found)
    }
}

impl Scan {
    fn add(&mut self, report: Report) {
        self.snapshots += 1;
        let order = |report: &Report| order(report.create_ts, report.status);
        let known = self.newest.get(&report.task_id);
        if known.is_none_or(|known| order(known) < order(&report)) {
            self.newest.insert(report.task_id.clone(), report);
        }
    }
}
