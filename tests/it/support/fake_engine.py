"""A stand-in for the engine's process: it holds the lock, answers health on the socket, and drains when it is told to."""

import fcntl
import http.server
import json
import os
import signal
import socketserver
import sys
import threading

arguments = dict(zip(sys.argv[2::2], sys.argv[3::2]))
run = os.path.join(arguments["--data-dir"], "run")
lock = open(os.path.join(run, "engine.lock"), "a+", encoding="utf-8")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    sys.exit(3)
socket_path = os.path.join(run, "engine.sock")
if os.path.exists(socket_path):
    os.unlink(socket_path)
version = int(os.environ.get("FAKE_CONTRACT_VERSION", "1"))


class Handler(http.server.BaseHTTPRequestHandler):
    def address_string(self):
        return "socket"

    def log_message(self, *_):
        pass

    def answer(self, body):
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        self.answer({
            "status": "ok", "fleet_max": 1, "fleet_available": 1, "fleet_calls": 0, "workers": [],
            "contract_version": version, "pid": os.getpid(), "sip": arguments["--sip"],
        })

    def do_POST(self):
        self.answer({"status": "draining"})
        threading.Timer(0.05, lambda: os._exit(0)).start()


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
Server(socket_path, Handler).serve_forever()
