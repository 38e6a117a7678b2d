"""HTTP/2 by hand, with prior knowledge: frames of any content, and the replies of a connection by stream."""

import socket
import struct
import time

from . import hpack
from .http1 import CLOSED

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITISED = 1, 1, 4, 8, 32
TABLE_SIZE, INITIAL_WINDOW = 1, 4  # settings
LARGEST_FRAME = 16384
BODY_KEPT = 1 << 20
REFUSED_STREAM, CANCEL = 7, 8


def frame(kind, flags, stream, content=b""):
    return struct.pack(">I", len(content))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + content


def settings(values=()):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", name, value) for name, value in values))


def window_update(stream, size):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", size))


def reset(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def headers(stream, fields, ends=False, piece=LARGEST_FRAME):
    """A HEADERS frame, and CONTINUATION frames for what is beyond `piece` bytes."""
    content = hpack.block(fields)
    pieces = [content[at : at + piece] for at in range(0, len(content), piece)] or [b""]
    out = b""
    for at, part in enumerate(pieces):
        flags = END_HEADERS if at == len(pieces) - 1 else 0
        flags |= END_STREAM if ends and at == 0 else 0
        out += frame(HEADERS if at == 0 else CONTINUATION, flags, stream, part)
    return out


def data(stream, content, ends=True, piece=LARGEST_FRAME):
    pieces = [content[at : at + piece] for at in range(0, len(content), piece)] or [b""]
    last = len(pieces) - 1
    flags = [END_STREAM if ends and at == last else 0 for at in range(last + 1)]
    return b"".join(frame(DATA, flag, stream, part) for flag, part in zip(flags, pieces, strict=True))


class Answer:
    """The frames that came on one stream."""

    def __init__(self):
        self.headers, self.body, self.reset = {}, b"", None
        self.ended, self.took = False, 0.0

    @property
    def status(self):
        return int(self.headers.get(":status", CLOSED))


class Connection:
    """A connection that sends what it is given within the windows of the server, and gathers answers."""

    def __init__(self, port, initial_window=(1 << 31) - 1, patience=5.0):
        self.there = socket.create_connection(("127.0.0.1", port), timeout=patience)
        self.there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.begun = time.monotonic()
        self.answers, self.unread = {}, b""
        self.blocks, self.block_ends = b"", False
        self.goaway, self.closed = None, False
        opening = PREFACE + settings([(TABLE_SIZE, 0), (INITIAL_WINDOW, initial_window)])
        if initial_window > 65535:
            opening += window_update(0, (1 << 31) - 1 - 65535)
        self.send(opening)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.there.close()

    def send(self, content):
        """Sends bytes; whether the server still took them shows in what it answers."""
        try:
            self.there.settimeout(5)
            self.there.sendall(content)
        except OSError:
            pass

    def expect(self, streams):
        for stream in streams:
            self.answers.setdefault(stream, Answer())

    def pending(self):
        return [stream for stream, answer in self.answers.items() if not answer.ended]

    def read_until(self, until, enough=lambda: False):
        """Reads until all that is expected has come, the connection closes, or the time is over."""
        while self.pending() and not self.closed and not enough():
            left = until - time.monotonic()
            if left <= 0:
                return
            self.there.settimeout(left)
            try:
                received = self.there.recv(1 << 18)
            except TimeoutError:
                return
            except OSError:
                received = b""
            if not received:
                self.closed = True
            self.unread += received
            self.take_frames()

    def take_frames(self):
        at = 0
        while len(self.unread) - at >= 9:
            length = int.from_bytes(self.unread[at : at + 3], "big")
            if len(self.unread) - at < 9 + length:
                break
            kind, flags = self.unread[at + 3], self.unread[at + 4]
            stream = int.from_bytes(self.unread[at + 5 : at + 9], "big") & 0x7FFFFFFF
            self.take(kind, flags, stream, self.unread[at + 9 : at + 9 + length])
            at += 9 + length
        self.unread = self.unread[at:]

    def take(self, kind, flags, stream, content):
        answer = self.answers.get(stream)
        if kind in (HEADERS, CONTINUATION):
            self.take_headers(kind, flags, answer, content)
        elif kind == DATA and answer:
            answer.body = (answer.body + content)[:BODY_KEPT]
            self.end(answer, flags & END_STREAM)
        elif kind == RST_STREAM and answer:
            answer.reset = int.from_bytes(content, "big")
            self.end(answer, True)
        elif kind == SETTINGS and not flags & ACK:
            self.send(frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            self.send(frame(PING, ACK, 0, content))
        elif kind == GOAWAY:
            self.goaway = int.from_bytes(content[4:8], "big")

    def take_headers(self, kind, flags, answer, content):
        if kind == HEADERS:
            self.blocks, self.block_ends = b"", flags & END_STREAM
        self.blocks += content
        if flags & END_HEADERS:
            fields = hpack.Reader(self.blocks).read()
            if answer:
                answer.headers.update(fields)
                self.end(answer, self.block_ends)

    def end(self, answer, ends):
        if ends and not answer.ended:
            answer.ended, answer.took = True, time.monotonic() - self.begun
