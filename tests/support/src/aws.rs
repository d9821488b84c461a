//! AWS client settings for tests.

use task_callback::aws::Aws;

/// Settings for an engine or a proxy at this address, independent of the caller's environment.
pub fn local_aws(url: &str) -> Aws {
    Aws::from_lookup(|name| local(name, url))
}

/// Settings for another DynamoDB, with the caller's region and credentials if they are set.
pub(crate) fn callers_aws(url: &str) -> Aws {
    Aws::from_lookup(|name| match name {
        "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN" => {
            std::env::var(name).ok().or_else(|| local(name, url))
        }
        _ => local(name, url),
    })
}

/// The value of an environment variable of a function that uses the DynamoDB at this address.
pub fn local(name: &str, url: &str) -> Option<String> {
    let value = match name {
        "AWS_REGION" => "us-east-1",
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "local",
        "AWS_ENDPOINT_URL" => url,
        _ => return None,
    };
    Some(value.to_owned())
}
