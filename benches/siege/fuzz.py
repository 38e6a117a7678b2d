#!/usr/bin/env python3
"""Requests at random over every route and protocol, and what the server did not bear.

Starts `detente serve --demo` on a directory of its own and sends, for a given time: every rpc as gRPC over HTTP/2, as
gRPC-Web, and as Connect in JSON and protobuf, by POST and GET, in streams (values made from the schemas, extremes, wrong types, deep nesting, broken
bytes, compression), every flat query and every page, and requests that are odd as HTTP/1.1 or HTTP/2 (methods, headers,
frames, lengths, windows that are withheld, resets, clients that leave).

A fault is: a status of 5xx that does not say OVERLOADED (504 and DEADLINE_EXCEEDED are right once a deadline passed,
501 for a method or encoding that a server need not know), a status of gRPC that says UNKNOWN, INTERNAL, UNAVAILABLE or
DATA_LOSS, a reply later than its deadline and --patience, no reply where one is due, a process that ended, `panic` or
`defect` in the log, a valid request that is not answered at the end, a slow stop, damage that `detente verify` finds.

    benches/siege/fuzz.py [--seconds S] [--seed N] [--binary target/release/detente] [--results FILE]

Each worker draws from its own generator, so that a seed sends the same requests in the same order as far as it gets;
what the ledger itself draws, its ids, differs. Exit 0: nothing found. 1: faults, each printed with its request. 2: the
script could not do its work. Standard library only.
"""

import argparse
import os
import shutil
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from fuzzing import calls, grpc, web
from fuzzing.client import Client
from fuzzing.faults import Faults, progress
from fuzzing.server import Server
from lines import Results

KINDS = {**calls.KINDS, **web.KINDS, **grpc.KINDS}
PROGRESS_SECONDS = 10
HEALTH_SECONDS = 5


class Worker(threading.Thread):
    """Sends one request after the other until its time is over."""

    def __init__(self, client, until):
        super().__init__(daemon=True)
        self.client, self.until, self.sent, self.failure = client, until, 0, None

    def run(self):
        kinds, weights = list(KINDS), list(KINDS.values())
        while time.monotonic() < self.until:
            kind = self.client.random.choices(kinds, weights)[0]
            try:
                kind(self.client)
            except ConnectionError as error:
                self.client.faults.add("refused connection", f"{kind.__name__}: {error!r}")
            except Exception:  # pylint: disable=broad-except
                self.failure = f"{kind.__module__}.{kind.__name__}: {traceback.format_exc()}"
                return
            self.sent += 1


def watch(server, workers, faults):
    """Looks at /healthz and the process until the workers are done; gives the slowest answer in seconds."""
    slowest, told = 0.0, time.monotonic()
    while any(worker.is_alive() for worker in workers):
        begun = time.monotonic()
        try:
            server.get("/healthz", timeout=HEALTH_SECONDS)
        except OSError as error:
            faults.add_late("healthz", repr(error), time.monotonic() - begun, HEALTH_SECONDS)
        slowest = max(slowest, time.monotonic() - begun)
        if server.process.poll() is not None:
            faults.add("ended", f"exit {server.process.returncode}: {server.log_text()[-500:]}")
            break
        if any(worker.failure for worker in workers):
            break
        if time.monotonic() - told > PROGRESS_SECONDS:
            told = time.monotonic()
            left, sent = max(0, workers[0].until - told), sum(worker.sent for worker in workers)
            progress(f"{sent} requests, {faults.total()} faults, {left:.0f} s left; {server.standing()}")
        time.sleep(0.1)
    for worker in workers:
        worker.until = 0
        worker.join(60)
    return slowest


def run(arguments, folder, faults):
    """Starts the server, lets the workers ask, and judges what is left; gives how many requests were sent, and the slowest
    answer of /healthz in seconds."""
    server = Server(os.path.abspath(arguments.binary), folder)
    try:
        server.wait_until_ready()
        server.learn()
        print(f"before: {server.standing()}", flush=True)
        clients = [Client(arguments.seed, nth, server, faults, arguments.patience) for nth in range(arguments.workers)]
        until = time.monotonic() + arguments.seconds
        workers = [Worker(client, until) for client in clients]
        for worker in workers:
            worker.start()
        slowest = watch(server, workers, faults)
        if server.process.poll() is None:
            time.sleep(2)
            print(f"after:  {server.standing()}; slowest /healthz {slowest * 1000:.0f} ms")
            server.still_serves(faults)
            server.stop(faults)
        server.kill()
        server.verify(faults)
    finally:
        server.kill()
    failures = [worker.failure for worker in workers if worker.failure]
    if failures:
        raise RuntimeError(failures[0])
    return sum(worker.sent for worker in workers), slowest


def keep(arguments, folder, sent, faults, slowest):
    """Adds what was found to the file of results."""
    note = f"seed {arguments.seed}, {arguments.workers} workers"
    results = Results("benches/siege/fuzz.py", folder, seconds=arguments.seconds, note=note)
    for row, value, unit in (("requests", sent, "requests"), ("faults", faults, "faults")):
        results.figure("detente", "Requests at random", row, value, unit)
    results.figure("detente", "Requests at random", "slowest answer of /healthz", slowest * 1000, "ms")
    results.append(arguments.results)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default="target/release/detente")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--patience", type=float, default=1.0, help="seconds that a reply may come after its deadline")
    parser.add_argument("--results", help="a file that the raw results are appended to, one JSON object a line")
    parser.add_argument("--keep", help="a directory for the ledger and the log, kept afterwards")
    arguments = parser.parse_args()
    folder = arguments.keep or tempfile.mkdtemp(prefix="detente-fuzz-")
    os.makedirs(folder, exist_ok=True)
    faults = Faults()
    try:
        sent, slowest = run(arguments, folder, faults)
        keep(arguments, folder, sent, faults.total(), slowest)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        print(f"fuzz.py: {error}", file=sys.stderr)
        return 2
    finally:
        faults.print_table()
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"seed {arguments.seed}: {sent} requests, {faults.total()} faults {dict(faults.kinds) or ''}")
    return 1 if faults.total() else 0


if __name__ == "__main__":
    sys.exit(main())
