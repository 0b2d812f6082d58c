"""Reads one recording from the S3 server and through the box, and compares: throughput, memory of the box, bytes of random ranges."""

import hashlib
import http.client
import random
import socket
import statistics
import sys
import threading
import time
import urllib.parse

box, link, direct, file, pid, rounds, ranges = sys.argv[1:8]
ANYBODY = {"Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"}
whole = open(file, "rb").read()
path = urllib.parse.urlsplit(link).path
direct = urllib.parse.urlsplit(direct)


def read(host, path, headers):
    """Seconds from the first byte sent to the last byte read, a connection of its own each time."""
    began = time.monotonic()
    connection = http.client.HTTPConnection(host)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    buffer, n_bytes = bytearray(1 << 20), 0
    while n := answer.readinto(buffer):
        n_bytes += n
    connection.close()
    assert answer.status == 200 and n_bytes == len(whole), (answer.status, n_bytes)
    return time.monotonic() - began


def rss_kb():
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS:"))


def throughput():
    straight, through = [], []
    for _ in range(int(rounds)):
        straight.append(read(direct.netloc, direct.path, ANYBODY))
        through.append(read(box, path, {}))
    mb = len(whole) / 1e6
    rate = lambda seconds: mb / statistics.median(seconds)
    print(f"direct {rate(straight):.0f} MB/s, through the box {rate(through):.0f} MB/s, ratio {rate(through) / rate(straight):.2f} (median of {rounds})")


def memory():
    """100 listeners that take the sound more slowly than it comes."""
    before, most, ends = rss_kb(), 0, threading.Event()
    host, port = box.split(":")
    heard = []

    def listen():
        peer = socket.create_connection((host, int(port)))
        peer.sendall(f"GET {path} HTTP/1.1\r\nHost: {box}\r\n\r\n".encode())
        n_bytes = 0
        while not ends.is_set() and (part := peer.recv(16 * 1024)):
            n_bytes += len(part)
            time.sleep(0.02)
        heard.append(n_bytes)
        peer.close()

    threads = [threading.Thread(target=listen) for _ in range(100)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        time.sleep(0.1)
        most = max(most, rss_kb())
    ends.set()
    for thread in threads:
        thread.join()
    print(f"memory with 100 listeners, who heard {min(heard)} to {max(heard)} bytes each: {before / 1024:.1f} MB before, {most / 1024:.1f} MB at most, + {(most - before) / 1024:.1f} MB")


def random_ranges():
    connection, chance, wrong = http.client.HTTPConnection(box), random.Random(7), 0
    size = len(whole)
    for _ in range(int(ranges)):
        first = chance.randrange(size)
        last = min(first + int(chance.expovariate(1 / 20_000)), size + 100)
        kind = chance.randrange(3)
        if kind == 0:
            header, expected = f"bytes={first}-{last}", whole[first : last + 1]
        elif kind == 1:
            n = 1 + int(chance.expovariate(1 / 20_000))
            header, expected = f"bytes=-{n}", whole[-n:]
        else:
            first = size - 1 - int(chance.expovariate(1 / 20_000)) % size
            header, expected = f"bytes={first}-", whole[first:]
        connection.request("GET", path, headers={"Range": header})
        answer = connection.getresponse()
        got = answer.read()
        start = int(answer.headers["Content-Range"].split()[1].split("-")[0])
        wrong += not (answer.status == 206 and got == expected and whole[start : start + 10] == got[:10])
    print(f"{ranges} random ranges: {wrong} wrong")
    return wrong


assert hashlib.sha256(whole).digest()
throughput()
memory()
sys.exit(bool(random_ranges()))
