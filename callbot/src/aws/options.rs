//! The options of a command that calls AWS, and the stack in place of a resource's name.

use super::{Aws, CLOUDFORMATION, check_endpoint_variables};
use crate::Failure;
use crate::client::http_url;

const STACK_VARIABLE: &str = "CALLBOT_STACK";

/// Where AWS's services are, and the stack whose outputs name the resources.
#[derive(clap::Args)]
#[command(next_help_heading = "AWS options")]
pub(crate) struct AwsArgs {
    /// Stack whose outputs name the table, the queue, the secret and the URL [env: CALLBOT_STACK]
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// AWS Region, instead of AWS_REGION or the profile's
    #[arg(long, conflicts_with = "endpoint_url")]
    region: Option<String>,
    /// AWS profile, instead of AWS_PROFILE and an access key in the environment
    #[arg(long, value_name = "NAME", conflicts_with = "endpoint_url")]
    profile: Option<String>,
    /// Use the engine or emulator at URL instead of AWS, such as that of `callbot local`
    #[arg(long, value_name = "URL", value_parser = |url: &str| http_url(url).map(|_| url.to_owned()))]
    endpoint_url: Option<String>,
}

/// A resource that an option, a variable or a stack's output names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resource {
    /// The option, for an error: `--table (TABLE_NAME)`.
    pub(crate) option: &'static str,
    /// The variable in place of the option, if there is one.
    pub(crate) variable: Option<&'static str>,
    /// The stack's output.
    pub(crate) output: &'static str,
}

impl AwsArgs {
    /// The configuration of the clients, and the resource's name. The name comes, in this order,
    /// from its option, the outputs of --stack, its variable, or the outputs of the stack in
    /// CALLBOT_STACK. The Region in an ARN or in a queue's URL overrides the configured one.
    ///
    /// # Errors
    ///
    /// Nothing names the resource, the outputs cannot be read, or an endpoint's variable is not a
    /// URL, with which the SDK would panic.
    pub(crate) async fn find(
        &self,
        resource: Resource,
        option: Option<&str>,
    ) -> Result<(Aws, String), Failure> {
        let aws = match &self.endpoint_url {
            Some(url) => Aws::local(url),
            None => {
                check_endpoint_variables()?;
                Aws::configured(self.region.as_deref(), self.profile.as_deref()).await
            }
        };
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let name = match option {
            Some(name) => Some(name.to_owned()),
            None if self.stack.is_some() => None,
            None => resource.variable.and_then(variable),
        };
        let stack = self.stack.clone().or_else(|| variable(STACK_VARIABLE));
        let name = match (name, stack) {
            (Some(name), _) => name,
            (None, Some(stack)) => aws.output(&stack, resource.output).await?,
            (None, None) => {
                let option = resource.option;
                return Err(format!("{option} or --stack ({STACK_VARIABLE}) is required").into());
            }
        };
        Ok(match name.split([':', '.', '/']).collect::<Vec<_>>()[..] {
            ["arn", _, _, region, ..] | ["https", "", "", "sqs", region, "amazonaws", ..] => {
                (aws.in_region(region), name)
            }
            _ => (aws, name),
        })
    }

    /// The options as given, for a command to copy.
    pub(crate) fn given(&self) -> impl Iterator<Item = &str> {
        let options = [
            ("--stack", &self.stack),
            ("--region", &self.region),
            ("--profile", &self.profile),
            ("--endpoint-url", &self.endpoint_url),
        ];
        let given = options.into_iter();
        let given = given.filter_map(|(option, value)| Some([option, value.as_deref()?]));
        given.flatten()
    }
}

impl Aws {
    /// An output of a stack.
    async fn output(&self, stack: &str, key: &str) -> Result<String, Failure> {
        let target = self.target(CLOUDFORMATION, format!("stack {stack}"));
        let client = aws_sdk_cloudformation::Client::new(&self.config);
        let answer = client.describe_stacks().stack_name(stack).send().await;
        let answer = answer.map_err(|error| target.failed(error))?;
        let mut outputs = answer.stacks().iter().flat_map(|stack| stack.outputs());
        let output = outputs.find(|output| output.output_key() == Some(key));
        let value = output.and_then(|output| output.output_value());
        value.map(str::to_owned).ok_or_else(|| {
            format!("{target} has no output {key}. Check that it is a stack of this project").into()
        })
    }
}
