//! A local stack with faults: the function's processes are killed during calls, and the engine fails.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use local_stack::{Engine, Fault, Function, Lambda, Proxy};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::Failure;
use crate::aws::Aws;
use crate::stack::{environment, start_engine};
use crate::table::Table;

const TABLE: &str = "soak";
/// The longest time from the start of a call to a kill. A call takes about a millisecond.
const LONGEST_LIFE: Duration = Duration::from_millis(3);
/// The probability that a request to the engine begins an outage, in which every request fails.
const BAD_SPELL: f64 = 1.0 / 4_000.0;
/// The duration of an outage, sometimes longer than the function's retries.
const SPELL_MILLIS: std::ops::Range<u64> = 200..9_000;

/// The faults, with their names in the report.
const FAULTS: [(&str, Fault); 14] = [
    ("internal error", Fault::Answer(500, "InternalServerError")),
    (
        "service unavailable",
        Fault::Answer(503, "ServiceUnavailable"),
    ),
    ("throttling", Fault::Answer(400, "ThrottlingException")),
    (
        "table throttled",
        Fault::Answer(400, "ProvisionedThroughputExceededException"),
    ),
    ("access denied", Fault::Answer(400, "AccessDeniedException")),
    (
        "missing table",
        Fault::Answer(400, "ResourceNotFoundException"),
    ),
    ("reset before the write", Fault::ResetBefore),
    ("reset after the write", Fault::ResetAfter),
    ("answer cut short", Fault::CutShort),
    (
        "connections refused",
        Fault::Refuse(Duration::from_millis(150)),
    ),
    ("slow answer", Fault::Slow(Duration::from_millis(300))),
    ("answer too late", Fault::Slow(Duration::from_millis(2_500))),
    ("no answer", Fault::Silence),
    ("garbage with 200", Fault::Garbage),
];

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
    pub(super) credentials: &'a str,
    /// The file that the function's log is added to.
    pub(super) log: Option<PathBuf>,
}

/// The running stack.
pub(super) struct Stage {
    engine: Engine,
    _proxy: Proxy,
    lambda: Lambda,
    faults: Arc<Mutex<BTreeMap<&'static str, usize>>>,
}

impl Stage {
    pub(super) async fn start(settings: &Settings<'_>) -> Result<Self, Failure> {
        let Settings { function, .. } = settings;
        if !function.is_file() {
            let function = function.display();
            return Err(format!("there is no program {function}; `make soak` builds it").into());
        }
        let engine = start_engine(0, None, settings.template, TABLE).await?;
        let faults = Arc::new(Mutex::new(BTreeMap::new()));
        let mut plan = Faults::new(settings.faults, settings.seed);
        let counts = faults.clone();
        let proxy = Proxy::start(&engine.endpoint_url(), move |_| {
            let Some((name, fault)) = plan.next() else {
                return Fault::None;
            };
            let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
            *counts.entry(name).or_default() += 1;
            fault
        })
        .await?;

        let variables = environment(&engine, TABLE).into_iter().chain([
            ("AWS_ENDPOINT_URL_DYNAMODB", proxy.url().to_owned()),
            ("CALLBOT_CREDENTIALS", settings.credentials.to_owned()),
        ]);
        let variables = variables.map(|(name, value)| (name.to_owned(), value));
        let function = Function {
            program: function.to_path_buf(),
            environment: variables.collect(),
            log: settings.log.clone(),
        };
        // Independent of the faults.
        let mut random = StdRng::seed_from_u64(settings.seed.wrapping_add(1));
        let likely = settings.kills;
        let kills = move || {
            let dies = random.random_bool(likely);
            dies.then(|| LONGEST_LIFE.mul_f64(random.random()))
        };
        let lambda = Lambda::start(function, settings.instances, kills).await?;
        Ok(Self {
            engine,
            _proxy: proxy,
            lambda,
            faults,
        })
    }

    pub(super) fn url(&self) -> &str {
        self.lambda.url()
    }

    /// The table, reached without the proxy.
    pub(super) fn table(&self) -> Table {
        Table::new(&Aws::local(&self.engine.endpoint_url()), TABLE)
    }

    /// Every fault, and the number of requests that met it.
    pub(super) fn faults(&self) -> BTreeMap<&'static str, usize> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.clone()
    }

    /// The number of processes started, and of those killed during a call.
    pub(super) fn starts_and_kills(&self) -> (usize, usize) {
        (self.lambda.starts(), self.lambda.kills())
    }

    /// The number of processes that ended by themselves or gave no answer in time; 0 for a correct function.
    pub(super) fn deaths(&self) -> usize {
        self.lambda.deaths()
    }

    pub(super) fn to_json(&self) -> Value {
        let (starts, kills) = self.starts_and_kills();
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

/// Decides which request meets which fault.
struct Faults {
    likely: f64,
    random: StdRng,
    /// The end of the present outage, and its fault.
    spell: Option<(Instant, (&'static str, Fault))>,
}

impl Faults {
    fn new(likely: f64, seed: u64) -> Self {
        Self {
            likely,
            random: StdRng::seed_from_u64(seed),
            spell: None,
        }
    }

    fn next(&mut self) -> Option<(&'static str, Fault)> {
        let now = Instant::now();
        if let Some((until, fault)) = self.spell
            && now < until
        {
            return Some(fault);
        }
        let fault = *FAULTS.choose(&mut self.random)?;
        if self.likely > 0.0 && self.random.random_bool(BAD_SPELL) {
            let lasts = Duration::from_millis(self.random.random_range(SPELL_MILLIS));
            self.spell = Some((now + lasts, fault));
        }
        self.random.random_bool(self.likely).then_some(fault)
    }
}
