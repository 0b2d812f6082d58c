"""Fills the table of calls, waits until the appliance has listed them, and measures lists over HTTP. Started by calls_search.sh."""

import http.client
import itertools
import json
import os
import random
import sqlite3
import sys
import time

YEAR_MS = 365 * 86_400_000
BEGAN = 1_735_689_600_000
ENDS = [("bot", "finished", "completed"), ("customer", "far-hangup", "completed"), ("timeout", "max-duration", "completed"),
        ("no_answer", "no-answer", "failed"), ("rejected", "rejected", "failed"), ("voicemail", "voicemail", "voicemail")]
WEIGHTS = [30, 40, 2, 15, 5, 8]
# Words as often as in speech: the n-th is 1/n as frequent as the first.
WORDS = [f"{a}{b}{c}" for a, b, c in itertools.product("bdfgklmnprst", "aeiou", ["n", "r", "l", "ma", "to", "ki", "sen", "ber", "ling", "dorf"])]
CUMULATIVE = list(itertools.accumulate(1 / (n + 1) for n in range(len(WORDS))))

CALL = """insert into calls (session_id, call_id, bot_id, direction, origin, number, from_number, to_number, display_name, carrier_id, status,
    outcome, disconnected_by, created_at, answered_at, started_at, ended_at, completed_at, call_duration_seconds, recording_key,
    recording_token_hash, recording_token_sealed, doc) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


def rows(n_rows):
    """One call in each even share of a year, a conversation of about a hundred words on each that was answered."""
    dice = random.Random(1)
    step = YEAR_MS // n_rows
    for n in range(n_rows):
        at = BEGAN + n * step + dice.randrange(max(1, step))
        by, outcome, status = dice.choices(ENDS, WEIGHTS)[0]
        seconds = 0.0 if status == "failed" else round(dice.expovariate(1 / 120), 3)
        out = n % 2
        said = dice.choices(WORDS, cum_weights=CUMULATIVE, k=100) if seconds else []
        turns = [{"role": "user" if k % 2 else "assistant", "content": " ".join(said[k * 10:k * 10 + 10]), "ts": "2025-06-01T12:00:00.000Z"}
                 for k in range(len(said) // 10)]
        recorded = bool(seconds) and n % 3 == 0
        other = f"+{dice.choice((1, 44, 49, 356))}{dice.randrange(10**10):010}"
        yield (f"0b0c3a52-4a4b-4f0e-8f0b-{n:012x}", f"{'oac-' if out else 'vnum'}{n:012x}", f"bot_{dice.randrange(20):016x}",
               "outbound" if out else "inbound", "outbound-ai" if out else "vnum", None if out else str(1000 + dice.randrange(50)),
               None if out else other, other if out else None, None, f"tr_{dice.randrange(3):016x}", status, outcome, by, at, at, at,
               at + int(seconds * 1000), at + int(seconds * 1000) + 900, seconds, f"{n}.wav" if recorded else None,
               n.to_bytes(32, "big") if recorded else None, "sealed" if recorded else None,
               json.dumps({"transcript": turns, "latency": {"first_audio_ms": 700}, "latency_samples": waits(dice, len(turns) // 2)},
                          separators=(",", ":")))


def waits(dice, n):
    return [{"turn": k + 1, "stt_ms": 300, "first_token_ms": 500, "first_audio_ms": round(dice.lognormvariate(6.6, 0.3))} for k in range(n)]


def fill(path, n_rows):
    began = time.monotonic()
    db = sqlite3.connect(path)
    db.execute("pragma synchronous = off")
    db.execute("pragma cache_size = -500000")
    made = rows(n_rows)
    while batch := list(itertools.islice(made, 20_000)):
        db.executemany(CALL, batch)
        db.commit()
    db.execute("pragma wal_checkpoint(truncate)")
    db.close()
    print(f"filled {n_rows} calls in {time.monotonic() - began:.0f} s, {os.path.getsize(path) // 1_000_000} MB", flush=True)


def wait(path):
    """Until nothing waits to be listed or counted."""
    began = time.monotonic()
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    while db.execute("select exists (select 1 from call_queue) or exists (select 1 from call_count_queue)").fetchone()[0]:
        time.sleep(0.5)
    n = db.execute("select count(*) from call_list").fetchone()[0]
    took = time.monotonic() - began
    print(f"listed and counted {n} calls in {took:.0f} s ({n / max(took, 0.1):.0f} /s), {os.path.getsize(path) // 1_000_000} MB", flush=True)


def stamp(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03}Z"


def kinds(n_rows):
    """Kinds of queries: name, most milliseconds at p95, several queries each, and how the same is counted row by row (or None)."""
    dice = random.Random(2)
    bot = lambda: f"bot_{dice.randrange(20):016x}"
    times = [BEGAN + dice.randrange(YEAR_MS) for _ in range(8)]
    yield "newest page", 50, [({}, "1")]
    yield "status", 50, [({"status": s}, f"status = '{s}'") for s in ("completed", "failed", "voicemail")]
    yield "bot", 50, [({"bot_id": b}, f"bot_id = '{b}'") for b in (bot() for _ in range(4))]
    yield "bot, outcome, recorded", 50, [({"bot_id": b, "disposition": "far-hangup", "has_recording": "true"},
        f"bot_id = '{b}' and outcome = 'far-hangup' and recording_key is not null") for b in (bot() for _ in range(4))]
    yield "from", 50, [({"from": stamp(at)}, f"created_at >= {at}") for at in times]
    yield "a week of a status", 50, [({"from": stamp(at), "to": stamp(at + 7 * 86_400_000), "status": "completed"},
        f"created_at >= {at} and created_at < {at + 7 * 86_400_000} and status = 'completed'") for at in times]
    yield "half a year of a bot", 50, [({"from": stamp(BEGAN + YEAR_MS // 2 + n), "bot_id": b},
        f"created_at >= {BEGAN + YEAR_MS // 2 + n} and bot_id = '{b}'") for n, b in enumerate(bot() for _ in range(4))]
    yield "at least a minute", 50, [({"min_duration": 60}, "call_duration_seconds >= 60")]
    yield "far page", 50, [({"offset": dice.randrange(n_rows)}, None) for _ in range(8)]
    yield "far page of a status", 50, [({"status": "failed", "offset": dice.randrange(n_rows // 6)}, None) for _ in range(8)]
    yield "oldest first", 50, [({"sort": "created_at"}, None), ({"sort": "created_at", "bot_id": bot()}, None)]
    yield "a number", 50, [({"phone": f"{dice.randrange(10**6):06}"}, None) for _ in range(8)]
    yield "70 to 80 seconds of a bot", 50, [({"min_duration": 70, "max_duration": 80, "bot_id": b},
        f"call_duration_seconds between 70 and 80 and bot_id = '{b}'") for b in (bot() for _ in range(4))]
    yield "longest first", 100, [({"sort": "-duration"}, None)]
    yield "shortest first", 100, [({"sort": "duration"}, None), ({"sort": "duration", "bot_id": bot()}, None)]
    yield "q: a rare word", 100, [({"q": WORDS[-1 - n]}, None) for n in range(8)]
    yield "q: two words", 100, [({"q": f"{WORDS[40 + n]} {WORDS[200 + n]}"}, None) for n in range(8)]
    yield "q: a phrase", 100, [({"q": f'"{WORDS[20 + n]} {WORDS[60 + n]}"'}, None) for n in range(8)]
    yield "q: a beginning", 100, [({"q": WORDS[300 + n][:4] + "*"}, None) for n in range(4)]
    yield "q, status, bot, from", 100, [({"q": WORDS[30 + n], "status": "completed", "bot_id": bot(), "from": stamp(at)}, None)
        for n, at in enumerate(times)]
    yield "q: half of all calls", 100, [({"q": WORDS[2]}, None)]
    yield "q: half of all, one bot", 100, [({"q": WORDS[2], "bot_id": bot()}, None)]
    yield "q: rows before the count", 50, [({"q": f"{WORDS[0]} {WORDS[1]}", "count": "false"}, None), ({"q": WORDS[2], "count": "false"}, None)]


def series():
    """Kinds of questions for figures over time: name, most milliseconds at p95, several queries each."""
    end = BEGAN + YEAR_MS
    days = lambda n, **more: {"from": stamp(end - n * 86_400_000), "to": stamp(end), "zone": "Europe/Malta", **more}
    yield "figures: a day by hours", 100, [days(1, bucket="hour")]
    yield "figures: 30 days", 100, [days(30, bucket="day")]
    yield "figures: 30 days of a bot", 100, [days(30, bucket="day", bot_id=f"bot_{n:016x}") for n in range(4)]
    yield "figures: 31 days by hours", 100, [days(31, bucket="hour")]
    yield "figures: a year by days", 100, [days(365, bucket="day")]


def measure(path, port, n_rounds):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    n_rows = db.execute("select count(*) from call_list").fetchone()[0]
    headers = {"Authorization": f"Bearer {os.environ['CXBOX_BENCH_TOKEN']}"}
    link = http.client.HTTPConnection("127.0.0.1", port)

    def get(path, query):
        from urllib.parse import urlencode
        began = time.perf_counter()
        link.request("GET", path + "?" + urlencode(query), headers=headers)
        answer = link.getresponse()
        body = answer.read()
        took = (time.perf_counter() - began) * 1000
        assert answer.status == 200, f"{query}: {answer.status} {body[:200]}"
        return took, json.loads(body)["total"]

    ask = lambda query: get("/api/v1/calls", query)

    def judge(name, most, took, totals):
        took.sort()
        p50, p95 = took[len(took) // 2], took[min(len(took) - 1, len(took) * 95 // 100)]
        missed = "" if p95 <= most else "MISSED "
        print(f"{name:28} p50 {p50:7.1f} ms  p95 {p95:7.1f} ms  (<= {most}) {missed}totals {min(totals)}..{max(totals)}", flush=True)
        return p95 <= most

    good = True
    for name, most, queries in kinds(n_rows):
        took, totals = [], []
        for query, where in queries:
            ask(query)
            for _ in range(max(1, n_rounds // len(queries))):
                ms, total = ask(query)
                took.append(ms)
            totals.append(total)
            if where is not None:
                counted = db.execute(f"select count(*) from calls where {where}").fetchone()[0]
                assert counted == total, f"{query}: {total}, counted {counted}"
        good &= judge(name, most, took, totals)
    for name, most, queries in series():
        took, totals = [], []
        for query in queries:
            for _ in range(max(2, n_rounds // len(queries))):
                ms, total = get("/api/v1/analytics/calls", query)
                took.append(ms)
            totals.append(total["n_calls"])
        good &= judge(name, most, took, totals)
    sys.exit(not good)


if __name__ == "__main__":
    {"fill": lambda: fill(sys.argv[2], int(sys.argv[3])), "wait": lambda: wait(sys.argv[2]),
     "measure": lambda: measure(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))}[sys.argv[1]]()
