"""The sums of docs/cost.md. Run with --check, this program only checks that the page has them."""

import json
import re
import sys
from pathlib import Path

PROJECT = Path(__file__).parent.parent
PAGE = PROJECT / "docs" / "cost.md"
TEMPLATE = (PROJECT / "template.yaml").read_text()

# Dollars in us-east-1, from the pages that cost.md links, on 27 November 2026.
MILLION_REQUESTS = 1.00
MILLION_INVOCATIONS = 0.20
GB_SECOND = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
MILLION_WRITES = 0.625
GB_LOGGED = 0.50
GB_SENT = 0.09
METRIC = 0.30
ALARM_METRIC = 0.10
SECRET = 0.40
MILLION_SQS_REQUESTS = 0.40
KEY = 1.00

# A log event of 36-character ids: the function's line of a stored and of a refused callback, measured as the page says.
STORED_LINE, REFUSED_LINE = 370, 360
# The ids of a refused callback have at most 128 characters each, of which a quote takes two bytes.
LONGEST_IDS = 2 * (128 * 2 - 36)
# The longest request line and headers that an HTTP API takes. The access log has the path.
LONGEST_REQUEST = 10_240
EVENT_OVERHEAD = 26
# Body, headers and TLS of an answer.
ANSWER = 400
# The 5.4 ms of performance.md, in whole milliseconds, as Lambda bills them.
MEMORY_GB, CALL_SECONDS = 256 / 1024, 0.006
# Five pollers, each with a request every 20 seconds.
POLLS = 5 * 3 * 60 * 24 * 365 / 12
GB = 2**30
SECONDS_PER_MONTH = 365 * 24 * 3600 / 12


def access_line():
    """The bytes of an access log line."""
    text = re.search(r"Format: >-\n((?: {10}.*\n)+)", TEMPLATE)[1]
    line = json.loads(" ".join(text.split()))
    values = {"responseID": 36 * "x", "sourceIp": "203.0.113.24", "method": "POST", "path": "/api/v3/taskCallback"}
    line |= values | {"status": "200", "functionStatus": "200", "integrationError": "-"}
    return len(json.dumps(line, separators=(",", ":")))


def logs(*lines):
    return sum(lines) * 1e6 / GB * GB_LOGGED


def table(title, price, rows, total):
    rows = [(title, price), *((name, f"${dollars:.2f}") for name, dollars in rows)]
    sums = [(f"**{name}**", f"**${dollars:.2f}**") for name, dollars in total]
    lines = [f"| {name} | {dollars} |" for name, dollars in rows + sums]
    return "\n".join([lines[0], "| --- | --- |", *lines[1:]])


def per_million_callbacks():
    lines = (STORED_LINE + EVENT_OVERHEAD, access_line() + EVENT_OVERHEAD)
    duration = {of: MEMORY_GB * CALL_SECONDS * 1e6 * price for of, price in GB_SECOND.items()}
    rows = [
        ("API Gateway, HTTP API: $1.00 per million requests", MILLION_REQUESTS),
        ("DynamoDB: 2 write units (table and index) of $0.625 per million", 2 * MILLION_WRITES),
        (f"CloudWatch Logs: {lines[0]} and {lines[1]} bytes, $0.50 per GB", logs(*lines)),
        ("Lambda: $0.20 per million invocations", MILLION_INVOCATIONS),
        ("Lambda: 6 ms of 256 MB, $0.0000166667 per GB-second (x86_64)", duration["x86_64"]),
        (f"data out: {ANSWER} bytes, $0.09 per GB", ANSWER * 1e6 / GB * GB_SENT),
    ]
    total = sum(dollars for _, dollars in rows)
    totals = [("total, x86_64", total), ("total, arm64", total - duration["x86_64"] + duration["arm64"])]
    return table("per million callbacks", "price", rows, totals)


def per_month():
    alarms = re.findall(r"Type: AWS::CloudWatch::Alarm\n( +Condition:)?((?:.+\n)+)", TEMPLATE)
    watched = sum(max(1, body.count("MetricStat:")) for condition, body in alarms if not condition)
    metrics = TEMPLATE.count("Type: AWS::Logs::MetricFilter")
    rows = [
        (f"{metrics} metrics of $0.30", metrics * METRIC),
        (f"alarms on {watched} metrics of $0.10", watched * ALARM_METRIC),
        ("the secret", SECRET),
        (f"the queue: {POLLS:,.0f} requests, $0.40 per million", POLLS / 1e6 * MILLION_SQS_REQUESTS),
    ]
    total = sum(dollars for _, dollars in rows)
    optional = sum(1 for condition, _ in alarms if condition)
    more = total + optional * ALARM_METRIC + KEY
    totals = [("total", total), (f"with the {optional} optional alarms and a customer-managed key ($1.00)", more)]
    return table("per month, at most, independent of traffic", "price", rows, totals)


def strangers():
    rate = int(re.search(r"ThrottlingRate:\n    Type: Number\n    Default: (\d+)", TEMPLATE)[1])
    millions = rate * SECONDS_PER_MONTH / 1e6
    call = MILLION_REQUESTS + MILLION_INVOCATIONS + MEMORY_GB * 0.001 * 1e6 * GB_SECOND["x86_64"]
    line, access = REFUSED_LINE + EVENT_OVERHEAD, access_line() + EVENT_OVERHEAD
    rows = [
        ("short headers", call + logs(line, access)),
        ("the longest headers", call + logs(line + LONGEST_IDS, access)),
        ("the longest path, which no route matches, if throttled", MILLION_REQUESTS + logs(access + LONGEST_REQUEST)),
    ]
    head = f"| a stranger's requests | per million | {rate} per second for a month ({millions:.0f} million) |"
    lines = [f"| {name} | ${dollars:.2f} | ${dollars * millions:,.0f} |" for name, dollars in rows]
    return "\n".join([head, "| --- | --- | --- |", *lines])


def main():
    for text in (per_million_callbacks(), per_month(), strangers()):
        if "--check" not in sys.argv:
            print(text, end="\n\n")
        elif text not in PAGE.read_text():
            sys.exit(f"docs/cost.md does not have this table. Replace the old one:\n\n{text}")


main()
