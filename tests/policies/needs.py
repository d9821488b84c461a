"""What the schemas do not say about a deployment's needs."""

# The types that SAM's transform makes of a resource, and of an event of a function.
SERVERLESS = {
    "AWS::Serverless::HttpApi": ["AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Stage"],
    "AWS::Serverless::Function": ["AWS::Lambda::Function"],
    "HttpApi": ["AWS::Lambda::Permission"],
    "SQS": ["AWS::Lambda::EventSourceMapping"],
}

# The calls of `sam deploy`, `sam delete`, and docs/operations.md (after a failure, to uninstall).
SAM = {
    "cloudformation:CreateChangeSet", "cloudformation:DescribeChangeSet", "cloudformation:ExecuteChangeSet",
    "cloudformation:DescribeStacks", "cloudformation:DescribeStackEvents", "cloudformation:DescribeStackResources",
    "cloudformation:ContinueUpdateRollback", "cloudformation:DeleteStack", "cloudformation:GetTemplate", "cloudformation:GetTemplateSummary",
    "cloudformation:TagResource", "cloudformation:UntagResource",
    "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket",
}

# Patterns of actions that handlers list and this template does not need, and why.
NOT_NEEDED = {
    "kms:*": "only with KmsKeyArn (docs/operations.md)",
    "iam:CreateServiceLinkedRole": "only for the first domain of an account (docs/operations.md)",
    "iam:DeleteRolePermissionsBoundary": "a role without its boundary could have any permission",
    "secretsmanager:GetSecretValue": "the template gives the secret no value",
    "secretsmanager:GetRandomPassword": "the template gives the secret no value",
    "secretsmanager:*Replicat*": "the secret has no replicas",
    "ec2:*": "the function is in no VPC",
    "elasticfilesystem:*": "the function mounts no file system",
    "s3files:*": "the function mounts no file system",
    "lambda:PutFunctionCodeSigningConfig": "no code signing",
    "lambda:DeleteFunctionCodeSigningConfig": "no code signing",
    "lambda:PutRuntimeManagementConfig": "the template leaves this to Lambda",
    "lambda:PutFunctionRecursionConfig": "the template leaves this to Lambda",
    "lambda:PutFunctionScalingConfig": "no capacity provider",
    "lambda:PassCapacityProvider": "no capacity provider",
    "lambda:AssociateRuntimeAlias": "the template leaves the runtime's version to Lambda",
    "lambda:PublishVersion": "the function has no versions",
    "dynamodb:ImportTable": "the table starts empty",
    "dynamodb:*Item": "the table starts empty and has no replicas",
    "dynamodb:Scan": "the table has no replicas",
    "dynamodb:Query": "the table has no replicas",
    "dynamodb:*TableReplica": "the table has no replicas",
    "dynamodb:*ableKinesisStreamingDestination": "the table feeds no Kinesis stream",
    "dynamodb:UpdateKinesisStreamingDestination": "the table feeds no Kinesis stream",
    "kinesis:*": "the table feeds no Kinesis stream",
    "dynamodb:UpdateContributorInsights": "no Contributor Insights",
    "dynamodb:PutResourcePolicy": "the table has no policy of its own",
    "dynamodb:DeleteResourcePolicy": "the table has no policy of its own",
    "s3:*": "no import from S3, no definition of the API in S3, no logs to S3",
    "firehose:*": "no logs to Firehose",
    "logs:CreateLogStream": "the table starts empty: only an import writes a log",
    "logs:PutLogEvents": "the table starts empty: only an import writes a log",
    "logs:DescribeLogStreams": "the table starts empty: only an import writes a log",
    "logs:*ssociateKmsKey": "the log groups have no key of their own",
    "logs:PutLogGroupDeletionProtection": "the log groups are deleted with the stack",
    "logs:PutBearerTokenAuthentication": "the log groups take no bearer tokens",
    "logs:DeleteResourcePolicy": "the log groups have no policies of their own",
}

# The conditions without which an action would exceed the boundary.
BOUNDARY = {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::ACCOUNT:policy/STACK-boundary"}}
X_RAY_ONLY = {"ArnEqualsIfExists": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"}}
OWN_MAPPING = {"ArnLike": {"lambda:FunctionArn": "arn:aws:lambda:*:*:function:STACK-TaskCallbackFunction-*"}}
CONDITIONS = {
    "iam:PassRole": {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", "pipes.amazonaws.com"]}},
    "iam:CreateRole": BOUNDARY,
    "iam:PutRolePolicy": BOUNDARY,
    "iam:PutRolePermissionsBoundary": BOUNDARY,
    "iam:AttachRolePolicy": BOUNDARY | X_RAY_ONLY,
    "lambda:CreateEventSourceMapping": OWN_MAPPING,
    "lambda:UpdateEventSourceMapping": OWN_MAPPING,
    "lambda:DeleteEventSourceMapping": OWN_MAPPING,
}

# AWS's managed policy AWSXRayDaemonWriteAccess.
X_RAY = [
    "xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets",
    "xray:GetSamplingStatisticSummaries",
]
