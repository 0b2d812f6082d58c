"""Sends OPTIONS from one address at a steady rate and counts the answers: RATE per second for SECONDS to HOST:PORT, from SOURCE."""

import socket
import sys
import time

target, source, rate, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
host, port = target.rsplit(":", 1)
flood = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
flood.bind((source, 0))
flood.setblocking(False)
own = "%s:%d" % flood.getsockname()
text = (
    "OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%%d;rport\r\nFrom: <sip:flood@%s>;tag=%%d\r\nTo: <sip:%s>\r\n"
    "Call-ID: %%d@flood\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n" % (target, own, own, target)
)
begun, n_sent, n_answers = time.monotonic(), 0, 0
while (past := time.monotonic() - begun) < seconds:
    while n_sent < past * rate:
        try:
            flood.sendto((text % (n_sent, n_sent, n_sent)).encode(), (host, int(port)))
        except BlockingIOError:
            break
        n_sent += 1
    try:
        while flood.recv(2048):
            n_answers += 1
    except BlockingIOError:
        pass
    time.sleep(0.001)
print("flood            %d OPTIONS sent (%.0f/s), %d answered" % (n_sent, n_sent / seconds, n_answers))
