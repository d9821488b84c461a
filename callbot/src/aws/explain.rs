//! Explains a failed AWS call in one line that says what to do.

use std::error::Error;

use aws_config::imds::client::error::ImdsError;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::result::ConnectorError;

use task_callback::error_chain::error_chain;

use super::error::{AwsError, Target};
use crate::causes::{layers, root_cause};

/// The message of an error; a failed AWS call among its sources is explained.
pub(crate) fn error_message(error: &(dyn Error + 'static)) -> String {
    aws_error(error)
        .and_then(explain)
        .unwrap_or_else(|| error.to_string())
}

/// Whether the error is that of an AWS call that may succeed later.
pub(crate) fn is_transient(error: &(dyn Error + 'static)) -> bool {
    aws_error(error).is_some_and(|error| error.is_transient)
}

fn aws_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a AwsError> {
    layers(error).find_map(|layer| layer.downcast_ref::<AwsError>())
}

fn explain(error: &AwsError) -> Option<String> {
    let target = &error.target;
    if target.region.is_none() {
        let what =
            "no AWS region is set: set AWS_REGION to the stack's, or `region` in the profile";
        return Some(what.to_owned());
    }
    if let Some(code) = &error.code {
        let message = error.message.as_deref().unwrap_or("without a reason");
        return Some(refused(target, code, message));
    }
    if let Some(error) = layers(error).find_map(|layer| layer.downcast_ref::<CredentialsError>()) {
        return Some(without_credentials(error));
    }
    let text = error_chain(error);
    if text.contains("failed to apply endpoint") {
        return Some(format!(
            "the configured address of {} is no URL such as http://127.0.0.1:8000: correct AWS_ENDPOINT_URL, \
             AWS_ENDPOINT_URL_{} or the profile's endpoint_url",
            target.service,
            target.service.to_uppercase().replace(' ', "_")
        ));
    }
    let unreachable = layers(error).any(|layer| {
        let connector = layer.downcast_ref::<ConnectorError>();
        connector.is_some_and(|error| error.is_io() || error.is_timeout())
    });
    unreachable.then(|| out_of_reach(target, &root_cause(error)))
}

/// AWS answered with this error code.
fn refused(target: &Target, code: &str, message: &str) -> String {
    let Target {
        service, resource, ..
    } = target;
    let place = place(target);
    match code {
        "AWS.SimpleQueueService.NonExistentQueue" | "QueueDoesNotExist" => {
            let here = match target.endpoint_url {
                Some(_) => "use the URL of a queue of this emulator",
                None => {
                    "the stack's output ParkedQueueUrl has the parked queue's URL, and AWS_PROFILE says in which account \
                         to look"
                }
            };
            format!("there is no {resource} {place}: {here}")
        }
        "ResourceNotFoundException" if target.endpoint_url.is_some() => {
            format!(
                "there is no {resource} {place}: use the name that was given to `callbot local --table`"
            )
        }
        "ResourceNotFoundException" => {
            let output = match *service {
                "DynamoDB" => "TableName",
                _ => "CredentialsSecretArn",
            };
            format!(
                "there is no {resource} {place}: the stack's output {output} has the name, and AWS_REGION and \
                 AWS_PROFILE say where to look"
            )
        }
        "UnrecognizedClientException" | "InvalidClientTokenId" | "InvalidAccessKeyId" => format!(
            "AWS does not know these credentials {place}: log in again, or correct AWS_PROFILE or \
             AWS_ACCESS_KEY_ID; `aws sts get-caller-identity` tells whether they are good"
        ),
        "InvalidSignatureException" | "SignatureDoesNotMatch" | "IncompleteSignatureException" => {
            format!(
                "{service} {place} refuses the signature: the secret access key is not that of the access key, or \
             this machine's clock is wrong"
            )
        }
        "ExpiredTokenException" | "ExpiredToken" | "RequestExpired" => {
            "the AWS credentials have expired: log in again (`aws sso login`), or take new ones"
                .to_owned()
        }
        "AccessDenied" | "AccessDeniedException" => {
            format!("these AWS credentials may not use {resource} {place}: {message}")
        }
        _ => format!("{service} {place} refused {resource}: {code}: {message}"),
    }
}

/// The call was not sent, since there are no credentials.
fn without_credentials(error: &CredentialsError) -> String {
    let profile = std::env::var("AWS_PROFILE").ok();
    let profile = profile.filter(|profile| !profile.is_empty());
    // The metadata service is the last provider in the chain, so no other had credentials.
    let none = matches!(error, CredentialsError::CredentialsNotLoaded(_))
        || layers(error).any(|layer| layer.is::<ImdsError>());
    match (none, profile) {
        (true, Some(profile)) => format!(
            "there are no AWS credentials for the profile {profile}: AWS_PROFILE names it, and `aws configure \
             list-profiles` shows which there are"
        ),
        (true, None) => "there are no AWS credentials: log in (`aws sso login`, `aws configure`), or set AWS_PROFILE, \
             or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            .to_owned(),
        (false, _) => format!(
            "the AWS credentials could not be loaded: {}; `aws sts get-caller-identity` looks in the same places",
            root_cause(error)
        ),
    }
}

fn out_of_reach(target: &Target, cause: &str) -> String {
    match &target.endpoint_url {
        Some(url) if target.service == "SQS" => {
            format!("nothing answers at {url} ({cause}): is the emulator running?")
        }
        Some(url) => {
            format!("nothing answers at {url} ({cause}): `callbot local` starts an engine")
        }
        None => format!(
            "no connection to {} {} ({cause}): is that the stack's region, and is there a network?",
            target.service,
            place(target)
        ),
    }
}

fn place(target: &Target) -> String {
    match (&target.endpoint_url, &target.region) {
        (Some(url), _) => format!("at {url}"),
        (None, Some(region)) => format!("in {region}"),
        (None, None) => String::new(),
    }
}
