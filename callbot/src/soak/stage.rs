//! A local stack with faults: the function's processes are killed during calls, and the engine fails.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use local_stack::{Function, Lambda};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::faults::{self, FaultyProxy};
use super::{Args, open};
use crate::Failure;
use crate::engine::LocalEngine;
use crate::table::Table;

/// The longest time from the start of a call to a kill. A call takes about a millisecond.
const LONGEST_LIFE: Duration = Duration::from_millis(3);

/// The running stack.
pub(super) struct Stage {
    engine: LocalEngine,
    proxy: FaultyProxy,
    lambda: Lambda,
}

impl Stage {
    /// Starts a stack for this function. It gets these variables in addition to those that lead it to the engine.
    pub(super) async fn start(
        args: &Args,
        function: &Path,
        seed: u64,
        environment: Vec<(&'static str, String)>,
    ) -> Result<Self, Failure> {
        let log = args.log.as_deref().map(open).transpose()?;
        let engine = LocalEngine::start(0, None, "soak").await?;
        let proxy = FaultyProxy::start(&engine.url(), args.faults, faults::ANY, seed).await?;

        let variables = engine.environment().into_iter();
        let variables = variables.chain([("AWS_ENDPOINT_URL_DYNAMODB", proxy.url().to_owned())]);
        let variables = variables.chain(environment);
        let variables = variables.map(|(name, value)| (name.to_owned(), value));
        let function = Function {
            program: function.to_path_buf(),
            environment: variables.collect(),
            log: log.map(Arc::new),
        };
        // Independent of the faults.
        let mut random = StdRng::seed_from_u64(seed.wrapping_add(1));
        let likely = args.kills;
        let kills = move || {
            let dies = random.random_bool(likely);
            dies.then(|| LONGEST_LIFE.mul_f64(random.random()))
        };
        let lambda = Lambda::start(function, args.instances.into(), kills).await?;
        Ok(Self {
            engine,
            proxy,
            lambda,
        })
    }

    pub(super) fn url(&self) -> &str {
        self.lambda.url()
    }

    /// The table, reached without the proxy.
    pub(super) fn table(&self) -> Table {
        self.engine.table()
    }

    /// The function.
    pub(super) fn lambda(&self) -> &Lambda {
        &self.lambda
    }

    /// The way from the function to the engine.
    pub(super) fn engine_proxy(&self) -> &FaultyProxy {
        &self.proxy
    }

    fn faults(&self) -> BTreeMap<&'static str, usize> {
        self.proxy.counts()
    }

    /// The number of processes killed during a call.
    pub(super) fn kills(&self) -> usize {
        self.lambda.kills()
    }

    /// The number of processes that ended by themselves or gave no answer in time; 0 for a correct function.
    pub(super) fn deaths(&self) -> usize {
        self.lambda.deaths()
    }

    pub(super) fn to_json(&self) -> Value {
        let (starts, kills) = (self.lambda.starts(), self.kills());
        json!({
            "faults": self.faults(),
            "processesStarted": starts,
            "processesKilled": kills,
            "processesEndedThemselves": self.deaths(),
        })
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults = self.faults();
        let sum: usize = faults.values().sum();
        writeln!(
            f,
            "faults        {sum} requests of the function to DynamoDB met a fault"
        )?;
        for (fault, count) in faults {
            writeln!(f, "{:14}{count:>8}  {fault}", "")?;
        }
        let (starts, kills) = (self.lambda.starts(), self.kills());
        writeln!(
            f,
            "processes     {starts} started, {kills} killed during a call"
        )?;
        if self.deaths() > 0 {
            let deaths = self.deaths();
            writeln!(
                f,
                "{:14}{deaths} crashed or did not answer in time: --log FILE keeps their output",
                ""
            )?;
        }
        Ok(())
    }
}
