"""Serves moto on a free port, prints the port, and ends when its standard input is closed."""

import faulthandler
import os
import sys
import threading

# A start that hangs ends after a minute.
faulthandler.dump_traceback_later(60, exit=True)

from moto.server import DomainDispatcherApplication, create_backend_app
from moto.sqs.models import SQSBackend
from werkzeug.serving import make_server

moto = DomainDispatcherApplication(create_backend_app)
# moto's queues are not thread-safe: a message that is sent while another is deleted would be lost.
one_at_a_time = threading.Lock()
# For each message that is received, this check would go through the whole queue three times.
SQSBackend.is_message_valid_based_on_retention_period = lambda *_: True


def app(environ, start_response):
    with one_at_a_time:
        return list(moto(environ, start_response))


server = make_server("127.0.0.1", 0, app, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
faulthandler.cancel_dump_traceback_later()
print(server.server_port, flush=True)
sys.stdin.read()
os._exit(0)
