"""Actions that several steps of the rehearsal share."""

import hashlib
import json
import platform
import time
from pathlib import Path

import urllib3

from commands import BUILD_LIMIT, Commands, require, wait_for
from emulator import REGION
from local import TASK
from stack import Stack

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / "target" / "rehearse"
STACK = "rehearsal"
# In seconds: enough for the next redelivery of a parked callback and another read of the secret.
RETURN_LIMIT = 40
# Made-up secrets, used nowhere else.
OLD, NEW, WRONG = "rehearsal-old-secret", "rehearsal-new-secret", "rehearsal-wrong-secret"


class Actions:
    """An operator's actions on the stack that was deployed last."""

    def __init__(self, emulator):
        self.emulator = emulator
        self.commands = Commands(PROJECT, FOLDER / "commands.log")
        self.arch = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
        self.stack = None

    def credentials(self, *secrets):
        """Writes a file with these secrets of the samples' account, and returns its path."""
        file = FOLDER / f"{'-and-'.join(secrets)}.json"
        file.write_text(json.dumps([{"uuid": "local-account", "secretKey": secret} for secret in secrets]))
        return file

    def write_secret(self, *secrets):
        self.commands.make("secret", f"STACK={self.stack.name}", f"FILE={self.credentials(*secrets)}")

    def event(self, sample, task, more=""):
        """A sample event with another task id. The JSON text `more` ends its body."""
        event = json.loads((PROJECT / "events" / f"{sample}.json").read_text())
        body = json.loads(event["body"]) | {"taskID": task}
        return event | {"body": f"{json.dumps(body)[:-1]}{more}}}"}

    def send(self, sample, task, ret_code=0, secret=OLD, more=""):
        file = FOLDER / f"{task}.json"
        file.write_text(json.dumps(self.event(sample, task, more)))
        self.commands.send(file, self.stack.url, self.credentials(secret), ret_code)

    def post(self, task, number):
        """Sends the report of this number, faster than `send`. Returns retCode and duration."""
        body = self.event("pending", task, f',"number":{number}')["body"]
        headers = {"createTs": str(int(time.time())), "requestID": f"{task}-{number}", "uuid": "local-account"}
        signed = f"{NEW}&body={body}" + "".join(f"&{name}={value}" for name, value in headers.items())
        headers["sign"] = hashlib.md5(signed.encode()).hexdigest()
        started = time.monotonic()
        answer = urllib3.request("POST", self.stack.url, body=body, headers=headers, retries=False)
        return answer.json()["retCode"], time.monotonic() - started

    def stored(self, task):
        return wait_for(f"task {task} in the table", lambda: self.stack.snapshots(task), 5)

    def comes_back(self, task):
        started = time.monotonic()
        wait_for(f"the parked callback of task {task} in the table", lambda: self.stack.snapshots(task), RETURN_LIMIT)
        return f"{time.monotonic() - started:.0f} s"

    def print_log(self):
        """Prints the function's last log lines, which usually show why a step failed."""
        try:
            print("The function's log ends with", *self.stack.log_lines()[-10:], sep="\n  ")
        except Exception as error:  # There may be no stack, or no emulator any more.
            print(f"The function's log cannot be read: {error}")

    def parked(self):
        """Returns the callbacks that `callbot parked` lists in both queues."""
        return json.loads(self.commands.callbot("parked", "--stack", self.stack.name, "--json"))

    def dead_lettered(self, *ret_codes):
        """Ends all retries. Returns the dead letters, which must have these retCodes."""
        def dead_letters():
            listing = self.parked()
            rows = listing["deadLetters"]
            waiting = len(listing["parked"]) + listing["betweenTries"]
            return rows if not waiting and sorted(row["retCode"] for row in rows) == list(ret_codes) else None

        self.emulator.max_tries(1, self.stack.parked_queue)
        rows = wait_for(f"the dead letters {ret_codes}", dead_letters, 30)
        self.emulator.max_tries(100, self.stack.parked_queue)
        return rows

    def require_history(self, table):
        """Checks that the table holds the samples' task. Returns the start of its history."""
        text = self.commands.callbot("history", TASK, "--table", table)
        head = next((line for line in text.splitlines() if line.startswith("task ")), "")
        require("COMPLETED, 3 snapshots" in head, f"the history of {TASK} in {table} is not complete", text)
        return head.split("): ")[1]

    def deploy(self, *parameters, stack=STACK):
        output = self.commands.make(
            "deploy",
            f"STACK={stack}",
            f"REGION={REGION}",
            f"ARCH={self.arch}",
            f"PARAMETERS={' '.join(parameters)}",
            limit=BUILD_LIMIT,
        )
        self.stack = Stack(stack, self.emulator)
        self.emulator.retry_every(2, self.stack.parked_queue)
        return output
