"""Runs the rehearsal's commands and reports those that do not end as expected."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress

# Time limits for a command, in seconds. The first release build takes minutes.
BUILD_LIMIT = 1800
LIMIT = 120
# Variables that must not influence the rehearsed commands: an outer make's, and the tools' own.
NOT_INHERITED = {
    *("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "GNUMAKEFLAGS"),
    *("ARCH", "CREDENTIALS", "FILE", "PARAMETERS", "REGION", "STACK"),
    *("CALLBOT_CREDENTIALS", "CALLBOT_STACK", "ENGINE_PORT", "EVENT", "FUNCTION_PORT"),
    *("PARKED_QUEUE_URL", "TABLE_NAME", "TASK"),
}
# How many lines of a failed command's output are shown.
SHOWN_LINES = 60


class Different(Exception):
    """A step did not go as the documents say. Holds the finding and the output that shows it."""

    def __init__(self, what, output=""):
        super().__init__(what)
        self.output = output


class Commands:
    """Runs commands in the project's folder, with the emulator in place of AWS."""

    def __init__(self, project, log):
        self.env = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        self.project = project
        self.log = log

    def start(self, command, output):
        """Starts a command in a separate process group, with its errors in its output."""
        return subprocess.Popen(
            command,
            cwd=self.project,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def run(self, *command, status=0, limit=LIMIT):
        """Runs a command and returns its output. Raises Different at another exit status."""
        shown = " ".join(command)
        with self.start(command, subprocess.PIPE) as process:
            try:
                output, _ = process.communicate(timeout=limit)
            except BaseException as error:
                os.killpg(process.pid, signal.SIGKILL)
                if isinstance(error, subprocess.TimeoutExpired):
                    raise Different(f"it did not end within {limit} s: {shown}", process.communicate()[0]) from None
                raise
        with self.log.open("a") as log:
            log.write(f"$ {shown}\n{output}[{process.returncode}]\n\n")
        if process.returncode != status:
            last = "\n".join(output.splitlines()[-SHOWN_LINES:])
            raise Different(f"status {process.returncode} instead of {status}: {shown}", f"$ {shown}\n{last}")
        return output

    @contextmanager
    def running(self, *command):
        """Runs the command in the background, and interrupts it at the end as Ctrl-C does."""
        with self.log.open("a") as log, self.start(command, log) as process:
            try:
                yield process
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGINT)
                try:
                    process.wait(LIMIT)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)

    def make(self, target, *variables, limit=LIMIT):
        return self.run("make", "--no-print-directory", target, *variables, limit=limit)

    def callbot(self, *arguments, status=0):
        # Without Cargo's messages, because some of the output is parsed.
        quiet = ("cargo", "run", "--locked", "--quiet", "--package", "callbot", "--")
        return self.run(*quiet, *arguments, status=status)

    def send(self, event, url, credentials, ret_code):
        """Sends an event with `callbot send`. Raises Different at another retCode."""
        is_expected = ret_code == json.loads(event.read_text())["callbot"]["retCode"]
        output = self.callbot(
            "send", str(event), "--url", url, "--credentials", str(credentials), status=0 if is_expected else 1
        )
        found = re.search(r"retCode (\d+)", output)
        if found is None or int(found[1]) != ret_code:
            raise Different(f"the callback was not answered with retCode {ret_code}", output)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def require(holds, what, output=""):
    if not holds:
        raise Different(what, output)


def wait_for(what, condition, limit):
    """Waits until the condition returns a true value, and returns that value."""
    end = time.monotonic() + limit
    while True:
        found = condition()
        if found:
            return found
        require(time.monotonic() < end, f"{what}: not within {limit} s")
        time.sleep(0.5)
