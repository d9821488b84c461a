//! A function that only answers: the cost of the runtime itself.

use std::convert::Infallible;

use lambda_runtime::{LambdaEvent, service_fn};
use serde::de::IgnoredAny;
use task_callback_floor::answer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let answer = answer();
    let only_answer = async |_: LambdaEvent<IgnoredAny>| Ok::<_, Infallible>(answer);
    lambda_runtime::run(service_fn(only_answer)).await
}
