"""One client: its own generator, what it knows of the server, and the judgement of every reply over HTTP/1.1."""

import random
import re

from . import http1
from .messages import Messages
from .values import Values

SERVICE = "/detente.v1.LedgerService/"
SERVER_MAXIMUM = 30.0  # what a call may take where its client names no deadline
FAULTY_STATUSES = {2: "UNKNOWN", 13: "INTERNAL", 14: "UNAVAILABLE", 15: "DATA_LOSS"}
DEADLINE_EXCEEDED = 4
STREAM_SECONDS = 0.3  # how long a stream is listened to
TOKENS_KEPT = 500
TOKEN = re.compile(rb'"(?:nextPageToken|next_page_token|basis)":"([^"]{1,400})"')
TIMEOUTS = [1, 5, 50, 500, 2000, 9_999_999_999]
ODD_TIMEOUTS = ["-1", "x", "", "99999999999999999999", "1.5", "0", "0m", "1H", "100000000S", "1u", "1n"]
OF_NO_TIME = ("0", "0m", "1u", "1n")


class Client:
    """The common base of the kinds of requests. A seed and a number give the same requests in the same order."""

    def __init__(self, seed, number, target, faults, patience):
        self.random = random.Random(seed * 1000 + number)
        self.port, self.api, self.pool = target.port, target.api, target.pool
        self.faults, self.patience = faults, patience
        self.values = Values(self.random, self.api["components"]["schemas"], self.pool)
        self.contract = target.contract
        self.messages = Messages(self.random, target.contract, self.values)
        self.rpcs = sorted(path for path in self.api["paths"] if path.startswith(SERVICE))
        self.flats = sorted(path for path in self.api["paths"] if path.startswith("/api/"))
        self.streams = [SERVICE + name for name in target.contract.streams]

    def headers(self):
        return [("Host", f"127.0.0.1:{self.port}"), ("Connection", "close")]

    def timeout(self, headers, name="Connect-Timeout-Ms"):
        """Adds a deadline now and then, seldom an odd one; gives its seconds where it is one."""
        pick = self.random.random()
        if pick < 0.25:
            milliseconds = self.random.choice(TIMEOUTS)
            connect = name.startswith("C")
            headers.append((name, str(milliseconds) if connect else f"{min(milliseconds, 99_999_999)}m"))
            return milliseconds / 1000
        if pick < 0.28:
            odd = self.random.choice(ODD_TIMEOUTS)
            headers.append((name, odd))
            return 0.0 if odd in OF_NO_TIME else None
        return None

    def deadline(self, limit):
        return SERVER_MAXIMUM if limit is None else min(limit, SERVER_MAXIMUM)

    def ask(self, group, raw, limit=None, excused=(), head_only=False, streaming=False):
        """Sends bytes over HTTP/1.1 and judges the reply; `excused` are statuses that are right here."""
        due = self.deadline(limit)
        reply = http1.send(self.port, raw, STREAM_SECONDS if streaming else due + self.patience + 7, head_only)
        shown = raw[:900].decode("latin1").replace("\r\n", "\\r\\n")
        shown += f" ({len(raw)} bytes) -> {reply.status} {reply.body[:300]!r} {reply.took:.2f}s"
        self.faults.count(group, reply.status)
        if reply.status == http1.NO_HTTP:
            self.faults.add("no HTTP", shown)
        elif reply.status == http1.REFUSED:
            self.faults.add("refused connection", shown)
        elif reply.status == http1.NOTHING and not streaming:
            self.faults.add_late("no reply", shown, reply.took, due + self.patience)
        elif reply.status >= 500 and reply.status not in excused:
            self.judge_failure(reply, limit, shown)
        if not streaming:
            self.judge_time(group, reply.took, due, shown)
        self.judge_grpc(group, self.grpc_status(reply), limit, reply.took, shown)
        self.keep_tokens(reply.body)
        return reply

    def judge_failure(self, reply, limit, shown):
        """A status of 5xx is a fault, unless a deadline passed or the server has no room."""
        passed = reply.status == 504 and self.may_have_passed(limit, reply.took)
        if not passed and b"OVERLOADED" not in reply.body:
            self.faults.add("5xx", shown)

    def judge_time(self, group, took, due, shown):
        if took > due + self.patience:
            self.faults.add_late("late", shown, took, due + self.patience)
        self.faults.note_time(group, took, shown)

    def judge_grpc(self, group, status, limit, took, shown):
        if status is None:
            return
        self.faults.count(group + " grpc-status", status)
        if status in FAULTY_STATUSES:
            self.faults.add(f"grpc-status {FAULTY_STATUSES[status]}", shown)
        elif status == DEADLINE_EXCEEDED and not self.may_have_passed(limit, took):
            self.faults.add_late("deadline before its time", shown, took, SERVER_MAXIMUM)

    def may_have_passed(self, limit, took):
        return limit is not None or took > SERVER_MAXIMUM - 1

    @staticmethod
    def grpc_status(reply):
        """The status of gRPC in the headers, or in the trailers that gRPC-Web writes into the body."""
        status = reply.headers.get("grpc-status")
        if status is None:
            found = re.search(rb"grpc-status: ?(\d+)", reply.body)
            status = found[1] if found else None
        return None if status is None else int(status)

    def keep_tokens(self, body):
        """Keeps page tokens and bases for later requests."""
        tokens = self.pool["token"]
        for found in TOKEN.finditer(body[: 1 << 20]):
            if len(tokens) < TOKENS_KEPT:
                tokens.append(found[1].decode("latin1"))
            elif self.random.random() < 0.05:
                tokens[self.random.randrange(TOKENS_KEPT)] = found[1].decode("latin1")
