//! A local stack with faults: the function's processes are killed during calls, and the engine fails.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use local_stack::{Engine, Function, Lambda};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::faults::{self, FaultyProxy};
use crate::Failure;
use crate::aws::Aws;
use crate::stack::{environment, start_engine};
use crate::table::Table;

const TABLE: &str = "soak";
/// The longest time from the start of a call to a kill. A call takes about a millisecond.
const LONGEST_LIFE: Duration = Duration::from_millis(3);
/// The settings of a stack.
pub(super) struct Settings<'a> {
    pub(super) function: &'a Path,
    pub(super) template: &'a Path,
    pub(super) instances: usize,
    /// The probability of a fault for each request to the engine, 0 to 1.
    pub(super) faults: f64,
    /// The probability of a kill for each call, 0 to 1.
    pub(super) kills: f64,
    pub(super) seed: u64,
    /// Variables of the function, in addition to those that lead it to the engine.
    pub(super) environment: Vec<(&'static str, String)>,
    /// The file that the function's log is added to.
    pub(super) log: Option<PathBuf>,
}

/// The running stack.
pub(super) struct Stage {
    engine: Engine,
    proxy: FaultyProxy,
    lambda: Lambda,
}

impl Stage {
    pub(super) async fn start(settings: &Settings<'_>) -> Result<Self, Failure> {
        let Settings { function, .. } = settings;
        if !function.is_file() {
            let function = function.display();
            return Err(format!("there is no program {function}; `make soak` builds it").into());
        }
        let engine = start_engine(0, None, settings.template, TABLE).await?;
        let (likely, seed) = (settings.faults, settings.seed);
        let proxy = FaultyProxy::start(&engine.endpoint_url(), likely, &faults::ANY, seed).await?;

        let variables = environment(&engine, TABLE).into_iter();
        let variables = variables.chain([("AWS_ENDPOINT_URL_DYNAMODB", proxy.url().to_owned())]);
        let variables = variables.chain(settings.environment.iter().cloned());
        let variables = variables.map(|(name, value)| (name.to_owned(), value));
        let function = Function {
            program: function.to_path_buf(),
            environment: variables.collect(),
            log: settings.log.clone(),
        };
        // Independent of the faults.
        let mut random = StdRng::seed_from_u64(seed.wrapping_add(1));
        let likely = settings.kills;
        let kills = move || {
            let dies = random.random_bool(likely);
            dies.then(|| LONGEST_LIFE.mul_f64(random.random()))
        };
        let lambda = Lambda::start(function, settings.instances, kills).await?;
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
        Table::new(&Aws::local(&self.engine.endpoint_url()), TABLE)
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

    pub(super) async fn stop(self) {
        drop(self.lambda);
        self.engine.stop().await;
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults = self.faults();
        let sum: usize = faults.values().sum();
        writeln!(f, "faults        {sum} between the function and the engine")?;
        for (fault, count) in faults {
            writeln!(f, "{:14}{count:>8}  {fault}", "")?;
        }
        let (starts, kills) = (self.lambda.starts(), self.kills());
        writeln!(
            f,
            "processes     {starts} started, {kills} killed in the middle of a call"
        )?;
        if self.deaths() > 0 {
            let deaths = self.deaths();
            writeln!(
                f,
                "{:14}{deaths} ended by themselves: --log FILE keeps what they said",
                ""
            )?;
        }
        Ok(())
    }
}
