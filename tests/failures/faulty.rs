//! The function over an engine, with a proxy between the two that injects faults.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use task_callback::handler::Handler;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::aws::local_aws;
use task_callback_test_support::function::{Answer, invoke_within};
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::request::{Request, now};

/// Well below the function's timeout of 10 s.
pub(crate) const IN_TIME: Duration = Duration::from_millis(7_500);

pub(crate) struct Faulty {
    /// Printed by each failing assertion.
    pub(crate) what: String,
    pub(crate) app: TestApp,
    pub(crate) proxy: Proxy,
    pub(crate) function: Handler,
}

impl Faulty {
    /// A function whose requests meet these faults in order. Further requests meet the last one.
    pub(crate) async fn start(faults: &[Fault]) -> Self {
        Self::over(TestApp::embedded().await, faults).await
    }

    /// Like [`Faulty::start`], over the engine and the queue of `app`.
    pub(crate) async fn over(app: TestApp, faults: &[Fault]) -> Self {
        let proxy = Proxy::start(&app.engine_url, faults).await;
        Self::of(format!("{faults:?}"), app, proxy)
    }

    /// The same, with `next` asked for the fault of each request.
    pub(crate) async fn with(
        what: String,
        app: TestApp,
        next: impl FnMut() -> Fault + Send + 'static,
    ) -> Self {
        let proxy = Proxy::with(&app.engine_url, next).await;
        Self::of(what, app, proxy)
    }

    fn of(what: String, app: TestApp, proxy: Proxy) -> Self {
        let function = app.behind(local_aws(&proxy.url));
        Self {
            what,
            app,
            proxy,
            function,
        }
    }

    /// Sends a callback, and asserts that its answer comes in time.
    pub(crate) async fn send(&self, request: &Request) -> Answer {
        self.send_within(Duration::from_secs(10), request).await
    }

    pub(crate) async fn send_within(&self, timeout: Duration, request: &Request) -> Answer {
        static ID: AtomicU64 = AtomicU64::new(0);
        let id = format!("response-{}", ID.fetch_add(1, Ordering::Relaxed));
        let event = request.http_api_event().to_string();
        let started = Instant::now();
        let answer = invoke_within(timeout, &self.function, &event, &id, now()).await;
        let (took, what) = (started.elapsed(), &self.what);
        assert!(took < timeout.min(IN_TIME), "{what}: after {took:?}");
        assert_eq!(answer.response_id, id, "{what}");
        answer
    }
}
