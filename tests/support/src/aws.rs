//! How the function reaches AWS, or what takes its place.

use task_callback::aws::Aws;

/// How the function reaches an engine or a proxy at this address, whatever the caller's environment.
pub fn local_aws(url: &str) -> Aws {
    Aws::from_lookup(|name| local(name, url))
}

/// How the function reaches another DynamoDB: with the caller's region and credentials, where they are set.
pub(crate) fn callers_aws(url: &str) -> Aws {
    Aws::from_lookup(|name| match name {
        "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN" => {
            std::env::var(name).ok().or_else(|| local(name, url))
        }
        _ => local(name, url),
    })
}

/// A variable of a function that reaches DynamoDB at this address.
pub fn local(name: &str, url: &str) -> Option<String> {
    let value = match name {
        "AWS_REGION" => "us-east-1",
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "local",
        "AWS_ENDPOINT_URL" => url,
        _ => return None,
    };
    Some(value.to_owned())
}
