"""The deployed stack, as an operator would look at it with the AWS CLI."""

import json

import boto3
from botocore.exceptions import ClientError


class Stack:
    """A stack, with its outputs at the time this object was created."""

    def __init__(self, name, emulator):
        self.name = name
        self.formation = boto3.client("cloudformation")
        described = self.formation.describe_stacks(StackName=name)["Stacks"][0]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
        resources = self.formation.describe_stack_resources(StackName=name)["StackResources"]
        self.status = described["StackStatus"]
        self.resource_types = [resource["ResourceType"] for resource in resources]
        self.url = emulator.reachable(outputs["CallbackUrl"])
        self.secret = outputs["CredentialsSecretArn"]
        self.table = outputs["TableName"]
        self.function = outputs["FunctionName"]
        self.parked_queue = outputs["ParkedQueueUrl"]
        self.dead_letter_queue = outputs["DeadLetterQueueUrl"]
        self.log_group = outputs["FunctionLogGroup"]

    def exists(self):
        try:
            stacks = self.formation.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError:
            return False
        return any(stack["StackStatus"] != "DELETE_COMPLETE" for stack in stacks)

    def snapshots(self, task, table=None):
        """The snapshots of a task in the stack's table, or in another table."""
        found = boto3.client("dynamodb").query(
            TableName=table or self.table,
            KeyConditionExpression="taskID = :task",
            ExpressionAttributeValues={":task": {"S": task}},
            ConsistentRead=True,
        )
        return found["Items"]

    def variables(self):
        """The function's environment."""
        configuration = boto3.client("lambda").get_function_configuration(FunctionName=self.function)
        return configuration["Environment"]["Variables"]

    def set_variables(self, variables):
        """Replaces the function's environment, and with it every instance."""
        environment = {"Variables": variables}
        boto3.client("lambda").update_function_configuration(FunctionName=self.function, Environment=environment)

    def code(self):
        """The checksum of the function's code."""
        return boto3.client("lambda").get_function_configuration(FunctionName=self.function)["CodeSha256"]

    def log_lines(self):
        """The function's log lines."""
        events = boto3.client("logs").filter_log_events(logGroupName=self.log_group)["events"]
        return [event["message"].rstrip() for event in events]

    def callback_lines(self, **fields):
        """The log lines of callbacks that have these fields."""
        lines = [json.loads(line) for line in self.log_lines() if line.startswith("{")]
        return [line for line in lines if line["message"] == "callback" and fields.items() <= line.items()]

    def restored_table(self):
        """Restores the table to the present time under another name, and returns that name."""
        name = f"{self.table}-restored"
        dynamodb = boto3.client("dynamodb")
        dynamodb.restore_table_to_point_in_time(
            SourceTableName=self.table, TargetTableName=name, UseLatestRestorableTime=True
        )
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        return name

    def count_parked(self):
        """How many messages the parked queue has, also those between two tries."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = boto3.client("sqs").get_queue_attributes(QueueUrl=self.parked_queue, AttributeNames=names)
        return sum(int(found["Attributes"][name]) for name in names)

    def queues_exist(self):
        sqs = boto3.client("sqs")
        try:
            for url in (self.parked_queue, self.dead_letter_queue):
                sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        except ClientError:
            return False
        return True
