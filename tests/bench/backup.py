"""Posts results of calls at a steady rate and says how long each took: one thread per connection, each with its share of the rate."""

import http.client
import json
import os
import sys
import threading
import time
import uuid

CONNECTIONS = 8
address, secret, what, number = sys.argv[1:5]
headers = {"X-CXBCore-Secret": secret, "Content-Type": "application/json"}
transcript = [{"role": "user", "content": "When are you open? " * 10, "ts": "2026-01-01T12:00:07.000Z"}]
took, failed = [], []


def post(connection):
    body = json.dumps({"session_id": f"bench-{uuid.uuid4()}", "disconnected_by": "customer", "transcript": transcript})
    began = time.monotonic()
    connection.request("POST", "/api/v1/call-results", body, headers)
    answer = connection.getresponse()
    answer.read()
    took.append(time.monotonic() - began)
    if answer.status != 200:
        failed.append(answer.status)


def work(pause, goes_on):
    connection = http.client.HTTPConnection(address)
    due = time.monotonic()
    while goes_on():
        post(connection)
        due += pause
        time.sleep(max(0, due - time.monotonic()))


def run(pause, goes_on):
    threads = [threading.Thread(target=work, args=(pause, goes_on)) for _ in range(CONNECTIONS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - began


if what == "fill":
    run(0, lambda: len(took) < int(number))
    sys.exit(bool(failed))
last = sys.argv[5]
until = time.monotonic() + float(last) if what == "before" else 0
seconds = run(CONNECTIONS / float(number), lambda: time.monotonic() < until if until else not os.path.exists(last))
took.sort()
at = lambda part: 1000 * took[min(len(took) - 1, int(part * len(took)))]
print(f"writes {what} the backups: {len(took) / seconds:.0f}/s, p50 {at(0.5):.1f} ms, p99 {at(0.99):.1f} ms, max {at(1):.1f} ms, {len(failed)} failed")
sys.exit(bool(failed))
