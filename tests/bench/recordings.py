"""Reads recordings from the S3 server and through the box, and compares: throughput, memory of the box, bytes of random ranges."""

import http.client
import random
import socket
import statistics
import sys
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

box, link, direct, file, pid, rounds, call_link, call_file, ranges = sys.argv[1:10]
ANYBODY = {"Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"}
LISTENERS, READERS = 100, 4
whole, call = open(file, "rb").read(), open(call_file, "rb").read()
path, call_path = (urllib.parse.urlsplit(url).path for url in (link, call_link))
direct = urllib.parse.urlsplit(direct)


def read(host, path, headers):
    """Seconds from the first byte sent to the answer's head, and to the last byte read; a connection of its own each time."""
    began = time.monotonic()
    connection = http.client.HTTPConnection(host)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    head = time.monotonic() - began
    buffer, n_bytes = bytearray(1 << 20), 0
    while n := answer.readinto(buffer):
        n_bytes += n
    connection.close()
    assert answer.status == 200 and n_bytes == len(whole), (answer.status, n_bytes)
    return head, time.monotonic() - began


def rss_kb():
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS:"))


def throughput():
    straight, through = [], []
    for _ in range(int(rounds)):
        straight.append(read(direct.netloc, direct.path, ANYBODY))
        through.append(read(box, path, {}))
    rate = lambda reads: len(whole) / 1e6 / statistics.median(all for _, all in reads)
    shares = lambda reads: " + ".join(f"{statistics.median(part) * 1000:.0f}" for part in ([h for h, _ in reads], [a - h for h, a in reads]))
    print(f"direct {rate(straight):.0f} MB/s, through the box {rate(through):.0f} MB/s, ratio {rate(through) / rate(straight):.2f} (median of {rounds})")
    print(f"milliseconds to the head and from there to the end: direct {shares(straight)}, through the box {shares(through)}")


def memory():
    """Listeners that take the sound more slowly than it comes, begun one after the other: the S3 server holds 64 MB for each and is slow."""
    before, most, ends = rss_kb(), 0, threading.Event()
    host, port = box.split(":")
    heard = [0] * LISTENERS

    def listen(peer, at):
        while not ends.is_set() and (part := peer.recv(16 * 1024)):
            heard[at] += len(part)
            time.sleep(0.02)
        peer.close()

    threads = []
    for at in range(LISTENERS):
        peer = socket.create_connection((host, int(port)))
        peer.sendall(f"GET {path} HTTP/1.1\r\nHost: {box}\r\n\r\n".encode())
        head = peer.recv(4096)
        assert head.startswith(b"HTTP/1.1 200 "), head
        threads.append(threading.Thread(target=listen, args=(peer, at)))
        threads[-1].start()
        most = max(most, rss_kb())
    for _ in range(30):
        time.sleep(0.1)
        most = max(most, rss_kb())
    ends.set()
    for thread in threads:
        thread.join()
    assert 0 < min(heard) and max(heard) < len(whole), (min(heard), max(heard))
    print(f"memory with {LISTENERS} listeners, who heard {min(heard)} to {max(heard)} bytes each: {before / 1024:.1f} MB before, {most / 1024:.1f} MB at most, + {(most - before) / 1024:.1f} MB")


def one_range(connection, chance):
    """Whether one random range is answered as it must be."""
    size = len(call)
    some = lambda: int(chance.expovariate(1 / 20_000))
    kind, first = chance.randrange(3), chance.randrange(size)
    if kind == 0:
        last = min(first + some(), size + 100)
        header, expected = f"bytes={first}-{last}", call[first : last + 1]
    elif kind == 1:
        n = 1 + some()
        first = size - n
        header, expected = f"bytes=-{n}", call[-n:]
    else:
        first = size - 1 - some()
        header, expected = f"bytes={first}-", call[first:]
    connection.request("GET", call_path, headers={"Range": header})
    answer = connection.getresponse()
    got = answer.read()
    said = f"bytes {first}-{first + len(expected) - 1}/{size}"
    return answer.status == 206 and answer.headers["Content-Range"] == said and got == expected


def other_questions(connection):
    """How many of the questions that are no ranges are answered wrongly: HEAD, a range of nothing, and If-Range with the right and a former tag."""
    size, wrong = len(call), 0

    def ask(method, headers, status, body, content_range):
        nonlocal wrong
        connection.request(method, call_path, headers=headers)
        answer = connection.getresponse()
        right = answer.status == status and answer.read() == body and answer.headers["Content-Range"] == content_range
        wrong += not right
        return answer.headers

    head = ask("HEAD", {}, 200, b"", None)
    wrong += head["Content-Length"] != str(size) or head["Accept-Ranges"] != "bytes"
    ask("GET", {"Range": f"bytes={size}-"}, 416, b"", f"bytes */{size}")
    ask("GET", {"Range": "bytes=5-9", "If-Range": head["ETag"]}, 206, call[5:10], f"bytes 5-9/{size}")
    ask("GET", {"Range": "bytes=5-9", "If-Range": '"former"'}, 200, call, None)
    return wrong


def random_ranges():
    def some(reader):
        connection, chance = http.client.HTTPConnection(box), random.Random(reader)
        n_ranges = int(ranges) // READERS + (reader < int(ranges) % READERS)
        wrong = others = 0
        for n in range(n_ranges):
            wrong += not one_range(connection, chance)
            if n % 100 == 0:
                others += other_questions(connection)
        return wrong, others

    began = time.monotonic()
    with ThreadPoolExecutor(READERS) as readers:
        wrong, others = (sum(n) for n in zip(*readers.map(some, range(READERS))))
    print(f"{ranges} random ranges by {READERS} readers in {time.monotonic() - began:.0f} s: {wrong} wrong; {others} wrong of HEAD, 416 and If-Range between them")
    return wrong + others


throughput()
memory()
sys.exit(bool(random_ranges()))
