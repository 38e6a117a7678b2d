"""gRPC-Web, JSON and the feed through a proxy that speaks HTTP/1.1 to the server, by its defaults.

Usage: through_web.py PROXY FOLDER   FOLDER as with_grpcio.py has filled it.
"""

import http.client
import json
import pathlib
import socket
import sys
import time

CODES = {"INVALID_ARGUMENT": "3", "NOT_FOUND": "5", "ABORTED": "10", "FAILED_PRECONDITION": "9", "UNIMPLEMENTED": "12"}


def ask(proxy, path, kind, body):
    connection = http.client.HTTPConnection(proxy, timeout=30)
    connection.request("POST", path, body, {"content-type": kind, "x-request-id": "r" * 64})
    reply = connection.getresponse()
    return reply, reply.read()


def web(proxy, folder):
    """Every refusal over gRPC-Web has its status and details among the headers."""
    for line in pathlib.Path(folder, "cases.tsv").read_text().splitlines():
        name, path, code, _, _ = line.split("\t")
        request = pathlib.Path(folder, name).read_bytes()
        frame = b"\0" + len(request).to_bytes(4, "big") + request
        reply, _ = ask(proxy, path, "application/grpc-web+proto", frame)
        found = (reply.status, reply.getheader("grpc-status"), bool(reply.getheader("grpc-status-details-bin")))
        assert found == (200, CODES[code], True), f"{name}: {found}"


def rest(proxy):
    """JSON has room for more of the violations than headers have."""
    kinds = {"filter": {"items": [{"kinds": ["a b"] * 100}]}}
    reply, body = ask(proxy, "/detente.v1.LedgerService/GetState", "application/json", json.dumps(kinds).encode())
    details = [detail["debug"] for detail in json.loads(body)["details"]]
    listed = next(detail["fieldViolations"] for detail in details if "fieldViolations" in detail)
    assert (reply.status, len(listed)) == (400, 100), (reply.status, len(listed))


def feed(proxy):
    """The feed passes each frame on when it comes."""
    host, port = proxy.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as stream:
        request = f"GET /api/v1/feed?after_position=0 HTTP/1.1\r\nhost: {proxy}\r\n\r\n"
        began = time.monotonic()
        stream.sendall(request.encode())
        read = b""
        while b"event:" not in read:
            more = stream.recv(4096)
            assert more, read
            read += more
        assert time.monotonic() - began < 5, "the feed waits in a buffer"


web(*sys.argv[1:3])
rest(sys.argv[1])
feed(sys.argv[1])
