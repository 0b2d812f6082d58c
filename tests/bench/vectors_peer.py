"""chromadb with the same vectors and queries as `vectors.rs`: times, the part of the true best ten that is found, memory.

    vectors_peer.py make SEEDS N VECTORS QUERIES   mixes N vectors and 200 queries out of a JSON list of real ones, with some noise
    vectors_peer.py ask VECTORS QUERIES            fills chromadb, asks each query twice, prints JSON
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

DIMENSIONS, WANTED, AT_ONCE = 384, 10, 5000


def make(seeds, n, vectors, queries):
    random = np.random.default_rng(7)
    seeds = np.array(json.loads(Path(seeds).read_text()), dtype=np.float32)

    def mixed(count):
        first, second = (seeds[random.integers(0, len(seeds), count)] for _ in range(2))
        share = random.uniform(0.1, 0.5, (count, 1)).astype(np.float32)
        rows = first * (1 - share) + second * share + random.uniform(-0.03, 0.03, (count, DIMENSIONS)).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    mixed(int(n)).tofile(vectors)
    mixed(200).tofile(queries)


def rss_mb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def ask(vectors, queries):
    import chromadb

    client = chromadb.EphemeralClient(chromadb.Settings(anonymized_telemetry=False))
    collection = client.create_collection("bench", metadata={"hnsw:space": "cosine"}, embedding_function=None)
    rows = np.fromfile(vectors, dtype=np.float32).reshape(-1, DIMENSIONS)
    queries = np.fromfile(queries, dtype=np.float32).reshape(-1, DIMENSIONS)
    before, began = rss_mb(), time.perf_counter()
    for at in range(0, len(rows), AT_ONCE):
        some = rows[at : at + AT_ONCE]
        collection.add(ids=[str(at + i) for i in range(len(some))], embeddings=some)
    fill, added = time.perf_counter() - began, rss_mb() - before
    times, found, used = [], [], time.process_time()
    for query in np.concatenate([queries, queries]):
        began = time.perf_counter()
        answer = collection.query(query_embeddings=[query], n_results=WANTED, include=["distances"])
        times.append((time.perf_counter() - began) * 1e3)
        found.append({int(name) for name in answer["ids"][0]})
    cpu = (time.process_time() - used) * 1e3 / len(times)
    hits = 0
    for query, names in zip(queries, found):
        hits += len(names & set(np.argpartition(rows @ query, -WANTED)[-WANTED:].tolist()))
    p50, p95 = np.percentile(times, [50, 95])
    figures = {"n": len(rows), "cpu_ms": cpu, "p50_ms": p50, "p95_ms": p95, "recall_at_10": hits / (len(queries) * WANTED)}
    print(json.dumps(figures | {"fill_s": fill, "added_mb": added, "chromadb": chromadb.__version__}))


make(*sys.argv[2:]) if sys.argv[1] == "make" else ask(*sys.argv[2:])
