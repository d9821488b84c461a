"""MiniStack, which emulates AWS in one process, and the workarounds that the rehearsal needs.

Each workaround fills a gap in MiniStack 1.5.33 (checked on 2026-11-24) or shortens a wait. When a
newer MiniStack closes a gap, delete its workaround. The steps do not change:

- gap 1, `accept_unsupported`: CloudFormation rejects saved queries, and alarms on metric math;
- gap 2, `import_routes`: the OpenAPI body of an HTTP API does not create routes;
- gap 3, `reachable`: the host name of an API does not resolve;
- gap 4, `own_environment`: MiniStack passes its own variables to the function;
- not a gap, `retry_every` and `max_tries`: eight hours of retries are too long to wait.

Known differences from AWS: the reference to a secret is its name instead of its ARN; a secret
without a value reads as an empty text instead of an error. Not rehearsed: metric filters do not
count, so alarms and dashboard get no data; nothing is throttled; the role's policies are not
enforced; a pipe does not deliver to EventBridge; there is no TLS.

As a program, this file is the emulator. It exits when its standard input is closed, and so does not
outlive the rehearsal.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import boto3

from commands import free_port

REGION = "us-east-1"
START_LIMIT = 60
STOP_LIMIT = 10


class Emulator:
    """A MiniStack for this rehearsal only, on a free port of the loopback interface."""

    def __init__(self, folder):
        self.log = folder / "ministack.log"
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def configure_clients(self):
        """Points the AWS clients of this process and of its children to this emulator.

        The user's variables and profiles are removed, so no AWS account is reached.
        """
        for name in [name for name in os.environ if name.startswith(("AWS_", "SAM_"))]:
            del os.environ[name]
        nothing = self.folder / "no-aws-config"
        nothing.touch()
        os.environ |= {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": str(nothing),
            "AWS_SHARED_CREDENTIALS_FILE": str(nothing),
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_TELEMETRY": "0",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }

    def __enter__(self):
        self.configure_clients()
        temporary = self.folder / "tmp"
        temporary.mkdir()
        env = self.own_environment() | {
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            # These services listen on fixed ports and are not needed.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            # MiniStack unpacks the function here, and writes its process id.
            "TMPDIR": str(temporary),
        }
        with self.log.open("wb") as log:
            # The separate process group contains the function's processes, to end them together.
            self.process = subprocess.Popen(
                [sys.executable, "-B", __file__],
                env=env,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def own_environment(self):
        """Gap 4: returns the variables for MiniStack, which passes them to the function.

        The function needs AWS_ENDPOINT_URL, but would read other variables as its configuration.
        """
        return {name: value for name, value in os.environ.items() if name == "PATH" or name.startswith("AWS_")}

    def wait_until_ready(self):
        limit = time.monotonic() + START_LIMIT
        while time.monotonic() < limit and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        log = self.log.read_text(errors="replace")[-2000:]
        sys.exit(f"MiniStack did not start within {START_LIMIT} s. Its log {self.log} ends with\n{log}")

    def __exit__(self, *_):
        for way in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, way)
                self.process.wait(STOP_LIMIT)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                pass

    def reachable(self, callback_url):
        """Gap 3: converts the output CallbackUrl to MiniStack's form, without a host name."""
        host = re.fullmatch(r"https://([a-z0-9]+)\.execute-api\.[^/]+(/.*)", callback_url)
        if host is None:
            raise RuntimeError(f"the output CallbackUrl is not the URL of an HTTP API: {callback_url}")
        return f"{self.url}/_aws/execute-api/{host[1]}{host[2]}"

    def retry_every(self, seconds, queue_url):
        """Sets the time between two tries of a parked callback: the queue's visibility timeout."""
        self.set(queue_url, "VisibilityTimeout", str(seconds))

    def max_tries(self, tries, queue_url):
        """Sets after how many tries a parked callback moves to the dead-letter queue."""
        sqs = boto3.client("sqs")
        found = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["RedrivePolicy"])
        policy = json.loads(found["Attributes"]["RedrivePolicy"]) | {"maxReceiveCount": tries}
        self.set(queue_url, "RedrivePolicy", json.dumps(policy))

    def set(self, queue_url, attribute, value):
        boto3.client("sqs").set_queue_attributes(QueueUrl=queue_url, Attributes={attribute: value})


def accept_unsupported(handlers):
    """Gap 1: accepts saved queries and alarms on metric math without creating anything."""
    nothing = {
        "create": lambda logical_id, props, stack_name: (f"{stack_name}-{logical_id}", {}),
        "update": lambda physical_id, old_props, new_props, stack_name: (physical_id, {}),
        "delete": lambda physical_id, props: None,
    }
    handlers["AWS::Logs::QueryDefinition"] = nothing
    alarm = handlers["AWS::CloudWatch::Alarm"]

    def create(logical_id, props, stack_name):
        return (nothing if "Metrics" in props else alarm)["create"](logical_id, props, stack_name)

    handlers["AWS::CloudWatch::Alarm"] = alarm | {"create": create}


def import_routes(handlers, gateway):
    """Gap 2: creates the routes of an HTTP API from its OpenAPI body, where SAM puts them."""
    handler = handlers["AWS::ApiGatewayV2::Api"]
    create, update = handler["create"], handler["update"]

    def import_body(api_id, props):
        gateway._routes[api_id] = {}
        gateway._integrations[api_id] = {}
        for path, methods in (props.get("Body") or {}).get("paths", {}).items():
            for method, operation in methods.items():
                described = operation["x-amazon-apigateway-integration"]
                integration = gateway._create_integration(
                    api_id,
                    {
                        "integrationType": described["type"].upper(),
                        "integrationUri": described["uri"],
                        "integrationMethod": described["httpMethod"],
                        "payloadFormatVersion": described["payloadFormatVersion"],
                    },
                )
                integration_id = json.loads(integration[2])["integrationId"]
                route = f"{method.upper()} {path}"
                gateway._create_route(api_id, {"routeKey": route, "target": f"integrations/{integration_id}"})

    def create_with_routes(logical_id, props, stack_name):
        api_id, attributes = create(logical_id, props, stack_name)
        import_body(api_id, props)
        return api_id, attributes

    def update_with_routes(physical_id, old_props, new_props, *rest):
        api_id, attributes = update(physical_id, old_props, new_props, *rest)
        import_body(api_id, new_props)
        return api_id, attributes

    handler["create"], handler["update"] = create_with_routes, update_with_routes


def end_with_standard_input():
    # Not through sys.stdin: this thread would hold its lock while Python exits.
    while os.read(0, 1024):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main():
    from ministack import app
    from ministack.services import apigateway
    from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS as handlers

    threading.Thread(target=end_with_standard_input, daemon=True).start()
    accept_unsupported(handlers)
    import_routes(handlers, apigateway)
    sys.argv = sys.argv[:1]
    app.main()


if __name__ == "__main__":
    main()
