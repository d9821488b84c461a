"""`make rehearse`: rehearses the deployment.

Runs the commands of the README, of docs/operations.md from "Parked callbacks" on, and of cargo
lambda in docs/configuration.md, on an emulator of AWS on this machine. Each step prints one line.
The first step that fails ends the rehearsal with status 1, and prints the command's output and the
end of the function's log.
"""

import re
import shutil
import signal
import socket
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

from actions import FOLDER, NEW, OLD, PROJECT, RETURN_LIMIT, STACK, WRONG, Actions
from commands import BUILD_LIMIT, Different, require, wait_for
from emulator import REGION, Emulator
from local import use_locally

ANOTHER_STACK = "another"
# In seconds. After a wrong signature, the function reads the secret, but not twice in ten seconds.
SECRET_PAUSE = 11
A_HUNDRED_YEARS = 3_153_600_000
# The number of callbacks in an outage, and the most seconds until an answer.
OUTAGE_CALLBACKS, OUTAGE_LIMIT = 200, 3


class Rehearsal(Actions):
    """The steps in their order. Each returns the fact that its line shows."""

    def locally(self):
        return use_locally(self.commands)

    def build(self):
        self.commands.make("build", f"ARCH={self.arch}", limit=BUILD_LIMIT)
        program = PROJECT / ".aws-sam" / "build" / "TaskCallbackFunction" / "bootstrap"
        return f"sam build: {program.stat().st_size / 2**20:.1f} MiB for {self.arch}"

    def first_deployment(self):
        output = self.deploy("MaxBodyBytes=32768")
        for words in ("AlarmsGoTo", "NOBODY", "DeployedVersion", f"make secret STACK={STACK}"):
            require(words in output, f"make deploy does not say {words}", output)
        return f"{self.stack.status}, {len(self.stack.resource_types)} resources"

    def before_the_secret(self):
        self.send("pending", "rehearse-no-secret", 5000)
        return "5000, and parked"

    def wrong_secret(self):
        self.write_secret(WRONG)
        time.sleep(SECRET_PAUSE)
        self.send("pending", "rehearse-wrong-secret", 4010)
        for task in ("rehearse-no-secret", "rehearse-wrong-secret"):
            require(not self.stack.snapshots(task), f"task {task} is stored, though the secret is wrong")
        return "4010, and parked"

    def secret(self):
        self.write_secret(OLD)
        first = self.comes_back("rehearse-no-secret")
        return f"both parked callbacks came back, after {first} and {self.comes_back('rehearse-wrong-secret')} more"

    def check(self):
        command = self.commands.make("--dry-run", "check", f"STACK={STACK}")
        require("env -u CALLBOT_CREDENTIALS" in command, "make check uses the local credentials for a stack", command)
        # Not with --stack: the output CallbackUrl has AWS's domain, which does not resolve here.
        output = self.commands.callbot("check", "--url", self.stack.url, "--credentials", str(self.credentials(OLD)))
        passed = re.search(r"^All \d+ checks passed\.$", output, re.MULTILINE)
        require(passed, "callbot check finds something wrong", output)
        return passed[0]

    def events(self):
        events = [f"events/{sample}.json" for sample in ("pending", "in-progress", "completed")]
        self.commands.callbot("send", *events, "--url", self.stack.url, "--credentials", str(self.credentials(OLD)))
        return f"{len(events)} callbacks acknowledged"

    def history(self):
        return self.require_history(self.stack.table)

    def tasks(self):
        self.send("in-progress", "rehearse-in-progress")
        text = self.commands.callbot("tasks", "--stack", STACK)
        rows = [line for line in text.splitlines() if "rehearse-in-progress" in line]
        require(rows, "callbot tasks does not show the task in progress", text)
        return rows[0].strip("│ ")

    def rotation(self):
        self.write_secret(OLD, NEW)
        time.sleep(SECRET_PAUSE)
        self.send("pending", "rehearse-rotation-old", secret=OLD)
        self.send("pending", "rehearse-rotation-new", secret=NEW)
        self.write_secret(NEW)
        time.sleep(SECRET_PAUSE)
        self.send("in-progress", "rehearse-rotation-new", secret=NEW)
        require(len(self.stack.snapshots("rehearse-rotation-new")) == 2, "a callback of the rotation is not stored")
        return "the old, the new, then the new alone: no callback refused"

    def refusals(self):
        self.send("forged", "rehearse-forged", 4010, NEW)
        self.send("stale", "rehearse-late", 4011, NEW)
        self.send("unknown-status", "rehearse-status-9", 4220, NEW)
        # The reason quotes the name. SQS takes no message with this character.
        self.send("pending", "rehearse-noncharacter", 4001, NEW, r',"x\uffff":1,"x\uffff":2')
        for task in ("rehearse-forged", "rehearse-late", "rehearse-status-9", "rehearse-noncharacter"):
            require(not self.stack.snapshots(task), f"task {task} is in the table")
        return "4010, 4011, 4220 and 4001; none is in the table"

    def dead_letters_at_once(self):
        rows = self.parked()["deadLetters"]
        tries = {row["retCode"]: row["tries"] for row in rows}
        require(tries == {4001: 1, 4011: 1, 4220: 1}, "not these three, received by this listing only", repr(rows))
        lines = [line for row in rows for line in self.stack.callback_lines(responseID=row["responseID"])]
        require([line["parked"] for line in lines] == 3 * ["in the dead-letter queue"], "not at once", repr(lines))
        return "4001 (with U+FFFF), 4011 and 4220 (taskStatus 9), before any retry"

    def log(self):
        text = self.commands.run("sam", "logs", "--stack-name", STACK, "--region", REGION)
        require("s behind the clock" in text, "sam logs does not show the line of the late callback", text)
        callbacks = text.count('"retCode"')
        return f"{callbacks} lines of callbacks"

    def dead_letters(self):
        found = self.dead_lettered(4001, 4010, 4011, 4220)
        delete = ("--delete", "--ret-code", "4010")
        output = self.commands.callbot("parked", "--stack", STACK, *delete)
        return f"callbot parked lists {len(found)}; {output.split('.')[0]}"

    def update(self):
        self.deploy(f"MaxCallbackAgeSeconds={A_HUNDRED_YEARS}")
        variables = self.stack.variables()
        require(variables.get("MAX_CALLBACK_AGE_SECONDS") == str(A_HUNDRED_YEARS), "the new parameter has no effect")
        require(variables.get("MAX_BODY_BYTES") == "32768", "a parameter that was not named has changed")
        return f"{self.stack.status}; MaxBodyBytes stayed as it was"

    def redrive(self):
        output = self.commands.callbot("parked", "--stack", STACK, "--redrive")
        self.stored("rehearse-late")
        self.dead_lettered(4001, 4220)
        tried = {line["retCode"] for line in self.stack.callback_lines(outcome="left in the queue")}
        require(tried >= {4001, 4220}, "the others were not tried again", repr(tried))
        return f"{output.split('.')[0]}: 4011 is stored, 4001 and 4220 are refused again"

    def outage(self):
        variables = self.stack.variables()
        # A server that takes connections and never answers, in place of DynamoDB.
        with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(10) as senders:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            self.stack.set_variables(variables | {"AWS_ENDPOINT_URL_DYNAMODB": url})
            answers = list(senders.map(self.post, OUTAGE_CALLBACKS * ["rehearse-outage"], range(OUTAGE_CALLBACKS)))
            require({ret_code for ret_code, _ in answers} == {5030}, "an answer is not 5030", repr(answers))
            longest = max(took for _, took in answers)
            require(longest < OUTAGE_LIMIT, f"an answer took {longest:.1f} s")
            require(self.stack.count_parked() == OUTAGE_CALLBACKS, "not each callback is parked")
            require(not self.stack.snapshots("rehearse-outage"), "a callback is stored in the outage")
        self.stack.set_variables(variables)
        wait_for("an empty parked queue", lambda: self.stack.count_parked() == 0, RETURN_LIMIT)
        stored = len(self.stack.snapshots("rehearse-outage"))
        require(stored == OUTAGE_CALLBACKS, f"{stored} of {OUTAGE_CALLBACKS} callbacks are stored")
        return f"{stored} parked, each within {longest:.1f} s; after it, each is stored once"

    def another_build(self):
        before = self.stack.code()
        build = FOLDER / "build"
        shutil.copytree(PROJECT / ".aws-sam" / "build", build)
        # Bytes after the end of an ELF file change its checksum but not its behaviour.
        with (build / "TaskCallbackFunction" / "bootstrap").open("ab") as program:
            program.write(b"rehearsal")
        self.commands.run(
            *("sam", "deploy", "--template-file", str(build / "template.yaml")),
            *("--config-file", str(PROJECT / "samconfig.toml"), "--stack-name", STACK, "--region", REGION),
            *("--parameter-overrides", f"Architecture={self.arch}"),
        )
        require(self.stack.code() != before, "the function's code is the same as before")
        self.send("pending", "rehearse-another-build", secret=NEW)
        self.send("pending", "rehearse-old-secret", 4010, OLD)
        return "its instances take callbacks, and know the new secret only"

    def cargo_lambda(self):
        arch = "--arm64" if self.arch == "arm64" else "--x86-64"
        before = self.stack.code()
        variables = self.stack.variables()
        self.commands.run("cargo", "lambda", "build", "--release", arch, limit=BUILD_LIMIT)
        self.commands.run("cargo", "lambda", "deploy", "--binary-name", "task-callback", self.stack.function)
        require(self.stack.code() != before, "the function's code is the same as before")
        require(self.stack.variables() == variables, "the function's variables have changed")
        self.send("pending", "rehearse-cargo-lambda", secret=NEW)
        return "the code is replaced, the configuration is not"

    def restored(self):
        self.table = self.stack.table
        table = self.stack.restored_table()
        self.deploy(f"ExistingTableName={table}")
        self.send("pending", "rehearse-restored", secret=NEW)
        self.require_history(table)
        self.require_history(self.table)
        require(not self.stack.snapshots("rehearse-restored", self.table), "the callback went into the first table")
        return f"{self.stack.status}: callbacks go into {table}, and the first table stays"

    def deletion(self):
        self.commands.run("sam", "delete", "--stack-name", STACK, "--region", REGION, "--no-prompts")
        require(not self.stack.exists(), "the stack is still there")
        self.require_history(self.table)
        require(self.stack.queues_exist(), "a queue went with the stack")
        return "the stack is gone; tables and queues are there"

    def another_stack(self):
        self.deploy(f"ExistingTableName={self.table}", stack=ANOTHER_STACK)
        require("AWS::DynamoDB::Table" not in self.stack.resource_types, "the new stack has a table of its own")
        self.write_secret(NEW)
        self.send("completed", "rehearse-another-build", secret=NEW)
        self.require_history(self.stack.table)
        together = len(self.stack.snapshots("rehearse-another-build")) == 2
        require(together, "the first stack's snapshot and the new one are not in one table")
        return "new snapshots stand beside those of the first stack"


STEPS = [
    ("make run, send, history, check", Rehearsal.locally),
    ("make build", Rehearsal.build),
    ("make deploy", Rehearsal.first_deployment),
    ("a callback before there is a secret", Rehearsal.before_the_secret),
    ("make secret with a wrong one", Rehearsal.wrong_secret),
    ("make secret", Rehearsal.secret),
    ("callbot check", Rehearsal.check),
    ("callbot send", Rehearsal.events),
    ("callbot history", Rehearsal.history),
    ("callbot tasks", Rehearsal.tasks),
    ("rotation of the secret", Rehearsal.rotation),
    ("what must be refused", Rehearsal.refusals),
    ("sam logs", Rehearsal.log),
    ("dead letters at once", Rehearsal.dead_letters_at_once),
    ("dead letters after all tries", Rehearsal.dead_letters),
    ("make deploy with another parameter", Rehearsal.update),
    ("callbot parked --redrive", Rehearsal.redrive),
    ("an outage of DynamoDB", Rehearsal.outage),
    ("sam deploy of another build", Rehearsal.another_build),
    ("cargo lambda deploy", Rehearsal.cargo_lambda),
    ("make deploy with a restored table", Rehearsal.restored),
    ("sam delete", Rehearsal.deletion),
    ("make deploy of a stack over its table", Rehearsal.another_stack),
]


def main():
    # SIGTERM becomes an exit, which ends the processes started here.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with Emulator(FOLDER) as emulator:
        rehearsal = Rehearsal(emulator)
        started = time.monotonic()
        for name, step in STEPS:
            try:
                print(f"✓ {name:38}{step(rehearsal)}", flush=True)
            except Exception as error:
                output = error.output if isinstance(error, Different) else traceback.format_exc()
                print(f"✗ {name:38}{error}\n{output}")
                rehearsal.print_log()
                sys.exit(f'The rehearsal differs at the step "{name}". All outputs: target/rehearse/commands.log')
        print(f"As the README and docs/operations.md say, in {time.monotonic() - started:.0f} s.")


if __name__ == "__main__":
    main()
