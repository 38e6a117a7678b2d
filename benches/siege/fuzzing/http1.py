"""HTTP/1.1 by hand: requests of any bytes, and one reply."""

import re
import socket
import time

LARGEST_REPLY = 8 << 20
CLOSED, NOTHING, REFUSED, NO_HTTP = 0, -1, -2, -3  # what stands for a status where there is none


class Reply:
    """The status, headers and body of a reply, and the seconds until its end."""

    def __init__(self):
        self.status, self.headers, self.body, self.took = CLOSED, {}, b"", 0.0


def written(method, target, headers, body=b""):
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "replace") + body


def send(port, raw, patience, head_only=False):
    """Sends bytes on a connection of their own and reads one reply, for at most `patience` seconds."""
    reply, begun = Reply(), time.monotonic()
    try:
        there = socket.create_connection(("127.0.0.1", port), timeout=patience)
    except OSError as error:
        reply.status, reply.body = REFUSED, str(error).encode()
        return reply
    with there:
        try:
            send_all(there, raw)
            read(there, reply, begun + patience, head_only)
        except TimeoutError:
            reply.status = reply.status or NOTHING
        except OSError:
            pass
    reply.took = time.monotonic() - begun
    return reply


def send_all(there, raw):
    try:
        there.sendall(raw)
    except OSError:
        pass  # a server may refuse before it has read all; the reply tells


def receive(there, until):
    there.settimeout(max(0.05, until - time.monotonic()))
    return there.recv(65536)


def read(there, reply, until, head_only):
    data = b""
    while b"\r\n\r\n" not in data:
        received = receive(there, until)
        if not received:
            break
        data += received
    if not data:
        return
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin1").split("\r\n")
    status = re.match(r"HTTP/1\.[01] (\d\d\d)", first)
    if not status:
        reply.status, reply.body = NO_HTTP, data[:200]
        return
    reply.status = int(status[1])
    pairs = (line.partition(":") for line in lines)
    reply.headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if not head_only and reply.status not in (204, 304):
        reply.body = body
        read_body(there, reply, until)


def read_body(there, reply, until):
    length = reply.headers.get("content-length")
    chunked = "chunked" in reply.headers.get("transfer-encoding", "")
    while len(reply.body) < LARGEST_REPLY:
        if length is not None and len(reply.body) >= int(length):
            return
        if chunked and (reply.body.endswith(b"\r\n0\r\n\r\n") or reply.body == b"0\r\n\r\n"):
            return
        received = receive(there, until)
        if not received:
            return
        reply.body += received
