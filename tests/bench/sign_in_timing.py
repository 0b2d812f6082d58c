"""Signs in with wrong passwords at HOST:PORT, SAMPLES times as people who exist and as often as people who do not, in turn and mixed.

Each address of the loopback network fails a few times only, and so does each name, so that no limit slows an answer down.
"""

import http.client
import json
import os
import random
import statistics
import sys
import time
import urllib.parse

where, samples = sys.argv[1], int(sys.argv[2])
EACH = 6


def request(method, path, body, headers, source="127.0.0.1"):
    connection = http.client.HTTPConnection(where, timeout=30, source_address=(source, 0))
    connection.connect()
    begun = time.perf_counter()
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read()
    passed = time.perf_counter() - begun
    seen = (answer.status, text, sorted(name.lower() for name, _ in answer.getheaders()))
    connection.close()
    return passed, seen


people = ["p%04d" % n for n in range(samples // EACH + 1)]
owner = {"Authorization": "Bearer " + os.environ["TOKEN"], "Content-Type": "application/json"}
for name in people:
    person = {"name": name, "email": name + "@example.com", "role": "agent", "password": "correct horse battery"}
    _, (status, text, _) = request("POST", "/api/v1/users", json.dumps(person), owner)
    assert status == 201, (status, text)

order = [(known, n) for known in (True, False) for n in range(samples)]
random.Random(34).shuffle(order)
took, seen = {True: [], False: []}, {True: set(), False: set()}
for at, (known, n) in enumerate(order):
    name = ("p%04d" if known else "q%04d") % (n // EACH)
    form = {"grant_type": "password", "client_id": "codeb-admin", "username": name, "password": "wrong horse battery", "scope": "openid"}
    source = "127.%d.%d.%d" % (1 + at // EACH // 60000, at // EACH // 250 % 250, 1 + at // EACH % 250)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    passed, (status, text, names) = request("POST", "/oidc.ashx/token", urllib.parse.urlencode(form), headers, source)
    took[known].append(passed * 1000)
    seen[known].add((status, text, tuple(names)))

assert seen[True] == seen[False], "the answers differ: %r" % (seen,)


def trimmed(values):
    """Without the slowest twentieth: what the machine did meanwhile."""
    return sorted(values)[: len(values) * 95 // 100]


a, b = trimmed(took[True]), trimmed(took[False])
apart = statistics.median(took[True]) - statistics.median(took[False])
t = (statistics.mean(a) - statistics.mean(b)) / (statistics.variance(a) / len(a) + statistics.variance(b) / len(b)) ** 0.5
print("answers: the same, %d kind(s)" % len(seen[True]))
print("median known %.2f ms, unknown %.2f ms, apart %.2f ms, t %.2f" % (statistics.median(took[True]), statistics.median(took[False]), apart, t))
sys.exit(abs(apart) >= 5 or abs(t) >= 4.5)
