"""Fills the tables of calls and transcripts, and measures lists over HTTP. Started by transcripts.sh."""

import http.client
import json
import os
import random
import sqlite3
import sys
import time
from urllib.parse import quote

FIRST = "Ada Bob Carla Dieter Eve Fritz Grace Hans Ines Jan Karl Lena Max Nora Otto Petra Quinn Rosa Sven Tina".split()
LAST = "Miller Schmidt Smith Garcia Rossi Novak Jensen Kowalski Dubois Silva Meyer Weber Wagner Becker Koch Richter Klein Wolf Neumann".split()
YEAR_MS = 365 * 86_400_000
BEGAN = 1_735_689_600_000

CALL = """insert into calls (session_id, call_id, direction, origin, number, number_name, from_number, to_number, display_name, requested_by,
    status, outcome, created_at, answered_at, started_at, ended_at, completed_at, transcript_file, save_transcript)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, 'bench', 'completed', 'finished', ?, ?, ?, ?, ?, ?, 1)"""
TRANSCRIPT = """insert into transcripts (id, session_id, call_id, is_outbound, caller_source, started_at, ended_at, written_at, duration_sec,
    rule, phone, display_name, number, outcome, voice, language, model, tokens_total, tokens_prompt, n_turns, size, file)
    values (?, ?, ?, ?, ?, ?, ?, ?, 60, ?, ?, ?, ?, 'finished', 'Aoede', 'en-US', 'live-voice-ai', 18420, 1240, 12, 8412, ?)"""


def rows(n_rows):
    """One call in each even share of a year; every second one is outbound."""
    dice = random.Random(1)
    step = YEAR_MS // n_rows
    for n in range(n_rows):
        at = BEGAN + n * step + dice.randrange(max(1, step))
        session = f"0b0c3a52-4a4b-4f0e-8f0b-{n:012x}"
        if n % 2:
            phone = f"+1{dice.randrange(10**10):010}"
            name = f"{dice.choice(FIRST)} {dice.choice(LAST)} {dice.randrange(1000)}"
            rule = f"outbound: {phone} ({name})"
            yield at, 1, session, f"oac-{n:012x}", "outbound-ai", rule, None, phone, name, None, None, rule.lower()
        else:
            desk = dice.randrange(200)
            rule, number, caller = f"vnum:desk{desk:03}", f"{1000 + desk}", f"+49{dice.randrange(10**10):010}"
            source = "office-tab" if n % 10 == 0 else "vnum"
            yield at, 0, session, f"vnum{n:012x}", source, rule, caller, None, None, number, f"desk{desk:03}", f"{rule}\n{caller}\n{number}"


def fill(path, n_rows):
    """Fills the tables in bulk: without the triggers that keep index and counts, which are made from the rows at the end."""
    began = time.monotonic()
    db = sqlite3.connect(path)
    db.execute("pragma synchronous = off")
    db.execute("pragma cache_size = -500000")
    triggers = db.execute("select name, sql from sqlite_master where type = 'trigger' and (name like 'transcript%' or name = 'calls_made')").fetchall()
    for name, _ in triggers:
        db.execute(f"drop trigger {name}")
    calls, transcripts, texts = [], [], []
    for at, out, session, call, source, rule, caller, phone, name, number, number_name, words in rows(n_rows):
        file, place = f"{call}.txt", at << 11 | out
        calls.append((session, call, "outbound" if out else "inbound", "outbound-ai" if out else "vnum", number, number_name, caller,
                      phone, name, at, at, at, at + 60000, at + 61000, file))
        transcripts.append((place, session, call, out, source, at, at + 60000, at + 61000, rule, phone, name, number, file))
        texts.append((place, words))
        if len(calls) == 20_000:
            flush(db, calls, transcripts, texts)
    flush(db, calls, transcripts, texts)
    db.execute("insert into transcript_index (transcript_index) values ('rebuild')")
    db.execute("""insert into transcript_days (is_outbound, day, n)
        select is_outbound, (id >> 11) / 86400000 as day, count(*) from transcripts group by is_outbound, day""")
    for _, sql in triggers:
        db.execute(sql)
    db.commit()
    db.execute("pragma wal_checkpoint(truncate)")
    db.close()
    print(f"filled {n_rows} calls and transcripts in {time.monotonic() - began:.0f} s, {os.path.getsize(path) // 1_000_000} MB", flush=True)


def flush(db, calls, transcripts, texts):
    db.executemany(CALL, calls)
    db.executemany(TRANSCRIPT, transcripts)
    db.executemany("insert into transcript_words (id, text) values (?, ?)", texts)
    for done in (calls, transcripts, texts):
        done.clear()


def count(db, query):
    """The total that a query must give, counted without the program's index."""
    where, values = ["1"], []
    if "source" in query:
        where.append("t.is_outbound = ?")
        values.append(int(query["source"] == "outbound-ai"))
    if "since" in query:
        where.append("t.started_at >= ?")
        values.append(query["since"])
    if "q" in query:
        where.append("instr(w.text, ?) > 0")
        values.append(query["q"].lower())
    sql = f"select count(*) from transcripts t join transcript_words w on w.id = t.id where {' and '.join(where)}"
    return db.execute(sql, values).fetchone()[0]


def stamp(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03}Z"


def kinds(n_rows):
    """Kinds of queries: name, most milliseconds at p95, and several queries each."""
    dice = random.Random(2)
    times = [BEGAN + dice.randrange(YEAR_MS) for _ in range(12)]
    yield "newest page", 30, [{}]
    yield "page by source", 30, [{"source": "vnum"}, {"source": "outbound-ai"}]
    yield "since", 30, [{"since": at} for at in times]
    yield "since and source", 30, [{"since": at, "source": "vnum"} for at in times]
    yield "far page", 30, [{"offset": dice.randrange(n_rows)} for _ in range(12)]
    yield "500 rows", 30, [{"limit": 500}]
    yield "q: a number", 30, [{"q": f"{dice.randrange(10**6):06}"} for _ in range(12)]
    yield "q: a name and more", 30, [{"q": f"{dice.choice(FIRST)} {dice.choice(LAST)}"} for _ in range(12)]
    yield "q: three digits", 30, [{"q": f"{dice.randrange(1000):03}"} for _ in range(12)]
    yield "q: a desk", 30, [{"q": f"desk{dice.randrange(200):03}"} for _ in range(12)]
    yield "q: name, source, since", 30, [{"q": dice.choice(LAST)[:4] + "er", "source": "outbound-ai", "since": at} for at in times]
    yield "q: nothing", 30, [{"q": "zzzz"}]
    yield "q: a quarter to a half", 1000, [{"q": q} for q in ("outbound:", "desk", "vnum", "+49", "+1")]
    yield "q: half, one source", 1000, [{"q": "outbound", "source": "outbound-ai"}, {"q": "desk", "source": "outbound-ai"}]
    yield "q: two characters", 1000, [{"q": q} for q in ("da", "12", "zz", "+4")]
    yield "q: one character", 1000, [{"q": q} for q in ("a", "7", "x")]


def measure(path, port, n_rounds):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    n_rows = db.execute("select count(*) from transcripts").fetchone()[0]
    headers = {"Authorization": f"Bearer {os.environ['CXBOX_BENCH_TOKEN']}"}
    link = http.client.HTTPConnection("127.0.0.1", port)

    def ask(path):
        began = time.perf_counter()
        link.request("GET", path, headers=headers)
        answer = link.getresponse()
        body = answer.read()
        took = (time.perf_counter() - began) * 1000
        assert answer.status == 200, f"{path}: {answer.status} {body[:200]}"
        return took, json.loads(body)

    def report(name, most, took, totals):
        took.sort()
        p50, p95 = took[len(took) // 2], took[min(len(took) - 1, len(took) * 95 // 100)]
        ok = p95 <= most
        print(f"{name:28} p50 {p50:7.1f} ms  p95 {p95:7.1f} ms  (<= {most}) {'' if ok else 'MISSED '} totals {min(totals)}..{max(totals)}")
        return ok

    good = True
    for name, most, queries in kinds(n_rows):
        took, totals = [], []
        for query in queries:
            sent = dict(query, since=stamp(query["since"])) if "since" in query else query
            target = "/api.ashx/v1/transcripts?" + "&".join(f"{key}={quote(str(value))}" for key, value in sent.items())
            expected = count(db, {key: value for key, value in query.items() if key in ("q", "source", "since")})
            for _ in range(max(1, n_rounds // len(queries))):
                ms, body = ask(target)
                assert body["total"] == expected, f"{target}: total {body['total']}, counted {expected}"
                took.append(ms)
            totals.append(expected)
            if most == 30 and "q" in query and expected > 10_000:
                print(f"  note: {query['q']!r} matches {expected}, which the 30 ms do not cover")
        good &= report(name, most, took, totals)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        fill(sys.argv[2], int(sys.argv[3]))
    else:
        measure(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
