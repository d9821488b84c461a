//! A stack in place of the names of its resources.

use reqwest::Url;
use serde_json::json;
use task_callback_test_support::moto;

use crate::runner::{CREDENTIALS, callbot, ends, file_of};
use crate::server::{self, SUCCESS};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_outputs_name_the_table_the_queue_the_secret_and_the_url() {
    let moto = moto::url();
    let template = json!({
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {
            "TableName": {"Value": "the-table"},
            "ParkedQueueUrl": {"Value": format!("{moto}/1/the-queue")},
            "CredentialsSecretArn": {"Value": "the-secret"},
            "CallbackUrl": {"Value": server::start(SUCCESS)},
        },
    });
    let deployed = include_str!("../../../template.yaml");
    for name in template["Outputs"].as_object().expect("an object").keys() {
        assert!(deployed.contains(&format!("\n  {name}:\n")), "{name}");
    }
    let create = [
        ("Action", "CreateStack"),
        ("StackName", "stack"),
        ("TemplateBody", &template.to_string()),
    ];
    let create = Url::parse_with_params(moto, create).expect("a URL");
    // Moto finds the service in the scope of the signature, which it does not verify.
    let scope = "AWS4-HMAC-SHA256 Credential=local/20261127/us-east-1/cloudformation/aws4_request";
    let _ = rustls::crypto::ring::default_provider().install_default();
    let create = reqwest::Client::new().post(create);
    let answer = create.header("authorization", scope).send().await;
    let answer = answer.expect("an answer").error_for_status();
    answer.expect("the stack is created");

    let file = file_of(CREDENTIALS);
    let secret = format!("secret --stack stack --file {}", file.display());
    let missing = "stack none: ValidationError: Stack with id none does not exist. Check the name";
    for (arguments, exit_code, words) in [
        ("tasks --stack stack", 2, ", table the-table: Resource"),
        ("parked --stack stack", 2, ", queue the-queue: "),
        (&secret, 2, ", secret the-secret: "),
        ("check --stack stack", 1, "✗ refuses another path"),
        ("tasks --stack none", 2, missing),
    ] {
        let mut command = callbot(&arguments.split(' ').collect::<Vec<_>>());
        let ran = ends(exit_code, command.args(["--endpoint-url", moto]));
        let printed = ran.stdout + &ran.stderr;
        assert!(printed.contains(words), "{arguments}: {printed}");
    }
}

#[test]
fn an_option_comes_before_a_variable_and_a_name_before_a_stack() {
    for (arguments, table, stack, words) in [
        ("--table t", "v", "w", "DynamoDB, table t: "),
        ("--stack s", "v", "w", "CloudFormation, stack s: "),
        ("--table arn:a:d:r-1:1:t/t", "", "", "DynamoDB in r-1, "),
        ("--json", "v", "w", "DynamoDB, table v: "),
        ("--json", "", "w", "CloudFormation, stack w: "),
        ("--json", "", "", "--table (TABLE_NAME) or --stack"),
        ("--table t --stack s", "", "", "cannot be used with"),
    ] {
        let mut command = callbot(&["tasks"]);
        command.args(arguments.split(' '));
        // Without a region, each call fails at once.
        let command = command.env("TABLE_NAME", table).env("CALLBOT_STACK", stack);
        let error = ends(2, command.env("AWS_EC2_METADATA_DISABLED", "true")).stderr;
        assert!(error.contains(words), "{words}: {error}");
    }
}
