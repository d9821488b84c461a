"""The local commands of the README's section "See it work"."""

import urllib.error
import urllib.request

from commands import BUILD_LIMIT, free_port, require, wait_for

TASK = "t-20260913-0007"


def use_locally(commands):
    """Runs the commands on a separate local stack. Returns the result of the check."""
    ports = f"ENGINE_PORT={free_port()}", f"FUNCTION_PORT={(port := free_port())}"
    with commands.running("make", "run", *ports) as stack:
        wait_for("the local function", lambda: stack.poll() is not None or answers(port), BUILD_LIMIT)
        require(stack.poll() is None, "make run has ended")
        commands.make("invoke", "EVENT=events/pending.json", *ports)
        commands.make("send", "EVENT=events/in-progress.json events/completed.json", *ports)
        history = commands.make("history", f"TASK={TASK}", *ports)
        require("COMPLETED, 3 snapshots" in history, "the history does not have the three snapshots", history)
        checked = commands.make("check", *ports).splitlines()[-1]
        require(checked.startswith("All "), "make check does not make all checks", checked)
        return checked


def answers(port):
    """Whether the function itself refuses a GET."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v3/taskCallback", timeout=60)
    except urllib.error.HTTPError as error:
        return error.code == 405
    except OSError:
        return False
    return False
